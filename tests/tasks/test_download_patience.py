"""A video that is a moment late, or breaks off: asked for again, for two minutes (fault 23)."""

from __future__ import annotations

import os
import signal
import threading
import time
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from seedance_cli.errors import DownloadFailed
from seedance_cli.tasks.downloads.pauses import PATIENCE, SHORT_PATIENCE
from seedance_cli.tasks.downloads.pool import AT_ONCE
from seedance_cli.tasks.downloads.video_answer import SLOW_BYTES
from support import mp4s
from support.bytes_server import BytesServer, answer, head, in_turn
from support.downloads import ETAG, HALF, VIDEO, cut, fetch, names, ranged
from support.fake_clock import START, FakeClock
from support.scripted_provider import ScriptedProvider, Step, done, error, submitted, unavailable

if TYPE_CHECKING:
    from queue import SimpleQueue

    from support.bytes_server import Client, Request, Script
    from support.runner import Run, Spawn

T = TypeVar("T")

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


def silent_end(_: Request, client: Client) -> None:
    """The connection closes without a word."""


LATE: dict[str, Script] = {
    **{str(status): answer(status, b"no") for status in (401, 403, 404, 408, 410, 425, 429)},
    **{str(status): answer(status, b"no") for status in (500, 502, 503, 504, 507)},
    "html": answer(200, b"<html>soon</html>", {"Content-Type": "text/html"}),
    "json": answer(200, b'{"code": "NoSuchKey"}', {"Content-Type": "application/json"}),
    "accepted": answer(202, b'{"status": "pending"}', {"Content-Type": "application/json"}),
    "nothing": answer(200, b""),
    "half": answer(200, VIDEO[:HALF]),
    "cut": cut(etag=None),
    "cut before the first byte": cut(b"", etag=None),
    "closed": silent_end,
    "reset": lambda _, client: client.reset(),
}


# --- one download --------------------------------------------------------------------------------


@pytest.mark.parametrize("late", LATE.values(), ids=LATE.keys())
def test_fault_23_a_file_that_is_late_is_fetched(
    late: Script, folder: Path, clock: FakeClock
) -> None:
    """What is not there yet is asked for again, with pauses that grow."""
    with BytesServer(in_turn(late, late, late, answer(200, VIDEO))) as server:
        assert fetch(server.url, folder / "v.mp4", clock).path.read_bytes() == VIDEO
    assert server.connections == 4
    assert sum(clock.sleeps) == 0.5 + 1 + 2
    assert names(folder) == ["v.mp4"]


@pytest.mark.parametrize("late", LATE.values(), ids=LATE.keys())
def test_fault_23_two_minutes_and_no_longer(late: Script, folder: Path, clock: FakeClock) -> None:
    """The last try is made when the two minutes are over, then it is 9; nothing is left behind."""
    with (
        BytesServer(late) as server,
        pytest.raises(DownloadFailed, match="asked 13 times") as caught,
    ):
        fetch(server.url, folder / "v.mp4", clock)
    assert caught.value.exit_code == 9
    assert sum(clock.sleeps) == PATIENCE
    assert max(clock.sleeps) <= 0.5, "short enough to notice a wish to stop"
    assert names(folder) == []


@pytest.mark.parametrize(
    ("value", "waited"),
    [
        ("7", 7.0),
        ("120", 120.0),
        (format_datetime(START.replace(minute=31), usegmt=True), 60.0),
        ("0", 0.5),
        ("-5", 0.5),
        ("NaN", 0.5),
        ("soon", 0.5),
    ],
)
@pytest.mark.parametrize("status", [403, 404, 429, 503])
def test_fault_23_retry_after_is_honoured(
    status: int, value: str, waited: float, folder: Path, clock: FakeClock
) -> None:
    """A server that says when to come back is asked then, and not earlier."""
    late = answer(status, headers={"Retry-After": value})
    with BytesServer(in_turn(late, answer(200, VIDEO))) as server:
        fetch(server.url, folder / "v.mp4", clock)
    assert sum(clock.sleeps) == waited


@pytest.mark.parametrize("value", ["121", "1e9", "inf", "Sat, 07 Feb 2099 10:30:00 GMT"])
def test_fault_23_a_retry_after_beyond_the_patience_ends_it(
    value: str, folder: Path, clock: FakeClock
) -> None:
    """Nobody waits for a server that wants longer than two minutes, or asks it too early."""
    with (
        BytesServer(answer(503, headers={"Retry-After": value})) as server,
        pytest.raises(DownloadFailed, match="HTTP 503; its server asks to wait") as caught,
    ):
        fetch(server.url, folder / "v.mp4", clock)
    assert caught.value.exit_code == 9
    assert len(server.requests) == 1
    assert clock.sleeps == []


@pytest.mark.parametrize("late", ["403", "404", "429", "503", "html", "nothing", "closed"])
def test_fault_23_bytes_are_kept_meanwhile(late: str, folder: Path, clock: FakeClock) -> None:
    """Whatever comes in between, the bytes that are there are gone on with."""
    script = in_turn(cut(), LATE[late], LATE[late], ranged(VIDEO))
    with BytesServer(script) as server:
        assert fetch(server.url, folder / "v.mp4", clock).path.read_bytes() == VIDEO
    asked = [one.headers.get("range") for one in server.requests]
    assert asked == [None, *[f"bytes={HALF}-"] * 3]


def test_fault_23_bytes_are_kept_when_it_is_over(folder: Path, clock: FakeClock) -> None:
    """After two minutes they stay for the next run, the page that came last in no way."""
    with (
        BytesServer(in_turn(cut(), LATE["html"])) as server,
        pytest.raises(DownloadFailed, match=f"{HALF} of {len(VIDEO)} bytes, kept to go on from"),
    ):
        fetch(server.url, folder / "v.mp4", clock)
    assert names(folder) == ["v.mp4.part", "v.mp4.part.json"]
    assert (folder / "v.mp4.part").read_bytes() == VIDEO[:HALF]


def test_progress_renews_the_patience(folder: Path, clock: FakeClock) -> None:
    """A video that comes in many pieces is had, however often it breaks off."""
    video, piece = mp4s.plain(30 * SLOW_BYTES), SLOW_BYTES + 1

    def pieces(request: Request, client: Client) -> None:
        start = int(request.headers.get("range", "bytes=0-")[6:-1])
        fields = {"ETag": ETAG, "Content-Length": str(len(video) - start)}
        if start:
            fields["Content-Range"] = f"bytes {start}-{len(video) - 1}/{len(video)}"
        client.send(head(206 if start else 200, fields) + video[start : start + piece])

    with BytesServer(pieces) as server:
        assert fetch(server.url, folder / "v.mp4", clock).path.read_bytes() == video
    assert len(server.requests) == 31


def test_a_slow_server_spends_the_patience(folder: Path, clock: FakeClock) -> None:
    """What is waited for an answer counts as the pauses do: silence is not asked for ever."""

    def slow(_: Request, client: Client) -> None:
        clock.advance(39)
        answer(503)(_, client)

    with BytesServer(slow) as server, pytest.raises(DownloadFailed):
        fetch(server.url, folder / "v.mp4", clock)
    assert len(server.requests) == 4


# --- a task's video ------------------------------------------------------------------------------


@pytest.mark.parametrize("output", ["boat.mp4", "-"])
def test_fault_23_the_url_is_read_anew_each_time(
    run: Run, server: ScriptedProvider, clock: FakeClock, output: str
) -> None:
    """Each try asks the URL that the provider gives by then; the ledger has the last one."""
    submitted(server, "runbase", "t1")
    server.videos["a.mp4"], server.videos["b.mp4"] = answer(404), answer(403)
    server.task("t1", *(done(server.video(f"{name}.mp4")) for name in "aabc"))
    result = run("wait", "runbase:t1", "-o", output, env=server.env(), clock=clock)
    assert result.code == 0
    video = result.out_bytes if output == "-" else Path(output).read_bytes()
    assert video == mp4s.plain()
    assert [server.fetched(f"{name}.mp4") for name in "abc"] == [2, 1, 1]
    shown = run("list", "--json", env=server.env(), clock=clock)
    assert shown.json[0]["video_urls"] == [server.video("c.mp4")]


@pytest.mark.parametrize("again", [unavailable, error(401), error(404), "running"])
def test_fault_23_a_read_that_fails_costs_nothing(
    run: Run, server: ScriptedProvider, clock: FakeClock, again: Step
) -> None:
    """Where the task cannot be read anew, its old URL is asked again."""
    server.videos["a.mp4"] = in_turn(*[answer(404)] * 3, answer(200, mp4s.plain()))
    server.task("t1", done(server.video("a.mp4")), again)
    result = run("wait", "runbase:t1", "-o", "boat.mp4", env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, f"{Path('boat.mp4').absolute()}\n")
    assert server.polls("t1") == 4


@pytest.mark.parametrize("output", ["boat.mp4", "-"])
def test_fault_23_patience_at_a_loopback_endpoint(
    run: Run, server: ScriptedProvider, clock: FakeClock, output: str
) -> None:
    """There it is ten seconds; the user is told once what is waited for, and how to come back."""
    server.videos["a.mp4"] = answer(404)
    server.task("t1", done(server.video("a.mp4")))
    result = run("wait", "runbase:t1", "-o", output, env=server.env(), clock=clock)
    assert (result.code, result.out) == (9, "")
    assert clock.monotonic() - 1000 == SHORT_PATIENCE
    assert result.err.count("the video is not there: HTTP 404; asking again") == 1
    assert "the video is not there: HTTP 404; asked 6 times" in result.err
    assert f"seedance wait runbase:t1 -o {output}" in result.err


def test_fault_23_a_retry_after_beyond_ten_seconds(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """At a loopback endpoint a server that wants 30 s is not waited for."""
    server.videos["a.mp4"] = answer(503, headers={"Retry-After": "30"})
    server.task("t1", done(server.video("a.mp4")))
    result = run("wait", "runbase:t1", "--download", env=server.env(), clock=clock)
    assert result.code == 9
    assert "HTTP 503; its server asks to wait 30s" in result.err
    assert server.fetched("a.mp4") == 1


@pytest.mark.parametrize("output", ["boat.mp4", "-"])
def test_a_pause_that_the_server_asks_for_is_said(
    run: Run, server: ScriptedProvider, clock: FakeClock, output: str
) -> None:
    """At once, and not only with the third try, where it is more than a moment."""
    late = answer(503, headers={"Retry-After": "7"})
    server.videos["a.mp4"] = in_turn(late, answer(200, mp4s.plain()))
    server.task("t1", done(server.video("a.mp4")))
    result = run("wait", "runbase:t1", "-o", output, env=server.env(), clock=clock)
    assert result.code == 0
    assert "the video is not there: HTTP 503; asking again in 7s" in result.err


def test_a_heartbeat_while_a_video_is_waited_for(
    run: Run, server: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a minute of waiting is not silent."""
    monkeypatch.setattr("seedance_cli.tasks.downloads.pool.SHORT_PATIENCE", PATIENCE)

    class Slow(FakeClock):
        """The command's waits move the time on while the download pauses, to the pause's end."""

        pauses = threading.Condition()
        end: float | None = None

        def sleep(self, seconds: float) -> None:
            if threading.current_thread().name != "seedance-download":
                super().sleep(seconds)
                return
            with self.pauses:
                self.end = self.monotonic() + seconds
                assert self.pauses.wait_for(lambda: self.end is None, 60)

        def get(self, queue_: SimpleQueue[T], seconds: float | None) -> T:
            """The download itself waits for its answer, however long that takes."""
            download = threading.current_thread().name == "seedance-download"
            return super().get(queue_, None if download else seconds)

        def advance(self, seconds: float) -> None:
            with self.pauses:
                if self.end is None:
                    return
                super().advance(min(seconds, self.end - self.monotonic()))
                if self.monotonic() >= self.end:
                    self.end = None
                    self.pauses.notify()

    def late(request: Request, client: Client) -> None:
        time.sleep(0.05)  # as on a machine with much to do: longer than the clock waits elsewhere
        answer(404)(request, client)

    server.videos["a.mp4"] = late
    server.task("t1", done(server.video("a.mp4")))
    clock = Slow(grace=0.01)
    result = run("wait", "runbase:t1", "--download", env=server.env(), clock=clock)
    assert result.code == 9
    heartbeat = "runbase-t1.mp4: the video is not there: HTTP 404; asking again"
    assert result.err.count(heartbeat) >= 3, result.err


def test_others_go_on_while_videos_are_waited_for(run: Run, server: ScriptedProvider) -> None:
    """A video that is waited for holds no place: as many as there are do not hold up another."""
    late = [f"t{number}" for number in range(AT_ONCE + 1)]

    class Held(FakeClock):
        """Pauses of downloads last until the one that is there was fetched."""

        def sleep(self, seconds: float) -> None:
            if threading.current_thread().name == "seedance-download":
                assert there.wait(20)
            super().sleep(seconds)

    there = threading.Event()

    def fine(request: Request, client: Client) -> None:
        there.set()
        answer(200, mp4s.plain())(request, client)

    for name in late:
        server.videos[f"{name}.mp4"] = in_turn(answer(404), answer(200, mp4s.plain()))
        server.task(name, done(server.video(f"{name}.mp4")))
    server.videos["last.mp4"] = fine
    server.task("last", done(server.video("last.mp4")))
    refs = [f"defapi:{name}" for name in (*late, "last")]
    result = run("wait", *refs, "--download", env=server.env(), clock=Held())
    assert result.code == 0
    assert len(result.out.splitlines()) == AT_ONCE + 2


@posix
@pytest.mark.parametrize("output", ["boat.mp4", "-"])
def test_a_signal_ends_the_wait_for_a_video(
    spawn: Spawn, server: ScriptedProvider, output: str
) -> None:
    """A pause of seconds is no time in which a signal is not heard."""
    server.videos["a.mp4"] = answer(404)
    server.task("t1", done(server.video("a.mp4")))
    process = spawn("wait", "runbase:t1", "-o", output, env=server.env())
    process.wait_for("asking again")
    process.signal(signal.SIGINT)
    result = process.finish(5)
    assert (result.code, result.out) == (130, "")
    assert "its video is still there" in result.err

"""Several videos at once, and the polling that goes on meanwhile."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from seedance_cli.errors import Interrupted, WriteFailed
from seedance_cli.ledger.record import Ledger
from seedance_cli.system.clock import SystemClock
from seedance_cli.tasks.downloads import pool as _crew
from seedance_cli.tasks.downloads.pool import AT_ONCE
from support import dying, mp4s
from support.bytes_server import answer, head
from support.fake_clock import FakeClock
from support.scripted_provider import ScriptedProvider, State, done, submitted

if TYPE_CHECKING:
    from collections.abc import Callable
    from queue import SimpleQueue

    from seedance_cli.models import Submission
    from support.bytes_server import Client, Request, Script
    from support.runner import Run, Spawn

T = TypeVar("T")

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
_PATIENCE = 60.0


class Gate:
    """Holds the videos open until it is opened, and counts how many are asked for at once."""

    def __init__(self, video: bytes = b"") -> None:
        self.video = video or mp4s.plain()
        self.open = threading.Event()
        self.now = self.most = 0
        self._lock = threading.Lock()

    def __call__(self, request: Request, client: Client) -> None:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            assert self.open.wait(_PATIENCE)
        finally:
            with self._lock:
                self.now -= 1
        answer(200, self.video)(request, client)


def until(true: Callable[[], bool]) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + _PATIENCE
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


def saved(name: str) -> str:
    """The line of stdout for a file in the current folder."""
    return str(Path(name).absolute())


# Side by side


def test_several_videos_come_at_once(spawn: Spawn, server: ScriptedProvider) -> None:
    """Videos are fetched side by side, never more than `AT_ONCE`, and each is saved and told."""
    names = [f"t{number}" for number in range(AT_ONCE + 2)]
    gate = Gate()
    for name in names:
        server.task(name, done(server.video(f"{name}.mp4")))
        server.videos[f"{name}.mp4"] = gate
    refs = [f"defapi:{name}" for name in names]
    process = spawn("wait", *refs, "--download", env=server.env())
    until(lambda: gate.now == AT_ONCE)
    time.sleep(0.2)  # for one too many to come, if it would
    gate.open.set()
    result = process.finish()
    assert (result.code, gate.most) == (0, AT_ONCE)
    assert sorted(result.out.splitlines()) == [saved(f"defapi-{name}.mp4") for name in names]
    assert all(Path(f"defapi-{name}.mp4").read_bytes() == gate.video for name in names)
    assert len(list(Path().iterdir())) == len(names)


def test_polling_goes_on_during_a_download(spawn: Spawn, server: ScriptedProvider) -> None:
    """While one video is held up, another task is polled, ends, and its path is printed first."""
    gate = Gate()
    server.videos["a.mp4"] = gate
    server.task("a", done(server.video("a.mp4")))
    server.task("b", "running")
    words = ("wait", "defapi:a", "runbase:b", "--download", "--interval", "0.1")
    process = spawn(*words, env=server.env())
    until(lambda: gate.now == 1)
    before = server.polls("b")
    until(lambda: server.polls("b") >= before + 3)
    server.task("b", done(server.video("b.mp4")))
    process.wait_for(f"{saved('runbase-b.mp4')}\n", "out")
    assert gate.now == 1
    gate.open.set()
    result = process.finish()
    assert result.code == 0
    assert result.out.splitlines() == [saved("runbase-b.mp4"), saved("defapi-a.mp4")]


def test_the_end_of_a_download_waits_for_no_poll(spawn: Spawn, server: ScriptedProvider) -> None:
    """A download is told of as it begins and ends, however long the next poll is away."""
    video, go_on = mp4s.plain(5000), threading.Event()

    def held(_: Request, client: Client) -> None:
        client.send(head(200, {"Content-Length": str(len(video))}) + video[:1000])
        assert go_on.wait(_PATIENCE)
        client.send(video[1000:])

    server.task("a", done(server.video("a.mp4")))
    server.task("b", "running")
    server.videos["a.mp4"] = held
    words = ("wait", "defapi:a", "runbase:b", "--download", "--interval", "1h")
    process = spawn(*words, env=server.env())
    process.wait_for("downloading defapi-a.mp4")
    go_on.set()
    process.wait_for(f"{saved('defapi-a.mp4')}\n", "out")
    assert server.polls("b") == 1
    assert process.popen.poll() is None


def test_the_document_keeps_the_order_of_the_arguments(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """With `--json` files stand with their tasks, in the order of the arguments."""
    for name in "abc":
        server.task(name, done(server.video(f"{name}.mp4")))
    refs = [f"defapi:{name}" for name in "cab"]
    result = run("wait", *refs, "--download", "--json", env=server.env(), clock=clock)
    assert [task["files"] for task in result.json] == [
        [saved(f"defapi-{name}.mp4")] for name in "cab"
    ]


def test_the_deadline_cuts_no_download(spawn: Spawn, server: ScriptedProvider) -> None:
    """`--timeout` ends the polling of one task, and not the downloads of the others."""
    gate = Gate()
    server.task("a", done(server.video("a.mp4")))
    server.task("b", done(server.video("b.mp4")))
    server.task("c", "running")
    server.videos.update({"a.mp4": gate, "b.mp4": gate})
    words = ("wait", "defapi:a", "defapi:b", "defapi:c", "--download", "--timeout", "1s")
    process = spawn(*words, env=server.env())
    process.wait_for("when --timeout ended")
    until(lambda: gate.now == 2)
    gate.open.set()
    result = process.finish()
    assert result.code == 8
    assert sorted(result.out.splitlines()) == [saved("defapi-a.mp4"), saved("defapi-b.mp4")]


def test_the_heartbeat_goes_on_during_downloads(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Elsewhere than on a terminal, 30 s of downloading are not silent."""
    video = mp4s.plain(200_000)

    def slow(_: Request, client: Client) -> None:
        client.send(head(200, {"Content-Length": str(len(video))}) + video[:100_000])
        clock.patience = 0.5
        began = clock.monotonic()
        until(lambda: clock.monotonic() > began)
        clock.patience = 5.0
        client.send(video[100_000:])

    server.task("t1", done(server.video("t1.mp4")))
    server.videos["t1.mp4"] = slow
    result = run("wait", "runbase:t1", "--download", env=server.env(), clock=clock)
    assert result.code == 0
    assert re.search(r"^runbase-t1\.mp4: .* of 200\.1 kB$", result.err, re.MULTILINE)


@posix
def test_the_display_is_drawn_at_most_ten_times_a_second(
    spawn: Spawn, server: ScriptedProvider
) -> None:
    """However many downloads move at once, the live lines are drawn at their own pace."""
    video = mp4s.plain(400_000)

    def drip(_: Request, client: Client) -> None:
        client.send(head(200, {"Content-Length": str(len(video))}))
        client.drip(video, 2000, lambda: time.sleep(0.01))

    names = "abcd"
    for name in names:
        server.task(name, done(server.video(f"{name}.mp4")))
        server.videos[f"{name}.mp4"] = drip
    began = time.monotonic()
    refs = [f"defapi:{name}" for name in names]
    process = spawn("wait", *refs, "--download", env=server.env(), pty=True, pipe_stdout=True)
    result = process.finish()
    lines = result.err.count("\r\n")
    frames = result.err_bytes.count(b"\x1b[J")
    assert result.code == 0
    assert len(result.out.splitlines()) == len(names)
    # What is said meanwhile (two lines a task) takes the live lines away, and counts besides.
    assert 4 < frames <= 10 * (time.monotonic() - began) + 2 * len(names)
    assert lines < (len(names) + 1) * (frames + 1) + 4 * len(names)


# What stops


def stalls(etag: str | None, video: bytes, ranges: list[str]) -> Script:
    """A server that falls silent halfway, and has the rest for who asks for it."""

    def script(request: Request, client: Client) -> None:
        asked = request.headers.get("range", "")
        ranges.append(asked)
        fields = {"ETag": etag} if etag else {}
        if not asked:
            fields["Content-Length"] = str(len(video))
            client.send(head(200, fields) + video[: len(video) // 2])
            client.silence()
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        fields["Content-Range"] = f"bytes {start}-{len(video) - 1}/{len(video)}"
        answer(206, video[start:], fields)(request, client)

    return script


@posix
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_two_downloads_leaves_both_to_go_on_from(
    spawn: Spawn, run: Run, server: ScriptedProvider, signum: int
) -> None:
    """Both are cut at once, their bytes stay, and the next `wait` fetches only the rest."""
    video = mp4s.plain(50_000)
    half = len(video) // 2
    ranges: list[str] = []
    for name in "ab":
        server.task(name, done(server.video(f"{name}.mp4")))
        server.videos[f"{name}.mp4"] = stalls('"v1"', video, ranges)
    words = ("wait", "defapi:a", "defapi:b", "--download")
    process = spawn(*words, env=server.env())
    parts = [Path(f"defapi-{name}.mp4.part") for name in "ab"]
    until(lambda: all(part.exists() and part.stat().st_size == half for part in parts))
    process.signal(signum)
    result = process.finish(10)
    assert (result.code, result.out) == (128 + signum, "")
    assert "Traceback" not in result.err
    assert "2 tasks are left" in result.err
    again = run(*words, env=server.env())
    assert again.code == 0
    assert sorted(ranges) == ["", "", f"bytes={half}-", f"bytes={half}-"]
    assert {path.name for path in Path().iterdir()} == {"defapi-a.mp4", "defapi-b.mp4"}
    assert all(Path(f"defapi-{name}.mp4").read_bytes() == video for name in "ab")


@posix
def test_a_signal_leaves_nothing_that_is_of_no_use(spawn: Spawn, server: ScriptedProvider) -> None:
    """Where bytes cannot be resumed, or none came, a signal leaves no file behind."""
    ranges: list[str] = []
    server.videos["a.mp4"] = stalls(None, mp4s.plain(50_000), ranges)
    server.videos["b.mp4"] = lambda _, client: client.silence()
    for name in "ab":
        server.task(name, done(server.video(f"{name}.mp4")))
    process = spawn("wait", "defapi:a", "defapi:b", "--download", env=server.env())
    process.wait_for("downloading defapi-a.mp4")
    until(lambda: server.fetched("b.mp4") == 1)
    process.signal(signal.SIGTERM)
    assert process.finish(10).code == 143
    assert list(Path().iterdir()) == []


@posix
def test_the_document_after_a_signal_names_what_is_there(
    spawn: Spawn, run: Run, server: ScriptedProvider
) -> None:
    """Of a task with two videos the first was saved: `--json` says so, and it is its own later."""
    submitted(server, "runbase", "t1")
    server.task("t1", done(server.video("1.mp4"), server.video("2.mp4")))
    server.videos["2.mp4"] = stalls('"v1"', mp4s.plain(50_000), [])
    process = spawn("wait", "runbase:t1", "--download", "--json", env=server.env())
    process.wait_for("downloading runbase-t1-2.mp4")
    process.signal(signal.SIGINT)
    result = process.finish(10)
    assert result.code == 130
    assert result.json["files"] == [saved("runbase-t1.mp4")]
    again = run("wait", "--download", env=server.env())
    assert again.code == 0
    assert again.out.splitlines() == [saved("runbase-t1.mp4"), saved("runbase-t1-2.mp4")]
    assert server.fetched("1.mp4") == 1


def test_a_file_that_was_whole_when_the_signal_came_is_its_tasks_own(
    run: Run, server: ScriptedProvider, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal between the file's end and the ledger's word of it: it is recorded all the same."""
    path = Path("runbase-t1.mp4")
    will_save, noted = Ledger.will_save, threading.Event()

    def note(ledger: Ledger, submission: Submission, index: int, path: Path, size: int) -> None:
        will_save(ledger, submission, index, path, size)
        noted.set()

    class Struck(FakeClock):
        def get(self, queue_: SimpleQueue[T], seconds: float | None) -> T:
            if threading.current_thread() is threading.main_thread() and noted.is_set():
                until(path.exists)
                raise Interrupted(signal.SIGINT)
            return super().get(queue_, seconds)

    monkeypatch.setattr(Ledger, "will_save", note)
    submitted(server, "runbase", "t1")
    server.task("t1", done(server.video("t1.mp4")))
    words = ("wait", "--download")
    struck = run(*words, env=server.env(), clock=Struck())
    noted.clear()
    assert (struck.code, struck.out) == (130, "")
    again = run(*words, env=server.env(), clock=clock)
    assert (again.code, again.out) == (0, f"{path.absolute()}\n")
    assert server.fetched("t1.mp4") == 1


def test_any_brings_the_download_of_the_first_to_its_end(
    spawn: Spawn, server: ScriptedProvider
) -> None:
    """`--any`: once one has ended no other is polled, and its video comes whole before the exit."""
    gate = Gate()
    server.task("a", "running", done(server.video("a.mp4")))
    server.task("b", "running")
    server.videos["a.mp4"] = gate
    words = ("wait", "defapi:a", "runbase:b", "--download", "--any", "--interval", "0.1")
    process = spawn(*words, env=server.env())
    until(lambda: gate.now == 1)
    time.sleep(0.3)
    before = server.polls("b")
    time.sleep(0.5)
    assert server.polls("b") == before
    gate.open.set()
    result = process.finish()
    assert (result.code, result.out) == (0, f"{saved('defapi-a.mp4')}\n")
    assert "seedance wait runbase:b --download" in result.err


def test_fail_fast_loses_no_video_that_is_there(spawn: Spawn, server: ScriptedProvider) -> None:
    """`--fail-fast` stops the polling; downloads of tasks that ended before come to their end."""
    gate = Gate()
    names = [f"t{number}" for number in range(AT_ONCE + 1)]
    for name in names:
        server.task(name, done(server.video(f"{name}.mp4")))
        server.videos[f"{name}.mp4"] = gate
    server.task("b", *["running"] * 3, State("failed", reason="no"))
    server.task("c", "running")
    refs = [f"defapi:{name}" for name in (*names, "b", "c")]
    words = ("wait", *refs, "--download", "--fail-fast", "--interval", "0.2")
    process = spawn(*words, env=server.env())
    process.wait_for("error: defapi:b failed: no")
    assert gate.now == AT_ONCE
    gate.open.set()
    result = process.finish()
    assert result.code == 7
    assert sorted(result.out.splitlines()) == [saved(f"defapi-{name}.mp4") for name in names]
    assert "seedance wait defapi:c --download" in result.err


def test_fail_fast_stops_at_a_download_that_fails(spawn: Spawn, server: ScriptedProvider) -> None:
    """A video that cannot be had ends the wait over the other tasks, too."""
    server.task("a", done(server.video("a.mp4")))
    server.task("b", "running")
    server.videos["a.mp4"] = answer(400)
    words = ("wait", "defapi:a", "runbase:b", "--download", "--fail-fast", "--interval", "0.2")
    result = spawn(*words, env=server.env()).finish()
    assert (result.code, result.out) == (9, "")
    assert "seedance wait runbase:b --download" in result.err


# One among several


@pytest.mark.parametrize("force", [False, True])
def test_two_tasks_never_write_to_one_target(
    spawn: Spawn, server: ScriptedProvider, force: bool
) -> None:
    """Where `-o` gives two tasks one name, the second one starts when the first has ended: 9."""
    gate = Gate()
    for name in "abc":
        submitted(server, "defapi", name, clock=SystemClock())
        server.task(name, done(server.video(f"{name}.mp4")))
        server.videos[f"{name}.mp4"] = gate
    more = ("--force",) if force else ()
    process = spawn("wait", "-o", "{date}.mp4", *more, env=server.env())
    until(lambda: gate.now == 1)
    time.sleep(0.3)  # for a second one to come, if it would
    gate.open.set()
    result = process.finish()
    (path,) = Path().iterdir()
    assert gate.most == 1
    assert path.read_bytes() == gate.video
    fetched = Counter(r.target for r in server.server.requests if "/video/" in r.target)
    if force:
        assert (result.code, result.out) == (0, f"{path.absolute()}\n" * 3)
        assert list(fetched.values()) == [1, 1, 1]
    else:
        assert (result.code, result.out) == (9, f"{path.absolute()}\n")
        assert result.err.count("is there already, and was left as it is") == 2
        assert list(fetched.values()) == [1]


def test_an_expired_url_among_several(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """A URL that has run out is read anew, once, for its task alone; the ledger has the new one."""
    server.videos["old.mp4"] = answer(403)
    for name in "abc":
        submitted(server, "defapi", name)
        server.task(name, done(server.video(f"{name}.mp4")))
    server.task("b", done(server.video("old.mp4")), done(server.video("b.mp4")))
    result = run("wait", "--download", "--json", env=server.env(), clock=clock)
    assert result.code == 0
    assert [task["video_urls"] for task in result.json] == [
        [server.video(f"{name}.mp4")] for name in "abc"
    ]
    assert [task["files"] for task in result.json] == [
        [saved(f"defapi-{name}.mp4")] for name in "abc"
    ]
    assert [server.polls(name) for name in "abc"] == [1, 2, 1]


def test_one_that_fails_stops_no_other(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """One download of several fails: the others are saved, the code is 9, it stays undelivered."""
    for name in "abc":
        submitted(server, "defapi", name)
        server.task(name, done(server.video(f"{name}.mp4")))
    server.videos["b.mp4"] = answer(200, b"<html>")
    result = run("wait", "--download", env=server.env(), clock=clock)
    assert result.code == 9
    assert sorted(result.out.splitlines()) == [saved("defapi-a.mp4"), saved("defapi-c.mp4")]
    left = run("wait", "--json", env=server.env(), clock=clock)
    assert [task["task_id"] for task in left.json] == ["b"]


def test_a_bug_in_a_download_is_no_failed_download(
    run: Run, server: ScriptedProvider, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a thread ends in that is no failure of the download ends the command as a bug: 1."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(_crew, "download", broken)
    server.task("t1", done(server.video("t1.mp4")))
    result = run("wait", "defapi:t1", "--download", env=server.env(), clock=clock)
    assert (result.code, result.out) == (1, "")
    assert "a bug" in result.err


def test_files_of_one_name_in_two_folders(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Files that only their folders tell apart are told apart in what is said of them."""
    for name in "ab":
        server.task(name, done(server.video(f"{name}.mp4")))
    words = ("wait", "defapi:a", "defapi:b", "-o", "{task_id}/v.mp4")
    result = run(*words, env=server.env(), clock=clock)
    assert result.code == 0
    assert sorted(result.out.splitlines()) == [saved("a/v.mp4"), saved("b/v.mp4")]
    assert result.err.count("downloaded ") == 2


# Killed between a video's last byte and the command's end


def struck(spawn: Spawn, server: ScriptedProvider, *, step: int, first: int, links: bool) -> None:
    """Killed anywhere: a second run has the file, prints its path, and leaves nothing beside it."""
    server.task("t1", done(server.video("t1.mp4")))
    words = ("wait", "runbase:t1", "-o", "boat.mp4", "-q")
    points = dying.sweep(spawn, words, server.env(), step=step, first=first, links=links)
    killed = [point for point in points if point[1] == -9]
    assert len(killed) == len(points) - 1 > 3
    wrong = [
        point
        for point in points
        if point[3] != 0 or not point[4].endswith("/boat.mp4\n") or point[5] != ["boat.mp4"]
    ]
    assert wrong == []
    assert any(left == ["boat.mp4"] for _, _, left, *_ in killed), "one was after the rename"


@posix
def test_killed_around_the_rename(spawn: Spawn, server: ScriptedProvider) -> None:
    """A process that was killed is no obstacle to its own task."""
    struck(spawn, server, step=130, first=20, links=True)


@pytest.mark.full
@posix
@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_killed_at_many_lines(spawn: Spawn, server: ScriptedProvider, *, links: bool) -> None:
    """The same all over the lines of the program from the last byte on."""
    struck(spawn, server, step=11, first=1, links=links)


@pytest.mark.parametrize("size", [0, len(mp4s.plain()), 7])
def test_a_file_that_only_the_note_knows(
    run: Run, server: ScriptedProvider, clock: FakeClock, size: int
) -> None:
    """After a kill: a file of the noted size is the task's own, an empty one is not there yet."""
    task = submitted(server, "runbase", "t1")
    server.task("t1", done(server.video("t1.mp4")))
    path = Path("boat.mp4").absolute()
    path.write_bytes(mp4s.plain()[:size])
    with Ledger.open(Path(os.environ["SEEDANCE_STATE_DIR"]), clock, create=True) as ledger:
        ledger.will_save(task, 1, path, len(mp4s.plain()))
    result = run("wait", "runbase:t1", "-o", "boat.mp4", env=server.env(), clock=clock)
    assert result.code == (2 if size == 7 else 0)
    assert server.fetched("t1.mp4") == (1 if size == 0 else 0)
    if size != 7:
        assert (result.out, path.read_bytes()) == (f"{path}\n", mp4s.plain())
        shown = run("list", "--json", env=server.env(), clock=clock)
        assert shown.json[0]["files"] == [str(path)]


def test_a_ledger_that_takes_no_note_keeps_no_video(
    run: Run, server: ScriptedProvider, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is paid for gets its name though the ledger cannot be written; that is 10."""

    def full(*_: object) -> None:
        raise WriteFailed("the ledger is full")

    server.task("t1", done(server.video("t1.mp4")))
    monkeypatch.setattr(Ledger, "will_save", full)
    monkeypatch.setattr(Ledger, "add_file", full)
    result = run("wait", "runbase:t1", "-o", "boat.mp4", env=server.env(), clock=clock)
    assert (result.code, result.out) == (10, f"{Path('boat.mp4').absolute()}\n")
    assert Path("boat.mp4").read_bytes() == mp4s.plain()


def test_fault_29_two_waits_for_one_task(spawn: Spawn, server: ScriptedProvider) -> None:
    """Two processes that bring the same video to one target are both done: 0, one whole file."""
    both = threading.Barrier(2)

    def together(request: Request, client: Client) -> None:
        both.wait(_PATIENCE)
        answer(200, mp4s.plain(100_000))(request, client)

    server.task("t1", done(server.video("t1.mp4")))
    server.videos["t1.mp4"] = together
    words = ("wait", "runbase:t1", "-o", "boat.mp4")
    processes = [spawn(*words, env=server.env()) for _ in range(2)]
    results = [process.finish() for process in processes]
    assert [(one.code, one.out) for one in results] == [(0, f"{saved('boat.mp4')}\n")] * 2
    assert [path.name for path in Path().iterdir()] == ["boat.mp4"]

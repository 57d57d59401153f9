"""Downloads over a real socket, byte by byte (faults 20 to 30 and 36)."""

from __future__ import annotations

import errno
import fcntl
import io
import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli.errors import DownloadFailed, Interrupted, UsageError, WriteFailed
from seedance_cli.system.cancellation import Cancellation, Cancelled
from seedance_cli.system.clock import SystemClock
from seedance_cli.tasks.downloads.fetch import Saved, download, to_stream
from seedance_cli.tasks.downloads.part_files import umask
from seedance_cli.tasks.downloads.pauses import PATIENCE
from seedance_cli.tasks.downloads.source import REDIRECTS
from seedance_cli.tasks.downloads.targets import check_target
from seedance_cli.tasks.downloads.video_answer import Progress
from support.bytes_server import BytesServer, Client, Request, Script, answer, head, in_turn
from support.downloads import ETAG, HALF, LAST, VIDEO, cut, fetch, names, ranged
from support.fake_clock import FakeClock
from support.mp4s import FTYP, MOOV, box, endless, fragmented, plain, real

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def passing(clock: FakeClock, seconds: float, real: float = 0.01) -> Callable[[], None]:
    """Let time pass after a piece, once the client has had a moment to read it."""

    def between() -> None:
        time.sleep(real)
        clock.advance(seconds)

    return between


# --- asked to stop from another thread, and told of ----------------------------------------------


def silent_head(_: Request, client: Client) -> None:
    """Not even an answer."""
    client.silence()


def silent_body(_: Request, client: Client) -> None:
    """No length declared: the connection's end would be the video's."""
    client.send(head(200, {"Connection": "close"}) + FTYP + MOOV + box(b"mdat", endless=True))
    client.send(b"x" * 1000)
    client.silence()


@pytest.mark.parametrize("script", [silent_head, silent_body])
def test_cancelled(folder: Path, clock: FakeClock, script: Script) -> None:
    """A wish to stop ends the waits for a silent server, and half a video is no video."""
    cancellation = Cancellation()
    with BytesServer(script) as server:

        def ask() -> None:
            while not server.requests or not (folder / "v.mp4.part").exists():
                time.sleep(0.01)
            if script is silent_body:
                while not (folder / "v.mp4.part").stat().st_size:
                    time.sleep(0.01)
            cancellation.ask()

        thread = threading.Thread(target=ask)
        thread.start()
        clock.patience = 10
        with pytest.raises(Cancelled):
            list(
                download(
                    server.url,
                    folder / "v.mp4",
                    force=False,
                    allow_private=True,
                    clock=clock,
                    cancellation=cancellation,
                )
            )
        thread.join()
    assert names(folder) == []
    assert clock.sleeps == []


def test_cancelled_between_two_tries(folder: Path) -> None:
    """The wish ends the pause before the next request, too."""
    cancellation = Cancellation()

    class Asks(FakeClock):
        def __init__(self, wish: Cancellation) -> None:
            super().__init__()
            self.wish = wish

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            self.wish.ask()

    with BytesServer(answer(503)) as server, pytest.raises(Cancelled):
        list(
            download(
                server.url,
                folder / "v.mp4",
                force=False,
                allow_private=True,
                clock=Asks(cancellation),
                cancellation=cancellation,
            )
        )
    assert names(folder) == []
    once = Cancellation()
    with pytest.raises(Cancelled):  # asked for in the pause's last step
        once.sleep(0.5, Asks(once))
    assert len(server.requests) == 1


def test_each_exchange_is_logged(folder: Path, clock: FakeClock) -> None:
    """A redirect, a refusal, a cut and an answer each leave a line; no query is in it."""
    lines: list[str] = []
    away = answer(302, headers={"Location": "/there?key=s3cret"})
    script = in_turn(away, answer(503), away, cut(etag=None), away, answer(200, VIDEO))
    with BytesServer(script) as server:
        url = server.url
        list(
            download(
                f"{url}/v?signature=s3cret",
                folder / "v.mp4",
                force=False,
                allow_private=True,
                clock=clock,
                log=lines.append,
            )
        )
    first, there = f"GET {url}/v?*** 302", f"GET {url}/there?*** "
    assert [line.rpartition(" ")[0].rpartition(" ")[0] for line in lines[::2]] == [first] * 3
    assert re.fullmatch(r"503 \d+ ms", lines[1].removeprefix(there))
    assert lines[3].startswith(f"{there}200 the transfer broke off: ")
    assert lines[5].startswith(f"{there}200 ")
    assert all(line.endswith(" ms") for line in lines)
    assert "s3cret" not in "".join(lines)


def test_an_interrupt_while_flushing_keeps_the_bytes(
    folder: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flushing to the disk takes seconds: a signal in it leaves the bytes to go on from."""

    def interrupted(_: int) -> None:
        raise Interrupted(signal.SIGINT)

    with BytesServer(ranged(VIDEO)) as server:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", interrupted)
            with pytest.raises(Interrupted):
                fetch(server.url, folder / "v.mp4", clock)
        assert names(folder) == ["v.mp4.part", "v.mp4.part.json"]
        fetch(server.url, folder / "v.mp4", clock)
    assert [request.headers.get("range") for request in server.requests] == [
        None,
        f"bytes={len(VIDEO) - 1}-",
    ]
    assert (folder / "v.mp4").read_bytes() == VIDEO


def test_the_umask_is_read_by_one_thread_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two downloads that end at once leave the process's umask as it was, and both know it."""
    set_it, inside, found = os.umask, threading.Event(), list[int]()

    def slow(mask: int) -> int:
        before = set_it(mask)
        if not inside.is_set():
            inside.set()
            time.sleep(0.1)  # long enough for the other one to come in between
        return before

    before = os.umask(0o027)
    try:
        monkeypatch.setattr(os, "umask", slow)
        first = threading.Thread(target=lambda: found.append(umask()))
        first.start()
        assert inside.wait(5)
        found.append(umask())
        first.join()
        monkeypatch.undo()
    finally:
        assert os.umask(before) == 0o027
    assert found == [0o027, 0o027]


# --- the plain way -------------------------------------------------------------------------------


def test_a_whole_video(folder: Path, clock: FakeClock) -> None:
    """A whole answer becomes the file, in new folders, and nothing else is left."""
    with BytesServer(answer(200, real())) as server:
        saved = fetch(server.url + "/v.mp4", folder / "a" / "b" / "v.mp4", clock)
    assert saved == Saved(folder / "a" / "b" / "v.mp4", len(real()), verified=True)
    assert saved.path.read_bytes() == real()
    assert names(folder / "a" / "b") == ["v.mp4"]
    assert len(server.requests) == 1


def test_no_key_goes_along(folder: Path, clock: FakeClock) -> None:
    """The request has no credentials, and asks for the bytes as they are."""
    with BytesServer(answer(200, VIDEO)) as server:
        fetch(server.url + "/v.mp4?signed=1", folder / "v.mp4", clock)
    sent = server.requests[0]
    assert sent.target == "/v.mp4?signed=1"
    assert not {"authorization", "cookie", "range", "if-range"} & set(sent.headers)
    assert sent.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_the_mode_is_the_users(mask: int, folder: Path, clock: FakeClock) -> None:
    """The file is private on its way, and has the mode of the user's umask in the end."""
    before = os.umask(mask)
    try:
        with BytesServer(answer(200, VIDEO)) as server:
            steps = download(
                server.url, folder / "v.mp4", force=False, allow_private=True, clock=clock
            )
            seen = [
                (folder / "v.mp4.part").stat().st_mode & 0o777
                for step in steps
                if isinstance(step, Progress)
            ]
    finally:
        assert os.umask(before) == mask
    assert set(seen) == {0o600}
    assert (folder / "v.mp4").stat().st_mode & 0o777 == 0o666 & ~mask


def test_progress_is_paced(folder: Path) -> None:
    """Progress begins and ends exactly, and comes at most ten times a second in between."""
    clock = FakeClock(grace=5)

    def drip(_: Request, client: Client) -> None:
        client.send(head(200, {"Content-Length": str(len(VIDEO))}))
        client.drip(VIDEO, 50, passing(clock, 0.02, 0.002))

    with BytesServer(drip) as server:
        steps = list(
            download(server.url, folder / "v.mp4", force=False, allow_private=True, clock=clock)
        )
    shown = [step for step in steps if isinstance(step, Progress)]
    assert shown[0] == Progress(0, len(VIDEO))
    assert shown[-1] == Progress(len(VIDEO), len(VIDEO))
    assert 3 < len(shown) <= 2 + 0.02 * len(VIDEO) / 50 / 0.1 + 1
    assert [step.done for step in shown] == sorted(step.done for step in shown)


def test_to_stream(clock: FakeClock) -> None:
    """A stream gets the bytes once they are whole, and only then."""
    out = io.BytesIO()
    with BytesServer(in_turn(cut(), ranged(VIDEO))) as server:
        *_, saved = to_stream(server.url, out, allow_private=True, clock=clock)
    assert saved == Saved(Path("-"), len(VIDEO), verified=True)
    assert out.getvalue() == VIDEO
    assert server.requests[1].headers["range"] == f"bytes={HALF}-"


def test_a_stream_gets_nothing_of_a_broken_video(clock: FakeClock) -> None:
    """Not one byte of a video that did not come whole goes to the stream."""
    out = io.BytesIO()
    with BytesServer(cut(etag=None)) as server, pytest.raises(DownloadFailed):
        list(to_stream(server.url, out, allow_private=True, clock=clock))
    assert out.getvalue() == b""


def test_a_stream_whose_reader_is_gone(clock: FakeClock) -> None:
    """A closed pipe is a write error that carries the broken pipe as its cause."""
    reader, writer = os.pipe()
    os.close(reader)
    with (
        os.fdopen(writer, "wb", buffering=0) as out,
        BytesServer(answer(200, VIDEO)) as server,
        pytest.raises(WriteFailed) as caught,
    ):
        list(to_stream(server.url, out, allow_private=True, clock=clock))
    assert isinstance(caught.value.__cause__, BrokenPipeError)


# --- cut bodies (20, 21) -------------------------------------------------------------------------


@pytest.mark.parametrize("reset", [False, True])
def test_fault_20_a_cut_body_is_resumed(reset: bool, folder: Path, clock: FakeClock) -> None:
    """With a strong ETag the rest is asked for with Range and If-Range, and put behind."""
    with BytesServer(in_turn(cut(reset=reset), ranged(VIDEO))) as server:
        saved = fetch(server.url, folder / "v.mp4", clock)
    assert saved.path.read_bytes() == VIDEO
    assert names(folder) == ["v.mp4"]
    second = server.requests[1].headers
    assert (second["range"], second["if-range"]) == (f"bytes={HALF}-", ETAG)
    assert len(clock.sleeps) == 1


PIECES = 6


def test_a_video_in_many_pieces(folder: Path, clock: FakeClock) -> None:
    """Each cut goes on where the one before stopped."""

    def piece(request: Request, client: Client) -> None:
        start = int(request.headers.get("range", "bytes=0-")[6:-1])
        length = str(len(VIDEO) - start)
        headers = {"ETag": ETAG, "Content-Length": length}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(VIDEO) - 1}/{len(VIDEO)}"
        end = start + len(VIDEO) // PIECES + 1
        client.send(head(206 if start else 200, headers) + VIDEO[start:end])

    with BytesServer(piece) as server:
        saved = fetch(server.url, folder / "v.mp4", clock)
    assert saved.path.read_bytes() == VIDEO
    assert len(server.requests) == PIECES


def test_fault_20_patience_ends_and_the_bytes_stay(folder: Path, clock: FakeClock) -> None:
    """When two minutes are over, the bytes stay as NAME.part; a later run goes on with them."""
    with (
        BytesServer(in_turn(cut(), lambda _, client: client.reset())) as server,
        pytest.raises(DownloadFailed, match=rf"{HALF} of {len(VIDEO)} bytes") as caught,
    ):
        fetch(server.url + "/v?secret=1", folder / "v.mp4", clock)
    assert caught.value.exit_code == 9
    assert sum(clock.sleeps) == PATIENCE
    assert names(folder) == ["v.mp4.part", "v.mp4.part.json"]
    assert (folder / "v.mp4.part").read_bytes() == VIDEO[:HALF]
    assert "secret" not in (folder / "v.mp4.part.json").read_text()
    with BytesServer(ranged(VIDEO)) as server:
        saved = fetch(server.url, folder / "v.mp4", clock)
    assert server.requests[0].headers["range"] == f"bytes={HALF}-"
    assert saved.path.read_bytes() == VIDEO
    assert names(folder) == ["v.mp4"]


@pytest.mark.parametrize("etag", [None, 'W/"v1"', "v1", '""'])
def test_fault_20_without_a_strong_validator_it_starts_over(
    etag: str | None, folder: Path, clock: FakeClock
) -> None:
    """A weak, malformed or missing ETag is no ground to resume on; nothing of it is kept."""
    with BytesServer(in_turn(cut(etag=etag), answer(200, VIDEO))) as server:
        assert fetch(server.url, folder / "v.mp4", clock).path.read_bytes() == VIDEO
    assert all("range" not in request.headers for request in server.requests)
    with BytesServer(cut(etag=etag)) as server, pytest.raises(DownloadFailed):
        fetch(server.url, folder / "w.mp4", clock)
    assert sum(clock.sleeps) == 0.5 + PATIENCE
    assert names(folder) == ["v.mp4"]


@pytest.mark.parametrize("movflags", ["", "faststart"])
def test_fault_20_cut_anywhere_with_a_declared_length(
    movflags: str, folder: Path, clock: FakeClock
) -> None:
    """Cut at every 64th byte: the rest is fetched, and the file is the whole video."""
    video = real(movflags)
    cuts = range(0, len(video), 64)
    scripts = [one for at in cuts for one in (cut(video[:at], declared=len(video)), ranged(video))]
    with BytesServer(in_turn(*scripts)) as server:
        for at in cuts:
            saved = fetch(server.url, folder / f"{at}.mp4", clock)
            assert saved.path.read_bytes() == video
            assert server.requests[-1].headers.get("range") == (f"bytes={at}-" if at else None)
    assert len(server.requests) == 2 * len(cuts)
    assert all(name.endswith(".mp4") for name in names(folder))


@pytest.mark.parametrize("movflags", ["", "faststart"])
@pytest.mark.parametrize("chunked", [False, True])
def test_fault_21_cut_anywhere_without_a_declared_length(
    chunked: bool, movflags: str, folder: Path, clock: FakeClock
) -> None:
    """Cut at every 64th byte, ending as a valid answer: never a file, 9, nothing left."""
    video = real(movflags)
    at = 0

    def early(_: Request, client: Client) -> None:
        part = video[:at]
        if not chunked:
            client.send(head(200) + part)
            return
        body = b"%x\r\n%b\r\n" % (len(part), part) if part else b""
        client.send(head(200, {"Transfer-Encoding": "chunked"}) + body + b"0\r\n\r\n")

    with BytesServer(early) as server:
        for at in range(0, len(video), 64):
            with pytest.raises(DownloadFailed) as caught:
                fetch(server.url, folder / "v.mp4", clock, patience=0.5)
            assert ("ends in the middle" in str(caught.value)) == (at > 0)
            assert caught.value.exit_code == 9
            assert names(folder) == []


def test_a_length_beside_a_transfer_coding_says_nothing(folder: Path, clock: FakeClock) -> None:
    """With chunked coding, Content-Length is not believed: the boxes decide."""

    def both(_: Request, client: Client) -> None:
        headers = {"Transfer-Encoding": "chunked", "Content-Length": "7"}
        client.send(head(200, headers) + b"%x\r\n%b\r\n0\r\n\r\n" % (len(VIDEO), VIDEO))

    with BytesServer(both) as server:
        assert fetch(server.url, folder / "v.mp4", clock).verified


def test_cut_without_a_length_is_resumed(folder: Path, clock: FakeClock) -> None:
    """A cut that only the boxes show is resumed like any other."""
    with BytesServer(in_turn(cut(declared=None), ranged(VIDEO))) as server:
        assert fetch(server.url, folder / "v.mp4", clock).path.read_bytes() == VIDEO
    assert server.requests[1].headers["range"] == f"bytes={HALF}-"


@pytest.mark.parametrize("video", [endless(), fragmented(), VIDEO + b"\0\0\0"])
def test_fault_21_a_declared_length_that_fits_is_unverified(
    video: bytes, folder: Path, clock: FakeClock
) -> None:
    """A layout that the walk cannot close is accepted with its declared length, as unverified."""
    with BytesServer(answer(200, video)) as server:
        saved = fetch(server.url, folder / "v.mp4", clock)
    assert not saved.verified
    assert saved.path.read_bytes() == video


@pytest.mark.parametrize("video", [endless(), fragmented()])
def test_fault_21_neither_length_nor_closed_is_unverified(
    video: bytes, folder: Path, clock: FakeClock
) -> None:
    """Where neither a length nor the layout tells, the file is saved and said to be unverified."""
    with BytesServer(cut(video, declared=None)) as server:
        assert not fetch(server.url, folder / "v.mp4", clock).verified


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<!DOCTYPE html><html>not here</html>", "text/html"),
        (b'{"error": "expired"}', "application/json"),
        (b"", "video/mp4"),
        (VIDEO[:HALF], "video/mp4"),
    ],
)
@pytest.mark.parametrize("etag", [{}, {"ETag": ETAG}])
def test_fault_22_what_is_no_video_is_9_after_two_minutes(
    body: bytes, kind: str, etag: dict[str, str], folder: Path, clock: FakeClock
) -> None:
    """HTML, JSON, nothing, or half a video, whole as declared, again and again: 9, nothing left."""
    with (
        BytesServer(answer(200, body, {"Content-Type": kind, **etag})) as server,
        pytest.raises(DownloadFailed),
    ):
        fetch(server.url, folder / "v.mp4", clock)
    assert len(server.requests) == 13
    assert sum(clock.sleeps) == PATIENCE
    assert names(folder) == []


def test_endless_html_is_not_read_to_its_end(folder: Path, clock: FakeClock) -> None:
    """The first bytes tell that it is no video: the rest is not waited for."""
    left = threading.Event()

    def pour(_: Request, client: Client) -> None:
        client.send(head(200, {"Content-Type": "text/html"}))
        while client.send(b"<html>" * 10_000):
            pass
        left.set()

    with BytesServer(pour) as server:
        with pytest.raises(DownloadFailed, match="text/html"):
            fetch(server.url, folder / "v.mp4", clock)
        assert left.wait(5)


def test_an_encoded_body_is_refused(folder: Path, clock: FakeClock) -> None:
    """A body that came compressed although it was not to: 9, nothing left."""
    with (
        BytesServer(answer(200, b"\x1f\x8b" + VIDEO, {"Content-Encoding": "gzip"})) as server,
        pytest.raises(DownloadFailed, match="gzip"),
    ):
        fetch(server.url, folder / "v.mp4", clock)
    assert names(folder) == []


# --- ranges (24) ---------------------------------------------------------------------------------


def leave_part(folder: Path, clock: FakeClock, *, owner: str = "") -> None:
    """What a download leaves that was cut in the middle."""
    broken = in_turn(cut(), lambda _, client: client.reset())
    with BytesServer(broken) as server, pytest.raises(DownloadFailed):
        fetch(server.url, folder / "v.mp4", clock, owner=owner)
    assert names(folder) == ["v.mp4.part", "v.mp4.part.json"]


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        pytest.param(206, VIDEO[9:], {"Content-Range": f"bytes 9-{LAST}/{LAST + 1}"}, id="start"),
        pytest.param(
            206,
            VIDEO[9 : 9 + len(VIDEO) - HALF],
            {"Content-Range": f"bytes 9-{LAST - HALF + 9}/{LAST + 1}"},
            id="start, of the right length",
        ),
        pytest.param(
            206, VIDEO[HALF:], {"Content-Range": f"bytes {HALF}-{LAST}/{LAST + 9}"}, id="total"
        ),
        pytest.param(
            206,
            VIDEO[HALF:],
            {"Content-Range": f"bytes {HALF}-{LAST}/{LAST + 1}", "ETag": '"v2"'},
            id="ETag",
        ),
        pytest.param(206, VIDEO[HALF:], {}, id="no Content-Range"),
        pytest.param(206, VIDEO[HALF:], {"Content-Range": "bytes */99"}, id="no part"),
        pytest.param(
            206, VIDEO, {"Content-Range": f"bytes {HALF}-{LAST}/{LAST + 1}"}, id="too long"
        ),
        pytest.param(416, VIDEO[HALF:], {"Content-Range": f"bytes */{LAST + 1}"}, id="416"),
    ],
)
def test_fault_24_a_wrong_part_is_never_appended(
    status: int, body: bytes, headers: dict[str, str], folder: Path, clock: FakeClock
) -> None:
    """An answer with another part than asked for, or with 416, makes the download start over."""
    leave_part(folder, clock)
    wrong = answer(status, body, headers)
    with BytesServer(in_turn(wrong, answer(200, VIDEO, {"ETag": ETAG}))) as server:
        saved = fetch(server.url, folder / "v.mp4", clock)
    assert "range" in server.requests[0].headers
    assert "range" not in server.requests[1].headers
    assert saved.path.read_bytes() == VIDEO
    assert names(folder) == ["v.mp4"]


def test_fault_24_200_to_a_range_starts_over(folder: Path, clock: FakeClock) -> None:
    """A server that answers a Range with all of it, or has another video now, is taken at that."""
    leave_part(folder, clock)
    other = plain(7000)
    with BytesServer(ranged(other, '"v2"')) as server:
        saved = fetch(server.url, folder / "v.mp4", clock)
    assert server.requests[0].headers["if-range"] == ETAG
    assert len(server.requests) == 1
    assert saved.path.read_bytes() == other


def test_206_unasked_is_no_video(folder: Path, clock: FakeClock) -> None:
    """A piece in answer to a request for all of it, which does not say which piece, is refused."""
    with BytesServer(answer(206, VIDEO[:HALF])) as server, pytest.raises(DownloadFailed):
        fetch(server.url, folder / "v.mp4", clock)
    assert names(folder) == []


def test_bytes_of_another_video_are_not_gone_on_with(folder: Path, clock: FakeClock) -> None:
    """What was left under the same name by another task is not resumed, whatever its ETag."""
    leave_part(folder, clock, owner="runbase:1")
    with BytesServer(ranged(VIDEO)) as server:
        fetch(server.url, folder / "v.mp4", clock, owner="runbase:2")
    assert "range" not in server.requests[0].headers


def test_a_part_that_is_whole_is_checked_with_the_server(folder: Path, clock: FakeClock) -> None:
    """Killed after the last byte: one byte is asked for again, which proves the rest current."""
    leave_part(folder, clock)
    (folder / "v.mp4.part").write_bytes(VIDEO)
    with BytesServer(ranged(VIDEO)) as server:
        saved = fetch(server.url, folder / "v.mp4", clock)
    assert server.requests[0].headers["range"] == f"bytes={LAST}-"
    assert saved.path.read_bytes() == VIDEO


@pytest.mark.parametrize(
    "mark",
    [
        None,
        "",
        "{",
        "[]",
        '{"etag": 1, "total": null, "owner": ""}',
        '{"etag": "\\"v1\\"", "total": 9, "owner": ""}',
        '{"etag": "\\"v1\\"\\r\\nX: y", "total": null, "owner": ""}',
        '{"etag": "\\"v1\\"", "total": null, "owner": "", "encoding": 1}',
        "[" * 4096,
        "\udcff",
        "9" * 4096,
    ],
)
def test_a_damaged_mark_is_no_mark(mark: str | None, folder: Path, clock: FakeClock) -> None:
    """Bytes whose validator is missing, damaged or does not fit them are thrown away."""
    leave_part(folder, clock)
    (folder / "v.mp4.part.json").unlink()
    if mark is not None:
        (folder / "v.mp4.part.json").write_text(mark, errors="surrogateescape")
    with BytesServer(ranged(VIDEO)) as server:
        saved = fetch(server.url, folder / "v.mp4", clock)
    assert "range" not in server.requests[0].headers
    assert saved.path.read_bytes() == VIDEO
    assert names(folder) == ["v.mp4"]


# --- answers (23), drips (25), silence -----------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_fault_23_an_expired_url(status: int, folder: Path, clock: FakeClock) -> None:
    """401, 403, 404 and 410 for two minutes are 9; resumable bytes stay for the next URL."""
    leave_part(folder, clock)
    clock.sleeps.clear()
    with BytesServer(answer(status, b"gone")) as server, pytest.raises(DownloadFailed) as caught:
        fetch(server.url, folder / "v.mp4", clock)
    assert caught.value.http_status == status
    assert caught.value.exit_code == 9
    assert sum(clock.sleeps) == PATIENCE
    assert names(folder) == ["v.mp4.part", "v.mp4.part.json"]
    with BytesServer(ranged(VIDEO)) as server:
        fetch(server.url + "/new", folder / "v.mp4", clock)
    assert server.requests[0].headers["range"] == f"bytes={HALF}-"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_error_is_tried_again(status: int, folder: Path, clock: FakeClock) -> None:
    """A server's passing trouble is waited out; the bytes so far are not lost to it."""
    with BytesServer(in_turn(cut(), answer(status, b"busy"), ranged(VIDEO))) as server:
        assert fetch(server.url, folder / "v.mp4", clock).path.read_bytes() == VIDEO
    assert server.requests[2].headers["range"] == f"bytes={HALF}-"


@pytest.mark.parametrize("status", [204, 304, 400, 451])
def test_any_other_answer_fails(status: int, folder: Path, clock: FakeClock) -> None:
    """Any other answer is a failed download that names it."""

    def bare(_: Request, client: Client) -> None:
        client.send(head(status, {"Content-Length": "0"} if status >= 400 else {}))

    with BytesServer(bare) as server, pytest.raises(DownloadFailed, match=str(status)):
        fetch(server.url, folder / "v.mp4", clock)
    assert len(server.requests) == 1
    assert names(folder) == []


def test_nobody_there(folder: Path, clock: FakeClock) -> None:
    """A server that does not answer is 9 after two minutes, not 5: the task is kept."""
    with BytesServer(answer(200)) as server:
        url = server.url
    with pytest.raises(DownloadFailed):
        fetch(url, folder / "v.mp4", clock)
    assert sum(clock.sleeps) == PATIENCE
    assert names(folder) == []


def test_fault_25_a_drip_is_given_up(folder: Path, clock: FakeClock) -> None:
    """Fewer than 1 KiB/s over 60 s is a cut like any other: resumed, and 9 when it goes on."""

    def drip(request: Request, client: Client) -> None:
        start = int(request.headers.get("range", "bytes=0-")[6:-1])
        headers = {"ETag": ETAG, "Content-Length": str(len(VIDEO) - start)}
        if start:
            headers["Content-Range"] = f"bytes {start}-{LAST}/{LAST + 1}"
        client.send(head(206 if start else 200, headers))
        client.drip(VIDEO[start:], 10, passing(clock, 10, 0.01))

    with (
        BytesServer(drip) as server,
        pytest.raises(DownloadFailed, match="in 60 s"),
    ):
        fetch(server.url, folder / "v.mp4", clock)
    assert len(server.requests) == 3
    assert (folder / "v.mp4.part").stat().st_size < 200


def test_the_callers_time_is_not_the_servers(folder: Path, clock: FakeClock) -> None:
    """A caller that takes long between two steps does not make the server slow."""

    def drip(_: Request, client: Client) -> None:
        client.send(head(200, {"Content-Length": str(len(VIDEO))}))
        client.drip(VIDEO, 1000, passing(clock, 0.2, 0.01))

    with BytesServer(drip) as server:
        for _ in download(
            server.url, folder / "v.mp4", force=False, allow_private=True, clock=clock
        ):
            clock.advance(100)
    assert len(server.requests) == 1


# --- redirects and hosts (30) --------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(status: int, folder: Path, clock: FakeClock) -> None:
    """Redirects are followed, relative ones too, up to five."""
    hop = answer(status, b"", {"Location": "/there?x=1"})
    with BytesServer(in_turn(*[hop] * REDIRECTS, answer(200, VIDEO))) as server:
        fetch(server.url, folder / "v.mp4", clock)
    assert server.requests[-1].target == "/there?x=1"
    with BytesServer(hop) as server, pytest.raises(DownloadFailed, match="more than 5"):
        fetch(server.url, folder / "w.mp4", clock)
    assert len(server.requests) == REDIRECTS + 1


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "ftp://x.example/v", "//user:pw@x.example/", "http://[::1", "data:,x"],
)
def test_a_redirect_elsewhere_is_refused(location: str, folder: Path, clock: FakeClock) -> None:
    """A redirect to what is no plain http or https URL is refused, also for loopback endpoints."""
    with (
        BytesServer(answer(302, b"", {"Location": location})) as server,
        pytest.raises(DownloadFailed) as caught,
    ):
        fetch(server.url, folder / "v.mp4", clock)
    assert len(server.requests) in {1, 13}  # httpx itself refuses some, as broken answers
    assert "pw" not in str(caught.value)
    assert names(folder) == []


def test_a_redirect_to_nowhere(folder: Path, clock: FakeClock) -> None:
    """A redirect without a Location is a failed download."""
    with BytesServer(answer(302)) as server, pytest.raises(DownloadFailed, match="nowhere"):
        fetch(server.url, folder / "v.mp4", clock)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/v",
        "http://localhost:{port}/v",
        "http://localhost.:{port}/v",
        "http://a.localhost:{port}/v",
        "http://2130706433:{port}/v",
        "http://0x7f.1:{port}/v",
        "http://127.1:{port}/v",
        "http://0:{port}/v",
        "http://0.0.0.0:{port}/v",
        "http://[::1]:{port}/v",
        "http://[::ffff:127.0.0.1]:{port}/v",
        "http://\uff11\uff12\uff17.0.0.1:{port}/v",
        "http://127\u30020\u30020\u30021:{port}/v",
        "http://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1/v",
        "https://192.168.1.1/v",
        "https://172.16.0.1/v",
        "https://[fe80::1%25eth0]/v",
        "https://[fd00::1]/v",
    ],
)
def test_a_private_host_is_refused(url: str, folder: Path, clock: FakeClock) -> None:
    """Unless the endpoint is loopback, a URL into a private network is refused, nothing is sent."""
    with BytesServer(answer(200, VIDEO)) as server:
        with pytest.raises(DownloadFailed, match="private"):
            fetch(url.format(port=server.port), folder / "v.mp4", clock, allow_private=False)
        assert server.connections == 0
    assert names(folder) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://x.example/a\x1b[31mb",
        "https://x.example/\u202egpm",
        "https://x.example/\n",
        "https://user:hunter2@x.example/v",
        "https://x.example\\@127.0.0.1/",
        "https:///v",
        "https://[::1/v",
        "file:///etc/passwd",
        "/v.mp4",
        "",
    ],
)
def test_an_unusable_url_is_refused(url: str, folder: Path, clock: FakeClock) -> None:
    """Control characters, user information or no plain host: 9, without repeating the secret."""
    with pytest.raises(DownloadFailed) as caught:
        fetch(url, folder / "v.mp4", clock)
    assert "hunter2" not in str(caught.value)
    assert names(folder) == []


# --- the disk and the target (26, 27, 29) --------------------------------------------------------


@pytest.fixture
def small_files() -> Iterator[None]:
    """The system refuses files of more than 2000 bytes, as a full disk would (EFBIG)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("small_files")
def test_fault_26_a_disk_that_refuses(folder: Path, clock: FakeClock) -> None:
    """A write that fails is 10; the old file is intact and nothing is left beside it."""
    (folder / "v.mp4").write_bytes(b"old")
    with BytesServer(ranged(VIDEO)) as server, pytest.raises(WriteFailed) as caught:
        fetch(server.url, folder / "v.mp4", clock, force=True)
    assert caught.value.exit_code == 10
    assert names(folder) == ["v.mp4"]
    assert (folder / "v.mp4").read_bytes() == b"old"
    assert len(server.requests) == 1


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_fault_26_a_disk_that_is_full_at_the_end(
    step: str, folder: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Full only when the bytes are to be made durable, or renamed: the same."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (folder / "v.mp4").write_bytes(b"old")
    monkeypatch.setattr(*((os, step, full) if step == "fsync" else (Path, step, full)))
    with BytesServer(ranged(VIDEO)) as server, pytest.raises(WriteFailed, match="No space"):
        fetch(server.url, folder / "v.mp4", clock, force=True)
    assert names(folder) == ["v.mp4"]
    assert (folder / "v.mp4").read_bytes() == b"old"


def test_a_folder_that_is_a_file(folder: Path, clock: FakeClock) -> None:
    """Where no folder can be made, that is 10, and nothing is asked for."""
    (folder / "x").write_bytes(b"")
    with pytest.raises(WriteFailed):
        fetch("https://video.example/v", folder / "x" / "v.mp4", clock, allow_private=False)


def test_fault_27_an_existing_target_is_left(folder: Path, clock: FakeClock) -> None:
    """Without --force a target that is there is 9, before a byte is asked for."""
    (folder / "v.mp4").write_bytes(b"old")
    with BytesServer(answer(200, VIDEO)) as server:
        with pytest.raises(DownloadFailed, match="there already"):
            fetch(server.url, folder / "v.mp4", clock)
        assert server.connections == 0
    assert names(folder) == ["v.mp4"]


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("what", ["file", "dangling symlink"])
def test_fault_27_a_target_that_appears_meanwhile(
    what: str, links: bool, folder: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What appears during the download is not replaced, also where there are no hard links."""
    if not links:
        monkeypatch.setattr(os, "link", _no_links)

    def script(request: Request, client: Client) -> None:
        if what == "file":
            (folder / "v.mp4").write_bytes(b"other")
        else:
            (folder / "v.mp4").symlink_to("nowhere")
        ranged(VIDEO)(request, client)

    with BytesServer(script) as server, pytest.raises(DownloadFailed) as caught:
        fetch(server.url, folder / "v.mp4", clock)
    assert caught.value.exit_code == 9
    assert names(folder) == ["v.mp4"]
    if what == "file":
        assert (folder / "v.mp4").read_bytes() == b"other"


def _no_links(*_: object, **__: object) -> None:
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


def test_without_hard_links(
    folder: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system without hard links gets the file all the same."""
    monkeypatch.setattr(os, "link", _no_links)
    with BytesServer(answer(200, VIDEO)) as server:
        assert fetch(server.url, folder / "v.mp4", clock).path.read_bytes() == VIDEO
    assert names(folder) == ["v.mp4"]


def test_fault_27_a_symlink_is_replaced_not_followed(folder: Path, clock: FakeClock) -> None:
    """With --force a symlink itself gives way; what it leads to stays as it is."""
    (folder / "precious").write_bytes(b"precious")
    (folder / "v.mp4").symlink_to("precious")
    with BytesServer(answer(200, VIDEO)) as server:
        fetch(server.url, folder / "v.mp4", clock, force=True)
    assert not (folder / "v.mp4").is_symlink()
    assert (folder / "v.mp4").read_bytes() == VIDEO
    assert (folder / "precious").read_bytes() == b"precious"


@pytest.mark.parametrize("plant", ["symlink", "hard link", "folder", "pipe"])
def test_a_planted_part_is_not_written_to(plant: str, folder: Path, clock: FakeClock) -> None:
    """What lies at NAME.part and is not ours is left alone; another name is taken."""
    precious = folder / "precious"
    precious.write_bytes(b"precious")
    part = folder / "v.mp4.part"
    match plant:
        case "symlink":
            part.symlink_to("precious")
        case "hard link":
            part.hardlink_to(precious)
        case "folder":
            part.mkdir()
        case _:
            os.mkfifo(part)
    with BytesServer(ranged(VIDEO)) as server:
        assert fetch(server.url, folder / "v.mp4", clock).path.read_bytes() == VIDEO
    assert names(folder) == ["precious", "v.mp4", "v.mp4.part"]
    assert precious.read_bytes() == b"precious"


@pytest.mark.parametrize("plant", ["symlink", "hard link", "folder", "pipe", "another user's"])
def test_fault_30_a_planted_record_is_not_touched(
    plant: str, folder: Path, clock: FakeClock
) -> None:
    """What lies at NAME.part.json and is not ours is neither waited for, nor written, nor removed.

    There is no record then, so nothing is left to go on from; within the run a cut is resumed.
    """
    precious = folder / "precious"
    precious.write_bytes(b"precious")
    record = folder / "v.mp4.part.json"
    match plant:
        case "symlink":
            record.symlink_to("precious")
        case "hard link":
            record.hardlink_to(precious)
        case "folder":
            record.mkdir()
        case "pipe":
            os.mkfifo(record)
        case _:
            record.write_bytes(b"theirs")
            if os.geteuid() != 0:
                pytest.skip("only root can make a file another user's")
            os.chown(record, 12345, -1)
    with BytesServer(in_turn(cut(), ranged(VIDEO))) as server:
        assert fetch(server.url, folder / "v.mp4", clock).path.read_bytes() == VIDEO
    assert server.requests[1].headers["range"] == f"bytes={HALF}-"
    with BytesServer(cut(etag=None)) as server, pytest.raises(DownloadFailed):
        fetch(server.url, folder / "w.mp4", clock)
    assert names(folder) == ["precious", "v.mp4", "v.mp4.part.json"]
    assert precious.read_bytes() == b"precious"


@pytest.mark.parametrize("plant", ["folder", "pipe"])
def test_a_record_that_is_planted_later(plant: str, folder: Path, clock: FakeClock) -> None:
    """What appears at NAME.part.json after the first look is not written to either."""
    record = folder / "v.mp4.part.json"

    def meddle(request: Request, client: Client) -> None:
        if plant == "folder":
            record.mkdir()
        else:
            os.mkfifo(record)
        ranged(VIDEO)(request, client)

    with BytesServer(meddle) as server:
        assert fetch(server.url, folder / "v.mp4", clock).path.read_bytes() == VIDEO
    assert names(folder) == ["v.mp4", "v.mp4.part.json"]


def test_killed_while_publishing(folder: Path, clock: FakeClock) -> None:
    """A leftover name of the finished file itself is removed, and the file not written into."""
    (folder / "v.mp4").write_bytes(b"finished")
    (folder / "v.mp4.part").hardlink_to(folder / "v.mp4")
    with BytesServer(cut(etag=None)) as server, pytest.raises(DownloadFailed):
        fetch(server.url, folder / "v.mp4", clock, force=True)
    assert names(folder) == ["v.mp4"]
    assert (folder / "v.mp4").read_bytes() == b"finished"


def test_a_caller_that_stops(folder: Path, clock: FakeClock) -> None:
    """A download that is given up leaves bytes that can be resumed, and no others."""

    def slow(etag: dict[str, str]) -> Script:
        def script(_: Request, client: Client) -> None:
            client.send(head(200, {"Content-Length": str(len(VIDEO)), **etag}))
            client.drip(VIDEO[:HALF], HALF // 9, passing(clock, 1, 0.02))
            client.silence()

        return script

    for etag, left in [({}, []), ({"ETag": ETAG}, ["v.mp4.part", "v.mp4.part.json"])]:
        with BytesServer(slow(etag)) as server:
            steps = download(
                server.url, folder / "v.mp4", force=False, allow_private=True, clock=clock
            )
            for step in steps:
                if isinstance(step, Progress) and step.done > HALF // 2:
                    break
            steps.close()
        assert names(folder) == left


def test_a_very_long_name(folder: Path, clock: FakeClock) -> None:
    """A name as long as the system takes has room for its bytes on their way."""
    name = "x" * 251 + ".mp4"
    broken = in_turn(cut(), lambda _, client: client.reset())
    with BytesServer(broken) as server, pytest.raises(DownloadFailed):
        fetch(server.url, folder / name, clock)
    with BytesServer(ranged(VIDEO)) as server:
        fetch(server.url, folder / name, clock)
    assert "range" in server.requests[0].headers
    assert names(folder) == [name]


# --- processes (29) ------------------------------------------------------------------------------

PROCESS = """
import sys
from pathlib import Path
from seedance_cli.system.clock import SystemClock
from seedance_cli.tasks.downloads.fetch import Saved, download
from seedance_cli.errors import SeedanceError
url, target, force = sys.argv[1:]
try:
    for step in download(url, Path(target), force=force == "force", allow_private=True,
                         clock=SystemClock()):
        pass
except SeedanceError as error:
    sys.exit(error.exit_code)
"""


def start(url: str, target: Path, *, force: bool = False) -> subprocess.Popen[bytes]:
    """A process of its own that downloads."""
    argv = [sys.executable, "-c", PROCESS, url, str(target), "force" if force else "keep"]
    return subprocess.Popen(argv)


@pytest.mark.parametrize("force", [False, True])
def test_fault_29_two_processes_one_target(force: bool, folder: Path) -> None:
    """Two at once: one whole file and no leftovers; without --force only one of them has it."""
    both = threading.Barrier(2)
    other = VIDEO[:-2000] + b"o" * 2000
    parts: list[int] = []

    def together(video: bytes, pause: float) -> Script:
        def script(_: Request, client: Client) -> None:
            client.send(head(200, {"Content-Length": str(len(video)), "ETag": ETAG}) + video[:500])
            both.wait(10)
            client.drip(video[500:1000], 100, lambda: time.sleep(pause))
            parts.append(sum(name.endswith(".part") for name in names(folder)))
            both.wait(10)
            client.drip(video[1000:], 500, lambda: time.sleep(pause))

        return script

    with (
        BytesServer(in_turn(together(VIDEO, 0.01), together(other, 0.013))) as server,
        start(server.url, folder / "v.mp4", force=force) as one,
        start(server.url, folder / "v.mp4", force=force) as two,
    ):
        codes = sorted([one.wait(20), two.wait(20)])
    assert codes == ([0, 0] if force else [0, 9])
    assert parts == [2, 2], "each has its own bytes"
    assert names(folder) == ["v.mp4"]
    assert (folder / "v.mp4").read_bytes() in {VIDEO, other}


def test_published_between_open_and_lock(
    folder: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes that another process publishes while we wait for their lock are not written into."""
    leave_part(folder, clock)
    flock = fcntl.flock
    published = folder / "published.mp4"

    def late(fd: int, operation: int) -> None:
        if not published.exists():
            (folder / "v.mp4.part").replace(published)
        flock(fd, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with BytesServer(answer(200, VIDEO)) as server:
        fetch(server.url, folder / "v.mp4", clock)
    assert published.read_bytes() == VIDEO[:HALF]
    assert (folder / "v.mp4").read_bytes() == VIDEO


@pytest.mark.parametrize("fault", [OSError(errno.ENOLCK, "no locks"), BlockingIOError()])
def test_without_the_lock(
    fault: OSError, folder: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the lock cannot be had, a private name does, and nothing of ours is left."""

    def refuse(*_: object) -> None:
        raise fault

    monkeypatch.setattr(fcntl, "flock", refuse)
    with BytesServer(cut()) as server, pytest.raises(DownloadFailed):
        fetch(server.url, folder / "v.mp4", clock)
    held = ["v.mp4.part"] if isinstance(fault, BlockingIOError) else []
    assert names(folder) == held, "a name that another process holds is its own"


@pytest.mark.parametrize("etag", [ETAG, None])
def test_fault_29_kill_9(etag: str | None, folder: Path) -> None:
    """Killed in the middle, the final name does not exist, and a later run succeeds."""
    sent = threading.Event()

    def half(_: Request, client: Client) -> None:
        headers = {"Content-Length": str(len(VIDEO))} | ({"ETag": etag} if etag else {})
        client.send(head(200, headers) + VIDEO[:HALF])
        sent.set()
        client.silence()

    with BytesServer(half) as server, start(server.url, folder / "v.mp4") as process:
        assert sent.wait(20)
        part = folder / "v.mp4.part"
        until = time.monotonic() + 10
        while not (part.exists() and part.stat().st_size == HALF) and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        assert not (folder / "v.mp4").exists()
    with BytesServer(ranged(VIDEO)) as server:
        *_, saved = download(
            server.url, folder / "v.mp4", force=False, allow_private=True, clock=SystemClock()
        )
    assert isinstance(saved, Saved)
    assert saved.path.read_bytes() == VIDEO
    assert names(folder) == ["v.mp4"]
    assert server.requests[0].headers.get("range") == (f"bytes={HALF}-" if etag else None)


# --- the check before paying ---------------------------------------------------------------------


def test_check_target_leaves_nothing(folder: Path) -> None:
    """A free name in a folder, there or to come, is fine; nothing is created for the check."""
    check_target(folder / "v.mp4", force=False)
    check_target(folder / "a" / "b" / "v.mp4", force=False)
    assert names(folder) == []


@pytest.mark.parametrize("force", [False, True])
def test_check_target_on_what_is_there(force: bool, folder: Path) -> None:
    """A file or a symlink is only for --force; a folder or a file as folder never is."""
    (folder / "file").write_bytes(b"")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "folder").mkdir()
    for name in ("file", "dangling"):
        if force:
            check_target(folder / name, force=True)
        else:
            with pytest.raises(UsageError, match=r"-o.*exists"):
                check_target(folder / name, force=False)
    for path in (folder / "folder", folder / "file" / "v.mp4"):
        with pytest.raises(UsageError, match="-o"):
            check_target(path, force=force)


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "\ud800"])
def test_check_target_on_a_name_that_cannot_be(name: str, folder: Path) -> None:
    """A name that the system does not take is a usage error."""
    with pytest.raises(UsageError, match="-o"):
        check_target(folder / name, force=False)


def test_check_target_on_a_folder_that_cannot_be_written() -> None:
    """Where no file can be created, that is found before anything is paid."""
    with pytest.raises(UsageError, match="cannot be written"):
        check_target(Path("/proc/videos/v.mp4"), force=False)


def test_the_mark_holds_no_url(folder: Path, clock: FakeClock) -> None:
    """Beside the bytes lie the ETag, the length and the owner; the signed URL does not."""
    leave_part(folder, clock, owner="runbase:1#1")
    mark = json.loads((folder / "v.mp4.part.json").read_text())
    assert mark == {"etag": ETAG, "total": len(VIDEO), "owner": "runbase:1#1"}
    for name in names(folder):
        assert (folder / name).stat().st_mode & 0o777 == 0o600

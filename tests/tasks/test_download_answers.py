"""What counts as a video: its bytes, whatever the answer's head says of them (faults 20-24)."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import pytest

from seedance_cli.errors import DownloadFailed
from support.bytes_server import BytesServer, Client, Request, Script, answer, head, in_turn
from support.downloads import ETAG, HALF, LAST, VIDEO, cut, fetch, names, ranged
from support.mp4s import FTYP, MOOV, box, real

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.fake_clock import FakeClock

STALE = (
    *("aws-chunked", "none", "binary", "utf-8", "identity, identity", "gzip", "x-gzip", "deflate"),
    *("br", "zstd", "gzip,aws-chunked", " ", ","),
)
"""What servers say of bytes that are as they were made."""


# --- a Content-Encoding that is not true (22) ----------------------------------------------------


@pytest.mark.parametrize("encoding", STALE)
@pytest.mark.parametrize("chunked", [False, True])
def test_fault_22_a_stale_encoding_changes_no_byte(
    encoding: str, chunked: bool, folder: Path, clock: FakeClock
) -> None:
    """What begins as an MP4 is one, whatever its server says that it is packed by."""

    def in_chunks(_: Request, client: Client) -> None:
        client.send(head(200, {"Transfer-Encoding": "chunked", "Content-Encoding": encoding}))
        client.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(VIDEO), VIDEO))

    whole = answer(200, VIDEO, {"Content-Encoding": encoding})
    with BytesServer(in_chunks if chunked else whole) as server:
        saved = fetch(server.url, folder / "v.mp4", clock)
    assert saved.verified
    assert saved.path.read_bytes() == VIDEO
    assert names(folder) == ["v.mp4"]
    assert len(server.requests) == 1


def test_a_stale_encoding_is_resumed_like_any_other(folder: Path, clock: FakeClock) -> None:
    """Where first answer and rest say the same of their bytes, the rest is put behind."""
    stale = {"Content-Encoding": "aws-chunked"}
    with BytesServer(in_turn(cut(more=stale), ranged(VIDEO, more=stale))) as server:
        assert fetch(server.url, folder / "v.mp4", clock).path.read_bytes() == VIDEO
    assert server.requests[1].headers["range"] == f"bytes={HALF}-"


@pytest.mark.parametrize(("first", "rest"), [(None, "gzip"), ("aws-chunked", None)])
def test_a_rest_that_is_packed_otherwise_is_not_appended(
    first: str | None, rest: str | None, folder: Path, clock: FakeClock
) -> None:
    """Ranges of one packing say nothing of the bytes of another: start over, across runs too."""
    said = [{} if one is None else {"Content-Encoding": one} for one in (first, rest)]
    gone: Script = lambda _, client: client.reset()  # noqa: E731 - a script of one line
    with BytesServer(in_turn(cut(more=said[0]), gone)) as server, pytest.raises(DownloadFailed):
        fetch(server.url, folder / "v.mp4", clock)
    assert names(folder) == ["v.mp4.part", "v.mp4.part.json"]
    packed = ranged(VIDEO, more=said[1])
    with BytesServer(in_turn(packed, answer(200, VIDEO))) as server:
        assert fetch(server.url, folder / "v.mp4", clock).path.read_bytes() == VIDEO
    assert [one.headers.get("range") for one in server.requests] == [f"bytes={HALF}-", None]


def two_members(video: bytes) -> bytes:
    """A gzip file in two pieces, one behind the other (RFC 1952, 2.2)."""
    return gzip.compress(video[:700]) + gzip.compress(video[700:])


@pytest.mark.parametrize("said", ["gzip", "x-gzip", "identity", "aws-chunked", None])
@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, two_members])
def test_fault_22_what_is_packed_is_unpacked(
    said: str | None, pack: Callable[[bytes], bytes], folder: Path, clock: FakeClock
) -> None:
    """A video that came as gzip is unpacked, whatever was said of it; its end is checked."""
    headers = {"ETag": ETAG} if said is None else {"ETag": ETAG, "Content-Encoding": said}
    with BytesServer(answer(200, pack(real()), headers)) as server:
        saved = fetch(server.url, folder / "v.mp4", clock)
    assert saved.verified
    assert saved.path.read_bytes() == real()
    assert names(folder) == ["v.mp4"]


@pytest.mark.parametrize("size", [1, 2, 7, 600])
def test_a_packed_video_in_small_pieces(size: int, folder: Path, clock: FakeClock) -> None:
    """In whatever pieces the bytes come, they are read as what they are."""
    body = gzip.compress(VIDEO)

    def drip(_: Request, client: Client) -> None:
        client.send(head(200, {"Content-Length": str(len(body))}))
        client.drip(body, size, lambda: None)

    with BytesServer(drip) as server:
        assert fetch(server.url, folder / "v.mp4", clock).path.read_bytes() == VIDEO


def test_a_packed_video_that_is_cut_starts_over(folder: Path, clock: FakeClock) -> None:
    """What a range would count are the packed bytes, and those are not kept: no resume, no rest."""
    body = gzip.compress(VIDEO)
    early = cut(body[: len(body) // 2], declared=None, more={"Content-Encoding": "gzip"})
    with BytesServer(in_turn(early, answer(200, body, {"ETag": ETAG}))) as server:
        assert fetch(server.url, folder / "v.mp4", clock).path.read_bytes() == VIDEO
    assert all("range" not in request.headers for request in server.requests)
    with BytesServer(early) as server, pytest.raises(DownloadFailed):
        fetch(server.url, folder / "w.mp4", clock)
    assert names(folder) == ["v.mp4"]


def test_a_gzip_bomb_is_not_unpacked(folder: Path, clock: FakeClock) -> None:
    """What unpacks to a hundred times its size is no video: 9, and the disk is spared."""
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    bomb = packer.compress(FTYP + MOOV + box(b"mdat", endless=True))
    for _ in range(80):
        bomb += packer.compress(bytes(1_000_000))
    bomb += packer.flush()
    with (
        BytesServer(answer(200, bomb, {"Content-Encoding": "gzip"})) as server,
        pytest.raises(DownloadFailed, match="unpack"),
    ):
        fetch(server.url, folder / "v.mp4", clock)
    assert len(server.requests) == 1
    assert names(folder) == []


@pytest.mark.parametrize(
    "body",
    [b"\x1f\x8bno gzip at all", gzip.compress(b"<html>no</html>")],
    ids=["no gzip", "no video"],
)
def test_gzip_of_no_video_is_none(body: bytes, folder: Path, clock: FakeClock) -> None:
    """Bytes that begin as gzip and are none, or hold no MP4, are no video: 9, nothing left."""
    with (
        BytesServer(answer(200, body, {"Content-Encoding": "gzip"})) as server,
        pytest.raises(DownloadFailed),
    ):
        fetch(server.url, folder / "v.mp4", clock)
    assert names(folder) == []


def test_a_packing_that_is_not_read_is_named(folder: Path, clock: FakeClock) -> None:
    """Where the bytes are no MP4, the message says what the server called them."""
    headers = {"Content-Encoding": "br", "Content-Type": "video/mp4"}
    with (
        BytesServer(answer(200, b"\x0b\x02\x80" * 99, headers)) as server,
        pytest.raises(DownloadFailed, match="video/mp4, Content-Encoding: br"),
    ):
        fetch(server.url, folder / "v.mp4", clock)


# --- other statuses with the whole file (22) -----------------------------------------------------

WHOLE = {"Content-Range": f"bytes 0-{LAST}/{LAST + 1}"}


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (206, WHOLE),
        (206, {"Content-Range": f"Bytes 0-{LAST}/{LAST + 1}"}),
        (206, {"Content-Range": f"bytes 0-{LAST}/*"}),
        (206, {}),
        (203, {}),
        (226, {"IM": "identity"}),
    ],
)
def test_fault_22_the_whole_file_by_another_status(
    status: int, headers: dict[str, str], folder: Path, clock: FakeClock
) -> None:
    """206 with every byte, whether it says so or not, 203 and 226 are taken as 200 is."""
    with BytesServer(answer(status, VIDEO, headers)) as server:
        saved = fetch(server.url, folder / "v.mp4", clock)
    assert saved.verified
    assert saved.path.read_bytes() == VIDEO
    assert names(folder) == ["v.mp4"]


def test_206_with_the_beginning_is_a_cut(folder: Path, clock: FakeClock) -> None:
    """A server that gives the first piece, unasked, is asked for the rest."""
    headers = {"Content-Range": f"bytes 0-{HALF - 1}/{LAST + 1}", "ETag": ETAG}
    with BytesServer(in_turn(answer(206, VIDEO[:HALF], headers), ranged(VIDEO))) as server:
        assert fetch(server.url, folder / "v.mp4", clock).path.read_bytes() == VIDEO
    assert server.requests[1].headers["range"] == f"bytes={HALF}-"


@pytest.mark.parametrize(
    "content_range",
    [f"bytes 9-{LAST}/{LAST + 1}", f"bytes 0-{LAST}/{LAST}", "bytes */99", f"items 0-{LAST}/*", ""],
)
def test_206_with_another_piece_is_no_video(
    content_range: str, folder: Path, clock: FakeClock
) -> None:
    """A piece from the middle, or one that says nothing of itself, is refused."""
    headers = {"Content-Range": content_range} if content_range else {}
    with (
        BytesServer(answer(206, VIDEO[9:], headers)) as server,
        pytest.raises(DownloadFailed, match="206"),
    ):
        fetch(server.url, folder / "v.mp4", clock)
    assert names(folder) == []

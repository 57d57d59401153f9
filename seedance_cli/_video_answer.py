"""What one answer for a video holds: all of it, its rest, or none of it. The bytes decide.

Stores give whole files with other statuses than 200, and with a `Content-Encoding` that was true of
an upload once (S3 keeps `aws-chunked`): what begins as an MP4 is one, and what is really packed is
unpacked.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from seedance_cli import mp4
from seedance_cli.errors import DownloadFailed, Unreachable
from seedance_cli.mp4 import Layout
from seedance_cli.partfile import strong

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seedance_cli.clock import Clock
    from seedance_cli.net import Stream
    from seedance_cli.partfile import Part

SLOW_SECONDS = 60.0
SLOW_BYTES = 60 * 1024
"""Fewer bytes than these in `SLOW_SECONDS`: the connection is given up."""
SHOW_SECONDS = 0.1
UNPACKED_RATIO = 20
UNPACKED_FLOOR = 64 * 1024 * 1024
"""A packed video may have so many bytes, or `UNPACKED_RATIO` times those that came: video is as
good as incompressible, and more than that is somebody's attempt to fill the disk."""

_GONE = frozenset({401, 403, 404, 410})
_PASSING = frozenset({408, 425, 429})
_ALL_OF_IT = frozenset({200, 203, 226})
"""203: a proxy has touched it. 226: with instance manipulations, none of which were asked for."""
_CONTENT_RANGE = re.compile(r"bytes +(\d{1,19})-(\d{1,19})/(\d{1,19}|\*)", re.IGNORECASE)
_LENGTH = re.compile(r"[0-9]{1,18}")
_GZIP = b"\x1f\x8b"
_PIECE = 1 << 20
_LONGEST = 80
"""Characters shown of a header field."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download is."""

    done: int
    """Bytes here, those of an earlier run included."""
    total: int | None
    """Bytes in all; None where the server does not say."""


class Expired(DownloadFailed):
    """The URL is not, or no longer, valid. A fresh read of the task's status may give a new one."""


def take_head(answer: Stream, part: Part, *, ranged: bool) -> None:
    """Decide what the body is: all of the video, or the rest of the bytes that are here.

    Args:
        answer: its head has come.
        part: the bytes so far; emptied for all of the video.
        ranged: the rest was asked for.

    Raises:
        Expired: 401, 403, 404 or 410.
        Unreachable: what another request may change.
        DownloadFailed: anything else that is no video.
    """
    status, headers = answer.status, answer.headers
    if status in _GONE:
        raise Expired(f"the video's URL is not valid (HTTP {status})", http_status=status)
    if status in _PASSING or status >= 500:  # noqa: PLR2004 - the server's own errors
        raise Unreachable(f"HTTP {status}", http_status=status)
    if status in _ALL_OF_IT:
        _begin(part, headers, _declared(headers))
    elif ranged and status == 206:  # noqa: PLR2004 - partial content
        if not _continues(headers, part):
            part.begin(None, None)
            raise Unreachable("the server sent another part of the video than asked for")
    elif status == 206 and (piece := _piece(headers)) and piece.first == 0:  # noqa: PLR2004
        _begin(part, headers, piece.total)
    elif ranged and status == 416:  # noqa: PLR2004 - range not satisfiable
        part.begin(None, None)
        raise Unreachable("the server has no such part of the video")
    else:
        raise DownloadFailed(f"no video at its URL (HTTP {status})", http_status=status)


def take_body(answer: Stream, part: Part, clock: Clock) -> Iterator[Progress]:
    """Put the body behind the bytes that are here.

    Raises:
        Unreachable: it broke off, was too slow, or was not as long as declared.
        DownloadFailed: it is no video.
    """
    yield Progress(part.size, part.total)
    shown = since = clock.monotonic()
    before = part.size
    for chunk in _plain(answer, part):
        if part.total is not None and part.size + len(chunk) > part.total:
            part.begin(None, None)
            raise Unreachable("more bytes came than were declared")
        known = part.size >= mp4.HEAD
        part.append(chunk)
        if not known and mp4.foreign(part.head(mp4.HEAD)):
            raise _no_video(part, answer, Layout.FOREIGN)  # however much more of it there is
        now = clock.monotonic()
        if now - since >= SLOW_SECONDS:
            if part.size - before < SLOW_BYTES:
                raise Unreachable(f"fewer than {SLOW_BYTES} bytes in {SLOW_SECONDS:.0f} s")
            since, before = now, part.size
        if now - shown >= SHOW_SECONDS:
            yield Progress(part.size, part.total)
            shown = clock.monotonic()
            since += shown - now  # what the caller does meanwhile is not the server's time
    if part.total is not None and part.size < part.total:
        raise Unreachable("the connection ended early")
    yield Progress(part.size, part.total)


def verify(part: Part, answer: Stream) -> bool:
    """Whether the layout shows that the file is whole; an error where it is not, or may not be.

    Raises:
        Unreachable: it was cut, as far as one can know.
        DownloadFailed: it is no video, or no whole one although it came as declared.
    """
    layout = mp4.walk(part.readable, part.size)
    if layout is Layout.FOREIGN:
        raise _no_video(part, answer, layout)
    if layout in {Layout.BROKEN, Layout.RAGGED} and part.total is None:
        raise Unreachable("it ends in the middle")
    if layout is Layout.BROKEN:
        raise _no_video(part, answer, layout)
    return layout is Layout.CLOSED


@dataclass(frozen=True, slots=True)
class _Piece:
    """A `Content-Range`, in bytes."""

    first: int
    last: int
    total: int | None


def _piece(headers: Mapping[str, str]) -> _Piece | None:
    """What a 206 says that it holds; None where that makes no sense (RFC 9110, 14.4)."""
    found = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
    if found is None:
        return None
    first, last = int(found[1]), int(found[2])
    total = None if found[3] == "*" else int(found[3])
    if last < first or (total is not None and last >= total):
        return None
    return _Piece(first, last, total)


def _continues(headers: Mapping[str, str], part: Part) -> bool:
    # RFC 9110, 15.3.7: a 206 to If-Range repeats the ETag, if any. Ranges count the bytes of one
    # packing: an answer that names another one than the first did counts others.
    piece, mark = _piece(headers), part.mark
    if piece is None or mark is None or headers.get("etag", mark.etag) != mark.etag:
        return False
    total = part.total if piece.total is None else piece.total
    if _encoding(headers) != mark.encoding or piece.first != part.size:
        return False
    if total != (part.total or total):
        return False
    part.total = total
    return total is None or piece.last < total


def _begin(part: Part, headers: Mapping[str, str], total: int | None) -> None:
    etag = headers.get("etag", "")
    part.begin(etag if strong(etag) else None, total, _encoding(headers))


def _declared(headers: Mapping[str, str]) -> int | None:
    # With a transfer coding, Content-Length says nothing (RFC 9112, 6.3).
    length = headers.get("content-length", "")
    if "transfer-encoding" in headers or not _LENGTH.fullmatch(length):
        return None
    return int(length)


def _encoding(headers: Mapping[str, str]) -> str:
    """What an answer says that its bytes are packed by; empty for nothing."""
    encoding = headers.get("content-encoding", "").strip().lower()
    return "" if encoding == "identity" else encoding


def _plain(answer: Stream, part: Part) -> Iterator[bytes]:
    """The body's bytes as the video's own, unpacked where they really are packed."""
    chunks = answer.chunks()
    if part.size > 0:  # the rest of bytes that were looked at
        yield from chunks
        return
    first = b""
    for chunk in chunks:
        first += chunk
        if len(first) >= len(_GZIP):
            break
    if not _is_packed(first):
        yield first
        yield from chunks
        return
    part.begin(None, None)  # ranges and lengths count the packed bytes
    yield from _unpacked(first, chunks, part, _kind(answer))


def _is_packed(first: bytes) -> bool:
    # No MP4 begins so: its first four bytes are a small length. zlib's two: RFC 1950, 2.2.
    zlibs = len(first) > 1 and first[0] == 0x78 and int.from_bytes(first[:2]) % 31 == 0  # noqa: PLR2004
    return first.startswith(_GZIP) or zlibs


def _unpacked(first: bytes, chunks: Iterator[bytes], part: Part, kind: str) -> Iterator[bytes]:
    unpacker, came = _unpacker(), 0
    for chunk in chain([first], chunks):
        came += len(chunk)
        rest, full = chunk, False
        while rest or full:
            if unpacker.eof:
                if not rest.startswith(_GZIP[:1]):
                    return  # padding, or what nobody knows: the boxes tell whether it is all here
                unpacker = _unpacker()
            try:
                piece = unpacker.decompress(rest, _PIECE)
            except zlib.error as error:
                part.begin(None, None)
                raise Unreachable(f"what came cannot be unpacked ({kind})") from error
            if part.size + len(piece) > max(UNPACKED_FLOOR, UNPACKED_RATIO * came):
                part.begin(None, None)
                raise DownloadFailed(f"the {came} bytes that came unpack to what is no video")
            yield piece
            rest = unpacker.unconsumed_tail or unpacker.unused_data
            full = len(piece) == _PIECE and not unpacker.eof  # it may hold some more back
    if not unpacker.eof:
        raise Unreachable("the connection ended early")


def _unpacker() -> zlib._Decompress:
    return zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib, as its first bytes say


def _no_video(part: Part, answer: Stream, layout: Layout) -> DownloadFailed:
    size = part.size
    part.begin(None, None)  # bytes that a later run shall not go on with
    if layout is Layout.BROKEN:
        return DownloadFailed(f"the {size} bytes came as declared, but are no whole MP4")
    return DownloadFailed(f"what came is no MP4 ({_kind(answer)})")


def _kind(answer: Stream) -> str:
    """What an answer says that it holds."""
    kind = answer.headers.get("content-type", "of no stated type")[:_LONGEST]
    encoding = _encoding(answer.headers)[:_LONGEST]
    return f"{kind}, Content-Encoding: {encoding}" if encoding else kind

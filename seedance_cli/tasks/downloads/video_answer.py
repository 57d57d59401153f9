"""What one answer for a video holds: all of it, its rest, or none of it. The bytes decide.

Stores give whole files with other statuses than 200, and with a `Content-Encoding` that was true of
an upload once (S3 keeps `aws-chunked`): what begins as an MP4 is one, and what is really packed is
unpacked.
"""

from __future__ import annotations

import re
import zlib
from itertools import chain
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.errors import DownloadFailed, Unreachable
from seedance_cli.http import retry_after
from seedance_cli.tasks.downloads import mp4
from seedance_cli.tasks.downloads.mp4 import Layout
from seedance_cli.tasks.downloads.partial import strong

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seedance_cli.http import Stream
    from seedance_cli.system import Clock
    from seedance_cli.tasks.downloads.partial import PartialFile

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
_OK = 200
_PARTIAL = 206
_NO_SUCH_PART = 416
_ALL_OF_IT = frozenset({_OK, 202, 203, 226})
"""202: it is in the making, and is not there unless the bytes say so. 203: a proxy has touched it.
226: with instance manipulations, none of which were asked for."""
_CONTENT_RANGE_FIELD = "content-range"
_CONTENT_RANGE = r"(?i:bytes) +(\d{1,19})-(\d{1,19})/(\d{1,19}|\*)"
_LENGTH = re.compile(r"[0-9]{1,18}")
_GZIP = b"\x1f\x8b"
_PIECE = 1 << 20
_DAY = 86_400.0
_LONGEST = 80
"""Characters of a header field that an error shows."""


class Progress(NamedTuple):
    """How far a download is."""

    done: int
    """Bytes here, those of an earlier run included."""
    total: int | None
    """Bytes in all; None where the server does not say."""


class NotYet(DownloadFailed):
    """There is no video at its URL now; there may be one soon, there or at a URL read anew."""


def receive(answer: Stream, part: PartialFile, clock: Clock, *, ranged: bool) -> Iterator[Progress]:
    """Take what an answer holds: all of the video, or the rest of the bytes that are here.

    The bytes that are here stay, unless a video begins that takes their place.

    Args:
        answer: its head has come.
        part: the bytes so far.
        clock: for the minimum speed, and the pace of what is yielded.
        ranged: the rest was asked for.

    Raises:
        NotYet: no video is in it, or none is at this URL.
        Unreachable: what another request may change: the server's trouble, a cut, another part.
        DownloadFailed: anything else that is no video.
    """
    whole = _judge(answer, part, clock, ranged=ranged)
    chunks = _at_speed(answer.chunks(), clock)
    if whole is not None:
        first, chunks = _peek(chunks, len(_GZIP))
        packed = _is_packed(first)
        if packed:
            first, chunks = _peek(_unpacked(chunks, _kind(answer)), mp4.HEAD)
        elif len(first) < mp4.HEAD:
            first, chunks = _peek(chunks, mp4.HEAD)
        if not first or mp4.foreign(first):  # however much more of it there is
            raise _no_video(answer)
        if packed:
            part.begin(None, None)  # ranges and lengths count the packed bytes
        else:
            part.begin(whole.etag, whole.total, whole.encoding)
    yield Progress(part.size, part.total)
    shown = clock.monotonic()
    for chunk in chunks:
        if part.total is not None and part.size + len(chunk) > part.total:
            part.begin(None, None)
            raise Unreachable("more bytes came than were declared")
        part.append(chunk)
        if clock.monotonic() - shown >= SHOW_SECONDS:
            yield Progress(part.size, part.total)
            shown = clock.monotonic()
    if part.total is not None and part.size < part.total:
        raise Unreachable("the connection ended early")
    yield Progress(part.size, part.total)


def unpacked(answer: Stream, clock: Clock) -> Iterator[bytes]:
    """The bytes of an answer, unpacked where they are packed, as long as they come fast enough.

    Raises:
        NotYet: they cannot be unpacked.
        Unreachable: a cut.
        DownloadFailed: they unpack to more than any video has.
    """
    first, chunks = _peek(_at_speed(answer.chunks(), clock), len(_GZIP))
    return _unpacked(chunks, _kind(answer)) if _is_packed(first) else chunks


def verify(part: PartialFile) -> bool:
    """Whether the layout shows that the file is whole; an error where it is not, or may not be.

    Raises:
        Unreachable: it was cut, as far as one can know.
        NotYet: it is no whole video although it came as declared.
    """
    layout = mp4.walk(part.readable, part.size)
    if layout in {Layout.BROKEN, Layout.RAGGED, Layout.FOREIGN} and part.total is None:
        raise Unreachable("it ends in the middle")
    if layout in {Layout.BROKEN, Layout.FOREIGN}:
        size = part.size
        part.begin(None, None)  # bytes that no later try shall go on with
        raise NotYet(f"the {size} bytes came as declared, but are no whole MP4")
    return layout is Layout.CLOSED


class _Declared(NamedTuple):
    """What an answer says of a whole video."""

    etag: str | None
    """Strong, if there is one."""
    total: int | None
    """Bytes."""
    encoding: str


def check_there(answer: Stream, clock: Clock) -> None:
    """Raise where the status says that nothing is there now, but may be soon.

    Raises:
        NotYet: not at this URL.
        Unreachable: the server's own trouble.
    """
    status = answer.status
    asked = retry_after(answer.headers, clock, most=_DAY)
    if status in _GONE:
        raise NotYet(f"HTTP {status}", http_status=status, retry_after=asked)
    if status in _PASSING or status >= 500:  # noqa: PLR2004 - the server's own errors
        raise Unreachable(f"HTTP {status}", http_status=status, retry_after=asked)


def is_whole(answer: Stream) -> bool:
    """Whether the head of an answer to a request for all of it allows that it is all of it."""
    if answer.status != _PARTIAL:
        return answer.status in _ALL_OF_IT
    piece = _piece(answer.headers)
    if piece is None:
        return _CONTENT_RANGE_FIELD not in answer.headers
    return piece.first == 0 and piece.last + 1 == (piece.total or piece.last + 1)


def _judge(answer: Stream, part: PartialFile, clock: Clock, *, ranged: bool) -> _Declared | None:
    """What the head says of the body; None: it is the rest of what is here."""
    status, headers = answer.status, answer.headers
    check_there(answer, clock)
    if status in _ALL_OF_IT:
        return _whole(headers, _declared(headers))
    if status == _PARTIAL and ranged:
        if _continues(headers, part):
            return None
        part.begin(None, None)
        raise Unreachable("the server sent another part of the video than asked for")
    if status == _PARTIAL and (piece := _piece(headers)) and piece.first == 0:
        return _whole(headers, piece.total)
    if status == _PARTIAL and _CONTENT_RANGE_FIELD not in headers:
        return _whole(headers, None)  # its own layout has to show that it is all of it
    if status == _NO_SUCH_PART and ranged:
        part.begin(None, None)
        raise Unreachable("the server has no such part of the video")
    raise DownloadFailed(f"no video at its URL (HTTP {status})", http_status=status)


class _Piece(NamedTuple):
    """A `Content-Range`, in bytes."""

    first: int
    last: int
    total: int | None


def _piece(headers: Mapping[str, str]) -> _Piece | None:
    """What a 206 says that it holds; None where that makes no sense (RFC 9110, 14.4)."""
    found = re.fullmatch(_CONTENT_RANGE, headers.get(_CONTENT_RANGE_FIELD, "").strip())
    if found is None:
        return None
    first, last = int(found[1]), int(found[2])
    total = None if found[3] == "*" else int(found[3])
    if last < first or (total is not None and last >= total):
        return None
    return _Piece(first, last, total)


def _continues(headers: Mapping[str, str], part: PartialFile) -> bool:
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


def _whole(headers: Mapping[str, str], total: int | None) -> _Declared:
    etag = headers.get("etag", "")
    return _Declared(etag if strong(etag) else None, total, _encoding(headers))


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


def _at_speed(chunks: Iterator[bytes], clock: Clock) -> Iterator[bytes]:
    """The chunks, as long as they come fast enough. The time of the caller does not count."""
    waited, came = 0.0, 0
    while True:
        asked = clock.monotonic()
        chunk = next(chunks, None)
        if chunk is None:
            return
        waited += clock.monotonic() - asked
        came += len(chunk)
        if waited >= SLOW_SECONDS:
            if came < SLOW_BYTES:
                raise Unreachable(f"fewer than {SLOW_BYTES} bytes in {SLOW_SECONDS:.0f} s")
            waited, came = 0.0, 0
        yield chunk


def _peek(chunks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """The first `size` bytes or more, where there are so many; and all of them again."""
    first = b""
    for chunk in chunks:
        first += chunk
        if len(first) >= size:
            break
    return first, chain([first], chunks)


def _is_packed(first: bytes) -> bool:
    # No MP4 begins so: its first four bytes are a small length. zlib's two: RFC 1950, 2.2.
    zlibs = len(first) > 1 and first[0] == 0x78 and int.from_bytes(first[:2]) % 31 == 0  # noqa: PLR2004
    return first.startswith(_GZIP) or zlibs


def _unpacked(chunks: Iterator[bytes], kind: str) -> Iterator[bytes]:
    unpacker, came, made = _unpacker(), 0, 0
    for chunk in chunks:
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
                raise NotYet(f"what came cannot be unpacked ({kind})") from error
            made += len(piece)
            if made > max(UNPACKED_FLOOR, UNPACKED_RATIO * came) or (not made and came > _PIECE):
                raise DownloadFailed(f"the {came} bytes that came unpack to what is no video")
            yield piece
            rest = unpacker.unconsumed_tail or unpacker.unused_data
            full = len(piece) == _PIECE and not unpacker.eof  # it may hold some more back
    if not unpacker.eof:
        raise Unreachable("the connection ended early")


def _unpacker() -> zlib._Decompress:
    return zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib, as its first bytes say


def _no_video(answer: Stream) -> NotYet:
    status = "" if answer.status == _OK else f", HTTP {answer.status}"
    return NotYet(f"what came is no MP4 ({_kind(answer)}{status})")


def _kind(answer: Stream) -> str:
    """What an answer says that it holds."""
    kind = answer.headers.get("content-type", "of no stated type")[:_LONGEST]
    encoding = _encoding(answer.headers)[:_LONGEST]
    return f"{kind}, Content-Encoding: {encoding}" if encoding else kind

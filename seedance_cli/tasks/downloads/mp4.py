"""Whether a file is a whole MP4, told from its outermost boxes alone: no decoding, no samples read.

A file is a row of boxes: 4 bytes of length (big endian, header included), 4 bytes of type, payload.
Length 1: the real length follows in 8 bytes. Length 0: the box goes on to the end of the file.
`ftyp` comes first; `moov` describes the tracks and `mdat` holds their samples, in either order.
A fragmented file goes on with pairs of `moof` and `mdat`. (ISO/IEC 14496-12, 4.2; QuickTime's
`.mov` is laid out alike.)
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

HEAD = 8
"""Bytes after which `foreign` can tell."""

_LARGE_HEAD = 16
_KIND = re.compile(rb"[\x20-\x7e\xa9]{4}")
_ESSENTIAL = frozenset({b"moov", b"mdat", b"moof"})
_MAX_BOXES = 100_000
"""An hour in fragments of one second has 7,200; more is somebody's attempt to keep us busy."""


class Layout(StrEnum):
    """What the walk over the outermost boxes came to."""

    CLOSED = "closed"
    """Whole: every box ends where the next begins, the last one at the end of the file."""
    OPEN = "open"
    """Nothing seems to be missing, but the layout does not say where the file ends: its last box
    has no length, or it has fragments."""
    RAGGED = "ragged"
    """`moov` and `mdat` are whole; what follows them is not a whole box."""
    BROKEN = "broken"
    """Begins as an MP4, and `moov` or `mdat` is missing or cut."""
    FOREIGN = "foreign"
    """No MP4."""


def foreign(head: bytes) -> bool:
    """Whether a file that begins with these bytes can be no MP4.

    Args:
        head: the first bytes; with fewer than `HEAD` of them the answer may still be "it could be".
    """
    return not b"ftyp".startswith(head[4:HEAD])


def walk(file: BinaryIO, size: int) -> Layout:
    """Walk over the outermost boxes of a file.

    Args:
        file: readable and seekable; its position is moved.
        size: bytes in it.
    """
    at = 0
    whole: set[bytes] = set()
    for _ in range(_MAX_BOXES):
        if at == size:
            if not _playable(whole):
                return Layout.BROKEN
            return Layout.OPEN if b"moof" in whole else Layout.CLOSED
        file.seek(at)
        head = file.read(min(_LARGE_HEAD, size - at))
        if at == 0 and foreign(head):
            return Layout.FOREIGN
        kind = head[4:HEAD]
        length, payload = _lengths(head, size - at)
        if length is None or at + length > size:
            tail = _playable(whole) and kind not in _ESSENTIAL
            return Layout.RAGGED if tail else Layout.BROKEN
        if payload:
            whole.add(kind)
        if head[:4] == b"\0\0\0\0":
            return Layout.OPEN if _playable(whole) else Layout.BROKEN
        at += length
    return Layout.OPEN if _playable(whole) else Layout.BROKEN


def _lengths(head: bytes, left: int) -> tuple[int | None, int]:
    # (the box's bytes, those of them that are payload); None: this is no header of a box.
    if not _KIND.fullmatch(head[4:HEAD]):
        return None, 0
    length, header = int.from_bytes(head[:4]), HEAD
    if length == 0:
        length = left
    elif length == 1:
        length, header = int.from_bytes(head[HEAD:_LARGE_HEAD]), _LARGE_HEAD
    if length < header:
        return None, 0
    return length, length - header


def _playable(whole: set[bytes]) -> bool:
    return b"moov" in whole and b"mdat" in whole

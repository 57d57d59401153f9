"""The boxes inside an MP4 or QuickTime file, read within bounds, whoever made the file.

What they look like stands in `downloads/mp4.py`, which walks over the outermost ones to tell
whether a file is whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_HEAD, _LARGE_HEAD = 8, 16
_MOST_BOXES = 50_000
"""Looked at in one file: an hour in fragments of two seconds has fewer."""
_MOST_BYTES = 16 << 20
"""Read of one file, its samples never; the tables of such an hour have fewer."""


class Unreadable(ValueError):
    """The file says something else than its format allows, or too much of it."""


class Box(NamedTuple):
    """A box: its type, and where its payload begins and ends."""

    kind: bytes
    start: int
    end: int


class Boxes:
    """A file of boxes. How much is read of it all in all is bounded."""

    def __init__(self, file: BinaryIO) -> None:
        """Take a file that is readable and seekable; its position is moved."""
        self._file = file
        self._boxes = _MOST_BOXES
        self._bytes = _MOST_BYTES

    def between(self, start: int, end: int) -> Iterator[Box]:
        """The boxes in a part of the file, up to the first that is none.

        Raises:
            Unreadable: there are too many.
        """
        while end - start >= _HEAD:
            self._boxes -= 1
            if self._boxes < 0:
                raise Unreadable("too many boxes")
            self._file.seek(start)
            head = self._file.read(_LARGE_HEAD)
            length, header = int.from_bytes(head[:4]), _HEAD
            if length == 1:
                length, header = int.from_bytes(head[_HEAD:_LARGE_HEAD]), _LARGE_HEAD
            elif length == 0:
                length = end - start
            if len(head) < header or length < header:
                return
            yield Box(head[4:_HEAD], start + header, min(start + length, end))
            start += length

    def payload(self, box: Box, most: int) -> bytes:
        """The first bytes of a box's payload.

        Args:
            box: of this file.
            most: bytes.

        Raises:
            Unreadable: too much was read already.
        """
        size = max(0, min(box.end - box.start, most))
        self._bytes -= size
        if self._bytes < 0:
            raise Unreadable("too large tables")
        self._file.seek(box.start)
        return self._file.read(size)


def number(data: bytes, at: int, size: int) -> int:
    """The unsigned number of so many bytes at a place.

    Raises:
        Unreadable: the data end before.
    """
    if at + size > len(data):
        raise Unreadable("a box is too short")
    return int.from_bytes(data[at : at + size])

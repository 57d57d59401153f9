"""How large an image is and how long a video or a sound runs, from their headers alone.

Nothing is decoded. What a header does not say is not known, and then no limit is held against it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from seedance_cli.tasks.boxes import Boxes

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from seedance_cli.models import MediaType

Size = tuple[int, int]

_MOST_PIECES = 10_000
"""Of a file that is walked through; more is somebody's attempt to keep us busy."""
_NO_SIZE = frozenset({0xC4, 0xC8, 0xCC})
"""JPEG markers among those of a frame's start that are something else."""
_TIFF_SIDES = (256, 257)
"""TIFF tags: width and height."""
_TIFF_NUMBERS = {3: "H", 4: "I"}
"""TIFF's number types, as `struct` names them."""
_KBITS = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
"""Bit rates of MPEG audio, layer III: of version 1, and of 2 and 2.5."""
_HERTZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""Sample rates, by the two bits of the version."""


def pixels(file: BinaryIO, kind: MediaType) -> Size | None:
    """Width and height of an image; None where its header does not say.

    Args:
        file: readable and seekable; its position is moved.
        kind: what was recognised in it.
    """
    reader = _IMAGES.get(kind.name)
    if reader is None:
        return None
    try:
        found = reader(file)
    except (struct.error, ValueError, IndexError):
        return None
    return found if found is not None and min(found) > 0 else None


def seconds(file: BinaryIO, kind: MediaType, size: int) -> float | None:
    """How long a video or a sound runs; None where its header does not say.

    Args:
        file: readable and seekable; its position is moved.
        kind: what was recognised in it.
        size: bytes in it.
    """
    reader = _TIMES.get(kind.name)
    if reader is None:
        return None
    try:
        return reader(file, size)
    except (struct.error, ValueError, IndexError, ZeroDivisionError):
        return None


def _at(file: BinaryIO, place: int, count: int) -> bytes:
    file.seek(place)
    return file.read(count)


def _png(file: BinaryIO) -> Size | None:
    width, height = struct.unpack(">II", _at(file, 16, 8))
    return width, height


def _gif(file: BinaryIO) -> Size | None:
    width, height = struct.unpack("<HH", _at(file, 6, 4))
    return width, height


def _bmp(file: BinaryIO) -> Size | None:
    head = _at(file, 14, 12)
    if struct.unpack("<I", head[:4])[0] == 12:  # noqa: PLR2004 - the header of OS/2 has so many
        width, height = struct.unpack("<HH", head[4:8])
    else:
        width, height = struct.unpack("<ii", head[4:12])
    return width, abs(height)


def _webp(file: BinaryIO) -> Size | None:
    head = _at(file, 12, 18)
    match head[:4]:
        case b"VP8X":
            return 1 + int.from_bytes(head[12:15], "little"), 1 + int.from_bytes(
                head[15:18], "little"
            )
        case b"VP8L":
            bits = int.from_bytes(head[9:13], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            width, height = struct.unpack("<HH", head[14:18])
            return width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg(file: BinaryIO) -> Size | None:
    place = 2
    for _ in range(_MOST_PIECES):
        head = _at(file, place, 9)
        if head[0] != 0xFF:  # noqa: PLR2004 - what every marker begins with
            return None
        marker = head[1]
        if marker == 0xFF:  # noqa: PLR2004 - a byte to fill up
            place += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in _NO_SIZE:  # noqa: PLR2004 - a frame's start
            height, width = struct.unpack(">HH", head[5:9])
            return width, height
        alone = marker == 0x01 or 0xD0 <= marker <= 0xD8  # noqa: PLR2004 - without a length
        place += 2 if alone else 2 + struct.unpack(">H", head[2:4])[0]
    return None


def _tiff(file: BinaryIO) -> Size | None:
    """From the first directory: the tags 256 and 257 (TIFF 6.0, section 8)."""
    head = _at(file, 0, 8)
    order = "<" if head[:2] == b"II" else ">"
    place = struct.unpack(f"{order}I", head[4:])[0]
    count = struct.unpack(f"{order}H", _at(file, place, 2))[0]
    found = {}
    for number in range(min(count, _MOST_PIECES)):
        entry = _at(file, place + 2 + 12 * number, 12)
        tag, kind = struct.unpack(f"{order}HH", entry[:4])
        if tag in _TIFF_SIDES and kind in _TIFF_NUMBERS:
            form = _TIFF_NUMBERS[kind]
            found[tag] = struct.unpack_from(f"{order}{form}", entry, 8)[0]
    width, height = (found.get(tag) for tag in _TIFF_SIDES)
    return None if width is None or height is None else (width, height)


def _heif(file: BinaryIO) -> Size | None:
    """The largest of the sizes stated: that of the whole, of which the others are tiles.

    ISO/IEC 23008-12, 6.5.3.
    """
    boxes, within = Boxes(file), [(0, file.seek(0, 2))]
    for kind, skipped in ((b"meta", 4), (b"iprp", 0), (b"ipco", 0)):
        within = [
            (box.start + skipped, box.end)
            for start, end in within
            for box in boxes.between(start, end)
            if box.kind == kind
        ]
    sizes = [
        struct.unpack(">II", boxes.payload(box, 12)[4:])
        for start, end in within
        for box in boxes.between(start, end)
        if box.kind == b"ispe"
    ]
    return max(sizes, key=lambda one: one[0] * one[1], default=None)


def _mp4(file: BinaryIO, size: int) -> float | None:
    boxes = Boxes(file)
    for moov in boxes.between(0, size):
        if moov.kind == b"moov":
            for box in boxes.between(moov.start, moov.end):
                if box.kind == b"mvhd":
                    return _movie_seconds(boxes.payload(box, 32))
    return None


def _movie_seconds(head: bytes) -> float | None:
    if head[0] == 1:
        scale, length = struct.unpack(">IQ", head[20:32])
    else:
        scale, length = struct.unpack(">II", head[12:20])
    return float(length / scale) if length else None  # 0: of a fragmented one, stated elsewhere


def _wav(file: BinaryIO, size: int) -> float | None:
    place, rate = 12, 0
    for _ in range(_MOST_PIECES):
        head = _at(file, place, 20)
        length = struct.unpack("<I", head[4:8])[0]
        if head[:4] == b"fmt ":
            rate = struct.unpack("<I", head[16:20])[0]
        elif head[:4] == b"data":
            return float(min(length, size - place - 8) / rate)
        place += 8 + length + length % 2
    return None


def _mp3(file: BinaryIO, size: int) -> float | None:
    """From the first frame: the count of frames that it may state, else its bit rate."""
    place = 0
    head = _at(file, 0, 10)
    if head[:3] == b"ID3":
        shifts = (21, 14, 7, 0)  # the tag's length: four bytes of seven bits each
        place = 10 + sum((one & 0x7F) << by for one, by in zip(head[6:10], shifts, strict=True))
    frame = _at(file, place, 160)
    if frame[0] != 0xFF or frame[1] & 0xE6 != 0xE2:  # noqa: PLR2004 - as in `models.media`
        return None
    version = frame[1] >> 3 & 3
    hertz = _HERTZ[version][frame[2] >> 2 & 3] if version in _HERTZ else 0
    bits = 1000 * _KBITS[version != 3][frame[2] >> 4]  # noqa: PLR2004 - version 1
    tag = max(frame.find(b"Xing"), frame.find(b"Info"))
    if tag > 0 and frame[tag + 7] & 1:
        frames = struct.unpack(">I", frame[tag + 8 : tag + 12])[0]
        return float(frames * (1152 if version == 3 else 576) / hertz)  # noqa: PLR2004 - version 1
    return float((size - place) * 8 / bits)


_IMAGES: dict[str, Callable[[BinaryIO], Size | None]] = {
    "png": _png,
    "jpeg": _jpeg,
    "gif": _gif,
    "bmp": _bmp,
    "webp": _webp,
    "tiff": _tiff,
    "heic": _heif,
    "heif": _heif,
}
_TIMES: dict[str, Callable[[BinaryIO, int], float | None]] = {
    "mp4": _mp4,
    "mov": _mp4,
    "wav": _wav,
    "mp3": _mp3,
}

"""Small media files, made by hand: each begins as its format says, and states a size or a time."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from support.mp4s import box

if TYPE_CHECKING:
    from collections.abc import Callable


def png(width: int = 640, height: int = 360, *, more: bytes = b"") -> bytes:
    """A PNG that plays nowhere else: its header, no pixels, and `more` to tell one from another."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"tEXt", more) + chunk(b"IEND", b"")


def jpeg(width: int, height: int) -> bytes:
    """A JPEG with a long comment before its frame."""
    comment = b"\xff\xe1" + struct.pack(">H", 3002) + b"e" * 3000
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 8, 8, height, width, 1)
    return b"\xff\xd8" + comment + b"\xff" + frame + b"\xff\xd9"


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + bytes(20)


def bmp(width: int, height: int) -> bytes:
    return b"BM" + bytes(4) + bytes(4) + struct.pack("<IIii", 54, 40, width, -height) + bytes(28)


def webp(width: int, height: int, form: bytes = b"VP8 ") -> bytes:
    """A WebP in one of its three forms."""
    payload = {
        b"VP8 ": bytes(6) + struct.pack("<HH", width, height),
        b"VP8L": b"\x2f" + (width - 1 | (height - 1) << 14).to_bytes(4, "little"),
        b"VP8X": bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"),
    }[form]
    return b"RIFF" + bytes(4) + b"WEBP" + form + bytes(4) + payload + bytes(20)


def tiff(width: int, height: int, order: str = "<") -> bytes:
    """A TIFF whose directory lies at its end, with a height in 16 bits."""
    tags = ((254, 4, 0), (256, 4, width), (257, 3, height))
    begin = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 99)
    entries = [
        struct.pack(f"{order}HHI", tag, kind, 1)
        + (struct.pack(f"{order}I", value) if kind == 4 else struct.pack(f"{order}HH", value, 0))
        for tag, kind, value in tags
    ]
    count = struct.pack(f"{order}H", len(entries))
    return begin + bytes(91) + count + b"".join(entries) + bytes(4)


def heic(width: int, height: int, brand: bytes = b"heic") -> bytes:
    """The boxes that state the size of a HEIC: a tile's, and that of the whole."""

    def size(*sides: int) -> bytes:
        return box(b"ispe", bytes(4) + struct.pack(">II", *sides))

    properties = box(b"ipco", size(512, 512) + size(width, height) + box(b"pixi", bytes(8)))
    meta = bytes(4) + box(b"hdlr", bytes(24)) + box(b"iprp", properties)
    return box(b"ftyp", brand + bytes(4) + b"mif1heic") + box(b"meta", meta)


def mp4(seconds: float, *, brand: bytes = b"isom", version: int = 0) -> bytes:
    """The boxes that state a movie's length, after one that has to be walked over."""
    times = struct.pack(">IQ" if version else ">II", 1000, round(seconds * 1000))
    head = bytes([version, 0, 0, 0]) + bytes(16 if version else 8) + times + bytes(80)
    moov = box(b"moov", box(b"udta", b"u" * 9) + box(b"mvhd", head))
    return box(b"ftyp", brand + bytes(8)) + box(b"mdat", b"d" * 99, large=True) + moov


def wav(seconds: float) -> bytes:
    """A WAV with a chunk of odd length before its samples."""
    rate = 16_000
    form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate // 2, rate, 2, 16)
    other = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    data = bytes(round(seconds * rate))
    return (
        b"RIFF" + bytes(4) + b"WAVE" + form + other + b"data" + struct.pack("<I", len(data)) + data
    )


def mp3(seconds: float, *, tagged: bool = False) -> bytes:
    """An MP3 of 128 kbit/s; `tagged`: its bit rate varies, and a tag counts its frames."""
    tag = b"ID3\x04\0\0" + bytes([0, 0, 1, 0]) + bytes(128)
    if tagged:
        frames = round(seconds * 44_100 / 1152)
        count = b"Xing" + struct.pack(">II", 1, frames)
        return tag + b"\xff\xfb\x90\x00" + bytes(32) + count + bytes(200)
    return tag + b"\xff\xfb\x90\x00" + bytes(round(seconds * 16_000) - 4)


IMAGES: dict[str, Callable[[int, int], bytes]] = {
    "png": png,
    "jpeg": jpeg,
    "gif": gif,
    "bmp": bmp,
    "webp": webp,
    "tiff": tiff,
    "heic": heic,
}

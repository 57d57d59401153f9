"""MP4 files for tests: rows of boxes made by hand, and a small real video."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path


def box(kind: bytes, payload: bytes = b"", *, large: bool = False, endless: bool = False) -> bytes:
    """One box; `large`: with a length of 8 bytes; `endless`: with none, up to the file's end."""
    if endless:
        return bytes(4) + kind + payload
    if large:
        return b"\0\0\0\1" + kind + (16 + len(payload)).to_bytes(8) + payload
    return (8 + len(payload)).to_bytes(4) + kind + payload


FTYP = box(b"ftyp", b"isom\0\0\2\0isomiso2mp41")
MOOV = box(b"moov", b"m" * 40)


def plain(size: int = 1000) -> bytes:
    """A file whose boxes close; `size` bytes of samples."""
    return FTYP + MOOV + box(b"mdat", bytes(i % 251 for i in range(size)))


def endless(size: int = 1000) -> bytes:
    """A file whose last box states no length."""
    return FTYP + MOOV + box(b"mdat", b"d" * size, endless=True)


def fragmented() -> bytes:
    """A file in two fragments."""
    return FTYP + MOOV + 2 * (box(b"moof", b"f" * 30) + box(b"mdat", b"d" * 300))


@cache
def real(movflags: str = "") -> bytes:
    """A video that plays: 10 frames of 64x64, encoded by FFmpeg.

    Args:
        movflags: FFmpeg's, e.g. `faststart` (`moov` first) or `frag_keyframe+empty_moov`.
    """
    import av

    options = {"movflags": movflags} if movflags else {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "real.mp4")  # a file: FFmpeg opens it twice for `faststart`
        with av.open(path, "w", format="mp4", options=options) as container:
            stream = container.add_stream("mpeg4", rate=10)
            stream.width = stream.height = 64
            stream.pix_fmt = "yuv420p"
            for number in range(10):
                frame = av.VideoFrame(64, 64, "yuv420p")
                for plane in frame.planes:
                    plane.update(bytes((number * 20 + i) % 256 for i in range(plane.buffer_size)))
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path.read_bytes()


def movie(
    seconds: float = 5.0,
    size: tuple[int, int] = (1280, 720),
    *,
    sound: bool = False,
    codec: bytes = b"avc1",
    turned: bool = False,
    edits: tuple[float, ...] = (),
    fragments: int = 0,
    large: bool = False,
) -> bytes:
    """A file with all the boxes that say what its video is, and no picture in it.

    Args:
        seconds: its length.
        size: pixels across and down, as they lie in the file.
        sound: a second track.
        codec: the type of the video's sample entry.
        turned: shown turned by 90 degrees.
        edits: seconds of each, shown one after the other; the first is empty.
        fragments: `moov` says no length, and the samples lie in so many fragments.
        large: numbers of 8 bytes, where there is a choice (version 1).
    """
    stated = 0 if fragments else round(seconds * 1000)
    lasts = seconds if stated else 0.0
    head = _head(1, stated, size, turned=turned, large=large)
    media = _media(b"vide", lasts, _video_entry(codec, size), large=large)
    tracks = box(b"trak", head + _edits(edits, large=large) + media)
    if sound:
        media = _media(b"soun", lasts, box(b"mp4a", bytes(28)), large=large)
        tracks += box(b"trak", _head(2, stated, (0, 0), large=large) + media)
    mvex = b""
    if fragments:
        trex = [box(b"trex", bytes(4) + _numbers(one, 1, 500, 0, 0)) for one in (1, 2)]
        mvex = box(b"mvex", b"".join(trex))
    moov = box(b"moov", box(b"mvhd", _times(1000, stated, large=large) + bytes(80)) + tracks + mvex)
    samples = [
        box(
            b"moof",
            box(b"mfhd", bytes(8))
            + _fragment(1, seconds, fragments, index)
            + (_fragment(2, seconds, fragments, index) if sound else b""),
        )
        + box(b"mdat", b"d" * 20)
        for index in range(fragments)
    ]
    return FTYP + moov + (b"".join(samples) or box(b"mdat", b"d" * 20))


def _numbers(*values: int, size: int = 4) -> bytes:
    return b"".join(value.to_bytes(size) for value in values)


def _times(scale: int, length: int, *, large: bool) -> bytes:
    """The beginning of `mvhd` and `mdhd`."""
    wide = 8 if large else 4
    return bytes([large, 0, 0, 0]) + bytes(2 * wide) + _numbers(scale) + length.to_bytes(wide)


def _head(
    number: int, length: int, size: tuple[int, int], *, turned: bool = False, large: bool = False
) -> bytes:
    wide = 8 if large else 4
    one = 1 << 16
    matrix = (
        (0, one, 0, (1 << 32) - one, 0, 0, 0, 0, 1 << 30)
        if turned
        else (one, 0, 0, 0, one, 0, 0, 0, 1 << 30)
    )
    return box(
        b"tkhd",
        bytes([large, 0, 0, 1])
        + bytes(2 * wide)
        + _numbers(number)
        + bytes(4)
        + length.to_bytes(wide)
        + bytes(16)
        + _numbers(*matrix)
        + _numbers(*(side << 16 for side in size)),
    )


def _edits(seconds: tuple[float, ...], *, large: bool) -> bytes:
    if not seconds:
        return b""
    wide = 8 if large else 4
    empty = (1 << 8 * wide) - 1
    entries = [
        _numbers(round(1000 * one), 0 if index else empty, size=wide) + _numbers(1 << 16)
        for index, one in enumerate(seconds)
    ]
    return box(
        b"edts", box(b"elst", bytes([large, 0, 0, 0]) + _numbers(len(seconds)) + b"".join(entries))
    )


def _media(kind: bytes, seconds: float, entry: bytes, *, large: bool) -> bytes:
    length = round(seconds * 12_000)
    table = box(b"stts", bytes(4) + (_numbers(1, length // 500, 500) if length else bytes(4)))
    stsd = box(b"stsd", bytes(4) + _numbers(1) + entry)
    return box(
        b"mdia",
        box(b"mdhd", _times(12_000, length, large=large) + bytes(4))
        + box(b"hdlr", bytes(8) + kind + bytes(13))
        + box(b"minf", box(b"stbl", stsd + table)),
    )


def _video_entry(codec: bytes, size: tuple[int, int]) -> bytes:
    sides = b"".join(side.to_bytes(2) for side in size)
    return box(codec, bytes(24) + sides + bytes(50) + box(b"pasp", _numbers(1, 1)))


def _fragment(number: int, seconds: float, count: int, index: int) -> bytes:
    """The samples of one track in one fragment: half with a length of their own, half without."""
    samples = round(seconds * 24 / count)
    own = samples // 2
    return box(
        b"traf",
        box(b"tfhd", bytes(4) + _numbers(number))
        + box(b"tfdt", bytes(4) + _numbers(index * samples * 500))
        + box(b"trun", _numbers(0x000301, own, 0) + _numbers(*((500, 9) * own)))
        + box(b"trun", _numbers(0x000000, samples - own)),
    )

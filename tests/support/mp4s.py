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

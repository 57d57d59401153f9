"""A still picture of a saved video, made from the video itself, small enough to stand in a page.

PyAV and Pillow come with the extra `sandbox`; without them there are no posters. The video is a
stranger's file: it is read as an MP4 and as nothing else, by a handle, so that no name in it can
make the decoder open another file or a URL.
"""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from av import VideoFrame
    from av.container import InputContainer
    from PIL import Image

MOST = 32 * 1024
"""Bytes of one poster where there are few."""
_FEWEST = 3 * 1024
_TOGETHER = 32 * 1024 * 1024
"""Bytes of all posters of a page, unless there are more than about ten thousand."""
_PLACE = 1 / 3
"""Of the video's length: a video often begins with a black or still picture."""
_FRAMES = 36
"""Frames decoded at most; from the key frame before the place, so it may be missed."""
_PACKETS = 2_000
"""Packets read at most, of which a damaged file may have many without a picture."""
_LARGEST = 8192
"""Pixels of a side; a larger picture is not decoded."""
_STEPS = ((640, 74), (640, 60), (480, 58), (480, 40), (320, 46), (320, 28), (200, 30), (120, 20))
"""Longer side in pixels and quality, from the best to what fits anywhere."""


class Poster(NamedTuple):
    """A picture."""

    media_type: str
    content: bytes
    width: int
    """Pixels."""
    height: int


def posters_possible() -> bool:
    """Whether what makes them is installed."""
    return find_spec("av") is not None and find_spec("PIL") is not None


def room_for_each(count: int) -> int:
    """Bytes that each of so many posters may have."""
    return max(_FEWEST, min(MOST, _TOGETHER // max(count, 1)))


def poster(path: Path, most: int = MOST) -> Poster | None:
    """A picture from the first half of a video, turned as a player turns it.

    Args:
        path: a saved video.
        most: bytes that it may have.

    Returns:
        None where it cannot be made: the video cannot be read, or has no picture, or PyAV is
        missing.
    """
    if not posters_possible():
        return None
    import av

    try:
        with path.open("rb") as file, av.open(file, "r", format="mp4") as container:
            frame = _frame(container)
            return None if frame is None else _fitting(frame, most)
    except (OSError, ValueError, MemoryError, av.FFmpegError):
        return None


def _frame(container: InputContainer) -> VideoFrame | None:
    if not container.streams.video:
        return None
    stream = container.streams.video[0]
    context = stream.codec_context
    if max(context.width, context.height) > _LARGEST:
        return None
    stream.thread_type = "AUTO"
    place = 0.0
    if stream.duration and stream.time_base is not None:
        offset = (stream.start_time or 0) + int(stream.duration * _PLACE)
        place = float(offset * stream.time_base)
        container.seek(offset, stream=stream, backward=True)
    found, frames = None, 0
    for number, packet in enumerate(container.demux(stream)):
        for frame in packet.decode():
            found, frames = frame, frames + 1
            if frames >= _FRAMES or (frame.pts is not None and frame.time >= place):
                return found
        if number >= _PACKETS:
            break
    return found


def _fitting(frame: VideoFrame, most: int) -> Poster | None:
    """The picture at the first size and quality at which it has room."""
    image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]  # it has no types
    if frame.rotation % 360:
        image = image.rotate(frame.rotation, expand=True)
    for side, quality in _STEPS:
        content, small = _encoded(image, side, quality)
        if len(content) <= most:
            return Poster("image/webp", content, small.width, small.height)
    return None


def _encoded(image: Image.Image, side: int, quality: int) -> tuple[bytes, Image.Image]:
    small = image
    if max(image.size) > side:
        share = side / max(image.size)
        small = image.resize([max(1, round(one * share)) for one in image.size])
    target = io.BytesIO()
    small.save(target, "WEBP", quality=quality, method=4)
    return target.getvalue(), small

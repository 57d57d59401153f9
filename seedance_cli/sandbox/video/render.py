"""A real MP4 for a request: H.264 and, where asked, AAC; exact length; its index at the front.

The picture is composed in YUV planes with Pillow: a wide gradient is drawn once and a window slides
over it, a disc crosses it, and the bars with the words are drawn once and pasted. No pixel is
converted, which makes it several times faster than RGB frames. The same `Clip` gives the same
bytes.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from threading import Event

    from av import AudioFrame, VideoFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.stream import VideoStream
    from PIL import Image

    from seedance_cli.sandbox.video.captions import Captions

VERSION = 2
"""To be raised when the picture changes: kept videos of another version are not used again."""

FPS = 24
_SHORT_4K = 2160
"""Pixels of the shorter side."""
_SAMPLE_RATE = 48_000
_PAN = 2
"""Pixels that the window slides in a frame; even, so that the colour planes can follow."""
_GREY = 128
_TINT = 40
_DISC_Y, _DISC_U, _DISC_V = 205, 90, 170
# Notes of a pentatonic scale, in Hz; each sounds for half a second.
_NOTES = (220.0, 261.63, 293.66, 329.63, 392.0, 329.63, 293.66, 261.63)
_LOUDNESS = 3000


@dataclass(frozen=True, slots=True)
class Clip:
    """What is rendered."""

    width: int
    """Pixels, even."""
    height: int
    """Pixels, even."""
    seconds: int
    audio: bool
    prompt: str
    label: str
    """Who is emulated: provider and model."""
    seed: int = 0
    """Another seed: other colours, and the disc begins elsewhere."""


class RenderingStopped(Exception):
    """The rendering was given up."""


def size(resolution: str, aspect_ratio: str) -> tuple[int, int]:
    """Width and height in pixels, both even; the number in `720p` is the shorter side.

    Args:
        resolution: `480p`, `720p`, `1080p`, `4k`.
        aspect_ratio: `16:9`.
    """
    short = _SHORT_4K if resolution == "4k" else int(resolution.removesuffix("p"))
    across, down = (int(part) for part in aspect_ratio.split(":"))
    long = 2 * round(Fraction(short * max(across, down), 2 * min(across, down)))
    return (long, short) if across >= down else (short, long)


def render(clip: Clip, path: Path, stop: Event | None = None) -> None:
    """Write the clip as an MP4.

    Args:
        clip: what to render.
        path: where to; overwritten.
        stop: set from another thread, it ends the rendering.

    Raises:
        RenderingStopped: `stop` was set; what was written is no video.
        OSError: the file cannot be written.
    """
    import av

    # The index is moved to the front: a player can begin before the end has come.
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        video = container.add_stream(
            "libx264",
            rate=FPS,
            # A fixed number of threads: the encoder's output depends on it.
            options={"preset": "ultrafast", "crf": "24", "threads": "2"},
        )
        video.width, video.height, video.pix_fmt = clip.width, clip.height, "yuv420p"
        audio = None
        if clip.audio:
            audio = container.add_stream("aac", rate=_SAMPLE_RATE, layout="mono")
            audio.bit_rate = 96_000
        _write(clip, container, video, audio, stop)


def _write(
    clip: Clip,
    container: OutputContainer,
    video: VideoStream,
    audio: AudioStream | None,
    stop: Event | None,
) -> None:
    painter = _Painter(clip)
    for second in range(clip.seconds):
        for index in range(second * FPS, (second + 1) * FPS):
            if stop is not None and stop.is_set():
                raise RenderingStopped
            container.mux(video.encode(painter.frame(index)))
        if audio is not None:
            container.mux(audio.encode(_sound(second)))
    container.mux(video.encode(None))
    if audio is not None:
        container.mux(audio.encode(None))


class _Painter:
    """Draws the frames of one clip."""

    def __init__(self, clip: Clip) -> None:
        import av
        from PIL import Image, ImageDraw

        from seedance_cli.sandbox.video.captions import Captions

        self._width, self._height = clip.width, clip.height
        self._frames = clip.seconds * FPS
        # Of Random only this method is promised to draw the same in every version of Python.
        draw = Random(clip.seed).random  # noqa: S311 - a picture, no secret
        self._start = draw() / 2
        tint = [int(_TINT * (2 * draw() - 1)) for _ in range(4)]
        # A plane's rows are padded; drawing the padding too saves cutting every row.
        planes = av.VideoFrame(clip.width, clip.height, "yuv420p").planes
        self._row, self._half_row = planes[0].line_size, planes[1].line_size
        extra = _PAN * self._frames
        height = clip.height
        self._y = _gradient(self._row + extra, height, 50, 150)
        half = (self._half_row + extra // 2, height // 2)
        self._u = _gradient(*half, 110 + tint[0], 165 + tint[1])
        self._v = _gradient(*half, 150 + tint[2], 95 + tint[3])
        side = min(clip.width, clip.height)
        self._captions: Captions = Captions(clip, side)
        radius = side // 10
        self._disc = Image.new("L", (2 * radius, 2 * radius), 0)
        ImageDraw.Draw(self._disc).ellipse((0, 0, 2 * radius - 1, 2 * radius - 1), fill=255)
        self._half_disc = self._disc.resize((radius, radius))

    def frame(self, index: int) -> VideoFrame:
        """The frame of that number."""
        import av

        x, y = self._position(index)
        left = _PAN * index
        luma = self._y.crop((left, 0, left + self._row, self._height))
        luma.paste(_DISC_Y, (x, y), self._disc)
        self._captions.draw(luma, index)
        frame = av.VideoFrame(self._width, self._height, "yuv420p")
        frame.planes[0].update(luma.tobytes())
        for plane, wide, colour in ((1, self._u, _DISC_U), (2, self._v, _DISC_V)):
            chroma = wide.crop((left // 2, 0, left // 2 + self._half_row, self._height // 2))
            chroma.paste(colour, (x // 2, y // 2), self._half_disc)
            for left_edge, top, right, bottom in self._captions.boxes:
                half = (left_edge // 2, top // 2, right // 2, bottom // 2)
                chroma.paste(_GREY, half)
            frame.planes[plane].update(chroma.tobytes())
        frame.pts = index
        frame.time_base = Fraction(1, FPS)
        return frame

    def _position(self, index: int) -> tuple[int, int]:
        """Where the disc is: once across in the whole clip, twice up and down."""
        share = index / self._frames
        span_x = self._width - self._disc.width
        span_y = self._height - self._disc.height
        wave = (1 - math.cos(4 * math.pi * (share + self._start))) / 2
        return 2 * int(span_x * share / 2), 2 * int(span_y * (0.25 + wave / 2) / 2)


def last_frame(path: Path) -> bytes:
    """The last frame of a video as a PNG image."""
    from io import BytesIO

    import av

    with av.open(str(path)) as container:
        last = None
        for last in container.decode(video=0):  # noqa: B007 - a clip is short, and has no index here
            pass
    assert last is not None, "a clip has a frame"
    made = BytesIO()
    last.to_image().save(made, "PNG")  # type: ignore[no-untyped-call] # PyAV does not type it
    return made.getvalue()


def _gradient(width: int, height: int, first: int, last: int) -> Image.Image:
    """From `first` on the left and top to `last` on the right and bottom."""
    from PIL import Image, ImageChops

    ramp = Image.linear_gradient("L").point(
        [(first * (255 - v) + last * v) // 255 for v in range(256)]
    )
    across = ramp.transpose(Image.Transpose.ROTATE_90).resize((width, height))
    down = ramp.resize((width, height))
    return ImageChops.blend(across, down, 0.35)


def _sound(second: int) -> AudioFrame:
    """One second of a soft tune, mono."""
    import av

    first, then = (_note(_NOTES[number % len(_NOTES)]) for number in (2 * second, 2 * second + 1))
    frame = av.AudioFrame(format="s16", layout="mono", samples=_SAMPLE_RATE)
    frame.planes[0].update(first + then)
    frame.sample_rate = _SAMPLE_RATE
    frame.pts = second * _SAMPLE_RATE
    frame.time_base = Fraction(1, _SAMPLE_RATE)
    return frame


@lru_cache(maxsize=len(_NOTES))
def _note(pitch: float) -> bytes:
    """Half a second of a tone that swells and fades."""
    length = _SAMPLE_RATE // 2
    step = 2 * math.pi * pitch / _SAMPLE_RATE
    swell = math.pi / length
    return array(
        "h", (int(_LOUDNESS * math.sin(step * n) * math.sin(swell * n)) for n in range(length))
    ).tobytes()

"""A plot as a small SVG: panels with axes, curves, marks and words. No dependency."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    Point = tuple[float, float]
    Ticks = Sequence[float]

STYLE = (
    "text{font:11px sans-serif;fill:#222}.grid{stroke:#ddd}.frame{fill:none;stroke:#444}"
    ".title{font-size:12px;font-weight:bold}.end{text-anchor:end}.mid{text-anchor:middle}"
)
SHAPES = {
    "circle": "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0 -4 0",
    "square": "M-4 -4H4V4H-4Z",
    "up": "M0 -5L4.5 4H-4.5Z",
    "down": "M0 5L4.5 -4H-4.5Z",
    "diamond": "M0 -5L5 0L0 5L-5 0Z",
    "cross": "M-4 -4L4 4M-4 4L4 -4",
    "plus": "M-5 0H5M0 -5V5",
    "left": "M-5 0L4 -4.5V4.5Z",
    "right": "M5 0L-4 -4.5V4.5Z",
}


class Panel:
    """One pair of axes at a place of the picture; points are in the data's own units."""

    def __init__(
        self,
        corner: Point,
        size: Point,
        title: str,
        labels: tuple[str, str],
        *,
        ticks: tuple[Ticks, Ticks],
        limits: tuple[Point, Point],
        logarithmic: bool = True,
    ) -> None:
        """Draw frame, grid and words.

        Args:
            corner: left and top of the frame, in pixels.
            size: its width and height.
            title: above it.
            labels: of the axes.
            ticks: where grid lines lie.
            limits: first and last value of each axis.
            logarithmic: both axes.
        """
        self.corner, self.size, self.limits = corner, size, limits
        self.scale = math.log if logarithmic else float
        x, y = corner
        width, height = size
        self.lines = [
            f'<text class="title" x="{x}" y="{y - 7}">{escape(title)}</text>',
            _path("grid", "".join(f"M{self.at(t, 0)[0]} {y}v{height}" for t in ticks[0])),
            _path("grid", "".join(f"M{x} {self.at(t, 1)[1]}h{width}" for t in ticks[1])),
            _path("frame", f"M{x} {y}h{width}v{height}h-{width}Z"),
            " ".join(_text(self.at(t, 0)[0], y + height + 14, f"{t:g}", "mid") for t in ticks[0]),
            " ".join(_text(x - 5, self.at(t, 1)[1] + 4, f"{t:g}", "end") for t in ticks[1]),
            _text(x + width / 2, y + height + 29, labels[0], "mid"),
            _text(
                0, 0, labels[1], f'mid" transform="translate({x - 30} {y + height / 2}) rotate(-90)'
            ),
        ]

    def at(self, value: float, axis: int) -> tuple[float, float]:
        """Where a value lies: its pixel on its axis, and the frame's corner on the other one."""
        low, high = map(self.scale, self.limits[axis])
        share = (self.scale(value) - low) / (high - low)
        x, y = self.corner
        width, height = self.size
        if axis == 0:
            return round(x + share * width, 1), y
        return x, round(y + height - share * height, 1)

    def _place(self, point: Point) -> Point:
        return self.at(point[0], 0)[0], self.at(point[1], 1)[1]

    def curve(self, points: Iterable[Point], colour: str) -> None:
        """A line through points."""
        steps = "L".join("{} {}".format(*self._place(point)) for point in points)
        self.lines.append(f'<path d="M{steps}" fill="none" stroke="{colour}" stroke-width="1.6"/>')

    def mark(self, point: Point, shape: str, colour: str, *, filled: bool = False) -> None:
        """A mark on a point."""
        self.lines.append(mark(self._place(point), shape, colour, filled=filled))

    def floor(self, values: Iterable[float], colour: str) -> None:
        """Short strokes on the lower axis."""
        bottom = self.corner[1] + self.size[1]
        strokes = "".join(f"M{self.at(one, 0)[0]} {bottom}v-7" for one in values)
        self.lines.append(f'<path d="{strokes}" stroke="{colour}"/>')


def mark(place: Point, shape: str, colour: str, *, filled: bool = False) -> str:
    """A mark at a pixel."""
    return (
        f'<path transform="translate({place[0]} {place[1]})" d="{SHAPES[shape]}"'
        f' stroke="{colour}" stroke-width="1.4" fill="{colour if filled else "none"}"/>'
    )


def label(place: Point, words: str) -> str:
    """Words at a pixel."""
    return _text(*place, words, "")


def write(path: Path, size: tuple[int, int], lines: Iterable[str]) -> None:
    """Write the picture."""
    width, height = size
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
    ground = '<rect width="100%" height="100%" fill="#fff"/>'
    text = "\n".join([head, f"<style>{STYLE}</style>", ground, *lines, "</svg>"])
    path.write_text(f"{text}\n", encoding="utf-8")


def _text(x: float, y: float, words: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{escape(words)}</text>'


def _path(kind: str, steps: str) -> str:
    return f'<path class="{kind}" d="{steps}"/>'

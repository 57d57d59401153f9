"""The words on a rendered video: what it is, a running time code, and the prompt."""

from __future__ import annotations

import math
from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image, ImageFont

    from seedance_cli.sandbox.video.render import Clip

    Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
    Box = tuple[int, int, int, int]

_FPS = 24
_WHITE, _SOFT, _DARK = 230, 170, 24
_PROMPT_LINES = 3
_PROMPT_CHARACTERS = 300
_LABEL_CHARACTERS = 100
_LATIN_END = 0x250

# For prompts beyond Latin script: fonts that systems commonly have. None of them: boxes are drawn.
_WIDE_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "AppleSDGothicNeo.ttc",
    "Arial Unicode.ttf",
    "malgun.ttf",
    "msyh.ttc",
    "DejaVuSans.ttf",
)


class Captions:
    """Two dark bars, drawn once and pasted into every frame; only the time code is drawn anew."""

    def __init__(self, clip: Clip, side: int) -> None:
        """Lay the bars out.

        Args:
            clip: whose words they are.
            side: the shorter side of the picture, pixels; every size follows from it.
        """
        from PIL import Image

        unit = max(12, side // 24)
        pad = unit // 2
        line = 3 * unit // 2
        self._unit, self._pad = unit, pad
        width = clip.width
        self._small = _font(unit)
        self._top = Image.new("L", (width, _even(line + 2 * pad)), _DARK)
        code_width = int(self._small.getlength("00:00.00")) + 2 * pad
        self._code_at = (width - code_width, pad)
        self._code_size = (code_width, line)
        label = f"SANDBOX  {clip.label[:_LABEL_CHARACTERS]}"
        font = _font_for(label, unit)
        _text(self._top, (pad, pad), _cut(label, font, width - code_width - 2 * pad), font, _WHITE)
        font = _font_for(clip.prompt, unit)
        lines = _wrap(clip.prompt, font, width - 2 * pad)
        self._bottom = Image.new("L", (width, _even(len(lines) * line + 2 * pad)), _DARK)
        for number, words in enumerate(lines):
            _text(self._bottom, (pad, pad + number * line), words, font, _SOFT)
        below = clip.height - self._bottom.height
        self._bottom_at = (0, below)
        self.boxes: tuple[Box, Box] = (
            (0, 0, width, self._top.height),
            (0, below, width, clip.height),
        )
        """Where the bars are, all edges even: no colour there."""

    def draw(self, luma: Image.Image, index: int) -> None:
        """Put the words into the brightness plane of the frame of that number."""
        from PIL import Image

        luma.paste(self._top, (0, 0))
        luma.paste(self._bottom, self._bottom_at)
        seconds, frames = divmod(index, _FPS)
        code = Image.new("L", self._code_size, _DARK)
        words = f"{seconds // 60:02d}:{seconds % 60:02d}.{frames:02d}"
        _text(code, (self._pad, 0), words, self._small, _WHITE)
        luma.paste(code, self._code_at)


def _even(value: int) -> int:
    return value + value % 2


@lru_cache(maxsize=16)
def _font(unit: int) -> Font:
    from PIL import ImageFont

    return ImageFont.load_default(unit)


@lru_cache(maxsize=16)
def _wide_font(unit: int) -> Font:
    from PIL import ImageFont

    for name in _WIDE_FONTS:
        try:
            return ImageFont.truetype(name, unit)
        except OSError:
            continue
    return _font(unit)


def _font_for(text: str, unit: int) -> Font:
    return _font(unit) if all(ord(c) < _LATIN_END for c in text) else _wide_font(unit)


def _text(image: Image.Image, at: tuple[int, int], words: str, font: Font, shade: int) -> None:
    from PIL import ImageDraw

    ImageDraw.Draw(image).text(at, _drawable(words, font), fill=shade, font=font)


def _drawable(words: str, font: Font) -> str:
    """The words without what a font engine may refuse: controls, lone surrogates.

    A Pillow built without FreeType has only a bitmap font, which knows nothing beyond Latin-1.
    """
    from PIL import ImageFont

    printable = "".join(c if c.isprintable() else " " for c in words)
    if isinstance(font, ImageFont.FreeTypeFont):
        return printable
    return printable.encode("latin-1", "replace").decode("latin-1")


def _length(words: str, font: Font) -> int:
    return math.ceil(font.getlength(_drawable(words, font)))


def _cut(words: str, font: Font, width: int) -> str:
    """The longest beginning that fits."""
    end = bisect_right(range(1, len(words) + 1), width, key=lambda n: _length(words[:n], font))
    return words[:end]


def _wrap(text: str, font: Font, width: int) -> list[str]:
    """At most three lines of at most `width` pixels; a word is broken only if it is too long."""
    words = text[:_PROMPT_CHARACTERS].split()
    lines: list[str] = []
    current = ""
    while words and len(lines) < _PROMPT_LINES:
        word = words.pop(0)
        longer = f"{current} {word}" if current else word
        if _length(longer, font) <= width:
            current = longer
            continue
        if current:
            words.insert(0, word)
        else:
            current = _cut(word, font, width) or word[0]
            rest = word[len(current) :]
            if rest:
                words.insert(0, rest)
        lines.append(current)
        current = ""
    if current and len(lines) < _PROMPT_LINES:
        lines.append(current)
        current = ""
    if words or current or len(text) > _PROMPT_CHARACTERS:
        lines[-1] = _cut(lines[-1], font, width - _length("...", font)) + "..."
    return lines

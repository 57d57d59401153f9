"""Text measured as a terminal shows it, in columns: two for one of 한국어, none for an accent."""

from __future__ import annotations

import re


def width(text: str) -> int:
    """How many columns a line takes that has no control characters."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def cut(text: str, room: int, dots: str = "…") -> str:
    """As much of a line as there is room for, and where that is not all of it, `dots` at its end.

    Args:
        text: without control characters.
        room: in columns.
        dots: `...` for a stream that has no `…`.
    """
    if width(text) <= room:
        return text
    room -= len(dots)
    if room < 0:
        return ""
    if text.isascii():
        return f"{text[:room].rstrip()}{dots}"
    from rich.cells import set_cell_size

    # One of two columns is not cut in half: rich leaves a space in its place.
    return f"{set_cell_size(text, room).rstrip()}{dots}"


_WORD = (
    r"( *)"
    r"([(`]?(?:[A-Z][A-Z0-9_]*=\S+ )*seedance [\w-](?:[^;,:)`]|[,:](?=\S))*\S*"
    r"|export \S+|[^ ]+)"
)
"""A word, or a command up to what ends it, and the spaces before it."""


def wrapped(text: str, room: int, indent: str = "") -> list[str]:
    """The lines of a text, broken between words; a word that is too long for one is left whole.

    So is a command: it is there to be copied, and a shell would take a broken one for two.

    Args:
        text: without control characters.
        room: in columns.
        indent: before all lines but the first, unless a word has just the room without it.
    """
    lines, line, end = [], "", 0
    for word in re.finditer(_WORD, text):
        longer = line + word[0]
        if line.strip() and width(longer) > room:
            lines.append(line)
            longer = word[2]
            if width(indent + longer) <= room or width(longer) > room:
                longer = indent + longer
        line, end = longer, word.end()
    return [*lines, line + text[end:]]

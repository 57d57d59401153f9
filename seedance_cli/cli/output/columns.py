"""Text measured as a terminal shows it, in columns: two for one of 한국어, none for an accent."""

from __future__ import annotations


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


def wrapped(text: str, room: int) -> list[str]:
    """The lines of a text, broken between words; a word that is too long for one is left whole."""
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and width(longer) > room:
            lines.append(line)
            longer = word
        line = longer
    return [*lines, line]

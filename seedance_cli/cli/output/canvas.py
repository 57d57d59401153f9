"""What rich lays words out on: it changes nothing in them, and writes nowhere by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from io import StringIO


def canvas(page: StringIO, width: int, *, coloured: bool) -> Console:
    """A console as wide as `width` that draws on a page."""
    return Console(
        file=page,
        width=width,
        force_terminal=True,
        color_system="standard" if coloured else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )

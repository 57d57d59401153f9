"""Tables for a terminal, laid out by rich. Imported only where one is shown."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from seedance_cli.models import safe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_GAP = 2
"""Columns between two cells."""
_LEAST = 16
"""Columns that a cell keeps, where it needs that many, when room runs out."""
_LEAST_BESIDE_A_REF = 7
"""Columns that a cell keeps beside a ref, which stays whole: words such as `running`, `credits`."""
_NOTHING_CUT: Mapping[str, int] = MappingProxyType({})


def laid_out(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    *,
    coloured: bool,
    cut: Mapping[str, int] = _NOTHING_CUT,
    refs: bool = False,
) -> str:
    """The lines of a table that is no wider than `width`.

    No lines are drawn, so every encoding can show it. Where it is too wide, the last columns are
    folded, so that they can be copied, or cut; the first ones, which are names, stay whole.

    Args:
        head: the columns' names; empty ones: a table without a head.
        rows: the cells; their control characters are shown escaped.
        width: of the terminal.
        coloured: whether the head is bold.
        cut: columns of which a line has as much as there is room for, and `…` where it is cut; and
            how much room each keeps.
        refs: the first column names tasks. It is never folded, so that it can be copied; where
            there is no room for a table beside it, the cells are separated by tabs.
    """
    import io

    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cells = [[safe(cell) for cell in row] for row in rows]
    natural = [max(map(cell_len, column)) for column in zip(head, *cells, strict=True)]
    table = Table(
        box=None,
        pad_edge=False,
        padding=(0, _GAP, 0, 0),
        show_header=any(head),
        header_style="bold",
    )
    widths = _widths(natural, [cut.get(name, _LEAST) for name in head], width)
    if refs and widths[0] != natural[0]:
        widths = _widths(natural, [natural[0], *[_LEAST_BESIDE_A_REF] * (len(head) - 1)], width)
        if widths[0] != natural[0]:
            return "".join("\t".join(row) + "\n" for row in cells)
    for name, columns in zip(head, widths, strict=True):
        cuts = name in cut and columns is not None
        overflow: Literal["ellipsis", "fold"] = "ellipsis" if cuts else "fold"
        table.add_column(Text(safe(name)), overflow=overflow, no_wrap=cuts, width=columns)
    for row in cells:
        table.add_row(*map(Text, row))
    page = io.StringIO()
    console = Console(
        file=page,
        width=width,
        force_terminal=True,
        color_system="standard" if coloured else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in page.getvalue().splitlines())


def _widths(natural: Sequence[int], least: Sequence[int], room: int) -> list[int | None]:
    """What each column gets; None where no sharing helps and rich is to do what it can."""
    widths = list(natural)
    over = sum(widths) + _GAP * (len(widths) - 1) - room
    for at in reversed(range(len(widths))):
        give = max(0, min(over, widths[at] - least[at]))
        widths[at] -= give
        over -= give
    if over <= 0:
        return list(widths)
    rest: list[int | None] = [None] * (len(widths) - 1)
    # A name is there to be copied: it stays whole as long as there is a column's room beside it.
    return [natural[0] if natural[0] + _GAP + _LEAST * len(rest) <= room else None, *rest]

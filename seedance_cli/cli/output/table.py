"""Tables of words for a terminal, laid out and folded by rich. Imported only where one is shown."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from seedance_cli.cli.output import links
from seedance_cli.models import safe

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = 2
"""Columns between two cells."""
_LEAST = 16
"""Columns that a cell keeps, where it needs that many, when room runs out."""


def laid_out(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    *,
    coloured: bool,
) -> str:
    """The lines of a table that is no wider than `width`.

    No lines are drawn, so every encoding can show it. Where it is too wide, the last columns are
    folded, so that they can be copied; the first ones, which are names, stay whole. URLs are links
    where stdout has links and colours.

    Args:
        head: the columns' names; empty ones: a table without a head.
        rows: the cells; their control characters are shown escaped.
        width: of the terminal.
        coloured: whether the head is bold.
    """
    import io

    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    from seedance_cli.cli.output.canvas import canvas

    cells = [[safe(cell) for cell in row] for row in rows]
    natural = [max(map(cell_len, column)) for column in zip(head, *cells, strict=True)]
    table = Table(
        box=None,
        pad_edge=False,
        padding=(0, _GAP, 0, 0),
        show_header=any(head),
        header_style="bold",
    )
    for name, columns in zip(head, _widths(natural, width), strict=True):
        table.add_column(Text(safe(name)), overflow="fold", width=columns)
    linked = coloured and links.known(sys.stdout)
    for row in cells:
        texts = [Text(cell) for cell in row]
        for text in texts if linked else ():
            for url in links.URL.finditer(text.plain):
                text.stylize(f"link {url[0]}", *url.span())
        table.add_row(*texts)
    page = io.StringIO()
    canvas(page, width, coloured=coloured).print(table)
    return "".join(f"{line.rstrip()}\n" for line in page.getvalue().splitlines())


def _widths(natural: Sequence[int], room: int) -> list[int | None]:
    """What each column gets; None where no sharing helps and rich is to do what it can."""
    widths = list(natural)
    over = sum(widths) + _GAP * (len(widths) - 1) - room
    for at in reversed(range(len(widths))):
        give = max(0, min(over, widths[at] - _LEAST))
        widths[at] -= give
        over -= give
    if over <= 0:
        return list(widths)
    rest: list[int | None] = [None] * (len(widths) - 1)
    # A name is there to be copied: it stays whole as long as there is a column's room beside it.
    return [natural[0] if natural[0] + _GAP + _LEAST * len(rest) <= room else None, *rest]

"""Rows for a terminal, a line each. Imported only where some are shown.

What stands first in a row names something, and is there to be copied: it is never cut. rich's own
tables fold or cut a column as a whole; here one name that is longer than the others moves only its
own row.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.cli.output import links
from seedance_cli.cli.output.columns import cut, width
from seedance_cli.models import safe
from seedance_cli.system import coloured, fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.cli.output.sink import Output

_GAP = 2
"""Columns of the screen between two cells."""
_INDENT, _BELOW = 2, 4
"""Columns before the second line of a row, and before what is told whole below it."""
_NAME = 12
"""Columns that names need beside the rest; with less, every row has a line for its name."""
_LONG_NAME = 60
"""Columns of a name that the other rows do not make room for."""
_WORD = 4
"""Columns of a cell that is cut, at least: with less it is left out."""
_NARROW = 60
"""Columns of a screen on which a line for the name is better than fewer columns."""
_BOLD = "1"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table, and what becomes of it where the screen is too narrow."""

    name: str
    short: str = ""
    """The name where the cells are in their short form."""
    least: int = 0
    """Columns of the screen that it keeps where it is cut, with a mark; 0: it is not cut."""
    ease: int = 0
    """Columns of the screen below which it is cut only once the others are in their short form."""
    rank: int = 0
    """Where nothing else helps the highest are left out first; 0: never."""
    below: bool = False
    """Of the last one: it stays whole, in a row without room for it on a line below."""


class Cell(NamedTuple):
    """What stands in a row."""

    text: str
    style: str = ""
    """Numbers of an SGR sequence: `32`, `1;31`."""
    link: str | None = None
    """The URL, or the path of the file, that it stands for."""
    short: str = ""
    """Instead of the text where there is little room."""
    more: tuple[Cell, ...] = ()
    """In a column that may stand below: further ones, each on a line of its own."""


class Page(NamedTuple):
    """A table as it is written."""

    text: str
    left_out: tuple[str, ...]
    """The columns that there was no room for."""


def show_rows(
    out: Output,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell | str]],
    elsewhere: str = "a wider screen, a pipe or --json has it",
) -> bool:
    """Write a table to stdout, which is a terminal, and say on stderr what it has no room for.

    Args:
        out: the streams.
        columns: the first one names what a row is about.
        rows: the cells; none: nothing is written.
        elsewhere: where the columns are that there was no room for.

    Returns:
        Whether there are any.

    Raises:
        WriteFailed: as `Output.result`.
    """
    if not rows:
        return False
    page = laid_out(
        columns,
        rows,
        out.width,
        painted=coloured(sys.stdout),
        linked=links.known(sys.stdout),
        mark=_mark(),
    )
    out.page(page.text)
    if page.left_out:
        out.note(f"not shown: {', '.join(page.left_out)}; {elsewhere}")
    return bool(page.left_out)


def laid_out(
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell | str]],
    screen: int,
    *,
    painted: bool = False,
    linked: bool = False,
    mark: str = "…",
) -> Page:
    """The lines of a table, none wider than `screen` unless what may not be cut is.

    Args:
        columns: the first one names what the row is about.
        rows: the cells; their control characters are shown escaped.
        screen: its columns.
        painted: whether heads are bold and cells have their colours.
        linked: whether cells are hyperlinks.
        mark: ends a cell that is cut.
    """
    cells = [[_safe(cell) for cell in row] for row in rows]
    table = _Table(columns, cells, screen, _Ink(painted=painted, linked=linked, mark=mark))
    table.make_room()
    names = (columns[at].name.partition(" (")[0] for at in table.left_out)
    return Page("".join(f"{line}\n" for line in table.lines()), tuple(names))


def fitted(text: str, room: int) -> str:
    """The text, safe to be shown, as far as so many columns of the screen have room for it."""
    return cut(safe(text), room, _mark())


def _mark() -> str:
    """What ends a text that is cut, as stdout can show it."""
    return "…" if sys.stdout is not None and fit("…", sys.stdout) == "…" else "..."


class _Ink(NamedTuple):
    """How cells are written."""

    painted: bool
    linked: bool
    mark: str

    def cell(self, cell: Cell) -> str:
        text = cell.text
        if text and self.linked and cell.link is not None:
            text = links.linked(text, cell.link)
        return f"\x1b[{cell.style}m{text}\x1b[0m" if text and self.painted and cell.style else text


class _Table:
    """A table on its way to its lines."""

    def __init__(
        self, columns: Sequence[Column], cells: list[list[Cell]], screen: int, ink: _Ink
    ) -> None:
        self._columns = columns
        self._cells = cells
        self._screen = screen
        self._ink = ink
        self._short = False
        self._all_long = False
        """Whether every row has a line for its name."""
        self._inline = list(range(1, len(columns)))
        """The columns that stand on the row's line, but for the first one."""
        self._last = self._inline[-1] if columns[-1].below else None
        """The column whose cells may go below; None where there is none, or all have room."""
        self._widths: dict[int, int] = {}
        self._begins: dict[int, int] = {}
        """Where on the screen each of these columns begins."""
        self._known: dict[tuple[int, bool], int] = {}
        """How wide columns are if nothing is cut, in their long and their short form."""
        self.left_out: list[int] = []

    def make_room(self) -> None:
        """Decide which columns there are, in which form, and how wide each is."""
        if self._last is not None:
            several = any(row[self._last].more for row in self._cells)
            if several or self._needed(ease=True) > self._screen:
                self._inline.remove(self._last)
            else:
                self._last = None
        if self._needed(ease=True) > self._screen:
            self._short = True
        ranks = sorted({self._columns[at].rank for at in self._inline} - {0}, reverse=True)
        for rank in ranks:
            if min(self._needed(), self._needed_below()) <= self._screen:
                break
            gone = [at for at in self._inline if self._columns[at].rank == rank]
            self.left_out += gone
            self._inline = [at for at in self._inline if at not in gone]
        self.left_out.sort()
        self._share()

    def _share(self) -> None:
        """Give each column what it needs, and those that are cut what is left."""
        rest = sum(self._least(at) + _GAP for at in self._inline)
        room = self._screen - rest
        names = [self._len(row[0]) for row in self._cells]
        fitting = [one for one in names if one <= min(room, self._natural(0))]
        narrow = self._screen < _NARROW and len(fitting) < len(names)
        self._all_long = not fitting or narrow or room < min(_NAME, self._natural(0))
        name = max([width(self._head(0)), *fitting])
        self._widths = {at: self._least(at) for at in self._inline}
        left = self._screen - rest - name
        if self._all_long:
            left = self._screen - _INDENT - (rest - _GAP)
        wanting = {at: self._natural(at) - self._widths[at] for at in self._inline}
        # Those that want the least first: what they leave is for the others.
        for number, at in enumerate(sorted(wanting, key=wanting.__getitem__)):
            more = max(0, min(wanting[at], left // (len(wanting) - number)))
            self._widths[at] += more
            left -= more
        begin = _INDENT if self._all_long else name + _GAP
        for at in self._inline:
            self._begins[at] = begin
            begin += self._widths[at] + _GAP
        if self._last is not None:
            self._begins[self._last] = begin

    def lines(self) -> list[str]:
        """The head, and the rows."""
        heads = [Cell(self._head(at), _BOLD) for at in range(len(self._columns))]
        found = self._row(heads, head=True)
        for row in self._cells:
            found += self._row([self._form(cell) for cell in row])
        return found

    def _row(self, row: list[Cell], *, head: bool = False) -> list[str]:
        name, long = self._ink.cell(row[0]), width(row[0].text)
        beside, used = (None, 0) if self._all_long else self._beside(row, long)
        if beside is not None:
            lines = [name + beside]
        else:
            below, used = self._beside(row, 0)
            if below is None:  # the screen is narrower than what may not be cut
                whole = (row[at].text for at in self._inline if not self._columns[at].least)
                below, used = " " * _INDENT + " ".join(whole), self._screen
            lines = [one for one in (name, below) if one.strip()]
        if self._last is None or not row[self._last].text:
            return lines
        cell, start = row[self._last], max(self._begins[self._last], used + _GAP)
        if cell.short and start + width(cell.text) > self._screen:
            cell = cell._replace(text=cell.short)
        if lines and not cell.more and start + width(cell.text) <= self._screen:
            lines[-1] += " " * (start - used) + self._ink.cell(cell)
        elif not head:
            lines += [" " * _BELOW + self._ink.cell(one) for one in (cell, *cell.more)]
        return lines

    def _beside(self, row: list[Cell], used: int) -> tuple[str | None, int]:
        """The other cells, each in its column or as near to it as what stands before it lets it.

        Args:
            row: all cells.
            used: columns of the screen that the name takes.

        Returns:
            What follows the name, None where there is no room; and how much is used then.
        """
        line = ""
        for at in self._inline:
            text, begin = row[at].text, self._begins[at]
            start = max(begin, used + _GAP if used else 0)
            room = min(begin + self._widths[at], self._screen) - start
            if not text or (self._columns[at].least and room < min(_WORD, width(text))):
                continue
            if self._columns[at].least:
                text = cut(text, room, self._ink.mark)
            if start + width(text) > self._screen:
                return None, used
            line += " " * (start - used) + self._ink.cell(row[at]._replace(text=text))
            used = start + width(text)
        return line, used

    def _needed(self, *, ease: bool = False) -> int:
        """How wide the table is with what each column needs at least."""
        return self._natural(0) + sum(
            max(self._least(at), min(self._columns[at].ease if ease else 0, self._natural(at)))
            + _GAP
            for at in self._inline
        )

    def _needed_below(self) -> int:
        """The same where a row has a line for its name, as only a narrow screen asks for."""
        if self._screen >= _NARROW:
            return self._screen + 1
        return _INDENT - _GAP + sum(self._least(at) + _GAP for at in self._inline)

    def _least(self, at: int) -> int:
        least, natural = self._columns[at].least, self._natural(at)
        return min(least, natural) if least else natural

    def _natural(self, at: int) -> int:
        """How wide the column is if nothing is cut; names that are far too long do not count."""
        if (at, self._short) not in self._known:
            wide = [self._len(row[at]) for row in self._cells]
            if at == 0:
                most = min(_LONG_NAME, self._screen * 3 // 5)
                wide = [one for one in wide if one <= most] or wide
            wide.append(width(self._head(at)))
            self._known[at, self._short] = max(wide)
        return self._known[at, self._short]

    def _head(self, at: int) -> str:
        column = self._columns[at]
        return column.short if self._short and column.short else column.name

    def _form(self, cell: Cell) -> Cell:
        return cell._replace(text=cell.short) if self._short and cell.short else cell

    def _len(self, cell: Cell) -> int:
        return width(self._form(cell).text)


def _safe(cell: Cell | str) -> Cell:
    if isinstance(cell, str):
        return Cell(safe(cell))
    more = tuple(_safe(one) for one in cell.more)
    return cell._replace(text=safe(cell.text), short=safe(cell.short), more=more)

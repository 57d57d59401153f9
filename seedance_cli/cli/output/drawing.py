"""The lines of a live view: rows, the line about all tasks, and what is left of a task at its end.

Each is one line, whatever the width: what matters less is shortened and left out first. A ref in a
line that stays is whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from seedance_cli._named import NamedTuple
from seedance_cli.cli.output.bars import COLUMNS, Bars, Tail
from seedance_cli.cli.output.colours import BAD, COLOURS, DIM, DOUBT, GOOD, UNDER_WAY, WAITING
from seedance_cli.cli.output.columns import cut, width
from seedance_cli.models import Status, spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from seedance_cli.cli.output.view import Row, View

_NAMES = {
    GOOD: "green",
    BAD: "red",
    DOUBT: "yellow",
    UNDER_WAY: "cyan",
    WAITING: "blue",
    DIM: "dim",
}
"""rich's names of the colours."""
_MARKS = {
    Status.RUNNING: ("●", "*", _NAMES[COLOURS[Status.RUNNING]]),
    Status.QUEUED: ("○", "o", _NAMES[COLOURS[Status.QUEUED]]),
    Status.SUCCEEDED: ("✓", "+", _NAMES[COLOURS[Status.SUCCEEDED]]),
}
_ODD = ("?", "?", "yellow")
_MOVING = ("↕", "|", "blue")
"""Marks of a task: in Unicode, in ASCII, and their colour; of a transfer."""
_KINDS = {
    "done": "green",
    "failed": "red",
    "running": _NAMES[UNDER_WAY],
    "waiting": _NAMES[WAITING],
    "paused": "yellow",
    "left": "dim",
    "spent": "dim",
}
"""The colours of what is said of all tasks."""
_FAILED = ("✗", "x", "bold red")
_WAVE = (("⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"), ("|", "/", "-", "\\"))
_FRAMES_A_SECOND = 4
_GAP = "  "
_STATUS = 7
"""Columns of a status with something behind it."""
_LIMITED = "waits for the rate limit"
_LIMITED_BRIEF = "rate limit"
_LEGIBLE = 20
"""Columns of a label that the facts at a task's end make room for."""
_WIDE = 100
"""Columns from which on the line about all tasks begins with a bar."""


class Line(NamedTuple):
    """One line, ready for the terminal."""

    text: str
    columns: int
    """That it takes."""


class Layout(NamedTuple):
    """How many columns the parts of a row have."""

    seller: int
    """0: it is left out."""
    elapsed: int
    tail: Tail
    label: int
    """In `_LAYOUTS` how many it must have for this layout; fewer where it is shorter."""


_LAYOUTS = (
    Layout(1, 1, Tail.WHOLE, 28),
    Layout(1, 1, Tail.SHORT, 20),
    Layout(1, 1, Tail.BRIEF, 10),
    Layout(0, 1, Tail.BRIEF, 10),
    Layout(0, 1, Tail.NOTHING, 8),
    Layout(0, 0, Tail.NOTHING, 0),
)
"""From the widest to the narrowest."""
_TRANSFERS = (
    Layout(1, 1, Tail.WHOLE, 14),
    Layout(0, 1, Tail.WHOLE, 14),
    Layout(1, 1, Tail.SHORT, 14),
    *_LAYOUTS[2:],
)
"""The same for rows with a bar, whose figures a person looks at."""


class Drawing:
    """Makes lines of a view. Its methods are for one thread at a time."""

    def __init__(self, monotonic: Callable[[], float], *, unicode: bool, coloured: bool) -> None:
        """Prepare.

        Args:
            monotonic: the clock.
            unicode: whether the terminal has more than ASCII.
            coloured: whether it has colours.
        """
        self._monotonic = monotonic
        self._ascii = not unicode
        self._coloured = coloured
        self._bars = Bars(monotonic, ascii_=self._ascii, coloured=coloured)

    def frame(self, view: View, columns: int, lines: int) -> list[Line]:
        """The lines as they are now: no more than `lines`, none wider than `columns`."""
        shown = view.shown(lines)
        self._bars.keep(row.transfer for row in list(view.rows.values()))
        found = self._rows(shown.rows, columns, still=shown.overall)
        if shown.overall:
            found.append(self._overall(view, shown.hidden, columns))
        for line in found:
            line.truncate(columns)
        return [self._rendered(line) for line in found][:lines]

    def ended(self, row: Row, facts: Sequence[str], columns: int, *, well: bool) -> list[str]:
        """What is left of a task at its end: a line, or two where the ref needs one of its own.

        Args:
            row: the task.
            facts: what else there is to say of it, what matters most first: what it took, its cost.
            columns: of the terminal.
            well: whether it brought what was asked for.
        """
        mark = _MARKS[Status.SUCCEEDED] if well else _FAILED
        if not well and row.status in {Status.RUNNING, Status.QUEUED}:  # it goes on by itself
            mark = _MARKS[row.status]
        line = self._mark(mark)
        ref = "" if row.ref == row.label else row.ref
        more = "".join(f"{_GAP}{fact}" for fact in facts)
        while facts[1:] and columns - 2 - len(more) < min(width(row.label), _LEGIBLE):
            facts = facts[:-1]
            more = "".join(f"{_GAP}{fact}" for fact in facts)
        room = columns - 2 - len(more)
        beside = room - len(_GAP) - len(ref)
        if not ref:
            line.append(row.label)  # never cut: it is the ref
        elif beside >= min(width(row.label), 12):
            line.append(f"{self._cut(row.label, beside)}{_GAP}")
            line.append(ref, "dim")
        else:
            line.append(self._cut(row.label, max(room, 1)))
        line.append(more)
        found = [line]
        if ref and beside < min(width(row.label), 12):
            found.append(
                Text.assemble(_GAP if len(ref) + len(_GAP) <= columns else "", (ref, "dim"))
            )
        return [self._rendered(one).text for one in found]

    def _rows(self, rows: Sequence[Row], columns: int, *, still: bool) -> list[Text]:
        now = self._monotonic()
        times = {id(row): spoken(max(0.0, now - row.began)) for row in rows}
        # A ref is shown whole as long as there is room for it and nothing else.
        alone = [row for row in rows if row.label == row.ref]
        shared = {
            moving: self._layout(
                [row for row in rows if row.moving is moving and row.label != row.ref],
                columns,
                times,
                _TRANSFERS if moving else _LAYOUTS,
            )
            for moving in (True, False)
        }
        found = []
        for row in rows:
            layout = shared[row.moving]
            if row in alone and (layout is None or len(row.label) > layout.label):
                layout = self._layout([row], columns, times, _LAYOUTS, whole=True)
            assert layout is not None
            line = self._mark(self._mark_of(row, now, still=still))
            text = self._cut(row.label, layout.label)
            line.append(text + " " * (layout.label - width(text)))
            if layout.seller:
                line.append(f"{_GAP}{row.seller:<{layout.seller}}", "dim")
            if layout.elapsed:
                line.append(f"{_GAP}{times[id(row)]:>{layout.elapsed}}")
            room = columns - line.cell_len - len(_GAP)
            for part in self._tail(row, layout.tail, room):
                line.append(_GAP)
                line.append_text(part)
            found.append(line)
        return found

    def _layout(
        self,
        rows: Sequence[Row],
        columns: int,
        times: Mapping[int, str],
        layouts: Sequence[Layout],
        *,
        whole: bool = False,
    ) -> Layout | None:
        """What there is room for in each of the rows, so that all look alike; None: no rows.

        Args:
            rows: of one layout.
            columns: of the terminal.
            times: what the rows say of the time, by identity.
            layouts: those that there are, the widest first.
            whole: the labels are not to be cut.
        """
        if not rows:
            return None
        sellers = max(len(row.seller) for row in rows)
        elapsed = max(len(times[id(row)]) for row in rows)
        tails = [self._tails(row) for row in rows]
        labels = max(width(row.label) for row in rows)
        for layout in layouts:
            tail = max(one[layout.tail] for one in tails)
            found = Layout(layout.seller and sellers, layout.elapsed and elapsed, layout.tail, 0)
            parts = (found.seller, found.elapsed, tail)
            room = columns - 2 - sum(part + len(_GAP) for part in parts if part)
            if room >= (labels if whole else min(labels, layout.label)):
                break
        return found._replace(label=max(min(labels, room), 1))

    def _tails(self, row: Row) -> tuple[int, int, int, int]:
        """The columns that what comes last takes, from all of it to nothing."""
        if row.moving:
            return COLUMNS
        long, short, brief = (
            sum(part.cell_len + len(_GAP) for part in self._tail(row, tail, 0)) - len(_GAP)
            for tail in (Tail.WHOLE, Tail.SHORT, Tail.BRIEF)
        )
        return max(long, 0), max(short, 0), max(brief, 0), 0

    def _tail(self, row: Row, tail: Tail, room: int) -> Iterator[Text]:
        """What comes last in a row.

        Args:
            row: the row.
            tail: how much of it.
            room: columns that there are, for a bar; 0: the least.
        """
        if tail is Tail.NOTHING:
            return
        if row.transfer is not None:
            yield from self._bars.transfer(row.transfer, tail, room)
            return
        estimate = (row.estimate, row.estimate.partition(", from")[0], row.brief)[tail]
        if row.held:
            estimate = _LIMITED_BRIEF if tail is Tail.BRIEF else _LIMITED
        if tail < Tail.BRIEF or not estimate:
            _, _, colour = _MARKS.get(row.status, _ODD)
            yield Text(f"{row.status:<{_STATUS}}" if estimate else row.status, colour)
        if estimate:
            yield Text(estimate, "yellow" if row.held else "dim")
        if row.word and row.status is Status.UNKNOWN and tail < Tail.BRIEF:
            yield Text(self._cut(row.word, 16) if tail else row.word, "dim")

    def _overall(self, view: View, hidden: int, columns: int) -> Text:
        now = self._monotonic()
        counts = view.counts()
        parts = [(text, _KINDS[kind]) for kind, text in view.parts(now)]
        if hidden:
            parts.append((f"{hidden} not shown", "dim"))
        title = f"{view.title}: " if view.title else ""
        comma = ", " if self._ascii else " · "
        line = Text()
        if columns >= _WIDE:
            line.append_text(self._bars.bar(counts.done + counts.failed, counts.total, 20))
            line.append(_GAP)
        else:
            line.append(f"{self._wave(now)} ")
        while (
            parts[1:]
            and line.cell_len
            + sum(len(one) + len(comma) for one, _ in parts)
            - len(comma)
            + len(title)
            > columns
        ):
            title = ""
            if line.cell_len + sum(len(one) + len(comma) for one, _ in parts) > columns:
                parts.pop()
        line.append(title, "bold")
        for number, (text, style) in enumerate(parts):
            line.append(comma if number else "", "dim")
            line.append(text, style)
        return line

    def _mark_of(self, row: Row, now: float, *, still: bool) -> tuple[str, str, str]:
        if row.transfer is not None:
            return _MOVING
        unicode, ascii_, colour = _MARKS.get(row.status, _ODD)
        if row.status is Status.RUNNING and not still:
            return self._wave(now), self._wave(now), colour
        return unicode, ascii_, colour

    def _mark(self, mark: tuple[str, str, str]) -> Text:
        line = Text(no_wrap=True, overflow="crop", end="")
        line.append(f"{mark[self._ascii]} ", mark[2])
        return line

    def _wave(self, now: float) -> str:
        """What turns as long as something goes on."""
        wave = _WAVE[self._ascii]
        return wave[int(now * _FRAMES_A_SECOND) % len(wave)]

    def _cut(self, text: str, room: int) -> str:
        return cut(text, room, "..." if self._ascii else "…")

    def _rendered(self, line: Text) -> Line:
        """One line, its colours as the terminal wants them."""
        line.rstrip()
        return Line(self._bars.rendered(line), line.cell_len)

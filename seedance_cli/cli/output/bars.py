"""Downloads and uploads in a row of the live view, by rich: bar, bytes, speed, time left."""

from __future__ import annotations

import io
from enum import IntEnum
from typing import TYPE_CHECKING

from rich.progress import DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn
from rich.progress_bar import ProgressBar
from rich.text import Text

from seedance_cli.cli.output.canvas import canvas
from seedance_cli.cli.output.columns import cut
from seedance_cli.models import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rich.progress import Task

    from seedance_cli.tasks import Transfer


class Tail(IntEnum):
    """How much of what comes last in a row there is room for; also an index of `COLUMNS`."""

    WHOLE = 0
    SHORT = 1
    BRIEF = 2
    NOTHING = 3


_GAP = 2
_BAR = 8
"""Columns that a bar has at least."""
_LONGEST_BAR = 40
_AMOUNT, _SPEED, _ETA = 14, 10, 5
"""Columns of the figures, so that nothing moves as they grow."""
COLUMNS = (
    _BAR + _GAP + _AMOUNT + _GAP + _SPEED + _GAP + _ETA,
    _BAR + _GAP + _AMOUNT,
    _BAR,
    0,
)
"""What a transfer takes at least, by `Tail`."""
_WIDEST = 1000
"""Columns of the page on which lines of any width are made."""


class Bars:
    """The running transfers, and the page on which rich draws. For one thread at a time."""

    def __init__(self, monotonic: Callable[[], float], *, ascii_: bool, coloured: bool) -> None:
        """Prepare.

        Args:
            monotonic: the clock.
            ascii_: whether the terminal has nothing but ASCII.
            coloured: whether it has colours.
        """
        self._dots = "..." if ascii_ else "…"
        self._console = canvas(_Page(ascii_=ascii_), _WIDEST, coloured=coloured)
        # Never started, so that it draws nothing: it knows how fast a transfer is, and rich's
        # columns read it.
        self._progress = Progress(console=self._console, auto_refresh=False, get_time=monotonic)
        self._tasks: dict[int, Task] = {}

    def transfer(self, transfer: Transfer, tail: Tail, room: int) -> Iterator[Text]:
        """The parts of a row that tell of a transfer.

        Args:
            transfer: how far it is.
            tail: which part of the figures.
            room: columns that there are for all; 0: the least.
        """
        if transfer.waiting:
            words = safe(transfer.waiting) if tail is Tail.WHOLE else "not there yet"
            yield Text(cut(words, max(room, 24), self._dots), "yellow")
            return
        task = self._task(transfer)
        parts = []
        if tail < Tail.BRIEF or not transfer.total:
            parts += [(DownloadColumn().render(task), _AMOUNT)]
        if tail is Tail.WHOLE:
            parts += [(TransferSpeedColumn().render(task), _SPEED)]
            parts += [(TimeRemainingColumn(compact=True).render(task), _ETA)]
        if transfer.total:
            others = sum(columns + _GAP for _, columns in parts)
            yield self.bar(transfer.done, transfer.total, max(room - others, _BAR))
        for part, columns in parts:
            part.align("right", columns)
            yield part

    def bar(self, done: float, total: float, room: int) -> Text:
        """How much of a whole is done, by a bar of rich, no longer than there is room for."""
        room = min(room, _LONGEST_BAR)
        line = Text()
        for segment in self._console.render(ProgressBar(total, done, width=room)):
            line.append(segment.text, segment.style)
        line.pad_right(room - line.cell_len)  # without colours rich leaves out what is to come
        return line

    def _task(self, transfer: Transfer) -> Task:
        task = self._tasks.get(id(transfer))
        if task is None:
            number = self._progress.add_task("", total=None, completed=transfer.done)
            task = self._tasks[id(transfer)] = next(
                one for one in self._progress.tasks if one.id == number
            )
        self._progress.update(task.id, completed=transfer.done, total=transfer.total)
        return task

    def keep(self, transfers: Iterable[Transfer | None]) -> None:
        """Let go of all other transfers: they have ended."""
        there = {id(one) for one in transfers if one is not None}
        for number in self._tasks.keys() - there:
            self._progress.remove_task(self._tasks.pop(number).id)

    def rendered(self, line: Text) -> str:
        """One line, its colours as the terminal wants them."""
        with self._console.capture() as page:
            self._console.print(line, end="", no_wrap=True, overflow="ignore", crop=False)
        return page.get()


class _Page(io.StringIO):
    """A page whose encoding decides how rich's bars look."""

    def __init__(self, *, ascii_: bool) -> None:
        super().__init__()
        self._encoding = "ascii" if ascii_ else "utf-8"

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed: an attribute; here read only
        return self._encoding

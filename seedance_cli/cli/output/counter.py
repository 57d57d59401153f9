"""How far a long piece of work is: a bar on a terminal, a line every 30 seconds elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress

    from seedance_cli.cli.output.sink import Output
    from seedance_cli.system import Clock

_HEARTBEAT = 30.0
"""Seconds between two lines elsewhere."""
_FEW = 12
"""So many are done before a bar would be seen."""


class Counter:
    """Counts what is done, where a person can see it. A context manager."""

    def __init__(self, out: Output, clock: Clock, what: str, total: int) -> None:
        """Prepare; nothing is shown before the `with`.

        Args:
            out: says lines, and whether there is a terminal.
            clock: for the lines.
            what: is counted, in the plural.
            total: how many there are.
        """
        self._out, self._clock, self._what, self._total = out, clock, what, total
        self._done = 0
        self._said = clock.monotonic()
        self._bar: Progress | None = None

    def __enter__(self) -> Self:
        if self._out.interactive and not self._out.quiet and self._total > _FEW:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

            columns = ("{task.description}", BarColumn(), MofNCompleteColumn())
            console = Console(file=sys.stderr)
            self._bar = Progress(*columns, TimeRemainingColumn(), console=console, transient=True)
            self._bar.add_task(self._what, total=self._total)
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def add(self, number: int) -> None:
        """So many more are done."""
        self._done += number
        if self._bar is not None:
            self._bar.advance(self._bar.task_ids[0], number)
        elif self._clock.monotonic() - self._said >= _HEARTBEAT:
            self._said = self._clock.monotonic()
            self._out.note(f"{self._done} of {self._total} {self._what}")

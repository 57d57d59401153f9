"""One line about many tasks: kept at the bottom of a terminal, said now and then elsewhere."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Self

from seedance_cli.models import safe
from seedance_cli.system import fit, in_front, put, signals, size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from seedance_cli.cli.output.sink import Output
    from seedance_cli.system import Clock

HEARTBEAT = 30.0
"""Seconds from one line to the next where there is no terminal."""
_FRAME = 0.25
"""Seconds from one drawing to the next."""


class Tally:
    """The line. A context manager; its methods are for the command's own thread.

    It moves no cursor but to the beginning of its own line, and so needs none to be given back.
    """

    def __init__(self, out: Output, clock: Clock) -> None:
        """Prepare; nothing is shown before the `with`.

        Args:
            out: where lines go, and who is told to make room for this one.
            clock: for the time between two.
        """
        self._out = out
        self._clock = clock
        self._live = False
        self._shown = ""
        self._last = clock.monotonic()

    def __enter__(self) -> Self:
        self._live = self._out.interactive and not self._out.quiet
        if self._live:
            self._out.guard, self._out.leave = self._aside, self._leave
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

    def show(self, line: Callable[[], str]) -> None:
        """Say what there is to say now, if it is time; `line` is asked only then."""
        now = self._clock.monotonic()
        if now - self._last < (_FRAME if self._live else HEARTBEAT):
            return
        self._last = now
        if not self._live:
            self._out.note(line())
        elif in_front(sys.stderr):
            columns, _ = size(sys.stderr)
            text = safe(line())[: max(columns - 1, 1)]
            if text != self._shown:
                self._put(f"\r{fit(text, sys.stderr)}\x1b[K")
                self._shown = text

    @contextlib.contextmanager
    def _aside(self) -> Iterator[None]:
        """Take the line away; the next one is drawn below what was written."""
        if self._shown:
            self._put("\r\x1b[K")
            self._shown, self._last = "", 0.0
        yield

    def _leave(self) -> None:
        if not self._live:
            return
        with signals.held():
            self._live = False
            self._out.guard = contextlib.nullcontext
            if self._shown:
                self._put("\r\x1b[K")
                self._shown = ""

    @staticmethod
    def _put(text: str) -> None:
        # A terminal that has gone must not stop a command that has paid.
        with contextlib.suppress(OSError, ValueError):
            put(sys.stderr, text)

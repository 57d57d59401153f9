"""Time as the program sees it, so that a test can give it another."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from seedance_cli.system import signals

if TYPE_CHECKING:
    from queue import SimpleQueue

T = TypeVar("T")

_STEP = 0.5
"""Seconds of one wait of the system's. A signal that comes after Python last looked for one, and
before the wait itself, ends no wait: it is noticed at the next step."""


class Clock(Protocol):
    """Where every wait, deadline and time stamp of the program comes from."""

    def monotonic(self) -> float:
        """Seconds since some moment; never jumps with the wall clock."""
        ...

    def now(self) -> datetime:
        """The wall clock, UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def get(self, queue: SimpleQueue[T], seconds: float | None) -> T:
        """The queue's next item, waiting for at most `seconds` (None: for ever).

        Raises:
            queue.Empty: none came in that time.
        """
        ...


class Stopwatch:
    """How long something has been under way, by whichever clock says more.

    While the whole machine sleeps, the monotonic clock may stand still; the wall clock may be set
    back.
    """

    def __init__(self, clock: Clock) -> None:
        """Start it."""
        self._clock = clock
        self._monotonic, self._now = clock.monotonic(), clock.now()

    def seconds(self) -> float:
        """Since its start."""
        wall = (self._clock.now() - self._now).total_seconds()
        return max(wall, self._clock.monotonic() - self._monotonic)


class SystemClock:
    """The machine's own clock."""

    def monotonic(self) -> float:
        """Seconds, from the system's monotonic clock."""
        return time.monotonic()

    def now(self) -> datetime:
        """The wall clock, UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            signals.check()
            time.sleep(min(left, _STEP))

    def get(self, queue: SimpleQueue[T], seconds: float | None) -> T:
        """The queue's next item within `seconds`, or `queue.Empty`."""
        from queue import Empty

        end = math.inf if seconds is None else time.monotonic() + max(0.0, seconds)
        while True:
            signals.check()
            left = end - time.monotonic()
            try:
                return queue.get(timeout=min(max(left, 0.0), _STEP))
            except Empty:
                if left <= _STEP:
                    raise

"""A clock that a test moves: waits take no time, and are written down."""

from __future__ import annotations

import queue
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from queue import SimpleQueue

T = TypeVar("T")

START = datetime(2026, 2, 7, 10, 30, tzinfo=UTC)
"""What `now()` says until something waits."""
_STEP = 0.02
_BEGAN = 1000.0


class FakeClock:
    """`seedance_cli.clock.Clock` without the waiting.

    Attributes:
        sleeps: every `sleep`, in seconds, in order.
        patience: real seconds that `get` waits for an item before it moves the time on, so that a
            slow machine changes no result. A test of silence sets it low, best in the server once
            the request is there.
    """

    def __init__(self, *, grace: float = 5.0) -> None:
        self.sleeps: list[float] = []
        self.patience = grace
        self._lock = threading.Lock()
        self._monotonic = _BEGAN
        self._now = START

    def monotonic(self) -> float:
        """Seconds; starts at 1000."""
        with self._lock:
            return self._monotonic

    def now(self) -> datetime:
        """The wall clock, UTC; starts at `START` and moves along."""
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass, on both clocks."""
        with self._lock:
            self._monotonic += max(0.0, seconds)
            self._now += timedelta(seconds=max(0.0, seconds))

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward, or back; the monotonic one does not move."""
        with self._lock:
            self._now += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        """Pass `seconds` at once, and remember that it was asked."""
        self.sleeps.append(seconds)
        self.advance(seconds)

    def get(self, queue_: SimpleQueue[T], seconds: float | None) -> T:
        """The queue's next item; without one, `seconds` pass at once and `queue.Empty` is raised.

        With `seconds` None there is nothing to pass: the item must come within 10 real seconds.
        """
        if seconds is None:
            return queue_.get(timeout=10)
        began = time.monotonic()
        while True:  # in small steps, for a server may change the patience meanwhile
            try:
                return queue_.get(timeout=min(_STEP, self.patience))
            except queue.Empty:
                if time.monotonic() - began >= self.patience:
                    self.advance(seconds)
                    raise


def passed(clock: FakeClock) -> float:
    """The seconds that went by on it, since it was made."""
    return clock.monotonic() - _BEGAN

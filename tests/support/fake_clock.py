"""A clock that a test moves: waits take no time, and are written down."""

from __future__ import annotations

import queue
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from support import bytes_server

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
        grace: real seconds that `get` waits for an item before it moves the time on.
        patience: the same, and as long as an answer is on its way that alone: however slow the
            machine is, the time does not outrun what a server sends. A test of silence sets it low,
            best in the server once the request is there; `Client.silence` is known as none.
    """

    def __init__(self, *, grace: float = 5.0) -> None:
        self.sleeps: list[float] = []
        self.grace = grace
        self.patience = 5.0
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

        With `seconds` None there is nothing to pass: the item must come within 60 real seconds.
        """
        if seconds is None:
            return queue_.get(timeout=60)
        began = time.monotonic()
        while True:  # in small steps, for a server may change the patience meanwhile
            try:
                return queue_.get(timeout=min(_STEP, self.grace, self.patience))
            except queue.Empty:
                coming = answers_on_their_way() and not bytes_server.silences()
                enough = self.patience if coming else min(self.grace, self.patience)
                if time.monotonic() - began >= enough:
                    self.advance(seconds)
                    raise


def answers_on_their_way() -> bool:
    """Whether the program in this process waits for a server."""
    exchange = sys.modules.get("seedance_cli.http.exchange")
    if exchange is not None and exchange.exchanges.busy:
        return True
    return any(one.name == "seedance-stream" for one in threading.enumerate())


def passed(clock: FakeClock) -> float:
    """The seconds that went by on it, since it was made."""
    return clock.monotonic() - _BEGAN

"""Time as the program sees it, so that a test can give it another."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from queue import SimpleQueue

T = TypeVar("T")


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
        time.sleep(max(0.0, seconds))

    def get(self, queue: SimpleQueue[T], seconds: float | None) -> T:
        """The queue's next item within `seconds`, or `queue.Empty`."""
        return queue.get(timeout=None if seconds is None else max(0.0, seconds))

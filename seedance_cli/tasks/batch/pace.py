"""How a batch submits at one provider: how many are in flight, and what makes it pause or stop."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from seedance_cli.errors import (
    ConfigError,
    Forbidden,
    InsufficientCredits,
    OutcomeUnknown,
    OverBudget,
    RateLimited,
    SeedanceError,
    Unauthorized,
    Unreachable,
    WriteFailed,
)

if TYPE_CHECKING:
    from seedance_cli.tasks.batch.items import Item
    from seedance_cli.tasks.wait import TaskKey

IN_A_ROW = 3
"""Unknown outcomes, or unreachables, after which nothing more is submitted."""
PATIENCE = 600.0
"""Seconds for which a provider may answer nothing but 429."""
_FIRST_PAUSE = 10.0
_LONGEST_PAUSE = 60.0
_UNREACHABLE_PAUSE = 2.0
_TOLD_FOR = 60.0
"""Seconds for which a pause that is no longer than the one before is not told of."""
_STOPS = (ConfigError, Forbidden, InsufficientCredits, OverBudget, Unauthorized, WriteFailed)


@dataclass(slots=True)
class Pace:
    """The submits of a batch at one provider. Every time is on the monotonic clock, in seconds."""

    name: str
    jobs: int
    """In flight at most."""
    waiting: deque[Item] = field(default_factory=deque)
    """Rows to be submitted, in order."""
    flying: set[TaskKey] = field(default_factory=set)
    """Tasks that have not ended."""
    halted: SeedanceError | None = None
    """Why nothing more is submitted."""
    paused_until: float = 0.0
    _pause: float = _FIRST_PAUSE
    _limited_since: float | None = None
    """When the first 429 came since the last acceptance."""
    _unknown: int = 0
    _unreachable: int = 0
    _told_pause: float = 0.0
    """The last pause that was told of, in seconds."""
    _told_at: float = -inf

    def due(self) -> float:
        """When the next row may be submitted."""
        if not self.waiting or self.halted is not None or len(self.flying) >= self.jobs:
            return inf
        return self.paused_until

    def accepted(self) -> None:
        """A row was accepted."""
        self._pause, self._limited_since = _FIRST_PAUSE, None
        self._unknown = self._unreachable = 0

    def refused(self, item: Item, error: SeedanceError, now: float, *, sent: bool) -> bool:
        """Take why a row was not accepted.

        Args:
            item: the row.
            error: the answer, or why there is none.
            now: the time.
            sent: whether its request left, or may have.

        Returns:
            Whether the row waits to be submitted once more.
        """
        unknown = isinstance(error, OutcomeUnknown) and sent
        self._unknown = self._unknown + 1 if unknown else 0
        if isinstance(error, RateLimited) and not error.lasting:
            self._limited(error, now)
            self.waiting.append(item)  # what is refused for its own sake holds up no other
            return True
        if isinstance(error, Unreachable):
            self._unreachable += 1
            self.paused_until = now + _UNREACHABLE_PAUSE
            if self._unreachable >= IN_A_ROW:
                self.halted = error
            self.waiting.appendleft(item)
            return True
        self._unreachable = 0
        if self._unknown >= IN_A_ROW or isinstance(error, (*_STOPS, RateLimited)):
            self.halted = error
        if not isinstance(error, ConfigError | OverBudget):
            return False
        self.waiting.appendleft(item)  # it was never sent
        return True

    def is_news(self, now: float) -> bool:
        """Whether its pause is to be told of: a longer one, or one after a minute of telling none.

        A provider that asks for a second each time, for ten minutes, would fill the screen.
        """
        pause = self.paused_until - now
        if pause <= self._told_pause and now < self._told_at + _TOLD_FOR:
            return False
        self._told_pause, self._told_at = pause, now
        return True

    def _limited(self, error: RateLimited, now: float) -> None:
        if self._limited_since is None:
            self._limited_since = now
        pause = error.retry_after or self._pause  # 0: nothing is asked for
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        self.paused_until = now + pause
        if self.paused_until - self._limited_since > PATIENCE:
            self.halted = error.as_exit(RateLimited.exit_code)  # 5 where `generate` tried again

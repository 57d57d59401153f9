"""A provider's rate limit over several machines: places reserved in blocks in the shared ledger.

A place is a moment at which one request may leave. Its clock is the server's; a block is asked for
at most once a second, and is as large as there are requests that wait for a place just then. Places
that are not used in time are lost: to keep them would bunch requests.
"""

from __future__ import annotations

import threading
from math import inf
from typing import TYPE_CHECKING, TypeAlias

from seedance_cli.errors import WriteFailed
from seedance_cli.http.rate_limit import RateLimiter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seedance_cli.models import Secret
    from seedance_cli.providers import RateLimit
    from seedance_cli.system import Clock

TakePlaces: TypeAlias = "Callable[[str, int, int, float], list[float] | None]"
"""Name of the limit, places wanted, requests and seconds of its window → seconds from now to each
place; None: there is no shared ledger."""

USABLE_SECONDS = 1.0
"""How long after its moment a place may be used."""
BETWEEN_QUERIES = 1.0


class SharedRateLimiter(RateLimiter):
    """The moments of one provider endpoint and key, over all machines with one ledger.

    Where the ledger cannot tell, the limit is kept on this machine alone.
    """

    def __init__(
        self,
        state: Path | None,
        endpoint: str,
        key: Secret,
        limit: RateLimit,
        clock: Clock,
        *,
        take: TakePlaces,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            state: as of `RateLimiter`, as the next three.
            endpoint: base URL; its origin counts.
            key: whose requests are counted.
            limit: requests in any window of so many seconds.
            clock: monotonic.
            take: reserves places; `WriteFailed` where it cannot.
        """
        super().__init__(state, endpoint, key, limit, clock)
        self._take = take
        self._one_asks = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0
        self._block: list[float] = []
        """The places that are left, on the monotonic clock, in order."""
        self._next_query = -inf
        self._unknown_until = -inf
        """Until when the ledger is not asked, after it could not tell."""

    def reserve(self) -> float:
        """Take the next place; see `RateLimiter`. It may take a second to be found."""
        with self._counting:
            self._waiting += 1
        try:
            with self._one_asks:
                place = self._place()
        finally:
            with self._counting:
                self._waiting -= 1
        return super().reserve() if place is None else max(0.0, place - self._clock.monotonic())

    def _place(self) -> float | None:
        """The next place of the block, or of a new one; None: the ledger cannot tell."""
        now = self._clock.monotonic()
        if now < self._unknown_until:
            return None
        while self._block:
            place = self._block.pop(0)
            if place + USABLE_SECONDS >= now:
                return place
        if self._next_query > now:
            self._clock.sleep(self._next_query - now)
        with self._counting:
            wanted = min(self._waiting, self.limit.requests)
        try:
            found = self._take(
                self._name, wanted, self.limit.requests, self.seconds + USABLE_SECONDS
            )
        except WriteFailed:
            found = None
        now = self._clock.monotonic()
        if not found:
            self._unknown_until = now + self.seconds
            return None
        self._next_query = now + BETWEEN_QUERIES
        self._block = [now + seconds for seconds in found]
        return self._block.pop(0)

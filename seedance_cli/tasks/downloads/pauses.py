"""With what pauses, and for how long, a video that is not there yet is asked for again.

A store may have a file some seconds later than its provider says so, answer 503 for a while, or
break off. Patience is spent by waiting: by pauses, and by answers that bring next to nothing.
"""

from __future__ import annotations

PATIENCE = 120.0
"""Seconds of waiting for one video, at most."""
SHORT_PATIENCE = 10.0
"""The same where the endpoint is this machine, or the provider does not know the task any more."""
_FIRST = 0.5
_LONGEST = 15.0


class Pauses:
    """The pauses of one download, each longer than the one before, while its patience lasts."""

    def __init__(self, patience: float) -> None:
        """Begin with all of the patience, in seconds."""
        self._whole = self._left = patience
        self._next = _FIRST

    def renew(self) -> None:
        """Begin anew: there was progress."""
        self._left, self._next = self._whole, _FIRST

    def spend(self, seconds: float) -> None:
        """Take off seconds that were waited in vain outside of the pauses."""
        self._left -= seconds

    def take(self, asked: float | None) -> float | None:
        """Seconds to wait before the next try; None: the patience is over.

        Args:
            asked: seconds that the server asked to wait for, if it did. Where that is longer than
                what is left, a try before makes no sense.
        """
        if self._left <= 0 or (asked or 0.0) > self._left:
            return None
        pause = min(max(self._next, asked or 0.0), self._left)
        self._next = min(2 * self._next, _LONGEST)
        self._left -= pause
        return pause

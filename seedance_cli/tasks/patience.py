"""How long a watch puts up with a task that does not get on: each such state has a time of its own.

Every time here is on the monotonic clock, in seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seedance_cli.errors import RateLimited, WatchTimeout

if TYPE_CHECKING:
    from seedance_cli.errors import SeedanceError
    from seedance_cli.models import Submission

NO_ANSWER = 600.0
"""Without one good answer, where there is no deadline."""
UNKNOWN_WORD = 1800.0
"""With the same status word, one that this program does not know."""
TOLD_FAILURE = 60.0
"""With the same failure, told in a 2xx: the service is there, and says no."""
NO_URL = 60.0
"""With a task that has succeeded and names no video yet."""
NO_URL_LOOPBACK = 10.0
"""The same at an endpoint on this machine."""
NEW_TASK = 60.0
"""Age up to which a 404 is normal: a service may not find its own new task (providers.md)."""

_MOST_WARNINGS = 5
"""Unknown words of one task that are warned of. A service may put a number into each."""
_LONGEST_BACKOFF = 32.0
_NUMBERS = r"(?i)[0-9a-f-]*\d[0-9a-f-]*"
_OK = range(200, 300)


@dataclass(slots=True)
class Patience:
    """What a watch has seen of one task that may not last for ever."""

    failures: int = 0
    """Polls in a row without a good answer."""
    failing_since: float | None = None
    """When the first of them left."""
    _word: str | None = None
    _word_since: float = 0.0
    _warned: set[str] = field(default_factory=set)
    _told: str | None = None
    _told_since: float = 0.0
    _url_until: float | None = None
    _asked_for_url: int = 0

    def answered(self) -> None:
        """A good answer came."""
        self.failures, self.failing_since, self._told = 0, None, None

    def failed(self, started: float) -> None:
        """A poll that left at this time had no good answer."""
        self.failures += 1
        if self.failing_since is None:
            self.failing_since = started

    def backoff(self) -> float:
        """Seconds that the next poll keeps away at least from a service that does not answer."""
        return min(2.0 ** min(self.failures, 5), _LONGEST_BACKOFF)

    def worn_out(self, started: float) -> bool:
        """Whether the polls have failed for too long, the one that left at this time included."""
        return self.failing_since is not None and started - self.failing_since >= NO_ANSWER

    def refused(self, error: SeedanceError, now: float) -> bool:
        """Take a failure; whether it was told in a 2xx, and has been the same for too long."""
        if isinstance(error, RateLimited) or not told(error):
            self._told = None
            return False
        # A request's number or time in it makes it no other failure.
        what = f"{error.code} {re.sub(_NUMBERS, '#', error.message)}"
        if what != self._told:
            self._told, self._told_since = what, now
        return now - self._told_since >= TOLD_FAILURE

    def known_word(self) -> None:
        """A status was answered that this program knows."""
        self._word = None

    def unknown_word(
        self, submission: Submission, word: str, now: float
    ) -> WatchTimeout | str | None:
        """Take a status word that this program does not know.

        Returns:
            The end of the watch, if it has been the same for too long; a warning, if it is new.
        """
        if word != self._word:
            self._word, self._word_since = word, now
        elif now - self._word_since >= UNKNOWN_WORD:
            return WatchTimeout(
                f"{submission.ref} has been {word!r}, a status this program does not know, "
                f"for {UNKNOWN_WORD / 60:.0f} minutes"
            )
        if word in self._warned or len(self._warned) >= _MOST_WARNINGS:
            return None
        self._warned.add(word)
        last = "; no more such words will be named" if len(self._warned) == _MOST_WARNINGS else ""
        return f"{submission.ref}: status {word!r} is new to this program; polling on{last}"

    def without_url(self, now: float, *, loopback: bool) -> tuple[float, bool]:
        """The task has succeeded and names no video.

        Returns:
            Seconds until it is to be asked again, 0.0 once that has gone on for too long; and
            whether this is the first time.
        """
        first = self._url_until is None
        if self._url_until is None:
            self._url_until = now + (NO_URL_LOOPBACK if loopback else NO_URL)
        pause = min(2.0 ** min(self._asked_for_url, 4), max(self._url_until - now, 0.0))
        self._asked_for_url += 1
        return pause, first

    def no_url_comes(self, now: float) -> bool:
        """Whether the task has been without a video for too long."""
        return self._url_until is not None and now >= self._url_until


def told(error: SeedanceError) -> bool:
    """Whether a failure was told in an answer whose HTTP status says success."""
    return error.http_status in _OK

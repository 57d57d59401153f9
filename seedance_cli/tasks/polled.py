"""One task that is polled: what its answers mean, and when it is to be asked again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seedance_cli.errors import NotFound, SeedanceError, Unreachable, WatchTimeout
from seedance_cli.models import LONG_PAUSE, Status, spoken
from seedance_cli.tasks.events import Checked
from seedance_cli.tasks.patience import NEW_TASK, Patience
from seedance_cli.tasks.reading import passing, state
from seedance_cli.tasks.schedule import LONGEST

if TYPE_CHECKING:
    from seedance_cli.models import Submission
    from seedance_cli.system import Clock
    from seedance_cli.tasks.reading import Target
    from seedance_cli.tasks.schedule import Schedule

LAST_POLL_SECONDS = 10.0
"""How long the answer that is out when the deadline has passed is waited for."""
_TELL_AFTER = 3
"""Failed polls in a row after which the user is told."""


@dataclass(slots=True, kw_only=True, eq=False)
class Polled:
    """One task; every time is on the monotonic clock."""

    target: Target
    since: float
    """When its polling began."""
    born: float | None
    """When it was submitted; None for one that this machine did not submit."""
    schedule: Schedule
    deadline: float | None
    """When its polling ends; None: never."""
    interval: float | None
    """Seconds from one poll to the next; None: as the schedule says."""
    delay: float
    """Seconds by which the first pause may be longer, so that tasks that are all due at once are
    spread."""
    share: float
    """The share of the first pause that may be added to it, from 0 to 1."""
    once: bool = False
    """It is not waited for: the first answer decides."""
    due: float = 0.0
    """When the newest poll was to leave."""
    started: float = 0.0
    """When that poll left."""
    again: float | None = None
    """When the next poll is to leave; None: the task is polled no more."""
    held: bool = False
    """Whether its poll is overdue, for its provider's rate limit."""
    _last_call: float | None = None
    """When a poll that is out is given up; known once the deadline was seen to pass."""
    _patience: Patience = field(default_factory=Patience)

    def begin(self, *, new: bool) -> None:
        """Set the time of the first poll.

        Args:
            new: the task was submitted just now, so even the first poll can wait for its time.
        """
        first = self.schedule.first() if new and self.interval is None else 0.0
        self._again(self.since, first - self._age(self.since) if first else 0.0)

    def take(self, answer: Submission | SeedanceError, now: float) -> Checked | None:
        """Take the answer to the newest poll, and set the time of the next one.

        Returns:
            What there is to tell; None where the poll failed and will be tried again.
        """
        self.again = None
        if isinstance(answer, SeedanceError):
            return self._take_error(answer, now)
        return self._take_answer(answer, now)

    def becomes_overdue(self, now: float) -> bool:
        """Whether its poll, which cannot leave yet, has been due for long since a moment ago."""
        if self.held or self.again is None or now - self.again < LONG_PAUSE:
            return False
        self.held = True
        return True

    def gives_up(self, now: float) -> float:
        """When there is something to decide about its poll, which is out and has a deadline."""
        assert self.deadline is not None
        if self._last_call is None and now >= self.deadline:
            self._last_call = now + LAST_POLL_SECONDS
        if self._last_call is None:
            return self.deadline
        return max(self._last_call, self.started + LAST_POLL_SECONDS)

    def given_up(self, now: float) -> bool:
        """Whether the answer to its poll is waited for no longer."""
        return self._last_call is not None and now >= self.gives_up(now)

    def unheard(self) -> Checked:
        """The end of a task whose last answer does not come."""
        self.again = None
        return self._unanswered(self._late(Unreachable("no answer came to the last poll")))

    def _take_answer(self, answer: Submission, now: float) -> Checked:
        self._patience.answered()
        if answer is not self.target.submission:
            self.target = self.target._replace(submission=answer)
        if answer.status is Status.SUCCEEDED and not answer.video_urls:
            return self._without_url(now)
        if answer.status.terminal:
            return Checked(answer, final=True)
        if self.once:
            error = WatchTimeout(f"{answer.ref} is {state(answer)}: it has not ended yet")
            return Checked(answer, final=True, error=error)
        warning = None
        if answer.status is Status.UNKNOWN:
            assert answer.task is not None
            word = answer.task.provider_status or ""
            found = self._patience.unknown_word(answer, word, now)
            if isinstance(found, WatchTimeout):
                return Checked(answer, final=True, error=found)
            warning = found
        else:
            self._patience.known_word()
        if self._over():
            return Checked(answer, final=True, error=self._late(), warning=warning)
        self._again(now, self._pause(now))
        self.delay = 0.0
        return Checked(answer, warning=warning)

    def _without_url(self, now: float) -> Checked:
        """Ask again for the video of a task that has succeeded; in the end it has none."""
        answer = self.target.submission
        pause, first = self._patience.without_url(now, loopback=self.target.channel.loopback)
        if not pause or self._over():
            return Checked(answer, final=True)
        if self.interval is not None:
            pause = min(pause, self.interval)
        self._again(now, pause)
        text = f"{answer.ref} succeeded, but names no video yet; asking again"
        return Checked(answer, warning=text if first else None)

    def _take_error(self, error: SeedanceError, now: float) -> Checked | None:
        self._patience.failed(self.started)
        end = self._end(error, now)
        if end is not None:
            return end
        if self._over():
            return self._unanswered(self._late(error))
        pause = self._pause_after(error, now)
        self._again(now, pause)
        asked = (error.retry_after or 0.0) >= LONG_PAUSE
        if self._patience.failures == _TELL_AFTER or (asked and self._patience.failures == 1):
            when = f" in {spoken(pause)}" if asked else ""
            text = f"{error.message}; asking again{when}"
            return Checked(self.target.submission, answered=False, warning=text)
        return None

    def _end(self, error: SeedanceError, now: float) -> Checked | None:
        """The end of the polling, if this failure ends it; None: it goes on."""
        if self._not_there_yet(error, now):
            return None
        if not passing(error):
            return self._unanswered(error)
        if self._patience.refused(error, now):
            message = f"{error.message}; the same answer for a minute"
            return self._unanswered(error.but(message=message))
        if self._patience.no_url_comes(now):
            return Checked(self.target.submission, final=True, answered=False)
        if self.deadline is None and self._patience.worn_out(self.started):
            return self._unanswered(error.as_exit(Unreachable.exit_code))
        return None

    def _pause_after(self, error: SeedanceError, now: float) -> float:
        """Seconds from now to the next poll after one that failed."""
        pause = self._pause(now)
        if self._not_there_yet(error, now):
            return pause
        if error.retry_after is not None:
            return max(pause, error.retry_after)
        return pause if self.interval is not None else max(pause, self._patience.backoff())

    def _over(self) -> bool:
        """Whether the answer at hand is the last one that the deadline allows."""
        return self.deadline is not None and self.started >= self.deadline

    def _again(self, now: float, pause: float) -> None:
        due = now + pause
        self.again = due if self.deadline is None else min(due, max(self.deadline, now))

    def _pause(self, now: float) -> float:
        """Seconds from now to the next poll."""
        if self.interval is not None:
            left = max(self.due, self.started)  # else polls that once left together would stay so
            return max(left + self.interval + self._extra(self.interval) - now, 0.0)
        pause = self.schedule.pause(self._age(now))
        return min(pause + self._extra(pause), LONGEST)

    def _extra(self, pause: float) -> float:
        """The part of the delay that the first pause has room for."""
        return min(self.delay, self.share * pause)

    def _late(self, cause: SeedanceError | None = None) -> WatchTimeout:
        """The error of a deadline that has passed.

        Args:
            cause: why the last poll brought nothing. None: it was answered.
        """
        submission = self.target.submission
        why = f" (last answer: {cause.message})" if cause is not None else ""
        alive = cause is None and submission.status in {Status.QUEUED, Status.RUNNING}
        on = "; it runs on" if alive else ""
        return WatchTimeout(
            f"{submission.ref} was {state(submission)} when --timeout ended{why}{on}"
        )

    def _age(self, now: float) -> float:
        """Seconds since it was submitted.

        A task whose submit time is not known counts as old enough for its first poll.
        """
        if self.born is None:
            return now - self.since + self.schedule.first()
        return now - self.born

    def _not_there_yet(self, error: SeedanceError, now: float) -> bool:
        """Whether its service does not find a task that is still so new that this is normal."""
        young = self.born is not None and now - self.born < NEW_TASK
        found_before = self.target.submission.status.terminal
        return young and not found_before and isinstance(error, NotFound)

    def _unanswered(self, error: SeedanceError) -> Checked:
        return Checked(self.target.submission, final=True, error=error, answered=False)


def born(submission: Submission, clock: Clock, now: float) -> float | None:
    """When the task was submitted, on a clock that does not jump from here on."""
    if submission.submitted_at is None:
        return None
    return now - max(0.0, (clock.now() - submission.submitted_at).total_seconds())

"""Polling any number of tasks at once until each has ended: schedule, patience, deadline.

Nothing is printed here. The command's own loop over `watch` drives both polling and the display.
"""

from __future__ import annotations

import heapq
import threading
from dataclasses import dataclass, field, replace
from itertools import count
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

from seedance_cli.errors import NotFound, SeedanceError, Unreachable, WatchTimeout
from seedance_cli.http import MARGIN_SECONDS
from seedance_cli.models import Status
from seedance_cli.tasks.patience import NEW_TASK, Patience
from seedance_cli.tasks.reading import passing, read, state
from seedance_cli.tasks.schedule import DEFAULT, LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from seedance_cli.models import Submission
    from seedance_cli.system import Clock
    from seedance_cli.tasks.reading import Target
    from seedance_cli.tasks.schedule import Schedule

LAST_POLL_SECONDS = 10.0
"""How long the answers that are out when the deadline has passed are waited for."""
TICK = 30.0
"""Seconds; no longer silence than this between two values of `watch`."""
_WORKERS = 16
"""Polls out at once, over all tasks. Beyond it they wait here, in the order in which they are due:
each connection that a pool holds makes every request through it a little slower."""
_SPREAD = 0.005
"""Seconds between two tasks, of those that were all due at once at first: 200 polls a second."""
_EARLY = 0.02
"""Seconds by which a poll may leave before it is due, together with another one: with thousands of
tasks, waking up for each of them would cost as much as asking."""
_LIMITED_WORKERS = 4
"""Of these, at one provider with a documented rate limit, where a poll may wait for its turn."""
_TELL_AFTER = 3
"""Failed polls in a row after which the user is told."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One good answer about one task, or the end of the watch over it."""

    submission: Submission
    final: bool = False
    """Nothing more comes of this task: it ended, or `error` says why the watch did."""
    error: SeedanceError | None = None
    warning: str | None = None
    answered: bool = True
    """Whether this is what the provider said now; else it is what was known before."""


@dataclass(slots=True)
class _Item:
    """One task; every time is on the monotonic clock."""

    target: Target
    since: float
    """When the watch over it began."""
    born: float | None
    """When it was submitted; None for one that this machine did not submit."""
    schedule: Schedule
    delay: float
    """Seconds at most by which the first pause is longer: tasks that are all due at once at first
    shall not stay so."""
    due: float = 0.0
    """When its newest poll was to leave."""
    started: float = 0.0
    """When it left."""
    patience: Patience = field(default_factory=Patience)

    def age(self, now: float) -> float:
        """Seconds since it was submitted.

        One that was submitted nobody knows when counts as old enough for its first poll.
        """
        if self.born is None:
            return now - self.since + self.schedule.first()
        return now - self.born


@dataclass(slots=True)
class _Limited:
    """The polls at a provider that documents a rate limit, which counts all requests of a key."""

    spacing: float
    """Seconds from one poll to the next that keep within it."""
    next_slot: float = 0.0
    out: int = 0

    def take(self, now: float) -> bool:
        """Whether a poll may leave now; if not, `next_slot` says when to ask again."""
        if self.out >= _LIMITED_WORKERS:
            self.next_slot = max(self.next_slot, now + self.spacing)
        if self.next_slot > now + _EARLY:
            return False
        self.next_slot = max(self.next_slot, now) + self.spacing
        self.out += 1
        return True


_Result: TypeAlias = "tuple[_Item, Submission | BaseException]"


class Watch:
    """Polls until every task has ended or cannot be watched any longer.

    A watch ends with an answer to a poll that left after its time was over: after a laptop's sleep
    there is always one more.

    Iterating it polls. It yields a `Seen` for each good answer and each end, and None where a poll
    failed and will be tried again, where nothing was to be seen for 30 s, and after `wake`.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        clock: Clock,
        *,
        timeout: float | None = None,
        interval: float | None = None,
        schedule: Callable[[Submission], Schedule] | None = None,
        new: bool = False,
    ) -> None:
        """Prepare; nothing is asked before the first step.

        Args:
            targets: tasks with the way to their providers.
            clock: every wait and deadline.
            timeout: seconds from now after which polling ends; 0 polls once; None: never.
            interval: seconds from one poll of a task to the next; None: as its schedule says.
            schedule: what is known of the time that a task takes; None: nothing.
            new: the tasks were submitted just now, so even the first poll can wait for its time.
        """
        now = clock.monotonic()
        self.clock = clock
        self.interval = interval
        self.deadline = None if timeout is None else now + timeout
        self.last_call: float | None = None
        """When the polls that are out are given up; known once the deadline was seen to pass."""
        self.order = count()
        self.heap: list[tuple[float, int, _Item]] = []
        self.flying: dict[int, _Item] = {}
        self.work: SimpleQueue[_Item | None] = SimpleQueue()
        self.results: SimpleQueue[_Result | None] = SimpleQueue()
        self.threads = 0
        """Those that can be counted on; each poll that is out has one."""
        self.started = 0
        """Threads, in all."""
        self.expected = 0
        """Calls of `wake` that are still to come."""
        self.limited: dict[int, _Limited] = {}
        """By the identity of the channel."""
        self.targets = targets
        for number, target in enumerate(targets):
            item = _Item(
                target,
                since=now,
                born=_born(target.submission, clock, now),
                schedule=DEFAULT if schedule is None else schedule(target.submission),
                delay=number * _SPREAD if len(targets) > _WORKERS else 0.0,
            )
            first = item.schedule.first() if new and interval is None else 0.0
            self._again(item, now, first - item.age(now) if first else 0.0)

    def expect(self) -> None:
        """Announce one `wake` to come: from now on waits listen for it."""
        self.expected += 1

    def wake(self) -> None:
        """End a wait early, with a None. May be called from any thread, once for each `expect`."""
        self.results.put(None)

    def more(self) -> bool:
        """Whether the next step has its answer already."""
        return not self.results.empty()

    def __iter__(self) -> Generator[Seen | None]:
        try:
            while self.heap or self.flying:
                now = self.clock.monotonic()
                self._launch(now)
                if not self.flying and not self.expected:
                    pause = min(self.heap[0][0] - now, TICK)
                    self.clock.sleep(pause)
                    if pause == TICK:
                        yield None
                    continue
                try:
                    result = self.clock.get(self.results, self._patience(now))
                except Empty:
                    yield from self._give_up()
                    yield None
                    continue
                if result is None:  # woken
                    self.expected -= 1
                    yield None
                    continue
                item, answer = result
                if self._landed(item):
                    yield self._judge(item, answer)
        finally:
            for _ in range(self.started):
                self.work.put(None)

    def _launch(self, now: float) -> None:
        if not self.heap or self.heap[0][0] > now:
            return
        while self.heap and self.heap[0][0] <= now + _EARLY and len(self.flying) < _WORKERS:
            due, _, item = heapq.heappop(self.heap)
            limited = self._limited(item)
            if limited is not None and not limited.take(now):
                self._schedule(item, limited.next_slot)
                continue
            item.due, item.started = due, now
            self.flying[id(item)] = item
            self.work.put(item)
            if self.threads < len(self.flying):
                self.threads += 1
                self.started += 1
                threading.Thread(target=self._poll, name="seedance-poll", daemon=True).start()

    def _limited(self, item: _Item) -> _Limited | None:
        """The polls of the item's channel, where the provider documents a rate limit."""
        channel = item.target.channel
        limit = channel.provider.info.rate_limit
        if limit is None:
            return None
        spacing = (limit.seconds + MARGIN_SECONDS) / limit.requests
        return self.limited.setdefault(id(channel), _Limited(spacing))

    def _poll(self) -> None:
        while (item := self.work.get()) is not None:
            try:
                answer: Submission | BaseException = read(item.target)
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                answer = error
            self.results.put((item, answer))

    def _schedule(self, item: _Item, due: float) -> None:
        heapq.heappush(self.heap, (due, next(self.order), item))

    def _patience(self, now: float) -> float:
        """Seconds to wait for an answer, before there is something else to do."""
        until = now + TICK
        if self.heap and len(self.flying) < _WORKERS:
            until = min(until, self.heap[0][0])
        if self.deadline is not None:
            if self.last_call is None and now >= self.deadline:
                self.last_call = now + LAST_POLL_SECONDS
            ends = [self._ends(item, self.deadline) for item in self.flying.values()]
            until = min([until, *ends])
        return max(until - now, 0.0)

    def _ends(self, item: _Item, deadline: float) -> float:
        """When there is something to decide about a poll that is out."""
        if self.last_call is None:
            return deadline
        return max(self.last_call, item.started + LAST_POLL_SECONDS)

    def _give_up(self) -> Iterator[Seen]:
        """After the deadline: the tasks whose last answer does not come."""
        now = self.clock.monotonic()
        if self.deadline is None or self.last_call is None:
            return
        for key, item in list(self.flying.items()):
            if now >= self._ends(item, self.deadline):
                del self.flying[key]
                self.threads -= 1  # its own may hang; the polls still to come get another
                silence = Unreachable("no answer came to the last poll")
                yield _unanswered(item, self._late(item, silence))

    def _landed(self, item: _Item) -> bool:
        """Whether a poll that has come back was still waited for."""
        limited = self._limited(item)
        if limited is not None:
            limited.out -= 1
        return self.flying.pop(id(item), None) is not None

    def _judge(self, item: _Item, answer: Submission | BaseException) -> Seen | None:
        if isinstance(answer, SeedanceError):
            return self._judge_error(item, answer)
        if isinstance(answer, BaseException):
            raise answer
        return self._judge_answer(item, answer)

    def _judge_answer(self, item: _Item, answer: Submission) -> Seen:
        now = self.clock.monotonic()
        item.patience.answered()
        if answer is not item.target.submission:
            item.target = replace(item.target, submission=answer)
        if answer.status is Status.SUCCEEDED and not answer.video_urls:
            return self._without_url(item, now)
        if answer.status.terminal:
            return Seen(answer, final=True)
        warning = None
        if answer.status is Status.UNKNOWN:
            assert answer.task is not None
            word = answer.task.provider_status or ""
            found = item.patience.unknown_word(answer, word, now)
            if isinstance(found, WatchTimeout):
                return Seen(answer, final=True, error=found)
            warning = found
        else:
            item.patience.known_word()
        if self._over(item):
            return Seen(answer, final=True, error=self._late(item), warning=warning)
        self._again(item, now, self._pause(item, now))
        item.delay = 0.0
        return Seen(answer, warning=warning)

    def _without_url(self, item: _Item, now: float) -> Seen:
        """Ask again for the video of a task that has succeeded; in the end it has none."""
        answer = item.target.submission
        pause, first = item.patience.without_url(now, loopback=item.target.channel.loopback)
        if not pause or self._over(item):
            return Seen(answer, final=True)
        if self.interval is not None:
            pause = min(pause, self.interval)
        self._again(item, now, pause)
        text = f"{answer.ref} succeeded, but names no video yet; asking again"
        return Seen(answer, warning=text if first else None)

    def _judge_error(self, item: _Item, error: SeedanceError) -> Seen | None:
        now = self.clock.monotonic()
        item.patience.failed(item.started)
        end = self._end(item, error, now)
        if end is not None:
            return end
        if self._over(item):
            return _unanswered(item, self._late(item, error))
        self._again(item, now, self._pause_after(item, error, now))
        if item.patience.failures == _TELL_AFTER:
            submission = item.target.submission
            return Seen(submission, answered=False, warning=f"{error.message}; asking again")
        return None

    def _end(self, item: _Item, error: SeedanceError, now: float) -> Seen | None:
        """The end of the watch over a task whose poll failed so; None: it goes on."""
        if _not_there_yet(item, error, now):
            return None
        if not passing(error):
            return _unanswered(item, error)
        if item.patience.refused(error, now):
            error.message += "; the same answer for a minute"
            return _unanswered(item, error)
        if item.patience.no_url_comes(now):
            return Seen(item.target.submission, final=True, answered=False)
        if self.deadline is None and item.patience.worn_out(item.started):
            error.exit_code = Unreachable.exit_code
            return _unanswered(item, error)
        return None

    def _pause_after(self, item: _Item, error: SeedanceError, now: float) -> float:
        """Seconds from now to the next poll after one that failed."""
        pause = self._pause(item, now)
        if _not_there_yet(item, error, now):
            return pause
        if error.retry_after is not None:
            return max(pause, error.retry_after)
        return pause if self.interval is not None else max(pause, item.patience.backoff())

    def _over(self, item: _Item) -> bool:
        """Whether the answer at hand is the last one that the deadline allows."""
        return self.deadline is not None and item.started >= self.deadline

    def _again(self, item: _Item, now: float, pause: float) -> None:
        due = now + pause
        self._schedule(item, due if self.deadline is None else min(due, max(self.deadline, now)))

    def _pause(self, item: _Item, now: float) -> float:
        """Seconds from now to the item's next poll."""
        if self.interval is not None:
            left = max(item.due, item.started)  # else polls that once left together would stay so
            return max(left + self.interval + self._extra(item, self.interval) - now, 0.0)
        pause = item.schedule.pause(item.age(now))
        return min(pause + self._extra(item, pause), LONGEST)

    def _extra(self, item: _Item, pause: float) -> float:
        """The part of the item's delay that its first pause has room for."""
        share = item.delay / (len(self.targets) * _SPREAD)
        return min(item.delay, share * pause)

    def _late(self, item: _Item, cause: SeedanceError | None = None) -> WatchTimeout:
        """The deadline passed.

        Args:
            item: the task.
            cause: why the last poll brought nothing. None: it was answered.
        """
        submission = item.target.submission
        why = f" (last answer: {cause.message})" if cause is not None else ""
        alive = cause is None and submission.status in {Status.QUEUED, Status.RUNNING}
        on = "; it runs on" if alive else ""
        return WatchTimeout(
            f"{submission.ref} was {state(submission)} when --timeout ended{why}{on}"
        )


def _not_there_yet(item: _Item, error: SeedanceError, now: float) -> bool:
    """Whether its service does not find a task that is still so new that this is normal."""
    young = item.born is not None and now - item.born < NEW_TASK
    found_before = item.target.submission.status.terminal
    return young and not found_before and isinstance(error, NotFound)


def _unanswered(item: _Item, error: SeedanceError) -> Seen:
    return Seen(item.target.submission, final=True, error=error, answered=False)


def _born(submission: Submission, clock: Clock, now: float) -> float | None:
    """When the task was submitted, on a clock that does not jump from here on."""
    if submission.submitted_at is None:
        return None
    return now - max(0.0, (clock.now() - submission.submitted_at).total_seconds())

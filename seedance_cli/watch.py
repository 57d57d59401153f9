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

from seedance_cli.errors import NotFound, RateLimited, SeedanceError, Unreachable, WatchTimeout
from seedance_cli.models import Status
from seedance_cli.reading import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seedance_cli.clock import Clock
    from seedance_cli.models import Submission
    from seedance_cli.reading import Target

PATIENCE = 600.0
"""Seconds without one good answer after which a watch without a deadline gives a task up."""
UNKNOWN_PATIENCE = 1800.0
"""Seconds that a status word this program does not know may stay the same."""
NEW_TASK_SECONDS = 60.0
"""Age up to which a 404 is normal: a service may not find its own new task (providers.md)."""
LAST_POLL_SECONDS = 10.0
"""How long after the deadline the last answers are waited for."""
TICK = 30.0
"""Seconds; no longer silence than this between two values of `watch`."""
_WORKERS = 16
_FIRST_POLL = 1.0
_LONGEST_PAUSE = 15.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at one task."""

    submission: Submission
    final: bool = False
    """Nothing more comes of this task: it ended, or `error` says why the watch did."""
    error: SeedanceError | None = None
    warning: str | None = None


@dataclass(slots=True)
class _Item:
    target: Target
    since: float
    last_good: float
    failures: int = 0
    word: str | None = None
    word_since: float = 0.0
    warned: set[str] = field(default_factory=set)


_Result: TypeAlias = "tuple[_Item, Submission | SeedanceError | BaseException]"


def watch(
    targets: Sequence[Target],
    clock: Clock,
    *,
    timeout: float | None = None,
    interval: float | None = None,
) -> Iterator[Seen | None]:
    """Poll until every task has ended or cannot be watched any longer.

    Args:
        targets: tasks with the way to their providers.
        clock: every wait and deadline.
        timeout: seconds from now after which polling ends; 0 polls once; None: never.
        interval: seconds between two polls of a task; None: a share of its age, 1 to 15 s.

    Yields:
        A `Seen` for each answer, or None where nothing was to be seen for 30 s.
    """
    return _Watch(targets, clock, timeout, interval).run()


class _Watch:
    def __init__(
        self,
        targets: Sequence[Target],
        clock: Clock,
        timeout: float | None,
        interval: float | None,
    ) -> None:
        now = clock.monotonic()
        self.clock = clock
        self.interval = interval
        self.deadline = None if timeout is None else now + timeout
        self.order = count()
        self.heap: list[tuple[float, int, _Item]] = []
        self.flying: dict[int, _Item] = {}
        self.work: SimpleQueue[_Item | None] = SimpleQueue()
        self.results: SimpleQueue[_Result] = SimpleQueue()
        self.threads = 0
        self.next_slot: dict[str, float] = {}
        for target in targets:
            self._schedule(_Item(target, since=now, last_good=now), now)

    def run(self) -> Iterator[Seen | None]:
        try:
            while self.heap or self.flying:
                self._launch()
                now = self.clock.monotonic()
                if not self.flying:
                    pause = min(self.heap[0][0] - now, TICK)
                    self.clock.sleep(pause)
                    if pause == TICK:
                        yield None
                    continue
                try:
                    item, answer = self.clock.get(self.results, self._patience(now))
                except Empty:
                    if self._too_late():
                        yield from self._give_up()
                        return
                    yield None
                    continue
                del self.flying[id(item)]
                if not isinstance(answer, SeedanceError) and isinstance(answer, BaseException):
                    raise answer
                yield self._judge(item, answer)
        finally:
            for _ in range(self.threads):
                self.work.put(None)

    def _launch(self) -> None:
        now = self.clock.monotonic()
        while self.heap and self.heap[0][0] <= now and len(self.flying) < _WORKERS:
            item = heapq.heappop(self.heap)[2]
            self.flying[id(item)] = item
            self.work.put(item)
            if self.threads < len(self.flying):
                self.threads += 1
                threading.Thread(target=self._poll, name="seedance-poll", daemon=True).start()

    def _poll(self) -> None:
        while (item := self.work.get()) is not None:
            try:
                answer: Submission | BaseException = read(item.target, self.clock)
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                answer = error
            self.results.put((item, answer))

    def _schedule(self, item: _Item, due: float) -> None:
        # A provider's documented limit counts all requests of a key: its tasks' polls are spread.
        info = item.target.channel.provider.info
        if info.rate_limit is not None:
            due = max(due, self.next_slot.get(info.name, 0.0))
            self.next_slot[info.name] = due + info.rate_limit.seconds / info.rate_limit.requests
        heapq.heappush(self.heap, (due, next(self.order), item))

    def _patience(self, now: float) -> float:
        until = now + TICK
        if self.heap and len(self.flying) < _WORKERS:
            until = min(until, self.heap[0][0])
        if self.deadline is not None:
            until = min(until, self.deadline + LAST_POLL_SECONDS)
        return max(until - now, 0.0)

    def _too_late(self) -> bool:
        last = None if self.deadline is None else self.deadline + LAST_POLL_SECONDS
        return last is not None and self.clock.monotonic() >= last

    def _give_up(self) -> Iterator[Seen]:
        for item in [*self.flying.values(), *(entry[2] for entry in self.heap)]:
            yield Seen(item.target.submission, final=True, error=self._late(item))

    def _judge(self, item: _Item, answer: Submission | SeedanceError) -> Seen:
        now = self.clock.monotonic()
        if isinstance(answer, SeedanceError):
            return self._judge_error(item, answer, now)
        item.failures, item.last_good = 0, now
        item.target = replace(item.target, submission=answer)
        if answer.status.terminal:
            return Seen(answer, final=True)
        warning = None
        if answer.status is Status.UNKNOWN:
            assert answer.task is not None
            word = answer.task.provider_status or ""
            if word != item.word:
                item.word, item.word_since = word, now
            elif now - item.word_since >= UNKNOWN_PATIENCE:
                return Seen(answer, final=True, error=self._stuck(item, word))
            if word not in item.warned:
                item.warned.add(word)
                warning = f"{answer.ref}: status {word!r} is new to this program; polling on"
        else:
            item.word = None
        return self._again(item, now, self._pause(item, now), warning=warning)

    def _judge_error(self, item: _Item, error: SeedanceError, now: float) -> Seen:
        submission = item.target.submission
        item.failures += 1
        pause = max(self._pause(item, now), min(2.0**item.failures, 30.0))
        if error.retry_after is not None:
            pause = max(error.retry_after, _FIRST_POLL)
        match error:
            case Unreachable() | RateLimited():
                if self.deadline is None and now - item.last_good >= PATIENCE:
                    return Seen(submission, final=True, error=error)
                return self._again(item, now, pause, cause=error)
            case NotFound() if self._is_new(submission):
                return self._again(item, now, self._pause(item, now), cause=error)
            case _:
                return Seen(submission, final=True, error=error)

    def _again(
        self,
        item: _Item,
        now: float,
        pause: float,
        *,
        warning: str | None = None,
        cause: SeedanceError | None = None,
    ) -> Seen:
        submission = item.target.submission
        if self.deadline is None:
            self._schedule(item, now + pause)
        elif now >= self.deadline:
            return Seen(submission, final=True, error=self._late(item, cause), warning=warning)
        else:
            self._schedule(item, min(now + pause, self.deadline))
        return Seen(submission, warning=warning)

    def _pause(self, item: _Item, now: float) -> float:
        if self.interval is not None:
            return self.interval
        return min(max((now - item.since) * 0.15, _FIRST_POLL), _LONGEST_PAUSE)

    def _is_new(self, submission: Submission) -> bool:
        if submission.submitted_at is None:
            return False
        age = (self.clock.now() - submission.submitted_at).total_seconds()
        return 0 <= age < NEW_TASK_SECONDS

    def _late(self, item: _Item, cause: SeedanceError | None = None) -> WatchTimeout:
        submission = item.target.submission
        why = f" (last answer: {cause.message})" if cause is not None else ""
        return WatchTimeout(
            f"{submission.ref} was {submission.status} when --timeout ended{why}; it runs on",
            hint=f"seedance wait {submission.ref}",
            provider=submission.provider,
            ref=submission.ref,
        )

    def _stuck(self, item: _Item, word: str) -> WatchTimeout:
        submission = item.target.submission
        minutes = UNKNOWN_PATIENCE / 60
        return WatchTimeout(
            f"{submission.ref} has been {word!r}, a status this program does not know, "
            f"for {minutes:.0f} minutes",
            hint=f"seedance status {submission.ref}",
            provider=submission.provider,
            ref=submission.ref,
        )

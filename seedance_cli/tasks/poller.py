"""Polling any number of tasks at once: which poll leaves when, and the threads that ask.

It has no loop of its own: `Wait` reads the queue into which the threads put their answers.
"""

from __future__ import annotations

import heapq
import threading
from dataclasses import dataclass
from itertools import count
from queue import SimpleQueue
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.errors import SeedanceError
from seedance_cli.http import MARGIN_SECONDS
from seedance_cli.tasks.polled import Polled, born
from seedance_cli.tasks.reading import read
from seedance_cli.tasks.schedule import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from seedance_cli.models import Submission
    from seedance_cli.system import Clock
    from seedance_cli.tasks.events import Checked
    from seedance_cli.tasks.reading import Target
    from seedance_cli.tasks.schedule import Schedule

TICK = 30.0
"""Seconds: the longest silence between two events of a wait."""
_WORKERS = 16
"""Polls out at once, over all tasks. Beyond it they wait here, in the order in which they are due.
Each has two threads and a connection."""
_SPREAD = 0.005
"""Seconds between two tasks, of those that were all due at once at first: 200 polls a second."""
_EARLY = 0.02
"""Seconds by which a poll may leave before it is due, together with another one: with thousands of
tasks, waking up for each of them would cost as much as asking."""
_LIMITED_WORKERS = 4
"""Polls out at once at a provider with a documented rate limit, where they wait for their turn."""


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


class PollResult(NamedTuple):
    """What a poll brought."""

    task: Polled
    answer: Submission | BaseException


class Poller:
    """Polls until every task has ended or cannot be polled any longer.

    The polling of a task ends with an answer to a poll that left after its time was over: after a
    laptop's sleep there is always one more. Its methods are for the thread that reads the queue.
    """

    def __init__(
        self,
        clock: Clock,
        tell: Callable[[PollResult], None],
        *,
        timeout: float | None,
        interval: float | None,
        each: bool = False,
        once: bool = False,
    ) -> None:
        """Prepare; nothing is asked before `launch`.

        Args:
            clock: every wait and deadline.
            tell: takes each answer, in the thread that got it.
            timeout: seconds from now after which polling ends; 0 polls once; None: never.
            interval: seconds from one poll of a task to the next; None: as its schedule says.
            each: `timeout` counts for each task, from its submission on.
            once: tasks that have not ended are not waited for.
        """
        self._clock = clock
        self._once = once
        self._tell = tell
        self._interval = interval
        self._timeout = timeout
        self._began = None if each else clock.monotonic()
        self._order = count()
        self._heap: list[tuple[float, int, Polled]] = []
        self._out: dict[int, Polled] = {}
        """Tasks that are being asked, by identity."""
        self._work: SimpleQueue[Polled | None] = SimpleQueue()
        self._threads = 0
        """Threads that still answer; each poll that is out has one."""
        self._started = 0
        """Threads that were started in all."""
        self.held: list[Submission] = []
        """Tasks whose polls have become overdue since the caller looked; it clears the list."""
        self._limited: dict[int, _Limited] = {}
        """The polls at each channel with a rate limit, by the identity of the channel."""

    @property
    def busy(self) -> bool:
        """Whether there is a task that has not ended."""
        return bool(self._heap or self._out)

    @property
    def out(self) -> bool:
        """Whether a poll is out."""
        return bool(self._out)

    def add(
        self,
        targets: Sequence[Target],
        schedule: Callable[[Submission], Schedule] | None = None,
        *,
        new: bool = False,
    ) -> None:
        """Take tasks to be polled.

        Args:
            targets: tasks with the way to their providers.
            schedule: what is known of the time that a task takes; None: nothing.
            new: the tasks were submitted just now, so even the first poll can wait for its time.
        """
        now = self._clock.monotonic()
        spread = len(targets) > _WORKERS
        for number, target in enumerate(targets):
            birth = born(target.submission, self._clock, now)
            task = Polled(
                target=target,
                since=now,
                born=birth,
                schedule=DEFAULT if schedule is None else schedule(target.submission),
                deadline=self._deadline(now if birth is None else birth),
                interval=self._interval,
                delay=number * _SPREAD if spread else 0.0,
                share=number / len(targets),
                once=self._once,
            )
            task.begin(new=new)
            self._schedule(task, task.again)

    def launch(self, now: float) -> None:
        """Have the polls leave that are due, as far as there is room."""
        if not self._heap or self._heap[0][0] > now:
            return
        while self._heap and self._heap[0][0] <= now + _EARLY and len(self._out) < _WORKERS:
            due, _, task = heapq.heappop(self._heap)
            limited = self._limit(task)
            if limited is not None and not limited.take(now):
                self._schedule(task, limited.next_slot)
                if task.becomes_overdue(now):
                    self.held.append(task.target.submission)
                continue
            task.due, task.started, task.held = due, now, False
            self._out[id(task)] = task
            self._work.put(task)
            if self._threads < len(self._out):
                self._threads += 1
                self._started += 1
                threading.Thread(target=self._poll, name="seedance-poll", daemon=True).start()

    def until(self, now: float) -> float:
        """The moment up to which an answer can be waited for, before there is something to do."""
        until = now + TICK
        if self._heap and len(self._out) < _WORKERS:
            until = min(until, self._heap[0][0])
        if self._timeout is not None:
            until = min([until, *(task.gives_up(now) for task in self._out.values())])
        return until

    def take(self, result: PollResult) -> Checked | None:
        """Take an answer.

        Returns:
            What there is to tell; None where the poll failed and will be tried again, or was
            waited for no longer.

        Raises:
            Exception: the error that ended the poll, where it is no answer.
        """
        task, answer = result.task, result.answer
        limited = self._limit(task)
        if limited is not None:
            limited.out -= 1
        if self._out.pop(id(task), None) is None:
            return None
        if isinstance(answer, BaseException) and not isinstance(answer, SeedanceError):
            raise answer
        checked = task.take(answer, self._clock.monotonic())
        self._schedule(task, task.again)
        return checked

    def give_up(self) -> Iterator[Checked]:
        """After the deadline: the tasks whose last answer does not come."""
        if self._timeout is None:
            return
        now = self._clock.monotonic()
        for key, task in list(self._out.items()):
            if task.given_up(now):
                del self._out[key]
                self._threads -= 1  # its own may hang; the polls still to come get another
                yield task.unheard()

    def stop(self) -> None:
        """Poll no more, and let the threads end. What is out is not waited for."""
        self._heap.clear()
        self._out.clear()
        while self._started:
            self._started -= 1
            self._work.put(None)

    def _limit(self, task: Polled) -> _Limited | None:
        """The polls of the task's channel, where the provider documents a rate limit."""
        channel = task.target.channel
        limit = channel.provider.info.rate_limit
        if limit is None:
            return None
        spacing = (limit.seconds + MARGIN_SECONDS) / limit.requests
        return self._limited.setdefault(id(channel), _Limited(spacing))

    def _poll(self) -> None:
        while (task := self._work.get()) is not None:
            try:
                answer: Submission | BaseException = read(task.target)
            except BaseException as error:  # noqa: BLE001 - raised again in the reader's thread
                answer = error
            self._tell(PollResult(task, answer))

    def _schedule(self, task: Polled, due: float | None) -> None:
        if due is not None:
            heapq.heappush(self._heap, (due, next(self._order), task))

    def _deadline(self, born: float) -> float | None:
        """When the polling of a task ends that was submitted then."""
        if self._timeout is None:
            return None
        return (born if self._began is None else self._began) + self._timeout

"""A batch on its way: which row is submitted when, and what comes of each.

Nothing is printed here. One thread does all of it: between two submits it takes what the watch of
the tasks in flight has to tell, so that neither keeps the other waiting for long.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.errors import LedgerAway, WriteFailed
from seedance_cli.tasks.batch.items import Action
from seedance_cli.tasks.batch.pace import Pace
from seedance_cli.tasks.events import Checked, Ended
from seedance_cli.tasks.wait import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from seedance_cli.errors import SeedanceError
    from seedance_cli.models import Submission
    from seedance_cli.system import Clock
    from seedance_cli.tasks.batch.items import Item
    from seedance_cli.tasks.delivery import Delivery
    from seedance_cli.tasks.events import Event
    from seedance_cli.tasks.wait import TaskKey, Wait

TICK = 1.0
"""Seconds; no longer silence than this between two events."""
_LOOK_AGAIN = 1.0
"""Seconds from one look at a row that another process is sending to the next."""


class Bought(NamedTuple):
    """What came of the submit of one row."""

    submission: Submission | None = None
    """With a task where it was accepted, now or before."""
    error: SeedanceError | None = None
    sent: bool = False
    """Whether a request left, or may have."""
    elsewhere: bool = False
    """Another process is sending this row."""


class Settled(NamedTuple):
    """A row that this run finds at its end, or leaves alone: see its action."""

    item: Item


class Submitted(NamedTuple):
    """A row was accepted: now, or another process's submit of it."""

    item: Item
    submission: Submission
    now: bool


class Refused(NamedTuple):
    """A row was not accepted, or nobody knows; this run does not submit it again."""

    item: Item
    error: SeedanceError


class Paused(NamedTuple):
    """A provider takes no more for now."""

    pace: Pace
    error: SeedanceError


class Halted(NamedTuple):
    """Nothing more is submitted at a provider; what is in flight there is waited for."""

    pace: Pace
    error: SeedanceError
    told: bool = False
    """Whether the error was told just now, as that of a row."""


class Delivered(NamedTuple):
    """Nothing more comes of a row's task: what it brought."""

    item: Item
    delivery: Delivery


class Lost(NamedTuple):
    """The watch of a row's task came to its end before the task did."""

    item: Item
    submission: Submission
    error: SeedanceError


class Watched(NamedTuple):
    """An event of the watch; None: nothing new."""

    event: Event


BatchEvent: TypeAlias = (
    "Settled | Submitted | Refused | Paused | Halted | Delivered | Lost | Watched"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """How to go about it."""

    buy: Callable[[Item], Bought]
    """Sends a row through the money gate."""
    find: Callable[[Item], Submission]
    """The submission of a row that was made before."""
    jobs: Mapping[str, int]
    """In flight at most, by provider."""
    follow: bool = True
    """Watch the tasks to their end; else only submit."""


class Batch:
    """Submits rows and watches their tasks; iterating it does the work.

    Whoever breaks off calls `stop`, for what is under way.
    """

    def __init__(
        self, items: Sequence[Item], wait: Wait, clock: Clock, options: EngineOptions
    ) -> None:
        """Prepare; nothing is sent before the first step.

        Args:
            items: the rows, in order, each with its action.
            wait: watches their tasks.
            clock: every wait.
            options: how to go about it.
        """
        self._items = items
        self._wait = wait
        self._clock = clock
        self._options = options
        self._paces: dict[str, Pace] = {}
        self._of: dict[TaskKey, list[Item]] = {}
        """The rows of each task that is watched."""
        self._elsewhere: deque[tuple[float, Item]] = deque()
        """Rows that another process is sending, and when to look again."""
        self._stopping = False

    @property
    def running(self) -> int:
        """How many tasks have not ended."""
        return sum(len(pace.flying) for pace in self._paces.values())

    @property
    def waiting(self) -> int:
        """How many rows are still to be submitted."""
        return len(self._elsewhere) + sum(len(pace.waiting) for pace in self._paces.values())

    @property
    def left(self) -> list[tuple[Item, SeedanceError | None]]:
        """The rows that were not submitted, and why, where a provider was halted."""
        found = [(item, pace.halted) for pace in self._paces.values() for item in pace.waiting]
        return found + [(item, None) for _, item in self._elsewhere]

    @property
    def followed(self) -> list[Item]:
        """The rows whose tasks were not watched to their end."""
        return [item for items in self._of.values() for item in items]

    def item_of(self, row: Submission) -> Item:
        """The row whose task that is; of several, the first."""
        return self._of[key_of(row)][0]

    def halt(self) -> None:
        """Submit nothing more and poll no more; what has ended is brought home."""
        self._stopping = True

    def stop(self) -> Iterator[BatchEvent]:
        """Give up what is under way; what there is to tell of it all the same."""
        for event in self._wait.stop():
            yield from self._told(event)

    def __iter__(self) -> Iterator[BatchEvent]:
        yield from self._begin()
        while not self._stopping:
            now = self._clock.monotonic()
            self._look_again(now)
            pace = min(self._paces.values(), key=Pace.due, default=None)
            due = inf if pace is None else pace.due()
            if pace is not None and due <= now:
                yield from self._submit(pace)
                due = self._clock.monotonic()
            if not (self._of or self._elsewhere or due < inf):
                return
            for event in self._wait.some(min(due, now + TICK)):
                yield from self._told(event)
        for event in self._wait.finish():
            yield from self._told(event)

    def _begin(self) -> Iterator[BatchEvent]:
        for item in self._items:
            match item.action:
                case Action.SUBMIT | Action.RETRY:
                    self._pace(item).waiting.append(item)
                case Action.FOLLOW if item.known is not None and item.known.ref is None:
                    self._pace(item).waiting.append(item)
                case Action.FOLLOW | Action.FETCH if self._options.follow:
                    self._watch(item, self._options.find(item))
                case _ if not self._stopping:
                    yield Settled(item)

    def _pace(self, item: Item) -> Pace:
        jobs = self._options.jobs.get(item.provider, 1)
        return self._paces.setdefault(item.provider, Pace(item.provider, jobs))

    def _look_again(self, now: float) -> None:
        """Have the rows tried again that another process was sending."""
        while self._elsewhere and self._elsewhere[0][0] <= now:
            _, item = self._elsewhere.popleft()
            self._pace(item).waiting.appendleft(item)

    def _submit(self, pace: Pace) -> Iterator[BatchEvent]:
        item = pace.waiting.popleft()
        try:
            bought = self._options.buy(item)
        except BaseException:
            pace.waiting.appendleft(item)
            raise
        now = self._clock.monotonic()
        if bought.elsewhere:
            self._elsewhere.append((now + _LOOK_AGAIN, item))
            return
        error, row = bought.error, bought.submission
        if row is not None and row.task is not None:
            if error is None:
                pace.accepted()
            yield Submitted(item, row, bought.sent)
            if self._options.follow:
                self._watch(item, row)
            if error is None:
                return
        assert error is not None
        waits = pace.refused(item, error, now, sent=bought.sent)
        if not waits:
            yield Refused(item, error)
        elif pace.halted is None and pace.is_news(now):
            yield Paused(pace, error)
        if pace.halted is not None and pace.waiting:
            yield Halted(pace, error, told=not waits)

    def _watch(self, item: Item, row: Submission) -> None:
        key = key_of(row)
        items = self._of.setdefault(key, [])
        items.append(item)
        if self._stopping:  # it is only named
            return
        if len(items) == 1:  # a provider may take two rows for one task
            self._wait.add(row)
        if not row.status.terminal:
            self._pace(item).flying.add(key)

    def _told(self, event: Event) -> Iterator[BatchEvent]:
        yield Watched(event)
        match event:
            case Checked():
                key = key_of(event.submission)
                if event.final or event.submission.status.terminal:
                    self._landed(key)
                if event.final and event.error is not None and not event.lost:
                    for item in self._of.pop(key, ()):
                        yield Lost(item, event.submission, event.error)
                    self._wait.forget(key)
            case Ended(delivery):
                key = key_of(delivery.submission)
                self._landed(key)
                for item in self._of.pop(key, ()):
                    yield Delivered(item, delivery)
                self._wait.forget(key)
                if isinstance(delivery.error, WriteFailed):
                    yield from self._nowhere_to_put(delivery.error)

    def _nowhere_to_put(self, error: WriteFailed) -> Iterator[BatchEvent]:
        """Pay for no more videos, once one cannot be written: the disk may be full."""
        if isinstance(error, LedgerAway):
            return  # it keeps no video from its place; whether more is paid for, the gate decides
        for pace in self._paces.values():
            if pace.halted is None:
                pace.halted = error
                if pace.waiting:
                    yield Halted(pace, error, told=True)

    def _landed(self, key: TaskKey) -> None:
        for pace in self._paces.values():
            pace.flying.discard(key)

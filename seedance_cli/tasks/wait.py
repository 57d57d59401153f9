"""Waiting for tasks to their end: one queue of events, for polls and downloads.

Nothing is printed here. Threads ask and fetch; whatever they have to tell goes into one queue, and
the thread that iterates a `Wait` reads it. Only that thread touches the ledger and the rows.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from math import inf
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Self, TypeAlias

from seedance_cli._named import NamedTuple
from seedance_cli.errors import DownloadFailed, NotFound, SeedanceError, WriteFailed
from seedance_cli.tasks.delivery import Delivery, urls
from seedance_cli.tasks.downloads.fetch import look
from seedance_cli.tasks.downloads.jobs import Downloads
from seedance_cli.tasks.downloads.pool import Finished
from seedance_cli.tasks.events import Checked, Ended, Held, Logged, Noted
from seedance_cli.tasks.poller import TICK, Poller, PollResult
from seedance_cli.tasks.reading import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from seedance_cli.ledger import Ledger
    from seedance_cli.models import Submission
    from seedance_cli.system import Clock
    from seedance_cli.tasks.downloads.jobs import Files
    from seedance_cli.tasks.downloads.pool import Told
    from seedance_cli.tasks.events import Event
    from seedance_cli.tasks.schedule import Schedule

TaskKey: TypeAlias = tuple[str, str, bool, str]
"""Provider, endpoint, sandbox, task id: what tells one task from every other."""


class WaitOptions(NamedTuple):
    """How to wait."""

    timeout: float | None = None
    """Seconds from now after which polling ends; 0 polls once; None: never."""
    each: bool = False
    """`timeout` counts for each task, from its submission on."""
    interval: float | None = None
    """Seconds from one poll of a task to the next; None: as `schedule` says."""
    schedule: Callable[[Submission], Schedule] | None = None
    """What is known of the time that a task takes; None: nothing."""
    new: bool = False
    """The tasks were submitted just now, so even the first poll can wait for its time."""
    once: bool = False
    """A task that has not ended is not waited for: it ends with a `WatchTimeout`."""
    together: int = 64
    """Answers at most that are written down in one commit, where as many have come by then. With 1
    no task is learned of that was not told of, wherever the caller stops."""
    files: Files | None = None
    """Where videos are downloaded to; None: they are not."""
    look: bool = True
    """Without `files`: see whether the URLs of a task that its provider lost still answer."""


class Wait:
    """Polls tasks, and fetches the videos of those that have succeeded, until all have ended.

    Iterating it does the work, and yields what there is to tell. Whoever breaks off calls `finish`
    for what is paid for and under way, or `stop`. A context manager, for its threads.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        connect: Callable[[Submission], Target],
        options: WaitOptions,
    ) -> None:
        """Prepare; nothing is asked before the first step.

        Args:
            ledger: takes what is learned.
            clock: every wait and deadline.
            connect: the way to a task's provider; raises SeedanceError where there is none.
            options: how to wait.
        """
        self.rows: dict[TaskKey, Submission] = {}
        """What is known of each task now, in the order in which they were added."""
        self.wake = inf
        """The moment, on the monotonic clock, at which the caller wants an event, be it None."""
        self._ledger = ledger
        self._clock = clock
        self._connect = connect
        self._options = options
        self._queue: SimpleQueue[PollResult | Told] = SimpleQueue()
        self._ready: deque[Event] = deque()
        """Events to be yielded before anything else happens."""
        self._added: list[Submission] = []
        self._targets: dict[TaskKey, Target] = {}
        """The way to each task that is polled."""
        self._poller = Poller(
            clock,
            self._queue.put,
            timeout=options.timeout,
            interval=options.interval,
            each=options.each,
            once=options.once,
        )
        self._downloads = Downloads(ledger, clock, self._queue.put, options.files)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._poller.stop()

    def add(self, submission: Submission) -> None:
        """Wait for one more task, also while others are waited for, in the thread that iterates."""
        self.rows[key_of(submission)] = submission
        self._added.append(submission)

    def connect(self) -> list[Submission]:
        """Find the way to each task that was added; those that will be polled.

        The others have ended, each with a `Checked` that says why. Iterating does it, too.
        """
        found = []
        for submission in self._added:
            try:
                found.append(self._connect(submission))
            except SeedanceError as error:
                ended = Checked(submission, final=True, error=error, answered=False)
                self._ready.append(ended)
        self._added.clear()
        self._targets.update((key_of(one.submission), one) for one in found)
        self._poller.add(found, self._options.schedule, new=self._options.new)
        return [one.submission for one in found]

    @property
    def more(self) -> bool:
        """Whether the next event is there already, of the same moment as the one before."""
        return bool(self._ready)

    def __iter__(self) -> Iterator[Event]:
        while True:
            if self._added:
                self.connect()
            while self._ready:
                yield self._ready.popleft()
            if not (self._added or self._poller.busy or self._downloads.busy):
                return
            self._step()

    def some(self, until: float) -> Iterator[Event]:
        """What there is to tell now; where that is nothing, what comes first until then.

        For whoever has more to do than wait, and adds tasks meanwhile.

        Args:
            until: on the monotonic clock.
        """
        if self._added:
            self.connect()
        if not self._ready:
            self._step(until)
        while self._ready:
            yield self._ready.popleft()

    def forget(self, key: TaskKey) -> Submission:
        """Keep a task no longer that has ended; what was known of it."""
        return self.rows.pop(key)

    def finish(self) -> Iterator[Event]:
        """Poll no more; the events up to the end of the downloads that are under way."""
        self._poller.stop()
        yield from self

    def stop(self) -> list[Event]:
        """Give up what is under way; the events that there still are of it.

        Bytes that can be resumed stay. A file that was whole is recorded, so that the next wait
        takes it for this task's own; its task has no `Ended`, and is not delivered.
        """
        self._poller.stop()
        stopped = self._downloads.stop()
        found: list[Event] = []
        while not self._queue.empty():
            told = self._queue.get_nowait()
            if not isinstance(told, PollResult | Finished):
                found += self._downloads.take(told)
        for delivery in stopped:
            self.rows[key_of(delivery.submission)] = delivery.submission
        return found

    def _step(self, until: float = inf) -> None:
        """Wait for something to happen, no longer than until then; have its events ready."""
        found: list[Checked] = []
        while len(found) < self._options.together:
            now = self._clock.monotonic()
            self._poller.launch(now)
            self._ready.extend(map(Held, self._poller.held))
            self._poller.held.clear()
            if (found or self._ready) and self._queue.empty():
                break
            told = self._next(now, until)
            if told is None:
                found += islice(self._poller.give_up(), self._options.together)
                break
            if not isinstance(told, PollResult):
                self._take(told)
                continue
            checked = self._poller.take(told)
            if checked is None:
                self._ready.append(None)
            else:
                found.append(checked)
        if found:
            self._learn(found)

    def _take(self, told: Told) -> None:
        for event in self._downloads.take(told):
            if isinstance(event, Ended):
                self.rows[key_of(event.delivery.submission)] = event.delivery.submission
            self._ready.append(event)

    def _next(self, now: float, until: float) -> PollResult | Told | None:
        """The next thing told; None: nothing was, up to the moment at which there is more to do."""
        pause = max(min(self._poller.until(now), until, self.wake) - now, 0.0)
        if not (self._poller.out or self._downloads.running or not self._queue.empty()):
            self._clock.sleep(pause)
            if pause == TICK or now + pause >= self.wake:
                self._ready.append(None)
            return None
        try:
            return self._clock.get(self._queue, pause)
        except Empty:
            self._ready.append(None)
            return None

    def _learn(self, found: Sequence[Checked]) -> None:
        """Write down what was answered, all at once where that can be."""
        answers = [one.submission for one in found if one.answered]
        unwritten: dict[TaskKey, WriteFailed] = {}
        try:
            observed = self._ledger.observe_all([(one, one.task) for one in answers if one.task])
        except WriteFailed:
            observed = []
            for one in answers:
                try:
                    assert one.task is not None
                    observed.append(self._ledger.observe(one, one.task))
                except WriteFailed as error:
                    observed.append(one)
                    unwritten[key_of(one)] = error
        self.rows.update((key_of(row), row) for row in observed)
        for checked in found:
            key = key_of(checked.submission)
            row = self.rows[key]
            lost = checked.error if isinstance(checked.error, NotFound) and row.video_urls else None
            self._ready.append(
                checked._replace(
                    submission=row, lost=lost is not None, unwritten=unwritten.get(key)
                )
            )
            if not checked.final:
                continue
            target = Target(row, self._targets.pop(key).channel)
            if checked.ended or lost is not None:
                self._deliver(target, lost)

    def _deliver(self, target: Target, lost: NotFound | None) -> None:
        """Have ready what a task that has ended brings; a download only begins here.

        Args:
            target: the task, and the way to it.
            lost: the provider does not know it any more, and its URLs may be of no use.
        """
        delivery = urls(target.submission)
        delivery.lost = lost
        if delivery.error is not None:
            if lost is not None:
                delivery.error, delivery.complete = lost, False
        elif self._options.files is not None:
            self._ready.extend(self._downloads.begin(target, lost))
            return
        elif lost is not None and self._options.look:
            delivery = self._look(delivery, target, lost)
        self._ready.append(Ended(delivery, target))

    def _look(self, delivery: Delivery, target: Target, lost: NotFound) -> Delivery:
        """See whether the URLs of a task that its provider does not know any more still answer."""
        for url in delivery.submission.video_urls:
            try:
                look(
                    url,
                    allow_private=target.channel.loopback,
                    clock=self._clock,
                    log=lambda text: self._ready.append(Logged(text)),
                    credentials=target.channel.video_headers,
                )
            except DownloadFailed as error:
                gone = Delivery(delivery.submission, lost=lost)
                gone.failed(error)
                return gone
        self._ready.append(
            Noted(
                f"{delivery.submission.ref}: the provider does not know the task any more; "
                "its video is still where it was"
            )
        )
        return delivery


def key_of(submission: Submission) -> TaskKey:
    """What tells a task from every other; without a task, what tells the submission."""
    task = submission.task
    return (
        submission.provider,
        submission.endpoint,
        submission.sandbox,
        f"\0{submission.intent}" if task is None else task.task_id,  # no id has a NUL in it
    )

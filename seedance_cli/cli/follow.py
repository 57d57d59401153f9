"""Following tasks to their end and telling what they bring: `wait` and `generate --wait`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from seedance_cli.cli import marking, sidecar, totals
from seedance_cli.cli.output.documents import task_object
from seedance_cli.cli.output.progress import Display
from seedance_cli.cli.places import target_of
from seedance_cli.cli.runner import promise
from seedance_cli.cli.shown import show
from seedance_cli.cli.unknown import verdict
from seedance_cli.cli.way_back import ALIVE, MANY, interrupted, last_words, not_watched
from seedance_cli.errors import (
    Interrupted,
    NotFound,
    SeedanceError,
    WatchTimeout,
    WriteFailed,
)
from seedance_cli.system import signals
from seedance_cli.tasks import (
    Checked,
    Ended,
    Estimates,
    Files,
    Wait,
    WaitOptions,
    key_of,
    no_task,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from seedance_cli.cli.session import Session
    from seedance_cli.cli.wait_request import WaitRequest
    from seedance_cli.models import Submission
    from seedance_cli.tasks import Event, TaskKey

_TOGETHER = 64
"""Answers that are written down in one commit, where as many have come by then."""


def follow(
    session: Session,
    submissions: Sequence[Submission],
    wanted: WaitRequest,
    unknown: Sequence[Submission] = (),
    before: Mapping[TaskKey, list[SeedanceError]] | None = None,
) -> int:
    """Wait for every task and deliver it.

    Args:
        session: what the command works with.
        submissions: tasks; one that has no task is a failure.
        wanted: what to do with them.
        unknown: submissions without an id, already named; they show in the document and the code.
        before: what went wrong before, and was told; why some of the submissions are no tasks, say.

    Returns:
        The exit code.

    Raises:
        Interrupted: a signal; the tasks run on.
        WriteFailed: stdout could not be written.
    """
    return _Follow(session, submissions, wanted, unknown, before or {}).run()


class _Follow:
    def __init__(
        self,
        session: Session,
        submissions: Sequence[Submission],
        wanted: WaitRequest,
        unknown: Sequence[Submission],
        before: Mapping[TaskKey, list[SeedanceError]],
    ) -> None:
        self.session = session
        self.wanted = wanted
        self.unknown = unknown
        self.out = session.out
        self.ledger = session.ledger()
        self.known: dict[TaskKey, Submission] = {key_of(one): one for one in submissions}
        self.failures: dict[TaskKey, list[SeedanceError]] = dict(before)
        self.told: set[TaskKey] = set()
        """Tasks that need no further word: delivered, or given up with an error."""
        self.complete: list[TaskKey] = []
        """Tasks to be marked as delivered: what they brought is told, or with `--json` will be."""
        self.learned = bool(unknown) or any(one.intent is not None for one in submissions)
        """Whether there is anything that the document could tell."""
        self.shown: dict[TaskKey, str] = {}
        """The status of each task's last event."""
        self.stopping = False
        """Whether `--fail-fast` has its reason to stop polling."""
        self.display: Display | None = None
        self.late: list[Submission] = []
        """Of many tasks, those that had not ended when `--timeout` did."""
        self.spent = totals.Spent()
        self.began = session.clock.monotonic()

    def run(self) -> int:
        if not self.wanted.events:
            self.out.owe(self._known_tasks)
        promise(self.session, lambda: self._known_tasks() if self.learned else None)
        try:
            decided = self._loop()
        except BaseException as ended:
            stop = signals.behind(ended)
            if stop is None:
                raise
            with signals.held():
                self._sum_up()
                with suppress(WriteFailed):  # what the signal asked for goes first
                    self._document()
                raise self._come_back(stop) from None
        self._sum_up()
        self._document()
        keys = list(self.failures) if decided is None else [decided]
        failures = [error for key in keys for error in self.failures.get(key, ())]
        lacking = self.session.door.caught_up()
        if lacking is not None:
            self.out.complain(lacking)
            failures.append(lacking)
        return verdict(self.out, failures, self.unknown)

    def _loop(self) -> TaskKey | None:
        """Follow every task; with `--any`, the one whose end decides the exit code."""
        wanted, session = self.wanted, self.session
        history = Estimates(self.ledger, session.clock)
        files = None
        if wanted.download and wanted.output != "-":

            def place(submission: Submission, index: int) -> Path:
                return target_of(session, submission, index, wanted.output)

            files = Files(place, force=wanted.force, strict=wanted.strict)
        options = WaitOptions(
            timeout=wanted.timeout,
            interval=wanted.interval,
            schedule=history.schedule,
            new=wanted.submitted,
            once=wanted.ended,
            together=1 if wanted.any or wanted.fail_fast else _TOGETHER,
            files=files,
            look=not wanted.download,
        )
        with Wait(self.ledger, session.clock, session.target, options) as wait:
            for key, submission in self.known.items():
                if submission.task is not None:
                    wait.add(submission)
                else:
                    self._without_a_task(key)
            with Display(self.out, session.clock, wait.connect(), history.expected) as display:
                self.display = display
                try:
                    decided = self._drive(wait, display)
                except BaseException:
                    for event in wait.stop():
                        self._take(event, display)
                    for key, row in wait.rows.items():
                        if key not in self.told:
                            self.known[key] = row
                    raise
        self.display = None
        for line in not_watched(session, self._left(), self.late, wanted):
            self.out.note(line)
        return decided

    def _without_a_task(self, key: TaskKey) -> None:
        if key not in self.failures:
            self._failed(key, no_task(self.known[key]))
        self.told.add(key)
        self.stopping |= self.wanted.fail_fast
        if self.wanted.events:
            self._event(key)

    def _drive(self, wait: Wait, display: Display) -> TaskKey | None:
        """Take the events until every task has ended or an option says stop."""
        decided = None
        try:
            for event in self._taken(wait, wait, display):
                if self.stopping:
                    break
                if self.wanted.any and isinstance(event, Checked) and event.ended:
                    decided = key_of(event.submission)
                    break
            # What has ended is paid for and there: its videos are fetched, however the polling of
            # the other tasks came to its end.
            for _ in self._taken(wait, wait.finish(), display):
                pass
        finally:  # what was told is delivered, though stdout broke off at the next one
            self._mark()
        return decided

    def _taken(self, wait: Wait, events: Iterable[Event], display: Display) -> Iterator[Event]:
        """The events, each once it was taken; one comes in time for every heartbeat."""
        clock = self.session.clock
        wait.wake = clock.monotonic() + display.until_heartbeat()
        for event in events:
            self._take(event, display)
            wait.wake = clock.monotonic() + display.until_heartbeat()
            if not wait.more:
                self._mark()
            yield event

    def _take(self, event: Event, display: Display) -> None:
        match event:
            case Checked():
                self._checked(event, display)
                return
            case Ended():
                self._ended(event, display)
            case _:
                show(event, display, self.out)
        display.tick()

    def _checked(self, seen: Checked, display: Display) -> None:
        """Take an answer about one task."""
        key = key_of(seen.submission)
        self.known[key] = seen.submission
        self.learned |= seen.answered
        if seen.unwritten is not None and key not in self.failures:  # said once
            self._failed(key, seen.unwritten)
        going = seen.final or not seen.submission.status.terminal
        if seen.answered and going:  # else it has succeeded, but its video is still waited for
            display.update(seen.submission)
        if seen.warning is not None:
            display.warn(seen.submission, seen.warning)
        if seen.ended:
            return
        if seen.answered and going and self.wanted.events:
            self._event(key)
        if seen.error is not None and not seen.lost:
            self._failed(key, seen.error)
            display.ended(seen.submission, well=False)
            self.told.add(key)
            self.stopping |= self.wanted.fail_fast

    def _event(self, key: TaskKey) -> None:
        submission = self.known[key]
        if self.shown.get(key) != submission.status:
            self.shown[key] = submission.status
            self.out.event(task_object(submission))

    def _ended(self, event: Ended, display: Display) -> None:
        """Tell what a task has brought, and that nothing more comes."""
        delivery = event.delivery
        if self.wanted.output == "-" and self.wanted.download and delivery.error is None:
            from seedance_cli.cli.pour import pour  # only `-o -` needs it

            delivery = pour(self.session, display, event, strict=self.wanted.strict)
        for name in event.names:
            display.dropped(name)
        key = key_of(delivery.submission)
        self.known[key] = delivery.submission
        failures = sidecar.beside(delivery, self.wanted)
        for error in failures:
            self._failed(key, error)
        display.ended(delivery.submission, well=not failures)
        paid = not (delivery.submission.sandbox or self.wanted.ended)  # `download` pays nothing
        if paid and delivery.submission.task is not None:
            self.spent.add(delivery.submission.provider, delivery.submission.task.cost)
            display.view.spent = self.spent.words()
        if not (self.out.json or self.wanted.events):
            for line in delivery.lines:
                self.out.result(line)
        if not self.wanted.download:
            self.session.tell_of_urls(delivery.submission)
        if delivery.complete:
            self.complete.append(key)
        self.told.add(key)
        if self.wanted.events:
            self._event(key)
        self.stopping |= self.wanted.fail_fast and key in self.failures

    def _mark(self) -> None:
        """Mark what was told as delivered; with `--json` nothing is, before the document."""
        if not self.out.json:
            self._mark_told()

    def _mark_told(self) -> None:
        for key, error in marking.mark(self.ledger, self.known, self.complete):
            if not any(isinstance(one, WriteFailed) for one in self.failures.get(key, ())):
                self._failed(key, error)  # else it was said when the answer could not be written

    def _failed(self, key: TaskKey, error: SeedanceError) -> None:
        submission = self.known[key]
        if isinstance(error, NotFound):
            with suppress(WriteFailed):  # only shortens a later bare `wait`
                self.session.note_lost(submission)
        error = last_words(error, submission, self.wanted)
        self.failures.setdefault(key, []).append(error)
        if isinstance(error, WatchTimeout) and len(self.known) > MANY:
            self.late.append(submission)
            error = error.but(hint=None)  # told of all together
        if self.display is not None:
            self.display.failed(submission, error)
        else:
            self.out.complain(error)

    def _left(self) -> list[Submission]:
        return [one for key, one in self.known.items() if key not in self.told]

    def _sum_up(self) -> None:
        if len(self.known) > 1:  # of one alone everything is said
            took = self.session.clock.monotonic() - self.began
            ends = totals.ends(self.known, self.failures, self.told)
            rows = self.known.values() if self.wanted.download else ()
            files = [path for row in rows for path in row.files]
            place = totals.folder(files, self.session)
            self.out.note(totals.summary(ends, self.spent, took, place))

    def _document(self) -> None:
        if self.out.json and not self.wanted.events:
            codes = {error.exit_code for found in self.failures.values() for error in found}
            if not self.learned and codes and codes <= ALIVE:
                return  # of refs that the ledger lacks no read told anything
            self.out.document(self._known_tasks())
        self._mark_told()

    def _known_tasks(self) -> object:
        tasks = [task_object(one) for one in (*self.known.values(), *self.unknown)]
        return tasks[0] if self.wanted.one else tasks

    def _come_back(self, stop: Interrupted) -> Interrupted:
        left = self._left()
        stopped = interrupted(self.session, left, self.wanted)
        if len(left) == 1 or self.wanted.submitted:
            one = left[0] if left else next(iter(self.known.values()))
            stopped = stopped.but(ref=one.ref, provider=one.provider, intent=one.intent)
        return Interrupted(stop.signum, stopped)

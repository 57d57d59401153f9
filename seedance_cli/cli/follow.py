"""Following tasks to their end and telling what they bring: `wait` and `generate --wait`."""

from __future__ import annotations

import shlex
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from seedance_cli.cli.deliver import Downloads
from seedance_cli.cli.output.documents import task_object
from seedance_cli.cli.output.progress import Display
from seedance_cli.cli.unknown import verdict
from seedance_cli.errors import (
    Interrupted,
    NotFound,
    SeedanceError,
    Stopped,
    Unvouched,
    WriteFailed,
)
from seedance_cli.models import Status
from seedance_cli.system import signals
from seedance_cli.tasks import Estimates, Watch, concern, state, urls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from seedance_cli.cli.session import Session
    from seedance_cli.models import Submission
    from seedance_cli.tasks import Delivery, Seen, Target

_ALIVE = frozenset({3, 4, 5})
"""Codes that, once a task is paid for, become 8: it is alive as far as known."""
_TOGETHER = 64
"""Answers that are written down in one commit, where as many have come by then."""
_STOPPED_WATCHING = 8
_NO_USE = frozenset({1, 4, 7})
"""Codes after which waiting again is no advice."""

_Key: TypeAlias = tuple[str, str, bool, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the user asked of the wait."""

    download: bool = False
    output: str | None = None
    force: bool = False
    timeout: float | None = None
    """Seconds; None: none."""
    interval: float | None = None
    """Seconds; None: as `schedule` says."""
    fail_fast: bool = False
    any: bool = False
    events: bool = False
    one: bool = False
    """One task was named: with `--json` the document is an object, not an array."""
    submitted: bool = False
    """These tasks were paid for by this very command."""


def follow(
    session: Session,
    submissions: Sequence[Submission],
    wanted: Wanted,
    unknown: Sequence[Submission] = (),
) -> int:
    """Wait for every task and deliver it.

    Args:
        session: what the command works with.
        submissions: tasks with an id.
        wanted: what to do with them.
        unknown: submissions without an id, already named; they show in the document and the code.

    Returns:
        The exit code.

    Raises:
        Interrupted: a signal; the tasks run on.
        WriteFailed: stdout could not be written.
    """
    return _Follow(session, submissions, wanted, unknown).run()


class _Follow:
    def __init__(
        self,
        session: Session,
        submissions: Sequence[Submission],
        wanted: Wanted,
        unknown: Sequence[Submission],
    ) -> None:
        self.session = session
        self.wanted = wanted
        self.unknown = unknown
        self.out = session.out
        self.ledger = session.ledger()
        self.known: dict[_Key, Submission] = {_key(one): one for one in submissions}
        self.failures: dict[_Key, list[SeedanceError]] = {}
        self.told: set[_Key] = set()
        """Tasks that need no further word: delivered, failed, or given up with an error."""
        self.complete: list[_Key] = []
        """Tasks to be marked as delivered: what they brought is told, or with `--json` will be."""
        self.learned = bool(unknown) or any(one.intent is not None for one in submissions)
        """Whether there is anything that the document could tell."""
        self.shown: dict[_Key, str] = {}
        """The status of each task's last event."""
        self.stopping = False
        """Whether `--fail-fast` has its reason to stop polling."""

    def run(self) -> int:
        if not self.wanted.events:
            self.out.owe(self._known_tasks)
        try:
            decided = self._loop()
        except BaseException as ended:
            stop = signals.behind(ended)
            if stop is None:
                raise
            with signals.held():
                with suppress(WriteFailed):  # what the signal asked for goes first
                    self._document()
                raise self._come_back(stop) from None
        self._document()
        keys = list(self.failures) if decided is None else [decided]
        failures = [error for key in keys for error in self.failures.get(key, ())]
        return verdict(self.out, failures, self.unknown)

    def _loop(self) -> _Key | None:
        """Follow every task; with `--any`, the one whose end decides the exit code."""
        wanted = self.wanted
        targets = dict(self._targets())
        if self.failures and wanted.fail_fast:
            self._name_what_is_left()
            return None
        submissions = [one.submission for one in targets.values()]
        history = Estimates(self.ledger, self.session.clock)
        looks = Watch(
            list(targets.values()),
            self.session.clock,
            timeout=wanted.timeout,
            interval=wanted.interval,
            schedule=history.schedule,
            new=wanted.submitted,
        )
        with (
            Display(self.out, self.session.clock, submissions, history) as display,
            closing(iter(looks)) as steps,
        ):
            downloads = Downloads(
                self.session, display, looks, output=wanted.output, force=wanted.force
            )
            try:
                decided = self._poll(looks, steps, targets, display, downloads)
                # What has ended is paid for and there: its videos are fetched, however the watch
                # over the other tasks came to its end.
                while downloads.busy:
                    self._finish_all(downloads.wait())
                    display.tick()
            except BaseException:
                for submission in downloads.stop():
                    self.known[_key(submission)] = submission
                raise
        self._name_what_is_left()
        return decided

    def _poll(
        self,
        looks: Watch,
        steps: Iterator[Seen | None],
        targets: Mapping[_Key, Target],
        display: Display,
        downloads: Downloads,
    ) -> _Key | None:
        """Poll until every task has ended or an option says stop; what `--any` waited for."""
        most = 1 if self.wanted.any or self.wanted.fail_fast else _TOGETHER
        found: list[Seen] = []
        for seen in steps:
            self._finish_all(downloads.ended())
            if seen is None:
                display.tick()
            else:
                found.append(seen)
            if len(found) < most and looks.more():
                continue
            self._take_all(found, targets, display, downloads)
            if self.stopping:
                break
            if self.wanted.any and any(one.final and one.error is None for one in found):
                return _key(found[0].submission)
            found = []
        else:
            self._take_all(found, targets, display, downloads)
        return None

    def _take_all(
        self,
        found: Sequence[Seen],
        targets: Mapping[_Key, Target],
        display: Display,
        downloads: Downloads,
    ) -> None:
        self._learn(found)
        try:
            for seen in found:
                key = _key(seen.submission)
                self._take(key, seen, targets[key], display, downloads)
        finally:  # what was told is delivered, though stdout broke off at the next one
            self._mark()

    def _targets(self) -> Iterator[tuple[_Key, Target]]:
        for key, submission in self.known.items():
            try:
                yield key, self.session.target(submission)
            except SeedanceError as error:
                self._failed(key, error)
                self.told.add(key)

    def _take(
        self, key: _Key, seen: Seen, where: Target, display: Display, downloads: Downloads
    ) -> None:
        """Take one look at one task."""
        going = seen.final or not self.known[key].status.terminal
        if seen.answered and going:  # else it has succeeded, but its video is still waited for
            display.update(self.known[key])
        if seen.warning is not None:
            display.note(f"warning: {seen.warning}")
        if seen.final and seen.error is None:
            self._deliver(key, where, downloads)
            return
        if seen.answered and going and self.wanted.events:
            self._event(key)
        if isinstance(seen.error, NotFound) and self.known[key].video_urls:
            display.forget(self.known[key])
            self._deliver(key, where, downloads, lost=seen.error)
            return
        if seen.error is not None:
            display.forget(self.known[key])
            self._failed(key, seen.error)
            self.told.add(key)
            self.stopping |= self.wanted.fail_fast

    def _event(self, key: _Key) -> None:
        submission = self.known[key]
        if self.shown.get(key) != submission.status:
            self.shown[key] = submission.status
            self.out.event(task_object(submission))

    def _learn(self, found: Sequence[Seen]) -> None:
        """Write down what was answered, all at once where that can be."""
        answers = [one.submission for one in found if one.answered]
        self.learned |= bool(answers)
        pairs = [(one, one.task) for one in answers if one.task is not None]
        try:
            observed = self.ledger.observe_all(pairs)
        except WriteFailed:
            observed = [self._observed(one) for one in answers]
        for one in observed:
            self.known[_key(one)] = one

    def _observed(self, submission: Submission) -> Submission:
        assert submission.task is not None
        try:
            return self.ledger.observe(submission, submission.task)
        except WriteFailed as error:
            key = _key(submission)
            if key not in self.failures:  # said once
                self._failed(key, error)
            return submission

    def _deliver(
        self, key: _Key, where: Target, downloads: Downloads, lost: NotFound | None = None
    ) -> None:
        """Give the user what a task that has ended brings; a download only begins here.

        Args:
            key: the task.
            where: the way to it.
            downloads: takes its videos.
            lost: the provider does not know it any more, and its URLs may be of no use.
        """
        delivery = urls(self.known[key])
        if self.wanted.download and delivery.error is None:
            if self.wanted.output != "-":
                downloads.begin(delivery.submission, where, lost)
                return
            delivery = downloads.pour(delivery.submission, where, lost)
        elif lost is not None and delivery.error is None:
            delivery = downloads.look(delivery, where, lost)
        elif lost is not None:
            delivery.error, delivery.complete = lost, False
        self._finish(delivery)

    def _finish_all(self, deliveries: Iterator[Delivery]) -> None:
        for delivery in deliveries:
            self._finish(delivery)
            self._mark()

    def _finish(self, delivery: Delivery) -> None:
        """Tell what came of a task, and that nothing more will."""
        key = _key(delivery.submission)
        self.known[key] = delivery.submission
        if not (self.out.json or self.wanted.events):
            for line in delivery.lines:
                self.out.result(line)
        if not self.wanted.download:
            self.session.tell_of_urls(delivery.submission)
        if delivery.error is not None:
            self._failed(key, delivery.error)
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
        # A signal in here leaves them in the list, for another try on the way out.
        try:
            marked = self.ledger.delivered_all([self.known[key] for key in self.complete])
        except WriteFailed:
            while self.complete:
                self._mark_one(self.complete[0])
                del self.complete[0]
            return
        self.known.update(zip(self.complete, marked, strict=True))
        self.complete.clear()

    def _mark_one(self, key: _Key) -> None:
        try:
            self.known[key] = self.ledger.delivered(self.known[key])
        except WriteFailed as error:
            if not any(isinstance(one, WriteFailed) for one in self.failures.get(key, ())):
                self._failed(key, error)  # else it was said when the answer could not be written

    def _failed(self, key: _Key, error: SeedanceError) -> None:
        submission = self.known[key]
        if isinstance(error, NotFound):
            with suppress(WriteFailed):  # only shortens a later bare `wait`
                self.session.note_lost(submission)
        concern(error, submission)
        if self.wanted.submitted:
            # The task is paid for: no error of a read may look as if it were not.
            error.retry_safe = False
            error.intent = submission.intent
            if error.exit_code in _ALIVE:
                error.exit_code = _STOPPED_WATCHING
        # The endpoint that goes before the command is in the hint already.
        if error.exit_code not in _NO_USE and not isinstance(error, Unvouched):
            way = self._way_back([submission])
            error.hint = f"{error.hint}; then: {way}" if error.hint else way
        self.failures.setdefault(key, []).append(error)
        self.out.complain(error)

    def _name_what_is_left(self) -> None:
        for key, one in self.known.items():
            if key not in self.told:
                self.out.note(
                    f"{one.ref} was {state(one)}; it was not watched to its end: "
                    f"{self._way_back([one])}"
                )

    def _document(self) -> None:
        if self.out.json and not self.wanted.events:
            codes = {error.exit_code for found in self.failures.values() for error in found}
            if not self.learned and codes and codes <= _ALIVE:
                return  # of refs that the ledger lacks no read told anything
            self.out.document(self._known_tasks())
        self._mark_told()

    def _known_tasks(self) -> object:
        tasks = [task_object(one) for one in (*self.known.values(), *self.unknown)]
        return tasks[0] if self.wanted.one else tasks

    def _come_back(self, stop: Interrupted) -> Interrupted:
        left = [one for key, one in self.known.items() if key not in self.told]
        words = f"; {_standing(left)}" if left else ""
        hint = self._way_back(left) if left else None
        stopped = Stopped(f"interrupted{words}", hint=hint)
        if len(left) == 1 or self.wanted.submitted:
            one = left[0] if left else next(iter(self.known.values()))
            stopped.ref, stopped.provider, stopped.intent = one.ref, one.provider, one.intent
        stopped.retry_safe = not self.wanted.submitted
        return Interrupted(stop.signum, stopped)

    def _way_back(self, submissions: Sequence[Submission]) -> str:
        words = ["seedance", "wait", *(one.ref or "" for one in submissions)]
        if self.wanted.output is not None:
            words += ["-o", self.wanted.output]
        elif self.wanted.download:
            words += ["--download"]
        return shlex.join(words)


def _standing(left: Sequence[Submission]) -> str:
    if len(left) > 1:
        return f"{len(left)} tasks are left"
    match left[0].status:
        case Status.QUEUED | Status.RUNNING:
            return "the task runs on"
        case Status.UNKNOWN:
            return f"the task was {state(left[0])} when last heard of"
        case _:
            return "its video is still there"


def _key(submission: Submission) -> _Key:
    assert submission.task is not None
    return (
        submission.provider,
        submission.endpoint,
        submission.sandbox,
        submission.task.task_id,
    )

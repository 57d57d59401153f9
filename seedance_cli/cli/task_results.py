"""What `status` and `cancel` share: one question a task, answers and failures side by side."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from seedance_cli.cli.output.documents import task_object
from seedance_cli.cli.unknown import verdict
from seedance_cli.errors import Interrupted, NotFound, SeedanceError, WriteFailed
from seedance_cli.tasks import no_task

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seedance_cli.cli.session import Session
    from seedance_cli.models import Submission


class TaskResults:
    """The tasks of one command, each with its answer or its failure."""

    def __init__(
        self,
        session: Session,
        submissions: Sequence[Submission],
        unknown: Sequence[Submission] = (),
        *,
        one: bool,
    ) -> None:
        """Take the tasks.

        Args:
            session: ledger and streams.
            submissions: those that were named; one without a task is a failure.
            unknown: submissions without one, already named.
            one: one task was named: with `--json` the document is an object, not an array.
        """
        self._session = session
        self._known = list(submissions)
        self._unknown = unknown
        self._one = one
        self.answers: list[Submission] = []
        """The tasks that were answered for, as they are now."""
        self.failures: list[SeedanceError] = []

    def __iter__(self) -> Iterator[Submission]:
        """The tasks, one by one; why a submission has none is told in its turn."""
        for one in tuple(self._known):
            if one.task is None:
                self.failed(one, no_task(one))
            else:
                yield one

    def answered(self, before: Submission, after: Submission) -> Submission:
        """Take an answer, and write it into the ledger."""
        assert after.task is not None
        try:
            after = self._session.ledger().observe(after, after.task)
        except WriteFailed as error:
            self.failed(after, error)
        self._known[self._known.index(before)] = after
        self.answers.append(after)
        return after

    def done(self, submission: Submission) -> None:
        """Take it that what was asked for is done; nothing new is known of the task."""
        self.answers.append(submission)

    def failed(self, submission: Submission, error: SeedanceError) -> None:
        """Take a failure, and tell of it."""
        if isinstance(error, NotFound):
            with suppress(WriteFailed):  # only shortens a later bare `wait`
                self._session.note_lost(submission)
        error = error.about(submission)
        self.failures.append(error)
        self._session.out.complain(error)

    @contextmanager
    def document(self) -> Iterator[None]:
        """With `--json`, write the one document when the block ends, after a signal too."""
        try:
            yield
        except Interrupted:
            with suppress(WriteFailed):  # what the signal asked for goes first
                self._write()
            raise
        self._write()

    def verdict(self) -> int:
        """The exit code; with `--json` the last line of stderr. Everything else is told by now."""
        for one in self.answers:
            if one.intent is not None and not one.told:
                with suppress(WriteFailed):  # only keeps the same request from being paid again
                    self._session.ledger().told(one.intent)
        lacking = self._session.door.caught_up()
        if lacking is not None:
            self._session.out.complain(lacking)
            self.failures.append(lacking)
        return verdict(self._session.out, self.failures, self._unknown)

    def _write(self) -> None:
        out = self._session.out
        recorded = self._unknown or any(one.intent is not None for one in self._known)
        if not out.json or (self.failures and not (self.answers or recorded)):
            return  # of refs that the ledger lacks nothing became known, and the errors say so
        tasks = [task_object(one) for one in (*self._known, *self._unknown)]
        out.document(tasks[0] if self._one else tasks)

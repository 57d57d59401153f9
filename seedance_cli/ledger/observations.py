"""What the providers say of tasks, and what the user has of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from seedance_cli.ledger import statements
from seedance_cli.ledger.part import Part
from seedance_cli.ledger.rows import charge_columns, task_columns
from seedance_cli.ledger.schema import LOST_AFTER, time_text
from seedance_cli.models import higher, merge, worth_keeping

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from seedance_cli.models import Submission, Task

_WATCHED = timedelta(seconds=60)
"""A task seen unfinished so shortly before it was seen finished has a duration worth keeping."""


class Observations(Part):
    """Tasks on their way, polled by this process."""

    def unfinished(
        self, *, sandbox: bool, provider: str | None = None, profile: str | None = None
    ) -> list[Submission]:
        """Tasks that are not terminal or not delivered, oldest first.

        Without those that were dismissed, or that the provider has not found for `LOST_AFTER`.

        Args:
            sandbox: those of the sandbox, else only real ones.
            provider: only its tasks.
            profile: only those submitted with this profile.
        """
        since = time_text(self._clock.now() - LOST_AFTER)
        return self._store.select(
            statements.UNFINISHED, (since, int(sandbox), provider, profile, profile)
        )

    def succeeded(
        self,
        since: datetime,
        *,
        sandbox: bool,
        provider: str | None = None,
        profile: str | None = None,
    ) -> list[Submission]:
        """Tasks that have succeeded since then, oldest first; else as `unfinished`."""
        return self._store.select(
            statements.WITH_A_VIDEO, (time_text(since), int(sandbox), provider, profile, profile)
        )

    def dismiss(self, submission: Submission) -> None:
        """Take a task off the unfinished ones. Nothing else of it changes."""
        with self._store.writing():
            self._store.update_task(submission, {"dismissed": 1})

    def observe(self, submission: Submission, task: Task) -> Submission:
        """Take in what the provider said of one task; see `observe_all`."""
        return self.observe_all([(submission, task)])[0]

    def observe_all(self, answers: Sequence[tuple[Submission, Task]]) -> list[Submission]:
        """Take in what the provider said of tasks; see `merge` for what is kept of it.

        Written only if something worth keeping changed: that a task runs is written once. What is
        as it was at the last answer is not even looked up: thousands are polled. A task
        that the ledger lacks is never written. All that is to be written is one commit: the
        disk's answer to that takes longer than everything else.

        Args:
            answers: tasks as they were known here, and as the provider has them now.

        Raises:
            WriteFailed: nothing could be written; the caller still has the answers themselves.
        """
        now = self._clock.now()
        known = [self._merged(submission, task, now) for submission, task in answers]
        if any(write for _, write in known):
            with self._store.writing():
                known = [
                    (self._write(*answer, now=now), True) if write else (task, False)
                    for answer, (task, write) in zip(answers, known, strict=True)
                ]
        for (submission, _), (task, write) in zip(answers, known, strict=True):
            if write:
                self._follow(submission, task)
        return [
            self._seen(submission, task, now)
            for (submission, _), (task, _) in zip(answers, known, strict=True)
        ]

    def set_lost(self, submission: Submission, when: datetime | None = None) -> None:
        """Note that the provider does not find the task. Only the first time counts.

        The task's status does not change; `observe` forgets the note. After `LOST_AFTER` the task
        is no longer among the unfinished.

        Args:
            submission: whose task.
            when: UTC; now, if None.
        """
        if submission.intent is None:
            return
        self._followed.pop(submission.intent, None)
        if self._store.query(statements.NOT_LOST, (submission.intent,)):
            with self._store.writing():
                since = time_text(when or self._clock.now())
                self._store.update_task(submission, {"not_found_since": since})

    def delivered(self, submission: Submission) -> Submission:
        """Write that the user has the result, or knows of the failure."""
        return self.delivered_all([submission])[0]

    def delivered_all(self, submissions: Sequence[Submission]) -> list[Submission]:
        """The same of several, in one commit.

        Raises:
            WriteFailed: none could be written.
        """
        news = [one for one in submissions if one.intent and not one.delivered]
        if news:
            with self._store.writing():
                for one in news:
                    self._store.update_task(one, {"delivered": 1, "told": 1})
        return [one._replace(delivered=True, told=True) for one in submissions]

    def _merged(self, submission: Submission, task: Task, now: datetime) -> tuple[Task, bool]:
        """What is known of a task after an answer, and whether that is to be written."""
        if submission.intent is None:
            return merge(submission.task or task, task, now), False
        followed = self._followed.get(submission.intent)
        if followed is not None:
            after = merge(followed, task, now)
            if not worth_keeping(followed, after):
                return after, False
        known = self._store.task(submission.intent)
        stored = known.task or submission.task or task
        after = merge(stored, task, now)
        if known.lost or worth_keeping(stored, after):
            self._followed.pop(submission.intent, None)  # until it is written, which may fail
            return after, True
        self._follow(submission, stored)
        return after, False

    def _follow(self, submission: Submission, stored: Task) -> None:
        """Keep what the row says of a task. One that has ended is polled no more."""
        if submission.intent is not None and not stored.status.terminal:
            self._followed[submission.intent] = stored

    def _write(self, submission: Submission, task: Task, *, now: datetime) -> Task:
        """Write an answer, inside a transaction; what is known after it."""
        assert submission.intent is not None
        # Read again: another process may have been faster.
        known = self._store.task(submission.intent)
        stored = known.task or submission.task or task
        after = merge(stored, task, now)
        charge = higher(known.charge, after.cost)
        columns = {**task_columns(after), **charge_columns(charge), "not_found_since": None}
        if self._timed(submission.intent, stored, task, now):
            columns["watched"] = 1
        self._store.update_task(submission._replace(task=after), columns)
        return after

    def _seen(self, submission: Submission, known: Task, now: datetime) -> Submission:
        """The submission with what is known of its task, which was seen just now."""
        if submission.intent is not None and not known.status.terminal:
            self._running_at[submission.intent] = now
        return submission if submission.task == known else submission._replace(task=known)

    def _timed(self, intent: str, stored: Task, task: Task, now: datetime) -> bool:
        """Whether the time of a task's end is known, and not only when somebody looked."""
        if stored.status.terminal or not task.status.terminal:
            return False
        seen = self._running_at.get(intent)
        return task.finished_at is not None or (seen is not None and now - seen <= _WATCHED)

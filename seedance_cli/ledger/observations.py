"""What the providers say of tasks, and what the user has of them."""

from __future__ import annotations

from dataclasses import replace
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

    from seedance_cli.ledger.store import Store
    from seedance_cli.models import Submission, Task
    from seedance_cli.system import Clock

_FRESH = timedelta(seconds=60)
"""How long a row that was read stands for itself while nothing new is heard of its task."""
_WATCHED = timedelta(seconds=60)
"""A task seen unfinished so shortly before it was seen finished has a duration worth keeping."""


class Observations(Part):
    """Tasks on their way, polled by this process."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """As `Part`."""
        super().__init__(store, clock)
        self._heard: dict[str, tuple[datetime, Task]] = {}
        """What is known of each task that was observed, and when its row was read."""

    def unfinished(
        self, *, sandbox: bool, provider: str | None = None, profile: str | None = None
    ) -> list[Submission]:
        """Tasks that are not terminal or not delivered, oldest first.

        Without those that the provider has not found for `LOST_AFTER`.

        Args:
            sandbox: those of the sandbox, else only real ones.
            provider: only its tasks.
            profile: only those submitted with this profile.
        """
        since = time_text(self._clock.now() - LOST_AFTER)
        rows = self._store.select(
            statements.UNFINISHED, (since, int(sandbox), provider, profile, profile)
        )
        # Whoever asks for these is about to observe them.
        now = self._clock.now()
        lost = {row["intent"] for row in self._store.query(statements.LOST)}
        for row in rows:
            if row.intent is not None and row.task is not None and row.intent not in lost:
                self._heard[row.intent] = now, row.task
        return rows

    def observe(self, submission: Submission, task: Task) -> Submission:
        """Take in what the provider said of one task; see `observe_all`."""
        return self.observe_all([(submission, task)])[0]

    def observe_all(self, answers: Sequence[tuple[Submission, Task]]) -> list[Submission]:
        """Take in what the provider said of tasks; see `merge` for what is kept of it.

        Written only if something worth keeping changed: a step from queued to running is not. A
        task that the ledger lacks is never written. All that is to be written is one commit: the
        disk's answer to that takes longer than everything else.

        Args:
            answers: tasks as they were known here, and as the provider has them now.

        Raises:
            WriteFailed: nothing could be written; the caller still has the answers themselves.
        """
        now = self._clock.now()
        observed = [submission for submission, _ in answers]
        news = {
            number: self._merged(submission, task, now)
            for number, (submission, task) in enumerate(answers)
            if not self._repeats(submission, task, now)
        }
        if any(write for _, write in news.values()):
            with self._store.writing():
                for number, (_, write) in news.items():
                    if write:
                        news[number] = self._write(*answers[number], now=now), True
        for number, (known, write) in news.items():
            submission = answers[number][0]
            if submission.task != known:
                submission = observed[number] = replace(submission, task=known)
            assert submission.task is not None
            self._hear(submission, submission.task, now, fresh=write)
        return observed

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
        self._heard.pop(submission.intent, None)
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
        return [replace(one, delivered=True, told=True) for one in submissions]

    def _repeats(self, submission: Submission, task: Task, now: datetime) -> bool:
        """Whether the answer is the very one that was heard before, as most polls bring."""
        if submission.intent is None or task is not submission.task:
            return False
        then, known = self._heard.get(submission.intent, (now, None))
        if known is not task or not timedelta() <= now - then < _FRESH:
            return False
        if not task.status.terminal:
            self._running_at[submission.intent] = now
        return True

    def _merged(self, submission: Submission, task: Task, now: datetime) -> tuple[Task, bool]:
        """What is known of a task after an answer, and whether that is to be written."""
        if submission.intent is None:
            return merge(submission.task or task, task, now), False
        known, lost = self._known(submission, task, now)
        after = merge(known, task, now)
        return after, lost or worth_keeping(known, after)

    def _write(self, submission: Submission, task: Task, *, now: datetime) -> Task:
        """Write an answer, inside a transaction; what is known after it."""
        assert submission.intent is not None
        # Read again: another process may have been faster.
        known = self._store.task(submission.intent)
        stored = known.task or submission.task or task
        after = merge(stored, task, now)
        charge = higher(known.charge, after.cost)
        columns = {
            **task_columns(after),
            **charge_columns(charge),
            "not_found_since": None,
        }
        if self._timed(submission.intent, stored, task, now):
            columns["watched"] = 1
        self._store.update_task(replace(submission, task=after), columns)
        return after

    def _known(self, submission: Submission, task: Task, now: datetime) -> tuple[Task, bool]:
        """As `_stored`, but as it was up to a minute ago: most polls bring nothing new."""
        assert submission.intent is not None
        if submission.intent in self._heard:
            then, known = self._heard[submission.intent]
            if timedelta() <= now - then < _FRESH:
                return known, False
        return self._stored(submission, task)

    def _stored(self, submission: Submission, task: Task) -> tuple[Task, bool]:
        """The task as its row has it, and whether it is noted as not found."""
        assert submission.intent is not None
        known = self._store.task(submission.intent)
        return known.task or submission.task or task, known.lost

    def _hear(self, submission: Submission, known: Task, now: datetime, *, fresh: bool) -> None:
        """Remember what is known of a task, and when it was seen unfinished.

        Args:
            submission: whose task.
            known: the row's task, and what was not worth writing.
            now: the moment of the answer.
            fresh: the row was just written.
        """
        intent = submission.intent
        if intent is None:
            return
        then, _ = self._heard.get(intent, (now, known))
        if fresh or not timedelta() <= now - then < _FRESH:
            then = now
        self._heard[intent] = then, known
        if not known.status.terminal:
            self._running_at[intent] = now

    def _timed(self, intent: str, stored: Task, task: Task, now: datetime) -> bool:
        """Whether the time of a task's end is known, and not only when somebody looked."""
        if stored.status.terminal or not task.status.terminal:
            return False
        seen = self._running_at.get(intent)
        return task.finished_at is not None or (seen is not None and now - seen <= _WATCHED)

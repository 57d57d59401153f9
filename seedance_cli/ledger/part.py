"""What every part of the ledger works on, and how a task gets into its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.ledger import statements
from seedance_cli.ledger.rows import charge_columns, task_columns, task_key
from seedance_cli.models import higher, merge

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from seedance_cli.ledger.store import Store
    from seedance_cli.models import IntentState, Submission, Task
    from seedance_cli.system import Clock


class Part:
    """What serves one purpose of the ledger; `Ledger` joins all parts. None of them knows SQL."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Take over an open store.

        Args:
            store: the rows.
            clock: for every time stamp.
        """
        self._store = store
        self._clock = clock
        self._running_at: dict[str, datetime] = {}
        """When this process last saw each task unfinished, by intent."""
        self._marks: dict[str, Mapping[int, str]] = {}
        """The fingerprints of what this process submits, by intent."""
        self._followed: dict[str, Task] = {}
        """What the row of each polled intent says of its task, as this process last read or wrote
        it: an answer that brings nothing new needs no look at the row."""

    def _take(self, intent: str, state: IntentState, task: Task) -> Submission:
        """Write the task of an intent; what was known of it before, and its other rows, follow."""
        now = self._clock.now()
        if task.status.terminal and task.finished_at is None:
            task = task._replace(finished_at=now)
        charge = higher(None, task.cost)
        with self._store.writing():
            row = self._store.row(intent)._replace(task=task)
            others = [one for one in self._rows_of(row) if one.intent != intent]
            for other in others:
                assert other.intent is not None
                assert other.task is not None
                task = merge(other.task, task, now)
                charge = higher(self._store.task(other.intent).charge, charge)
            columns = {**task_columns(task), **charge_columns(charge)}
            self._store.update(intent, {"state": state.value, **columns})
            if others:
                delivered = int(any(one.delivered for one in others))
                self._store.update_task(row, {**columns, "delivered": delivered})
            return self._store.row(intent)

    def _rows_of(self, submission: Submission) -> list[Submission]:
        """Every row of a submission's task, oldest first."""
        return self._store.select(statements.ROWS_OF_TASK, task_key(submission))

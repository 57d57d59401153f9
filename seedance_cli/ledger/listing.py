"""Submissions found again: by their task's id, or as a list."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING

from seedance_cli.ledger import statements
from seedance_cli.ledger.part import Part
from seedance_cli.ledger.rows import key
from seedance_cli.models import IntentState, Status, without_a_task

if TYPE_CHECKING:
    from seedance_cli.models import Submission

_OF_A_TASK = frozenset(
    {
        *(Status.QUEUED, Status.RUNNING, Status.SUCCEEDED, Status.FAILED),
        *(Status.CANCELLED, Status.EXPIRED),
    }
)
_HIDDEN = frozenset({IntentState.REFUSED, IntentState.NOT_SENT})


class Listing(Part):
    """What was submitted from this machine."""

    def find(self, task_id: str, *, provider: str | None = None) -> list[Submission]:
        """The submissions of a task id: more than one for several endpoints, or the sandbox."""
        return self._store.select(statements.TASK, (key(task_id), provider))

    def beginning(self, text: str) -> list[Submission]:
        """The submissions of the tasks whose id begins so, oldest first."""
        return self._store.select(statements.TASK_BEGINNING, (key(text), key(text)))

    def named(self, name: str) -> list[Submission]:
        """The newest attempt under a name: a real one, one of the sandbox's, or both.

        Abandoned ones are settled first.
        """
        return self._store.tidy(statements.NEWEST_OF_NAME, (key(name),))

    def current(self, submission: Submission) -> Submission:
        """The row of a submission as it is now. Abandoned ones are settled first."""
        return self._store.tidy(statements.ROW, (submission.intent,))[0]

    def rows(
        self,
        *,
        limit: int | None = None,
        status: Status | None = None,
        provider: str | None = None,
        sandbox: bool | None = None,
        all_states: bool = False,
    ) -> list[Submission]:
        """The submissions, newest first.

        Args:
            limit: at most so many of what is left after the other arguments.
            status: only those with this status; the hidden ones, too.
            provider: only its own.
            sandbox: only those of the sandbox, or only real ones; None: both.
            all_states: `refused` and `not_sent` ones too.
        """
        # In the table a submission without a task has the status that a task begins with.
        word = status if status in _OF_A_TASK else Status.UNKNOWN
        found = self._store.each(
            statements.NEWEST,
            (None if status is None else word.value, provider, sandbox),
            self._store.abandoned_now(),
        )
        with closing(found):  # an open cursor would keep writers out
            shown = (one for one in found if _shows(one.state, one.status, status, all_states))
            return list(islice(shown, limit))

    def count(
        self, *, status: Status | None = None, provider: str | None = None, all_states: bool = False
    ) -> int:
        """How many `rows` there are without a limit, without reading what is in them."""
        gone = self._store.abandoned_now()
        found = self._store.query(statements.STATES, (provider,))
        with self._store.decoding():
            states = ((gone.get(row["intent"]) or IntentState(row["state"]), row) for row in found)
            return sum(
                _shows(
                    state,
                    without_a_task(state) if row["task_id"] is None else Status(row["status"]),
                    status,
                    all_states,
                )
                for state, row in states
            )


def _shows(
    state: IntentState | None, status: Status, wanted: Status | None, all_states: bool
) -> bool:
    """Whether a row is among those that are asked for; see `Ledger.rows`."""
    if wanted is not None:
        return status is wanted
    return all_states or state not in _HIDDEN

"""Submissions found again: by their task's id, or as a list."""

from __future__ import annotations

import os
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, TypedDict

from seedance_cli._named import NamedTuple
from seedance_cli.ledger import places, statements
from seedance_cli.ledger.part import Part
from seedance_cli.ledger.rows import key, task_key
from seedance_cli.ledger.schema import time_text
from seedance_cli.models import IntentState, Status, without_a_task

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from datetime import datetime
    from typing import Unpack

    from seedance_cli.ledger.rows import Value
    from seedance_cli.ledger.stored import Row
    from seedance_cli.models import Submission

_OF_A_TASK = frozenset(
    {
        *(Status.QUEUED, Status.RUNNING, Status.SUCCEEDED, Status.FAILED),
        *(Status.CANCELLED, Status.EXPIRED),
    }
)
_AT_ONCE = 200
"""Tasks whose files are one question."""
_HIDDEN = frozenset({IntentState.REFUSED, IntentState.NOT_SENT})


class ListFilter(TypedDict, total=False):
    """Which submissions are asked for; what is left out, or None, restricts nothing."""

    status: Status | None
    """Only those with this status; the hidden ones, too."""
    provider: str | None
    profile: str | None
    batch: str | None
    sandbox: bool | None
    """Only those of the sandbox, or only real ones."""
    since: datetime | None
    """When the intent was written, at the earliest."""
    metadata: Mapping[str, str]
    """All of these."""
    search: str | None
    """Text in the name, the ref, the prompt or the reason of a failure, in any case."""
    all_states: bool
    """`refused` and `not_sent` ones, too."""


class Count(NamedTuple):
    """How many submissions there are."""

    shown: int
    hidden: int
    """Those of them that only `all_states` shows."""


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

    def older_attempts(self) -> set[str]:
        """The intents that their name does not mean any more: another attempt came after them."""
        return {str(row["intent"]) for row in self._store.query(statements.OLDER_ATTEMPTS)}

    def current(self, submission: Submission) -> Submission:
        """The row of a submission as it is now. Abandoned ones are settled first."""
        return self._store.tidy(statements.ROW, (submission.intent,))[0]

    def elsewhere(self, submissions: Sequence[Submission]) -> dict[str, tuple[str, ...]]:
        """The files of these tasks that other machines saved, and that are not here.

        Returns:
            By intent, each as `MACHINE:PATH`.
        """
        with_task = [one for one in submissions if one.intent is not None and one.task is not None]
        found: dict[tuple[object, ...], list[str]] = {}
        for first in range(0, len(with_task), _AT_ONCE):
            tasks = sorted({str(task_key(one)[-1]) for one in with_task[first : first + _AT_ONCE]})
            rows = self._store.query(statements.files_of_tasks(len(tasks)), tasks)
            for row in places.elsewhere(rows, self._store.machine):
                task = (row["provider"], row["endpoint"], row["sandbox"], row["task_id"])
                path = f"{row['machine']}:{os.fsdecode(row['path'])}"
                found.setdefault(task, []).append(path)
        return {
            str(one.intent): tuple(found[task_key(one)])
            for one in with_task
            if task_key(one) in found
        }

    def rows(self, *, limit: int | None = None, **wanted: Unpack[ListFilter]) -> list[Submission]:
        """The submissions, newest first.

        Args:
            limit: at most so many of what is left after the other arguments.
            wanted: which ones.
        """
        with closing(self._listed(wanted)) as found:  # an open cursor would keep writers out
            return list(islice(found, limit))

    def count(self, **wanted: Unpack[ListFilter]) -> Count:
        """How many `rows` there are without a limit, as far as possible without reading them."""
        everything: ListFilter = {**wanted, "all_states": True}
        if wanted.get("metadata") or wanted.get("search"):
            found = [(one.state, one.status) for one in self._listed(everything)]
        else:
            gone = self._store.abandoned_now()
            rows = self._store.query(statements.STATES, _values(wanted))
            with self._store.decoding():
                found = [_standing(row, gone.get(row["intent"])) for row in rows]
        found = [one for one in found if _shows(*one, everything)]
        shown = sum(_shows(*one, wanted) for one in found)
        return Count(shown, len(found) - shown)

    def _listed(self, wanted: ListFilter) -> Generator[Submission, None, None]:
        found = self._store.each(statements.NEWEST, _values(wanted), self._store.abandoned_now())
        with closing(found):
            for one in found:
                if _shows(one.state, one.status, wanted) and _says(one, wanted):
                    yield one


def _standing(row: Row, gone: IntentState | None) -> tuple[IntentState, Status]:
    """State and status of a row of `statements.STATES`; `gone`: a state that was not written."""
    state = gone or IntentState(row["state"])
    status = without_a_task(state) if row["task_id"] is None else Status(row["status"])
    return state, status


def _values(wanted: ListFilter) -> tuple[Value, ...]:
    """Those of a statement; see `statements._LISTED`."""
    status, profile, batch = wanted.get("status"), wanted.get("profile"), wanted.get("batch")
    # In the table a submission without a task has the status that a task begins with.
    word = status if status in _OF_A_TASK else Status.UNKNOWN
    return (
        None if status is None else word.value,
        wanted.get("provider"),
        wanted.get("sandbox"),
        *(profile, profile),
        *(batch, batch),
        time_text(wanted.get("since")),
    )


def _shows(state: IntentState | None, status: Status, wanted: ListFilter) -> bool:
    """Whether a row of that state is among those that are asked for."""
    if wanted.get("status") is not None:
        return status is wanted["status"]
    return wanted.get("all_states", False) or state not in _HIDDEN


def _says(row: Submission, wanted: ListFilter) -> bool:
    """Whether a row has the metadata and the text that are asked for."""
    request, task = row.request, row.task
    metadata = {} if request is None else request.metadata
    if any(metadata.get(key) != value for key, value in wanted.get("metadata", {}).items()):
        return False
    text = wanted.get("search")
    if not text:
        return True
    words = [row.name, row.ref, None if request is None else request.prompt]
    if task is not None:
        words += [task.task_id, None if task.error is None else task.error.words]
    return any(text.casefold() in word.casefold() for word in words if word)

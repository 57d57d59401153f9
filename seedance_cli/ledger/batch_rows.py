"""What the ledger has of the rows of a batch, all at once."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.ledger import names, statements
from seedance_cli.ledger.part import Part
from seedance_cli.ledger.places import first_of_each
from seedance_cli.ledger.rows import read_price, read_task
from seedance_cli.models import RULE, IntentState, extras, make_ref, one_form, without_a_task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seedance_cli.ledger.stored import Row
    from seedance_cli.models import Price, Purchase, Status, Submission

_NO_TASK = frozenset({IntentState.REFUSED, IntentState.NOT_SENT, IntentState.DISCARDED})
_AT_ONCE = 500
"""Values of one statement."""


class BatchRow(NamedTuple):
    """What is known of one row of a batch, less than a `Submission`: there may be thousands.

    Of several attempts the newest that bought something, or may have; else the newest.
    """

    key: str
    intent: str
    state: IntentState
    status: Status
    provider: str
    endpoint: str
    fingerprint: str
    rule: int
    """By which the fingerprint was made."""
    extras: int
    """What was said beside the request; see `models.extras`."""
    attempt: int
    delivered: bool
    outside: bool = False
    """It was submitted under the row's name, and not by the batch."""
    ref: str | None = None
    urls: tuple[str, ...] = ()
    cost: Price | None = None
    error: str | None = None
    """What its provider says went wrong."""
    files: tuple[tuple[str, int], ...] = ()
    """Path and bytes of each saved video."""

    @property
    def bought(self) -> bool:
        """Whether it was accepted, or may have been, or is on its way."""
        return self.state not in _NO_TASK


class BatchRows(Part):
    """The rows of batches."""

    def of_batch(self, batch: str, *, sandbox: bool) -> dict[str, BatchRow]:
        """What is known of each row of a batch, by its key.

        Args:
            batch: its name.
            sandbox: that of the sandbox, else the real one.
        """
        gone = self._store.abandoned_now()
        place = (batch, f"{batch}/", f"{batch}/", int(sandbox))
        files = self._files_of_batch(place)
        found: dict[str, BatchRow] = {}
        for row in self._store.query(statements.OF_BATCH, place):
            with self._store.decoding():
                one = _read(row, gone.get(row["intent"]), files)
            known = found.get(one.key)
            if known is None or one.bought or not known.bought:
                found[one.key] = one
        return found

    def _files_of_batch(
        self, place: tuple[str, str, str, int]
    ) -> dict[tuple[str, str, str], list[tuple[str, int]]]:
        """Path and bytes of each file that is here, by task."""
        rows: dict[tuple[str, str, str], list[Row]] = {}
        for file in self._store.query(statements.FILES_OF_BATCH, place):
            task = (file["provider"], file["endpoint"], file["task_id"])
            rows.setdefault(task, []).append(file)
        machine = self._store.machine
        return {
            task: [(os.fsdecode(one["path"]), one["size"]) for one in first_of_each(some, machine)]
            for task, some in rows.items()
        }

    def row(self, intent: str) -> Submission:
        """A submission, all of it.

        Raises:
            WriteFailed: there is none of this intent.
        """
        return self._store.row(intent)

    def differs(self, intent: str, purchase: Purchase) -> list[str]:
        """How a purchase differs from a submission of before: `duration 5 → 8`."""
        found = names.differences(self._store.row(intent), purchase)
        return found or ["the request as the provider words it"]

    def same_outside(self, batch: str, fingerprints: Sequence[str], *, sandbox: bool) -> set[str]:
        """Which of these requests a task has that is in no row of the batch.

        Args:
            batch: its name.
            fingerprints: of the requests, by the newest rule.
            sandbox: whether they are the sandbox's.
        """
        found: set[str] = set()
        for first in range(0, len(fingerprints), _AT_ONCE):
            some = fingerprints[first : first + _AT_ONCE]
            values: tuple[str | int, ...] = (batch, int(sandbox), RULE, *some)
            rows = self._store.query(statements.same_outside(len(some)), values)
            found.update(str(row["fingerprint"]) for row in rows)
        return found


def _read(
    row: Row,
    state: IntentState | None,
    files: Mapping[tuple[str, str, str], Sequence[tuple[str, int]]],
) -> BatchRow:
    state = state or IntentState(row["state"])
    task = read_task(row)
    request = json.loads(row["request"])
    place = (row["provider"], row["endpoint"], row["task_id"])
    cost = None
    if row["cost_amount"] is not None:
        cost = read_price(row["cost_amount"], row["cost_unit"], row["cost_basis"])
    outside = row["batch_row"] is None
    return BatchRow(
        key=one_form(row["name"].partition("/")[2] if outside else row["batch_row"]),
        intent=row["intent"],
        state=state,
        status=without_a_task(state) if task is None else task.status,
        provider=row["provider"],
        endpoint=row["endpoint"],
        fingerprint=row["fingerprint"],
        rule=row["fingerprint_rule"],
        extras=extras(request.get("callback_url"), request.get("metadata")),
        attempt=row["attempt"],
        delivered=bool(row["delivered"]),
        outside=outside,
        ref=None if task is None else make_ref(row["provider"], task.task_id),
        urls=() if task is None else task.video_urls,
        cost=cost,
        error=None if task is None or task.error is None else task.error.words,
        files=tuple(files.get(place, ())) if task is not None else (),
    )

"""Real rows in the shared ledger, the sandbox's in the file of their machine, as one ledger.

Each call goes where its rows are: by what it says of the sandbox, by its submission, or by its
intent. What asks for both has both. A ledger in a file has all of them itself.
"""

from __future__ import annotations

from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING

from seedance_cli.ledger.listing import Count
from seedance_cli.ledger.parts import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import Unpack

    from seedance_cli.errors import LedgerAway
    from seedance_cli.ledger.batch_rows import BatchRow
    from seedance_cli.ledger.listing import ListFilter
    from seedance_cli.ledger.store import Store
    from seedance_cli.ledger.submissions import Kin
    from seedance_cli.models import (
        IntentState,
        JsonObject,
        Prepared,
        PricedFields,
        Purchase,
        Spent,
        Submission,
        Task,
    )
    from seedance_cli.system import Clock


class TwoPlaces(Record):
    """The record of real rows, and that of the sandbox's."""

    def __init__(
        self, store: Store, clock: Clock, sandbox: Callable[[], Store] | None = None
    ) -> None:
        """Take over an open store.

        Args:
            store: the rows.
            clock: for every time stamp.
            sandbox: opens the store that has the sandbox's rows; None: it is the same.
        """
        super().__init__(store, clock)
        self._real = Record(store, clock)
        self._open_sandbox = sandbox
        self._here: Record | None = None

    def close(self) -> None:
        """Close the ledger, or both, and free every lock."""
        try:
            if self._here is not None:
                self._here.close()
        finally:
            super().close()

    def _at(self, *, sandbox: bool) -> Record:
        """The record that has these rows."""
        if not sandbox or self._open_sandbox is None:
            return self._real
        if self._here is None:
            self._here = Record(self._open_sandbox(), self._clock)
        return self._here

    def _with(self, intent: str) -> Record:
        """The record that has this intent, if any."""
        if self._open_sandbox is None or self._real.submits(intent):
            return self._real
        here = self._at(sandbox=True)
        return here if any(one.sandbox for one in here.get(intent)) else self._real

    def _both(self) -> list[Record]:
        """Each of the two."""
        here = self._at(sandbox=True)
        return [self._real] if here is self._real else [self._real, here]

    def _every(self, ask: Callable[[Record], list[Submission]]) -> list[Submission]:
        """What the shared ledger has, and of the file what is of the sandbox."""
        return [
            one
            for record in self._both()
            for one in ask(record)
            if record is self._real or one.sandbox
        ]

    # Submissions

    def prepare(self, purchase: Purchase) -> Prepared:
        """See `Approval`."""
        record = self._at(sandbox=purchase.sandbox)
        if record is not self._real:
            record.make()
        return record.prepare(purchase)

    def standing(self, name: str, *, sandbox: bool) -> Submission | None:
        """See `Approval`."""
        return self._at(sandbox=sandbox).standing(name, sandbox=sandbox)

    def known(self, purchase: Purchase) -> Prepared | None:
        """See `Approval`."""
        return self._at(sandbox=purchase.sandbox).known(purchase)

    def on_its_way(self, intent: str) -> bool:
        """See `Approval`."""
        return self._with(intent).on_its_way(intent)

    def sending(self, intent: str) -> None:
        """See `Submissions`."""
        self._with(intent).sending(intent)

    def between_tries(self, intent: str, evidence: JsonObject) -> None:
        """See `Submissions`."""
        self._with(intent).between_tries(intent, evidence)

    def accept(self, intent: str, task: Task, evidence: JsonObject | None = None) -> Submission:
        """See `Submissions`."""
        return self._with(intent).accept(intent, task, evidence)

    def told(self, intent: str) -> None:
        """See `Submissions`."""
        self._with(intent).told(intent)

    def settle(self, intent: str, state: IntentState, evidence: JsonObject) -> Submission:
        """See `Submissions`."""
        return self._with(intent).settle(intent, state, evidence)

    def kin(self, submission: Submission) -> Kin:
        """See `Submissions`."""
        return self._at(sandbox=submission.sandbox).kin(submission)

    # Unknown outcomes

    def unknown(self, *, sandbox: bool | None = None) -> list[Submission]:
        """See `Recovery`."""
        if sandbox is not None:
            return self._at(sandbox=sandbox).unknown(sandbox=sandbox)
        return sorted(self._every(lambda one: one.unknown()), key=_when)

    def get(self, intent_or_prefix: str) -> list[Submission]:
        """See `Recovery`."""
        return self._every(lambda one: one.get(intent_or_prefix))

    def adopt(self, intent: str, task: Task, *, force: bool = False) -> Submission:
        """See `Recovery`."""
        return self._with(intent).adopt(intent, task, force=force)

    def discard(self, intent: str) -> Submission:
        """See `Recovery`."""
        return self._with(intent).discard(intent)

    # Tasks

    def unfinished(
        self, *, sandbox: bool, provider: str | None = None, profile: str | None = None
    ) -> list[Submission]:
        """See `Observations`."""
        where = self._at(sandbox=sandbox)
        return where.unfinished(sandbox=sandbox, provider=provider, profile=profile)

    def succeeded(
        self,
        since: datetime,
        *,
        sandbox: bool,
        provider: str | None = None,
        profile: str | None = None,
    ) -> list[Submission]:
        """See `Observations`."""
        where = self._at(sandbox=sandbox)
        return where.succeeded(since, sandbox=sandbox, provider=provider, profile=profile)

    def dismiss(self, submission: Submission) -> None:
        """See `Observations`."""
        self._at(sandbox=submission.sandbox).dismiss(submission)

    def observe_all(self, answers: Sequence[tuple[Submission, Task]]) -> list[Submission]:
        """See `Riding`."""
        found = {
            sandbox: iter(self._at(sandbox=sandbox).observe_all(some))
            for sandbox in (False, True)
            if (some := [one for one in answers if one[0].sandbox is sandbox])
        }
        return [next(found[submission.sandbox]) for submission, _ in answers]

    def set_lost(self, submission: Submission, when: datetime | None = None) -> None:
        """See `Observations`."""
        self._at(sandbox=submission.sandbox).set_lost(submission, when)

    def delivered_all(self, submissions: Sequence[Submission]) -> list[Submission]:
        """See `Riding`."""
        found = {
            sandbox: iter(self._at(sandbox=sandbox).delivered_all(some))
            for sandbox in (False, True)
            if (some := [one for one in submissions if one.sandbox is sandbox])
        }
        return [next(found[one.sandbox]) for one in submissions]

    def add_file(
        self,
        submission: Submission,
        index: int,
        path: Path,
        size: int,
        facts: JsonObject | None = None,
    ) -> Submission:
        """See `Riding`."""
        where = self._at(sandbox=submission.sandbox)
        return where.add_file(submission, index, path, size, facts)

    def add_last_frame(self, submission: Submission, path: Path) -> Submission:
        """See `SavedFiles`."""
        return self._at(sandbox=submission.sandbox).add_last_frame(submission, path)

    def will_save(self, submission: Submission, index: int, path: Path, size: int) -> None:
        """See `SavedFiles`."""
        self._at(sandbox=submission.sandbox).will_save(submission, index, path, size)

    def files(self, submission: Submission) -> list[tuple[int, Path, int]]:
        """See `SavedFiles`."""
        return self._at(sandbox=submission.sandbox).files(submission)

    def targets(self, submission: Submission) -> list[tuple[int, Path, int]]:
        """See `SavedFiles`."""
        return self._at(sandbox=submission.sandbox).targets(submission)

    def catch_up(self) -> None:
        """See `Riding`."""
        self._real.catch_up()

    def last_try(self) -> LedgerAway | None:
        """See `Riding`."""
        return self._real.last_try()

    def heard_by(self, tell: Callable[[str], None]) -> None:
        """See `Riding`."""
        self._real.heard_by(tell)

    def durations(
        self, provider: str, endpoint: str, priced: PricedFields, *, limit: int = 30
    ) -> list[float]:
        """See `Riding`."""
        return self._real.durations(provider, endpoint, priced, limit=limit)

    # Found again

    def find(self, task_id: str, *, provider: str | None = None) -> list[Submission]:
        """See `Listing`."""
        return self._every(lambda one: one.find(task_id, provider=provider))

    def beginning(self, text: str) -> list[Submission]:
        """See `Listing`."""
        return self._every(lambda one: one.beginning(text))

    def named(self, name: str) -> list[Submission]:
        """See `Listing`."""
        return self._every(lambda one: one.named(name))

    def older_attempts(self) -> set[str]:
        """See `Listing`."""
        return {intent for record in self._both() for intent in record.older_attempts()}

    def current(self, submission: Submission) -> Submission:
        """See `Listing`."""
        return self._at(sandbox=submission.sandbox).current(submission)

    def rows(self, *, limit: int | None = None, **wanted: Unpack[ListFilter]) -> list[Submission]:
        """See `Listing`."""
        found = [record.rows(limit=limit, **those) for record, those in self._asked(wanted)]
        return list(islice(merge(*found, key=_when, reverse=True), limit))

    def count(self, **wanted: Unpack[ListFilter]) -> Count:
        """See `Listing`."""
        found = [record.count(**those) for record, those in self._asked(wanted)]
        return Count(sum(one.shown for one in found), sum(one.hidden for one in found))

    def _asked(self, wanted: ListFilter) -> list[tuple[Record, ListFilter]]:
        """Where a list looks, and for which rows."""
        if self._open_sandbox is None:
            return [(self._real, wanted)]
        sandbox = wanted.get("sandbox")
        found: list[tuple[Record, ListFilter]] = []
        for kind in (False, True) if sandbox is None else (sandbox,):
            those: ListFilter = {**wanted, "sandbox": kind}
            found.append((self._at(sandbox=kind), those))
        return found

    # Batches and sums

    def of_batch(self, batch: str, *, sandbox: bool) -> dict[str, BatchRow]:
        """See `BatchRows`."""
        return self._at(sandbox=sandbox).of_batch(batch, sandbox=sandbox)

    def row(self, intent: str) -> Submission:
        """See `BatchRows`."""
        return self._with(intent).row(intent)

    def differs(self, intent: str, purchase: Purchase) -> list[str]:
        """See `BatchRows`."""
        return self._at(sandbox=purchase.sandbox).differs(intent, purchase)

    def same_outside(self, batch: str, fingerprints: Sequence[str], *, sandbox: bool) -> set[str]:
        """See `BatchRows`."""
        where = self._at(sandbox=sandbox)
        return where.same_outside(batch, fingerprints, sandbox=sandbox)

    def spent(
        self,
        since: datetime,
        until: datetime | None = None,
        *,
        sandbox: bool = False,
        provider: str | None = None,
        profile: str | None = None,
    ) -> Iterator[Spent]:
        """See `Spending`."""
        where = self._at(sandbox=sandbox)
        return where.spent(since, until, sandbox=sandbox, provider=provider, profile=profile)


def _when(one: Submission) -> datetime:
    assert one.created_at is not None
    return one.created_at

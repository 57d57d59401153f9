"""What a run of a batch tells: a line a row as it comes, errors, counts, and the document."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from seedance_cli.cli import sidecar, totals
from seedance_cli.cli.output.documents import task_object
from seedance_cli.errors import (
    NotFound,
    OutcomeUnknown,
    SeedanceError,
    TaskFailed,
    WriteFailed,
)
from seedance_cli.models import Status, Submission, maybe_charged, spoken, timestamp
from seedance_cli.tasks import Checked, batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.cli.batch.book import Given
    from seedance_cli.cli.output.progress import Display
    from seedance_cli.cli.session import Session
    from seedance_cli.models import Price
    from seedance_cli.tasks import Delivery, Event

_ALIVE = frozenset({3, 4, 5})
"""Codes that, once a task is paid for, become 8: it is alive as far as known."""
_STOPPED_WATCHING = 8
_MARKED_AT_ONCE = 100
_NAMED = 10
"""Rows that a line names."""
NOT_SUBMITTED = "not_submitted"


class Report:
    """Everything that is said of one run. Its methods are for the command's own thread."""

    def __init__(
        self, session: Session, given: Given, items: Sequence[batch.Item], *, follow: bool
    ) -> None:
        """Take the rows.

        Args:
            session: its output and its ledger.
            given: the batch's name, and whether videos are downloaded.
            items: the rows, in order; what becomes known of them is kept there.
            follow: whether the result of a row is its video; else it is its ref.
        """
        self._session = session
        self._out = session.out
        self._ledger = session.ledger()
        self._given = given
        self._items = items
        self._follow = follow
        self._began = session.clock.monotonic()
        self._complete: list[Submission] = []
        """Tasks to be marked as delivered: what they brought is told, or with `--json` will be."""
        self.display: Display | None = None
        """What shows the tasks, while something does."""
        self.spent = totals.Spent()
        """What the rows cost that were told of."""
        self.failures: list[SeedanceError] = []
        self.unknown: SeedanceError | None = None
        """Why a signal left nobody knowing what became of a row."""

    def take(self, event: batch.BatchEvent) -> None:
        """Tell what there is to tell of an event."""
        match event:
            case batch.Settled(item):
                self.settled(item)
            case batch.Submitted(item, row, now):
                self._submitted(item, row, now=now)
            case batch.Refused(item, error):
                self._end(item, [error])
            case batch.Paused(pace, error):
                rest = pace.paused_until - self._session.clock.monotonic()
                pause = spoken(math.ceil(max(0.0, rest)))
                self._out.note(f"{pace.name}: {error.message}; again in {pause}")
            case batch.Halted():
                self._halted(event)
            case batch.Delivered(item, delivery):
                self._delivered(item, delivery)
            case batch.Lost(item, row, error):
                self._lost(item, row, error)
            case batch.Watched(seen):
                self._watched(seen)

    def failed(
        self, item: batch.Item | None, error: SeedanceError, row: Submission | None = None
    ) -> None:
        """Take a failure, and tell of it.

        Args:
            item: whose it is; None: the run's.
            error: what went wrong.
            row: the item's submission, where it has one.
        """
        whole = error
        if item is not None:
            item.error = error
            whole = error.but(message=f"{self._name(item)}: {error.message}")
        self.failures.append(whole)
        if item is None or self.display is None or not self.display.live:
            self._out.complain(whole)
        else:
            self.display.failed(row or self._without_a_row(item), error)

    def left(
        self,
        rows: Sequence[tuple[batch.Item, SeedanceError | None]],
        followed: Sequence[batch.Item],
    ) -> None:
        """Name what was not done.

        Args:
            rows: those that were not submitted, and why, which counts for the exit code.
            followed: those whose tasks were not watched to their end.
        """
        for item, error in rows:
            item.error = item.error or error
        reasons = {id(error): error for _, error in rows if error is not None}
        self.failures += reasons.values()
        words = []
        if rows:
            count = f"{len(rows)} of {len(self._items)} rows {'was' if len(rows) == 1 else 'were'}"
            words.append(f"{count} not submitted: {_names([item for item, _ in rows])}")
        if followed:
            words.append(f"not watched to the end: {_names(followed)}")
        if words:
            self._out.note(f"{'; '.join(words)}; the same command goes on with them")

    def mark(self) -> None:
        """Mark what was told as delivered; with `--json` nothing is, before the document."""
        if self._out.json or not self._complete:
            return
        self._mark()

    def refresh(self) -> None:
        """Have every row say what the ledger does.

        Raises:
            WriteFailed: it cannot be read.
        """
        known = self._ledger.of_batch(self._given.batch, sandbox=self._session.sandbox)
        for item in self._items:
            item.known = known.get(item.key, item.known)

    def tell(self) -> None:
        """The end: the summary, and with `--json` the document.

        Raises:
            WriteFailed: stdout could not be written.
        """
        self._out.note(self._summary())
        if self._out.json:
            self._out.document(self.document())
        if self._complete:
            self._mark()

    def document(self) -> list[dict[str, object]]:
        """One object a row, in order."""
        return [self.row_object(item) for item in self._items]

    def row_object(self, item: batch.Item) -> dict[str, object]:
        """What is known of one row; one that was never sent has no intent."""
        if item.known is not None:
            row = self._ledger.row(item.known.intent)
        else:
            row = self._without_a_row(item)
        found = task_object(row)
        if item.known is None:
            found["status"] = NOT_SUBMITTED
        else:  # one that was not submitted by the batch does not say so itself
            found["batch"], found["row"] = self._given.batch, item.key
        if found["error"] is None and item.error is not None:
            found["error"] = {"code": item.error.code, "message": item.error.message}
        return found

    def tell_of_others(self) -> None:
        """Name the rows that were submitted under their names, and not by this batch."""
        for item in self._items:
            if item.known is not None and item.known.outside and item.known.ref is not None:
                self._known(item, self._ledger.row(item.known.intent))

    def settled(self, item: batch.Item) -> None:
        """Tell of a row that this run finds at its end, or leaves alone."""
        known = item.known
        assert known is not None
        if known.ref is None:
            charged = maybe_charged(sandbox=self._session.sandbox)
            error: SeedanceError = OutcomeUnknown(
                f"its outcome is not known (intent {known.intent}): {charged}",
                hint="seedance recover",
                provider=known.provider,
                intent=known.intent,
            )
            self._end(item, [error])
            return
        if not self._follow:
            self._result([known.ref])
            return
        self._pay(known.provider, known.cost)
        if item.action is batch.Action.FAILED:
            why = f": {known.error}" if known.error else ""
            error = TaskFailed(f"{known.ref} {known.status}{why}", ref=known.ref)
            self._end(item, [error.but(provider=known.provider, intent=known.intent)])
        else:
            paths = [path for path, _ in known.files]
            row = partial(self._ledger.row, known.intent)
            failures = sidecar.look_again(row, paths, self._given)
            self._result(paths if self._given.download else known.urls)
            self._end(item, failures)
        if not known.delivered:
            self._told(self._ledger.row(known.intent))

    def _lost(self, item: batch.Item, row: Submission, error: SeedanceError) -> None:
        if isinstance(error, NotFound):
            with suppress(WriteFailed):  # only shortens a later bare `wait`
                self._session.note_lost(row)
        error = error.about(row).but(intent=row.intent)
        alive = error.exit_code in _ALIVE
        self._end(item, [error.as_exit(_STOPPED_WATCHING) if alive else error], row)

    def _watched(self, event: Event) -> None:
        match event:
            case Checked():
                if event.warning is not None and self.display is not None:
                    self.display.warn(event.submission, event.warning)
                if event.unwritten is not None:
                    self.failed(None, event.unwritten)
            case _:  # shown as it is
                pass

    def _submitted(self, item: batch.Item, row: Submission, *, now: bool) -> None:
        if self._follow:
            return
        if not now and not self._out.json:  # else it was said when the ref was
            self._known(item, row)
        self._end(item, ())

    def _known(self, item: batch.Item, row: Submission) -> None:
        when = timestamp(row.submitted_at)
        self._out.note(f"{self._name(item)} was submitted at {when} as {row.ref}")

    def _halted(self, halted: batch.Halted) -> None:
        pace, error, told = halted
        left = f"nothing more is submitted to {pace.name} ({len(pace.waiting)} left)"
        words = f"after that {left}" if told else f"{left}: {error.message}"
        self._out.complain(error.but(message=words, hint=None if told else error.hint))

    def _delivered(self, item: batch.Item, delivery: Delivery) -> None:
        row = delivery.submission
        self._pay(row.provider, None if row.task is None else row.task.cost)
        failures = sidecar.beside(delivery, self._given)
        self._end(item, [one.about(row).but(intent=row.intent) for one in failures], row)
        self._result(delivery.lines)
        if not self._given.download:
            self._session.tell_of_urls(row)
        if delivery.complete:
            self._told(row)

    def _end(
        self, item: batch.Item, failures: Sequence[SeedanceError], row: Submission | None = None
    ) -> None:
        """Take it that a row brings nothing more, and tell what went wrong with it."""
        for error in failures:
            self.failed(item, error, row)
        if self.display is None:
            return
        if row is not None:
            self.display.ended(row, well=not failures, counts_as=item.key)
        else:
            self.display.view.ended(item.key, None, well=not failures)

    def _result(self, lines: Sequence[str]) -> None:
        if not self._out.json:
            for line in lines:
                self._out.result(line)

    def _told(self, row: Submission) -> None:
        self._complete.append(row)
        if len(self._complete) >= _MARKED_AT_ONCE:
            self.mark()

    def _mark(self) -> None:
        try:
            self._ledger.delivered_all(self._complete)
        except WriteFailed as error:
            self.failed(None, error)
        self._complete.clear()

    def _summary(self) -> str:
        ends = Counter(map(self._became, self._items))
        spent = totals.Spent()
        for one in (item.known for item in self._items if item.known):
            if not self._session.sandbox:
                spent.add(one.provider, one.cost)
        files = [path for item in self._items if item.known for path, _ in item.known.files]
        place = None
        if files and self._given.download:
            place = totals.folder(files, self._session)
        took = self._session.clock.monotonic() - self._began
        # Why a run is 6 may stand many lines above.
        unknown = any(item.known and item.known.ref is None for item in self._items)
        way = "; seedance recover, for what is unknown" if unknown and ends["unknown"] else ""
        return f"{self._given.batch}: {totals.summary(ends, spent, took, place)}{way}"

    def _became(self, item: batch.Item) -> str:
        """What became of a row: its task may have succeeded, and its video not be here."""
        known = item.known
        if known is None or known.status is not Status.SUCCEEDED:
            return item.status.replace("_", " ")
        wanted = self._follow and self._given.download and item.action is not batch.Action.DONE
        return "not downloaded" if wanted and not batch.is_here(known) else known.status.value

    def _without_a_row(self, item: batch.Item) -> Submission:
        """A row of which the ledger knows nothing, as if it did."""
        return Submission(
            provider=item.provider,
            endpoint="",
            sandbox=self._session.sandbox,
            profile=item.seller.profile,
            request=batch.request(item.row.values, self._given.video),
            name=self._name(item),
            batch=self._given.batch,
            row=item.key,
        )

    def _pay(self, provider: str, cost: Price | None) -> None:
        if not self._session.sandbox:  # there nothing is charged
            self.spent.add(provider, cost)

    def _name(self, item: batch.Item) -> str:
        return f"{self._given.batch}/{item.key}"


def _names(items: Sequence[batch.Item]) -> str:
    """The rows that a line names: the first of them, and how many more there are."""
    more = len(items) - _NAMED
    names = ", ".join(item.key for item in items[:_NAMED])
    return f"{names} and {more} more" if more > 0 else names

"""What a run of a batch tells: a line a row as it comes, errors, counts, and the document."""

from __future__ import annotations

import math
import os
from collections import Counter
from contextlib import suppress
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from seedance_cli.cli import sidecar
from seedance_cli.cli.output.documents import task_object
from seedance_cli.errors import NotFound, OutcomeUnknown, SeedanceError, TaskFailed, WriteFailed
from seedance_cli.models import (
    CHARGED,
    Status,
    Submission,
    maybe_charged,
    spoken,
    timestamp,
    with_unit,
)
from seedance_cli.tasks import Checked, Logged, Noted, batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.cli.batch.book import Given
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
        self._seconds = 0.0
        """From submit to end, of all tasks that succeeded in this run."""
        self._timed = 0
        self._done = 0
        self._failed: set[str] = set()
        """The rows that failed, by their keys."""
        self._sums: dict[tuple[str, str | None], Decimal] = {}
        """What was charged, by provider and unit."""
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
                self.failed(item, error)
            case batch.Paused(pace, error):
                rest = pace.paused_until - self._session.clock.monotonic()
                pause = spoken(math.ceil(max(0.0, rest)))
                self._out.note(f"{pace.name}: {error.message}; again in {pause}")
            case batch.Halted(pace, error):
                left = f"nothing more is submitted to {pace.name} ({len(pace.waiting)} left)"
                self._out.complain(error.but(message=f"{left}: {error.message}"))
            case batch.Delivered(item, delivery):
                self._delivered(item, delivery)
            case batch.Lost(item, row, error):
                self._lost(item, row, error)
            case batch.Watched(seen):
                self._watched(seen)

    def failed(self, item: batch.Item | None, error: SeedanceError) -> None:
        """Take a failure, and tell of it."""
        if item is not None:
            item.error = error
            self._failed.add(item.key)
            error = error.but(message=f"{self._name(item)}: {error.message}")
        self.failures.append(error)
        self._out.complain(error)

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
            row = Submission(
                provider=item.provider,
                endpoint="",
                sandbox=self._session.sandbox,
                profile=item.seller.profile,
                request=batch.request(item.row.values, self._given.video),
                name=self._name(item),
                batch=self._given.batch,
                row=item.key,
            )
        found = task_object(row)
        if item.known is None:
            found["status"] = NOT_SUBMITTED
        if found["error"] is None and item.error is not None:
            found["error"] = {"code": item.error.code, "message": item.error.message}
        return found

    def line(self, running: int, waiting: int) -> str:
        """The one line about all rows."""
        parts = [f"{self._done} done", f"{running} running", f"{waiting} waiting"]
        if self._failed:
            parts.insert(1, f"{len(self._failed)} failed")
        parts += self._spent()
        if self._timed and (running or waiting):
            mean = self._seconds / self._timed
            rounds = math.ceil((running + waiting) / max(running, 1))
            parts.append(f"about {spoken(mean * rounds)} left")
        return f"{self._given.batch}: {', '.join(parts)}"

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
            self.failed(item, error)
            return
        if not self._follow:
            self._result([known.ref])
            return
        self._pay(known.provider, known.cost)
        if item.action is batch.Action.FAILED:
            why = f": {known.error}" if known.error else ""
            error = TaskFailed(f"{known.ref} {known.status}{why}", ref=known.ref)
            self.failed(item, error.but(provider=known.provider, intent=known.intent))
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
        self.failed(item, error.as_exit(_STOPPED_WATCHING) if alive else error)

    def _watched(self, event: Event) -> None:
        match event:
            case Checked():
                if event.warning is not None:
                    self._out.note(f"warning: {event.warning}")
                if event.unwritten is not None:
                    self.failed(None, event.unwritten)
            case Noted(text):
                self._out.note(text)
            case Logged(text):
                self._out.log(text)

    def _submitted(self, item: batch.Item, row: Submission, *, now: bool) -> None:
        if not now:
            when = timestamp(row.submitted_at)
            self._out.note(f"{self._name(item)} was submitted at {when} as {row.ref}")
        if not self._follow:
            self._done += 1
            if not now:  # else it was put there as soon as it was known
                self._result([row.ref or ""])

    def _delivered(self, item: batch.Item, delivery: Delivery) -> None:
        row = delivery.submission
        self._pay(row.provider, None if row.task is None else row.task.cost)
        failures = sidecar.beside(delivery, self._given)
        self._result(delivery.lines)
        if not self._given.download:
            self._session.tell_of_urls(row)
        if delivery.error is None:
            self._time(row)
        self._end(item, [one.about(row).but(intent=row.intent) for one in failures])
        if delivery.complete:
            self._told(row)

    def _end(self, item: batch.Item, failures: Sequence[SeedanceError]) -> None:
        """Take it that a row brings nothing more, and what went wrong with it."""
        self._done += not failures
        for error in failures:
            self.failed(item, error)

    def _time(self, row: Submission) -> None:
        task = row.task
        if row.submitted_at is not None and task is not None and task.finished_at is not None:
            self._seconds += max(0.0, (task.finished_at - row.submitted_at).total_seconds())
            self._timed += 1

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
        counts = Counter(item.status for item in self._items)
        order = [Status.SUCCEEDED.value, *sorted(set(counts) - {Status.SUCCEEDED.value})]
        shown = [f"{counts[word]} {word.replace('_', ' ')}" for word in order if counts[word]]
        took = spoken(self._session.clock.monotonic() - self._began)
        parts = [*shown, *self._spent(), took]
        folder = self._folder()
        return f"{self._given.batch}: {', '.join(parts)}" + (f"; in {folder}" if folder else "")

    def _folder(self) -> str | None:
        """Where the videos are: the folder that has all of them."""
        folders = {
            os.path.dirname(path)  # noqa: PTH120 - of thousands
            for item in self._items
            if item.known is not None
            for path, _ in item.known.files
        }
        if not (folders and self._given.download):
            return None
        with suppress(ValueError):  # on Windows they may be on several drives
            found = os.path.commonpath(folders)
            here = str(self._session.base("."))
            return os.path.relpath(found, here) if found.startswith(here) else found
        return None

    def _spent(self) -> list[str]:
        """What the rows were charged, for each provider and unit."""
        return [
            f"{with_unit(amount, unit)} at {name}" for (name, unit), amount in self._sums.items()
        ]

    def _pay(self, provider: str, cost: Price | None) -> None:
        if cost is not None and cost.basis == CHARGED:
            place = (provider, cost.unit)
            self._sums[place] = self._sums.get(place, Decimal(0)) + cost.amount

    def _name(self, item: batch.Item) -> str:
        return f"{self._given.batch}/{item.key}"


def _names(items: Sequence[batch.Item]) -> str:
    """The rows that a line names: the first of them, and how many more there are."""
    more = len(items) - _NAMED
    names = ", ".join(item.key for item in items[:_NAMED])
    return f"{names} and {more} more" if more > 0 else names

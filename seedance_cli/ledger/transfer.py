"""All rows out of one ledger, and into another, of whatever kind and on whatever machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from seedance_cli.errors import WriteFailed
from seedance_cli.ledger import exported, statements
from seedance_cli.ledger.part import Part
from seedance_cli.models import IntentState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seedance_cli.ledger.exported import Column, Exported

_AT_ONCE = 500
"""Rows of one question: between two of them others may write."""
_ON_THEIR_WAY = frozenset({IntentState.PREPARED, IntentState.SENDING})
_WAS_ON_ITS_WAY = '{"reason":"it was on its way when it was exported"}'
_FILES = {
    exported.FILE: (statements.EXPORTED_FILES, statements.TAKE_FILE),
    exported.TARGET: (statements.EXPORTED_TARGETS, statements.TAKE_TARGET),
}


class Taken(NamedTuple):
    """What an import brought."""

    taken: int
    """Submissions."""
    known: int
    """Submissions that were there, and stay as they are."""
    unnamed: tuple[str, ...] = ()
    """The names that are taken, a submission each, which came without it."""
    left_out: int = 0
    """Submissions of the sandbox, which stay on their machine."""
    open: int = 0
    """Submissions whose outcome their ledger did not know yet."""


class Transfer(Part):
    """Export and import."""

    def exported(self, machine: str) -> Iterator[dict[str, object]]:
        """Every row, each as one JSON object; submissions first, oldest first.

        Args:
            machine: what this one is called, where the ledger's own files are.
        """
        gone = self._store.abandoned_now()
        last = 0
        while rows := self._store.query(statements.EXPORTED, (last, _AT_ONCE)):
            for row in rows:
                shown = exported.as_object(exported.SUBMISSION, row)
                left = gone.get(row["intent"])  # which could not be written
                yield shown if left is None else {**shown, "state": left.value}
            last = rows[-1]["seq"]
        for kind, (statement, _) in _FILES.items():
            for row in self._store.query(statement):
                shown = exported.as_object(kind, row)
                yield {**shown, "machine": row["machine"] or machine}

    def take_in(self, rows: Sequence[Exported], machine: str, *, sandbox: bool) -> Taken:
        """Write what this ledger lacks, all in one transaction.

        Args:
            rows: of an export.
            machine: what this one is called.
            sandbox: whether those of the sandbox, too.

        Raises:
            WriteFailed: they cannot be written; none of them was.
        """
        if not self._store.on_disk:
            raise WriteFailed("the ledger was opened for reading; nothing was imported")
        wanted = [row for row in rows if sandbox or not row.columns["sandbox"]]
        submissions = [row.columns for row in wanted if row.kind == exported.SUBMISSION]
        new: dict[str, dict[str, Column]] = {}
        with self._store.writing():
            known = self.those_here([str(one["intent"]) for one in submissions])
            for one in submissions:
                if one["intent"] not in known:
                    new.setdefault(str(one["intent"]), dict(one))
            taken_names = self._taken_names([dict(one) for one in submissions])
            unnamed = []
            for columns in new.values():
                name = columns["name"]
                if name is not None and (name, columns["sandbox"]) in taken_names:
                    unnamed.append(str(name))
                    # Which row of its batch it is says the same once more.
                    columns.update(name=None, batch=None, batch_row=None)
                if columns["state"] in _ON_THEIR_WAY:
                    columns.update(state=IntentState.UNKNOWN.value, evidence=_WAS_ON_ITS_WAY)
                self._store.insert(columns)  # type: ignore[arg-type]  # a submission has no bytes
            for row in wanted:
                if row.kind != exported.SUBMISSION:
                    self._take_file(row, machine)
        unknown = [one for one in new.values() if one["state"] == IntentState.UNKNOWN]
        return Taken(
            taken=len(new),
            known=len({one["intent"] for one in submissions} - set(new)),
            unnamed=tuple(unnamed),
            left_out=sum(row.kind == exported.SUBMISSION for row in rows) - len(submissions),
            open=len(unknown),
        )

    def those_here(self, intents: Sequence[str]) -> set[str]:
        """Those of these intents that the ledger has."""
        found: set[str] = set()
        for first in range(0, len(intents), _AT_ONCE):
            some = intents[first : first + _AT_ONCE]
            rows = self._store.query(statements.those_known(len(some)), some)
            found.update(str(row["intent"]) for row in rows)
        return found

    def real_intents(self) -> list[str]:
        """Every submission that is not the sandbox's."""
        return [intent for _, intent in self.real_rows()]

    def real_rows(self, after: int = 0) -> list[tuple[int, str]]:
        """The same with the number of each row; those with a higher number than `after`."""
        found = self._store.query(statements.REAL_ROWS, (after,))
        return [(int(row["seq"]), str(row["intent"])) for row in found]

    def _taken_names(self, submissions: Sequence[dict[str, Column]]) -> set[tuple[str, int]]:
        """Names, each with whether it is the sandbox's, that other submissions have here.

        Further attempts of what came from the same ledger before are no others.
        """
        coming: dict[tuple[str, int], set[Column]] = {}
        for one in submissions:
            if one["name"] is not None:
                place = str(one["name"]), int(bool(one["sandbox"]))
                coming.setdefault(place, set()).add(one["intent"])
        return {
            place
            for place, intents in coming.items()
            if any(
                row["intent"] not in intents for row in self._store.query(statements.OF_NAME, place)
            )
        }

    def _take_file(self, row: Exported, machine: str) -> None:
        columns = dict(row.columns)
        if columns["machine"] == machine:
            columns["machine"] = self._store.machine
        _, statement = _FILES[row.kind]
        values = tuple(columns[name] for name in statements.PLACE)
        self._store.change(statement, values)

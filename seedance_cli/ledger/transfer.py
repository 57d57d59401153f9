"""All rows out of one ledger, and into another, of whatever kind and on whatever machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.errors import WriteFailed
from seedance_cli.ledger import exported, statements
from seedance_cli.ledger.part import Part
from seedance_cli.models import IntentState, one_form, other_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from seedance_cli.ledger.exported import Column, Exported

_AT_ONCE = 500
"""Rows of one question: between two of them others may write."""
_INSERTED = 25
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


def _arrived(exported_: Mapping[str, Column]) -> dict[str, Column]:
    """A submission as it lies in its new ledger."""
    columns = dict(exported_)
    if columns["name"] is not None:
        columns["name"] = one_form(str(columns["name"]))
    if columns["state"] in _ON_THEIR_WAY:
        columns.update(state=IntentState.UNKNOWN.value, evidence=_WAS_ON_ITS_WAY)
    return columns


def _in_parts(rows: Sequence[dict[str, Column]]) -> Iterator[Sequence[dict[str, Column]]]:
    """As many at once as one statement takes: SQLite of before 2020 has 999 values."""
    return (rows[first : first + _INSERTED] for first in range(0, len(rows), _INSERTED))


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
                    new.setdefault(str(one["intent"]), _arrived(one))
            unnamed = self._take_names(list(new.values()), [one["intent"] for one in submissions])
            for some in _in_parts(list(new.values())):
                values = [value for one in some for value in one.values()]
                self._store.change(statements.insert_intents(some[0], len(some)), values)
            for row in wanted:
                if row.kind != exported.SUBMISSION:
                    self._take_file(row, machine)
        unknown = [one for one in new.values() if one["state"] == IntentState.UNKNOWN]
        return Taken(
            taken=len(new),
            known=len({one["intent"] for one in submissions} - set(new)),
            unnamed=unnamed,
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

    def has_real_rows(self) -> bool:
        """Whether there is one."""
        return bool(self._store.query(statements.A_REAL_ROW))

    def real_rows(self, after: int = 0) -> list[tuple[int, str]]:
        """Number and intent of every submission that is not the sandbox's, from a number on."""
        found = self._store.query(statements.REAL_ROWS, (after,))
        return [(int(row["seq"]), str(row["intent"])) for row in found]

    def _take_names(
        self, new: Sequence[dict[str, Column]], coming: Sequence[Column]
    ) -> tuple[str, ...]:
        """Take the names from submissions where another one has them here; these names.

        Further attempts of what came from the same ledger before are no other ones.
        """
        names = {str(one["name"]) for one in new if one["name"] is not None}
        forms = sorted(names | {other_form(name) for name in names})
        own = set(coming)
        taken = set()
        for first in range(0, len(forms), _AT_ONCE):
            some = forms[first : first + _AT_ONCE]
            for row in self._store.query(statements.those_named(len(some)), some):
                if row["intent"] not in own:
                    taken.add((one_form(row["name"]), row["sandbox"]))
        unnamed = []
        for one in new:
            if (one["name"], one["sandbox"]) in taken:
                unnamed.append(str(one["name"]))
                # Which row of its batch it is says the same once more.
                one.update(name=None, batch=None, batch_row=None)
        return tuple(unnamed)

    def _take_file(self, row: Exported, machine: str) -> None:
        columns = dict(row.columns)
        if columns["machine"] == machine:
            columns["machine"] = self._store.machine
        _, statement = _FILES[row.kind]
        values = tuple(columns[name] for name in statements.PLACE)
        self._store.change(statement, values)

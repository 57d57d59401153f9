"""Whether the ledger is whole, and what else its owner should know of it. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.errors import WriteFailed
from seedance_cli.ledger import statements
from seedance_cli.ledger.findings import Finding, Weight
from seedance_cli.ledger.part import Part

if TYPE_CHECKING:
    from collections.abc import Iterator


class Checkup(Part):
    """The check of the whole ledger."""

    def checked(self) -> Iterator[Finding]:
        """What was found, first how it is kept and then its rows.

        Raises:
            LedgerAway: its server cannot be reached.
        """
        yield from self._store.checked()
        yield self._rows()
        yield self._files()
        unknown = self._count(statements.COUNT_UNKNOWN)
        if unknown:
            what = "1 outcome is" if unknown == 1 else f"{unknown} outcomes are"
            yield Finding("unknown", Weight.NOTE, f"{what} not known: seedance recover")

    def _rows(self) -> Finding:
        seen = 0
        try:
            for _ in self._store.each(statements.EVERY_ROW, ()):
                seen += 1
        except WriteFailed as error:
            return Finding("rows", Weight.FAULT, f"after {seen}: {error.message}")
        sandbox = self._count(statements.COUNT_SANDBOX)
        of_them = f", {sandbox} of them the sandbox's" if sandbox else ""
        return Finding("rows", Weight.OK, f"{seen} submissions{of_them}, each readable")

    def _files(self) -> Finding:
        every, orphans = self._count(statements.COUNT_FILES), self._count(statements.COUNT_ORPHANS)
        words = f"{every} saved files are known"
        if orphans:
            # `wait REF --download` of a task that the ledger lacks.
            return Finding("files", Weight.NOTE, f"{words}, {orphans} of tasks that have no row")
        return Finding("files", Weight.OK, words)

    def _count(self, statement: str) -> int:
        return int(self._store.query(statement)[0]["number"])

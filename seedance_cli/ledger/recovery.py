"""Submissions whose outcome is unknown: found, and settled by what the user found out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.errors import UsageError
from seedance_cli.ledger import statements
from seedance_cli.ledger.part import Part
from seedance_cli.models import IntentState, told

if TYPE_CHECKING:
    from seedance_cli.models import Submission, Task

SHORTEST_PREFIX = 4
"""Characters of an intent that are enough to name it."""


class Recovery(Part):
    """What `seedance recover` asks of the ledger."""

    def unknown(self, *, sandbox: bool | None = None) -> list[Submission]:
        """Submissions whose outcome is unknown, oldest first. Abandoned ones are settled first.

        Args:
            sandbox: only those of the sandbox, or only real ones; None: all.
        """
        return [
            one
            for one in self._store.tidy(statements.UNSETTLED)
            if one.state is IntentState.UNKNOWN and sandbox in {None, one.sandbox}
        ]

    def get(self, intent_or_prefix: str) -> list[Submission]:
        """The submissions whose intent begins so, oldest first.

        Raises:
            UsageError: fewer than four characters.
        """
        prefix = intent_or_prefix.strip().lower()
        if len(prefix) < SHORTEST_PREFIX:
            raise UsageError(
                f"{intent_or_prefix!r} is too short for an intent",
                hint=f"type at least {SHORTEST_PREFIX} characters of one that"
                " `seedance recover` lists",
            )
        if not prefix.isalnum() or not prefix.isascii():
            return []
        return self._store.tidy(statements.INTENT_BEGINNING, (prefix, prefix))

    def adopt(self, intent: str, task: Task, *, force: bool = False) -> Submission:
        """Settle an unknown outcome with the task it turned out to be.

        Args:
            intent: whole, not a prefix.
            task: as just read at the provider.
            force: even if the ledger has the task already.

        Raises:
            UsageError: the outcome is not unknown, or the task has a row already.
        """
        with self._store.writing():
            found = self._unknown_row(intent)
            known = self._rows_of(found._replace(task=task))
            if known and not force:
                raise UsageError(
                    f"{known[0].ref} is in the ledger already (intent {known[0].intent})",
                    hint="`--force` adopts it all the same",
                    intent=intent,
                )
            self._store.update(intent, {"told": 1})
            return self._take(intent, IntentState.ADOPTED, task)

    def discard(self, intent: str) -> Submission:
        """Settle an unknown outcome as never accepted.

        Raises:
            UsageError: the outcome is not unknown.
        """
        with self._store.writing():
            self._unknown_row(intent)
            self._store.update(intent, {"state": IntentState.DISCARDED.value})
            return self._store.row(intent)

    def _unknown_row(self, intent: str) -> Submission:
        """The row, inside a transaction, if its outcome is unknown.

        Raises:
            UsageError: it is anything else.
        """
        self._store.settle_abandoned()
        for found in self._store.select(statements.ROW, (intent,)):
            if found.state is IntentState.UNKNOWN:
                return found
            raise UsageError(
                f"the outcome of {intent} is not unknown: its state is {found.state}",
                hint="`seedance recover` lists what can be settled",
                intent=intent,
            )
        raise UsageError(
            f"there is no intent {told(intent)} in the ledger",
            hint="`seedance recover` lists what can be settled",
        )

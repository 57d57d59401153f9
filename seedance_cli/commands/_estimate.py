"""How long a task takes, as far as the ledger can tell: never more than it knows."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from seedance_cli import providers
from seedance_cli.durations import spoken
from seedance_cli.errors import SeedanceError

if TYPE_CHECKING:
    from seedance_cli.ledger import Ledger
    from seedance_cli.models import Submission

_NEWEST = 10
"""Earlier tasks that count: a service's speed changes."""


class Estimates:
    """What earlier tasks with the same price-deciding fields took, in words."""

    def __init__(self, ledger: Ledger) -> None:
        """Take the history.

        Args:
            ledger: of this machine.
        """
        self._ledger = ledger
        self._known: dict[str, str | None] = {}

    def __call__(self, submission: Submission) -> str | None:
        """`usually 2m 10s`; None where history is silent, and for the sandbox."""
        if submission.intent is None or submission.sandbox:
            return None
        if submission.intent not in self._known:
            self._known[submission.intent] = self._ask(submission)
        return self._known[submission.intent]

    def _ask(self, submission: Submission) -> str | None:
        if submission.request is None:
            return None
        try:
            provider = providers.get(submission.provider)
            priced = provider.priced(provider.request(submission.request).body)
            if priced is None:
                return None
            took = self._ledger.durations(submission.provider, submission.endpoint, priced)
        except SeedanceError:  # a ledger that cannot be read: no history
            return None
        if len(took) == 1:
            return f"last time {spoken(took[0])}"
        return f"usually {spoken(median(took[-_NEWEST:]))}" if took else None

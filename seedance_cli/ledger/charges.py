"""What was charged, for a command that asks nothing else of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from seedance_cli.ledger import budgets, opening
from seedance_cli.ledger.history import History
from seedance_cli.ledger.shared import SharedLedger

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from seedance_cli.models import Budgets, PriceToday, Used
    from seedance_cli.system import Clock


class Charges(History):
    """The charges of real tasks; a context manager that closes their ledger."""

    @classmethod
    def open(cls, place: Path | SharedLedger, clock: Clock) -> Charges:
        """Open the ledger at a place; a missing one reads as an empty one. As `Ledger.open`."""
        if isinstance(place, SharedLedger):
            return cls(opening.shared(place, clock, create=False), clock)
        return cls(opening.in_file(place, clock, create=False, step=True), clock)

    @classmethod
    def empty(cls, clock: Clock) -> Charges:
        """Those of nobody."""
        return cls(opening.nowhere(clock), clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._store.close()

    def used(self, provider: str, limits: Budgets, price_today: PriceToday) -> list[Used]:
        """See `Approval`."""
        return budgets.used(self._store, self._clock.now(), provider, limits, price_today)

"""What was spent, added up: never across providers or units, never by floats."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import TYPE_CHECKING, TypeAlias

from seedance_cli._named import NamedTuple
from seedance_cli.errors import UsageError
from seedance_cli.models import Status, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from seedance_cli.models import Price, Spent

Unit: TypeAlias = tuple[str, str | None]
"""A provider, and the unit that it counts in; None: it states none."""

METADATA = "metadata."
_KEYS: dict[str, Callable[[Spent], str | None]] = {
    "day": lambda one: f"{one.when:%Y-%m-%d}",
    "month": lambda one: f"{one.when:%Y-%m}",
    "provider": lambda one: one.provider,
    "profile": lambda one: one.profile,
    "model": lambda one: one.model,
    "batch": lambda one: one.batch,
}
GROUPS = tuple(_KEYS)
"""What can be grouped by, besides `metadata.KEY`."""
_EXACT = Context(prec=200)
"""Digits; no sum of amounts that were read has as many."""


@dataclass(slots=True)
class Sum:
    """What a number of submissions cost."""

    tasks: int = 0
    succeeded: int = 0
    failed: int = 0
    """Failed, cancelled or expired."""
    running: int = 0
    unknown: int = 0
    """Unknown outcomes, which are not among the tasks."""
    charged: dict[Unit, Decimal] = field(default_factory=dict)
    expected: dict[Unit, Decimal] = field(default_factory=dict)
    """Of running tasks and unknown outcomes, as priced at the submit."""
    uncharged: int = 0
    """Tasks that have ended, and of which no charge is known."""
    unpriced: int = 0
    """Running tasks and unknown outcomes of which no price is known."""

    def add(self, one: Spent) -> None:
        """Count one more."""
        ended = one.status is not None and one.status.terminal
        self.tasks += one.status is not None
        self.unknown += one.status is None
        self.succeeded += one.status is Status.SUCCEEDED
        self.failed += ended and one.status is not Status.SUCCEEDED
        self.running += one.status is not None and not ended
        if one.charge is not None:
            _add(self.charged, one.provider, one.charge)
        elif ended:
            self.uncharged += 1
        elif one.price is not None:
            _add(self.expected, one.provider, one.price)
        else:
            self.unpriced += 1


class SpendReport(NamedTuple):
    """Sums by group, and of all."""

    by: str
    groups: list[tuple[str | None, Sum]]
    """In the order of their keys; None, for what has no such key, at the end."""
    total: Sum


def check_group(by: str) -> None:
    """Refuse what cannot be grouped by.

    Raises:
        UsageError: names what can be.
    """
    if by not in _KEYS and not (by.startswith(METADATA) and len(by) > len(METADATA)):
        allowed = ", ".join(GROUPS)
        raise UsageError(
            f"--by {told(by)} is not a column", hint=f"allowed: {allowed}, or {METADATA}KEY"
        )


def report(spent: Iterable[Spent], by: str) -> SpendReport:
    """Add up by group.

    Args:
        spent: what to add up.
        by: one of `GROUPS`, or `metadata.KEY`.
    """
    key = _KEYS.get(by) or _metadata(by.removeprefix(METADATA))
    groups: dict[str | None, Sum] = {}
    total = Sum()
    for one in spent:
        groups.setdefault(key(one), Sum()).add(one)
        total.add(one)
    ordered = sorted(groups.items(), key=lambda group: (group[0] is None, group[0] or ""))
    return SpendReport(by, ordered, total)


def _metadata(name: str) -> Callable[[Spent], str | None]:
    return lambda one: one.metadata.get(name)


def _add(sums: dict[Unit, Decimal], provider: str, price: Price) -> None:
    unit = provider, price.unit
    sums[unit] = _EXACT.add(sums.get(unit, Decimal(0)), price.amount)

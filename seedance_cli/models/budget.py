"""What the user allows to be spent, and how much of it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from seedance_cli.models.price import amount_text

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from seedance_cli.models.json_types import JsonObject


class Limit(NamedTuple):
    """The most that may be spent: an amount in a unit, never converted."""

    amount: Decimal
    unit: str | None
    """`credits`, `USD`; None where the provider states none."""

    def __str__(self) -> str:
        """`56 credits`."""
        return with_unit(self.amount, self.unit)


class Budgets(NamedTuple):
    """`[budgets.PROVIDER]` of the configuration. None: not bounded."""

    day: Limit | None = None
    """A day of UTC, by the time of the submit; so is a month."""
    month: Limit | None = None
    task: Limit | None = None


class Used(NamedTuple):
    """What is used of a day's or a month's budget."""

    span: str
    """`day` or `month`."""
    limit: Limit
    spent: Decimal
    """What tasks were charged; all amounts are in the limit's unit."""
    reserved: Decimal
    """What tasks without a known charge, and unknown outcomes, cost as priced at their submit."""
    unpriced: int
    """Submissions whose price nobody knows in that unit; as long as there are any, none is left."""
    until: datetime
    """When the next day or month begins; UTC."""

    @property
    def left(self) -> Decimal:
        """What may still be spent; below 0 where a charge was more than its price."""
        return self.limit.amount - self.spent - self.reserved

    def as_object(self) -> JsonObject:
        """As JSON; amounts are text, so that nobody reads them as floats."""
        from seedance_cli.models.text import timestamp

        return {
            "span": self.span,
            "limit": amount_text(self.limit.amount),
            "unit": self.limit.unit,
            "spent": amount_text(self.spent),
            "reserved": amount_text(self.reserved),
            "left": None if self.unpriced else amount_text(self.left),
            "until": timestamp(self.until),
        }


def with_unit(amount: Decimal, unit: str | None) -> str:
    """`56 credits`; the number alone where there is no unit."""
    return f"{amount_text(amount)} {unit}" if unit else amount_text(amount)


def same_unit(one: str | None, other: str | None) -> bool:
    """Whether two units are one: `credit`, `Credits`."""
    return _plain(one) == _plain(other)


def _plain(unit: str | None) -> str | None:
    return None if unit is None else unit.casefold().removesuffix("s")

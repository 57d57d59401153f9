"""What the user allows to be spent, and how much of it is used."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.models.price import amount_text

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from seedance_cli.models.json_types import JsonObject
    from seedance_cli.models.price import Price


_PLAIN = r"[0-9]{1,40}(\.[0-9]{1,40})?|\.[0-9]{1,40}"
_MAX_MAGNITUDE = 18
"""Powers of ten; beyond, an amount is a slip, and would fill a screen."""


class Amount(NamedTuple):
    """So much in a unit, never converted: a limit, or a price of the user's own."""

    amount: Decimal
    unit: str | None
    """`credits`, `USD`; None where the provider states none."""

    def __str__(self) -> str:
        """`56 credits`."""
        return with_unit(self.amount, self.unit)


def parse_amount(text: str) -> Amount | None:
    """`56`, `56 credits` or `0.5 USD`; None for what is neither."""
    from decimal import Decimal

    number, _, unit = text.strip().partition(" ")
    if not re.fullmatch(
        _PLAIN, number
    ):  # Decimal itself takes `2_8`, `1e3` and other scripts' digits
        return None
    amount = Decimal(number)
    if abs(amount.adjusted()) > _MAX_MAGNITUDE:
        return None
    return Amount(amount, unit.strip() or None)


class Budgets(NamedTuple):
    """`[budgets.PROVIDER]` of the configuration. None: not bounded."""

    day: Amount | None = None
    """A day of UTC, by the time of the submit; so is a month."""
    month: Amount | None = None
    task: Amount | None = None


class Used(NamedTuple):
    """What is used of a day's or a month's budget."""

    span: str
    """`day` or `month`."""
    limit: Amount
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

    def after(self, price: Price | None) -> Decimal | None:
        """What would be left after a task of that price; None where nobody knows."""
        known = price is not None and same_unit(price.unit, self.limit.unit)
        return self.left - price.amount if price is not None and known else None

    def words(self, price: Price | None = None) -> str:
        """`day: 3 USD spent, 1 USD reserved, 1 USD left until 2026-11-27T00:00:00Z`.

        Args:
            price: of a task that would be bought; then also what that would leave.
        """
        from seedance_cli.models.text import timestamp

        spent, reserved, left = (
            with_unit(amount, self.limit.unit) for amount in (self.spent, self.reserved, self.left)
        )
        rest = "what is left is not known" if self.unpriced else f"{left} left"
        after = None if self.unpriced else self.after(price)
        would = "" if after is None else f"; this would leave {with_unit(after, self.limit.unit)}"
        until = timestamp(self.until)
        return f"{self.span}: {spent} spent, {reserved} reserved, {rest} until {until}{would}"

    def as_object(self, price: Price | None = None) -> JsonObject:
        """As JSON; amounts are text, so that nobody reads them as floats.

        Args:
            price: of a task that would be bought.
        """
        from seedance_cli.models.text import timestamp

        after = None if self.unpriced else self.after(price)
        return {
            "span": self.span,
            "unit": self.limit.unit,
            "limit": amount_text(self.limit.amount),
            "spent": amount_text(self.spent),
            "reserved": amount_text(self.reserved),
            "left": None if self.unpriced else amount_text(self.left),
            "left_after": None if after is None else amount_text(after),
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

"""What a request costs: listed by its provider, or charged before; and `--max-cost`."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, NamedTuple

from seedance_cli.errors import OverMaxCost, UsageError
from seedance_cli.models import amount_text, price_text, told

if TYPE_CHECKING:
    from seedance_cli.ledger import Ledger
    from seedance_cli.models import HttpRequest, Price
    from seedance_cli.providers import Provider


_MAX_MAGNITUDE = 18
"""Powers of ten; beyond, an amount is a slip, and would fill a screen."""


class Limit(NamedTuple):
    """The user's `--max-cost`. Without a unit it is in the provider's own."""

    amount: Decimal
    unit: str | None


def parse_limit(text: str) -> Limit:
    """`56` or `56 credits`.

    Raises:
        UsageError: neither form, negative or not finite.
    """
    number, _, unit = text.strip().partition(" ")
    try:
        amount = Decimal(number)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0 or abs(amount.adjusted()) > _MAX_MAGNITUDE:
        raise UsageError(
            f"--max-cost {told(text)} is no amount",
            hint="allowed: a number, or '56 credits', '0.5 USD'",
        )
    return Limit(amount, unit.strip() or None)


def expected(
    provider: Provider,
    endpoint: str,
    request: HttpRequest,
    ledger: Ledger,
    *,
    sandbox: bool,
    limit: Limit | None = None,
) -> Price | None:
    """What the request is expected to cost: the listed price, or the highest charge where higher.

    The charges are those of requests with the same priced fields, in the unit of the list, else in
    the limit's, else in that of the newest one: nothing is converted. In the sandbox only the list
    counts: what it charges is made up.

    Returns:
        None where the price is not known, as it is with any `--param`.
    """
    listed = provider.price(request)
    priced = provider.priced(request)
    if priced is None or sandbox:
        return listed
    charges = ledger.charges(provider.info.name, endpoint, priced)
    units = [charge.unit for charge in charges]
    unit = None if listed is None else listed.unit
    if listed is None and units:
        asked = None if limit is None else _unit(limit.unit)
        unit = next((one for one in units if asked and _unit(one) == asked), units[-1])
    highest = max(
        (charge for charge in charges if charge.unit == unit),
        key=lambda charge: charge.amount,
        default=None,
    )
    if listed is None or (highest is not None and highest.amount > listed.amount):
        return highest
    return listed


def check(limit: Limit, price: Price | None, provider: Provider) -> None:
    """Refuse what may cost more than the user allows.

    Raises:
        OverMaxCost: above the limit, in another unit, or unknown.
    """
    info = provider.info
    shown = amount_text(limit.amount) + (f" {limit.unit}" if limit.unit else "")
    if price is None:
        raise OverMaxCost(
            f"the price of this request is not known, so --max-cost {shown} refuses it; "
            "nothing was sent",
            hint=f"leave --max-cost out, or see `seedance price -p {info.name}`",
            provider=info.name,
        )
    if limit.unit is not None and _unit(limit.unit) != _unit(price.unit):
        raise OverMaxCost(
            f"--max-cost {shown}: {info.name} counts in {price.unit or 'a unit it does not name'}, "
            "and nothing is converted; nothing was sent",
            hint="give the amount in the provider's own unit",
            provider=info.name,
        )
    if price.amount > limit.amount:
        from shlex import quote

        raise OverMaxCost(
            f"this request costs {price_text(price)} ({price.basis}), more than --max-cost "
            f"{shown}; nothing was sent",
            hint=f"--max-cost {quote(price_text(price))}, or a cheaper request",
            provider=info.name,
        )


def _unit(text: str | None) -> str | None:
    return None if text is None else text.casefold().removesuffix("s")

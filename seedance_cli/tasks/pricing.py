"""What a request costs: by your own word, listed, or charged before; and `--max-cost`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.errors import OverMaxCost, UsageError
from seedance_cli.models import (
    Price,
    amount_text,
    own_price,
    parse_amount,
    price_text,
    same_unit,
    told,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.ledger import History
    from seedance_cli.models import Amount, OwnPrice, PricedFields
    from seedance_cli.providers import Provider, ProviderInfo


def parse_limit(text: str) -> Amount:
    """The value of `--max-cost`: `56 credits`, or `56`.

    Raises:
        UsageError: neither form, negative or not finite.
    """
    limit = parse_amount(text)
    if limit is None:
        raise UsageError(
            f"--max-cost {told(text)} is not an amount",
            hint="for example '56 credits' or '0.5 USD'",
        )
    return limit


def check_unit(limit: Amount, info: ProviderInfo) -> None:
    """Refuse a bare number where the provider states a unit: nobody knows what it was meant in.

    Raises:
        UsageError: it says what to type.
    """
    if limit.unit is None and info.price_unit is not None:
        amount = amount_text(limit.amount)
        raise UsageError(
            f"--max-cost {amount} has no unit, and {info.name} counts in {info.price_unit}",
            hint=f"--max-cost '{amount} {info.price_unit}'",
        )


def expected(
    provider: Provider,
    endpoint: str,
    fields: PricedFields | None,
    ledger: History,
    *,
    sandbox: bool = False,
    own: Sequence[OwnPrice] = (),
    unit: str | None = None,
) -> Price | None:
    """The user's own or the listed price of a request, or the highest charge, if that is more.

    The charges are those of requests with the same priced fields, in the unit of that price, else
    in the wanted one, else in that of the newest one: nothing is converted. In the sandbox no
    charge counts: what it charges is made up.

    Args:
        provider: what it is asked of.
        endpoint: whose charges count.
        fields: what decides its price; None where that is not known, as with any `--param`.
        ledger: knows the charges.
        sandbox: whether it is the sandbox's.
        own: the user's own prices.
        unit: the one that is wanted, where there are several.

    Returns:
        None where the price is not known.
    """
    if fields is None:
        return None
    known = own_price(own, provider.info.name, fields)
    if known is None and (amount := provider.listed(fields)) is not None:
        known = Price(amount, provider.info.price_unit, "listed")
    if sandbox:
        return known
    charges = ledger.charges(provider.info.name, endpoint, fields)
    units = [charge.unit for charge in charges]
    if known is not None:
        unit = known.unit
    elif units:
        unit = next((one for one in units if unit and same_unit(one, unit)), units[-1])
    highest = max(
        (charge for charge in charges if same_unit(charge.unit, unit)),
        key=lambda charge: charge.amount,
        default=None,
    )
    if known is None or (highest is not None and highest.amount > known.amount):
        return highest
    return known


def check(limit: Amount, price: Price | None, provider: Provider) -> None:
    """Refuse what may cost more than the user allows.

    Raises:
        OverMaxCost: above the limit, in another unit, or unknown.
    """
    info = provider.info
    shown = f"'{limit}'" if limit.unit else f"{limit}"
    if price is None:
        raise OverMaxCost(
            f"the price of this request is not known, so --max-cost {shown} refuses it; "
            "nothing was sent",
            hint=info.price_advice
            or f"leave --max-cost out, or see `seedance price -p {info.name}`",
            provider=info.name,
        )
    converted = not same_unit(limit.unit, price.unit)
    if converted or price.amount > limit.amount:
        from shlex import quote

        cost = price_text(price)
        why = "and nothing is converted for" if converted else "more than"
        raise OverMaxCost(
            f"this request costs {cost} ({price.basis}), {why} --max-cost {shown};"
            " nothing was sent",
            hint=f"--max-cost {quote(cost)}, or a cheaper request",
            provider=info.name,
        )

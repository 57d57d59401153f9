"""Budgets: what is used of them, and what would go beyond one (contract, 6.11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.errors import OverBudget
from seedance_cli.ledger import statements
from seedance_cli.ledger.requests import read_priced
from seedance_cli.ledger.rows import read_charge, read_price_at_submit
from seedance_cli.ledger.schema import time_text
from seedance_cli.models import YOURS, Used, price_text, same_unit, with_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.ledger.store import Store
    from seedance_cli.ledger.stored import Row
    from seedance_cli.models import Amount, Budgets, Conditions, Price, PricedFields, PriceToday

_LONGER_THAN_ANY_MONTH = timedelta(days=32)


class _Span(NamedTuple):
    name: str
    limit: Amount
    since: datetime
    until: datetime


def used(
    store: Store, now: datetime, provider: str, budgets: Budgets, price_today: PriceToday
) -> list[Used]:
    """What is used of a provider's budgets of a day and a month.

    Args:
        store: the rows; those of the sandbox do not count.
        now: says which day and month it is.
        provider: whose budgets.
        budgets: its own.
        price_today: for rows with neither a charge nor a price in the budget's unit.
    """
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    month = day.replace(day=1)
    spans = []
    if budgets.day is not None:
        spans.append(_Span("day", budgets.day, day, day + timedelta(days=1)))
    if budgets.month is not None:
        until = (month + _LONGER_THAN_ANY_MONTH).replace(day=1)
        spans.append(_Span("month", budgets.month, month, until))
    return [_used(store, provider, span, price_today) for span in spans]


def refusal(
    store: Store,
    now: datetime,
    provider: str,
    priced: PricedFields | None,
    conditions: Conditions,
) -> OverBudget | None:
    """Why the conditions' price does not fit into their budgets; None if it does.

    Inside the transaction that inserts the row, which is the reservation; or just to tell.
    """
    if conditions.budgets is None:
        return None
    spans = used(store, now, provider, conditions.budgets, conditions.price_today)
    words = over(provider, conditions.price, conditions.budgets, spans)
    if words is None:
        return None
    states = "".join(f"; {one.words()}" for one in spans)
    return OverBudget(
        f"{words}{states}; nothing was sent",
        hint=_advice(provider, priced, conditions, spans),
        provider=provider,
    )


def over(provider: str, price: Price | None, budgets: Budgets, spans: list[Used]) -> str | None:
    """Why a price does not fit into what is left of the budgets, in words; None if it does."""
    table = f"[budgets.{provider}]"
    limits = [(one.span, one.limit) for one in spans]
    if budgets.task is not None:
        limits.append(("task", budgets.task))
    if price is None and limits:
        return f"the price of this request is not known, so {table} refuses it"
    for name, limit in limits:
        assert price is not None
        if not same_unit(price.unit, limit.unit):
            return (
                f"this request costs {price_text(price)}, and {table} {name} is {limit}:"
                " nothing is converted"
            )
    for one in spans:
        if one.unpriced:
            those = "submission has" if one.unpriced == 1 else "submissions have"
            return (
                f"what is left of {table} {one.span} is not known: {one.unpriced} earlier {those}"
                f" neither a charge nor a price in {one.limit.unit or 'its unit'}"
            )
        assert price is not None
        if price.amount > one.left:
            return (
                f"this request costs {price_text(price)} ({price.basis}), more than is left of"
                f" {table} {one.span} = {one.limit}"
            )
    if price is not None and budgets.task is not None and price.amount > budgets.task.amount:
        return (
            f"this request costs {price_text(price)} ({price.basis}), more than {table}"
            f" task = {budgets.task}"
        )
    return None


def _used(store: Store, provider: str, span: _Span, price_today: PriceToday) -> Used:
    limit = span.limit
    spent, reserved, unpriced = Decimal(0), Decimal(0), 0
    for row in store.query(statements.USED, (provider, time_text(span.since))):
        with store.decoding():
            charge, price = read_charge(row), read_price_at_submit(row)
            if charge is not None and same_unit(charge.unit, limit.unit):
                spent += row["alike"] * charge.amount
                continue
            if price is None or not same_unit(price.unit, limit.unit):
                price = _price_today(row, price_today)
            if price is None or not same_unit(price.unit, limit.unit):
                unpriced += row["alike"]
            else:
                reserved += row["alike"] * price.amount
    return Used(span.name, limit, spent, reserved, unpriced, span.until)


def _price_today(row: Row, price_today: PriceToday) -> Price | None:
    if row["priced"] is None:
        return None
    return price_today(row["endpoint"], read_priced(row["priced"], row["request"]))


def _advice(
    provider: str, priced: PricedFields | None, conditions: Conditions, spans: list[Used]
) -> str:
    """What to do about a refusal: first what helps, and always how a price is told."""
    price = conditions.price
    limits = [one for one in conditions.budgets or () if one is not None]
    known = price is not None and all(same_unit(price.unit, one.unit) for one in limits)
    entry = [f'provider = "{provider}"']
    if priced is not None and priced.model is not None:
        entry.append(f'model = "{priced.model}"')
    entry.append(f'amount = "{price_text(price) if price and known else _example(limits)}"')
    entries = f"[[prices]] with {', '.join(entry)}"
    if price is None and priced is None:
        return (
            "change the budget in config.toml, or leave out what --param sends:"
            " no [[prices]] tells what it may cost"
        )
    if not known:
        unit = "" if price is None else " in the budget's unit"
        return f"tell its price{unit} in config.toml: {entries}; or change the budget there"
    assert price is not None
    if any(one.unpriced for one in spans):
        return (
            f"tell what they cost in config.toml: {entries}; or change the budget there, or wait"
            " until its time is over"
        )
    if all(price.amount <= one.left for one in spans):  # it is the one of a task
        way = "a cheaper request, or another budget in config.toml"
    else:
        way = "change the budget in config.toml, or wait until its time is over"
    if price.basis == YOURS:
        return f"{way}; the price is your own, told there as {entries}"
    return f"{way}; a price that is not right is told there as {entries}"


def _example(limits: Sequence[Amount]) -> str:
    """An amount as one would type it."""
    unit = limits[0].unit if limits else None
    return f"0.12 {unit}" if unit == "USD" else with_unit(Decimal(40), unit)

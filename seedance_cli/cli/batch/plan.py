"""What a run of a batch is going to do with each row, and what that costs: the quote."""

from __future__ import annotations

import os
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

from seedance_cli import providers
from seedance_cli._named import NamedTuple
from seedance_cli.cli import buy
from seedance_cli.cli.batch.book import told_of
from seedance_cli.cli.places import frames_there
from seedance_cli.errors import OverMaxCost, UsageError
from seedance_cli.models import CHARGED, RULE, YOURS, Price, same_unit, with_unit
from seedance_cli.tasks import batch, check_target, sidecar_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from seedance_cli.cli.batch.book import Book, Given
    from seedance_cli.cli.buy import Order
    from seedance_cli.cli.session import Session
    from seedance_cli.ledger import Ledger
    from seedance_cli.models import Amount, Used

_KNOWN_BY = {CHARGED: "as charged before", YOURS: "by your own [[prices]]"}
"""The basis of a price that is not listed."""
_EMBEDDED = "sandbox"
"""The endpoint whose URLs end with the command that printed them."""


class Plan(NamedTuple):
    """The rows of a run."""

    items: Sequence[batch.Item]
    again: int
    """Rows to be submitted that are the same request as a task outside the batch."""
    used: Mapping[str, Sequence[Used]]
    """What is used of the budgets, by provider."""

    @property
    def to_buy(self) -> list[batch.Item]:
        """The rows that may be paid for."""
        return [item for item in self.items if batch.may_buy(item)]


def plan(
    session: Session,
    book: Book,
    given: Given,
    items: Sequence[batch.Item],
    *,
    retry_failed: bool,
    follow: bool,
) -> tuple[Plan, list[batch.Diagnostic]]:
    """Say for each row what is to be done with it; and what forbids it.

    Args:
        session: its ledger is read.
        book: the rows' orders.
        given: what the command line says.
        items: the rows; take their action, what is known of them, and their price.
        retry_failed: `--retry-failed`.
        follow: whether tasks are waited for; else one that was accepted is done.
    """
    ledger = session.ledger()
    known = ledger.of_batch(given.batch, sandbox=session.sandbox)
    prices = _Prices(session)
    folders: set[Path] = set()
    used: dict[str, Sequence[Used]] = {}
    faults: list[batch.Diagnostic] = []
    for item in items:
        item.known = known.get(item.key)
        item.action = batch.action(item.known, retry_failed=retry_failed, fetch=given.download)
        if item.known is not None and item.known.ref is not None and not batch.may_buy(item):
            if not follow:
                item.action = batch.Action.DONE
            elif not given.download and item.known.endpoint == _EMBEDDED:
                item.action = batch.Action.FOLLOW
        if item.known is not None and item.known.bought:
            faults += _another(book, item, ledger)
        if batch.may_buy(item):
            order = book.order(item)
            item.price = prices.of(order)
            if item.provider not in used:
                terms = buy.conditions(session, order, buy.Terms())
                used[item.provider] = buy.used(session, order, terms)
            if given.download:
                faults += _taken(book, item, order, folders, given)
    marks = [item.mark for item in items if batch.may_buy(item)]
    same = ledger.same_outside(given.batch, sorted(set(marks)), sandbox=session.sandbox)
    return Plan(items, sum(mark in same for mark in marks), used), faults


def quote(plan: Plan) -> Iterator[str]:
    """What the user is asked to agree to, line by line."""
    counts = Counter(item.action for item in plan.items)
    buy_ = counts[batch.Action.SUBMIT] + counts[batch.Action.RETRY]
    words = [
        (buy_, "to submit"),
        (counts[batch.Action.DONE], "done before"),
        (counts[batch.Action.FOLLOW], "running"),
        (counts[batch.Action.FETCH], "to download"),
        (counts[batch.Action.FAILED], "failed before"),
        (counts[batch.Action.UNKNOWN], "with an unknown outcome"),
    ]
    shown = [f"{count} {what}" for count, what in words if count or what == "to submit"]
    yield f"{_rows(len(plan.items))}: {', '.join(shown)}"
    for name, items in sorted(_by_provider(plan.to_buy).items()):
        sums = ", ".join(_sums(items))
        yield f"  {name}: {_rows(len(items))}{f', {sums}' if sums else ''}"
        for budget in plan.used.get(name, ()):
            yield f"  budget of {name}, {budget.words(_total(items))}"
    other = [item.key for item in plan.items if _says_otherwise(item)]
    if other:
        yield (
            f"  {_rows(len(other))} known with other metadata or another callback, which stay as"
            f" they were submitted (the first is {other[0]})"
        )
    if plan.again:
        ask, tasks = ("asks", "a task") if plan.again == 1 else ("ask", "tasks")
        yield f"  {plan.again} of them {ask} for the same as {tasks} outside this batch"


def bounds(plan: Plan) -> str:
    """The `--max-cost` that this run keeps within, as typed; empty where a price is unknown."""
    if any(item.price is None for item in plan.to_buy):
        return ""
    totals = _totals(plan.to_buy)
    return " ".join(f"--max-cost '{with_unit(amount, unit)}'" for unit, amount in totals)


def parse_limits(texts: Sequence[str]) -> list[Amount]:
    """`--max-cost`, one for each unit.

    Raises:
        UsageError: one is no amount, or two have one unit.
    """
    from seedance_cli.tasks import pricing

    limits = [pricing.parse_limit(text) for text in texts]
    for number, limit in enumerate(limits):
        if any(same_unit(limit.unit, other.unit) for other in limits[:number]):
            raise UsageError(f"--max-cost was given twice for one unit: {texts[number]}")
    return limits


def check_limits(plan: Plan, limits: Sequence[Amount]) -> None:
    """Refuse what may cost more than the user allows for this run.

    Raises:
        UsageError: a bare number, where every provider states its unit.
        OverMaxCost: the sum is above a limit, or a row's price has none, or is not known.
    """
    items = plan.to_buy
    units = {providers.get(item.provider).info.price_unit for item in items}
    for limit in limits:
        if limit.unit is None and items and None not in units:
            raise UsageError(
                f"--max-cost {limit.amount:f}: in which unit?",
                hint=f"--max-cost '{limit.amount:f} {min(filter(None, units))}'",
            )
    unknown = [item for item in items if item.price is None]
    if unknown:
        raise OverMaxCost(
            f"the price of {_rows(len(unknown))} is not known (the first is {unknown[0].key}), so"
            " --max-cost refuses them; nothing was sent",
            hint="--yes instead of it, or `seedance price`",
            provider=unknown[0].provider,
        )
    for unit, amount in _totals(items):
        allowed = next((one for one in limits if same_unit(one.unit, unit)), None)
        shown = with_unit(amount, unit)
        if allowed is None:
            raise OverMaxCost(
                f"this run costs {shown}, and no --max-cost has that unit; nothing was sent",
                hint=f"--max-cost '{shown}'",
            )
        if amount > allowed.amount:
            raise OverMaxCost(
                f"this run costs {shown}, more than"
                f" --max-cost {with_unit(*allowed)}; nothing was sent",
                hint=f"--max-cost '{shown}', or fewer rows",
            )


class _Prices:
    """What each order is expected to cost; the ledger is asked once for each kind of request."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[tuple[object, ...], Price | None] = {}

    def of(self, order: Order) -> Price | None:
        priced = order.provider.priced(order.request)
        if priced is None:
            return buy.price(self._session, order, None)
        kind = (order.settings.provider, order.settings.endpoint, order.settings.sandbox, priced)
        if kind not in self._known:
            self._known[kind] = buy.price(self._session, order, None)
        return self._known[kind]


def _says_otherwise(item: batch.Item) -> bool:
    """Whether a row that was bought says something else beside its request now."""
    known = item.known
    return known is not None and known.bought and known.extras != item.extras


def _another(book: Book, item: batch.Item, ledger: Ledger) -> Iterator[batch.Diagnostic]:
    """What is wrong with a row that was bought with another request."""
    known = item.known
    assert known is not None
    if known.rule == RULE and known.fingerprint == item.mark:
        return
    purchase = book.purchase(book.order(item))
    if purchase.fingerprints.get(known.rule) == known.fingerprint:
        return
    what = known.ref or f"the intent {known.intent}"
    words = "; ".join(ledger.differs(known.intent, purchase))
    name = "an id of its own" if "id" not in item.row.values else "another id"
    yield batch.Diagnostic(
        item.row.line,
        "",
        f"the row {item.key} is known with another request ({what}): {words};"
        f" {name} makes it another row",
    )


def _taken(
    book: Book, item: batch.Item, order: Order, folders: set[Path], given: Given
) -> Iterator[batch.Diagnostic]:
    """What keeps a row's video from its place. Of a folder, one name stands for all."""
    place = book.expected_place(item, order)
    if place is None:
        return
    names = [place, *frames_there(order, place)]
    if given.sidecar:
        names.append(sidecar_path(place))
    if place.parent in folders and not any(map(os.path.lexists, names)):
        return
    folders.add(place.parent)
    try:
        for name in names:
            check_target(name, force=given.force)
    except UsageError as error:
        yield batch.Diagnostic(item.row.line, "output", told_of(error))


def _by_provider(items: Sequence[batch.Item]) -> dict[str, list[batch.Item]]:
    found: dict[str, list[batch.Item]] = {}
    for item in items:
        found.setdefault(item.provider, []).append(item)
    return found


def _sums(items: Sequence[batch.Item]) -> Iterator[str]:
    """`56 credits listed`, for each unit and basis; and how many have no known price."""
    sums: dict[tuple[str | None, str], Decimal] = {}
    for item in items:
        if item.price is not None:
            kind = (item.price.unit, item.price.basis)
            sums[kind] = sums.get(kind, Decimal(0)) + item.price.amount
    for (unit, basis), amount in sums.items():
        yield f"{with_unit(amount, unit)} {_KNOWN_BY.get(basis, basis)}"
    unknown = sum(item.price is None for item in items)
    if unknown:
        yield "price unknown" if unknown == len(items) else f"{unknown} of unknown price"


def _total(items: Sequence[batch.Item]) -> Price | None:
    """What the rows cost together; None where that is not known, or not in one unit."""
    if any(item.price is None for item in items):
        return None
    totals = _totals(items)
    return Price(totals[0][1], totals[0][0], "listed") if len(totals) == 1 else None


def _totals(items: Sequence[batch.Item]) -> list[tuple[str | None, Decimal]]:
    """What the rows cost, by unit."""
    found: list[tuple[str | None, Decimal]] = []
    for item in items:
        assert item.price is not None
        for number, (unit, amount) in enumerate(found):
            if same_unit(unit, item.price.unit):
                found[number] = (unit, amount + item.price.amount)
                break
        else:
            found.append((item.price.unit, item.price.amount))
    return found


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"

"""Budgets in the ledger: what counts, and that the row is the reservation (contract, 6.11)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from seedance_cli.errors import OverBudget
from seedance_cli.ledger.record import Ledger
from seedance_cli.models import (
    Amount,
    Budgets,
    Conditions,
    IntentState,
    Price,
    PricedFields,
    Status,
    Task,
)
from support.ledgers import ENDPOINT, PRICED, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.fake_clock import FakeClock
    from support.ledgers import Place


def usd(amount: str) -> Amount:
    """An amount of the budget's."""
    return Amount(Decimal(amount), "USD")


def price(amount: str, unit: str | None = "USD", basis: str = "listed") -> Price:
    """A price."""
    return Price(Decimal(amount), unit, basis)


FIVE = Budgets(day=usd("5"))
TODAY = {PRICED: price("0.7")}


@pytest.fixture
def ledger(place: Place, clock: FakeClock) -> Iterator[Ledger]:
    """An open, empty ledger."""
    with Ledger.open(place, clock, create=True) as opened:
        yield opened


def today(_endpoint: str, fields: PricedFields) -> Price | None:
    """Today's prices."""
    return TODAY.get(fields)


def buy(
    ledger: Ledger,
    cost: Price | None = None,
    *,
    priced_at: Price | None = None,
    budgets: Budgets | None = None,
    status: Status = Status.QUEUED,
    provider: str = "runbase",
    sandbox: bool = False,
    priced: PricedFields | None = PRICED,
) -> str:
    """A task that was accepted."""
    number = str(len(ledger.rows(all_states=True)))
    conditions = Conditions(price=priced_at, budgets=budgets, price_today=today)
    intent = prepare(
        ledger,
        number,
        conditions=conditions,
        provider=provider,
        sandbox=sandbox,
        priced=priced,
    )
    ledger.sending(intent)
    row = ledger.accept(intent, Task(task_id=number, status=Status.QUEUED, cost=cost))
    if status is not Status.QUEUED:
        ledger.observe(row, Task(task_id=number, status=status, cost=cost))
    ledger.told(intent)
    return intent


def figures(ledger: Ledger, budgets: Budgets = FIVE) -> list[tuple[str, ...]]:
    """Span, spent, reserved, unpriced and left of each."""
    return [
        (one.span, str(one.spent), str(one.reserved), str(one.unpriced), str(one.left))
        for one in ledger.used("runbase", budgets, today)
    ]


def test_money_6_11_what_counts(ledger: Ledger) -> None:
    """The highest charge; else the price at the submit; else today's; unknown outcomes, too."""
    buy(ledger, price("0.30", basis="charged"), priced_at=price("0.9"))
    buy(ledger, priced_at=price("0.25"))
    buy(ledger, price("40", "credits", "charged"), priced_at=price("0.20"))
    buy(ledger)
    unknown = prepare(ledger, "u", conditions=Conditions(price=price("0.11")))
    ledger.sending(unknown)
    ledger.settle(unknown, IntentState.UNKNOWN, {})
    prepare(ledger, "p", conditions=Conditions(price=price("0.01")))
    assert figures(ledger) == [("day", "0.30", "1.27", "0", "3.43")]
    refund = buy(ledger, price("2", basis="charged"))
    task = ledger.get(refund)[0]
    ledger.observe(task, Task(task_id="6", status=Status.RUNNING, cost=price("1", basis="charged")))
    assert figures(ledger)[0][1] == "2.30", "the highest charge ever seen"
    failed = Task(task_id="6", status=Status.FAILED, cost=price("0", basis="charged"))
    ledger.observe(task, failed)
    assert figures(ledger)[0][1] == "0.30", "it failed, and was charged nothing"


def test_money_6_11_what_does_not_count(ledger: Ledger, clock: FakeClock) -> None:
    """What was refused, not sent or discarded; other providers; the sandbox; another day."""
    for state in (IntentState.REFUSED, IntentState.NOT_SENT, IntentState.UNKNOWN):
        intent = prepare(ledger, str(state), conditions=Conditions(price=price("1")))
        ledger.sending(intent)
        ledger.settle(intent, state, {})
    ledger.discard(intent)
    buy(ledger, priced_at=price("1"), provider="defapi")
    buy(ledger, priced_at=price("1"), sandbox=True)
    assert figures(ledger) == [("day", "0", "0", "0", "5")]
    buy(ledger, priced_at=price("1"))
    clock.advance(14 * 3600)
    assert figures(ledger, Budgets(day=usd("5"), month=usd("5"))) == [
        ("day", "0", "0", "0", "5"),
        ("month", "0", "1", "0", "4"),
    ]
    clock.advance(21 * 24 * 3600)
    assert figures(ledger, Budgets(month=usd("5"))) == [("month", "0", "0", "0", "5")]


def test_money_6_11_one_task_counts_once(ledger: Ledger) -> None:
    """A task that the provider gave for two requests is charged once."""
    conditions = Conditions(price=price("1"))
    for _ in range(2):
        intent = prepare(ledger, "same", conditions=conditions)
        ledger.sending(intent)
        cost = price("0.5", basis="charged")
        ledger.accept(intent, Task(task_id="t", status=Status.QUEUED, cost=cost))
        ledger.told(intent)
    assert figures(ledger) == [("day", "0.5", "0", "0", "4.5")]


@pytest.mark.parametrize(
    ("priced_at", "budgets", "words"),
    [
        (price("1.01"), FIVE, "more than is left of [budgets.runbase] day = 5 USD"),
        (None, FIVE, "the price of this request is not known"),
        (price("1", "credits"), FIVE, "nothing is converted"),
        (price("2"), Budgets(task=usd("1")), "more than [budgets.runbase] task = 1 USD"),
        (price("1.01"), Budgets(month=usd("5")), "month = 5 USD"),
    ],
)
def test_money_6_11_refused(
    ledger: Ledger, priced_at: Price | None, budgets: Budgets, words: str
) -> None:
    """11 in words: what is spent, reserved and left, until when, and how to tell a price."""
    buy(ledger, price("3", basis="charged"))
    buy(ledger, priced_at=price("1"), budgets=budgets)
    with pytest.raises(OverBudget) as caught:
        buy(ledger, priced_at=priced_at, budgets=budgets)
    error = caught.value
    assert (error.exit_code, error.code, error.retry_safe) == (11, "over_budget", True)
    assert words in error.message
    assert "nothing was sent" in error.message
    assert '[[prices]] with provider = "runbase"' in (error.hint or "")
    if budgets.task is None:
        until = "2026-03-01" if budgets.month else "2026-02-08"
        assert "3 USD spent, 1 USD reserved, 1 USD left until " + until in error.message
    assert len(ledger.rows(all_states=True)) == 2


def test_money_6_11_to_the_last_cent(ledger: Ledger) -> None:
    """What fits exactly is bought, and nothing after it; the row is the reservation."""
    buy(ledger, priced_at=price("4.99"), budgets=FIVE)
    buy(ledger, priced_at=price("0.01"), budgets=FIVE)
    with pytest.raises(OverBudget):
        buy(ledger, priced_at=price("0.01"), budgets=FIVE)


def test_money_6_11_an_earlier_one_without_a_price(ledger: Ledger) -> None:
    """Nobody knows what is left then, so nothing is bought."""
    buy(ledger, priced=None)
    with pytest.raises(OverBudget, match="is not known: 1 earlier submission"):
        buy(ledger, priced_at=price("0.01"), budgets=FIVE)
    (used,) = ledger.used("runbase", FIVE, today)
    assert used.as_object()["left"] is None


def test_money_6_11_the_sandbox_is_not_bound(ledger: Ledger) -> None:
    """Nor does it count."""
    buy(ledger, priced_at=price("99"), budgets=FIVE, sandbox=True)


def test_money_6_11_no_unit(ledger: Ledger) -> None:
    """A provider that states no unit is counted in plain numbers."""
    plain = Budgets(day=Amount(Decimal(100), None))
    buy(ledger, price("60", None, "charged"), priced_at=price("50", None), budgets=plain)
    with pytest.raises(OverBudget, match="60 spent, 0 reserved, 40 left"):
        buy(ledger, priced_at=price("41", None), budgets=plain)
    assert ledger.charges("runbase", ENDPOINT, PRICED) == [price("60", None, "charged")]

"""`seedance spend`: exact sums, never across providers or units."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli.ledger.record import Ledger
from seedance_cli.models import Conditions, IntentState, Price, Status, Task, VideoRequest
from support import ledgers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.fake_clock import FakeClock
    from support.runner import Run, Spawn

DAY = 24 * 3600
COUNTS = ("tasks", "succeeded", "failed", "running", "unknown")


@dataclass
class Books:
    """A ledger, and short ways to write what was spent into it."""

    ledger: Ledger
    _number: int = field(default=0)

    def task(
        self,
        status: str,
        charged: str | None = None,
        *,
        provider: str = "runbase",
        unit: str | None = "USD",
        price: str | None = None,
        profile: str = "default",
        sandbox: bool = False,
        batch: str | None = None,
        **request: object,
    ) -> Task:
        """A task in that status, at that price, charged so much."""
        self._number += 1
        task_id = f"t{self._number}"
        intent = self.intent(
            task_id,
            provider=provider,
            unit=unit,
            price=price,
            profile=profile,
            sandbox=sandbox,
            batch=batch,
        )
        ledgers.ask(self.ledger, intent, VideoRequest(prompt="a", **request))  # type: ignore[arg-type]  # any fields
        self.ledger.sending(intent)
        row = self.ledger.accept(intent, Task(task_id=task_id, status=Status.QUEUED))
        cost = None if charged is None else Price(Decimal(charged), unit, "charged")
        task = Task(task_id=task_id, status=Status(status), cost=cost)
        self.ledger.observe(row, task)
        return task

    def intent(
        self,
        mark: str,
        *,
        provider: str = "runbase",
        unit: str | None = "USD",
        price: str | None = None,
        profile: str = "default",
        sandbox: bool = False,
        batch: str | None = None,
    ) -> str:
        """An approved submission at that price."""
        known = None if price is None else Price(Decimal(price), unit, "listed")
        return ledgers.prepare(
            self.ledger,
            mark,
            provider=provider,
            profile=profile,
            sandbox=sandbox,
            conditions=Conditions(price=known, batch=batch),
        )

    def settled(self, state: IntentState, price: str | None = None) -> str:
        """A submission that became no task."""
        self._number += 1
        intent = self.intent(f"s{self._number}", price=price)
        self.ledger.sending(intent)
        self.ledger.settle(intent, state, {})
        return intent


@pytest.fixture
def books(clock: FakeClock) -> Iterator[Books]:
    with Ledger.open(Path(os.environ["SEEDANCE_STATE_DIR"]), clock, create=True) as opened:
        yield Books(opened)


def usd(amount: str) -> list[dict[str, str]]:
    return [{"provider": "runbase", "unit": "USD", "amount": amount}]


def counts(one: dict[str, int]) -> tuple[int, ...]:
    return tuple(one[name] for name in COUNTS)


def test_the_document(books: Books, run: Run, clock: FakeClock) -> None:
    """Exactly the contract's keys; by day, this month; sums of decimals are exact."""
    for charged in ("0.1", "0.2"):
        books.task("succeeded", charged)
    books.task("failed")
    clock.advance(DAY)
    books.task("running", price="0.7")
    document = run("spend", "--json", clock=clock).json
    assert document == {
        "schema": "seedance.spend/1",
        "by": "day",
        "groups": [
            {
                "key": "2026-02-07",
                "tasks": 3,
                "succeeded": 2,
                "failed": 1,
                "running": 0,
                "unknown": 0,
                "charged": usd("0.3"),
                "expected": [],
            },
            {
                "key": "2026-02-08",
                "tasks": 1,
                "succeeded": 0,
                "failed": 0,
                "running": 1,
                "unknown": 0,
                "charged": [],
                "expected": usd("0.7"),
            },
        ],
        "total": {
            "tasks": 4,
            "succeeded": 2,
            "failed": 1,
            "running": 1,
            "unknown": 0,
            "charged": usd("0.3"),
            "expected": usd("0.7"),
        },
    }
    assert list(document) == ["schema", "by", "groups", "total"]
    assert list(document["groups"][0]) == ["key", *COUNTS, "charged", "expected"]


def test_what_counts_as_what(books: Books, run: Run, clock: FakeClock) -> None:
    """Unknown outcomes are no tasks, and expected; what was refused or never left is nothing.

    A running task that was charged is charged, no longer expected. The highest charge ever read
    counts, but nothing for a task that failed and was given back.
    """
    books.task("running", "1", price="5")
    books.task("queued", price="0.25")
    books.settled(IntentState.UNKNOWN, price="0.5")
    books.ledger.discard(books.settled(IntentState.UNKNOWN, price="7"))
    books.settled(IntentState.REFUSED, price="7")
    books.settled(IntentState.NOT_SENT, price="7")
    again = books.task("succeeded", "2")
    lower = Task(
        task_id=again.task_id,
        status=Status.SUCCEEDED,
        cost=Price(Decimal("1.5"), "USD", "charged"),
    )
    books.ledger.observe(books.ledger.find(again.task_id)[0], lower)
    back = books.task("running", "3")
    free = Task(
        task_id=back.task_id, status=Status.FAILED, cost=Price(Decimal(0), "USD", "charged")
    )
    books.ledger.observe(books.ledger.find(back.task_id)[0], free)
    for status in ("cancelled", "expired"):
        books.task(status)
    total = run("spend", "--json", clock=clock).json["total"]
    assert counts(total) == (6, 1, 3, 2, 1)
    assert total["charged"] == usd("3")
    assert total["expected"] == usd("0.75")


def test_never_across_providers_or_units(books: Books, run: Run, clock: FakeClock) -> None:
    """One sum for each provider and unit; a unit may be none."""
    for provider, unit, amount in (
        ("runbase", "USD", "0.10"),
        ("runbase", "credits", "7"),
        ("defapi", None, "12"),
        ("seedanceapi", "credits", "7"),
        ("defapi", None, "0.5"),
    ):
        books.task("succeeded", amount, provider=provider, unit=unit)
    document = run("spend", "--json", clock=clock).json
    assert document["total"]["charged"] == [
        {"provider": "defapi", "unit": None, "amount": "12.5"},
        {"provider": "runbase", "unit": "USD", "amount": "0.10"},
        {"provider": "runbase", "unit": "credits", "amount": "7"},
        {"provider": "seedanceapi", "unit": "credits", "amount": "7"},
    ]


def test_many_digits_are_kept(books: Books, run: Run, clock: FakeClock) -> None:
    """No sum is rounded, and none is written with an exponent."""
    for amount in ("100000000000000000", "0.000000000000000000001", "1E-7"):
        books.task("succeeded", amount)
    (charged,) = run("spend", "--json", clock=clock).json["total"]["charged"]
    assert charged["amount"] == "100000000000000000.000000100000000000001"


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("day", ["2026-02-07"]),
        ("month", ["2026-02"]),
        ("provider", ["defapi", "runbase"]),
        ("profile", ["default", "work"]),
        ("model", ["m-1", "m-2", None]),
        ("batch", ["trip", None]),
        ("metadata.client", ["acme", "zeta", None]),
    ],
)
def test_each_column(
    books: Books, run: Run, clock: FakeClock, by: str, keys: list[str | None]
) -> None:
    """In the order of their keys; what has none is at the end."""
    books.task("succeeded", "1", model="m-2", batch="trip", metadata={"client": "zeta"})
    books.task("succeeded", "1", provider="defapi", model="m-1", metadata={"client": "acme"})
    books.task("succeeded", "1", profile="work")
    document = run("spend", "--by", by, "--json", clock=clock).json
    assert [group["key"] for group in document["groups"]] == keys
    assert document["by"] == by
    assert sum(group["tasks"] for group in document["groups"]) == document["total"]["tasks"] == 3


def test_the_time(books: Books, run: Run, clock: FakeClock) -> None:
    """From the first of the month; --since and --until are days of UTC, both counted."""
    clock.jump(-10 * DAY)  # 28 January
    books.task("succeeded", "1")
    clock.jump(10 * DAY)
    books.task("succeeded", "2")
    clock.jump(DAY)
    books.task("succeeded", "4")

    def charged(*words: str) -> str:
        total = run("spend", *words, "--json", clock=clock).json["total"]
        return total["charged"][0]["amount"] if total["charged"] else "0"

    assert charged() == "6"
    assert charged("--since", "2026-01-28") == "7"
    assert charged("--since", "2026-01-28", "--until", "2026-02-07") == "3"
    assert charged("--until", "2026-01-31") == "1"  # that month
    assert charged("--since", "2h") == "4"
    assert charged("--since", "2026-02-09") == "0"


def test_filters(books: Books, run: Run, clock: FakeClock) -> None:
    """The sandbox never counts, unless it is asked for, and then alone; -p and --profile."""
    books.task("succeeded", "1")
    books.task("succeeded", "2", provider="defapi", profile="work")
    books.task("succeeded", "4", sandbox=True)

    def tasks(*words: str) -> list[str]:
        total = run("spend", *words, "--json", clock=clock).json["total"]
        return [one["amount"] for one in total["charged"]]

    assert tasks() == ["2", "1"]
    assert tasks("--sandbox") == ["4"]
    assert tasks("-p", "defapi") == tasks("--profile", "work") == ["2"]


def test_in_a_pipe_and_as_csv(books: Books, run: Run, clock: FakeClock) -> None:
    """Tabs without a head; CSV with one, and a column for each provider and unit."""
    books.task("succeeded", "0.1", batch='a "b", c')
    books.task("running", price="0.2")
    books.task("succeeded", "7", provider="defapi", unit=None)
    assert run("spend", "--by", "batch", clock=clock).out.splitlines() == [
        'a "b", c\t1\t1\t0\t0\t0\trunbase 0.1 USD\t-',
        "-\t2\t1\t0\t1\t0\tdefapi 7\trunbase 0.2 USD",
    ]
    table = list(csv.reader(io.StringIO(run("spend", "--by", "batch", "--csv", clock=clock).out)))
    charged = ["charged defapi", "expected defapi", "charged runbase USD", "expected runbase USD"]
    assert table == [
        ["batch", *COUNTS, *charged],
        ['a "b", c', "1", "1", "0", "0", "0", "", "", "0.1", ""],
        ["", "2", "1", "0", "1", "0", "7", "", "", "0.2"],
    ]


def test_on_a_terminal(books: Books, spawn: Spawn, clock: FakeClock) -> None:
    """Columns with bars, each measured by its own provider and unit, and a total."""
    books.task("succeeded", "1")
    books.task("succeeded", "500", unit="credits")
    clock.advance(DAY)
    books.task("succeeded", "2")
    env = {"NO_COLOR": "1"}
    words = ("spend", "--since", "2026-02-01")
    shown = spawn(*words, pty=True, size=(40, 120), env=env).finish().err.splitlines()
    assert shown[0].split()[:3] == ["DAY", "(UTC)", "TASKS"]
    bars = {line.split()[0]: line.count("█") for line in shown[1:]}
    assert (shown[1].count("█"), bars["2026-02-08"]) == (10, 20)
    assert shown[2].count("█") == 20  # the only one in credits
    assert shown[-2].split()[:2] == ["total", "3"]


def test_a_narrow_screen(books: Books, spawn: Spawn) -> None:
    """A provider stands once in its line."""
    for number in range(2):
        books.task("succeeded", str(number))
    env = {"NO_COLOR": "1"}
    words = ("spend", "--since", "2026-02-01", "--by", "provider")
    shown = spawn(*words, pty=True, size=(40, 24), env=env).finish().err
    assert shown.splitlines()[0].split() == ["PROVIDER", "TASKS", "CHARGED"]


def test_what_is_not_known_is_said(books: Books, run: Run, clock: FakeClock) -> None:
    """A task that ended without a known charge, and one of unknown price, are in no sum."""
    books.task("succeeded")
    books.task("running")
    result = run("spend", clock=clock)
    assert result.out == "2026-02-07\t2\t1\t0\t1\t0\t-\t-\n"
    assert "1 that ended: their provider has not said what it charged" in result.err
    assert "1 running or of unknown outcome: no price is known" in result.err


def test_nothing_was_spent(run: Run, clock: FakeClock) -> None:
    """An empty document, and a word on stderr; no ledger is made."""
    empty = run("spend", "--json", clock=clock).json
    assert (empty["groups"], counts(empty["total"]), empty["total"]["charged"]) == (
        [],
        (0, 0, 0, 0, 0),
        [],
    )
    assert "nothing was submitted since 2026-02-01" in run("spend", clock=clock).err
    assert not Path(os.environ["SEEDANCE_STATE_DIR"]).exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--by", "hour"), 2),
        (("--by", "metadata."), 2),
        (("--csv", "--json"), 2),
        (("--since", "never"), 2),
        (("--since", "2026-02-07", "--until", "2026-02-01"), 2),
        (("--profile", "nobody"), 3),
    ],
)
def test_what_is_refused(run: Run, clock: FakeClock, words: tuple[str, ...], code: int) -> None:
    """Nothing on stdout."""
    done = run("spend", *words, clock=clock)
    assert (done.code, done.out) == (code, "")

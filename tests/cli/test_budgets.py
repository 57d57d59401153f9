"""Budgets and own prices as `generate` and `price` keep to them (contract, 6.9, 6.11)."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from support.counting_provider import MODEL, PROVIDER, Answer, CountingProvider
from support.crowd import at_once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.runner import Result, Run

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX processes")
PRICES = f"""
[[prices]]
provider = "{PROVIDER}"
amount = "40 credits"
"""


class Shop(NamedTuple):
    """A provider that counts, and the program with a configuration."""

    provider: CountingProvider
    run: Run

    def configure(self, budgets: str, prices: str = PRICES) -> None:
        """Write `config.toml`."""
        path = Path(os.environ["SEEDANCE_CONFIG"])
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{prices}\n[budgets.{PROVIDER}]\n{budgets}\n", encoding="utf-8")

    def buy(self, prompt: str = "a boat", *options: str) -> Result:
        """Run `generate`."""
        words = ("generate", prompt, "-p", PROVIDER, "-m", MODEL, *options)
        return self.run(*words, env=self.provider.env)


@pytest.fixture
def shop(run: Run) -> Iterator[Shop]:
    """A provider that accepts everything; each task is charged 40 credits."""
    with CountingProvider() as provider:
        yield Shop(provider, run)


def test_money_6_11_a_day_is_full(shop: Shop) -> None:
    """11, over_budget, what is spent and left, until when; nothing is sent; --name too."""
    shop.configure('day = "100 credits"')
    for number in range(2):
        assert shop.buy(f"{number}").code == 0
    over = shop.buy("a third", "-n", "third", "--json")
    assert (over.code, over.out, shop.provider.posts) == (11, "", 2)
    assert (over.error["code"], over.error["retry_safe"]) == ("over_budget", True)
    assert "80 credits spent, 0 credits reserved, 20 credits left until " in over.error["message"]
    assert "[[prices]]" in over.error["hint"]
    shop.configure('day = "120 credits"')
    assert shop.buy("a third", "-n", "third").code == 0
    shop.configure('day = "1 credits"')
    assert shop.buy("a third", "-n", "third").code == 0, "it is paid for already"


def test_money_6_11_unknown_outcomes_are_reserved(shop: Shop) -> None:
    """What may have been charged counts, until it is discarded; a refusal does not."""
    shop.configure('month = "40 credits"')
    shop.provider.answer = Answer.REFUSE
    assert shop.buy("refused").code == 4
    shop.provider.answer = Answer.DROP
    assert shop.buy("lost").code == 6
    shop.provider.answer = Answer.ACCEPT
    over = shop.buy()
    assert (over.code, shop.provider.posts) == (11, 2)
    assert "0 credits spent, 40 credits reserved, 0 credits left" in over.err
    (unknown,) = shop.run("recover", "--json").json
    assert shop.run("recover", "--discard", unknown["intent"]).code == 0
    assert shop.buy().code == 0


@pytest.mark.parametrize(
    ("budgets", "prices", "options", "words"),
    [
        (
            'day = "100 credits"',
            "",
            (),
            (
                "the price of this request is not known",
                "tell its price in config.toml: [[prices]] with",
            ),
        ),
        (
            'day = "100 credits"',
            PRICES,
            ("--param", "turbo=1"),
            ("is not known", "change the budget in config.toml, or leave out what --param sends"),
        ),
        (
            'day = "100 USD"',
            PRICES,
            (),
            (
                "nothing is converted",
                "tell its price in the budget's unit in config.toml: [[prices]] with",
            ),
        ),
        (
            'task = "39.99 credits"',
            PRICES,
            (),
            (
                "more than [budgets.seedance2ink] task",
                "a cheaper request, or another budget in config.toml; the price is your own",
            ),
        ),
        (
            'day = "39.99 credits"',
            PRICES,
            (),
            (
                "more than is left of [budgets.seedance2ink] day",
                "change the budget in config.toml, or wait until its time is over",
            ),
        ),
    ],
)
def test_money_6_11_refused(
    shop: Shop, budgets: str, prices: str, options: tuple[str, ...], words: tuple[str, str]
) -> None:
    """No known price, another unit, too dear a task: 11, what helps, and a dry run says so, too."""
    shop.configure(budgets, prices)
    for more in ((), ("--dry-run",)):
        done = shop.buy("a boat", *options, *more)
        assert (done.code, shop.provider.posts) == (11, 0), done.err
        reason, way = words
        assert reason in done.err
        assert "[[prices]]" in done.err
        assert f"hint: {way}" in done.err


def test_money_6_11_what_would_be_left(shop: Shop) -> None:
    """`--dry-run` and `price` say it, in text and JSON, and write nothing."""
    shop.configure('day = "100 credits"\nmonth = "1000 credits"')
    shop.buy()
    dry = shop.buy("another", "--dry-run")
    assert "budget of the day: 40 credits spent, 0 credits reserved, 60 credits left" in dry.out
    assert "this would leave 20 credits\n" in dry.out
    day, month = shop.buy("another", "--dry-run", "--json").json["budgets"]
    assert (day["left"], day["left_after"], day["unit"]) == ("60", "20", "credits")
    assert (month["span"], month["left_after"]) == ("month", "920")
    one = ("price", "-p", PROVIDER, "-m", MODEL, "-d", "5", "-r", "720p")
    told = shop.run(*one, env=shop.provider.env)
    assert told.out == "40 credits\n"
    assert "yours, from [[prices]] in config.toml" in told.err
    assert "budget of the month: 40 credits spent" in told.err
    row = shop.run(*one, "--json", env=shop.provider.env).json
    assert row["yours"] == {"amount": "40", "unit": "credits", "basis": "yours"}
    assert row["budgets"][0]["left_after"] == "20"
    table = shop.run("price", "-p", PROVIDER, env=shop.provider.env)
    assert f"{PROVIDER}: budget of the day: 40 credits spent" in table.err
    assert "\t40 credits\t" in table.out


def test_money_6_11_a_batch_keeps_to_it(shop: Shop) -> None:
    """Rows are bought as long as the budget lasts; the rest waits for the next run."""
    shop.configure('day = "80 credits"')
    Path("shots.txt").write_text("one\ntwo\nthree\n", encoding="utf-8")
    words = ("batch", "shots.txt", "-p", PROVIDER, "-m", MODEL, "--yes", "--no-wait")
    first = shop.run(*words, env=shop.provider.env)
    assert (first.code, len(first.out.splitlines()), shop.provider.posts) == (11, 2, 2)
    assert "80 credits spent" in first.err
    shop.configure('day = "120 credits"')
    assert shop.run(*words, env=shop.provider.env).code == 0
    assert sorted(body["prompt"] for body in shop.provider.tasks.values()) == [
        "one",
        "three",
        "two",
    ]


def test_money_6_11_the_sandbox_is_not_bound(shop: Shop) -> None:
    """Neither checked nor counted."""
    shop.configure('day = "1 credits"')
    done = shop.run("generate", "x", "-p", PROVIDER, "--sandbox", "--dry-run")
    assert (done.code, "budget" in done.out) == (0, False)
    assert shop.run("generate", "x", "-p", PROVIDER, "--sandbox").code == 0


def test_money_6_9_your_price_and_max_cost(shop: Shop) -> None:
    """Your price goes before the listed one; a higher charge goes before yours."""
    shop.configure("", PRICES.replace("40 credits", "30 credits"))
    over = shop.buy("a boat", "--max-cost", "29 credits")
    assert (over.code, "30 credits (yours)" in over.err) == (11, True)
    assert shop.buy("a boat", "--max-cost", "30 credits").code == 0
    charged = shop.buy("another", "--max-cost", "30 credits")
    assert (charged.code, "40 credits (charged)" in charged.err) == (11, True)
    own = '[[prices]]\nprovider = "seedanceapi"\namount = "3 credits"'
    shop.configure("", own)
    listed = ("generate", "x", "-p", "seedanceapi", "--dry-run", "--json")
    price = shop.run(*listed).json["price"]
    assert price == {"amount": "3", "unit": "credits", "basis": "yours"}
    shop.configure("", own.replace("3 credits", "0.2 USD"))
    other = shop.run(*listed, "--max-cost", "3 credits")
    assert (other.code, "costs 0.2 USD (yours), and nothing is converted" in other.err) == (
        11,
        True,
    )
    assert "hint: --max-cost '0.2 USD'" in other.err


def test_money_6_11_another_configuration_counts_the_same_ledger(
    shop: Shop, tmp_path: Path
) -> None:
    """A command is bound by its own budgets, counted over everything that the ledger has."""
    shop.configure('day = "40 credits"')
    assert shop.buy().code == 0
    other = tmp_path / "other.toml"
    other.write_text(PRICES, encoding="utf-8")
    words = ("generate", "b", "-p", PROVIDER, "-m", MODEL)
    env = {**shop.provider.env, "SEEDANCE_CONFIG": str(other)}
    assert shop.run(*words, env=env).code == 0
    shop.configure('day = "119 credits"')
    assert shop.buy("third").code == 11


@posix
@pytest.mark.parametrize("number", [8, pytest.param(100, marks=pytest.mark.full)])
def test_fault_53_many_processes_at_one_budget(shop: Shop, folder: Path, number: int) -> None:
    """However many there are, what they buy together stays within it: here five tasks."""
    shop.configure('day = "200 credits"')
    commands = [
        ["generate", f"boat {one}", "-p", PROVIDER, "-m", MODEL, "--json"] for one in range(number)
    ]
    results = at_once(commands, shop.provider.env, folder)
    assert Counter(one.code for one in results) == {0: 5, 11: number - 5}
    assert shop.provider.posts == 5
    errors = [json.loads(one.err.splitlines()[-1])["error"] for one in results if one.code]
    assert {one["code"] for one in errors} == {"over_budget"}

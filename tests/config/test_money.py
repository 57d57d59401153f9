"""`[[prices]]` and `[budgets.PROVIDER]` in `config.toml` (contract, 6.9, 6.11)."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli.config import load
from seedance_cli.errors import ConfigError
from seedance_cli.models import Amount, Budgets, OwnPrice, Price, PricedFields, own_price

if TYPE_CHECKING:
    from support.runner import Run

GOOD = """
[[prices]]
provider = "runbase"
per_second = "0.03 USD"

[[prices]]
provider = "runbase"
duration = 8
audio = true
amount = "0.50 USD"

[[prices]]
provider = "defapi"
amount = 40

[budgets.runbase]
day = "5 USD"
month = "100.5 USD"

[budgets.defapi]
task = 0.1
"""


ONE = '[[prices]]\nprovider = "runbase"\namount = "1 USD"'


def write(text: str) -> dict[str, str]:
    """Write `config.toml`; the environment that names it."""
    path = Path("config.toml").absolute()
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return {"SEEDANCE_CONFIG": str(path)}


def test_money_6_9_what_a_file_says() -> None:
    """Amounts are decimal, whether text or number; a bare one where the provider has no unit."""
    store = load(write(GOOD))
    usd = Amount(Decimal("0.50"), "USD")
    assert store.prices == (
        OwnPrice("runbase", Amount(Decimal("0.03"), "USD"), per_second=True),
        OwnPrice("runbase", usd, duration=8, audio=True),
        OwnPrice("defapi", Amount(Decimal(40), None)),
    )
    assert store.budgets == {
        "runbase": Budgets(day=Amount(Decimal(5), "USD"), month=Amount(Decimal("100.5"), "USD")),
        "defapi": Budgets(task=Amount(Decimal("0.1"), None)),
    }


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (
            '[[prices]]\nprovider = "x"\namount = "1 USD"',
            2,
            "provider names no provider there is",
        ),
        ('[[prices]]\namount = "1 USD"', 1, "must name a provider"),
        ('[[prices]]\nprovider = "runbase"', 1, "needs one of amount"),
        (
            '[[prices]]\nprovider = "runbase"\namount = "1 USD"\nper_second = "1 USD"',
            1,
            "needs one of",
        ),
        ('[[prices]]\nprovider = "runbase"\namount = "5"', 3, 'needs its unit: "5 USD"'),
        ('[[prices]]\nprovider = "runbase"\namount = "much"', 3, "must be an amount"),
        ('[[prices]]\nprovider = "runbase"\namount = -1', 3, "must be an amount"),
        ('[[prices]]\nprovider = "runbase"\namount = true', 3, "must be an amount"),
        ('[[prices]]\nprovider = "runbase"\naudio = 1\namount = "1 USD"', 3, "true or false"),
        ('[[prices]]\nprovider = "runbase"\nsize = "4k"\namount = "1 USD"', 3, "is not a field"),
        (
            f"{ONE}\n\n# again\n{ONE}",
            6,
            "same requests",
        ),
        ("prices = 3", None, "must be [[prices]]"),
        ('[budgets.runbase]\ndaily = "1 USD"', 2, "is not a budget: it is one of day, month, task"),
        ("[budgets.runbase]\nmonth = 5", 2, 'needs its unit: "5 USD"'),
        ('[budgets."x.y"]\nday = "1 USD"', 1, "names no provider"),
        ("[budgets]\nrunbase = 5", None, "must be a table"),
        ("budgets = 5", None, "must be [budgets.PROVIDER]"),
    ],
)
def test_money_6_9_a_wrong_entry(run: Run, text: str, line: int | None, words: str) -> None:
    """3, with file and line, and nothing is sent: a limit that is misspelt would limit nothing."""
    env = write(text)
    with pytest.raises(ConfigError) as caught:
        load(env)
    place = f"{env['SEEDANCE_CONFIG']}, line {line}: " if line else f"{env['SEEDANCE_CONFIG']}: "
    assert caught.value.message.startswith(place), caught.value.message
    assert words in caught.value.message
    assert run("generate", "x", "-p", "runbase", env=env).code == 3


def test_money_6_9_the_most_matching_entry() -> None:
    """The entry with the most matching fields; of equal ones the first; none where none fits."""
    entries = (
        OwnPrice("runbase", Amount(Decimal("0.03"), "USD"), per_second=True),
        OwnPrice("runbase", Amount(Decimal("0.5"), "USD"), duration=8),
        OwnPrice("runbase", Amount(Decimal("0.6"), "USD"), resolution="1080p"),
        OwnPrice("runbase", Amount(Decimal("0.7"), "USD"), duration=8, audio=False),
    )

    def price(*fields: object) -> str | None:
        found = own_price(entries, "runbase", PricedFields(*fields))  # type: ignore[arg-type]
        return None if found is None else str(found.amount)

    assert price("m", 4, None, None) == "0.12"
    assert price("m", None, None, None) is None
    assert price("m", 8, "1080p", None) == "0.5"
    assert price("m", 8, None, False) == "0.7"
    assert price("m", 4, "1080p", None) == "0.6"
    assert own_price(entries, "defapi", PricedFields("m", 8, None, None)) is None
    first = own_price(entries, "runbase", PricedFields("m", 12, None, None))
    assert first == Price(Decimal("0.36"), "USD", "yours")


def test_a_rewrite_keeps_them(run: Run) -> None:
    """`profile set` leaves prices and budgets as they are, to the last digit."""
    env = write("x = 0.10000000000000000555\n" + GOOD)
    before = load(env)
    assert run("profile", "set", "work", "provider", "runbase", env=env).code == 0
    after = load(env)
    assert (after.prices, after.budgets) == (before.prices, before.budgets)
    assert "0.10000000000000000555" in Path("config.toml").read_text(encoding="utf-8")


def test_profile_show_has_them(run: Run) -> None:
    """Each with its value and its source."""
    env = write(GOOD)
    rows = [line.split("\t") for line in run("profile", "show", env=env).out.splitlines()]
    assert ["budgets.runbase.day", "5 USD", "config.toml"] in rows
    assert ["prices.runbase[duration=8,audio=true]", "0.50 USD", "config.toml"] in rows
    assert ["prices.runbase", "0.03 USD per second", "config.toml"] in rows
    shown = run("profile", "show", "--json", env=env).json
    assert shown["budgets"]["defapi.task"]["value"] == "0.1"

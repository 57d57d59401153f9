"""`seedance price`: listed, charged, and never guessed."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli import providers
from seedance_cli.ledger.record import Ledger
from seedance_cli.models import Price, PricedFields
from seedance_cli.system.clock import SystemClock
from support import ledgers

if TYPE_CHECKING:
    from support.runner import Run, Spawn

RUNBASE = PricedFields("bytedance/seedance-1.5-pro", 8, "720p", None)
SEEDANCEAPI = PricedFields(None, 8, "720p", True)


def charge(
    provider: str,
    priced: PricedFields,
    *amounts: str,
    unit: str | None = "credits",
    endpoint: str = "",
    sandbox: bool = False,
) -> None:
    """Write into the ledger what tasks were charged."""
    places = {
        "runbase": "https://runbase.net/api/v1",
        "seedanceapi": "https://seedanceapi.org/v1",
        "defapi": "https://api.defapi.org",
        "seedance2ink": "https://www.seedance2.ink",
    }
    with Ledger.open(Path(os.environ["SEEDANCE_STATE_DIR"]), SystemClock(), create=True) as ledger:
        for amount in amounts:
            ledgers.submit(
                ledger,
                f"{provider}-{amount}-{sandbox}-{endpoint}",
                provider=provider,
                endpoint=endpoint or places[provider],
                sandbox=sandbox,
                priced=priced,
                cost=Price(Decimal(amount), unit, "charged"),
            )


@pytest.mark.parametrize("resolution", ["480p", "720p"])
@pytest.mark.parametrize("seconds", ["4", "8", "12"])
@pytest.mark.parametrize("audio", ["--audio", "--no-audio"])
def test_the_listed_price_alone(resolution: str, seconds: str, audio: str, run: Run) -> None:
    """Enough options to name one price: stdout is just that price, its basis is on stderr."""
    table = {
        "480p": {"4": (8, 14), "8": (14, 28), "12": (19, 38)},
        "720p": {"4": (14, 28), "8": (28, 56), "12": (42, 84)},
    }
    done = run("price", "-p", "seedanceapi", "-d", seconds, "-r", resolution, audio)
    credit = table[resolution][seconds][audio == "--audio"]
    assert (done.code, done.out) == (0, f"{credit} credits\n")
    assert done.err == "listed in the provider's documents\n"


def test_audio_not_asked_for_is_the_providers_default(run: Run) -> None:
    """Without --audio the price is that of the provider's own default, silent."""
    done = run("price", "-p", "seedanceapi", "-d", "8s", "-r", "720p", "--json")
    assert done.json == {
        "provider": "seedanceapi",
        "model": None,
        "duration": 8,
        "resolution": "720p",
        "audio": False,
        "yours": None,
        "listed": {"amount": "28", "unit": "credits", "basis": "listed"},
        "charged": None,
    }


def test_the_environment_names_the_provider(run: Run) -> None:
    """SEEDANCE_PROVIDER is as good as -p."""
    done = run("price", "-d", "4", "-r", "480p", env={"SEEDANCE_PROVIDER": "seedanceapi"})
    assert done.out == "8 credits\n"


def test_charged_beside_listed(run: Run) -> None:
    """What was charged stands beside the listed price: last, median, n."""
    charge("seedanceapi", SEEDANCEAPI, "50", "60.50", "70")
    argv = ("price", "-p", "seedanceapi", "-d", "8", "-r", "720p", "--audio")
    done = run(*argv)
    assert done.out == "56 credits\n"
    assert "charged: last 70 credits, median 60.50, n 3" in done.err
    assert run(*argv, "--json").json["charged"] == {
        "basis": "charged",
        "unit": "credits",
        "last": "70",
        "median": "60.50",
        "n": 3,
    }


def test_what_else_was_asked_for_stands_beside_the_charge(run: Run) -> None:
    """A charge of a request with images is none of one without, and says what it was for."""
    charge("seedanceapi", SEEDANCEAPI._replace(images=1, aspect_ratio="16:9"), "90")
    argv = ("price", "-p", "seedanceapi", "--audio")
    assert run(*argv, "-d", "8", "-r", "720p", "--json").json["charged"] is None
    done = run(*argv)
    assert "last 90 credits, median 90, n 1 (with images 1, aspect_ratio 16:9)" in done.out
    (row,) = (row for row in run(*argv, "--json").json if row["charged"])
    assert row["with"] == {"images": 1, "aspect_ratio": "16:9"}


def test_charges_in_two_units_have_no_median(run: Run) -> None:
    """Only those in the newest one's unit are counted."""
    charge("runbase", RUNBASE, "40", "60", unit="credits")
    charge("runbase", RUNBASE, "0.3", unit="USD")
    argv = ("-m", "bytedance/seedance-1.5-pro", "-d", "8", "-r", "720p")
    done = run("price", "-p", "runbase", *argv)
    assert "charged: last 0.3 USD, median 0.3, n 1" in done.err


def test_only_charged(run: Run) -> None:
    """Without a listed price stdout is the last charge, and stderr says that it is one."""
    charge("runbase", RUNBASE, "0.10", "0.300000000000000001", unit="USD")
    argv = ("-m", "bytedance/seedance-1.5-pro", "-d", "8", "-r", "720p")
    done = run("price", "-p", "runbase", *argv)
    assert done.out == "0.300000000000000001 USD\n"
    assert "charged: last 0.300000000000000001 USD, median 0.2000000000000000005, n 2" in done.err


def test_unknown_is_said_as_unknown(run: Run) -> None:
    """No list, no charge: `unknown`, never 0; in JSON both are null."""
    argv = ("price", "-p", "defapi", "-d", "5")
    done = run(*argv)
    assert (done.code, done.out) == (0, "unknown\n")
    assert "lists no price" in done.err
    document = run(*argv, "--json").json
    assert (document["listed"], document["charged"]) == (None, None)


def test_a_unit_that_nobody_states(run: Run) -> None:
    """Defapi names no unit: the number stands alone, and nothing is converted."""
    charge("defapi", PricedFields("seedance-2.0", 5, None, None), "0.500000", unit=None)
    done = run("price", "-p", "defapi", "-d", "5", "--json").json
    assert done["charged"]["unit"] is None
    assert done["charged"]["last"] == "0.500000"
    assert run("price", "-p", "defapi", "-d", "5").out == "0.500000\n"


def test_what_the_sandbox_charged_is_no_price(run: Run) -> None:
    """Charges of the sandbox, and of another endpoint, never show."""
    charge("runbase", RUNBASE, "1", unit="USD", sandbox=True, endpoint="sandbox")
    charge("runbase", RUNBASE, "2", unit="USD", endpoint="http://127.0.0.1:1/x")
    rows = run("price", "-p", "runbase", "--json").json
    assert [(row["listed"], row["charged"]) for row in rows] == [(None, None)]


def test_the_table(run: Run) -> None:
    """Without enough options: every price that is known, tab separated; unknown said as such."""
    charge("runbase", RUNBASE, "0.3", unit="USD")
    done = run("price")
    rows = [line.split("\t") for line in done.out.splitlines()]
    rows = [row for row in rows if row[0] in {"defapi", "runbase", "seedance2ink", "seedanceapi"}]
    assert len(rows) == 15
    assert ["defapi", "-", "-", "-", "-", "unknown", "-"] in rows
    assert ["seedanceapi", "-", "12s", "720p", "yes", "84 credits", "-"] in rows
    charged = "last 0.3 USD, median 0.3, n 1"
    assert ["runbase", RUNBASE.model, "8s", "720p", "-", "unknown", charged] in rows
    one = run("price", "-p", "seedanceapi", "-d", "8", "--json").json
    assert [(row["resolution"], row["audio"]) for row in one] == [
        ("480p", False),
        ("480p", True),
        ("720p", False),
        ("720p", True),
    ]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["-p", "seedanceapi", "-d", "5"], "4, 8, 12"),
        (["-p", "seedanceapi", "-m", "x"], "no option --model"),
        (["-p", "defapi", "-r", "720p"], "no option --resolution"),
        (["-p", "frob"], "frob"),
        (["-d", "x"], "--duration"),
    ],
)
def test_what_has_no_price(argv: list[str], words: str, run: Run) -> None:
    """Options that the provider does not take: exit 2, as `generate` would."""
    done = run("price", *argv)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_a_person_gets_a_line_for_what_is_alike(spawn: Spawn) -> None:
    """Durations together, with the price of a second or from what to what; charged rows alone."""
    charge("seedanceapi", SEEDANCEAPI, "60", "62")
    env = {"NO_COLOR": "1"}
    done = spawn("price", "-p", "seedanceapi", pty=True, size=(50, 80), env=env).finish()
    assert [" ".join(line.split()) for line in done.err.splitlines()] == [
        "PROVIDER, MODEL DURATION RESOLUTION AUDIO LISTED CHARGED",
        "seedanceapi 4,8,12s 480p no 8-19 credits",
        "seedanceapi 4,8,12s 480p yes 14-38 credits",
        "seedanceapi 4,8,12s 720p no 3.5 credits/s",
        "seedanceapi 4,12s 720p yes 7 credits/s",
        "seedanceapi 8s 720p yes 56 credits",
        "last 62 credits, median 61, n 2",
        "12 prices in 5 lines; -p -m -d -r --audio name one; a pipe or --json has all",
    ]


def test_sounds_of_one_price_are_one_line(spawn: Spawn) -> None:
    """And the model is whole, whatever the width."""
    env = {"NO_COLOR": "1"}
    done = spawn("price", "-p", "fal", pty=True, size=(50, 80), env=env).finish()
    model = "bytedance/seedance-2.0/fast/text-to-video"
    lines = [" ".join(line.split()) for line in done.err.splitlines()]
    assert f"fal {model} 4-15s 720p any 0.2419 USD/s" in lines


def test_price_writes_nothing(run: Run, home: Path) -> None:
    """It reads the ledger where there is one, and makes none."""
    before = sorted(home.parent.rglob("*"))
    assert run("price", "-q").err == ""
    assert sorted(home.parent.rglob("*")) == before


def test_what_nobody_offers_is_said(run: Run) -> None:
    """Where no provider takes the request there is no price, and not just silence."""
    result = run("price", "-d", "100000", "-r", "4k")
    assert (result.code, result.out) == (0, "")
    assert "no provider offers that" in result.err


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), "0.7 USD"),
        (("-a", "16:9"), "0.5 USD"),
        (("-a", "9:16"), "0.7 USD"),
        (("-a", "1:1"), "unknown"),
        (("-i", "https://example.com/a.png"), "0.9 USD"),
    ],
)
def test_price_takes_the_options_of_generate(
    options: tuple[str, ...], expected: str, run: Run
) -> None:
    """A ratio counts only where it is asked for; an image is always another request."""
    charge("runbase", RUNBASE._replace(aspect_ratio="16:9"), "0.5", unit="USD")
    charge("runbase", RUNBASE._replace(images=1), "0.9", unit="USD")
    charge("runbase", RUNBASE._replace(aspect_ratio="9:16"), "0.7", unit="USD")
    done = run("price", "-p", "runbase", "-d", "8", "-r", "720p", *options)
    assert (done.code, done.out) == (0, f"{expected}\n")


# One request at all of them


def test_price_all_shows_one_request_at_every_provider(run: Run) -> None:
    """Known prices first, the cheapest of a unit first; then unknown ones; then who cannot."""
    charge("seedance2ink", PricedFields("seedance-2.0", 8, "720p", None), "64", unit="credits")
    charge("runbase", RUNBASE, "0.4", unit="USD")
    done = run("price", "--all", "-d", "8", "-r", "720p")
    assert done.code == 0
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert sorted(row[0] for row in rows) == sorted(providers.names())
    known = [(row[0], row[2]) for row in rows if row[2][:1].isdigit()]
    first_four = [one for one in known if one[0] in {"runbase", "seedance2ink", "seedanceapi"}]
    assert first_four == [
        ("runbase", "0.4 USD"),
        ("seedanceapi", "28 credits"),
        ("seedance2ink", "64 credits"),
    ]
    assert rows[-1][2] == "-"
    cannot = {row[0]: row[3] for row in rows}
    assert cannot["defapi"].startswith("--duration 8: defapi allows 5, 10, 15")


def test_price_all_takes_the_first_model_that_would_do(run: Run) -> None:
    """As an array, with the reason of each that cannot; a model that is named is the only one."""
    found = run("price", "--all", "-d", "10", "--json").json
    (runbase,) = [one for one in found if one["provider"] == "runbase"]
    assert (runbase["model"], runbase["takes"], runbase["price"], runbase["reason"]) == (
        "bytedance/seedance-1-lite",
        True,
        None,
        None,
    )
    named = run("price", "--all", "-m", "seedance-1.5-pro", "-d", "8", "--json").json
    (ink,) = [one for one in named if one["provider"] == "seedance2ink"]
    assert (ink["takes"], ink["reason"]) == (
        False,
        "--duration 8: seedance2ink with seedance-1.5-pro allows 5, 10",
    )
    frame = ("--first-frame", "https://a.example/1.png")
    lacking = run("price", "--all", "-d", "5", "-r", "720p", *frame, "--json").json
    (runbase,) = [one for one in lacking if one["provider"] == "runbase"]
    assert runbase["reason"] == "--first-frame: runbase has no option --first-frame"
    assert run("price", "--all", "-p", "runbase").code == 2
    local = run("price", "--all", "-d", "5", "-i", "cat.png", "--json").json
    ways = {one["provider"]: one["reason"] for one in local if one["takes"]}
    assert sorted(ways) == ["byteplus", "fal", "replicate", "volcengine"]
    (kie,) = [one for one in local if one["provider"] == "kie"]
    assert kie["reason"].endswith("documents no way to send a local image")
    charge("seedance2ink", PricedFields("seedance-2.0-fast", 6, "720p", None), "9")
    (ink,) = [
        one
        for one in run("price", "--all", "-d", "6", "-r", "720p", "--json").json
        if one["provider"] == "seedance2ink"
    ]
    assert (ink["model"], ink["price"]["amount"]) == ("seedance-2.0-fast", "9"), "a known price"

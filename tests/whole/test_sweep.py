"""A paid submit disturbed at every place after the commit (contract, 6.3 and 6.8; faults 12, 42).

One real signal, or two, sent by the program to itself at the k-th line that it executes; or an
error that nobody foresaw, raised in the k-th function that it calls. Wherever that is: one POST,
its id in the ledger and on a stream, an exit status of the contract, and no word that it is safe to
pay again.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import TYPE_CHECKING

import pytest

import seedance_cli
from support.counting_provider import CountingProvider
from support.sweep import Sweep, Way

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals, and fork")

SIGHUP = 1
JSON = ("--json",)
WAIT = ("--wait", "--timeout", "0", "--json")
SIGNALS = {
    "once": Way(signals=(SIGTERM,)),
    "once-json": Way(JSON, (SIGINT,)),
    "once-wait": Way(WAIT, (SIGHUP,)),
    "once-full": Way(signals=(SIGHUP,), full=True),
    "once-full-json": Way(JSON, (SIGTERM,), full=True),
    "twice": Way(signals=(SIGINT, SIGTERM)),
    "twice-json": Way(JSON, (SIGHUP, SIGINT)),
    "twice-wait": Way(WAIT, (SIGTERM, SIGTERM)),
    "twice-full-json": Way(JSON, (SIGINT, SIGHUP), full=True),
    "at-once": Way(JSON, (SIGINT, SIGINT), apart=0.0),
}
ERRORS = {"plain": Way(), "json": Way(JSON), "wait": Way(WAIT)}
GAPS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233)
"""Calls and returns between two signals."""
OURS = (
    *("__main__", "cli/program", "cli/commands/generate", "cli/buy", "cli/output/"),
    *("system/", "tasks/"),
)
"""Below the package, the beginnings of the files that a line of matters most in."""
PARTS = 8
_MOST = 24
"""Places of one kind, in the short form."""
PACKAGE = f"{Path(seedance_cli.__file__).parent}/"


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sweep]:
    folder = tmp_path_factory.mktemp("runs")
    with CountingProvider() as provider, Sweep(folder, provider) as sweep:
        yield sweep


def faults(sweep: Sweep, way: Way, places: Sequence[int]) -> list[str]:
    """What is wrong after a run disturbed at each of these places."""
    found = []
    for at in places:
        one = replace(way, gap=GAPS[at % len(GAPS)])
        found += sweep.run(one, at).faults(one)
    return found


def undisturbed(sweep: Sweep, way: Way) -> list[str]:
    """The places that a run comes by; the first is number 1."""
    run = sweep.run(way, 0)
    assert run.faults(way) == []
    return run.seen


def some(seen: Sequence[str], step: int) -> list[int]:
    """Every so many-th line of the files that matter most, each when it comes first."""
    below = [place.removeprefix(PACKAGE) for place in seen]
    assert all(any(place.startswith(one) for place in below) for one in OURS)
    first: dict[str, int] = {}
    for number, place in enumerate(below, 1):
        if place.startswith(OURS):
            first.setdefault(place, number)
    found = list(first.values())[::step]
    return found[:: len(found) // _MOST + 1]


def first_and_last(seen: Sequence[str], part: int) -> list[int]:
    """Each place when it comes first and when it comes last, of one of the parts.

    What lies between is the same lines in a loop: it is two thirds of the time.
    """
    last = {place: number for number, place in enumerate(seen, 1)}
    first = {place: number for number, place in reversed(list(enumerate(seen, 1)))}
    return sorted({*first.values(), *last.values()})[part::PARTS]


@pytest.mark.parametrize("kind", SIGNALS)
def test_money_6_8_a_signal_at_any_line_loses_nothing(sweep: Sweep, kind: str) -> None:
    """Whichever line it comes at, the ref is told, and never that it is safe to pay again."""
    way = SIGNALS[kind]
    places = some(undisturbed(sweep, way), 9)
    assert len(places) >= 8
    assert faults(sweep, way, places) == []


def test_money_6_8_a_signal_at_any_line_of_the_post_loses_nothing(sweep: Sweep) -> None:
    """From the moment when the ledger says `sending`: nothing left and nothing is due, or as ever.

    Here a task may be missing; `faults` then asks that the ledger says that nothing was sent.
    """
    way = Way(JSON, (SIGTERM,), since="sending")
    lines = len(undisturbed(sweep, way))
    assert faults(sweep, way, range(1, lines, lines // 12)) == []


@pytest.mark.full
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", SIGNALS)
def test_money_6_8_a_signal_at_every_line_loses_nothing(sweep: Sweep, kind: str, part: int) -> None:
    """The same at every line, whoever's it is."""
    way = SIGNALS[kind]
    assert faults(sweep, way, first_and_last(undisturbed(sweep, way), part)) == []


@pytest.mark.full
@pytest.mark.parametrize("part", range(PARTS))
def test_money_6_8_a_signal_at_many_lines_of_the_post_loses_nothing(
    sweep: Sweep, part: int
) -> None:
    """The same at every fifth line, whoever's it is."""
    way = Way(JSON, (SIGTERM,), since="sending")
    places = first_and_last(undisturbed(sweep, way), part)[::5]
    assert faults(sweep, way, places) == []


@pytest.mark.parametrize("kind", ERRORS)
def test_exit_codes_an_unforeseen_error_after_paying_loses_nothing(sweep: Sweep, kind: str) -> None:
    """8 or 10 with the ref, the document and the traceback, in whatever function it is raised."""
    way = ERRORS[kind]
    calls = len(undisturbed(sweep, way))
    assert faults(sweep, way, range(1, calls + 1, calls // 12)) == []


@pytest.mark.full
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", ERRORS)
def test_exit_codes_an_unforeseen_error_in_every_call_loses_nothing(
    sweep: Sweep, kind: str, part: int
) -> None:
    """The same in every function that is called."""
    way = ERRORS[kind]
    assert faults(sweep, way, first_and_last(undisturbed(sweep, way), part)) == []

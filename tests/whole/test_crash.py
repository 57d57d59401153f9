"""The program dies by SIGKILL, and nothing that was paid for is lost (contract, 6.1 to 6.3).

`benchmarks/crash.py` is the long form with a table. Whatever `strace` is needed for is skipped
where it is missing or not permitted; the random moments are tested everywhere.
"""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING

import pytest

from support import killing
from support.counting_provider import CountingProvider
from support.killing import Call, Scaffold
from support.runner import in_process

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from support.killing import Outcome, Point

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")

PARTS = 12


def here(words: Sequence[str], env: Mapping[str, str]) -> tuple[int, str]:
    """Ask in this process, which is another one than the one that was killed."""
    result = in_process(*words, env=env)
    return result.code, result.out


@pytest.fixture
def provider() -> Iterator[CountingProvider]:
    with CountingProvider() as server:
        yield server


@pytest.fixture
def scaffold(tmp_path: Path, provider: CountingProvider) -> Scaffold:
    folder = tmp_path / "runs"
    folder.mkdir()
    return Scaffold(folder, provider, here)


@pytest.fixture(scope="session")
def strace() -> None:
    if not killing.can_trace():
        pytest.skip("needs strace, and the right to use it")


def strike_all(scaffold: Scaffold, points: Sequence[Point]) -> list[Outcome]:
    """Kill at each point; nothing is lost, nothing is sent twice, nothing else is amiss."""
    outcomes = [scaffold.strike(point) for point in points]
    assert [one for one in outcomes if one.lost or one.wrong] == []
    return outcomes


@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize(
    "known",
    [False, pytest.param(True, marks=pytest.mark.full)],
    ids=["first", "later"],
)
def test_killed_around_the_post(scaffold: Scaffold, *, known: bool) -> None:
    """Killed before a system call near the paid POST, every task has its id or an `unknown`."""
    points = killing.choose(scaffold.points(known=known), 10, random.Random(7))
    outcomes = strike_all(scaffold, points)
    assert sum(one.killed for one in outcomes) >= 6
    assert sum(one.unknown for one in outcomes) >= 2
    assert any(one.refused for one in outcomes)


def test_killed_at_random_moments(scaffold: Scaffold) -> None:
    """Killed at a moment that nobody chose, every task has its id or an `unknown` intent."""
    outcomes = strike_all(scaffold, killing.moments(8, random.Random(7)))
    assert any(one.killed for one in outcomes)
    assert any(one.tasks for one in outcomes)


@pytest.mark.full
@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("known", [False, True], ids=["first", "later"])
def test_killed_before_every_call(scaffold: Scaffold, part: int, *, known: bool) -> None:
    """Killed before any system call from the ledger's first touch on, nothing is lost."""
    outcomes = strike_all(scaffold, scaffold.points(known=known)[part::PARTS])
    # That nothing is lost is held by `strike_all`; this, that the points do kill. Under load some
    # calls come later than they were counted, and the program is done before.
    assert sum(one.killed for one in outcomes) * 2 > len(outcomes)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(4))
def test_killed_at_many_random_moments(scaffold: Scaffold, seed: int) -> None:
    """The random moments, two hundred of them."""
    strike_all(scaffold, killing.moments(50, random.Random(seed)))


@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize("known", [False, True], ids=["first", "later"])
def test_durable_before_it_leaves(scaffold: Scaffold, *, known: bool) -> None:
    """The disk has the intent before the program connects, and the id before it is printed."""
    assert killing.out_of_order(scaffold.trace(known=known)) == []


def calls(*lines: str) -> list[Call]:
    """A trace of one thread: `name rest`."""
    split = (line.partition(" ") for line in lines)
    return [Call(1, name, rest, begins=True, returns=True) for name, _, rest in split]


WRITTEN = ("pwrite64 3</ledger.db>", "fdatasync 3</ledger.db>")
ENDED = ("ftruncate 4</ledger.db-journal>", "fdatasync 4</ledger.db-journal>")
SENT = ("connect 5", 'sendto 5, "POST /x"')
PRINTED = ('write 1, "seedance2ink:req_1"',)


@pytest.mark.parametrize(
    ("trace", "faults"),
    [
        ((*WRITTEN, *ENDED, *SENT, *WRITTEN, *ENDED, *PRINTED), 0),
        ((*SENT, *WRITTEN, *ENDED, *WRITTEN, *ENDED, *PRINTED), 2),
        ((*WRITTEN, *ENDED, *SENT, *PRINTED, *WRITTEN, *ENDED), 2),
        ((*WRITTEN, ENDED[0], *SENT, *WRITTEN, *ENDED, *PRINTED), 1),
        ((WRITTEN[1], WRITTEN[0], *ENDED, *SENT, *WRITTEN, *ENDED, *PRINTED), 1),
    ],
    ids=["right", "sent-first", "printed-first", "journal-open", "synced-too-early"],
)
def test_the_order_is_judged(trace: Sequence[str], faults: int) -> None:
    """The judge of a trace sees a request that left, or an id that was printed, too early."""
    assert len(killing.out_of_order(calls(*trace))) == faults

"""The ledger between processes: nothing lost by many at once, by `kill -9`, or by a power cut."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli.errors import OutcomeUnknown
from seedance_cli.ledger.record import Ledger
from seedance_cli.models import IntentState
from seedance_cli.system.clock import SystemClock
from support.ledgers import ON_SQLITE, prepare, word_of
from support.places import locked, until_free

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from support.ledgers import Place

HEAD = """
import os, sys, time
from pathlib import Path
from seedance_cli.system.clock import SystemClock
from seedance_cli.errors import OutcomeUnknown
from seedance_cli.ledger.record import Ledger
from seedance_cli.models import Status, Task
from support.ledgers import place_of, prepare

place, name = place_of(sys.argv[1]), sys.argv[2]
def say(*words):
    os.write(1, (" ".join(words) + "\\n").encode())
"""

MANY = """
sys.stdin.readline()
for number in range(5):
    with Ledger.open(place, SystemClock(), create=True) as ledger:
        intent = prepare(ledger, f"{name}-{number}")
        ledger.sending(intent)
        ledger.accept(intent, Task(task_id=f"{name}-{number}", status=Status.QUEUED))
"""

# A line "paid" stands for the provider's server, which has created a task by then.
STEPS = """
with Ledger.open(place, SystemClock(), create=True) as ledger:
    say("ready")
    for number in range(10_000):
        intent = prepare(ledger, f"{name}-{number}")
        say("prepared", intent)
        ledger.sending(intent)
        say("paid", intent, f"{name}-{number}")
        ledger.accept(intent, Task(task_id=f"{name}-{number}", status=Status.QUEUED))
        say("accepted", intent)
"""

SENDING = """
with Ledger.open(place, SystemClock(), create=True) as ledger:
    intent = prepare(ledger)
    ledger.sending(intent)
    say(intent)
    sys.stdin.readline()
"""

SAME = """
with Ledger.open(place, SystemClock(), create=True) as ledger:
    sys.stdin.readline()
    try:
        say(prepare(ledger))
    except OutcomeUnknown:
        say("refused")
    sys.stdin.readline()
"""

TRACED = """
with Ledger.open(place, SystemClock(), create=True) as ledger:
    say("opened")
    intent = prepare(ledger)
    say("prepared")
    ledger.sending(intent)
    say("sending")
    ledger.accept(intent, Task(task_id="t1", status=Status.QUEUED))
    say("accepted")
"""


class Children:
    """Processes that work on one ledger."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.all: list[subprocess.Popen[str]] = []

    def start(
        self, script: str, name: str = "x", *, prefix: Sequence[str] = ()
    ) -> subprocess.Popen[str]:
        """Run `script` after HEAD."""
        here = Path(__file__).parents[1]
        path = (os.environ.get("PYTHONPATH", ""), str(here.parent), str(here))
        process = subprocess.Popen(
            [*prefix, sys.executable, "-c", HEAD + script, word_of(self.place), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))},
        )
        self.all.append(process)
        return process

    def finish(self) -> None:
        """Let everyone go on, and wait until all have ended well."""
        for process in self.all:
            process.communicate("\n\n", timeout=60)
            assert process.returncode == 0


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.full)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where the ledger may be; processes take their time, so on a server only at length."""
    if request.param == "sqlite":
        return tmp_path / "ledger"
    found: Place = request.getfixturevalue("shared")
    return found


@pytest.fixture
def children(place: Place) -> Iterator[Children]:
    """Nobody outlives the test."""
    found = Children(place)
    yield found
    for process in found.all:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    """The next line that a child printed."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go_on(process: subprocess.Popen[str]) -> None:
    """Let a child that reads its stdin continue."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_ten_writers_lose_nothing(place: Place, children: Children) -> None:
    """Ten processes that submit at once, from the first moment of the file, lose no row."""
    for number in range(10):
        children.start(MANY, f"p{number}")
    children.finish()
    with Ledger.open(place, SystemClock(), create=True) as ledger:
        refs = {row.ref for row in ledger.rows(all_states=True)}
        assert refs == {f"runbase:p{one}-{two}" for one in range(10) for two in range(5)}
        assert len(ledger.unfinished(sandbox=False)) == 50
    assert locked(place) == set()


def test_the_same_request_twice_at_once(place: Place, children: Children) -> None:
    """Two identical requests of living processes are two submissions, each with its row."""
    pair = [children.start(SAME) for _ in range(2)]
    for process in pair:
        go_on(process)
    intents = {line(process) for process in pair}
    with Ledger.open(place, SystemClock(), create=False) as ledger:
        assert {row.intent for row in ledger.rows()} == intents
        assert len(intents) == 2
    children.finish()


def test_one_abandoned_request_blocks_everyone(place: Place, children: Children) -> None:
    """However many identical requests come at once after a crash, none passes."""
    crashed = children.start(SENDING)
    intent = line(crashed)
    crashed.kill()
    crashed.wait()
    until_free(place)
    crowd = [children.start(SAME) for _ in range(4)]
    for process in crowd:
        go_on(process)
    assert {line(process) for process in crowd} == {"refused"}
    with Ledger.open(place, SystemClock(), create=False) as ledger:
        assert [row.intent for row in ledger.rows(all_states=True)] == [intent]


def test_killed_while_sending(place: Place, children: Children) -> None:
    """A living `sending` is left alone by others; killed, it is unknown and blocks."""
    process = children.start(SENDING)
    intent = line(process)
    with Ledger.open(place, SystemClock(), create=True) as ledger:
        assert ledger.unknown() == []
        (row,) = ledger.rows()
        assert (row.intent, row.state) == (intent, IntentState.SENDING)
        process.kill()
        process.wait()
        until_free(place)
        with pytest.raises(OutcomeUnknown) as caught:
            prepare(ledger)
        assert caught.value.intent == intent
        assert [row.intent for row in ledger.unknown()] == [intent]


def kill_at_random(place: Place, children: Children, times: int) -> None:
    """Kill a submitting process again and again; after each, the ledger must know every task."""
    dice = random.Random(2026)
    paid: dict[str, str] = {}
    accepted: set[str] = set()
    prepared: set[str] = set()
    for number in range(times):
        process = children.start(STEPS, f"k{number}")
        assert line(process) == "ready"
        said = [line(process) for _ in range(dice.randrange(7))]
        time.sleep(dice.uniform(0, 0.006))
        process.kill()
        rest, _ = process.communicate()
        until_free(place)
        for words in (one.split() for one in [*said, *rest.splitlines()]):
            match words:
                case ["prepared", intent]:
                    prepared.add(intent)
                case ["paid", intent, task_id]:
                    paid[intent] = task_id
                case ["accepted", intent]:
                    accepted.add(intent)
        with Ledger.open(place, SystemClock(), create=True) as ledger:
            unknown = {row.intent for row in ledger.unknown()}
            known = {row.intent: row for row in ledger.rows(all_states=True)}
        assert prepared <= set(known)
        for intent, task_id in paid.items():
            row = known[intent]
            if intent in unknown:
                assert intent not in accepted
            else:
                assert row.task is not None
                assert (row.state, row.task.task_id) == (IntentState.ACCEPTED, task_id)
    assert accepted


@pytest.mark.full
def test_killed_at_any_moment(place: Place, children: Children) -> None:
    """After `kill -9` the ledger has the id, or an unknown intent, for every task paid for."""
    kill_at_random(place, children, 8)


@pytest.mark.full
@ON_SQLITE
def test_killed_at_very_many_moments(place: Place, children: Children) -> None:
    """The same, three hundred times."""
    kill_at_random(place, children, 300)


def strace_works() -> bool:
    """Whether this machine lets a process be traced."""
    strace = shutil.which("strace")
    if strace is None:
        return False
    return subprocess.run([strace, "-o", os.devnull, "true"], check=False).returncode == 0


@ON_SQLITE
def test_durable_when_the_call_returns(place: Path, children: Children, tmp_path: Path) -> None:
    """Each step returns after the disk was told to keep the ledger, its journal, and the folder."""
    if not strace_works():
        pytest.skip("needs strace, and the right to use it, to see fsync")
    trace = tmp_path / "trace"
    calls = "trace=write,pwrite64,ftruncate,fsync,fdatasync"
    children.start(TRACED, prefix=["strace", "-f", "-y", "-e", calls, "-o", str(trace)])
    children.finish()
    found = re.findall(r"(\w+)\(\d+<([^>]*)>(?:, \"([^\"\\]*))?", trace.read_text())
    steps: dict[str, list[tuple[str, str]]] = {}
    since: list[tuple[str, str]] = []
    for call, path, text in found:
        if call == "write" and text in {"opened", "prepared", "sending", "accepted"}:
            steps[text] = since
            since = []
        elif path.startswith(str(place)):
            since.append(("sync" if "sync" in call else "write", path))
    assert list(steps) == ["opened", "prepared", "sending", "accepted"]
    database, journal = str(place / "ledger.db"), str(place / "ledger.db-journal")
    assert ("sync", str(place)) in steps["opened"]
    for name, did in steps.items():
        assert ("write", database) in did, name
        for file in (database, journal):
            last = max(at for at, what in enumerate(did) if what == ("write", file))
            assert ("sync", file) in did[last:], f"{name}: {file}"
        first = did.index(("write", database))
        assert ("sync", journal) in did[:first], name

"""What a wait tells whoever watches it: heartbeats, the way back, and why it ended as it did."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli.ledger.record import Ledger
from seedance_cli.models import IntentState
from support import ledgers
from support.fake_clock import FakeClock
from support.scripted_provider import ScriptedProvider, State, done, error, submitted

if TYPE_CHECKING:
    from support.runner import Run


class Struck(FakeClock):
    """A clock whose first long wait a Ctrl-C ends."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if seconds >= 1:
            signal.raise_signal(signal.SIGINT)


def test_a_heartbeat_stays_30_s(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """It comes between two polls, too, however they fall."""
    server.task("t1", *["running"] * 6, done("https://v.example/1"))
    result = run("wait", "runbase:t1", "--interval", "29", env=server.env(), clock=clock)
    ages = re.findall(r"running, (?:(\d+)m )?(\d+)s", result.err)
    assert [int(m or 0) * 60 + int(s) for m, s in ages] == [0, 30, 60, 90, 120, 150]


def test_ctrl_c_in_a_bare_wait_hints_the_bare_wait(run: Run, server: ScriptedProvider) -> None:
    """With what was asked for, and without the refs of everything that is left; how many ended."""
    for number in range(1, 5):
        submitted(server, "runbase", f"t{number}")
        server.task(f"t{number}", "running")
    server.task("t4", State("failed", reason="no"))
    words = ("wait", "-p", "runbase", "--download", "-o", "out/{task_id}.mp4")
    result = run(*words, env=server.env(), clock=Struck())
    assert result.code == 130
    hint = result.err.splitlines()[-1]
    assert hint == "  hint: seedance wait -p runbase -o 'out/{task_id}.mp4'"
    assert "3 tasks are left" in result.err
    counts, said = result.err.splitlines()[-3:-1]
    assert re.fullmatch(r"1 failed, 3 still running, \w+", counts), result.err
    assert said.startswith("seedance: error: interrupted")


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a folder that is somebody's current one")
@pytest.mark.parametrize("words", [("wait",), ("download", "-o", "{home}/")])
def test_a_current_folder_that_is_gone_is_needed_by_nothing(
    run: Run, server: ScriptedProvider, clock: FakeClock, home: Path, words: tuple[str, ...]
) -> None:
    """Results that are not saved there are told, with the line about all of them."""
    for number in (1, 2):
        submitted(server, "runbase", f"t{number}")
        server.task(f"t{number}", done())
    run("status", env=server.env(), clock=clock)
    Path.cwd().rmdir()
    result = run(*(one.format(home=home) for one in words), env=server.env(), clock=clock)
    assert (result.code, len(result.out.splitlines())) == (0, 2), result.err
    assert "2 succeeded" in result.err


def test_ctrl_c_with_many_refs_hints_the_same_command(run: Run, server: ScriptedProvider) -> None:
    """Whoever typed them, or the script that did, has them."""
    refs = [f"runbase:t{number}" for number in range(1, 10)]
    server.unscripted = "running"
    result = run("wait", *refs, env=server.env(), clock=Struck())
    assert result.err.splitlines()[-1] == "  hint: the same command goes on with them"


def test_the_reason_of_a_6_is_the_last_word(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """However much was said since the unknown submissions were named."""
    with Ledger.open(Path(os.environ["SEEDANCE_STATE_DIR"]), clock, create=True) as ledger:
        intent = ledgers.prepare(ledger, "x", prompt="a lost boat")
        ledger.sending(intent)
        ledger.settle(intent, IntentState.UNKNOWN, {})
    submitted(server, "runbase", "t1")
    server.task("t1", State("failed", reason="no"))
    for command in ("status", "wait"):
        result = run(command, env=server.env(), clock=clock)
        assert result.code == 6
        assert result.err.splitlines()[-2:] == [
            "seedance: error: 1 submission has an unknown outcome (named above)",
            "  hint: seedance recover",
        ]


def test_what_a_timeout_leaves_of_many_is_hinted_once(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Each is named; the way back is one line."""
    for number in range(1, 7):
        submitted(server, "runbase", f"t{number}")
        server.task(f"t{number}", "running")
    result = run("wait", "--timeout", "5", "--json", env=server.env(), clock=clock)
    assert result.code == 8
    assert [f"runbase:t{number} was running" in result.err for number in range(1, 7)] == [True] * 6
    assert result.err.count("seedance wait") == 2
    assert "to go on with all that is left: seedance wait\n" in result.err
    assert result.error["hint"].startswith("seedance wait runbase:t")


def test_several_tasks_end_with_a_line_about_all(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """How many ended how, how long it took, and where the files are; of one nothing is repeated."""
    for number in (1, 2, 3, 4):
        submitted(server, "seedance2ink", f"t{number}")
    server.task("t1", done())
    server.task("t2", State("failed", reason="no"))
    server.task("t3", "running")
    server.task("t4", error(401))
    words = ("wait", "--download", "-o", "out/", "--timeout", "9")
    result = run(*words, env=server.env(), clock=clock)
    last = result.err.splitlines()[-1]
    assert last.startswith("1 succeeded, 1 failed, 1 not read, 1 still running, ")
    assert last.endswith("; in out")
    alone = run("wait", "seedance2ink:t2", env=server.env(), clock=clock)
    assert alone.err.splitlines() == ["seedance: error: seedance2ink:t2 failed: no"]

"""`seedance batch` beside others, on a terminal, within a budget, and when it is interrupted."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli import providers
from seedance_cli.ledger import Ledger
from seedance_cli.models import RULE, Conditions, Status, Task, VideoRequest, fingerprints
from support import bytes_server, ledgers
from support.fake_clock import FakeClock
from support.scripted_provider import ScriptedProvider, done

if TYPE_CHECKING:
    from support.bytes_server import Client, Request
    from support.runner import Run, Spawn

NAME = "seedance2ink"
ROWS = "id,prompt\na,a boat\nb,a crane\nc,a cat\n"


def write(rows: str = ROWS) -> None:
    Path("shots.csv").write_text(rows, encoding="utf-8")


def test_a_terminal_is_asked(spawn: Spawn, server: ScriptedProvider) -> None:
    """No sends nothing (2), yes goes on; there is one line about all rows."""
    write()
    server.unscripted = done()
    for answer, code, posts in ((b"n\n", 2, 0), (b"y\n", 0, 3)):
        process = spawn("batch", "shots.csv", "-p", NAME, env=server.env(), pty=True)
        process.wait_for("[y/N]")
        process.type(answer)
        result = process.finish()
        assert (result.code, server.posts()) == (code, posts)
        assert "3 rows: 3 to submit" in result.err
    assert "shots: 3 succeeded" in result.err
    assert "waiting" in result.err


def test_elsewhere_a_line_about_all_rows_comes_every_30_s(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Done, failed, running, waiting, and what is left by what the first ones took."""
    write()
    for name in ("t1", "t2", "t3"):
        server.task(name, *["running"] * 9, done())
    words = ("batch", "shots.csv", "-p", NAME, "--yes", "--jobs", "2", "--interval", "10")
    result = run(*words, env=server.env(), clock=clock)
    told = [line for line in result.err.splitlines() if line.startswith("shots: ") and "/3" in line]
    assert told[:2] == ["shots: 0/3 done, 2 running, 1 waiting"] * 2
    assert told[-3] == "shots: 2/3 done, 1 running, about 1m 0s left"
    assert "shots: 3 succeeded" in result.err.splitlines()[-1]


def test_fault_42_a_signal_stops_submitting_and_says_how_to_go_on(
    spawn: Spawn, run: Run, server: ScriptedProvider
) -> None:
    """How many run on, and that the same command goes on; it does."""
    write()
    server.unscripted = "running"
    options = ("batch", "shots.csv", "-p", NAME, "--yes", "--jobs", "2", "--json")
    process = spawn(*options, env=server.env())
    process.wait_for("submitted seedance2ink:t2")
    process.signal(signal.SIGINT)
    result = process.finish()
    assert (result.code, server.posts()) == (130, 2)
    assert "interrupted; 2 tasks run on, and 1 row was not submitted" in result.err
    assert "the same command goes on" in result.err
    assert [row["status"] for row in result.json][2] == "not_submitted"
    assert (result.error["code"], result.error["retry_safe"]) == ("interrupted", True)
    server.unscripted = done()
    assert run(*options, env=server.env()).code == 0
    assert server.posts() == 3


def test_a_signal_with_every_row_submitted_speaks_of_no_others(
    spawn: Spawn, server: ScriptedProvider
) -> None:
    """What ended before it and is not fetched is counted so, and its cost is in the sum."""
    write()
    server.unscripted = "running"
    server.videos["a.mp4"] = bytes_server.answer(404)
    server.task("t1", done(server.video("a.mp4"), creditsCharged=40))
    process = spawn("batch", "shots.csv", "-p", NAME, "--yes", env=server.env())
    process.wait_for("submitted seedance2ink:t3")
    process.wait_for("asking again")
    process.signal(signal.SIGINT)
    result = process.finish()
    assert result.code == 130
    assert f"shots: 1 not downloaded, 2 running, 40 credits at {NAME}, " in result.err
    assert "interrupted; 2 tasks run on\n  hint: the same command goes on\n" in result.err


def test_fault_42_a_signal_during_a_submit_leaves_its_row_unknown(
    spawn: Spawn, run: Run, server: ScriptedProvider
) -> None:
    """It is told as that, and no later run repeats it."""
    write()
    server.unscripted = done()

    def silent(_: Request, client: Client) -> None:
        client.silence()

    server.submits.extend([None, silent])
    process = spawn("batch", "shots.csv", "-p", NAME, "--yes", "--json", env=server.env())
    process.wait_for("submitted seedance2ink:t1")
    while server.posts() < 2:
        time.sleep(0.01)
    process.signal(signal.SIGTERM)
    result = process.finish()
    assert (result.code, result.error["code"]) == (143, "outcome_unknown")
    assert "shots/b" in result.error["message"]
    again = run("batch", "shots.csv", "-p", NAME, "--yes", "--json", env=server.env())
    assert (again.code, server.posts()) == (6, 3)
    assert [row["status"] for row in again.json] == ["succeeded", "unknown", "succeeded"]


def test_fault_53_a_budget_stops_further_submits(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """What the budgets leave is in the quote; over it nothing more is sent (11)."""
    server.unscripted = done()
    config = Path(os.environ["SEEDANCE_CONFIG"])
    config.parent.mkdir(parents=True)
    config.write_text('[budgets.seedanceapi]\nday = "30 credits"\n')
    config.chmod(0o600)
    write("id,prompt,duration\na,a boat,4\nb,a crane,4\nc,a cat,4\nd,a dog,4\n")
    result = run("batch", "shots.csv", "-p", "seedanceapi", "--yes", env=server.env(), clock=clock)
    assert (result.code, server.posts()) == (11, 2)
    assert "budget of seedanceapi, day: 0 credits spent" in result.err
    assert "30 credits left" in result.err
    assert "2 of 4 rows were not submitted" in result.err


@pytest.mark.parametrize("options", [(), ("--no-wait",)])
def test_a_row_on_its_way_elsewhere_is_waited_for_and_not_sent_twice(
    run: Run, server: ScriptedProvider, clock: FakeClock, options: tuple[str, ...]
) -> None:
    """Once the other process has its answer, the row's end is taken from the ledger."""
    write()
    server.unscripted = done()
    video = VideoRequest(prompt="a crane", model="seedance-2.0")
    endpoint = server.endpoint(NAME)
    mark = fingerprints(NAME, endpoint, False, providers.get(NAME).request(video))[RULE]
    with Ledger.open(Path(os.environ["SEEDANCE_STATE_DIR"]), FakeClock(), create=True) as other:
        intent = ledgers.prepare(
            other,
            mark,
            provider=NAME,
            endpoint=endpoint,
            prompt="a crane",
            conditions=Conditions(name="shots/b", batch="shots", row="b"),
        )
        other.sending(intent)

        class Later(FakeClock):
            def sleep(self, seconds: float) -> None:
                super().sleep(seconds)
                if not other.row(intent).task:
                    other.accept(intent, Task(task_id="t9", status=Status.RUNNING))
                    other.told(intent)

        words = ("batch", "shots.csv", "-p", NAME, "--yes", *options)
        result = run(*words, env=server.env(), clock=Later())
    assert (result.code, server.posts()) == (0, 2)
    lines = [line for line in result.err.splitlines() if "seedance2ink:t9" in line]
    assert sum("submitted" in line for line in lines) == 1, lines
    if options:
        assert sorted(result.out.splitlines()) == [f"{NAME}:{task}" for task in ("t1", "t2", "t9")]
    else:
        assert len(list(Path("shots").iterdir())) == 3

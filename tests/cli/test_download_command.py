"""`seedance download`: fetches finished videos; `seedance dismiss`: takes tasks off the list."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli.ledger.record import Ledger
from seedance_cli.models import IntentState, Status, Task
from support import ledgers
from support.scripted_provider import ScriptedProvider, done, submitted, unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.fake_clock import FakeClock
    from support.runner import Run

DAY = 24 * 3600


@pytest.fixture
def ledger(clock: FakeClock) -> Iterator[Ledger]:
    with Ledger.open(Path(os.environ["SEEDANCE_STATE_DIR"]), clock, create=True) as opened:
        yield opened


def finished(ledger: Ledger, server: ScriptedProvider, task_id: str, clock: FakeClock) -> None:
    """A task that has succeeded, as the ledger knows it, and as its provider says."""
    row = submitted(server, "runbase", task_id, clock=clock)
    old = (server.video("gone.mp4"),)
    ledger.observe(row, Task(task_id=task_id, status=Status.SUCCEEDED, video_urls=old))
    server.task(task_id, done())


def names(result_out: str) -> list[str]:
    return [Path(line).name for line in result_out.splitlines()]


def test_a_named_task(
    ledger: Ledger, run: Run, server: ScriptedProvider, clock: FakeClock, folder: Path
) -> None:
    """Its URL is read anew; the path is printed; a second time nothing is fetched."""
    finished(ledger, server, "t1", clock)
    env = server.env()
    words = ("download", "runbase:t1", "-o", f"{folder}/")
    for _ in range(2):
        result = run(*words, env=env, clock=clock)
        assert (result.code, names(result.out)) == (0, ["runbase-t1.mp4"]), result.err
    assert (server.fetched("t1.mp4"), server.fetched("gone.mp4")) == (1, 0)
    document = run(*words, "--json", env=env, clock=clock).json
    assert (document["files"], document["status"]) == (
        [str(folder / "runbase-t1.mp4")],
        "succeeded",
    )
    assert run("wait", env=env, clock=clock).out == ""  # it is delivered


def test_without_a_ref_the_last_weeks_without_a_file(
    ledger: Ledger, run: Run, server: ScriptedProvider, clock: FakeClock, folder: Path
) -> None:
    """Those that succeeded within 7 days, or since `--since`, whose file is not here (any more)."""
    finished(ledger, server, "old", clock)
    clock.advance(8 * DAY)
    for task_id in ("kept", "lost", "never"):
        finished(ledger, server, task_id, clock)
    submitted(server, "runbase", "running", clock=clock)
    ledger.observe(
        submitted(server, "runbase", "failed", clock=clock),
        Task(task_id="failed", status=Status.FAILED),
    )
    for task_id in ("kept", "lost"):
        path = folder / f"{task_id}.mp4"
        path.write_bytes(b"x")
        ledger.add_file(ledger.find(task_id)[0], 1, path, 1)
    (folder / "lost.mp4").unlink()
    env = server.env()
    result = run("download", "-o", f"{folder}/{{task_id}}-new.mp4", env=env, clock=clock)
    assert (result.code, names(result.out)) == (0, ["lost-new.mp4", "never-new.mp4"]), result.err
    again = run("download", env=env, clock=clock)
    assert (again.code, again.out) == (0, "")
    assert "no task that succeeded since" in again.err
    assert run("download", "--json", env=env, clock=clock).json == []
    older = run("download", "--since", "30d", "-o", f"{folder}/", env=env, clock=clock)
    assert names(older.out) == ["runbase-old.mp4"]


def test_what_is_not_finished_is_not_waited_for(
    ledger: Ledger, run: Run, server: ScriptedProvider, clock: FakeClock, folder: Path
) -> None:
    """A running one is 8, a failed one 7; the finished ones are fetched all the same."""
    for task_id, step in (("t1", "running"), ("t2", "failed")):
        submitted(server, "runbase", task_id, clock=clock)
        server.task(task_id, step)
    finished(ledger, server, "t3", clock)
    words = ("download", "t1", "t2", "t3", "-o", f"{folder}/")
    result = run(*words, "--json", env=server.env(), clock=clock)
    assert result.code == 7
    assert [row["status"] for row in result.json] == ["running", "failed", "succeeded"]
    assert [len(row["files"]) for row in result.json] == [0, 0, 1]
    assert sum(clock.sleeps) < 5
    assert run(*words[:2], env=server.env(), clock=clock).code == 8


def test_an_answer_that_does_not_come_at_once(
    ledger: Ledger, run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A read that fails is made again."""
    finished(ledger, server, "t1", clock)
    server.task("t1", unavailable, done())
    result = run("download", "t1", env=server.env(), clock=clock)
    assert (result.code, names(result.out)) == (0, ["runbase-t1.mp4"]), result.err


@pytest.mark.parametrize(
    "words",
    [
        ("t1", "--since", "7d"),
        ("-o", "one.mp4"),
        ("t1", "t2", "-o", "one.mp4"),
        ("t1", "-o", "-", "--json"),
        ("--since", "soon"),
    ],
)
def test_what_does_not_go_together_is_2(
    ledger: Ledger, run: Run, server: ScriptedProvider, clock: FakeClock, words: tuple[str, ...]
) -> None:
    """Refused before anything is asked."""
    for task_id in ("t1", "t2"):
        finished(ledger, server, task_id, clock)
    result = run("download", *words, env=server.env(), clock=clock)
    assert (result.code, result.out) == (2, "")
    assert server.server.requests == []


# dismiss


def test_a_dismissed_task_is_left_out_of_a_bare_wait(
    ledger: Ledger, run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Its row, name and batch stay, and it can still be waited for by name."""
    row = submitted(server, "runbase", "t1", clock=clock)
    ledgers.name(ledger, row.intent, "trip/1", batch="trip")
    server.task("t1", done())
    env = server.env()
    result = run("dismiss", "trip/1", env=env, clock=clock)
    assert (result.code, result.out) == (0, "runbase:t1\tqueued\n")
    for command in ("wait", "status"):
        assert run(command, env=env, clock=clock).out == ""
    assert server.server.requests == []
    (listed,) = run("list", "--json", clock=clock).json
    assert (listed["name"], listed["batch"], listed["status"]) == ("trip/1", "trip", "queued")
    assert run("wait", "trip/1", env=env, clock=clock).code == 0


def test_dismiss_in_json_and_what_it_refuses(
    ledger: Ledger, run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """One object for one REF, an array for several; an unknown outcome is 6, a stranger 2."""
    for task_id in ("t1", "t2"):
        submitted(server, "runbase", task_id, clock=clock)
    assert run("dismiss", "t1", "--json", clock=clock).json["ref"] == "runbase:t1"
    both = run("dismiss", "t1", "t2", "--json", clock=clock).json
    assert [row["ref"] for row in both] == ["runbase:t1", "runbase:t2"]
    intent = ledgers.prepare(ledger, "x")
    ledgers.name(ledger, intent, "lost")
    ledger.sending(intent)
    ledger.settle(intent, IntentState.UNKNOWN, {})
    assert run("dismiss", "lost", clock=clock).code == 6
    assert run("dismiss", "runbase:nobody", clock=clock).code == 2
    assert run("dismiss", "@1", clock=clock).code == 2  # stdin is no terminal


def test_a_task_that_runs_for_a_week_is_left_out(
    ledger: Ledger, run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """With one line, which a dismissed one does not need; by its name it is waited for."""
    for task_id in ("old", "older", "dismissed"):
        submitted(server, "runbase", task_id, clock=clock)
    run("dismiss", "dismissed", clock=clock)
    clock.advance(7 * DAY + 1)
    submitted(server, "runbase", "new", clock=clock)
    for task_id in ("old", "new"):
        server.task(task_id, done())
    env = server.env()
    bare = run("wait", env=env, clock=clock)
    assert (bare.code, len(bare.out.splitlines())) == (0, 1)
    assert bare.err.count("2 tasks that were submitted more than 7 days ago") == 1
    assert (server.polls("old"), server.polls("new")) == (0, 1)
    assert run("wait", "old", env=env, clock=clock).code == 0


@pytest.mark.parametrize("command", ["dismiss", "retry"])
def test_a_damaged_ledger_is_not_one_that_lacks_the_task(run: Run, command: str) -> None:
    """What only the ledger knows is not unknown because it cannot be read: 10, not 2."""
    path = Path(os.environ["SEEDANCE_STATE_DIR"]) / "ledger.db"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_bytes(b"no database" * 99)
    result = run(command, "runbase:t1", "--json", env={"RUNBASE_API_KEY": "k"})
    assert result.code == 10, result.err
    assert "is damaged" in result.err
    assert "seedance generate" not in result.err

"""`seedance status`: asks once, prints a line per task, delivers nothing."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli.ledger.record import Ledger
from seedance_cli.models import IntentState
from support import ledgers
from support.scripted_provider import (
    ScriptedProvider,
    State,
    Step,
    done,
    error,
    submitted,
    unavailable,
)

if TYPE_CHECKING:
    from support.bytes_server import Client, Request
    from support.fake_clock import FakeClock
    from support.runner import Run, Spawn

URL = "https://v.example/1.mp4?signature=abc"


def test_a_line_is_ref_status_and_url(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """Tab separated where stdout is no terminal, in the order of the arguments; one read each."""
    server.task("a", "running")
    server.task("b", done(URL))
    result = run("status", "runbase:a", "defapi:b", env=server.env(), clock=clock)
    assert result.code == 0
    assert result.out == f"runbase:a\trunning\t\ndefapi:b\tsucceeded\t{URL}\n"
    assert (server.polls("a"), server.polls("b")) == (1, 1)
    assert clock.sleeps == []


def test_lines_come_as_the_answers_do(spawn: Spawn, server: ScriptedProvider) -> None:
    """The first line is on stdout, flushed, while the second provider is still silent."""

    def silent(request: Request, client: Client) -> None:
        client.silence()

    server.task("a", "running")
    server.task("b", silent)
    process = spawn("status", "runbase:a", "defapi:b", env=server.env())
    process.wait_for("runbase:a\trunning", "out")
    assert process.popen.poll() is None
    process.signal(signal.SIGINT)
    assert process.finish().code == 130


def test_on_a_terminal_there_is_a_table(spawn: Spawn, server: ScriptedProvider) -> None:
    """A person gets columns with a head: what is called what, in which state, how old."""
    server.task("a", "running")
    result = spawn("status", "runbase:a", env=server.env(), pty=True).finish()
    assert "TASK" in result.err
    assert "runbase:a" in result.err


def test_without_a_ref_it_asks_about_every_unfinished_task(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """No REF: what has not ended or was not delivered, oldest first, and no more."""
    for name in ("a", "b", "c"):
        submitted(server, "runbase", name)
    server.task("a", "running")
    server.task("b", done(URL))
    server.task("c", "queued")
    env = server.env()
    run("wait", "runbase:b", env=env, clock=clock)
    result = run("status", env=env, clock=clock)
    assert [line.split("\t")[0] for line in result.out.splitlines()] == ["runbase:a", "runbase:c"]


def test_with_nothing_unfinished_stdout_is_empty(run: Run, clock: FakeClock) -> None:
    """Nothing to ask: 0, nothing on stdout, a word on stderr; with `--json` an empty array."""
    result = run("status", clock=clock)
    assert (result.code, result.out) == (0, "")
    assert "no unfinished task" in result.err
    assert run("status", "--json", clock=clock).json == []


def test_it_exits_0_whatever_the_tasks_do(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Without `--exit-status` the code speaks of the reads alone."""
    server.task("a", State("failed", reason="no"))
    server.task("b", "running")
    assert run("status", "runbase:a", "runbase:b", env=server.env(), clock=clock).code == 0


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ((done(URL),), 0),
        ((State("failed"),), 7),
        ((State("cancelled"),), 7),
        ((State("expired"),), 7),
        (("running",), 8),
        (("queued",), 8),
        (("brewing",), 8),
        ((done(URL), "running"), 8),
        (("running", State("failed"), done(URL)), 7),
        (("running", error(401)), 3),
    ],
)
def test_exit_status_tells_the_tasks_state(
    run: Run, server: ScriptedProvider, clock: FakeClock, steps: tuple[Step, ...], code: int
) -> None:
    """`--exit-status`: 0, 7 or 8; of several the first present of 3, 7, 8, 0."""
    refs = []
    for number, step in enumerate(steps):
        server.task(f"t{number}", step)
        refs.append(f"runbase:t{number}")
    assert run("status", *refs, "--exit-status", env=server.env(), clock=clock).code == code


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (error(401), (3, "unauthorized")),
        (error(403), (3, "forbidden")),
        (error(404), (4, "not_found")),
        (error(400), (4, "rejected")),
        (unavailable, (5, "unreachable")),
        (error(429), (5, "rate_limited")),
    ],
)
def test_a_read_that_fails(
    run: Run, server: ScriptedProvider, clock: FakeClock, step: Step, expected: tuple[int, str]
) -> None:
    """3, 4 and 5 speak of the read: no line and no document for it, the error names the ref."""
    code, name = expected
    server.task("t1", step)
    plain = run("status", "runbase:t1", env=server.env(), clock=clock)
    assert (plain.code, plain.out) == (code, "")
    assert "runbase:t1" in plain.err
    result = run("status", "runbase:t1", "--json", env=server.env(), clock=clock)
    assert (result.code, result.out) == (code, "")
    assert (result.error["code"], result.error["ref"]) == (name, "runbase:t1")
    assert result.error["exit_code"] == code


def test_a_read_without_an_answer_is_tried_three_times(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Two failures are forgiven, `Retry-After` is kept to."""
    server.task("t1", error(503, headers={"Retry-After": "9"}), unavailable, "running")
    result = run("status", "runbase:t1", env=server.env(), clock=clock)
    assert (result.code, server.polls("t1")) == (0, 3)
    assert clock.sleeps == [9.0, 2.0]


def test_a_failed_read_stops_no_other(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """The others are printed; with `--json` the array keeps the order, the failed one too."""
    server.task("a", error(401))
    server.task("b", "running")
    refs = ("runbase:a", "defapi:b")
    result = run("status", *refs, env=server.env(), clock=clock)
    assert (result.code, result.out) == (3, "defapi:b\trunning\t\n")
    found = run("status", *refs, "--json", env=server.env(), clock=clock)
    assert [one["status"] for one in found.json] == ["unknown", "running"]


def test_json_of_one_ref_is_an_object(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """One REF an object, several or none an array."""
    submitted(server, "runbase", "t1")
    server.task("t1", "running")
    env = server.env()
    assert run("status", "runbase:t1", "--json", env=env, clock=clock).json["status"] == "running"
    for words in (("runbase:t1", "runbase:t1"), ()):
        found = run("status", *words, "--json", env=env, clock=clock).json
        assert [one["ref"] for one in found] == ["runbase:t1"]


def test_unknown_outcomes_are_named_without_a_ref(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """No REF: every `unknown` submission is named, and the code is 6, `--exit-status` or not."""
    from os import environ

    submitted(server, "runbase", "t1")
    server.task("t1", State("failed"))
    with Ledger.open(Path(environ["SEEDANCE_STATE_DIR"]), clock, create=True) as ledger:
        intent = ledgers.prepare(ledger, "x")
        ledger.sending(intent)
        ledger.settle(intent, IntentState.UNKNOWN, {})
    for more in ((), ("--exit-status",)):
        result = run("status", "--json", *more, env=server.env(), clock=clock)
        assert result.code == 6
        assert intent in result.err
        assert [one["status"] for one in result.json] == ["failed", "unknown"]
    assert run("status", "runbase:t1", env=server.env(), clock=clock).code == 0


def test_an_unusable_url_is_not_printed(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A URL with a control character is left out with a warning, never rewritten."""
    server.task("t1", done("https://v.example/\x1b[2J"))
    result = run("status", "runbase:t1", env=server.env(), clock=clock)
    assert result.out == "runbase:t1\tsucceeded\t\n"
    assert "a URL that cannot be used" in result.err


def test_a_signal_with_json_still_prints_the_document(
    spawn: Spawn, server: ScriptedProvider
) -> None:
    """After a signal stdout has what was learned, as one document."""

    def silent(request: Request, client: Client) -> None:
        client.silence()

    server.task("a", "running")
    server.task("b", silent)
    process = spawn("status", "runbase:a", "defapi:b", "--json", env=server.env())
    while not server.polls("b"):
        time.sleep(0.01)
    process.signal(signal.SIGINT)
    result = process.finish()
    assert result.code == 130
    assert [one["status"] for one in result.json] == ["running", "unknown"]
    assert result.error["code"] == "interrupted"


@pytest.mark.parametrize("command", ["status", "wait", "cancel"])
@pytest.mark.parametrize("step", [error(401), error(403), error(404), unavailable])
def test_a_task_of_the_ledger_is_in_the_document_though_no_read_told_anything(
    run: Run, server: ScriptedProvider, clock: FakeClock, command: str, step: Step
) -> None:
    """With `--json` stdout is one document whatever the exit code, once the ledger has the task."""
    refs = ("seedance2ink:a", "seedance2ink:b")
    for name in ("a", "b"):
        submitted(server, "seedance2ink", name)
        server.task(name, step)
    env = server.env()
    one = run(command, refs[0], "--json", env=env, clock=clock)
    assert one.code in {3, 4, 5}
    assert (one.json["ref"], one.json["status"]) == (refs[0], "queued")
    assert one.error["ref"] == refs[0]
    both = run(command, *refs[::-1], "--json", env=env, clock=clock)
    assert [task["ref"] for task in both.json] == list(refs[::-1])


def test_a_refused_cancel_tells_the_task_of_the_ledger(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """No cancel endpoint: 4, and with `--json` still the task."""
    submitted(server, "runbase", "a")
    result = run("cancel", "runbase:a", "--json", env=server.env(), clock=clock)
    assert (result.code, result.json["ref"]) == (4, "runbase:a")


@pytest.mark.parametrize("words", ["status", "wait --timeout 0"])
def test_list_tells_what_was_read(
    run: Run, server: ScriptedProvider, clock: FakeClock, words: str
) -> None:
    """A task that was read as running is running in the ledger, too."""
    submitted(server, "runbase", "a")
    server.task("a", "running")
    run(*words.split(), env=server.env(), clock=clock)
    assert [row["status"] for row in run("list", "--json", clock=clock).json] == ["running"]

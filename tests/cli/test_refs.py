"""What the user may call a task: its ref, its name, its id, `@N`, the beginning of its id."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli.errors import Interrupted
from seedance_cli.ledger.record import Ledger
from seedance_cli.models import IntentState, Status, Task
from support import ledgers
from support.fake_clock import FakeClock
from support.scripted_provider import ScriptedProvider, done, submitted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.runner import Run

NAME = "trip/scene 08"
CODES = {"refused": 4, "not_sent": 5, "discarded": 2, "unknown": 6}


@pytest.fixture
def ledger(clock: FakeClock) -> Iterator[Ledger]:
    with Ledger.open(Path(os.environ["SEEDANCE_STATE_DIR"]), clock, create=True) as opened:
        yield opened


def without_a_task(ledger: Ledger, state: str, text: str = NAME) -> str:
    """A submission under that name that ended so."""
    intent = ledgers.prepare(ledger, state)
    ledgers.name(ledger, intent, text)
    ledger.sending(intent)
    settled = IntentState.UNKNOWN if state == "discarded" else IntentState(state)
    ledger.settle(intent, settled, {"http_status": 422} if state == "refused" else {})
    if state == "discarded":
        ledger.discard(intent)
    return intent


class Meanwhile(FakeClock):
    """A clock on which something else happens at the second pause."""

    def __init__(self, happens: Callable[[], None]) -> None:
        super().__init__()
        self._happens = happens

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.sleeps) == 2:
            self._happens()


# Names


def test_an_empty_name_is_called_that(run: Run) -> None:
    """As a variable that is not set leaves it: 2, and nothing is asked."""
    for command in ("wait", "status", "cancel", "download"):
        result = run(command, "")
        assert (result.code, result.out) == (2, "")
        assert "the name of a task is empty" in result.err
        assert "is a variable not set?" in result.err


def test_a_name_is_its_newest_attempt(
    ledger: Ledger, run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A name with a blank and a slash names a task, as it stands; the last attempt counts."""
    for number in (1, 2):
        row = submitted(server, "defapi", f"t{number}")
        ledgers.name(ledger, row.intent, NAME, attempt=number)
    server.task("t2", done())
    env = server.env()
    assert run("status", NAME, env=env, clock=clock).out.startswith("defapi:t2\tsucceeded\t")
    waited = run("wait", NAME, "--download", env=env, clock=clock)
    assert (waited.code, Path(waited.out.strip()).name) == (0, "defapi-t2.mp4"), waited.err
    assert server.polls("t1") == 0


def test_a_name_comes_before_an_id(
    ledger: Ledger, run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Where a name is another task's id, the name is meant; the whole ref is the other's."""
    ledgers.name(ledger, submitted(server, "defapi", "t1").intent, "t2")
    submitted(server, "defapi", "t2")
    for task_id in ("t1", "t2"):
        server.task(task_id, "running")
    env = server.env()
    both = run("status", "t2", "defapi:t2", env=env, clock=clock).out.splitlines()
    assert both == ["defapi:t1\trunning\t", "defapi:t2\trunning\t"]


def test_a_name_of_another_provider_than_p_is_2(
    ledger: Ledger, run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """`-p` unlike the task that a name names: 2, nothing asked."""
    ledgers.name(ledger, submitted(server, "defapi", "t1").intent, NAME)
    result = run("status", NAME, "-p", "runbase", env=server.env(), clock=clock)
    assert result.code == 2
    assert "defapi:t1, and --provider says runbase" in result.err
    assert server.server.requests == []


def test_a_real_name_comes_before_the_sandboxs(
    ledger: Ledger, run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """One name, real and in the sandbox: `--sandbox` says which; only there: that one."""
    ledgers.name(ledger, submitted(server, "defapi", "t1").intent, "a")
    for text in ("a", "b"):
        row = ledgers.submit(ledger, f"s{text}", provider="defapi", sandbox=True)
        ledgers.name(ledger, row.intent, text)
    server.task("t1", "running")
    env = server.env()
    assert run("status", "a", env=env, clock=clock).out == "defapi:t1\trunning\t\n"
    for words in (("a", "--sandbox"), ("b",)):
        boxed = run("status", *words, env=env, clock=clock)
        assert boxed.code == 4  # the sandbox has no such task
        assert f"defapi:s{words[0]}" in boxed.err


@pytest.mark.parametrize("command", ["status", "wait", "cancel"])
@pytest.mark.parametrize("state", CODES)
def test_a_name_without_a_task(
    ledger: Ledger, run: Run, clock: FakeClock, command: str, state: str
) -> None:
    """Refused 4, never sent 5, discarded 2, unknown 6; in JSON the row as it is."""
    intent = without_a_task(ledger, state)
    result = run(command, NAME, "--json", clock=clock)
    assert result.code == CODES[state]
    assert (result.json["intent"], result.json["status"]) == (intent, state)
    assert (result.error["intent"], result.error["ref"]) == (intent, None)
    assert NAME in result.error["message"]
    assert "seedance wait" not in result.err  # there is nothing to wait for


def test_a_name_without_a_task_does_not_stop_the_others(
    ledger: Ledger, run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """The others are told; the document has all of them, in the order of the words."""
    without_a_task(ledger, "refused", "first")
    submitted(server, "runbase", "t1")
    without_a_task(ledger, "unknown", "last")
    server.task("t1", done())
    words = ("first", "t1", "last")
    for command in ("status", "wait"):
        result = run(command, *words, "--json", env=server.env(), clock=clock)
        assert [row["name"] for row in result.json] == ["first", None, "last"]
        assert result.json[1]["status"] == "succeeded"
        assert result.code == 6  # the worst
        assert "was refused by runbase" in result.err


def test_the_newest_attempt_counts_without_a_task_too(
    ledger: Ledger, run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A first attempt that failed, a second one that was refused: the name is the second."""
    ledgers.name(ledger, submitted(server, "runbase", "t1").intent, NAME)
    without_a_task(ledger, "refused")
    assert run("status", NAME, env=server.env(), clock=clock).code == 4
    assert server.server.requests == []


@pytest.mark.parametrize("command", ["status", "wait"])
def test_one_on_its_way_is_waited_for(
    ledger: Ledger, run: Run, server: ScriptedProvider, command: str
) -> None:
    """A living process has sent it: its outcome is waited for, and then it is as any task."""
    intent = ledgers.prepare(ledger, endpoint=server.endpoint("runbase"), key="k")
    ledgers.name(ledger, intent, NAME)
    ledger.sending(intent)
    server.task("t1", done("https://v.example/1.mp4"))

    def accepted() -> None:
        ledger.accept(intent, Task(task_id="t1", status=Status.QUEUED))

    result = run(command, NAME, env=server.env(), clock=Meanwhile(accepted))
    assert (result.code, "https://v.example/1.mp4" in result.out) == (0, True), result.err
    assert "is on its way in another process" in result.err


def test_one_on_its_way_that_is_refused(ledger: Ledger, run: Run) -> None:
    """What it comes to may be no task."""
    intent = ledgers.prepare(ledger)
    ledgers.name(ledger, intent, NAME)
    ledger.sending(intent)

    def refused() -> None:
        ledger.settle(intent, IntentState.REFUSED, {})

    assert run("wait", NAME, clock=Meanwhile(refused)).code == 4


def test_a_signal_ends_the_wait_for_one_on_its_way(ledger: Ledger, run: Run) -> None:
    """What is known by then is the document: 130."""
    intent = ledgers.prepare(ledger)
    ledgers.name(ledger, intent, NAME)
    ledger.sending(intent)

    def typed() -> None:
        raise Interrupted(signal.SIGINT)

    result = run("wait", NAME, "--json", clock=Meanwhile(typed))
    assert (result.code, result.json["name"], result.json["status"]) == (130, NAME, "sending")


def test_a_timeout_bounds_the_wait_for_one_on_its_way(
    ledger: Ledger, run: Run, clock: FakeClock
) -> None:
    """`--timeout` ends it: 8, and the row stays as it is."""
    intent = ledgers.prepare(ledger)
    ledgers.name(ledger, intent, NAME)
    ledger.sending(intent)
    result = run("wait", NAME, "--timeout", "3", "--json", clock=clock)
    assert (result.code, result.json["status"]) == (8, "sending")
    assert sum(clock.sleeps) == 3


# @N


def test_counted_back_from_the_newest(
    ledger: Ledger, run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """`@1` is the first row of `seedance list`: what that hides does not count."""
    for number in (1, 2):
        submitted(server, "runbase", f"t{number}")
        server.task(f"t{number}", "running")
    without_a_task(ledger, "refused")
    env = server.env()
    listed = [line.split("\t")[0] for line in run("list", clock=clock).out.splitlines()]
    for number, ref in enumerate(listed, 1):
        told = run("status", f"@{number}", env=env, clock=clock).out
        assert told == f"{ref}\trunning\t\n"
    without_a_task(ledger, "unknown", "other")
    assert run("status", "@1", env=env, clock=clock).code == 6
    assert run("status", "@2", "-p", "defapi", env=env, clock=clock).code == 2


@pytest.mark.parametrize("word", ["@0", "@2", "@999999999", "@" + "9" * 20])
def test_beyond_the_end_of_the_list_is_2(
    ledger: Ledger, run: Run, server: ScriptedProvider, clock: FakeClock, word: str
) -> None:
    """There is no such row, whatever provider the environment names."""
    ledgers.submit(ledger, "t1")
    env = {**server.env(), "SEEDANCE_PROVIDER": "runbase"}
    result = run("status", word, env=env, clock=clock)
    assert result.code == 2
    assert "`seedance list` has 1\n" in result.err
    assert server.server.requests == []


def test_counted_in_the_sandbox(ledger: Ledger, run: Run, clock: FakeClock) -> None:
    """`--sandbox` counts the sandbox's rows, `--no-sandbox` the real ones."""
    ledgers.submit(ledger, "boxed", sandbox=True)
    ledgers.submit(ledger, "real")
    for words, name in (((), "real"), (("--sandbox",), "boxed"), (("--no-sandbox",), "real")):
        error = run("cancel", "@1", *words, clock=clock).err
        assert f"runbase:{name}" in error, error


def test_cancel_takes_no_row_number_from_a_script(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Where stdin is no terminal the newest task may be another one by now: 2."""
    submitted(server, "seedance2ink", "t1")
    server.task("t1", "running")
    result = run("cancel", "@1", env=server.env(), clock=clock)
    assert result.code == 2
    assert "seedance2ink:t1" in result.err
    assert server.server.requests == []

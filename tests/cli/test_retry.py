"""`seedance retry`: the recorded request again, as a new payment."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seedance_cli.ledger.record import Ledger
from seedance_cli.models import IntentState
from support import ledgers
from support.scripted_provider import ScriptedProvider, done, error, unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.fake_clock import FakeClock
    from support.runner import Run

PROMPT = "a paper boat"


@pytest.fixture
def ledger(clock: FakeClock) -> Iterator[Ledger]:
    with Ledger.open(Path(os.environ["SEEDANCE_STATE_DIR"]), clock, create=True) as opened:
        yield opened


class Shop:
    """The program at a scripted provider, and what was sent to that."""

    def __init__(self, run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
        self.run = run
        self.server = server
        self.clock = clock

    def __call__(self, *words: str) -> Any:
        return self.run(*words, env=self.server.env(), clock=self.clock)

    def buy(self, *words: str, state: Any = None) -> str:
        """A task that was paid for, and, where a state is given, waited for; its ref."""
        found = self("generate", PROMPT, "-p", "seedance2ink", "-d", "8", *words)
        assert found.code == 0, found.err
        ref = str(found.out).strip()
        if state is not None:
            self.server.task(ref.partition(":")[2], state)
            self("wait", ref)
        return ref

    def bodies(self) -> list[bytes]:
        return [one.body for one in self.server.server.requests if one.method == "POST"]

    def rows(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self("list", "--all", "--json").json
        return found[::-1]


@pytest.fixture
def shop(run: Run, server: ScriptedProvider, clock: FakeClock) -> Shop:
    return Shop(run, server, clock)


def test_the_same_request_is_paid_for_again(shop: Shop) -> None:
    """The same bytes to the same provider; stdout is the new ref, stderr says whose it is."""
    ref = shop.buy("--metadata", "shot=8", "-r", "720p", state=done())
    result = shop("retry", ref)
    assert (result.code, result.out) == (0, "seedance2ink:t2\n"), result.err
    assert f"seedance2ink:t2 is the request of {ref} again" in result.err
    first, second = shop.bodies()
    assert first == second
    old, new = shop.rows()
    assert old["request"] == new["request"]
    assert (new["name"], new["attempt"]) == (None, 1)
    again = shop("retry", ref)
    assert "the same request runs already as seedance2ink:t2" in again.err
    assert "--name" not in again.err, "`retry` has none"


def test_a_result_that_nobody_was_told_is_no_new_payment(shop: Shop) -> None:
    """A retry whose process died before it told its ref: the next one tells it, and says so."""
    ref = shop.buy(state=done())
    shop("retry", ref)
    path = Path(os.environ["SEEDANCE_STATE_DIR"]) / "ledger.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE intents SET told = 0 WHERE task_id = 't2'")
    result = shop("retry", ref)
    assert (result.code, result.out) == (0, "seedance2ink:t2\n"), result.err
    assert len(shop.bodies()) == 2
    (line,) = result.err.splitlines()
    assert line.startswith("submitted seedance2ink:t2 at ")
    assert "nothing was sent now" in line


def test_todays_defaults_do_not_change_the_request(shop: Shop) -> None:
    """A default of the profile that came later is not put into it."""
    ref = shop.buy(state=done())
    config = Path(os.environ["SEEDANCE_CONFIG"])
    config.parent.mkdir(exist_ok=True)
    config.write_text('[profiles.default.defaults]\nresolution = "480p"\n')
    config.chmod(0o600)
    assert shop("retry", ref).code == 0
    first, second = shop.bodies()
    assert first == second


@pytest.mark.parametrize("state", ["failed", "cancelled", done()])
def test_a_name_gets_its_next_attempt(shop: Shop, state: Any) -> None:
    """Whatever the last one ended as; the ledger need not know yet that it has."""
    ref = shop.buy("--name", "boat")
    shop.server.task(ref.partition(":")[2], state)
    result = shop("retry", "boat")
    assert (result.code, result.out) == (0, "seedance2ink:t2\n"), result.err
    assert "seedance2ink:t2 is attempt 2 under the name boat" in result.err
    assert [(row["name"], row["attempt"]) for row in shop.rows()] == [("boat", 1), ("boat", 2)]
    shop.server.task("t2", "running")
    assert shop("status", "boat").out == "seedance2ink:t2\trunning\t\n"


def test_a_row_of_a_batch_stays_one(ledger: Ledger, shop: Shop) -> None:
    """Its next attempt is of the same batch and row."""
    ref = shop.buy("--name", "trip/1", state="failed")
    row = ledger.find(ref.partition(":")[2])[0]
    ledgers.name(ledger, row.intent, "trip/1", batch="trip")
    assert shop("retry", "trip/1").code == 0
    assert [one["batch"] for one in shop.rows()] == ["trip", "trip"]


@pytest.mark.parametrize("state", ["running", unavailable])
def test_a_name_that_has_not_ended_is_2(shop: Shop, state: Any) -> None:
    """Nor one of which nobody knows; by an older attempt's ref neither. Nothing is sent."""
    first = shop.buy("--name", "boat", state="failed")
    assert shop("retry", "boat").out == "seedance2ink:t2\n"
    shop.server.task("t2", state)
    for word in ("boat", first):
        result = shop("retry", word)
        assert (result.code, result.out) == (2, ""), word
        assert "once it has ended; nothing was sent" in result.err
    assert len(shop.bodies()) == 2
    assert shop("retry", "boat", "--again").code == 2


@pytest.mark.parametrize(("state", "code"), [("refused", 4), ("not_sent", 5), ("unknown", 6)])
def test_a_name_without_a_task(ledger: Ledger, shop: Shop, state: str, code: int) -> None:
    """There is nothing to do again, and of an unknown outcome nobody knows; nothing is sent."""
    intent = ledgers.prepare(ledger, "x", provider="seedance2ink")
    ledgers.name(ledger, intent, "boat")
    ledger.sending(intent)
    ledger.settle(intent, IntentState(state), {})
    result = shop("retry", "boat", "--json")
    assert (result.code, result.json["status"]) == (code, state)
    assert shop.bodies() == []


def test_after_an_attempt_that_was_refused(shop: Shop) -> None:
    """The name is that attempt; the hint names the task whose request it was, and that pays."""
    ref = shop.buy("--name", "boat", state="failed")
    shop.server.submits.append(error(400, "no"))
    assert shop("retry", "boat").code == 4
    again = shop("retry", "boat")
    assert again.code == 4
    assert f"seedance retry {ref} makes another attempt of boat" in again.err
    assert shop("retry", ref).code == 0
    assert [row["attempt"] for row in shop.rows()] == [1, 2, 3]


def test_what_the_ledger_does_not_know(shop: Shop) -> None:
    """A ref of another machine has no request here: 2."""
    result = shop("retry", "seedance2ink:elsewhere")
    assert (result.code, result.out) == (2, "")
    assert "was not submitted from this machine" in result.err


def test_from_a_script_a_whole_name_is_needed(shop: Shop) -> None:
    """Neither `@1` nor a beginning pays where stdin is no terminal."""
    shop.server.ids.extendleft(["abcdefgh"])
    shop.buy(state=done())
    for word in ("@1", "abcdef"):
        assert shop("retry", word).code == 2
    assert len(shop.bodies()) == 1


def test_with_its_video(shop: Shop, folder: Path) -> None:
    """`--download -o` as for generate; a failure is 7, and JSON is one object."""
    ref = shop.buy(state=done())
    shop.server.task("t2", done())
    saved = shop("retry", ref, "-o", f"{folder}/{{task_id}}.mp4")
    assert (saved.code, saved.out) == (0, f"{folder}/t2.mp4\n"), saved.err
    assert "submitted seedance2ink:t2" in saved.err
    shop.server.task("t3", "failed")
    failed = shop("retry", ref, "--wait", "--json")
    assert (failed.code, failed.json["ref"], failed.json["status"]) == (
        7,
        "seedance2ink:t3",
        "failed",
    )
    assert failed.error["retry_safe"] is False


def test_several(shop: Shop) -> None:
    """In the order of the words: refs, an array, or the URLs of all."""
    refs = [shop.buy("--metadata", f"n={number}", state=done()) for number in (1, 2)]
    assert shop("retry", *refs).out == "seedance2ink:t3\nseedance2ink:t4\n"
    document = shop("retry", *refs, "--json").json
    assert [row["ref"] for row in document] == ["seedance2ink:t5", "seedance2ink:t6"]
    for task_id in ("t7", "t8"):
        shop.server.task(task_id, done(f"https://v.example/{task_id}"))
    urls = shop("retry", *refs, "--wait").out.splitlines()
    assert sorted(urls) == ["https://v.example/t7", "https://v.example/t8"]
    assert shop("retry", *refs, "-o", "one.mp4").code == 2
    assert shop("retry", *refs, "--dry-run").code == 2


def test_one_that_is_refused_does_not_stop_the_others(shop: Shop) -> None:
    """The others are paid for; the document has the refused one in its place; 4."""
    refs = [shop.buy("--metadata", f"n={number}", state=done()) for number in (1, 2)]
    shop.server.submits.extend([error(400, "too rude"), None])
    result = shop("retry", *refs, "--json")
    assert result.code == 4
    assert [row["status"] for row in result.json] == ["refused", "queued"]
    assert "too rude" in result.err
    shop.server.submits.extend([error(400, "too rude"), None])
    shop.server.task("t6", done("https://v.example/t6"))
    waited = shop("retry", *refs, "--wait", "--json")
    assert waited.code == 4
    assert [row["status"] for row in waited.json] == ["refused", "succeeded"]
    assert waited.error["message"].startswith(refs[0])
    assert waited.error["retry_safe"] is False  # the second one was paid for


def test_an_unknown_outcome_stops_the_others(shop: Shop) -> None:
    """What is left is named, and not sent: 6."""
    refs = [shop.buy("--metadata", f"n={number}", state=done()) for number in (1, 2, 3)]
    shop.server.submits.extend([None, unavailable])
    result = shop("retry", *refs, "--json")
    assert (result.code, result.error["retry_safe"]) == (6, False)
    assert [row["status"] for row in result.json] == ["queued", "unknown"]
    assert f"not submitted after that: {refs[2]}" in result.err
    assert len(shop.bodies()) == 5


def test_max_cost_bounds_the_sum(shop: Shop, ledger: Ledger) -> None:
    """Two that cost more together than is allowed: 11, and none is sent."""
    config = Path(os.environ["SEEDANCE_CONFIG"])
    config.parent.mkdir(exist_ok=True)
    config.write_text('[[prices]]\nprovider = "seedance2ink"\namount = "0.2 credits"\n')
    config.chmod(0o600)
    refs = [shop.buy("--metadata", f"n={number}", state=done()) for number in (1, 2)]
    for allowed, code in (
        ("0.3 credits", 11),
        ("0.1 credits", 11),
        ("4 USD", 11),
        ("0.4 credits", 0),
    ):
        result = shop("retry", *refs, "--max-cost", allowed)
        assert result.code == code, result.err
        assert len(shop.bodies()) == (2 if code else 4)
    assert shop("retry", refs[0], "--max-cost", "0.1 credits").code == 11


def test_a_sandbox_task_stays_in_the_sandbox(shop: Shop, ledger: Ledger) -> None:
    """Whatever the environment says today, nothing real is paid for it."""
    row = ledgers.submit(ledger, "boxed", provider="seedance2ink", sandbox=True)
    ledgers.name(ledger, row.intent, "boxed")
    dry = shop("retry", "seedance2ink:boxed", "--dry-run")
    assert dry.code == 2  # its name has not ended; the sandbox was asked
    assert shop.server.server.requests == []


def test_the_sandbox_is_never_left_and_can_be_asked_for(shop: Shop) -> None:
    """`--sandbox` makes a real task's request there; a task of another endpoint is warned of."""
    ref = shop.buy(state=done())
    boxed = shop("retry", ref, "--sandbox", "--dry-run")
    assert "http://127.0.0.1:PORT/seedance2ink/" in boxed.out
    assert "this goes to" not in boxed.err
    elsewhere = {"SEEDANCE2INK_BASE_URL": "https://other.example/v1"}
    env = {**shop.server.env(), **elsewhere}
    moved = shop.run("retry", ref, "--dry-run", env=env, clock=shop.clock)
    assert f"{ref} was submitted to {shop.server.endpoint('seedance2ink')}" in moved.err
    assert "this goes to https://other.example/v1" in moved.err


def test_a_dry_run_sends_nothing(shop: Shop) -> None:
    """It prints the request, and its price."""
    ref = shop.buy(state=done())
    result = shop("retry", ref, "--dry-run", "--json")
    assert (result.code, result.json["method"]) == (0, "POST")
    assert result.json["body"]["prompt"] == PROMPT
    assert len(shop.bodies()) == 1

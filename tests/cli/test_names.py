"""`--name` and `--retry-failed`: a line that may be run as often as anybody likes (6.10)."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from seedance_cli.ledger.record import Ledger
from seedance_cli.models import Conditions, Status, Task
from support import ledgers
from support.counting_provider import MODEL, PROVIDER, Answer, CountingProvider
from support.crowd import at_once
from support.fake_clock import FakeClock
from support.scripted_provider import ScriptedProvider, done, unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.runner import Result, Run, Spawn

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX processes")


class Shop(NamedTuple):
    """A provider that counts, and the program."""

    provider: CountingProvider
    run: Run

    def buy(self, prompt: str = "a boat", *options: str) -> Result:
        """Run `generate`."""
        words = ("generate", prompt, "-p", PROVIDER, "-m", MODEL, *options)
        return self.run(*words, env=self.provider.env)


@pytest.fixture
def shop(run: Run) -> Iterator[Shop]:
    """A provider that accepts everything."""
    with CountingProvider() as provider:
        yield Shop(provider, run)


def test_money_6_10_the_same_line_twice(shop: Shop) -> None:
    """One POST; the ref again, 0, and on stderr one line that says since when."""
    first = shop.buy("a boat", "--name", "scene 8")
    again = shop.buy("a boat", "-n", "scene 8")
    assert (again.code, again.out) == (first.code, first.out) == (0, "seedance2ink:req_1\n")
    assert shop.provider.posts == 1
    shown = shop.buy("a boat", "-n", "scene 8", "--json")
    assert (shown.json["name"], shown.json["attempt"], shown.json["batch"]) == ("scene 8", 1, None)
    line = r"submitted seedance2ink:req_1 at \S+Z under the name scene 8; nothing was sent now\n"
    for result in (again, shown, shop.buy("a boat", "-n", "scene 8", "--json", "-q")):
        assert re.fullmatch(line, result.err), result.err
    assert shop.buy("a boat", "-n", "scene 8", "-q").err == ""
    words = ("generate", "a boat", "-p", PROVIDER, "-n", "scene 8")  # the model is not typed
    assert re.fullmatch(line, shop.run(*words, env=shop.provider.env).err)
    lacking = shop.run(*words, env={**shop.provider.env, "SEEDANCE2INK_API_KEY": None})
    assert (lacking.code, "(the first that" in lacking.err) == (3, False), lacking.err
    assert shop.buy("a boat", "-n", "scene 9").out == "seedance2ink:req_2\n"


def test_money_6_10_a_name_is_the_same_however_its_letters_are_put_together(
    shop: Shop, clock: FakeClock
) -> None:
    """An `é` may be one character or two; an earlier release kept it as it was typed."""
    composed, apart = "caf\u00e9", "cafe\u0301"
    first = shop.buy("a boat", "--name", apart, "--json")
    assert first.json["name"] == composed
    for name in (composed, apart):
        assert shop.buy("a boat", "--name", name).out == "seedance2ink:req_1\n"
        assert shop.run("dismiss", name, env=shop.provider.env).code == 0
    assert shop.provider.posts == 1
    with Ledger.open(Path(os.environ["SEEDANCE_STATE_DIR"]), clock, create=True) as ledger:
        ledger._store.change("UPDATE intents SET name = ?", (apart,))
    for name in (composed, apart):
        assert shop.buy("a boat", "--name", name).out == "seedance2ink:req_1\n"
        assert shop.run("dismiss", name, env=shop.provider.env).code == 0
    assert shop.provider.posts == 1


def test_money_6_10_other_metadata_is_said(shop: Shop) -> None:
    """Metadata and callback are no part of the request; that they stay as they were is said."""
    shop.buy("a boat", "-n", "x", "--metadata", "a=1")
    again = shop.buy("a boat", "-n", "x", "--metadata", "a=2")
    assert (again.code, shop.provider.posts) == (0, 1)
    assert "keeps the metadata that it was submitted with" in again.err


def test_money_6_10_another_request_under_a_name(shop: Shop) -> None:
    """2, naming what differs; nothing is sent."""
    shop.buy("a boat", "-n", "x", "-d", "5")
    other = shop.buy("a cat", "-n", "x", "-d", "10")
    assert (other.code, other.out, shop.provider.posts) == (2, "", 1)
    assert "prompt a boat → a cat; duration 5 → 10" in other.err
    assert "seedance2ink:req_1" in other.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-n", "a:b"), "has a : in it"),
        (("-n", "@b"), "begins with @"),
        (("-n", ""), "is empty"),
        (("-n", "x" * 201), "is longer than 200 characters"),
        (("-n", "a\nb"), "has a control character in it"),
        (("-n", "a", "--again"), "contradict each other"),
        (("--retry-failed",), "--retry-failed needs --name"),
    ],
)
def test_money_6_10_what_is_no_name(shop: Shop, options: tuple[str, ...], words: str) -> None:
    """2, before anything is sent."""
    result = shop.buy("a boat", *options)
    assert (result.code, result.out, shop.provider.posts) == (2, "", 0)
    assert words in result.err


def test_money_6_10_any_other_text_is_a_name(shop: Shop) -> None:
    """Two hundred characters of any script, with slashes and spaces."""
    name = ("장면/08 - 🎬 " * 20)[:200]
    for _ in range(2):
        assert shop.buy("a boat", "-n", name).out == "seedance2ink:req_1\n"


def test_money_6_10_a_dry_run_says_what_the_name_stands_for(shop: Shop) -> None:
    """As the submit would: nothing to pay whatever the limit, or another request (2)."""
    free = shop.buy("a boat", "-n", "x", "--dry-run", "--max-cost", "1 credits")
    assert free.code == 11, "its price is not known"
    shop.buy("a boat", "-n", "x")
    known = shop.buy("a boat", "-n", "x", "--dry-run", "--max-cost", "1 credits")
    assert (known.code, "x was submitted at" in known.err) == (0, True)
    other = shop.buy("a cat", "-n", "x", "--dry-run")
    assert (other.code, "prompt a boat → a cat" in other.err) == (2, True)


@pytest.mark.parametrize("answer", [Answer.DROP, Answer.ERROR, Answer.NONSENSE])
def test_money_6_10_an_unknown_outcome_under_a_name(shop: Shop, answer: Answer) -> None:
    """6, again and again; with a name to run it again is safe."""
    shop.provider.answer = answer
    first = shop.buy("a boat", "-n", "x", "--json")
    shop.provider.answer = Answer.ACCEPT
    again = shop.buy("a boat", "-n", "x", "--json")
    assert (first.code, again.code, shop.provider.posts) == (6, 6, 1)
    assert first.error["retry_safe"] is again.error["retry_safe"] is True
    assert again.json["status"] == "unknown"
    retried = shop.buy("a boat", "-n", "x", "--retry-failed", "--json")
    assert (retried.code, retried.error["retry_safe"], shop.provider.posts) == (6, False, 1)


def test_money_6_10_a_refusal_frees_the_name(shop: Shop) -> None:
    """The same line pays once the reason is gone, which is told until then."""
    shop.provider.answer = Answer.REFUSE
    assert shop.buy("a boat", "-n", "x").code == 4
    why = "insufficient_credits: no credits left (HTTP 402)"
    assert shop.run("list", "--all").out.split("\t")[5] == f"{why}\n"
    assert f": {why}; there is no task" in shop.run("status", "x", env=shop.provider.env).err
    shop.provider.answer = Answer.ACCEPT
    done = shop.buy("a cat", "-n", "x", "--json")
    assert (done.code, done.json["attempt"]) == (0, 2)


def test_money_6_10_without_a_name_the_running_one_is_named(shop: Shop) -> None:
    """An identical task that runs already is told, and how --name avoids it."""
    shop.buy()
    second = shop.buy()
    assert (second.code, shop.provider.posts) == (0, 2)
    assert "the same request runs already as seedance2ink:req_1" in second.err
    assert "--name" in second.err
    assert "runs already" not in shop.buy("a boat", "-n", "x").err


def test_money_6_10_max_cost_does_not_hold_what_is_paid(shop: Shop) -> None:
    """A price that has risen since refuses a new task, not the one that there is."""
    assert shop.buy("a boat", "-n", "x", "-d", "5").code == 0
    limit = ("-d", "5", "--max-cost", "1 credits")
    assert shop.buy("a boat", "-n", "x", *limit).out == "seedance2ink:req_1\n"
    assert shop.buy("a boat", "-n", "y", *limit).code == 11


def test_money_6_10_waits_for_a_living_process(shop: Shop, tmp_path: Path) -> None:
    """One that is on its way elsewhere is waited for: its ref, one line, no POST."""

    class Ending(FakeClock):
        """The other process's answer comes at the third look."""

        looks = 0

        def sleep(self, seconds: float) -> None:
            self.looks += 1
            if self.looks == 3:
                other.accept(intent, Task(task_id="req_9", status=Status.QUEUED))
                other.told(intent)
            super().sleep(seconds)

    clock = Ending()
    with Ledger.open(tmp_path / "state", clock, create=True) as other:
        mark = _mark_of(shop)
        intent = ledgers.prepare(
            other,
            mark,
            provider=PROVIDER,
            endpoint=shop.provider.url,
            prompt="a boat",
            conditions=Conditions(name="x"),
        )
        other.sending(intent)
        words = ("generate", "a boat", "-p", PROVIDER, "-m", MODEL, "-n", "x")
        done = shop.run(*words, env=shop.provider.env, clock=clock)
    assert (done.code, done.out, shop.provider.posts) == (0, "seedance2ink:req_9\n", 0)
    assert done.err.count("x is being submitted by another process") == 1
    assert clock.looks == 3


def test_money_6_10_does_not_wait_for_ever(shop: Shop, tmp_path: Path) -> None:
    """A process that lives and does not go on: 6 after its 10 minutes."""

    class Leaping(FakeClock):
        """One on which few looks take long."""

        def sleep(self, seconds: float) -> None:
            super().sleep(100 * seconds)

    clock = Leaping()
    with Ledger.open(tmp_path / "state", clock, create=True) as other:
        intent = ledgers.prepare(
            other,
            _mark_of(shop),
            provider=PROVIDER,
            endpoint=shop.provider.url,
            conditions=Conditions(name="x"),
        )
        words = ("generate", "a boat", "-p", PROVIDER, "-m", MODEL, "-n", "x", "--json")
        prepared = shop.run(*words, env=shop.provider.env, clock=clock)
        other.sending(intent)
        sending = shop.run(*words, env=shop.provider.env, clock=clock)
    assert (prepared.code, sending.code, shop.provider.posts) == (6, 6, 0)
    assert "for more than 10 minutes" in prepared.err
    assert prepared.error["retry_safe"] is True


def _mark_of(shop: Shop) -> str:
    """The fingerprint of the test's request."""
    from seedance_cli import providers
    from seedance_cli.models import RULE, VideoRequest, fingerprints

    provider = providers.get(PROVIDER)
    request = provider.request(VideoRequest(prompt="a boat", model=MODEL))
    return fingerprints(PROVIDER, shop.provider.url, False, provider.bought(request))[RULE]


@posix
def test_money_6_10_a_signal_ends_the_wait(shop: Shop, spawn: Spawn, tmp_path: Path) -> None:
    """Ctrl-C while another process sends: 130 at once, and nothing was sent."""
    with Ledger.open(tmp_path / "state", FakeClock(), create=True) as other:
        ledgers.prepare(
            other,
            _mark_of(shop),
            provider=PROVIDER,
            endpoint=shop.provider.url,
            conditions=Conditions(name="x"),
        )
        words = ("generate", "a boat", "-p", PROVIDER, "-m", MODEL, "-n", "x")
        process = spawn(*words, env=shop.provider.env)
        process.wait_for("being submitted by another process")
        process.signal(2)
        done = process.finish()
    assert (done.code, done.out, shop.provider.posts) == (130, "", 0)


RUNBASE = ("generate", "a boat", "-p", "runbase", "-n", "scene/8")


def test_money_6_10_retry_failed(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """A task that failed gets one more attempt per command, though nobody looked at it before."""
    server.task("t1", "failed")
    server.task("t2", "running", "failed")
    env = server.env("runbase")
    first, again = (run(*RUNBASE, env=env, clock=clock) for _ in range(2))
    assert (first.code, first.out, again.out) == (0, "runbase:t1\n", "runbase:t1\n")
    second = run(*RUNBASE, "--retry-failed", env=env, clock=clock)
    assert (second.code, second.out) == (0, "runbase:t2\n")
    assert "attempt 2" in second.err
    running = run(*RUNBASE, "--retry-failed", env=env, clock=clock)
    assert (running.out, server.posts()) == ("runbase:t2\n", 2)
    waited = run(*RUNBASE, "--wait", env=env, clock=clock)
    assert (waited.code, server.posts()) == (7, 2)
    told = run(*RUNBASE, env=env, clock=clock)
    assert (told.code, "--retry-failed pays for another attempt" in told.err) == (0, True)


def test_money_6_10_retry_of_what_cannot_be_read(run: Run, server: ScriptedProvider) -> None:
    """Where the provider does not say that it failed, it did not: nothing is paid."""
    server.task("t1", unavailable)
    env = server.env("runbase")
    for _ in range(2):
        assert run(*RUNBASE, "--retry-failed", env=env).out == "runbase:t1\n"
    assert server.posts() == 1


@pytest.mark.parametrize("retry", [(), ("--retry-failed",)])
def test_money_6_10_the_file_of_the_name(
    run: Run, server: ScriptedProvider, folder: Path, retry: tuple[str, ...], clock: FakeClock
) -> None:
    """`{name}` is a field of `-o`; run again, the file that is there is the result."""
    server.task("t1", done())
    words = (*RUNBASE, *retry, "-o", f"{folder}/{{name}}.mp4")
    first, again = (run(*words, env=server.env("runbase"), clock=clock) for _ in range(2))
    assert (first.code, again.code, again.out) == (0, 0, first.out), again.err
    (file,) = folder.iterdir()
    assert file.name.startswith("scene_8")
    assert (server.posts(), server.fetched("t1.mp4")) == (1, 1)


def crowd(provider: CountingProvider, number: int, folder: Path) -> list[Result]:
    """So many processes buy under one name at the same moment."""
    words = ("generate", "a boat", "-p", PROVIDER, "-m", MODEL, "-n", "one")
    return at_once([words] * number, provider.env, folder)


@posix
@pytest.mark.parametrize("number", [8, pytest.param(100, marks=pytest.mark.full)])
def test_fault_54_many_processes_with_one_name(folder: Path, number: int) -> None:
    """One POST, and its ref for all."""
    with CountingProvider() as provider:
        results = crowd(provider, number, folder)
        assert [(one.code, one.out) for one in results] == [(0, "seedance2ink:req_1\n")] * number
        assert provider.posts == 1

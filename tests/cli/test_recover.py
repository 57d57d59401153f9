"""`seedance recover`: what is known of an unknown outcome, and the ways to settle it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seedance_cli.errors import WriteFailed
from seedance_cli.ledger.record import Ledger
from seedance_cli.models import IntentState, VideoRequest
from support import ledgers
from support.bytes_server import answer
from support.scripted_provider import ScriptedProvider, State, json_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seedance_cli.models import Submission
    from support.fake_clock import FakeClock
    from support.runner import Run, Spawn

MODEL = "bytedance/seedance-1.5-pro"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedProvider]:
    """Where runbase and seedance2ink are, for every command of the test."""
    with ScriptedProvider() as scripted:
        for name, value in scripted.env("runbase", "seedance2ink").items():
            monkeypatch.setenv(name, value or "")
        yield scripted


@pytest.fixture
def intent(server: ScriptedProvider, run: Run) -> str:
    """A submission to seedance2ink whose answer was a 503."""
    server.submits.append(json_answer(503, {"oops": "try\x1blater"}))
    argv = ("generate", "a boat", "-p", "seedance2ink", "-d", "5")
    done = run(*argv, "--json")
    assert done.code == 6
    return str(done.error["intent"])


def told(prompt: str = "a boat", model: str = "seedance-2.0") -> State:
    return State("running", fields=(("prompt", prompt), ("model", model)))


def test_nothing_to_recover(run: Run) -> None:
    """Nothing unknown: an empty stdout, an empty array, exit 0."""
    done = run("recover")
    assert (done.code, done.out) == (0, "")
    assert done.err == "no submission with an unknown outcome\n"
    assert run("recover", "--json").json == []


def test_what_is_known(intent: str, run: Run) -> None:
    """When, prompt, provider, request, what came back, what is not known, and what to type."""
    done = run("recover")
    assert done.code == 0
    for words in (
        intent,
        "UTC",
        "seedance2ink at http://127.0.0.1",
        "a boat",
        "model seedance-2.0, duration 5s",
        "HTTP 503",
        r"try\u001blater",
        "whether you were charged",
        f"seedance recover --adopt {intent} TASK_ID",
        f"seedance recover --discard {intent}",
    ):
        assert words in done.out, words
    assert "not charged" not in done.out
    (row,) = run("recover", "--json").json
    assert (row["intent"], row["ref"], row["status"]) == (intent, None, "unknown")
    assert row["state"] == "unknown"
    assert row["evidence"]["http_status"] == 503
    assert run("recover", "-p", "runbase", "--json").json == []
    assert run("recover", "--sandbox", "--json").json == []


def test_what_is_known_on_a_terminal(clock: FakeClock, spawn: Spawn) -> None:
    """Local time with its zone, the prompt cut to its line, what is to be typed whole."""
    with Ledger.open(Path(os.environ["SEEDANCE_STATE_DIR"]), clock, create=True) as ledger:
        intent = ledgers.prepare(ledger)
        request = VideoRequest(prompt="a boat on the river " * 9, audio=False, watermark=True)
        ledgers.ask(ledger, intent, request)
        ledger.sending(intent)
        ledger.settle(intent, IntentState.UNKNOWN, {"left": True})
    env = {"TZ": "Asia/Seoul", "NO_COLOR": "1"}
    shown = spawn("recover", pty=True, size=(50, 80), env=env).finish().err.splitlines()
    assert f"intent    {intent}" in shown
    assert next(line for line in shown if line.startswith("sent")).startswith(
        "sent      2026-02-07 19:30:00 KST, "
    )
    (prompt,) = [line for line in shown if line.startswith("prompt")]
    assert len(prompt) == 80
    assert prompt.endswith("…")
    assert "request   no audio, with watermark" in shown
    assert f"  seedance recover --adopt {intent} TASK_ID" in shown


def test_adopt(intent: str, server: ScriptedProvider, run: Run) -> None:
    """The task is read first; then the intent is settled, and the task is as any other."""
    server.task("req_1", told(), State("succeeded", urls=(server.video("a.mp4"),)))
    done = run("recover", "--adopt", intent[:8], "req_1")
    assert (done.code, done.out) == (0, "seedance2ink:req_1\n"), done.err
    assert [one.method for one in server.server.requests] == ["POST", "GET"]
    assert run("recover", "--json").json == []
    (row,) = run("list", "--json").json
    assert (row["ref"], row["intent"], row["status"]) == ("seedance2ink:req_1", intent, "running")
    waited = run("wait")
    assert waited.out == f"{server.video('a.mp4')}\n"
    settled = run("recover", "--adopt", intent, "req_1")
    assert settled.code == 2
    assert "adopted" in settled.err


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_adopt_of_what_the_ledger_took_all_the_same(
    server: ScriptedProvider, run: Run, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    """A disk that fails in the commit may have it: the command that was advised says so, 0."""
    accept = Ledger.accept

    def fails(self: Ledger, *words: Any) -> Submission:
        accept(self, *words)
        raise WriteFailed("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "accept", fails)
        done = run("generate", "a boat", "-p", "seedance2ink", "-d", "5", "--json")
    assert server.posts() == 1
    words = str(done.error["hint"]).partition("seedance recover ")[2].split()
    assert (done.code, words[0]) == (10, "--adopt")
    settled = run("recover", *words, *more)
    assert settled.code == 0
    assert (settled.json["ref"] if more else settled.out.strip()) == done.error["ref"]
    assert "recorded that already" in settled.err
    assert run("recover", words[0], words[1], "seedance2ink:other").code == 2
    again = run("generate", "a boat", "-p", "seedance2ink", "-d", "5")
    assert again.out.strip() != done.error["ref"], "it was told"


REFUSALS = [
    (None, 4, "does not say that you were not charged"),
    (told(prompt="a cat"), 2, "prompt"),
    (told(model="seedance-2.0-fast"), 2, "model"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=["not found", "prompt", "model"])
def test_adopt_refuses(
    refusal: tuple[State | None, int, str],
    intent: str,
    server: ScriptedProvider,
    run: Run,
    clock: FakeClock,
) -> None:
    """Not found, another prompt, another model: refused; with --force adopted and warned of."""
    step, code, words = refusal
    if step is not None:
        server.task("req_1", step)
    argv = ("recover", "--adopt", intent, "seedance2ink:req_1", "--json")
    done = run(*argv, clock=clock)
    assert (done.code, done.out) == (code, "")
    assert words in done.err
    assert "--force" in done.err
    assert len(run("recover", "--json").json) == 1
    forced = run(*argv, "--force", clock=clock)
    assert (forced.code, forced.json["ref"]) == (0, "seedance2ink:req_1"), forced.err
    assert "warning: adopted unconfirmed" in forced.err


@pytest.mark.parametrize(
    ("prompt", "echo", "same"),
    [
        (
            "강 위의 작은 배가 천천히 떠난다",
            "강 위의 작은 배가 천천히 ".encode() + b"\xeb\x96",
            True,
        ),
        (
            "강 위의 작은 배가 천천히 떠난다",
            "강 위의 작은 ".encode() + b"\xff" + "가 천천히 떠난다".encode(),
            True,
        ),
        ("a boat on a river", b"a boat on a hill\xff", False),
        ("a boat on a river", b"a boat", False),
        ("a boat on a river", b"a boat on a river and a hill", False),
        ("a boat on a river", b"\xff", False),
    ],
)
def test_adopt_knows_a_damaged_prompt_again(
    server: ScriptedProvider, run: Run, prompt: str, echo: bytes, same: bool
) -> None:
    """A prompt that is repeated with a broken byte, or cut in one, is the same; another is not."""
    server.submits.append(json_answer(503, {}))
    lost = run("generate", prompt, "-p", "seedance2ink", "--json")
    body = b'{"success":true,"requestId":"req_1","status":"queued","prompt":"%s"}'
    server.task("req_1", answer(200, body % echo))
    adopted = run("recover", "--adopt", lost.error["intent"], "req_1")
    assert adopted.code == (0 if same else 2), adopted.err


def test_adopt_an_id_that_the_ledger_has(intent: str, server: ScriptedProvider, run: Run) -> None:
    """One task is not adopted for two submissions unless --force says so."""
    server.ids.appendleft("req_1")
    assert run("generate", "a boat", "-p", "seedance2ink", "-d", "4").code == 0
    server.task("req_1", told())
    argv = ("recover", "--adopt", intent, "req_1")
    done = run(*argv)
    assert done.code == 2
    assert "in the ledger already" in done.err
    assert run(*argv, "--force").out == "seedance2ink:req_1\n"


def test_discard(intent: str, server: ScriptedProvider, run: Run) -> None:
    """Settled as never accepted: the same request may be sent again. It is not said uncharged."""
    blocked = run("generate", "a boat", "-p", "seedance2ink", "-d", "5")
    assert blocked.code == 6
    done = run("recover", "--discard", intent)
    assert (done.code, done.out) == (0, f"{intent}\n")
    assert "if seedance2ink did accept it" in done.err
    assert run("recover", "--json").json == []
    assert run("generate", "a boat", "-p", "seedance2ink", "-d", "5").code == 0
    assert server.posts() == 2


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--adopt", "INTENT"], "--adopt INTENT TASK_ID"),
        (["req_1"], "--adopt INTENT TASK_ID"),
        (["--adopt", "INTENT", "--discard", "INTENT", "req_1"], "give one of them"),
        (["--force"], "--force goes with --adopt"),
        (["--discard", "INTENT", "--force"], "--force goes with --adopt"),
        (["--discard", "ffffffff"], "no intent"),
        (["--discard", "ab"], "too short"),
        (["--adopt", "INTENT", "runbase:x"], "task of runbase"),
        (["--adopt", "INTENT", "x", "-p", "runbase"], "--provider"),
        (["--adopt", "INTENT", ".."], "is not a task"),
    ],
)
def test_usage(argv: list[str], words: str, intent: str, run: Run) -> None:
    """Words that do not go together, or name nothing: exit 2, and nothing is settled."""
    done = run("recover", *(intent if word == "INTENT" else word for word in argv))
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert len(run("recover", "--json").json) == 1

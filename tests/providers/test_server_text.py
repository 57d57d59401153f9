"""What a server writes, before it is shown or stored: cut to size, and cleared of the key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from seedance_cli import providers
from seedance_cli.cli.output import progress as display
from seedance_cli.cli.output import sink as output
from seedance_cli.http import api as http
from seedance_cli.http import redaction as redact
from seedance_cli.models.secret import MASK
from seedance_cli.tasks import gate as spend
from support.fake_clock import FakeClock
from support.scripted_provider import (
    ScriptedProvider,
    State,
    done,
    error,
    json_answer,
    submitted,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.runner import Result, Run
    from support.scripted_provider import Step

NAMES = ("defapi", "runbase", "seedance2ink", "seedanceapi")
KEY = "sd2_live_a8Kz9QwE3rTy6UiOp1sD"
PIECE = KEY[6:20]
HUGE = 1_000_000
LIMIT = 500_000
"""Characters that may be worked on for one command, all steps together."""


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many characters were cleared of the key or made safe so far."""
    count = 0

    def counting(work: Callable[..., str]) -> Callable[..., str]:
        def counted(text: str, *more: Any) -> str:
            nonlocal count
            count += len(text)
            return work(text, *more)

        return counted

    for module, name in (
        *((module, "redact") for module in (redact, http, spend)),
        *((module, "safe") for module in (output, display)),
    ):
        monkeypatch.setattr(module, name, counting(getattr(module, name)))
    return lambda: count


def env(server: ScriptedProvider) -> dict[str, str | None]:
    """All four providers here, with a key of the usual form."""
    keys = dict.fromkeys((providers.get(name).info.key_env for name in NAMES), KEY)
    return {**server.env(), **keys}


def stored(tmp_path: Path) -> bytes:
    return b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def state(name: str, text: str, where: str) -> State:
    """A read of a task with this text somewhere in it."""
    fields: dict[str, Any] = {"model": text if where == "model" else "m-1"}
    if where == "prompt":
        fields["request" if name == "seedanceapi" else "prompt"] = (
            {"prompt": text} if name == "seedanceapi" else text
        )
    match where:
        case "word":
            return State(f"brewing {text}", fields=tuple(fields.items()))
        case "message":
            return State("failed", reason=text)
        case "code":
            fields["error_code"] = text
            return State("failed", reason="too dark", fields=tuple(fields.items()))
        case "url":
            return done(f"https://v.example/{text}/1.mp4", **fields)
        case "query":
            return done(f"https://v.example/1.mp4?sig={text}", **fields)
        case "fragment":
            return done(f"https://v.example/1.mp4#{text}", **fields)
    return State("running", fields=tuple(fields.items()))


PLACES = ("word", "message", "code", "model", "prompt", "url", "query")


# 49: length


@pytest.mark.parametrize("where", PLACES)
def test_fault_49_huge_text_in_a_read_is_cut_before_it_is_worked_on(
    run: Run, server: ScriptedProvider, tmp_path: Path, worked: Callable[[], int], where: str
) -> None:
    """A megabyte anywhere in an answer: a bounded amount of work, of stderr, and of ledger."""
    for name in NAMES:
        submitted(server, name, name)
        server.task(name, state(name, "x" * HUGE, where))
        words = ("wait", f"{name}:{name}", "--timeout", "0")
        result = run(*words, env=env(server), clock=FakeClock())
        assert result.code in {0, 7, 8, 9}
        assert len(result.err) < 5_000
        assert len(result.out) < 20_000
    assert worked() < LIMIT
    assert len(stored(tmp_path / "state")) < LIMIT


def test_fault_49_a_huge_new_word_at_each_poll(
    run: Run, server: ScriptedProvider, tmp_path: Path, worked: Callable[[], int]
) -> None:
    """Nor does it add up over the polls."""
    submitted(server, "runbase", "t1")
    server.task("t1", *(State(f"{n}" + "x" * 4 * HUGE) for n in range(12)), done())
    result = run("wait", "runbase:t1", env=env(server), clock=FakeClock())
    assert result.code == 0
    assert len(result.err) < 10_000
    assert worked() < LIMIT
    assert len(stored(tmp_path / "state")) < LIMIT


REFUSALS: list[Callable[[str], Any]] = [
    lambda text: {"message": text},
    lambda text: {"code": 400, "message": text},
    lambda text: {"error": text},
    lambda text: {"error": {"code": text, "message": text}},
    lambda text: {"detail": [{"loc": [text], "msg": text}] * 3},
    lambda text: {"success": False, "error": text},
    lambda text: text,
]


@pytest.mark.parametrize("refusal", range(len(REFUSALS)))
def test_fault_49_huge_text_in_the_answer_to_a_submit(
    run: Run, server: ScriptedProvider, tmp_path: Path, worked: Callable[[], int], refusal: int
) -> None:
    """A refusal of a megabyte: what is said, kept and worked on is bounded."""
    for name, status in zip(
        (*NAMES, *NAMES), (200, 400, 503, 200, 400, 200, 400, 503), strict=True
    ):
        body = REFUSALS[refusal]("\x1b" + "x" * (HUGE // 6))
        server.submits.append(json_answer(status, body))
        words = ("generate", f"a boat at {name}: {status}", "-p", name)
        result = run(*words, env=env(server), clock=FakeClock())
        assert result.code in {4, 6}
        assert len(result.err) < 5_000
    assert worked() < LIMIT
    assert len(stored(tmp_path / "state")) < LIMIT
    assert len(run("recover", env=env(server)).out) < 50_000


# B4: pieces of the key


def all_of(run: Run, server: ScriptedProvider, ref: str) -> list[Result]:
    """The commands that show a task, in an order in which each has something to say."""
    clock = FakeClock()
    runs = [
        ("wait", ref, "--timeout", "0", "-v"),
        ("wait", ref, "--timeout", "0", "--json"),
        ("wait", ref, "--timeout", "0", "--download"),
        ("status", ref),
        ("list", "--all", "--json"),
    ]
    return [run(*words, env=env(server), clock=clock) for words in runs]


@pytest.mark.parametrize("where", [*PLACES, "fragment"])
@pytest.mark.parametrize("name", NAMES)
def test_a_piece_of_the_key_in_any_text_is_neither_shown_nor_stored(
    run: Run, server: ScriptedProvider, tmp_path: Path, name: str, where: str
) -> None:
    """Wherever a server repeats a longer piece of the key, no stream and no file has it."""
    submitted(server, name, "t1")
    server.task("t1", state(name, PIECE, where))
    results = all_of(run, server, f"{name}:t1")
    for result in results:
        assert PIECE not in result.out + result.err
        assert PIECE[:8] not in result.out + result.err
    assert PIECE.encode() not in stored(tmp_path)
    if where != "prompt" and (where != "model" or name in {"runbase", "seedance2ink"}):
        assert any(MASK in result.out + result.err for result in results)
    if where in {"url", "query", "fragment"}:
        assert results[0].code == 9
        assert "holds a piece of your key" in results[0].err
        assert results[0].out == ""


@pytest.mark.parametrize("key", [KEY, PIECE], ids=["whole", "piece"])
def test_money_6_4_an_id_that_holds_the_key_is_none(
    run: Run, server: ScriptedProvider, tmp_path: Path, key: str
) -> None:
    """It could neither be shown nor stored: 6, and the body is kept without it."""
    server.ids.appendleft(f"req_{key}_1")
    words = ("generate", "a boat", "-p", "seedance2ink", "-v")
    result = run(*words, env=env(server), clock=FakeClock())
    assert (result.code, result.out) == (6, "")
    assert "holds a piece of the key" in result.err
    assert PIECE not in result.err
    assert PIECE.encode() not in stored(tmp_path)
    assert server.posts() == 1
    (row,) = run("recover", "--json", env=env(server)).json
    assert MASK in row["evidence"]["body"]


@pytest.mark.parametrize("name", NAMES)
def test_the_public_beginning_of_a_key_spoils_nothing(
    run: Run, server: ScriptedProvider, name: str
) -> None:
    """`sd2_live_` stands in ids, URLs and words of its service without giving a key away."""
    server.ids.appendleft("sd2_live_task_1")
    url = "https://sd2_live_files.example/sd2_live_/1.mp4"
    server.task("sd2_live_task_1", "sd2_live_brewing", done(url))
    words = ("generate", "a boat", "-p", name, "--wait", "--json")
    result = run(*words, env=env(server), clock=FakeClock())
    assert (result.code, result.json["ref"]) == (0, f"{name}:sd2_live_task_1")
    assert result.json["video_urls"] == [url]
    assert "'sd2_live_brewing'" in result.err
    assert MASK not in result.out + result.err


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        (KEY, "key sd2_live_ is unfit", "key sd2_live_ is unfit"),
        (KEY, f"key {KEY[:12]} is unfit", "key sd2_**** is unfit"),
        (KEY, f"key {KEY[:11]} is unfit", f"key {KEY[:11]} is unfit"),
        (KEY, f"key {KEY} is unfit", "key sd2_**** is unfit"),
        (KEY, f"a{KEY[-8:]}b", "a****b"),
        (KEY, f"a{KEY[-7:]}b", f"a{KEY[-7:]}b"),
        ("seedance_live_q8Zr4WvTnY", "seedance-2.0 at seedance2ink", None),
        ("dk-q8Zr4WvTnY6uKd2X", "dk-q8Zr4 and dk-q8Zr", "**** and dk-q8Zr"),
        ("only-plain-words", "only-plain-words", None),
        ("abcdefgh", "abcdefgh", "****"),
        ("a-b-c-d-e-f-g-h-i", "a-b-c-d-e-f-g-h-i", None),
    ],
)
def test_what_a_piece_is(key: str, text: str, expected: str | None) -> None:
    """8 characters, 3 of them beyond the public words that the key begins with."""
    found = redact.redact(text, key)
    if expected is not None:
        assert found == expected
    elif key == text:
        assert MASK in found
    else:
        assert found == text


def test_a_failure_that_repeats_the_key_in_an_envelope(
    run: Run, server: ScriptedProvider, tmp_path: Path
) -> None:
    """The words of an error answer are cleared as those of a task are."""
    body = {"error": {"code": f"E-{PIECE}", "message": f"no such key {PIECE}", "type": PIECE}}
    steps: list[Step] = [json_answer(200, body), error(400, f"bad {PIECE}")]
    for step in steps:
        server.task("t1", step)
        for result in all_of(run, server, "runbase:t1"):
            assert PIECE not in result.out + result.err
        server.submits.append(step)
        words = ("generate", "a boat", "-p", "runbase", "-v", "--json", "--again")
        assert PIECE not in json.dumps(run(*words, env=env(server), clock=FakeClock()).err)
    assert PIECE.encode() not in stored(tmp_path)

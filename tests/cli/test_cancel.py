"""`seedance cancel`: says "cancelled" only where the provider confirmed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.bytes_server import answer
from support.fake_clock import FakeClock
from support.scripted_provider import (
    ScriptedProvider,
    State,
    done,
    error,
    json_answer,
    submitted,
    unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.runner import Run
    from support.scripted_provider import Step

REF = "seedance2ink:t1"


@pytest.fixture
def server() -> Iterator[ScriptedProvider]:
    with ScriptedProvider() as found:
        for task_id in ("t1", "t2", "b"):
            found.task(task_id, "running")
        yield found


def test_a_confirmed_cancel(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """A read, one POST, `REF cancelled` on stdout; delivered, for its end was reported."""
    submitted(server, "seedance2ink", "t1")
    env = server.env()
    result = run("cancel", REF, env=env, clock=clock)
    assert (result.code, result.out) == (0, f"{REF}\tcancelled\n")
    assert (server.posts("/t1/cancel"), server.posts()) == (1, 1)
    assert run("wait", env=env, clock=clock).code == 0
    assert server.polls("t1") == 1
    rows = run("list", "--json", env=env, clock=clock).json
    assert rows[0]["status"] == "cancelled"


@pytest.mark.parametrize("word", ["canceled", "CANCELLED"])
def test_other_spellings_are_the_same_word(
    run: Run, server: ScriptedProvider, clock: FakeClock, word: str
) -> None:
    """`canceled` is `cancelled`, whatever the case."""
    server.cancels["t1"] = word
    assert run("cancel", REF, env=server.env(), clock=clock).out == f"{REF}\tcancelled\n"


@pytest.mark.parametrize("word", ["processing", "succeeded", "cancelling"])
def test_an_answer_that_confirms_nothing_is_4(
    run: Run, server: ScriptedProvider, clock: FakeClock, word: str
) -> None:
    """Any other status is no cancel: 4, nothing on stdout, and the way to go on."""
    server.cancels["t1"] = State(word)
    result = run("cancel", REF, env=server.env(), clock=clock)
    assert (result.code, result.out) == (4, "")
    assert "cancelled\n" not in result.out
    assert "not cancelled" in result.err
    assert f"seedance wait {REF}" in result.err


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (json_answer(200, {"success": False, "error": {"message": "too late"}}), (4, "rejected")),
        (error(400, "too late"), (4, "rejected")),
        (error(401), (3, "unauthorized")),
        (error(404), (4, "not_found")),
        (unavailable, (5, "unreachable")),
        (
            json_answer(200, {"success": True, "requestId": "t2", "status": "cancelled"}),
            (5, "unreachable"),
        ),
    ],
)
def test_a_cancel_that_fails(
    run: Run, server: ScriptedProvider, clock: FakeClock, step: Step, expected: tuple[int, str]
) -> None:
    """A refusal is 4 in the provider's words, no answer 5; sent once; never called cancelled."""
    server.cancels["t1"] = step
    result = run("cancel", REF, "--json", env=server.env(), clock=clock)
    assert (result.code, result.error["code"]) == expected
    assert result.out == ""
    assert result.error["ref"] == REF
    assert server.posts() == 1


@pytest.mark.parametrize("name", ["seedanceapi", "defapi", "runbase"])
def test_a_provider_without_a_cancel_endpoint_is_4(
    run: Run, server: ScriptedProvider, clock: FakeClock, name: str
) -> None:
    """4, nothing is sent, and what the user can do instead is said."""
    result = run("cancel", f"{name}:t1", env=server.env(), clock=clock)
    assert (result.code, result.out) == (4, "")
    assert server.server.requests == []
    assert "no cancel endpoint" in result.err
    assert "seedance wait" in result.err


@pytest.mark.parametrize(
    ("word", "words"),
    [("succeeded", "has succeeded already"), ("failed", "has failed already"), ("cancelled", "")],
)
def test_without_a_cancel_endpoint_the_task_is_read(
    run: Run, server: ScriptedProvider, clock: FakeClock, word: str, words: str
) -> None:
    """An ended task is told as it ended, a running one runs on, and of an unknown id nothing is."""
    submitted(server, "runbase", "t1")
    server.task("t1", "running")
    env, code = server.env(), 4 if words else 0
    before = run("cancel", "runbase:t1", env=env, clock=clock)
    assert (before.code, "the run goes on and is charged" in before.err) == (4, True)
    server.task("t1", word)  # which the ledger has not heard of yet
    after = run("cancel", "runbase:t1", env=env, clock=clock)
    assert (after.code, words in after.err) == (code, True)
    assert after.out == ("" if code else "runbase:t1\tcancelled\n")
    assert server.posts() == 0
    stranger = run("cancel", "runbase:never", env=env, clock=clock)
    assert (stranger.code, "goes on" in stranger.err) == (4, False)
    assert "goes on" not in after.err


def test_without_a_cancel_endpoint_and_a_key_nothing_is_said_of_how_the_task_stands(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Whether it runs, and is charged, is not known then."""
    submitted(server, "runbase", "t1")
    env = {name: value for name, value in server.env().items() if not name.endswith("_API_KEY")}
    result = run("cancel", "runbase:t1", env=env, clock=clock)
    assert (result.code, server.server.requests) == (4, [])
    assert "has no cancel endpoint" in result.err
    assert "nor can it be read (there is no key for runbase)" in result.err
    assert "goes on" not in result.err


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("succeeded", "has succeeded already"),
        ("failed", "has failed already (too dark)"),
        ("expired", "has expired already"),
        ("cancelled", ""),
    ],
)
def test_a_task_that_has_ended_is_told_as_it_ended(
    run: Run, server: ScriptedProvider, clock: FakeClock, word: str, words: str
) -> None:
    """The task is read first; of one that has ended nothing is sent: 0 if it was cancelled."""
    server.task("t1", State(word, reason="too dark" if word == "failed" else None))
    result = run("cancel", REF, env=server.env(), clock=clock)
    expected = (4, "") if words else (0, f"{REF}\tcancelled\n")
    assert (result.code, result.out) == expected
    assert words in result.err
    assert [one.method for one in server.server.requests] == ["GET"]
    found = run("cancel", REF, "--json", env=server.env(), clock=clock)
    assert found.json["status"] == word


@pytest.mark.parametrize(("read", "expected"), [(401, 3), (404, 4), (503, 5), (400, 4)])
def test_a_task_that_cannot_be_read_is_not_cancelled(
    run: Run, server: ScriptedProvider, clock: FakeClock, read: int, expected: int
) -> None:
    """Without a good read nothing is sent; the code is that of the read."""
    server.task("t1", error(read))
    assert run("cancel", REF, env=server.env(), clock=clock).code == expected
    assert server.posts() == 0


SILENT = [
    json_answer(200, {"success": True}),
    json_answer(200, {"success": True, "message": "ok"}),
    answer(204),
    answer(200, b"OK"),
    unavailable,
    answer(200, b'{"success":true,"requestId":"t1","status":"canc'),
]


@pytest.mark.parametrize("silent", SILENT)
def test_where_the_answer_says_nothing_a_read_decides(
    run: Run, server: ScriptedProvider, clock: FakeClock, silent: Step
) -> None:
    """The cancel is sent once; "cancelled" is said after a read that says so."""
    server.cancels["t1"] = silent
    server.task("t1", "running", "cancelled")
    result = run("cancel", REF, env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, f"{REF}\tcancelled\n")
    assert (server.posts(), server.polls("t1")) == (1, 2)


@pytest.mark.parametrize(
    ("silent", "then", "expected"),
    [
        (SILENT[0], "running", (4, "is running, not cancelled")),
        (SILENT[0], "stopping", (4, "is 'stopping', not cancelled")),
        (SILENT[0], unavailable, (5, "the cancel was sent, but not confirmed")),
        (unavailable, "running", (5, "503")),
        (unavailable, error(404), (5, "503")),
    ],
)
def test_where_no_read_confirms_it_nothing_is_called_cancelled(
    run: Run, server: ScriptedProvider, silent: Step, then: Step, expected: tuple[int, str]
) -> None:
    """4 with what the read said, or 5; never a line on stdout."""
    server.cancels["t1"] = silent
    server.task("t1", "running", then)
    result = run("cancel", REF, env=server.env(), clock=FakeClock())
    assert (result.code, result.out) == (expected[0], "")
    assert expected[1] in result.err
    assert server.posts() == 1


def test_several_tasks(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """One that cannot be cancelled stops no other; the document has all, in their order."""
    refs = ("runbase:a", "seedance2ink:b")
    result = run("cancel", *refs, env=server.env(), clock=clock)
    assert (result.code, result.out) == (4, "seedance2ink:b\tcancelled\n")
    found = run("cancel", *refs, "--json", env=server.env(), clock=clock)
    assert [one["ref"] for one in found.json] == list(refs)
    assert [one["status"] for one in found.json] == ["unknown", "cancelled"]


def test_json_of_one_ref_is_an_object(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """`cancel REF --json`: one object, of what the provider answered, confirmed or not."""
    found = run("cancel", REF, "--json", env=server.env(), clock=clock)
    assert (found.code, found.json["status"]) == (0, "cancelled")
    server.cancels["t2"] = State("processing")
    other = run("cancel", "seedance2ink:t2", "--json", env=server.env(), clock=clock)
    assert (other.code, other.json["status"]) == (4, "running")


def test_a_ref_is_required(run: Run, clock: FakeClock) -> None:
    """Nothing is ever cancelled that was not named: 2."""
    assert run("cancel", clock=clock).code == 2


def test_a_cancelled_task_ends_a_wait_with_7(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A wait for a task that was cancelled meanwhile says so."""
    server.task("t1", "running", "cancelled", done())
    result = run("wait", REF, env=server.env(), clock=clock)
    assert result.code == 7
    assert "cancelled" in result.err


def test_a_piece_of_the_key_in_the_answer_is_masked(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A refusal that repeats the beginning of the key is shown without it."""
    key = "q8Zr4WvTnY6uKd2X"
    submitted(server, "seedance2ink", "t1")
    refusal = {"success": False, "error": {"code": "bad", "message": f"key {key[:12]}... unfit"}}
    server.cancels["t1"] = json_answer(200, refusal)
    env = {**server.env(), "SEEDANCE2INK_API_KEY": key}
    result = run("cancel", REF, "-v", env=env, clock=clock)
    assert result.code == 4
    assert "unfit" in result.err
    assert key[:8] not in result.err

"""What a watch puts up with, and for how long: faults 15 to 17, and what is said of such a task."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from seedance_cli import providers
from seedance_cli.models import Status, Submission, Task
from seedance_cli.models.secret import Secret
from seedance_cli.tasks.reading import Target
from support.fake_clock import FakeClock, passed
from support.scripted_provider import (
    ScriptedProvider,
    State,
    done,
    error,
    json_answer,
    submitted,
    unavailable,
)
from support.watching import watch

if TYPE_CHECKING:
    from seedance_cli.models import TaskHandle
    from seedance_cli.tasks.channel import Channel
    from support.runner import Run
    from support.scripted_provider import Step

VIDEO = "https://v.example/1.mp4"


@pytest.fixture
def clock() -> FakeClock:
    """A clock that moves only when nobody is at work."""
    return FakeClock(grace=3)


def test_fault_17_words_that_change_at_each_poll_are_not_all_warned_of(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A service that puts a number into its word is polled on, and warned of five times."""
    server.task("t1", *(f"brewing {number} %" for number in range(40)), done(VIDEO))
    result = run("wait", "runbase:t1", env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, f"{VIDEO}\n")
    assert result.err.count("is new to this program") == 5


@pytest.mark.parametrize("word", ["ERROR", "aborted", "rejected"])
def test_what_is_not_known_to_run_is_not_said_to_run_on(
    run: Run, server: ScriptedProvider, clock: FakeClock, word: str
) -> None:
    """Of a status that this program does not know it says the word, and no more."""
    server.task("t1", word)
    words = ("wait", "runbase:t1", "--timeout", "20")
    result = run(*words, env=server.env(), clock=clock)
    assert result.code == 8
    assert f"runbase:t1 was {word!r} when --timeout ended" in result.err
    assert "runs on" not in result.err


def test_after_a_refusal_no_task_is_said_to_run_on(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """What the provider said last stands in the line; what it means is not guessed."""
    refusal = json_answer(200, {"error": {"message": "rejected", "code": "E7"}})
    server.task("t1", "running", refusal)
    words = ("wait", "runbase:t1", "--timeout", "20")
    result = run(*words, env=server.env(), clock=clock)
    assert result.code == 8
    assert "was running when --timeout ended (last answer: runbase answered: E7: rejected)" in (
        result.err
    )
    assert "runs on" not in result.err


ENVELOPES = [
    ("seedanceapi", {"code": 500, "message": "render farm is down"}, 5),
    ("seedanceapi", {"code": 400, "message": "render farm is down"}, 4),
    ("defapi", {"code": 1, "message": "render farm is down"}, 4),
    ("defapi", {"code": 402, "message": "render farm is down"}, 4),
    ("seedance2ink", {"success": False, "error": "render farm is down"}, 4),
    ("runbase", {"error": {"code": "E7", "message": "render farm is down"}}, 4),
    ("runbase", {"error": {"code": 503, "message": "render farm is down"}}, 5),
]


@pytest.mark.parametrize("case", ENVELOPES, ids=str)
def test_fault_17_the_same_failure_told_for_a_minute_ends_the_watch(
    run: Run, server: ScriptedProvider, case: tuple[str, Any, int]
) -> None:
    """A service that is there and says no, again and again, is not polled to the deadline."""
    name, body, code = case
    for more in ((), ("--timeout", "1h"), ("--interval", "90")):
        clock = FakeClock()
        server.task("t1", "running", json_answer(200, body))
        result = run("wait", f"{name}:t1", "--json", *more, env=server.env(), clock=clock)
        assert result.code == code
        assert "render farm is down" in result.error["message"]
        assert "the same answer for a minute" in result.error["message"]
        assert 60 <= passed(clock) <= 180


def test_fault_17_a_failure_told_for_a_minute_is_8_from_generate(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Once a task is paid for, the end of its watch is 8, with the reason and the ref."""
    server.task("t1", json_answer(200, {"code": 1, "message": "render farm is down"}))
    words = ("generate", "a boat", "-p", "defapi", "--wait", "--json")
    result = run(*words, env=server.env(), clock=clock)
    assert (result.code, result.error["ref"]) == (8, "defapi:t1")
    assert "render farm is down" in result.error["message"]


def test_fault_17_failures_that_differ_are_asked_again(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Another failure, or a good answer between, starts the minute again; a number in it not."""
    one, other = (
        json_answer(200, {"code": 1, "message": f"request 0{n}f3-8812: {what}"})
        for n, what in ((1, "queue is full"), (2, "no worker"))
    )
    steps: list[Step] = [one, one, other, other] * 4
    server.task("t1", *steps, "running", one, one, one, done(VIDEO))
    words = ("wait", "defapi:t1", "--interval", "20")
    result = run(*words, env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, f"{VIDEO}\n")
    numbers = [json_answer(200, {"code": 1, "message": f"no worker ({n})"}) for n in range(9)]
    server.task("t2", *numbers, done(VIDEO))
    words = ("wait", "defapi:t2", "--interval", "20")
    assert run(*words, env=server.env(), clock=clock).code == 4


@pytest.mark.parametrize(("loopback", "seconds"), [(True, 10.0), (False, 60.0)])
def test_fault_17_done_without_a_url_is_asked_again_for_a_time(
    clock: FakeClock, loopback: bool, seconds: float
) -> None:
    """60 s, and 10 s at loopback: then the task has ended without a video."""
    polls: list[float] = []

    def fetch(_: object, handle: TaskHandle) -> Task:
        polls.append(passed(clock))
        return Task(task_id=handle.task_id, status=Status.SUCCEEDED)

    info = providers.get("defapi").info
    channel = SimpleNamespace(
        provider=SimpleNamespace(info=info, fetch=fetch),
        api=None,
        key=Secret("k" * 8),
        loopback=loopback,
    )
    task = Task(task_id="t1", status=Status.RUNNING)
    submission = Submission(provider="defapi", endpoint="x", sandbox=False, task=task)
    target = Target(submission, cast("Channel", channel))
    *rest, last = [one for one in watch([target], clock) if one is not None]
    assert (last.final, last.error, passed(clock)) == (True, None, seconds)
    assert [bool(one.warning) for one in rest] == [True] + [False] * (len(rest) - 1)
    assert polls == [0, 1, 3, 7, 10] if loopback else polls == [0, 1, 3, 7, 15, 31, 47, 60]


def test_fault_17_a_url_that_comes_late_is_taken(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """The end is told once, when there is a video; a failing poll between is no end."""
    bare = State("succeeded", urls=())
    server.task("t1", "running", bare, unavailable, bare, done(VIDEO))
    result = run("wait", "runbase:t1", "--events", env=server.env(), clock=clock)
    assert result.code == 0
    events = [json.loads(line) for line in result.out.splitlines()]
    assert [one["status"] for one in events] == ["running", "succeeded"]
    assert events[-1]["video_urls"] == [VIDEO]
    assert result.err.count("runbase:t1 succeeded,") == 2  # the warning, and the end
    assert result.err.count("names no video yet") == 1


@pytest.mark.parametrize("then", [unavailable, error(429)])
def test_fault_17_polls_that_fail_prolong_no_wait_for_a_url(
    run: Run, server: ScriptedProvider, clock: FakeClock, then: Step
) -> None:
    """A task that has succeeded is 9 after its time, though the last polls had no answer."""
    server.task("t1", State("succeeded", urls=()), then)
    words = ("wait", "runbase:t1", "--json")
    result = run(*words, env=server.env(), clock=clock)
    assert (result.code, result.error["code"]) == (9, "download_failed")
    assert passed(clock) < 40


# C6: a task that its provider does not know any more, and a video that the ledger knows


def known(server: ScriptedProvider, run: Run, clock: FakeClock, name: str, url: str) -> None:
    """A task of this machine's whose URL an earlier read has put into the ledger."""
    submitted(server, name, "t1", clock=clock)
    server.task("t1", done(url))
    assert run("status", f"{name}:t1", env=server.env(), clock=clock).code == 0
    clock.advance(3600)


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("name", ["defapi", "seedance2ink"])
def test_a_known_url_is_tried_before_a_lost_task_is_4(
    run: Run, server: ScriptedProvider, clock: FakeClock, name: str, status: int
) -> None:
    """A 404 or 410 on the read, and a URL that still answers: it is the result; said on stderr."""
    url = server.video("old.mp4")
    known(server, run, clock, name, url)
    server.task("t1", error(status))
    result = run("wait", f"{name}:t1", env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, f"{url}\n"), result.err
    assert "does not know the task any more" in result.err
    saved = run("wait", f"{name}:t1", "-o", "old.mp4", "--json", env=server.env(), clock=clock)
    assert saved.code == 0
    assert saved.json["files"][0].endswith("old.mp4")
    poured = run("wait", f"{name}:t1", "-o", "-", env=server.env(), clock=clock)
    assert poured.code == 0
    assert poured.out_bytes[4:8] == b"ftyp"


def test_a_known_url_that_is_gone_leaves_a_lost_task_4(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Neither read nor URL: 4, `not_found`, saying both, and the task stays undelivered."""
    known(server, run, clock, "seedance2ink", server.video("old.mp4"))
    server.videos["old.mp4"] = error(404)
    server.task("t1", error(404))
    for more in ((), ("--download",), ("-o", "-")):
        words = ("wait", "seedance2ink:t1", "--json") if more != ("-o", "-") else ("wait", "t1")
        result = run(*words, *more, env=server.env(), clock=clock)
        assert result.code == 4, result.err
        told = next(line for line in result.err.splitlines() if "error:" in line)
        assert "answers scripted (HTTP 404); " in told
        assert "video" in told.partition("; ")[2]
    assert run("wait", env=server.env(), clock=clock).code == 4


def test_a_task_that_was_found_before_has_no_minute_of_grace(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A 404 is normal for a task that its service has not found yet, and for no other."""
    submitted(server, "seedance2ink", "t1", clock=clock)
    server.task("t1", done(server.video("old.mp4")), error(404))
    assert run("status", "t1", env=server.env(), clock=clock).code == 0
    assert run("wait", "t1", env=server.env(), clock=clock).code == 0
    assert (server.polls("t1"), passed(clock)) == (2, 0)


def test_a_known_url_of_an_unusable_form_leaves_a_lost_task_4(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """What could not be used before is not tried now."""
    known(server, run, clock, "seedance2ink", "https://v.example/\x1b.mp4")
    server.task("t1", error(410))
    result = run("wait", "seedance2ink:t1", "--json", env=server.env(), clock=clock)
    assert (result.code, result.error["code"]) == (4, "not_found")

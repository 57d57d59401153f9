"""`seedance wait`: what reaches stdout, files, the ledger and the exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli.cli import unknown as _unknown
from seedance_cli.errors import Interrupted
from seedance_cli.ledger.record import Ledger
from seedance_cli.models import IntentState
from seedance_cli.system.clock import SystemClock
from support import ledgers, mp4s
from support.bytes_server import answer
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
    from collections.abc import Sequence

    from seedance_cli.models import Submission
    from support.bytes_server import Client, Request
    from support.fake_clock import FakeClock
    from support.runner import Run, Spawn

NAMES = ("seedanceapi", "defapi", "seedance2ink", "runbase")


def unknown_outcome(clock: FakeClock, prompt: str = "a lost boat") -> str:
    """Write a submission whose outcome is unknown; its intent."""
    from os import environ

    with Ledger.open(Path(environ["SEEDANCE_STATE_DIR"]), clock, create=True) as ledger:
        intent = ledgers.prepare(ledger, prompt, prompt=prompt)
        ledger.sending(intent)
        ledger.settle(intent, IntentState.UNKNOWN, {})
        return intent


# Streams


@pytest.mark.parametrize("name", NAMES)
def test_stdout_is_the_url(run: Run, server: ScriptedProvider, clock: FakeClock, name: str) -> None:
    """At every provider stdout is the video's URL, whole, and nothing else."""
    url = "https://v.example/1.mp4?signature=abc&expires=9"
    server.task("t1", "queued", "running", done(url))
    result = run("wait", f"{name}:t1", env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, f"{url}\n")


def test_every_video_has_a_line(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """All URLs of a task are printed, one a line, in the provider's order."""
    server.task("t1", done("https://v.example/b", "https://v.example/a"))
    result = run("wait", "runbase:t1", env=server.env(), clock=clock)
    assert result.out == "https://v.example/b\nhttps://v.example/a\n"


def test_elsewhere_than_a_terminal_there_is_a_line_per_change(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """In a pipe stderr has one plain line per change of state, and a heartbeat every 30 s."""
    server.task("t1", "queued", *["running"] * 14, done("https://v.example/1"))
    result = run("wait", "runbase:t1", "--interval", "5", env=server.env(), clock=clock)
    words = [line.split()[1].rstrip(",") for line in result.err.splitlines()]
    assert words == ["queued", "running", "running", "running", "succeeded"]
    assert "\x1b" not in result.err
    assert "%" not in result.err


def test_q_leaves_only_the_result(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """With `-q` a wait that succeeds says nothing on stderr."""
    server.task("t1", "running", "brewing", done("https://v.example/1"))
    result = run("wait", "runbase:t1", "-q", env=server.env(), clock=clock)
    assert (result.out, result.err) == ("https://v.example/1\n", "")


def test_v_logs_each_exchange(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """`-v` logs method, URL with masked query, status and milliseconds to stderr."""
    server.task("t1", "running", done("https://v.example/1"))
    result = run("wait", "seedanceapi:t1", "-v", env=server.env(), clock=clock)
    lines = [line for line in result.err.splitlines() if line.startswith("GET ")]
    assert len(lines) == 2
    assert all("/v1/status?*** 200 " in line and line.endswith(" ms") for line in lines)


@pytest.mark.parametrize("output", ["boat.mp4", "-"])
def test_v_logs_the_download(
    run: Run, server: ScriptedProvider, clock: FakeClock, output: str
) -> None:
    """`-v` logs the download's own exchange alike; without it there is no word of it."""
    server.task("t1", done(server.video("t1.mp4?signature=s3cret")))
    words = ("wait", "runbase:t1", "-o", output, "--force")
    result = run(*words, "-v", env=server.env(), clock=clock)
    assert result.code == 0
    lines = [line for line in result.err.splitlines() if line.startswith("GET ")]
    assert len(lines) == 2
    assert lines[1].startswith(f"GET {server.video('t1.mp4')}?*** 200 ")
    assert lines[1].endswith(" ms")
    assert "s3cret" not in result.err
    assert "GET " not in run(*words, env=server.env(), clock=clock).err


def test_results_come_as_each_task_finishes(spawn: Spawn, server: ScriptedProvider) -> None:
    """The first result is on stdout, flushed, while the other task still runs."""
    server.task("a", "running")
    server.task("b", done("https://v.example/b"))
    server.task("c", "running", "running", done("https://v.example/c"))
    refs = ("runbase:a", "defapi:b", "seedance2ink:c")
    process = spawn("wait", *refs, "--interval", "0.1", env=server.env())
    process.wait_for("https://v.example/b\n", "out")
    process.wait_for("https://v.example/c\n", "out")
    assert process.popen.poll() is None
    server.task("a", done("https://v.example/a"))
    result = process.finish()
    assert result.code == 0
    assert result.out.splitlines() == [f"https://v.example/{name}" for name in "bca"]


def test_a_closed_pipe_is_quiet(spawn: Spawn, server: ScriptedProvider) -> None:
    """`wait | head -1`: the reader that has gone ends the wait without a word of it."""
    import os

    read, write = os.pipe()
    server.task("a", "running", "running", done("https://v.example/a"))
    server.task("b", "running")
    env = server.env()
    process = spawn("wait", "runbase:a", "defapi:b", "--interval", "0.1", env=env, stdout=write)
    os.close(write)
    process.wait_for("running")
    os.close(read)
    result = process.finish()
    assert result.code == 10
    assert "error" not in result.err
    assert "Traceback" not in result.err


# JSON


def test_json_of_one_ref_is_an_object(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """`wait REF --json`: one object, ASCII, every key of the contract in its order."""
    server.task("t1", State("succeeded", ("https://v.example/ü",), fields=(("model", "m"),)))
    result = run("wait", "runbase:t1", "--json", env=server.env(), clock=clock)
    assert result.out.isascii()
    assert list(result.json) == [
        *("schema", "intent", "ref", "provider", "task_id", "profile", "sandbox", "status"),
        *("provider_status", "model", "request", "video_urls", "files", "video", "last_frame"),
        *("name", "batch", "row", "attempt", "cost", "error"),
        *("created_at", "submitted_at", "finished_at"),
    ]
    assert result.json["intent"] is None
    assert result.json["request"] is None
    assert result.json["video_urls"] == ["https://v.example/ü"]
    assert result.json["finished_at"].endswith("Z")


def test_json_of_several_refs_is_an_array_in_their_order(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """The array has the order of the arguments, not that of the endings."""
    server.task("a", "running", "running", done("https://v.example/a"))
    server.task("b", done("https://v.example/b"))
    result = run("wait", "runbase:a", "defapi:b", "--json", env=server.env(), clock=clock)
    assert [task["ref"] for task in result.json] == ["runbase:a", "defapi:b"]


def test_json_of_a_bare_wait_is_an_array(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Without a REF the document is an array, of one task and of none too."""
    assert run("wait", "--json", env=server.env(), clock=clock).json == []
    submitted(server, "runbase", "t1")
    server.task("t1", done("https://v.example/1"))
    found = run("wait", "--json", env=server.env(), clock=clock).json
    assert [task["ref"] for task in found] == ["runbase:t1"]
    assert found[0]["request"]["prompt"] == "a cat"
    assert found[0]["submitted_at"] == "2026-02-07T10:30:00Z"


@pytest.mark.parametrize(
    ("step", "code"),
    [("running", 8), (State("failed", reason="no"), 7), (State("succeeded", ()), 9)],
)
def test_json_is_printed_on_7_8_and_9(
    run: Run, server: ScriptedProvider, clock: FakeClock, step: State | str, code: int
) -> None:
    """On 7, 8 and 9 stdout has the document, and stderr ends with the error line."""
    server.task("t1", step)
    words = ("wait", "runbase:t1", "--timeout", "0", "--json")
    result = run(*words, env=server.env(), clock=clock)
    assert result.code == code == result.error["exit_code"]
    assert result.json["ref"] == "runbase:t1"


@pytest.mark.parametrize(("status", "code"), [(401, 3), (404, 4)])
def test_json_of_a_task_of_which_nothing_is_known_is_empty(
    run: Run, server: ScriptedProvider, clock: FakeClock, status: int, code: int
) -> None:
    """A read that told nothing leaves stdout empty: 3, 4 or 5 and the error line."""
    server.task("t1", error(status))
    result = run("wait", "runbase:t1", "--json", env=server.env(), clock=clock)
    assert (result.code, result.out) == (code, "")
    assert result.error["exit_code"] == code


def test_events_stream_one_object_per_change(spawn: Spawn, server: ScriptedProvider) -> None:
    """`--events`: NDJSON, one object per change of state, each there at once; no document."""
    server.task("t1", "queued", "queued", "running", "running")
    process = spawn("wait", "runbase:t1", "--events", "--interval", "0.05", env=server.env())
    process.wait_for('"status": "running"', "out")
    assert process.popen.poll() is None
    server.task("t1", done("https://v.example/1"))
    result = process.finish()
    found = [json.loads(line) for line in result.out.splitlines()]
    assert [one["status"] for one in found] == ["queued", "running", "succeeded"]
    assert found[-1]["video_urls"] == ["https://v.example/1"]
    assert result.code == 0


def test_the_last_event_names_the_saved_file(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """With `--events --download` the last event has the path, and the task is delivered."""
    submitted(server, "runbase", "t1")
    server.task("t1", "running", done(server.video("t1.mp4")))
    result = run("wait", "--events", "--download", env=server.env(), clock=clock)
    events = [json.loads(line) for line in result.out.splitlines()]
    assert [one["status"] for one in events] == ["running", "succeeded"]
    assert events[-1]["files"] == [str(Path("runbase-t1.mp4").absolute())]
    assert run("wait", "--json", env=server.env(), clock=clock).json == []


# Several tasks and the exit code


def test_a_failed_task_stops_no_other(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """The others go on and are delivered; the code is 7."""
    server.task("a", State("failed", reason="no"))
    server.task("b", *["running"] * 5, done("https://v.example/b"))
    result = run("wait", "runbase:a", "defapi:b", env=server.env(), clock=clock)
    assert (result.code, result.out) == (7, "https://v.example/b\n")
    assert "runbase:a failed: no" in result.err


STEPS: dict[int, Step] = {
    3: error(401),
    4: error(404),
    5: unavailable,
    7: State("failed"),
    9: State("succeeded", ()),
    0: done("https://v.example/0"),
}


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((0, 7, 9, 4, 5, 3), 3),
        ((0, 7, 9, 4, 5), 5),
        ((0, 7, 9, 4), 4),
        ((0, 7, 9), 9),
        ((0, 7), 7),
        ((0,), 0),
    ],
)
def test_the_order_of_the_exit_codes(
    run: Run,
    server: ScriptedProvider,
    clock: FakeClock,
    codes: tuple[int, ...],
    expected: int,
) -> None:
    """The code is the first present of 3, 5, 4, 9, 7, 0; the error line tells of that one."""
    for code in codes:
        server.task(f"t{code}", STEPS[code])
    refs = [f"runbase:t{code}" for code in codes]
    result = run("wait", *refs, "--json", env=server.env(), clock=clock)
    assert result.code == expected
    if expected:
        assert result.error["ref"] == f"runbase:t{expected}"


def test_the_worst_code_decides() -> None:
    """Every code of the contract's list stands before the next one."""
    order = (1, 10, 6, 11, 3, 5, 4, 9, 7, 8, 2, 0)
    for number, code in enumerate(order):
        assert _unknown.worst(order[number:][::-1]) == code


def test_7_comes_before_8(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """A failed task decides over one that still runs."""
    server.task("a", "running")
    server.task("b", State("failed"))
    refs = ("runbase:a", "runbase:b")
    assert run("wait", *refs, "--timeout", "0", env=server.env(), clock=clock).code == 7


def test_any_stops_at_the_first_that_ends(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """`--any`: the first terminal task ends the wait with its code; the rest is named."""
    server.task("a", *["running"] * 9, done("https://v.example/a"))
    server.task("b", "running", State("failed", reason="no"))
    server.task("c", "running")
    words = ("wait", "runbase:a", "defapi:b", "defapi:c", "--any")
    result = run(*words, env=server.env(), clock=clock)
    assert (result.code, result.out) == (7, "")
    assert "seedance wait runbase:a" in result.err
    assert "seedance wait defapi:c" in result.err
    assert "seedance wait defapi:b" not in result.err


def test_any_has_the_code_of_the_task_that_ended(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A read that failed before is told, but does not change the code of the one that ended."""
    server.task("a", error(401))
    server.task("b", "running", done("https://v.example/b"))
    result = run("wait", "runbase:a", "defapi:b", "--any", env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, "https://v.example/b\n")
    assert "runbase:a" in result.err


@pytest.mark.parametrize(("step", "code"), [(State("failed"), 7), (error(401), 3)])
def test_fail_fast_stops_at_the_first_that_does_not_succeed(
    run: Run, server: ScriptedProvider, clock: FakeClock, step: State, code: int
) -> None:
    """`--fail-fast`: a failure, of the task or of its reads, ends the wait; the rest is named."""
    server.task("a", "running", done("https://v.example/a"))
    server.task("b", *["running"] * 5, step)
    server.task("c", "running")
    words = ("wait", "runbase:a", "defapi:b", "defapi:c", "--fail-fast")
    result = run(*words, env=server.env(), clock=clock)
    assert (result.code, result.out) == (code, "https://v.example/a\n")
    assert "seedance wait defapi:c" in result.err
    assert "seedance wait runbase:a" not in result.err


def test_a_missing_key_stops_no_other_provider(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Tasks of a provider without a key are named with 3; the others are waited for."""
    server.task("b", done("https://v.example/b"))
    result = run("wait", "runbase:a", "defapi:b", env=server.env("defapi"), clock=clock)
    assert (result.code, result.out) == (3, "https://v.example/b\n")
    assert "RUNBASE_API_KEY" in result.err


# Delivered, and a bare wait


def test_a_bare_wait_delivers_once(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """A URL that was printed is delivered: the next bare wait has nothing."""
    submitted(server, "runbase", "t1")
    server.task("t1", done("https://v.example/1"))
    env = server.env()
    assert run("wait", env=env, clock=clock).out == "https://v.example/1\n"
    again = run("wait", env=env, clock=clock)
    assert (again.code, again.out) == (0, "")
    assert "no unfinished task" in again.err
    assert server.polls("t1") == 1


def test_a_named_ref_is_always_delivered_again(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Delivered or not, `wait REF` reads the task and prints its URL."""
    submitted(server, "runbase", "t1")
    server.task("t1", done("https://v.example/1"))
    for _ in range(2):
        result = run("wait", "runbase:t1", env=server.env(), clock=clock)
        assert result.out == "https://v.example/1\n"


def test_a_failure_is_delivered_once_reported(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A bare wait reports a failed task once."""
    submitted(server, "runbase", "t1")
    server.task("t1", State("failed", reason="no"))
    assert run("wait", env=server.env(), clock=clock).code == 7
    assert run("wait", env=server.env(), clock=clock).code == 0


def test_status_delivers_nothing(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """A success that only `status` saw is still there for a bare wait."""
    submitted(server, "runbase", "t1")
    server.task("t1", done("https://v.example/1"))
    env = server.env()
    assert "https://v.example/1" in run("status", env=env, clock=clock).out
    assert run("wait", env=env, clock=clock).out == "https://v.example/1\n"


def test_a_failed_download_is_not_delivered(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """9, the task and its URL are kept, and the next bare wait saves it."""
    submitted(server, "runbase", "t1")
    server.task("t1", done(server.video("t1.mp4")))
    html = answer(200, b"<html>", {"Content-Type": "text/html"})
    server.videos["t1.mp4"] = html
    env = server.env()
    first = run("wait", "--download", "--json", env=env, clock=clock)
    server.videos["t1.mp4"] = answer(200, mp4s.plain())
    assert first.code == 9
    assert first.json[0]["video_urls"] == [server.video("t1.mp4")]
    assert first.json[0]["files"] == []
    assert list(Path().iterdir()) == []
    second = run("wait", "--download", env=env, clock=clock)
    assert (second.code, second.out) == (0, f"{Path('runbase-t1.mp4').absolute()}\n")
    assert run("wait", env=env, clock=clock).out == ""


def test_a_result_that_nobody_could_read_is_not_delivered(
    run: Run, spawn: Spawn, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A full stdout is 10, and a later bare wait prints the URL."""
    import os

    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    submitted(server, "runbase", "t1", clock=SystemClock())
    server.task("t1", done("https://v.example/1"))
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        for more in ((), ("--json",)):
            process = spawn("wait", *more, env=server.env(), stdout=full)
            assert process.finish().code == 10
    finally:
        os.close(full)
    assert run("wait", env=server.env(), clock=clock).out == "https://v.example/1\n"


def test_a_bare_wait_names_unknown_outcomes(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Submissions whose outcome is unknown are named, with `-q` too, and make the code 6."""
    intent = unknown_outcome(clock)
    submitted(server, "runbase", "t1")
    server.task("t1", State("failed", reason="no"))
    result = run("wait", "-q", "--json", env=server.env(), clock=clock)
    assert result.code == 6
    assert intent in result.err
    assert "a lost boat" in result.err
    assert [one["ref"] for one in result.json] == ["runbase:t1", None]
    assert result.json[1]["intent"] == intent
    assert result.json[1]["status"] == "unknown"
    assert result.error["code"] == "outcome_unknown"
    assert result.error["intent"] == intent
    assert "seedance recover" in result.error["hint"]


def test_a_named_wait_does_not_speak_of_unknown_outcomes(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """`wait REF` is about that task alone."""
    unknown_outcome(clock)
    server.task("t1", done("https://v.example/1"))
    result = run("wait", "runbase:t1", env=server.env(), clock=clock)
    assert result.code == 0
    assert "unknown" not in result.err


def test_sandbox_tasks_are_taken_only_with_sandbox(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A bare wait takes real tasks only; with `--sandbox` the sandbox's only."""
    from os import environ

    with Ledger.open(Path(environ["SEEDANCE_STATE_DIR"]), clock, create=True) as ledger:
        ledgers.submit(ledger, "boxed", provider="runbase", endpoint="sandbox", sandbox=True)
    submitted(server, "runbase", "t1")
    server.task("t1", done("https://v.example/1"))
    real = run("wait", "--json", env=server.env(), clock=clock)
    assert [one["ref"] for one in real.json] == ["runbase:t1"]
    boxed = run("wait", "--sandbox", "--timeout", "0", env=server.env(), clock=clock)
    assert "runbase:boxed" in boxed.err
    assert "runbase:t1" not in boxed.err


def test_a_damaged_ledger_is_no_empty_one(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A bare wait that cannot read the ledger is 10; a ref is enough to go on without it."""
    from os import environ

    folder = Path(environ["SEEDANCE_STATE_DIR"])
    submitted(server, "runbase", "t1")
    (folder / "ledger.db").write_bytes(b"no database at all, but long enough to look at" * 9)
    server.task("t1", done("https://v.example/1"))
    assert run("wait", env=server.env(), clock=clock).code == 10
    assert run("status", env=server.env(), clock=clock).code == 10
    named = run("wait", "runbase:t1", env=server.env(), clock=clock)
    assert (named.code, named.out) == (0, "https://v.example/1\n")
    assert "warning:" in named.err


def test_provider_narrows_a_bare_wait(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """`-p` without a REF takes that provider's tasks only."""
    submitted(server, "runbase", "a")
    submitted(server, "defapi", "b")
    server.task("a", done("https://v.example/a"))
    server.task("b", done("https://v.example/b"))
    result = run("wait", "-p", "defapi", env=server.env(), clock=clock)
    assert result.out == "https://v.example/b\n"


# Downloads and -o


def test_download_prints_the_path(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """`--download` saves under `{provider}-{task_id}.mp4` and prints the absolute path."""
    server.task("t1", "running", done(server.video("t1.mp4")))
    result = run("wait", "runbase:t1", "--download", env=server.env(), clock=clock)
    path = Path("runbase-t1.mp4").absolute()
    assert (result.code, result.out) == (0, f"{path}\n")
    assert path.read_bytes() == mp4s.plain()


def test_further_videos_are_numbered(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """The second and third video of a task get `-2` and `-3`."""
    server.task("t1", done(*(server.video(f"{n}.mp4") for n in range(3))))
    words = ("wait", "runbase:t1", "--download", "--json")
    result = run(*words, env=server.env(), clock=clock)
    names = [Path(path).name for path in result.json["files"]]
    assert names == ["runbase-t1.mp4", "runbase-t1-2.mp4", "runbase-t1-3.mp4"]


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("boat.mp4", "boat.mp4"),
        ("there", "there/runbase-t1.mp4"),
        ("new/deep/", "new/deep/runbase-t1.mp4"),
        ("{date}-{slug}-{index}.mp4", "2026-02-07-a-cat-1.mp4"),
        ("{provider}/{task_id}.mp4", "runbase/t1.mp4"),
    ],
)
def test_o_takes_files_folders_and_templates(
    run: Run, server: ScriptedProvider, clock: FakeClock, output: str, expected: str
) -> None:
    """`-o` implies `--download`; a folder that ends in `/` is made."""
    Path("there").mkdir()
    submitted(server, "runbase", "t1")
    server.task("t1", done(server.video("t1.mp4")))
    result = run("wait", "runbase:t1", "-o", output, env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, f"{Path(expected).absolute()}\n")
    assert Path(expected).is_file()


def test_o_minus_writes_the_video(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """`-o -`: stdout is the video's bytes and nothing else; the task is delivered."""
    submitted(server, "runbase", "t1")
    server.task("t1", done(server.video("t1.mp4")))
    result = run("wait", "runbase:t1", "-o", "-", env=server.env(), clock=clock)
    assert result.code == 0
    assert result.out_bytes == mp4s.plain()
    assert run("wait", env=server.env(), clock=clock).out == ""
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ("wait", "runbase:a", "runbase:b", "-o", "boat.mp4"),
        ("wait", "runbase:a", "runbase:b", "-o", "-"),
        ("wait", "-o", "boat.mp4"),
        ("wait", "-o", "-"),
        ("wait", "runbase:a", "-o", "-", "--json"),
        ("wait", "runbase:a", "-o", "-", "--events"),
        ("wait", "runbase:a", "-o", "{nothing}.mp4"),
        ("wait", "runbase:a", "runbase:b", "-o", "{date}.mp4"),
        ("wait", "runbase:a", "--force"),
        ("wait", "runbase:a", "--timeout", "soon"),
        ("wait", "runbase:a", "--timeout", "-1"),
        ("wait", "runbase:a", "--interval", "0"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_2(
    run: Run, server: ScriptedProvider, clock: FakeClock, words: tuple[str, ...]
) -> None:
    """One name for several tasks, stdout for two things, no duration: 2, and nothing is asked."""
    submitted(server, "runbase", "a")
    result = run(*words, env=server.env(), clock=clock)
    assert (result.code, result.out) == (2, "")
    assert server.server.requests == []


def test_an_existing_file_is_2_for_a_named_ref(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A target that is there is found before anything is asked, and stays as it is."""
    Path("boat.mp4").write_text("mine")
    server.task("t1", done(server.video("t1.mp4")))
    words = ("wait", "runbase:t1", "-o", "boat.mp4")
    assert run(*words, env=server.env(), clock=clock).code == 2
    assert server.server.requests == []
    assert Path("boat.mp4").read_text() == "mine"
    assert run(*words, "--force", env=server.env(), clock=clock).code == 0
    assert Path("boat.mp4").read_bytes() == mp4s.plain()


def test_an_existing_file_is_9_for_a_bare_wait(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A bare wait that meets a foreign file keeps it, goes on, and exits 9."""
    submitted(server, "runbase", "a")
    submitted(server, "defapi", "b")
    server.task("a", done(server.video("a.mp4")))
    server.task("b", done(server.video("b.mp4")))
    Path("runbase-a.mp4").write_text("mine")
    result = run("wait", "--download", env=server.env(), clock=clock)
    assert (result.code, result.out) == (9, f"{Path('defapi-b.mp4').absolute()}\n")
    assert Path("runbase-a.mp4").read_text() == "mine"
    assert "--force" in result.err


@pytest.mark.parametrize("known", [True, False], ids=["in the ledger", "another machine's"])
def test_a_tasks_own_file_is_a_success(
    run: Run, server: ScriptedProvider, clock: FakeClock, known: bool
) -> None:
    """A file recorded for this very task, same size: its path is printed, nothing is fetched."""
    if known:
        submitted(server, "runbase", "t1")
    server.task("t1", done(server.video("t1.mp4")))
    words = ("wait", "runbase:t1", "-o", "boat.mp4")
    first = run(*words, env=server.env(), clock=clock)
    second = run(*words, env=server.env(), clock=clock)
    assert (second.code, second.out) == (0, first.out)
    assert server.fetched("t1.mp4") == 1


def test_an_own_file_is_known_by_any_of_its_names(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """`-o there/../boat.mp4` is the same file as `-o boat.mp4`."""
    Path("there").mkdir()
    server.task("t1", done(server.video("t1.mp4")))
    env = server.env()
    assert run("wait", "runbase:t1", "-o", "boat.mp4", env=env, clock=clock).code == 0
    assert run("wait", "runbase:t1", "-o", "there/../boat.mp4", env=env, clock=clock).code == 0
    assert server.fetched("t1.mp4") == 1


def test_an_own_file_that_was_changed_is_foreign(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A recorded file of another size is somebody's work: 2."""
    server.task("t1", done(server.video("t1.mp4")))
    words = ("wait", "runbase:t1", "-o", "boat.mp4")
    assert run(*words, env=server.env(), clock=clock).code == 0
    Path("boat.mp4").write_text("cut")
    assert run(*words, env=server.env(), clock=clock).code == 2
    assert Path("boat.mp4").read_text() == "cut"


def test_the_file_of_another_task_is_foreign(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """What the ledger records for one task is not another one's own."""
    server.task("a", done(server.video("a.mp4")))
    server.task("b", done(server.video("b.mp4")))
    env = server.env()
    assert run("wait", "runbase:a", "-o", "boat.mp4", env=env, clock=clock).code == 0
    assert run("wait", "runbase:b", "-o", "boat.mp4", env=env, clock=clock).code == 2


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_expired_url_is_read_anew_once(
    run: Run, server: ScriptedProvider, clock: FakeClock, status: int
) -> None:
    """A URL that has run out: one fresh read of the task, and the new URL is used."""
    server.videos["old.mp4"] = answer(status)
    server.task("t1", done(server.video("old.mp4")), done(server.video("new.mp4")))
    result = run("wait", "runbase:t1", "-o", "boat.mp4", env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, f"{Path('boat.mp4').absolute()}\n")
    assert server.polls("t1") == 2


@pytest.mark.parametrize("again", [None, error(401), unavailable], ids=["same", "401", "503"])
def test_an_expired_url_without_a_new_one_is_9(
    run: Run, server: ScriptedProvider, clock: FakeClock, again: Step | None
) -> None:
    """No new URL, whatever the reason: 9, not delivered, nothing left behind."""
    submitted(server, "runbase", "t1")
    server.videos["old.mp4"] = answer(403)
    old = done(server.video("old.mp4"))
    server.task("t1", old, old if again is None else again)
    result = run("wait", "--download", "--json", env=server.env(), clock=clock)
    assert result.code == 9
    assert result.error["code"] == "download_failed"
    assert "seedance wait runbase:t1 --download" in result.error["hint"]
    assert list(Path().iterdir()) == []
    assert 10 <= clock.monotonic() - 1000 < 12, "the patience at a loopback endpoint"
    if again is not None:
        assert "no other URL was to be had: runbase" in result.error["message"]


def test_a_refreshed_url_with_control_characters_is_9(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """What holds for the first URL holds for the fresh one."""
    server.videos["old.mp4"] = answer(403)
    server.task("t1", done(server.video("old.mp4")), done(server.video("\x1b.mp4")))
    result = run("wait", "runbase:t1", "--download", env=server.env(), clock=clock)
    assert (result.code, result.out) == (9, "")


def test_the_key_does_not_go_to_the_video(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """The download has no Authorization header."""
    server.task("t1", done(server.video("t1.mp4")))
    run("wait", "runbase:t1", "--download", env=server.env(), clock=clock)
    fetched = [one for one in server.server.requests if "/video/" in one.target]
    assert len(fetched) == 1
    assert "authorization" not in fetched[0].headers


def test_other_tasks_are_saved_after_one_that_failed_to(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A download that fails stops no other task; its code decides over 7 and 0."""
    server.videos["a.mp4"] = answer(200, b"<html>")
    server.task("a", done(server.video("a.mp4")))
    server.task("b", "running", done(server.video("b.mp4")))
    server.task("c", State("failed"))
    refs = ("runbase:a", "runbase:b", "runbase:c")
    result = run("wait", *refs, "--download", env=server.env(), clock=clock)
    assert (result.code, result.out) == (9, f"{Path('runbase-b.mp4').absolute()}\n")


def test_a_running_download_is_not_cut_by_the_deadline(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """`--timeout` bounds the polling, not the download that it led to."""

    def slow(request: Request, client: Client) -> None:
        clock.advance(600)
        answer(200, mp4s.plain())(request, client)

    server.videos["t1.mp4"] = slow
    server.task("t1", "running", done(server.video("t1.mp4")))
    words = ("wait", "runbase:t1", "--download", "--timeout", "60")
    assert run(*words, env=server.env(), clock=clock).code == 0


# What a person sees


def test_an_estimate_comes_from_history(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Once tasks like this one were watched to their end, the display says what they took."""
    env = server.env()
    words = ("generate", "a boat", "-p", "runbase", "-d", "8")
    for number in (1, 2):
        server.task(f"t{number}", *["running"] * 20, done("https://v.example/1"))
        run(*words, "--wait", env=env, clock=clock)
    run(*words, env=env, clock=clock)
    server.task("t3", "running")
    result = run("wait", "--timeout", "0", env=env, clock=clock)
    assert ", from 2 earlier" in result.err
    other = run("wait", "runbase:elsewhere", "--timeout", "0", env=env, clock=clock)
    assert "earlier" not in other.err


def test_an_end_that_nobody_watched_is_no_history(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A task that was done long before somebody looked says nothing about how long one takes."""
    env = server.env()
    words = ("generate", "a boat", "-p", "runbase", "-d", "8")
    server.task("t1", "running")
    run(*words, env=env, clock=clock)
    server.task("t1", done("https://v.example/1"))
    clock.advance(600)
    assert run("wait", env=env, clock=clock).code == 0
    server.task("t2", "running")
    run(*words, env=env, clock=clock)
    result = run("wait", "--timeout", "0", env=env, clock=clock)
    assert "runbase:t2 running" in result.err
    assert "last time" not in result.err


def test_a_task_that_has_ended_grows_no_older(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """The time beside a task that ended earlier is what it took, as far as that is known."""
    env = server.env()
    server.task("t1", "running", "running", done("https://v.example/1"))
    words = ("generate", "a boat", "-p", "runbase", "--wait", "--interval", "5")
    run(*words, env=env, clock=clock)
    clock.advance(3600)
    result = run("wait", "runbase:t1", env=env, clock=clock)
    assert "runbase:t1 succeeded, 10s" in result.err


def test_a_signal_while_results_are_marked_makes_none_come_again(
    run: Run, server: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit that marks results as delivered may be interrupted: it is made on the way out."""
    env = server.env()
    for number in range(1, 4):
        server.task(f"t{number}", "running")
        assert run("generate", f"boat {number}", "-p", "defapi", env=env).code == 0
        server.task(f"t{number}", done(f"https://v.example/{number}"))
    real = Ledger.delivered_all
    struck: list[Sequence[Submission]] = []

    def strike(ledger: Ledger, told: Sequence[Submission]) -> list[Submission]:
        if told and not struck:
            struck.append(told)
            raise Interrupted(signal.SIGTERM)
        return real(ledger, told)

    monkeypatch.setattr(Ledger, "delivered_all", strike)
    first = run("wait", env=env)
    assert first.code == 143
    assert first.out
    again = run("wait", env=env).out.splitlines()
    assert not set(first.out.splitlines()) & set(again)


def test_results_told_before_a_broken_stdout_are_not_told_again(
    run: Run, server: ScriptedProvider
) -> None:
    """Of tasks that ended together, those whose line was read before the pipe broke are delivered.

    A result that was printed is never printed by the next bare `wait`.
    """
    env = server.env()
    for number in range(1, 31):
        server.task(f"t{number}", "running")
        assert run("generate", f"boat {number}", "-p", "defapi", env=env).code == 0
        server.task(f"t{number}", done(f"https://v.example/{number}"))
    shell = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m seedance_cli wait -q | head -n 3"],
        env={**os.environ, **{name: text for name, text in env.items() if text is not None}},
        capture_output=True,
        text=True,
        check=False,
    )
    told = shell.stdout.splitlines()
    assert len(told) == 3
    again = run("wait", "-q", env=env).out.splitlines()
    assert not set(told) & set(again)


def test_on_a_terminal_each_task_has_a_live_line(spawn: Spawn, server: ScriptedProvider) -> None:
    """On a terminal stderr is live, and stdout, a pipe, is exactly the result."""
    server.task("a", "running", "running", "running")
    server.task("b", "running")
    env = server.env()
    words = ("wait", "runbase:a", "defapi:b", "--interval", "0.1")
    process = spawn(*words, env=env, pty=True, pipe_stdout=True)
    process.wait_for("runbase:a")
    process.wait_for("defapi:b")
    time.sleep(0.3)
    server.task("a", done("https://v.example/a"))
    server.task("b", done("https://v.example/b"))
    result = process.finish()
    assert sorted(result.out.splitlines()) == ["https://v.example/a", "https://v.example/b"]
    assert "\x1b[?25h" in result.err
    assert result.code == 0

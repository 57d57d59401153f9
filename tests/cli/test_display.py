"""The display: plain lines off a terminal, live lines on a real pseudo-terminal."""

from __future__ import annotations

import os
import re
import signal
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from seedance_cli.cli.output.progress import HEARTBEAT, Display
from seedance_cli.cli.output.sink import Output
from seedance_cli.models import Status, Submission, Task
from seedance_cli.tasks import Expected, Transfer
from support.fake_clock import START, FakeClock

if TYPE_CHECKING:
    from support.runner import Spawn

posix = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals of a POSIX system")

SEQUENCE = re.compile(rb"\x1b\[(?:\?(?:25|7)[lh]|\d*[AJK]|[\d;]*m)")
"""What the live display may write: cursor and folding off and on, up, erase, colours."""

COLOUR = re.compile(rb"\x1b\[[\d;]*m")

HEAD = """
import sys, time
from datetime import UTC, datetime
from seedance_cli.system.clock import SystemClock
from seedance_cli.cli.output.progress import Display
from seedance_cli.models import Status, Submission, Task
from seedance_cli.cli.output.sink import Output
from seedance_cli.tasks import Transfer

def sub(name, status, word=None):
    return Submission(provider="runbase", endpoint="https://e", sandbox=False,
        submitted_at=datetime.now(UTC),
        task=Task(task_id=name, status=status, provider_status=word))

out = Output()
clock = SystemClock()
RUNNING, QUEUED, SUCCEEDED = Status.RUNNING, Status.QUEUED, Status.SUCCEEDED
UNKNOWN = Status.UNKNOWN
"""


class Heard(Output):
    """An output that keeps what it is told."""

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__(quiet=quiet)
        self.lines: list[str] = []

    @property
    def interactive(self) -> bool:
        return False

    def always(self, text: str) -> bool:
        self.lines.append(text)
        return True


def task(name: str = "r", status: Status = Status.QUEUED, word: str | None = None) -> Submission:
    return Submission(
        provider="runbase",
        endpoint="https://e",
        sandbox=False,
        submitted_at=START,
        task=Task(task_id=name, status=status, provider_status=word),
    )


def test_plain_lines_are_changes(clock: FakeClock) -> None:
    """Plain mode prints one line per change of status, with the time since the submit."""
    out = Heard()
    clock.advance(2)
    with Display(out, clock, [task()]) as display:
        assert out.lines == []
        for status, word in (
            (Status.QUEUED, "Queued"),
            (Status.QUEUED, "waiting"),
            (Status.RUNNING, "IN_PROGRESS\x1b[2J"),
            (Status.RUNNING, "running"),
            (Status.SUCCEEDED, "succeeded"),
        ):
            display.update(task(status=status, word=word))
            clock.advance(5)
    assert out.lines == [
        "runbase:r queued, 2s",
        "runbase:r running, 12s (IN_PROGRESS\\x1b[2J)",
        "runbase:r succeeded, 22s",
    ]


def test_estimate_is_shown_while_the_task_runs(clock: FakeClock) -> None:
    """What history says of a task's time stands beside it, and never a percentage."""
    out = Heard()
    answers = iter([Expected("early", "", 1.0), Expected("about 2m left", "", 1.0), None])
    with Display(out, clock, [task()], lambda _: next(answers)) as display:
        assert next(iter(display.view.rows.values())).estimate == "early"
        display.update(task(status=Status.RUNNING))
        display.update(task(status=Status.QUEUED))
        display.update(task(status=Status.SUCCEEDED))
    assert out.lines == [
        "runbase:r running, 0s, about 2m left",
        "runbase:r queued, 0s",
        "runbase:r succeeded, 0s",
    ]


def test_heartbeat_of_one_task(clock: FakeClock) -> None:
    """After 30 s without a line, a poll or a tick prints that the wait goes on."""
    out = Heard()
    with Display(out, clock, [task()]) as display:
        display.update(task(status=Status.RUNNING))
        clock.advance(29)
        display.update(task(status=Status.RUNNING))
        display.tick()
        assert len(out.lines) == 1
        clock.advance(1)
        display.update(task(status=Status.RUNNING))
        display.tick()
        clock.advance(60)
        display.tick()
    assert out.lines[1:] == ["runbase:r running, 30s", "runbase:r running, 1m 30s"]


def test_heartbeat_of_many_tasks(clock: FakeClock) -> None:
    """Many tasks share one heartbeat line, which counts those that are left."""
    out = Heard()
    with Display(out, clock, [task(name) for name in "abc"]) as display:
        display.update(task("a", Status.RUNNING))
        display.update(task("b", Status.FAILED))  # its failure is told with its reason, once
        display.ended(task("b", Status.FAILED), well=False)
        display.update(task("d", Status.UNKNOWN, "odd"))
        clock.advance(31)
        display.tick()
        display.ended(task("c"), well=False)
        display.ended(task("d"), well=False)
        clock.advance(31)
        display.tick()
        display.ended(task("a"), well=True)
        clock.advance(31)
        display.tick()
    assert out.lines == [
        "runbase:a running, 0s",
        "runbase:d unknown, 0s (odd)",
        "3 tasks left: 1 running, 1 unknown, 1 queued, 31s",
        "runbase:a running, 1m 2s",
    ]


def test_a_heartbeat_with_nothing_to_say_is_over(clock: FakeClock) -> None:
    """Before the first byte of a last video there is no line to repeat, nor a reason to hurry."""
    out = Output(quiet=True)
    with Display(out, clock, []) as display:
        clock.advance(HEARTBEAT + 1)
        assert display.until_heartbeat() == 0
        display.tick()
        assert display.until_heartbeat() == HEARTBEAT


def test_plain_download(clock: FakeClock) -> None:
    """A download prints its start, its end, and every 30 s how far it is."""
    out = Heard()
    with Display(out, clock, []) as display:
        first = Transfer(clock.monotonic(), 0, 2_500_000)
        display.downloading(task("v"), "v.mp4", first)
        clock.advance(31)
        first.done = 999
        display.tick()
        first.done = 2_500_000
        display.downloaded("v.mp4")
        display.ended(task("v"), well=True)
        second = Transfer(clock.monotonic())
        display.downloading(task("w"), "w.mp4", second)
        clock.advance(31)
        second.done = 5_100
        display.tick()
        display.dropped("w.mp4")  # it has failed
        display.downloaded("w.mp4")
        display.ended(task("w"), well=False)
        display.downloading(task("x"), "x", Transfer(clock.monotonic(), 0, 7_000_000_000))
        display.note("warning: x")
    assert out.lines == [
        "downloading v.mp4 (2.5 MB)",
        "v.mp4: 999 bytes of 2.5 MB",
        "downloaded v.mp4, 2.5 MB in 31s",
        "downloading w.mp4",
        "w.mp4: 5.1 kB",
        "downloading x (7.0 GB)",
        "warning: x",
    ]


def test_quiet_says_nothing(clock: FakeClock) -> None:
    """With `-q` neither changes nor heartbeats are printed."""
    out = Heard(quiet=True)
    with Display(out, clock, [task()]) as display:
        display.update(task(status=Status.RUNNING))
        clock.advance(100)
        display.tick()
        display.downloading(task("v"), "v", Transfer(clock.monotonic()))
        display.note("x")
    assert out.lines == []


def test_wall_clock_jump_changes_no_elapsed_time(clock: FakeClock) -> None:
    """Elapsed time is monotonic; a submit date in the future counts as now."""
    out = Heard()
    future = task()._replace(submitted_at=START + timedelta(days=1))
    with Display(out, clock, [future]) as display:
        clock.jump(86_400)
        display.update(future._replace(task=Task(task_id="r", status=Status.RUNNING)))
    assert out.lines == ["runbase:r running, 0s"]


def test_provider_word_of_any_length(clock: FakeClock) -> None:
    """A provider's word of a megabyte is cut."""
    out = Heard()
    with Display(out, clock, []) as display:
        display.update(task(status=Status.UNKNOWN, word="x" * 1_000_000))
    assert out.lines == [f"runbase:r unknown, 0s ({'x' * 40}...)"]


@posix
@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_live_lines(spawn: Spawn, encoding: str) -> None:
    """On a terminal hostile words stay text, stdout is whole, and the cursor comes back."""
    code = f"""{HEAD}
bad = "\\x1b]52;c;QQ\\x07\\x9b2J\\u202e[red]"
with Display(out, clock, [sub("a", QUEUED)]) as display:
    display.update(sub("a", UNKNOWN, bad))
    time.sleep(0.6)
    display.note("a note")
    out.result("https://v.example/1?sig=1")
    transfer = Transfer(clock.monotonic(), 0, 2)
    display.downloading(sub("a", SUCCEEDED), "v\\x1b[2J.mp4", transfer)
    for done in range(3):
        transfer.done = done
        time.sleep(0.3)
    display.downloaded("v\\x1b[2J.mp4")
    display.update(sub("a", SUCCEEDED))
    display.ended(sub("a", SUCCEEDED), well=True)
print("end", file=sys.stderr)
"""
    seen = spawn(code=code, pty=True, env={"PYTHONIOENCODING": encoding}).finish()
    assert seen.code == 0, seen.err
    raw = seen.err_bytes
    assert rb"\x1b]52;c;QQ\x07\x9b2J" in raw
    assert b"\r\n\x1b[?7h\x1b[J\r\x1b[1A\x1b[K\r\n\x1b[J\x1b[1Aa note\r\n" in raw
    assert b"https://v.example/1?sig=1\r\n" in raw
    rest = SEQUENCE.sub(b"", raw)
    assert not re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]", rest)
    assert "\x9b" not in rest.decode()
    assert "\u202e" not in rest.decode()
    assert (b"%" in rest, b"MB" in rest or b"bytes" in rest) == (False, True)
    assert raw.count(b"\x1b[?25l") == 1
    assert re.search(rb"runbase:a +\d+s +2 bytes\r\n\x1b\[\?25hend\r\n$", COLOUR.sub(b"", raw))


@posix
def test_piped_stdout_is_exactly_the_result(spawn: Spawn) -> None:
    """With stdout in a pipe and stderr on a terminal, the pipe gets the result and nothing else."""
    code = f"""{HEAD}
with Display(out, clock, [sub("a", RUNNING)]) as display:
    out.result("x")
    time.sleep(0.3)
"""
    seen = spawn(code=code, pty=True, pipe_stdout=True).finish()
    assert seen.out == "x\n"
    assert "runbase:a" in seen.err


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_give_the_cursor_back(spawn: Spawn, number: int) -> None:
    """A signal that ends the command leaves a visible cursor, and none of the live lines."""
    code = f"""{HEAD}
from seedance_cli.system import signals
from seedance_cli.errors import Interrupted
def watch():
    with Display(out, clock, [sub("a", RUNNING)]) as display:
        time.sleep(30)
with signals.installed():
    try:
        signals.interruptible(watch)
    except Interrupted as stop:
        out.always("stopped")
        sys.exit(stop.exit_code)
"""
    process = spawn(code=code, pty=True)
    process.wait_for("running")
    process.signal(number)
    seen = process.finish(10)
    assert seen.code == 128 + number
    assert seen.err_bytes.endswith(b"\x1b[?25hstopped\r\n")
    assert seen.err_bytes.count(b"\x1b[?25h") == 1


@posix
def test_a_bug_gives_the_cursor_back(spawn: Spawn) -> None:
    """So does an exception, one while starting included; and the program ends at once."""
    code = f"""{HEAD}
from seedance_cli.cli.output import progress as module
class Odd(module.Screen):
    def _ready(self):
        raise RuntimeError("frame")
module.Screen = Odd
try:
    with Display(out, clock, [sub("a", RUNNING)]) as display:
        pass
except RuntimeError:
    out.always("caught")
"""
    seen = spawn(code=code, pty=True).finish(10)
    assert seen.err_bytes == b"\x1b[?25l\x1b[?25hcaught\r\n"


@posix
@pytest.mark.parametrize(
    "env",
    [{"TERM": "dumb"}, {"CI": "1"}, {"COLUMNS": "1"}, {"TERM": None, "FORCE_COLOR": None}],
    ids=str,
)
def test_terminals_without_animation(spawn: Spawn, env: dict[str, str | None]) -> None:
    """A dumb or a one-column terminal and a CI get plain lines, without any control sequence."""
    code = f"""{HEAD}
with Display(out, clock, [sub("a", QUEUED)]) as display:
    display.update(sub("a", RUNNING))
    out.table(["REF"], [["a"]])
"""
    if env.get("TERM", "") is None:
        env = {**env, "TERM": ""}
    seen = spawn(code=code, pty=True, env=env).finish()
    assert "runbase:a running, 0s\r\n" in seen.err
    if "CI" not in env:
        assert "\x1b" not in seen.err


@posix
def test_no_color_has_no_colour(spawn: Spawn) -> None:
    """With NO_COLOR the live lines move but carry no colour or weight."""
    code = f"""{HEAD}
with Display(out, clock, [sub("a", QUEUED)]) as display:
    display.downloading(sub("a", SUCCEEDED), "v", Transfer(clock.monotonic(), 1, 2))
    time.sleep(0.6)
"""
    seen = spawn(code=code, pty=True, env={"NO_COLOR": "1", "FORCE_COLOR": "1"}).finish()
    assert b"\x1b[?25l" in seen.err_bytes
    assert not re.search(rb"\x1b\[[\d;]*m", seen.err_bytes)


@posix
def test_force_color_animates_no_pipe(spawn: Spawn) -> None:
    """FORCE_COLOR brings colours into a pipe, but no moving lines."""
    code = f"""{HEAD}
with Display(out, clock, [sub("a", QUEUED)]) as display:
    display.update(sub("a", RUNNING))
    out.warn("w")
"""
    seen = spawn(code=code, env={"FORCE_COLOR": "1"}).finish()
    assert seen.err == "runbase:a running, 0s\n\x1b[33mwarning:\x1b[0m w\n"


@posix
@pytest.mark.parametrize(
    "line",
    [
        'display.update(sub("a", SUCCEEDED))',
        "live.in_front = lambda stream: True; time.sleep(0.6)",
    ],
    ids=["before a line", "amid a drawing"],
)
def test_a_terminal_that_goes_away_stops_nothing(spawn: Spawn, line: str) -> None:
    """When the terminal has gone the command goes on to its result."""
    code = f"""{HEAD}
import os, signal
from seedance_cli.cli.output import live
signal.signal(signal.SIGHUP, signal.SIG_IGN)
with Display(out, clock, [sub("a", RUNNING)]) as display:
    r, w = os.pipe(); os.close(r); os.dup2(w, 2); os.close(w)
    time.sleep(0.6)
    {line}
    out.result("kept")
"""
    seen = spawn(code=code, pty=True, pipe_stdout=True).finish(60)
    assert (seen.code, seen.out) == (0, "kept\n")

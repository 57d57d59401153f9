"""The live lines of a job: stopped, continued, in the background, on a terminal of another size."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from support.scripted_provider import ScriptedProvider, done

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.runner import Process, Spawn

pytestmark = pytest.mark.skipif(os.name != "posix", reason="job control of a POSIX system")

HIDE, SHOW = b"\x1b[?25l", b"\x1b[?25h"
MOVES = re.compile(rb"\x1b\[\d*[A-HJKSTdfsu]|\r(?!\n)")
"""What moves the cursor, or erases."""
SHELL = """
import os, signal, subprocess, sys

def front(group):
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(0, group)
    signal.signal(signal.SIGTTOU, before)

def until_it_stops(job):
    while not os.WIFSTOPPED(os.waitpid(job.pid, os.WUNTRACED)[1]):
        pass
    front(os.getpgrp())

def say(text):
    print(text, file=sys.stderr, flush=True)

job = subprocess.Popen([sys.executable, "-m", "seedance_cli", *sys.argv[1:]], process_group=0)
"""
"""As much of a shell as job control needs. The terminal is its own, and it starts one job."""


@pytest.fixture
def server() -> Iterator[ScriptedProvider]:
    """A provider with a task that runs."""
    with ScriptedProvider() as running:
        running.task("t1", "queued", "running")
        yield running


def shell(spawn: Spawn, server: ScriptedProvider, code: str, *words: str) -> Process:
    words = words or ("wait", "runbase:t1", "--interval", "0.1")
    return spawn(*words, code=SHELL + code, env=server.env("runbase"), pty=True)


def test_ctrl_z_gives_the_cursor_back(spawn: Spawn, server: ScriptedProvider) -> None:
    """Stopped, the cursor is shown; continued, the lines are drawn below what was written."""
    process = shell(
        spawn,
        server,
        """
front(job.pid)
until_it_stops(job)
say("STOPPED")
sys.stdin.readline()
say("CONTINUED")
front(job.pid)
os.killpg(job.pid, signal.SIGCONT)
sys.exit(job.wait())
""",
    )
    process.wait_for("running")
    process.type(b"\x1a")
    before = process.wait_for("STOPPED").partition(b"STOPPED")[0]
    assert before.rfind(SHOW) > before.rfind(HIDE)
    process.type(b"\n")
    process.wait_for(b"CONTINUED\r\n" + HIDE + b"\r")
    server.task("t1", done(server.video("v.mp4")))
    result = process.finish()
    assert result.code == 0
    after = result.err_bytes.partition(b"CONTINUED\r\n")[2]
    assert after.count(HIDE) == after.count(SHOW) == 1
    assert after.startswith(HIDE + b"\r\x1b[?7l"), "it goes up over what the shell wrote"
    assert before.rfind(b"\x1b[1A\x1b[K") > before.rfind(b"running"), "a stale row stays"
    assert server.video("v.mp4").encode() in after


def test_a_job_in_the_background_leaves_the_cursor_alone(
    spawn: Spawn, server: ScriptedProvider
) -> None:
    """`wait &` writes plain lines, and brought to the front it draws."""
    process = shell(
        spawn,
        server,
        """
sys.stdin.readline()
say("FOREGROUND")
front(job.pid)
sys.exit(job.wait())
""",
    )
    process.wait_for("runbase:t1 running, ")
    process.type(b"half a line\n")
    before = process.wait_for("FOREGROUND").partition(b"FOREGROUND")[0]
    assert not MOVES.search(before)
    assert HIDE not in before
    process.wait_for(b"FOREGROUND\r\n" + HIDE + b"\r")
    server.task("t1", done(server.video("v.mp4")))
    result = process.finish()
    assert result.err_bytes.rfind(SHOW) > result.err_bytes.rfind(HIDE)


def test_a_job_sent_to_the_background_draws_no_more(spawn: Spawn, server: ScriptedProvider) -> None:
    """Ctrl-Z and `bg`: from there on plain lines, to the end."""
    process = shell(
        spawn,
        server,
        """
front(job.pid)
until_it_stops(job)
say("BACKGROUND")
os.killpg(job.pid, signal.SIGCONT)
sys.exit(job.wait())
""",
        *("wait", "runbase:t1", "--interval", "0.1", "--download", "-o", "v.mp4"),
    )
    process.wait_for("running")
    process.type(b"\x1a")
    process.wait_for("BACKGROUND\r\n")
    server.task("t1", "running", done(server.video("v.mp4")))
    result = process.finish()
    assert result.code == 0
    after = result.err_bytes.partition(b"BACKGROUND\r\n")[2]
    assert b"downloaded v.mp4" in after
    assert not MOVES.search(after)
    assert HIDE not in after


def test_the_terminals_own_size_counts_where_it_is_smaller(
    spawn: Spawn, server: ScriptedProvider
) -> None:
    """A stale COLUMNS=200 on a terminal of 60 columns; a smaller one than the terminal's counts."""
    for columns, most in (("200", 60), ("40", 40)):
        server.task("t1", "running", "running", done(server.video("v.mp4")))
        env = {**server.env("runbase"), "COLUMNS": columns, "LINES": "99", "NO_COLOR": "1"}
        words = ("wait", "runbase:t1", "--interval", "0.1")
        result = spawn(*words, env=env, pty=True, size=(10, 60)).finish()
        drawn = [line for line in re.split(r"\r\n|\r", result.err) if "\x1b[K" in line]
        assert drawn
        assert max(len(re.sub(r"\x1b\[[\d?]*[a-zA-Z]", "", line)) for line in drawn) < most
    env = {"COLUMNS": "200", "NO_COLOR": "1"}
    table = spawn("providers", env=env, pty=True, size=(10, 60)).finish().err.splitlines()
    assert max(map(len, table[:-1])) <= 60  # the last one is a sentence

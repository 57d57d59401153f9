"""Faults 39 to 41: what a terminal, a pipe, or an odd stream gets; as real processes.

Hostile text is `test_terminal_fuzz.py`; signals and the cursor are in the tests of `display`.
"""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from seedance_cli.providers import names
from support.scripted_provider import ScriptedProvider, State, done

if TYPE_CHECKING:
    from pathlib import Path

    from support.runner import Run, Spawn

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX terminals and pipes")
SEQUENCE = re.compile(rb"\x1b(\[[0-9;?]*[A-Za-z]|[^\[])")
ALLOWED = re.compile(rb"\x1b\[(\d*A|J|K|\?25[hl]|\?7[hl]|[0-9;]*m)")
"""What the live display itself writes: up, erase, cursor, folding, colour."""


@posix
def test_fault_39_a_terminal_gets_only_our_own_sequences(spawn: Spawn) -> None:
    """On a terminal, hostile words leave no sequence but those that draw the live lines."""
    evil = "\x1b[2J\x1b]0;t\x07\x9b31m\u202e[bold]x[/bold]"
    with ScriptedProvider() as server:
        server.task("t1", State(evil), State("failed", reason=evil))
        process = spawn(
            "wait", "runbase:t1", "--interval", "0.3", env=server.env("runbase"), pty=True
        )
        result = process.finish()
    assert result.code == 7
    data = result.err_bytes
    assert rb"\x1b[2J" in data.replace(b"\r\n", b"")
    assert b"[bold]x[/bold]" in data
    assert all(ALLOWED.fullmatch(found.group()) for found in SEQUENCE.finditer(data)), data
    text = data.decode()
    assert not re.search("[\x00-\x07\x0b\x0c\x0e-\x1a\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


@posix
@pytest.mark.parametrize(
    "words",
    [
        ("wait", "runbase:t1"),
        ("wait", "runbase:t1", "--json"),
        ("status", "runbase:t1"),
        ("generate", "a boat", "-p", "runbase", "--wait"),
        ("generate", "a boat", "-p", "runbase"),
        ("list", "--json"),
    ],
    ids=" ".join,
)
def test_fault_40_a_piped_stdout_is_exactly_the_result(
    words: tuple[str, ...], spawn: Spawn
) -> None:
    """With stderr on a terminal, live display and all, stdout has the result and nothing else."""
    with ScriptedProvider() as server:
        url = server.video("v.mp4")
        server.task("t1", done(url))
        process = spawn(
            *words, env={**server.env("runbase"), "FORCE_COLOR": "1"}, pty=True, pipe_stdout=True
        )
        result = process.finish()
    assert result.code == 0
    assert b"\x1b" not in result.out_bytes
    if "--json" in words:
        assert result.json is not None
    else:
        ref = "runbase:t1\n"
        expected = {"wait": f"{url}\n", "status": f"runbase:t1\tsucceeded\t{url}\n"}
        last = f"{url}\n" if "--wait" in words else expected.get(words[0], ref)
        assert result.out == last


ENCODINGS: dict[str, dict[str, str | None]] = {
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "latin-1": {"PYTHONIOENCODING": "latin-1:strict"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "POSIX": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@pytest.mark.parametrize("env", ENCODINGS.values(), ids=list(ENCODINGS))
def test_fault_41_streams_of_small_encodings(env: dict[str, str | None], spawn: Spawn) -> None:
    """A stream that lacks a character gets it escaped; nothing crashes and the result is whole."""
    words = "\u6d77\u306e\u8239 \U0001f6a2 \u20ac \u00e9"
    with ScriptedProvider() as server:
        server.task("t1", State("failed", reason=words))
        server.task("t2", done(f"{server.url}/video/\u8239.mp4"))
        result = spawn(
            "wait", "runbase:t1", "runbase:t2", env={**server.env("runbase"), **env}
        ).finish()
    assert result.code == 7
    assert b"\\u6d77" in result.err_bytes
    assert b"Traceback" not in result.err_bytes
    assert result.out_bytes.strip().endswith(b"\\u8239.mp4")


@pytest.mark.parametrize("env", ENCODINGS.values(), ids=list(ENCODINGS))
def test_fault_41_json_is_ascii_in_every_encoding(env: dict[str, str | None], spawn: Spawn) -> None:
    """`--json` is the same bytes whatever the stream's encoding."""
    with ScriptedProvider() as server:
        server.task("t1", State("failed", reason="\u6d77 \U0001f6a2 \u00e9"))
        result = spawn("status", "runbase:t1", "--json", env={**server.env("runbase"), **env})
        found = result.finish()
    assert found.code == 0
    assert found.out_bytes.isascii()
    assert json.loads(found.out_bytes)["error"]["message"] == "\u6d77 \U0001f6a2 \u00e9"


def fill(run: Run, tmp_path: Path, count: int) -> None:
    """A ledger of that many tasks, all of one submit."""
    with ScriptedProvider() as server:
        assert run("generate", "a boat", "-p", "runbase", env=server.env("runbase")).code == 0
    with closing(sqlite3.connect(tmp_path / "state" / "ledger.db")) as db, db:
        table = "intents"
        names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        chosen = ", ".join(
            {"seq": "NULL", "intent": "intent || '-' || n", "task_id": "task_id || n"}.get(
                name, name
            )
            for name in names
        )
        db.execute(
            "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?) "
            f"INSERT INTO {table} SELECT {chosen} FROM {table}, c",
            (count,),
        )


@posix
def test_fault_41_head_1_is_quiet(run: Run, tmp_path: Path) -> None:
    """A reader that leaves after one line ends the command without a word on stderr."""
    fill(run, tmp_path, 5000)
    for words in ("list --limit 5000", "list --limit 5000 --json"):
        done_ = subprocess.run(
            ["bash", "-c", f'"$0" -m seedance_cli {words} | head -c 20 | head -1', sys.executable],
            capture_output=True,
            check=False,
        )
        assert done_.stdout
        assert done_.stderr == b""


PLAIN: dict[str, dict[str, str | None]] = {
    "NO_COLOR": {"NO_COLOR": "1"},
    "dumb": {"TERM": "dumb"},
    "no TERM": {"TERM": ""},
    "CI": {"CI": "true"},
    "one column": {"COLUMNS": "1"},
    "one line": {"LINES": "1"},
    "odd": {"COLUMNS": "-3", "LINES": "many"},
    "huge": {"COLUMNS": "99999"},
}


@posix
@pytest.mark.parametrize("env", PLAIN.values(), ids=list(PLAIN))
def test_fault_41_odd_terminals(env: dict[str, str | None], spawn: Spawn) -> None:
    """No colour, no animation, or no room: the command does its work and says what happened."""
    with ScriptedProvider() as server:
        server.task("t1", "running", done(server.video("v.mp4")))
        more = {**server.env("runbase"), **env}
        waiting = spawn("wait", "runbase:t1", "--interval", "0.1", env=more, pty=True)
        table = spawn("providers", env=env, pty=True)
        results = [waiting.finish(), table.finish()]
        assert server.video("v.mp4").encode() in results[0].err_bytes
    assert [result.code for result in results] == [0, 0]
    drawn = b"".join(result.err_bytes for result in results)
    assert b"Traceback" not in drawn
    if "NO_COLOR" in env:
        assert not re.search(rb"\x1b\[[0-9;]*m", drawn)
    if "TERM" in env:
        assert b"\x1b" not in drawn


@posix
def test_fault_41_providers_on_a_terminal_of_80_columns(spawn: Spawn) -> None:
    """Each provider is a line that fits, and what has no room is named; in a pipe all is there."""
    shown = spawn("providers", pty=True, env={"NO_COLOR": "1"}).finish().err.replace("\r", "")
    lines = shown.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == list(names())
    assert max(map(len, lines[:-1])) <= 80
    assert lines[-1].startswith("not shown: ")
    assert "RATIOS" in lines[-1]
    piped = spawn("providers").finish().out.splitlines()
    assert [line.split("\t")[0] for line in piped] == list(names())
    assert {line.count("\t") for line in piped} == {9}


@posix
def test_fault_41_a_closed_stderr_stops_nothing(spawn: Spawn) -> None:
    """With stderr closed, the paid task is made and its ref printed."""
    with ScriptedProvider() as server:
        code = (
            "import os, sys; os.close(2); from seedance_cli.__main__ import main; sys.exit(main())"
        )
        process = spawn(
            "generate", "a boat", "-p", "runbase", "-v", env=server.env("runbase"), code=code
        )
        result = process.finish()
        assert (result.code, result.out) == (0, "runbase:t1\n")
        assert server.posts() == 1


@posix
def test_fault_42_typed_ctrl_c_gives_the_cursor_back(spawn: Spawn) -> None:
    """Ctrl-C typed while the live lines are drawn: 130, the way back, and the cursor shown."""
    with ScriptedProvider() as server:
        server.task("t1", "running")
        process = spawn("wait", "runbase:t1", env=server.env("runbase"), pty=True)
        process.wait_for("running")
        process.type(b"\x03")
        result = process.finish()
    assert result.code == 128 + signal.SIGINT
    assert b"seedance wait runbase:t1" in result.err_bytes
    assert result.err_bytes.rfind(b"\x1b[?25h") > result.err_bytes.rfind(b"\x1b[?25l")

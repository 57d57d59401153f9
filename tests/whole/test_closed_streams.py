"""Every command with a stream closed or full: in this process, and as real processes."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import pytest

from seedance_cli.cli.program import main
from seedance_cli.ledger.record import Ledger
from seedance_cli.system.clock import SystemClock
from support import ledgers
from support.scripted_provider import ScriptedProvider, done

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

posix = pytest.mark.skipif(os.name != "posix", reason="closes descriptors")

CLOSING = (
    "import os, sys; [os.close(int(n)) for n in sys.argv[1]];"
    "os.execv(sys.executable, [sys.executable, '-m', 'seedance_cli', *sys.argv[2:]])"
)
TELLS = (
    ("price",),
    ("price", "--json"),
    ("price", "-p", "seedanceapi", "-d", "8", "-r", "720p"),
    ("list",),
    ("list", "--json"),
    ("providers",),
    ("providers", "runbase"),
    ("providers", "--json"),
    ("profile", "list"),
    ("profile", "list", "--json"),
    ("profile", "show"),
    ("profile", "show", "--json"),
    ("profile", "path"),
    ("recover", "--json"),
    ("status", "runbase:t1"),
    ("status", "runbase:t1", "--json"),
    ("wait", "runbase:t1"),
    ("wait", "runbase:t1", "--json"),
    ("wait", "runbase:t1", "--events"),
    ("wait", "runbase:t1", "-o", "v.mp4", "--force"),
    ("wait", "runbase:t1", "-o", "-"),
    ("generate", "x", "-p", "runbase", "--dry-run"),
    ("generate", "x", "-p", "runbase"),
    ("generate", "x", "-p", "runbase", "--json"),
    ("generate", "x", "-p", "runbase", "-w"),
    ("generate", "x", "-p", "runbase", "--download"),
    ("generate", "x", "-p", "runbase", "-o", "-"),
    ("login", "runbase", "--json"),
    ("logout", "runbase", "--json"),
    ("sandbox", "--port", "0"),
    ("--help",),
    ("generate", "--help"),
    ("profile",),
    ("profile", "show", "-h"),
    ("--show-completion", "bash"),
    ("--version", "-v"),
)
"""Commands that have something to tell on stdout."""
FEW = (("price",), ("generate", "x", "-p", "runbase"), ("status", "runbase:t1"))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedProvider]:
    """A provider with a finished task, its row, and a profile."""
    with ScriptedProvider() as running:
        for name, value in running.env("runbase").items():
            monkeypatch.setenv(name, value or "")
        running.task("t1", done(running.video("v.mp4")))
        running.task("t2", done(running.video("v.mp4")))
        running.ids.popleft()  # a submit brings another task than the one that is known
        config = Path(os.environ["SEEDANCE_CONFIG"])
        config.parent.mkdir(parents=True)
        config.write_text('[profiles.work]\nprovider = "runbase"\n')
        config.chmod(0o600)
        state = Path(os.environ["SEEDANCE_STATE_DIR"])
        with Ledger.open(state, SystemClock(), create=True) as ledger:
            ledgers.submit(ledger, "t1", endpoint=running.endpoint("runbase"))
        yield running


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_the_version_on_a_stdout_that_takes_nothing_is_10() -> None:
    """It says why, as every other command does; a reader that has gone is told nothing."""
    program = [sys.executable, "-m", "seedance_cli", "--version"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, b"No space left" in done.stderr) == (10, True)
    done = closed(["--version"], "1")
    assert (done.returncode, done.stderr) == (10, b"seedance: error: stdout is closed\n")


def closed(words: Sequence[str], numbers: str) -> subprocess.CompletedProcess[bytes]:
    """Run the program with these descriptors closed."""
    return subprocess.run(
        [sys.executable, "-c", CLOSING, numbers, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )


def told(words: Sequence[str], stdout: TextIO | None) -> tuple[int, str]:
    """The exit code and stderr of a command with this stdout."""
    err = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a-key-123")))
        patch.setattr(sys, "stdout", stdout)
        patch.setattr(sys, "stderr", err)
        return main(list(words)), err.getvalue()


@pytest.mark.parametrize("words", TELLS, ids=" ".join)
def test_without_a_stdout(words: Sequence[str], server: ScriptedProvider) -> None:
    """What cannot be told is 10, never a success nor a bug, and nothing is paid for it."""
    code, err = told(words, None)
    assert code == 10, err
    assert "stdout is closed" in err or "stdout cannot be written" in err
    assert "Traceback" not in err
    assert server.posts() == 0


@posix
@pytest.mark.parametrize("words", TELLS, ids=" ".join)
def test_onto_a_full_disk(words: Sequence[str], server: ScriptedProvider) -> None:
    """So it is on a full disk; a task that is paid for is told on stderr."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        code, err = told(words, full)
        with contextlib.suppress(OSError):
            full.close()
    assert code == 10, err
    assert "No space left on device" in err
    assert "Traceback" not in err
    if server.posts():
        assert "seedance wait runbase:t2" in err


@posix
@pytest.mark.parametrize("words", FEW, ids=" ".join)
def test_descriptors_that_are_closed(words: Sequence[str], server: ScriptedProvider) -> None:
    """A real process: without stdout 10; without stdin or stderr all is as with them."""
    assert closed(words, "1").returncode == 10
    assert server.posts() == 0
    whole = closed(words, "02")
    assert (whole.returncode, whole.stderr) == (0, b"")
    assert whole.stdout


@posix
def test_no_file_gets_the_number_of_a_closed_stream(server: ScriptedProvider) -> None:
    """What a library writes to descriptor 2 does not go into the ledger."""
    code = (
        "import os, sys; [os.close(n) for n in (0, 1, 2)]\n"
        "from seedance_cli.__main__ import main\n"
        "main()\n"
        "null = os.stat(os.devnull)\n"
        "sys.exit(not all(os.path.samestat(null, os.fstat(n)) for n in (0, 1, 2)))"
    )
    program = [sys.executable, "-c", code, "status", "runbase:t1"]
    assert subprocess.run(program, check=False, timeout=60).returncode == 0
    assert server.polls("t1") == 1

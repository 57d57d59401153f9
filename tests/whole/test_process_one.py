"""The program as process 1, as in a container: the kernel keeps from it what it does not handle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.runner import Process
from support.workflows import process_one

if TYPE_CHECKING:
    from support.scripted_provider import ScriptedProvider

pytestmark = pytest.mark.skipif(
    process_one() is None, reason="no process namespace may be made here"
)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_it_takes_the_signal_that_stops_a_container(
    signum: signal.Signals, server: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`docker stop` ends it at once, with its exit code and the way back."""
    server.task("t1", "running")
    for name, value in server.env("runbase").items():
        monkeypatch.setenv(name, value or "")
    words = process_one()
    assert words is not None
    program = [sys.executable, "-m", "seedance_cli", "generate", "a boat", "-w", "--interval", "60"]
    popen = subprocess.Popen(
        [*words, *program],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process = Process(popen)
    try:
        assert popen.stdout is not None
        assert popen.stderr is not None
        process._collect("out", popen.stdout.fileno())
        process._collect("err", popen.stderr.fileno())
        process.wait_for("running", timeout=120)
        children = Path(f"/proc/{popen.pid}/task/{popen.pid}/children").read_text().split()
        (first,) = map(int, children)
        os.kill(first, signum)
        done = process.finish(120)
    finally:
        process.end()
    assert done.code == 128 + signum
    assert "seedance wait runbase:t1" in done.err

"""Interactive shells on a pseudo-terminal, typed to as a person would."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(seedance --show-completion bash)"'),
    "zsh": (
        ["zsh", "-f", "-i"],
        'autoload -U compinit; compinit -uD; bindkey -e; eval "$(seedance --show-completion zsh)"',
    ),
    "fish": (["fish", "--no-config", "-i"], "seedance --show-completion fish | source"),
}
OWNER = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execvp(sys.argv[1], sys.argv[1:])"
)
"""Makes the pseudo-terminal the shell's own; fish insists."""


class Terminal:
    """A shell on a pseudo-terminal, typed to as a person would."""

    def __init__(self, argument: list[str], env: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        self._seen = bytearray()
        self._popen = subprocess.Popen(
            [sys.executable, "-c", OWNER, *argument],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=env,
            start_new_session=True,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        try:
            while data := os.read(self._master, 65536):
                self._seen += data
        except OSError:  # the shell has gone
            return

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def wait_for(self, pattern: str, timeout: float = 20) -> re.Match[str]:
        """The first match in what came after the last one; it is taken out."""
        end = time.monotonic() + timeout
        while True:
            text = self._seen.decode(errors="replace")
            found = re.search(pattern, text, re.DOTALL)
            if found:
                self._seen = bytearray(text[found.end() :].encode())
                return found
            assert time.monotonic() < end, f"{pattern} is not in {text!r}"
            time.sleep(0.01)

    def close(self) -> None:
        self._popen.kill()
        self._popen.wait(10)
        self._reader.join(10)
        os.close(self._master)


@contextmanager
def at(shell: str, folder: Path | None = None, setup: str | None = None) -> Iterator[Terminal]:
    """That shell with completion set up, in the current folder; skips where it is not installed.

    Args:
        shell: a key of `SHELLS`.
        folder: put in front of its PATH.
        setup: what sets completion up, instead of what the documents say.
    """
    argument, documented = SHELLS[shell]
    setup = documented if setup is None else setup
    if shutil.which(argument[0]) is None:
        pytest.skip(f"{shell} is not installed")
    places = [str(Path(sys.executable).parent), os.environ["PATH"]]
    path = os.pathsep.join([str(folder), *places] if folder else places)
    env = {**os.environ, "PATH": path, "TERM": "dumb", "COLUMNS": "500", "HISTFILE": ""}
    env["LC_ALL"] = "C.UTF-8"
    terminal = Terminal(argument, env)
    try:
        terminal.type(f"{setup}; echo rea''dy\r")
        terminal.wait_for("ready")
        yield terminal
    finally:
        terminal.close()

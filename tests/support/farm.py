"""Two machines with one ledger in PostgreSQL, and what becomes of a submit that is struck.

Struck is the process (SIGKILL), its session (`pg_terminate_backend`) or the whole server (as by
`pg_ctl stop -m immediate`), before each statement of a submit or at random moments. Then the other
machine asks what is unknown, and gives the very same line, which has a name, once more: whatever
happened, no second paid request may leave for it, and no task may be unknown to the ledger.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from seedance_cli.ledger import SharedLedger
from support.counting_provider import MODEL, PROVIDER
from support.places import rows, until_free

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence

    from support.counting_provider import CountingProvider
    from support.postgres import Server

    Ask: TypeAlias = Callable[[Sequence[str], Mapping[str, str]], tuple[int, str]]
    """Runs the program: its words, its environment; exit code and stdout."""

KINDS = ("process", "session", "server", "server for long")
"""What is struck; of a server, whether it comes back while the submit goes on."""
ROOT = Path(__file__).parents[2]
LAUNCHER = Path(__file__).with_name("farm_launcher.py")
_PATIENCE = 120.0
_ENDED = re.compile(r"^statements (\d+) ([\d.]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Blow:
    """One place to strike."""

    kind: str
    at: int | float
    """Before which statement, or how many seconds from the first one on."""


@dataclass(frozen=True, slots=True)
class Left:
    """What one blow left."""

    blow: Blow
    code: int
    """Of the submit that was struck; -9: killed."""
    tasks: int
    """Made by the provider, before the line was given again."""
    ids: int
    """Of those, in the ledger, once the machine has reached it again."""
    unknown: int
    """Intents of it that the other machine's `recover` shows."""
    lost: int
    """Tasks that are neither."""
    second: int
    """Paid requests beyond the first that may have made a task."""
    wrong: tuple[str, ...]
    """Whatever else was not as promised."""


class Farm:
    """Two machines, a server and a provider."""

    def __init__(self, folder: Path, server: Server, provider: CountingProvider, ask: Ask) -> None:
        """Nothing is run yet.

        Args:
            folder: empty.
            server: of this farm only.
            provider: counts; of this farm only.
            ask: how the program is run for the questions afterwards.
        """
        self.server = server
        self.provider = provider
        self._folder = folder
        self._ask = ask
        self._number = 0

    @property
    def place(self) -> SharedLedger:
        """The ledger, past the program."""
        return SharedLedger.at(self.server.url(), self._folder / "nobody")

    def measure(self) -> tuple[int, float]:
        """Statements and seconds of a submit that nobody strikes; in a ledger that is there."""
        found = []
        for _ in range(2):
            self._number += 1
            _, said, words = self._submit(Blow("process", 0), self._line())
            ended = _ENDED.search(words)
            assert ended is not None, said + words
            found.append((int(ended[1]), float(ended[2])))
        return found[-1]

    def strike(self, blow: Blow) -> Left:
        """Strike one submit, and look at what it left."""
        self._number += 1
        line, name = self._line(), self._name
        before = self.provider.posts
        code, said, _ = self._submit(blow, line)
        self.server.start()
        until_free(self.place)
        self.provider.settle()
        made = self.provider.made(name)
        wrong = []
        if code not in {0, 6, 10} and not (blow.kind == "process" and code == -signal.SIGKILL):
            wrong.append(f"exit {code}")
        self._ask(("list", "--json"), self._env("a"))
        found = rows(self.place, "SELECT request, task_id, state FROM intents")
        mine = [(task, state) for text, task, state in found if _prompt(text) == name]
        ids = [task for task, _ in mine if task is not None]
        kept = [task for task in made if task in ids]
        strange = [ref for ref in said.split() if ref.rpartition(":")[2] not in ids]
        wrong += [f"{ref} was printed and is not in the ledger" for ref in strange]
        unknown = self._unknown(name, wrong)
        again, _ = self._ask(line, self._env("b"))
        if again != (6 if unknown else 0):
            wrong.append(f"given again: exit {again} with {unknown} unknown")
        posts = self.provider.posts - before
        may_have_paid = 1 if made or not unknown else 0
        second = max(0, len(self.provider.made(name)) - max(1, may_have_paid))
        if posts > 1 and made:
            second = max(second, posts - 1)
        lost = max(0, len(made) - len(kept) - unknown)
        return Left(blow, code, len(made), len(kept), unknown, lost, second, tuple(wrong))

    @property
    def _name(self) -> str:
        return f"scene {self._number}"

    def _line(self) -> tuple[str, ...]:
        return ("generate", self._name, "-p", PROVIDER, "-m", MODEL, "-q", "--name", self._name)

    def _unknown(self, name: str, wrong: list[str]) -> int:
        code, said = self._ask(("recover", "--json"), self._env("b"))
        if code != 0:
            wrong.append(f"recover: exit {code}")
            return 0
        return sum(row["request"]["prompt"] == name for row in json.loads(said))

    def _env(self, machine: str) -> dict[str, str]:
        home = self._folder / machine
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return {
            **kept,
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}",
            "HOME": str(home),
            "SEEDANCE_STATE_DIR": str(home / "state"),
            "SEEDANCE_CONFIG": str(home / "config" / "config.toml"),
            "SEEDANCE_LEDGER": self.server.url(),
            **self.provider.env,
        }

    def _submit(self, blow: Blow, line: Sequence[str]) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of a submit on the first machine that is struck."""
        kind = "server" if blow.kind == "server for long" else blow.kind
        launched = [str(LAUNCHER), kind, str(blow.at), self.server.url(), str(self.server.pid)]
        popen = subprocess.Popen(
            [sys.executable, *launched, *line],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._env("a"),
            text=True,
        )
        end = time.monotonic() + _PATIENCE
        while blow.kind == "server" and popen.poll() is None and time.monotonic() < end:
            if not self.server.runs:
                self.server.start()
            time.sleep(0.02)
        said, words = popen.communicate(timeout=_PATIENCE)
        return popen.returncode, said, words


def blows(statements: int, seconds: float, number: int, dice: random.Random) -> list[Blow]:
    """So many places to strike: each statement in turn, then random moments, of every kind."""
    found = [Blow(kind, at) for at in range(1, statements + 1) for kind in KINDS]
    if number < len(found):
        return dice.sample(found, number)
    while len(found) < number:
        at = round(dice.uniform(0.0005, 1.1 * seconds), 4)
        found.append(Blow(KINDS[len(found) % len(KINDS)], at))
    return found


def _prompt(request: object) -> str:
    return str(json.loads(str(request))["prompt"])

"""Kills the program while it submits, and asks afterwards whether anything that was paid is lost.

A `Point` is one place to die: before the k-th call of one system call (`strace` stops the program
there and kills it), or some time after the program touched its ledger. `Scaffold.strike` kills
there, then asks `recover`, and then gives the very same command once more.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from support.counting_provider import MODEL, PROVIDER

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from support.counting_provider import CountingProvider

    Ask: TypeAlias = Callable[[Sequence[str], Mapping[str, str]], tuple[int, str]]
    """Runs the program: its words, its environment; exit code and stdout."""

MOMENT = "moment"
ROOT = Path(__file__).parents[2]
CALLS = (
    *("openat", "mkdir", "unlink", "close", "read", "write", "pread64", "pwrite64", "ftruncate"),
    *("fsync", "fdatasync", "fcntl", "flock", "socket", "connect", "poll", "sendto", "recvfrom"),
    *("getrandom", "newfstatat", "futex", "munmap", "exit_group"),
)
"""Those by which a submit touches disk, locks, wire and streams, and some between."""
_PATIENCE = 60.0
_LINE = re.compile(r"(\d+) +(?:(\w+)\(|<\.\.\. (\w+) resumed)(.*)")
_DURABLE = frozenset({"fsync", "fdatasync"})


@dataclass(frozen=True, slots=True)
class Point:
    """One place to die."""

    method: str
    """A system call, or `MOMENT`."""
    at: float
    """Which of its calls, from 1; or which part of the time that a submit takes."""
    known: bool
    """Whether the ledger is there before, with a row in it; else this run makes it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one kill left."""

    point: Point
    killed: bool
    """False: the program was faster."""
    tasks: int
    """Made by the provider before the command was given again."""
    ids: int
    """Of those, in the ledger."""
    unknown: int
    """Intents that `seedance recover` shows."""
    lost: int
    """Tasks that are neither."""
    refused: bool
    """Whether the same command, given again, was refused with exit code 6."""
    wrong: tuple[str, ...]
    """Whatever else was not as promised."""


@dataclass(frozen=True, slots=True)
class Call:
    """One system call of a trace, when it began or when it returned."""

    pid: int
    name: str
    rest: str
    begins: bool
    returns: bool


def process(words: Sequence[str], env: Mapping[str, str]) -> tuple[int, str]:
    """`Ask` of a fresh process."""
    return _finish(_start(words, env))


def can_trace() -> bool:
    """Whether `strace` is here, and may be used."""
    strace = shutil.which("strace")
    if strace is None:
        return False
    tried = [strace, "-o", os.devnull, "true"]
    return subprocess.run(tried, stderr=subprocess.DEVNULL, check=False).returncode == 0


class Scaffold:
    """Where the program is killed: a provider, and a folder with a state for each run."""

    def __init__(self, folder: Path, provider: CountingProvider, ask: Ask = process) -> None:
        """Nothing is run yet.

        Args:
            folder: empty; each run gets a folder in it.
            provider: counts; of this scaffold only.
            ask: how the program is run for the questions afterwards.
        """
        self.provider = provider
        self._folder = folder
        self._ask = ask
        self._number = 0
        self._span: dict[bool, float] = {}

    def strike(self, point: Point) -> Outcome:
        """Kill one submit, and look at what it left."""
        if point.method == MOMENT and point.known not in self._span:
            self._span[point.known] = self._measure(known=point.known)
        home, prompt = self._home(known=point.known)
        env = self._env(home)
        before = self.provider.posts
        if point.method == MOMENT:
            code, said = self._at_moment(home, prompt, point)
        else:
            which = f"inject={point.method}:signal=KILL:when={point.at:.0f}"
            options = ("-e", f"trace={point.method}", "-e", which, "-o", os.devnull)
            code, said = self._traced(home, prompt, options)
        killed = code == -signal.SIGKILL
        self.provider.settle()
        posts = self.provider.posts
        made = self.provider.made(prompt)
        unknown, wrong = self._questions(env, prompt)
        ids = _ids(home)
        kept = [name for name in made if name in ids]
        if not killed and code != 0:
            wrong.append(f"not killed, and exit {code}")
        if posts - before > 1:
            wrong.append(f"{posts - before} POSTs in one run")
        for ref in said.split():
            if ref.rpartition(":")[2] not in ids:
                wrong.append(f"{ref} was printed and is not in the ledger")
        refused = self._again(env, prompt, unknown, wrong)
        shutil.rmtree(home, ignore_errors=True)
        lost = max(0, len(made) - len(kept) - unknown)
        return Outcome(point, killed, len(made), len(kept), unknown, lost, refused, tuple(wrong))

    def trace(self, *, known: bool, calls: Iterable[str] = CALLS) -> list[Call]:
        """The system calls of a submit that nobody kills, in order, with the names of files."""
        home, prompt = self._home(known=known)
        output = self._folder / f"trace-{self._number}"
        options = ("-yy", "-s", "120", "-e", f"trace={','.join(calls)}", "-o", str(output))
        code, _ = self._traced(home, prompt, options)
        assert code == 0
        return list(_parse(output.read_text(errors="replace")))

    def points(self, *, known: bool) -> list[Point]:
        """Every call of a submit from its first touch of the ledger, the nearest to the POST first.

        `strace` counts the calls of each thread by themselves, and the first one that reaches the
        number dies.
        """
        counts: Counter[tuple[int, str]] = Counter()
        seen: set[tuple[str, int]] = set()
        found: list[tuple[int, Point]] = []
        started, post = False, 0
        for place, call in enumerate(one for one in self.trace(known=known) if one.begins):
            counts[call.pid, call.name] += 1
            key = call.name, counts[call.pid, call.name]
            started = started or "ledger.db" in call.rest
            if started and key not in seen:
                found.append((place, Point(call.name, key[1], known)))
            seen.add(key)
            if is_post(call):
                post = place
        found.sort(key=lambda one: abs(one[0] - post))
        return [point for _, point in found]

    def _again(self, env: Mapping[str, str], prompt: str, unknown: int, wrong: list[str]) -> bool:
        before = self.provider.posts
        untold = _untold(Path(env["HOME"]), prompt)
        code, _ = self._ask(_generate(prompt), env)
        more = self.provider.posts - before
        expected = (6, 0) if unknown else (0, 0 if untold else 1)
        if (code, more) != expected:
            wrong.append(f"given again: exit {code}, {more} POSTs, not {expected}")
        return code == 6

    def _questions(self, env: Mapping[str, str], prompt: str) -> tuple[int, list[str]]:
        code, said = self._ask(("recover", "--json"), env)
        if code != 0:
            return 0, [f"recover: exit {code}"]
        return sum(row["request"]["prompt"] == prompt for row in json.loads(said)), []

    def _home(self, *, known: bool) -> tuple[Path, str]:
        self._number += 1
        home = self._folder / f"run-{self._number}"
        if known:
            template = self._folder / "template"
            if not template.exists():
                code, _ = process(_generate("an earlier one"), self._env(template))
                assert code == 0
            shutil.copytree(template, home)
        else:
            home.mkdir()
        return home, f"a boat, number {self._number}"

    def _env(self, home: Path) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return {
            **kept,
            "PYTHONPATH": str(ROOT),
            "HOME": str(home),
            "SEEDANCE_STATE_DIR": str(home / "state"),
            "SEEDANCE_CONFIG": str(home / "config" / "config.toml"),
            **self.provider.env,
        }

    def _traced(self, home: Path, prompt: str, options: Sequence[str]) -> tuple[int, str]:
        prefix = ("strace", "-f", "-qq", *options)
        return _finish(_start(_generate(prompt), self._env(home), prefix))

    def _at_moment(self, home: Path, prompt: str, point: Point) -> tuple[int, str]:
        popen = self._until_touched(home, prompt, known=point.known)
        with contextlib.suppress(subprocess.TimeoutExpired):
            popen.wait(point.at * self._span[point.known])
        popen.kill()
        return _finish(popen)

    def _measure(self, *, known: bool) -> float:
        """Seconds from the first touch of the ledger to the end; the median of three."""
        times = []
        for _ in range(3):
            home, prompt = self._home(known=known)
            popen = self._until_touched(home, prompt, known=known)
            start = time.monotonic()
            code, _ = _finish(popen)
            times.append(time.monotonic() - start)
            assert code == 0
        return sorted(times)[1]

    def _until_touched(self, home: Path, prompt: str, *, known: bool) -> subprocess.Popen[bytes]:
        """Start a submit, and wait until it makes its ledger, or takes its lock in a known one."""
        state = home / "state"
        popen = _start(_generate(prompt), self._env(home))
        end = time.monotonic() + _PATIENCE
        while popen.poll() is None and time.monotonic() < end:
            if any((state / "locks").iterdir()) if known else (state / "ledger.db").exists():
                break
            time.sleep(0.001)
        return popen


def is_post(call: Call) -> bool:
    """Whether this call sends the head of the paid request."""
    return call.begins and call.name in {"sendto", "sendmsg", "write"} and '"POST ' in call.rest


def moments(number: int, dice: random.Random) -> list[Point]:
    """Places to die all over a submit, and a little beyond.

    The first is at once: on a machine that becomes faster meanwhile the others may come too late.
    The last waits for the end: on one that becomes slower they may all come too early.
    """
    places = [0.0, *(dice.uniform(0, 1.1) for _ in range(number - 2)), 100.0]
    return [Point(MOMENT, at, index % 2 == 0) for index, at in enumerate(places)]


def choose(points: Sequence[Point], number: int, dice: random.Random) -> list[Point]:
    """Half of them the nearest to the POST, the other half from all the rest."""
    if number >= len(points):
        return list(points)
    near = number // 2
    return [*points[:near], *dice.sample(points[near:], number - near)]


def out_of_order(calls: Sequence[Call]) -> list[str]:
    """What of a trace breaks "durable before it is sent" and "durable before it is printed"."""
    sent = next(place for place, call in enumerate(calls) if is_post(call))
    printed = next(
        place
        for place, call in enumerate(calls)
        if call.name == "write" and call.begins and f'"{PROVIDER}:' in call.rest
    )
    connected = next(place for place, call in enumerate(calls) if call.name == "connect")
    wrong = []
    if not connected < sent < printed:
        wrong.append("not connected, then sent, then printed")
    for what, since, until in (("sent", 0, connected), ("printed", sent, printed)):
        part = calls[since:until]
        for name in ("ledger.db", "ledger.db-journal"):
            touched = [
                place
                for place, call in enumerate(part)
                if call.name in {"pwrite64", "ftruncate"} and f"/{name}>" in call.rest
            ]
            synced = [
                place
                for place, call in enumerate(part)
                if call.name in _DURABLE and call.returns and f"/{name}>" in call.rest
            ]
            if not touched:
                wrong.append(f"{name} was not written before the request was {what}")
            elif not synced or synced[-1] < touched[-1]:
                wrong.append(f"{name} was not durable when the request was {what}")
    return wrong


def _parse(text: str) -> Iterable[Call]:
    """The lines of `strace -f`. A call that another thread interrupts fills two of them."""
    open_calls: dict[int, str] = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        pid, begun, resumed, rest = int(match[1]), match[2], match[3], match[4]
        unfinished = rest.endswith("<unfinished ...>")
        if resumed is not None:
            rest = open_calls.pop(pid, "") + rest
        elif unfinished:
            open_calls[pid] = rest
        yield Call(pid, begun or resumed, rest, resumed is None, not unfinished)


def _untold(home: Path, prompt: str) -> bool:
    """Whether the ledger has a task of that prompt, and not that anybody was told its ref."""
    path = home / "state" / "ledger.db"
    if not path.exists():
        return False
    with contextlib.closing(sqlite3.connect(path)) as db:
        statement = "SELECT request FROM intents WHERE state = 'accepted' AND NOT told"
        with contextlib.suppress(sqlite3.OperationalError):  # killed before it had tables
            found = db.execute(statement).fetchall()
            return any(json.loads(request)["prompt"] == prompt for (request,) in found)
    return False


def _ids(home: Path) -> set[str]:
    """The task ids in the ledger, read past the program's own code."""
    path = home / "state" / "ledger.db"
    if not path.exists():
        return set()
    with contextlib.closing(sqlite3.connect(path)) as db:
        tables = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'intents'").fetchone()
        if not tables[0]:
            return set()
        found = db.execute("SELECT task_id FROM intents WHERE task_id IS NOT NULL")
        return {row[0] for row in found}


def _generate(prompt: str) -> tuple[str, ...]:
    return ("generate", prompt, "-p", PROVIDER, "-m", MODEL, "-q")


def _start(
    words: Sequence[str], env: Mapping[str, str], prefix: Sequence[str] = ()
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*prefix, sys.executable, "-m", "seedance_cli", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=dict(env),
    )


def _finish(popen: subprocess.Popen[bytes]) -> tuple[int, str]:
    with popen:
        said, _ = popen.communicate(timeout=_PATIENCE)
    return popen.returncode, said.decode()

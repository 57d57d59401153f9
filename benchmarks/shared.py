"""What a ledger in PostgreSQL costs beside one in a file, and what many machines ask of its server.

    python benchmarks/shared.py                             all of it, some two minutes
    python benchmarks/shared.py --machines 5 --tasks 10     a taste

First, in one process, in turns: what the ledger does for a submit (the intent, *sending*, the task,
told), a list of the newest 20 of 1,000 rows, and all of them as values, as medians. Then that many
processes at once, each on a machine of its own, wait for that many tasks, which run on for a while
and then succeed; the server's log tells the connections and the statements of each. The server is
one of this script's own, on this machine, so no network is in the figures. It needs a PostgreSQL
server (Debian: postgresql).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import _report

from seedance_cli.ledger import Ledger, SharedLedger
from seedance_cli.system import SystemClock
from support import ledgers
from support.postgres import running
from support.scripted_provider import ScriptedProvider, State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from support.ledgers import Place
    from support.postgres import Server

PROVIDER = "seedance2ink"
_ROWS = 1_000
_TIMES = 30


def main(argv: Sequence[str] | None = None) -> int:
    """Run as the arguments say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--machines", type=int, default=20, metavar="N")
    parser.add_argument("--tasks", type=int, default=50, metavar="N", help="of each machine")
    parser.add_argument("--seconds", type=float, default=40.0, help="that the tasks run")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder, running() as server:
        _compare(Path(folder), server)
        server.empty()
        _wait(Path(folder), server, options.machines, options.tasks, options.seconds)
    return 0


def _compare(folder: Path, server: Server) -> None:
    places: dict[str, Place] = {
        "file": folder / "file",
        "server": SharedLedger.at(server.url(), folder / "machine"),
    }
    clock = SystemClock()
    opened = {name: Ledger.open(place, clock, create=True) for name, place in places.items()}
    for ledger in opened.values():
        for number in range(_ROWS):  # rows to be among
            ledgers.submit(ledger, f"t{number}")

    def work(name: str, number: int) -> dict[str, Callable[[], object]]:
        ledger = opened[name]
        return {
            "open for a submit": lambda: Ledger.open(places[name], clock, create=True).close(),
            "open to read": lambda: Ledger.open(places[name], clock, create=False).close(),
            "a submit": lambda: ledgers.submit(ledger, f"m{number}"),
            "the newest 20": lambda: ledger.rows(limit=20),
            "every row": lambda: ledger.unfinished(sandbox=False),
        }

    found: dict[str, dict[str, list[float]]] = {}
    for number in range(_TIMES):
        for name in places:
            for what, one in work(name, number).items():
                found.setdefault(what, {}).setdefault(name, []).append(_timed(one))
    for ledger in opened.values():
        ledger.close()
    rows = []
    for what, times in found.items():
        file, shared = (statistics.median(times[name]) * 1000 for name in ("file", "server"))
        rows.append((what, f"{file:.1f} ms", f"{shared:.1f} ms", f"{shared / file:.1f}"))
    print(_report.table(("", "in a file", "on a server", "ratio"), rows))


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _wait(folder: Path, server: Server, machines: int, tasks: int, seconds: float) -> None:
    clock = SystemClock()
    with ScriptedProvider() as provider:
        endpoint = provider.endpoint(PROVIDER)
        with Ledger.open(SharedLedger.at(server.url(), folder / "m"), clock, create=True) as ledger:
            for number in range(machines * tasks):
                ledgers.submit(ledger, f"w{number}", provider=PROVIDER, endpoint=endpoint)
        provider.unscripted = State("running")
        with server.logged() as told:
            start = time.monotonic()
            begun = [_waiting(folder, server, provider, one, tasks) for one in range(machines)]
            time.sleep(seconds)
            unchanged = len(provider.server.requests)
            provider.unscripted = State("succeeded")
            codes = [process.wait(600) for process in begun]
            took = time.monotonic() - start
            found = {name: one for name, one in told().items() if name.startswith("machine-")}
        polls = len(provider.server.requests)
    sessions = [len(one.sessions) for one in found.values()]
    asked = [len(one.statements) for one in found.values()]
    rows = [
        ("machines, and tasks of each", f"{machines} x {tasks}"),
        ("exit codes", f"{sorted(set(codes))}"),
        ("seconds", f"{took:.0f}"),
        ("polls", f"{polls:,}"),
        ("of them while nothing changed", f"{unchanged:,}"),
        ("connections of a machine", _span(sessions)),
        ("statements of a machine", _span(asked)),
        ("statements for a task", f"{sum(asked) / (machines * tasks):.1f}"),
        ("statements for a poll", f"{sum(asked) / polls:.2f}"),
    ]
    print()
    print(_report.table(("", ""), rows))


def _span(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low}" if low == high else f"{low} to {high}"


def _waiting(
    folder: Path, server: Server, provider: ScriptedProvider, machine: int, tasks: int
) -> subprocess.Popen[bytes]:
    refs = [f"{PROVIDER}:w{number}" for number in range(machine * tasks, (machine + 1) * tasks)]
    env = {name: value for name, value in provider.env(PROVIDER).items() if value is not None}
    home = folder / f"machine-{machine}"
    return subprocess.Popen(
        [sys.executable, "-m", "seedance_cli", "wait", "-q", "--interval", "10", *refs],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={
            **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
            **env,
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "HOME": str(home),
            "SEEDANCE_STATE_DIR": str(home / "state"),
            "SEEDANCE_LEDGER": f"{server.url()}&application_name=machine-{machine}",
        },
    )


if __name__ == "__main__":
    raise SystemExit(main())

"""Is a provider's rate limit kept by all processes of a machine together?

    python benchmarks/rate_limit.py                       4 processes, 30 tasks each, 60 s
    python benchmarks/rate_limit.py --processes 8

Several real `seedance wait --interval 1` wait for tasks of runbase that never end, with one key, at
a server on this machine that answers at once and writes down when each request came: once as
installed, and once with a state folder for each process, where none knows of the others.

After `--timeout` each task is asked once more, so that a run takes longer than it.

The longest wait is that of a single request for its place, as `-v` tells it. The exit code is 1 if
the first run had more requests within any window than the documented limit allows.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from _report import machine, table

from seedance_cli.providers._registry import get

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.providers import RateLimit

_PROGRAM = Path(sys.executable).with_name("seedance")
_WAITS = re.compile(r"this one waits ([0-9.]+) s")
_HEAD = ("processes", "requests", "most in 10 s", "longest wait", "requests/s held")


@dataclass(frozen=True, slots=True)
class Run:
    """What one run came to."""

    name: str
    moments: list[float]
    """When each request came, in order, in seconds."""
    longest: float
    """Seconds."""

    def most(self, window: float) -> int:
        """The most requests in any window of so many seconds."""
        first, found = 0, 0
        for last, moment in enumerate(self.moments):
            while self.moments[first] <= moment - window:
                first += 1
            found = max(found, last - first + 1)
        return found

    def row(self, limit: RateLimit) -> tuple[str, ...]:
        """As a line of the table. Not in the rate: as many requests as may leave at once at first.

        The others were spread over the whole time.
        """
        held = (len(self.moments) - limit.requests) / (self.moments[-1] - self.moments[0])
        shown = (str(len(self.moments)), str(self.most(limit.seconds)))
        return (self.name, *shown, f"{self.longest:.1f} s", f"{held:.2f}")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.moments: list[float] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.server.moments.append(time.monotonic())
        content = b'{"status":"processing"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing: the moments are the log."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run as the arguments say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--processes", type=int, default=4, metavar="P")
    parser.add_argument("--tasks", type=int, default=30, metavar="T", help="of each process")
    parser.add_argument("--seconds", type=int, default=60, metavar="S", help="each run's --timeout")
    options = parser.parse_args(argv)
    limit = get("runbase").info.rate_limit
    assert limit is not None
    if options.seconds <= 2 * limit.seconds:
        parser.error(f"--seconds must be above {2 * limit.seconds:g}: two windows of the limit")
    sizes = (options.processes, options.tasks, options.seconds)
    together = _run(f"{options.processes}, one state folder", *sizes, shared=True)
    apart = _run(f"{options.processes}, a folder each", *sizes, shared=False)
    print(f"{machine()}; {options.processes} processes with {options.tasks} tasks each\n")
    print(table(_HEAD, [one.row(limit) for one in (together, apart)]))
    kept = together.most(limit.seconds) <= limit.requests
    print(f"\nlimit: {limit.requests} in {limit.seconds:g} s; {'kept' if kept else 'EXCEEDED'}")
    return 0 if kept else 1


def _run(name: str, processes: int, tasks: int, seconds: int, *, shared: bool) -> Run:
    with tempfile.TemporaryDirectory() as folder, _Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        running = [
            subprocess.Popen(
                [
                    *(str(_PROGRAM), "wait", *(f"runbase:p{one}t{n}" for n in range(tasks))),
                    *("--interval", "1", "--timeout", str(seconds), "-v"),
                ],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=_environment(Path(folder), server, "all" if shared else str(one)),
                text=True,
            )
            for one in range(processes)
        ]
        # Each pipe is read by a thread: one that is full would hold its process up.
        told: list[str] = []
        readers = [
            threading.Thread(target=lambda one=one: told.append(one.communicate()[1]))
            for one in running
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        server.shutdown()
        codes = {one.returncode for one in running}
        if codes != {8}:  # the timeout
            raise SystemExit(f"a process ended with {codes}:\n{told[0][-2000:]}")
        waits = [float(found) for text in told for found in _WAITS.findall(text)]
        return Run(name, sorted(server.moments), max(waits, default=0.0))


def _environment(folder: Path, server: _Server, state: str) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "SEEDANCE_CONFIG": str(folder / "config.toml"),
        "SEEDANCE_STATE_DIR": str(folder / "state" / state),
        "RUNBASE_API_KEY": "benchmark-0123456789",
        "RUNBASE_BASE_URL": f"http://127.0.0.1:{server.server_port}",
    }


if __name__ == "__main__":
    raise SystemExit(main())

"""A download from nginx on loopback, beside a minimal httpx script and curl; and its memory.

nginx serves a valid MP4 with `sendfile`. In each round every client fetches it once, in turn, into
a file that is not there yet:

- the httpx script: `client.stream`, `iter_raw`, `file.write`; once without and once with an `fsync`
  at the end (the program flushes each video to the disk before it gets its name);
- `seedance_cli.download.download`, called in a process of its own;
- curl.

These times are of the transfer alone: from the request to the file in its place, without the start
of the interpreter. After that whole processes are timed: `seedance wait REF --download` as
installed, against an API on loopback that says at once that the task has succeeded, and the
script. What is left between the program's process and its transfer is start-up, the poll, the
ledger and the exit. Peak memory is the program's, as the kernel counted it (`ru_maxrss`).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from _report import machine, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MIB = 1 << 20
AT_ONCE = 4

_SCRIPT = """
import json, os, resource, sys, time
import httpx
url, target, flush = sys.argv[1:]
began = time.perf_counter()
with httpx.Client() as client, client.stream("GET", url) as response, open(target, "wb") as file:
    for chunk in response.iter_raw():
        file.write(chunk)
    if flush == "fsync":
        file.flush()
        os.fsync(file.fileno())
took = time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"seconds": took, "cpu": used.ru_utime + used.ru_stime}))
"""

_OURS = """
import json, resource, sys, time
from pathlib import Path
from seedance_cli.http import stream
from seedance_cli.system.clock import SystemClock
from seedance_cli.tasks.downloads.fetch import download
url, target = sys.argv[1:]
began = time.perf_counter()
for _ in download(url, Path(target), force=False, allow_private=True, clock=SystemClock()):
    pass
took = time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"seconds": took, "cpu": used.ru_utime + used.ru_stime}))
"""

_CURL = '{"seconds": %{time_total}}'

_NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    sendfile on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port}; root {folder}/served; }}
}}
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What one fetch took."""

    seconds: float
    cpu: float
    """Seconds of user and system time; 0.0 where it was not told."""
    peak: float
    """MiB resident at most, as far as it was asked for."""


def main() -> None:
    """Measure and print."""
    options = _options()
    if options.nginx is None:
        sys.exit("nginx is not installed here (apt-get install nginx-light); nothing was measured")
    sizes = sorted({*options.sizes, options.mib})
    with (
        tempfile.TemporaryDirectory(prefix="seedance-benchmark-") as name,
        tempfile.TemporaryDirectory(prefix="seedance-target-", dir=options.folder) as targets,
    ):
        folder = Path(name)
        folder.chmod(0o711)  # started by root, nginx serves as a user who is nobody
        for size in sizes:
            _video(folder / "served" / f"{size}.mp4", size * MIB)
        with _nginx(options.nginx, folder) as url, _api(url) as api:
            bench = _Bench(folder, Path(targets), url, api)
            print(f"{machine()}; files in {_kind(Path(targets))}\n")
            bench.report(options.mib, options.rounds, sizes)


class _Bench:
    def __init__(self, folder: Path, targets: Path, url: str, api: str) -> None:
        self.url = url
        self.targets = targets
        self.env = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),
            "SEEDANCE_STATE_DIR": str(folder / "state"),
            "SEEDANCE_CONFIG": str(folder / "config.toml"),
            "SEEDANCE2INK_BASE_URL": api,
            "SEEDANCE2INK_API_KEY": "benchmark-key-0123456789",
        }

    def report(self, mib: int, rounds: int, sizes: Sequence[int]) -> None:
        alone: dict[str, Callable[[], Run]] = {
            "httpx script": lambda: self._told(_SCRIPT, mib, "none"),
            "httpx script, fsync": lambda: self._told(_SCRIPT, mib, "fsync"),
            "`download()`": lambda: self._told(_OURS, mib),
            "curl": lambda: self._curl(mib),
        }
        whole: dict[str, Callable[[], Run]] = {
            "httpx script, process": lambda: self._process(self._script(_SCRIPT, mib, "none")),
            "httpx script, fsync, process": lambda: self._process(
                self._script(_SCRIPT, mib, "fsync")
            ),
            "`seedance wait REF --download`": lambda: self._wait([mib]),
        }
        found = self._in_turn({**alone, **whole}, rounds)
        title = f"{mib} MiB, medians of {rounds} rounds"
        self._print(f"The transfer alone, {title}", {name: found[name] for name in alone}, mib)
        self._print(f"Whole processes, {title}", {name: found[name] for name in whole}, mib)
        pairs = zip(found["`seedance wait REF --download`"], found["`download()`"], strict=True)
        rest = median(process.seconds - transfer.seconds for process, transfer in pairs)
        print(f"Start-up, poll, ledger and exit, median of the rounds' differences: {rest:.2f} s\n")
        print("Peak memory of `seedance wait … --download`\n")
        rows = [[f"1 video of {size} MiB", f"{self._wait([size]).peak:.1f} MiB"] for size in sizes]
        for size in sizes[:2]:
            many = self._wait([size] * AT_ONCE)
            rate = AT_ONCE * size / many.seconds
            rows.append(
                [
                    f"{AT_ONCE} videos of {size} MiB at once ({rate:.0f} MiB/s)",
                    f"{many.peak:.1f} MiB",
                ]
            )
        print(table(["what", "peak"], rows))

    def _print(self, title: str, found: dict[str, list[Run]], mib: int) -> None:
        base = _median(next(iter(found.values())))  # the script without an fsync
        rows = []
        for name, runs in found.items():
            took, cpu = _median(runs), median(run.cpu for run in runs)
            fastest = min(run.seconds for run in runs)
            rows.append(
                [
                    name,
                    f"{took:.2f} s",
                    f"{fastest:.2f} s",
                    f"{cpu:.2f} s" if cpu else "",
                    f"{mib / took:.0f} MiB/s",
                    f"{base / took:.2f}",
                ]
            )
        print(f"{title}\n")
        head = ["what", "median", "fastest", "CPU", "rate", "rate ÷ httpx script"]
        print(f"{table(head, rows)}\n")

    def _in_turn(self, cases: dict[str, Callable[[], Run]], rounds: int) -> dict[str, list[Run]]:
        found: dict[str, list[Run]] = {name: [] for name in cases}
        for number in range(rounds + 1):
            for name, case in cases.items():
                run = case()
                if number:  # the first round warms the page cache and the bytecode
                    found[name].append(run)
        return found

    def _script(self, code: str, mib: int, *more: str) -> list[str]:
        target = str(self.targets / "video.mp4")
        return [sys.executable, "-c", code, f"{self.url}/{mib}.mp4", target, *more]

    def _told(self, code: str, mib: int, *more: str) -> Run:
        done = subprocess.run(
            self._script(code, mib, *more), env=self.env, capture_output=True, check=True
        )
        self._checked([mib])
        told = json.loads(done.stdout)
        return Run(told["seconds"], told["cpu"], 0.0)

    def _curl(self, mib: int) -> Run:
        command = ["curl", "-sS", "-o", str(self.targets / "video.mp4"), "-w", _CURL]
        done = subprocess.run(
            [*command, f"{self.url}/{mib}.mp4"], env=self.env, capture_output=True, check=True
        )
        self._checked([mib])
        return Run(json.loads(done.stdout)["seconds"], 0.0, 0.0)

    def _wait(self, sizes: Sequence[int]) -> Run:
        program = str(Path(sys.executable).with_name("seedance"))
        refs = [f"seedance2ink:n{number}-{size}" for number, size in enumerate(sizes)]
        run = self._process([program, "wait", *refs, "--download", "-q"])
        self._checked(sizes)
        return run

    def _process(self, command: Sequence[str]) -> Run:
        began = time.perf_counter()
        child = subprocess.Popen(command, env=self.env, cwd=self.targets, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
        took = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise RuntimeError(f"{command[:3]}: exit {child.returncode}")
        for path in self.targets.glob("video.mp4"):
            path.unlink()
        return Run(took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)

    def _checked(self, sizes: Sequence[int]) -> None:
        """Make sure that everything came, and remove it."""
        found = sorted(path.stat().st_size for path in self.targets.iterdir())
        if found != sorted(size * MIB for size in sizes):
            raise RuntimeError(f"files of {found} bytes came")
        for path in self.targets.iterdir():
            path.unlink()


def _median(runs: Sequence[Run]) -> float:
    return median(run.seconds for run in runs)


def _video(path: Path, size: int) -> None:
    """Write an MP4 whose boxes close: `ftyp`, `moov`, and a `mdat` with all the rest."""
    path.parent.mkdir(exist_ok=True)
    head = (20).to_bytes(4) + b"ftypisom\0\0\2\0isom" + (48).to_bytes(4) + b"moov" + b"m" * 40
    left = size - len(head)
    block = bytes(range(256)) * 4096
    with path.open("wb") as file:
        file.write(head + b"\0\0\0\1mdat" + left.to_bytes(8))
        left -= 16
        while left:
            left -= file.write(block[:left])


@contextmanager
def _nginx(program: str, folder: Path) -> Iterator[str]:
    """Serve `folder/served` in the foreground of a process of its own; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(folder=folder, port=port))
    log = str(folder / "error.log")
    server = subprocess.Popen(
        [program, "-e", log, "-c", str(config), "-p", str(folder)], stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        else:
            raise RuntimeError(f"nginx did not start: {Path(log).read_text()}")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@contextmanager
def _api(videos: str) -> Iterator[str]:
    """Answer that each task has succeeded; the base URL. `nX-64` has the video of 64 MiB."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            task_id = self.path.rpartition("/")[2]
            url = f"{videos}/{task_id.partition('-')[2]}.mp4"
            output = {"type": "video", "url": url}
            task = {"success": True, "requestId": task_id, "status": "succeeded", "output": output}
            body = json.dumps(task).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/api/v1"
        server.shutdown()


def _kind(folder: Path) -> str:
    """The file system that a folder lies on, where Linux says so."""
    best, kind = "", "a file system of unknown kind"
    with Path("/proc/mounts").open(encoding="utf-8") as mounts:
        for line in mounts:
            _, where, what, *_ = line.split()
            if folder.is_relative_to(where) and len(where) > len(best):
                best, kind = where, what
    return kind


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=1024, help="size of the timed video")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=[64, 256, 1024], help="MiB, for the memory"
    )
    parser.add_argument(
        "--folder",
        default="/dev/shm" if Path("/dev/shm").is_dir() else None,
        help="where the files go; the default is memory, so that no disk is timed",
    )
    parser.add_argument(
        "--nginx", default=shutil.which("nginx", path=f"{os.environ.get('PATH')}:/usr/sbin")
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""A batch that is killed again and again; how fast a long one starts, and what it takes.

    python benchmarks/batch.py                 1,000 rows, 12 kills: some minutes
    python benchmarks/batch.py --rows 100 --kills 4
    python benchmarks/batch.py --json

Two real processes work at one file, against the sandbox as a server. One of them is killed
(SIGKILL) again and again, and another one is started. What a kill leaves nobody knowing is settled
by `recover`, as its user would: by what the provider has. In the end the provider must have made
one task a row and not one more, each with its file and its line in the results.

Then a batch of 10,000 rows that were all done before is run, and one with 100 tasks in flight.

The exit code is 1 if anything was not as promised.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from _report import machine, table

from seedance_cli import providers
from seedance_cli.ledger import Ledger
from seedance_cli.models import (
    Conditions,
    IntentState,
    Purchase,
    Status,
    Task,
    VideoRequest,
    fingerprints,
)
from seedance_cli.sandbox.tasks import TaskStore
from seedance_cli.system import SystemClock
from seedance_cli.testing import Options, serve_sandbox
from support.batches import PROVIDER, Storm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PROMPT = "a paper boat on a long rainy street, number {}, slow pan, evening light"
_LOOK = 0.02
"""Seconds between two looks at a process."""
_PYTHON = (sys.executable, "-m", "seedance_cli")


def main(argv: Sequence[str] | None = None) -> int:
    """Run as the arguments say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--rows",
        type=int,
        default=1000,
        help="of the batch that is killed; 0: leave that part out",
    )
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--done", type=int, default=10_000, help="rows that were done before; or 0")
    parser.add_argument("--flying", type=int, default=100, help="tasks in flight at once; or 0")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args(argv)
    for name in list(os.environ):
        if name.startswith(("SEEDANCE", "RUNBASE", "DEFAPI")):
            del os.environ[name]
    found: dict[str, object] = {"machine": machine()}
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        if options.rows:
            place = Path(folder, "killed")
            found["killed"], faults = _killed(place, options.rows, options.kills, options.seed)
        if options.done:
            found["start"] = _start(Path(folder, "start"), options.done)
        if options.flying:
            found["bought"] = _bought(Path(folder, "bought"))
            found["flight"] = _flight(Path(folder, "flight"), options.flying)
    if options.json:
        print(json.dumps({**found, "faults": faults}))
    else:
        _print(found)
        for fault in faults[:20]:
            print(f"NOT AS PROMISED: {fault}")
    return 1 if faults else 0


def _home(folder: Path) -> dict[str, str]:
    folder.mkdir(parents=True)
    return {
        "HOME": str(folder),
        "SEEDANCE_STATE_DIR": str(folder / "state"),
        "SEEDANCE_CONFIG": str(folder / "config.toml"),
    }


def _killed(
    folder: Path, rows: int, kills: int, seed: int
) -> tuple[dict[str, int | float], list[str]]:
    """Kill a batch; the figures, and what was not as promised."""
    home = _home(folder)
    store = TaskStore(folder / "server" / "sandbox")
    dice = random.Random(seed)
    began = time.monotonic()
    with serve_sandbox(folder / "server", Options(seconds=2)) as server:
        env = {**server.env, **home}

        def ask(*words: str) -> str:
            done = subprocess.run(
                [*_PYTHON, *words], env={**os.environ, **env}, capture_output=True, check=False
            )
            return done.stdout.decode()

        def made(row: str) -> str | None:
            found = (one for one in store.newest(2 * rows) if one.job.metadata["row"] == row)
            return next((one.task_id for one in found), None)

        storm = Storm(folder / "batch", env, rows, made, ask, ("--jobs", "20"))
        storm.rage([dice.uniform(1.0, 6.0) for _ in range(kills)])
        process = storm.start()
        code = process.wait()
    tasks = store.newest(2 * rows + 10)
    faults = storm.faults(str(one.job.metadata["row"]) for one in tasks)
    if code:
        faults.append(f"the last run ended with {code}")
    return {
        "rows": rows,
        "kills": storm.kills,
        "settled": storm.unknown,
        "tasks": len(tasks),
        "files": len(list((storm.folder / "storm").iterdir())),
        "lines": len(storm.results()),
        "seconds": round(time.monotonic() - began, 1),
    }, faults


def _start(folder: Path, rows: int) -> dict[str, int | float]:
    """Run a batch of rows that were all done before, and one of a single row beside it."""
    env = {**_home(folder), "SEEDANCE2INK_API_KEY": "k" * 20}
    few = _measured(_done_before(folder, "one", 1), env)
    many = _measured(_done_before(folder, "many", rows), env)
    return {
        "rows": rows,
        "seconds": round(many.seconds, 2),
        "cpu": round(many.cpu, 2),
        "bytes_a_row": round((many.peak - few.peak) / rows),
    }


def _done_before(folder: Path, name: str, rows: int) -> Path:
    """A batch of rows that the ledger has, each with its file."""
    provider = providers.get(PROVIDER)
    endpoint, clock = provider.info.base_url, SystemClock()
    file = folder / f"{name}.csv"
    with file.open("w", encoding="utf-8") as stream:
        stream.write("id,prompt,duration,_note\n")
        for number in range(rows):
            stream.write(f'r{number:05},"{_PROMPT.format(number)}",5,note {number}\n')
    (folder / name).mkdir()
    # Past the ledger's own doors: ten thousand commits, each with its lock, would take minutes.
    with Ledger.open(folder / "state", clock, create=True) as ledger, ledger._store.writing():  # noqa: SLF001
        for number in range(rows):
            key = f"r{number:05}"
            video = VideoRequest(
                prompt=_PROMPT.format(number), duration=5, model=provider.info.models[0].id
            )
            request = provider.request(video)
            purchase = Purchase(
                provider=PROVIDER,
                endpoint=endpoint,
                sandbox=False,
                request=video,
                fingerprints=fingerprints(PROVIDER, endpoint, False, provider.bought(request)),
                priced=provider.priced(request),
                conditions=Conditions(name=f"{name}/{key}", batch=name, row=key),
            )
            task = Task(
                task_id=f"{name}_{number}",
                status=Status.SUCCEEDED,
                video_urls=(f"https://example.com/{number}.mp4",),
                finished_at=datetime.now(UTC),
            )
            intent = f"{name}{number:05}"
            ledger._insert(intent, purchase, 1)  # noqa: SLF001
            row = ledger._take(intent, IntentState.ACCEPTED, task)  # noqa: SLF001
            path = folder / name / f"{key}.mp4"
            path.write_bytes(b"a video")
            ledger.delivered(ledger.add_file(row, 1, path, path.stat().st_size))
    return file


@dataclass(frozen=True, slots=True)
class _Run:
    seconds: float
    cpu: float
    peak: int
    """Bytes."""


def _measured(file: Path, env: Mapping[str, str], *words: str) -> _Run:
    """Run a batch in a process of its own."""
    process = subprocess.Popen(
        [*_PYTHON, "batch", file.name, "-p", PROVIDER, "--yes", *words],
        cwd=file.parent,
        env={**os.environ, **env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    began, peak = time.monotonic(), 0
    # `ru_maxrss` would be this process's own where that is larger: a child begins as its copy.
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        peak = max(peak, _peak(process.pid))
        time.sleep(_LOOK)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    if status:
        raise SystemExit(f"{file.name}: {os.waitstatus_to_exitcode(status)}")
    return _Run(seconds, used.ru_utime + used.ru_stime, peak)


def _peak(pid: int) -> int:
    """The most memory that a process had so far, in bytes; 0 where that cannot be read."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def _bought(folder: Path, few: int = 100, many: int = 1000) -> dict[str, int | float]:
    """Buy rows whose tasks end at once; what each row adds to the process."""
    env, peaks = _home(folder), []
    with serve_sandbox(folder / "server", Options(seconds=0)) as server:
        for rows in (few, many):
            file = folder / f"bought{rows}.txt"
            file.write_text(
                "".join(f"{_PROMPT.format(n)}\n" for n in range(rows)), encoding="utf-8"
            )
            words = ("-d", "4", "-r", "480p", "--jobs", "50", "--no-download")
            peaks.append(_measured(file, {**env, **server.env}, *words).peak)
    return {"rows": many, "bytes_a_row": round((peaks[1] - peaks[0]) / (many - few))}


def _flight(folder: Path, flying: int) -> dict[str, int | float]:
    """Have so many tasks in flight for half a minute; what that takes of a core."""
    env = _home(folder)
    seconds = 40
    with serve_sandbox(folder / "server", Options(seconds=seconds)) as server:
        file = folder / "flight.txt"
        file.write_text("a boat\n" * flying, encoding="utf-8")
        words = ("-d", "4", "-r", "480p", "--jobs", str(flying), "--no-download")
        run = _measured(file, {**env, **server.env}, *words)
    return {
        "tasks": flying,
        "seconds": round(run.seconds, 1),
        "cpu": round(run.cpu, 2),
        "share": round(run.cpu / run.seconds, 3),
    }


def _print(found: Mapping[str, object]) -> None:
    print(f"{found['machine']}\n")
    for name, figures in found.items():
        if name == "machine":
            continue
        assert isinstance(figures, dict)
        print(table((name, "figure"), [(key, f"{value:,}") for key, value in figures.items()]))
        print()


if __name__ == "__main__":
    raise SystemExit(main())

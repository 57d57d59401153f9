"""Strike a submit to a shared ledger at many points: is anything lost, or paid for twice?

    python benchmarks/shared_crash.py                  300 points, some minutes
    python benchmarks/shared_crash.py --points 30      a taste

Two machines (two homes) have one ledger in PostgreSQL, on a server of this script's own. The real
program submits on the first one and is struck: the process (SIGKILL), its session at the server
(`pg_terminate_backend`), or the server (as by `pg_ctl stop -m immediate`), which comes back at once
or after the submit has ended. Each kind strikes before every statement of the submit, and at random
moments. Then the second machine asks `recover`, and gives the very same line once more.

The exit code is 1 if a task was lost, a second paid request left, or anything else was not as
promised. It needs a PostgreSQL server (Debian: postgresql), and root or an unprivileged user.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support import farm, killing
from support.counting_provider import CountingProvider
from support.postgres import running

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.farm import Blow, Left

_COLUMNS = (
    "points",
    "killed",
    "exit 0",
    "exit 10",
    "tasks",
    "ids kept",
    "unknown",
    "lost",
    "second",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run as the arguments say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--points", type=int, default=300, metavar="N", help="how many blows")
    parser.add_argument("--seed", type=int, default=1, help="of the choice of points")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="at once")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        found = _strike_all(Path(folder), options.points, options.seed, options.jobs)
    return _report(found, as_json=options.json)


def _strike_all(folder: Path, number: int, seed: int, jobs: int) -> list[Left]:
    waiting: SimpleQueue[Blow] = SimpleQueue()
    found: list[Left] = []

    def work(worker: int) -> None:
        own = folder / f"worker-{worker}"
        own.mkdir()
        with CountingProvider() as provider, running() as server:
            one = farm.Farm(own, server, provider, killing.process)
            statements, seconds = one.measure()
            if worker == 0:
                dice = random.Random(seed)
                blows = farm.blows(statements, seconds, number, dice)
                dice.shuffle(blows)
                for blow in blows:
                    waiting.put(blow)
            while True:
                try:
                    blow = waiting.get(timeout=30 if not found else 0.1)
                except Empty:
                    return
                found.append(one.strike(blow))
                if sys.stderr.isatty():
                    sys.stderr.write(f"\r{len(found)}/{number} ")

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(work, range(jobs)))
    return found


def _report(found: Sequence[Left], *, as_json: bool) -> int:
    kinds = {kind: _sums([one for one in found if one.blow.kind == kind]) for kind in farm.KINDS}
    total = _sums(found)
    wrong = [f"{one.blow}: {words}" for one in found for words in one.wrong]
    if as_json:
        sums = dict(zip(_COLUMNS, total, strict=True))
        each = {name: dict(zip(_COLUMNS, row, strict=True)) for name, row in kinds.items()}
        print(json.dumps({**sums, "wrong": wrong, "kinds": each}))
    else:
        print(_line("struck", _COLUMNS))
        for kind, row in kinds.items():
            print(_line(kind, row))
        print(_line("all", total))
        for words in wrong:
            print(f"wrong: {words}")
    return 1 if wrong or any(one.lost or one.second for one in found) else 0


def _sums(found: Sequence[Left]) -> tuple[int, ...]:
    return (
        len(found),
        sum(one.code == -9 for one in found),
        sum(one.code == 0 for one in found),
        sum(one.code == 10 for one in found),
        sum(one.tasks for one in found),
        sum(one.ids for one in found),
        sum(one.unknown for one in found),
        sum(one.lost for one in found),
        sum(one.second for one in found),
    )


def _line(name: str, cells: Sequence[object]) -> str:
    return f"{name:18}" + "".join(f"{cell!s:>10}" for cell in cells)


if __name__ == "__main__":
    raise SystemExit(main())

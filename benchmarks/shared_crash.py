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
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support import farm
from support.counting_provider import CountingProvider
from support.postgres import running
from support.runner import in_process

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from support.farm import Left

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
    parser.add_argument("--minutes", type=float, default=30, help="then it ends, done or not")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        seconds = options.minutes * 60
        found = _strike_all(Path(folder), options.points, options.seed, options.jobs, seconds)
    return _report(found, as_json=options.json)


def _strike_all(folder: Path, number: int, seed: int, jobs: int, seconds: float) -> list[Left]:
    until = time.monotonic() + seconds
    shares = [(folder / f"worker-{one}", number, seed, one, jobs, until) for one in range(jobs)]
    with ProcessPoolExecutor(jobs) as pool:
        return [left for found in pool.map(_strike_share, shares) for left in found]


def _strike_share(share: tuple[Path, int, int, int, int, float]) -> list[Left]:
    """Strike at every so many of the points, with a server and a provider of its own."""
    folder, number, seed, first, jobs, until = share
    folder.mkdir()
    found = []
    with CountingProvider() as provider, running() as server:
        one = farm.Farm(folder, server, provider, _here)
        dice = random.Random(seed)
        blows = farm.blows(*one.measure(), number, dice)
        dice.shuffle(blows)
        for blow in blows[first::jobs]:
            if time.monotonic() > until:
                break
            found.append(one.strike(blow))
    return found


def _here(words: Sequence[str], env: Mapping[str, str]) -> tuple[int, str]:
    """Ask in this process, which is another one than the one that was struck."""
    result = in_process(*words, env=env)
    return result.code, result.out


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

"""Kill the program at many points of a paid submit: is anything that was paid for ever lost?

    python benchmarks/crash.py                    600 points, some minutes
    python benchmarks/crash.py --points 60        a taste
    python benchmarks/crash.py --trace            what reaches the disk before the request leaves

The real program submits to a provider on this machine that counts what it is sold. It is killed
(SIGKILL) before chosen system calls, by `strace`, and at random moments. After each kill a fresh
`seedance recover` has to name every task the provider made, unless the ledger has its id; and the
same command, given again, must not send anything where an outcome is unknown.

The exit code is 1 if anything was lost, or anything else was not as promised. Where `strace` is
missing or not permitted, only the random moments are left.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support import killing
from support.counting_provider import CountingProvider

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.killing import Call, Outcome, Point

_COLUMNS = ("points", "killed", "tasks", "ids kept", "unknown", "lost", "refused again")
_SHOWN = ("connect", "sendto", "recvfrom", "pwrite64", "ftruncate", "fsync", "fdatasync", "write")


def main(argv: Sequence[str] | None = None) -> int:
    """Run as the arguments say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--points", type=int, default=600, metavar="N", help="how many kills")
    parser.add_argument("--seed", type=int, default=1, help="of the choice of points")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="at once")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--trace", action="store_true", help="show one submit's way to the disk")
    options = parser.parse_args(argv)
    traceable = killing.can_trace()
    if not traceable:
        sys.stderr.write("strace is missing or not permitted")
        sys.stderr.write("\n" if options.trace else "; only random moments are left\n")
    with tempfile.TemporaryDirectory() as folder:
        if options.trace:
            return _trace(Path(folder)) if traceable else 1
        dice = random.Random(options.seed)
        points = _points(Path(folder) / "plan", options.points, dice, traceable=traceable)
        outcomes = _strike_all(Path(folder), points, options.jobs)
    return _report(outcomes, as_json=options.json)


def _points(folder: Path, number: int, dice: random.Random, *, traceable: bool) -> list[Point]:
    """A quarter at random moments, the rest at system calls as far as there are so many."""
    found: list[Point] = []
    if traceable:
        folder.mkdir()
        with CountingProvider() as provider:
            scaffold = killing.Scaffold(folder, provider)
            for known in (True, False):
                share = (number - number // 4) // 2
                found += killing.choose(scaffold.points(known=known), share, dice)
    found += killing.moments(number - len(found), dice)
    dice.shuffle(found)
    return found


def _strike_all(folder: Path, points: Sequence[Point], jobs: int) -> list[Outcome]:
    waiting: SimpleQueue[Point] = SimpleQueue()
    for point in points:
        waiting.put(point)
    outcomes: list[Outcome] = []

    def work(number: int) -> None:
        own = folder / f"worker-{number}"
        own.mkdir()
        with CountingProvider() as provider:
            scaffold = killing.Scaffold(own, provider)
            while True:
                try:
                    point = waiting.get_nowait()
                except Empty:
                    return
                outcomes.append(scaffold.strike(point))
                if sys.stderr.isatty():
                    sys.stderr.write(f"\r{len(outcomes)}/{len(points)} ")

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(work, range(jobs)))
    return outcomes


def _report(outcomes: Sequence[Outcome], *, as_json: bool) -> int:
    ordered = sorted(outcomes, key=lambda one: one.point.method)
    rows = {
        method: _sums(list(group)) for method, group in groupby(ordered, lambda o: o.point.method)
    }
    total = _sums(outcomes)
    wrong = [f"{one.point}: {words}" for one in outcomes for words in one.wrong]
    if as_json:
        sums = dict(zip(_COLUMNS, total, strict=True))
        methods = {name: dict(zip(_COLUMNS, row, strict=True)) for name, row in rows.items()}
        print(json.dumps({**sums, "wrong": wrong, "methods": methods}))
    else:
        print(_line("killed before", _COLUMNS))
        for method, row in rows.items():
            print(_line("(a random moment)" if method == killing.MOMENT else method, row))
        print(_line("all", total))
        for words in wrong:
            print(f"wrong: {words}")
    return 1 if wrong or any(one.lost for one in outcomes) else 0


def _sums(outcomes: Sequence[Outcome]) -> tuple[int, ...]:
    return (
        len(outcomes),
        sum(one.killed for one in outcomes),
        sum(one.tasks for one in outcomes),
        sum(one.ids for one in outcomes),
        sum(one.unknown for one in outcomes),
        sum(one.lost for one in outcomes),
        sum(one.refused for one in outcomes),
    )


def _line(name: str, cells: Sequence[object]) -> str:
    return f"{name:18}" + "".join(f"{cell!s:>15}" for cell in cells)


def _trace(folder: Path) -> int:
    with CountingProvider() as provider:
        calls = killing.Scaffold(folder, provider).trace(known=True)
    shown = [text for call in calls if (text := _shown(call)) is not None]
    for text, group in groupby(shown):
        times = len(list(group))
        print(text if times == 1 else f"{text}  ({times} times)")
    wrong = killing.out_of_order(calls)
    print("\n".join(wrong) or "durable before it was sent, and durable before it was printed")
    return 1 if wrong else 0


def _shown(call: Call) -> str | None:
    """The call in a few words, if it shows the order that matters."""
    if not call.returns or call.name not in _SHOWN:
        return None
    for name in ("ledger.db-journal", "ledger.db"):
        if f"/{name}>" in call.rest:
            return f"{call.name:10} {name}"
    if "127.0.0.1" in call.rest or call.rest.startswith("1<"):
        words = call.rest.partition(', "')[2].partition('"')[0].partition("\\")[0]
        return f"{call.name:10} {'the body' if words == '{' else words}".rstrip()
    return None


if __name__ == "__main__":
    raise SystemExit(main())

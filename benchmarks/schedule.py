"""The learned polling schedule against fixed and exponential ones, in simulated time.

    python benchmarks/schedule.py [--tasks N] [--all] [--plot docs/schedule.svg]

The schedule is the program's own (`seedance_cli.schedule`); only time is simulated: a task ends
after a drawn number of seconds, and polls come at the ages that the policy asks for. Requests of a
task: all its polls, the one that sees the end included. Lag: seconds from the end to that poll. An
answer takes no time.

Every cell is of twelve histories, each starting with an empty ledger. After each task the schedule
is learned anew from what the simulated watch itself saw: the ages at detection, later than the
ends by the lag. All policies meet the same tasks.

To compare with a baseline the one parameter of the learned schedule, the cost of a request, is set
so that it makes as many requests (then the lags are compared), and so that it has the same mean lag
(then the requests are). That point lies on the straight line, in logarithms, between two of the
simulated costs, which are a factor of two apart; it is found for each history by itself, and the
ratio is the mean over the histories with its 95 % interval. `<` marks a baseline that lies beyond
the end of the curve: the learned schedule then wins in both at once, and the ratio is of that end.
"""

from __future__ import annotations

import argparse
import math
import os
import random
from dataclasses import dataclass
from itertools import pairwise, repeat
from multiprocessing import Pool
from pathlib import Path
from statistics import fmean, quantiles, stdev
from typing import TYPE_CHECKING, TypeAlias

import _svg
from _report import machine, table

from seedance_cli.tasks.schedule import COST, DEFAULT, NEWEST, Schedule, learned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

HISTORIES = 12
T_11 = 2.201
"""Student's t of 95 % for eleven degrees of freedom."""
COSTS = tuple(COST * 2.0**power for power in range(-9, 7))
LEARNED = "#1f77b4"
MARKS = ("circle", "square", "up", "down", "plus", "cross", "left", "right")
COLOURS = (*["#ff7f0e"] * 4, *["#d62728"] * 2, *["#9467bd"] * 2)
BINS = ((0, 0), (1, 2), (3, 5), (6, 10), (11, 20), (21, 10**9))
"""Earlier tasks: from, to."""

Draw: TypeAlias = "Callable[[random.Random, float], float]"
"""Seconds that a task takes; the second argument is how far the history is, from 0 to 1."""
Pauses: TypeAlias = "Callable[[], Iterator[float]]"


def log_normal(median: float, sigma: float = 0.35) -> Draw:
    """Log-normal durations around a median, in seconds."""
    return lambda source, _: median * math.exp(source.gauss(0, sigma))


def queue_and_run(source: random.Random, _: float) -> float:
    """A run of about 40 s; two of five tasks wait in a queue for about 120 s before it."""
    run = 40 * math.exp(source.gauss(0, 0.15))
    queued = source.random() < 0.4
    return run + (120 * math.exp(source.gauss(0, 0.3)) if queued else 0.0)


def heavy_tail(source: random.Random, _: float) -> float:
    """Pareto: 30 s at least, the median 48 s, one in a hundred longer than 10 minutes."""
    return 30 * source.paretovariate(1.5)


def slow_drift(source: random.Random, way: float) -> float:
    """Log-normal; over a history the median moves from 45 s to 90 s."""
    return 45 * math.pow(2.0, way) * math.exp(source.gauss(0, 0.3))


def sudden_halving(source: random.Random, way: float) -> float:
    """Log-normal; in the middle of a history the median falls from 90 s to 45 s."""
    return (90 if way < 0.5 else 45) * math.exp(source.gauss(0, 0.3))


DISTRIBUTIONS: dict[str, Draw] = {
    "log-normal, median 60 s": log_normal(60),
    "log-normal, median 180 s": log_normal(180),
    "bimodal: run 40 s, queue 120 s": queue_and_run,
    "heavy tail: Pareto from 30 s": heavy_tail,
    "drift: median 45 s to 90 s": slow_drift,
    "median 90 s, then at once 45 s": sudden_halving,
}


def fixed(seconds: float) -> Pauses:
    """The same pause for ever."""
    return lambda: repeat(seconds)


def exponential(first: float, factor: float, longest: float) -> Pauses:
    """Pauses that grow by a factor up to the longest."""

    def pauses() -> Iterator[float]:
        pause = first
        while True:
            yield pause
            pause = min(pause * factor, longest)

    return pauses


BASELINES: dict[str, Pauses] = {
    "fixed 2 s": fixed(2),
    "fixed 3 s": fixed(3),
    "fixed 5 s": fixed(5),
    "fixed 10 s": fixed(10),
    "exponential 2 to 30 s, x1.5": exponential(2, 1.5, 30),
    "exponential 2 to 30 s, x2": exponential(2, 2, 30),
    "exponential 10 to 60 s, x1.5": exponential(10, 1.5, 60),
    "exponential 10 to 60 s, x2": exponential(10, 2, 60),
}


@dataclass(frozen=True)
class History:
    """What one policy did with the tasks of one history, in their order."""

    requests: list[int]
    lags: list[float]
    """Seconds."""

    @property
    def point(self) -> tuple[float, float]:
        """Mean requests and mean lag of a task."""
        return fmean(self.requests), fmean(self.lags)


Cell: TypeAlias = "list[History]"


def tasks(draw: Draw, seed: int, count: int) -> list[float]:
    """The durations of one history: the same for every policy."""
    source = random.Random(seed)
    return [draw(source, number / count) for number in range(count)]


def with_pauses(pauses: Pauses, durations: Sequence[float]) -> History:
    """Poll by a baseline."""
    history = History([], [])
    for duration in durations:
        age = 0.0
        for polls, pause in enumerate(pauses(), start=1):
            age += pause
            if age >= duration:
                history.requests.append(polls)
                history.lags.append(age - duration)
                break
    return history


def with_schedule(cost: float, durations: Sequence[float], *, learn: bool = True) -> History:
    """Poll by the program's schedule, which starts with no history."""
    history = History([], [])
    seen: list[float] = []
    schedule = learned((), cost=cost)
    for duration in durations:
        age, polls = schedule.first(), 1
        while age < duration:
            age += schedule.pause(age)
            polls += 1
        history.requests.append(polls)
        history.lags.append(age - duration)
        if learn:
            seen.append(age)
            schedule = learned(seen[-NEWEST:], cost=cost)
    return history


@dataclass(frozen=True)
class Result:
    """All policies on one distribution."""

    baselines: dict[str, Cell]
    curve: dict[float, Cell]
    """By cost."""
    default: Cell


def simulate(name: str, count: int) -> Result:
    """Every policy on one distribution, `count` tasks a history."""
    sets = [tasks(DISTRIBUTIONS[name], seed, count) for seed in range(HISTORIES)]
    return Result(
        {
            one: [with_pauses(how, durations) for durations in sets]
            for one, how in BASELINES.items()
        },
        {cost: [with_schedule(cost, durations) for durations in sets] for cost in COSTS},
        [with_schedule(COST, durations, learn=False) for durations in sets],
    )


def mean_point(cell: Cell) -> tuple[float, float]:
    """Mean requests and mean lag of a task, over all histories."""
    points = [history.point for history in cell]
    return fmean(x for x, _ in points), fmean(y for _, y in points)


def at(curve: Iterable[tuple[float, float]], x: float) -> tuple[float, bool]:
    """The curve's second value where its first is `x`, and whether `x` lies beyond its far end.

    Infinite where `x` lies before its near end: the curve cannot do with so little.
    """
    points = sorted(curve)
    if x < points[0][0]:
        return math.inf, False
    for (x0, y0), (x1, y1) in pairwise(points):
        if x0 <= x <= x1:
            share = math.log(x / x0) / math.log(x1 / x0) if x1 > x0 else 0.0
            return y0 * (y1 / y0) ** share, False
    return points[-1][1], True


def compared(result: Result, baseline: Cell, axis: int) -> tuple[str, str, bool]:
    """The learned schedule where it equals a baseline on one axis.

    Args:
        result: of the distribution.
        baseline: its histories.
        axis: 0 for the same requests, 1 for the same lag.

    Returns:
        Its mean on the other axis, the ratio to the baseline's, and whether it is the better one.
    """
    values, ratios, beyond = [], [], False
    for number, history in enumerate(baseline):
        points = [cell[number].point for cell in result.curve.values()]
        curve = [point if axis == 0 else point[::-1] for point in points]
        value, out = at(curve, history.point[axis])
        beyond = beyond or out
        values.append(value)
        ratios.append(value / history.point[1 - axis])
    if math.inf in values:
        return "never", "", False
    spread = T_11 * stdev(ratios) / math.sqrt(len(ratios))
    mark = "< " if beyond else ""
    better = fmean(ratios) + spread < 1
    return f"{mark}{fmean(values):.2f}", f"{fmean(ratios):.2f} ± {spread:.2f}", better


def row(name: str, cell: Cell) -> list[str]:
    """A policy's own figures."""
    requests, lag = mean_point(cell)
    late = quantiles([one for history in cell for one in history.lags], n=20)[-1]
    return [name, f"{requests:.1f}", f"{lag:.2f}", f"{late:.1f}"]


def show_ratios(results: dict[str, Result]) -> list[str]:
    """Print both ratios for every baseline and distribution; where one was not beaten both ways."""
    rows, lost = [], []
    for one in BASELINES:
        cells = []
        for name, result in results.items():
            _, lag, less_lag = compared(result, result.baselines[one], 0)
            _, requests, fewer = compared(result, result.baselines[one], 1)
            cells.append(
                " · ".join(ratio.partition(" ")[0] or "never" for ratio in (lag, requests))
            )
            if not (less_lag and fewer):
                lost.append(f"{one} at {name}")
        rows.append([one, *cells])
    print("\n### Learned ÷ other: lag at the same requests · requests at the same lag\n")
    print(table(["policy", *results], rows))
    rows = []
    for words in (f"learned, cost {COST:g} s", "default, no history"):
        learning = words.startswith("learned")
        means = [
            mean_point(one.curve[COST] if learning else one.default) for one in results.values()
        ]
        rows.append([words, *(f"{requests:.1f} · {lag:.1f} s" for requests, lag in means)])
    print("\n### Requests a task · mean lag\n")
    print(table(["policy", *results], rows))
    return lost


def show(name: str, result: Result) -> None:
    """Print the table of one distribution, every figure with its interval."""
    rows = []
    for one, cell in result.baselines.items():
        lag, lag_ratio, _ = compared(result, cell, 0)
        requests, ratio, _ = compared(result, cell, 1)
        rows.append([*row(one, cell), lag, lag_ratio, requests, ratio])
    rows.append([*row(f"**learned**, cost {COST:g} s", result.curve[COST]), *[""] * 4])
    rows.append([*row("default, no history", result.default), *[""] * 4])
    head = ["policy", "requests", "mean lag, s", "p95 lag, s", "learned, same requests: lag, s"]
    head += ["ratio", "learned, same lag: requests", "ratio"]
    print(f"\n### {name}\n\n{table(head, rows)}")


def show_growth(results: dict[str, Result]) -> None:
    """Print how requests and lag change while the history grows."""
    rows = []
    for low, high in BINS:
        cells = []
        for result in results.values():
            chosen = [
                (history.requests[number], history.lags[number])
                for history in result.curve[COST]
                for number in range(low, min(high + 1, len(history.lags)))
            ]
            requests, lags = fmean(one for one, _ in chosen), fmean(one for _, one in chosen)
            cells.append(f"{requests:.1f} / {lags:.1f} s")
        rows.append([f"{low}" if low == high else f"{low} to {high}", *cells])
    rows[-1][0] = f"{BINS[-1][0]} and more"
    print("\n### Requests / mean lag of the learned schedule by the number of earlier tasks\n")
    print(table(["earlier tasks", *results], rows))


def plot(results: dict[str, Result], path: Path) -> None:
    """Draw mean requests against mean lag, a panel a distribution, and some pauses."""
    lines: list[str] = []
    for number, (name, result) in enumerate(results.items()):
        lines += _panel((50 + number % 3 * 300, 30 + number // 3 * 280), name, result)
    lines += _legend(960, 40)
    lines += _pauses((950, 310))
    _svg.write(path, (1240, 570), lines)


def _panel(corner: tuple[float, float], name: str, result: Result) -> list[str]:
    panel = _svg.Panel(
        corner,
        (240, 210),
        name,
        ("requests a task", "mean lag, s"),
        ticks=((2, 5, 10, 20, 50, 100), (0.5, 1, 2, 5, 10, 20)),
        limits=((1.7, 130), (0.4, 40)),
    )
    panel.curve([mean_point(cell) for cell in result.curve.values()], LEARNED)
    panel.mark(mean_point(result.curve[COST]), "circle", LEARNED, filled=True)
    panel.mark(mean_point(result.default), "diamond", "#000", filled=True)
    for shape, colour, cell in zip(MARKS, COLOURS, result.baselines.values(), strict=True):
        panel.mark(mean_point(cell), shape, colour)
    return panel.lines


def _legend(left: int, top: int) -> list[str]:
    rows = [
        ("circle", LEARNED, f"learned, as shipped (cost {COST:g} s)"),
        ("diamond", "#000", "default, no history"),
        *zip(MARKS, COLOURS, BASELINES, strict=True),
    ]
    lines = [_svg.label((left, top), "The curve: learned, over the cost of a request.")]
    for number, (shape, colour, words) in enumerate(rows, start=1):
        y = top + 20 * number
        lines += [
            _svg.mark((left + 5, y - 4), shape, colour, filled=number <= 2),  # the learned ones
            _svg.label((left + 20, y), words),
        ]
    return lines


def _pauses(corner: tuple[float, float]) -> list[str]:
    source = tasks(DISTRIBUTIONS["log-normal, median 60 s"], 0, NEWEST)
    panel = _svg.Panel(
        corner,
        (250, 210),
        "pause after a poll (strokes: the earlier tasks)",
        ("age of the task, s", "seconds to the next poll"),
        ticks=(range(0, 181, 30), range(0, 21, 5)),
        limits=((0, 180), (0, 20)),
        logarithmic=False,
    )
    shown: list[tuple[str, Schedule, str]] = [
        ("no history", DEFAULT, "#000"),
        ("3 earlier tasks", learned(source[:3]), "#17becf"),
        (f"{NEWEST} earlier tasks", learned(source), LEARNED),
    ]
    for number, (words, schedule, colour) in enumerate(shown):
        ages = [float(age) for age in range(0, 181, 2)]
        panel.curve([(age, min(schedule.pause(age), 20.0)) for age in ages], colour)
        y = corner[1] + 150 + 16 * number
        panel.lines += [
            _svg.mark((corner[0] + 134, y - 4), "plus", colour),
            _svg.label((corner[0] + 146, y), words),
        ]
    panel.floor([one for one in source if one <= 180], LEARNED)  # seconds: the axis ends there
    return panel.lines


def main() -> None:
    """Run, print, and draw if asked."""
    parser = argparse.ArgumentParser(description="The learned schedule against others, simulated.")
    parser.add_argument("--tasks", type=int, default=200, help="a history; there are twelve")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--all", action="store_true", help="a table for each distribution, too")
    parser.add_argument("--plot", type=Path, help="an SVG file to write")
    wanted = parser.parse_args()
    with Pool(wanted.jobs) as pool:
        found = pool.starmap(simulate, [(name, wanted.tasks) for name in DISTRIBUTIONS])
    results = dict(zip(DISTRIBUTIONS, found, strict=True))
    print(f"{machine()}; {HISTORIES} histories of {wanted.tasks} tasks in each cell")
    lost = show_ratios(results)
    if wanted.all:
        for name, result in results.items():
            show(name, result)
    show_growth(results)
    print(f"\nNot beaten in both: {', '.join(lost) or 'none'}.")
    if wanted.plot:
        plot(results, wanted.plot)


if __name__ == "__main__":
    main()

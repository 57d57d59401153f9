"""Wall-clock times of whole processes, taken in turn.

The order is A B C A B C …: what the machine does beside the measuring falls on all of them alike.
What is compared is medians, and ratios of medians.
"""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Case:
    """One program to start."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    """Its whole environment."""
    expect: str = ""
    """What it has to print somewhere on stdout, so that no failure is timed as a success."""


def interleaved(cases: Sequence[Case], rounds: int) -> dict[str, list[float]]:
    """Start each program once a round.

    Args:
        cases: what to start, in this order.
        rounds: how often; before them one round is run that checks and warms, and does not count.

    Returns:
        Milliseconds from start to end of each run, by the name of the case.

    Raises:
        RuntimeError: a program failed, or did not print what it should.
    """
    for case in cases:
        _check(case)
    times: dict[str, list[float]] = {case.name: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            times[case.name].append(_run(case))
    return times


def medians(times: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The median of each, in the unit of the times."""
    return {name: median(values) for name, values in times.items()}


def _check(case: Case) -> None:
    done = subprocess.run(
        case.command, env=case.env, capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode or case.expect not in done.stdout:
        raise RuntimeError(
            f"{case.name}: exit {done.returncode}, stdout {done.stdout!r}, stderr {done.stderr!r}"
        )


def _run(case: Case) -> float:
    began = time.perf_counter()
    code = subprocess.run(
        case.command,
        env=case.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    ).returncode
    took = time.perf_counter() - began
    if code:
        raise RuntimeError(f"{case.name}: exit {code}")
    return took * 1000

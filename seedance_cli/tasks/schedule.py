"""When to ask again about a task that runs: learned from earlier ones, or a documented default.

How often to inspect what may have ended unnoticed, where an inspection has a price and so has each
second of delay, is an old question (Barlow, Hunter and Proschan 1963). Keller's answer (1974) is
to inspect at the rate `sqrt(hazard / 2c)`: the hazard is how likely a task of this age, not ended
so far, ends in the next second, and `c` is the price of a request in seconds of delay (`COST`). So
polls are dense where the end is likely and sparse elsewhere.

**Default.** Without history the hazard is taken as `1 / age`, which prefers no scale: a task is as
likely as not to need as long again. The pause after `age` seconds then is
`sqrt(2 * c * age) + c / 2`: with c = 0.5, 3.4 s after 10 s, 8 s after a minute, 17.6 s after five
minutes. On an axis of the square root of the age these polls lie at even distances; the tables
below are on that axis for this reason. No service makes a video in less than `_START` seconds; only
an emulation on this machine does, and `LOCAL` asks it from the first second on.

**Learned.** Each earlier task counts as a bell around its duration on a logarithmic axis, a newer
task more than an older one, since services change. The hazard is what ended at an age divided by
what was at risk at it. In both sums the default takes part as a fraction of one more task
(`_PRIOR`). This keeps a thin row of polls before the first bell; few earlier tasks widen the
pauses little; and behind the last bell, where nobody was at risk, only the default is left. A task
is not asked for before the age at which a tenth of all have ended, by the same hazard.

**Bounds.** No pause is shorter than `SHORTEST` or longer than `LONGEST`. So a service that has
become faster is noticed after `LONGEST` seconds at the latest, whatever it took before.

Ages, durations and pauses are seconds. Nothing here reads a clock or a file.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from math import erfc, exp, log, pi, sqrt
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

COST = 0.5
"""What one request is worth, in seconds of delay.

A status read is free of charge at all four services; what it uses up is a share of a rate limit
(the one documented: 20 requests in 10 s, so half a second each) that other tasks may need.
"""
SHORTEST = 1.0
LONGEST = 45.0
"""Below the 60 s within which the ledger takes the time of an end for known."""
NEWEST = 30
"""Earlier tasks that count."""
_START = 10.0
"""Seconds before the first poll of the default: half a dozen requests that would tell nothing."""
_HALF_LIFE = 10.0
"""Tasks after which an older one counts half."""
_PRIOR = 0.25
"""Tasks that the default counts as."""
_EARLY = 0.1
"""Share of tasks that may end before the first poll."""
_SPREAD = 0.4
"""Standard deviation of the log of a duration that one task alone is taken to have."""
_NARROWEST = 0.1
"""Least width of a bell, on the log axis: a duration is known only up to the pause before it."""
_REACH = 3.5
"""Widths of a bell beyond which nothing of it is left."""
_STEPS = 64
"""Steps of a table: about 1 KB a kind of task, half a millisecond to fill."""


class Schedule(NamedTuple):
    """When to poll tasks of one kind. It remembers no task: any number may share it."""

    roots: tuple[float, ...]
    """Square roots of ages, rising from 0."""
    polls: tuple[float, ...]
    """How many polls are due up to each of these ages; fractions count."""
    rate: float
    """Further polls due for each 1 that the root grows by behind the table: the default curve."""
    silence: float
    """Age before which no poll is worth its request, as far as `LONGEST` allows."""

    def first(self) -> float:
        """Seconds after its submission at which a task is worth the first request."""
        return self.pause(0.0)

    def pause(self, age: float) -> float:
        """Seconds until the next poll, from `SHORTEST` to `LONGEST`.

        Args:
            age: seconds from the submission to the last poll, which saw the task unfinished.
        """
        age = max(age, 0.0)
        due = max(self._root(self._polls(sqrt(age)) + 1.0) ** 2, self.silence)
        return min(max(due - age, SHORTEST), LONGEST)

    def _polls(self, root: float) -> float:
        """Polls due up to a root of an age."""
        after = bisect_right(self.roots, root)
        if after == len(self.roots):
            return self.polls[-1] + (root - self.roots[-1]) * self.rate
        return _between(root, self.roots, self.polls, after)

    def _root(self, poll: float) -> float:
        """The root of the age at which so many polls are due: the way back."""
        after = bisect_right(self.polls, poll)
        if after == len(self.polls):
            return self.roots[-1] + (poll - self.polls[-1]) / self.rate
        return _between(poll, self.polls, self.roots, after)


def learned(durations: Sequence[float], *, cost: float = COST) -> Schedule:
    """The schedule for tasks like those that took so long.

    Args:
        durations: seconds of earlier tasks of one kind, newest last; the newest `NEWEST` count.
            Empty: the default curve.
        cost: seconds of delay that one request is worth.
    """
    rate = sqrt(2.0 / cost)
    if not durations:
        return Schedule((0.0,), (0.0,), rate, _START)
    history = _History.of(durations[-NEWEST:])
    logs = history.axis()
    hazards = [history.hazard(one) for one in logs]
    # Before the first bell the hazard is constant on this axis, and so is the density of polls.
    roots = [0.0, exp(logs[0] / 2)]
    polls = [0.0, rate * sqrt(hazards[0]) * roots[1]]
    for at, (before, here) in enumerate(pairwise(hazards), start=1):
        roots.append(exp(logs[at] / 2))
        polls.append(polls[-1] + rate * sqrt((before + here) / 2) * (roots[-1] - roots[-2]))
    # The default's part in the hazard would ask earlier than the default itself does.
    start = min(_START, min(durations[-NEWEST:]) / 2)
    return Schedule(tuple(roots), tuple(polls), rate, max(_silence(logs, hazards), start))


class _History(NamedTuple):
    """Earlier tasks as bells on the axis of the log of the age."""

    logs: tuple[float, ...]
    weights: tuple[float, ...]
    width: float

    @classmethod
    def of(cls, durations: Sequence[float]) -> _History:
        logs = tuple(log(max(one, SHORTEST)) for one in durations)
        weights = tuple(0.5 ** (newer / _HALF_LIFE) for newer in reversed(range(len(logs))))
        total = sum(weights)
        mean = sum(w * one for w, one in zip(weights, logs, strict=True)) / total
        squares = sum(w * (one - mean) ** 2 for w, one in zip(weights, logs, strict=True))
        # Silverman's width of a bell; one task more, of the usual spread, stands in for few.
        spread = sqrt((squares + _SPREAD**2) / (total + 1.0))
        return cls(logs, weights, max(0.9 * spread * total**-0.2, _NARROWEST))

    def axis(self) -> list[float]:
        """Where the hazard is looked up: from before the first bell to behind the last."""
        low, high = (end(self.logs) for end in (min, max))
        low, high = low - _REACH * self.width, high + _REACH * self.width
        return [low + (high - low) * step / _STEPS for step in range(_STEPS + 1)]

    def hazard(self, point: float) -> float:
        """Ends for each 1 that the log of the age grows by; 1 is the default."""
        ended = alive = 0.0
        for one, weight in zip(self.logs, self.weights, strict=True):
            z = (point - one) / self.width
            ended += weight * exp(-z * z / 2)
            alive += weight * erfc(z / sqrt(2)) / 2
        return (ended / (self.width * sqrt(2 * pi)) + _PRIOR) / (alive + _PRIOR)


def _silence(logs: Sequence[float], hazards: Sequence[float]) -> float:
    """The age at which `_EARLY` of all tasks have ended, counted from an age of `SHORTEST`."""
    left = -log(1.0 - _EARLY)
    at, hazard = log(SHORTEST), hazards[0]
    for point, here in zip(logs, hazards, strict=True):
        step = (hazard + here) / 2 * max(point - at, 0.0)
        if step >= left:
            return exp(at + (point - at) * left / step)
        left -= step
        at, hazard = max(point, at), here
    return exp(at + left)  # behind the table the hazard is 1


def _between(x: float, xs: Sequence[float], ys: Sequence[float], after: int) -> float:
    """The value at `x` on the straight line that ends at the point `after`."""
    share = (x - xs[after - 1]) / (xs[after] - xs[after - 1])
    return ys[after - 1] + (ys[after] - ys[after - 1]) * share


DEFAULT = learned(())
LOCAL = DEFAULT._replace(silence=SHORTEST)
"""The default for a service on this machine."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What earlier tasks took: from `low` to `high` for most of them, never more than `longest`."""

    low: float
    """Seconds; the 10th percentile."""
    high: float
    """Seconds; the 90th percentile."""
    longest: float
    """Seconds."""
    count: int
    """Tasks that it comes from."""


def estimate(durations: Sequence[float]) -> Estimate | None:
    """What a task like those took; None without any.

    Args:
        durations: seconds of earlier tasks of one kind, newest last; the newest `NEWEST` count.
    """
    ordered = sorted(durations[-NEWEST:])
    if not ordered:
        return None
    low, high = _quantile(ordered, 0.1), _quantile(ordered, 0.9)
    return Estimate(low, high, ordered[-1], len(ordered))


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)

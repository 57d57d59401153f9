"""How long a task takes, as far as the ledger can tell: never more than it knows."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seedance_cli import providers
from seedance_cli.errors import SeedanceError
from seedance_cli.models import is_loopback
from seedance_cli.system import fit
from seedance_cli.tasks.schedule import (
    DEFAULT,
    LOCAL,
    NEWEST,
    Estimate,
    Schedule,
    estimate,
    learned,
)

if TYPE_CHECKING:
    from seedance_cli.ledger import Ledger
    from seedance_cli.models import Submission
    from seedance_cli.system import Clock

_MINUTE = 60.0
_HOUR = 3600.0
_COARSE = 10.0
"""From so many seconds, minutes or hours on, or for so wide a range, a finer step would claim more
than is known."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What earlier tasks of one kind tell."""

    schedule: Schedule
    estimate: Estimate | None


_NO_HISTORY = _Kind(DEFAULT, None)
_LOCAL = _Kind(LOCAL, None)


class Estimates:
    """What earlier tasks of the same kind took: in words, and as a schedule for the polls.

    The ledger is asked once for each kind. Nothing here raises: a ledger that cannot be read is
    one without history.
    """

    def __init__(self, ledger: Ledger, clock: Clock | None = None) -> None:
        """Take the history.

        Args:
            ledger: of this machine.
            clock: for the age of a task; None: the words never depend on it.
        """
        self._ledger = ledger
        self._clock = clock
        self._of: dict[str, _Kind] = {}
        """The kinds that were asked for, by intent, or by endpoint."""
        self._kinds: dict[tuple[object, ...], _Kind | None] = {}

    def __call__(self, submission: Submission) -> str | None:
        """`about 40-70 s, from 12 earlier`, or what else is true of a task of this age.

        With an en dash where stderr has one. None where history is silent, for the sandbox, and for
        tasks of elsewhere.
        """
        known = self._kind(submission).estimate
        return None if known is None else _words(known, self._age(submission))

    def schedule(self, submission: Submission) -> Schedule:
        """When to poll a task like this one. Tasks of one kind share it."""
        return self._kind(submission).schedule

    def _age(self, submission: Submission) -> float:
        if self._clock is None or submission.submitted_at is None:
            return 0.0
        return (self._clock.now() - submission.submitted_at).total_seconds()

    def _kind(self, submission: Submission) -> _Kind:
        if submission.sandbox:
            return _LOCAL
        # A task of elsewhere has no intent, and its endpoint decides.
        name = submission.intent or submission.endpoint
        found = self._of.get(name)
        if found is None:
            try:
                found = self._ask(submission)
            except SeedanceError:  # a ledger that cannot be read: no history
                found = None
            if found is None:
                found = _LOCAL if is_loopback(submission.endpoint) else _NO_HISTORY
            self._of[name] = found
        return found

    def _ask(self, submission: Submission) -> _Kind | None:
        if submission.intent is None or submission.request is None:
            return None
        provider = providers.get(submission.provider)
        priced = provider.priced(provider.request(submission.request))
        if priced is None:
            return None
        of = (priced.model, priced.duration, priced.resolution)
        key = (submission.provider, submission.endpoint, *of)
        if key not in self._kinds:
            where = submission.provider, submission.endpoint
            took = self._ledger.durations(*where, priced, limit=NEWEST)
            self._kinds[key] = _Kind(learned(took), estimate(took)) if took else None
        return self._kinds[key]


def _words(known: Estimate, age: float) -> str:
    """An estimate as it is shown beside a task of that age, in seconds."""
    low, unit = _rounded(known.low, known.high - known.low)
    high, high_unit = _rounded(known.high, known.high - known.low)
    if (low, unit) == (high, high_unit):
        span = f"{low} {unit}"
    elif unit == high_unit:
        span = f"{low}{_dash()}{high} {unit}"
    else:
        span = f"{low} {unit}{_dash()}{high} {high_unit}"
    if known.count == 1:
        return f"last time {span}" if age <= known.longest else f"longer than last time ({span})"
    if age > known.longest:
        return f"longer than {known.count} earlier ones ({span})"
    return f"about {span}, from {known.count} earlier"


def _rounded(seconds: float, width: float) -> tuple[str, str]:
    """A time as precise as its range allows, and its unit.

    Args:
        seconds: the time.
        width: of the range that it is an end of, in seconds.
    """
    if seconds < 2 * _MINUTE:
        step = 5 if min(seconds, width) >= _COARSE else 1
        return f"{max(round(seconds / step) * step, 1)}", "s"
    per, unit = (_MINUTE, "min") if seconds < 2 * _HOUR else (_HOUR, "h")
    many = seconds / per
    step = 2 if many < _COARSE and width < 2 * per else 1  # halves, or wholes
    return f"{round(many * step) / step:g}", unit


def _dash() -> str:
    """An en dash, where stderr has one."""
    dash = "\N{EN DASH}"
    return dash if fit(dash, sys.stderr) == dash else "-"

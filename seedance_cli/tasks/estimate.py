"""How long a task takes, as far as the ledger can tell: never more than it knows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from seedance_cli import providers
from seedance_cli._named import NamedTuple
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


class _Kind(NamedTuple):
    """What earlier tasks of one kind tell."""

    schedule: Schedule
    estimate: Estimate | None


class Expected(NamedTuple):
    """What earlier tasks tell of the time of one, as it is shown beside it."""

    words: str
    """`about 40-70 s, from 12 earlier`."""
    brief: str
    """`~40-70 s`, or `>70 s` of one that takes longer."""
    usual: float
    """Seconds from its submit in which most have ended."""


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
        found = self.expected(submission)
        return None if found is None else found.words

    def expected(self, submission: Submission) -> Expected | None:
        """The same, with a short form and the figure behind it."""
        known = self._kind(submission).estimate
        return None if known is None else _told(known, self._age(submission))

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


def _told(known: Estimate, age: float) -> Expected:
    """An estimate as it is shown beside a task of that age, in seconds."""
    late = age > known.longest
    span = _span(known)
    if known.count == 1:
        words = f"longer than last time ({span})" if late else f"last time {span}"
    elif late:
        words = f"longer than {known.count} earlier ones ({span})"
    else:
        words = f"about {span}, from {known.count} earlier"
    return Expected(words, f">{_end(known)}" if late else f"~{span}", known.high)


def _span(known: Estimate) -> str:
    width = known.high - known.low
    low, unit = _rounded(known.low, width)
    high, high_unit = _rounded(known.high, width)
    if (low, unit) == (high, high_unit):
        return f"{low} {unit}"
    if unit == high_unit:
        return f"{low}{_dash()}{high} {unit}"
    return f"{low} {unit}{_dash()}{high} {high_unit}"


def _end(known: Estimate) -> str:
    return " ".join(_rounded(known.longest, known.longest - known.low))


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

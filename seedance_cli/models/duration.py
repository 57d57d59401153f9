"""Lengths of time as a user types them."""

from __future__ import annotations

import re

from seedance_cli.errors import UsageError
from seedance_cli.models.user_words import told

LONG_PAUSE = 3.0
"""Seconds from which on a person is told why nothing happens."""
_FORM = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)([smh]?)", re.ASCII)
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
_LONGEST = 366 * 24 * 3600.0


def parse_duration(text: str, option: str) -> float:
    """`90`, `90s`, `10m` or `1h` as seconds.

    Raises:
        UsageError: none of these forms, or more than a year.
    """
    match = _FORM.fullmatch(text.strip())
    seconds = float(match[1]) * _SECONDS[match[2]] if match else _LONGEST + 1
    if seconds > _LONGEST:
        raise UsageError(
            f"{option} {told(text)} is not a duration", hint="allowed: 90, 90s, 10m, 1h"
        )
    return seconds


def parse_interval(text: str) -> float:
    """As `parse_duration`, but not 0, which would ask without a pause.

    Raises:
        UsageError: no duration, or 0.
    """
    seconds = parse_duration(text, "--interval")
    if seconds <= 0:
        raise UsageError("--interval 0 would ask without a pause", hint="allowed: 1, 5s, 1m")
    return seconds


def spoken(seconds: float) -> str:
    """`5s`, `1m 30s`, `2h 5m`: as a person reads it."""
    whole = int(seconds)
    if whole < 60:  # noqa: PLR2004 - a minute
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes}m {rest}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes}m"

"""Moments as a user types them: a day, a time, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from seedance_cli.errors import UsageError
from seedance_cli.models.user_words import told

_AGO = r"([0-9]{1,6})([smhdw])"
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
FORMS = "2026-11-25 (UTC), 2026-11-25T10:30, or 7d, 24h, 90m ago"
"""What a user may type, for help and hints."""


def parse_moment(text: str, now: datetime, option: str, *, end: bool = False) -> datetime:
    """`2026-11-25`, `2026-11-25T10:30+01:00` or `7d` as a time in UTC.

    Args:
        text: as typed. A day, or a time without a zone, is UTC.
        now: what `7d` counts back from.
        option: whose value it is, for the error.
        end: a day means its last moment, not its first.

    Raises:
        UsageError: none of these forms, or no such day.
    """
    word = text.strip()
    try:
        if (ago := re.fullmatch(_AGO, word)) is not None:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        when = datetime.fromisoformat(word)
        when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
        if end and re.fullmatch(_DAY, word) is not None:
            when += timedelta(days=1, microseconds=-1)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{option} {told(text)} is not a time", hint=f"allowed: {FORMS}"
        ) from error
    return when


def age(then: datetime, now: datetime) -> str:
    """How long ago, in one unit, as a table has room for: `40s`, `12m`, `5h`, `3d`."""
    seconds = max(0, int((now - then).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"

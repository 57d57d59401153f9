"""Lenient readers of the fields of an answer.

None of them raises anything but a SeedanceError. JSON numbers with a point become `Decimal`: money
never passes through a binary float. Text is cut here, where it comes in: whoever works on it later
(clears it of the key, makes it safe, stores it) has a bounded piece of work.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote

from seedance_cli.errors import UsageError
from seedance_cli.models import (
    LONGEST_PROMPT,
    LONGEST_URL,
    Price,
    Status,
    unsafe,
    usable_id,
)
from seedance_cli.providers import _document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.models import HttpResponse

_PLAIN_NUMBER = r"[0-9]{1,18}(\.[0-9]{1,18})?"
MOST_WORDS = 500
"""Characters kept of a provider's message: what a person will read."""
_LONGEST_WORD = 100
"""Characters kept of a status word."""
_MOST_URLS = 100
"""Videos of one task. No provider documents more than a handful."""
_MAX_MAGNITUDE = 18
_ODD = r"[\s\\]|^[^/]*//[^/?#]*@"
_SECONDS = range(10**9, 4 * 10**9)
_MILLISECONDS = range(10**12, 4 * 10**12)

_NO_WORDS: Mapping[str, Status] = MappingProxyType({})
# Every word in the side-by-side table of the first four; `canceled` and `expired` beside them. What
# only one provider says stands with it (`TaskFields.words`).
_WORDS = {
    "queued": Status.QUEUED,
    "pending": Status.QUEUED,
    "in_progress": Status.RUNNING,
    "processing": Status.RUNNING,
    "running": Status.RUNNING,
    "success": Status.SUCCEEDED,
    "succeeded": Status.SUCCEEDED,
    "failed": Status.FAILED,
    "cancelled": Status.CANCELLED,
    "canceled": Status.CANCELLED,
    "expired": Status.EXPIRED,
}


def whole(response: HttpResponse) -> dict[str, object]:
    """The body as a JSON object; an empty one where it is anything else, or was cut."""
    document = _document.read(response.body)
    return document.fields if document.whole else {}


def so_far(response: HttpResponse) -> dict[str, object]:
    """The body as a JSON object, as far as it came."""
    return _document.read(response.body).fields


def member(value: object, *keys: str) -> object:
    """What lies at a path of object keys; None where the path does not exist."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text(value: object, most: int = MOST_WORDS) -> str | None:
    """A string that is not empty, cut after so many characters."""
    return value[:most] if isinstance(value, str) and value else None


def status_word(value: object) -> str | None:
    """A status word, as it came."""
    return text(value, _LONGEST_WORD)


def prompt(value: object) -> str | None:
    """A prompt that an answer repeats."""
    return text(value, LONGEST_PROMPT)


def number(value: object) -> int | None:
    """A whole number, or its decimal digits as a string."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(_PLAIN_NUMBER, value) and "." not in value:
        return int(value)
    return None


def identity(value: object) -> str | None:
    """A usable task id; a whole number becomes its decimal text."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and usable_id(value) else None


def in_url(task_id: str) -> str:
    """A task id as one segment of a path or one value of a query.

    Raises:
        UsageError: the id is one that no provider can have given.
    """
    if not usable_id(task_id):
        raise UsageError(f"{task_id[:80]!r} is not a usable task id")
    return quote(task_id, safe="")


def urls(value: object) -> tuple[str, ...]:
    """The URLs in an array; a lone string counts as an array of one.

    Spaces around one go, and those inside become `%20`, as browsers do it. One that is longer than
    a URL may be keeps one character too many, and so stays unusable.
    """
    items = value if isinstance(value, list) else [value]
    plain = (item.strip(" ").replace(" ", "%20") for item in items if isinstance(item, str))
    return tuple(islice((url[: LONGEST_URL + 1] for url in plain if url), _MOST_URLS))


def given(value: object) -> str | None:
    """A URL to come back with, absolute or relative; None where it cannot be one."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_URL or unsafe(value):
        return None
    # Two parsers may take the host of such a one for two hosts.
    return None if re.search(_ODD, value) else value


def parse_status(word: str | None, own: Mapping[str, Status] = _NO_WORDS) -> Status:
    """What a provider's status word means, whatever its case; no word at all: just accepted.

    Args:
        word: as it came.
        own: words that only this provider has, in small letters; they go before the shared ones.
    """
    if not word:
        return Status.QUEUED
    lower = word.lower()
    return own.get(lower) or _WORDS.get(lower, Status.UNKNOWN)


def charged(value: object, unit: str | None, *, settled: bool) -> Price | None:
    """What a task was charged: a JSON number, or plain digits as a string; never negative.

    Args:
        value: as it came.
        unit: the provider's.
        settled: whether the amount is final; while a task runs, a 0 may only mean "not yet".
    """
    if isinstance(value, bool) or not settled:
        return None
    if isinstance(value, str) and re.fullmatch(_PLAIN_NUMBER, value):
        return Price(Decimal(value), unit, "charged")
    if isinstance(value, int):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite() or value < 0:
        return None
    if abs(value.adjusted()) > _MAX_MAGNITUDE or len(value.as_tuple().digits) > 2 * _MAX_MAGNITUDE:
        return None
    return Price(Decimal(f"{value:f}"), unit, "charged")


def moment(value: object) -> datetime | None:
    """A date and time: ISO 8601, without a zone in UTC; or seconds or milliseconds since 1970.

    A number that is neither of this century is no time.
    """
    since = value if isinstance(value, int) else 0
    if since in _MILLISECONDS:
        since //= 1000
    if since in _SECONDS:
        return datetime.fromtimestamp(since, UTC)
    if not isinstance(value, str):
        return None
    try:
        when = datetime.fromisoformat(value)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None

"""The one sanitiser: what a server wrote, fit to be shown. Imports nothing heavy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_CONTROL = (
    "[\x00-\x1f\x7f-\x9f"  # C0 with newline and tab, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what changes the writing direction
    "\u2028\u2029"  # line and paragraph separator: a new line to some readers
    "\ud800-\udfff]"  # a lone surrogate can be written to no stream
)
"""Joiners (U+200C, U+200D) and accents stay: scripts and emoji are spelt with them."""
_LONGEST = 200
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def safe(text: str) -> str:
    r"""The text with its control characters shown escaped: `\n`, `\x1b`, `\u202e`.

    Printable text of every script stays as it is, backslashes too; so the way back is not unique,
    and none is needed: the result is for reading.
    """
    if text.isascii() and text.isprintable():
        return text
    return re.sub(_CONTROL, _escaped, text)


def unsafe(text: str) -> bool:
    """Whether `safe` would change it: a URL or an id with such a character is unusable."""
    return re.search(_CONTROL, text) is not None


def url_fault(url: str) -> str | None:
    """Why a video URL cannot be handed on, as the end of a sentence; None where it can."""
    # A press of Tab reads this module, and needs none of this.
    from seedance_cli.models.secret import MASK
    from seedance_cli.models.values import LONGEST_URL

    found = re.search(_CONTROL, url)
    if found is not None:
        return f"has a control character ({safe(found[0])})"
    if not url.lower().startswith(("http://", "https://")):
        return "is neither http nor https"
    if len(url) > LONGEST_URL:
        return f"is longer than {LONGEST_URL} characters"
    if MASK in url:
        return "holds a piece of your key"
    return "has a space in it" if " " in url else None


def unusable(urls: Iterable[str]) -> str | None:
    """What is wrong with the first URL that cannot be used, and that URL, escaped and masked."""
    for url in urls:
        fault = url_fault(url)
        if fault is not None:
            return f"it {fault}: {shortened(mask_url(url))}"
    return None


def shortened(text: str) -> str:
    """The text as far as a line of an error has room for it."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def mask_url(url: str) -> str:
    """The URL fit for a log: its user, query and fragment, where secrets live, are masked."""
    rest, hash_, fragment = url.partition("#")
    rest, mark, query = rest.partition("?")
    scheme, colon, after = rest.rpartition("://")
    authority, slash, path = after.partition("/")
    _, at, host = authority.rpartition("@")
    masked = f"{scheme}{colon}{'***@' if at else ''}{host}{slash}{path}"
    if mark:
        masked += "?***" if query else "?"
    if hash_:
        masked += "#***" if fragment else "#"
    return safe(masked)


def timestamp(when: datetime | None) -> str | None:
    """`2026-02-07T10:30:00Z`: UTC, whole seconds. A time without a zone is taken as UTC."""
    if when is None:
        return None
    from datetime import UTC

    if when.tzinfo is not None:
        when = when.astimezone(UTC).replace(tzinfo=None)
    return f"{when.replace(microsecond=0).isoformat()}Z"


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    number = ord(char)
    return _SHORT.get(char) or (f"\\x{number:02x}" if number <= 0xFF else f"\\u{number:04x}")  # noqa: PLR2004 - a byte

"""The one sanitiser: what a server wrote, fit to be shown. Imports nothing heavy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

CONTROL = (
    "[\x00-\x1f\x7f-\x9f"  # C0 with newline and tab, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what changes the writing direction
    "\u2028\u2029"  # line and paragraph separator: a new line to some readers
    "\ud800-\udfff]"  # a lone surrogate can be written to no stream
)
"""Joiners (U+200C, U+200D) and accents stay: scripts and emoji are spelt with them."""
_LONGEST = 200
_ENDS = (".", "!", "?", "…", "\u3002", "\uff01", "\uff1f")
"""Of a sentence, the Chinese ones too."""
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def safe(text: str) -> str:
    r"""The text with its control characters shown escaped: `\n`, `\x1b`, `\u202e`.

    Printable text of every script stays as it is, backslashes too; so the way back is not unique,
    and none is needed: the result is for reading.
    """
    if text.isascii() and text.isprintable():
        return text
    return re.sub(CONTROL, _escaped, text)


def unsafe(text: str) -> bool:
    """Whether `safe` would change it: a URL or an id with such a character is unusable."""
    return bool(control(text))


def control(text: str) -> str:
    """The first control character of a text; empty where it has none."""
    if text.isascii() and text.isprintable():
        return ""
    found = re.search(CONTROL, text)
    return "" if found is None else found[0]


def shortened(text: str) -> str:
    """The text as far as a line of an error has room for it."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def sentences(first: str, second: str) -> str:
    """Two sentences in a row; the first may be a server's, which ends as the server likes."""
    end = "" if first.endswith(_ENDS) else "."
    return f"{first}{end} {second}"


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

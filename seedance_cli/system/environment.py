"""What the values of environment variables may be."""

from __future__ import annotations

_QUOTES = "\"'\u201c\u201d\u2018\u2019"


def misquoted(text: str) -> str | None:
    """Why a variable's value is no path or URL as it stands; None if it may be one.

    So it looks after an env file with quotes or CR line ends, which not every reader takes off.
    """
    if "\n" in text or "\r" in text:
        return "has a line end in it"
    if text.strip(_QUOTES) != text:
        return "begins or ends with a quote"
    if text != text.strip():
        return "begins or ends with a space"
    if text.startswith("$"):
        return "begins with $: what was to be put in there was not"
    return None

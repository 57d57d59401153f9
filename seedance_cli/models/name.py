"""What a submission may be called."""

from __future__ import annotations

from seedance_cli.models.text import unsafe

LONGEST = 200
"""Characters."""


def name_fault(text: str) -> str | None:
    """Why a text cannot name a submission, as the end of a sentence; None if it can.

    With a `:` it would be a ref, with an `@` in front a place in the list.
    """
    if not text:
        return "is empty"
    if len(text) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if unsafe(text):
        return "has a control character in it"
    if ":" in text:
        return "has a : in it"
    if text[0] == "@":
        return "begins with @"
    return None

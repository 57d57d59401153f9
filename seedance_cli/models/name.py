"""What a submission may be called."""

from __future__ import annotations

from seedance_cli.models.text import unsafe

LONGEST = 200
"""Characters."""


def one_form(name: str) -> str:
    """The name in the one form of Unicode that counts here: NFC.

    An `é` may also be two characters, as in the names of files on a Mac, and looks the same.
    """
    if name.isascii():
        return name
    from unicodedata import normalize

    return normalize("NFC", name)


def other_form(name: str) -> str:
    """The other one, in which earlier releases may have kept the name."""
    if name.isascii():
        return name
    from unicodedata import normalize

    return normalize("NFD", name)


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

"""What is said of money where nobody knows whether a task was made; the sandbox takes none."""

from __future__ import annotations


def maybe_charged(*, sandbox: bool) -> str:
    """The end of a sentence about an outcome that is not known."""
    return "nothing is charged in the sandbox" if sandbox else "you may have been charged"


def request_left(provider: str, *, sandbox: bool) -> str:
    """A sentence: that a request left, and what that means."""
    what = "request" if sandbox else "paid request"
    return f"The {what} left for {provider}: {maybe_charged(sandbox=sandbox)}"

"""What every HTML page of this program shares: text made fit for it, and the stylesheet."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from pathlib import Path

from seedance_cli.models.text import safe

_LINE_END = re.compile(r"\r\n|\r|\n")


def html(text: str) -> str:
    """Text of a server, a file or the user as HTML, also fit for an attribute in quotes.

    Control characters are shown escaped (`models.safe`); nothing in it can become an element.
    """
    return escape(safe(text))


def html_lines(text: str) -> str:
    """The same for a text whose lines are shown as lines."""
    return "\n".join(html(line) for line in _LINE_END.split(text))


@cache
def stylesheet() -> str:
    """The look of the gallery and of the sandbox's page."""
    return Path(__file__).with_name("page.css").read_text(encoding="utf-8")

"""Where in a TOML file something stands, for errors: a parsed value no longer knows."""

from __future__ import annotations

import re

_HEADER = r"\s*\[\[?([^\[\]]+)\]\]?\s*(?:#.*)?$"


def line_of(text: str, table: str, number: int = 0, key: str | None = None) -> int | None:
    """The line of a table, or of a key in it; None where it is written in another form.

    Args:
        text: the file's content.
        table: the table's name, its parts joined by dots.
        number: which one of an array of tables, from 0.
        key: in the table; None: the table itself.
    """
    current, seen, found = "", -1, None
    for line, content in enumerate(text.splitlines(), 1):
        header = re.match(_HEADER, content)
        if header:
            current = ".".join(_bare(part) for part in header[1].split("."))
            if current == table:
                seen += 1
                if seen == number:
                    found = line
        elif key is not None and current == table and seen == number:
            name, sign, _ = content.partition("=")
            if sign and _bare(name) == key:
                return line
    return found


def _bare(name: str) -> str:
    return name.strip().strip("\"'")

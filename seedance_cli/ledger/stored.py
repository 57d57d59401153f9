"""JSON text of the ledger, and its parts as values of a type.

ASCII only: a lone surrogate in an error message must not keep a paid task's id out of the ledger. A
reader raises ValueError on what no writer here wrote.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.models import JsonObject


class Row(Protocol):
    """A row of the tables, as a store of any kind gives it."""

    def __getitem__(self, column: str, /) -> Any:
        """The value of a column."""


_decode = json.JSONDecoder().decode


def dump(value: Mapping[str, object] | list[str | int | bool | None]) -> str:
    """As JSON, without spaces."""
    return json.dumps(value, separators=(",", ":"))


def parsed(stored: object) -> JsonObject:
    """An object in JSON."""
    value = _decode(text(stored))
    if isinstance(value, dict):
        return value
    raise ValueError("no JSON object")


def text(value: object) -> str:
    """A text."""
    if isinstance(value, str):
        return value
    raise ValueError("no text")


def optional(value: object) -> str | None:
    """A text, or null."""
    if value is None or isinstance(value, str):
        return value
    raise ValueError("no text")


def integer(value: object) -> int:
    """A number."""
    if isinstance(value, int):
        return value
    raise ValueError("no number")


def whole(value: object) -> int | None:
    """A number of the request; None where it says nothing that is one."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def switch(value: object) -> bool | None:
    """A yes or no of the request; None where it says nothing that is one."""
    return value if isinstance(value, bool) else None


def texts(value: object) -> tuple[str, ...]:
    """A list of texts."""
    if isinstance(value, list):
        return tuple(map(text, value))
    raise ValueError("no list")


def text_map(value: object) -> dict[str, str]:
    """An object of texts."""
    if isinstance(value, dict):
        return {text(name): text(item) for name, item in value.items()}
    raise ValueError("no JSON object")

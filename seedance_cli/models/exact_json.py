"""JSON as somebody typed it, refused where sending it would change what was typed."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seedance_cli.models.json_types import JsonValue

DEEPEST = 64
"""Levels. Far below what Python's own recursion allows, so that nothing that handles a request
after it was paid for can fail at it."""
_SPACE = " \t\r\n"


class Doubled(ValueError):
    """A key stands twice in one object, and only one of its values could be sent."""

    def __init__(self, key: str) -> None:
        """Remember the key."""
        super().__init__("a key stands in it twice")
        self.key = key


class TooDeep(ValueError):
    """More than `DEEPEST` levels."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("it is nested too deep")


def exact_value(text: str) -> JsonValue:
    """The one JSON value that a text is. Raises as `exact_at`."""
    begin = len(text) - len(text.lstrip(_SPACE))
    value, end = exact_at(text, begin)
    if text[end:].strip(_SPACE):
        raise json.JSONDecodeError("Extra data", text, end)
    return value


def exact_at(text: str, begin: int) -> tuple[JsonValue, int]:
    """The JSON value at a place of a text, and where it ends.

    Args:
        text: what was typed.
        begin: where the value's first character is.

    Raises:
        json.JSONDecodeError: there is no JSON.
        ValueError: it cannot be sent as it is; in words. `Doubled` and `TooDeep` are such.
    """
    decoder = json.JSONDecoder(
        parse_constant=_constant, parse_float=_number, object_pairs_hook=_members
    )
    try:
        value, end = decoder.raw_decode(text, begin)
    except RecursionError:
        raise TooDeep from None
    if _deeper(value, DEEPEST):
        raise TooDeep
    return value, end


def _constant(word: str) -> JsonValue:
    raise ValueError(f"{word} is no JSON")


def _number(digits: str) -> float:
    try:
        value = float(digits)
        same = Decimal(digits) == Decimal(repr(value))
    except ArithmeticError:
        same = False
    if not same:
        raise ValueError(f"{digits} has more digits than a JSON number keeps")
    return value


def _members(pairs: list[tuple[str, JsonValue]]) -> JsonValue:
    found: dict[str, JsonValue] = {}
    for key, value in pairs:
        if key in found:
            raise Doubled(key)
        found[key] = value
    return found


def _deeper(value: JsonValue, levels: int) -> bool:
    """Whether arrays and objects lie in each other more than so many levels deep."""
    found = [value]
    for _ in range(levels + 1):
        inner: list[JsonValue] = []
        for one in found:
            if isinstance(one, dict):
                inner += one.values()
            elif isinstance(one, list):
                inner += one
        if not inner:
            return False
        found = inner
    return bool(found)

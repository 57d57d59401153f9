"""A provider's answer as JSON: read as leniently as other clients read, and as far as it came.

One byte that is no UTF-8, a NaN, a number of 5,000 digits or a thousand brackets beside a task id
must not hide the id. What no JSON parser takes (an answer that was cut, that is nested too deep, or
that has something after its end) is read token by token, without recursion.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TypeAlias

from seedance_cli._named import NamedTuple

_MOST_TOKENS = 100_000
"""Tokens read of an answer that no JSON parser takes. The largest documented one has under 50."""
_DEEPEST = 64
"""Levels of such an answer whose values are kept; deeper ones are only passed over."""
_LONGEST_INTEGER = 512
"""Digits of an `int`, as many as a task id may have; Python refuses to convert over 4,300."""
_SHOWN = 60
"""Characters shown of an answer that is no JSON."""

_BEGIN = r"\s*(?=\{)"
_LEXEME = r"""(?sx)[\s:]*(?:
    (?P<open>[{\[]) | (?P<close>[}\]]) | (?P<comma>,)
    | (?P<text>"(?:[^"\\]|\\.)*+") | (?P<number>-?\d[\d.eE+-]*+) | (?P<word>-?[A-Za-z]++)
)"""
_WORDS = {"true": True, "false": False}

_Level: TypeAlias = "dict[str, object] | list[object] | None"


class Document(NamedTuple):
    """What could be read of an answer."""

    value: object
    """As JSON, NaN and infinity as None; None where it is no JSON, or the word null."""
    whole: bool
    """Whether the value came to its end; else it holds what stood before the cut."""

    @property
    def fields(self) -> dict[str, object]:
        """The value as an object; an empty one where it is anything else."""
        return self.value if isinstance(self.value, dict) else {}


def read(body: bytes) -> Document:
    """The bytes of an answer as JSON. Raises nothing."""
    text = body.decode(json.detect_encoding(body), "replace")
    try:
        return Document(_DECODER.decode(text), whole=True)
    except (ValueError, RecursionError):
        return _as_far_as_it_goes(text)


def unreadable(body: bytes) -> str | None:
    """What to say of an answer that is no JSON, or not all of it; None for one that is."""
    document = read(body)
    if document.whole:
        return None
    if not body.strip():
        return "the answer is empty"
    if document.fields:
        return "the answer breaks off in the middle of its JSON"
    start = beginning(body, _SHOWN + 1)
    shown = start if len(start) <= _SHOWN else f"{start[:_SHOWN]}..."
    return f"the answer is no JSON: {shown}"


def beginning(body: bytes, most: int) -> str:
    """The first characters of an answer as one line of text."""
    return " ".join(body[: 8 * most].decode(errors="replace").split())[:most]


def _as_far_as_it_goes(text: str) -> Document:
    """What stands in a text that begins as an object, up to its end or to what is no JSON."""
    begin = re.match(_BEGIN, text)
    if begin is None:
        return Document(None, whole=False)
    root = _Root()
    at, tokens = begin.end(), re.compile(_LEXEME)
    for _ in range(_MOST_TOKENS):
        token = tokens.match(text, at)
        if token is None:
            break
        at = token.end()
        if token.lastgroup == "number" and at == len(text):
            break  # more digits may have been on their way
        if not root.take(token.lastgroup, token[token.lastgroup or 0]):
            break
        if root.closed:
            return Document(root.value, whole=True)
    return Document(root.value, whole=False)


class _Root:
    """An object that grows token by token."""

    def __init__(self) -> None:
        self.value: object = None
        self.closed = False
        self._levels: list[_Level] = []
        """The containers that are open; None for one that is too deep to be kept."""
        self._keys: list[str | None] = []
        """For each of them, the key whose value comes next."""

    def take(self, kind: str | None, text: str) -> bool:
        """Take one token; False if it is no JSON at this place."""
        match kind:
            case "open":
                return self._open({} if text == "{" else [])
            case "close":
                return self._close(dict if text == "}" else list)
            case "comma":
                self._keys[-1] = None
                return True
            case "text":
                return self._take_text(_text(text))
            case "number":
                return self._put(_number(text))
            case _:
                return self._put(_WORDS.get(text))

    def _open(self, level: dict[str, object] | list[object]) -> bool:
        if not self._levels:
            self.value = level
        elif not self._put(level):
            return False
        self._levels.append(level if len(self._levels) < _DEEPEST else None)
        self._keys.append(None)
        return True

    def _close(self, kind: type) -> bool:
        level = self._levels.pop()
        self._keys.pop()
        self.closed = not self._levels
        return level is None or isinstance(level, kind)

    def _take_text(self, text: str | None) -> bool:
        if isinstance(self._levels[-1], dict) and self._keys[-1] is None:
            self._keys[-1] = text or ""
            return True
        return self._put(text)

    def _put(self, value: object) -> bool:
        level, key = self._levels[-1], self._keys[-1]
        if isinstance(level, dict):
            if key is None:
                return False
            level[key] = value
            self._keys[-1] = None
        elif level is not None:
            level.append(value)
        return True


def _text(literal: str) -> str | None:
    try:
        return str(json.loads(literal, strict=False))
    except ValueError:  # an escape that JSON does not have
        return None


def _number(text: str) -> int | Decimal | None:
    if text.lstrip("-").isdigit():
        return _integer(text)
    found = _decimal(text)
    return None if found.is_nan() else found


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= _LONGEST_INTEGER else _decimal(text)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:  # an exponent beyond what Decimal holds
        return Decimal("NaN")


def _nothing(_: str) -> None:
    """NaN and infinity, which JavaScript's and Python's writers put out, say nothing."""


_DECODER = json.JSONDecoder(
    parse_float=_decimal, parse_int=_integer, parse_constant=_nothing, strict=False
)

"""The columns of a batch's file, and a cell as the value of its column.

Every field of `VideoRequest` is a column by itself: what its type is there decides what a cell of
it may be.
"""

from __future__ import annotations

import json
import re
from enum import Enum, auto
from functools import lru_cache
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.models import TooDeep, VideoRequest, exact_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.models import JsonValue

_TRUE = frozenset({"true", "yes", "1"})
_FALSE = frozenset({"false", "no", "0"})


class Kind(Enum):
    """What a column holds."""

    TEXT = auto()
    NUMBER = auto()
    """A whole one."""
    SWITCH = auto()
    LIST = auto()
    """Of texts."""
    WORDS = auto()
    """`NAME.KEY`: each key a column of its own, with a text."""
    VALUES = auto()
    """`NAME.KEY`: each key a column of its own, with any JSON."""


class Column(NamedTuple):
    """One column of the request."""

    field: str
    """Of `VideoRequest`."""
    kind: Kind


_KINDS = {
    "str": Kind.TEXT,
    "str | None": Kind.TEXT,
    "int | None": Kind.NUMBER,
    "bool | None": Kind.SWITCH,
    "tuple[str, ...]": Kind.LIST,
    "Mapping[str, str]": Kind.WORDS,
    "Mapping[str, JsonValue]": Kind.VALUES,
}
"""By the annotation of the field."""


def _columns() -> Mapping[str, Column]:
    """By name: that of the field; of several things, that of one (`images`: `image`)."""
    found = {}
    for name, annotation in VideoRequest.__annotations__.items():
        if name == "files":  # said by the media themselves
            continue
        kind = _KINDS[annotation]
        many = kind in {Kind.LIST, Kind.VALUES}
        found[name.removesuffix("s") if many else name] = Column(name, kind)
    return found


REQUEST = _columns()
"""The columns of the request, by name; of `WORDS` and `VALUES` the part before the dot."""
OWN = ("id", "output", "provider", "profile")
"""The columns that are no part of the request."""
NOTE = "_"
"""What the name of a column begins with that is only carried along."""


@lru_cache(maxsize=256)
def column_of(name: str) -> Column | None:
    """The column of the request that a name stands for; None if there is none."""
    column = REQUEST.get(name)
    if column is not None:
        return None if column.kind in {Kind.WORDS, Kind.VALUES} else column
    head, dot, key = name.partition(".")
    column = REQUEST.get(head) if dot and key else None
    return column if column is not None and column.kind in {Kind.WORDS, Kind.VALUES} else None


def unknown(name: str) -> str:
    """What is wrong with the name of a column that there is not."""
    if not name:
        return "a column has no name"
    if name in REQUEST:
        return f"this is `{name}.KEY`, a column for each key"
    names = [
        f"{one}.KEY" if column.kind in {Kind.WORDS, Kind.VALUES} else one
        for one, column in REQUEST.items()
    ]
    return (
        f"there is no such column; they are {' '.join((*OWN, *names))};"
        f" one that begins with {NOTE} is carried along"
    )


def typed(name: str, cell: JsonValue, *, texts: bool) -> JsonValue:
    """A cell as a value of its column's type.

    Args:
        name: of a known column.
        cell: a text, where the format has nothing else, or any JSON but null.
        texts: whether the format has texts only.

    Returns:
        A text, a whole number, a bool, a list of texts; of `param.KEY` any JSON.

    Raises:
        ValueError: it is not of that type; in words.
    """
    column = column_of(name)
    match None if column is None else column.kind:
        case Kind.NUMBER:
            return _number(name, cell)
        case Kind.SWITCH:
            return _switch(cell, texts=texts)
        case Kind.LIST:
            return _list(cell, texts=texts)
        case Kind.VALUES:
            return _json(str(cell)) if texts else cell
    if isinstance(cell, str):
        return cell
    if name == "id" and isinstance(cell, int) and not isinstance(cell, bool):
        return str(cell)
    raise ValueError("wants text")


def request(values: Mapping[str, JsonValue], given: VideoRequest) -> VideoRequest:
    """What a row asks for.

    Args:
        values: each of its column's type (`typed`), also of columns that are no part of it.
        given: what counts where the row says nothing.
    """
    said: dict[str, object] = {}
    for name, value in values.items():
        column = column_of(name)
        if column is None:
            continue
        if column.kind in {Kind.WORDS, Kind.VALUES}:
            pairs = said.setdefault(column.field, dict(getattr(given, column.field)))
            assert isinstance(pairs, dict)
            pairs[name.partition(".")[2]] = value
        else:
            said[column.field] = tuple(value) if isinstance(value, list) else value
    return given._replace(**said)  # type: ignore[arg-type]  # `typed` made them what they are


def _number(name: str, cell: JsonValue) -> int:
    if isinstance(cell, int) and not isinstance(cell, bool):
        return cell
    seconds = name == "duration"
    text = cell.strip() if isinstance(cell, str) else ""
    text = text.removesuffix("s") if seconds else text
    if re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    raise ValueError("wants a whole number" + (", 8 or 8s" if seconds else ""))


def _switch(cell: JsonValue, *, texts: bool) -> bool:
    if isinstance(cell, bool):
        return cell
    if not texts:
        raise ValueError("wants true or false")
    word = str(cell).strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("wants one of true, yes, 1, false, no, 0")
    return word in _TRUE


def _list(cell: JsonValue, *, texts: bool) -> JsonValue:
    items: list[JsonValue] = []
    if isinstance(cell, str):
        items += cell.split() if texts else [cell]
    elif isinstance(cell, list):
        items += cell
    if not (items and all(isinstance(one, str) and one for one in items)):
        raise ValueError("wants a URL or file, or a list of them")
    return items


def _json(text: str) -> JsonValue:
    try:
        return exact_value(text)
    except json.JSONDecodeError:
        raise ValueError('wants JSON; a text stands in quotes, as in "high"') from None
    except TooDeep as error:
        raise ValueError(f"cannot be sent: {error}") from None
    except ValueError as error:
        raise ValueError(f"cannot be sent: {error}") from None

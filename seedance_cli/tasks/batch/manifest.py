"""A batch's file as rows: JSON lines, a JSON array, CSV, or a prompt a line.

The standard library reads the formats. By hand is what it does not tell: the line on which a row
begins, and every fault of a file at once instead of the first.
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.errors import UsageError
from seedance_cli.models import Doubled, exact_at, told
from seedance_cli.tasks.batch.columns import NOTE, OWN, column_of, typed, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TypeAlias

    from seedance_cli.models import JsonValue

    Found: TypeAlias = "tuple[int, dict[str, JsonValue]]"
    """The line where a row begins, and its cells."""

FORMATS = ("jsonl", "json", "csv", "txt")
MOST_BYTES = 64 << 20
"""Of a file; a hundred thousand long prompts are less."""
TEXTS = frozenset({"csv", "txt"})
"""The formats whose cells are texts, of which an empty one is not set."""
_SPACE = re.compile(r"[ \t\r\n]*")


class Diagnostic(NamedTuple):
    """What is wrong with a file, and where."""

    line: int
    """From 1: where the row begins, or the very line."""
    column: str
    """A column's name; the number of a character where the text is no row; empty: the whole row."""
    words: str


class ManifestRow(NamedTuple):
    """One row: what it says, each value of its column's type."""

    line: int
    """From 1: where it begins."""
    cells: Mapping[str, JsonValue]
    """Every column as it stood, notes included, for the results."""
    values: Mapping[str, JsonValue]
    """Every column that is set but the notes; see `columns.typed`."""


class Manifest(NamedTuple):
    """A whole file."""

    columns: tuple[str, ...]
    """In the order in which they first come."""
    rows: tuple[ManifestRow, ...]
    faults: tuple[Diagnostic, ...]
    """In the order of the lines."""


def parse(content: bytes, form: str) -> Manifest:
    """Read a file.

    Args:
        content: its bytes, UTF-8; a byte order mark in front is dropped.
        form: one of `FORMATS`.

    Raises:
        UsageError: it is no UTF-8. Everything else that is wrong is in `faults`.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"line {line}: not UTF-8 text", hint="save the file as UTF-8") from None
    faults: list[Diagnostic] = []
    rows: list[ManifestRow] = []
    columns: dict[str, bool] = {}
    """Whether each is one that there is."""
    for line, cells in _READERS[form](text, faults):
        for name in cells:
            if name not in columns:
                columns[name] = _known(name)
                if not columns[name] and form != "csv":  # whose first line said it
                    faults.append(Diagnostic(line, name, unknown(name)))
        values = dict(_values(line, cells, columns, faults, texts=form in TEXTS))
        rows.append(ManifestRow(line, cells, values))
    return Manifest(tuple(columns), tuple(rows), tuple(sorted(faults, key=lambda one: one.line)))


def _known(name: str) -> bool:
    return name.startswith(NOTE) or name in OWN or column_of(name) is not None


def _values(
    line: int,
    cells: Mapping[str, JsonValue],
    columns: Mapping[str, bool],
    faults: list[Diagnostic],
    *,
    texts: bool,
) -> Iterator[tuple[str, JsonValue]]:
    for name, cell in cells.items():
        empty = cell is None or cell == [] or (texts and cell == "")
        if empty or name.startswith(NOTE) or not columns[name]:
            continue
        try:
            yield name, typed(name, cell, texts=texts)
        except ValueError as error:
            faults.append(Diagnostic(line, name, str(error)))


def _prompts(text: str, _faults: list[Diagnostic]) -> Iterator[Found]:
    for number, line in enumerate(text.split("\n"), start=1):
        prompt = line.removesuffix("\r")
        if prompt.strip():
            yield number, {"prompt": prompt}


def _csv(text: str, faults: list[Diagnostic]) -> Iterator[Found]:
    before = csv.field_size_limit(MOST_BYTES)
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    head: list[str] = []
    begin = 1
    try:
        for cells in lines:
            line, begin = begin, lines.line_num + 1
            if not any(cells):
                continue  # an empty line
            if not head:
                head = [cell.strip() for cell in cells]
                faults += _faults_of_head(line, head)
                if _other_mark(head) is not None:
                    return  # of every row the same would be said
            elif len(cells) != len(head):
                has, named = _count(cells, "cell"), _count(head, "column")
                words = f"{has}, and the first line names {named}"
                faults.append(
                    Diagnostic(line, "", f"{words}; a cell with a comma in it needs quotes")
                )
            else:
                yield line, dict(zip(head, cells, strict=True))
    except csv.Error as error:
        faults.append(Diagnostic(begin, "", f"no CSV: {error}"))
    finally:
        csv.field_size_limit(before)


def _count(found: list[str], what: str) -> str:
    return f"1 {what}" if len(found) == 1 else f"{len(found)} {what}s"


def _faults_of_head(line: int, head: list[str]) -> Iterator[Diagnostic]:
    for name in sorted({name for name in head if head.count(name) > 1}):
        yield Diagnostic(line, name, "this column stands twice in the first line")
    mark = _other_mark(head)
    if mark is not None:
        yield Diagnostic(line, "", f"the columns are separated by {mark!r}; CSV here has commas")
    else:
        for name in dict.fromkeys(head):  # also where no row follows
            if not _known(name):
                yield Diagnostic(line, name, unknown(name))


def _other_mark(head: list[str]) -> str | None:
    """What separates the columns instead of commas."""
    return next((one for one in ";\t" if one in head[0]), None) if len(head) == 1 else None


def _json_lines(text: str, faults: list[Diagnostic]) -> Iterator[Found]:
    for number, line in enumerate(text.split("\n"), start=1):
        begin = _after(line, 0)
        if begin == len(line):
            continue
        found, end = _object(line, begin, number, faults)
        if end is not None and _after(line, end) != len(line):
            words = "something stands behind the row's object"
            faults.append(Diagnostic(number, str(_after(line, end) + 1), words))
        elif found is not None:
            yield number, found


def _json_array(text: str, faults: list[Diagnostic]) -> Iterator[Found]:
    place = _after(text, 0)
    if not text.startswith("[", place):
        faults.append(Diagnostic(*_at(text, place), "no JSON array, which begins with ["))
        return
    place = _after(text, place + 1)
    line, counted, first = 1, 0, True
    while not text.startswith("]", place):
        if not first:
            if not text.startswith(",", place):
                faults.append(Diagnostic(*_at(text, place), "no JSON: expected , or ]"))
                return
            place = _after(text, place + 1)
        first = False
        line, counted = line + text.count("\n", counted, place), place
        found, end = _object(text, place, line, faults)
        if end is None:
            return  # where the next row begins is not known
        if found is not None:
            yield line, found
        place = _after(text, end)
    if _after(text, place + 1) != len(text):
        place = _after(text, place + 1)
        faults.append(Diagnostic(*_at(text, place), "something stands behind the array"))


def _object(
    text: str, begin: int, line: int, faults: list[Diagnostic]
) -> tuple[dict[str, JsonValue] | None, int | None]:
    """The JSON object at a place of a text, and where it ends; None where that is not known.

    Args:
        text: a line, or a whole file.
        begin: the place.
        line: the number of its line.
        faults: takes what is wrong.
    """
    try:
        found, end = exact_at(text, begin)
    except json.JSONDecodeError as error:
        below, column = text.count("\n", begin, error.pos), _at(text, error.pos)[1]
        faults.append(Diagnostic(line + below, column, f"no JSON: {error.msg}"))
        return None, None
    except ValueError as error:
        twice = isinstance(error, Doubled)
        words = "this column stands twice in the row" if twice else f"cannot be sent: {error}"
        faults.append(Diagnostic(line, error.key if isinstance(error, Doubled) else "", words))
        return None, _end(text, begin)
    if not isinstance(found, dict):
        faults.append(Diagnostic(line, "", "a row is a JSON object, {…}"))
        return None, end
    return found, end


def _end(text: str, begin: int) -> int | None:
    """Where a JSON value ends that is one but for what cannot be sent."""
    try:
        return json.JSONDecoder().raw_decode(text, begin)[1]
    except (ValueError, RecursionError):
        return None


def _after(text: str, place: int) -> int:
    """The first place from this one on that is no white space."""
    found = _SPACE.match(text, place)
    assert found is not None
    return found.end()


def _at(text: str, place: int) -> tuple[int, str]:
    """A place as the numbers of its line and of its character there, both from 1."""
    return text.count("\n", 0, place) + 1, str(place - (text.rfind("\n", 0, place) + 1) + 1)


_READERS: Mapping[str, Callable[[str, list[Diagnostic]], Iterator[Found]]] = {
    "jsonl": _json_lines,
    "json": _json_array,
    "csv": _csv,
    "txt": _prompts,
}


def form_of(name: str, form: str | None) -> str:
    """The format of a file.

    Args:
        name: as it was typed; `-` for stdin.
        form: `--format`; None: as the name ends.

    Raises:
        UsageError: neither says it.
    """
    if form is not None:
        if form not in FORMATS:
            raise UsageError(
                f"--format {told(form)} is not a format", hint=f"allowed: {', '.join(FORMATS)}"
            )
        return form
    suffix = name.rpartition(".")[2].lower()
    if name != "-" and "." in name and suffix in FORMATS:
        return suffix
    what = "stdin" if name == "-" else f"the name {told(name)}"
    raise UsageError(f"{what} does not tell the format", hint=f"--format {'|'.join(FORMATS)}")

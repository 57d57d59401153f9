"""The help text of every command, laid out for any width, any encoding and no colour.

Typer's own is drawn by rich: on a narrow terminal it cuts the names of options, it takes width and
colours from variables of its own, and it writes characters that a stream may lack. Here nothing is
cut: where there is no room beside an option, what it does stands below it.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from seedance_cli._named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_NARROWEST, _WIDEST = 20, 100
"""Columns; a terminal of less or more is written to as if it had these."""
_LEAST = 40
"""Columns that an explanation needs; with less beside its option it goes below it."""
_LONGEST = 30
"""Columns of an option beside which an explanation may stand."""
_INDENT, _BELOW = 2, 6
_COMMANDS, _OUTPUT = "Commands", "Output"
_HELP = "help"
_RANGE = r"(\d+)<=x<=(\d+)|x>=(\d+)"
"""How Typer writes the range of a number."""
_LONGEST_NUMBER = 6
"""Digits of a limit that means anything to somebody."""
_BOLD, _CYAN, _PLAIN = "\x1b[1m", "\x1b[36m", "\x1b[0m"


class Entry(NamedTuple):
    """One option, argument or command."""

    name: str
    """As it is typed, with its value."""
    text: str
    """What it does."""


class Helped:
    """A command of Typer's whose help is this module's."""

    def format_help(self: Any, ctx: Any, formatter: object) -> NoReturn:
        """Write the page to stdout, and end.

        Raises:
            typer.Exit: it is written.
            WriteFailed: it could not be.
        """
        del formatter  # Typer's layout
        from seedance_cli.cli.output.sink import Output
        from seedance_cli.system import coloured, size

        width = min(max(size(sys.stdout)[0], _NARROWEST), _WIDEST)
        Output().page(page(self, ctx, width, coloured=coloured(sys.stdout)))
        raise typer.Exit


def page(command: Any, ctx: Any, width: int, *, coloured: bool) -> str:
    """The help text of a command.

    Args:
        command: as Typer has it.
        ctx: its context.
        width: of the lines, in columns; what cannot be broken, an option's name say, may be longer.
        coloured: whether headings and names stand out.
    """
    blocks = [_usage(command, ctx, width), *_paragraphs(command.help or "", width)]
    sections = {title: entries for title, entries in _sections(command, ctx).items() if entries}
    more = {title: [Entry(*one) for one in some] for title, some in _more(command).items()}
    alone = {_COMMANDS, *more}
    options = [one for title, some in sections.items() if title not in alone for one in some]
    for title, entries in {**sections, **more}.items():
        column = _column(entries if title in alone else options, width)
        lines = [line for one in entries for line in _lines(one, column, width, coloured=coloured)]
        blocks.append("\n".join([_bold(f"{title}:", coloured=coloured), *lines]))
    if command.epilog:
        title, *lines = inspect.cleandoc(command.epilog).splitlines()
        blocks.append("\n".join([_bold(title, coloured=coloured), *(f"  {one}" for one in lines)]))
    return "\n\n".join(blocks) + "\n"


def examples(*lines: str) -> str:
    """The end of a help text: command lines, which are never broken, so that they can be copied."""
    return "\n".join(["Examples:", *lines])


def _usage(command: Any, ctx: Any, width: int) -> str:
    # Typer writes a required argument as `{NAME}`; what is in no brackets is required anyway. A
    # hidden one is `[]`.
    pieces = [piece for piece in command.collect_usage_pieces(ctx) if piece != "[]"]
    words = " ".join([ctx.command_path, *(re.sub(r"^\{(.+)\}$", r"\1", one) for one in pieces)])
    return _wrapped(f"Usage: {words}", width, subsequent_indent=" " * _BELOW)


def _paragraphs(text: str, width: int) -> Iterator[str]:
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        yield _wrapped(paragraph, width)


def _sections(command: Any, ctx: Any) -> dict[str, list[Entry]]:
    """Arguments, options by their panel, commands."""
    found: dict[str, list[Entry]] = {"Arguments": [], "Options": []}
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx)
        if record is not None:
            default = "Arguments" if param.param_type_name == "argument" else "Options"
            if param.name == _HELP and _OUTPUT in found:
                default = _OUTPUT
            panel = getattr(param, "rich_help_panel", None) or default
            found.setdefault(panel, []).append(
                Entry(record[0], re.sub(_RANGE, _in_words, record[1]))
            )
    found[_COMMANDS] = list(_commands(command, ctx))
    return found


def _in_words(found: re.Match[str]) -> str:
    """The range of a number: `from 0 to 65535`."""
    least, most = found[1], found[2]
    return (
        f"from {least} on"
        if most is None or len(most) > _LONGEST_NUMBER
        else f"from {least} to {most}"
    )


def _more(command: Any) -> dict[str, Sequence[tuple[str, str]]]:
    """Sections of a command's own."""
    return getattr(command, "more_help", {})


def _commands(group: Any, ctx: Any) -> Iterator[Entry]:
    names: Iterable[str] = group.list_commands(ctx) if hasattr(group, "list_commands") else ()
    for name in names:
        text = inspect.cleandoc(group.get_command(ctx, name).help or "")
        yield Entry(name, text.partition("\n\n")[0])


def _column(entries: Sequence[Entry], width: int) -> int:
    """How wide the names are; 0: there is no room beside them."""
    column = max((len(one.name) for one in entries if len(one.name) <= _LONGEST), default=0)
    return column if width - column - 2 * _INDENT >= _LEAST else 0


def _lines(entry: Entry, column: int, width: int, *, coloured: bool) -> Iterator[str]:
    """One entry; `column`: how wide the names are, 0 where every text goes below its name."""
    name = f"{_CYAN}{entry.name}{_PLAIN}" if coloured else entry.name
    first = " " * _INDENT + name
    if not entry.text:
        yield first
        return
    beside = bool(column) and len(entry.name) <= column
    start = column + 2 * _INDENT if column else _BELOW
    text = _wrapped(entry.text, width - start).splitlines()
    if beside:
        yield first + " " * (column - len(entry.name) + _INDENT) + text.pop(0)
    else:
        yield first
    yield from (" " * start + line for line in text)


def _wrapped(text: str, width: int, subsequent_indent: str = "") -> str:
    return textwrap.fill(
        " ".join(text.split()),
        width,
        subsequent_indent=subsequent_indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _bold(text: str, *, coloured: bool) -> str:
    return f"{_BOLD}{text}{_PLAIN}" if coloured else text

"""The text of an export: one JSON object a line. Read whole, with every fault in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn

from seedance_cli._named import NamedTuple
from seedance_cli.ledger import exported

if TYPE_CHECKING:
    from seedance_cli.ledger.exported import Exported


class LineFault(NamedTuple):
    """What is wrong, and where."""

    line: int
    column: str
    """A column's name; the number of a character where the text is no JSON; empty: the line."""
    words: str


def read_export(content: bytes) -> tuple[list[Exported], list[LineFault]]:
    """The rows of an export, and everything that is wrong with it; empty lines count for nothing.

    Args:
        content: of the file.
    """
    rows: list[Exported] = []
    faults: list[LineFault] = []
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line.decode("utf-8"), parse_constant=_no_number)
        except json.JSONDecodeError as error:
            faults.append(LineFault(number, f"{error.pos + 1}", f"no JSON: {error.msg}"))
        except UnicodeDecodeError as error:
            faults.append(LineFault(number, f"{error.start + 1}", "no UTF-8"))
        except (ValueError, RecursionError):  # NaN; thousands of digits; thousands of brackets
            faults.append(LineFault(number, "", "no JSON that a ledger has"))
        else:
            one = exported.read(found)
            if isinstance(one, exported.Exported):
                rows.append(one)
            else:
                faults += [LineFault(number, fault.column or "", fault.words) for fault in one]
    return rows, faults


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)

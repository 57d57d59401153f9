"""How a report of what was spent is shown: as JSON, as CSV, with tabs, and in columns."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import TYPE_CHECKING

from seedance_cli.cli.output.colours import BAD, DOUBT, UNDER_WAY
from seedance_cli.models import amount_text, safe, with_unit
from seedance_cli.system import fit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.cli.output.rows import Cell
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.tasks import SpendReport, Sum, Unit

SCHEMA = "seedance.spend/1"
_COUNTS = ("tasks", "succeeded", "failed", "running", "unknown")
_BLOCK = "█"
_NOTHING = Decimal(0)
_BAR, _SHORTEST_BAR = 20, 3
"""Columns of the longest bar; with less room than the other there is none."""
_GAP = 2
"""Columns between two cells."""
_RANKS = {"OK": 5, "EXPECTED": 4, "RUN": 3, "FAILED": 2, "UNKNOWN": 1}
"""Which columns go first where there is no room: the highest."""
_BOLD, _TOTAL = "1", "total"
_STYLES = {"FAILED": BAD, "UNKNOWN": DOUBT, "": UNDER_WAY}
"""By the column's name; that of the bars has none."""


def spending_object(report: SpendReport) -> dict[str, object]:
    """The document that `--json` prints (contract, section 9)."""
    return {
        "schema": SCHEMA,
        "by": report.by,
        "groups": [{"key": key, **_sum_object(one)} for key, one in report.groups],
        "total": _sum_object(report.total),
    }


def spending_csv(report: SpendReport) -> str:
    """A head and a line a group; each provider and unit has columns of its own, to be added up."""
    import csv
    import io

    page = io.StringIO()
    lines = csv.writer(page, lineterminator="\n")
    units = _units(report.total)
    head = [_column(what, unit) for unit in units for what in ("charged", "expected")]
    lines.writerow([report.by, *_COUNTS, *head])
    for key, one in report.groups:
        amounts = [sums.get(unit) for unit in units for sums in (one.charged, one.expected)]
        cells = ["" if amount is None else amount_text(amount) for amount in amounts]
        lines.writerow([safe(key or ""), *_counts(one), *cells])
    return page.getvalue()


def spending_lines(report: SpendReport) -> list[list[str]]:
    """For a pipe: the key, the counts, and what was charged and is expected in words."""
    return [
        [key or "-", *_counts(one), _amounts(one.charged), _amounts(one.expected)]
        for key, one in report.groups
    ]


def show_spending(out: Output, report: SpendReport) -> None:
    """Write a table to stdout, which is a terminal.

    Raises:
        WriteFailed: as `Output.result`.
    """
    from seedance_cli.cli.output.rows import Cell, Column, show_rows

    head, lines = _columns(report, out.width)
    rows: list[list[Cell | str]] = []
    for line in lines:
        rows.append([Cell(line[0], _BOLD if line[0] == _TOTAL else "")])
        for name, text in zip(head[1:], line[1:], strict=True):
            rows[-1].append(Cell(text, _STYLES.get(name, "") if text != "0" else ""))
    show_rows(out, [Column(name, rank=_RANKS.get(name, 0)) for name in head], rows)


def _columns(report: SpendReport, width: int) -> tuple[list[str], list[list[str]]]:
    """For a person: the head, and a line for each provider and unit of a group, with its bar.

    A bar is as long as its amount is great beside the others of the same provider and unit. A
    column in which nothing stands is left out.

    Args:
        report: what to show.
        width: of the screen; bars take what the rest leaves of it.
    """
    zone = " (UTC)" if report.by in {"day", "month"} else ""
    head = [report.by.upper() + zone, "TASKS", "OK", "FAILED", "RUN", "UNKNOWN"]
    head += ["PROVIDER", "CHARGED", "EXPECTED"]
    lines, bars = [], []
    longest = _longest(report)
    for key, one in report.groups:
        lines += _group(key or "-", one)
        bars += [_share(one, unit, longest[unit]) for unit in _units(one)] or [_NOTHING]
    if len(report.groups) > 1:
        total = _group(_TOTAL, report.total)
        lines += total
        bars += [_NOTHING] * len(total)
    if report.by == "provider":
        del head[6]
        lines = [[*line[:6], *line[7:]] for line in lines]
    head, lines = _without(head, lines, _empty(head, lines))
    room = _room(head, lines, width)
    if room < _SHORTEST_BAR:
        head, lines = _without(head, lines, {"OK"})  # the other counts tell it
        room = _room(head, lines, width)
    if room >= _SHORTEST_BAR:
        block = _BLOCK if sys.stdout is not None and fit(_BLOCK, sys.stdout) == _BLOCK else "#"
        head.append("")
        lines = [
            [*line, block * (share > 0 and max(1, round(room * share)))]
            for line, share in zip(lines, bars, strict=True)
        ]
    return head, lines


def _empty(head: list[str], lines: list[list[str]]) -> set[str]:
    """The columns, by name, in which nothing stands."""
    return {
        name
        for at, name in enumerate(head)
        if name not in {head[0], "TASKS", "CHARGED"}
        and all(line[at] in {"", "0", "-"} for line in lines)
    }


def _without(
    head: list[str], lines: list[list[str]], names: set[str]
) -> tuple[list[str], list[list[str]]]:
    kept = [at for at, name in enumerate(head) if at == 0 or name not in names]
    return [head[at] for at in kept], [[line[at] for at in kept] for line in lines]


def _room(head: list[str], lines: list[list[str]], width: int) -> int:
    """Columns of the screen that are left for bars."""
    taken = sum(max(map(len, column)) + _GAP for column in zip(head, *lines, strict=True))
    return min(_BAR, width - taken)


def _longest(report: SpendReport) -> dict[Unit, Decimal]:
    """The greatest amount of a group, by provider and unit."""
    found: dict[Unit, Decimal] = {}
    for _, one in report.groups:
        for unit in _units(one):
            found[unit] = max(found.get(unit, _NOTHING), _all(one, unit))
    return found


def _group(name: str, one: Sum) -> list[list[str]]:
    begin = [name, *_counts(one)]
    lines = []
    for unit in _units(one):
        cells = [
            with_unit(sums[unit], unit[1]) if unit in sums else "-"
            for sums in (one.charged, one.expected)
        ]
        lines.append([*begin, unit[0], *cells])
        begin = [""] * len(begin)
    return lines or [[*begin, "-", "-", "-"]]


def _share(one: Sum, unit: Unit, longest: Decimal) -> Decimal:
    """How long the bar is, from 0 to 1."""
    return max(_all(one, unit), _NOTHING) / longest if longest > 0 else _NOTHING


def _all(one: Sum, unit: Unit) -> Decimal:
    return one.charged.get(unit, _NOTHING) + one.expected.get(unit, _NOTHING)


def _sum_object(one: Sum) -> dict[str, object]:
    return {
        **{name: getattr(one, name) for name in _COUNTS},
        "charged": _amount_objects(one.charged),
        "expected": _amount_objects(one.expected),
    }


def _amount_objects(sums: Mapping[Unit, Decimal]) -> list[dict[str, str | None]]:
    return [
        {"provider": unit[0], "unit": unit[1], "amount": amount_text(sums[unit])}
        for unit in _ordered(sums)
    ]


def _amounts(sums: Mapping[Unit, Decimal]) -> str:
    """`defapi 12, runbase 0.3 USD`."""
    words = [f"{unit[0]} {with_unit(sums[unit], unit[1])}" for unit in _ordered(sums)]
    return ", ".join(words) or "-"


def _counts(one: Sum) -> list[str]:
    return [str(getattr(one, name)) for name in _COUNTS]


def _column(what: str, unit: Unit) -> str:
    return " ".join([what, unit[0], *filter(None, [unit[1] and safe(unit[1])])])


def _units(one: Sum) -> list[Unit]:
    return _ordered({**one.charged, **one.expected})


def _ordered(units: Mapping[Unit, Decimal]) -> list[Unit]:
    return sorted(units, key=lambda unit: (unit[0], unit[1] or ""))

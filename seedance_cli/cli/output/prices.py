"""How prices are shown: a row each with tabs; for a person, a line for rows that are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli import providers
from seedance_cli._named import NamedTuple
from seedance_cli.models import amount_text, price_text, with_unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from seedance_cli.cli.output.rows import Cell
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.tasks import Offer, PriceRow

_RUN = 3
"""Seconds in a row that are told by the first and the last."""
_SOUND = {None: "-", True: "yes", False: "no"}


class _Line(NamedTuple):
    """A line for a person: rows that differ in their duration, or in nothing but the sound."""

    row: PriceRow
    seconds: tuple[int, ...]
    audio: str
    listed: str


def show_prices(out: Output, rows: Sequence[PriceRow]) -> None:
    """Write the prices of many requests to stdout.

    Raises:
        WriteFailed: as `Output.result`.
    """
    own = any(row.yours is not None for row in rows)
    if not out.has_columns:
        for row in rows:
            out.result(*_fields(row, own=own))
        return
    from seedance_cli.cli.output.rows import Cell, Column, show_rows

    charged = any(row.charged for row in rows)
    lines = _together(rows)
    head = [
        Column("PROVIDER, MODEL"),
        Column("DURATION", short="TIME"),
        Column("RESOLUTION", short="SIZE"),
        Column("AUDIO"),
        *([Column("YOURS")] if own else []),
        Column("LISTED"),
        *([Column("CHARGED", below=True)] if charged else []),
    ]
    show_rows(
        out,
        head,
        [
            [
                f"{one.row.provider} {one.row.fields.model or ''}".rstrip(),
                _seconds(one.seconds),
                one.row.fields.resolution or "-",
                one.audio,
                *([_yours(one.row) or "-"] if own else []),
                one.listed,
                *([Cell(charged_text(one.row) if one.row.charged else "")] if charged else []),
            ]
            for one in lines
        ],
    )
    if len(lines) < len(rows):
        out.note(
            f"{len(rows)} prices in {len(lines)} lines; -p -m -d -r --audio name one;"
            " a pipe or --json has all"
        )


def show_offers(out: Output, offers: Sequence[Offer]) -> None:
    """Write what each provider would take for one request to stdout.

    Raises:
        WriteFailed: as `Output.result`.
    """
    if not out.has_columns:
        for one in offers:
            price, note, _ = _offer(one)
            out.result(one.provider, one.model or "-", price, note)
        return
    from seedance_cli.cli.output.colours import DIM
    from seedance_cli.cli.output.rows import Cell, Column, show_rows

    head = [Column("PROVIDER"), Column("MODEL"), Column("PRICE")]
    rows: list[list[Cell | str]] = []
    for one in offers:
        price, note, short = _offer(one)
        rows.append([one.provider, one.model or "-", price, Cell(note, DIM, short=short)])
    show_rows(out, [*head, Column("BASIS, OR WHY NOT", below=True)], rows)


def charged_text(row: PriceRow) -> str:
    """What was charged for such a request; there was something."""
    last, count = price_text(row.charged[-1]), len(row.of_one_unit)
    text = f"last {last}, median {row.median:f}, n {count}"
    beside = ", ".join(f"{name} {value}" for name, value in row.beside.items())
    return f"{text} (with {beside})" if beside else text


def _fields(row: PriceRow, *, own: bool) -> list[str]:
    return [
        row.provider,
        row.fields.model or "-",
        "-" if row.fields.duration is None else f"{row.fields.duration}s",
        row.fields.resolution or "-",
        _SOUND[row.fields.audio],
        *([_yours(row) or "-"] if own else []),
        "unknown" if row.listed is None else price_text(row.listed),
        charged_text(row) if row.charged else "-",
    ]


def _yours(row: PriceRow) -> str:
    return "" if row.yours is None else price_text(row.yours)


def _offer(one: Offer) -> tuple[str, str, str]:
    """The price; its basis, or why there is none; and the same in short."""
    if one.row is None:
        return "-", one.reason or "", ""
    if one.price is None:
        advice = providers.get(one.provider).info.price_advice
        long = "no list, no charge for such a request yet"
        return "unknown", one.reason or advice or long, "" if advice else "no list, no charge"
    note: str = one.price.basis
    note += f", {len(one.row.charged)} so far" if note == "charged" else ""
    note += f", {one.row.list_date}" if note == "listed" and one.row.list_date else ""
    return price_text(one.price), note, ""


def _together(rows: Iterable[PriceRow]) -> list[_Line]:
    """A line for all durations of a model, and for both of its sounds where they cost the same."""
    groups: dict[object, list[PriceRow]] = {}
    for row in rows:
        alone = row.listed is None or row.fields.duration is None or row.charged or row.yours
        unit = None if row.listed is None else (row.listed.unit, row.listed.basis)
        alike = row.provider, row.fields._replace(duration=None), unit
        groups.setdefault(id(row) if alone else alike, []).append(row)
    found: dict[object, _Line] = {}
    for group in groups.values():
        first = group[0]
        line = _Line(first, _durations(group), _SOUND[first.fields.audio], _listed(group))
        key = (first.provider, first.fields._replace(duration=None, audio=None), line[1], line[3])
        silent = found.get(key)
        if (
            silent is not None
            and silent.audio == "no"
            and line.audio == "yes"
            and not first.charged
        ):
            found[key] = silent._replace(audio="any")
        else:
            found[id(first) if silent is not None else key] = line
    return list(found.values())


def _durations(group: Sequence[PriceRow]) -> tuple[int, ...]:
    return tuple(sorted({row.fields.duration for row in group if row.fields.duration is not None}))


def _seconds(seconds: tuple[int, ...]) -> str:
    """`8s`, `4,8,12s`, `4-15s`."""
    if len(seconds) >= _RUN and seconds == tuple(range(seconds[0], seconds[-1] + 1)):
        return f"{seconds[0]}-{seconds[-1]}s"
    return f"{','.join(map(str, seconds))}s" if seconds else "-"


def _listed(group: Sequence[PriceRow]) -> str:
    """`56 credits`, `0.2419 USD/s`, `57-462 credits`, or that it is unknown."""
    prices = [row.listed for row in group if row.listed is not None]
    if not prices:
        return "unknown"
    rates = {_rate(row) for row in group}
    (rate, *others), unit = rates, prices[0].unit
    if len(group) > 1 and rate is not None and not others:
        return f"{with_unit(rate, unit)}/s"
    amounts = [price.amount for price in prices]
    least, most = min(amounts), max(amounts)
    if least == most:
        return price_text(prices[0])
    return f"{amount_text(least)}-{with_unit(most, unit)}"


def _rate(row: PriceRow) -> Decimal | None:
    """What a second costs; None where that is no plain amount."""
    if row.listed is None or not row.fields.duration:
        return None
    rate = row.listed.amount / row.fields.duration
    plain = rate.normalize()
    return plain if plain * row.fields.duration == row.listed.amount else None

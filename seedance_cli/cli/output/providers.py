"""What providers can do, as tables: a line each with tabs, and in columns for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli import providers as known
from seedance_cli.cli.output.colours import BAD, DIM, GOOD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seedance_cli.cli.output.rows import Cell
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.config import Access
    from seedance_cli.models import MediaKind
    from seedance_cli.providers import ModelInfo, ProviderInfo
    from seedance_cli.tasks import KeyCheck

_COLUMNS = (
    *(("provider", 0), ("key", 0), ("models", 3), ("seconds", 0), ("resolution", 1), ("images", 4)),
    *(("audio", 2), ("cancel", 5), ("ratios", 7), ("endpoint", 6)),
)
"""What a line for a person has, and which go first where there is no room: the highest."""
_RESOLUTIONS = ("480p", "720p", "1080p", "4k")
_FEW = 2
"""Values that are told one by one, where there is little room."""


def show_providers(
    out: Output,
    infos: Sequence[ProviderInfo],
    access: Mapping[str, Access],
    found: Mapping[str, KeyCheck],
) -> None:
    """Write a line for each to stdout; for a person in short, with what the screen has room for.

    Raises:
        WriteFailed: as `Output.result`.
    """
    if not out.has_columns:
        for info in infos:
            out.result(*_row(info, access[info.name], found.get(info.name)))
        return
    from seedance_cli.cli.output.rows import Column, show_rows

    head = [Column(name.upper(), rank=rank) for name, rank in _COLUMNS]
    if found:
        head.insert(2, Column("CHECK"))
    rows = [_cells(info, access[info.name], found.get(info.name)) for info in infos]
    whole = "seedance providers NAME shows all of one"
    if not show_rows(out, head, rows, whole):
        out.note(f"{whole}: its models, and what each of them takes")


def _cells(info: ProviderInfo, access: Access, checked: KeyCheck | None) -> list[Cell | str]:
    _, endpoint, _, durations, resolutions, ratios, images, audio, cancel, key, *_ = _row(
        info, access, checked
    )
    from seedance_cli.cli.output.rows import Cell

    there = access.key.value is True
    cells: list[Cell | str] = [
        info.name,
        Cell(key.removeprefix("environment "), GOOD if there else DIM),
    ]
    if checked is not None:
        cells.append(Cell(checked.text, {"ok": GOOD, "none": DIM}.get(checked.state, BAD)))
    return [
        *cells,
        str(len(info.models)),
        durations.removesuffix(" s").replace(", ", ","),
        _in_short(resolutions),
        images.removeprefix("up to ").removesuffix(" number"),
        audio,
        cancel,
        ratios,
        Cell(endpoint, link=endpoint),
    ]


def _in_short(resolutions: str) -> str:
    """`480p-4k` of `480p, 720p, 1080p, 4k`."""
    words = resolutions.split(", ")
    run = len(words) > _FEW and ", ".join(_RESOLUTIONS).find(resolutions) >= 0
    return f"{words[0]}-{words[-1]}" if run else ",".join(words)


def show_provider(
    out: Output, info: ProviderInfo, access: Access, checked: KeyCheck | None
) -> None:
    """Write all of one to stdout: a fact a line; for a person a paragraph, and one for each model.

    Raises:
        WriteFailed: as `Output.result`.
    """
    rows = _details(info, access, checked)
    if not out.has_columns:
        out.table(("FIELD", "VALUE"), rows)
        return
    of_models = {" of " + model.id: model for model in info.models}
    general = [row for row in rows[1:] if not any(row[0].endswith(end) for end in of_models)]
    out.block(info.name, general)
    for end, model in of_models.items():
        own = [(name.removesuffix(end), text) for name, text in rows if name.endswith(end)]
        if own:
            out.result("")
            out.block(model.id, own)


def _row(info: ProviderInfo, access: Access, checked: KeyCheck | None) -> list[str]:
    models = info.models
    ratios = _union([model.aspect_ratios for model in models])
    row = [
        info.name,
        access.endpoint.text,
        _models(info),
        _durations(tuple(sorted({d for model in models for d in model.durations}))),
        _words(_union([model.resolutions for model in models])),
        _words(ratios),
        _images(info),
        _yes(info.audio),
        _yes(info.can_cancel),
        _key(access),
    ]
    return row if checked is None else [*row, checked.text]


def _details(info: ProviderInfo, access: Access, checked: KeyCheck | None) -> list[tuple[str, str]]:
    rows = [
        ("name", info.name),
        ("endpoint", f"{access.endpoint.text} ({access.endpoint.source})"),
        ("documents", info.docs),
        ("models", _models(info)),
    ]
    for model in info.models:
        of = f" of {model.id}" if len(info.models) > 1 else ""
        rows += [
            (f"durations{of}", _values(info, model, "duration", _durations(model.durations))),
            (f"resolutions{of}", _values(info, model, "resolution", _words(model.resolutions))),
            (f"ratios{of}", _values(info, model, "aspect_ratio", _words(model.aspect_ratios))),
        ]
    rows += [
        ("images", _images(info)),
        ("audio", _yes(info.audio)),
        ("fixed lens", _yes(info.fixed_lens)),
        ("seed", _yes(info.takes("seed"))),
        ("watermark", _yes(info.takes("watermark"))),
        ("first frame", _frames(info, "first_frame")),
        ("last frame", _frames(info, "last_frame")),
        ("reference videos", _media(info, "reference_videos")),
        ("reference audios", _media(info, "reference_audios")),
        ("last frame out", _yes(info.takes("last_frame_out"))),
        ("local files", _files(info)),
        ("callback", _yes(info.callback)),
        ("metadata", _yes(info.metadata)),
        ("cancel", _yes(info.can_cancel)),
        ("key", _key(access)),
    ]
    if checked is not None:
        rows.append(("check", checked.text))
    return rows


def _models(info: ProviderInfo) -> str:
    listed = _words(tuple(model.id for model in info.models))
    if info.model_use is known.ModelUse.NONE:
        return f"{listed} (no choice)"
    return f"{listed}, or any other" if info.open_models else listed


def _durations(seconds: tuple[int, ...]) -> str:
    """Seconds, a run of neighbours as its ends."""
    if len(seconds) > 2 and seconds == tuple(range(seconds[0], seconds[-1] + 1)):  # noqa: PLR2004 - two are no run
        return f"{seconds[0]}-{seconds[-1]} s"
    return f"{_words(tuple(str(one) for one in seconds))} s" if seconds else "-"


def _images(info: ProviderInfo) -> str:
    return _media(info, "images")


def _media(info: ProviderInfo, option: str) -> str:
    """How many media of an option the models take; where they differ, the most."""
    taking = [info.limits(model) for model in info.models if info.takes(option, model)]
    if not taking:
        return "no"
    kind = {"images": 0, "reference_videos": 1, "reference_audios": 2}[option]
    most = [limits[kind] if limits[kind] is not None else limits.together for limits in taking]
    if None in most:
        return "any number"
    return f"up to {max(count for count in most if count is not None)}"


def _frames(info: ProviderInfo, option: str) -> str:
    if not info.takes(option):
        return "no"
    return "yes, by order" if info.media.inferred else "yes"


def _files(info: ProviderInfo) -> str:
    """The documented ways of local files, by kind."""
    ways = {str(kind): way for kind, way in file_ways(info).items() if way is not None}
    return ", ".join(f"{kind}: {way}" for kind, way in ways.items()) or "by upload_command only"


def file_ways(info: ProviderInfo) -> dict[MediaKind, str | None]:
    """How a local file of each kind gets to the provider; None: it documents no way."""
    from seedance_cli.models import MediaKind

    def way(kind: MediaKind) -> str | None:
        if info.upload is not None:
            return "upload"
        inline = any(info.limits(model).files(kind).data_uri for model in info.models)
        return "data: URI" if inline else None

    return {kind: way(kind) for kind in MediaKind}


def _values(info: ProviderInfo, model: ModelInfo, option: str, text: str) -> str:
    """The values of a model; where it takes the option and nobody states which: any."""
    return "any" if text == "-" and info.takes(option, model) else text


def _union(groups: list[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for group in groups for one in group))


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(words) or "-"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _key(access: Access) -> str:
    return str(access.key.source) if access.key.value is True else access.key.text

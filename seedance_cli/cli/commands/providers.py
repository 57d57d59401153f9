"""`seedance providers`: what each provider can do, and where its key comes from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli import config, tasks
from seedance_cli import providers as known
from seedance_cli.cli import options as _options
from seedance_cli.cli.command import Run, command
from seedance_cli.errors import UsageError

EXAMPLES = (
    "seedance providers",
    "seedance providers runbase --json",
    "seedance providers --check",
)

if TYPE_CHECKING:
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.cli.session import Session
    from seedance_cli.config import Access
    from seedance_cli.models import MediaKind
    from seedance_cli.providers import ModelInfo, ProviderInfo
    from seedance_cli.tasks import Channel, KeyCheck


_FIELDS = (
    "endpoint",
    "models",
    "durations",
    "resolutions",
    "ratios",
    "images",
    "audio",
    "cancel",
    "key",
    "check",
)
"""The fields of a row, after the name; the last one only with `--check`."""
_OPTIONS = (
    *("duration", "resolution", "aspect_ratio", "audio", "fixed_lens", "seed", "watermark"),
    *("images", "first_frame", "last_frame", "reference_videos", "reference_audios"),
    *("last_frame_out", "callback_url", "metadata"),
)
"""Of a request, but for prompt and model: those that not everybody takes."""


@command(remote=True)
def providers(
    run: Run,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="Only this one, in full.",
            autocompletion=_options.provider_names,
        ),
    ] = None,
    *,
    check: Annotated[
        bool,
        typer.Option("--check", help="Ask each provider whether its key is right; costs nothing."),
    ] = False,
) -> None:
    """Show what each provider can do, and where its key comes from."""
    if name is not None and run.provider not in {None, name}:
        raise UsageError("two providers are named", hint="give NAME or --provider")
    only = name or run.provider
    infos = [known.get(one).info for one in ([only] if only is not None else known.names())]
    with run.session() as session:
        files = config.resolve.load(run.env)
        for warning in files.warnings:
            run.out.warn(warning)
        choice = config.resolve.choose_profile(files, run.env, run.profile)
        named = True if only is not None else None  # else environment or profile may name one
        access = {
            info.name: config.show.access(choice, run.env, info, named=named) for info in infos
        }
        found: dict[str, KeyCheck] = {}
        if check:
            for info in infos:
                has_key = access[info.name].key.value is True or session.sandbox
                connect = partial(_channel, session, info.name, listed=only is None)
                found[info.name] = tasks.key_check.check(
                    info.name, connect if has_key else None, run.clock
                )
    if run.out.json:
        run.out.document([_object(info, access[info.name], found.get(info.name)) for info in infos])
    elif only is not None:
        run.out.table(("FIELD", "VALUE"), _details(infos[0], access[only], found.get(only)))
    else:
        rows = [_row(info, access[info.name], found.get(info.name)) for info in infos]
        _print(run.out, rows)
    if check:
        tasks.key_check.conclude(list(found.values()))


def _channel(session: Session, provider: str, *, listed: bool) -> Channel:
    return session.channel(session.settings(provider=provider, listed=listed))


def _print(out: Output, rows: list[list[str]]) -> None:
    """A line each; on a terminal, where it would be too long to read, a paragraph each."""
    for row in rows:
        if not out.stdout_terminal:
            out.result(*row)
            continue
        if row is not rows[0]:
            out.result("")
        out.block(row[0], list(zip(_FIELDS, row[1:], strict=False)))


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


def _object(info: ProviderInfo, access: Access, checked: KeyCheck | None) -> dict[str, object]:
    limit = info.rate_limit
    return {
        "name": info.name,
        "endpoint": access.endpoint.value,
        "endpoint_source": config.source_object(access.endpoint.source),
        "docs": info.docs,
        "model_use": str(info.model_use),
        "open_models": info.open_models,
        "models": [_model(info, model) for model in info.models],
        "max_prompt": info.max_prompt,
        "max_images": info.max_images,
        "takes": [option for option in _OPTIONS if info.takes(option)],
        "local_files": {str(kind): way for kind, way in _ways(info).items()},
        "audio": info.audio,
        "fixed_lens": info.fixed_lens,
        "callback": info.callback,
        "metadata": info.metadata,
        "cancel": info.can_cancel,
        "price_unit": info.price_unit,
        "rate_limit": None
        if limit is None
        else {"requests": limit.requests, "seconds": limit.seconds},
        "key": {
            "set": access.key.value is True,
            "source": config.source_object(access.key.source),
            "variable": info.key_env,
        },
        "check": None if checked is None else checked.as_object(),
    }


def _model(info: ProviderInfo, model: ModelInfo) -> dict[str, object]:
    limits = info.limits(model)
    return {
        "id": model.id,
        "durations": list(model.durations),
        "resolutions": list(model.resolutions),
        "aspect_ratios": list(model.aspect_ratios),
        "takes": [option for option in _OPTIONS if info.takes(option, model)],
        "max_images": limits.images if info.takes("images", model) else 0,
        "max_reference_videos": limits.videos if info.takes("reference_videos", model) else 0,
        "max_reference_audios": limits.audios if info.takes("reference_audios", model) else 0,
        "max_media": limits.together,
    }


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
    ways = {str(kind): way for kind, way in _ways(info).items() if way is not None}
    return ", ".join(f"{kind}: {way}" for kind, way in ways.items()) or "by upload_command only"


def _ways(info: ProviderInfo) -> dict[MediaKind, str | None]:
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

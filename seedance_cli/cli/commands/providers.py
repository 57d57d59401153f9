"""`seedance providers`: what each provider can do, and where its key comes from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli import cli, config, tasks
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
    from seedance_cli.cli.session import Session
    from seedance_cli.config import Access
    from seedance_cli.providers import ModelInfo, ProviderInfo
    from seedance_cli.tasks import Channel, KeyCheck


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
        cli.show_provider(run.out, infos[0], access[only], found.get(only))
    else:
        cli.show_providers(run.out, infos, access, found)
    if check:
        tasks.key_check.conclude(list(found.values()))


def _channel(session: Session, provider: str, *, listed: bool) -> Channel:
    return session.channel(session.settings(provider=provider, listed=listed))


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
        "local_files": {str(kind): way for kind, way in cli.file_ways(info).items()},
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

"""What Tab offers. Nothing here writes, reaches a provider, or fails aloud."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

import typer

from seedance_cli.models import unsafe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from seedance_cli.providers import ModelInfo, ProviderInfo

MOST_REFS = 20


def shells(incomplete: str) -> list[str]:
    """The shells that there is a completion script for."""
    from seedance_cli.cli.shells import SCRIPTS

    return _fitting(SCRIPTS, incomplete)


def provider_names(incomplete: str) -> list[str]:
    """The providers."""
    from seedance_cli.providers import names

    return _fitting(names(), incomplete)


def model_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    """The models of the provider, or of all."""
    from seedance_cli.providers import ModelUse

    infos = [info for info in _infos(ctx) if info.model_use is not ModelUse.NONE]
    return _fitting((model.id for info in infos for model in info.models), incomplete)


def durations(ctx: typer.Context, incomplete: str) -> list[str]:
    """The durations that the provider and the model allow, in seconds."""
    seconds = {one for model in _models(ctx) for one in model.durations}
    return _fitting(map(str, sorted(seconds)), incomplete)


def resolutions(ctx: typer.Context, incomplete: str) -> list[str]:
    """The resolutions that the provider and the model allow."""
    return _fitting((one for model in _models(ctx) for one in model.resolutions), incomplete)


def aspect_ratios(ctx: typer.Context, incomplete: str) -> list[str]:
    """The aspect ratios that the provider and the model allow."""
    return _fitting((one for model in _models(ctx) for one in model.aspect_ratios), incomplete)


def statuses(incomplete: str) -> list[str]:
    """The statuses of a task."""
    from seedance_cli.models import Status

    return _fitting(Status, incomplete)


def profile_names(incomplete: str) -> list[str]:
    """The profiles; none where the configuration cannot be read."""
    from seedance_cli.config import load, paths
    from seedance_cli.errors import SeedanceError

    try:
        # What is no file, a FIFO say, may have only one reader: the command that is being typed.
        if any(path.exists() and not path.is_file() for path in paths(os.environ)):
            return []
        return _fitting(load(os.environ, tighten=False).names(), incomplete)
    except SeedanceError:
        return []


def refs(ctx: typer.Context, incomplete: str) -> list[str]:
    """This machine's tasks, unfinished ones first, each group newest first.

    Each by its name, or its ref where it has none; to what begins no name, by its ref.
    """
    from datetime import UTC, datetime

    from seedance_cli.errors import SeedanceError
    from seedance_cli.ledger import tasks
    from seedance_cli.models import make_ref
    from seedance_cli.system import state_dir

    provider, sandbox = ctx.params.get("provider"), ctx.params.get("sandbox")
    with suppress(SeedanceError, ValueError):
        known = tasks(
            state_dir(os.environ), datetime.now(tz=UTC), provider=provider, sandbox=sandbox
        )
        typed = ctx.params.get("refs") or ()
        offered = [one.name or make_ref(*one[:2]) for one in known]
        if incomplete:
            offered += [make_ref(*one[:2]) for one in known]
        fitting = (ref for ref in _fitting(offered, incomplete) if ref not in typed)
        return list(islice(fitting, MOST_REFS))
    return []


def batches(incomplete: str) -> list[str]:
    """The batches of this machine's ledger, the newest first."""
    from seedance_cli.errors import SeedanceError
    from seedance_cli.ledger import batches as known
    from seedance_cli.system import state_dir

    with suppress(SeedanceError, ValueError):
        return _fitting(known(state_dir(os.environ)), incomplete)
    return []


def metadata(incomplete: str) -> list[str]:
    """`KEY=` for the keys of metadata that were used before."""
    from seedance_cli.errors import SeedanceError
    from seedance_cli.ledger import metadata_keys
    from seedance_cli.system import state_dir

    with suppress(SeedanceError, ValueError):
        keys = metadata_keys(state_dir(os.environ))
        return _fitting((f"{key}=" for key in keys), incomplete)
    return []


def _infos(ctx: typer.Context) -> Iterator[ProviderInfo]:
    from seedance_cli import providers

    named = ctx.params.get("provider") or os.environ.get("SEEDANCE_PROVIDER")
    for name in providers.names():
        if named not in providers.names() or name == named:
            yield providers.get(name).info


def _models(ctx: typer.Context) -> list[ModelInfo]:
    models = [model for info in _infos(ctx) for model in info.models]
    named = [model for model in models if model.id == ctx.params.get("model")]
    return named or models


def _fitting(offered: Iterable[str], incomplete: str) -> list[str]:
    """Those that begin so. One with a control character is not offered: a shell would show it."""
    return [
        str(one) for one in dict.fromkeys(offered) if one.startswith(incomplete) and not unsafe(one)
    ]

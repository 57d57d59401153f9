"""What Tab offers. Nothing here writes, reaches a provider, or fails aloud."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Self

import typer

from seedance_cli import config, ledger, models, providers, system
from seedance_cli.errors import SeedanceError
from seedance_cli.models import unsafe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from seedance_cli.ledger import Named, Unsettled
    from seedance_cli.providers import ModelInfo, ProviderInfo

MOST_REFS = 20
_RUN = 2
"""Numbers in a row that are told one by one."""


class Word(str):
    """A word that Tab offers, and what it stands for, which not every shell asks for."""

    __slots__ = ("_about",)
    _about: Callable[[], str]

    def __new__(cls, word: str, about: Callable[[], str]) -> Self:
        """Take both; `about` is called only where a shell shows it."""
        self = super().__new__(cls, word)
        self._about = about
        return self

    @property
    def about(self) -> str:
        """What the word stands for."""
        return self._about()


def batch_formats(incomplete: str) -> list[str]:
    """The formats of a batch's file."""
    from seedance_cli.tasks import batch

    return _fitting(batch.FORMATS, incomplete)


def shells(incomplete: str) -> list[str]:
    """The shells that there is a completion script for."""
    from seedance_cli.cli.shells import SCRIPTS

    return _fitting(SCRIPTS, incomplete)


def provider_names(incomplete: str) -> list[str]:
    """The providers."""
    return _fitting(map(_seller, providers.names()), incomplete)


def model_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    """The models of the provider, or of all."""
    infos = [info for info in _infos(ctx) if info.model_use is not providers.ModelUse.NONE]
    models = ((info, model) for info in infos for model in (*info.models, *info.variants))
    return _fitting(
        (Word(model.id, partial(_limits, info, model)) for info, model in models), incomplete
    )


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
    return _fitting(models.Status, incomplete)


def profile_names(incomplete: str) -> list[str]:
    """The profiles; none where the configuration cannot be read."""
    try:
        # What is no file, a FIFO say, may have only one reader: the command that is being typed.
        if any(path.exists() and not path.is_file() for path in config.paths(os.environ)):
            return []
        return _fitting(config.load(os.environ, tighten=False).names(), incomplete)
    except SeedanceError:
        return []


def refs(ctx: typer.Context, incomplete: str) -> list[str]:
    """This machine's tasks, unfinished ones first, each group newest first.

    Each by its name, or its ref where it has none; to what begins no name, by its ref.
    """
    provider, sandbox = ctx.params.get("provider"), ctx.params.get("sandbox")
    with suppress(SeedanceError, ValueError):
        now = datetime.now(tz=UTC)
        folder = system.state_dir(os.environ)
        known = ledger.tasks(folder, now, provider=provider, sandbox=sandbox)
        typed = ctx.params.get("refs") or ()
        offered = [_task(one.name or models.make_ref(*one[:2]), one) for one in known]
        if incomplete:
            offered += [_task(models.make_ref(*one[:2]), one) for one in known]
        fitting = (ref for ref in _fitting(offered, incomplete) if ref not in typed)
        return list(islice(fitting, MOST_REFS))
    return []


def intents(incomplete: str) -> list[str]:
    """The submissions that `recover` settles, the newest first."""
    with suppress(SeedanceError, ValueError):
        found = ledger.unsettled(system.state_dir(os.environ))
        return _fitting((Word(one.intent, partial(_sent, one)) for one in found), incomplete)
    return []


def batches(incomplete: str) -> list[str]:
    """The batches of this machine's ledger, the newest first."""
    with suppress(SeedanceError, ValueError):
        return _fitting(ledger.batches(system.state_dir(os.environ)), incomplete)
    return []


def groups(incomplete: str) -> list[str]:
    """What `spend` groups by: columns, and keys of metadata that were used before."""
    from seedance_cli.tasks import GROUPS, METADATA

    keys = [f"{METADATA}{key[:-1]}" for key in metadata("")]
    return _fitting([*GROUPS, *(keys or [METADATA])], incomplete)


def metadata(incomplete: str) -> list[str]:
    """`KEY=` for the keys of metadata that were used before."""
    with suppress(SeedanceError, ValueError):
        keys = ledger.metadata_keys(system.state_dir(os.environ))
        return _fitting((f"{key}=" for key in keys), incomplete)
    return []


def _task(word: str, one: Named) -> Word:
    return Word(word, lambda: f"{one.status}: {one.prompt}")


def _sent(one: Unsettled) -> str:
    return f"{one.provider}: {one.prompt}"


def _seller(name: str) -> Word:
    def about() -> str:
        info = providers.get(name).info
        count = len(info.models)
        return f"{count} model{'s' if count > 1 else ''}, {info.base_url.partition('://')[2]}"

    return Word(name, about)


def _limits(info: ProviderInfo, model: ModelInfo) -> str:
    """`seedance2ink: 4-15 s, 480p 720p`."""
    seconds = sorted(model.durations)
    parts = [f"{' '.join(map(str, seconds))} s"] if seconds else []
    if len(seconds) > _RUN and seconds == list(range(seconds[0], seconds[-1] + 1)):
        parts = [f"{seconds[0]}-{seconds[-1]} s"]
    parts += [" ".join(model.resolutions)] if model.resolutions else []
    return f"{info.name}: {', '.join(parts)}" if parts else info.name


def _infos(ctx: typer.Context) -> Iterator[ProviderInfo]:
    named = ctx.params.get("provider") or os.environ.get("SEEDANCE_PROVIDER")
    for name in providers.names():
        if named not in providers.names() or name == named:
            yield providers.get(name).info


def _models(ctx: typer.Context) -> list[ModelInfo]:
    found = [model for info in _infos(ctx) for model in info.models]
    named = [model for model in found if model.id == ctx.params.get("model")]
    return named or found


def _fitting(offered: Iterable[str], incomplete: str) -> list[str]:
    """Those that begin so. One with a control character is not offered: a shell would show it."""
    return [
        one if isinstance(one, Word) else str(one)  # a status is more than its word
        for one in dict.fromkeys(offered)
        if one.startswith(incomplete) and not unsafe(one)
    ]

"""The providers: one module each, found by listing this folder, imported when asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from seedance_cli.errors import UsageError

if TYPE_CHECKING:
    from seedance_cli.providers._base import Provider


@cache
def names() -> tuple[str, ...]:
    """Every provider's name, sorted; nothing is imported. A `-` in it is `_` in its file's name."""
    folders = import_module(__package__).__path__
    stems = (path.stem for folder in folders for path in Path(folder).glob("[!_]*.py"))
    return tuple(sorted(stem.replace("_", "-") for stem in stems))


@cache
def get(name: str) -> Provider:
    """The provider of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in names():
        from seedance_cli.models import told

        raise UsageError(
            f"there is no provider {told(name, longest=20)}",
            hint=f"the providers are {', '.join(names())}",
        )
    return cast("Provider", import_module(f"{__package__}.{name.replace('-', '_')}").PROVIDER)

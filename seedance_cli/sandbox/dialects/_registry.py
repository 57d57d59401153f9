"""What each provider says on the wire: one module each, found by listing this folder.

Written from the providers' own pages, independently of `seedance_cli.providers`, so that one is a
check on the other. Only the allowed values are shared: they are the provider's capabilities.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from seedance_cli.errors import UsageError

if TYPE_CHECKING:
    from seedance_cli.sandbox.dialects._base import Dialect


@cache
def names() -> tuple[str, ...]:
    """The providers that the sandbox emulates, sorted; nothing is imported for it."""
    stems = (path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    return tuple(sorted(stem.replace("_", "-") for stem in stems))


@cache
def every() -> tuple[Dialect, ...]:
    """Every dialect, by name."""
    modules = (import_module(f"{__package__}.{name.replace('-', '_')}") for name in names())
    return tuple(cast("Dialect", module.DIALECT) for module in modules)


def require_dialect(provider: str) -> None:
    """Make sure that the sandbox emulates a provider.

    Raises:
        UsageError: it does not.
    """
    if provider not in names():
        raise UsageError(
            f"the sandbox does not know {provider} yet",
            hint=f"the providers of the sandbox are {', '.join(names())}",
        )

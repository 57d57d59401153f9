"""What each provider says on the wire: one module each, found by listing this folder.

Written from the providers' own pages, independently of `seedance_cli.providers`, so that one is a
check on the other. Only the allowed values are shared: they are the provider's capabilities.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from seedance_cli.sandbox.dialects._base import Dialect


@cache
def every() -> tuple[Dialect, ...]:
    """Every dialect, by name."""
    stems = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    return tuple(cast("Dialect", import_module(f"{__package__}.{stem}").DIALECT) for stem in stems)

"""Typer's command tree, built once for a whole test run.

Typer builds it anew at each call of `main`, from the signatures of all commands: some 25 ms, which
are most of the time of a test that runs hundreds of commands.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import typer.main

if TYPE_CHECKING:
    import pytest

_built = cache(typer.main.get_command)


def use(patch: pytest.MonkeyPatch) -> None:
    """Let every call of `main` use the one tree, until the patch is undone."""
    patch.setattr(typer.main, "get_command", _built)

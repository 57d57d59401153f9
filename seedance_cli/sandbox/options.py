"""How a sandbox behaves, and whether its libraries are there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seedance_cli.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS_ENV = "SEEDANCE_SANDBOX_SECONDS"
DEFAULT_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a sandbox behaves."""

    seconds: float = DEFAULT_SECONDS
    """How long a new task takes."""
    seed: int = 0
    """Decides, with the request, every byte of a video."""
    url_seconds: float | None = None
    """How long a video URL works after it was handed out; None: for ever."""
    allow_callbacks: bool = False
    """Whether callback URLs of other machines are called, too."""
    allow_hosts: tuple[str, ...] = ()
    """Host names, in small letters, whose requests are answered; addresses and localhost are."""
    callback_delays: tuple[float, ...] = (0.5, 1.0, 2.0)
    """Seconds before each further try of a callback."""


_MODULES = ("starlette", "uvicorn", "av", "PIL")


def require() -> None:
    """Make sure that what the extra `sandbox` brings is there.

    Raises:
        ConfigError: it is not.
    """
    from importlib.util import find_spec

    if any(find_spec(module) is None for module in _MODULES):
        raise ConfigError(
            "the sandbox needs its extra",
            # From the clone: no index has this program under its name.
            hint="in a clone of this program's repository: uv tool install '.[sandbox]'"
            "  (or: pipx install --force '.[sandbox]')",
        )


def seconds_from(env: Mapping[str, str]) -> float:
    """How many seconds a task of the sandbox takes.

    Raises:
        ConfigError: the variable is no number, or negative.
    """
    text = env.get(SECONDS_ENV, "").strip()
    if not text:
        return DEFAULT_SECONDS
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?|\.[0-9]{1,9}", text, re.ASCII):
        raise ConfigError(
            f"{SECONDS_ENV} is not a number of seconds",
            hint=f"give 0 or more, e.g. {SECONDS_ENV}=5",
        )
    return float(text)

"""Where the ledger is: `SEEDANCE_LEDGER`, else `ledger` in `config.toml`, else on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.config.source import Origin, Source
from seedance_cli.errors import ConfigError, NoHome
from seedance_cli.models import Secret
from seedance_cli.system import config_file, files, misquoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

VARIABLE = "SEEDANCE_LEDGER"
LOCAL = "local"
"""Stands for the ledger of this machine alone, where a URL may stand."""
_SETTING = "ledger"


class LedgerPlace(NamedTuple):
    """Which ledger counts, and what decided it."""

    url: Secret | None
    """Of the shared one, which may have a password in it; None: `ledger.db` of this machine."""
    source: Source


THIS_MACHINE = LedgerPlace(None, Source(Origin.DEFAULT))
"""Where nothing says otherwise."""


def ledger_place(
    env: Mapping[str, str], configured: Callable[[], LedgerPlace | None]
) -> LedgerPlace:
    """Where the ledger is. Whether a URL can be used, the ledger itself says.

    Args:
        env: the environment.
        configured: what `config.toml` says; asked only where the file may name a ledger, so that a
            command that needs nothing else of it does not read it.

    Raises:
        ConfigError: it is named in a way that cannot be meant. An empty name is no name: taken as
            one, it would switch a machine to another ledger in silence.
    """
    text = env.get(VARIABLE)
    if text is not None:
        return LedgerPlace(_url(VARIABLE, text), Source(Origin.ENVIRONMENT, VARIABLE))
    if _may_name_one(env):
        return configured() or THIS_MACHINE
    return THIS_MACHINE


def sandbox_place(env: Mapping[str, str]) -> LedgerPlace:
    """Where the sandbox's rows are: on this machine, whatever is named.

    Raises:
        ConfigError: a ledger is named in a way that cannot be meant, as everywhere.
    """
    text = env.get(VARIABLE)
    if text is not None:
        _url(VARIABLE, text)
    return THIS_MACHINE


def typed_place(text: str) -> LedgerPlace:
    """A ledger that was typed as `local` or a URL.

    Raises:
        ConfigError: as `ledger_place`.
    """
    return LedgerPlace(_url("the ledger", text), Source(Origin.OPTION))


def in_config(path: Path, data: Mapping[str, object]) -> LedgerPlace | None:
    """What `config.toml` says; None where it says nothing.

    Raises:
        ConfigError: it is no text, or cannot be meant.
    """
    text = data.get(_SETTING)
    if text is None:
        return None
    if not isinstance(text, str):
        raise ConfigError(f"{path}: {_SETTING} must be a string")
    return LedgerPlace(_url(f"{path}: {_SETTING}", text), Source(Origin.CONFIG, _SETTING))


def _url(name: str, text: str) -> Secret | None:
    if not text:
        raise ConfigError(
            f"{name} is set and empty: which ledger is meant is not known, and nothing was sent",
            hint=f"set it to a postgresql:// URL, or take it away; {LOCAL} is this machine's own",
        )
    fault = misquoted(text)
    if fault is not None:
        raise ConfigError(
            f"{name} {fault}", hint="set it to the URL alone; nothing was made or sent"
        )
    return None if text == LOCAL else Secret(text)


def _may_name_one(env: Mapping[str, str]) -> bool:
    """Whether `config.toml` has the word in it, so that it has to be read as a whole."""
    try:
        place = config_file(env)
        with open(files.open_to_read(place), "rb") as stream:  # noqa: PTH123 - a descriptor
            return _SETTING.encode() in stream.read()
    except (NoHome, FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ConfigError):
        return True  # which reading it tells in words

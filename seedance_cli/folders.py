"""Where the program's files lie."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from seedance_cli.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def config_file(env: Mapping[str, str]) -> Path:
    """Where `config.toml` lies, whether it exists or not.

    Raises:
        ConfigError: the user's folder is not known.
    """
    file = _named(env, "SEEDANCE_CONFIG")
    if file is not None:
        return file
    folder = _xdg("XDG_CONFIG_HOME", ".config")
    if folder is None:
        from platformdirs import user_config_path

        folder = _users(user_config_path, "SEEDANCE_CONFIG")
    return folder / "config.toml"


def state_dir(env: Mapping[str, str]) -> Path:
    """The folder of the ledger and the sandbox, whether it exists or not.

    Raises:
        ConfigError: the user's folder is not known.
    """
    folder = _named(env, "SEEDANCE_STATE_DIR") or _xdg("XDG_STATE_HOME", ".local/state")
    if folder is not None:
        return folder
    from platformdirs import user_state_path

    return _users(user_state_path, "SEEDANCE_STATE_DIR")


def _named(env: Mapping[str, str], variable: str) -> Path | None:
    """The variable as a path; None where it is empty or not set."""
    text = env.get(variable)
    if not text:
        return None
    try:
        return Path(text).expanduser().absolute()
    except (RuntimeError, OSError):  # no home, or no current folder
        raise ConfigError(f"{variable} cannot be used: name an absolute path") from None


def _xdg(variable: str, below_home: str) -> Path | None:
    """The folder by the XDG base directory specification; None where platformdirs has to decide.

    On Linux with a usual environment platformdirs says just this, and takes several milliseconds
    to import. https://specifications.freedesktop.org/basedir-spec/
    """
    if sys.platform != "linux" or "ANDROID_ROOT" in os.environ:
        return None
    for variable_or_home, below in ((variable, ""), ("HOME", below_home)):
        folder = os.environ.get(variable_or_home, "")
        if folder.startswith("/"):
            return Path(folder, below, "seedance")
    return None


def _users(find: Callable[..., Path], variable: str) -> Path:
    """The user's own folder, if the system knows it."""
    try:
        folder = find("seedance", appauthor=False)
    except RuntimeError:  # platformdirs, where neither HOME nor the user database tells
        folder = Path()
    # Older ones leave `~` in it, and a relative XDG variable is one that does not count.
    if folder.is_absolute():
        return folder
    raise ConfigError(
        "the user's own folder is not known (is HOME set?)", hint=f"set {variable} to a path"
    )

"""Where the two files and the state folder lie, and both files read into one `Store`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from seedance_cli import profile_data, providers, toml_store
from seedance_cli.errors import ConfigError
from seedance_cli.profile_data import Profile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the two files lie."""

    config: Path
    credentials: Path


@dataclass(frozen=True, slots=True)
class Store:
    """Both files, as they were read."""

    paths: Paths
    default_profile: str | None
    profiles: Mapping[str, Profile]
    warnings: tuple[str, ...] = ()
    """What to tell the user, a line each."""

    def names(self) -> tuple[str, ...]:
        """The profiles there are, sorted."""
        return tuple(sorted(self.profiles))


def paths(env: Mapping[str, str]) -> Paths:
    """Where `config.toml` and `credentials.toml` lie, whether they exist or not.

    Raises:
        ConfigError: the user's folder is not known.
    """
    config = _named_path(env, "SEEDANCE_CONFIG")
    if config is None:
        from platformdirs import user_config_path

        config = _users(user_config_path, "SEEDANCE_CONFIG") / "config.toml"
    credentials = config.with_name("credentials.toml")
    if credentials == config:
        raise ConfigError(
            "SEEDANCE_CONFIG names credentials.toml, which is for stored keys",
            hint="name the config file beside it, e.g. config.toml",
        )
    return Paths(config, credentials)


def state_dir(env: Mapping[str, str]) -> Path:
    """The folder of the ledger and the sandbox, whether it exists or not.

    Raises:
        ConfigError: the user's folder is not known.
    """
    folder = _named_path(env, "SEEDANCE_STATE_DIR")
    if folder is not None:
        return folder
    from platformdirs import user_state_path

    return _users(user_state_path, "SEEDANCE_STATE_DIR")


def load(env: Mapping[str, str]) -> Store:
    """Read both files; one that is missing is empty.

    Raises:
        ConfigError: unreadable, damaged, or a value of the wrong type; never with the content.
    """
    where = paths(env)
    ours = toml_store.read(where.credentials)
    users = toml_store.read(where.config)
    config = profile_data.config(where.config, users.data)
    stored = profile_data.credentials(where.credentials, ours.data, providers.names())
    profiles = {
        name: replace(config.profiles.get(name, Profile()), credentials=stored.get(name, {}))
        for name in {*config.profiles, *stored}
    }
    has_key = any(
        table.api_key for one in config.profiles.values() for table in one.providers.values()
    )
    warnings = (
        *_mode_warnings(where.credentials, ours, matters=True),
        *_mode_warnings(where.config, users, matters=has_key),
    )
    return Store(where, config.default_profile, profiles, warnings)


def _mode_warnings(path: Path, document: toml_store.Document, *, matters: bool) -> tuple[str, ...]:
    if document.loose is None:
        return ()
    if document.tightened:
        return (f"{path} could be read by others (mode {document.loose:04o}); now only by you",)
    if not matters:  # a config file without a key, in a folder that is managed for the user
        return ()
    return (
        f"{path} can be read by others (mode {document.loose:04o}), and its mode cannot be changed",
    )


def _named_path(env: Mapping[str, str], variable: str) -> Path | None:
    """The variable as a path; None where it is empty or not set."""
    text = env.get(variable)
    if not text:
        return None
    try:
        return Path(text).expanduser().absolute()
    except (RuntimeError, OSError):  # no home, or no current folder
        raise ConfigError(f"{variable} cannot be used: name an absolute path") from None


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

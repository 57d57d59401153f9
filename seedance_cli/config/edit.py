"""Changes to the two files: what `login`, `logout` and the `profile` commands write.

Each change is made under the file's lock on what the file holds then, so that of many writers at
once none undoes another's change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seedance_cli.config import toml_file as toml_store
from seedance_cli.config.schema import KEY_SETTINGS, name_fault
from seedance_cli.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from seedance_cli.config.schema import Default
    from seedance_cli.config.settings import Setting
    from seedance_cli.config.sources import Paths
    from seedance_cli.config.toml_file import Table
    from seedance_cli.models import Secret
    from seedance_cli.system import Clock


@dataclass(frozen=True, slots=True)
class Change:
    """What a rewrite did."""

    path: Path
    changed: bool
    backup: Path | None = None
    """Where the file with its comments went."""


@dataclass(frozen=True, slots=True)
class Removal:
    """What the removal of a profile did."""

    change: Change
    keys: tuple[str, ...]
    """The providers whose stored keys went with it."""
    was_default: bool
    """Whether `default_profile` named it; then that is gone too."""


def check_name(name: str) -> None:
    """Refuse a name for a new profile that could not be typed or printed.

    Raises:
        UsageError: the name is not repeated where it cannot be shown.
    """
    fault = name_fault(name)
    if fault is not None:
        raise UsageError(f"the profile's name {fault}", hint="a name is one plain word, e.g. work")


def store_key(paths: Paths, clock: Clock, profile: str, provider: str, key: Secret) -> Change:
    """Put a key into `credentials.toml`; nothing else is touched."""
    with toml_store.editing(paths.credentials, clock) as edit:
        _sub(paths.credentials, edit.data, "profiles", profile)[provider] = key.reveal()
    return Change(paths.credentials, edit.written, edit.backup)


def remove_key(paths: Paths, clock: Clock, profile: str, provider: str) -> Change:
    """Take a key out of `credentials.toml`. The profile stays, if only as an empty table."""
    with toml_store.editing(paths.credentials, clock) as edit:
        if profile in edit.data.get("profiles", {}):
            _sub(paths.credentials, edit.data, "profiles", profile).pop(provider, None)
    return Change(paths.credentials, edit.written, edit.backup)


def use(paths: Paths, clock: Clock, profile: str) -> Change:
    """Make a profile the one that is used when none is named."""
    with toml_store.editing(paths.config, clock) as edit:
        edit.data["default_profile"] = profile
    return Change(paths.config, edit.written, edit.backup)


def set_value(paths: Paths, clock: Clock, profile: str, setting: Setting, value: Default) -> Change:
    """Set one value of a profile, which comes into being by it.

    Raises:
        UsageError: the table already names a key in another way.
    """
    with toml_store.editing(paths.config, clock) as edit:
        table = _sub(paths.config, edit.data, "profiles", profile, *setting.path[:-1])
        for key in _spellings(setting):
            table.pop(key, None)
        others = [key for key in KEY_SETTINGS if key in table]
        if setting.path[-1] in KEY_SETTINGS and others:
            import shlex  # a name in the user's file may be anything

            table_name = ".".join(setting.path[:-1])
            raise UsageError(
                f"{table_name} of profile {profile} already has {others[0]}",
                hint=f"seedance profile unset {shlex.quote(profile)} {table_name}.{others[0]}",
            )
        table[setting.path[-1]] = value
    return Change(paths.config, edit.written, edit.backup)


def unset(paths: Paths, clock: Clock, profile: str, setting: Setting) -> Change:
    """Remove one value of a profile, and the tables that are empty without it."""
    with toml_store.editing(paths.config, clock) as edit:
        tables = [edit.data]
        for key in ("profiles", profile, *setting.path[:-1]):
            inner = tables[-1].get(key)
            if not isinstance(inner, dict):
                break
            tables.append(inner)
        else:
            for key in _spellings(setting):
                tables[-1].pop(key, None)
            # Not the profile itself: it may be the one that `default_profile` names.
            for at in range(len(setting.path) - 1, 0, -1):
                if not tables[at + 2]:
                    del tables[at + 1][setting.path[at - 1]]
    return Change(paths.config, edit.written, edit.backup)


def remove(paths: Paths, clock: Clock, profile: str) -> Removal:
    """Remove a profile from both files, its stored keys first: no key stays behind unseen."""
    with toml_store.editing(paths.credentials, clock) as edit:
        profiles = _sub(paths.credentials, edit.data, "profiles")
        stored = profiles.pop(profile, {})
        if not profiles:
            del edit.data["profiles"]
    with toml_store.editing(paths.config, clock) as other:
        was_default = other.data.get("default_profile") == profile
        if was_default:
            del other.data["default_profile"]
        profiles = _sub(paths.config, other.data, "profiles")
        profiles.pop(profile, None)
        if not profiles:
            del other.data["profiles"]
    change = Change(paths.config, edit.written or other.written, other.backup)
    return Removal(change, tuple(sorted(stored)), was_default)


def _spellings(setting: Setting) -> tuple[str, ...]:
    """How the last key may stand in the file."""
    last = setting.path[-1]
    return (last, last.replace("_", "-")) if setting.path[0] == "defaults" else (last,)


def _sub(path: Path, data: Table, *keys: str) -> Table:
    """The table at a path of keys, made where it is missing."""
    for at, key in enumerate(keys, 1):
        inner = data.setdefault(key, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"{path}: {'.'.join(keys[:at])} must be a table")
        data = inner
    return data

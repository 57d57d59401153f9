"""What `config.toml` and `credentials.toml` say, as checked values.

Keys of the files that this version does not know are tolerated (a rewrite keeps them); a known key
with a value of the wrong type is an error that names the file and the key, never the value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from seedance_cli._named import NamedTuple
from seedance_cli.config import strange_keys
from seedance_cli.errors import ConfigError
from seedance_cli.models import LONGEST_NAME, OPTION_TYPES, Secret, may_be_key

if TYPE_CHECKING:
    from pathlib import Path

Default: TypeAlias = str | int | bool
"""The value of an option that a profile sets."""

OPTIONS: Mapping[str, type[Default]] = MappingProxyType({**OPTION_TYPES, "output": str})
"""The options that a profile may set, by `VideoRequest` field name, and `-o`. `duration` is in
seconds."""

KEY_SETTINGS = ("api_key", "api_key_env", "api_key_command")
"""The ways `config.toml` can name a key; one table holds at most one of them."""

_NOTHING: Mapping[str, object] = MappingProxyType({})
_TYPE_NAMES = {str: "a string", int: "an integer", bool: "true or false"}
_SIGNS = "._-@+"
"""That are nothing special to any shell in the middle of a word."""
_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"


class ProviderTable(NamedTuple):
    """`[profiles.NAME.providers.PROVIDER]` of `config.toml`."""

    base_url: str | None = None
    api_key: Secret | None = None
    api_key_env: str | None = None
    api_key_command: tuple[str, ...] = ()

    @property
    def names_key(self) -> str | None:
        """Which of `KEY_SETTINGS` it has."""
        if self.api_key is not None:
            return "api_key"
        if self.api_key_env is not None:
            return "api_key_env"
        return "api_key_command" if self.api_key_command else None


class Profile(NamedTuple):
    """One profile, out of both files."""

    provider: str | None = None
    defaults: Mapping[str, Default] = MappingProxyType({})
    providers: Mapping[str, ProviderTable] = MappingProxyType({})
    credentials: Mapping[str, Secret] = MappingProxyType({})
    """Keys that `login` stored, by provider."""
    upload_command: tuple[str, ...] = ()
    """What makes a URL of a local file: program and arguments, `{file}` among them."""
    unknown: tuple[str, ...] = ()
    """What to say of keys of `defaults` that are no options of this version: they are ignored."""


class Config(NamedTuple):
    """`config.toml`."""

    default_profile: str | None
    profiles: Mapping[str, Profile]


def config(path: Path, data: Mapping[str, object]) -> Config:
    """Check the content of `config.toml`.

    Raises:
        ConfigError: a value of the wrong type.
    """
    default = _text(path, data, "default_profile", "")
    profiles = {
        name: _profile(path, table, f"profiles.{name}")
        for name, table in _tables(path, data, "profiles", "").items()
    }
    return Config(default, profiles)


def credentials(
    path: Path, data: Mapping[str, object], providers: tuple[str, ...]
) -> dict[str, dict[str, Secret]]:
    """Check the content of `credentials.toml`: profile, provider, key.

    Raises:
        ConfigError: a value of the wrong type.
    """
    found: dict[str, dict[str, Secret]] = {}
    for name, table in _tables(path, data, "profiles", "").items():
        keys = ((one, _text(path, table, one, f"profiles.{name}")) for one in providers)
        found[name] = {one: Secret(key) for one, key in keys if key is not None}
    return found


def name_fault(name: str) -> str | None:
    """Why a text cannot name a new profile, in words that do not repeat it; None if it can.

    A name is typed, completed by shells, and written into scripts: so it is a plain word. What the
    files hold from before is used, and can be removed, under any name.
    """
    if not name:
        return "is empty"
    if len(name) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} characters"
    if may_be_key(name):
        return "looks like a key"
    if not (name[0] == "_" or name[0].isalnum()):
        return "does not begin with a letter or a digit"
    if not all(character in _SIGNS or _of_a_word(character) for character in name):
        return f"has a character other than letters, digits and {' '.join(_SIGNS)}"
    return None


def _of_a_word(character: str) -> bool:
    """A letter or digit of any script, or a mark on one."""
    from unicodedata import category

    return category(character)[0] in "LMN"


def _profile(path: Path, data: Mapping[str, object], at: str) -> Profile:
    defaults: dict[str, Default] = {}
    for key, value in _table(path, data, "defaults", at).items():
        option = key.replace("-", "_")
        if option not in OPTIONS:
            continue
        if option in defaults:
            raise ConfigError(f"{path}: {at}.defaults sets {option} twice, with _ and with -")
        kind = OPTIONS[option]
        # Not isinstance: true is an int to Python, and no duration to anyone.
        if not isinstance(value, (str, int)) or type(value) is not kind:
            raise ConfigError(f"{path}: {at}.defaults.{key} must be {_TYPE_NAMES[kind]}")
        defaults[option] = value
    tables = _tables(path, data, "providers", at)
    return Profile(
        provider=_text(path, data, "provider", at),
        defaults=defaults,
        providers={
            name: _provider(path, table, f"{at}.providers.{name}") for name, table in tables.items()
        },
        upload_command=_upload_command(path, data, at),
        unknown=tuple(strange_keys.in_defaults(_table(path, data, "defaults", at), OPTIONS)),
    )


def _upload_command(path: Path, data: Mapping[str, object], at: str) -> tuple[str, ...]:
    words = _words(path, data, "upload_command", at, '["upload", "{file}"]')
    if words and not any("{file}" in word for word in words[1:]):
        raise ConfigError(
            f"{path}: {at}.upload_command has no {{file}} among its arguments",
            hint='for example upload_command = ["upload", "{file}"]: it prints the URL',
        )
    return words


def _provider(path: Path, data: Mapping[str, object], at: str) -> ProviderTable:
    named = [key for key in KEY_SETTINGS if key in data]
    if len(named) > 1:
        raise ConfigError(
            f"{path}: {at} has {' and '.join(named)}", hint="leave only one of them in the table"
        )
    key = _text(path, data, "api_key", at)
    variable = _text(path, data, "api_key_env", at)
    if variable is not None and not _names_variable(variable):
        # Not repeated: whoever mistakes the meaning of this setting writes a key here.
        raise ConfigError(
            f"{path}: {at}.api_key_env must be the name of a variable, not a key",
            hint="take that line out with an editor; then: seedance login PROVIDER",
        )
    return ProviderTable(
        base_url=_text(path, data, "base_url", at),
        api_key=None if key is None else Secret(key),
        api_key_env=variable,
        api_key_command=_words(path, data, "api_key_command", at),
    )


def _names_variable(text: str) -> bool:
    usable = len(text) <= LONGEST_NAME and re.fullmatch(_VARIABLE, text) is not None
    return usable and not may_be_key(text)


def _words(
    path: Path,
    data: Mapping[str, object],
    key: str,
    at: str,
    example: str = '["pass", "show", "runbase"]',
) -> tuple[str, ...]:
    value = data.get(key)
    if value is None:
        return ()
    if isinstance(value, list) and value and all(isinstance(word, str) for word in value):
        return tuple(value)
    raise ConfigError(
        f"{path}: {_under(at, key)} must be a list of strings, program and arguments",
        hint=f"for example {key} = {example}",
    )


def _text(path: Path, data: Mapping[str, object], key: str, at: str) -> str | None:
    value = data.get(key)
    if value is None or isinstance(value, str):
        return value
    raise ConfigError(f"{path}: {_under(at, key)} must be a string")


def _table(path: Path, data: Mapping[str, object], key: str, at: str) -> Mapping[str, object]:
    value = data.get(key, _NOTHING)
    if isinstance(value, Mapping):
        return value
    raise ConfigError(f"{path}: {_under(at, key)} must be a table")


def _tables(
    path: Path, data: Mapping[str, object], key: str, at: str
) -> dict[str, Mapping[str, object]]:
    tables = _table(path, data, key, at)
    return {name: _table(path, tables, name, _under(at, key)) for name in tables}


def _under(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key

"""Keys of `config.toml` that nothing reads, and what was probably meant by them.

They are no error: a newer release may read them, and a rewrite keeps them. But a setting that is
passed over in silence is taken for one that counts.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from seedance_cli import providers
from seedance_cli.models import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_MOST = 10
_FILE = ("default_profile", "profiles", "prices", "budgets", "ledger")
_PROFILE = ("provider", "defaults", "providers", "upload_command")
_PROVIDER = ("base_url", "api_key", "api_key_env", "api_key_command")
_OTHERWISE = {
    "profile": "default_profile",
    "key": "api_key",
    "token": "api_key",
    "url": "base_url",
    "endpoint": "base_url",
    "env": "api_key_env",
    "key_env": "api_key_env",
    "command": "api_key_command",
    "key_command": "api_key_command",
    "ratio": "aspect_ratio",
    "seconds": "duration",
}
"""Other words for settings, which no likeness of letters leads to."""


def in_file(data: Mapping[str, object], options: Iterable[str]) -> Iterator[str]:
    """What is to be said of the keys of a file, but for those among a profile's `defaults`.

    Of many only the first: where all is strange, the file is another program's.

    Args:
        data: the file, its known keys of the right types.
        options: those that a profile may set.
    """
    return islice(_in_file(data, options), _MOST)


def _in_file(data: Mapping[str, object], options: Iterable[str]) -> Iterator[str]:
    known = {one: one for one in _FILE}
    likely = {**_settings("profiles.NAME", options), **known}
    if isinstance(data.get("profile"), dict):  # [profile.NAME]
        likely["profile"] = "profiles"
    for key in data:
        if key not in known:
            yield _unread(shown(key), key, likely)
    for name, table in _tables(data, "profiles"):
        yield from _in_profile(table, f"profiles.{shown(name)}", options)


def in_defaults(data: Mapping[str, object], options: Iterable[str]) -> Iterator[str]:
    """What is to be said of the keys of a profile's `defaults`."""
    for key in data:
        if key.replace("-", "_") not in options:
            meant = _meant(key, {one: one for one in options})
            yield f"defaults.{shown(key)} is not an option; it is left out{meant}"


def _in_profile(data: Mapping[str, object], place: str, options: Iterable[str]) -> Iterator[str]:
    known = {one: one for one in _PROFILE}
    for key in data:
        if key not in known:
            yield _unread(f"{place}.{shown(key)}", key, {**_settings(place, options), **known})
    for name, table in _tables(data, "providers"):
        inside = f"{place}.providers.{shown(name)}"
        if name not in providers.names():
            meant = _meant(name, {one: one for one in providers.names()})
            yield f"{inside} is not a provider; it is left out{meant}"
            continue
        for key in table:
            if key not in _PROVIDER:
                yield _unread(f"{inside}.{shown(key)}", key, {one: one for one in _PROVIDER})


def _tables(data: Mapping[str, object], key: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    found = data.get(key)
    for name, table in found.items() if isinstance(found, dict) else ():
        if isinstance(table, dict):
            yield name, table


def _settings(place: str, options: Iterable[str]) -> dict[str, str]:
    """Where the settings of a profile stand, by name."""
    return {
        **{one: f"{place}.{one}" for one in _PROFILE},
        **{one: f"{place}.providers.NAME.{one}" for one in _PROVIDER},
        **{one: f"{place}.defaults.{one}" for one in options},
    }


def _unread(place: str, key: str, likely: Mapping[str, str]) -> str:
    return f"{place} is not known; it is left out{_meant(key, likely)}"


def _meant(key: str, likely: Mapping[str, str]) -> str:
    """Words for the likeliest setting; none where none is like it."""
    from difflib import get_close_matches  # only here, where something is wrong

    word = key.replace("-", "_").lower()
    word = word if word in likely else _OTHERWISE.get(word, word)
    found = [word] if word in likely else get_close_matches(word, likely, n=1, cutoff=0.7)
    return f" (did you mean {likely[found[0]]}?)" if found else ""

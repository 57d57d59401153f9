"""Where a provider's base URL and key are set: environment, profile or default; nothing is read."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from seedance_cli.config.key_place import KeyPlace
from seedance_cli.config.source import Origin, Source
from seedance_cli.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from seedance_cli.config.choice import Choice
    from seedance_cli.config.sources import ConfigFiles
    from seedance_cli.providers import ProviderInfo


def endpoint(choice: Choice, env: Mapping[str, str], info: ProviderInfo) -> tuple[str, Source]:
    """The provider's base URL and where it comes from.

    Raises:
        ConfigError: one is set that cannot be used; the message names the place, not the URL.
    """
    url, source, place = endpoint_place(choice, env, info)
    from seedance_cli.config.endpoints import normalised

    try:
        return normalised(url), source
    except ValueError as error:
        raise ConfigError(f"{place} {error}", provider=info.name) from None


def endpoint_place(
    choice: Choice, env: Mapping[str, str], info: ProviderInfo
) -> tuple[str, Source, str]:
    """The base URL as it is set, its source, and the same for messages."""
    found = []
    if env.get(info.base_url_env):
        name = info.base_url_env
        found.append((env[name], Source(Origin.ENVIRONMENT, name), name))
    table = choice.profile.providers.get(info.name)
    if table is not None and table.base_url is not None:
        place = _key_of(choice, info, "base_url")
        found.append((table.base_url, Source(Origin.PROFILE, choice.name), place))
    found.sort(key=lambda one: choice.named and one[1].origin is not Origin.PROFILE)
    if found:
        return found[0]
    return info.base_url, Source(Origin.DEFAULT), f"the base URL of {info.name}"


def endpoints_named(
    files: ConfigFiles, env: Mapping[str, str], info: ProviderInfo, names: Iterable[str]
) -> list[str]:
    """The base URLs that the environment and these profiles name; unusable ones name nothing."""
    from seedance_cli.config.endpoints import normalised

    tables = [files.profiles[name].providers for name in names if name in files.profiles]
    found = [table[info.name].base_url for table in tables if info.name in table]
    usable = []
    for url in (env.get(info.base_url_env), *found):
        if url:
            with suppress(ValueError):
                usable.append(normalised(url))
    return usable


def key_place(
    choice: Choice, env: Mapping[str, str], info: ProviderInfo, *, named: bool = True
) -> KeyPlace:
    """Where the provider's key comes from; nothing is read and no command is run.

    Args:
        choice: the profile.
        env: the environment.
        info: the provider.
        named: whether somebody named the provider; only then its further variables count.
    """
    mine = profile_key(choice, env, info)
    variables = info.key_envs if named else (info.key_env,)
    variable = next((one for one in variables if env.get(one)), None)
    if variable is not None and not (choice.named and mine is not None):
        source = Source(Origin.ENVIRONMENT, variable)
        return KeyPlace(info.name, info.key_env, source, variable, env=env)
    return mine or KeyPlace(info.name, info.key_env, Source(Origin.NONE))


def profile_key(choice: Choice, env: Mapping[str, str], info: ProviderInfo) -> KeyPlace | None:
    """The profile's own key: `config.toml` beats `credentials.toml`."""
    name, variable = info.name, info.key_env
    table = choice.profile.providers.get(name)
    setting = None if table is None else table.names_key
    if table is not None and setting is not None:
        place = _key_of(choice, info, setting)
        if table.api_key_env is not None:
            source = Source(Origin.ENVIRONMENT, table.api_key_env)
        elif table.api_key_command:
            source = Source(Origin.COMMAND, choice.name)
        else:
            source = Source(Origin.PROFILE, choice.name)
        return KeyPlace(name, variable, source, place, table.api_key, table.api_key_command, env)
    stored = choice.profile.credentials.get(name)
    if stored is None:
        return None
    place = f"{choice.files.paths.credentials}: profiles.{choice.name}.{name}"
    return KeyPlace(name, variable, Source(Origin.CREDENTIALS, choice.name), place, stored)


def _key_of(choice: Choice, info: ProviderInfo, key: str) -> str:
    return f"{choice.files.paths.config}: profiles.{choice.name}.providers.{info.name}.{key}"

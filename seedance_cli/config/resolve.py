"""Which profile, provider, endpoint and key a command uses, and where each of them comes from.

Order (contract, section 7): option > environment > profile > provider default; everything of a
profile named with `--profile` ranks as an option, below the option itself.
Nothing here prints or writes, but for the mode of a file that others could read.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from seedance_cli import providers
from seedance_cli.config.key_place import KeyPlace, Origin, Source
from seedance_cli.config.schema import Profile
from seedance_cli.config.sources import Paths, Store, load, paths
from seedance_cli.errors import ConfigError, UsageError
from seedance_cli.models import Secret, shown, told
from seedance_cli.system import state_dir

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from seedance_cli.config.schema import Default
    from seedance_cli.providers import ProviderInfo

__all__ = [
    "Choice",
    "KeyPlace",
    "Origin",
    "Paths",
    "Settings",
    "Source",
    "Store",
    "choose_profile",
    "choose_provider",
    "endpoint",
    "endpoint_place",
    "endpoints_named",
    "key_place",
    "load",
    "paths",
    "profile_name",
    "provider_named",
    "resolve",
    "state_dir",
    "unknown_profile",
]

DEFAULT_PROFILE = "default"
"""The profile when none is named; it need not exist."""
SANDBOX_PROVIDER = "seedanceapi"
SANDBOX_ENDPOINT = "sandbox"
"""Stands for the embedded sandbox, whose address is known only while it runs."""
_SANDBOX_KEY = "sandbox-key"


class Choice(NamedTuple):
    """The profile that a command uses."""

    name: str
    source: Source
    profile: Profile
    store: Store
    recorded_named: bool = False
    """Whether `--profile` named it when the task was submitted whose row it comes from."""

    @property
    def named(self) -> bool:
        """Whether `--profile` named it, so that its key and endpoint beat the environment's."""
        return self.recorded_named or self.source.origin is Origin.OPTION


@dataclass(frozen=True, slots=True)
class Settings:
    """What a command works with."""

    profile: str
    profile_source: Source
    provider: str
    provider_source: Source
    endpoint: str
    """Base URL without a trailing slash; `sandbox` for the embedded sandbox."""
    endpoint_source: Source
    defaults: Mapping[str, Default]
    """The profile's, by `VideoRequest` field name; types are checked, values are not."""
    sandbox: bool
    key_place: KeyPlace
    named: bool = False
    """Whether `--profile` named the profile, now or when the task was submitted."""
    warnings: tuple[str, ...] = ()

    @property
    def key_source(self) -> Source:
        """Where the key comes from; never the key."""
        return self.key_place.source

    def key(self) -> Secret:
        """The key, read now: this is what runs an `api_key_command`.

        Raises:
            ConfigError: there is none, or it cannot be used.
        """
        return self.key_place.read()


def profile_name(
    store: Store, env: Mapping[str, str], option: str | None, recorded: str | None = None
) -> tuple[str, Source]:
    """The name of the profile to use, which need not exist, and who named it."""
    if option is not None:
        return option, Source(Origin.OPTION, "--profile")
    if recorded is not None:
        return recorded, Source(Origin.LEDGER)
    if env.get("SEEDANCE_PROFILE"):
        return env["SEEDANCE_PROFILE"], Source(Origin.ENVIRONMENT, "SEEDANCE_PROFILE")
    if store.default_profile is not None:
        return store.default_profile, Source(Origin.PROFILE, "default_profile")
    return DEFAULT_PROFILE, Source(Origin.DEFAULT)


def choose_profile(
    store: Store,
    env: Mapping[str, str],
    option: str | None,
    recorded: str | None = None,
    *,
    recorded_named: bool = False,
) -> Choice:
    """The profile to use.

    Args:
        store: both files.
        env: the environment.
        option: the value of `--profile`.
        recorded: the profile in a task's ledger row; ranks below the option. Where it is gone, the
            environment decides.
        recorded_named: whether `--profile` named it then, so that its key ranks as it did then.

    Raises:
        ConfigError: a profile was named that does not exist.
    """
    if recorded is not None and recorded not in store.profiles:
        recorded = None
    name, source = profile_name(store, env, option, recorded)
    if name not in store.profiles and name != DEFAULT_PROFILE:
        raise unknown_profile(store, name, source)
    named = recorded_named and source.origin is Origin.LEDGER
    return Choice(name, source, store.profiles.get(name, Profile()), store, named)


def unknown_profile(store: Store, name: str, source: Source | None = None) -> ConfigError:
    """The error for a profile that does not exist, listing those that do."""
    by = f" ({source.name})" if source is not None and source.name is not None else ""
    there = ", ".join(store.names())
    return ConfigError(
        f"there is no profile {told(name)}{by}",
        hint=f"the profiles are {there}"
        if there
        else "there are none yet; `seedance login PROVIDER` makes one",
    )


def choose_provider(
    choice: Choice, env: Mapping[str, str], option: str | None, *, sandbox: bool
) -> tuple[str, Source]:
    """The provider to use, and what decided it.

    Raises:
        UsageError: the option or the variable names none that exists.
        ConfigError: the profile names none that exists, or nothing decides.
    """
    found = provider_named(choice, env, option) or _profiles_provider(choice)
    if found is not None:
        return found
    with_key = [
        name
        for name in providers.names()
        if key_place(choice, env, providers.get(name).info).exists
    ]
    if len(with_key) == 1:
        return with_key[0], Source(Origin.ONLY_KEY)
    if sandbox:
        return SANDBOX_PROVIDER, Source(Origin.SANDBOX)
    if with_key:
        import shlex  # a name in the user's file may be anything

        raise ConfigError(
            f"there are keys for {', '.join(with_key)}, and nothing says which to use",
            hint="name one: -p NAME, SEEDANCE_PROVIDER=NAME, or "
            f"`seedance profile set {shlex.quote(choice.name)} provider NAME`",
        )
    raise ConfigError(
        "there is no provider to use, since none is named and none has a key",
        hint=f"seedance login PROVIDER, then -p PROVIDER: {_listed()}; without a key: --sandbox",
    )


def provider_named(
    choice: Choice, env: Mapping[str, str], option: str | None
) -> tuple[str, Source] | None:
    """The provider that option, `--profile` or environment name, in this order; None: none does.

    Raises:
        UsageError: the option or the variable names none that exists.
        ConfigError: the profile does.
    """
    if option is not None:
        return providers.get(option).info.name, Source(Origin.OPTION, "--provider")
    if choice.named and choice.profile.provider is not None:
        return _profiles_provider(choice)
    named = env.get("SEEDANCE_PROVIDER")
    if not named:
        return None
    if named not in providers.names():
        raise UsageError(
            f"SEEDANCE_PROVIDER is {told(named, longest=20)}, and there is no such provider",
            hint=f"the providers are {_listed()}",
        )
    return named, Source(Origin.ENVIRONMENT, "SEEDANCE_PROVIDER")


def _profiles_provider(choice: Choice) -> tuple[str, Source] | None:
    named = choice.profile.provider
    if named is None or named in providers.names():
        return None if named is None else (named, Source(Origin.PROFILE, choice.name))
    raise ConfigError(
        f"{choice.store.paths.config}: profiles.{choice.name}.provider is no provider there is",
        hint=f"the providers are {_listed()}",
    )


def _listed() -> str:
    return ", ".join(providers.names())


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
    store: Store, env: Mapping[str, str], info: ProviderInfo, names: Iterable[str]
) -> list[str]:
    """The base URLs that the environment and these profiles name; unusable ones name nothing."""
    from seedance_cli.config.endpoints import normalised

    tables = [store.profiles[name].providers for name in names if name in store.profiles]
    found = [table[info.name].base_url for table in tables if info.name in table]
    usable = []
    for url in (env.get(info.base_url_env), *found):
        if url:
            with suppress(ValueError):
                usable.append(normalised(url))
    return usable


def key_place(choice: Choice, env: Mapping[str, str], info: ProviderInfo) -> KeyPlace:
    """Where the provider's key comes from; nothing is read and no command is run."""
    mine = _profile_key(choice, env, info)
    if env.get(info.key_env) and not (choice.named and mine is not None):
        source = Source(Origin.ENVIRONMENT, info.key_env)
        return KeyPlace(info.name, info.key_env, source, info.key_env, _env=env)
    return mine or KeyPlace(info.name, info.key_env, Source(Origin.NONE))


def resolve(
    store: Store,
    env: Mapping[str, str],
    *,
    provider: str | None,
    profile: str | None,
    sandbox: bool,
    recorded: str | None = None,
    recorded_named: bool = False,
) -> Settings:
    """Everything that decides where a request goes and with which key.

    Args:
        store: both files, from `load`.
        env: the environment.
        provider: the value of `--provider`.
        profile: the value of `--profile`.
        sandbox: whether the embedded sandbox is used; then no key of the user is ever read.
        recorded: see `choose_profile`.
        recorded_named: the same.

    Raises:
        UsageError: an option or variable names a provider that does not exist.
        ConfigError: a profile that does not exist, no provider, or an unusable endpoint.
    """
    choice = choose_profile(store, env, profile, recorded, recorded_named=recorded_named)
    name, provider_source = choose_provider(choice, env, provider, sandbox=sandbox)
    info = providers.get(name).info
    warnings = tuple(
        f"{store.paths.config}: profiles.{choice.name}.defaults.{shown(key)} is no option;"
        " it is left out"
        for key in choice.profile.unknown
    )
    if sandbox:
        url, source = SANDBOX_ENDPOINT, Source(Origin.SANDBOX)
        place = KeyPlace(name, info.key_env, source, "the sandbox", Secret(_SANDBOX_KEY))
    else:
        url, source = endpoint(choice, env, info)
        place = key_place(choice, env, info)
    return Settings(
        profile=choice.name,
        profile_source=choice.source,
        provider=name,
        provider_source=provider_source,
        endpoint=url,
        endpoint_source=source,
        defaults=choice.profile.defaults,
        sandbox=sandbox,
        key_place=place,
        named=choice.named,
        warnings=warnings,
    )


def _profile_key(choice: Choice, env: Mapping[str, str], info: ProviderInfo) -> KeyPlace | None:
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
    place = f"{choice.store.paths.credentials}: profiles.{choice.name}.{name}"
    return KeyPlace(name, variable, Source(Origin.CREDENTIALS, choice.name), place, stored)


def _key_of(choice: Choice, info: ProviderInfo, key: str) -> str:
    return f"{choice.store.paths.config}: profiles.{choice.name}.providers.{info.name}.{key}"

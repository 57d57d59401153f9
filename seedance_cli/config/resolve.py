"""Which profile, provider, endpoint and key a command uses, and where each of them comes from.

Order (contract, section 7): option > environment > profile > provider default; everything of a
profile named with `--profile` ranks as an option, below the option itself.
Nothing here prints or writes, but for the mode of a file that others could read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli import providers
from seedance_cli._named import NamedTuple
from seedance_cli.config.choice import (
    Choice,
    choose_profile,
    choose_provider,
    is_named,
    profile_name,
    provider_named,
    unknown_profile,
)
from seedance_cli.config.key_place import KeyPlace
from seedance_cli.config.provider_places import (
    endpoint,
    endpoint_place,
    endpoints_named,
    key_place,
)
from seedance_cli.config.source import Origin, Source
from seedance_cli.config.sources import ConfigFiles, Paths, load, paths
from seedance_cli.models import Secret
from seedance_cli.system import state_dir

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.config.schema import Default
    from seedance_cli.models import Budgets, OwnPrice

__all__ = [
    "Choice",
    "ConfigFiles",
    "KeyPlace",
    "Origin",
    "Paths",
    "Settings",
    "Source",
    "choose_profile",
    "choose_provider",
    "endpoint",
    "endpoint_place",
    "endpoints_named",
    "is_named",
    "key_place",
    "load",
    "paths",
    "profile_name",
    "provider_named",
    "resolve",
    "state_dir",
    "unknown_profile",
]

SANDBOX_ENDPOINT = "sandbox"
"""Stands for the embedded sandbox, whose address is known only while it runs."""
_SANDBOX_KEY = "sandbox-key"


class Settings(NamedTuple):
    """What a command works with."""

    profile: str
    provider: str
    endpoint: str
    """Base URL without a trailing slash; `sandbox` for the embedded sandbox."""
    defaults: Mapping[str, Default]
    """The profile's, by `VideoRequest` field name; types are checked, values are not."""
    sandbox: bool
    key_place: KeyPlace
    named: bool = False
    """Whether `--profile` named the profile, now or when the task was submitted."""
    prices: tuple[OwnPrice, ...] = ()
    """The user's own, of every provider."""
    budgets: Budgets | None = None
    """Of this provider; the sandbox is not bound by them."""
    warnings: tuple[str, ...] = ()
    upload_command: tuple[str, ...] = ()
    """The profile's; it makes a URL of a local file."""

    def key(self) -> Secret:
        """The key, read now: this is what runs an `api_key_command`.

        Raises:
            ConfigError: there is none, or it cannot be used.
        """
        return self.key_place.read()


def resolve(
    files: ConfigFiles,
    env: Mapping[str, str],
    *,
    provider: str | None,
    profile: str | None,
    sandbox: bool,
    recorded: str | None = None,
    recorded_named: bool = False,
    listed: bool = False,
) -> Settings:
    """Everything that decides where a request goes and with which key.

    Args:
        files: both files, from `load`.
        env: the environment.
        provider: the value of `--provider`.
        profile: the value of `--profile`.
        sandbox: whether the embedded sandbox is used; then no key of the user is ever read.
        recorded: see `choose_profile`.
        recorded_named: the same.
        listed: whether `provider` is only one of a list that nobody wrote.

    Raises:
        UsageError: an option or variable names a provider that does not exist.
        ConfigError: a profile that does not exist, no provider, or an unusable endpoint.
    """
    choice = choose_profile(files, env, profile, recorded, recorded_named=recorded_named)
    name, decided = choose_provider(choice, env, provider, sandbox=sandbox)
    info = providers.get(name).info
    warnings = tuple(
        f"{files.paths.config}: profiles.{choice.name}.{text}" for text in choice.profile.unknown
    )
    if sandbox:
        url, source = SANDBOX_ENDPOINT, Source(Origin.SANDBOX)
        place = KeyPlace(name, info.key_env, source, "the sandbox", Secret(_SANDBOX_KEY))
    else:
        url, _ = endpoint(choice, env, info)
        named = decided.origin is not Origin.ONLY_KEY
        if listed:
            named = is_named(choice, env, name)
        place = key_place(choice, env, info, named=named)
    return Settings(
        profile=choice.name,
        provider=name,
        endpoint=url,
        defaults=choice.profile.defaults,
        sandbox=sandbox,
        key_place=place,
        named=choice.named,
        prices=files.prices,
        budgets=None if sandbox else files.budgets.get(name),
        warnings=warnings,
        upload_command=choice.profile.upload_command,
    )

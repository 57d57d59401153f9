"""Which profile and which provider a command uses, and what decided that.

Order (contract, section 7): option > environment > profile; everything of a profile named with
`--profile` ranks as an option, below the option itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli import providers
from seedance_cli._named import NamedTuple
from seedance_cli.config.provider_places import key_place, profile_key
from seedance_cli.config.schema import Profile
from seedance_cli.config.source import Origin, Source
from seedance_cli.errors import ConfigError, UsageError
from seedance_cli.models import told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.config.sources import ConfigFiles

DEFAULT_PROFILE = "default"
"""The profile when none is named; it need not exist."""
SANDBOX_PROVIDER = "seedanceapi"


class Choice(NamedTuple):
    """The profile that a command uses."""

    name: str
    source: Source
    profile: Profile
    files: ConfigFiles
    recorded_named: bool = False
    """Whether `--profile` named it when the task was submitted whose row it comes from."""

    @property
    def named(self) -> bool:
        """Whether `--profile` named it, so that its key and endpoint beat the environment's."""
        return self.recorded_named or self.source.origin is Origin.OPTION


def profile_name(
    files: ConfigFiles, env: Mapping[str, str], option: str | None, recorded: str | None = None
) -> tuple[str, Source]:
    """The name of the profile to use, which need not exist, and who named it."""
    if option is not None:
        return option, Source(Origin.OPTION, "--profile")
    if recorded is not None:
        return recorded, Source(Origin.LEDGER)
    if env.get("SEEDANCE_PROFILE"):
        return env["SEEDANCE_PROFILE"], Source(Origin.ENVIRONMENT, "SEEDANCE_PROFILE")
    if files.default_profile is not None:
        return files.default_profile, Source(Origin.PROFILE, "default_profile")
    return DEFAULT_PROFILE, Source(Origin.DEFAULT)


def choose_profile(
    files: ConfigFiles,
    env: Mapping[str, str],
    option: str | None,
    recorded: str | None = None,
    *,
    recorded_named: bool = False,
) -> Choice:
    """The profile to use.

    Args:
        files: both files.
        env: the environment.
        option: the value of `--profile`.
        recorded: the profile in a task's ledger row; ranks below the option. Where it is gone, the
            environment decides.
        recorded_named: whether `--profile` named it then, so that its key ranks as it did then.

    Raises:
        ConfigError: a profile was named that does not exist.
    """
    if recorded is not None and recorded not in files.profiles:
        recorded = None
    name, source = profile_name(files, env, option, recorded)
    if name not in files.profiles and name != DEFAULT_PROFILE:
        raise unknown_profile(files, name, source)
    named = recorded_named and source.origin is Origin.LEDGER
    return Choice(name, source, files.profiles.get(name, Profile()), files, named)


def unknown_profile(files: ConfigFiles, name: str, source: Source | None = None) -> ConfigError:
    """The error for a profile that does not exist, listing those that do."""
    by = ""
    if source is not None and source.origin is not Origin.OPTION and source.name is not None:
        by = f" ({source.name})"  # who typed the name knows where
    there = ", ".join(files.names())
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
    with_key = [name for name in providers.names() if _may_be_meant(choice, env, name)]
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
        f"{choice.files.paths.config}: profiles.{choice.name}.provider is not one of the providers",
        hint=f"the providers are {_listed()}",
    )


def _may_be_meant(choice: Choice, env: Mapping[str, str], name: str) -> bool:
    """Whether the provider has a key that says, by being there, that it is to be used."""
    info = providers.get(name).info
    if info.chosen_by_variable:
        return key_place(choice, env, info).exists
    stored = profile_key(choice, env, info)
    return stored is not None and stored.exists


def is_named(choice: Choice, env: Mapping[str, str], name: str) -> bool:
    """Whether environment or profile name this provider, rightly."""
    try:
        found = provider_named(choice, env, None) or _profiles_provider(choice)
    except (UsageError, ConfigError):
        return False
    return found is not None and found[0] == name


def _listed() -> str:
    return ", ".join(providers.names())

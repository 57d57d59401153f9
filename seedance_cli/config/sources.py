"""Where the two files lie, and both read into one value."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from seedance_cli import providers
from seedance_cli._named import NamedTuple
from seedance_cli.config import money, strange_keys
from seedance_cli.config import schema as profile_data
from seedance_cli.config import toml_file as toml_store
from seedance_cli.config.ledger_setting import in_config
from seedance_cli.config.schema import OPTIONS, Profile
from seedance_cli.errors import ConfigError, NoHome
from seedance_cli.system import config_file, no_home

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from seedance_cli.config.ledger_setting import LedgerPlace
    from seedance_cli.models import Budgets, OwnPrice


class Paths(NamedTuple):
    """Where the two files lie."""

    config: Path
    credentials: Path


class ConfigFiles(NamedTuple):
    """Both files, as they were read."""

    places: Paths | None
    """Where they lie; None where the user's folder is not known, so that there is none."""
    default_profile: str | None
    profiles: Mapping[str, Profile]
    prices: tuple[OwnPrice, ...] = ()
    """The user's own, `[[prices]]`."""
    budgets: Mapping[str, Budgets] = MappingProxyType({})
    """`[budgets.PROVIDER]`."""
    ledger: LedgerPlace | None = None
    """What `ledger` names; None: it is not set."""
    warnings: tuple[str, ...] = ()
    """What to tell the user, a line each."""

    @property
    def paths(self) -> Paths:
        """Where they lie, or would.

        Raises:
            NoHome: the user's folder is not known.
        """
        if self.places is None:
            raise no_home("SEEDANCE_CONFIG")
        return self.places

    def names(self) -> tuple[str, ...]:
        """The profiles there are, sorted."""
        return tuple(sorted(self.profiles))


def paths(env: Mapping[str, str]) -> Paths:
    """Where `config.toml` and `credentials.toml` lie, whether they exist or not.

    Raises:
        NoHome: the user's folder is not known.
        ConfigError: SEEDANCE_CONFIG cannot be used.
    """
    config = config_file(env)
    credentials = config.with_name("credentials.toml")
    if credentials == config:
        raise ConfigError(
            "SEEDANCE_CONFIG names credentials.toml, which is for stored keys",
            hint="name the config file beside it, e.g. config.toml",
        )
    return Paths(config, credentials)


def load(env: Mapping[str, str], *, tighten: bool = True) -> ConfigFiles:
    """Read both files; one that is missing is empty, and both are where no home is known.

    Args:
        env: the environment.
        tighten: as for `toml_store.read`.

    Raises:
        ConfigError: unreadable, damaged, or a value of the wrong type; never with the content.
    """
    try:
        where = paths(env)
    except NoHome:
        return ConfigFiles(None, None, {})
    ours = toml_store.read(where.credentials, tighten=tighten)
    users = toml_store.read(where.config, tighten=tighten)
    config = profile_data.config(where.config, users.data)
    text = users.raw.decode("utf-8", "replace")
    stored = profile_data.credentials(where.credentials, ours.data, providers.names())
    profiles = {
        name: config.profiles.get(name, Profile())._replace(credentials=stored.get(name, {}))
        for name in {*config.profiles, *stored}
    }
    has_key = any(
        table.api_key for one in config.profiles.values() for table in one.providers.values()
    )
    warnings = (
        *_mode_warnings(where.credentials, ours, matters=True),
        *_mode_warnings(where.config, users, matters=has_key),
        *(f"{where.config}: {text}" for text in strange_keys.in_file(users.data, OPTIONS)),
    )
    return ConfigFiles(
        where,
        config.default_profile,
        profiles,
        prices=money.prices(where.config, text, users.data),
        budgets=money.budgets(where.config, text, users.data),
        ledger=in_config(where.config, users.data),
        warnings=warnings,
    )


def known_keys(env: Mapping[str, str], files: ConfigFiles | None = None) -> frozenset[str]:
    """Every key that is configured, as far as no command must be run for it.

    Args:
        env: the environment.
        files: both files; None: they are read, and count as empty where they cannot be.
    """
    if files is None:
        try:
            files = load(env, tighten=False)
        except ConfigError:
            files = ConfigFiles(None, None, {})
    tables = [table for one in files.profiles.values() for table in one.providers.values()]
    infos = (providers.get(name).info for name in providers.names())
    variables = {variable for info in infos for variable in info.key_envs}
    variables |= {table.api_key_env for table in tables if table.api_key_env is not None}
    secrets = [table.api_key for table in tables if table.api_key is not None]
    for one in files.profiles.values():
        secrets += one.credentials.values()
    found = {env.get(name, "").strip() for name in variables}
    return frozenset(found | {secret.reveal() for secret in secrets}) - {""}


def _mode_warnings(
    path: Path, document: toml_store.TomlDocument, *, matters: bool
) -> tuple[str, ...]:
    if document.loose is None:
        return ()
    if document.tightened:
        return (f"{path} could be read by others (mode {document.loose:04o}); now only by you",)
    if not matters:  # a config file without a key, in a folder that is managed for the user
        return ()
    return (
        f"{path} can be read by others (mode {document.loose:04o}), and its mode cannot be changed",
    )

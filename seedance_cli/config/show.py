"""What `profile show` shows: each effective value with its source, and no key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seedance_cli import providers
from seedance_cli.config import resolve as profiles
from seedance_cli.config.resolve import Origin, Source
from seedance_cli.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seedance_cli.config.resolve import Choice, ConfigFiles
    from seedance_cli.config.schema import Default
    from seedance_cli.providers import ProviderInfo


@dataclass(frozen=True, slots=True)
class Value:
    """One value, where it comes from, and what is wrong with it."""

    name: str
    value: Default | None
    source: Source
    problem: str | None = None

    @property
    def text(self) -> str:
        """The value for people."""
        if self.problem is not None:
            kind = "not set" if self.source.origin is Origin.NONE else "unusable"
            return f"{kind}: {self.problem}"
        if self.value is None:
            return "not set"
        if self.name.endswith(".key"):
            return "set"
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)


@dataclass(frozen=True, slots=True)
class Access:
    """How one provider would be reached."""

    provider: str
    endpoint: Value
    key: Value
    """Its value is True or None: whether there is one."""


@dataclass(frozen=True, slots=True)
class Effective:
    """Everything that a command without further options would work with."""

    profile: Value
    provider: Value
    defaults: tuple[Value, ...]
    access: tuple[Access, ...]
    upload_command: Value | None = None
    budgets: tuple[Value, ...] = ()
    prices: tuple[Value, ...] = ()
    ledger: Value | None = None

    def rows(self) -> list[tuple[str, str, str]]:
        """Name, value and source of each, for a table."""
        values = [self.profile, self.provider, *self.defaults]
        values += [value for one in self.access for value in (one.endpoint, one.key)]
        values += [] if self.upload_command is None else [self.upload_command]
        values += [*self.budgets, *self.prices]
        values += [] if self.ledger is None else [self.ledger]
        return [(value.name, value.text, str(value.source)) for value in values]

    def as_object(self) -> dict[str, object]:
        """The same as JSON."""
        return {
            "profile": _object(self.profile),
            "provider": _object(self.provider),
            "defaults": {
                value.name.removeprefix("defaults."): _object(value) for value in self.defaults
            },
            "providers": {
                one.provider: {
                    "endpoint": _object(one.endpoint),
                    "key": {
                        "set": one.key.value is True,
                        "source": source_object(one.key.source),
                        "problem": one.key.problem,
                    },
                }
                for one in self.access
            },
            "upload_command": None if self.upload_command is None else _object(self.upload_command),
            "budgets": {one.name.removeprefix("budgets."): _object(one) for one in self.budgets},
            "prices": {one.name.removeprefix("prices."): _object(one) for one in self.prices},
            "ledger": None if self.ledger is None else _object(self.ledger),
        }


def source_object(source: Source) -> dict[str, str | None]:
    """A source as JSON."""
    return {"kind": str(source.origin), "name": source.name}


def effective(files: ConfigFiles, env: Mapping[str, str], option: str | None) -> Effective:
    """What is in effect; what cannot be used is shown with the reason instead of raised.

    Raises:
        ConfigError: a profile was named that does not exist.
    """
    choice = profiles.choose_profile(files, env, option)
    provider = _provider(choice, env)
    infos = [providers.get(name).info for name in providers.names()]
    info = next((one for one in infos if one.name == provider.value), None)
    return Effective(
        profile=Value("profile", choice.name, choice.source),
        provider=provider,
        defaults=_defaults(choice, info),
        access=tuple(access(choice, env, one) for one in infos),
        upload_command=_upload_command(choice),
        budgets=tuple(_budgets(files)),
        prices=tuple(_prices(files)),
    )


def _upload_command(choice: Choice) -> Value | None:
    """As a shell would take it: arguments are data, and one may have spaces in it."""
    words = choice.profile.upload_command
    if not words:
        return None
    from shlex import join

    return Value("upload_command", join(words), Source(Origin.PROFILE, choice.name))


def _budgets(files: ConfigFiles) -> Iterator[Value]:
    source = Source(Origin.CONFIG)
    for provider, budgets in sorted(files.budgets.items()):
        for span, limit in budgets._asdict().items():
            if limit is not None:
                yield Value(f"budgets.{provider}.{span}", str(limit), source)


def _prices(files: ConfigFiles) -> Iterator[Value]:
    """Each price under what it is for: `prices.runbase[duration=8,audio=true]`."""
    for one in files.prices:
        fields = {"model": one.model, "duration": one.duration, "resolution": one.resolution}
        audio = None if one.audio is None else str(one.audio).lower()
        wanted = {**fields, "audio": audio}
        named = ",".join(f"{name}={value}" for name, value in wanted.items() if value is not None)
        name = f"prices.{one.provider}" + (f"[{named}]" if named else "")
        cost = f"{one.cost} per second" if one.per_second else str(one.cost)
        yield Value(name, cost, Source(Origin.CONFIG))


def _provider(choice: Choice, env: Mapping[str, str]) -> Value:
    from seedance_cli.errors import UsageError

    try:
        name, source = profiles.choose_provider(choice, env, None, sandbox=False)
    except (ConfigError, UsageError) as error:
        return Value("provider", None, Source(Origin.NONE), error.message)
    return Value("provider", name, source)


def _defaults(choice: Choice, info: ProviderInfo | None) -> tuple[Value, ...]:
    mine = choice.profile.defaults
    source = Source(Origin.PROFILE, choice.name)
    found = {name: Value(f"defaults.{name}", value, source) for name, value in mine.items()}
    if info is not None:
        theirs = Source(Origin.DEFAULT, info.name)
        for name, value in info.defaults.items():
            found.setdefault(name, Value(f"defaults.{name}", value, theirs))
    return tuple(found[name] for name in sorted(found))


def access(
    choice: Choice, env: Mapping[str, str], info: ProviderInfo, *, named: bool | None = None
) -> Access:
    """How the provider would be reached; an unusable endpoint is a value with its problem.

    Args:
        choice: the profile.
        env: the environment.
        info: the provider.
        named: whether the command names it; None: the environment or the profile may.
    """
    if named is None:
        named = profiles.is_named(choice, env, info.name)
    url, source, _ = profiles.endpoint_place(choice, env, info)
    name = f"providers.{info.name}.base_url"
    try:
        url, _ = profiles.endpoint(choice, env, info)
        endpoint = Value(name, url, source)
    except ConfigError as error:
        endpoint = Value(name, None, source, error.message)
    place = profiles.key_place(choice, env, info, named=named)
    exists = place.exists
    problem = None if exists or place.source.origin is Origin.NONE else "the variable is not set"
    key = Value(f"providers.{info.name}.key", True if exists else None, place.source, problem)
    return Access(info.name, endpoint, key)


def _object(value: Value) -> dict[str, object]:
    shown: dict[str, object] = {"value": value.value, "source": source_object(value.source)}
    if value.problem is not None:
        shown["problem"] = value.problem
    return shown

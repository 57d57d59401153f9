"""Where the key of a provider lies, and how it is fetched from there."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.config import keys
from seedance_cli.config.source import Origin
from seedance_cli.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.config.source import Source
    from seedance_cli.models import Secret


class KeyPlace(NamedTuple):
    """Where the key of one provider lies; `read` fetches it."""

    provider: str
    variable: str
    """The provider's own variable."""
    source: Source
    place: str = ""
    """The same for messages: a variable, or file and key."""
    secret: Secret | None = None
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = MappingProxyType({})

    def __repr__(self) -> str:
        """Nothing of the environment: it may hold keys."""
        return f"KeyPlace(provider={self.provider!r}, source={self.source!r})"

    @property
    def remedy(self) -> str | None:
        """Where the key comes from and what to do there, for one that was refused."""
        name = self.source.name or ""
        match self.source.origin:
            case Origin.ENVIRONMENT if self.place == name:
                return (
                    f"the key came from the variable {name}: correct it there, or unset it and: "
                    f"seedance login {self.provider}"
                )
            case Origin.ENVIRONMENT:
                return (
                    f"the key came from the variable {name}, which {self.place} names: "
                    "correct it there"
                )
            case Origin.COMMAND:
                return f"the key came from the command of {self.place}: run it by hand to see"
            case Origin.PROFILE:
                return f"the key stands in {self.place}: correct it there"
            case Origin.CREDENTIALS:
                import shlex  # a name in the user's file may be anything

                again = f"seedance login {self.provider} --profile {shlex.quote(name)}"
                return f"the key is the one that login stored in profile {name}: {again}"
            case _:
                return None

    @property
    def exists(self) -> bool:
        """Whether there is anything to read; a command is not run to find out."""
        if self.source.origin is Origin.ENVIRONMENT:
            return bool(self.env.get(self.source.name or ""))
        return self.source.origin is not Origin.NONE

    @property
    def fault(self) -> str | None:
        """Why the key that is named cannot be used; None where it can, and where none is named.

        A command is not run to find out.
        """
        if self.command or self.source.origin is Origin.NONE:
            return None
        try:
            self.read()
        except ConfigError as error:
            return error.message
        return None

    def read(self) -> Secret:
        """The key, checked.

        Raises:
            ConfigError: there is none, its command fails, or it cannot be a key.
        """
        if self.command:
            return keys.from_command(self.command, self.place, self.env)
        if self.secret is not None:
            return keys.checked(self.secret.reveal(), self.place)
        if self.source.origin is Origin.NONE:
            raise ConfigError(
                f"there is no key for {self.provider}",
                hint=f"seedance login {self.provider}, or set {self.variable}",
                provider=self.provider,
            )
        name = self.source.name or ""
        if not self.env.get(name):
            raise ConfigError(
                f"the variable {name} is not set, and {self.place} takes the key from it",
                provider=self.provider,
            )
        return keys.checked(self.env[name], name)

"""Where a value of the configuration comes from."""

from __future__ import annotations

from enum import StrEnum

from seedance_cli._named import NamedTuple


class Origin(StrEnum):
    """The kinds of place that a value comes from."""

    OPTION = "option"
    ENVIRONMENT = "environment"
    PROFILE = "profile"
    CONFIG = "config.toml"
    CREDENTIALS = "credentials"
    COMMAND = "command"
    LEDGER = "ledger"
    ONLY_KEY = "only key"
    SANDBOX = "sandbox"
    DEFAULT = "default"
    NONE = "none"


class Source(NamedTuple):
    """Where a value comes from: the kind of place, and its name."""

    origin: Origin
    name: str | None = None
    """The option, the variable, or the profile; never a key."""

    def __str__(self) -> str:
        return self.origin if self.name is None else f"{self.origin} {self.name}"

"""Which ledger a command has: the environment and the configuration say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli import config, ledger
from seedance_cli._named import NamedTuple
from seedance_cli.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from seedance_cli.config import ConfigFiles, LedgerPlace
    from seedance_cli.ledger import SharedLedger


class Where(NamedTuple):
    """Which ledger a command has."""

    folder: Path
    """The state folder."""
    shared: SharedLedger | None
    """The ledger in PostgreSQL; None: the file of this machine."""
    decided: LedgerPlace
    """What decided it."""
    pays: bool = True
    """Whether paid requests may go to it: it was not typed for one command, nor for the sandbox."""

    @property
    def shown(self) -> str:
        """For people, without a password."""
        return str(self.folder / "ledger.db") if self.shared is None else self.shared.shown

    @property
    def kind(self) -> str:
        """For programs."""
        return "sqlite" if self.shared is None else "postgresql"


def where(folder: Path, env: Mapping[str, str], files: Callable[[], ConfigFiles]) -> Where:
    """Which ledger counts.

    Args:
        folder: the state folder.
        env: the environment.
        files: reads the configuration.

    Raises:
        ConfigError: it is named in a way that cannot be used.
    """
    return at(folder, config.ledger_place(env, lambda: files().ledger), pays=True)


def at(folder: Path, decided: LedgerPlace, *, pays: bool = False) -> Where:
    """The ledger of a place.

    Args:
        folder: the state folder.
        decided: the place.
        pays: see `Where`.

    Raises:
        ConfigError: the URL cannot be used.
    """
    url = decided.url
    shared = None if url is None else ledger.SharedLedger.at(url.reveal(), folder)
    return Where(folder, shared, decided, pays)


def setting(
    folder: Callable[[], Path], env: Mapping[str, str], files: ConfigFiles
) -> config.show.Value:
    """Where the ledger is, as a value that is in effect; why it cannot be used, where it cannot."""
    origin = config.resolve.Origin
    source = config.resolve.Source(origin.NONE)
    if "SEEDANCE_LEDGER" in env:
        source = config.resolve.Source(origin.ENVIRONMENT, "SEEDANCE_LEDGER")
    elif files.ledger is not None:
        source = files.ledger.source
    try:
        place = where(folder(), env, lambda: files)
    except ConfigError as error:
        return config.show.Value("ledger", None, source, error.message)
    return config.show.Value("ledger", place.shown, place.decided.source)

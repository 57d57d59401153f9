"""How a command comes to its ledger: opened when it is first asked for, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.errors import NoHome, NotOurs, SeedanceError, WriteFailed
from seedance_cli.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack
    from pathlib import Path

    from seedance_cli.system import Clock


class LedgerDoor:
    """The ledger of one command."""

    def __init__(
        self, folder: Callable[[], Path], clock: Clock, stack: ExitStack, *, write: bool
    ) -> None:
        """Open nothing yet.

        Args:
            folder: the state folder; may raise.
            clock: for every time stamp.
            stack: closes the ledger.
            write: whether a ledger of an earlier release is brought to the newest schema; else it
                is left as it is, and read.
        """
        self._folder = folder
        self._clock = clock
        self._stack = stack
        self._write = write
        self._ledger: Ledger | None = None
        self._unreadable: SeedanceError | None = None

    def for_writing(self) -> Ledger:
        """The ledger, made if it is missing, checked, and proved writable.

        Raises:
            WriteFailed: it cannot be written.
        """
        if self._ledger is not None:
            self._ledger.close()
        opened = Ledger.open(self._folder(), self._clock, create=True)
        self._ledger = self._stack.enter_context(opened)
        return self._ledger

    def lenient(self, warn: Callable[[str], None]) -> Ledger:
        """The ledger; where it cannot be read, or there is no home, an empty one, which is said.

        Args:
            warn: takes what is said.

        Raises:
            ConfigError: a variable names its folder in a way that cannot be meant.
            NotOurs: somebody else has, or had, a hand in it; that is mended by the user alone.
        """
        if self._ledger is not None:
            return self._ledger
        try:
            return self.for_reading()
        except NotOurs:
            raise
        except (NoHome, WriteFailed) as error:
            warn(f"without a ledger: {error.message}")
            self._unreadable = error
            self._ledger = self._stack.enter_context(Ledger.empty(self._clock))
            return self._ledger

    def for_reading(self) -> Ledger:
        """The ledger, for what needs to know what it knows.

        Raises:
            WriteFailed: it cannot be read.
            ConfigError: where it would be is not known.
        """
        if self._unreadable is not None:
            raise self._unreadable
        if self._ledger is None:
            opened = Ledger.open(self._folder(), self._clock, create=False, step=self._write)
            self._ledger = self._stack.enter_context(opened)
        return self._ledger

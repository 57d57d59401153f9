"""The ledger: every paid submission, written before it leaves (contract, 6.2, 6.3).

It lies in a file of this machine, or in PostgreSQL for several of them; this module alone knows
which. While a submission is on its way, its process holds a lock of the intent; a row on its way
whose lock is free belongs to a process that ended. Such a row counts as `unknown` if the request
may have left, else as `not_sent`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from seedance_cli.errors import ConfigError
from seedance_cli.ledger.approval import Approval
from seedance_cli.ledger.batch_rows import BatchRows
from seedance_cli.ledger.checkup import Checkup
from seedance_cli.ledger.history import History
from seedance_cli.ledger.keys import Keys
from seedance_cli.ledger.listing import Listing
from seedance_cli.ledger.observations import Observations
from seedance_cli.ledger.recovery import Recovery
from seedance_cli.ledger.saved import SavedFiles
from seedance_cli.ledger.shared import SharedLedger
from seedance_cli.ledger.spending import Spending
from seedance_cli.ledger.sqlite_file import connect
from seedance_cli.ledger.store_sqlite import SqliteStore
from seedance_cli.ledger.submissions import Submissions
from seedance_cli.ledger.transfer import Transfer

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from seedance_cli.ledger.store import Store
    from seedance_cli.system import Clock


class Ledger(
    Approval,
    Submissions,
    Recovery,
    Observations,
    Listing,
    SavedFiles,
    Keys,
    History,
    BatchRows,
    Checkup,
    Spending,
    Transfer,
):
    """The open ledger; a context manager that closes it. Made by `open` or `empty`.

    Its parts serve one purpose each, over one store, which `open` alone chooses. A ledger belongs
    to one thread. Errors of the file are `WriteFailed`.
    """

    @classmethod
    def open(
        cls, place: Path | SharedLedger, clock: Clock, *, create: bool, step: bool = True
    ) -> Ledger:
        """Open the ledger at a place.

        Args:
            place: the folder of `ledger.db`; or a ledger in PostgreSQL.
            clock: for every time stamp.
            create: for a paid submit: make it if it is missing, and check it as a whole. Else
                a missing ledger reads as an empty one and stays missing until `add_file` has
                something to keep; one that cannot be written can be read.
            step: False leaves the file of an earlier release as it is, and reads it in memory.

        Raises:
            WriteFailed: it cannot be opened, is damaged or newer. It is kept as it is.
            LedgerAway: its server cannot be reached.
            ConfigError: its URL cannot be used, or what it needs is not installed.
        """
        if isinstance(place, SharedLedger):
            return cls(_shared(place, clock, create=create), clock)
        return cls(SqliteStore(place, connect(place, create=create, step=step), clock), clock)

    @classmethod
    def empty(cls, clock: Clock) -> Ledger:
        """A ledger in memory that never touches the disk, for reading where the real one fails."""
        return cls(SqliteStore(None, None, clock), clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def there(self) -> bool:
        """Whether there is one; else this is a stand-in, and nobody has made it yet."""
        return self._store.on_disk

    def network(self) -> tuple[Path, str] | None:
        """Where its file lies on a network file system, and that one's type; None: it does not."""
        return self._store.network()

    def close(self) -> None:
        """Close the file and free every lock. What was on its way then counts as abandoned."""
        self._store.close()


def _shared(place: SharedLedger, clock: Clock, *, create: bool) -> Store:
    """The tables in PostgreSQL, or a stand-in for those that nobody has made yet."""
    try:
        from seedance_cli.ledger.store_postgres import PostgresStore
    except ImportError as error:
        raise ConfigError(
            f"a ledger in PostgreSQL needs the extra `postgres`, which is not installed ({error})",
            hint="pip install 'seedance[postgres]', or pipx inject seedance 'psycopg[binary]'",
        ) from None
    store = PostgresStore(place, clock)
    there = False
    try:
        there = store.ready(create=create)
    finally:
        if not there:
            store.close()
    return store if there else SqliteStore(None, None, clock)

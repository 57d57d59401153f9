"""The ledger's tables in an SQLite file, and the locks beside it that say which process lives."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seedance_cli.errors import WriteFailed
from seedance_cli.ledger import sqlite_file
from seedance_cli.ledger.store import Store
from seedance_cli.system import locks

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from seedance_cli.ledger.findings import Finding
    from seedance_cli.ledger.store import Values
    from seedance_cli.system import Clock

_LOCK_SECONDS = 5.0


class SqliteStore(Store):
    """One open database, or a stand-in in memory where there is none."""

    def __init__(self, folder: Path | None, db: sqlite3.Connection | None, clock: Clock) -> None:
        """Take over a connection.

        Args:
            folder: where the ledger lies or would lie; None: nowhere, ever.
            db: the open ledger; None: none lies there.
            clock: tells how long a row has been on its way.
        """
        super().__init__(clock)
        self._folder = folder
        self._path = (folder or Path()) / sqlite_file.NAME
        self._db = sqlite_file.empty() if db is None else db
        self.on_disk = db is not None
        self._held: dict[str, locks.FileLock] = {}

    @property
    def name(self) -> str:
        """The file."""
        return str(self._path)

    def network(self) -> tuple[Path, str] | None:
        """Where the file lies on a network file system, and that one's type; None: it does not."""
        from seedance_cli.system import network  # only what pays asks

        return network(self._path) if self.on_disk else None

    def close(self) -> None:
        """Close the database and free every lock."""
        self._db.close()
        for intent in list(self._held):
            self.release(intent)

    def materialise(self) -> None:
        """Make the ledger on the disk, if this is a stand-in for it. It has no row yet."""
        if self.on_disk or self._folder is None:
            return
        db = sqlite_file.connect(self._folder, create=True)
        assert db is not None
        self._db.close()
        self._db, self.on_disk = db, True

    def ask_again(self) -> None:
        """Nothing: a file is never away."""

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One durable write transaction; inside another one, a part of it."""
        with sqlite_file.mapped(self._path):
            if self._db.in_transaction:
                yield
            else:
                with sqlite_file.transaction(self._db):
                    yield

    def query(self, statement: str, values: Values = ()) -> list[sqlite3.Row]:
        """Run one statement; its rows."""
        with sqlite_file.mapped(self._path), self._cursor(statement, values) as found:
            return found.fetchall()

    def change(self, statement: str, values: Values) -> int:
        """Run one statement; how many rows it changed."""
        with sqlite_file.mapped(self._path), self._cursor(statement, values) as done:
            return done.rowcount

    def stream(self, statement: str, values: Values) -> Generator[dict[str, Any], None, None]:
        """The rows of a statement one by one. Close the iterator: a cursor keeps writers out."""
        with sqlite_file.mapped(self._path), self._cursor(statement, values) as found:
            found.row_factory = None
            names = [column[0] for column in found.description]
            # Each value is looked for by name, for which `sqlite3.Row` goes through all names.
            for row in iter(found.fetchone, None):  # `_cursor` alone closes it
                yield dict(zip(names, row, strict=True))

    def damaged(self, words: str) -> WriteFailed:
        """The error for a file that is no whole ledger."""
        return sqlite_file.damaged(self._path, words)

    def checked(self) -> Iterator[Finding]:
        """How the file is kept."""
        from seedance_cli.ledger import sqlite_checkup  # for one command

        yield from sqlite_checkup.checked(self._path, self._db)

    def hold(self, intent: str) -> None:
        """Take the intent's lock; kept until `release`, `close`, or the end of the process."""
        path = self._lock(intent)
        with sqlite_file.mapped(self._path):
            path.parent.mkdir(mode=0o700, exist_ok=True)
            lock = locks.FileLock.take(path, patience=_LOCK_SECONDS)
        if lock is None:
            raise WriteFailed(f"the lock {path} is held by another process; nothing was sent")
        self._held[intent] = lock

    def holds(self, intent: str) -> bool:
        """Whether this process holds the intent's lock."""
        return intent in self._held

    def living(self, intents: Sequence[str]) -> set[str]:
        """Those of the intents whose lock a living process holds, this one included."""
        return {one for one in intents if self.holds(one) or locks.held(self._lock(one))}

    def release(self, intent: str) -> None:
        """Free the intent's lock, if this process holds it, and remove its file."""
        lock = self._held.pop(intent, None)
        if lock is not None:
            lock.release()

    def sweep(self) -> None:
        """Remove the lock files of ended processes."""
        if self._folder is not None:
            locks.sweep(self._path.with_name("locks"), keep=self._held)

    @contextmanager
    def _cursor(self, statement: str, values: Values) -> Iterator[sqlite3.Cursor]:
        found = self._db.execute(statement, values)
        try:
            yield found
        finally:
            # The traceback of an interrupted command may keep a generator, and its cursor, longer
            # than the database; which then has ended the cursor itself.
            with suppress(sqlite3.ProgrammingError):
                found.close()

    def _lock(self, intent: str) -> Path:
        return locks.lock_path(self._path.with_name("locks"), intent)

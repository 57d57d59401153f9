"""A session with the PostgreSQL server of a shared ledger: held to the rules, bounded in time.

What goes wrong is a `LedgerAway`, where trying again may help, else a `WriteFailed`; none shows a
password.

A session is more than a connection: its advisory locks say that this process lives. So each
transaction makes sure that it still runs in the server process that the session began with, which a
pooler that hands them out by transaction would not keep to.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus

from seedance_cli.errors import LedgerAway, LedgerReadOnly, WriteFailed
from seedance_cli.ledger.postgres_connection import Connection, Frozen, connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from seedance_cli.ledger.shared import SharedLedger
    from seedance_cli.system import Clock

STATEMENT_SECONDS = 10
"""For a statement, a lock, and for a pause within a transaction: the server ends it then."""
_OLDEST = 14_00_00
_ENCODINGS = frozenset({"UTF8", "SQL_ASCII"})
"""In which a database keeps any text that it is given; the second takes the bytes as they are."""
_SETTINGS = "; ".join(
    f"SET {name} = {value}"
    for name, value in {
        "synchronous_commit": "on",
        # Whoever waited for another writer has to see what that one wrote.
        "default_transaction_isolation": "'read committed'",
        "statement_timeout": f"'{STATEMENT_SECONDS}s'",
        "lock_timeout": f"'{STATEMENT_SECONDS}s'",
        # One that vanished, or was stopped, in the middle must not keep the others out.
        "idle_in_transaction_session_timeout": f"'{STATEMENT_SECONDS}s'",
        "idle_session_timeout": "0",
        # How the server finds out that this machine is gone.
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
        "search_path": "seedance",
        "client_encoding": "'UTF8'",
        "standard_conforming_strings": "on",
    }.items()
)
_SERVER = (
    "SELECT pg_backend_pid() AS pid, current_setting('fsync') AS fsync,"
    " current_setting('server_version_num')::integer AS version,"
    " current_setting('server_encoding') AS encoding"
)
_TRY_LOCK = "SELECT pg_try_advisory_lock(%s) AS taken"
_PASSING = ("08", "53", "55", "57", "58")
"""Classes of SQLSTATE that say of the server that it cannot now, not that it never will."""
_FORBIDDEN = {
    "42501": "its role needs the right to read and write all tables of the schema seedance",
    "25006": "name the server that takes writes: a standby does not, nor one set to read only",
}
"""What to do in order to pay: without a right; in a transaction that may only read."""
_SHORTEST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
"""Seconds after which a server that could not be reached is asked again; twice as many each time,
so that a watch is not held up by one that takes connections and says nothing."""


class Session:
    """A session, made when it is first needed and made anew once it is lost."""

    def __init__(self, ledger: SharedLedger, clock: Clock, renewed: Callable[[], None]) -> None:
        """Take the place; nothing is sent yet.

        Args:
            ledger: where it is.
            clock: says when a server that is away is asked again.
            renewed: called in every new session, to take the locks that went with the one before.
        """
        self._ledger = ledger
        self._clock = clock
        self._renewed = renewed
        self._connection: Connection | None = None
        # The ledger belongs to one thread; others take places under a rate limit.
        self._thread = threading.RLock()
        self._inside = False
        self._pid = 0
        self._failed: tuple[float, LedgerAway] | None = None
        self._pause = _SHORTEST_PAUSE
        self.trace: Callable[[str], None] | None = None
        """Is told of every statement."""

    def close(self) -> None:
        """End it, and with it every lock."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with suppress(psycopg.Error, Frozen):
            if connection.info.transaction_status is TransactionStatus.IDLE:
                # The server would do so, too, but a moment later.
                connection.execute("SELECT pg_advisory_unlock_all()")
        with suppress(psycopg.Error):
            connection.close()

    def ask_again(self) -> None:
        """Try a server that was away at once with the next statement."""
        self._failed, self._pause = None, _SHORTEST_PAUSE

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction was begun and is not ended, though it may be lost."""
        return self._inside

    def execute(self, statement: str, values: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Run a statement, or several, in psycopg's form; the rows of the last one."""
        with self._thread:
            fresh = self._inside or self.connect()
            try:
                return self._rows(statement, values)
            except LedgerAway:
                if fresh:
                    raise
            # It was lost in the meantime, and nothing was begun in it.
            self.connect()
            return self._rows(statement, values)

    def change(self, statement: str, values: Sequence[object]) -> int:
        """Run a statement; how many rows it changed."""
        with self._cursor(statement, values) as done:
            return done.rowcount

    @contextmanager
    def transaction(self, begin: str) -> Iterator[None]:
        """A transaction, which keeps other threads out; see `_transaction`.

        Args:
            begin: what begins it, and takes what it needs first; its last statement tells `pid`.
        """
        with self._thread, self._transaction(begin):
            yield

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        """A transaction; undone on any exception, and durable when it is left without one."""
        try:
            (row,) = self.execute(begin)
            self._inside = True
            if row["pid"] != self._pid:
                raise self._pooled()
            yield
            if self._status() is not TransactionStatus.INTRANS:
                raise self._away("the transaction is lost")
            self.execute("COMMIT")
        except BaseException:
            if self._status() in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
                with suppress(WriteFailed):
                    self.execute("ROLLBACK")
            if self._status() is not TransactionStatus.IDLE:
                self.close()
            raise
        finally:
            self._inside = False

    @contextmanager
    def mapped(self) -> Iterator[None]:
        """Turn what the driver raises into an error of this program."""
        try:
            yield
        except Frozen as error:
            self.close()
            away = self._away(str(error))
            self._pause_after(away)
            raise away from None
        except psycopg.Error as error:
            raise self._error(error) from None

    def connect(self) -> bool:
        """Make the session, unless it is there; whether it was made.

        Raises:
            LedgerAway: the server cannot be reached.
            WriteFailed: it is none that a ledger may be kept in.
            ConfigError: the URL cannot be used.
        """
        if self._connection is not None and not self._connection.closed:
            return False
        if self._failed is not None and self._clock.monotonic() < self._failed[0]:
            raise self._failed[1]
        self.close()
        try:
            with self.mapped():
                self._connection = connect(self._ledger)
                self._check(self._connection)
                self._connection.execute(_SETTINGS)
        except LedgerAway as error:
            self.close()
            self._pause_after(error)
            raise
        except BaseException:
            self.close()
            raise
        self._failed, self._pause = None, _SHORTEST_PAUSE
        self._renewed()
        return True

    def _pause_after(self, error: LedgerAway) -> None:
        self._failed = self._clock.monotonic() + self._pause, error
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def _rows(self, statement: str, values: Sequence[object]) -> list[dict[str, Any]]:
        with self._cursor(statement, values) as found:
            while found.nextset():
                pass
            return found.fetchall() if found.description else []

    @contextmanager
    def _cursor(
        self, statement: str, values: Sequence[object]
    ) -> Iterator[psycopg.Cursor[dict[str, Any]]]:
        connection = self._connection
        if connection is None:
            raise self._away("the transaction is lost")
        with self.mapped():
            try:
                if self.trace is not None:
                    self.trace(statement)
                with connection.cursor() as cursor:
                    # None: percent signs of a statement without values stay as they are.
                    cursor.execute(statement.encode(), values or None)
                    yield cursor
            finally:
                if self._status() is TransactionStatus.ACTIVE:
                    connection.close()  # broken off in the middle: what comes next is not known

    def _status(self) -> TransactionStatus:
        connection = self._connection
        return (
            TransactionStatus.UNKNOWN if connection is None else connection.info.transaction_status
        )

    def _check(self, connection: Connection) -> None:
        """Refuse a server that may forget what it has promised, or lets go of locks.

        Raises:
            WriteFailed: it is such a one.
        """
        (server,) = connection.execute(_SERVER).fetchall()
        if server["version"] < _OLDEST:
            raise WriteFailed(
                f"the server of the ledger {self._ledger.shown} is PostgreSQL"
                f" {server['version'] // 10_000}; 14 or newer is needed",
            )
        if server["fsync"] != "on":
            raise WriteFailed(
                f"the server of the ledger {self._ledger.shown} runs with fsync=off: a crash could"
                " make it forget what was paid for; nothing was sent",
                hint="set fsync = on in postgresql.conf, and reload it",
            )
        if server["encoding"] not in _ENCODINGS:
            raise WriteFailed(
                f"the database of the ledger {self._ledger.shown} keeps text as"
                f" {server['encoding']}, which cannot hold every name; nothing was sent",
                hint="make one with ENCODING 'UTF8' TEMPLATE template0",
            )
        self._pid = server["pid"]
        # A pooler gives its clients a number of its own, not that of the server's process.
        if connection.info.backend_pid != self._pid and self._hands_out_by_transaction(connection):
            raise self._pooled()

    def _hands_out_by_transaction(self, connection: Connection) -> bool:
        """Whether a second client comes to the same session, or this one does not stay in its own.

        With a pooler in between that hands out whole sessions, both do not happen.
        """
        lock = [int.from_bytes(os.urandom(7))]
        connection.execute(_TRY_LOCK, lock)
        second = connect(self._ledger)
        try:
            for _ in range(3):
                try:
                    second.execute("BEGIN")
                except psycopg.errors.ProtocolViolation:
                    return True  # it hands them out by statement
                (found,) = second.execute(_TRY_LOCK, lock).fetchall()
                (mine,) = connection.execute(_SERVER).fetchall()
                second.execute("ROLLBACK")
                if found["taken"] or mine["pid"] != self._pid:
                    return True
        finally:
            second.close()
        connection.execute("SELECT pg_advisory_unlock(%s)", lock)
        return False

    def _pooled(self) -> WriteFailed:
        self.close()
        return WriteFailed(
            f"{self._ledger.shown} is a pooler that hands out connections by transaction: locks,"
            " which say that a process lives, do not hold there; nothing was sent",
            hint="name the server itself, or a pooler in session mode",
        )

    def _error(self, error: psycopg.Error) -> WriteFailed:
        lines = self._ledger.without_secrets(_words(error)).splitlines()
        words = "; ".join(filter(None, dict.fromkeys(" ".join(line.split()) for line in lines)))
        state = error.sqlstate or ""
        connection = self._connection
        if connection is None or connection.closed:
            return self._away(words)
        if state.startswith(_PASSING):
            return self._away(words, "used now")
        if state in _FORBIDDEN:
            return LedgerReadOnly(
                f"the ledger {self._ledger.shown} cannot be written: {words}",
                hint=f"to pay, {_FORBIDDEN[state]}",
            )
        return self.damaged(words)

    def _away(self, words: str, done: str = "reached") -> LedgerAway:
        hint = "nothing was sent; mend the connection or the server, then run it again"
        if "password" in words:
            hint = "the password comes from the URL, PGPASSWORD, ~/.pgpass or a service file"
        return LedgerAway(f"the ledger {self._ledger.shown} cannot be {done}: {words}", hint=hint)

    def damaged(self, words: str) -> WriteFailed:
        """The error for a ledger that is not whole."""
        return WriteFailed(
            f"the ledger {self._ledger.shown} is damaged ({words}); paid submits are refused"
        )


def _words(error: psycopg.Error) -> str:
    return error.diag.message_primary or str(error) or type(error).__name__

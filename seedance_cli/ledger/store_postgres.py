"""The ledger's tables in PostgreSQL, and the locks of its sessions that say which process lives.

Every write transaction takes one advisory lock first, so that they come one after the other, as in
SQLite: what a policy looks at (names, identical requests, budgets) is what it still is when the
policy writes. Serialisable transactions would do, too, but any of them might have to be run again,
with all the policy in it; the lock is held for the few milliseconds of a handful of statements, and
the sellers, not the ledger, are what everybody waits for. Reading takes no lock.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from seedance_cli.errors import LedgerAway, LedgerReadOnly, WriteFailed
from seedance_cli.ledger import postgres_schema as schema
from seedance_cli.ledger import statements
from seedance_cli.ledger.machine import machine
from seedance_cli.ledger.postgres import Session
from seedance_cli.ledger.store import Store

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from seedance_cli.ledger.findings import Finding
    from seedance_cli.ledger.shared import SharedLedger
    from seedance_cli.ledger.store import Values
    from seedance_cli.ledger.stored import Row
    from seedance_cli.system import Clock

_WRITERS = 0x73656564_616E6365
"""The lock of whoever writes: "seedance" in ASCII."""
_BEGIN = f"BEGIN; SELECT pg_backend_pid() AS pid, pg_advisory_xact_lock({_WRITERS})"
_READ = "BEGIN READ ONLY; SELECT pg_backend_pid() AS pid"
# A lock of 64 bits is shown in two halves.
_LOCKS = (
    "SELECT classid::bigint << 32 | objid::bigint AS lock FROM pg_locks WHERE locktype = 'advisory'"
    " AND objsubid = 1 AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_FETCHED = 200
"""Rows that come with one answer."""


class PostgresStore(Store):
    """The tables of one shared ledger, over one session."""

    on_disk = True

    def __init__(self, ledger: SharedLedger, clock: Clock) -> None:
        """Take the place; see `ready`.

        Args:
            ledger: where it is.
            clock: tells how long a row has been on its way.
        """
        super().__init__(clock)
        self._ledger = ledger
        self._session = Session(ledger, clock, self._hold_again)
        self._held: set[str] = set()
        self.machine = machine(ledger.folder)

    @property
    def name(self) -> str:
        """Its URL, without a password."""
        return self._ledger.shown

    def ready(self, *, create: bool, anew: bool) -> bool:
        """Reach the server, and see that the tables are there and as this release knows them.

        Args:
            create: make them where they are missing, and bring older ones to the newest schema.
            anew: False leaves missing ones missing all the same.

        Returns:
            Whether they are there.

        Raises:
            ConfigError: the URL cannot be used.
            WriteFailed: the server cannot be reached or used, or the tables are newer.
        """
        (there,) = self._session.execute(schema.THERE)
        if there["closed"]:
            raise LedgerReadOnly(
                f"this role has no right to use the schema seedance of {self.name}",
                hint="as its owner: GRANT USAGE ON SCHEMA seedance TO …, and rights on its tables",
            )
        version = self._version() if there["tables"] else None
        if version is None and not (create and anew):
            return False
        if version != schema.SCHEMA_VERSION and create:
            self._step_up()
        self._session.execute("; ".join(statements.TABLES))
        return True

    def network(self) -> tuple[Path, str] | None:
        """It lies in no file of this machine."""
        return None

    def close(self) -> None:
        """End the session, and with it every lock."""
        self._held.clear()
        self._session.close()

    def materialise(self) -> None:
        """Give this machine a name for what it saves. The tables are there: see `ready`."""
        self.machine = machine(self._ledger.folder, make=True)

    def ask_again(self) -> None:
        """Have a server that was away tried at once with the next statement, pause or not."""
        self._session.ask_again()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One durable write transaction; inside another one, a part of it."""
        if self._session.in_transaction:
            yield
        else:
            with self._session.transaction(_BEGIN):
                yield

    def query(self, statement: str, values: Values = ()) -> Sequence[Row]:
        """Run one statement; its rows."""
        return self._session.execute(*_for_psycopg(statement, values))

    def change(self, statement: str, values: Values) -> int:
        """Run one statement; how many rows it changed."""
        return self._session.change(*_for_psycopg(statement, values))

    def stream(self, statement: str, values: Values) -> Generator[Row, None, None]:
        """The rows of a statement one by one. Close the iterator: a transaction is open until then.

        Inside one, all rows come at once: what it looks at is little.
        """
        if self._session.in_transaction:
            yield from self.query(statement, values)
            return
        declared, bound = _for_psycopg(statement, values)
        with self._session.transaction(_READ):
            self._session.execute(f"DECLARE found NO SCROLL CURSOR FOR {declared}", bound)
            while rows := self._session.execute(f"FETCH {_FETCHED} FROM found"):
                yield from rows
                if len(rows) < _FETCHED:
                    break

    def damaged(self, words: str) -> WriteFailed:
        """The error for a ledger that is not whole."""
        return self._session.damaged(words)

    def checked(self) -> Iterator[Finding]:
        """How the tables are kept."""
        from seedance_cli.ledger import postgres_checkup  # for one command

        yield from postgres_checkup.checked(self._session, self._clock.now())

    def hold(self, intent: str) -> None:
        """Take the intent's lock; kept until `release`, `close`, or the end of the session."""
        if not self._take(intent):
            raise WriteFailed(f"the lock of {intent} is held by another process; nothing was sent")
        self._held.add(intent)

    def holds(self, intent: str) -> bool:
        """Whether this process holds the intent's lock, as far as it knows."""
        return intent in self._held

    def living(self, intents: Sequence[str]) -> set[str]:
        """Those of the intents whose lock a living process holds, this one included."""
        locks = {row["lock"] for row in self._session.execute(_LOCKS)}
        return {one for one in intents if _lock(one) in locks}

    def release(self, intent: str) -> None:
        """Free the intent's lock, if this process holds it."""
        if intent in self._held:
            self._held.discard(intent)
            try:
                self._session.execute("SELECT pg_advisory_unlock(%s)", [_lock(intent)])
            except LedgerAway:
                self._session.close()  # then nothing holds it

    def take_places(self, name: str, places: int, requests: int, seconds: float) -> list[float]:
        """Reserve moments under a rate limit of all machines."""
        values = (name, places, requests, float(seconds))
        (row,) = self._session.execute(schema.TAKE_PLACES, values)
        return [float(one) for one in row["places"]]

    def sweep(self) -> None:
        """Nothing: a session's locks end with it."""

    def _take(self, intent: str) -> bool:
        statement = "SELECT pg_try_advisory_lock(%s) AS taken"
        (row,) = self._session.execute(statement, [_lock(intent)])
        return bool(row["taken"])

    def _hold_again(self) -> None:
        """Take the locks of a session that was lost in this one.

        A server that does not know yet that it is lost still keeps them; then this process has
        lost them.
        """
        self._held = {intent for intent in self._held if self._take(intent)}

    def _version(self) -> int:
        found = self._session.execute(schema.VERSION)
        if not found:
            raise self.damaged("its schema has no version")
        version = int(found[0]["version"])
        if version > schema.SCHEMA_VERSION:
            raise WriteFailed(
                f"the ledger {self.name} was written by a newer version of this program (schema"
                f" {version}, this one knows {schema.SCHEMA_VERSION}); paid submits are refused,"
                " and it is kept as it is",
                hint="upgrade seedance on this machine",
            )
        return version

    def _step_up(self) -> None:
        """Make the tables, or bring them to the newest schema, in one transaction of this alone."""
        with self._session.transaction(_BEGIN):
            (there,) = self._session.execute(schema.THERE)  # another one may have been faster
            if not there["schema"]:
                self._session.execute(schema.MAKE_SCHEMA)
            version = self._version() if there["tables"] else 0
            for step in schema.STEPS[version:]:
                for statement in step:
                    self._session.execute(statement)
            if not version:
                values = [os.urandom(32), os.urandom(16).hex().encode()]
                self._session.execute(schema.NEW, values)
            self._session.execute(schema.SET_VERSION, [str(schema.SCHEMA_VERSION).encode()])


def _lock(intent: str) -> int:
    """The lock of an intent: its first 64 bits, as PostgreSQL's numbers have them."""
    return int.from_bytes(bytes.fromhex(intent[:16]), signed=True)


def _for_psycopg(statement: str, values: Values) -> tuple[str, list[object]]:
    """A statement with its question marks as psycopg has them, and yes and no as numbers."""
    bound: list[object] = [int(one) if isinstance(one, bool) else one for one in values]
    if bound:
        statement = statement.replace("%", "%%").replace("?", "%s")
    return statement, bound

"""The store that a ledger lies in: the one place that chooses between its kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.errors import ConfigError
from seedance_cli.ledger.sqlite_file import connect
from seedance_cli.ledger.store_sqlite import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

    from seedance_cli.ledger.shared import SharedLedger
    from seedance_cli.ledger.store import Store
    from seedance_cli.system import Clock


def nowhere(clock: Clock) -> Store:
    """Tables in memory that never touch the disk."""
    return SqliteStore(None, None, clock)


def in_file(folder: Path, clock: Clock, *, create: bool, step: bool) -> Store:
    """The tables in `ledger.db`, or a stand-in for those that are missing."""
    return SqliteStore(folder, connect(folder, create=create, step=step), clock)


def shared(place: SharedLedger, clock: Clock, *, create: bool, anew: bool = True) -> Store:
    """The tables in PostgreSQL, or a stand-in for those that nobody has made yet."""
    try:
        from seedance_cli.ledger.store_postgres import PostgresStore
    except ImportError as error:
        raise ConfigError(
            f"a ledger in PostgreSQL needs the extra `postgres`, which is not installed ({error})",
            hint="from a clone: uv tool install '.[sandbox]' --with 'psycopg[binary]'",
        ) from None
    store = PostgresStore(place, clock)
    there = False
    try:
        there = store.ready(create=create, anew=anew)
    finally:
        if not there:
            store.close()
    return store if there else nowhere(clock)

"""What lies in a ledger of either kind, looked at and changed past the program's own code."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from seedance_cli.ledger import SharedLedger
    from support.ledgers import Place

_HELD = (
    "SELECT pid, classid::bigint << 32 | objid::bigint FROM pg_locks"
    " WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
)


def tamper(place: Place, statement: str, *values: str) -> None:
    """Run a statement, written with question marks."""
    if isinstance(place, Path):
        with closing(sqlite3.connect(place / "ledger.db")) as db, db:
            db.execute(statement, values)
        return
    _postgres(place, statement.replace("?", "%s"), *values)


def rows(place: Place, statement: str) -> list[tuple[Any, ...]]:
    """What a statement finds; nothing where nobody has made the ledger yet."""
    if isinstance(place, Path):
        if not (place / "ledger.db").exists():
            return []
        with closing(sqlite3.connect(place / "ledger.db")) as db:
            return db.execute(statement).fetchall()
    try:
        return _postgres(place, statement)
    except psycopg.errors.UndefinedTable:
        return []


def written(place: Place) -> object:
    """All that lies there; it is another one after every write, though it were of the same."""
    if isinstance(place, Path):
        return (place / "ledger.db").read_bytes()
    return [
        _postgres(place, f"SELECT xmin, * FROM {one}") for one in ("intents", "files", "targets")
    ]


def locked(place: Place) -> set[str]:
    """The intents that a living process holds."""
    if isinstance(place, Path):
        return {one.stem for one in (place / "locks").iterdir()}
    intents = [str(one) for (one,) in _postgres(place, "SELECT intent FROM intents")]
    held = {lock for _, lock in _postgres(place, _HELD)}
    return {one for one in intents if int.from_bytes(bytes.fromhex(one[:16]), signed=True) in held}


def lose_locks(place: Place) -> None:
    """Take every lock from its process, which does not know."""
    if isinstance(place, Path):
        for one in (place / "locks").iterdir():
            one.unlink()
        return
    _postgres(place, f"SELECT pg_terminate_backend(pid, 10000) FROM ({_HELD}) AS held")


def until_free(place: Place) -> None:
    """Wait until the server has seen the end of a process that held something."""
    if isinstance(place, Path):
        return
    deadline = time.monotonic() + 60
    while _postgres(place, _HELD):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _postgres(place: SharedLedger, statement: str, *values: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(place.url.reveal(), autocommit=True) as db:
        db.execute("SET search_path = seedance")
        found = db.execute(statement.encode(), values or None)
        return found.fetchall() if found.description else []

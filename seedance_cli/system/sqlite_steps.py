"""Takes an SQLite file of an earlier release to the newest schema.

A schema is a list of steps; the n-th takes a file from version n - 1 to n, and `user_version` says
where a file stands. A new file runs them all, so that new and old files end alike. A step that was
released is never changed: another one follows it.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from seedance_cli.system import files
from seedance_cli.system.locks import NoLocks, check_offered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

LOCKING = frozenset(
    {
        sqlite3.SQLITE_IOERR_LOCK,
        sqlite3.SQLITE_IOERR_RDLOCK,
        sqlite3.SQLITE_IOERR_UNLOCK,
        sqlite3.SQLITE_IOERR_CHECKRESERVEDLOCK,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOLFS,
    }
)
"""Errors of locking itself, whoever holds a lock."""
_GLANCE_MS = 200
"""How long SQLite waits for a lock before it is asked whether there are any."""

Steps: TypeAlias = "Sequence[Sequence[str]]"
"""The statements of each step, oldest step first."""
NO_VALUES: Mapping[str, str | bytes] = MappingProxyType({})


def check_locks(db: sqlite3.Connection, folder: Path, patience: float) -> None:
    """Find out at once that a file system has no locks, and set how long to wait for one.

    SQLite takes that (ENOLCK) for a lock of another process, and would wait for it.

    Args:
        db: a connection that was just made.
        folder: where its file lies.
        patience: seconds to wait for another process's transaction from now on.

    Raises:
        NoLocks: it has none.
        sqlite3.Error: the file cannot be read.
    """
    db.execute(f"PRAGMA busy_timeout={_GLANCE_MS}")
    try:
        version_of(db)
    except sqlite3.OperationalError as error:
        failed = error.sqlite_errorcode in LOCKING
        if not failed and error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        check_offered(folder)
        if failed:
            raise NoLocks(error.sqlite_errorname) from error
    db.execute(f"PRAGMA busy_timeout={round(patience * 1000)}")


def version_of(db: sqlite3.Connection) -> int:
    """How many steps the file has behind it; 0 for a new one."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(version)


def climb(
    db: sqlite3.Connection,
    path: Path | None,
    steps: Steps,
    values: Mapping[str, str | bytes] = NO_VALUES,
) -> None:
    """Run the steps that the file lacks. A file that has them all, or more, stays as it is.

    To be called inside a write transaction, which also keeps a second process out; the version is
    read in it. Whatever ends that transaction early leaves the file as the earlier release wrote
    it, which then goes on with it.

    Args:
        db: the file, with its write transaction open.
        path: the file; it is copied first (see `keep_copy`). None: it lies in memory.
        steps: all of them.
        values: for the named parameters of the statements.

    Raises:
        OSError: the copy cannot be made.
        sqlite3.Error: neither can the copy, or a step failed.
    """
    version = version_of(db)
    if version >= len(steps):
        return
    if version and path is not None:
        keep_copy(path, version)
    for statements in steps[version:]:
        for statement in statements:
            db.execute(statement, dict(values))
    db.execute(f"PRAGMA user_version={len(steps)}")


def keep_copy(path: Path, version: int) -> None:
    """Copy a file to `NAME.vVERSION.bak` (0600), durable, for whoever wants the old release back.

    A copy that is there is never overwritten: the same file again needs none, another one is kept
    as `NAME.vVERSION.bak.2`, and so on. To be called while a write transaction of the caller keeps
    others from writing; a copy that was cut short has another name, which the next one takes.
    """
    new = path.with_name(f"{path.name}.v{version}.bak.new")
    new.unlink(missing_ok=True)
    try:
        os.close(files.create(new))
        # The caller's own connection cannot be the source: SQLite refuses one that writes.
        with closing(_connection(path, "ro")) as source, closing(_connection(new, "rw")) as copy:
            copy.execute("PRAGMA journal_mode=OFF")  # a cut copy is made anew
            copy_into(copy, source)
        files.sync_file(new)
        _publish(new, path.with_name(f"{path.name}.v{version}.bak"))
    except BaseException:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise


def copy_into(copy: sqlite3.Connection, source: sqlite3.Connection) -> None:
    """Copy a whole database as it stands at one moment.

    Raises:
        sqlite3.Error: it is locked for longer than the source's timeout, or cannot be copied.
    """
    # `backup` alone would wait for ever where another process holds the lock.
    source.execute("BEGIN")
    source.execute("SELECT 1 FROM sqlite_schema").fetchone()
    source.backup(copy)
    source.execute("ROLLBACK")


def _publish(new: Path, kept: Path) -> None:
    import filecmp  # only a first start after an upgrade needs it

    for name in _names(kept):
        if not os.path.lexists(name):
            new.rename(name)
            files.sync_folder(new.parent)
            return
        if filecmp.cmp(new, name, shallow=False):
            new.unlink()
            return


def _names(kept: Path) -> Iterator[Path]:
    yield kept
    for number in count(2):
        yield kept.with_name(f"{kept.name}.{number}")


def _connection(path: Path, mode: str) -> sqlite3.Connection:
    name = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(name, isolation_level=None, uri=True)

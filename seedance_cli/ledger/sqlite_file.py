"""The file under the ledger: created private and durable, opened with care, its errors in words.

SQLite with a rollback journal (`TRUNCATE`) and `synchronous=FULL`: a commit returns when the disk
has it. Not WAL, whose shared memory fails on network homes.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from seedance_cli.errors import WriteFailed
from seedance_cli.ledger import statements
from seedance_cli.ledger.making import ELSEWHERE, check_not_emptied, make, size
from seedance_cli.ledger.schema import SCHEMA_VERSION, STEPS
from seedance_cli.system import (
    LOCKING,
    check_locks,
    check_ours,
    climb,
    copy_into,
    locks,
    version_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "ledger.db"
BUSY_SECONDS = 10.0
"""How long to wait for another process's transaction."""
_APPLICATION_ID = 0x53454544  # "SEED": tells this file from any other program's database
_CHECKED_BYTES = 16 * 2**20
"""Up to this size the whole file is checked before something is paid."""


def connect(folder: Path, *, create: bool, step: bool = True) -> sqlite3.Connection | None:
    """Open the ledger in `folder`.

    One that an earlier release wrote is brought to the schema of this one first; where it cannot be
    written, and needs not be, its rows are read in memory as they would be after that.

    Args:
        folder: where it lies.
        create: make folder and file where they are missing (0700, 0600), and check the whole file;
            else nothing is created and the file may be one that can only be read.
        step: False leaves an earlier release's file as it is, and reads it in memory.

    Returns:
        The connection, or None where there is no ledger and none was to be made.

    Raises:
        NotOurs: somebody else has, or had, a hand in it.
        WriteFailed: it cannot be opened, is damaged, or has a newer schema. It is left as it is.
    """
    path = folder / NAME
    with mapped(path):
        check_ours(folder, NAME)
        made = create and make(path)
        if not made and size(path) == 0:
            check_not_emptied(path)
        if not create and not size(path):
            # Missing, or just being created by another process: no row in it either way.
            return None
        return _opened(path, create=create, step=step)


def empty() -> sqlite3.Connection:
    """A ledger in memory, with no row."""
    db = _connection(":memory:", uri=False)
    _step_up(db, None)
    return db


@contextmanager
def mapped(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into `WriteFailed`."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        _raise(path, error)
    except locks.NoLocks as error:
        raise _no_locks(path, error) from error
    except OSError as error:
        raise WriteFailed(
            f"the ledger {path} cannot be used: {error.strerror or error}", hint=ELSEWHERE
        ) from error


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """One write transaction, taken at once; durable when it is left, undone on any exception."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            with suppress(sqlite3.Error):  # after an I/O error SQLite has rolled back by itself
                db.execute("ROLLBACK")
        raise


def _opened(path: Path, *, create: bool, step: bool) -> sqlite3.Connection | None:
    disk = _connection(f"{path.absolute().as_uri()}?mode=rw", uri=True)
    db = None
    try:
        try:
            db = _ready(disk, path, create=create, step=step)
        except sqlite3.OperationalError as error:
            if create or error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
                raise
            db = _half_written(path)
    finally:
        if db is not disk:
            disk.close()
    return db


def _connection(name: str, *, uri: bool) -> sqlite3.Connection:
    db = sqlite3.connect(name, timeout=BUSY_SECONDS, isolation_level=None, uri=uri)
    db.row_factory = sqlite3.Row
    return db


def _ready(
    db: sqlite3.Connection, path: Path, *, create: bool, step: bool
) -> sqlite3.Connection | None:
    """What to work with: the file itself, a copy in memory, or None if there is nothing in it."""
    check_locks(db, path.parent, BUSY_SECONDS)
    version = _identify(db, path)
    if version is None and not create:
        return None
    db.execute("PRAGMA journal_mode=TRUNCATE")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA fullfsync=1")  # macOS: fsync alone does not reach the platter
    if version == SCHEMA_VERSION or create:
        if version != SCHEMA_VERSION:
            _step_up(db, path)
        _check_columns(db)
        if create and (size(path) or 0) <= _CHECKED_BYTES:
            # A damaged index could hide an unknown outcome, and the same request be paid again.
            _check_whole(db, path)
        return db
    if step:
        # Neither a full disk nor a damaged index keeps a reader from reading.
        with suppress(sqlite3.OperationalError, OSError, WriteFailed):
            _step_up(db, path)
            return db
    return _in_memory(db, path)


def _identify(db: sqlite3.Connection, path: Path) -> int | None:
    """The version of the ledger's schema; None for a file with nothing in it.

    Raises:
        WriteFailed: it is no ledger, or a newer one.
    """
    version = version_of(db)
    if version > SCHEMA_VERSION:
        raise WriteFailed(
            f"the ledger {path} was written by a newer version of this program (schema {version},"
            f" this one knows {SCHEMA_VERSION}); paid submits are refused, and the file is kept as"
            " it is",
            hint="upgrade seedance, or set SEEDANCE_STATE_DIR to another folder",
        )
    tables = _pragma(db, "schema_version") > 0
    if _pragma(db, "application_id") != _APPLICATION_ID and (version or tables):
        raise damaged(path, "it is not a ledger")
    return version if tables else None


def _step_up(db: sqlite3.Connection, path: Path | None) -> None:
    """Bring a ledger to the newest schema, or leave it as it was.

    Args:
        db: the ledger.
        path: its file, for the copy; None: it lies in memory.
    """
    values: dict[str, str | bytes] = {"salt": os.urandom(32), "ledger": os.urandom(16).hex()}
    with transaction(db):
        version = version_of(db)  # another process may have been faster
        if version and path is not None:
            _check_whole(db, path)
        climb(db, path, STEPS, values)
        if not version:
            db.execute(f"PRAGMA application_id={_APPLICATION_ID}")
        _check_columns(db)


def _check_columns(db: sqlite3.Connection) -> None:
    """Make sure that the tables are as the schema says; `sqlite3.OperationalError` otherwise."""
    for statement in statements.TABLES:
        db.execute(statement)


def _check_whole(db: sqlite3.Connection, path: Path) -> None:
    words = [str(row[0]) for row in db.execute("PRAGMA integrity_check(1)")]
    if words != ["ok"]:
        raise damaged(path, words[0])


def _in_memory(source: sqlite3.Connection, path: Path) -> sqlite3.Connection | None:
    """A copy in memory for reading, with the newest schema; None if there is nothing in it."""
    memory = _connection(":memory:", uri=False)
    ready = False
    try:
        copy_into(memory, source)
        if _identify(memory, path) is not None:
            _step_up(memory, None)
            memory.execute("PRAGMA query_only=ON")
            ready = True
    finally:
        if not ready:
            memory.close()
    return memory if ready else None


def _half_written(path: Path) -> sqlite3.Connection | None:
    """A ledger that another process left in the middle of a commit, where nothing can be written.

    SQLite has to undo that commit first, so it does in a private copy. (`immutable=1` would read
    the half-written file instead.)
    """
    import shutil  # slow to import, and seldom used
    import tempfile

    with tempfile.TemporaryDirectory(prefix="seedance-") as folder:
        for name in (NAME, f"{NAME}-journal"):
            shutil.copyfile(path.with_name(name), Path(folder, name))
        with closing(_connection(str(Path(folder, NAME)), uri=False)) as disk:
            return _in_memory(disk, path)


def _pragma(db: sqlite3.Connection, name: str) -> int:
    row = db.execute(f"PRAGMA {name}").fetchone()
    return int(row[0])


def damaged(path: Path, words: str) -> WriteFailed:
    """The error for a file that is no whole ledger."""
    return WriteFailed(
        f"the ledger {path} is damaged ({words}); paid submits are refused, and the file is kept"
        " as it is",
        hint=f"move {path} away, then `seedance ledger use`, to start a new one; a task of the old"
        " one can still be waited for with `seedance wait PROVIDER:TASK_ID`",
    )


def _no_locks(path: Path, error: locks.NoLocks) -> WriteFailed:
    return WriteFailed(
        f"the ledger {path} cannot be locked: {error}",
        hint="set SEEDANCE_STATE_DIR to a folder on a disk of this machine",
    )


def _raise(path: Path, error: sqlite3.DatabaseError) -> NoReturn:
    """Say what an error of SQLite means. Result codes: https://sqlite.org/rescode.html."""
    if isinstance(error, (sqlite3.ProgrammingError, sqlite3.IntegrityError)):
        raise error  # a bug here, and shown as one
    # Errors that the module raises by itself (text that is no UTF-8) carry no code.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    if code in LOCKING:
        raise _no_locks(path, locks.NoLocks(error.sqlite_errorname)) from error
    code &= 0xFF
    hint = ELSEWHERE
    match code:
        case (
            sqlite3.SQLITE_CORRUPT
            | sqlite3.SQLITE_NOTADB
            | sqlite3.SQLITE_FORMAT
            | sqlite3.SQLITE_ERROR  # a table or column is missing
        ):
            raise damaged(path, str(error)) from error
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            words = f"is locked by another process (waited {BUSY_SECONDS:.0f} s)"
            hint = "run the command again once the other process is done"
        case sqlite3.SQLITE_FULL:
            words = "cannot be written: the disk is full"
            hint = "free some space, or set SEEDANCE_STATE_DIR to a folder on another disk"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            words = f"cannot be written: {error}"
        case _:
            words = f"cannot be used: {error}"
    raise WriteFailed(f"the ledger {path} {words}", hint=hint) from error

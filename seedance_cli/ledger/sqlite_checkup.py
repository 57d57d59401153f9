"""How the ledger's file is kept: its rights, its schema, and whether SQLite finds it whole."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

from seedance_cli.ledger.findings import Finding, Weight
from seedance_cli.ledger.schema import SCHEMA_VERSION
from seedance_cli.system import network

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

_MOST = 20
"""Faults of one file that are named."""
_VERSION_AT = 60
"""Where the schema's version lies in the file. https://sqlite.org/fileformat.html."""


def checked(path: Path, db: sqlite3.Connection) -> Iterator[Finding]:
    """What there is to say of the file.

    Args:
        path: where it is; that others may write neither to it nor to its folder was looked at when
            it was opened.
        db: its tables, or a copy of them in memory.
    """
    yield from _rights(path)
    yield _schema(path)
    words = [str(row[0]) for row in db.execute(f"PRAGMA integrity_check({_MOST})")]
    if words == ["ok"]:
        yield Finding("integrity", Weight.OK, "SQLite finds the whole file in order")
    else:
        yield Finding("integrity", Weight.FAULT, "; ".join(words))
    found = network(path)
    if found is not None:
        yield Finding(
            "network",
            Weight.NOTE,
            f"it is on a network file system ({found[0]}, {found[1]}): use it from one machine at a"
            " time",
        )


def _rights(path: Path) -> Iterator[Finding]:
    mode = stat.S_IMODE(path.stat().st_mode)
    others = sys.platform != "win32" and mode & 0o077
    if others:
        yield Finding("rights", Weight.NOTE, f"others may read it (mode {mode:04o})")
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK | os.X_OK):
        if not others:
            yield Finding("rights", Weight.OK, "only its owner may read and write it")
    else:
        yield Finding("rights", Weight.FAULT, "it cannot be written: nothing can be paid for")


def _schema(path: Path) -> Finding:
    with path.open("rb") as file:
        version = int.from_bytes(file.read(_VERSION_AT + 4)[_VERSION_AT:])
    if version == SCHEMA_VERSION:
        return Finding("schema", Weight.OK, f"version {version}")
    words = f"version {version}; the next command that writes brings it to {SCHEMA_VERSION}"
    return Finding("schema", Weight.NOTE, words)

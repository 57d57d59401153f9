"""What the ledger knows by name alone, for completion: no row becomes a value."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from seedance_cli.ledger import statements
from seedance_cli.ledger.schema import LOST_AFTER, time_text
from seedance_cli.ledger.sqlite_file import NAME, connect, mapped

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime
    from pathlib import Path

_NEWEST = 500
"""Rows whose metadata is looked at: a bound on the time that Tab takes."""


class Named(NamedTuple):
    """What a task is called."""

    provider: str
    task_id: str
    name: str | None


def tasks(
    folder: Path, now: datetime, *, provider: str | None = None, sandbox: bool | None = None
) -> list[Named]:
    """Every task: unfinished ones first, each group newest first.

    Args:
        folder: of the ledger; a missing one has no task, and stays missing.
        now: decides which lost tasks still count as unfinished.
        provider: only its tasks.
        sandbox: only those of the sandbox, or only real ones; None: both.

    Raises:
        WriteFailed: the ledger cannot be read.
    """
    found = _read(folder, statements.REFS, provider, sandbox, time_text(now - LOST_AFTER))
    return [Named(row["provider"], row["task_id"], row["name"]) for row in found]


def batches(folder: Path) -> list[str]:
    """Every batch, the newest first; errors as `tasks`."""
    return [row["batch"] for row in _read(folder, statements.BATCHES)]


def metadata_keys(folder: Path) -> list[str]:
    """The keys of the newest requests' metadata, sorted; errors as `tasks`."""
    requests = [json.loads(row["request"]) for row in _read(folder, statements.REQUESTS, _NEWEST)]
    return sorted({key for request in requests for key in request.get("metadata") or ()})


def _read(folder: Path, statement: str, *values: str | bool | int | None) -> list[sqlite3.Row]:
    """The rows of a statement; none where there is no ledger."""
    with mapped(folder / NAME):
        db = connect(folder, create=False, step=False)
        if db is None:
            return []
        with closing(db):
            return db.execute(statement, values).fetchall()

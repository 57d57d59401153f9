"""What the ledger knows by name alone, for completion: no row becomes a value."""

from __future__ import annotations

import json
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
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
    """What a task is called, and what a person knows it by."""

    provider: str
    task_id: str
    name: str | None
    status: str
    request: str
    """As it stands in the row."""

    @property
    def prompt(self) -> str:
        """The prompt; empty where the row has none."""
        return _prompt(self.request)


class Unsettled(NamedTuple):
    """A submission that may be one of unknown outcome."""

    intent: str
    provider: str
    request: str

    @property
    def prompt(self) -> str:
        """The prompt; empty where the row has none."""
        return _prompt(self.request)


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
    return [
        Named(row["provider"], row["task_id"], row["name"], row["status"], row["request"])
        for row in found
    ]


def unsettled(folder: Path) -> list[Unsettled]:
    """Submissions without a known outcome, the newest first; errors as `tasks`.

    Whether the process of one that is being sent still lives is not looked at.
    """
    found = _read(folder, statements.INTENTS_TO_SETTLE)
    return [Unsettled(row["intent"], row["provider"], row["request"]) for row in found]


def batches(folder: Path) -> list[str]:
    """Every batch, the newest first; errors as `tasks`."""
    return [row["batch"] for row in _read(folder, statements.BATCHES)]


def metadata_keys(folder: Path) -> list[str]:
    """The keys of the newest requests' metadata, sorted; errors as `tasks`."""
    requests = [json.loads(row["request"]) for row in _read(folder, statements.REQUESTS, _NEWEST)]
    return sorted({key for request in requests for key in request.get("metadata") or ()})


def _prompt(request: str | None) -> str:
    """What the request in a row asks for."""
    with suppress(ValueError):
        stored = json.loads(request or "{}")
        if isinstance(stored, dict):
            return str(stored.get("prompt") or "")
    return ""


def _read(folder: Path, statement: str, *values: str | bool | int | None) -> list[sqlite3.Row]:
    """The rows of a statement; none where there is no ledger."""
    with mapped(folder / NAME):
        db = connect(folder, create=False, step=False)
        if db is None:
            return []
        with closing(db):
            return db.execute(statement, values).fetchall()

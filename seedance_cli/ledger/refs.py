"""The tasks of the ledger by name alone, for completion: no row becomes a value."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from seedance_cli.ledger import statements
from seedance_cli.ledger.schema import LOST_AFTER, time_text
from seedance_cli.ledger.sqlite_file import NAME, connect, mapped

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


def tasks(
    folder: Path, now: datetime, *, provider: str | None = None, sandbox: bool | None = None
) -> list[tuple[str, str]]:
    """Provider and id of every task: unfinished ones first, each group newest first.

    Args:
        folder: of the ledger; a missing one has no task, and stays missing.
        now: decides which lost tasks still count as unfinished.
        provider: only its tasks.
        sandbox: only those of the sandbox, or only real ones; None: both.

    Raises:
        WriteFailed: the ledger cannot be read.
    """
    with mapped(folder / NAME):
        db = connect(folder, create=False, step=False)
        if db is None:
            return []
        with closing(db):
            values = (provider, sandbox, time_text(now - LOST_AFTER))
            found = db.execute(statements.REFS, values)
            return [(row["provider"], row["task_id"]) for row in found]

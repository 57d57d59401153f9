"""The sandbox's tasks: kept in SQLite, so that they outlive a command; their progress is the clock.

Nothing runs in the background: a task is stored once, and where it stands follows from the seconds
since then. That is the same for every process that looks, before and after a restart.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from seedance_cli.errors import WriteFailed
from seedance_cli.models import Problem
from seedance_cli.sandbox.dialects._base import Job, Phase, View
from seedance_cli.sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_VERSION = 1
_BUSY_SECONDS = 10.0
_SCHEMA = """
CREATE TABLE task (
    task_id TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    created REAL NOT NULL,
    seconds REAL NOT NULL,
    fault TEXT,
    job TEXT NOT NULL,
    charge TEXT NOT NULL,
    cancelled INTEGER NOT NULL DEFAULT 0,
    handed_out INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID
"""

_QUEUED_SHARE = 0.2
_SLOW = 10
_STRANGE = 3
_STRANGE_AT_LEAST = 1.0

_REASONS = {
    Fault.FAIL: Problem("generation_failed", "The generation failed, as sandbox:fail asked for"),
    Fault.MODERATED: Problem(
        "content_moderated",
        "The prompt was rejected by content moderation, as sandbox:moderated asked for",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTask:
    """One accepted submit."""

    task_id: str
    provider: str
    created: float
    """Seconds since the epoch."""
    seconds: float
    """How long it takes; fixed when it was made."""
    fault: Fault | None
    job: Job
    charge: str
    cancelled: bool = False
    handed_out: int = 0
    """How often a video URL was given for it; counted only for `expired-url`."""

    def phase(self, now: float) -> Phase:
        """Where it stands at that moment."""
        if self.cancelled:
            return Phase.CANCELLED
        elapsed = max(0.0, now - self.created)
        if self.fault is Fault.UNKNOWN_STATUS:
            strange = max(_STRANGE * self.seconds, _STRANGE_AT_LEAST)
            return Phase.STRANGE if elapsed < strange else Phase.SUCCEEDED
        total = self.seconds * (_SLOW if self.fault is Fault.SLOW else 1)
        if elapsed < total * _QUEUED_SHARE:
            return Phase.QUEUED
        if elapsed < total or self.fault is Fault.STUCK:
            return Phase.RUNNING
        return Phase.FAILED if self.fault in _REASONS else Phase.SUCCEEDED

    def view(self, now: float, video_url: str) -> View:
        """What a dialect words."""
        phase = self.phase(now)
        failed = phase is Phase.FAILED and self.fault is not None
        return View(
            task_id=self.task_id,
            job=self.job,
            phase=phase,
            charge=self.charge,
            created_at=datetime.fromtimestamp(self.created, UTC),
            video_url=video_url if phase is Phase.SUCCEEDED else None,
            reason=_REASONS.get(self.fault) if failed and self.fault is not None else None,
        )


class Store:
    """The tasks of one state folder. Safe for several threads and processes at once.

    Every call opens the file anew: a call takes well under a millisecond, and no connection has to
    be kept from the wrong thread.
    """

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        """Open or create the file.

        Args:
            folder: created if need be, for its owner only.
            now: seconds since the epoch.

        Raises:
            WriteFailed: it cannot be written, is damaged, or a newer version made it.
        """
        self.now = now
        self._path = folder / "tasks.db"
        try:
            # The state folder is private too, whoever makes it first.
            for private in (folder.parent, folder):
                private.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._transaction() as db:
                (version,) = db.execute("PRAGMA user_version").fetchone()
                if version == 0:
                    db.execute(_SCHEMA)
                    db.execute(f"PRAGMA user_version = {_VERSION}")
        except (OSError, sqlite3.Error) as error:
            raise WriteFailed(
                f"the sandbox's tasks cannot be kept in {self._path}: {error}",
                hint="they are of no value: remove that file, or set SEEDANCE_STATE_DIR",
            ) from error
        if version > _VERSION:
            raise WriteFailed(
                f"{self._path} was made by a newer version of seedance",
                hint="they are of no value: remove that file, or set SEEDANCE_STATE_DIR",
            )

    def add(self, task: StoredTask) -> None:
        """Store a new task."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO task VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)",
                (
                    task.task_id,
                    task.provider,
                    task.created,
                    task.seconds,
                    task.fault,
                    json.dumps(asdict(task.job)),
                    task.charge,
                ),
            )

    def get(self, task_id: str) -> StoredTask | None:
        """The task of that id."""
        with self._transaction() as db:
            return _read(db, task_id)

    def cancel(self, task_id: str) -> bool:
        """Cancel a task that is queued or runs; whether that was still possible."""
        with self._transaction() as db:
            task = _read(db, task_id)
            if task is None or task.phase(self.now()) in _OVER:
                return False
            db.execute("UPDATE task SET cancelled = 1 WHERE task_id = ?", (task_id,))
            return True

    def hand_out(self, task_id: str) -> int:
        """Count one more video URL given for the task; the count."""
        with self._transaction() as db:
            db.execute("UPDATE task SET handed_out = handed_out + 1 WHERE task_id = ?", (task_id,))
            task = _read(db, task_id)
            return task.handed_out if task is not None else 0

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            # It must outlive the process, not a power cut.
            db.execute("PRAGMA synchronous = OFF")
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")
        finally:
            db.close()


_OVER = frozenset({Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED})


def _read(db: sqlite3.Connection, task_id: str) -> StoredTask | None:
    try:
        row = db.execute("SELECT * FROM task WHERE task_id = ?", (task_id,)).fetchone()
    except UnicodeEncodeError:  # a lone surrogate: no task has such an id
        return None
    if row is None:
        return None
    key, provider, created, seconds, fault, job, charge, cancelled, handed_out = row
    fields = json.loads(job)
    fields["images"] = tuple(fields["images"])
    return StoredTask(
        task_id=key,
        provider=provider,
        created=created,
        seconds=seconds,
        fault=Fault(fault) if fault else None,
        job=Job(**fields),
        charge=charge,
        cancelled=bool(cancelled),
        handed_out=handed_out,
    )

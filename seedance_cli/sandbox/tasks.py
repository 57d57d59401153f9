"""The sandbox's tasks: kept in SQLite, so that they outlive a command; their progress is the clock.

Nothing makes a task go on: it is stored once, and where it stands follows from the seconds
since then. That is the same for every process that looks, before and after a restart.
"""

from __future__ import annotations

import json
import math
import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from seedance_cli.errors import WriteFailed
from seedance_cli.models import Problem
from seedance_cli.sandbox.dialects._base import Job, Phase, View
from seedance_cli.sandbox.faults import Fault
from seedance_cli.system import check_locks, check_ours, climb, version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import Any

_BUSY_SECONDS = 10.0
_STEPS = (
    (
        """
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
""",
    ),
    (
        """
CREATE TABLE callback (
    task_id TEXT PRIMARY KEY,
    claimed REAL NOT NULL DEFAULT 0
) WITHOUT ROWID
""",
    ),
)
_CLAIM_SECONDS = 60.0
_STALE_SECONDS = 86_400.0

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
        # A clock that was set back finds every task at its beginning.
        now = max(now, self.created)
        if now >= self.end:
            if self.fault is Fault.EXPIRED:
                return Phase.EXPIRED
            return Phase.FAILED if self.fault in _REASONS else Phase.SUCCEEDED
        if self.fault is Fault.UNKNOWN_STATUS:
            return Phase.STRANGE
        total = self.seconds * (_SLOW if self.fault is Fault.SLOW else 1)
        return Phase.QUEUED if now < self.created + total * _QUEUED_SHARE else Phase.RUNNING

    @property
    def end(self) -> float:
        """When it ends by itself, in seconds since the epoch; infinity if it never does."""
        if self.fault is Fault.STUCK:
            return math.inf
        if self.fault is Fault.UNKNOWN_STATUS:
            return self.created + max(_STRANGE * self.seconds, _STRANGE_AT_LEAST)
        return self.created + self.seconds * (_SLOW if self.fault is Fault.SLOW else 1)

    def view(
        self, now: float, video_url: str, last_frame_url: str | None = None, origin: str = ""
    ) -> View:
        """What a dialect words."""
        phase = self.phase(now)
        done = phase is Phase.SUCCEEDED
        ended = phase in _OVER and not self.cancelled
        failed = phase is Phase.FAILED and self.fault is not None
        return View(
            task_id=self.task_id,
            job=self.job,
            phase=phase,
            charge=self.charge,
            created_at=datetime.fromtimestamp(self.created, UTC),
            video_url=video_url if done else None,
            last_frame_url=last_frame_url if done and self.job.last_frame_out else None,
            ended_at=datetime.fromtimestamp(self.end, UTC) if ended else None,
            reason=_REASONS.get(self.fault) if failed and self.fault is not None else None,
            origin=origin,
        )


class TaskStore:
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
            NotOurs: somebody else has, or had, a hand in the state folder.
            WriteFailed: it cannot be written, is damaged, or a newer version made it.
        """
        self.now = now
        self._path = folder / "tasks.db"
        try:
            # The state folder is private too, whoever makes it first.
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            check_ours(folder.parent, folder.name)
            folder.mkdir(mode=0o700, exist_ok=True)
            with closing(sqlite3.connect(self._path)) as db:
                check_locks(db, folder, _BUSY_SECONDS)
            with self._transaction() as db:
                version = version_of(db)
                climb(db, self._path, _STEPS)
        except (OSError, sqlite3.Error) as error:
            raise WriteFailed(
                f"the sandbox's tasks cannot be kept in {self._path}: {error}",
                hint="they are of no value: remove that file, or set SEEDANCE_STATE_DIR",
            ) from error
        if version > len(_STEPS):
            raise WriteFailed(
                f"{self._path} was made by a newer version of seedance",
                hint="they are of no value: remove that file, or set SEEDANCE_STATE_DIR",
            )

    def add(self, task: StoredTask, *, callback: bool = False) -> None:
        """Store a new task, and whether a callback is to be made when it ends."""
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
            if callback:
                db.execute("INSERT INTO callback (task_id) VALUES (?)", (task.task_id,))

    def get(self, task_id: str) -> StoredTask | None:
        """The task of that id."""
        with self._transaction() as db:
            return _read(db, task_id)

    def cancel(
        self, task_id: str, cancellable: frozenset[Phase], deletable: frozenset[Phase]
    ) -> StoredTask | None:
        """Cancel a task, or delete it.

        Args:
            task_id: its id.
            cancellable: where it must stand to be cancelled.
            deletable: where it must stand to be deleted.

        Returns:
            The task as it was left, or was before it was deleted; None: neither was possible.
        """
        with self._transaction() as db:
            task = _read(db, task_id)
            phase = None if task is None else task.phase(self.now())
            if phase in deletable:
                db.execute("DELETE FROM callback WHERE task_id = ?", (task_id,))
                db.execute("DELETE FROM task WHERE task_id = ?", (task_id,))
                return task
            if phase not in cancellable:
                return None
            db.execute("UPDATE task SET cancelled = 1 WHERE task_id = ?", (task_id,))
            return _read(db, task_id)

    def hand_out(self, task_id: str) -> int:
        """Count one more video URL given for the task; the count."""
        with self._transaction() as db:
            db.execute("UPDATE task SET handed_out = handed_out + 1 WHERE task_id = ?", (task_id,))
            task = _read(db, task_id)
            return task.handed_out if task is not None else 0

    def newest(self, limit: int, offset: int = 0) -> list[StoredTask]:
        """The latest tasks, newest first, after the first so many of them."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT * FROM task ORDER BY created DESC, task_id LIMIT ? OFFSET ?",
                (limit, offset),
            )
            return [_stored(row) for row in rows]

    def count(self) -> int:
        """How many tasks there are."""
        with self._transaction() as db:
            return int(db.execute("SELECT count(*) FROM task").fetchone()[0])

    def pending(self) -> list[StoredTask]:
        """The tasks whose callback is still to be made. Those long overdue are forgotten."""
        with self._transaction() as db:
            rows = db.execute("SELECT task.* FROM task NATURAL JOIN callback").fetchall()
            tasks = [_stored(row) for row in rows]
            stale = [one for one in tasks if one.end < self.now() - _STALE_SECONDS]
            db.executemany(
                "DELETE FROM callback WHERE task_id = ?", [(one.task_id,) for one in stale]
            )
            return [one for one in tasks if one not in stale]

    def claim(self, task_id: str) -> float | None:
        """Take on a pending callback, so that no other server makes it at the same time.

        Returns:
            0 if it was taken; else after how many seconds another's claim runs out; None if the
            callback is no longer pending.
        """
        with self._transaction() as db:
            row = db.execute(
                "SELECT claimed FROM callback WHERE task_id = ?", (task_id,)
            ).fetchone()
            if row is None:
                return None
            now = self.now()
            left = float(row[0]) + _CLAIM_SECONDS - now
            if 0 < left <= _CLAIM_SECONDS:
                return left
            db.execute("UPDATE callback SET claimed = ? WHERE task_id = ?", (now, task_id))
            return 0.0

    def release(self, task_id: str) -> None:
        """Give a claimed callback back: it is pending again."""
        with self._transaction() as db:
            db.execute("UPDATE callback SET claimed = 0 WHERE task_id = ?", (task_id,))

    def settle(self, task_id: str) -> None:
        """The callback was made, or given up."""
        with self._transaction() as db:
            db.execute("DELETE FROM callback WHERE task_id = ?", (task_id,))

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


_OVER = frozenset({Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED, Phase.EXPIRED})


def _read(db: sqlite3.Connection, task_id: str) -> StoredTask | None:
    try:
        row = db.execute("SELECT * FROM task WHERE task_id = ?", (task_id,)).fetchone()
    except UnicodeEncodeError:  # a lone surrogate: no task has such an id
        return None
    return None if row is None else _stored(row)


def _stored(row: Sequence[Any]) -> StoredTask:
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

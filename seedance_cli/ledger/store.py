"""The rows of the ledger: statements, transactions, and the locks that say which process lives."""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from seedance_cli.errors import WriteFailed
from seedance_cli.ledger import file as _ledger_file
from seedance_cli.ledger.rows import key, read_charge, read_submission, read_task
from seedance_cli.ledger.schema import COLUMNS, time_text
from seedance_cli.models import IntentState
from seedance_cli.system import locks

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from seedance_cli.ledger.rows import Value
    from seedance_cli.models import Price, Submission, Task
    from seedance_cli.system import Clock

    Values = Sequence[Value | bytes]

OF_TASK = "provider = ? AND endpoint = ? AND sandbox = ? AND task_id = ?"
"""The rows and files of one task; see `task_key`."""
_LOCK_SECONDS = 5.0
_NOBODY: Mapping[str, IntentState] = {}
_LONGEST_SENDING = timedelta(minutes=10)
"""After that an answer of its process is no longer waited for, though it may be only stopped."""


class _Left(NamedTuple):
    """What becomes of a row that nobody brings to its end."""

    state: IntentState
    evidence: str


# Before `sending` nothing left, after it nobody knows.
_ENDED = {
    IntentState.PREPARED: _Left(
        IntentState.NOT_SENT, '{"reason":"the process ended before the request was sent"}'
    ),
    IntentState.SENDING: _Left(
        IntentState.UNKNOWN, '{"reason":"the process ended before an answer was stored"}'
    ),
}
_STUCK = _Left(IntentState.UNKNOWN, '{"reason":"no answer was stored for 10 minutes"}')


class Known(NamedTuple):
    """What a row knows of its task."""

    task: Task | None
    lost: bool
    """Whether it is noted as not found."""
    charge: Price | None
    """The highest that was ever read."""


class Store:
    """One open database, or a stand-in in memory where there is none."""

    def __init__(self, folder: Path | None, db: sqlite3.Connection | None, clock: Clock) -> None:
        """Take over a connection.

        Args:
            folder: where the ledger lies or would lie; None: nowhere, ever.
            db: the open ledger; None: none lies there.
            clock: tells how long a row has been on its way.
        """
        self._folder = folder
        self._clock = clock
        self._db = _ledger_file.empty() if db is None else db
        self.on_disk = db is not None
        """Whether what is written lasts."""
        self._held: dict[str, locks.FileLock] = {}

    @property
    def _path(self) -> Path:
        return Path(_ledger_file.NAME) if self._folder is None else self._folder / _ledger_file.NAME

    def close(self) -> None:
        """Close the database and free every lock."""
        self._db.close()
        for intent in list(self._held):
            self.release(intent)

    def materialise(self) -> None:
        """Make the ledger on the disk, if this is a stand-in for it. Its rows are none yet."""
        if self.on_disk or self._folder is None:
            return
        db = _ledger_file.connect(self._folder, create=True)
        assert db is not None
        self._db.close()
        self._db, self.on_disk = db, True

    # Statements

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One durable write transaction; inside another one, a part of it."""
        with _ledger_file.mapped(self._path):
            if self._db.in_transaction:
                yield
            else:
                with _ledger_file.transaction(self._db):
                    yield

    @contextmanager
    def decoding(self) -> Iterator[None]:
        """Turn a row that cannot be read into `WriteFailed`."""
        try:
            yield
        except (ValueError, TypeError) as error:
            raise _ledger_file.damaged(self._path, f"a row cannot be read: {error}") from error

    def query(self, statement: str, values: Values) -> list[sqlite3.Row]:
        """Run one statement; its rows."""
        with _ledger_file.mapped(self._path), closing(self._db.execute(statement, values)) as found:
            return found.fetchall()

    def insert(self, columns: Mapping[str, Value]) -> None:
        """Add an intent."""
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        statement = f"INSERT INTO intents ({names}) VALUES ({marks})"  # noqa: S608 - names of ours
        self.query(statement, tuple(columns.values()))

    def update(self, intent: str, columns: Mapping[str, Value]) -> None:
        """Change an intent's row."""
        names = ", ".join(f"{name} = ?" for name in columns)
        statement = f"UPDATE intents SET {names} WHERE intent = ?"  # noqa: S608 - names of ours
        self.query(statement, (*columns.values(), intent))

    def update_task(self, submission: Submission, columns: Mapping[str, Value]) -> None:
        """Change every row of a submission's task: one that a provider named twice has two."""
        names = ", ".join(f"{name} = ?" for name in columns)
        statement = f"UPDATE intents SET {names} WHERE {OF_TASK}"  # noqa: S608 - names of ours
        self.query(statement, (*columns.values(), *task_key(submission)))

    def row(self, intent: str) -> Submission:
        """The intent's row.

        Raises:
            WriteFailed: there is none.
        """
        for found in self.select("intent = ?", (intent,)):
            return found
        raise WriteFailed(f"the intent {intent} is not in the ledger {self._path}")

    def task(self, intent: str) -> Known:
        """What an intent's row knows of its task; for every poll."""
        statement = f"SELECT {COLUMNS}, not_found_since FROM intents WHERE intent = ?"  # noqa: S608
        for row in self.query(statement, (intent,)):
            with self.decoding():
                return Known(read_task(row), row["not_found_since"] is not None, read_charge(row))
        return Known(None, lost=False, charge=None)

    def select(self, where: str, values: Values) -> list[Submission]:
        """The rows that match, as they lie there."""
        return list(self.each(where, values))

    def tidy(self, where: str, values: Values) -> list[Submission]:
        """The rows that match, after abandoned ones were settled."""
        gone = self.abandoned_now()
        return list(self.each(where, values, gone))

    def each(
        self, where: str, values: Values, gone: Mapping[str, IntentState] = _NOBODY
    ) -> Generator[Submission, None, None]:
        """The rows that match, one by one. Close the iterator: a cursor keeps writers out.

        Args:
            where: the condition, and the order.
            values: for its question marks.
            gone: states that could not be written.
        """
        statement = f"SELECT {COLUMNS} FROM intents WHERE {where}"  # noqa: S608 - constants of ours
        with (
            _ledger_file.mapped(self._path),
            closing(self._db.execute(statement, values)) as found,
        ):
            for row in found:
                with self.decoding():
                    files = () if row["task_id"] is None else self._files(row)
                    submission = read_submission(row, files, gone.get(row["intent"]))
                yield submission

    def _files(self, row: sqlite3.Row) -> tuple[str, ...]:
        found = self._db.execute(
            "SELECT path FROM files WHERE provider = ? AND endpoint = ? AND sandbox = ?"
            " AND task_id = ? ORDER BY number",
            (row["provider"], row["endpoint"], row["sandbox"], row["task_id"]),
        )
        return tuple(os.fsdecode(path) for (path,) in found.fetchall())

    # Who lives

    def hold(self, intent: str) -> None:
        """Take the intent's lock; kept until `release`, `close`, or the end of the process."""
        path = self._lock(intent)
        with _ledger_file.mapped(self._path):
            path.parent.mkdir(mode=0o700, exist_ok=True)
            lock = locks.FileLock.take(path, patience=_LOCK_SECONDS)
        if lock is None:
            raise WriteFailed(f"the lock {path} is held by another process; nothing was sent")
        self._held[intent] = lock

    def lives(self, intent: str) -> bool:
        """Whether the process that holds the intent's lock lives; true if it is this one."""
        return intent in self._held or locks.held(self._lock(intent))

    def release(self, intent: str) -> None:
        """Free the intent's lock, if this process holds it, and remove its file."""
        lock = self._held.pop(intent, None)
        if lock is not None:
            lock.release()

    def settle_abandoned(self) -> None:
        """Inside a transaction: settle the rows whose process is gone, and clear their locks away.

        Only inside one: a lock file being removed looks held for a moment, and another process
        that probed it then would let an identical request pass.
        """
        for intent, left in self._abandoned().items():
            self.update(intent, {"state": left.state.value, "evidence": left.evidence})
        if self._folder is not None:
            locks.sweep(self._folder / "locks", keep=self._held)

    def abandoned_now(self) -> Mapping[str, IntentState]:
        """Settle what was abandoned, where the ledger can be written.

        Returns:
            What could not be written: the state that each such intent is to be read with.
        """
        gone = self._abandoned()
        if gone:
            try:
                with self.writing():
                    self.settle_abandoned()
            except WriteFailed:
                return {intent: left.state for intent, left in gone.items()}
        return _NOBODY

    def _abandoned(self) -> dict[str, _Left]:
        found = self.query(
            "SELECT intent, state, submitted_at FROM intents WHERE state IN (?, ?)", _ON_THE_WAY
        )
        latest = time_text(self._clock.now() - _LONGEST_SENDING) or ""
        abandoned = {}
        for row in found:
            state = IntentState(row["state"])
            if not self.lives(row["intent"]):
                abandoned[row["intent"]] = _ENDED[state]
            elif (
                state is IntentState.SENDING
                and row["intent"] not in self._held
                and (row["submitted_at"] or "") < latest
            ):
                abandoned[row["intent"]] = _STUCK
        return abandoned

    def _lock(self, intent: str) -> Path:
        folder = Path() if self._folder is None else self._folder
        return locks.lock_path(folder / "locks", intent)


def task_key(submission: Submission) -> tuple[str, str, int, str]:
    """The values for `OF_TASK`. Only for a submission that has a task."""
    assert submission.task is not None
    task_id = key(submission.task.task_id)
    return submission.provider, submission.endpoint, int(submission.sandbox), task_id


_ON_THE_WAY = tuple(state.value for state in _ENDED)

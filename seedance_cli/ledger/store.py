"""The store of the ledger's rows, whatever the backend; here rows of ended processes are settled.

A backend brings transactions, statements, and locks that say whether a process lives.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from contextlib import closing, contextmanager
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.errors import WriteFailed
from seedance_cli.ledger import statements
from seedance_cli.ledger.places import first_of_each
from seedance_cli.ledger.rows import (
    read_charge,
    read_evidence,
    read_submission,
    read_task,
    task_key,
)
from seedance_cli.ledger.schema import time_text
from seedance_cli.models import IntentState

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from seedance_cli.ledger.findings import Finding
    from seedance_cli.ledger.rows import Value
    from seedance_cli.ledger.stored import Row
    from seedance_cli.models import Price, Submission, Task
    from seedance_cli.system import Clock

    Values = Sequence[Value | bytes]

_NOBODY: Mapping[str, IntentState] = {}
_AT_ONCE = 200
"""Rows that become values together: their files are one question more."""
LONGEST_SENDING = timedelta(minutes=10)
"""How long the answer of a `sending` row is waited for, though its process may only be stopped."""


class _Left(NamedTuple):
    """The new state of a row that nobody brings to its end."""

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


class Store(ABC):
    """The open tables. First what each backend does in its own way, then what all do alike."""

    on_disk: bool
    """Whether what is written lasts."""
    machine = ""
    """What files of this machine are known with; empty where the ledger itself lies on it."""

    def __init__(self, clock: Clock) -> None:
        """Take the clock, which tells how long a row has been on its way."""
        self._clock = clock

    @property
    @abstractmethod
    def name(self) -> str:
        """Where the ledger lies, for errors."""

    @abstractmethod
    def network(self) -> tuple[Path, str] | None:
        """Where its file lies on a network file system, and that one's type; None: it does not."""

    @abstractmethod
    def close(self) -> None:
        """Close the tables and free every lock."""

    @abstractmethod
    def materialise(self) -> None:
        """Make a ledger that lasts, if this is a stand-in for one. It has no row yet."""

    @abstractmethod
    def ask_again(self) -> None:
        """Have a server that was away tried at once with the next statement, pause or not."""

    @abstractmethod
    def writing(self) -> AbstractContextManager[None]:
        """One durable write transaction; inside another one, a part of it."""

    @abstractmethod
    def query(self, statement: str, values: Values = ()) -> Sequence[Row]:
        """Run one statement; its rows, whose columns have names."""

    @abstractmethod
    def change(self, statement: str, values: Values) -> int:
        """Run one statement that changes rows; how many it changed."""

    @abstractmethod
    def stream(self, statement: str, values: Values) -> Generator[Row, None, None]:
        """The rows of a statement one by one. Close the iterator: a cursor keeps writers out."""

    @abstractmethod
    def damaged(self, words: str) -> WriteFailed:
        """The error for a ledger that is not whole."""

    @abstractmethod
    def checked(self) -> Iterator[Finding]:
        """How the tables are kept: whether they are whole, and may be written. Changes nothing."""

    @abstractmethod
    def hold(self, intent: str) -> None:
        """Take the intent's lock; kept until `release`, `close`, or the end of the process."""

    @abstractmethod
    def holds(self, intent: str) -> bool:
        """Whether this process holds the intent's lock."""

    @abstractmethod
    def living(self, intents: Sequence[str]) -> set[str]:
        """Those of the intents whose lock a living process holds, this one included."""

    @abstractmethod
    def release(self, intent: str) -> None:
        """Free the intent's lock, if this process holds it."""

    def take_places(
        self, name: str, places: int, requests: int, seconds: float
    ) -> list[float] | None:
        """Reserve moments under a rate limit of all machines; None: this store is of one machine.

        May be called by any thread.

        Args:
            name: of the limit.
            places: how many.
            requests: in any window of `seconds`.
            seconds: of that window.

        Returns:
            Seconds from now to each.
        """
        del name, places, requests, seconds
        return None

    @abstractmethod
    def sweep(self) -> None:
        """Clear away what the locks of ended processes left."""

    # Rows

    @contextmanager
    def decoding(self) -> Iterator[None]:
        """Turn a row that cannot be read into `WriteFailed`."""
        try:
            yield
        except (ValueError, TypeError) as error:
            raise self.damaged(f"a row cannot be read: {error}") from error

    def insert(self, columns: Mapping[str, Value]) -> None:
        """Add an intent."""
        self.change(statements.insert_intent(columns), tuple(columns.values()))

    def update(self, intent: str, columns: Mapping[str, Value]) -> None:
        """Change an intent's row."""
        self.change(statements.update_intent(columns), (*columns.values(), intent))

    def move(
        self, intent: str, before: Sequence[IntentState], columns: Mapping[str, Value]
    ) -> bool:
        """Change an intent's row, if it is in one of the states `before`; whether it was.

        One statement, so that no other process comes between the look and the change.
        """
        statement = statements.move_intent(columns, len(before))
        values = (*columns.values(), intent, *(one.value for one in before))
        return self.change(statement, values) == 1

    def update_task(self, submission: Submission, columns: Mapping[str, Value]) -> None:
        """Change every row of a submission's task: one that a provider named twice has two."""
        values = (*columns.values(), *task_key(submission))
        self.change(statements.update_task(columns), values)

    def row(self, intent: str) -> Submission:
        """The intent's row.

        Raises:
            WriteFailed: there is none.
        """
        for found in self.select(statements.ROW, (intent,)):
            return found
        raise WriteFailed(f"the intent {intent} is not in the ledger {self.name}")

    def state(self, intent: str) -> IntentState | None:
        """The state of an intent's row; None: there is no such row."""
        found = self.query(statements.STATE, (intent,))
        return IntentState(found[0]["state"]) if found else None

    def task(self, intent: str) -> Known:
        """What an intent's row knows of its task; for every poll."""
        for row in self.query(statements.ROW, (intent,)):
            with self.decoding():
                return Known(read_task(row), row["not_found_since"] is not None, read_charge(row))
        return Known(None, lost=False, charge=None)

    def select(self, statement: str, values: Values) -> list[Submission]:
        """The rows of a statement, as they lie there."""
        return list(self._submissions(self.query(statement, values), _NOBODY))

    def tidy(self, statement: str, values: Values = ()) -> list[Submission]:
        """The rows of a statement, after abandoned ones were settled."""
        gone = self.abandoned_now()
        return list(self._submissions(self.query(statement, values), gone))

    def each(
        self, statement: str, values: Values, gone: Mapping[str, IntentState] = _NOBODY
    ) -> Generator[Submission, None, None]:
        """The rows of a statement, one by one. Close the iterator, as that of `stream`.

        Args:
            statement: one that gives all `COLUMNS`.
            values: for its question marks.
            gone: states that could not be written.
        """
        with closing(self.stream(statement, values)) as found:
            yield from self._submissions(found, gone)

    def _submissions(
        self, rows: Iterable[Row], gone: Mapping[str, IntentState]
    ) -> Iterator[Submission]:
        """Rows as values; their files are asked for once for many of them."""
        coming = iter(rows)
        while some := list(islice(coming, _AT_ONCE)):
            files = self._files(some)
            for row in some:
                with self.decoding():
                    saved = files.get(_place(row), ())
                    submission = read_submission(row, saved, gone.get(row["intent"]))
                yield submission

    def _files(self, rows: Sequence[Row]) -> dict[tuple[object, ...], tuple[str, ...]]:
        """The files of these rows' tasks that are here, by task."""
        tasks = sorted({row["task_id"] for row in rows if row["task_id"] is not None})
        if not tasks:
            return {}
        found: dict[tuple[object, ...], list[Row]] = {}
        for file in self.query(statements.files_of_tasks(len(tasks)), tasks):
            found.setdefault(_place(file), []).append(file)
        return {
            place: tuple(os.fsdecode(one["path"]) for one in first_of_each(some, self.machine))
            for place, some in found.items()
        }

    # Who lives

    def settle_abandoned(self) -> None:
        """Inside a transaction: settle the rows whose process is gone, and clear their locks away.

        Only inside one: a lock file being removed looks held for a moment, and another process
        that probed it then would let an identical request pass.
        """
        for intent, left in self._abandoned().items():
            self.update(intent, {"state": left.state.value, "evidence": left.evidence})
        self.sweep()

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

    def on_its_way(self, intent: str) -> bool:
        """Whether a living process brings the submission to its end, as far as waited for."""
        found = self.query(statements.ON_ITS_WAY, (intent,))
        return any(left is None for _, left in self._standing(found))

    def _abandoned(self) -> dict[str, _Left]:
        found = self._standing(self.query(statements.ON_THE_WAY))
        return {row["intent"]: left for row, left in found if left is not None}

    def _standing(self, rows: Sequence[Row]) -> list[tuple[Row, _Left | None]]:
        """Of rows on their way, what each becomes; None: its process brings it to its end."""
        latest = self._latest()
        living = self.living([row["intent"] for row in rows]) if rows else set()
        return [(row, self._left(row, latest, lives=row["intent"] in living)) for row in rows]

    def _latest(self) -> str:
        """The earliest time at which a request may have left whose answer may still come."""
        return time_text(self._clock.now() - LONGEST_SENDING) or ""

    def _left(self, row: Row, latest: str, *, lives: bool) -> _Left | None:
        """The new state of a row that is on its way; None: its process brings it to its end."""
        state = IntentState(row["state"])
        if not lives:
            with self.decoding():
                return _of_a_process_gone(state, row["evidence"])
        stuck = (
            state is IntentState.SENDING
            and not self.holds(row["intent"])
            and (row["submitted_at"] or "") < latest
        )
        return _STUCK if stuck else None


def _place(row: Row) -> tuple[object, ...]:
    """The task of a row, or of a file."""
    return row["provider"], row["endpoint"], row["sandbox"], row["task_id"]


def _of_a_process_gone(state: IntentState, evidence: str) -> _Left:
    """The new state of a row whose process is gone."""
    came = read_evidence(evidence)
    if state is not IntentState.PREPARED or not came:
        return _ENDED[state]
    # It ended between two tries. Only one that brought no task is followed by another.
    return _Left(IntentState.REFUSED if "http_status" in came else IntentState.NOT_SENT, evidence)

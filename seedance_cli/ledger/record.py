"""The ledger: every paid submission, written before it leaves (contract, 6.2, 6.3).

It lies in a file of this machine, or in PostgreSQL for several of them (`opening`). While a
submission is on its way, its process holds a lock of the intent; a row on its way whose lock is
free belongs to a process that ended. Such a row counts as `unknown` if the request may have left,
else as `not_sent`.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Self

from seedance_cli.errors import OutcomeUnknown, WriteFailed
from seedance_cli.ledger import opening
from seedance_cli.ledger.shared import SharedLedger
from seedance_cli.ledger.two_places import TwoPlaces
from seedance_cli.models import IntentState

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from seedance_cli.ledger.checkup import Checkup
    from seedance_cli.ledger.late import LateAnswer, LateAnswers
    from seedance_cli.ledger.transfer import Transfer
    from seedance_cli.models import JsonObject, Submission, Task
    from seedance_cli.system import Clock


class Ledger(TwoPlaces):
    """The open ledger; a context manager that closes it. Made by `open` or `empty`.

    Its parts serve one purpose each, over one store, which `open` alone chooses. A ledger belongs
    to one thread. Errors of the file are `WriteFailed`.
    """

    _late: LateAnswers | None = None
    """Of this machine; a ledger in a file has none: it is never away."""

    @classmethod
    def open(
        cls,
        place: Path | SharedLedger,
        clock: Clock,
        *,
        create: bool,
        step: bool = True,
        anew: bool = True,
    ) -> Ledger:
        """Open the ledger at a place.

        Args:
            place: the folder of `ledger.db`; or a ledger in PostgreSQL.
            clock: for every time stamp.
            create: for a paid submit: make it if it is missing, and check it as a whole. Else
                a missing ledger reads as an empty one and stays missing until `add_file` has
                something to keep; one that cannot be written can be read.
            step: False leaves the file of an earlier release as it is, and reads it in memory.
            anew: False has a shared one that is missing stay missing, though it is to be written.

        Raises:
            WriteFailed: it cannot be opened, is damaged or newer. It is kept as it is.
            LedgerAway: its server cannot be reached.
            ConfigError: its URL cannot be used, or what it needs is not installed.
        """
        if isinstance(place, SharedLedger):
            from seedance_cli.ledger.late import LateAnswers

            here = partial(opening.in_file, place.folder, clock, create=False, step=step)
            opened = cls(opening.shared(place, clock, create=create, anew=anew), clock, here)
            opened._late = LateAnswers(place.folder, clock)
            return opened
        return cls(opening.in_file(place, clock, create=create, step=step), clock)

    @classmethod
    def empty(cls, clock: Clock) -> Ledger:
        """A ledger in memory that never touches the disk, for reading where the real one fails."""
        return cls(opening.nowhere(clock), clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def there(self) -> bool:
        """Whether there is one; else this is a stand-in, and nobody has made it yet."""
        return self._store.on_disk

    @property
    def checkup(self) -> Checkup:
        """What looks the whole ledger over."""
        from seedance_cli.ledger.checkup import Checkup

        return Checkup(self._store, self._clock)

    @property
    def transfer(self) -> Transfer:
        """What takes rows out of the ledger, and into it."""
        from seedance_cli.ledger.transfer import Transfer

        return Transfer(self._store, self._clock)

    def network(self) -> tuple[Path, str] | None:
        """Where its file lies on a network file system, and that one's type; None: it does not."""
        return self._store.network()

    def take_places(
        self, name: str, places: int, requests: int, seconds: float
    ) -> list[float] | None:
        """Reserve moments under a rate limit of all machines; see `Store`. For any thread."""
        return self._store.take_places(name, places, requests, seconds)

    def keep_answer(
        self,
        intent: str,
        state: IntentState,
        evidence: JsonObject,
        task: Task | None = None,
        *,
        told: bool = False,
    ) -> Path | None:
        """Keep what came of an intent in a file of this machine, until the ledger takes it.

        Args:
            intent: whose answer.
            state: `accepted`, with the task; or as `settle` takes it.
            evidence: what came back; redacted.
            task: as the answer has it.
            told: whether its ref is on a stream.

        Returns:
            The file; None where the disk cannot take it, or the ledger lies on it itself.
        """
        if self._late is None:
            return None
        from seedance_cli.ledger.late import LateAnswer

        try:
            answer = LateAnswer(intent, state, task, evidence, told)
            return self._late.keep(self.identity, answer)
        except (OSError, WriteFailed):
            return None

    def answer_taken(self, intent: str) -> None:
        """Take such a file away: the ledger has what is in it."""
        if self._late is not None:
            self._late.drop(intent)

    def take_late_answers(self) -> list[str]:
        """Take in what earlier commands of this machine could not write; what is said of it.

        Raises:
            LedgerAway: not now either.
        """
        late = self._late
        if late is None:
            return []
        found = []
        for answer in list(late.of(self.identity)):
            before = self._store.state(answer.intent)
            if before is None:
                place = late.set_aside(answer.intent)
                found.append(_forgotten(answer, place))
                continue
            try:
                after = self._take_late(answer)
            except OutcomeUnknown as error:
                found.append(error.message)
            else:
                found.append(_taken_in(answer, before, after))
            late.drop(answer.intent)
        for path, learned in list(late.learned(self.identity)):
            self._real.take_learned(learned)
            with suppress(OSError):
                path.unlink()
            found.append("the ledger has taken in what a watch learned while it was away")
        return found

    def keep_learned(self) -> Path | None:
        """Keep what a watch learned, and the ledger lacks, in a file of this machine.

        Returns:
            The file; None where the disk cannot take it, or there is nothing to keep.
        """
        learned = self._real.unwritten()
        if self._late is None or learned is None:
            return None
        try:
            return self._late.keep_learned(self.identity, learned)
        except (OSError, WriteFailed):
            return None

    def _take_late(self, answer: LateAnswer) -> Submission:
        if answer.task is None:
            return self.settle(answer.intent, answer.state, answer.evidence)
        row = self.accept(answer.intent, answer.task, answer.evidence)
        if answer.told:
            self.told(answer.intent)
        return row


def _forgotten(answer: LateAnswer, place: Path) -> str:
    what = "" if answer.task is None else f", whose task is {answer.task.task_id},"
    return (
        f"the ledger does not know the intent {answer.intent} any more{what} though it took it:"
        f" what is known of it stays in {place}"
    )


def _taken_in(answer: LateAnswer, before: IntentState, after: Submission) -> str:
    words = f"the ledger has taken in what came of the intent {answer.intent} while it was away"
    if after.ref is not None:
        words += f": {after.ref}"
    if before is IntentState.DISCARDED and after.state is IntentState.ADOPTED:
        words += ". It had been discarded meanwhile; its task is there, so it is adopted"
    return words

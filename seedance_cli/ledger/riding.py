"""Watching rides over an outage of a shared ledger: what it could not take is written later.

A task's video is paid for, and its provider goes on: so answers, files and deliveries are kept here
while the ledger's server is away, and written, in one transaction, with the first thing that it
takes again. A ledger in a file is never away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.errors import LedgerAway, LedgerReadOnly
from seedance_cli.ledger import learned
from seedance_cli.ledger.history import History
from seedance_cli.ledger.observations import Observations
from seedance_cli.ledger.saved import SavedFiles
from seedance_cli.models import merge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from seedance_cli.ledger.learned import File
    from seedance_cli.ledger.store import Store
    from seedance_cli.models import JsonObject, PricedFields, Submission, Task
    from seedance_cli.system import Clock

LAST_TRY_SECONDS = 15.0
"""How long a ledger that is away is tried for, once there is nothing else left to do."""
_PAUSE_SECONDS = 1.0


class _Missed:
    """What the ledger lacks; by intent, or by task and number of the video."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[Submission, Task]] = {}
        self.deliveries: dict[str, Submission] = {}
        self.files: dict[tuple[str, str, str, int], File] = {}
        self.frames: dict[str, tuple[Submission, Path]] = {}

    def __bool__(self) -> bool:
        return bool(self.answers or self.deliveries or self.files or self.frames)


class Riding(Observations, SavedFiles, History):
    """What is learned of tasks, whether the ledger can take it now or not."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Take over an open store; see `Part`."""
        super().__init__(store, clock)
        self._missed = _Missed()
        self._tell: Callable[[str], None] = _nobody
        self._away = False

    def heard_by(self, tell: Callable[[str], None]) -> None:
        """Have somebody told when the ledger goes away under a watch, and when it is back."""
        self._tell = tell

    def catch_up(self) -> None:
        """Write what the ledger could not take before.

        Raises:
            LedgerAway: it cannot yet.
        """
        if not self._missed:
            return
        missed = self._missed
        try:
            with self._store.writing():
                super().observe_all(list(missed.answers.values()))
                for file in missed.files.values():
                    super().add_file(*file)
                for submission, path in missed.frames.values():
                    super().add_last_frame(submission, path)
                super().delivered_all(list(missed.deliveries.values()))
        except LedgerAway:
            self._followed.clear()  # of what is not written nothing may count as known there
            raise
        self._missed, self._away = _Missed(), False
        self._tell("the ledger can be reached again, and has what was learned meanwhile")

    def unwritten(self) -> dict[str, object] | None:
        """What the ledger lacks still, as an object of JSON; None: nothing."""
        if not self._missed:
            return None
        missed = self._missed
        files = missed.files.values()
        return learned.as_object(missed.answers, files, missed.frames, missed.deliveries)

    def take_learned(self, known: learned.Learned) -> None:
        """Write what an earlier command could not, all in one transaction.

        Raises:
            LedgerAway: it cannot be written now either.
        """
        intents = {*known.answers, *known.frames, *known.told, *(one.intent for one in known.files)}
        with self._store.writing():
            rows = {
                intent: self._store.row(intent)
                for intent in sorted(intents)
                if self._store.state(intent) is not None
            }
            answers = [(rows[one], task) for one, task in known.answers.items() if one in rows]
            super().observe_all(answers)
            for file in known.files:
                if file.intent in rows:
                    super().add_file(rows[file.intent], *file[1:])
            for intent, path in known.frames.items():
                if intent in rows:
                    super().add_last_frame(rows[intent], path)
            super().delivered_all([rows[one] for one in known.told if one in rows])

    def last_try(self) -> LedgerAway | None:
        """Before the command ends: the same, tried for a while; why it cannot be done."""
        until = self._clock.monotonic() + LAST_TRY_SECONDS
        while True:
            self._store.ask_again()
            try:
                self.catch_up()
            except LedgerAway as away:
                if self._clock.monotonic() >= until:
                    return away
                self._clock.sleep(_PAUSE_SECONDS)
            else:
                return None

    def observe_all(self, answers: Sequence[tuple[Submission, Task]]) -> list[Submission]:
        """As `Observations` does; what cannot be written now is written later."""
        try:
            self.catch_up()
            return super().observe_all(answers)
        except LedgerAway as away:
            self._miss(away)
            return [self._remembered(submission, task) for submission, task in answers]
        except LedgerReadOnly:  # whoever may only read sees what the provider says all the same
            now = self._clock.now()
            return [
                self._seen(one, merge(one.task or task, task, now), now) for one, task in answers
            ]

    def delivered_all(self, submissions: Sequence[Submission]) -> list[Submission]:
        """As `Observations` does; what cannot be written now is written later."""
        try:
            self.catch_up()
            return super().delivered_all(submissions)
        except LedgerAway as away:
            self._miss(away)
            for one in submissions:
                if one.intent is not None:
                    self._missed.deliveries[one.intent] = one
            return [one._replace(delivered=True, told=True) for one in submissions]

    def add_file(
        self,
        submission: Submission,
        index: int,
        path: Path,
        size: int,
        facts: JsonObject | None = None,
    ) -> Submission:
        """As `SavedFiles` does; what cannot be written now is written later."""
        try:
            self.catch_up()
            return super().add_file(submission, index, path, size, facts)
        except LedgerAway as away:
            self._miss(away)
            assert submission.task is not None
            video = (submission.provider, submission.endpoint, submission.task.task_id, index)
            self._missed.files[video] = submission, index, path, size, facts
            saved = (*submission.files, str(path.absolute()))
            video_facts = submission.video if facts is None else facts
            return submission._replace(files=saved, video=video_facts)

    def add_last_frame(self, submission: Submission, path: Path) -> Submission:
        """As `SavedFiles` does; what cannot be written now is written later."""
        try:
            self.catch_up()
            return super().add_last_frame(submission, path)
        except LedgerAway as away:
            self._miss(away)
            if submission.intent is not None:
                self._missed.frames[submission.intent] = (submission, path)
            return submission._replace(last_frame=str(path.absolute()))

    def files(self, submission: Submission) -> list[tuple[int, Path, int]]:
        """As `SavedFiles` does; of a ledger that is away, none."""
        try:
            return super().files(submission)
        except LedgerAway as away:
            self._miss(away)
            return []

    def will_save(self, submission: Submission, index: int, path: Path, size: int) -> None:
        """As `SavedFiles` does; a ledger that is away keeps nobody from a video."""
        try:
            super().will_save(submission, index, path, size)
        except LedgerAway as away:
            self._miss(away)

    def targets(self, submission: Submission) -> list[tuple[int, Path, int]]:
        """As `SavedFiles` does; of a ledger that is away, none."""
        try:
            return super().targets(submission)
        except LedgerAway as away:
            self._miss(away)
            return []

    def durations(
        self, provider: str, endpoint: str, priced: PricedFields, *, limit: int = 30
    ) -> list[float]:
        """As `History` does; of a ledger that is away, none."""
        try:
            return super().durations(provider, endpoint, priced, limit=limit)
        except LedgerAway:
            return []

    def _remembered(self, submission: Submission, task: Task) -> Submission:
        """Take an answer that cannot be written now; the submission with what is known."""
        now = self._clock.now()
        known = self._missed.answers.get(submission.intent or "", (submission, submission.task))[1]
        after = merge(known or task, task, now)
        if submission.intent is not None:
            self._missed.answers[submission.intent] = (submission, after)
        return self._seen(submission, after, now)

    def _miss(self, away: LedgerAway) -> None:
        if not self._away:
            self._away = True
            self._tell(f"{away.message}; going on without it: it is written as soon as it is back")


def _nobody(_: str) -> None:
    """Hear nothing."""

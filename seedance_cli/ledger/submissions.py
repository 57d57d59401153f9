"""What is written before and after the paid POST.

`prepare` (`approval.py`) → `sending` → the POST → `accept` → `told`, or `settle`; `between_tries`
leads back to before `sending`. Each returns once the disk has it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.errors import OutcomeUnknown, WriteFailed
from seedance_cli.ledger import statements
from seedance_cli.ledger.part import Part
from seedance_cli.ledger.rows import evidence_text, same_values, task_key
from seedance_cli.ledger.schema import time_text
from seedance_cli.models import IntentState, maybe_charged, timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.ledger.rows import Value
    from seedance_cli.models import JsonObject, Submission, Task

_A_DAY = timedelta(hours=24)
_BEFORE_SENDING = (IntentState.PREPARED, IntentState.SENDING)
_OPEN = frozenset({IntentState.PREPARED, IntentState.SENDING, IntentState.UNKNOWN})


class Kin(NamedTuple):
    """What else the ledger has of a request."""

    first: Submission | None
    """The row that named the same task before; the provider took two requests for one."""
    running: Submission | None
    """The newest of the same request that was accepted in the last day and is not finished."""


class Submissions(Part):
    """What is paid for by this process."""

    def sending(self, intent: str) -> None:
        """Write that the paid request is about to leave. Nothing may be sent if this raises.

        Only over `prepared` or this process's own earlier try: what another one has settled
        meanwhile stays as it is.
        """
        now = time_text(self._clock.now())
        columns = {"state": IntentState.SENDING.value, "submitted_at": now}
        with self._store.writing():
            if not self._store.move(intent, _BEFORE_SENDING, columns):
                state = self._store.row(intent).state
                raise WriteFailed(f"the intent {intent} is {state} already; nothing was sent")
            if not self._store.holds(intent):  # then it is no try of this process's own
                raise WriteFailed(f"the lock of the intent {intent} is lost; nothing was sent")

    def between_tries(self, intent: str, evidence: JsonObject) -> None:
        """Write that a try brought no task, and that another one follows after a pause.

        The row is `prepared` again, with what came back: if the process ends in the pause, that is
        what became of it.

        Args:
            intent: whose row.
            evidence: what came back, redacted; with an `http_status` if the provider refused.
        """
        columns = {"state": IntentState.PREPARED.value, "evidence": evidence_text(evidence)}
        with self._store.writing():
            if not self._store.move(intent, [IntentState.SENDING], columns):
                state = self._store.row(intent).state
                raise WriteFailed(f"the intent {intent} is {state} already; it is not sent again")

    def accept(self, intent: str, task: Task, evidence: JsonObject | None = None) -> Submission:
        """Write the task that the provider named, whatever its row was taken for meanwhile.

        One that somebody has discarded meanwhile becomes `adopted`: the answer knows better.
        The lock is kept until `told`. If the ledger cannot take it, the row counts as `unknown`
        once the process ends.

        Args:
            intent: whose row.
            task: as the answer has it.
            evidence: the answer, for a row that becomes `unknown`.

        Raises:
            OutcomeUnknown: the ledger has that task already, from another request. It was written.
        """
        with self._store.writing():
            row = self._store.row(intent)._replace(task=task)
            others = [one for one in self._rows_of(row) if one.intent != intent]
            stranger = None if not others or self._same_as(intent, others) else others[0]
            if stranger is not None:
                fault = f"{stranger.ref} is the task of another request"
                found = {**(evidence or {}), "fault": fault}
                text = evidence_text(found)
                self._store.update(intent, {"state": IntentState.UNKNOWN.value, "evidence": text})
            else:
                settled = row.state is IntentState.DISCARDED
                state = IntentState.ADOPTED if settled else IntentState.ACCEPTED
                row = self._take(intent, state, task)
        if stranger is not None:
            self._store.release(intent)
            raise _taken(stranger, intent)
        if not task.status.terminal:
            self._running_at[intent] = self._clock.now()
        return row

    def told(self, intent: str) -> None:
        """Write that the ref of an accepted task is on a stream."""
        try:
            with self._store.writing():
                self._store.update(intent, {"told": 1})
        finally:
            self._store.release(intent)

    def submits(self, intent: str) -> bool:
        """Whether this process has written that intent, or was answered with it."""
        return intent in self._marks

    def kin(self, submission: Submission) -> Kin:
        """What else the ledger has of the request that this process has just submitted.

        Args:
            submission: as `accept` gave it, or `prepare` that of an earlier process.
        """
        assert submission.intent is not None
        rows = self._rows_of(submission)
        since = (now := self._clock.now()) - _A_DAY
        marks = self._marks.get(submission.intent, {})
        within = time_text(since), time_text(now)
        running = self._store.select(
            statements.running_twin(len(marks)),
            (*same_values(marks), *task_key(submission), *within),
        )
        return Kin(
            first=rows[0] if rows and rows[0].intent != submission.intent else None,
            running=running[0] if running else None,
        )

    def settle(self, intent: str, state: IntentState, evidence: JsonObject) -> Submission:
        """Write how a submission ended that brought no task.

        A row that `recover` has settled meanwhile stays as it is.

        Args:
            intent: whose row.
            state: `refused`, `not_sent` or `unknown`.
            evidence: what came back; redacted.
        """
        assert state in {IntentState.REFUSED, IntentState.NOT_SENT, IntentState.UNKNOWN}
        with self._store.writing():
            if self._store.row(intent).state in _OPEN:
                columns: dict[str, Value] = {"evidence": evidence_text(evidence)}
                self._store.update(intent, {"state": state.value, **columns})
            submission = self._store.row(intent)
        self._store.release(intent)
        return submission

    def _same_as(self, intent: str, others: Sequence[Submission]) -> bool:
        """Whether one of the others is the same request as this one."""
        marks = self._marks.get(intent)
        if marks is None:  # an earlier process submitted it
            row = self._store.query(statements.FINGERPRINT, (intent,))[0]
            marks = {row["fingerprint_rule"]: row["fingerprint"]}
        wanted = {one.intent for one in others}
        found = self._store.query(statements.same(len(marks)), same_values(marks))
        return any(row["intent"] in wanted for row in found)


def _taken(known: Submission, intent: str) -> OutcomeUnknown:
    """The provider named a task that is another request's."""
    when = known.submitted_at or known.created_at
    since = "" if when is None else f" since {timestamp(when)}"
    return OutcomeUnknown(
        f"{known.provider} answered with {known.ref}, which the ledger has{since} as the task of"
        " another request. Whether this one was accepted is not known:"
        f" {maybe_charged(sandbox=known.sandbox)}",
        hint="do not run it again before: seedance recover",
        provider=known.provider,
        retry_safe=False,
        intent=intent,
    )

"""The ledger: every paid submission of this machine, written before it leaves (contract, 6.2, 6.3).

`prepare` → `sending` → the POST → `accept` or `settle`. Each returns once the disk has it. While a
submission is on its way, this process holds an OS lock named after its intent; a row on its way
whose lock is free belongs to a process that ended. Such a row counts as `unknown` if the request
may have left, else as `not_sent`.

One `Ledger` belongs to one thread. Errors of the file are `WriteFailed`.
"""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Self

from seedance_cli.errors import OutcomeUnknown, UsageError, WriteFailed
from seedance_cli.ledger import file as _ledger_file
from seedance_cli.ledger import rows as _ledger_rows
from seedance_cli.ledger.rows import key, priced_text, task_columns
from seedance_cli.ledger.schema import FIRST, LOST_AFTER, TERMINAL, UNFINISHED, time_text
from seedance_cli.ledger.store import OF_TASK, Store, task_key
from seedance_cli.models import (
    IntentState,
    Status,
    higher,
    merge,
    timestamp,
    told,
    without_a_task,
    worth_keeping,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType

    from seedance_cli.ledger.rows import Value
    from seedance_cli.models import JsonObject, Price, PricedFields, Submission, Task, VideoRequest
    from seedance_cli.system import Clock

SHORTEST_PREFIX = 4
"""Characters of an intent that are enough to name it."""
_FRESH = timedelta(seconds=60)
"""How long a row that was read stands for itself while nothing new is heard of its task."""
_A_DAY = timedelta(hours=24)
_WATCHED = timedelta(seconds=60)
"""A task seen unfinished so shortly before it was seen finished has a duration worth keeping."""
_RECENT = 5_000
"""Submissions among which durations are looked for: a bound on the time that it takes."""

_NO_FINGERPRINTS: Mapping[int, str] = MappingProxyType({})
_OPEN = frozenset({IntentState.PREPARED, IntentState.SENDING, IntentState.UNKNOWN})
_OF_A_TASK = frozenset(
    {
        *(Status.QUEUED, Status.RUNNING, Status.SUCCEEDED, Status.FAILED),
        *(Status.CANCELLED, Status.EXPIRED),
    }
)
_HIDDEN = frozenset({IntentState.REFUSED, IntentState.NOT_SENT})
# What a task that ended without a video was charged is a price only if it was something.
_CHARGED = (
    f"{FIRST} AND NOT sandbox AND (cost_basis IS 'charged' OR charge_amount IS NOT NULL)"
    " AND priced IS NOT NULL AND NOT (status IN ('failed', 'cancelled', 'expired')"
    " AND cost_basis IS 'charged' AND cost_amount + 0 = 0)"
)
_FILE = "(provider, endpoint, sandbox, task_id, number, path, size) VALUES (?, ?, ?, ?, ?, ?, ?)"
_TIMED = f"{FIRST} AND NOT sandbox AND status = 'succeeded' AND watched"


class Kin(NamedTuple):
    """What else the ledger has of a request."""

    first: Submission | None
    """The row that named the same task before; the provider took two requests for one."""
    running: Submission | None
    """The newest of the same request that was accepted in the last day and is not finished."""


class Ledger:
    """The open ledger; a context manager that closes it. Made by `open` or `empty`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Take over an open store.

        Args:
            store: the rows.
            clock: for every time stamp.
        """
        self._store = store
        self._clock = clock
        self._running_at: dict[str, datetime] = {}
        self._marks: dict[str, Mapping[int, str]] = {}
        """The fingerprints of what this process submits, by intent."""
        self._heard: dict[str, tuple[datetime, Task]] = {}
        """What is known of each task that was observed, and when its row was read."""

    @classmethod
    def open(cls, folder: Path, clock: Clock, *, create: bool, step: bool = True) -> Ledger:
        """Open `ledger.db` in `folder`.

        Args:
            folder: the state folder.
            clock: for every time stamp.
            create: for a paid submit: make the file if it is missing, and check it as a whole. Else
                a missing ledger reads as an empty one and stays missing until `add_file` has
                something to keep; one that cannot be written can be read.
            step: False leaves the file of an earlier release as it is, and reads it in memory.

        Raises:
            WriteFailed: it cannot be opened, is damaged or newer. The file is kept as it is.
        """
        return cls(
            Store(folder, _ledger_file.connect(folder, create=create, step=step), clock), clock
        )

    @classmethod
    def empty(cls, clock: Clock) -> Ledger:
        """A ledger in memory that never touches the disk, for reading where the real one fails."""
        return cls(Store(None, None, clock), clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and free every lock. What was on its way then counts as abandoned."""
        self._store.close()

    # Before and after the paid POST

    def prepare(
        self,
        *,
        provider: str,
        endpoint: str,
        profile: str | None,
        profile_named: bool = False,
        sandbox: bool,
        fingerprint: str,
        request: VideoRequest,
        priced: PricedFields | None,
        again: bool,
        earlier_fingerprints: Mapping[int, str] = _NO_FINGERPRINTS,
        key_proof: str | None = None,
    ) -> Submission:
        """Write the intent to submit, unless an identical request has an unknown outcome.

        Nor if one was accepted and nobody was told of its task, since the process that paid for it
        is gone: that row is the result then. Check and insert are one transaction.

        Args:
            provider: its name.
            endpoint: the base URL, or `sandbox`.
            profile: the profile's name.
            profile_named: whether `--profile` named it; the task is read with the same rank.
            sandbox: whether it is the sandbox's.
            fingerprint: of the final request, by `fingerprint.RULE`.
            request: what the user asked for.
            priced: what decides its price; None if that is not known.
            again: submit although an identical request is unresolved, or untold.
            earlier_fingerprints: of the same request by the rules of before, for the rows that were
                written with them.
            key_proof: of the key it is sent with; see `key_proof`.

        Returns:
            The new row, `prepared`; or one that is `accepted`, with its task, and nothing may be
            sent.

        Raises:
            OutcomeUnknown: there is such a request; nothing was written for this one.
            WriteFailed: the ledger cannot take it.
        """
        if not self._store.on_disk:
            raise WriteFailed("the ledger was opened for reading; nothing was submitted")
        from uuid import uuid4  # only a paid submit needs it

        from seedance_cli.models import RULE

        intent = uuid4().hex
        marks = {RULE: fingerprint, **earlier_fingerprints}
        now = time_text(self._clock.now())
        self._store.hold(intent)
        blocking, untold = None, None
        kept = False
        try:
            with self._store.writing():
                self._store.settle_abandoned()
                if not again:
                    blocking, untold = self._unresolved(marks), self._untold(marks)
                if blocking is None and untold is None:
                    self._store.insert(
                        {
                            "intent": intent,
                            "state": IntentState.PREPARED.value,
                            "provider": provider,
                            "endpoint": endpoint,
                            "sandbox": int(sandbox),
                            "profile": profile,
                            "profile_named": int(profile_named),
                            "fingerprint": fingerprint,
                            "fingerprint_rule": RULE,
                            "request": _ledger_rows.request_text(request),
                            "priced": priced_text(priced),
                            "created_at": now,
                            "told": 0,
                            "key_proof": key_proof,
                        }
                    )
                    kept = True
        finally:
            if not kept:
                self._store.release(intent)
        if blocking is not None:
            raise OutcomeUnknown(
                "the outcome of an identical request is not known yet"
                f" (intent {blocking}); nothing was sent now",
                hint="`seedance recover` says what is known of it and how to settle it;"
                " `--again` submits all the same",
                provider=provider,
                retry_safe=False,
                intent=blocking,
            )
        self._marks[untold or intent] = marks
        return self._store.row(untold or intent)

    def sending(self, intent: str) -> None:
        """Write that the paid request is about to leave. Nothing may be sent if this raises."""
        now = time_text(self._clock.now())
        with self._store.writing():
            state = self._store.row(intent).state
            if state not in {IntentState.PREPARED, IntentState.SENDING}:
                raise WriteFailed(f"the intent {intent} is {state} already; nothing was sent")
            self._store.update(intent, {"state": IntentState.SENDING.value, "submitted_at": now})

    def accept(self, intent: str, task: Task, evidence: JsonObject | None = None) -> Submission:
        """Write the task that the provider named, whatever its row was taken for meanwhile.

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
            row = replace(self._store.row(intent), task=task)
            others = [one for one in self._rows_of(row) if one.intent != intent]
            stranger = None if not others or self._same_as(intent, others) else others[0]
            if stranger is not None:
                fault = f"{stranger.ref} is the task of another request"
                found = {**(evidence or {}), "fault": fault}
                state, text = IntentState.UNKNOWN.value, _ledger_rows.evidence_text(found)
                self._store.update(intent, {"state": state, "evidence": text})
            else:
                row = self._take(intent, IntentState.ACCEPTED, task)
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

    def kin(self, submission: Submission) -> Kin:
        """What else the ledger has of the request that this process has just submitted.

        Args:
            submission: as `accept` gave it, or `prepare` that of an earlier process.
        """
        assert submission.intent is not None
        rows = self._rows_of(submission)
        since = (now := self._clock.now()) - _A_DAY
        same, values = _same_request(self._marks.get(submission.intent, {}))
        running = self._store.select(
            f"{same} AND NOT status IN {TERMINAL} AND NOT ({OF_TASK}) AND state IN"
            " ('accepted', 'adopted') AND submitted_at BETWEEN ? AND ? ORDER BY seq DESC LIMIT 1",
            (*values, *task_key(submission), time_text(since), time_text(now)),
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
                columns: dict[str, Value] = {"evidence": _ledger_rows.evidence_text(evidence)}
                self._store.update(intent, {"state": state.value, **columns})
            submission = self._store.row(intent)
        self._store.release(intent)
        return submission

    # Recovery

    def unknown(self, *, sandbox: bool | None = None) -> list[Submission]:
        """Submissions whose outcome is unknown, oldest first. Abandoned ones are settled first.

        Args:
            sandbox: only those of the sandbox, or only real ones; None: all.
        """
        return [
            one
            for one in self._store.tidy("state IN ('unknown', 'sending') ORDER BY seq", ())
            if one.state is IntentState.UNKNOWN and sandbox in {None, one.sandbox}
        ]

    def get(self, intent_or_prefix: str) -> list[Submission]:
        """The submissions whose intent begins so, oldest first.

        Raises:
            UsageError: fewer than four characters.
        """
        prefix = intent_or_prefix.strip().lower()
        if len(prefix) < SHORTEST_PREFIX:
            raise UsageError(
                f"{intent_or_prefix!r} is too short for an intent",
                hint=f"type at least {SHORTEST_PREFIX} characters of one that"
                " `seedance recover` lists",
            )
        if not prefix.isalnum() or not prefix.isascii():
            return []
        return self._store.tidy("substr(intent, 1, ?) = ? ORDER BY seq", (len(prefix), prefix))

    def adopt(self, intent: str, task: Task, *, force: bool = False) -> Submission:
        """Settle an unknown outcome with the task it turned out to be.

        Args:
            intent: whole, not a prefix.
            task: as just read at the provider.
            force: even if the ledger has the task already.

        Raises:
            UsageError: the outcome is not unknown, or the task has a row already.
        """
        with self._store.writing():
            found = self._unknown_row(intent)
            known = self._store.select(
                "task_id = ? AND provider = ? AND endpoint = ? AND sandbox = ? ORDER BY seq",
                (key(task.task_id), found.provider, found.endpoint, int(found.sandbox)),
            )
            if known and not force:
                raise UsageError(
                    f"{known[0].ref} is in the ledger already (intent {known[0].intent})",
                    hint="`--force` adopts it all the same",
                    intent=intent,
                )
            self._store.update(intent, {"told": 1})
            return self._take(intent, IntentState.ADOPTED, task)

    def discard(self, intent: str) -> Submission:
        """Settle an unknown outcome as never accepted.

        Raises:
            UsageError: the outcome is not unknown.
        """
        with self._store.writing():
            self._unknown_row(intent)
            self._store.update(intent, {"state": IntentState.DISCARDED.value})
            return self._store.row(intent)

    # Tasks

    def observe(self, submission: Submission, task: Task) -> Submission:
        """Take in what the provider said of one task; see `observe_all`."""
        return self.observe_all([(submission, task)])[0]

    def observe_all(self, answers: Sequence[tuple[Submission, Task]]) -> list[Submission]:
        """Take in what the provider said of tasks; see `merge` for what is kept of it.

        Written only if something worth keeping changed: a step from queued to running is not. A
        task that the ledger lacks is never written. All that is to be written is one commit: the
        disk's answer to that takes longer than everything else.

        Args:
            answers: tasks as they were known here, and as the provider has them now.

        Raises:
            WriteFailed: nothing could be written; the caller still has the answers themselves.
        """
        now = self._clock.now()
        observed = [submission for submission, _ in answers]
        news = {
            number: self._merged(submission, task, now)
            for number, (submission, task) in enumerate(answers)
            if not self._repeats(submission, task, now)
        }
        if any(write for _, write in news.values()):
            with self._store.writing():
                for number, (_, write) in news.items():
                    if write:
                        news[number] = self._write(*answers[number], now=now), True
        for number, (known, write) in news.items():
            submission = answers[number][0]
            if submission.task != known:
                submission = observed[number] = replace(submission, task=known)
            assert submission.task is not None
            self._hear(submission, submission.task, now, fresh=write)
        return observed

    def _repeats(self, submission: Submission, task: Task, now: datetime) -> bool:
        """Whether the answer is the very one that was heard before, as most polls bring."""
        if submission.intent is None or task is not submission.task:
            return False
        then, known = self._heard.get(submission.intent, (now, None))
        if known is not task or not timedelta() <= now - then < _FRESH:
            return False
        if not task.status.terminal:
            self._running_at[submission.intent] = now
        return True

    def _merged(self, submission: Submission, task: Task, now: datetime) -> tuple[Task, bool]:
        """What is known of a task after an answer, and whether that is to be written."""
        if submission.intent is None:
            return merge(submission.task or task, task, now), False
        known, lost = self._known(submission, task, now)
        after = merge(known, task, now)
        return after, lost or worth_keeping(known, after)

    def _write(self, submission: Submission, task: Task, *, now: datetime) -> Task:
        """Write an answer, inside a transaction; what is known after it."""
        assert submission.intent is not None
        # Read again: another process may have been faster.
        known = self._store.task(submission.intent)
        stored = known.task or submission.task or task
        after = merge(stored, task, now)
        charge = higher(known.charge, after.cost)
        columns = {
            **task_columns(after),
            **_ledger_rows.charge_columns(charge),
            "not_found_since": None,
        }
        if self._timed(submission.intent, stored, task, now):
            columns["watched"] = 1
        self._store.update_task(replace(submission, task=after), columns)
        return after

    def set_lost(self, submission: Submission, when: datetime | None = None) -> None:
        """Note that the provider does not find the task. Only the first time counts.

        The task's status does not change; `observe` forgets the note. After `LOST_AFTER` the task
        is no longer among the unfinished.

        Args:
            submission: whose task.
            when: UTC; now, if None.
        """
        if submission.intent is None:
            return
        self._heard.pop(submission.intent, None)
        found = self._store.query(
            "SELECT 1 FROM intents WHERE intent = ? AND not_found_since IS NULL",
            (submission.intent,),
        )
        if found:
            with self._store.writing():
                since = time_text(when or self._clock.now())
                self._store.update_task(submission, {"not_found_since": since})

    def delivered(self, submission: Submission) -> Submission:
        """Write that the user has the result, or knows of the failure."""
        return self.delivered_all([submission])[0]

    def delivered_all(self, submissions: Sequence[Submission]) -> list[Submission]:
        """The same of several, in one commit.

        Raises:
            WriteFailed: none could be written.
        """
        news = [one for one in submissions if one.intent and not one.delivered]
        if news:
            with self._store.writing():
                for one in news:
                    self._store.update_task(one, {"delivered": 1, "told": 1})
        return [replace(one, delivered=True, told=True) for one in submissions]

    def find(self, task_id: str, *, provider: str | None = None) -> list[Submission]:
        """The submissions of a task id: more than one for several endpoints, or the sandbox."""
        return self._store.select(
            f"{FIRST} AND task_id = ? AND provider = COALESCE(?, provider) ORDER BY seq",
            (key(task_id), provider),
        )

    def beginning(self, text: str) -> list[Submission]:
        """The submissions of the tasks whose id begins so, oldest first."""
        return self._store.select(
            f"{FIRST} AND substr(task_id, 1, length(?)) = ? ORDER BY seq", (key(text), key(text))
        )

    def unfinished(
        self, *, sandbox: bool, provider: str | None = None, profile: str | None = None
    ) -> list[Submission]:
        """Tasks that are not terminal or not delivered, oldest first.

        Without those that the provider has not found for `LOST_AFTER`.

        Args:
            sandbox: those of the sandbox, else only real ones.
            provider: only its tasks.
            profile: only those submitted with this profile.
        """
        since = time_text(self._clock.now() - LOST_AFTER)
        rows = self._store.select(
            f"{FIRST} AND {UNFINISHED} AND sandbox = ?"
            " AND provider = COALESCE(?, provider) AND (? IS NULL OR profile = ?) ORDER BY seq",
            (since, int(sandbox), provider, profile, profile),
        )
        # Whoever asks for these is about to observe them.
        now = self._clock.now()
        lost = {
            row["intent"]
            for row in self._store.query(
                "SELECT intent FROM intents WHERE not_found_since IS NOT NULL", ()
            )
        }
        for row in rows:
            if row.intent is not None and row.task is not None and row.intent not in lost:
                self._heard[row.intent] = now, row.task
        return rows

    def rows(
        self,
        *,
        limit: int | None = None,
        status: Status | None = None,
        provider: str | None = None,
        all_states: bool = False,
    ) -> list[Submission]:
        """The submissions, newest first.

        Args:
            limit: at most so many of what is left after the other arguments.
            status: only those with this status; the hidden ones, too.
            provider: only its own.
            all_states: `refused` and `not_sent` ones too.
        """
        # In the table a submission without a task has the status that a task begins with.
        word = status if status in _OF_A_TASK else Status.UNKNOWN
        found = self._store.each(
            "status = COALESCE(?, status) AND provider = COALESCE(?, provider) ORDER BY seq DESC",
            (None if status is None else word.value, provider),
            self._store.abandoned_now(),
        )
        with closing(found):  # an open cursor would keep writers out
            shown = (one for one in found if _shows(one.state, one.status, status, all_states))
            return list(islice(shown, limit))

    def count(
        self, *, status: Status | None = None, provider: str | None = None, all_states: bool = False
    ) -> int:
        """How many `rows` there are without a limit, without reading what is in them."""
        gone = self._store.abandoned_now()
        found = self._store.query(
            "SELECT intent, state, status, task_id FROM intents"
            " WHERE provider = COALESCE(?, provider)",
            (provider,),
        )
        with self._store.decoding():
            states = ((gone.get(row["intent"]) or IntentState(row["state"]), row) for row in found)
            return sum(
                _shows(
                    state,
                    without_a_task(state) if row["task_id"] is None else Status(row["status"]),
                    status,
                    all_states,
                )
                for state, row in states
            )

    def add_file(self, submission: Submission, index: int, path: Path, size: int) -> Submission:
        """Write where a video of a task was saved; for tasks that the ledger lacks too.

        Args:
            submission: whose task.
            index: which of its videos, from 1.
            path: the file.
            size: its bytes.
        """
        self._store.materialise()
        values = (*task_key(submission), index, os.fsencode(path.absolute()), size)
        with self._store.writing():
            self._store.query(f"INSERT OR REPLACE INTO files {_FILE}", values)
            self._store.query(f"DELETE FROM targets WHERE {OF_TASK} AND number = ?", values[:5])  # noqa: S608
        saved = self.files(submission)
        return replace(submission, files=tuple(str(place) for _, place, _ in saved))

    def files(self, submission: Submission) -> list[tuple[int, Path, int]]:
        """What was saved of a task: index, absolute path and bytes, in the order of the index."""
        return self._places("files", submission)

    def will_save(self, submission: Submission, index: int, path: Path, size: int) -> None:
        """Write where a video is about to be saved, before its file gets that name.

        For a download: once its bytes are whole and durable under their temporary name, call this,
        rename, then `add_file`, which takes the note back. A process that is killed between the
        rename and `add_file` leaves a file that only `targets` knows: a later run that finds
        something at a target asks it, and a file of that path and size is the task's own, so that
        `add_file` is all that is left to do. Bytes that did not get the name leave a note that says
        nothing, for there is no such file; the next `add_file` of this video takes it away.

        Args:
            submission: whose task; one that the ledger lacks, too.
            index: which of its videos, from 1.
            path: the name that the file is going to have.
            size: its bytes.

        Raises:
            WriteFailed: it could not be written; the file should not get its name then.
        """
        self._store.materialise()
        values = (*task_key(submission), index, os.fsencode(path.absolute()), size)
        with self._store.writing():
            self._store.query(f"INSERT OR REPLACE INTO targets {_FILE}", values)

    def targets(self, submission: Submission) -> list[tuple[int, Path, int]]:
        """What `will_save` wrote of a task and `add_file` did not take back; as `files`."""
        return self._places("targets", submission)

    def _places(self, table: str, submission: Submission) -> list[tuple[int, Path, int]]:
        found = self._store.query(
            f"SELECT number, path, size FROM {table} WHERE {OF_TASK} ORDER BY number",  # noqa: S608
            task_key(submission),
        )
        return [(row["number"], Path(os.fsdecode(row["path"])), row["size"]) for row in found]

    # The ledger itself

    @property
    def identity(self) -> str:
        """The ledger's own id, 32 hex digits, from when it was made or came to have one."""
        return str(self._meta("ledger"))

    def key_proof(self, key: str, endpoint: str) -> str:
        """What a row keeps of its submit's key and endpoint: enough to know the pair again.

        HMAC-SHA-256 in hex of the endpoint's origin and the key, under this ledger's random salt:
        the key cannot be found from it, and two ledgers share none.
        """
        import hmac  # only where a key is sent

        from seedance_cli.models import origin

        salt = self._meta("salt")
        assert isinstance(salt, bytes)
        # A line end is in no key and in no origin.
        return hmac.new(salt, f"{origin(endpoint)}\n{key}".encode(), "sha256").hexdigest()

    def _meta(self, name: str) -> object:
        return self._store.query("SELECT value FROM meta WHERE name = ?", (name,))[0]["value"]

    # Experience

    def charges(self, provider: str, endpoint: str, priced: PricedFields) -> list[Price]:
        """What requests priced like this one were charged, newest last. Never the sandbox's."""
        begin = _ledger_rows.priced_prefix(priced, 4)
        found = self._charges(provider, endpoint, begin)
        return [charge for _, _, fields, charge in found if fields == priced]

    def charges_like(
        self, provider: str, endpoint: str, alike: Callable[[PricedFields], bool]
    ) -> list[Price]:
        """What requests that are alike in somebody's eyes were charged, newest last."""
        found = self._charges(provider, endpoint)
        return [charge for _, _, fields, charge in found if alike(fields)]

    def charge_groups(
        self, provider: str | None = None
    ) -> list[tuple[str, str, PricedFields, list[Price]]]:
        """Every charge: provider, endpoint, what decided the price, the prices newest last.

        Of each task the highest that was ever read.
        """
        groups: dict[tuple[str, str, PricedFields], list[Price]] = {}
        for name, endpoint, fields, charge in self._charges(provider):
            groups.setdefault((name, endpoint, fields), []).append(charge)
        return [
            (*place, prices)
            for place, prices in sorted(
                groups.items(), key=lambda one: (*one[0][:2], priced_text(one[0][2]))
            )
        ]

    def durations(
        self, provider: str, endpoint: str, priced: PricedFields, *, limit: int = 30
    ) -> list[float]:
        """Seconds from submit to finish of tasks like this one that succeeded, newest last.

        Like this one: of the same model, duration and resolution, with audio or without.

        Only of tasks whose end was watched, or that the provider gave a time for: one that nobody
        looked at until the next day would say nothing. Never the sandbox's.

        Args:
            provider: its name.
            endpoint: the base URL.
            priced: what the task is like.
            limit: the newest so many.
        """
        alike = _ledger_rows.priced_prefix(priced, 3) + ","
        found = self._store.query(
            "SELECT submitted_at, finished_at FROM intents"  # noqa: S608 - constants of ours
            " WHERE seq > (SELECT max(seq) FROM intents) - ?"
            " AND substr(priced, 1, ?) = ? AND provider = ? AND endpoint = ?"
            f" AND finished_at >= submitted_at AND {_TIMED} ORDER BY seq DESC LIMIT ?",
            (_RECENT, len(alike), alike, provider, endpoint, limit),
        )
        with self._store.decoding():
            spans = [
                finish - start
                for row in reversed(found)
                if (start := _ledger_rows.read_time(row["submitted_at"]))
                and (finish := _ledger_rows.read_time(row["finished_at"]))
            ]
        return [span.total_seconds() for span in spans]

    # Below: what the public methods share

    def _unresolved(self, fingerprints: Mapping[int, str]) -> str | None:
        """The newest intent of that fingerprint, by its own rule, whose outcome is unknown."""
        same, values = _same_request(fingerprints)
        found = self._store.query(
            f"SELECT intent FROM intents WHERE {same} AND state = 'unknown'"  # noqa: S608
            " ORDER BY seq DESC LIMIT 1",
            values,
        )
        return str(found[0]["intent"]) if found else None

    def _untold(self, fingerprints: Mapping[int, str]) -> str | None:
        """The newest intent of that fingerprint that was accepted for a process now gone.

        Of one that lives nobody can tell yet whether it will tell its ref.
        """
        same, values = _same_request(fingerprints)
        found = self._store.query(
            f"SELECT intent FROM intents WHERE {same} AND state = 'accepted' AND NOT told"  # noqa: S608
            " AND NOT delivered ORDER BY seq DESC",
            values,
        )
        gone = (str(row["intent"]) for row in found if not self._store.lives(row["intent"]))
        return next(gone, None)

    def _take(self, intent: str, state: IntentState, task: Task) -> Submission:
        """Write the task of an intent; what was known of it before, and its other rows, follow."""
        now = self._clock.now()
        if task.status.terminal and task.finished_at is None:
            task = replace(task, finished_at=now)
        charge = higher(None, task.cost)
        with self._store.writing():
            row = replace(self._store.row(intent), task=task)
            others = [one for one in self._rows_of(row) if one.intent != intent]
            for other in others:
                assert other.intent is not None
                assert other.task is not None
                task = merge(other.task, task, now)
                charge = higher(self._store.task(other.intent).charge, charge)
            columns = {**task_columns(task), **_ledger_rows.charge_columns(charge)}
            self._store.update(intent, {"state": state.value, **columns})
            if others:
                delivered = int(any(one.delivered for one in others))
                self._store.update_task(row, {**columns, "delivered": delivered})
            return self._store.row(intent)

    def _rows_of(self, submission: Submission) -> list[Submission]:
        """Every row of a submission's task, oldest first."""
        return self._store.select(f"{OF_TASK} ORDER BY seq", task_key(submission))

    def _same_as(self, intent: str, others: Sequence[Submission]) -> bool:
        """Whether one of the others is the same request as this one."""
        same, values = _same_request(self._marks.get(intent, {}))
        wanted = {one.intent for one in others}
        found = self._store.query(f"SELECT intent FROM intents WHERE {same}", values)  # noqa: S608
        return any(row["intent"] in wanted for row in found)

    def _unknown_row(self, intent: str) -> Submission:
        """The row, inside a transaction, if its outcome is unknown.

        Raises:
            UsageError: it is anything else.
        """
        self._store.settle_abandoned()
        for found in self._store.select("intent = ?", (intent,)):
            if found.state is IntentState.UNKNOWN:
                return found
            raise UsageError(
                f"the outcome of {intent} is not unknown: its state is {found.state}",
                hint="`seedance recover` lists what can be settled",
                intent=intent,
            )
        raise UsageError(
            f"there is no intent {told(intent)} in the ledger",
            hint="`seedance recover` lists what can be settled",
        )

    def _known(self, submission: Submission, task: Task, now: datetime) -> tuple[Task, bool]:
        """As `_stored`, but as it was up to a minute ago: most polls bring nothing new."""
        assert submission.intent is not None
        if submission.intent in self._heard:
            then, known = self._heard[submission.intent]
            if timedelta() <= now - then < _FRESH:
                return known, False
        return self._stored(submission, task)

    def _stored(self, submission: Submission, task: Task) -> tuple[Task, bool]:
        """The task as its row has it, and whether it is noted as not found."""
        assert submission.intent is not None
        known = self._store.task(submission.intent)
        return known.task or submission.task or task, known.lost

    def _hear(self, submission: Submission, known: Task, now: datetime, *, fresh: bool) -> None:
        """Remember what is known of a task, and when it was seen unfinished.

        Args:
            submission: whose task.
            known: the row's task, and what was not worth writing.
            now: the moment of the answer.
            fresh: the row was just written.
        """
        intent = submission.intent
        if intent is None:
            return
        then, _ = self._heard.get(intent, (now, known))
        if fresh or not timedelta() <= now - then < _FRESH:
            then = now
        self._heard[intent] = then, known
        if not known.status.terminal:
            self._running_at[intent] = now

    def _timed(self, intent: str, stored: Task, task: Task, now: datetime) -> bool:
        """Whether the time of a task's end is known, and not only when somebody looked."""
        if stored.status.terminal or not task.status.terminal:
            return False
        seen = self._running_at.get(intent)
        return task.finished_at is not None or (seen is not None and now - seen <= _WATCHED)

    def _charges(
        self, provider: str | None, endpoint: str | None = None, begin: str = ""
    ) -> Iterator[tuple[str, str, PricedFields, Price]]:
        """Every charge, newest last, of requests whose priced fields begin so as text."""
        with self._store.decoding():
            for row in self._store.query(
                "SELECT provider, endpoint, priced, request, cost_amount, cost_unit, cost_basis,"  # noqa: S608 - constants of ours
                f" charge_amount, charge_unit FROM intents WHERE {_CHARGED}"
                " AND provider = COALESCE(?, provider) AND endpoint = COALESCE(?, endpoint)"
                " AND substr(priced, 1, ?) = ? ORDER BY seq",
                (provider, endpoint, len(begin), begin),
            ):
                charge = _ledger_rows.read_charge(row)
                if charge is not None:
                    fields = _ledger_rows.read_priced(row["priced"], row["request"])
                    yield row["provider"], row["endpoint"], fields, charge


def _taken(known: Submission, intent: str) -> OutcomeUnknown:
    """The provider named a task that is another request's."""
    when = known.submitted_at or known.created_at
    since = "" if when is None else f" since {timestamp(when)}"
    return OutcomeUnknown(
        f"{known.provider} answered with {known.ref}, which the ledger has{since} as the task of"
        " another request. Whether this one was accepted is not known: you may have been charged",
        hint="do not run it again before: seedance recover",
        provider=known.provider,
        retry_safe=False,
        intent=intent,
    )


def _shows(
    state: IntentState | None, status: Status, wanted: Status | None, all_states: bool
) -> bool:
    """Whether a row is among those that are asked for; see `Ledger.rows`."""
    if wanted is not None:
        return status is wanted
    return all_states or state not in _HIDDEN


def _same_request(fingerprints: Mapping[int, str]) -> tuple[str, list[Value]]:
    """A condition for the rows of one request, each by the rule it was written with; its values."""
    condition = " OR ".join(["(fingerprint = ? AND fingerprint_rule = ?)"] * len(fingerprints))
    return f"({condition or '0'})", [
        one for rule, mark in fingerprints.items() for one in (mark, rule)
    ]

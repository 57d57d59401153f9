"""What a person sees while tasks run: live lines on a terminal, plain lines elsewhere.

Elsewhere is also a terminal that another job has at the time: a job in the background says a line
where there is something to say, and moves no cursor.

All of it goes to stderr. The live lines are drawn by a thread of their own, four times a second, so
that the elapsed time moves between two polls; whatever else is written to the terminal meanwhile
asks `Output.guard` first, which takes the lines away, and they come back below it.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Self

from seedance_cli.cli.output.live import Row, Screen, counted
from seedance_cli.models import LONG_PAUSE, safe, spoken
from seedance_cli.system import signals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from seedance_cli.cli.output.sink import Output
    from seedance_cli.models import Submission
    from seedance_cli.system import Clock
    from seedance_cli.tasks import Transfer

HEARTBEAT = 30.0
"""Seconds without a line after which plain mode says that it still waits."""
_TELL_AFTER = 3
"""Tries in vain after which the user is told; the pauses before it take about a second."""
_WORD = 40
"""Characters shown of a provider's own word; it is server text of any length."""


class Display:
    """The progress of tasks, from the first poll to the last byte. A context manager.

    Its methods are called by one thread, the command's own. Downloads run in others, and write
    nothing but the numbers of their `Transfer`.
    """

    def __init__(
        self,
        out: Output,
        clock: Clock,
        submissions: Sequence[Submission],
        estimate: Callable[[Submission], str | None] | None = None,
    ) -> None:
        """Prepare; nothing is shown before the `with`.

        Args:
            out: where plain lines go, and who is told to make room for the live ones.
            clock: for elapsed times and heartbeats.
            submissions: the tasks to be followed, as far as they are known now.
            estimate: what history says about a task's time, in words; None where it is silent.
        """
        self._out = out
        self._clock = clock
        self._estimate = estimate
        self._began = self._last_line = clock.monotonic()
        self._rows: dict[tuple[str, str, bool, str], Row] = {}
        self._transfers: dict[str, Transfer] = {}
        self._screen: Screen | None = None
        for submission in submissions:
            if not submission.status.terminal:
                self._rows[_key(submission)] = self._row(submission)

    def __enter__(self) -> Self:
        if self._out.interactive and not self._out.quiet:
            self._screen = Screen(self._clock, self._rows, self._transfers)
            try:
                self._out.guard, self._out.leave = self._screen.aside, self._leave
                self._screen.start()
            except BaseException:  # a signal, too: no one else gives the cursor back
                self._leave()
                raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

    def update(self, submission: Submission) -> None:
        """Take note of a poll. Plain mode prints a change of status, or a heartbeat when due."""
        key = _key(submission)
        row = self._rows.get(key) or self._row(submission)
        row.status = submission.status
        word = None if submission.task is None else submission.task.provider_status
        if word != row.raw_word:
            row.raw_word, row.word = word, _word(submission)
        # Asked here and not while drawing: it may read the ledger, which belongs to this thread.
        row.estimate = safe((self._estimate(submission) if self._estimate else None) or "")
        if row.status.terminal:
            self._rows.pop(key, None)
            age = _took(submission)
            if age is not None:
                row.began = self._clock.monotonic() - age
            self._say(self._line(row))
            return
        self._rows[key] = row
        if not self._live:
            if row.said != row.status:
                row.said = row.status
                self._say(self._line(row))
            self.tick()

    def forget(self, submission: Submission) -> None:
        """Show a task no longer: nothing more will be asked about it."""
        self._rows.pop(_key(submission), None)

    def tick(self) -> None:
        """Plain mode: say that the wait goes on, if nothing was said for 30 s."""
        if self.until_heartbeat() > 0:
            return
        self._last_line = self._clock.monotonic()  # also where there is nothing to say
        rows = list(self._rows.values())
        for name, transfer in self._transfers.items():
            self._say(f"{name}: {_amount(transfer)}")
        if len(rows) == 1:
            self._say(f"{rows[0].ref} {rows[0].status}, {self._age(rows[0].began)}")
        elif rows:
            self._say(f"{len(rows)} tasks left: {counted(rows)}, {self._age(self._began)}")

    def until_heartbeat(self) -> float:
        """Seconds until `tick` has something to do; 0.0 if it has now."""
        if self._live:
            return HEARTBEAT
        return max(0.0, self._last_line + HEARTBEAT - self._clock.monotonic())

    def downloading(self, name: str, transfer: Transfer) -> None:
        """A download has begun.

        Args:
            name: its file; no two at the same time have the same.
            transfer: how far it is. Whoever downloads goes on writing its numbers, from any thread;
                they are looked at when it is time to show them.
        """
        self._transfers[name] = transfer
        if not self._live:
            of = "" if transfer.total is None else f" ({_bytes(transfer.total)})"
            self._say(f"downloading {name}{of}")

    def uploading(self, name: str, transfer: Transfer) -> None:
        """An upload has begun. Arguments as for `downloading`."""
        self._transfers[name] = transfer
        if not self._live:
            self._say(f"uploading {name} ({_bytes(transfer.total or 0)})")

    def uploaded(self, name: str) -> None:
        """An upload has ended."""
        transfer = self._transfers.pop(name, None)
        if transfer is not None:
            took = self._age(transfer.began)
            self._say(f"uploaded {name}, {_bytes(transfer.total or 0)} in {took}")

    def waiting(self, name: str, transfer: Transfer, tries: int) -> None:
        """A video is not there yet, or broke off, and is asked for again. Said once it is a while.

        Args:
            name: its file.
            transfer: as for `downloading`, with the reason.
            tries: how often it was asked for in vain.
        """
        self._transfers[name] = transfer
        long = transfer.pause >= LONG_PAUSE
        if tries == _TELL_AFTER or (long and tries < _TELL_AFTER):
            when = f" in {spoken(transfer.pause)}" if long else ""
            self._say(f"{name}: {_amount(transfer)}{when}")

    def downloaded(self, name: str, *, verified: bool = True) -> None:
        """A download has ended and its file is in place.

        Args:
            name: its file.
            verified: whether it is known to be whole.
        """
        transfer = self._transfers.pop(name, None)
        if transfer is not None:
            took = self._age(transfer.began)
            self._say(f"downloaded {name}, {_bytes(transfer.done)} in {took}")
        if not verified:
            self._say(f"warning: {name}: unverified: nothing in it tells that it is whole")

    def dropped(self, name: str) -> None:
        """A download goes on no longer, if it ever began; why is told elsewhere."""
        self._transfers.pop(name, None)

    def note(self, text: str) -> None:
        """Say a line, above the live ones."""
        self._say(text)

    def pause(self) -> None:
        """Take the live lines away until something is written or the next frame is due."""
        if self._screen is not None:
            with self._screen.aside():
                pass

    @property
    def _live(self) -> bool:
        return self._screen is not None and self._screen.in_front

    def _leave(self) -> None:
        with signals.held():  # the cursor comes back whatever comes
            screen, self._screen = self._screen, None
            if screen is not None:
                try:
                    screen.stop()
                finally:
                    self._out.guard = contextlib.nullcontext

    def _say(self, text: str) -> None:
        self._last_line = self._clock.monotonic()
        self._out.note(text)

    def _row(self, submission: Submission) -> Row:
        started = submission.submitted_at or submission.created_at
        if started is None and submission.task is not None:
            started = submission.task.created_at
        age = 0.0 if started is None else (self._clock.now() - started).total_seconds()
        ref = safe(submission.ref or submission.intent or submission.provider)
        return Row(ref, submission.status, self._clock.monotonic() - max(0.0, age))

    def _line(self, row: Row) -> str:
        estimate = f", {row.estimate}" if row.estimate and not row.status.terminal else ""
        word = f" ({row.word})" if row.word else ""
        return f"{row.ref} {row.status}, {self._age(row.began)}{estimate}{word}"

    def _age(self, began: float) -> str:
        return spoken(max(0.0, self._clock.monotonic() - began))


def _key(submission: Submission) -> tuple[str, str, bool, str]:
    task = submission.task
    name = (submission.intent or "") if task is None else task.task_id
    return submission.provider, submission.endpoint, submission.sandbox, name


def _took(submission: Submission) -> float | None:
    """Seconds from the submit to the end, as far as they are known."""
    task = submission.task
    if submission.submitted_at is None or task is None or task.finished_at is None:
        return None
    return max(0.0, (task.finished_at - submission.submitted_at).total_seconds())


def _word(submission: Submission) -> str:
    word = safe((submission.task and submission.task.provider_status) or "")
    word = word if len(word) <= _WORD else f"{word[:_WORD]}..."
    return "" if word.casefold() == submission.status.value else word


def _amount(transfer: Transfer) -> str:
    if transfer.waiting:
        return f"{transfer.waiting}; asking again"
    of = "" if transfer.total is None else f" of {_bytes(transfer.total)}"
    return f"{_bytes(transfer.done)}{of}"


def _bytes(count: int) -> str:
    if count < 1000:  # noqa: PLR2004 - the next unit
        return f"{count} bytes"
    number = count / 1000
    for unit in ("kB", "MB"):
        if number < 1000:  # noqa: PLR2004 - the next unit
            return f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"

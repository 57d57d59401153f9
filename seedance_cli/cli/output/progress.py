"""What a person sees while tasks run: live lines on a terminal, plain lines elsewhere.

Elsewhere is also a terminal that another job has at the time: a job in the background says a line
where there is something to say, and moves no cursor.

All of it goes to stderr. The live lines are drawn by a thread of their own, four times a second, so
that the elapsed time moves between two polls; whatever else is written to the terminal meanwhile
asks `Output.guard` first, which takes the lines away, and they come back below it. What is over
scrolls up, once: a task that brought its video as a line, one that failed with its reason.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Self

from seedance_cli import providers
from seedance_cli.cli.output import said
from seedance_cli.cli.output.columns import cut
from seedance_cli.cli.output.live import Screen
from seedance_cli.cli.output.view import Row, View, counted
from seedance_cli.models import CHARGED, LONG_PAUSE, Status, safe, spoken, with_unit
from seedance_cli.system import fit, signals
from seedance_cli.tasks import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from types import TracebackType

    from seedance_cli.cli.output.sink import Output
    from seedance_cli.errors import SeedanceError
    from seedance_cli.models import Submission
    from seedance_cli.system import Clock
    from seedance_cli.tasks import Expected, Transfer

HEARTBEAT = 30.0
"""Seconds without a line after which plain mode says that it still waits."""
_TELL_AFTER = 3
"""Tries in vain after which the user is told; the pauses before it take about a second."""
_PLAIN_LABEL = 60
"""Columns of a name or prompt in a plain line."""


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
        expected: Callable[[Submission], Expected | None] | None = None,
        *,
        batch: str | None = None,
    ) -> None:
        """Prepare; nothing is shown before the `with`.

        Args:
            out: where plain lines go, and who is told to make room for the live ones.
            clock: for elapsed times and heartbeats.
            submissions: the tasks to be followed, as far as they are known now.
            expected: what history says about a task's time; None where it is silent.
            batch: the name of a batch, of which a line tells, whose plain lines are few.
        """
        self.view = View(title=batch or "", unsent=None if batch is None else 0)
        self._out = out
        self._clock = clock
        self._expected = expected
        self._batch = batch
        self._began = self._last_line = clock.monotonic()
        self._names: dict[str, Hashable] = {}
        """The row of each transfer."""
        self._limits: set[str] = set()
        """Providers whose rate limit a plain line told."""
        self._screen: Screen | None = None
        for submission in submissions:
            self.show(submission)

    def __enter__(self) -> Self:
        if self._out.interactive and not self._out.quiet:
            self._screen = Screen(self._clock, self.view)
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

    def show(self, submission: Submission) -> None:
        """Show a task as far as it is known, if it has not ended; one that is shown stays so."""
        if submission.status.terminal or key_of(submission) in self.view.rows:
            return
        row = self._row(submission)
        row.changed = self._began  # as all of them, so that their order is theirs
        self._estimate(row, submission)
        self.view.rows[key_of(submission)] = row

    def update(self, submission: Submission) -> None:
        """Take note of a poll. Plain mode prints a change of status, or a heartbeat when due."""
        key = key_of(submission)
        row = self.view.rows.get(key) or self._row(submission)
        word = None if submission.task is None else submission.task.provider_status
        if row.status is not submission.status:
            row.changed = self._clock.monotonic()
        row.status, row.held = submission.status, False
        if word != row.raw_word:
            row.raw_word, row.word = word, said.own_word(submission)
        # Asked here and not while drawing: it may read the ledger, which belongs to this thread.
        self._estimate(row, submission)
        self.view.rows[key] = row
        if self.live or self._batch is not None:
            return
        bad = row.status.terminal and row.status is not Status.SUCCEEDED  # `failed` tells it
        if row.told != row.status and not bad:
            row.told = row.status
            took = said.took_of(submission) if row.status.terminal else None
            self._say(self._line(row, took))
        self.tick()

    def held(self, submission: Submission) -> None:
        """Take note of a task that waits for its turn under a rate limit."""
        row = self.view.rows.get(key_of(submission))
        if row is not None:
            row.held = True
        name = submission.provider
        limit = providers.get(name).info.rate_limit
        if not self.live and name not in self._limits and limit is not None:
            self._limits.add(name)
            self._say(
                f"{name} takes {limit.requests} requests in {limit.seconds} s: some tasks wait"
                " for their turn to be asked about"
            )

    def ended(self, submission: Submission, *, well: bool, counts_as: str | None = None) -> None:
        """Show a task no longer: nothing more is asked about it.

        Args:
            submission: the task.
            well: whether it brought what was asked for; if not, `failed` tells why.
            counts_as: the row of a batch; each counts, also where two have one task.
        """
        key, took = key_of(submission), said.took_of(submission)
        row = self.view.rows.get(key) or self._row(submission)
        self.view.ended(key, took, well=well, counts_as=counts_as)
        if not (well and self.live and self._screen is not None):
            return
        facts = [self._age(row.began) if took is None else spoken(took)]
        cost = None if submission.task is None else submission.task.cost
        if cost is not None and cost.basis == CHARGED and not submission.sandbox:
            facts.append(with_unit(cost.amount, cost.unit))
        if row.saved:
            facts.append(said.in_bytes(row.saved))
        for line in self._screen.ended(row, facts, well=True):
            self._out.drawn(line)

    def failed(self, submission: Submission, error: SeedanceError) -> None:
        """Tell why a task brought nothing, or what went wrong with it."""
        if not self.live or self._screen is None:
            self._last_line = self._clock.monotonic()
            self._out.complain(error)
            return
        row = self.view.rows.get(key_of(submission)) or self._row(submission)
        took = said.took_of(submission)
        age = self._age(row.began) if took is None else spoken(took)
        head = self._screen.ended(row, [age], well=False)
        self._out.complain(error.but(message=said.without_ref(error, submission)), below=head)

    def tick(self) -> None:
        """Plain mode: say that the wait goes on, if nothing was said for 30 s."""
        if self.until_heartbeat() > 0:
            return
        self._last_line = now = self._clock.monotonic()  # also where there is nothing to say
        rows = list(self.view.rows.values())
        for name, key in self._names.items():
            row = self.view.rows.get(key)
            if row is not None and row.transfer is not None:
                self._say(f"{name}: {said.amount(row.transfer)}")
        rows = [row for row in rows if row.transfer is None]
        if self._batch is not None:
            self._say(f"{self._batch}: {', '.join(text for _, text in self.view.parts(now))}")
        elif len(rows) == 1:
            self._say(f"{rows[0].ref} {rows[0].status}, {self._age(rows[0].began)}")
        elif rows:
            self._say(f"{len(rows)} tasks left: {counted(rows)}, {self._age(self._began)}")

    def until_heartbeat(self) -> float:
        """Seconds until `tick` has something to do; 0.0 if it has now."""
        if self.live:
            return HEARTBEAT
        return max(0.0, self._last_line + HEARTBEAT - self._clock.monotonic())

    def downloading(self, submission: Submission, name: str, transfer: Transfer) -> None:
        """A download has begun.

        Args:
            submission: its task.
            name: its file; no two at the same time have the same.
            transfer: how far it is. Whoever downloads goes on writing its numbers, from any thread;
                they are looked at when it is time to show them.
        """
        self._transfer(submission, name, transfer)
        of = "" if transfer.total is None else f"{said.in_bytes(transfer.total)}"
        if transfer.resumed:
            of = f" of {of}" if of else ""
            self._say(f"going on with {name} at {said.in_bytes(transfer.resumed)}{of}")
        elif not self.live and self._batch is None:
            self._say(f"downloading {name}" + (f" ({of})" if of else ""))

    def uploading(self, name: str, transfer: Transfer) -> None:
        """An upload has begun. Arguments as for `downloading`."""
        self._transfer(None, name, transfer)
        if not self.live:
            self._say(f"uploading {name} ({said.in_bytes(transfer.total or 0)})")

    def uploaded(self, name: str) -> None:
        """An upload has ended."""
        transfer = self._taken(name)
        if transfer is not None:
            took = self._age(transfer.began)
            self._say(f"uploaded {name}, {said.in_bytes(transfer.total or 0)} in {took}")

    def waiting(self, submission: Submission, name: str, transfer: Transfer, tries: int) -> None:
        """A video is not there yet, or broke off, and is asked for again. Said once it is a while.

        Args:
            submission: its task.
            name: its file.
            transfer: as for `downloading`, with the reason.
            tries: how often it was asked for in vain.
        """
        self._transfer(submission, name, transfer)
        long = transfer.pause >= LONG_PAUSE
        if tries == _TELL_AFTER or (long and tries < _TELL_AFTER):
            when = f" in {spoken(transfer.pause)}" if long else ""
            self._say(f"{name}: {said.amount(transfer)}{when}")

    def downloaded(self, name: str, *, verified: bool = True) -> None:
        """A download has ended and its file is in place.

        Args:
            name: its file.
            verified: whether it is known to be whole.
        """
        row = self.view.rows.get(self._names.get(name))
        transfer = self._taken(name)
        if transfer is not None:
            took = self._age(transfer.began)
            if row is not None:
                row.saved += transfer.done
            if not self.live and self._batch is None:
                self._say(f"downloaded {name}, {said.in_bytes(transfer.done)} in {took}")
        if not verified:
            self._say(f"warning: {name}: unverified: nothing in it tells that it is whole")

    def dropped(self, name: str) -> None:
        """A download goes on no longer, if it ever began; why is told elsewhere."""
        self._taken(name)

    def warn(self, submission: Submission, text: str) -> None:
        """Say a warning about a task, above the live lines with what a person knows it by."""
        label = said.called(submission, in_batch=self._batch is not None) if self.live else ""
        about = f"{cut(label, _PLAIN_LABEL)}: " if label else ""
        self._say(f"warning: {about}{text}")

    def note(self, text: str) -> None:
        """Say a line, above the live ones."""
        self._say(text)

    @property
    def live(self) -> bool:
        """Whether lines are drawn now."""
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

    def _transfer(self, submission: Submission | None, name: str, transfer: Transfer) -> None:
        """Show a transfer in the row of its task; one that has none gets a row."""
        key: Hashable = name if submission is None else key_of(submission)
        now = self._clock.monotonic()
        row = self.view.rows.get(key)
        if row is None:
            if submission is not None:
                row = self._row(submission)
            else:
                row = Row(fit(safe(name), sys.stderr), "", "", Status.RUNNING, now, now)
            self.view.rows[key] = row
        if row.transfer is not transfer:
            row.changed = now
        row.transfer = transfer
        self._names[name] = key

    def _taken(self, name: str) -> Transfer | None:
        """Show a transfer no longer; None where there was none."""
        key = self._names.pop(name, None)
        row = self.view.rows.get(key)
        if row is None:
            return None
        transfer, row.transfer = row.transfer, None
        if key == name:
            self.view.rows.pop(key, None)
        return transfer

    def _row(self, submission: Submission) -> Row:
        return said.row_of(submission, self._clock, in_batch=self._batch is not None)

    def _estimate(self, row: Row, submission: Submission) -> None:
        found = None
        if self._expected is not None and not submission.status.terminal:
            found = self._expected(submission)
        row.estimate = safe(found.words) if found else ""
        row.brief = safe(found.brief) if found else ""
        row.usual = found.usual if found else None

    def _line(self, row: Row, took: float | None) -> str:
        estimate = f", {row.estimate}" if row.estimate and not row.status.terminal else ""
        word = f" ({row.word})" if row.word else ""
        age = self._age(row.began) if took is None else spoken(took)
        label = f": {cut(row.label, _PLAIN_LABEL)}" if row.label != row.ref else ""
        return f"{row.ref} {row.status}, {age}{estimate}{word}{label}"

    def _age(self, began: float) -> str:
        return spoken(max(0.0, self._clock.monotonic() - began))

"""A run of a batch: drives the engine, prints what comes, and decides the exit code."""

from __future__ import annotations

import gc
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seedance_cli import providers, tasks
from seedance_cli._named import NamedTuple
from seedance_cli.cli import buy, local_files
from seedance_cli.cli.batch.report import Report
from seedance_cli.cli.output.progress import Display
from seedance_cli.cli.runner import promise
from seedance_cli.cli.shown import show
from seedance_cli.cli.unknown import verdict
from seedance_cli.errors import Interrupted, OutcomeUnknown, SeedanceError, Stopped, WriteFailed
from seedance_cli.models import Conditions, Found, request_left
from seedance_cli.system import signals
from seedance_cli.tasks import batch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from seedance_cli.cli.batch.book import Book, Given
    from seedance_cli.cli.batch.results import Results
    from seedance_cli.cli.session import Session
    from seedance_cli.models import Submission

_SWEEP = 50
"""Submits after which what they left is collected: each has a client of its own, whose TLS context
is little to Python's collector and much to the machine."""
_TOGETHER = 64
"""Answers that are written down in one commit, where as many have come by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to go about a run."""

    jobs: int
    follow: bool
    """Wait for the tasks; else print their refs."""
    retry_failed: bool
    fail_fast: bool
    timeout: float | None
    interval: float | None


class _Elsewhere(Exception):
    """Another process is sending the row."""


class Work(NamedTuple):
    """What there is to do."""

    book: Book
    """The rows' orders."""
    given: Given
    items: Sequence[batch.Item]
    """The rows, each with its action."""
    results: Results | None


def run(session: Session, work: Work, options: Options) -> int:
    """Submit what is to be submitted, and wait for it.

    Args:
        session: its ledger is open for paying.
        work: the rows.
        options: how to go about it.

    Returns:
        The exit code.

    Raises:
        ConfigError: a provider's key is missing; nothing was sent.
        Interrupted: a signal; the tasks run on.
        WriteFailed: stdout could not be written.
    """
    return _Run(session, work, options).run()


class _Run:
    def __init__(self, session: Session, work: Work, options: Options) -> None:
        self.session = session
        self.book, self.given, self.items, self.results = work
        self.options = options
        self.ledger = session.ledger()
        self.report = Report(session, work.given, work.items, follow=options.follow)
        self.engine: batch.Batch | None = None
        self.submits = 0
        self.changed = False
        """Whether the ledger may say more than it did when the rows were looked up."""

    def run(self) -> int:
        out = self.session.out
        out.check_stdout()
        for item in self.items:
            if batch.may_buy(item):
                self.session.channel(self.book.settings(item.seller))
        if self.results is not None:
            self.results.tidy()
        out.owe(self.report.document)
        promise(self.session, self.report.document)
        self.report.tell_of_others()
        at_rest = all(item.action in batch.AT_REST for item in self.items)
        try:
            if at_rest:
                self._tell()
            else:
                self._loop()
        except BaseException as ended:
            stop = signals.behind(ended)
            with signals.held():
                self.changed = True
                self._write()
                if stop is None:
                    raise
                with suppress(WriteFailed):  # what the signal asked for goes first
                    self.report.tell()
                raise self._come_back(stop) from None
        self._write()
        self.report.tell()
        if self.results is not None and self.results.error is not None:
            self.report.failed(None, self.results.error)
        lacking = self.session.door.caught_up()
        if lacking is not None:
            self.report.failed(None, lacking)
        # Each row has a name: only one that is bought anew on demand may be paid for twice.
        safe = not self.options.retry_failed
        return verdict(out, [one.but(retry_safe=safe) for one in self.report.failures], ())

    def _tell(self) -> None:
        """Tell of rows of which none has anything to be done: nothing of the engine is needed."""
        try:
            for item in self.items:
                self.report.settled(item)
                if self.options.fail_fast and self.report.failures:
                    return
        finally:
            self.report.mark()

    def _loop(self) -> None:
        history = tasks.Estimates(self.ledger, self.session.clock)
        given = self.given
        files = None
        if given.download:
            files = tasks.Files(self._place, force=given.force, strict=given.strict)
        options = tasks.WaitOptions(
            timeout=self.options.timeout,
            each=True,
            interval=self.options.interval,
            schedule=history.schedule,
            new=True,
            together=1 if self.options.fail_fast else _TOGETHER,
            files=files,
            look=not given.download,
        )
        out, clock = self.session.out, self.session.clock
        display = Display(out, clock, (), history.expected, batch=given.batch)
        display.view.unsent = sum(map(batch.may_buy, self.items))
        with (
            tasks.Wait(self.ledger, self.session.clock, self.session.target, options) as wait,
            display,
        ):
            self.report.display = display
            self.engine = batch.Batch(
                self.items,
                wait,
                self.session.clock,
                batch.EngineOptions(
                    buy=self._buy,
                    find=self._find,
                    jobs=self._jobs(),
                    follow=self.options.follow,
                ),
            )
            try:
                for event in self.engine:
                    self._take(event, display, wait)
            except BaseException:
                for event in self.engine.stop():
                    self._take(event, display, wait)
                raise
            finally:
                self.report.mark()
                self.report.display = None
        self.report.left(self.engine.left, self.engine.followed)

    def _take(self, event: batch.BatchEvent, display: Display, wait: tasks.Wait) -> None:
        engine = self.engine
        assert engine is not None
        self._show(event, display)
        self.report.take(event)
        display.view.unsent, display.view.spent = engine.waiting, self.report.spent.words()
        if self.options.fail_fast and self.report.failures:
            engine.halt()
        if isinstance(event, batch.Settled):
            return
        if not self.changed and self.options.follow:
            for row in wait.rows.values():  # of an earlier run
                display.show(row)
        self.changed = True
        if self.results is not None:
            if not isinstance(event, batch.Watched):
                self.results.changed()
            self.results.write_when_due(self.report.refresh)
        display.tick()

    def _show(self, event: batch.BatchEvent, display: Display) -> None:
        match event:
            case batch.Submitted(_, row, _) if self.options.follow:
                display.show(row)
            case batch.Watched(tasks.Checked() as seen):
                if seen.answered and (seen.final or not seen.submission.status.terminal):
                    display.update(seen.submission)
            case batch.Watched(seen):
                show(seen, display, self.session.out)
            case batch.Paused(pace, _):
                display.view.paused[pace.name] = pace.paused_until
            case _:
                pass

    def _jobs(self) -> Mapping[str, int]:
        """How many may be in flight at each provider."""
        if not self.options.follow:  # when they end is not known
            return dict.fromkeys((item.provider for item in self.items), len(self.items))
        found = {}
        for item in self.items:
            documented = providers.get(item.provider).info.concurrency
            found[item.provider] = min(self.options.jobs, documented or self.options.jobs)
        return found

    def _find(self, item: batch.Item) -> Submission:
        assert item.known is not None
        return self.ledger.row(item.known.intent)

    def _place(self, row: Submission, index: int) -> Path:
        assert self.engine is not None
        return self.book.place(self.engine.item_of(row), row, index)

    def _buy(self, item: batch.Item) -> batch.Bought:
        """Send one row through the money gate. What ends it is data: the other rows go on."""
        payment = tasks.Payment()
        name = f"{self.given.batch}/{item.key}"
        self.submits += 1
        if self.submits % _SWEEP == 0:
            gc.collect()
        try:
            self._send(item, name, payment)
        except _Elsewhere:
            return batch.Bought(elsewhere=True)
        except SeedanceError as error:
            return batch.Bought(payment.submission, error, sent=payment.bought)
        except BaseException:
            if payment.bought and payment.ref is None:
                lost = payment.error or OutcomeUnknown(
                    request_left(item.provider, sandbox=self.session.sandbox),
                    hint="seedance recover",
                )
                item.error = lost
                self.report.unknown = lost.but(message=f"{name}: {lost.message}")
            raise
        return batch.Bought(payment.submission, sent=payment.found is Found.NEW)

    def _send(self, item: batch.Item, name: str, payment: tasks.Payment) -> None:
        order = self.book.order(item)
        channel = self.session.channel(order.settings)
        out = self.session.out
        on_stdout = not (self.options.follow or out.json)

        def waiting(_row: Submission) -> None:
            raise _Elsewhere

        def announce() -> None:
            new = payment.found is Found.NEW  # else the line has the name, and since when
            buy.announce(out, payment, on_stdout=on_stdout, name=name if new else "")

        tasks.submit(
            channel,
            order.video,
            order.request,
            self.ledger,
            self.session.clock,
            payment=payment,
            announce=announce,
            conditions=Conditions(
                name=name,
                batch=self.given.batch,
                row=item.key,
                retry_failed=self.options.retry_failed,
                price=item.price,
                budgets=order.settings.budgets,
                price_today=buy.price_today(self.session, order),
            ),
            waiting=waiting,
            content=local_files.content(self.session, order, channel, lines=True),
            rate_limit_tries=1,
        )

    def _write(self) -> None:
        if self.changed:
            with suppress(WriteFailed):
                self.report.refresh()
        if self.results is not None:
            self.results.write(lambda: None)

    def _come_back(self, stop: Interrupted) -> Interrupted:
        known = [item.known for item in self.items]
        running = sum(
            one is not None and one.ref is not None and not one.status.terminal for one in known
        )
        waiting = sum(item.error is None and batch.is_open(item) for item in self.items)
        parts = []
        if running or not waiting:
            parts.append("1 task runs on" if running == 1 else f"{running or 'no'} tasks run on")
        if waiting:
            parts.append(f"{'1 row was' if waiting == 1 else f'{waiting} rows were'} not submitted")
        words = f"interrupted; {', and '.join(parts)}"
        both = " with both" if len(parts) > 1 else ""
        error: SeedanceError = Stopped(words, hint=f"the same command goes on{both}")
        if self.report.unknown is not None:
            error = self.report.unknown.but(message=f"{words}; {self.report.unknown.message}")
        return Interrupted(stop.signum, error.but(retry_safe=not self.options.retry_failed))

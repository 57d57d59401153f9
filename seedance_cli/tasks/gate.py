"""The money gate: the one paid POST, written down before and after (contract, section 6)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from seedance_cli.errors import (
    LedgerAway,
    OutcomeUnknown,
    RateLimited,
    SeedanceError,
    Stopped,
    Unreachable,
    WriteFailed,
)
from seedance_cli.http import PAID_SECONDS, Event, cleared, encode, redact
from seedance_cli.models import MASK, Found, IntentState, Purchase, fingerprints
from seedance_cli.system import Stopwatch, signals
from seedance_cli.tasks.late import keep, kept_words, untaken, write
from seedance_cli.tasks.names import prepared
from seedance_cli.tasks.outcome import Verdict, classify, evidence_of, uncharged, unclear

if TYPE_CHECKING:
    from collections.abc import Callable

    from seedance_cli.http import Reply
    from seedance_cli.ledger import Ledger
    from seedance_cli.models import (
        Conditions,
        HttpRequest,
        JsonObject,
        Submission,
        Task,
        VideoRequest,
    )
    from seedance_cli.system import Clock
    from seedance_cli.tasks.channel import Channel
    from seedance_cli.tasks.late import Late
    from seedance_cli.tasks.payment import Payment

CONNECT_TRIES = 3
RATE_LIMIT_TRIES = 3
GRACE_SECONDS = 5.0
"""How long the first signal waits for the answer of a POST in flight."""


def submit(
    channel: Channel,
    video: VideoRequest,
    request: HttpRequest,
    ledger: Ledger,
    clock: Clock,
    *,
    payment: Payment,
    announce: Callable[[], None],
    conditions: Conditions,
    waiting: Callable[[Submission], None],
    rate_limit_tries: int = RATE_LIMIT_TRIES,
    content: Callable[[], bytes] | None = None,
) -> None:
    """Send one paid POST, unless what the ledger has under the conditions stands for it.

    Args:
        channel: provider, endpoint and key.
        video: what the user asked for, for the record.
        request: the same as the provider words it; frozen here.
        ledger: takes the intent before, the task id after.
        clock: bounds every wait, and stamps the times.
        payment: takes what is known, at every step; with the submission at the end.
        announce: puts the ref in `payment` on a stream, and notes there that it is told.
        conditions: name, batch, budgets and the like.
        waiting: called once where another process is sending the name's submission, whose outcome
            is waited for.
        rate_limit_tries: POSTs at most where the provider says that it may be sent again.
        content: gives the body's bytes where local files have to be put in, which may take long and
            need uploads; None: they are those of `request`.

    Raises:
        UsageError: another request has the name.
        OverBudget: a budget forbids it.
        OutcomeUnknown: an identical request is unresolved, or no clear answer came.
        WriteFailed: the ledger could not be written, or stdout could not take the ref; `payment`
            tells whether there is a task.
        Unreachable: nothing was sent.
        ProviderError: the provider refused.
        Interrupted: a signal; `payment` tells what became of the request.
    """
    body = b"" if content is not None else encode(request.body)
    name = channel.provider.info.name
    marks = fingerprints(name, channel.endpoint, channel.sandbox, channel.provider.bought(request))
    purchase = Purchase(
        provider=name,
        endpoint=channel.endpoint,
        profile=channel.profile,
        profile_named=channel.profile_named,
        sandbox=channel.sandbox,
        fingerprints=marks,
        request=video,
        priced=channel.provider.priced(request),
        key_proof=ledger.key_proof(channel.key.reveal(), channel.endpoint),
        conditions=conditions,
    )
    payment.found, row = prepared(ledger, purchase, channel, clock, waiting=waiting)
    payment.submission = row
    gate = _Gate(channel, ledger, clock, payment, row, request.path, body, rate_limit_tries)
    if payment.found is not Found.NEW:
        with signals.held():
            gate.tell(announce)
        return
    if content is not None:
        gate.fill(content)
    # From before the first byte until the ref is on a stream a signal is data, not an exception,
    # however many come: what was paid for must be known to the ledger and to the user before
    # anything else happens. Whatever is written in here waits for no reader once a signal came.
    with signals.held() as held:
        verdict = gate.send(held)
        gate.commit(verdict)
        gate.tell(announce)
        gate.catch_up(held)
    gate.log()
    if payment.error is not None:
        raise payment.error


@dataclass(slots=True)
class _Gate:
    """One intent on its way out. `payment` always says the worst that may be true."""

    channel: Channel
    ledger: Ledger
    clock: Clock
    payment: Payment
    prepared: Submission
    path: str
    content: bytes
    rate_limit_tries: int
    reply: Reply | None = None
    """The newest one; None again once `-v` was told of it."""
    evidence: JsonObject = field(default_factory=dict)
    late: Late | None = None
    """What the ledger could not take because it is away."""
    answer: SeedanceError | None = None
    """Then: the error that the answer itself is."""

    def fill(self, content: Callable[[], bytes]) -> None:
        """Make the body. What ends this, a signal too, ends the submission: nothing was sent."""
        try:
            self.content = content()
        except BaseException:
            self._note(IntentState.NOT_SENT)
            with suppress(WriteFailed):  # the process ends, and the row then counts as the same
                self.payment.submission = self.ledger.settle(
                    self.intent, IntentState.NOT_SENT, self.evidence
                )
            raise

    def send(self, held: signals.Held) -> Verdict:
        """Send the POST until what became of it is clear, or will not become clear."""
        try:
            return self._send(held)
        except Exception:
            # Of a request that left, nobody knows any more: the answer is lost with this error.
            gone = self.payment.bought
            state = IntentState.UNKNOWN if gone else IntentState.NOT_SENT
            self._note(state)
            try:
                self.ledger.settle(self.intent, state, self.evidence)
            except LedgerAway:
                keep(self.ledger, self.intent, state, self.evidence)
            except WriteFailed:  # the process ends, and the row then counts as the same
                pass
            raise

    def _send(self, held: signals.Held) -> Verdict:
        tries = {IntentState.NOT_SENT: CONNECT_TRIES, IntentState.REFUSED: self.rate_limit_tries}
        verdict = Verdict(IntentState.NOT_SENT, error=Stopped("nothing was sent"))
        while True:
            if not self._await_place(held):
                return verdict
            self._note(verdict.state)
            approved = Stopwatch(self.clock)
            self.ledger.sending(self.intent)
            if held.came():
                return verdict
            self.prepared = self.prepared._replace(submitted_at=self.clock.now())
            self._note(IntentState.SENDING)
            self.reply = self._exchange(held, approved)
            self.evidence = evidence_of(self.reply, self.channel, self.clock, self.path)
            provider = self.channel.provider
            verdict = self._cleared(classify(provider, self.reply, self.clock, self.path))
            if verdict.again_after is None:
                return verdict
            tries[verdict.state] -= 1
            if not tries[verdict.state]:
                return verdict
            try:  # whoever dies in the pause leaves what is known
                self.ledger.between_tries(self.intent, self.evidence)
            except WriteFailed:
                return verdict
            self.log()
            if verdict.error is not None:
                self.channel.say_pause(verdict.error, verdict.again_after)
            if not held.pause(partial(self.clock.sleep, verdict.again_after)):
                return verdict

    def _await_place(self, held: signals.Held) -> bool:
        """Wait as long as the provider's rate limit asks; False if a signal ended the wait.

        Before the ledger says `sending`: whoever dies in here has sent nothing.
        """
        seconds = self.channel.api.reserve()
        return held.pause(partial(self.channel.api.pause, seconds))

    def _exchange(self, held: signals.Held, approved: Stopwatch) -> Reply:
        """One POST. The first signal shortens the wait for its answer, a second one ends it."""
        try:
            pending = self.channel.api.submit(self.path, self.content, approved)
        except Exception:
            self._note(IntentState.NOT_SENT)
            raise
        held.wake_by(pending.wake)
        if held.came():
            pending.wake()
        event = pending.wait(PAID_SECONDS, after_sending=True)
        if event is Event.WOKEN and held.count == 1:
            self.channel.say(
                f"interrupted; the request has left: waiting up to {GRACE_SECONDS:.0f} s for its"
                " answer"
            )
        while event is Event.WOKEN and held.count == 1:
            event = pending.wait(GRACE_SECONDS)
        return self.channel.api.answer(pending)

    def _cleared(self, verdict: Verdict) -> Verdict:
        """The verdict without the key in it; a task whose very id holds a piece of it is none."""
        task, key = verdict.task, self.channel.key.reveal()
        if self.channel.sandbox:
            verdict = uncharged(verdict, self.channel.provider)
        if task is None or self.reply is None:
            return verdict
        if MASK in redact(task.task_id, key):
            what = "the answer's task id holds a piece of the key, and is not used"
            return unclear(self.channel.provider, self.reply, what)
        return verdict._replace(task=cleared(task, key))

    def commit(self, verdict: Verdict) -> None:
        """Write down what became of it: the task, or why there is none."""
        if verdict.task is None:
            self.payment.error = self._settle(verdict)
        else:
            self.payment.error = self._accept(verdict.task)

    def tell(self, announce: Callable[[], None]) -> None:
        """Put the ref on a stream, and write down that it is told."""
        if self.payment.ref is None:
            return
        try:
            announce()
        finally:
            if self.payment.told and not self.prepared.told:
                # One that the ledger takes for untold is told again, by the same request, and not
                # paid again: no reason to fail.
                with suppress(WriteFailed):
                    self.ledger.told(self.intent)

    def catch_up(self, held: signals.Held) -> None:
        """Have the ledger take what it could not, now that the user knows of it."""
        late = self.late
        if late is None:
            return
        try:
            row = write(late, self.ledger, self.clock, held, self.channel.say)
        except OutcomeUnknown as taken:
            self._note(IntentState.UNKNOWN)
            self.payment.error = taken
            return
        if row is None:
            return
        self.payment.submission, self.payment.error = row, self.answer
        if late.task is not None:
            self._tell_of_adoption(row)
            if self.payment.told:
                with suppress(WriteFailed):
                    self.ledger.told(self.intent)

    def _tell_of_adoption(self, row: Submission) -> None:
        if row.state is IntentState.ADOPTED:
            self.channel.say(
                f"{row.ref} had been discarded meanwhile; its task is there, so it is adopted"
            )

    def log(self) -> None:
        """Tell `-v` of the newest exchange."""
        reply, self.reply = self.reply, None
        if reply is not None:
            self.channel.api.log("POST", self.path, reply)

    @property
    def intent(self) -> str:
        """The id of the row."""
        assert self.prepared.intent is not None
        return self.prepared.intent

    def _note(self, state: IntentState, task: Task | None = None) -> None:
        self.payment.submission = self.prepared._replace(state=state, task=task)

    def _accept(self, task: Task) -> SeedanceError | None:
        self._note(IntentState.UNKNOWN, task)  # the id is known, whatever the ledger says
        try:
            row = self.ledger.accept(self.intent, task, self.evidence)
            self.payment.submission = row
            self._tell_of_adoption(row)
        except LedgerAway as error:
            accepted = IntentState.ACCEPTED
            self.late = keep(self.ledger, self.intent, accepted, self.evidence, task)
            return untaken(self.channel, self.intent, task, error, kept_words(self.late))
        except OutcomeUnknown as taken:
            self._note(IntentState.UNKNOWN)
            return taken
        except Exception as error:  # noqa: BLE001 - whatever it was: the id is paid for
            return untaken(self.channel, self.intent, task, error)
        return None

    def _settle(self, verdict: Verdict) -> SeedanceError:
        assert verdict.error is not None
        error = self.channel.explained(verdict.error).but(intent=self.intent)
        if verdict.again_after is not None and isinstance(error, RateLimited):
            # Tried again as often as allowed: nothing was submitted.
            error = error.as_exit(Unreachable.exit_code)
        self._note(verdict.state)
        try:
            settled = self.ledger.settle(self.intent, verdict.state, self.evidence)
        except LedgerAway as away:
            self.answer = error
            self.late = keep(self.ledger, self.intent, verdict.state, self.evidence)
            still = f"; and {away.message}{kept_words(self.late)}"
            return error.but(message=error.message + still)
        except WriteFailed as failed:
            # What became of the money matters more than that the ledger cannot say so.
            still = f"; and the ledger still calls it unknown: {failed.message}"
            return error.but(message=error.message + still)
        self.payment.submission = settled
        return error

"""The money gate: the one paid POST, written down before and after (contract, section 6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seedance_cli import signals
from seedance_cli.errors import (
    Interrupted,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    SeedanceError,
    Stopped,
    WriteFailed,
)
from seedance_cli.fingerprint import fingerprint
from seedance_cli.http import encode, refusal, unreachable
from seedance_cli.models import IntentState, make_ref
from seedance_cli.net import PAID_SECONDS, FaultKind, Wake
from seedance_cli.redact import redact

if TYPE_CHECKING:
    from seedance_cli.clock import Clock
    from seedance_cli.ledger import Ledger
    from seedance_cli.models import (
        HttpRequest,
        HttpResponse,
        JsonObject,
        Submission,
        Task,
        VideoRequest,
    )
    from seedance_cli.net import Pending, Reply
    from seedance_cli.providers._base import Provider
    from seedance_cli.session import Channel

CONNECT_TRIES = 3
RATE_LIMIT_TRIES = 3
GRACE_SECONDS = 5.0
"""How long the first signal waits for the answer of a POST in flight."""
_CONNECT_PAUSE = 1.0
_RATE_LIMIT_PAUSE = 10.0
"""Seconds, where the provider names none: runbase counts per 10 s (providers.md)."""
_EVIDENCE_BYTES = 4096
_ACCEPTED = range(200, 300)
_UNCLEAR = frozenset({408, 409, 425, 499})
_REDIRECT_REFUSALS = frozenset({301, 307, 308})


@dataclass(frozen=True, slots=True)
class Spent:
    """A submission that was accepted, and the signal that came meanwhile, if one did."""

    submission: Submission
    signum: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the answer to a paid POST means."""

    state: IntentState
    task: Task | None = None
    error: SeedanceError | None = None
    again_after: float | None = None
    """Seconds after which the same POST may be sent again; None: it may not."""


def submit(
    channel: Channel,
    video: VideoRequest,
    request: HttpRequest,
    ledger: Ledger,
    clock: Clock,
    *,
    again: bool,
) -> Spent:
    """Send one paid POST.

    Args:
        channel: provider, endpoint and key.
        video: what the user asked for, for the record.
        request: the same as the provider words it; frozen here.
        ledger: takes the intent before, the task id after.
        clock: bounds it.
        again: although an identical request is unresolved.

    Raises:
        OutcomeUnknown: an identical request is unresolved, or no clear answer came.
        WriteFailed: the ledger could not be written; with `ref`, after the task was accepted.
        Unreachable: nothing was sent.
        ProviderError: the provider refused.
        Interrupted: a signal, and what became of the request.
    """
    content = encode(request.body)
    name = channel.provider.info.name
    prepared = ledger.prepare(
        provider=name,
        endpoint=channel.endpoint,
        profile=channel.profile,
        sandbox=channel.sandbox,
        fingerprint=fingerprint(name, channel.endpoint, channel.sandbox, request.body),
        request=video,
        priced=channel.provider.priced(request.body),
        again=again,
    )
    assert prepared.intent is not None
    gate = _Gate(channel, ledger, clock, prepared.intent, request.path, content)
    while True:
        pause = gate.send()
        if isinstance(pause, Spent):
            return pause
        try:
            clock.sleep(pause)
        except Interrupted as stop:
            raise gate.stopped_between(stop.signum) from None


@dataclass(slots=True)
class _Gate:
    """One intent on its way out."""

    channel: Channel
    ledger: Ledger
    clock: Clock
    intent: str
    path: str
    content: bytes
    tries: dict[IntentState, int] = field(
        default_factory=lambda: {
            IntentState.NOT_SENT: CONNECT_TRIES,
            IntentState.REFUSED: RATE_LIMIT_TRIES,
        }
    )
    last: tuple[Verdict, JsonObject] | None = None

    def send(self) -> Spent | float:
        """Send the POST once and settle what came of it.

        Returns:
            The accepted submission, or the seconds to wait before it may be sent again.
        """
        pending: Pending | None = None
        # From here to the commit the first signal waits: the answer to a paid request, once here,
        # must not be lost to a Ctrl-C.
        with signals.held() as held:
            try:
                self.ledger.sending(self.intent)
                if held.came():
                    raise Interrupted(held.signum or 0)
                pending = self.channel.api.submit(self.path, self.content)
                held.wake = lambda: pending.queue.put(Wake())
                if not pending.wait(PAID_SECONDS) and held.came():
                    pending.wait(GRACE_SECONDS)
            except Interrupted as stop:
                held.signum = stop.signum
                if pending is None:
                    raise self.stopped_between(stop.signum) from None
            assert pending is not None
            reply = pending.reply(f"no answer within {PAID_SECONDS:.0f} s")
            self.channel.api.log("POST", self.path, reply)
            verdict = classify(self.channel.provider, reply, self.clock)
            evidence = evidence_of(reply, self.channel, self.clock)
            if verdict.task is not None:
                return Spent(self._accept(verdict.task), held.signum)
            self.last = verdict, evidence
            if verdict.again_after is not None and not held.came():
                self.tries[verdict.state] -= 1
                if self.tries[verdict.state] > 0:
                    return verdict.again_after
            error = self._settle(verdict, evidence)
        if held.signum is not None:
            raise _interrupted(held.signum, verdict.state, error)
        raise error

    def stopped_between(self, signum: int) -> Interrupted:
        """Settle an intent of which no POST is in flight, because a signal came."""
        if self.last is None:
            self.ledger.settle(self.intent, IntentState.NOT_SENT, {})
            stopped = Stopped("interrupted; nothing was sent", intent=self.intent)
            return Interrupted(signum, stopped)
        verdict, evidence = self.last
        return _interrupted(signum, verdict.state, self._settle(verdict, evidence))

    def _accept(self, task: Task) -> Submission:
        try:
            return self.ledger.accept(self.intent, task)
        except WriteFailed as error:
            ref = make_ref(self.channel.provider.info.name, task.task_id)
            raise WriteFailed(
                f"the task was accepted and paid for, but the ledger cannot take its id {ref}: "
                f"{error.message}",
                hint=f"keep this id; then: seedance recover --adopt {self.intent} {task.task_id}",
                provider=self.channel.provider.info.name,
                ref=ref,
                intent=self.intent,
                retry_safe=False,
            ) from error

    def _settle(self, verdict: Verdict, evidence: JsonObject) -> SeedanceError:
        error = verdict.error
        assert error is not None
        error.intent = self.intent
        error.message = redact(error.message, self.channel.key.reveal())
        if verdict.again_after is not None and isinstance(error, RateLimited):
            error.exit_code = 5  # tried again as often as allowed: nothing was submitted
        self.ledger.settle(self.intent, verdict.state, evidence)
        return error


def classify(provider: Provider, reply: Reply, clock: Clock) -> Verdict:
    """What became of a paid POST: from what was done on the wire, never from an exception's class.

    Contract, section 6.4. Pure but for the date in a `Retry-After`.
    """
    if not reply.left:
        return _not_sent(provider, reply)
    response = reply.response
    if response is None:
        return _unknown(provider, reply, "no answer came" + _because(reply))
    status = response.status
    if status in _ACCEPTED:
        return _judge_success(provider, reply, response)
    if status in _UNCLEAR or status >= 500:  # noqa: PLR2004 - HTTP's own classes
        return _unknown(provider, reply, f"the answer is HTTP {status}{_words(provider, response)}")
    if status < 400 and status not in _REDIRECT_REFUSALS:  # noqa: PLR2004
        return _unknown(provider, reply, f"the answer is HTTP {status}")
    refused = refusal(provider, response, clock)
    if status in _REDIRECT_REFUSALS:
        refused.hint = "a redirect is never followed on a paid request; look at the endpoint's URL"
    again = None
    if isinstance(refused, RateLimited):
        problem = provider.problem(response)
        if problem is not None and problem.code in provider.info.retry_codes:
            again = _RATE_LIMIT_PAUSE if refused.retry_after is None else refused.retry_after
    return Verdict(IntentState.REFUSED, error=refused, again_after=again)


def _not_sent(provider: Provider, reply: Reply) -> Verdict:
    pause = _CONNECT_PAUSE if reply.fault and reply.fault.kind is FaultKind.CONNECT else None
    error = unreachable(provider, reply.fault)
    error.message += "; nothing was sent"
    return Verdict(IntentState.NOT_SENT, error=error, again_after=pause)


def _judge_success(provider: Provider, reply: Reply, response: HttpResponse) -> Verdict:
    if reply.fault is not None:
        return _unknown(provider, reply, f"the answer was cut{_because(reply)}")
    task = provider.accepted(response)
    if task is not None:
        return Verdict(IntentState.ACCEPTED, task=task)
    problem = provider.problem(response)
    if problem is None:
        return _unknown(provider, reply, "the answer has no usable task id")
    words = ": ".join(w for w in (problem.code, problem.message) if w)
    name = provider.info.name
    error = Rejected(f"{name} refused: {words}", provider=name, http_status=response.status)
    return Verdict(IntentState.REFUSED, error=error)


def evidence_of(reply: Reply, channel: Channel, clock: Clock) -> JsonObject:
    """What came back, for `recover`: status, fault, and the body's beginning without the key."""
    evidence: JsonObject = {"at": clock.now().isoformat(), "left": reply.left}
    if reply.fault is not None:
        evidence["fault"] = redact(reply.fault.text, channel.key.reveal())
    if reply.response is not None:
        evidence["http_status"] = reply.response.status
        text = reply.response.body[:_EVIDENCE_BYTES].decode("utf-8", "backslashreplace")
        evidence["body"] = redact(text, channel.key.reveal())
    return evidence


def _unknown(provider: Provider, reply: Reply, what: str) -> Verdict:
    name = provider.info.name
    error = OutcomeUnknown(
        f"{what}. The paid request left for {name}: you may have been charged",
        hint="do not run it again before: seedance recover",
        provider=name,
        http_status=None if reply.response is None else reply.response.status,
        retry_safe=False,
    )
    return Verdict(IntentState.UNKNOWN, error=error)


def _because(reply: Reply) -> str:
    return f" ({reply.fault.text})" if reply.fault is not None else ""


def _words(provider: Provider, response: HttpResponse) -> str:
    problem = provider.problem(response)
    return "" if problem is None else f" ({problem.message})"


def _interrupted(signum: int, state: IntentState, error: SeedanceError) -> Interrupted:
    if state is not IntentState.UNKNOWN:
        words = "nothing was sent" if state is IntentState.NOT_SENT else error.message
        error = Stopped(f"interrupted; {words}", intent=error.intent, provider=error.provider)
    return Interrupted(signum, error)

"""What the answer to a paid POST means, and what of it is kept as evidence (contract, 6.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.errors import OutcomeUnknown, RateLimited, SeedanceError
from seedance_cli.http import FaultKind, refusal, status_of, unreachable, words
from seedance_cli.models import HttpResponse, IntentState, make_ref, request_left, sentences
from seedance_cli.providers import unreadable

if TYPE_CHECKING:
    from seedance_cli.http import Reply
    from seedance_cli.models import JsonObject, Task
    from seedance_cli.providers import Provider
    from seedance_cli.system import Clock
    from seedance_cli.tasks.channel import Channel

_CONNECT_PAUSE = 1.0
"""Seconds before the next try where no connection came about."""
_RATE_LIMIT_PAUSE = 10.0
"""Seconds, where the provider names none: runbase counts per 10 s (providers.md)."""
_EVIDENCE_BYTES = 4096
_ACCEPTED = range(200, 300)
_UNCLEAR = frozenset({408, 409, 425, 499})
_REDIRECT_REFUSALS = frozenset({301, 307, 308})


class Verdict(NamedTuple):
    """What the answer to a paid POST means."""

    state: IntentState
    task: Task | None = None
    error: SeedanceError | None = None
    again_after: float | None = None
    """Seconds after which the same POST may be sent again; None: it may not."""
    what: str = ""
    """What came, where nobody knows what became of the request."""


def classify(provider: Provider, reply: Reply, clock: Clock, path: str = "") -> Verdict:
    """What became of a paid POST: from what was done on the wire, never from an exception's class.

    Contract, section 6.4. Pure but for the date in a `Retry-After`.
    """
    response = reply.response
    if response is None:
        return _judge_silence(provider, reply, path)
    if response.status in _ACCEPTED:
        return _judge_success(provider, reply, response, clock, path)
    return _judge_failure(provider, reply, response, clock, path)


def _judge_failure(
    provider: Provider,
    reply: Reply,
    response: HttpResponse,
    clock: Clock,
    path: str,
    *,
    meant: int | None = None,
) -> Verdict:
    """What an answer means that is no acceptance.

    Args:
        provider: whose it is.
        reply: all that came.
        response: the answer in it.
        clock: for the date in a `Retry-After`.
        path: of the POST.
        meant: the status that its body states, where its HTTP status is another one.
    """
    status = meant or response.status
    if status in _UNCLEAR or status >= 500:  # noqa: PLR2004 - HTTP's own classes
        said = words(provider, response)
        return unclear(
            provider,
            reply,
            f"the answer is HTTP {response.status}" + (f" ({said})" if said else ""),
        )
    if status < 400 and status not in _REDIRECT_REFUSALS:  # noqa: PLR2004
        return unclear(provider, reply, f"the answer is HTTP {status}")
    refused = refusal(provider, response, clock, meant)
    if status in _REDIRECT_REFUSALS:
        hint = "a redirect is never followed on a paid request; look at the endpoint's URL"
        refused = refused.but(hint=hint)
    again, named = None, provider.accepted(response, path)
    if named is not None:
        refused = _naming(refused, make_ref(provider.info.name, named.task_id))
    elif provider.names_something(response):
        has_one = "Its answer has an id all the same, which cannot be used"
        message = sentences(refused.message, has_one)
        hint = f"look on the site of {provider.info.name} before you run it again"
        refused = refused.but(message=message, hint=hint, retry_safe=False)
    if isinstance(refused, RateLimited) and meant is None:
        problem = provider.problem(response)
        if named is not None:  # perhaps a limit that speaks of the next request
            return unclear(provider, reply, f"the answer is HTTP {status}, and has a task's id")
        if problem is not None and problem.code in provider.info.lasting_codes:
            refused = refused.but(lasting=True)
        elif problem is not None and problem.code in provider.info.retry_codes:
            again = _RATE_LIMIT_PAUSE if refused.retry_after is None else refused.retry_after
    return Verdict(IntentState.REFUSED, error=refused, again_after=again)


def _naming(refused: SeedanceError, ref: str) -> SeedanceError:
    """A refusal whose answer names a task all the same: it counts as told, and so does the id."""
    look = f"seedance status {ref}"
    named = f"Its answer names a task all the same, {ref}, which may run and be charged"
    return refused.but(
        message=sentences(refused.message, named),
        hint=f"{refused.hint}; {look}" if refused.hint else look,
        retry_safe=False,
    )


def _judge_silence(provider: Provider, reply: Reply, path: str) -> Verdict:
    """What it means that no answer came; an id in what is no HTTP is paid for all the same."""
    if not reply.left:
        return _not_sent(provider, reply)
    if not reply.raw:
        return unclear(provider, reply, "no answer came" + _because(reply))
    status = status_of(reply.raw)
    if status is None or status in _ACCEPTED:
        body = reply.raw[max(0, reply.raw.find(b"{")) :]
        task = provider.accepted(HttpResponse(status=200, headers={}, body=body), path)
        if task is not None:
            return Verdict(IntentState.ACCEPTED, task=task)
    return unclear(provider, reply, "what came is no HTTP answer" + _because(reply))


def _not_sent(provider: Provider, reply: Reply) -> Verdict:
    pause = _CONNECT_PAUSE if reply.fault and reply.fault.kind is FaultKind.CONNECT else None
    error = unreachable(provider, reply.fault)
    error = error.but(message=f"{error.message}; nothing was sent")
    return Verdict(IntentState.NOT_SENT, error=error, again_after=pause)


def _judge_success(
    provider: Provider, reply: Reply, response: HttpResponse, clock: Clock, path: str
) -> Verdict:
    # Of an answer that was cut, an id that came whole is whole: it is paid for.
    task = provider.accepted(response, path)
    if task is not None:
        return Verdict(IntentState.ACCEPTED, task=task)
    if reply.fault is not None:
        unread = reply.fault.kind is FaultKind.ENCODED
        what = "the answer cannot be read" if unread else "the answer was cut"
        return unclear(provider, reply, what + _because(reply))
    problem = provider.problem(response)
    if problem is None:
        what = unreadable(response.body) or "the answer has no usable task id"
        return unclear(provider, reply, what)
    if provider.names_something(response):  # a task may run under an id that cannot be used
        what = f"the answer has an id that cannot be used, and says: {problem.words}"
        return unclear(provider, reply, what)
    if problem.status is None:
        return unclear(provider, reply, f"the answer has no task id, but says: {problem.words}")
    return _judge_failure(provider, reply, response, clock, path, meant=problem.status)


def evidence_of(reply: Reply, channel: Channel, clock: Clock, path: str) -> JsonObject:
    """What came back, for who asks later: status, fault, the provider's words, without the key."""
    evidence: JsonObject = {"at": clock.now().isoformat(), "left": reply.left}
    if reply.fault is not None:
        evidence["fault"] = reply.fault.text
    if reply.response is not None:
        evidence["http_status"] = reply.response.status
        said = words(channel.provider, reply.response)
        if said:
            evidence["said"] = channel.api.hide(said)
    came = reply.raw if reply.response is None else reply.response.body
    if came or reply.response is not None:
        text = came[:_EVIDENCE_BYTES].decode("utf-8", "backslashreplace")
        evidence["body"] = channel.api.hide(text)
    named = None if reply.response is None else channel.provider.accepted(reply.response, path)
    if named is not None and channel.api.hide(named.task_id) == named.task_id:
        evidence["task_id"] = named.task_id
    return evidence


def unclear(provider: Provider, reply: Reply, what: str) -> Verdict:
    """The verdict where nobody knows whether there is a task; `what` says what came."""
    name = provider.info.name
    error = OutcomeUnknown(
        sentences(what, request_left(name, sandbox=False)),
        hint="do not run it again before: seedance recover",
        provider=name,
        http_status=None if reply.response is None else reply.response.status,
        retry_safe=False,
    )
    return Verdict(IntentState.UNKNOWN, error=error, what=what)


def uncharged(verdict: Verdict, provider: Provider) -> Verdict:
    """The verdict in the words of the sandbox, where nothing costs anything."""
    if verdict.error is None or not verdict.what:
        return verdict
    text = sentences(verdict.what, request_left(provider.info.name, sandbox=True))
    return verdict._replace(error=verdict.error.but(message=text))


def _because(reply: Reply) -> str:
    return f" ({reply.fault.text.removesuffix('.')})" if reply.fault is not None else ""

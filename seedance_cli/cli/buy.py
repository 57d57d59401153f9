"""From a request as it was typed to a task that is paid for: what every paying command does.

`order` checks and words the request, `pay` sends it. In between nothing is written.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from seedance_cli import providers, tasks
from seedance_cli.cli import local_files
from seedance_cli.cli import request as _request
from seedance_cli.cli.output.documents import task_object
from seedance_cli.cli.places import target_of
from seedance_cli.errors import OutcomeUnknown, OverMaxCost, UsageError, WriteFailed
from seedance_cli.models import (
    Conditions,
    Found,
    Status,
    Submission,
    Task,
    is_loopback,
    name_fault,
    price_text,
    timestamp,
    told,
)

if TYPE_CHECKING:
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.cli.request_options import NameOptions, PayOptions
    from seedance_cli.cli.session import Session
    from seedance_cli.cli.wanted import Wanted
    from seedance_cli.config import Settings
    from seedance_cli.models import HttpRequest, Price, VideoRequest
    from seedance_cli.providers import Provider
    from seedance_cli.tasks import Limit, LocalMedia, Payment


class Order(NamedTuple):
    """A request that may be sent: checked, and worded by its provider."""

    settings: Settings
    provider: Provider
    video: VideoRequest
    request: HttpRequest
    local: LocalMedia
    """The request's local files."""


class Terms(NamedTuple):
    """What has to hold for an order to be paid, and what is to become of its task."""

    limit: Limit | None = None
    """`--max-cost`."""
    again: bool = False
    """Although an identical request is unresolved."""
    wanted: Wanted | None = None
    """What the command waits for; None: the ref is its result."""
    name: str | None = None
    """`--name`."""
    retry_failed: bool = False

    @property
    def repeatable(self) -> bool:
        """Whether the same command again pays nothing again, whatever became of this one."""
        return self.name is not None and not self.retry_failed


def terms(options: PayOptions, wanted: Wanted | None, naming: NameOptions | None = None) -> Terms:
    """The options of a command that pays, as values.

    Raises:
        UsageError: a `--max-cost` that is no amount, or a name that is none.
    """
    limit = None if options.max_cost is None else tasks.pricing.parse_limit(options.max_cost)
    name, retry_failed = naming or (None, False)
    if name is not None:
        fault = name_fault(name)
        if fault is not None:
            raise UsageError(f"--name {told(name)} {fault}", hint="for example --name scene-08")
        if options.again:
            raise UsageError(
                "--name and --again contradict each other: a name is paid for once",
                hint="another name pays for another task; --retry-failed, for one that failed",
            )
    elif retry_failed:
        raise UsageError("--retry-failed needs --name", hint="--again pays for the same once more")
    made = Terms(limit, options.again, wanted, name, retry_failed)
    if wanted is None:
        return made
    return made._replace(wanted=replace(wanted, repeatable=made.repeatable))


def order(session: Session, settings: Settings, typed: VideoRequest, *, free: bool) -> Order:
    """Choose the model, fill in the profile's defaults, check everything, and word the request.

    Args:
        session: its output takes what is said on the way.
        settings: provider, endpoint and profile.
        typed: what the user asked for.
        free: whether values outside the documented sets are let through.

    Raises:
        UsageError: the provider does not take the request.
    """
    provider = providers.get(settings.provider)
    info = provider.info
    warn = partial(session.once, session.out.warn)
    video = _request.with_defaults(typed, settings, info, warn)
    model, chosen = tasks.validate.model_for(info, video.model, free=free)
    video = replace(video, model=model)
    loopback = settings.sandbox or is_loopback(settings.endpoint)
    tasks.check(info, video, endpoint_is_loopback=loopback, free=free)
    if chosen:
        line = f"model {model} (the first that {info.name} lists; -m chooses another)"
        session.once(session.out.note, line)
    local = local_files.read(session, settings, info, video, free=free)
    return Order(settings, provider, local.video, provider.request(local.video), local)


def price(session: Session, order: Order, limit: Limit | None) -> Price | None:
    """What the order is expected to cost, by the provider's list and the ledger; None: unknown."""
    return tasks.pricing.expected(
        order.provider,
        order.settings.endpoint,
        order.request,
        session.ledger(),
        sandbox=order.settings.sandbox,
        limit=limit,
    )


def pay(session: Session, order: Order, terms: Terms, payment: Payment) -> None:
    """Send the request, once nothing is left that would keep its result from the user.

    Args:
        session: what the command works with.
        order: what to pay for.
        terms: what has to hold.
        payment: takes what is known, at every step; with the submission at the end.

    Raises:
        UsageError: a file of the target's name exists.
        OverMaxCost: it may cost more than the terms allow.
        SeedanceError: as `tasks.submit`.
    """
    out = session.out
    payment.repeatable = terms.repeatable
    out.check_stdout()
    _check_target(session, order, terms)
    channel = session.channel(order.settings)
    ledger = session.ledger_for_paying()
    expected = price(session, order, terms.limit)
    conditions = Conditions(
        again=terms.again,
        name=terms.name,
        retry_failed=terms.retry_failed,
        too_dear=_too_dear(session, order, terms.limit, expected),
        price=expected,
    )
    try:
        tasks.submit(
            channel,
            order.video,
            order.request,
            ledger,
            session.clock,
            payment=payment,
            announce=partial(_announce, out, payment, on_stdout=not (terms.wanted or out.json)),
            conditions=conditions,
            waiting=partial(_waiting, out),
            content=local_files.content(session, order, channel),
        )
    except OutcomeUnknown as error:
        if payment.submission is None and error.intent is not None:
            with suppress(WriteFailed):
                payment.blocked_by = next(iter(ledger.get(error.intent)), None)
        raise


def document(payment: Payment) -> object | None:
    """What stdout has to have with `--json`, whatever ends the command."""
    row = payment.submission if payment.bought else payment.blocked_by
    if row is None:
        return None
    return task_object(row)


def tell_of_kin(session: Session, order: Order, payment: Payment) -> None:
    """Say what else the ledger has of the request that was paid for."""
    submission = payment.submission
    assert submission is not None
    out, ref, when = session.out, submission.ref, timestamp(submission.submitted_at)
    if payment.found is Found.NAMED:
        _tell_of_name(out, order, submission)
        return
    if submission.attempt > 1:
        out.note(f"{ref} is attempt {submission.attempt} under the name {submission.name}")
    if payment.found is Found.UNTOLD:
        out.note(
            f"nothing was sent: the same request was accepted at {when} as {ref}, and the command"
            " that sent it ended before it could say so; --again pays for another one"
        )
    with suppress(WriteFailed):
        kin = session.ledger().kin(submission)
        if kin.first is not None:
            since = timestamp(kin.first.submitted_at or kin.first.created_at)
            out.note(
                f"{ref} is known since {since}: {submission.provider} took this request and that"
                " one for the same"
            )
        if kin.running is not None and submission.name is None:
            since = timestamp(kin.running.submitted_at)
            out.note(
                f"the same request runs already as {kin.running.ref}, submitted at {since}; with"
                " --name NAME the same command, given again, would have paid nothing again"
            )


def _tell_of_name(out: Output, order: Order, known: Submission) -> None:
    """Say that the name's task was paid for before, and what of today's request it has not."""
    when = timestamp(known.submitted_at or known.created_at)
    out.note(f"nothing was sent: {known.name} was submitted at {when} as {known.ref}")
    asked, video = known.request, order.video
    if asked is None:
        return
    if asked.metadata != video.metadata:
        out.note(f"{known.ref} keeps the metadata that it was submitted with")
    if asked.callback_url != video.callback_url:
        out.note(f"{known.ref} keeps the callback URL that it was submitted with")


def _check_target(session: Session, order: Order, terms: Terms) -> None:
    """Find a file that exists or cannot be written before anything is paid."""
    wanted = terms.wanted
    if wanted is None or not wanted.download or wanted.output == "-":
        return
    if _stands(session, order, terms):  # nothing will be paid, and the file may be that task's own
        return
    settings = order.settings
    # A name that has the task's id in it is only known later; its folder is known now.
    one, other = (
        target_of(
            session,
            Submission(
                provider=settings.provider,
                endpoint=settings.endpoint,
                sandbox=settings.sandbox,
                request=order.video,
                name=terms.name,
                task=Task(task_id=task_id, status=Status.UNKNOWN),
            ),
            1,
            wanted.output,
        )
        for task_id in ("a", "b")
    )
    tasks.check_target(one, force=wanted.force or one != other)


def _stands(session: Session, order: Order, terms: Terms) -> bool:
    """Whether a task stands for the order under its name already, and none will be paid for."""
    if terms.name is None:
        return False
    known = session.ledger().standing(terms.name, sandbox=order.settings.sandbox)
    if known is None or known.task is None:
        return False
    return not terms.retry_failed or known.status is Status.SUCCEEDED


def _too_dear(
    session: Session, order: Order, limit: Limit | None, expected: Price | None
) -> OverMaxCost | None:
    """Why `--max-cost` refuses the order; None if it does not."""
    if limit is None:
        return None
    try:
        tasks.pricing.check(limit, expected, order.provider)
    except OverMaxCost as error:
        return error
    if expected is not None and expected.basis == "charged":
        session.out.note(f"expected: {price_text(expected)}, the most charged for one like it")
    return None


def _waiting(out: Output, row: Submission) -> None:
    out.note(f"{row.name} is being submitted by another process; waiting for its outcome")


def _announce(out: Output, payment: Payment, *, on_stdout: bool) -> None:
    """Put the ref on a stream, at once where both are read.

    Args:
        out: the streams.
        payment: whose ref it is; takes note that it is told.
        on_stdout: whether it is the command's result.

    Raises:
        WriteFailed: stdout, whose result it is, did not take it; stderr was tried then.
    """
    ref, lost = payment.ref or "", payment.error is not None
    if lost or not (on_stdout and out.ready()):
        payment.told = out.always(f"submitted {ref}")
    if not on_stdout and (out.json or not lost):
        return
    try:
        out.result(ref)
    except WriteFailed:
        if not payment.told:
            payment.told = out.always(f"submitted {ref}")
        if not lost:
            raise
    else:
        payment.told = True

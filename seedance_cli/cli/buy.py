"""From a request as it was typed to a task that is paid for: what every paying command does.

`order` checks and words the request, `pay` sends it. In between nothing is written.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from seedance_cli import providers, tasks
from seedance_cli.cli import request as _request
from seedance_cli.cli.output.documents import task_object
from seedance_cli.cli.places import target_of
from seedance_cli.errors import OutcomeUnknown, WriteFailed
from seedance_cli.models import (
    Conditions,
    Found,
    Status,
    Submission,
    Task,
    is_loopback,
    price_text,
    timestamp,
)

if TYPE_CHECKING:
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.cli.request_options import PayOptions
    from seedance_cli.cli.session import Session
    from seedance_cli.cli.wanted import Wanted
    from seedance_cli.config import Settings
    from seedance_cli.models import HttpRequest, Price, VideoRequest
    from seedance_cli.providers import Provider
    from seedance_cli.tasks import Limit, Payment


class Order(NamedTuple):
    """A request that may be sent: checked, and worded by its provider."""

    settings: Settings
    provider: Provider
    video: VideoRequest
    request: HttpRequest


class Terms(NamedTuple):
    """What has to hold for an order to be paid, and what is to become of its task."""

    limit: Limit | None = None
    """`--max-cost`."""
    again: bool = False
    """Although an identical request is unresolved."""
    wanted: Wanted | None = None
    """What the command waits for; None: the ref is its result."""


def terms(options: PayOptions, wanted: Wanted | None) -> Terms:
    """The options of a command that pays, as values.

    Raises:
        UsageError: a `--max-cost` that is no amount.
    """
    limit = None if options.max_cost is None else tasks.pricing.parse_limit(options.max_cost)
    return Terms(limit, options.again, wanted)


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
    video = _request.with_defaults(typed, settings, info, session.out)
    model, chosen = tasks.validate.model_for(info, video.model, free=free)
    video = replace(video, model=model)
    loopback = settings.sandbox or is_loopback(settings.endpoint)
    tasks.check(info, video, endpoint_is_loopback=loopback, free=free)
    if chosen:
        session.out.note(f"model {model} (the first that {info.name} lists; -m chooses another)")
    return Order(settings, provider, video, provider.request(video))


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
    out.check_stdout()
    _check_target(session, order, terms.wanted)
    channel = session.channel(order.settings)
    ledger = session.ledger_for_paying()
    expected = price(session, order, terms.limit)
    if terms.limit is not None:
        _check_price(session, order, terms.limit, expected)
    try:
        tasks.submit(
            channel,
            order.video,
            order.request,
            ledger,
            session.clock,
            payment=payment,
            announce=partial(_announce, out, payment, on_stdout=not (terms.wanted or out.json)),
            conditions=Conditions(again=terms.again, price=expected),
            waiting=partial(_waiting, out),
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


def tell_of_kin(session: Session, payment: Payment) -> None:
    """Say what else the ledger has of the request that was paid for."""
    submission = payment.submission
    assert submission is not None
    ref, when = submission.ref, timestamp(submission.submitted_at)
    if payment.found is Found.UNTOLD:
        session.out.note(
            f"nothing was sent: the same request was accepted at {when} as {ref}, and the command"
            " that sent it ended before it could say so; --again pays for another one"
        )
    with suppress(WriteFailed):
        kin = session.ledger().kin(submission)
        if kin.first is not None:
            since = timestamp(kin.first.submitted_at or kin.first.created_at)
            session.out.note(
                f"{ref} is known since {since}: {submission.provider} took this request and that"
                " one for the same"
            )
        if kin.running is not None:
            since = timestamp(kin.running.submitted_at)
            session.out.note(
                f"the same request runs already as {kin.running.ref}, submitted at {since}"
            )


def _check_target(session: Session, order: Order, wanted: Wanted | None) -> None:
    """Find a file that exists or cannot be written before anything is paid."""
    if wanted is None or not wanted.download or wanted.output == "-":
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
                task=Task(task_id=task_id, status=Status.UNKNOWN),
            ),
            1,
            wanted.output,
        )
        for task_id in ("a", "b")
    )
    tasks.check_target(one, force=wanted.force or one != other)


def _check_price(session: Session, order: Order, limit: Limit, expected: Price | None) -> None:
    tasks.pricing.check(limit, expected, order.provider)
    if expected is not None and expected.basis == "charged":
        session.out.note(f"expected: {price_text(expected)}, the most charged for one like it")


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

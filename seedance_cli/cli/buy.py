"""From a request as it was typed to a task that is paid for: what every paying command does.

`order` checks and words the request, `pay` sends it. In between nothing is written.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from seedance_cli import providers, tasks
from seedance_cli._named import NamedTuple
from seedance_cli.cli import kin, local_files
from seedance_cli.cli import request as _request
from seedance_cli.cli.output.documents import task_object
from seedance_cli.cli.places import check_new_target, stands
from seedance_cli.errors import OutcomeUnknown, OverBudget, OverMaxCost, UsageError, WriteFailed
from seedance_cli.models import (
    Conditions,
    Purchase,
    Submission,
    fingerprint,
    fingerprints,
    is_loopback,
    name_fault,
    one_form,
    price_text,
    told,
)

if TYPE_CHECKING:
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.cli.request_options import NameOptions, PayOptions
    from seedance_cli.cli.session import Session
    from seedance_cli.cli.wait_request import WaitRequest
    from seedance_cli.config import Settings
    from seedance_cli.models import (
        Amount,
        HttpRequest,
        Price,
        PricedFields,
        PriceToday,
        Used,
        VideoRequest,
    )
    from seedance_cli.providers import Provider
    from seedance_cli.tasks import LocalMedia, Payment


class Order(NamedTuple):
    """A request that may be sent: checked, and worded by its provider."""

    settings: Settings
    provider: Provider
    video: VideoRequest
    request: HttpRequest
    local: LocalMedia
    """The request's local files."""
    chosen: bool = False
    """Whether its model is the first of several, for want of another."""


class Terms(NamedTuple):
    """What has to hold for an order to be paid, and what is to become of its task."""

    limit: Amount | None = None
    """`--max-cost`."""
    again: bool = False
    """Although an identical request is unresolved."""
    wanted: WaitRequest | None = None
    """What the command waits for; None: the ref is its result."""
    name: str | None = None
    """`--name`."""
    retry_failed: bool = False
    retry_ended: bool = False
    """Another attempt though the name's task has succeeded."""
    batch: str | None = None
    """Of which batch it is a row."""
    row: str | None = None

    @property
    def repeatable(self) -> bool:
        """Whether the same command again pays nothing again, whatever became of this one."""
        return self.name is not None and not self.retry_failed

    def ref_on_stdout(self, out: Output) -> bool:
        """Whether the ref itself is the command's result."""
        return self.wanted is None and not out.json


def terms(
    options: PayOptions, wanted: WaitRequest | None, naming: NameOptions | None = None
) -> Terms:
    """The options of a command that pays, as values.

    Raises:
        UsageError: a `--max-cost` that is no amount, or a name that is none.
    """
    limit = None if options.max_cost is None else tasks.pricing.parse_limit(options.max_cost)
    name, retry_failed = naming or (None, False)
    if name is not None:
        name = one_form(name)
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
    return made._replace(wanted=wanted._replace(repeatable=made.repeatable))


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
    info = providers.get(settings.provider).info
    warn = partial(session.once, session.out.warn)
    video = _request.with_defaults(typed, settings, info, warn)
    return reorder(session, settings, video, free=free)


def reorder(session: Session, settings: Settings, video: VideoRequest, *, free: bool) -> Order:
    """The order of a request that a row records: without the profile's defaults of today.

    Else as `order`.
    """
    provider = providers.get(settings.provider)
    info = provider.info
    model, chosen = tasks.validate.model_for(info, video.model, free=free)
    video = video._replace(model=model)
    loopback = settings.sandbox or is_loopback(settings.endpoint)
    tasks.check(info, video, endpoint_is_loopback=loopback, free=free)
    chosen = chosen and len(info.models) > 1
    local = local_files.read(session, settings, info, video, free=free)
    return Order(settings, provider, local.video, provider.request(local.video), local, chosen)


def name_model(session: Session, order: Order) -> None:
    """Say which model was taken, unless it was asked for or there is no other."""
    if order.chosen:
        why = f"the first that {order.provider.info.name} lists; -m chooses another"
        session.once(session.out.note, f"model {order.video.model} ({why})")


def price(session: Session, order: Order, limit: Amount | None) -> Price | None:
    """What the order is expected to cost today; None: not known.

    Args:
        session: its ledger knows what was charged.
        order: what would be paid for.
        limit: whose unit is wanted, where charges have several; else that of a budget.
    """
    fields = order.provider.priced(order.request)
    return _expected(session, order, limit, order.settings.endpoint, fields)


def price_today(session: Session, order: Order, limit: Amount | None = None) -> PriceToday:
    """The prices of other requests at the order's provider, for what was submitted without one."""
    return partial(_expected, session, order, limit)


def conditions(session: Session, order: Order, terms: Terms) -> Conditions:
    """The terms as the ledger takes them, with today's price and the budgets of the configuration.

    Raises:
        UsageError: `--max-cost` has no unit, and the provider states one.
    """
    limit = terms.limit
    if limit is not None:
        tasks.pricing.check_unit(limit, order.provider.info)
    expected = price(session, order, limit)
    return Conditions(
        again=terms.again,
        name=terms.name,
        retry_failed=terms.retry_failed,
        retry_ended=terms.retry_ended,
        batch=terms.batch,
        row=terms.row,
        too_dear=_too_dear(session, order, limit, expected),
        price=expected,
        budgets=order.settings.budgets,
        price_today=price_today(session, order, limit),
    )


def purchase(order: Order, conditions: Conditions | None = None) -> Purchase:
    """The order as the ledger compares it with what it has; not to be paid for as it is."""
    settings = order.settings
    place = (settings.provider, settings.endpoint, settings.sandbox)
    return Purchase(
        provider=settings.provider,
        endpoint=settings.endpoint,
        sandbox=settings.sandbox,
        request=order.video,
        fingerprints=fingerprints(*place, order.provider.bought(order.request)),
        conditions=conditions or Conditions(),
    )


def mark(order: Order) -> str:
    """The order's fingerprint by the newest rule."""
    settings = order.settings
    place = (settings.provider, settings.endpoint, settings.sandbox)
    return fingerprint(*place, order.provider.bought(order.request))


def used(session: Session, order: Order, conditions: Conditions) -> list[Used]:
    """What is used of the provider's budgets, as far as they bind the order."""
    if conditions.budgets is None:
        return []
    name = order.provider.info.name
    return session.ledger().used(name, conditions.budgets, conditions.price_today)


def over_budget(session: Session, order: Order, conditions: Conditions) -> OverBudget | None:
    """Why the budgets would refuse the order now; None if they would not."""
    fields = order.provider.priced(order.request)
    return session.ledger().over_budget(order.provider.info.name, fields, conditions)


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
    if terms.limit is not None:
        tasks.pricing.check_unit(terms.limit, order.provider.info)
    check_new_target(session, order, terms)
    channel = session.channel(order.settings)
    ledger = session.ledger_for_paying(sandbox=order.settings.sandbox)
    if not stands(session, order, terms):
        name_model(session, order)
    try:
        tasks.submit(
            channel,
            order.video,
            order.request,
            ledger,
            session.clock,
            payment=payment,
            announce=partial(announce, out, payment, on_stdout=terms.ref_on_stdout(out)),
            conditions=conditions(session, order, terms),
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
    return None if row is None else task_object(row)


def _expected(
    session: Session, order: Order, limit: Amount | None, endpoint: str, fields: PricedFields | None
) -> Price | None:
    """What a request with these fields costs at the order's provider today."""
    settings = order.settings
    bounds = [one for one in (limit, *(settings.budgets or ())) if one is not None]
    return tasks.pricing.expected(
        order.provider,
        endpoint,
        fields,
        session.ledger(),
        sandbox=settings.sandbox,
        own=settings.prices,
        unit=bounds[0].unit if bounds else None,
    )


def _too_dear(
    session: Session, order: Order, limit: Amount | None, expected: Price | None
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


def announce(out: Output, payment: Payment, *, on_stdout: bool, name: str = "") -> None:
    """Put the ref on a stream, at once where both are read.

    Args:
        out: the streams.
        payment: whose ref it is; takes note that it is told.
        on_stdout: whether it is the command's result.
        name: whose task it is, for a person, where the command has several.

    Raises:
        WriteFailed: stdout, whose result it is, did not take it; stderr was tried then.
    """
    ref, lost = payment.ref or "", payment.error is not None
    words = f"submitted {ref} ({name})" if name else kin.submitted(payment)
    if lost or not (on_stdout and out.ready()):
        payment.told = out.always(words)
    if not on_stdout and (out.json or not lost):
        return
    try:
        out.result(ref)
    except WriteFailed:
        if not payment.told:
            payment.told = out.always(words)
        if not lost:
            raise
    else:
        payment.told = True

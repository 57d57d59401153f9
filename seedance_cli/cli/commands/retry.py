"""`seedance retry`: the same requests again, as new payments."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING

from seedance_cli import cli, tasks
from seedance_cli._named import NamedTuple
from seedance_cli.cli import options as _options
from seedance_cli.cli import request_options as _wishes
from seedance_cli.cli.command import Run, command
from seedance_cli.errors import OverMaxCost, SeedanceError, UsageError, WriteFailed
from seedance_cli.models import Found, with_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.cli.buy import Order, Terms
    from seedance_cli.cli.session import Session
    from seedance_cli.cli.wait_request import WaitRequest
    from seedance_cli.models import Submission
    from seedance_cli.tasks import TaskKey

EXAMPLES = (
    "seedance retry seedance2ink:req_1234567890",
    'seedance retry scene-08 --download --max-cost "0.5 USD"',
    "seedance retry scene-08 scene-09 --wait",
)
_REFUSED = 4
"""The exit code of a refusal, after which the next request may be sent."""


class _Purchase(NamedTuple):
    """A recorded request that is to be paid for once more."""

    row: Submission
    order: Order
    terms: Terms


@command(remote=True)
def retry(
    run: Run,
    refs: _options.NamedRefs,
    *,
    no_validate: _wishes.NoValidate = False,
    dry_run: _wishes.DryRun = False,
    pay: _wishes.PayOptions,
    wait: _options.Wait = False,
    result: _options.ResultOptions,
) -> int:
    """Submit the same request again, as a new payment, to the same provider.

    A task under a name becomes the next attempt of its name, once it has ended. Endpoint, key and
    profile are today's. With several tasks --max-cost bounds the sum.
    """
    wanted = cli.wait_request.for_generate(run.out, result, wait=wait)
    terms = cli.buy.terms(pay, wanted)
    one = len(refs) == 1
    with run.session(write=not dry_run) as session:
        session.verb = "retry"
        if wanted is not None:
            cli.places.check_output(session, wanted, one=one, several="submits several requests")
            terms = terms._replace(wanted=wanted._replace(one=one))
        if dry_run and not one:
            raise UsageError("--dry-run shows one request", hint="give one REF")
        session.readable_ledger()  # nobody else knows what was asked for
        rows = cli.find(session, refs, changes=True)
        purchases = [_purchase(session, row, terms, free=no_validate) for row in rows]
        if dry_run:
            return cli.dry_run.dry_run(session, purchases[0].order, purchases[0].terms)
        if not one:
            purchases = _within_the_sum(session, purchases, terms)
        return _Retry(run, session, purchases, one=one).run()


def _purchase(session: Session, row: Submission, terms: Terms, *, free: bool) -> _Purchase:
    """What has to be paid to have the request of a row once more; nothing is sent.

    Raises:
        SeedanceError: it cannot be, and why.
    """
    if row.task is None:
        session.out.owe(lambda: cli.task_object(row))
        raise _without_a_task(session, row)
    if row.request is None:
        raise UsageError(
            f"{row.ref} was not submitted from this machine: what it asked for is not known here",
            hint='seedance generate "…"',
        )
    sandbox = row.sandbox or session.sandbox
    if row.name is not None:
        if terms.again:
            raise UsageError(
                f"--again and the name {row.name} contradict each other",
                hint=f"without --again it becomes the next attempt of {row.name}",
            )
        if row.sandbox == sandbox:  # else the name is another one there
            _check_ended(session, row)
        terms = terms._replace(
            name=row.name, retry_failed=True, retry_ended=True, batch=row.batch, row=row.row
        )
    settings = session.settings(provider=row.provider, sandbox=sandbox)
    if not sandbox and row.endpoint != settings.endpoint:
        text = f"{row.ref} was submitted to {row.endpoint}; this goes to {settings.endpoint}"
        session.out.warn(text)
    return _Purchase(row, cli.buy.reorder(session, settings, row.request, free=free), terms)


def _without_a_task(session: Session, row: Submission) -> SeedanceError:
    """Why there is nothing to submit again; and what there is, where an earlier attempt has one."""
    error = tasks.no_task(row)
    known = None
    if row.name is not None:
        known = session.ledger().standing(row.name, sandbox=row.sandbox)
    if known is None or known.task is None:
        return error
    return error.but(hint=f"seedance retry {known.ref} makes another attempt of {row.name}")


def _check_ended(session: Session, row: Submission) -> None:
    """Refuse another attempt as long as one under the name may still bring its video.

    Raises:
        UsageError: one is not known to have ended, though its provider was asked.
    """
    assert row.name is not None
    newest = session.ledger().standing(row.name, sandbox=row.sandbox) or row
    if newest.task is None or newest.status.terminal:
        return  # of one without a task the ledger decides when the request is about to leave
    with suppress(SeedanceError):
        newest = tasks.read_patiently(session.target(newest), session.clock)
        assert newest.task is not None
        newest = session.ledger().observe(newest, newest.task)
    if not newest.status.terminal:
        raise UsageError(
            f"{row.name} ({newest.ref}) is {newest.status}: it becomes another attempt once it has"
            " ended; nothing was sent",
            hint=f"seedance wait {newest.ref}",
        )


def _within_the_sum(
    session: Session, purchases: Sequence[_Purchase], terms: Terms
) -> list[_Purchase]:
    """The purchases, each with what `--max-cost` leaves for it.

    Raises:
        OverMaxCost: they may cost more together, or what one costs is not known.
        UsageError: `--max-cost` has no unit, and a provider states one.
    """
    limit = terms.limit
    if limit is None:
        return list(purchases)
    total, found = Decimal(0), []
    for one in purchases:
        tasks.pricing.check_unit(limit, one.order.provider.info)
        price = cli.buy.price(session, one.order, limit)
        tasks.pricing.check(limit, price, one.order.provider)
        assert price is not None
        left = limit._replace(amount=limit.amount - total)
        found.append(one._replace(terms=one.terms._replace(limit=left)))
        total += price.amount
    if total > limit.amount:
        raise OverMaxCost(
            f"these {len(purchases)} requests cost {with_unit(total, limit.unit)}, more than"
            f" --max-cost {str(limit)!r}; nothing was sent",
            hint=f"--max-cost {with_unit(total, limit.unit)!r}, or fewer tasks",
        )
    return found


class _Retry:
    """The payments of one command, one after the other, and what came of them."""

    def __init__(
        self, run: Run, session: Session, purchases: Sequence[_Purchase], *, one: bool
    ) -> None:
        self._payment = run.payment
        self._out = run.out
        self._session = session
        self._purchases = purchases
        self._one = one
        self._known: list[Submission] = []
        """What came of each payment, in order."""
        self._failures: dict[TaskKey, list[SeedanceError]] = {}

    def run(self) -> int:
        """Pay, then wait as far as that is wanted; the exit code."""
        self._out.owe(self._document)
        cli.promise(self._session, self._document)
        for number, purchase in enumerate(self._purchases):
            if number:
                self._payment.forget()
            error = self._pay(purchase)
            if error is not None and error.exit_code != _REFUSED:
                self._name_the_rest(number + 1)
                break
        if any(one.task is not None for one in self._known):
            # The same command again would pay for these once more.
            for key, errors in self._failures.items():
                self._failures[key] = [one.but(retry_safe=False) for one in errors]
        wanted = self._purchases[0].terms.wanted
        code = self._report() if wanted is None else self._follow(wanted)
        self._payment.done = True
        return code

    def _pay(self, purchase: _Purchase) -> SeedanceError | None:
        """Pay for one; why it brought no task, where the command goes on without."""
        row, payment = purchase.row, self._payment
        if row.intent is not None and not row.told:  # whoever names it knows it
            with suppress(WriteFailed):
                self._session.ledger_for_paying(sandbox=row.sandbox).told(row.intent)
        try:
            cli.buy.pay(self._session, purchase.order, purchase.terms, payment)
        except SeedanceError as error:
            if self._one:
                raise
            return self._failed(purchase, error)
        assert payment.submission is not None
        self._known.append(payment.submission)
        cli.kin.tell_of_kin(self._session, purchase.order, payment, purchase.terms)
        if row.name is None and payment.found is Found.NEW:
            paid = "" if payment.submission.sandbox else ", as a new payment"
            self._out.note(f"{payment.ref} is the request of {row.ref} again{paid}")
        return None

    def _failed(self, purchase: _Purchase, error: SeedanceError) -> SeedanceError:
        """Take a failure among several, and tell of it."""
        told = self._payment.concerned(error)
        told = told.but(message=f"{tasks.called(purchase.row)}: {told.message}")
        self._out.complain(told)
        row = self._payment.submission or self._payment.blocked_by
        if row is not None:
            self._known.append(row)
        self._failures[tasks.key_of(row or purchase.row)] = [told]
        return told

    def _name_the_rest(self, begin: int) -> None:
        left = [tasks.called(one.row) for one in self._purchases[begin:]]
        if left:
            self._out.always(f"not submitted after that: {', '.join(left)}")

    def _follow(self, wanted: WaitRequest) -> int:
        if not self._one:
            self._payment.forget()  # it is told; the tasks are followed together
        return cli.follow.follow(self._session, self._known, wanted, before=self._failures)

    def _report(self) -> int:
        for one in self._known:
            if one.task is not None and one.status.terminal:
                self._out.warn(f"{one.ref} is {one.status} already")
        if self._out.json and self._known:
            self._out.document(self._document())
        found = [error for errors in self._failures.values() for error in errors]
        return cli.unknown.verdict(self._out, found, ())

    def _document(self) -> object | None:
        """What stdout has to have with `--json`, however the command ends."""
        rows = list(self._known)
        row = self._payment.submission if self._payment.bought else self._payment.blocked_by
        if row is not None and row.intent not in {one.intent for one in rows}:
            rows.append(row)
        found = [cli.task_object(one) for one in rows]
        return (found[0] if self._one else found) if found else None

"""What else the ledger has of a request that was just paid for, or is paid for already."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from seedance_cli.errors import WriteFailed
from seedance_cli.models import Found, timestamp

if TYPE_CHECKING:
    from seedance_cli.cli.buy import Order
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.cli.session import Session
    from seedance_cli.models import Submission
    from seedance_cli.tasks import Payment


def tell_of_kin(session: Session, order: Order, payment: Payment) -> None:
    """Say what else the ledger has of the request that was paid for."""
    submission = payment.submission
    assert submission is not None
    out, ref, when = session.out, submission.ref, timestamp(submission.submitted_at)
    if payment.found is Found.NAMED:
        tell_of_name(out, order, submission)
        return
    if submission.attempt > 1:
        out.note(f"{ref} is attempt {submission.attempt} under the name {submission.name}")
    if payment.found is Found.UNTOLD:
        out.note(
            f"nothing was sent: the same request was accepted at {when} as {ref}, and the command"
            " that sent it ended before it could say so; --again"
            f" {'makes' if submission.sandbox else 'pays for'} another one"
        )
        return
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
            paid = "sent" if submission.sandbox else "paid"
            out.note(
                f"the same request runs already as {kin.running.ref}, submitted at {since}; with"
                f" --name NAME the same command, given again, would have {paid} nothing again"
            )


def tell_of_name(out: Output, order: Order, known: Submission) -> None:
    """Say that the name's task was paid for before, and what of today's request it has not."""
    when = timestamp(known.submitted_at or known.created_at)
    ref = "" if known.ref is None else f" as {known.ref}"
    out.note(f"nothing was sent: {known.name} was submitted at {when}{ref}")
    asked, video = known.request, order.video
    if asked is None or known.ref is None:
        return
    if asked.metadata != video.metadata:
        out.note(f"{known.ref} keeps the metadata that it was submitted with")
    if asked.callback_url != video.callback_url:
        out.note(f"{known.ref} keeps the callback URL that it was submitted with")

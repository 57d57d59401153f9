"""What else the ledger has of a request that was just paid for, or is paid for already."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from seedance_cli.errors import WriteFailed
from seedance_cli.models import Found, timestamp

if TYPE_CHECKING:
    from seedance_cli.cli.buy import Order, Terms
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.cli.session import Session
    from seedance_cli.models import Submission
    from seedance_cli.tasks import Payment


def submitted(payment: Payment) -> str:
    """`submitted REF`; of what the ledger had before also when, and that nothing was sent now."""
    row = payment.submission
    assert row is not None
    line, when = f"submitted {row.ref}", timestamp(row.submitted_at or row.created_at)
    match payment.found:
        case Found.NAMED:
            return f"{line} at {when} under the name {row.name}; nothing was sent now"
        case Found.UNTOLD:
            verb = "makes" if row.sandbox else "pays for"
            return (
                f"{line} at {when}: the same request, by a command that ended before it could say"
                f" so; nothing was sent now, and --again {verb} another one"
            )
        case _:
            return line


def tell_of_kin(session: Session, order: Order, payment: Payment, terms: Terms) -> None:
    """Say what else the ledger has of the request that was paid for, or was paid for before."""
    submission = payment.submission
    assert submission is not None
    out, ref = session.out, submission.ref
    if payment.found is not Found.NEW and terms.ref_on_stdout(out):
        out.note(submitted(payment))  # else it was said when the ref was
    if payment.found is Found.NAMED:
        _tell_of_what_stays(out, order, submission)
        return
    if submission.attempt > 1:
        out.note(f"{ref} is attempt {submission.attempt} under the name {submission.name}")
    if payment.found is Found.UNTOLD:
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
            words = f"the same request runs already as {kin.running.ref}, submitted at {since}"
            if session.verb != "retry":  # which has no --name, and is asked for another one
                paid = "sent" if submission.sandbox else "paid"
                words += (
                    f"; with --name NAME the same command, given again, would have {paid} nothing"
                    " again"
                )
            out.note(words)


def tell_of_name(out: Output, order: Order, known: Submission) -> None:
    """Say in a dry run that the name was submitted before, and what that keeps."""
    when = timestamp(known.submitted_at or known.created_at)
    ref = "" if known.ref is None else f" as {known.ref}"
    out.note(f"{known.name} was submitted at {when}{ref}: nothing more would be sent under it")
    _tell_of_what_stays(out, order, known)


def _tell_of_what_stays(out: Output, order: Order, known: Submission) -> None:
    asked, video = known.request, order.video
    if asked is None or known.ref is None:
        return
    if asked.metadata != video.metadata:
        out.note(f"{known.ref} keeps the metadata that it was submitted with")
    if asked.callback_url != video.callback_url:
        out.note(f"{known.ref} keeps the callback URL that it was submitted with")

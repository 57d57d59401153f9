"""Cancelling a task: "cancelled" is said only where the provider confirmed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli import providers
from seedance_cli._named import NamedTuple
from seedance_cli.errors import Rejected, SeedanceError, Unreachable
from seedance_cli.models import Status
from seedance_cli.tasks.reading import Target, ask, read_patiently, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from seedance_cli.models import Submission
    from seedance_cli.system import Clock


class CancelAnswer(NamedTuple):
    """The result of one cancel."""

    submission: Submission
    """With the task as it is now."""
    sent: bool
    """Whether a cancel was sent; False: the task had ended before."""
    requested: bool = False
    """Whether the provider only took the request, and nobody knows yet what becomes of it."""


def cancel(
    submission: Submission, connect: Callable[[Submission], Target], clock: Clock
) -> CancelAnswer:
    """Read the task and, unless it has ended, cancel it.

    Args:
        submission: the task.
        connect: opens the way to a task's provider.
        clock: takes the pauses between two reads.

    Raises:
        Rejected: the provider has no cancel, or refuses this one; or the same call might delete
            what it made, since the task is not just queued.
        SeedanceError: it did not answer, or the cancel was sent and not confirmed.
    """
    provider = providers.get(submission.provider)
    if not provider.info.can_cancel:
        return CancelAnswer(_ended(submission, connect, clock), sent=False)
    target = connect(submission)
    before = read_patiently(target, clock)
    if before.status.terminal:
        return CancelAnswer(before, sent=False)
    if provider.info.cancel_deletes and before.status is not Status.QUEUED:
        raise _too_late(before)
    after = _send(target._replace(submission=before), clock)
    word = (after.task and after.task.provider_status) or ""
    return CancelAnswer(after, sent=True, requested=word.lower() == provider.cancel_requested)


def _ended(
    submission: Submission, connect: Callable[[Submission], Target], clock: Clock
) -> Submission:
    """A task that has ended, at a provider that cancels none.

    Raises:
        Rejected: it has not ended, or that could not be found out.
    """
    error = providers.get(submission.provider).no_cancel()
    if submission.intent is None:  # nobody knows here whether it is a task at all
        hint = f"what becomes of it, if it is a task: seedance wait {submission.ref}"
        raise error.but(hint=hint)
    if submission.status.terminal:
        return submission
    try:
        submission = read_patiently(connect(submission), clock)
    except SeedanceError as unread:
        hint = f"nor can it be read ({unread.message}); what becomes of it: seedance wait"
        raise error.but(hint=f"{hint} {submission.ref}") from unread
    if submission.status.terminal:
        return submission
    raise error.but(hint=_runs_on(submission)) if submission.sandbox else error


def _too_late(one: Submission) -> Rejected:
    return Rejected(
        f"{one.ref} is {state(one)}: {one.provider} cancels only what is queued, and the same "
        "request would delete the record of a task that has ended; nothing was sent",
        hint=_runs_on(one),
        provider=one.provider,
    )


def _runs_on(one: Submission) -> str:
    charged = "" if one.sandbox else " and is charged"
    return f"the task runs on{charged}; its video: seedance wait {one.ref}"


def not_cancelled(one: Submission, *, sent: bool) -> Rejected:
    """Why a task is not cancelled, though nothing failed.

    Args:
        one: the task as it is now.
        sent: whether a cancel was sent.
    """
    if sent:
        return Rejected(
            f"{one.provider} answers that {one.ref} is {state(one)}, not cancelled",
            hint=f"seedance wait {one.ref}",
        )
    words = {Status.SUCCEEDED: "has succeeded", Status.EXPIRED: "has expired"}
    reason = one.task and one.task.error
    why = f" ({reason.words})" if reason else ""
    return Rejected(
        f"{one.ref} {words.get(one.status, 'has failed')} already{why}: there is nothing to cancel",
        hint=f"seedance wait {one.ref}" if one.status is Status.SUCCEEDED else None,
    )


def _send(target: Target, clock: Clock) -> Submission:
    """Send the cancel; the task as its answer says, or a read, where the answer says nothing."""
    lost: SeedanceError | None = None
    try:
        after = ask(target, target.channel.provider.cancel)
        if after.task is not None and after.task.provider_status is not None:
            return after
    except Unreachable as error:
        lost = error
    try:
        after = read_patiently(target, clock)
    except SeedanceError as error:
        if lost is not None:
            raise lost from error
        message = f"the cancel was sent, but not confirmed: {error.message}"
        raise error.but(message=message) from error
    if lost is not None and after.status is not Status.CANCELLED:
        raise lost
    return after

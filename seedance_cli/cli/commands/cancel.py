"""`seedance cancel`: cancel at the provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli.cli import completion as _tab
from seedance_cli.cli import options as _options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.cli.session import Session
    from seedance_cli.errors import SeedanceError
    from seedance_cli.models import Submission
    from seedance_cli.tasks import Target

EXAMPLES = (
    "seedance cancel seedance2ink:req_1234567890",
    'seedance cancel "$id" --json | jq -r .status',
)


def cancel(
    ctx: typer.Context,
    refs: Annotated[
        list[str], typer.Argument(metavar="REF...", help="Tasks.", autocompletion=_tab.refs)
    ],
    *,
    provider: _options.Provider = None,
    profile: _options.Profile = None,
    sandbox: _options.Sandbox = None,
    json: _options.Json = False,
    quiet: _options.Quiet = False,
    verbose: _options.Verbose = False,
) -> int:
    """Cancel tasks. Says "cancelled" only when the provider confirmed it."""
    run = _options.begin(ctx, json=json, quiet=quiet, verbose=verbose)
    from seedance_cli.cli.session import Session

    with Session(
        run.env, run.clock, run.out, provider=provider, profile=profile, sandbox=sandbox
    ) as session:
        return _cancel(session, refs)


def _cancel(session: Session, named: Sequence[str]) -> int:
    import sys

    from seedance_cli.cli.asked import Asked
    from seedance_cli.errors import SeedanceError, WriteFailed
    from seedance_cli.models import Status
    from seedance_cli.system import is_terminal

    out = session.out
    session.verb = "cancel"
    tasks = session.find(named, exact=not is_terminal(sys.stdin))
    asked = Asked(session, tasks, one=len(named) == 1)
    with asked.document():
        for one in asked:
            try:
                after, sent = _ask(session, one)
            except SeedanceError as error:
                asked.failed(one, error)
                continue
            after = asked.answered(one, after)
            if after.status is not Status.CANCELLED:
                asked.failed(after, _not_cancelled(after) if sent else _ended(after))
            elif not out.json:
                out.result(after.ref or "", after.status)
    for one in asked.answers:
        if one.status is Status.CANCELLED:
            try:
                session.ledger().delivered(one)
            except WriteFailed as error:
                asked.failed(one, error)
    return asked.verdict()


def _ask(session: Session, submission: Submission) -> tuple[Submission, bool]:
    """Read the task and, unless it has ended, cancel it.

    Returns:
        The task as it is now, and whether a cancel was sent.
    """
    from dataclasses import replace

    from seedance_cli import providers
    from seedance_cli.tasks import read_patiently

    provider = providers.get(submission.provider)
    if not provider.info.can_cancel:  # which takes no key to know
        if submission.status.terminal:
            return submission, False
        error = provider.no_cancel()
        if submission.intent is None:  # nobody knows here whether it runs, or is a task at all
            error.hint = f"what becomes of it, if it is a task: seedance wait {submission.ref}"
        raise error
    target = session.target(submission)
    before = read_patiently(target, session.clock)
    if before.status.terminal:
        return before, False
    return _cancelled(session, replace(target, submission=before)), True


def _cancelled(session: Session, target: Target) -> Submission:
    """Send the cancel; the task as the answer says, or as a read says where that says nothing."""
    from seedance_cli.errors import SeedanceError, Unreachable
    from seedance_cli.models import Status
    from seedance_cli.tasks import ask, read_patiently

    lost: SeedanceError | None = None
    try:
        after = ask(target, target.channel.provider.cancel)
        if after.task is not None and after.task.provider_status is not None:
            return after
    except Unreachable as error:
        lost = error
    try:
        after = read_patiently(target, session.clock)
    except SeedanceError as error:
        if lost is None:
            error.message = f"the cancel was sent, but not confirmed: {error.message}"
            raise
        raise lost from error
    if lost is not None and after.status is not Status.CANCELLED:
        raise lost
    return after


def _not_cancelled(submission: Submission) -> SeedanceError:
    from seedance_cli.errors import Rejected
    from seedance_cli.tasks import state

    return Rejected(
        f"{submission.provider} answers that {submission.ref} is {state(submission)}, "
        "not cancelled",
        hint=f"seedance wait {submission.ref}",
    )


def _ended(submission: Submission) -> SeedanceError:
    from seedance_cli.errors import Rejected
    from seedance_cli.models import Status

    words = {Status.SUCCEEDED: "has succeeded", Status.EXPIRED: "has expired"}
    reason = submission.task and submission.task.error
    why = f" ({reason.words})" if reason else ""
    return Rejected(
        f"{submission.ref} {words.get(submission.status, 'has failed')} already{why}: "
        "there is nothing to cancel",
        hint=f"seedance wait {submission.ref}" if submission.status is Status.SUCCEEDED else None,
    )

"""`seedance cancel`: cancel at the provider."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli.commands import _options

if TYPE_CHECKING:
    from seedance_cli.models import Submission
    from seedance_cli.session import Session

EXAMPLES = (
    "seedance cancel seedance2ink:req_1234567890",
    'seedance cancel "$id" --json | jq -r .status',
)


def cancel(
    ctx: typer.Context,
    refs: Annotated[list[str], typer.Argument(metavar="REF...", help="Tasks.")],
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
    from seedance_cli.commands import _unknown
    from seedance_cli.errors import SeedanceError
    from seedance_cli.session import Session
    from seedance_cli.task_json import task_object

    failures: list[SeedanceError] = []
    documents = []
    with Session(
        run.env, run.clock, run.out, provider=provider, profile=profile, sandbox=sandbox
    ) as session:
        for submission in session.find(refs):
            after = submission
            try:
                after = _cancel(session, submission)
                if not run.out.json:
                    run.out.result(after.ref or "", after.status)
            except SeedanceError as error:
                error.ref = error.ref or submission.ref
                failures.append(error)
                run.out.complain(error)
            documents.append(task_object(after))
    if run.out.json:
        run.out.document(documents[0] if len(refs) == 1 else documents)
    return _unknown.verdict(run.out, failures, ())


def _cancel(session: Session, submission: Submission) -> Submission:
    from seedance_cli.errors import Rejected
    from seedance_cli.models import Status
    from seedance_cli.reading import merged

    target = session.target(submission)
    task = target.channel.provider.cancel(target.channel.api, submission.handle)
    task = merged(submission.task, task, session.clock)
    after = session.ledger().observe(replace(submission, task=task), task)
    if task.status is not Status.CANCELLED:
        raise Rejected(
            f"{submission.provider} answers that {submission.ref} is {task.status}, not cancelled",
            hint=f"seedance wait {submission.ref}",
            provider=submission.provider,
            ref=submission.ref,
        )
    return session.ledger().delivered(after)

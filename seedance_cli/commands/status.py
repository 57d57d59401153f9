"""`seedance status`: ask once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli.commands import _options
from seedance_cli.models import Status

if TYPE_CHECKING:
    from seedance_cli.errors import SeedanceError
    from seedance_cli.models import Submission
    from seedance_cli.session import Session

EXAMPLES = (
    "seedance status",
    "seedance status seedance2ink:req_1234567890",
    "seedance status --json | jq -r '.[].status'",
)
_FAILED = 7
_RUNNING = 8


def status(
    ctx: typer.Context,
    refs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[REF]...", help="Tasks; none: every unfinished one."),
    ] = None,
    *,
    exit_status: Annotated[
        bool,
        typer.Option(
            "--exit-status", help="Exit 0, 7 or 8 as the task succeeded, failed, or runs."
        ),
    ] = False,
    provider: _options.Provider = None,
    profile: _options.Profile = None,
    sandbox: _options.Sandbox = None,
    json: _options.Json = False,
    quiet: _options.Quiet = False,
    verbose: _options.Verbose = False,
) -> int:
    """Ask the provider once, and print a line per task: ref, status, video URL."""
    run = _options.begin(ctx, json=json, quiet=quiet, verbose=verbose)
    from seedance_cli.commands import _unknown
    from seedance_cli.session import Session
    from seedance_cli.task_json import task_object

    with Session(
        run.env, run.clock, run.out, provider=provider, profile=profile, sandbox=sandbox
    ) as session:
        named = refs or []
        submissions = session.find(named) if named else session.unfinished()
        failures: list[SeedanceError] = []
        seen = [_ask(session, one, failures) for one in submissions]
        if not run.out.json and seen:
            run.out.table(("REF", "STATUS", "URL"), [_row(one) for one in seen])
        unknown = [] if named else _unknown.name_them(session)
        if run.out.json:
            documents = [task_object(one) for one in (*seen, *unknown)]
            if not (named and failures and len(failures) == len(seen)):
                run.out.document(documents[0] if len(named) == 1 else documents)
        elif not seen and not named:
            run.out.note("no unfinished task")
        if exit_status and not failures:
            return max((_state_code(one) for one in seen), default=0)
        return _unknown.verdict(run.out, failures, unknown)


def _ask(session: Session, submission: Submission, failures: list[SeedanceError]) -> Submission:
    from seedance_cli.errors import NotFound, SeedanceError, WriteFailed
    from seedance_cli.reading import read_patiently

    try:
        submission = read_patiently(session.target(submission), session.clock)
    except SeedanceError as error:
        error.ref = error.ref or submission.ref
        failures.append(error)
        session.out.complain(error)
        if isinstance(error, NotFound):
            _note_lost(session, submission)
        return submission
    assert submission.task is not None
    try:
        return session.ledger().observe(submission, submission.task)
    except WriteFailed as error:
        failures.append(error)
        session.out.complain(error)
        return submission


def _note_lost(session: Session, submission: Submission) -> None:
    from contextlib import suppress

    from seedance_cli.errors import WriteFailed

    with suppress(WriteFailed):
        session.ledger().set_lost(submission)


def _row(submission: Submission) -> tuple[str, str, str]:
    task = submission.task
    urls = " ".join(task.video_urls) if task is not None else ""
    return submission.ref or "", submission.status, urls


def _state_code(submission: Submission) -> int:
    if submission.status is Status.SUCCEEDED:
        return 0
    return _FAILED if submission.status.terminal else _RUNNING

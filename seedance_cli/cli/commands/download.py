"""`seedance download`: fetch finished videos."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli import cli, models
from seedance_cli.cli import completion as _tab
from seedance_cli.cli import options as _options
from seedance_cli.cli.command import Run, command
from seedance_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from seedance_cli.cli.session import Session
    from seedance_cli.cli.wait_request import WaitRequest
    from seedance_cli.models import Submission

EXAMPLES = (
    "seedance download",
    "seedance download scene-08 -o scene-08.mp4",
    "seedance download --since 30d -o '{date}/{name}-{task_id}.mp4'",
)
_WEEK = timedelta(days=7)


@command(remote=True)
def download(
    run: Run,
    refs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[REF]...",
            help="Tasks, each by its ref, name, id or @N; none: those that succeeded in the last"
            " 7 days and have no file here.",
            autocompletion=_tab.refs,
        ),
    ] = None,
    *,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="TIME",
            help="Without a REF: those that succeeded then or later: 2026-11-25 (UTC),"
            " 2026-11-25T10:30, or 30d, 24h ago.",
        ),
    ] = None,
    output: _options.OutputPath = None,
    force: _options.Force = False,
    sidecar: _options.Sidecar = False,
    strict: _options.Strict = False,
) -> int:
    """Fetch finished videos, whose URLs are read anew. Prints the path of each."""
    named = refs or []
    if named and since is not None:
        raise UsageError("--since goes without a REF", hint="give one of the two")
    latest = run.clock.now() - _WEEK
    if since is not None:
        latest = models.parse_moment(since, run.clock.now(), "--since")
    options = _options.ResultOptions(
        download=True, output=output, force=force, sidecar=sidecar, strict=strict
    )
    typed = () if since is None else ("--since", since)
    bare = None if named else ("download", *typed)
    wanted = cli.wait_request.for_wait(run.out, options)._replace(ended=True, bare=bare)
    with run.session() as session:
        return _download(session, named, latest, wanted)


def _download(session: Session, named: Sequence[str], since: datetime, wanted: WaitRequest) -> int:
    one = len(named) == 1
    cli.places.check_output(session, wanted, one=one, several="fetches the videos of several tasks")
    session.verb = "download"
    submissions = cli.find(session, named) if named else _without_a_file(session, since)
    if named:
        cli.places.check_targets(session, submissions, wanted)
    if not submissions:
        session.out.note(f"no task that succeeded since {since:%Y-%m-%d} (UTC) lacks its file")
    return cli.follow.follow(session, submissions, wanted._replace(one=one))


def _without_a_file(session: Session, since: datetime) -> list[Submission]:
    """Tasks that have succeeded since then, and of whose files none exists here."""
    session.check_profile()
    rows = session.readable_ledger().succeeded(
        since, sandbox=session.sandbox, provider=session.provider_option
    )
    return cli.allowed(session, [row for row in rows if not any(map(_exists, row.files))])


def _exists(path: str) -> bool:
    try:
        return Path(path).is_file()
    except OSError:  # in a folder that may not be looked into: not to be had here
        return False

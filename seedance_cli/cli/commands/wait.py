"""`seedance wait`: poll until finished."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli import cli
from seedance_cli.cli import options as _options
from seedance_cli.cli.command import Run, command
from seedance_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.cli.session import Session
    from seedance_cli.cli.wait_request import WaitRequest

EXAMPLES = (
    "seedance wait --download",
    "seedance wait seedance2ink:req_1234567890 -o river.mp4",
    'url=$(seedance wait "$id" --timeout 10m)',
    "seedance wait --events | jq -r .status",
)


@command(remote=True)
def wait(
    run: Run,
    refs: _options.Refs = None,
    *,
    result: _options.ResultOptions,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first that does not succeed.")
    ] = False,
    any_: Annotated[
        bool, typer.Option("--any", help="Stop at the first that ends, with its code.")
    ] = False,
    events: Annotated[
        bool, typer.Option("--events", help="Stream one JSON object per state change.")
    ] = False,
) -> int:
    """Poll until every task has ended. Prints each video's URL, or with --download its path."""
    named = refs or []
    wanted = cli.wait_request.for_wait(run.out, result)._replace(
        fail_fast=fail_fast,
        any=any_,
        events=events,
        one=len(named) == 1,
        bare=None if named else ("wait",),
    )
    with run.session() as session:
        return _wait(session, named, wanted)


def _wait(session: Session, named: Sequence[str], wanted: WaitRequest) -> int:
    _check_options(session, named, wanted)
    began = session.clock.monotonic()
    submissions = (
        cli.find(session, named, timeout=wanted.timeout) if named else cli.unfinished(session)
    )
    if wanted.timeout is not None:  # one that was on its way may have taken some of it
        left = wanted.timeout - (session.clock.monotonic() - began)
        wanted = wanted._replace(timeout=max(0.0, left))
    if named:
        cli.places.check_targets(session, submissions, wanted)
    unknown = [] if named else cli.unknown.name_them(session)
    if not submissions:
        cli.unknown.nothing_to_ask(session, "no unfinished task to wait for")
    return cli.follow.follow(session, submissions, wanted, unknown)


def _check_options(session: Session, named: Sequence[str], wanted: WaitRequest) -> None:
    if wanted.events and wanted.output == "-":
        raise UsageError("-o - and --events both want stdout", hint="give one of them")
    those = "several tasks" if named else "every unfinished task"
    cli.places.check_output(session, wanted, one=len(named) == 1, several=f"waits for {those}")

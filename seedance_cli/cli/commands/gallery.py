"""`seedance gallery`: one page of the videos made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli import cli, models, tasks
from seedance_cli.cli import completion as _tab
from seedance_cli.cli import options as _options
from seedance_cli.cli.command import Run, command
from seedance_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from seedance_cli.cli.gallery.choice import Choice
    from seedance_cli.cli.gallery.page import Page
    from seedance_cli.cli.session import Session

EXAMPLES = (
    "seedance gallery -o gallery.html",
    "seedance gallery --batch trailer -o trailer.html --force",
    "seedance gallery scene-08 scene-09 @1 -o compare.html",
)
SCHEMA = "seedance.gallery/1"
_NAMED = 5
"""Tasks without a file that are named."""


@command(remote=True)
def gallery(
    run: Run,
    refs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[REF]...",
            help="Tasks, each by its ref, name, id or @N; none: all that have a file here.",
            autocompletion=_tab.refs,
        ),
    ] = None,
    *,
    batch: _options.BatchName = None,
    since: _options.Since = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="PATH",
            help="The page: a file, a folder/, a template such as {batch}-{date}.html, or - for"
            " stdout.",
            rich_help_panel="Result",
        ),
    ] = None,
    force: _options.Force = False,
) -> int:
    """Make one HTML page of the videos saved here, with prompts, settings, cost and time.

    The same prompt at several models or sellers stands side by side. The page loads nothing from
    the network, and finds the videos by their path relative to it. Prints its own path.
    """
    from seedance_cli.cli.gallery.page import Page
    from seedance_cli.cli.gallery.place import place, write

    named = refs or []
    if named and (batch is not None or since is not None):
        option = "--since" if batch is None else "--batch"
        raise UsageError(f"{option} goes without a REF", hint="give one of the two")
    moment = None if since is None else models.parse_moment(since, run.clock.now(), "--since")
    with run.session() as session:
        path = place(session, output, batch, force=force)
        choice = _choose(session, named, batch, moment)
        _tell(session, choice)
        title = batch or "Videos"
        if moment is not None:
            title += f" since {moment.astimezone():%Y-%m-%d}"
        folder = session.base(".") if path is None else path.parent
        page = Page(choice, folder, title, session.clock.now())
        size = write(session, page, path, force=force)
        _result(session, page, path, size)
    return 0


def _choose(
    session: Session, named: Sequence[str], batch: str | None, since: datetime | None
) -> Choice:
    """The videos that are meant, at least one.

    Raises:
        UsageError: there is none, and why.
    """
    from seedance_cli.cli.gallery.choice import choose

    if named:
        rows = cli.find(session, named)
    else:
        rows = session.readable_ledger().rows(
            provider=session.provider_option,
            profile=session.profile_option,
            batch=batch,
            since=since,
            sandbox=session.rows_of,
        )
        if not rows and session.profile_option is not None:
            session.check_profile()
    choice = choose(rows, named=bool(named))
    if choice.videos:
        return choice
    filtered = (batch, since, session.provider_option, session.profile_option, session.rows_of)
    raise _nothing(choice, session.clock.now(), filtered=any(one is not None for one in filtered))


def _nothing(choice: Choice, now: datetime, *, filtered: bool) -> UsageError:
    from seedance_cli.cli.gallery.choice import fetch

    if choice.missing:
        has = "has" if len(choice.missing) == 1 else "have"
        why = f"{_few(choice.missing)} {has} no file on this machine"
        hint = "seedance download REF fetches one that succeeded"
    elif choice.lost:
        succeeded = (
            "1 task succeeded, and has"
            if len(choice.lost) == 1
            else (f"{len(choice.lost)} tasks succeeded, and have")
        )
        why = f"{succeeded} no file on this machine"
        hint = fetch(choice.lost, now)
    elif choice.without:
        why, hint = "no task has succeeded yet", "seedance list shows how they stand"
    elif filtered:
        why, hint = "no submission matches", "seedance list shows those there are"
    else:
        why = "nothing was submitted from this machine"
        hint = "seedance generate PROMPT --download makes a first one"
    return UsageError(f"there is no video to show: {why}", hint=hint)


def _tell(session: Session, choice: Choice) -> None:
    """What the page will lack."""
    from seedance_cli.cli.gallery.page import left_out

    if choice.missing:
        session.out.warn(
            f"{_few(choice.missing)}: no file on this machine; seedance download REF fetches one"
            " that succeeded"
        )
    text = left_out(choice, session.clock.now())
    if text:
        session.out.note(f"{text[0].lower()}{text[1:].rstrip('.')}")
    if not tasks.posters_possible():
        session.out.note("no posters: PyAV is missing, which comes with the extra, [sandbox]")


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _result(session: Session, page: Page, path: Path | None, size: int) -> None:
    """The page's path, or a document of what is in it."""
    if path is None:
        return
    if not session.out.json:
        session.out.result(str(path))
        return
    choice = page.choice
    session.out.document(
        {
            "schema": SCHEMA,
            "file": str(path),
            "bytes": size,
            "videos": choice.videos,
            "posters": page.posters,
            "prompts": len(choice.sets),
            "without_file": [one.task.ref for one in choice.shown if one.file is None],
            "left_out": {"without_file": len(choice.lost), "without_video": choice.without},
        }
    )

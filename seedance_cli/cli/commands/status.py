"""`seedance status`: ask once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli import cli, models, tasks
from seedance_cli.cli import options as _options
from seedance_cli.cli.command import Run, command
from seedance_cli.errors import SeedanceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.cli.output.rows import Cell
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.cli.session import Session
    from seedance_cli.models import Submission

EXAMPLES = (
    "seedance status",
    "seedance status seedance2ink:req_1234567890",
    "seedance status --json | jq -r '.[].status'",
)
_FAILED = 7
_RUNNING = 8


@command(remote=True)
def status(
    run: Run,
    refs: _options.Refs = None,
    *,
    exit_status: Annotated[
        bool,
        typer.Option(
            "--exit-status", help="Exit 0, 7 or 8 as the task succeeded, failed, or runs."
        ),
    ] = False,
) -> int:
    """Ask the provider once, and print a line per task: ref, status, video URL."""
    with run.session() as session:
        return _status(session, refs or [], exit_status=exit_status)


def _status(session: Session, named: Sequence[str], *, exit_status: bool) -> int:
    out = session.out
    submissions = cli.find(session, named) if named else cli.unfinished(session)
    unknown = [] if named else cli.unknown.name_them(session)
    results = cli.TaskResults(session, submissions, unknown, one=len(named) == 1)
    # In columns for a person; line by line, as each answer comes, for a program.
    columns = out.has_columns and not out.json
    with results.document():
        for one in results:
            try:
                after = tasks.read_patiently(session.target(one), session.clock)
            except SeedanceError as error:
                results.failed(one, error)
                continue
            after = results.answered(one, after)
            session.tell_of_urls(after)
            _warn_of_word(out, after)
            if not (out.json or columns):
                out.result(*_row(out, after))
    if columns:
        _table(session, results.answers)
    if not submissions and not unknown:
        cli.unknown.nothing_to_ask(session, "no unfinished task")
    code = results.verdict()
    if exit_status:
        code = cli.unknown.worst((code, *(_state_code(one) for one in results.answers)))
    return code


def _table(session: Session, answers: Sequence[Submission]) -> None:
    """For a person: what a task is called, how old it is, and its prompt or why it failed."""
    now = session.clock.now()
    rows = []
    for one in answers:
        ref, status, url = _row(session.out, one)
        why = "" if one.task is None or one.task.error is None else one.task.error.words
        prompt = "" if one.request is None else one.request.prompt
        colour = cli.COLOURS[one.status]
        rows.append(
            [
                cli.Cell(one.name or ref),
                cli.Cell(status, colour),
                cli.Cell("-" if one.created_at is None else models.age(one.created_at, now)),
                cli.Cell(" ".join((why or prompt).split()), colour if why else ""),
                _links(url),
            ]
        )
    head = [cli.Column(name) for name in ("TASK", "STATUS", "AGE")]
    head.append(cli.Column("PROMPT", least=8, ease=20))
    head.append(cli.Column("URL", below=True))
    cli.show_rows(session.out, head, rows)


def _links(urls: str) -> Cell:
    first, *more = [cli.Cell(url, link=url) for url in urls.split()] or [cli.Cell("")]
    return first._replace(more=tuple(more))


def _row(out: Output, submission: Submission) -> tuple[str, str, str]:
    urls = () if submission.task is None else submission.task.video_urls
    usable = [url for url in urls if models.url_fault(url) is None]
    wrong = models.unusable(urls)
    if wrong is not None:
        out.warn(f"{submission.ref} has a URL that cannot be used: {wrong}")
    return submission.ref or "", submission.status, " ".join(usable)


def _warn_of_word(out: Output, submission: Submission) -> None:
    task = submission.task
    if task is not None and task.status is models.Status.UNKNOWN and task.provider_status:
        out.warn(f"{submission.ref}: status {task.provider_status!r} is new to this program")


def _state_code(submission: Submission) -> int:
    if submission.status is models.Status.SUCCEEDED:
        return 0
    return _FAILED if submission.status.terminal else _RUNNING

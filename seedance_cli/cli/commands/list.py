"""`seedance list`: the ledger, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli import cli, models
from seedance_cli.cli import completion as _tab
from seedance_cli.cli import options as _options
from seedance_cli.cli.command import Run, command
from seedance_cli.errors import UsageError
from seedance_cli.models import age, price_text
from seedance_cli.tasks import answered, called

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from seedance_cli.cli.output.rows import Cell, Column
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.cli.session import Session
    from seedance_cli.ledger import Ledger, ListFilter
    from seedance_cli.models import Submission

ON_A_TERMINAL = 20
"""Rows shown where nothing else is asked for: about a screenful."""
MOST = 2**31
"""Rows that can be asked for; no ledger has as many."""
_WIDE = 100
"""Columns of a screen that has room for the prompt of a task and why it failed."""
_ENOUGH = 8
"""Characters of an intent, which `recover` takes for the whole; hardly two begin alike."""
EXAMPLES = (
    "seedance list",
    "seedance list --status succeeded --limit 5",
    "seedance list --batch trailer --since 7d --files",
    "seedance list --all --json | jq -r '.[].ref'",
)


@command(remote=True)
def list_tasks(
    run: Run,
    *,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            metavar="N",
            help=f"How many; else {ON_A_TERMINAL} on a terminal, and all elsewhere.",
            min=1,
            max=MOST,
            show_default=False,
        ),
    ] = None,
    status: Annotated[
        str | None,
        typer.Option(
            "--status",
            metavar="STATUS",
            help="Only these: queued, running, succeeded, failed, cancelled, expired, unknown,"
            " sending, refused, not_sent, discarded.",
            autocompletion=_tab.statuses,
        ),
    ] = None,
    batch: _options.BatchName = None,
    since: _options.Since = None,
    metadata: Annotated[
        list[str] | None,
        typer.Option(
            "--metadata",
            metavar="KEY=VALUE",
            help="Only submissions with this metadata; repeatable.",
            autocompletion=_tab.metadata,
        ),
    ] = None,
    search: Annotated[
        str | None,
        typer.Option(
            "--search",
            metavar="TEXT",
            help="Only where the prompt, name, ref or failure has this text, in any case.",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also submissions that were refused or never sent.")
    ] = False,
    files: Annotated[
        bool, typer.Option("--files", help="Also the paths of the saved videos.")
    ] = False,
) -> int:
    """Show what was submitted from this machine, newest first. Asks no provider."""
    if status is not None and status not in set(models.Status):
        allowed = f"allowed: {', '.join(models.Status)}"
        raise UsageError(f"--status {models.told(status)} is not a status", hint=allowed)
    moment = None if since is None else models.parse_moment(since, run.clock.now(), "--since")
    with run.session() as session:
        wanted: ListFilter = {
            "status": None if status is None else models.Status(status),
            "provider": session.provider_option,
            "profile": session.profile_option,
            "batch": batch,
            "sandbox": session.rows_of,
            "since": moment,
            "metadata": cli.request.pairs("--metadata", metadata) if metadata else {},
            "search": search,
            "all_states": everything,
        }
        _show(session, wanted, limit=limit, files=files)
    return 0


def _show(session: Session, wanted: ListFilter, *, limit: int | None, files: bool) -> None:
    out, ledger, place = session.out, session.readable_ledger(), session.ledger_place()
    watched = out.stdout_terminal and not out.json
    few = ON_A_TERMINAL if watched and limit is None else limit
    rows = ledger.rows(limit=few, **wanted)
    if not rows and session.profile_option is not None:  # nobody's, or one that has no row yet?
        session.check_profile()
    if out.json:
        out.document([cli.task_object(row) for row in rows])
    elif rows:
        older = ledger.older_attempts() if any(row.name for row in rows) else set()
        # What stands first names the task: its name means its newest attempt.
        rows = [row._replace(name=None) if row.intent in older else row for row in rows]
        saved = _saved(ledger, rows) if files else None
        _table(out, rows, session.clock.now(), saved)
    elif any(value for name, value in wanted.items() if name != "all_states"):
        out.note("no submission matches")
    elif place.shared is None:
        out.note("nothing was submitted from this machine")
    else:
        out.note(f"nothing was submitted to {place.shown}")
    if watched:
        _tell_of_the_rest(session, wanted, len(rows))
        if rows and place.shared is not None:
            out.note(f"from the ledger {place.shown}")


def _tell_of_the_rest(session: Session, wanted: ListFilter, shown: int) -> None:
    """Say how many there are besides those that are shown."""
    count = session.readable_ledger().count(**wanted)
    if count.shown > shown:
        total = count.shown
        session.out.note(f"the newest {shown} of {total}; --limit {total} shows all")
    if count.hidden:
        session.out.note(f"{count.hidden} refused or never sent; --all shows them, too")


def _saved(ledger: Ledger, rows: list[Submission]) -> list[tuple[str, ...]]:
    """The files of each row: those here, and others' as `MACHINE:PATH`."""
    there = ledger.elsewhere(rows)
    return [(*row.files, *there.get(row.intent or "", ())) for row in rows]


def _table(
    out: Output, rows: list[Submission], now: datetime, saved: list[tuple[str, ...]] | None
) -> None:
    """For a person in local time, a line each; for a program whole, with times in UTC."""
    files = saved or [()] * len(rows)
    if out.has_columns:
        reasons = out.width >= _WIDE and any(map(_failure, rows))
        head = _columns(now, reasons=reasons, files=saved is not None)
        lines = [_cells(row, now, head, some) for row, some in zip(rows, files, strict=True)]
        cli.show_rows(out, head, lines)
        return
    out.results([[*_line(row), *some] for row, some in zip(rows, files, strict=True)])


def _columns(now: datetime, *, reasons: bool, files: bool) -> list[Column]:
    """Of a table for a person; `reasons`: why a task failed has one of its own."""
    head = [
        cli.Column("TASK"),
        cli.Column("STATUS"),
        cli.Column(f"CREATED ({now.astimezone():%Z})", short="AGE"),
        cli.Column("COST"),
        cli.Column("PROMPT", least=8, ease=12),
    ]
    if reasons:
        head.append(cli.Column("FAILURE", least=16))
    if files:
        head.append(cli.Column("FILES", below=True))
    return head


def _cells(
    row: Submission, now: datetime, head: Sequence[Column], saved: tuple[str, ...]
) -> list[Cell]:
    name, status, _, cost, prompt, failure = _line(row)
    if row.name is None and row.ref is None and row.intent is not None:
        name = f"intent {row.intent[:_ENOUGH]}"
    cells = [
        cli.Cell(name, link=row.files[0] if row.files else None),
        cli.Cell(status, cli.COLOURS[row.status]),
        _time(row, now),
        cli.Cell("sandbox", cli.DIM) if row.sandbox else cli.Cell(cost),
        cli.Cell(prompt),
    ]
    why = cli.Cell(failure, cli.COLOURS[row.status])
    names = [one.name for one in head]
    if "FAILURE" in names:
        cells.append(why)
    elif failure:  # there is room for one of the two: of a task that failed, why
        cells[-1] = why
    if "FILES" in names:
        paths = [cli.Cell(path, link=path if path in row.files else None) for path in saved]
        first, *more = paths or [cli.Cell("")]
        cells.append(first._replace(more=tuple(more)))
    return cells


def _line(row: Submission) -> list[str]:
    task = row.task
    cost = price_text(task.cost) if task is not None and task.cost is not None else "-"
    if row.sandbox:
        cost += " (sandbox)"
    prompt = " ".join(row.request.prompt.split()) if row.request is not None else ""
    created = "-" if row.created_at is None else f"{row.created_at:%Y-%m-%dT%H:%M:%SZ}"
    return [called(row), row.status, created, cost, prompt, _failure(row)]


def _time(row: Submission, now: datetime) -> Cell:
    """`12m 05:31` or `2d 11-24 05:31` of this place, or the age alone."""
    created = row.created_at
    if created is None:
        return cli.Cell("-")
    here, today = created.astimezone(), now.astimezone()
    form = "%Y-%m-%d" if here.year != today.year else "%m-%d %H:%M"
    if here.date() == today.date():
        form = "%H:%M"
    since = age(created, now)
    return cli.Cell(f"{since} {here.strftime(form)}", short=since)


def _failure(row: Submission) -> str:
    """Why there is no video, in one line; empty where nothing went wrong."""
    if row.task is not None:
        return " ".join(row.task.error.words.split()) if row.task.error else ""
    fault = row.evidence.get("fault") or answered(row) or row.evidence.get("reason")
    named = row.evidence.get("task_id")  # in an answer that is no acceptance
    return " ".join(str(fault or "").split()) + (f", names {named}" if named else "")

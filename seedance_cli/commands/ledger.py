"""`seedance list`: the ledger, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli.commands import _options, _tab

if TYPE_CHECKING:
    from seedance_cli.models import Submission

EXAMPLES = (
    "seedance list",
    "seedance list --status succeeded --limit 5",
    "seedance list --all --json | jq -r '.[].ref'",
)


def list_tasks(
    ctx: typer.Context,
    *,
    limit: Annotated[int, typer.Option("--limit", metavar="N", help="How many.", min=1)] = 20,
    status: Annotated[
        str | None,
        typer.Option(
            "--status",
            metavar="STATUS",
            help="Only these: queued, running, succeeded, failed, cancelled, expired, unknown.",
            autocompletion=_tab.statuses,
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also submissions that were refused or never sent.")
    ] = False,
    provider: _options.Provider = None,
    json: _options.Json = False,
    quiet: _options.Quiet = False,
    verbose: _options.Verbose = False,
) -> int:
    """Show what was submitted from this machine, newest first. Asks no provider."""
    run = _options.begin(ctx, json=json, quiet=quiet, verbose=verbose)
    from seedance_cli import providers
    from seedance_cli.errors import UsageError
    from seedance_cli.folders import state_dir
    from seedance_cli.ledger import Ledger
    from seedance_cli.models import Status
    from seedance_cli.task_json import task_object

    if status is not None and status not in set(Status):
        raise UsageError(f"--status {status!r} is no status", hint=f"allowed: {', '.join(Status)}")
    if provider is not None:
        providers.get(provider)
    with Ledger.open(state_dir(run.env), run.clock, create=False) as ledger:
        rows = ledger.rows(
            limit=limit,
            status=None if status is None else Status(status),
            provider=provider,
            all_states=everything,
        )
    if json:
        run.out.document([task_object(row) for row in rows])
    elif rows:
        columns = ("REF", "STATUS", "CREATED", "COST", "PROMPT")
        form = "%Y-%m-%d %H:%M" if run.out.stdout_terminal else "%Y-%m-%dT%H:%M:%SZ"
        run.out.table(columns, [_line(row, form) for row in rows])
    else:
        some = status is not None or provider is not None
        run.out.note("no submission matches" if some else "nothing was submitted from this machine")
    return 0


def _line(row: Submission, form: str) -> tuple[str, ...]:
    from seedance_cli.pricing import price_text

    task = row.task
    status = row.status if task is not None else f"{row.state}"
    cost = price_text(task.cost) if task is not None and task.cost is not None else "-"
    if row.sandbox:
        cost += " (sandbox)"
    created = row.created_at.strftime(form) if row.created_at else "-"
    prompt = " ".join(row.request.prompt.split()) if row.request is not None else ""
    name = row.ref or f"intent {row.intent}"
    return name, status, created, cost, prompt[:60]

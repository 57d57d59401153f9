"""`seedance list`: the ledger, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli.cli import completion as _tab
from seedance_cli.cli import options as _options
from seedance_cli.cli.command import Run, command
from seedance_cli.models import price_text

if TYPE_CHECKING:
    from seedance_cli.models import Submission

ON_A_TERMINAL = 20
"""Rows shown where nothing else is asked for: about a screenful."""
MOST = 2**31
"""Rows that can be asked for; no ledger has as many."""
EXAMPLES = (
    "seedance list",
    "seedance list --status succeeded --limit 5",
    "seedance list --all --json | jq -r '.[].ref'",
)


@command()
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
    everything: Annotated[
        bool, typer.Option("--all", help="Also submissions that were refused or never sent.")
    ] = False,
    provider: _options.Provider = None,
) -> int:
    """Show what was submitted from this machine, newest first. Asks no provider."""
    from seedance_cli import providers
    from seedance_cli.cli.output.documents import task_object
    from seedance_cli.errors import UsageError
    from seedance_cli.ledger import Ledger
    from seedance_cli.models import Status, told
    from seedance_cli.system import state_dir

    if status is not None and status not in set(Status):
        allowed = f"allowed: {', '.join(Status)}"
        raise UsageError(f"--status {told(status)} is no status", hint=allowed)
    if provider is not None:
        providers.get(provider)
    with Ledger.open(state_dir(run.env), run.clock, create=False) as ledger:
        few = limit is None and run.out.stdout_terminal and not run.out.json
        wanted = None if status is None else Status(status)
        rows = ledger.rows(
            limit=ON_A_TERMINAL if few else limit,
            status=wanted,
            provider=provider,
            all_states=everything,
        )
        if few and len(rows) == ON_A_TERMINAL:
            total = ledger.count(status=wanted, provider=provider, all_states=everything)
            if total > ON_A_TERMINAL:
                text = f"the newest {ON_A_TERMINAL} of {total}; --limit {total} shows all"
                run.out.note(text)
    if run.out.json:
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
    task = row.task
    cost = price_text(task.cost) if task is not None and task.cost is not None else "-"
    if row.sandbox:
        cost += " (sandbox)"
    created = row.created_at.strftime(form) if row.created_at else "-"
    prompt = " ".join(row.request.prompt.split()) if row.request is not None else ""
    name = row.ref or f"intent {row.intent}"
    return name, row.status, created, cost, prompt[:60]

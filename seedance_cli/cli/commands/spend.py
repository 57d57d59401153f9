"""`seedance spend`: what was spent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli import cli, models, tasks
from seedance_cli.cli import completion as _tab
from seedance_cli.cli.command import Run, command
from seedance_cli.errors import UsageError

if TYPE_CHECKING:
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.tasks import SpendReport

EXAMPLES = (
    "seedance spend",
    "seedance spend --since 2026-01-01 --by month",
    "seedance spend --by metadata.client --csv",
    "seedance spend --json | jq -r '.total.charged[] | .amount, .unit'",
)


@command(remote=True)
def spend(
    run: Run,
    *,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="TIME",
            help="The first day (UTC), 2026-11-25, or a time, or 30d ago; by default the first of"
            " the month.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="TIME", help="The last day, which is counted, or a time."),
    ] = None,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="COLUMN",
            help=f"{', '.join(tasks.GROUPS)}, or metadata.KEY.",
            autocompletion=_tab.groups,
        ),
    ] = "day",
    csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV with a head.", rich_help_panel="Output")
    ] = False,
) -> int:
    """Show what was spent, by the time of the submit. Asks no provider.

    Charged is what the providers took, as far as they say; expected is what running tasks and
    unknown outcomes cost as priced at their submit. Nothing is added up across providers or units.
    """
    if csv and run.out.json:
        raise UsageError("--csv and --json are two forms of one result", hint="give one of them")
    tasks.check_group(by)
    first, last = _span(since, until, run.clock.now())
    with run.session() as session:
        spent = session.readable_ledger().spent(
            first,
            last,
            sandbox=session.sandbox,
            provider=session.provider_option,
            profile=session.profile_option,
        )
        report = tasks.report(spent, by)
        if not report.groups and session.profile_option is not None:
            session.check_profile()
    _show(run.out, report, csv=csv)
    if not report.groups:
        end = "" if last is None else f" until {last:%Y-%m-%d}"
        run.out.note(f"nothing was submitted since {first:%Y-%m-%d}{end} (UTC)")
    _tell_what_is_not_known(run.out, report)
    return 0


def _span(since: str | None, until: str | None, now: datetime) -> tuple[datetime, datetime | None]:
    """From when to when; None: now."""
    last = None if until is None else models.parse_moment(until, now, "--until", end=True)
    if since is not None:
        first = models.parse_moment(since, now, "--since")
    else:
        month = (last or now).astimezone(UTC)
        first = month.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if last is not None and last < first:
        raise UsageError("--until is before --since")
    return first, last


def _show(out: Output, report: SpendReport, *, csv: bool) -> None:
    if out.json:
        out.document(cli.spending_object(report))
    elif csv:
        out.page(cli.spending_csv(report))
    elif out.has_columns:
        cli.show_spending(out, report)
    else:
        for line in cli.spending_lines(report):
            out.result(*line)


def _tell_what_is_not_known(out: Output, report: SpendReport) -> None:
    """What is in no sum: unknown is said as unknown, not as nothing."""
    if report.total.uncharged:
        out.note(
            f"{report.total.uncharged} that ended: their provider has not said what it charged;"
            " they are in no sum"
        )
    if report.total.unpriced:
        out.note(
            f"{report.total.unpriced} running or of unknown outcome: no price is known;"
            " they are in no sum"
        )

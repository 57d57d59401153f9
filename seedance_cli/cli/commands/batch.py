"""`seedance batch`: many submissions from a file, each exactly once."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli._named import NamedTuple
from seedance_cli.cli import completion as _tab
from seedance_cli.cli import options as _options
from seedance_cli.cli import request_options as _wishes
from seedance_cli.cli.command import Run, command
from seedance_cli.errors import SeedanceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.cli.batch.book import Given
    from seedance_cli.cli.batch.plan import Plan
    from seedance_cli.cli.batch.results import Results
    from seedance_cli.cli.batch.run import Options
    from seedance_cli.cli.session import Session
    from seedance_cli.tasks import batch as _batch

EXAMPLES = (
    "seedance batch shots.csv --dry-run",
    "seedance batch shots.csv --max-cost '20 USD' --results results.csv",
    "seedance batch prompts.txt -d 8 -r 720p -o 'clips/{row}.mp4' --yes",
    "seedance batch shots.jsonl --shard 2/5 --retry-failed --yes",
    "seedance batch prompts.txt --sandbox --yes",
)

_MOST_JOBS = 1000


class BatchOptions(NamedTuple):
    """Which rows, and how many at once."""

    name: Annotated[
        str | None,
        typer.Option(
            "-n",
            "--name",
            metavar="NAME",
            help="Of the batch; by default the file's, without its ending.",
            rich_help_panel="Rows",
        ),
    ] = None
    format_: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            autocompletion=_tab.batch_formats,
            help="jsonl, json, csv or txt, where the file's name does not tell.",
            rich_help_panel="Rows",
        ),
    ] = None
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs", metavar="N", help="In flight at each provider.", rich_help_panel="Rows"
        ),
    ] = 4
    shard: Annotated[
        str | None,
        typer.Option(
            "--shard",
            metavar="I/N",
            help="Only one share of the rows, the same in every run.",
            rich_help_panel="Rows",
        ),
    ] = None
    retry_failed: Annotated[
        bool,
        typer.Option(
            "--retry-failed",
            help="One more attempt for rows whose task failed, was cancelled or expired.",
            rich_help_panel="Rows",
        ),
    ] = False


class ConsentOptions(NamedTuple):
    """What the user agrees to."""

    yes: Annotated[
        bool,
        typer.Option("--yes", help="Agree to the quote beforehand.", rich_help_panel="Money"),
    ] = False
    max_cost: Annotated[
        list[str] | None,
        typer.Option(
            "--max-cost",
            metavar="AMOUNT",
            help="Refuse to pay more for this run: '20 USD'; once for each unit.",
            rich_help_panel="Money",
        ),
    ] = None
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Print the quote and what would happen to each row; send nothing.",
            rich_help_panel="Money",
        ),
    ] = False


class OutcomeOptions(NamedTuple):
    """What becomes of the videos."""

    no_wait: Annotated[
        bool,
        typer.Option(
            "--no-wait", help="Submit, print the refs, and be done.", rich_help_panel="Result"
        ),
    ] = False
    download: Annotated[
        bool | None,
        typer.Option(
            "--download/--no-download",
            help="Save the videos, which is the default; else print their URLs.",
            show_default=False,
            rich_help_panel="Result",
        ),
    ] = None
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="PATH",
            help="A folder/, or a template; by default {batch}/{row}-{slug}.mp4. "
            f"Fields: {_options.OUTPUT_FIELDS}.",
            rich_help_panel="Result",
        ),
    ] = None
    force: _options.Force = False
    sidecar: _options.Sidecar = False
    strict: _options.Strict = False
    results: Annotated[
        Path | None,
        typer.Option(
            "--results",
            metavar="FILE",
            help="Keep a table of all rows in FILE, .jsonl or .csv.",
            rich_help_panel="Result",
        ),
    ] = None
    fail_fast: Annotated[
        bool,
        typer.Option(
            "--fail-fast",
            help="Stop at the first row that does not succeed.",
            rich_help_panel="Result",
        ),
    ] = False
    timeout: Annotated[
        str | None,
        typer.Option(
            "--timeout",
            metavar="DURATION",
            help="Of each task, from its submit: 90, 90s, 10m, 1h. Never cancels.",
            rich_help_panel="Result",
        ),
    ] = None
    interval: _options.Interval = None


@command(remote=True)
def batch(
    run: Run,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A row each; - reads stdin.")],
    *,
    rows: BatchOptions,
    video: _wishes.VideoOptions,
    extra: _wishes.ExtraOptions,
    no_validate: _wishes.NoValidate = False,
    consent: ConsentOptions,
    outcome: OutcomeOptions,
) -> int:
    """Submit every row of a file exactly once, and download each video as it is done.

    Killed or interrupted, the same command goes on where it was.
    """
    from seedance_cli.cli import request as _request
    from seedance_cli.cli.batch import book as _book
    from seedance_cli.cli.batch import plan as _plan
    from seedance_cli.cli.batch import run as _go
    from seedance_cli.cli.batch.results import check_path
    from seedance_cli.tasks import batch as _batch

    options = _options_of(rows, outcome)
    limits = _plan.parse_limits(consent.max_cost or ())
    form = _batch.form_of(file, rows.format_)
    share = None if rows.shard is None else _batch.parse_shard(rows.shard)
    given = _book.Given(
        batch=_batch.batch_name(rows.name, file),
        video=_request.typed("-", video, extra)._replace(prompt=""),
        free=no_validate,
        output=_output(outcome),
        download=not outcome.no_wait and outcome.download is not False,
        force=outcome.force,
        sidecar=outcome.sidecar,
        strict=outcome.strict,
    )
    manifest = _book.read(file, form)
    with run.session(write=not consent.dry_run) as session:
        book = _book.Book(session, given)
        items, faults = _book.checked(book, given, manifest)
        if share is not None:
            items = [item for item in items if _batch.in_shard(item.key, *share)]
        goal = {"retry_failed": rows.retry_failed, "follow": not outcome.no_wait}
        if faults:
            with suppress(SeedanceError):  # the other rows: what the ledger and the disk say
                faults += _plan.plan(session, book, given, _book.without(items, faults), **goal)[1]
            raise _book.refuse(run.out, file, faults)
        check_path(outcome.results, file, trial=not consent.dry_run)
        results = _results(run, items, manifest, outcome.results, texts=form in _batch.TEXTS)
        if not consent.dry_run:
            session.ledger_for_paying()
        plan, faults = _plan.plan(session, book, given, items, **goal)
        if faults:
            raise _book.refuse(run.out, file, faults)
        for line in _plan.quote(plan):
            run.out.note(line)
        if consent.dry_run:
            _dry_run(session, given, plan)
        if limits:
            _plan.check_limits(plan, limits)
        if consent.dry_run:
            return 0
        if plan.to_buy and not (consent.yes or limits):
            _ask(run, plan, file)
        return _go.run(session, _go.Work(book, given, items, results), options)


def _options_of(rows: BatchOptions, outcome: OutcomeOptions) -> Options:
    from seedance_cli.cli.batch.run import Options
    from seedance_cli.models import parse_duration, parse_interval

    if not 1 <= rows.jobs <= _MOST_JOBS:
        raise UsageError(f"--jobs {rows.jobs}", hint=f"a number from 1 to {_MOST_JOBS}")
    if outcome.no_wait:
        for option, is_given in (
            ("--download", outcome.download is True),
            ("-o", outcome.output is not None),
            ("--sidecar", outcome.sidecar),
            ("--strict", outcome.strict),
            ("--timeout", outcome.timeout is not None),
            ("--interval", outcome.interval is not None),
        ):
            if is_given:
                raise UsageError(f"{option} and --no-wait do not go together")
    for option, is_given in (
        ("-o", outcome.output is not None),
        ("--sidecar", outcome.sidecar),
        ("--strict", outcome.strict),
    ):
        if is_given and outcome.download is False:
            raise UsageError(f"{option} and --no-download do not go together")
    return Options(
        jobs=rows.jobs,
        follow=not outcome.no_wait,
        retry_failed=rows.retry_failed,
        fail_fast=outcome.fail_fast,
        timeout=None if outcome.timeout is None else parse_duration(outcome.timeout, "--timeout"),
        interval=None if outcome.interval is None else parse_interval(outcome.interval),
    )


def _output(outcome: OutcomeOptions) -> str | None:
    from seedance_cli.models import check_template, from_home

    if outcome.output is None:
        return None
    if outcome.output == "-":
        raise UsageError("-o - is stdout, where the videos of a batch do not go")
    output = from_home(outcome.output)
    check_template(output)
    return output


def _results(
    run: Run,
    items: Sequence[_batch.Item],
    manifest: _batch.Manifest,
    path: Path | None,
    *,
    texts: bool,
) -> Results | None:
    if path is None:
        return None
    from seedance_cli.cli.batch.results import Results

    return Results(path.absolute(), items, run.clock, columns=manifest.columns, texts=texts)


def _dry_run(session: Session, given: Given, plan: Plan) -> None:
    from seedance_cli.cli.batch.report import Report
    from seedance_cli.models import price_object, price_text

    out = session.out
    if out.json:
        report = Report(session, given, plan.items, follow=True)
        out.document(
            [
                {
                    **report.row_object(item),
                    "action": item.action.value,
                    "price": price_object(item.price),
                }
                for item in plan.items
            ]
        )
    else:
        for item in plan.items:
            price = "" if item.price is None else price_text(item.price)
            ref = (item.known and item.known.ref) or ""
            out.result(item.key, item.action.value, item.provider, price or ref)
    out.note("nothing was sent")


def _ask(run: Run, plan: Plan, file: str) -> None:
    """Ask whether that is to be paid for.

    Raises:
        UsageError: nobody can be asked, or the answer is no.
    """
    from seedance_cli.cli.batch.consent import agreed
    from seedance_cli.cli.batch.plan import bounds

    rows = "1 row" if len(plan.to_buy) == 1 else f"{len(plan.to_buy)} rows"
    if not agreed(run.out, f"Submit {rows}?", bounds=bounds(plan), stdin=file != "-"):
        raise UsageError("nothing was sent")

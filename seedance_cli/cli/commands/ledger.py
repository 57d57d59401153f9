"""`seedance ledger`: where the ledger is, whether it is whole, and its rows for another one."""

from __future__ import annotations

from typing import Annotated

import typer

from seedance_cli import cli
from seedance_cli.cli.command import Run, command
from seedance_cli.cli.help import examples

EXAMPLES = (
    "seedance ledger path",
    "seedance ledger check",
    "seedance ledger use",
    "seedance ledger export -o ledger.jsonl",
    "seedance ledger import ledger.jsonl",
)

app = typer.Typer(
    help="Where the ledger is, on this machine or shared, and its rows for another one.",
    no_args_is_help=True,
)


def places(incomplete: str) -> list[str]:
    """What Tab offers for a LEDGER."""
    return ["local"] if "local".startswith(incomplete) else []


Which = Annotated[
    str | None,
    typer.Argument(
        metavar="LEDGER",
        help="local, this machine's own, or a postgresql:// URL; none: the one in use.",
        show_default=False,
        autocompletion=places,
    ),
]


@app.command(epilog=examples("seedance ledger path", "seedance ledger path --json | jq -r .kind"))
@command()
def path(run: Run) -> None:
    """Print where the ledger is, without a password; with --json also what decided it."""
    cli.ledgers.show_path(run)


@app.command(
    epilog=examples(
        "seedance ledger use",
        "seedance ledger use local",
    )
)
@command()
def use(run: Run, which: Which = None) -> None:
    """Say that this machine pays from another ledger from now on.

    Without that, a paid request to another ledger than the one used last is refused: what the other
    one knows blocks and counts nothing here. SEEDANCE_LEDGER and config.toml say where the ledger
    is; this only confirms it.
    """
    cli.ledgers.use(run, which)


@app.command(
    epilog=examples(
        "seedance ledger check",
        "seedance ledger check --json | jq -r '.checks[] | select(.state != \"ok\") | .words'",
    )
)
@command()
def check(run: Run, which: Which = None) -> int:
    """Verify the whole ledger: how it is kept, and every row. Changes nothing; a fault is 10."""
    return cli.ledgers.check(run, which)


@app.command(
    epilog=examples(
        "seedance ledger export | gzip > ledger.jsonl.gz",
        "seedance ledger export -o backup/ledger.jsonl --force",
    )
)
@command()
def export(
    run: Run,
    which: Which = None,
    *,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", help="The file; - or none is stdout."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write every row as a line of JSON. No key is in it, and no proof of one."""
    cli.ledgers.export(run, which, output, force=force)


@app.command(
    "import",
    epilog=examples(
        "seedance ledger export local | seedance ledger import -",
        "ssh render-03 seedance ledger export | seedance ledger import -",
    ),
)
@command()
def import_rows(
    run: Run,
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="What export wrote; - is stdin.", show_default=False),
    ],
) -> None:
    """Take rows into the ledger in use, all at once or none.

    Rows that it knows already stay as they are, so that the same file may come again. A row whose
    name is taken there comes without it. What was on its way when it was exported counts as
    unknown.
    """
    cli.ledgers.take_in(run, file)

"""`seedance price`: what a request costs, listed and charged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli import cli, config, ledger, providers, system, tasks
from seedance_cli.cli import options as _options
from seedance_cli.cli import request_options as _wishes
from seedance_cli.cli.command import Run, command
from seedance_cli.errors import NoHome
from seedance_cli.models import price_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.cli.output.sink import Output
    from seedance_cli.tasks import PriceRow

EXAMPLES = (
    "seedance price",
    "seedance price -p seedanceapi -d 8 -r 720p --audio",
    "seedance price -p seedance2ink --json",
)
_ANY_PROMPT = "price"
_COLUMNS = ("PROVIDER", "MODEL", "DURATION", "RESOLUTION", "AUDIO", "LISTED", "CHARGED")


@command()
def price(
    run: Run,
    *,
    video: _wishes.VideoOptions,
    provider: _options.Provider = None,
    profile: _options.Profile = None,
) -> int:
    """Show what a request costs: listed in the provider's documents, and what you were charged."""
    wanted = cli.request.typed(_ANY_PROMPT, video)
    store = config.resolve.load(run.env)
    choice = config.resolve.choose_profile(store, run.env, profile)
    named = config.resolve.provider_named(choice, run.env, provider)
    names = providers.names() if named is None else (named[0],)
    rows: list[PriceRow] = []
    with _record(run) as record:
        for each in map(providers.get, names):
            place, _ = config.resolve.endpoint(choice, run.env, each.info)
            if named is not None:
                row = tasks.price_of_one(each, place, wanted, record)
                if row is not None:
                    _print_one(run.out, row)
                    return 0
            rows += tasks.price_list(each, place, wanted, record)
    if not rows:
        run.out.note("no provider offers that: `seedance providers` shows what each one does")
    _print_table(run.out, rows)
    return 0


def _record(run: Run) -> ledger.Ledger:
    """What was charged before; nothing where no home is known."""
    try:
        folder = system.state_dir(run.env)
    except NoHome as error:
        run.out.warn(f"without a ledger: {error.message}")
        return ledger.Ledger.empty(run.clock)
    return ledger.Ledger.open(folder, run.clock, create=False)


def _print_one(out: Output, row: PriceRow) -> None:
    if out.json:
        out.document(row.as_object())
        return
    if row.listed is not None:
        out.result(price_text(row.listed))
        out.note("listed in the provider's documents")
    elif row.charged:
        out.result(price_text(row.charged[-1]))
    else:
        out.result("unknown")
        out.note(f"{row.provider} lists no price, and the ledger has no charge for such a request")
    if row.charged:
        out.note(f"charged: {_charged_text(row)}")


def _print_table(out: Output, rows: Sequence[PriceRow]) -> None:
    if out.json:
        out.document([row.as_object() for row in rows])
    else:
        out.table(
            _COLUMNS,
            [
                (
                    row.provider,
                    row.fields.model or "-",
                    "-" if row.fields.duration is None else f"{row.fields.duration}s",
                    row.fields.resolution or "-",
                    {None: "-", True: "yes", False: "no"}[row.fields.audio],
                    "unknown" if row.listed is None else price_text(row.listed),
                    _charged_text(row) if row.charged else "-",
                )
                for row in rows
            ],
        )


def _charged_text(row: PriceRow) -> str:
    last, count = price_text(row.charged[-1]), len(row.of_one_unit)
    text = f"last {last}, median {row.median:f}, n {count}"
    beside = ", ".join(f"{name} {value}" for name, value in row.beside.items())
    return f"{text} (with {beside})" if beside else text

"""`seedance price`: what a request costs, listed and charged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from seedance_cli import cli, config, ledger, providers, system, tasks
from seedance_cli.cli import options as _options
from seedance_cli.cli import request_options as _wishes
from seedance_cli.cli.command import Run, command
from seedance_cli.errors import NoHome, UsageError
from seedance_cli.models import price_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.cli.output.sink import Output
    from seedance_cli.config import ConfigFiles
    from seedance_cli.models import Price, PricedFields, Used
    from seedance_cli.providers import Provider
    from seedance_cli.tasks import Offer, PriceRow

EXAMPLES = (
    "seedance price",
    "seedance price -p seedanceapi -d 8 -r 720p --audio",
    "seedance price -p seedance2ink --json",
    "seedance price --all -d 5 -r 720p",
)
_ANY_PROMPT = "price"


@command()
def price(
    run: Run,
    *,
    video: _wishes.VideoOptions,
    all_of_them: Annotated[
        bool,
        typer.Option(
            "--all",
            help="One request at every provider: what each would take, or why it cannot.",
            rich_help_panel="Provider",
        ),
    ] = False,
    provider: _options.Provider = None,
    profile: _options.Profile = None,
) -> int:
    """Show what a request costs: listed in the provider's documents, and what you were charged."""
    wanted = cli.request.typed(_ANY_PROMPT, video)
    files = config.resolve.load(run.env)
    choice = config.resolve.choose_profile(files, run.env, profile)
    if all_of_them:
        if provider is not None:
            raise UsageError("--all and --provider were both given", hint="give one of them")
        sellers = [
            (each, config.resolve.endpoint(choice, run.env, each.info)[0])
            for each in map(providers.get, providers.names())
        ]
        command = bool(choice.profile.upload_command)
        with _record(run, files) as record:
            offers = tasks.offers(sellers, wanted, record, files.prices, command=command)
            _print_offers(run.out, offers)
        return 0
    named = config.resolve.provider_named(choice, run.env, provider)
    names = providers.names() if named is None else (named[0],)
    rows: list[PriceRow] = []
    with _record(run, files) as record:
        for each in map(providers.get, names):
            place, _ = config.resolve.endpoint(choice, run.env, each.info)
            if named is not None:
                row = tasks.price_of_one(each, place, wanted, record, files.prices)
                if row is not None:
                    _print_one(run.out, row._replace(used=_used(files, each, record)))
                    return 0
            found = tasks.price_list(each, place, wanted, record, files.prices)
            used = _used(files, each, record)
            rows += (row._replace(used=used) for row in found)
    if not rows:
        run.out.note("no provider offers that: `seedance providers` shows what each one does")
    _print_table(run.out, rows)
    return 0


def _record(run: Run, files: ConfigFiles) -> ledger.Charges:
    """What was charged before; nothing where no home is known."""
    try:
        folder = system.state_dir(run.env)
    except NoHome as error:
        run.out.warn(f"without a ledger: {error.message}")
        return ledger.Charges.empty(run.clock)
    place = cli.ledger_place.where(folder, run.env, lambda: files)
    return ledger.Charges.open(place.shared or folder, run.clock)


def _used(files: ConfigFiles, provider: Provider, record: ledger.Charges) -> tuple[Used, ...]:
    """What is used of the provider's budgets."""
    name = provider.info.name
    budgets = files.budgets.get(name)
    if budgets is None:
        return ()

    def today(endpoint: str, fields: PricedFields) -> Price | None:
        return tasks.pricing.expected(provider, endpoint, fields, record, own=files.prices)

    return tuple(record.used(name, budgets, today))


def _print_one(out: Output, row: PriceRow) -> None:
    if out.json:
        out.document(row.as_object())
        return
    if row.yours is not None:
        out.result(price_text(row.yours))
        out.note("yours, from [[prices]] in config.toml")
        if row.listed is not None:
            out.note(f"{_listed_text(row)}: {price_text(row.listed)}")
    elif row.listed is not None:
        out.result(price_text(row.listed))
        out.note(_listed_text(row))
    elif row.charged:
        out.result(price_text(row.charged[-1]))
    else:
        out.result("unknown")
        advice = providers.get(row.provider).info.price_advice
        none = f"{row.provider} lists no price, and the ledger has no charge for such a request"
        out.note(advice or none)
    if row.charged:
        out.note(f"charged: {cli.charged_text(row)}")
    for one in row.used:
        out.note(f"budget of the {one.words(row.expected)}")


def _listed_text(row: PriceRow) -> str:
    day = f", list of {row.list_date}" if row.list_date else ""
    return f"listed in the provider's documents{day}"


def _print_offers(out: Output, offers: Sequence[Offer]) -> None:
    if out.json:
        out.document([one.as_object() for one in offers])
    else:
        cli.show_offers(out, offers)


def _print_table(out: Output, rows: Sequence[PriceRow]) -> None:
    if out.json:
        out.document([row.as_object() for row in rows])
        return
    cli.show_prices(out, rows)
    used = {(row.provider, one) for row in rows for one in row.used}
    for provider, one in sorted(used):
        out.note(f"{provider}: budget of the {one.words()}")

"""`seedance price`: what a request costs, listed and charged."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import typer

from seedance_cli.cli import options as _options
from seedance_cli.cli import request_options as _wishes
from seedance_cli.models import amount_text, price_object, price_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seedance_cli.cli.app import Run
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.ledger import Ledger
    from seedance_cli.models import JsonObject, Price, PricedFields, VideoRequest
    from seedance_cli.providers import Provider, ProviderInfo

EXAMPLES = (
    "seedance price",
    "seedance price -p seedanceapi -d 8 -r 720p --audio",
    "seedance price -p seedance2ink --json",
)
_ANY_PROMPT = "price"
_COLUMNS = ("PROVIDER", "MODEL", "DURATION", "RESOLUTION", "AUDIO", "LISTED", "CHARGED")


class _Row(NamedTuple):
    """What one request costs, as far as known."""

    provider: str
    fields: PricedFields
    listed: Price | None
    charged: tuple[Price, ...]
    """Newest last."""


def price(
    ctx: typer.Context,
    *,
    model: _wishes.Model = None,
    duration: _wishes.Duration = None,
    resolution: _wishes.Resolution = None,
    aspect_ratio: _wishes.AspectRatio = None,
    audio: _wishes.Audio = None,
    fixed_lens: _wishes.FixedLens = None,
    image: _wishes.Images = None,
    provider: _options.Provider = None,
    profile: _options.Profile = None,
    json: _options.Json = False,
    quiet: _options.Quiet = False,
    verbose: _options.Verbose = False,
) -> int:
    """Show what a request costs: listed in the provider's documents, and what you were charged."""
    run = _options.begin(ctx, json=json, quiet=quiet, verbose=verbose)
    from seedance_cli import providers
    from seedance_cli.cli import request as _request
    from seedance_cli.config import resolve as profiles

    wanted = _request.typed(
        prompt=_ANY_PROMPT,
        model=model,
        duration=duration,
        resolution=resolution,
        aspect_ratio=aspect_ratio,
        audio=audio,
        fixed_lens=fixed_lens,
        images=image or (),
        callback_url=None,
        metadata=(),
        params=(),
    )
    store = profiles.load(run.env)
    choice = profiles.choose_profile(store, run.env, profile)
    named = profiles.provider_named(choice, run.env, provider)
    one = None if named is None else providers.get(named[0])
    asked = [one] if one else [providers.get(name) for name in providers.names()]
    with _ledger(run) as ledger:
        rows: list[_Row] = []
        for each in asked:
            place, _ = profiles.endpoint(choice, run.env, each.info)
            groups = [
                (fields, tuple(prices))
                for _, where, fields, prices in ledger.charge_groups(each.info.name)
                if where == place
            ]
            rows += _rows(each, wanted, dict(groups), strict=one is not None)
        if one is not None and _names_one(one.info, wanted) and rows:
            alike = partial(_alike, asked=rows[0].fields, wanted=wanted)
            charged = ledger.charges_like(one.info.name, place, alike)
            rows = [rows[0]._replace(charged=tuple(charged))]
    if one is not None and _names_one(one.info, wanted) and rows:
        _print_one(run.out, rows[0])
    else:
        if not rows:
            run.out.note("no provider offers that: `seedance providers` shows what each one does")
        _print_table(run.out, rows)
    return 0


def _ledger(run: Run) -> Ledger:
    """What was charged before; nothing where no home is known."""
    from seedance_cli.errors import NoHome
    from seedance_cli.ledger import Ledger
    from seedance_cli.system import state_dir

    try:
        folder = state_dir(run.env)
    except NoHome as error:
        run.out.warn(f"without a ledger: {error.message}")
        return Ledger.empty(run.clock)
    return Ledger.open(folder, run.clock, create=False)


def _rows(
    provider: Provider,
    wanted: VideoRequest,
    charged: dict[PricedFields, tuple[Price, ...]],
    *,
    strict: bool,
) -> Iterator[_Row]:
    """Every request that the options leave open, where anything is known of its price."""
    from seedance_cli.errors import UsageError
    from seedance_cli.models import PricedFields
    from seedance_cli.tasks import check

    info = provider.info
    try:
        check(info, wanted, endpoint_is_loopback=False, free=False)
    except UsageError:
        if strict:
            raise
        return
    if strict and _names_one(info, wanted):
        yield _row(provider, wanted, charged)
        return
    known = False
    left = dict(charged)
    for video in _open(info, wanted):
        row = _row(provider, video, left)
        left.pop(row.fields, None)
        if row.listed is not None or row.charged:
            known = True
            yield row
    for fields, prices in left.items():
        if _fits(fields, wanted):
            known = True
            yield _Row(info.name, fields, None, prices)
    if not known:  # said as unknown, not left out
        fields = PricedFields(wanted.model, wanted.duration, wanted.resolution, wanted.audio)
        yield _Row(info.name, fields, None, ())


def _row(
    provider: Provider, video: VideoRequest, charged: dict[PricedFields, tuple[Price, ...]]
) -> _Row:
    body = provider.request(video).body
    fields = provider.priced(body)
    assert fields is not None, "a request without --param has only fields that are known"
    return _Row(provider.info.name, fields, provider.price(body), charged.get(fields, ()))


def _names_one(info: ProviderInfo, wanted: VideoRequest) -> bool:
    """Whether the options name one price. Audio that is not asked for is the provider's default."""
    limits = info.model(wanted.model)
    return (
        (wanted.model is not None or len(info.models) == 1)
        and (wanted.duration is not None or len(limits.durations) <= 1)
        and (wanted.resolution is not None or len(limits.resolutions) <= 1)
    )


def _open(info: ProviderInfo, wanted: VideoRequest) -> Iterator[VideoRequest]:
    from dataclasses import replace

    from seedance_cli.providers import ModelUse

    for model in info.models:
        if wanted.model not in {None, model.id}:
            continue
        audios: Sequence[bool | None] = (None,)
        if info.audio:
            audios = (False, True) if wanted.audio is None else (wanted.audio,)
        for resolution, duration, audio in product(
            model.resolutions or (None,), model.durations or (None,), audios
        ):
            video = replace(
                wanted,
                model=None if info.model_use is ModelUse.NONE else model.id,
                duration=duration,
                resolution=resolution,
                audio=audio,
            )
            if wanted.duration in {None, duration} and wanted.resolution in {None, resolution}:
                yield video


def _alike(fields: PricedFields, asked: PricedFields, wanted: VideoRequest) -> bool:
    """Whether requests with these fields count as the one asked for.

    Ratio and lens only where they were asked for: the other options are enough to name a price.
    """
    return (
        fields[:5] == asked[:5]
        and (wanted.aspect_ratio is None or fields.aspect_ratio == asked.aspect_ratio)
        and (wanted.fixed_lens is None or fields.fixed_lens == asked.fixed_lens)
    )


def _fits(fields: PricedFields, wanted: VideoRequest) -> bool:
    return (not wanted.images or fields.images == len(wanted.images)) and all(
        asked in {None, given}
        for asked, given in (
            (wanted.model, fields.model),
            (wanted.duration, fields.duration),
            (wanted.resolution, fields.resolution),
            (wanted.audio, fields.audio),
            (wanted.aspect_ratio, fields.aspect_ratio),
            (wanted.fixed_lens, fields.fixed_lens),
        )
    )


def _print_one(out: Output, row: _Row) -> None:
    if out.json:
        out.document(_object(row))
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


def _print_table(out: Output, rows: Sequence[_Row]) -> None:
    if out.json:
        out.document([_object(row) for row in rows])
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


def _charged_text(row: _Row) -> str:
    from statistics import median

    prices = _of_one_unit(row.charged)
    middle = median(price.amount for price in prices)
    text = f"last {price_text(prices[-1])}, median {middle:f}, n {len(prices)}"
    beside = ", ".join(f"{name} {value}" for name, value in _beside(row.fields).items())
    return f"{text} (with {beside})" if beside else text


def _of_one_unit(prices: Sequence[Price]) -> list[Price]:
    """Those in the unit of the newest one: amounts of two units have no median."""
    return [price for price in prices if price.unit == prices[-1].unit]


def _beside(fields: PricedFields) -> JsonObject:
    """What else decided a price, beside the fields that have a column."""
    others: JsonObject = {
        "images": fields.images or None,
        "aspect_ratio": fields.aspect_ratio,
        "fixed_lens": fields.fixed_lens,
    }
    return {name: value for name, value in others.items() if value is not None}


def _object(row: _Row) -> JsonObject:
    from statistics import median

    charged: JsonObject | None = None
    if row.charged:
        prices = _of_one_unit(row.charged)
        charged = {
            "basis": "charged",
            "unit": prices[-1].unit,
            "last": amount_text(prices[-1].amount),
            "median": amount_text(median(price.amount for price in prices)),
            "n": len(prices),
        }
    beside = _beside(row.fields)
    return {
        "provider": row.provider,
        "model": row.fields.model,
        "duration": row.fields.duration,
        "resolution": row.fields.resolution,
        "audio": row.fields.audio,
        "listed": price_object(row.listed),
        "charged": charged,
        **({"with": beside} if beside else {}),
    }

"""What requests cost, as the command `price` shows it: listed by providers, and charged before."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from seedance_cli.errors import UsageError
from seedance_cli.models import PricedFields, amount_text, price_object
from seedance_cli.providers import ModelUse
from seedance_cli.tasks.validate import check

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from seedance_cli.ledger import Ledger
    from seedance_cli.models import JsonObject, Price, VideoRequest
    from seedance_cli.providers import Provider, ProviderInfo

    Charged = dict[PricedFields, tuple[Price, ...]]


class PriceRow(NamedTuple):
    """What one request costs, as far as known."""

    provider: str
    fields: PricedFields
    listed: Price | None
    charged: tuple[Price, ...]
    """Newest last."""

    @property
    def of_one_unit(self) -> list[Price]:
        """The charges in the unit of the newest one: amounts of two units have no median."""
        return [price for price in self.charged if price.unit == self.charged[-1].unit]

    @property
    def median(self) -> Decimal:
        """The middle one of the charges; there is one."""
        return median(price.amount for price in self.of_one_unit)

    @property
    def beside(self) -> JsonObject:
        """What else decided the price, beside the fields that have a column."""
        others: JsonObject = {
            "images": self.fields.images or None,
            "aspect_ratio": self.fields.aspect_ratio,
            "fixed_lens": self.fields.fixed_lens,
        }
        return {name: value for name, value in others.items() if value is not None}

    def as_object(self) -> JsonObject:
        """As JSON."""
        charged: JsonObject | None = None
        if self.charged:
            charged = {
                "basis": "charged",
                "unit": self.charged[-1].unit,
                "last": amount_text(self.charged[-1].amount),
                "median": amount_text(self.median),
                "n": len(self.of_one_unit),
            }
        return {
            "provider": self.provider,
            "model": self.fields.model,
            "duration": self.fields.duration,
            "resolution": self.fields.resolution,
            "audio": self.fields.audio,
            "listed": price_object(self.listed),
            "charged": charged,
            **({"with": self.beside} if self.beside else {}),
        }


def price_of_one(
    provider: Provider, endpoint: str, wanted: VideoRequest, ledger: Ledger
) -> PriceRow | None:
    """The price of the request; None where the options leave several requests open.

    Raises:
        UsageError: the provider does not take it.
    """
    check(provider.info, wanted, endpoint_is_loopback=False, free=False)
    if not _names_one(provider.info, wanted):
        return None
    row = _row(provider, wanted, {})
    alike = partial(_alike, asked=row.fields, wanted=wanted)
    charges = ledger.charges_like(provider.info.name, endpoint, alike)
    return row._replace(charged=tuple(charges))


def price_list(
    provider: Provider, endpoint: str, wanted: VideoRequest, ledger: Ledger
) -> Iterator[PriceRow]:
    """Every request that the options leave open, where anything is known of its price.

    Args:
        provider: whose prices; nothing comes where it does not take such a request.
        endpoint: whose charges count.
        wanted: the request; a field that is None is open.
        ledger: knows what was charged.
    """
    info = provider.info
    try:
        check(info, wanted, endpoint_is_loopback=False, free=False)
    except UsageError:
        return
    known = False
    left: Charged = {
        fields: tuple(prices)
        for _, where, fields, prices in ledger.charge_groups(info.name)
        if where == endpoint
    }
    for video in _open(info, wanted):
        row = _row(provider, video, left)
        left.pop(row.fields, None)
        if row.listed is not None or row.charged:
            known = True
            yield row
    for fields, prices in left.items():
        if _fits(fields, wanted):
            known = True
            yield PriceRow(info.name, fields, None, prices)
    if not known:  # said as unknown, not left out
        fields = PricedFields(wanted.model, wanted.duration, wanted.resolution, wanted.audio)
        yield PriceRow(info.name, fields, None, ())


def _row(provider: Provider, video: VideoRequest, charged: Charged) -> PriceRow:
    body = provider.request(video).body
    fields = provider.priced(body)
    assert fields is not None, "a request without --param has only fields that are known"
    return PriceRow(provider.info.name, fields, provider.price(body), charged.get(fields, ()))


def _names_one(info: ProviderInfo, wanted: VideoRequest) -> bool:
    """Whether the options name one price. Audio that is not asked for is the provider's default."""
    limits = info.model(wanted.model)
    return (
        (wanted.model is not None or len(info.models) == 1)
        and (wanted.duration is not None or len(limits.durations) <= 1)
        and (wanted.resolution is not None or len(limits.resolutions) <= 1)
    )


def _open(info: ProviderInfo, wanted: VideoRequest) -> Iterator[VideoRequest]:
    """Each request of the documented sets that the options leave open."""
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
    """Whether a request with these fields is one that the options leave open."""
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

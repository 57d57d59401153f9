"""What requests cost, as the command `price` shows it: listed by providers, and charged before."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import TYPE_CHECKING

from seedance_cli import providers
from seedance_cli._named import NamedTuple
from seedance_cli.errors import UsageError
from seedance_cli.models import PricedFields, amount_text, own_price, price_object, same_unit
from seedance_cli.providers import ModelUse
from seedance_cli.tasks.validate import check

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from seedance_cli.ledger import History
    from seedance_cli.models import JsonObject, OwnPrice, Price, Used, VideoRequest
    from seedance_cli.providers import ModelInfo, Provider, ProviderInfo

    Charged = dict[PricedFields, tuple[Price, ...]]


_WITH_COLUMN = ("model", "duration", "resolution", "audio")
_BESIDE = tuple(name for name in PricedFields._fields if name not in _WITH_COLUMN)


class PriceRow(NamedTuple):
    """What one request costs, as far as known."""

    provider: str
    fields: PricedFields
    listed: Price | None
    charged: tuple[Price, ...]
    """Newest last."""
    yours: Price | None = None
    """By the user's own word; it goes before the listed one."""
    used: tuple[Used, ...] = ()
    """What is used of the provider's budgets."""

    @property
    def expected(self) -> Price | None:
        """The user's own or the listed price, or the highest charge, if that is more."""
        known = self.yours or self.listed
        prices = [*self.charged, *([known] if known else [])]
        unit = prices[-1].unit if prices else None
        return max(
            (one for one in prices if same_unit(one.unit, unit)),
            key=lambda one: one.amount,
            default=None,
        )

    @property
    def of_one_unit(self) -> list[Price]:
        """The charges in the unit of the newest one: amounts of two units have no median."""
        return [price for price in self.charged if price.unit == self.charged[-1].unit]

    @property
    def median(self) -> Decimal:
        """The middle one of the charges; there is one."""
        from statistics import median  # loads slowly, and there may be no charges

        return median(price.amount for price in self.of_one_unit)

    @property
    def beside(self) -> JsonObject:
        """What else decided the price, beside the fields that have a column."""
        others = self.fields._asdict()
        return {
            name: others[name]
            for name in _BESIDE
            if others[name] is not None and (others[name] is False or others[name])
        }

    @property
    def list_date(self) -> str | None:
        """Of the list that the listed price is from; None: there is none, or it has no date."""
        return None if self.listed is None else providers.get(self.provider).info.prices_of

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
            "yours": price_object(self.yours),
            "listed": price_object(self.listed),
            **({"list_date": self.list_date} if self.list_date else {}),
            "charged": charged,
            **({"with": self.beside} if self.beside else {}),
            **self._budgets(),
        }

    def _budgets(self) -> JsonObject:
        if not self.used:
            return {}
        return {"budgets": [one.as_object(self.expected) for one in self.used]}


def price_of_one(
    provider: Provider,
    endpoint: str,
    wanted: VideoRequest,
    ledger: History,
    own: Sequence[OwnPrice] = (),
) -> PriceRow | None:
    """The price of the request; None where the options leave several requests open.

    Raises:
        UsageError: the provider does not take it.
    """
    info = provider.info
    models = models_for(info, wanted)
    if not models:
        check(info, wanted, endpoint_is_loopback=False, free=False)
    if len(models) > 1 or not _names_one(models[0], wanted):
        return None
    return price_like(provider, endpoint, with_model(info, models[0], wanted), ledger, own)


def price_like(
    provider: Provider,
    endpoint: str,
    video: VideoRequest,
    ledger: History,
    own: Sequence[OwnPrice] = (),
) -> PriceRow:
    """What is known of the price of requests like one, which the provider takes.

    Args:
        provider: whose price.
        endpoint: whose charges count.
        video: the request, its model chosen. What it leaves out of ratio, lens and watermark is
            free.
        ledger: knows what was charged.
        own: the user's own prices.
    """
    row = _row(provider, video, {}, own)
    alike = partial(_alike, asked=row.fields, wanted=video)
    return row._replace(charged=tuple(ledger.charges_like(provider.info.name, endpoint, alike)))


def price_list(
    provider: Provider,
    endpoint: str,
    wanted: VideoRequest,
    ledger: History,
    own: Sequence[OwnPrice] = (),
) -> Iterator[PriceRow]:
    """Every request that the options leave open, where anything is known of its price.

    Args:
        provider: whose prices; nothing comes where it does not take such a request.
        endpoint: whose charges count.
        wanted: the request; a field that is None is open.
        ledger: knows what was charged.
        own: the user's own prices.
    """
    info = provider.info
    models = models_for(info, wanted)
    if not models:
        return
    known = False
    left: Charged = {
        fields: tuple(prices)
        for _, where, fields, prices in ledger.charge_groups(info.name)
        if where == endpoint
    }
    for video in _open(info, models, wanted):
        row = _row(provider, video, left, own)
        left.pop(row.fields, None)
        if row.listed is not None or row.charged or row.yours is not None:
            known = True
            yield row
    for fields, prices in left.items():
        if _fits(fields, wanted):
            known = True
            yield PriceRow(info.name, fields, None, prices, own_price(own, info.name, fields))
    if not known:  # said as unknown, not left out
        fields = PricedFields(wanted.model, wanted.duration, wanted.resolution, wanted.audio)
        yield PriceRow(info.name, fields, None, ())


def _row(
    provider: Provider, video: VideoRequest, charged: Charged, own: Sequence[OwnPrice]
) -> PriceRow:
    request = provider.request(video)
    fields = provider.priced(request)
    assert fields is not None, "a request without --param has only fields that are known"
    name, listed = provider.info.name, provider.price(request)
    yours = own_price(own, name, fields)
    return PriceRow(name, fields, listed, charged.get(fields, ()), yours)


def models_for(info: ProviderInfo, wanted: VideoRequest) -> list[ModelInfo]:
    """The models that would take the request; of one that is named, that one alone."""
    if wanted.model is not None:
        models: Sequence[ModelInfo] = (info.model(wanted.model),)
    else:
        models = info.models
    return [one for one in models if _takes(info, with_model(info, one, wanted))]


def _takes(info: ProviderInfo, video: VideoRequest) -> bool:
    try:
        check(info, video, endpoint_is_loopback=False, free=False)
    except UsageError:
        return False
    return True


def with_model(info: ProviderInfo, model: ModelInfo, wanted: VideoRequest) -> VideoRequest:
    """The request for a model; one that names its model keeps the name, listed or not."""
    if wanted.model is not None or info.model_use is ModelUse.NONE:
        return wanted
    return wanted._replace(model=model.id)


def _names_one(limits: ModelInfo, wanted: VideoRequest) -> bool:
    """Whether the options name one price. Audio that is not asked for is the provider's default."""
    return (wanted.duration is not None or len(limits.durations) <= 1) and (
        wanted.resolution is not None or len(limits.resolutions) <= 1
    )


def _open(
    info: ProviderInfo, models: Sequence[ModelInfo], wanted: VideoRequest
) -> Iterator[VideoRequest]:
    """Each request of the documented sets that the options leave open."""
    for model in models:
        one = with_model(info, model, wanted)
        audios: Sequence[bool | None] = (wanted.audio,)
        if wanted.audio is None and info.takes("audio", model):
            audios = (False, True)
        durations = (wanted.duration,) if wanted.duration else model.durations or (None,)
        sizes = (wanted.resolution,) if wanted.resolution else model.resolutions or (None,)
        for resolution, duration, audio in product(sizes, durations, audios):
            yield one._replace(duration=duration, resolution=resolution, audio=audio)


def _alike(fields: PricedFields, asked: PricedFields, wanted: VideoRequest) -> bool:
    """Whether requests with these fields count as the one asked for.

    Ratio, lens and watermark only where they were asked for: the other options are enough to name a
    price.
    """
    free = [
        PricedFields._fields.index(name)
        for name in ("aspect_ratio", "fixed_lens", "watermark")
        if getattr(wanted, name) is None
    ]
    return all(
        given == wish or place in free
        for place, (given, wish) in enumerate(zip(fields, asked, strict=True))
    )


def _fits(fields: PricedFields, wanted: VideoRequest) -> bool:
    """Whether a request with these fields is one that the options leave open."""
    given, asked = fields._asdict(), {name: getattr(wanted, name) for name in PricedFields._fields}
    return all(
        given[name] == _as_priced(name, one)
        for name, one in asked.items()
        if one is not None and one != ()
    )


def _as_priced(name: str, value: object) -> object:
    """A value of the request as priced fields have it: how many media, and whether a frame."""
    if isinstance(value, tuple):
        return len(value)
    return True if name in {"first_frame", "last_frame"} else value

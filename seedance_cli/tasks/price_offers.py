"""One request at every provider: what each would take, or why it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.models import price_object
from seedance_cli.providers import ModelUse
from seedance_cli.tasks.media.ways import stranded
from seedance_cli.tasks.price_rows import models_for, price_like, with_model
from seedance_cli.tasks.rules import refusals

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from seedance_cli.ledger import History
    from seedance_cli.models import JsonObject, OwnPrice, Price, VideoRequest
    from seedance_cli.providers import Provider, ProviderInfo
    from seedance_cli.tasks.price_rows import PriceRow


class Offer(NamedTuple):
    """What one provider would take for a request."""

    provider: str
    model: str | None = None
    """The first one listed that takes the request, with a known price if there is one; None: it has
    no models, or none takes it."""
    row: PriceRow | None = None
    """What is known of the price; None: it does not take the request."""
    reason: str | None = None
    """Why it does not."""

    @property
    def price(self) -> Price | None:
        """As `--max-cost` would see it; None: unknown."""
        return None if self.row is None else self.row.expected

    @property
    def rank(self) -> tuple[int, str, Decimal | int, str]:
        """Known prices first, by unit and amount; then unknown ones; then who cannot."""
        price = self.price
        if price is None:
            return (1 if self.row is not None else 2, "", 0, self.provider)
        return (0, price.unit or "", price.amount, self.provider)

    def as_object(self) -> JsonObject:
        """As JSON: that of its row, and what is made of it."""
        known = {"provider": self.provider, "model": self.model}
        return {
            **({} if self.row is None else self.row.as_object()),
            **known,
            "takes": self.row is not None,
            "price": price_object(self.price),
            "reason": self.reason,
        }


def offers(
    sellers: Iterable[tuple[Provider, str]],
    wanted: VideoRequest,
    ledger: History,
    own: Sequence[OwnPrice] = (),
    *,
    command: bool = False,
) -> list[Offer]:
    """What each would take, the cheapest first within a unit; nothing is converted.

    Args:
        sellers: the providers, each with its endpoint.
        wanted: the request. Where it names no model, each is asked for the first one it lists that
            takes the rest and whose price is known; else for the first that takes it.
        ledger: knows what was charged.
        own: the user's own prices.
        command: whether there is an `upload_command` for local files.
    """
    found = [
        _offer(provider, endpoint, wanted, ledger, own, command=command)
        for provider, endpoint in sellers
    ]
    return sorted(found, key=lambda one: one.rank)


def _offer(
    provider: Provider,
    endpoint: str,
    wanted: VideoRequest,
    ledger: History,
    own: Sequence[OwnPrice],
    *,
    command: bool,
) -> Offer:
    info = provider.info
    models = models_for(info, wanted)
    if not models:
        return Offer(info.name, reason=_reason(info, wanted))
    first: Offer | None = None
    for model in models:
        video = with_model(info, model, wanted)
        left = stranded(info, video, endpoint=endpoint, sandbox=False, command=command)
        no_way = next((why for _, why in left), None)
        if no_way is not None:
            first = first or Offer(info.name, reason=no_way)
            continue
        row = price_like(provider, endpoint, video, ledger, own)
        shown = None if info.model_use is ModelUse.NONE else video.model
        offer = Offer(info.name, shown, row)
        if offer.price is not None:
            return offer
        first = offer if first is None or first.row is None else first
    assert first is not None
    return first


def _reason(info: ProviderInfo, wanted: VideoRequest) -> str:
    """Why the provider does not take a request: of the model that lacks least."""
    models = info.models if wanted.model is None else info.models[:1]
    found = min(
        (list(refusals(info, with_model(info, one, wanted), loopback=False)) for one in models),
        key=len,
    )
    return f"{found[0].option}: {found[0].reason}"

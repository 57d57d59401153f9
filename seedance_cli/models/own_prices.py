"""Prices that the user knows better than the documents: `[[prices]]` of `config.toml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.models.price import Price

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seedance_cli.models.budget import Amount
    from seedance_cli.models.price import PricedFields

YOURS = "yours"
"""The basis of such a price."""


class OwnPrice(NamedTuple):
    """One entry: what it is for, and what that costs. None: whatever the request has."""

    provider: str
    cost: Amount
    per_second: bool = False
    """Whether the cost is that of one second."""
    model: str | None = None
    duration: int | None = None
    """Seconds."""
    resolution: str | None = None
    audio: bool | None = None

    @property
    def wanted(self) -> tuple[str | int | bool | None, ...]:
        """What a request must have, in the order of `PricedFields`."""
        return (self.model, self.duration, self.resolution, self.audio)

    def matches(self, fields: PricedFields) -> bool:
        """Whether the entry is for requests with these fields.

        Where the model is an endpoint (`FAMILY/text-to-video`), its family fits as well.
        """
        family = (fields.model or "").rpartition("/")[0]
        model = self.model if self.model == family else fields.model
        given = (model, fields.duration, fields.resolution, fields.audio)
        pairs = zip(self.wanted, given, strict=True)
        fits = all(wanted is None or wanted == has for wanted, has in pairs)
        return fits and not (self.per_second and fields.duration is None)

    def price(self, fields: PricedFields) -> Price:
        """The price of a request that it matches."""
        seconds = (fields.duration or 0) if self.per_second else 1
        return Price(seconds * self.cost.amount, self.cost.unit, YOURS)


def own_price(entries: Iterable[OwnPrice], provider: str, fields: PricedFields) -> Price | None:
    """What the user says that a request costs: by the entry that matches most; None: nothing.

    Of several that match equally much the first counts.
    """
    fitting = [one for one in entries if one.provider == provider and one.matches(fields)]
    best = max(fitting, key=_telling, default=None)
    return None if best is None else best.price(fields)


def _telling(entry: OwnPrice) -> int:
    """How many fields of a request an entry names."""
    return sum(field is not None for field in entry.wanted)

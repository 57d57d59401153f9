"""What a request costs, and which of its fields decide that.

The two are named tuples, as is every value here of which no field is replaced and which every start
reads: Python makes such a class in a fifth of the time of a dataclass, whose methods it has to
compile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple

if TYPE_CHECKING:
    from decimal import Decimal

    from seedance_cli.models.json_types import JsonObject


class Price(NamedTuple):
    """An amount as the provider words it. Never converted, never a float."""

    amount: Decimal
    unit: str | None
    """`credits`, `USD`; None where the provider states no unit."""
    basis: str
    """`listed` (in the provider's documents), `yours` (in your configuration) or `charged` (what a
    task was really charged)."""


class PricedFields(NamedTuple):
    """Whatever of a request may decide its price, with the provider's defaults filled in.

    A field that no one has shown to be free of charge is one of them: what was charged for a
    request without it says nothing of the price with it.
    """

    model: str | None
    """With its path, where that is part of what is asked for."""
    duration: int | None
    """Seconds."""
    resolution: str | None
    audio: bool | None
    images: int = 0
    """How many."""
    aspect_ratio: str | None = None
    """None, here and below: as the provider takes it where nothing is said."""
    fixed_lens: bool | None = None
    first_frame: bool | None = None
    """Whether there is one."""
    last_frame: bool | None = None
    reference_videos: int = 0
    """How many."""
    reference_audios: int = 0
    watermark: bool | None = None
    last_frame_out: bool | None = None


def amount_text(amount: Decimal) -> str:
    """An amount as the provider wrote it, without an exponent."""
    return f"{amount:f}"


def price_text(price: Price) -> str:
    """`56 credits`; the number alone where the provider states no unit."""
    amount = amount_text(price.amount)
    return f"{amount} {price.unit}" if price.unit else amount


def price_object(price: Price | None) -> JsonObject | None:
    """A price as JSON: the amount is a string, so that nobody reads it as a float."""
    if price is None:
        return None
    return {"amount": amount_text(price.amount), "unit": price.unit, "basis": price.basis}

"""One approved submission, as the ledger is asked for it before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from seedance_cli._named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seedance_cli.errors import SeedanceError
    from seedance_cli.models.budget import Budgets
    from seedance_cli.models.price import Price, PricedFields
    from seedance_cli.models.request import VideoRequest

PriceToday: TypeAlias = "Callable[[str, PricedFields], Price | None]"
"""The price at an endpoint of what these fields describe; None: not known."""


def _unknown(_endpoint: str, _fields: PricedFields) -> Price | None:
    return None


class Conditions(NamedTuple):
    """Under which conditions something may be bought."""

    again: bool = False
    """Although an identical request is unresolved, or untold."""
    name: str | None = None
    """The caller's: no second paid POST leaves under it. Not with `again`."""
    retry_failed: bool = False
    """Make another attempt under the name where the newest task failed, or was ended."""
    retry_ended: bool = False
    """With `retry_failed`: also where it has succeeded."""
    batch: str | None = None
    """Of which batch it is a row: equal rows of one batch do not block one another."""
    row: str | None = None
    """Which row."""
    too_dear: SeedanceError | None = None
    """Why the user's own limit refuses it, unless something stands for it and nothing is paid."""
    price: Price | None = None
    """What it costs as far as known now: what the budgets reserve for it."""
    budgets: Budgets | None = None
    """None: not bounded."""
    price_today: PriceToday = _unknown
    """For earlier rows with neither charge nor price in a budget's unit."""


class Purchase(NamedTuple):
    """What is to be bought, where, for whom, and under which conditions."""

    provider: str
    endpoint: str
    """The base URL, or `sandbox`."""
    sandbox: bool
    request: VideoRequest
    """What the user asked for."""
    fingerprints: Mapping[int, str]
    """Of the final request, by every rule there was, the newest among them (`RULE`)."""
    profile: str | None = None
    profile_named: bool = False
    """Whether `--profile` named it; the task is read with the same rank."""
    priced: PricedFields | None = None
    """What decides its price; None where that is not known."""
    key_proof: str | None = None
    """Of the key that it is sent with; see `Ledger.key_proof`."""
    conditions: Conditions = Conditions()

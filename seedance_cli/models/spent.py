"""What one submission cost, as far as it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from seedance_cli.models.price import Price
    from seedance_cli.models.task import Status


class Spent(NamedTuple):
    """A task, or an unknown outcome, and its cost."""

    when: datetime
    """UTC; of the submit."""
    provider: str
    profile: str | None
    model: str | None
    batch: str | None
    metadata: Mapping[str, str]
    status: Status | None
    """The task's; None: nobody knows whether there is a task."""
    charge: Price | None
    """The highest ever read; 0 for a task that failed and was last read as charged 0."""
    price: Price | None
    """As priced at the submit."""

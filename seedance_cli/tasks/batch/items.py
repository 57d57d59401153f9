"""A row of a batch on its way: what is known of it, and what is to be done."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.models import IntentState, Status

if TYPE_CHECKING:
    from seedance_cli.errors import SeedanceError
    from seedance_cli.ledger import BatchRow
    from seedance_cli.models import Price
    from seedance_cli.tasks.batch.manifest import ManifestRow

_ON_ITS_WAY = frozenset({IntentState.PREPARED, IntentState.SENDING})


class Action(StrEnum):
    """What a run does with a row."""

    SUBMIT = "submit"
    RETRY = "retry"
    """Submit once more: its task ended badly, and that was asked for."""
    FOLLOW = "wait"
    """Its task has not ended, or that was not read yet; or another process is sending it."""
    FETCH = "download"
    """Its task has succeeded, and its file is not here."""
    DONE = "done"
    FAILED = "failed"
    """Its task ended without a video."""
    UNKNOWN = "unknown"
    """Nobody knows whether it was bought: it is left alone."""


AT_REST = frozenset({Action.DONE, Action.FAILED, Action.UNKNOWN})
"""Where a run only tells of a row."""


class Seller(NamedTuple):
    """Where a row is bought, as far as the row says it."""

    provider: str | None
    profile: str | None


@dataclass(slots=True)
class Item:
    """One row, as a run sees it."""

    row: ManifestRow
    key: str
    """Unique in its batch."""
    seller: Seller
    provider: str = ""
    """By name, once that is decided."""
    mark: str = ""
    """The fingerprint of its request, by the newest rule."""
    extras: int = 0
    """What it says beside its request; see `models.extras`."""
    action: Action = Action.SUBMIT
    known: BatchRow | None = None
    """What the ledger has of it."""
    price: Price | None = None
    """Of a row that is to be submitted; None: not known."""
    error: SeedanceError | None = None
    """Why this run does not bring it to a good end."""

    @property
    def status(self) -> str:
        """Its task's, or what became of its submission."""
        return "not_submitted" if self.known is None else self.known.status.value


def may_buy(item: Item) -> bool:
    """Whether a row may be paid for: one that another process is sending may come back."""
    if item.action in {Action.SUBMIT, Action.RETRY}:
        return True
    return item.action is Action.FOLLOW and item.known is not None and item.known.ref is None


def is_open(item: Item) -> bool:
    """Whether nothing was bought of a row."""
    return item.known is None or not item.known.bought


def is_here(known: BatchRow) -> bool:
    """Whether every video of a task is saved, and still there."""
    if not known.files or len(known.files) < len(known.urls):
        return False
    with suppress(OSError, ValueError):
        return all(os.stat(path).st_size == size for path, size in known.files)  # noqa: PTH116 - of thousands
    return False


def action(known: BatchRow | None, *, retry_failed: bool, fetch: bool) -> Action:
    """What is to be done with a row.

    Args:
        known: what the ledger has of it.
        retry_failed: `--retry-failed`.
        fetch: whether videos are downloaded.
    """
    if known is None or not known.bought:
        return Action.SUBMIT
    if known.ref is None:
        return Action.FOLLOW if known.state in _ON_ITS_WAY else Action.UNKNOWN
    if not known.status.terminal:
        return Action.FOLLOW
    if known.status is not Status.SUCCEEDED:
        return Action.RETRY if retry_failed else Action.FAILED
    if not fetch:
        return Action.DONE if known.urls else Action.FOLLOW
    return Action.DONE if is_here(known) else Action.FETCH

"""Short ways to fill a ledger."""

from __future__ import annotations

import os
import shutil
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

import pytest

from seedance_cli.ledger import SharedLedger
from seedance_cli.ledger.requests import request_text
from seedance_cli.models import (
    RULE,
    Conditions,
    Price,
    PricedFields,
    Purchase,
    Status,
    Submission,
    Task,
    VideoRequest,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.ledger.record import Ledger

Place: TypeAlias = "Path | SharedLedger"
"""Where a ledger is."""
ON_SQLITE = pytest.mark.parametrize("place", ["sqlite"], indirect=True)
"""For what only a ledger in a file has."""
ENDPOINT = "https://api.example.com/v1"
PRICED = PricedFields("m-1", 8, "720p", True)
CREDITS = Price(Decimal("40.50"), "credits", "charged")


def prepare(
    ledger: Ledger,
    mark: str = "f",
    *,
    provider: str = "runbase",
    endpoint: str = ENDPOINT,
    profile: str | None = "default",
    sandbox: bool = False,
    prompt: str = "a cat",
    priced: PricedFields | None = PRICED,
    again: bool = False,
    earlier: Mapping[int, str] = MappingProxyType({}),
    key: str | None = None,
    conditions: Conditions | None = None,
) -> str:
    """Write an intent with the fingerprint `mark`, sent with that key; its id."""
    purchase = Purchase(
        provider=provider,
        endpoint=endpoint,
        profile=profile,
        sandbox=sandbox,
        fingerprints={RULE: mark, **earlier},
        request=VideoRequest(prompt=prompt, duration=8),
        priced=priced,
        key_proof=None if key is None else ledger.key_proof(key, endpoint),
        conditions=conditions or Conditions(again=again),
    )
    intent = ledger.prepare(purchase).row.intent
    assert intent is not None
    return intent


def submit(
    ledger: Ledger,
    task_id: str = "t1",
    *,
    provider: str = "runbase",
    endpoint: str = ENDPOINT,
    profile: str | None = "default",
    sandbox: bool = False,
    priced: PricedFields | None = PRICED,
    cost: Price | None = None,
    key: str | None = None,
) -> Submission:
    """Write a submission that was accepted as `task_id`."""
    intent = prepare(
        ledger,
        mark=task_id,
        provider=provider,
        endpoint=endpoint,
        profile=profile,
        sandbox=sandbox,
        priced=priced,
        key=key,
    )
    ledger.sending(intent)
    submission = ledger.accept(intent, Task(task_id=task_id, status=Status.QUEUED, cost=cost))
    ledger.told(intent)
    return submission._replace(told=True)


def name(
    ledger: Ledger,
    intent: str | None,
    text: str,
    *,
    attempt: int = 1,
    batch: str | None = None,
) -> None:
    """Give a submission a name, and a batch."""
    assert intent is not None
    with ledger._store.writing():
        ledger._store.update(intent, {"name": text, "attempt": attempt, "batch": batch})


def ask(ledger: Ledger, intent: str | None, request: VideoRequest) -> None:
    """Make it a submission of this request."""
    assert intent is not None
    with ledger._store.writing():
        ledger._store.update(intent, {"request": request_text(request)})


def powerless(*argv: str) -> list[str]:
    """A command that file modes hold for, run by root too."""
    if os.geteuid() != 0:
        return list(argv)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("root passes every file mode, and setpriv is missing")
    return [setpriv, "--bounding-set=-dac_override,-dac_read_search", *argv]


def word_of(place: Place) -> str:
    """A place as one argument of a process."""
    return str(place) if isinstance(place, Path) else f"{place.url.reveal()} {place.folder}"


def place_of(word: str) -> Place:
    """The place that `word_of` wrote."""
    url, space, folder = word.partition(" ")
    return SharedLedger.at(url, Path(folder)) if space else Path(word)

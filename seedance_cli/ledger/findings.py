"""What a check of the ledger finds."""

from __future__ import annotations

from enum import StrEnum

from seedance_cli._named import NamedTuple


class Weight(StrEnum):
    """What a finding means."""

    OK = "ok"
    NOTE = "note"
    """Nothing is wrong; it should be known all the same."""
    FAULT = "fault"
    """Nothing should be paid for with this ledger."""


class Finding(NamedTuple):
    """One thing that was looked at."""

    name: str
    weight: Weight
    words: str

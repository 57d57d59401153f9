"""The ledger's answer to a purchase, before anything is sent."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple

if TYPE_CHECKING:
    from seedance_cli.models.submission import Submission


class Found(Enum):
    """What the ledger has of a purchase."""

    NEW = auto()
    """Nothing that forbids it: the row is `prepared`, and may be sent."""
    UNTOLD = auto()
    """An identical request was accepted, and its ref told to nobody: that is the result."""
    NAMED = auto()
    """A task was accepted under the name: that is the result."""
    ON_ITS_WAY = auto()
    """A living process brings the name's submission to its end; ask again once it has."""


class Prepared(NamedTuple):
    """The ledger's answer to a purchase. Unless it is new, nothing may be sent."""

    found: Found
    row: Submission

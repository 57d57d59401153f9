"""What the ledger says of what is where a video is to go."""

from __future__ import annotations

from contextlib import suppress
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from seedance_cli.ledger import Ledger
    from seedance_cli.models import Submission


class Standing(Enum):
    """What the ledger says of a file that is at a video's target."""

    OWN = auto()
    """It was saved of this very video, and has its size still."""
    PLACED = auto()
    """The same, by a process that was killed before it could write that down."""
    EMPTY = auto()
    """Such a process was killed while it gave the video this name: there are no bytes yet."""
    OTHER = auto()
    """Anything else, also no file at all."""


def standing(ledger: Ledger, submission: Submission, index: int, path: Path) -> Standing:
    """What the ledger says of the file at a video's target."""
    try:
        size = path.stat().st_size
        plain = path.is_file()
    except OSError:
        return Standing.OTHER
    if not plain:
        return Standing.OTHER
    for number, recorded, saved in ledger.files(submission):
        if number == index and saved == size and _same(path, recorded):
            return Standing.OWN
    for number, recorded, saved in ledger.targets(submission):
        if number == index and recorded == path.absolute() and not path.is_symlink():
            if saved == size:
                return Standing.PLACED
            if size == 0:
                return Standing.EMPTY
    return Standing.OTHER


def _same(path: Path, recorded: Path) -> bool:
    with suppress(OSError):
        return path.samefile(recorded)
    return False

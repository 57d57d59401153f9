"""What the tasks of a command came to: their cost, where their files are, and a line about it."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING

from seedance_cli.errors import DownloadFailed, TaskFailed, WatchTimeout, WriteFailed
from seedance_cli.models import CHARGED, Status, spoken, with_unit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from seedance_cli.cli.session import Session
    from seedance_cli.errors import SeedanceError
    from seedance_cli.models import Price, Submission
    from seedance_cli.tasks import TaskKey


class Spent:
    """What was charged, by provider and unit; nothing is added up across these."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._sums: dict[tuple[str, str | None], Decimal] = {}

    def add(self, provider: str, cost: Price | None) -> None:
        """Take what a task cost; what was not charged is nothing."""
        if cost is not None and cost.basis == CHARGED:
            place = (provider, cost.unit)
            self._sums[place] = self._sums.get(place, Decimal(0)) + cost.amount

    def words(self) -> list[str]:
        """`0.9 USD at runbase`, for each."""
        return [
            f"{with_unit(amount, unit)} at {name}" for (name, unit), amount in self._sums.items()
        ]


def folder(files: Iterable[str], session: Session) -> str | None:
    """The folder that has all of the files, as seen from the current one; None without any."""
    folders = {os.path.dirname(path) for path in files}  # noqa: PTH120 - of thousands
    if not folders:
        return None
    try:
        found = os.path.commonpath(folders)
    except ValueError:  # on Windows they may be on several drives
        return None
    with suppress(WriteFailed):  # the current folder may be gone, and nothing else need it
        here = str(session.base("."))
        if found.startswith(here):
            return os.path.relpath(found, here)
    return found


def summary(ends: Mapping[str, int], spent: Spent, took: float, place: str | None) -> str:
    """One line: how many ended how, what it cost, how long it took, and where the files are.

    Args:
        ends: how many, by what became of them.
        spent: what was charged.
        took: seconds.
        place: the files' folder.
    """
    order = sorted(ends, key=lambda word: (word != Status.SUCCEEDED, word))
    parts = [f"{ends[word]} {word}" for word in order if ends[word]]
    where = f"; in {place}" if place else ""
    return ", ".join([*parts, *spent.words(), spoken(took)]) + where


def ends(
    known: Mapping[TaskKey, Submission],
    failures: Mapping[TaskKey, Sequence[SeedanceError]],
    told: Collection[TaskKey],
) -> Counter[str]:
    """How many of the tasks ended how.

    Args:
        known: the tasks.
        failures: what went wrong with them.
        told: those that were brought home, or given up with an error.
    """
    return Counter(_end(row, failures.get(key, ()), told=key in told) for key, row in known.items())


def _end(row: Submission, errors: Sequence[SeedanceError], *, told: bool) -> str:
    if not told or any(isinstance(one, WatchTimeout) for one in errors):
        return f"still {row.status}" if not row.status.terminal else "not fetched"
    if any(isinstance(one, TaskFailed) for one in errors):
        return row.status
    if any(isinstance(one, DownloadFailed) for one in errors):
        return "not downloaded"
    if not errors:
        return "succeeded"
    return "with an error" if row.status is Status.SUCCEEDED else "not read"

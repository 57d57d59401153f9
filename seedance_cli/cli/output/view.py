"""What a live view shows, as values: the rows, what they add up to, and which of them are drawn.

Nothing here knows of a terminal; `drawing` makes lines of it, and `live` puts them on one. The
command's thread changes it while another one draws: each change is one assignment.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.models import Status, spoken

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from seedance_cli.tasks import Transfer

FEW = 8
"""Tasks up to which each has its row, in their order; above it there is a line about all."""
MOVING = (Status.RUNNING, Status.UNKNOWN, Status.QUEUED)
"""The statuses of tasks that have not ended, in the order in which they are counted."""


@dataclass(slots=True)
class Row:
    """One task that nothing final was told of yet, or an upload."""

    label: str
    """Its name, or its prompt, or where it has neither its ref; made safe, of any length."""
    ref: str
    seller: str
    status: Status
    began: float
    """When it was submitted; on the monotonic clock."""
    changed: float
    """When something of it last changed that is more than a number."""
    raw_word: str | None = None
    """The provider's own status word, as it came."""
    word: str = ""
    """The provider's word, made safe; empty where it says nothing new."""
    estimate: str = ""
    """What earlier tasks took, in words."""
    brief: str = ""
    """The same in a few columns."""
    usual: float | None = None
    """Seconds that a task like it takes."""
    held: bool = False
    """Whether it waits for its turn under a rate limit."""
    transfer: Transfer | None = None
    """Its download, or the upload."""
    saved: int = 0
    """Bytes of its videos that are in their place."""
    told: Status | None = None
    """The status that its last plain line told."""

    @property
    def moving(self) -> bool:
        """Whether bytes of it come or go."""
        return self.transfer is not None and not self.transfer.waiting


class Counts(NamedTuple):
    """How the tasks of a command stand."""

    done: int
    failed: int
    running: int
    waiting: int

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self)


class Shown(NamedTuple):
    """What there is room for."""

    rows: Sequence[Row]
    hidden: int
    """Rows that are not among them."""
    overall: bool
    """Whether there is a line about all tasks."""


@dataclass(slots=True)
class View:
    """The rows, and what they add up to with those that have ended."""

    title: str = ""
    """Of the line about all tasks: the name of a batch."""
    rows: dict[Hashable, Row] = field(default_factory=dict)
    done: int = 0
    failed: int = 0
    unsent: int | None = None
    """Rows of a batch that are still to be submitted; None: there is no batch."""
    spent: Sequence[str] = ()
    """What was charged, by unit and provider, in words."""
    paused: dict[str, float] = field(default_factory=dict)
    """Until when a provider takes nothing more, on the monotonic clock, by its name."""
    took: float = 0.0
    """Seconds that the tasks took, added up, that ended well in sight of this command."""
    timed: int = 0
    """How many those are."""

    over: set[Hashable] = field(default_factory=set)
    """The tasks that have ended, each of which counts once."""

    def counts(self) -> Counts:
        """How many are where. What a batch waits with is not submitted yet; else it is queued."""
        rows = list(self.rows.values())
        waiting = self.unsent
        if waiting is None:
            waiting = sum(row.status is Status.QUEUED for row in rows)
            return Counts(self.done, self.failed, len(rows) - waiting, waiting)
        return Counts(self.done, self.failed, len(rows), waiting)

    def ended(
        self, key: Hashable, took: float | None, *, well: bool, counts_as: Hashable = None
    ) -> None:
        """Take a row away whose task has ended.

        Args:
            key: of the row; one that was never shown counts as well.
            took: seconds from its submit to its end; None: not known.
            well: whether it brought what was asked for.
            counts_as: what is counted once; None: the row.
        """
        self.rows.pop(key, None)
        counted_as = key if counts_as is None else counts_as
        if counted_as in self.over:
            return
        self.over.add(counted_as)
        if not well:
            self.failed += 1
            return
        self.done += 1
        if took is not None:
            self.took += took
            self.timed += 1

    def left(self, now: float) -> float | None:
        """Seconds until all have ended, from what tasks like them took; None: nobody can tell."""
        rows = list(self.rows.values())
        known = [row.usual for row in rows if row.usual is not None]
        unsent = self.unsent or 0
        if not (rows or unsent) or not (self.timed or known):
            return None
        mean = self.took / self.timed if self.timed else sum(known) / len(known)
        rest = max((row.began + mean - now for row in rows), default=mean)
        return max(rest, 0.0) + mean * ceil(unsent / max(len(rows), 1)) or None

    def parts(self, now: float) -> list[tuple[str, str]]:
        """What there is to say of all tasks, what matters most first, each with what it is."""
        counts = self.counts()
        parts = [("done", f"{counts.done}/{counts.total} done")]
        if counts.failed:
            parts.append(("failed", f"{counts.failed} failed"))
        if counts.running:
            parts.append(("running", f"{counts.running} running"))
        if counts.waiting:
            parts.append(("waiting", f"{counts.waiting} waiting"))
        for name, until in list(self.paused.items()):
            if until > now:
                parts.append(("paused", f"{name} takes more in {spoken(ceil(until - now))}"))
        left = self.left(now)
        if left is not None:
            parts.append(("left", f"about {spoken(left)} left"))
        return [*parts, *(("spent", text) for text in self.spent)]

    def shown(self, room: int) -> Shown:
        """Which rows are drawn in so many lines, those with the newest changes first."""
        rows = list(self.rows.values())
        if not rows and self.unsent is None:
            return Shown((), 0, overall=False)
        overall = self.unsent is not None or self.done + self.failed + len(rows) > FEW
        room -= overall
        if not overall and len(rows) <= room:
            return Shown(rows, 0, overall=False)
        if not overall:  # a screen of few lines
            overall, room = True, room - 1
        newest = heapq.nlargest(max(room, 0), rows, key=lambda row: row.changed)
        return Shown(newest, len(rows) - len(newest), overall=True)


def counted(rows: Sequence[Row]) -> str:
    """How many of them have which status, those that move first."""
    counts = Counter(row.status for row in rows)
    return ", ".join(f"{counts[one]} {one}" for one in MOVING if counts[one])

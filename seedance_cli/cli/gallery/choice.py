"""Which videos a page shows, and which of them stand side by side."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.models import Status, facts_of
from seedance_cli.tasks import called

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from seedance_cli.models import Submission, VideoFacts

_FETCHED_UNASKED = timedelta(days=6)
"""So old may a task be for `seedance download` alone, on a page that is read a day later, too."""


class Shown(NamedTuple):
    """One video of the page."""

    task: Submission
    file: Path | None
    """None: the task has no file on this machine, and was named all the same."""
    number: int = 1
    """Which of the task's videos, from 1."""
    of: int = 1
    """How many the task has here."""

    @property
    def model(self) -> str | None:
        """As the provider says, else as it was asked for."""
        task, request = self.task.task, self.task.request
        return (task and task.model) or (request and request.model) or None

    @property
    def facts(self) -> VideoFacts | None:
        """What its file says of it, which is known of a task's first video."""
        return facts_of(self.task.video) if self.number == 1 else None

    @property
    def tall(self) -> bool:
        """Whether its picture is higher than wide: as it was delivered, else as it was asked."""
        facts, request = self.facts, self.task.request
        if facts is not None and facts.width and facts.height:
            return facts.height > facts.width
        across, _, down = ((request and request.aspect_ratio) or "").partition(":")
        return across.isdecimal() and down.isdecimal() and int(down) > int(across)


@dataclass(frozen=True, slots=True)
class Choice:
    """The videos of a page."""

    sets: list[list[Shown]]
    """Those of one prompt together, sellers and models in the same order everywhere."""
    lost: list[Submission] = field(default_factory=list)
    """Tasks left out that succeeded: their videos were never saved, or are not here any more."""
    without: int = 0
    """Tasks left out that have no video: failed ones, running ones and so on."""
    missing: list[str] = field(default_factory=list)
    """What tasks are called that were named and have no file here."""

    @property
    def shown(self) -> list[Shown]:
        """All videos, in the order of the page."""
        return [one for members in self.sets for one in members]

    @property
    def videos(self) -> int:
        """How many have a file."""
        return sum(one.file is not None for one in self.shown)


def fetch(lost: Sequence[Submission], now: datetime) -> str:
    """What to type for the videos of these tasks, and that it fetches them."""
    ends = [(row.task and row.task.finished_at) or row.created_at for row in lost]
    oldest = min([end for end in ends if end is not None], default=now)
    words = "seedance download"
    if now - oldest > _FETCHED_UNASKED:
        words += f" --since {oldest.astimezone(UTC):%Y-%m-%d}"
    if all(row.sandbox for row in lost):
        words += " --sandbox"
    elif any(row.sandbox for row in lost):
        words += ", and again with --sandbox,"
    return f"{words} fetches {'it' if len(lost) == 1 else 'them'}"


def choose(rows: Iterable[Submission], *, named: bool) -> Choice:
    """The videos of these submissions that are on this machine.

    Args:
        rows: in the order in which they are to be shown.
        named: whether the user named each of them: then one without a file is shown as that.
    """
    sets: dict[str, list[Shown]] = {}
    lost, without, missing, seen = [], 0, [], set[str]()
    for row in rows:
        paths = [path for path in row.files if path not in seen and _is_here(path)]
        seen.update(paths)
        if not paths and any(path in seen for path in row.files):
            continue  # another row of the same task
        if paths or named:
            found = [Shown(row, Path(path), n, len(paths)) for n, path in enumerate(paths, 1)]
            sets.setdefault(_prompt_key(row), []).extend(found or [Shown(row, None)])
        if not paths and named:
            missing.append(called(row))
        elif not paths and row.status is Status.SUCCEEDED:
            lost.append(row)
        elif not paths:
            without += 1
    ordered = [sorted(members, key=_order) for members in sets.values()]
    return Choice(ordered, lost, without, missing)


def prompt_of(row: Submission) -> str | None:
    """The task's prompt; None where nobody knows it."""
    if row.request is not None:
        return row.request.prompt
    return None if row.task is None else row.task.prompt


def _is_here(path: str) -> bool:
    try:
        return os.path.isfile(path)  # noqa: PTH113 - of thousands: no object for each
    except ValueError:
        return False


def _prompt_key(row: Submission) -> str:
    """What tasks of the same prompt have in common; of one without a prompt, itself alone."""
    prompt = prompt_of(row)
    return " ".join(prompt.split()) if prompt else f"\0{row.intent or row.ref}"


def _order(one: Shown) -> tuple[str, str, str, int]:
    created = one.task.created_at
    return one.task.provider, one.model or "", str(created or ""), one.number

"""What a watch learned while the shared ledger was away to its end, as a file of the machine.

Its next command that reaches the ledger has it taken in: so a video that was saved is its task's
own, and what was told is not told again.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from seedance_cli._named import NamedTuple
from seedance_cli.ledger.rows import read_task, task_columns
from seedance_cli.ledger.stored import integer, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from seedance_cli.models import JsonObject, Submission, Task

File: TypeAlias = "tuple[Submission, int, Path, int, JsonObject | None]"
"""What `SavedFiles.add_file` takes."""


class SavedThere(NamedTuple):
    """A video that was saved."""

    intent: str
    number: int
    path: Path
    size: int
    facts: JsonObject | None


class Learned(NamedTuple):
    """Of tasks that the ledger has a row of, by intent."""

    answers: dict[str, Task]
    files: list[SavedThere]
    frames: dict[str, Path]
    told: list[str]


def as_object(
    answers: Mapping[str, tuple[Submission, Task]],
    files: Iterable[File],
    frames: Mapping[str, tuple[Submission, Path]],
    told: Iterable[str],
) -> dict[str, object]:
    """What was learned, as JSON has it."""
    return {
        "answers": {intent: task_columns(task) for intent, (_, task) in answers.items()},
        "files": [
            {
                "intent": submission.intent,
                "index": index,
                "path": os.fsdecode(path),
                "size": size,
                "facts": facts,
            }
            for submission, index, path, size, facts in files
            if submission.intent is not None
        ],
        "frames": {intent: os.fsdecode(path) for intent, (_, path) in frames.items()},
        "told": list(told),
    }


def read(stored: JsonObject) -> Learned:
    """What `as_object` made. Raises ValueError, KeyError or TypeError on anything else."""
    answers, files, frames, told = (stored[name] for name in ("answers", "files", "frames", "told"))
    if not (isinstance(answers, dict) and isinstance(frames, dict)):
        raise ValueError("no objects")  # noqa: TRY004 - one error for every damaged file
    if not (isinstance(files, list) and isinstance(told, list)):
        raise ValueError("no lists")  # noqa: TRY004 - as above
    tasks = {intent: read_task(columns) for intent, columns in answers.items()}  # type: ignore[arg-type]  # an object
    return Learned(
        {intent: task for intent, task in tasks.items() if task is not None},
        [_file(one) for one in files],
        {intent: Path(text(path)) for intent, path in frames.items()},
        [text(one) for one in told],
    )


def _file(one: object) -> SavedThere:
    if not isinstance(one, dict):
        raise ValueError("no object")  # noqa: TRY004 - as above
    facts = one["facts"]
    return SavedThere(
        text(one["intent"]),
        integer(one["index"]),
        Path(text(one["path"])),
        integer(one["size"]),
        facts if isinstance(facts, dict) else None,
    )

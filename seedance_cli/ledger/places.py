"""Which of a task's files are on this machine: the ledger knows each with its machine."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from seedance_cli.ledger.stored import Row


def here(rows: Iterable[Row], machine: str) -> Iterator[Row]:
    """Those that this machine saved, and others' that are here all the same, with their size.

    So a folder that machines share serves them all.

    Args:
        rows: each with `machine`, `path` and `size`.
        machine: this one, as the ledger calls it.
    """
    return (row for row in rows if row["machine"] == machine or _is_here(row))


def elsewhere(rows: Iterable[Row], machine: str) -> Iterator[Row]:
    """Those that others saved, and that are not here; see `here`."""
    return (row for row in rows if row["machine"] != machine and not _is_here(row))


def first_of_each(rows: Iterable[Row], machine: str) -> list[Row]:
    """One row for each video: what this machine saved, else what is here.

    Args:
        rows: of one task, with `number` too.
        machine: this one, as the ledger calls it.
    """
    found: dict[int, Row] = {}
    for row in here(rows, machine):
        if row["number"] not in found or row["machine"] == machine:
            found[row["number"]] = row
    return [found[number] for number in sorted(found)]


def _is_here(row: Row) -> bool:
    with suppress(OSError, ValueError):
        size: int = row["size"]
        return os.stat(os.fsdecode(row["path"])).st_size == size  # noqa: PTH116 - of thousands
    return False

"""Marking tasks as delivered, once what they brought was told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.errors import WriteFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seedance_cli.ledger import Ledger
    from seedance_cli.models import Submission
    from seedance_cli.tasks import TaskKey


def mark(
    ledger: Ledger, known: dict[TaskKey, Submission], told: list[TaskKey]
) -> Iterator[tuple[TaskKey, WriteFailed]]:
    """Mark them; all at once where that can be, else one by one.

    Args:
        ledger: takes it.
        known: the tasks, which say afterwards that they are delivered.
        told: those to be marked. It is empty afterwards; a signal leaves those in it that may not
            be marked yet, for another try on the way out.

    Yields:
        The tasks that could not be marked, and why.
    """
    try:
        marked = ledger.delivered_all([known[key] for key in told])
    except WriteFailed:
        while told:
            key = told[0]
            try:
                known[key] = ledger.delivered(known[key])
            except WriteFailed as error:
                yield key, error
            del told[0]
        return
    known.update(zip(told, marked, strict=True))
    told.clear()

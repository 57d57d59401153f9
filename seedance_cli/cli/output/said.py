"""What is said of a task while it is followed, in words: its name, its time, its bytes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from seedance_cli.cli.output.view import Row
from seedance_cli.models import safe
from seedance_cli.system import fit
from seedance_cli.tasks import batch

if TYPE_CHECKING:
    from seedance_cli.errors import SeedanceError
    from seedance_cli.models import Submission
    from seedance_cli.system import Clock
    from seedance_cli.tasks import Transfer

_WORD = 40
"""Characters shown of a provider's own word; it is server text of any length."""
_PROMPT = 500
"""Characters of a prompt that are looked at."""


def called(submission: Submission, *, in_batch: bool) -> str:
    """What a person knows a task by: its name or, in a batch, its row; and its prompt.

    As stderr can show it; empty where it has neither.
    """
    row = submission.row
    name = row if in_batch else submission.name
    if row is not None and batch.is_hashed(row):
        name = None
    prompt = "" if submission.request is None else submission.request.prompt[:_PROMPT]
    words = " ".join(prompt.split())
    return fit(safe(f"{name}: {words}" if name else words), sys.stderr)


def row_of(submission: Submission, clock: Clock, *, in_batch: bool) -> Row:
    """A row for a task, as far as it is known."""
    started = submission.submitted_at or submission.created_at
    if started is None and submission.task is not None:
        started = submission.task.created_at
    now = clock.monotonic()
    age = 0.0 if started is None else (clock.now() - started).total_seconds()
    ref = safe(submission.ref or submission.intent or submission.provider)
    label = called(submission, in_batch=in_batch) or ref
    return Row(label, ref, submission.provider, submission.status, now - max(0.0, age), now)


def without_ref(error: SeedanceError, submission: Submission) -> str:
    """What went wrong with a task, below a line that has its ref already."""
    return error.message.removeprefix(f"{submission.ref}: ").removeprefix(f"{submission.ref} ")


def took_of(submission: Submission) -> float | None:
    """Seconds from the submit to the end, as far as they are known."""
    task = submission.task
    if submission.submitted_at is None or task is None or task.finished_at is None:
        return None
    return max(0.0, (task.finished_at - submission.submitted_at).total_seconds())


def own_word(submission: Submission) -> str:
    """The provider's own word for a task's status; empty where it says nothing new."""
    word = safe((submission.task and submission.task.provider_status) or "")
    word = word if len(word) <= _WORD else f"{word[:_WORD]}..."
    return "" if word.casefold() == submission.status.value else word


def amount(transfer: Transfer) -> str:
    """How far a transfer is."""
    if transfer.waiting:
        return f"{transfer.waiting}; asking again"
    of = "" if transfer.total is None else f" of {in_bytes(transfer.total)}"
    return f"{in_bytes(transfer.done)}{of}"


def in_bytes(count: int) -> str:
    """`999 bytes`, `1.2 MB`."""
    if count < 1000:  # noqa: PLR2004 - the next unit
        return f"{count} bytes"
    number = count / 1000
    for unit in ("kB", "MB"):
        if number < 1000:  # noqa: PLR2004 - the next unit
            return f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"

"""Settling a submission whose outcome is unknown: which one, and whether a task is what it made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.errors import NotFound, SeedanceError, UsageError
from seedance_cli.models import LONGEST_PROMPT, IntentState, Status, Task, told
from seedance_cli.tasks.reading import Target, read_patiently

if TYPE_CHECKING:
    from collections.abc import Callable

    from seedance_cli.ledger import Ledger
    from seedance_cli.models import Submission
    from seedance_cli.system import Clock

_MOST_PARTS = 5
"""Parts of a damaged prompt: a search for more of them could take very long."""
_TELLING = 8
"""Characters of a damaged prompt that are enough to know it again."""


class Confirmation(NamedTuple):
    """What the provider says of the task that a submission is said to have become."""

    task: Task
    doubt: SeedanceError | None
    """Why it is not confirmed that the task is this submission's; None: it is."""


def unsettled(ledger: Ledger, intent: str) -> Submission:
    """The one submission of unknown outcome whose intent is, or begins with, these characters.

    Raises:
        UsageError: none is, several are, or its outcome is known.
    """
    found = find_intent(ledger, intent)
    if found.state is not IntentState.UNKNOWN:
        raise UsageError(
            f"the intent {found.intent} is {found.state}: there is nothing to settle",
            hint="seedance recover lists those whose outcome is unknown",
        )
    return found


def find_intent(ledger: Ledger, intent: str) -> Submission:
    """The one submission whose intent is, or begins with, these characters.

    Raises:
        UsageError: none is, or several are.
    """
    ledger.unknown()  # settles what a process that is gone left behind
    found = ledger.get(intent)
    if not found:
        raise UsageError(f"the ledger has no intent {told(intent)}", hint="seedance recover")
    if len(found) > 1:
        raise UsageError(
            f"{intent!r} is the beginning of {len(found)} intents", hint="give more of it"
        )
    return found[0]


def confirm(
    row: Submission, task_id: str, connect: Callable[[Submission], Target], clock: Clock
) -> Confirmation:
    """Ask the provider whether a task is what a submission became.

    Args:
        row: the submission.
        task_id: the task's id.
        connect: opens the way to a task's provider.
        clock: takes the pauses between two reads.
    """
    task = Task(task_id=task_id, status=Status.QUEUED)
    try:
        target = connect(row._replace(task=task))
        read = read_patiently(target, clock)
        assert read.task is not None
        task = read.task
        _check_same(row, task, target.channel.api.hide)
    except NotFound as error:
        hint = (
            "this does not say that you were not charged: look on the provider's site; "
            "--force adopts it all the same"
        )
        return Confirmation(task, error.but(hint=hint))
    except SeedanceError as error:
        return Confirmation(task, error)
    return Confirmation(task, None)


def _check_same(row: Submission, task: Task, hide: Callable[[str], str]) -> None:
    """Make sure that a task is what the row asked for, as far as its provider repeats that.

    Args:
        row: the submission.
        task: as the provider describes it.
        hide: what was done to the description: clears a text of the key.

    Raises:
        UsageError: it is not.
    """
    asked = row.request
    if asked is None:
        return
    for what, mine, theirs in (
        ("prompt", asked.prompt, task.prompt),
        ("model", asked.model, task.model),
    ):
        if mine is not None and theirs is not None and not _repeats(theirs, hide(mine)):
            raise UsageError(
                f"that task's {what} is {theirs!r}, the intent's is {mine!r}",
                hint="--force adopts it all the same",
            )


def _repeats(theirs: str, mine: str) -> bool:
    """Whether a provider's text is one of ours, perhaps with broken bytes in it, or cut."""
    if theirs == mine:
        return True
    parts = re.split("\ufffd+", theirs)
    if len(parts) > _MOST_PARTS:
        return False
    begins = re.match(".{0,8}".join(re.escape(part) for part in parts), mine, re.DOTALL)
    cut = theirs.endswith("\ufffd") or len(theirs) >= LONGEST_PROMPT
    return begins is not None and len(theirs) > _TELLING and (cut or begins.end() == len(mine))

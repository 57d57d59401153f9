"""A shared ledger that is away when the answer to a paid request comes.

The answer goes into a file of this machine at once, then to the user, and then the ledger is tried
for a while; the next command of this machine that reaches it takes the file in.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.errors import LedgerAway, WriteFailed
from seedance_cli.models import make_ref

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seedance_cli.errors import SeedanceError
    from seedance_cli.ledger import Ledger
    from seedance_cli.models import IntentState, JsonObject, Submission, Task
    from seedance_cli.system import Clock, signals
    from seedance_cli.tasks.channel import Channel

TRIED_SECONDS = 15.0
_PAUSE_SECONDS = 0.5


class Late(NamedTuple):
    """An answer that the ledger does not have yet."""

    intent: str
    state: IntentState
    evidence: JsonObject
    task: Task | None
    file: Path | None
    """Where it is kept; None: the disk could not take it."""


def keep(
    ledger: Ledger,
    intent: str,
    state: IntentState,
    evidence: JsonObject,
    task: Task | None = None,
) -> Late:
    """Keep an answer on this machine."""
    file = ledger.keep_answer(intent, state, evidence, task)
    return Late(intent, state, evidence, task, file)


def write(
    late: Late, ledger: Ledger, clock: Clock, held: signals.Held, say: Callable[[str], None]
) -> Submission | None:
    """Try to have the ledger take the answer, for a while; the first signal ends that.

    Returns:
        The row; None where the ledger is still away.

    Raises:
        OutcomeUnknown: the ledger has the task already, from another request. It was written.
    """
    until = clock.monotonic() + TRIED_SECONDS
    said = False
    while True:
        try:
            if late.task is None:
                row = ledger.settle(late.intent, late.state, late.evidence)
            else:
                row = ledger.accept(late.intent, late.task, late.evidence)
        except LedgerAway as away:
            if not said:
                said = True
                say(f"{away.message}; trying again for {TRIED_SECONDS:.0f} s")
            if clock.monotonic() >= until or not held.pause(partial(clock.sleep, _PAUSE_SECONDS)):
                return None
        else:
            ledger.answer_taken(late.intent)
            return row


def kept_words(late: Late) -> str:
    """Where the answer is now, and what becomes of it."""
    if late.file is None:
        return ""
    return (
        f"; it is kept in {late.file}, and the next command of this machine that reaches the ledger"
        " writes it"
    )


def untaken(
    channel: Channel, intent: str, task: Task, error: Exception, where: str = ""
) -> SeedanceError:
    """The error for a task whose id the ledger cannot take.

    Args:
        channel: the way that it was submitted.
        intent: whose row lacks it.
        task: as the answer has it.
        error: why it cannot.
        where: where its id is kept, in words; empty: nowhere.
    """
    name = channel.provider.info.name
    ref = make_ref(name, task.task_id)
    adopt = f"keep this id; then: seedance recover --adopt {intent} {ref}"
    return WriteFailed(
        f"the task was accepted{'' if channel.sandbox else ' and paid for'}, but the"
        f" ledger cannot take its id {ref}: {error}{where}",
        hint=f"seedance wait {ref}" if where else adopt,
        provider=name,
        ref=ref,
        intent=intent,
        retry_safe=False,
    ).because(error)

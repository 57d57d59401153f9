"""A submission that has no task: waited for while it is on its way, or told why it has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.errors import OutcomeUnknown, Rejected, Unreachable, UsageError, WatchTimeout
from seedance_cli.models import IntentState, maybe_charged, timestamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from seedance_cli.errors import SeedanceError
    from seedance_cli.ledger import Ledger
    from seedance_cli.models import Submission
    from seedance_cli.system import Clock

_ON_ITS_WAY = frozenset({IntentState.PREPARED, IntentState.SENDING})
_LOOK_SECONDS = 0.5
"""Seconds between two looks at the row that another process is going to settle."""


def arrived(
    row: Submission,
    ledger: Ledger,
    clock: Clock,
    say: Callable[[str], None],
    *,
    timeout: float | None = None,
) -> Submission:
    """The submission once its outcome is known: one on its way in a living process is waited for.

    That takes as long as a paid request may: the ledger settles the row of a process that ended,
    and one that is older than ten minutes.

    Args:
        row: as the ledger has it now.
        ledger: where the other process writes the outcome.
        clock: takes the pauses.
        say: takes the line that tells the user what is waited for.
        timeout: seconds; None: none.

    Returns:
        The row; still on its way where the time was up.
    """
    end = None if timeout is None else clock.monotonic() + timeout
    if row.state in _ON_ITS_WAY:
        say(f"{called(row)} is on its way in another process; its outcome is waited for")
    while row.state in _ON_ITS_WAY and (end is None or clock.monotonic() < end):
        clock.sleep(_LOOK_SECONDS)
        row = ledger.current(row)
    return row


def called(row: Submission) -> str:
    """What the user calls a submission: its name, else its ref, else its intent."""
    return row.name or row.ref or f"intent {row.intent}"


def answered(row: Submission) -> str | None:
    """What came back for a submission: `no credits (HTTP 402)`; None where no answer came."""
    status, said = row.evidence.get("http_status"), row.evidence.get("said")
    if status is None:
        return None
    return f"{said} (HTTP {status})" if said else f"HTTP {status}"


def no_task(row: Submission) -> SeedanceError:
    """Why a submission has no task, as the error of a command that was to do something with it."""
    name, provider = called(row), row.provider
    when = timestamp(row.submitted_at or row.created_at)
    match row.state:
        case IntentState.REFUSED:
            with_what = answered(row)
            why = f": {with_what}" if with_what else ""
            error: SeedanceError = Rejected(
                f"{name} was refused by {provider} at {when}{why}; there is no task",
                hint="mend what was refused, and submit it again: nothing was charged",
            )
        case IntentState.NOT_SENT:
            error = Unreachable(
                f"{name} was never sent ({when}): there is no task",
                hint="submit it again: nothing was charged",
            )
        case IntentState.DISCARDED:
            error = UsageError(
                f"{name} was discarded: `seedance recover` settled it as never accepted",
                hint="submit it again, or name another task",
            )
        case IntentState.PREPARED | IntentState.SENDING:
            error = WatchTimeout(
                f"{name} is still on its way to {provider}: its task is not known yet",
                hint="ask again in a minute",
            )
        case _:
            error = OutcomeUnknown(
                f"the outcome of {name} is not known: {provider} may have accepted it at {when};"
                f" {maybe_charged(sandbox=row.sandbox)}",
                hint="seedance recover",
            )
    return error.but(provider=provider, intent=row.intent)

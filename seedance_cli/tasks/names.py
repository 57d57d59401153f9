"""Before the gate: what stands for a request under the same name, in this process or another."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from seedance_cli.errors import OutcomeUnknown, SeedanceError
from seedance_cli.http import cleared
from seedance_cli.models import Found, maybe_charged

if TYPE_CHECKING:
    from collections.abc import Callable

    from seedance_cli.ledger import Ledger
    from seedance_cli.models import Prepared, Purchase, Submission
    from seedance_cli.system import Clock
    from seedance_cli.tasks.channel import Channel

LONGEST_WAIT = 600.0
"""Seconds that another process's submission under the same name is waited for."""
_LOOK_AGAIN = 0.2
"""Seconds from one look at its row to the next."""


def prepared(
    ledger: Ledger,
    purchase: Purchase,
    channel: Channel,
    clock: Clock,
    *,
    waiting: Callable[[Submission], None],
) -> Prepared:
    """The ledger's answer, once nobody else is sending the name's submission.

    Nothing is held meanwhile: a signal ends the wait, and what it waited for goes on.

    Args:
        ledger: is asked.
        purchase: what for.
        channel: reads a task whose end the ledger may not know yet.
        clock: bounds the wait.
        waiting: called once, before it.

    Raises:
        OutcomeUnknown: the wait came to its end before that submission.
        SeedanceError: as `Ledger.prepare`.
    """
    told: Submission | None = None
    read = False
    latest = clock.monotonic() + LONGEST_WAIT
    while True:
        answer = ledger.prepare(purchase)
        found, row = answer
        assert row.intent is not None
        if found is Found.ON_ITS_WAY:
            if told is None:
                waiting(row)
            told = row
            while ledger.on_its_way(row.intent):
                if clock.monotonic() >= latest:
                    raise _still_on_its_way(row)
                clock.sleep(_LOOK_AGAIN)
        elif found is Found.NAMED and purchase.conditions.retry_failed and not read:
            # The ledger may not know yet how it ended.
            read = True
            if not row.status.terminal:
                _read(ledger, channel, row)
        else:
            return answer


def _read(ledger: Ledger, channel: Channel, row: Submission) -> None:
    """Ask where a task stands; what the ledger knows counts where that cannot be read."""
    with suppress(SeedanceError):
        task = channel.provider.fetch(channel.api, row.handle)
        ledger.observe(row, cleared(task, channel.key.reveal()))


def _still_on_its_way(row: Submission) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"another process has been sending {row.name} for more than 10 minutes (intent"
        f" {row.intent}): {maybe_charged(sandbox=row.sandbox)}; nothing was sent now",
        hint="`seedance list --all` shows what became of it",
        provider=row.provider,
        intent=row.intent,
    )

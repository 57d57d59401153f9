"""What was spent, task by task, for whoever adds it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.ledger import statements
from seedance_cli.ledger.part import Part
from seedance_cli.ledger.rows import read_charge, read_price_at_submit, read_time
from seedance_cli.ledger.schema import time_text
from seedance_cli.ledger.stored import optional, parsed, text, text_map
from seedance_cli.models import IntentState, Spent, Status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from seedance_cli.ledger.stored import Row


class Spending(Part):
    """Tasks and unknown outcomes, with what is known of their cost."""

    def spent(
        self,
        since: datetime,
        until: datetime | None = None,
        *,
        sandbox: bool = False,
        provider: str | None = None,
        profile: str | None = None,
    ) -> Iterator[Spent]:
        """Every task, and every unknown outcome, of that time, in the order of the submits.

        Args:
            since: of the submit, at the earliest.
            until: at the latest; None: now.
            sandbox: the sandbox's instead of real ones.
            provider: only its own.
            profile: only those submitted with it.
        """
        self._store.abandoned_now()
        span = time_text(since), time_text(until)
        values = (int(sandbox), *span, provider, profile, profile)
        for row in self._store.query(statements.SPENT, values):
            with self._store.decoding():
                spent = _spent(row)
            yield spent


def _spent(row: Row) -> Spent:
    request = parsed(row["request"])
    task = None if row["task"] is None else parsed(row["task"])
    charge = read_charge(row)
    if row["free"] and charge is not None:
        charge = charge._replace(amount=charge.amount - charge.amount)
    when = read_time(optional(row["submitted_at"]) or text(row["created_at"]))
    assert when is not None
    known = row["state"] != IntentState.UNKNOWN
    return Spent(
        when=when,
        provider=text(row["provider"]),
        profile=optional(row["profile"]),
        model=optional((task or {}).get("model") or request.get("model")),
        batch=optional(row["batch"]),
        metadata=text_map(request.get("metadata") or {}),
        status=Status(row["status"]) if known else None,
        charge=charge,
        price=read_price_at_submit(row),
    )

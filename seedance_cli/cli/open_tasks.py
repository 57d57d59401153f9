"""Which tasks a command means that is given none: of the ledger, those that can be asked for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from seedance_cli.config import row_endpoint
from seedance_cli.errors import SeedanceError, Unvouched

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from seedance_cli.cli.session import Session
    from seedance_cli.models import Submission

_LONGEST = timedelta(days=7)
"""After that a task that is said to run is no longer waited for, unless it is named."""


def unfinished(session: Session) -> list[Submission]:
    """Every task of the ledger that has not ended or was not delivered.

    Without those that were dismissed, those that still run after a week, and those at an endpoint
    that no key may go to; the last two are named in a line each.

    Raises:
        WriteFailed: the ledger cannot be read.
        ConfigError: where it would be is not known, or a profile is named that is not there.
    """
    session.check_profile()
    rows = session.readable_ledger().unfinished(
        sandbox=session.sandbox, provider=session.provider_option
    )
    latest = session.clock.now() - _LONGEST
    old = {one.intent for one in rows if _submitted_before(one, latest)}
    if old:
        tasks = "task that was" if len(old) == 1 else "tasks that were"
        session.out.note(
            f"{len(old)} {tasks} submitted more than 7 days ago and not seen to end: left out;"
            " seedance wait REF asks for one, seedance dismiss REF takes it off this line"
        )
    session.left_out = old
    return allowed(session, [row for row in rows if row.intent not in old])


def allowed(session: Session, rows: Sequence[Submission]) -> list[Submission]:
    """The tasks without those at an endpoint that no key may go to: a line for each endpoint."""
    left_out: dict[tuple[str, str], list[Submission]] = {}
    for row in rows:
        try:
            session.vouch(row, session.settings(task=row))
        except Unvouched:
            left_out.setdefault((row.provider, row.endpoint), []).append(row)
        except SeedanceError:
            continue  # whoever reads the task is told
    for found in left_out.values():
        session.out.warn(row_endpoint.line(found))
    intents = {row.intent for found in left_out.values() for row in found}
    session.left_out = {*session.left_out, *intents}
    return [row for row in rows if row.intent not in intents]


def _submitted_before(row: Submission, latest: datetime) -> bool:
    when = row.submitted_at or row.created_at
    return not row.status.terminal and when is not None and when < latest

"""`seedance cancel`: cancel at the provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli import cli, models, tasks
from seedance_cli.cli import options as _options
from seedance_cli.cli.command import Run, command
from seedance_cli.errors import SeedanceError, WriteFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.cli.session import Session

EXAMPLES = (
    "seedance cancel seedance2ink:req_1234567890",
    'seedance cancel "$id" --json | jq -r .status',
)


@command(remote=True)
def cancel(
    run: Run,
    refs: _options.NamedRefs,
) -> int:
    """Cancel tasks. Says "cancelled" only when the provider confirmed it."""
    with run.session() as session:
        return _cancel(session, refs)


def _cancel(session: Session, named: Sequence[str]) -> int:
    out = session.out
    session.verb = "cancel"
    found = cli.find(session, named, changes=True)
    results = cli.TaskResults(session, found, one=len(named) == 1)
    with results.document():
        for one in results:
            try:
                answer = tasks.cancel(one, session.target, session.clock)
            except SeedanceError as error:
                results.failed(one, error)
                continue
            after = results.answered(one, answer.submission)
            if answer.requested:
                out.note(
                    f"{after.provider} took the request to cancel {after.ref}, which may end in a"
                    f" video all the same; what becomes of it: seedance wait {after.ref}"
                )
                if not out.json:
                    out.result(after.ref or "", "cancellation requested")
            elif after.status is not models.Status.CANCELLED:
                results.failed(after, tasks.not_cancelled(after, sent=answer.sent))
            elif not out.json:
                out.result(after.ref or "", after.status)
    for one in results.answers:
        if one.status is models.Status.CANCELLED:
            try:
                session.ledger().delivered(one)
            except WriteFailed as error:
                results.failed(one, error)
    return results.verdict()

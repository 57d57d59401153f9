"""`seedance dismiss`: take tasks off the unfinished ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli import cli
from seedance_cli.cli import options as _options
from seedance_cli.cli.command import Run, command
from seedance_cli.errors import UsageError, WriteFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.cli.session import Session

EXAMPLES = (
    "seedance dismiss seedance2ink:req_1234567890",
    "seedance dismiss scene-08 scene-09",
)


@command(remote=True)
def dismiss(
    run: Run,
    refs: _options.NamedRefs,
) -> int:
    """Take tasks off the unfinished ones: a bare wait leaves them out.

    Asks no provider and cancels nothing. The rows stay in the ledger, with their names, and count
    in budgets and reports as before.
    """
    with run.session() as session:
        return _dismiss(session, refs)


def _dismiss(session: Session, named: Sequence[str]) -> int:
    session.readable_ledger()  # a damaged one does not lack the task
    results = cli.TaskResults(session, cli.find(session, named, changes=True), one=len(named) == 1)
    with results.document():
        for one in results:
            if one.intent is None:
                error = UsageError(f"{one.ref} is not in the ledger: no bare wait asks for it")
                results.failed(one, error)
                continue
            try:
                session.ledger().dismiss(one)
            except WriteFailed as error:
                results.failed(one, error)
                continue
            results.done(one)
            if not session.out.json:
                session.out.result(one.ref or "", one.status)
    return results.verdict()

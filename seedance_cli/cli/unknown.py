"""What `status` and `wait` have in common: naming unknown submissions, and the worst failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.cli.output.columns import cut
from seedance_cli.errors import ConfigError, OutcomeUnknown, SeedanceError
from seedance_cli.models import maybe_charged, safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from seedance_cli.cli.output.sink import Output
    from seedance_cli.cli.session import Session
    from seedance_cli.models import Submission

ORDER = (1, 10, 6, 11, 3, 5, 4, 9, 7, 8, 2, 0)
"""The exit codes, the worst first: of several failures, that of the worst one counts (contract,
section 2)."""


_PROMPT = 60
"""Columns shown of a prompt."""


def name_them(session: Session) -> list[Submission]:
    """Every submission whose outcome is unknown, each named on stderr."""
    unknown = session.unknown()
    for one in unknown:
        prompt = f": {cut(safe(one.request.prompt), _PROMPT)}" if one.request is not None else ""
        session.out.always(
            f"outcome unknown: intent {one.intent} at {one.provider}{prompt}; "
            f"{maybe_charged(sandbox=one.sandbox)}: seedance recover"
        )
    return unknown


def nothing_to_ask(session: Session, words: str) -> None:
    """Say that no task is unfinished, and so, where that is so, that those of the sandbox are."""
    if session.left_out:  # each of them was named
        return
    if not session.sandbox and session.readable_ledger().unfinished(sandbox=True):
        words += " but the sandbox's: --sandbox takes those"
    session.out.note(words)


def worst(codes: Iterable[int]) -> int:
    """The exit code of a command with these outcomes; 0 if there are none."""
    return min(codes, key=ORDER.index, default=0)


def verdict(out: Output, failures: Sequence[SeedanceError], unknown: Sequence[Submission]) -> int:
    """The exit code that the worst failure decides; the last line of stderr with `--json`."""
    found = list(failures)
    if unknown:
        count = "1 submission has" if len(unknown) == 1 else f"{len(unknown)} submissions have"
        found.append(
            OutcomeUnknown(
                f"{count} an unknown outcome (named above)",
                hint="seedance recover",
                intent=unknown[0].intent,
            )
        )
    again = sum(isinstance(error, ConfigError) and error.quiet for error in found)
    if again:
        out.always(f"{again} more {'task needs' if again == 1 else 'tasks need'} that key")
    code = worst(error.exit_code for error in found)
    for error in found:
        if error.exit_code == code:
            if unknown and error is found[-1]:  # by now it may be many lines above
                out.complain(error)
            out.error_line(error)
            break
    return code

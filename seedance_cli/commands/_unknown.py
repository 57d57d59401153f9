"""What `status` and `wait` have in common: naming unknown submissions, and the worst failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.errors import SeedanceError
    from seedance_cli.models import Submission
    from seedance_cli.output import Output
    from seedance_cli.session import Session

ORDER = (1, 10, 6, 3, 5, 4, 9, 7, 8)
"""Which of several failures decides the exit code, the worst first (contract, section 2)."""


def name_them(session: Session) -> list[Submission]:
    """Every submission whose outcome is unknown, each named on stderr."""
    from seedance_cli.errors import WriteFailed

    try:
        unknown = session.unknown()
    except WriteFailed as error:
        session.out.warn(error.message)
        return []
    for one in unknown:
        prompt = one.request.prompt if one.request is not None else ""
        session.out.always(
            f"outcome unknown: intent {one.intent} at {one.provider}: {prompt[:60]!r}; "
            "you may have been charged: seedance recover"
        )
    return unknown


def verdict(out: Output, failures: Sequence[SeedanceError], unknown: Sequence[Submission]) -> int:
    """The exit code that the worst failure decides; the last line of stderr with `--json`."""
    from seedance_cli.errors import OutcomeUnknown

    found = list(failures)
    if unknown:
        found.append(
            OutcomeUnknown(
                f"{len(unknown)} submission(s) with an unknown outcome",
                hint="seedance recover",
                retry_safe=False,
                intent=unknown[0].intent,
            )
        )
    if not found:
        return 0
    worst = min(found, key=lambda error: ORDER.index(error.exit_code))
    out.error_line(worst)
    return worst.exit_code

"""What a command says of tasks that it stops watching: where they stand, and how to go on."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from seedance_cli.errors import NotAsPaid, Stopped, Unvouched
from seedance_cli.models import Status
from seedance_cli.tasks import state

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seedance_cli.cli.session import Session
    from seedance_cli.cli.wait_request import WaitRequest
    from seedance_cli.errors import SeedanceError
    from seedance_cli.models import Submission


ALIVE = frozenset({3, 4, 5})
"""Exit codes that, once a task is paid for, become 8: it is alive as far as known."""
_STOPPED_WATCHING = 8
_NO_USE = frozenset({1, 4, 7})
"""Exit codes after which no hint says to wait again."""
MANY = 4
"""Tasks above which their refs are not told: whoever named them has them."""


def way_back(submissions: Sequence[Submission], wanted: WaitRequest) -> str:
    """The command line that goes on waiting for these tasks, with what was wanted of them."""
    return _line(["wait", *(one.ref or "" for one in submissions)], wanted)


def with_way_back(
    error: SeedanceError, submission: Submission, wanted: WaitRequest
) -> SeedanceError:
    """The error of a task with the way back to it, where waiting again is of use."""
    # `Unvouched`: the endpoint that goes before the command is in the hint already.
    if error.exit_code in _NO_USE or submission.task is None:
        return error
    if isinstance(error, NotAsPaid | Unvouched):
        return error
    way = way_back([submission], wanted)
    return error.but(hint=f"{error.hint}; then: {way}" if error.hint else way)


def rest(session: Session, left: Sequence[Submission], wanted: WaitRequest) -> str:
    """The same for all that is left: without their refs, where that will do."""
    if wanted.bare is None and len(left) <= MANY:
        return way_back(left, wanted)
    if wanted.bare is None and not wanted.submitted:
        return "the same command goes on with them"
    words = list(wanted.bare or ("wait",))  # what was paid for just now is among the unfinished
    if session.provider_option is not None:
        words += ["-p", session.provider_option]
    if session.profile_option is not None:
        words += ["--profile", session.profile_option]
    if session.sandbox_option:
        words += ["--sandbox"]
    return _line(words, wanted)


def not_watched(
    session: Session,
    left: Sequence[Submission],
    late: Sequence[Submission],
    wanted: WaitRequest,
) -> Iterator[str]:
    """A line for each task that was not watched to its end, or one for many.

    Args:
        session: whose options belong to the way back.
        left: those of which nothing more was said.
        late: of many tasks, those that had not ended when `--timeout` did.
        wanted: what was wanted of them.
    """
    if late:
        yield f"to go on with all that is left: {rest(session, late, wanted)}"
    if len(left) > MANY:
        yield f"{len(left)} tasks were not watched to their end: {rest(session, left, wanted)}"
        return
    for one in left:
        way = way_back([one], wanted)
        yield f"{one.ref} was {state(one)}; it was not watched to its end"
        yield f"  hint: {way}"


def interrupted(session: Session, left: Sequence[Submission], wanted: WaitRequest) -> Stopped:
    """What a signal leaves behind."""
    words = f"; {standing(left)}" if left else ""
    hint = rest(session, left, wanted) if left else None
    safe = wanted.repeatable or not wanted.submitted
    return Stopped(f"interrupted{words}", hint=hint, retry_safe=safe)


def last_words(error: SeedanceError, submission: Submission, wanted: WaitRequest) -> SeedanceError:
    """What is told of a task that was waited for: the error, and how to go on."""
    error = error.about(submission)
    if wanted.submitted:
        # The task is paid for: no error of a read may look as if it were not.
        error = error.but(retry_safe=wanted.repeatable, intent=submission.intent)
        if error.exit_code in ALIVE:
            error = error.as_exit(_STOPPED_WATCHING)
    return with_way_back(error, submission, wanted)


def _line(words: Sequence[str], wanted: WaitRequest) -> str:
    given = ["seedance", *words]
    if wanted.output is not None:
        given += ["-o", wanted.output]
    elif wanted.download and words[0] != "download":
        given += ["--download"]
    given += ["--sidecar"] * wanted.sidecar + ["--strict"] * wanted.strict
    return shlex.join(given)


def standing(left: Sequence[Submission]) -> str:
    """Where the tasks stand, for a line about a signal."""
    if len(left) > 1:
        return f"{len(left)} tasks are left"
    match left[0].status:
        case Status.QUEUED | Status.RUNNING:
            return "the task runs on"
        case Status.UNKNOWN:
            return f"the task was {state(left[0])} when last heard of"
        case _:
            return "its video is still there"

"""The runner of a CI job, which reads a step's results from files: GitHub's, so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seedance_cli.errors import SeedanceError
from seedance_cli.system import signals

if TYPE_CHECKING:
    from collections.abc import Callable

    from seedance_cli.cli.session import Session

_FILES = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")


def promise(session: Session, document: Callable[[], Any]) -> None:
    """Have the tasks of a command written into the runner's files when it ends, however it ends.

    Args:
        session: its end, or the last line of stderr before it, is when they are written.
        document: the task object, or a list of several in order, as far as known by then; None, or
            an empty list, and nothing is written.
    """
    out = session.out
    out.hand_over = _nothing
    if not any(map(session.env.get, _FILES)):
        return

    def hand_over() -> None:
        from seedance_cli.cli.output import github

        out.hand_over = _nothing
        with signals.held():  # half a value would fail the step
            try:
                found, keys = document(), session.known_keys()
            except SeedanceError as error:  # what was bought is told on the streams all the same
                out.warn(f"the CI job's runner is told nothing: {error.message}")
                return
            if found:
                tasks = found if isinstance(found, list) else [found]
                github.write(tasks, session.env, keys, out.warn)

    out.hand_over = hand_over


def _nothing() -> None:
    """The runner has what it wants."""

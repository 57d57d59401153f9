"""What a command says of tasks that it stops watching: where they stand, and how to go on."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from seedance_cli.models import Status
from seedance_cli.tasks import state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.cli.wait_request import WaitRequest
    from seedance_cli.models import Submission


def way_back(submissions: Sequence[Submission], wanted: WaitRequest) -> str:
    """The command line that goes on waiting for these tasks, with what was wanted of them."""
    words = ["seedance", "wait", *(one.ref or "" for one in submissions)]
    if wanted.output is not None:
        words += ["-o", wanted.output]
    elif wanted.download:
        words += ["--download"]
    return shlex.join(words)


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

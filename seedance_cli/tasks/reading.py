"""Reading a task at its provider: one read, and one that is tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.errors import (
    Forbidden,
    NotFound,
    RateLimited,
    SeedanceError,
    Unauthorized,
    Unreachable,
)
from seedance_cli.http import cleared
from seedance_cli.models import Status, merge
from seedance_cli.tasks.patience import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from seedance_cli.models import Submission, Task, TaskHandle
    from seedance_cli.providers import Api
    from seedance_cli.system import Clock
    from seedance_cli.tasks.channel import Channel

READ_TRIES = 3
"""Reads of a command that asks once; `Wait` has a schedule of its own."""


class Target(NamedTuple):
    """A task, and the way to its provider."""

    submission: Submission
    channel: Channel


def read(target: Target) -> Submission:
    """Ask once.

    Returns:
        The submission with what the provider says now.

    Raises:
        SeedanceError: as `Api.get`, and Unreachable for an answer that makes no sense.
    """
    return ask(target, target.channel.provider.fetch)


def ask(target: Target, call: Callable[[Api, TaskHandle], Task]) -> Submission:
    """Ask the provider by one of its calls, and keep what it says clear of the key.

    Returns:
        The submission with what the answer says of its task.

    Raises:
        SeedanceError: as the call does.
    """
    channel = target.channel
    try:
        task = call(channel.api, target.submission.handle)
    except SeedanceError as error:
        raise channel.explained(error).but(ref=target.submission.ref) from error
    known = merged(target.submission.task, cleared(task, channel.key.reveal()))
    if known is target.submission.task:
        return target.submission
    return target.submission._replace(task=known)


def read_patiently(target: Target, clock: Clock) -> Submission:
    """Ask, and ask again where the answer was none: for commands that do not poll."""
    for attempt in range(1, READ_TRIES):
        try:
            return read(target)
        except SeedanceError as error:
            if not passing(error):
                raise
            pause = max(error.retry_after or 0.0, float(attempt))
            target.channel.say_pause(error, pause)
            clock.sleep(pause)
    try:
        return read(target)
    except RateLimited as error:
        # Asked as often as makes sense: no answer.
        raise error.as_exit(Unreachable.exit_code) from error


def passing(error: SeedanceError) -> bool:
    """Whether another try may bring another answer."""
    if isinstance(error, Unreachable | RateLimited):
        return True
    return told(error) and not isinstance(error, Unauthorized | Forbidden | NotFound)


def state(submission: Submission) -> str:
    """Where a task stands, for people: the provider's own word where this program knows none."""
    word = "" if submission.task is None else submission.task.provider_status or ""
    return repr(word) if submission.status is Status.UNKNOWN and word else submission.status


def merged(before: Task | None, now: Task) -> Task:
    """What is known of a task after a read: the answer, and what it leaves out but was known.

    When it ended is the provider's word here or nobody's: only the ledger knows whether somebody
    was watching.
    """
    return merge(before or now, now, None)

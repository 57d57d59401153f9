"""Where the videos of a task go."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from seedance_cli import tasks
from seedance_cli.errors import UsageError
from seedance_cli.models import Status, Submission, Task, image_stem, names_one, target
from seedance_cli.tasks import Standing, check_target, standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from seedance_cli.cli.buy import Order, Terms
    from seedance_cli.cli.session import Session
    from seedance_cli.cli.wait_request import WaitRequest


def target_of(session: Session, submission: Submission, index: int, output: str | None) -> Path:
    """The file that a task's video goes to: `-o`, else as its profile says.

    Args:
        session: clock and profiles.
        submission: its task has an id, a stand-in for one before the submit.
        index: which of its videos, from 1.
        output: `-o`.
    """
    task = submission.task
    assert task is not None
    prompt = submission.request.prompt if submission.request is not None else task.prompt
    if output is None:
        output = session.default_output(submission)
    return target(
        output,
        provider=submission.provider,
        task_id=task.task_id,
        index=index,
        prompt=prompt,
        created=task.created_at or submission.created_at or session.clock.now(),
        cwd=session.base(output),
        facts=facts_of(submission),
    )


def check_output(session: Session, wanted: WaitRequest, *, one: bool, several: str) -> None:
    """Refuse a place that does not fit how many tasks there are, or that cannot be reached.

    Args:
        session: what the command works with.
        wanted: what to do with the tasks.
        one: whether it is one task.
        several: what it is else, as words.

    Raises:
        UsageError: one file for several tasks.
        WriteFailed: no stdout, or no current folder.
    """
    output = wanted.output
    if not one and output is not None and names_one(output, session.base(output)):
        raise UsageError(
            f"-o {output} is one file, and this {several}",
            hint="give a folder/, or a template such as {task_id}.mp4",
        )
    if wanted.download:
        session.out.check_stdout()
        session.base(output)


def check_targets(session: Session, submissions: Sequence[Submission], wanted: WaitRequest) -> None:
    """Find what cannot be written before anything else happens.

    Raises:
        UsageError: a file of another task's, or one for two tasks.
        WriteFailed: a folder that cannot be made.
    """
    if not wanted.download or wanted.output == "-":
        return
    taken: dict[Path, Submission] = {}
    for one in submissions:
        if one.task is None:
            continue
        path = target_of(session, one, 1, wanted.output)
        other = taken.setdefault(path, one)
        if other is not one:
            output = "the profile's output" if wanted.output is None else f"-o {wanted.output}"
            raise UsageError(
                f"{output} gives {other.ref} and {one.ref} the same name: {path}",
                hint="put {task_id} into it",
            )
        found = Standing.OTHER if wanted.force else standing(session.ledger(), one, 1, path)
        if found in {Standing.EMPTY, Standing.OTHER}:
            check_target(path, force=wanted.force or found is Standing.EMPTY)
        if wanted.sidecar:
            tasks.check_sidecar(path, one.ref, force=wanted.force)


def check_new_target(session: Session, order: Order, terms: Terms) -> None:
    """Find a file that exists or cannot be written before anything is paid.

    Raises:
        UsageError: there is such a file.
        WriteFailed: a folder that cannot be made.
    """
    wanted = terms.wanted
    if wanted is None or not wanted.download or wanted.output == "-":
        return
    if stands(session, order, terms):  # nothing will be paid, and the file may be that task's own
        return
    settings = order.settings
    # A name that has the task's id in it is only known later; its folder is known now.
    one, other = (
        target_of(
            session,
            Submission(
                provider=settings.provider,
                endpoint=settings.endpoint,
                sandbox=settings.sandbox,
                request=order.video,
                name=terms.name,
                task=Task(task_id=task_id, status=Status.UNKNOWN),
            ),
            1,
            wanted.output,
        )
        for task_id in ("a", "b")
    )
    force = wanted.force or one != other
    check_target(one, force=force)
    for frame in frames_there(order, one):
        check_target(frame, force=force)
    if wanted.sidecar:
        tasks.check_sidecar(one, None, force=force)


def frames_there(order: Order, place: Path) -> list[Path]:
    """Files that are where the last frame of an order's video may go."""
    if not order.video.last_frame_out or tasks.is_stream(place):
        return []
    return [one for one in tasks.last_frame_paths(place) if os.path.lexists(one)]


def stands(session: Session, order: Order, terms: Terms) -> bool:
    """Whether a task stands for the order under its name already, and none will be paid for."""
    if terms.name is None:
        return False
    known = session.ledger().standing(terms.name, sandbox=order.settings.sandbox)
    if known is None or known.task is None:
        return False
    if terms.retry_ended:
        return not known.status.terminal
    return not terms.retry_failed or known.status is Status.SUCCEEDED


def facts_of(submission: Submission) -> Mapping[str, str | int | None]:
    """What a file's name may say of a submission, by the name of the field."""
    task, request = submission.task, submission.request
    facts: dict[str, str | int | None] = {
        "name": submission.name,
        "batch": submission.batch,
        "row": submission.row,
        "model": None if task is None else task.model,
    }
    if request is not None:
        facts["model"] = request.model or facts["model"]
        facts["duration"] = request.duration
        facts["resolution"] = request.resolution
        facts["image"] = image_stem(request.images[0]) if request.images else None
        facts["seed"] = request.seed
    return facts

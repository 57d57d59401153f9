"""Where the videos of a task go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.models import image_stem, target

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from seedance_cli.cli.session import Session
    from seedance_cli.models import Submission


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

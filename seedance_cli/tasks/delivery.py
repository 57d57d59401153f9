"""What came of one task, for stdout and the exit code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seedance_cli.errors import DownloadFailed, SeedanceError, TaskFailed
from seedance_cli.models import Status, unusable

if TYPE_CHECKING:
    from seedance_cli.models import Submission


@dataclass(slots=True)
class Delivery:
    """What came of one task. A failure is data here: the other tasks go on."""

    submission: Submission
    """With what the delivery changed: saved files, fresh URLs."""
    lines: list[str] = field(default_factory=list)
    """For stdout: URLs, or paths."""
    error: SeedanceError | None = None
    complete: bool = False
    """Whether the user has nothing more to get from this task, once lines and error are out."""
    lost: SeedanceError | None = None
    """The provider does not know the task any more: said where its video is gone, too."""

    def failed(self, error: SeedanceError) -> None:
        """Take the first thing that went wrong with it."""
        if self.lost is not None and isinstance(error, DownloadFailed):
            self.lost.message += f"; {error.message}"
            error = self.lost
        self.error = self.error or error


def urls(submission: Submission) -> Delivery:
    """The task's URLs, for a task that has ended."""
    delivery = Delivery(submission)
    delivery.error = _no_video(submission)
    assert submission.task is not None
    if delivery.error is None:
        delivery.lines += submission.task.video_urls
    delivery.complete = not isinstance(delivery.error, DownloadFailed)
    return delivery


def _no_video(submission: Submission) -> SeedanceError | None:
    """Why the task has no video that could be delivered; None if it has."""
    task = submission.task
    assert task is not None
    if task.status is not Status.SUCCEEDED:
        why = f": {task.error.words}" if task.error is not None and task.error.message else ""
        return TaskFailed(f"{submission.ref} {task.status}{why}")
    if not task.video_urls:
        return DownloadFailed(f"{submission.ref} succeeded without a video URL")
    wrong = unusable(task.video_urls)
    if wrong is not None:
        return DownloadFailed(f"{submission.ref} succeeded with a URL that cannot be used: {wrong}")
    return None

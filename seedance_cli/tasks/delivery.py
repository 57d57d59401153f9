"""What a task that has ended brings: lines for stdout, saved files, or an error."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seedance_cli.errors import DownloadFailed, SeedanceError, TaskFailed, WriteFailed
from seedance_cli.models import Status, unusable

if TYPE_CHECKING:
    from pathlib import Path

    from seedance_cli.ledger import Ledger
    from seedance_cli.models import Submission


@dataclass(slots=True)
class Delivery:
    """What one task brings. A failure is data here: the other tasks go on."""

    submission: Submission
    """With what the delivery changed: saved files, fresh URLs."""
    lines: list[str] = field(default_factory=list)
    """For stdout: URLs, or paths."""
    error: SeedanceError | None = None
    complete: bool = False
    """Whether the user has nothing more to get from this task, once lines and error are out."""
    lost: SeedanceError | None = None
    """Set where the provider no longer knows the task: told together with a failed download."""

    def failed(self, error: SeedanceError) -> None:
        """Keep the error, if it is the first one of this task."""
        if self.lost is not None and isinstance(error, DownloadFailed):
            error = self.lost.but(message=f"{self.lost.message}; {error.message}")
        self.error = self.error or error

    def observe(self, read: Submission, ledger: Ledger) -> None:
        """Keep what the provider said when the task was read anew, and write it into the ledger."""
        assert read.task is not None
        try:
            self.submission = ledger.observe(read, read.task)
        except WriteFailed as error:
            self.submission = read
            self.error = self.error or error

    def record(self, index: int, path: Path, size: int, ledger: Ledger) -> None:
        """Keep where a video was saved, and write it into the ledger.

        Args:
            index: which of the task's videos, from 1.
            path: the file.
            size: its bytes.
            ledger: takes the file.
        """
        try:
            self.submission = ledger.add_file(self.submission, index, path, size)
        except WriteFailed as error:
            # The file is there all the same, and is told of.
            self.submission = self.submission._replace(files=(*self.submission.files, str(path)))
            self.error = self.error or error

    def record_frame(self, path: Path, ledger: Ledger) -> None:
        """Keep where the last frame was saved, and write it into the ledger."""
        try:
            self.submission = ledger.add_last_frame(self.submission, path)
        except WriteFailed as error:
            self.submission = self.submission._replace(last_frame=str(path))
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


def left_out(submission: Submission) -> str | None:
    """What is said of a task whose first video alone is written; None where it has no other."""
    assert submission.task is not None
    more = len(submission.task.video_urls) - 1
    return f"warning: {submission.ref} has {more} more video(s), not written" if more else None


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

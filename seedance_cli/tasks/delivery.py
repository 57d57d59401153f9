"""What a task that has ended brings: lines for stdout, saved files, or an error."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seedance_cli.errors import (
    DownloadFailed,
    NotAsPaid,
    SeedanceError,
    TaskFailed,
    WriteFailed,
)
from seedance_cli.models import Status, differences, facts_object, unread, unusable

if TYPE_CHECKING:
    from pathlib import Path

    from seedance_cli.ledger import Ledger
    from seedance_cli.models import Submission, VideoFacts


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
    not_as_paid: NotAsPaid | None = None
    """Why its videos are not what was asked for, where that is a failure: they are here."""
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

    def record(
        self, index: int, path: Path, size: int, facts: VideoFacts | None, ledger: Ledger
    ) -> None:
        """Keep where a video was saved and what it is, and write it into the ledger.

        Args:
            index: which of the task's videos, from 1.
            path: the file.
            size: its bytes.
            facts: what it says of itself; None: nothing.
            ledger: takes the file.
        """
        video = facts_object(facts)
        try:
            self.submission = ledger.add_file(self.submission, index, path, size, video)
        except WriteFailed as error:
            # The file is there all the same, and is told of.
            files = (*self.submission.files, str(path))
            video = video if index == 1 else self.submission.video
            self.submission = self.submission._replace(files=files, video=video)
            self.error = self.error or error

    def recall(self, index: int, path: Path, facts: VideoFacts | None, ledger: Ledger) -> None:
        """The same for a video that was saved before: only what is new is written."""
        if index == 1 and facts_object(facts) != self.submission.video:
            with suppress(OSError):
                self.record(index, path, path.stat().st_size, facts, ledger)

    def end(self) -> None:
        """Nothing more comes. A video that is here is delivered, whatever it is."""
        self.complete = self.error is None
        self.error = self.error or self.not_as_paid

    def compare(self, name: str | None, facts: VideoFacts | None, *, strict: bool) -> list[str]:
        """Hold a video against the request; the lines for the user.

        Args:
            name: of its file; None: it has none.
            facts: what the file says.
            strict: a difference is a failure, and no line.
        """
        submission, lines = self.submission, []
        video = f"{submission.ref}: {name or 'the video'}"
        hidden = unread(submission.request, facts)
        if hidden:
            what = " and ".join(hidden)
            lines.append(f"warning: {video} does not say its {what}, which could not be checked")
        found = differences(submission.request, facts)
        if found:
            each = "; ".join(f"asked {one.asked}, delivered {one.delivered}" for one in found)
            text = f"{video} is not what was asked for: {each}"
            if strict:
                self._not_as_paid(text)
            else:
                lines.append(f"warning: {text}")
        return lines

    def _not_as_paid(self, text: str) -> None:
        before = "" if self.not_as_paid is None else f"{self.not_as_paid.message}; "
        verb = "makes" if self.submission.sandbox else "pays for"
        self.not_as_paid = NotAsPaid(
            f"{before}{text}", hint=f"seedance retry {self.submission.ref} {verb} another"
        )

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

"""What a task that has ended brings: its URLs, or its videos as files or on stdout."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from seedance_cli.download import Expired, Saved, download, to_stream
from seedance_cli.errors import DownloadFailed, SeedanceError, TaskFailed, WriteFailed
from seedance_cli.models import Status
from seedance_cli.naming import target
from seedance_cli.output import Closed
from seedance_cli.reading import Target, read_patiently
from seedance_cli.text import usable_url

if TYPE_CHECKING:
    from collections.abc import Generator

    from seedance_cli.display import Display
    from seedance_cli.download import Progress
    from seedance_cli.ledger import Ledger
    from seedance_cli.models import Submission
    from seedance_cli.session import Session


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


def target_of(session: Session, submission: Submission, index: int, output: str | None) -> Path:
    """The file that a task's video goes to."""
    task = submission.task
    assert task is not None
    prompt = submission.request.prompt if submission.request is not None else task.prompt
    return target(
        output,
        provider=submission.provider,
        task_id=task.task_id,
        index=index,
        prompt=prompt,
        created=task.created_at or submission.created_at or session.clock.now(),
        cwd=Path.cwd(),
    )


def is_own(ledger: Ledger, submission: Submission, index: int, path: Path) -> bool:
    """Whether the file is the one that was saved of this very video, and has its size still."""
    for number, recorded, size in ledger.files(submission):
        if number == index:
            with suppress(OSError):
                return path.samefile(recorded) and path.stat().st_size == size
    return False


def urls(submission: Submission) -> Delivery:
    """The task's URLs, for a task that has ended."""
    delivery = Delivery(submission)
    delivery.error = _no_video(submission)
    assert submission.task is not None
    if delivery.error is None:
        delivery.lines += submission.task.video_urls
    delivery.complete = not isinstance(delivery.error, DownloadFailed)
    return delivery


class Downloads:
    """Where the videos of a command go, and how."""

    def __init__(
        self, session: Session, display: Display, *, output: str | None, force: bool
    ) -> None:
        """Take what the user asked for.

        Args:
            session: ledger, clock and streams.
            display: shows the progress.
            output: `-o`.
            force: replace existing files.
        """
        self._session = session
        self._ledger = session.ledger()
        self._display = display
        self._output = output
        self._force = force

    def save(self, submission: Submission, where: Target) -> Delivery:
        """Every video of a task that has ended, saved.

        Raises:
            WriteFailed: stdout refused the video (`-o -`).
        """
        delivery = urls(submission)
        delivery.lines.clear()
        if delivery.error is not None:
            return delivery
        delivery.complete = False
        assert submission.task is not None
        try:
            if self._output == "-":
                self._pour(delivery, where)
            else:
                fresh = False
                for index in range(1, len(submission.task.video_urls) + 1):
                    fresh = self._one(delivery, where, index, fresh=fresh)
        except (DownloadFailed, WriteFailed) as error:
            if self._output == "-" and isinstance(error, WriteFailed):
                if isinstance(error.__cause__, BrokenPipeError):
                    raise Closed(error.message) from error
                raise
            delivery.error = error
        else:
            delivery.complete = True
        return delivery

    def _one(self, delivery: Delivery, where: Target, index: int, *, fresh: bool) -> bool:
        """Save one video; whether the task's URLs are fresh ones now."""
        path = target_of(self._session, delivery.submission, index, self._output)
        if self._force or not is_own(self._ledger, delivery.submission, index, path):
            try:
                saved = self._fetch(delivery, where, index, path)
            except Expired as error:
                # A signed URL that has run out: the provider hands out a new one, once.
                if fresh:
                    raise
                fresh = True
                self._refresh(delivery, where, error)
                saved = self._fetch(delivery, where, index, path)
            self._record(delivery, index, path, saved)
        delivery.lines.append(str(path))
        return fresh

    def _fetch(self, delivery: Delivery, where: Target, index: int, path: Path) -> Saved:
        submission = delivery.submission
        assert submission.task is not None
        if index > len(submission.task.video_urls):
            raise DownloadFailed("the provider names this video no longer")
        steps = download(
            submission.task.video_urls[index - 1],
            path,
            force=self._force,
            allow_private=where.channel.loopback,
            clock=self._session.clock,
            owner=f"{submission.ref} {index} at {submission.endpoint}",
        )
        return self._drive(steps, path.name)

    def _refresh(self, delivery: Delivery, where: Target, expired: Expired) -> None:
        before = delivery.submission
        try:
            read = read_patiently(Target(before, where.channel), self._session.clock)
        except SeedanceError as error:
            expired.message += f"; no other was to be had: {error.message}"
            raise expired from error
        assert read.task is not None
        delivery.submission = self._ledger.observe(read, read.task)

    def _record(self, delivery: Delivery, index: int, path: Path, saved: Saved) -> None:
        try:
            delivery.submission = self._ledger.add_file(
                delivery.submission, index, path, saved.size
            )
        except WriteFailed:
            # The file is there all the same, and is told of.
            delivery.lines.append(str(path))
            files = (*delivery.submission.files, str(path))
            delivery.submission = replace(delivery.submission, files=files)
            raise

    def _pour(self, delivery: Delivery, where: Target) -> None:
        assert delivery.submission.task is not None
        first, *more = delivery.submission.task.video_urls
        steps = to_stream(
            first,
            self._session.out.binary(),
            allow_private=where.channel.loopback,
            clock=self._session.clock,
        )
        self._drive(steps, "stdout")
        if more:
            self._display.note(
                f"warning: {delivery.submission.ref} has {len(more)} more video(s), not written"
            )

    def _drive(self, steps: Generator[Progress | Saved], name: str) -> Saved:
        with closing(steps):
            for step in steps:
                if isinstance(step, Saved):
                    self._display.downloaded(name)
                    if not step.verified:
                        self._display.note(
                            f"warning: {name}: unverified: nothing in it tells that it is whole"
                        )
                    return step
                self._display.downloading(name, step.done, step.total)
        raise AssertionError("a download ends in Saved or an error")


def _no_video(submission: Submission) -> SeedanceError | None:
    """Why the task has no video that could be delivered; None if it has."""
    task = submission.task
    assert task is not None
    if task.status is not Status.SUCCEEDED:
        why = f": {task.error.message}" if task.error is not None and task.error.message else ""
        return TaskFailed(f"{submission.ref} {task.status}{why}")
    if not task.video_urls:
        return DownloadFailed(f"{submission.ref} succeeded without a video URL")
    if not all(usable_url(url) for url in task.video_urls):
        return DownloadFailed(f"{submission.ref} succeeded with a URL that cannot be used")
    return None

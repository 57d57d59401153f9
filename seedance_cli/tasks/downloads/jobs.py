"""The videos of a wait on their way to files: which begin when, and what the ledger is told."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.errors import DownloadFailed, SeedanceError, WriteFailed
from seedance_cli.tasks.delivery import Delivery, left_out
from seedance_cli.tasks.downloads.measure import measure_file
from seedance_cli.tasks.downloads.part_files import remove_leftover
from seedance_cli.tasks.downloads.pool import (
    AT_ONCE,
    MOST,
    Done,
    DownloadJob,
    DownloadPool,
    Finished,
    FrameSaved,
    GoesOn,
    Placing,
    Renewed,
    Told,
    Video,
)
from seedance_cli.tasks.downloads.standing import Standing, standing
from seedance_cli.tasks.downloads.targets import is_stream
from seedance_cli.tasks.events import Downloaded, Downloading, Ended, Logged, Noted, Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from seedance_cli.ledger import Ledger
    from seedance_cli.models import Submission, VideoFacts
    from seedance_cli.system import Clock
    from seedance_cli.tasks.events import Event
    from seedance_cli.tasks.reading import Target


class Files(NamedTuple):
    """Where videos go."""

    place: Callable[[Submission, int], Path]
    """The file of a task's video, of which the first is 1."""
    force: bool
    """Replace what is there."""
    strict: bool = False
    """A video that is not what was asked for fails its task."""


class Downloads:
    """The videos of a wait on their way to files, `AT_ONCE` tasks at a time.

    All of it is for one thread; what the pool's threads tell reaches the ledger here alone.
    """

    def __init__(
        self, ledger: Ledger, clock: Clock, tell: Callable[[Told], None], files: Files | None
    ) -> None:
        """Prepare; nothing is fetched.

        Args:
            ledger: takes what is saved.
            clock: for the downloads.
            tell: takes what the threads have to tell, in theirs, for `take`.
            files: where videos go; None: there will be none.
        """
        self._ledger = ledger
        self._files = files
        self._pool = DownloadPool(clock, tell)
        self._waiting: list[tuple[Delivery, Target]] = []
        self._jobs: dict[DownloadJob, Delivery] = {}
        self._paused: set[DownloadJob] = set()
        """The jobs whose video is waited for: their places are free meanwhile."""

    @property
    def busy(self) -> bool:
        """Whether there is a download that has not ended."""
        return bool(self._waiting or self._jobs)

    @property
    def running(self) -> bool:
        """Whether a thread has something more to tell."""
        return bool(self._jobs)

    def begin(self, target: Target, lost: SeedanceError | None) -> Iterator[Event]:
        """Fetch every video of a task that has succeeded, as soon as there is room.

        Args:
            target: the task, and the way to it.
            lost: the provider does not know it any more.
        """
        self._waiting.append((Delivery(target.submission, lost=lost), target))
        return self._start()

    def take(self, told: Told) -> Iterator[Event]:
        """Take what a thread has told; the events that follow from it.

        Raises:
            Exception: the error that ended a job, where it is no failure of the download.
        """
        match told:
            case Logged() | Downloading():
                yield told
            case Waiting():
                self._paused.add(told.job)
                yield told
                yield from self._start()
            case GoesOn(job):
                self._paused.discard(job)
            case Finished(job, error):
                yield from self._ended(job, error)
                yield from self._start()
            case Done(job, video, saved, facts):
                delivery = self._jobs[job]
                if saved is not None:
                    yield Downloaded(video.name, saved)
                    if saved.is_file:
                        size = saved.size
                        delivery.record(video.index, video.path, size, facts, self._ledger)
                else:
                    delivery.recall(video.index, video.path, facts, self._ledger)
                delivery.lines.append(str(video.path))
                yield from self._compared(delivery, video, facts)
            case FrameSaved(job, path):
                self._jobs[job].record_frame(path, self._ledger)
                yield Noted(f"last frame {path}")
            case _:
                self._write_down(told)

    def stop(self) -> list[Delivery]:
        """Give up what is under way. What its threads told until then is still to be taken.

        Bytes that can be resumed stay.
        """
        self._pool.stop()
        self._waiting.clear()
        return list(self._jobs.values())

    def _write_down(self, told: Renewed | Placing) -> None:
        delivery = self._jobs[told.job]
        if isinstance(told, Renewed):
            delivery.observe(told.submission, self._ledger)
            return
        # A ledger that cannot take the name keeps nobody from a video that is paid for.
        with suppress(WriteFailed):
            video = told.video
            self._ledger.will_save(delivery.submission, video.index, video.path, told.size)
        told.written.set()

    def _compared(
        self, delivery: Delivery, video: Video, facts: VideoFacts | None
    ) -> Iterator[Noted]:
        """Hold a video against the request; what there is to say of that."""
        assert self._files is not None
        yield from map(Noted, delivery.compare(video.name, facts, strict=self._files.strict))

    def _ended(self, job: DownloadJob, error: BaseException | None) -> Iterator[Event]:
        delivery = self._jobs.pop(job)
        self._paused.discard(job)
        if isinstance(error, DownloadFailed | WriteFailed):
            delivery.failed(error)
        elif error is not None:
            raise error
        if delivery.error is not None and delivery.not_as_paid is not None:
            yield Noted(f"warning: {delivery.not_as_paid.message}")
        delivery.end()
        yield Ended(delivery, job.where, tuple(video.name for video in job.videos))

    def _start(self) -> Iterator[Event]:
        """Begin with as many tasks as there is room for, the oldest first."""
        taken = {video.path for job in self._jobs for video in job.videos}
        for one in list(self._waiting):
            at_work = len(self._jobs) - len(self._paused)
            if at_work >= AT_ONCE or len(self._jobs) >= MOST:
                return
            delivery, target = one
            paths = self._paths(delivery.submission)
            if not taken.isdisjoint(paths):
                # Two templates came to the same name: the later one is to find the file there.
                continue
            if is_stream(paths[0]):
                text = left_out(delivery.submission)
                if text is not None:
                    yield Noted(text)
            taken.update(paths)
            self._waiting.remove(one)
            videos = tuple(self._videos(delivery, paths))
            frame = delivery.submission.last_frame
            there = frame is not None and Path(frame).is_file()
            no_frame = there or is_stream(paths[0])
            job = DownloadJob(target, videos, lost=delivery.lost is not None, no_frame=no_frame)
            self._jobs[job] = delivery
            self._pool.start(job)

    def _paths(self, submission: Submission) -> list[Path]:
        assert submission.task is not None
        assert self._files is not None
        count = len(submission.task.video_urls)
        first = self._files.place(submission, 1)
        if is_stream(first):
            return [first]
        return [first, *(self._files.place(submission, number) for number in range(2, count + 1))]

    def _videos(self, delivery: Delivery, paths: Sequence[Path]) -> Iterator[Video]:
        assert self._files is not None
        force = self._files.force
        names = {video.name for job in self._jobs for video in job.videos}
        for index, path in enumerate(paths, 1):
            name = str(path) if path.name in names else path.name
            found = Standing.OTHER
            if not force:
                with suppress(WriteFailed):  # an unreadable ledger knows of no file
                    found = standing(self._ledger, delivery.submission, index, path)
            here = found in {Standing.OWN, Standing.PLACED}
            if found is Standing.PLACED:
                remove_leftover(path)
                with suppress(OSError):
                    size = path.stat().st_size
                    delivery.record(index, path, size, measure_file(path), self._ledger)
            yield Video(index, path, name, here, force=force or found is Standing.EMPTY)

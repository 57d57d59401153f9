"""The threads that fetch videos while the polling goes on.

They share three things with the thread that waits: a queue of what they have to tell, a wish to
stop that they obey, and the numbers of a `Transfer`, which they write and the display reads. The
ledger, the streams and the display are not theirs.
"""

from __future__ import annotations

import threading
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from seedance_cli._named import NamedTuple
from seedance_cli.errors import DownloadFailed, SeedanceError
from seedance_cli.system import Cancellation
from seedance_cli.tasks.downloads.fetch import Saved, Whole, download
from seedance_cli.tasks.downloads.measure import measure_file
from seedance_cli.tasks.downloads.pauses import PATIENCE, SHORT_PATIENCE
from seedance_cli.tasks.events import Downloading, Logged, Transfer, Waiting
from seedance_cli.tasks.reading import Target, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from seedance_cli.models import Submission, VideoFacts
    from seedance_cli.system import Clock

AT_ONCE = 4
"""Videos that are fetched at the same time; each is of another task."""
MOST = 64
"""Tasks that are under way, those included whose video is waited for."""
_STEP = 0.5
"""Seconds that a thread waits for a place or a name before it looks for a wish to stop."""
STOP_SECONDS = 1.0
"""How long `DownloadPool.stop` waits for the threads; one that flushes to the disk takes longer."""


@dataclass(frozen=True, slots=True)
class Video:
    """One video of a task, and where it goes."""

    index: int
    """1 for the first."""
    path: Path
    name: str
    """What the display calls it; no two at the same time have the same."""
    here: bool
    """Whether an earlier run has saved it."""
    force: bool
    """Replace what is there."""


@dataclass(frozen=True, slots=True, eq=False)
class DownloadJob:
    """The videos of one task, to be fetched one after the other."""

    where: Target
    videos: tuple[Video, ...]
    lost: bool
    """The provider does not know the task any more."""
    no_frame: bool = False
    """Whether its last frame is left alone: it is there already, or there is no file beside it."""


class GoesOn(NamedTuple):
    """The pause of a job is over: its video is asked for again."""

    job: DownloadJob


class Renewed(NamedTuple):
    """The task was read anew, for URLs that are valid."""

    job: DownloadJob
    submission: Submission


class Placing(NamedTuple):
    """A video is whole, and gets its name once that is written down."""

    job: DownloadJob
    video: Video
    size: int
    """Bytes."""
    written: threading.Event
    """Set when the file may have its name."""


class Done(NamedTuple):
    """A video is in its place."""

    job: DownloadJob
    video: Video
    saved: Saved | None
    """None: it was there already."""
    facts: VideoFacts | None
    """What its boxes say of it; None: nothing."""


class FrameSaved(NamedTuple):
    """The last frame of the first video is in its place beside it."""

    job: DownloadJob
    path: Path


class Finished(NamedTuple):
    """Nothing more comes of this job."""

    job: DownloadJob
    error: BaseException | None


Told: TypeAlias = (
    Logged | Downloading | Waiting | GoesOn | Renewed | Placing | Done | FrameSaved | Finished
)


class VideoSource:
    """Where a task's videos come from: its URLs, read anew where a video is not there yet."""

    def __init__(self, where: Target, *, lost: bool) -> None:
        """Begin with the URLs that are known.

        Args:
            where: the task, and the way to its provider.
            lost: the provider does not know the task any more.
        """
        self._where = where
        self._lost = lost
        self._urls = dict(_numbered(where.submission))
        self._refused: SeedanceError | None = None

    @property
    def patience(self) -> float:
        """Seconds for which a video is waited for."""
        short = self._lost or self._where.channel.loopback
        return SHORT_PATIENCE if short else PATIENCE

    def owner(self, index: int) -> str:
        """Whose video it is, for the record of bytes to go on from."""
        submission = self._where.submission
        return f"{submission.ref} {index} at {submission.endpoint}"

    def url(self, index: int) -> str:
        """The newest URL of a video, from 1.

        Raises:
            DownloadFailed: there is none.
        """
        if index not in self._urls:
            raise DownloadFailed("the provider names this video no longer")
        return self._urls[index]

    @property
    def last_frame(self) -> str | None:
        """The newest URL of the last frame; None: there is none."""
        task = self._where.submission.task
        return None if task is None else task.last_frame_url

    def renew(self) -> Submission | None:
        """Read the task for newer URLs; None where it is as before, or no answer came."""
        before, self._refused = self._where.submission, None
        try:
            found = read(self._where)
        except SeedanceError as error:
            self._refused = error
            return None
        if found is before:
            return None
        self._where = Target(found, self._where.channel)
        self._urls.update(_numbered(found))
        return found

    def explained(self, error: DownloadFailed) -> DownloadFailed:
        """The failure, saying why no newer URL was to be had, where that is so."""
        if self._refused is None:
            return error
        why = f"no other URL was to be had: {self._refused.message}"
        return error.but(message=f"{error.message}; {why}")


def _numbered(submission: Submission) -> Iterator[tuple[int, str]]:
    assert submission.task is not None
    yield from enumerate(submission.task.video_urls, 1)


class DownloadPool:
    """Runs jobs in threads, one each. Its methods are for one thread."""

    def __init__(self, clock: Clock, tell: Callable[[Told], None]) -> None:
        """Prepare; there is no thread before the first job.

        Args:
            clock: for the downloads.
            tell: takes what the threads have to tell, in theirs; the last of each job is its
                `Finished`.
        """
        self._tell = tell
        self._clock = clock
        self._cancellation = Cancellation()
        self._places = threading.Semaphore(AT_ONCE)
        self._threads: list[threading.Thread] = []

    def start(self, job: DownloadJob) -> None:
        """Begin with a job, in a thread of its own."""
        # A daemon: what no wish reaches (a name server's silence) must not keep the program.
        thread = threading.Thread(
            target=self._run, args=(job,), name="seedance-download", daemon=True
        )
        self._threads = [*(one for one in self._threads if one.is_alive()), thread]
        thread.start()

    def stop(self) -> None:
        """Ask all threads to stop, and wait for that, `STOP_SECONDS` at most."""
        self._cancellation.ask()
        end = time.monotonic() + STOP_SECONDS  # real time, as the threads' own
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, end - time.monotonic()))

    def _log(self, text: str) -> None:
        self._tell(Logged(text))

    def _run(self, job: DownloadJob) -> None:
        error: BaseException | None = None
        try:
            self._take_place()
            self._fetch_all(job)
        except BaseException as caught:  # noqa: BLE001 - raised again in the reader's thread
            error = caught
        self._places.release()
        self._tell(Finished(job, error))

    def _take_place(self) -> None:
        while not self._places.acquire(timeout=_STEP):
            self._cancellation.check()

    def _ask_for_the_name(self, job: DownloadJob, video: Video, size: int) -> None:
        written = threading.Event()
        self._tell(Placing(job, video, size, written))
        while not written.wait(_STEP):
            self._cancellation.check()

    def _fetch_all(self, job: DownloadJob) -> None:
        source = VideoSource(job.where, lost=job.lost)
        for video in job.videos:
            self._cancellation.check()
            saved = None
            if not video.here:
                try:
                    saved = self._fetch(job, source, video)
                except DownloadFailed as error:
                    raise source.explained(error) from error
            facts = measure_file(video.path) if saved is None else saved.facts
            self._tell(Done(job, video, saved, facts))
        frame = None if job.no_frame else source.last_frame
        if frame is not None:
            self._tell(FrameSaved(job, self._fetch_frame(job, source, frame)))

    def _fetch_frame(self, job: DownloadJob, source: VideoSource, url: str) -> Path:
        from seedance_cli.tasks.downloads.last_frame import fetch_last_frame  # seldom asked for

        video = job.videos[0]
        wait = self._waiter(job, source, video, Transfer(self._clock.monotonic()))

        def again(error: DownloadFailed, seconds: float) -> str:
            wait(error, seconds)
            return source.last_frame or url

        return fetch_last_frame(
            url,
            video.path,
            force=video.force,
            allow_private=job.where.channel.loopback,
            clock=self._clock,
            patience=source.patience,
            again=again,
            cancellation=self._cancellation,
            log=self._log,
            credentials=job.where.channel.video_headers,
        )

    def _waiter(
        self, job: DownloadJob, source: VideoSource, video: Video, transfer: Transfer
    ) -> Callable[[DownloadFailed, float], None]:
        """What waits before a video, or its last frame, is asked for again: seconds, for a reason.

        The task is read anew meanwhile, and the job's place is another one's.
        """
        tries = 0

        def wait(error: DownloadFailed, seconds: float) -> None:
            nonlocal tries
            tries += 1
            transfer.waiting, transfer.pause = error.message, seconds
            self._tell(Waiting(video.name, transfer, tries, job))
            self._places.release()
            self._cancellation.sleep(seconds, self._clock)
            read = source.renew()
            if read is not None:
                self._tell(Renewed(job, read))
            self._take_place()
            self._tell(GoesOn(job))

        return wait

    def _fetch(self, job: DownloadJob, source: VideoSource, video: Video) -> Saved:
        transfer = Transfer(self._clock.monotonic())
        begun = False
        wait = self._waiter(job, source, video, transfer)

        def again(error: DownloadFailed, seconds: float) -> str:
            wait(error, seconds)
            return source.url(video.index)

        steps = download(
            source.url(video.index),
            video.path,
            force=video.force,
            allow_private=job.where.channel.loopback,
            clock=self._clock,
            owner=source.owner(video.index),
            patience=source.patience,
            again=again,
            cancellation=self._cancellation,
            log=self._log,
            credentials=job.where.channel.video_headers,
        )
        with closing(steps):
            for step in steps:
                if isinstance(step, Saved):
                    return step
                if isinstance(step, Whole):
                    self._ask_for_the_name(job, video, step.size)
                    continue
                transfer.done, transfer.total, transfer.waiting = step.done, step.total, ""
                if not begun:
                    begun, transfer.began = True, self._clock.monotonic()
                    transfer.resumed = step.done
                    self._tell(Downloading(video.name, transfer, job.where.submission))
        raise AssertionError("a download ends in Saved or an error")

"""The threads that fetch videos while the command goes on polling.

They share three things with the command's own thread: a queue of what they have to tell, a wish to
stop that they obey, and the numbers of a `Transfer`, which they write and the display reads. The
ledger, the streams and the display are not theirs.
"""

from __future__ import annotations

import threading
import time
from contextlib import closing
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

from seedance_cli._video_answer import Expired
from seedance_cli.cancellation import Cancellation
from seedance_cli.download import Saved, download
from seedance_cli.errors import DownloadFailed, SeedanceError
from seedance_cli.reading import Target, read_patiently
from seedance_cli.screen import Transfer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seedance_cli.clock import Clock
    from seedance_cli.models import Submission

AT_ONCE = 4
"""Videos that are fetched at the same time; each is of another task."""
STOP_SECONDS = 1.0
"""How long `Crew.stop` waits for the threads. One that is flushing to the disk takes longer."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """The videos of one task, to be fetched one after the other."""

    where: Target
    videos: tuple[Video, ...]
    force: bool
    """Replace existing files."""


@dataclass(frozen=True, slots=True)
class Logged:
    """A line for `-v`."""

    text: str


@dataclass(frozen=True, slots=True)
class Begun:
    """The first answer for a video has come."""

    video: Video
    transfer: Transfer


@dataclass(frozen=True, slots=True)
class Renewed:
    """The task was read anew, for URLs that are valid."""

    order: Order
    submission: Submission


@dataclass(frozen=True, slots=True)
class Done:
    """A video is in its place."""

    order: Order
    video: Video
    saved: Saved | None
    """None: it was there already."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more comes of this order."""

    order: Order
    error: BaseException | None


Told: TypeAlias = Logged | Begun | Renewed | Done | Ended


class Crew:
    """Runs orders in threads, one each. Its methods are for the command's own thread."""

    def __init__(self, clock: Clock, wake: Callable[[], None]) -> None:
        """Prepare; there is no thread before the first order.

        Args:
            clock: for the downloads.
            wake: called by a thread after each `Told` that it has put into `told`.
        """
        self.told: SimpleQueue[Told] = SimpleQueue()
        """What the threads have to tell; the last of each order is its `Ended`."""
        self._clock = clock
        self._wake = wake
        self._cancellation = Cancellation()
        self._threads: list[threading.Thread] = []

    def start(self, order: Order) -> None:
        """Begin with an order, in a thread of its own."""
        # A daemon: what no wish reaches (a name server's silence) must not keep the program.
        thread = threading.Thread(
            target=self._run, args=(order,), name="seedance-download", daemon=True
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

    def _tell(self, told: Told) -> None:
        self.told.put(told)
        self._wake()

    def _log(self, text: str) -> None:
        self._tell(Logged(text))

    def _run(self, order: Order) -> None:
        error: BaseException | None = None
        try:
            self._fetch_all(order)
        except BaseException as caught:  # noqa: BLE001 - raised again in the command's thread
            error = caught
        self._tell(Ended(order, error))

    def _fetch_all(self, order: Order) -> None:
        where, fresh = order.where, False
        for video in order.videos:
            self._cancellation.check()
            saved = None
            if not video.here:
                try:
                    saved = self._fetch(order, where.submission, video)
                except Expired as error:
                    # A signed URL that has run out: the provider hands out a new one, once.
                    if fresh:
                        raise
                    fresh = True
                    where = self._renewed(order, error)
                    saved = self._fetch(order, where.submission, video)
            self._tell(Done(order, video, saved))

    def _renewed(self, order: Order, expired: Expired) -> Target:
        try:
            read = read_patiently(order.where, self._clock)
        except SeedanceError as error:
            expired.message += f"; no other was to be had: {error.message}"
            raise expired from error
        self._tell(Renewed(order, read))
        return Target(read, order.where.channel)

    def _fetch(self, order: Order, submission: Submission, video: Video) -> Saved:
        assert submission.task is not None
        if video.index > len(submission.task.video_urls):
            raise DownloadFailed("the provider names this video no longer")
        transfer: Transfer | None = None
        steps = download(
            submission.task.video_urls[video.index - 1],
            video.path,
            force=order.force,
            allow_private=order.where.channel.loopback,
            clock=self._clock,
            owner=f"{submission.ref} {video.index} at {submission.endpoint}",
            cancellation=self._cancellation,
            log=self._log,
        )
        with closing(steps):
            for step in steps:
                if isinstance(step, Saved):
                    return step
                if transfer is None:
                    transfer = Transfer(self._clock.monotonic(), step.done, step.total)
                    self._tell(Begun(video, transfer))
                transfer.done, transfer.total = step.done, step.total
        raise AssertionError("a download ends in Saved or an error")

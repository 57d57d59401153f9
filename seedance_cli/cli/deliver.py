"""What a task that has ended brings: its URLs, or its videos as files or on stdout."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING

from seedance_cli.cli.output.sink import Closed
from seedance_cli.cli.places import target_of
from seedance_cli.errors import DownloadFailed, SeedanceError, WriteFailed
from seedance_cli.tasks import (
    AT_ONCE,
    MOST,
    Begun,
    Crew,
    Delivery,
    Done,
    Ended,
    GoesOn,
    Logged,
    Order,
    Placing,
    Renewed,
    Saved,
    Source,
    Standing,
    Target,
    Transfer,
    Video,
    Waits,
    is_stream,
    look,
    remove_leftover,
    standing,
    to_stream,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from seedance_cli.cli.output.progress import Display
    from seedance_cli.cli.session import Session
    from seedance_cli.models import Submission
    from seedance_cli.tasks import Progress, Told, Watch


_STDOUT = "stdout"
"""What the display calls a video that goes there."""
_STEP = 0.5
"""Seconds between two looks at the display while a video is waited for."""


class Downloads:
    """The videos of a command on their way to files, `AT_ONCE` tasks at a time.

    All of it is the command's own thread: what the crew's threads tell is taken here, and nowhere
    else does it reach the ledger, the display and the deliveries.
    """

    def __init__(
        self, session: Session, display: Display, looks: Watch, *, output: str | None, force: bool
    ) -> None:
        """Take what the user asked for.

        Args:
            session: ledger, clock and streams.
            display: shows the progress.
            looks: the polling that goes on meanwhile; it is woken when there is something to take.
            output: `-o`.
            force: replace existing files.
        """
        self._session = session
        self._ledger = session.ledger()
        self._display = display
        self._looks = looks
        self._output = output
        self._force = force
        self._crew = Crew(session.clock, looks.wake)
        self._waiting: list[tuple[Delivery, Target]] = []
        self._running: dict[Order, Delivery] = {}
        self._paused: set[Order] = set()
        """Those whose video is waited for: their places are free meanwhile."""

    @property
    def busy(self) -> bool:
        """Whether there is a download that has not ended."""
        return bool(self._waiting or self._running)

    def begin(
        self, submission: Submission, where: Target, lost: SeedanceError | None = None
    ) -> None:
        """Fetch every video of a task that has succeeded, as soon as there is room."""
        delivery = Delivery(submission, lost=lost)
        self._waiting.append((delivery, Target(submission, where.channel)))
        self._start()

    def look(self, delivery: Delivery, where: Target, lost: SeedanceError) -> Delivery:
        """See whether the URLs of a task that its provider does not know any more still answer."""
        for url in delivery.submission.video_urls:
            try:
                look(
                    url,
                    allow_private=where.channel.loopback,
                    clock=self._session.clock,
                    log=self._session.out.log,
                )
            except DownloadFailed as error:
                gone = Delivery(delivery.submission, lost=lost)
                gone.failed(error)
                return gone
        self._display.note(
            f"{delivery.submission.ref}: the provider does not know the task any more; "
            "its video is still where it was"
        )
        return delivery

    def ended(self) -> Iterator[Delivery]:
        """Take what the threads have told so far; the deliveries that have ended by it.

        Raises:
            Exception: what a thread ended in, where that is no failure of the download.
        """
        while not self._crew.told.empty():
            yield from self._take(self._crew.told.get_nowait())

    def wait(self) -> Iterator[Delivery]:
        """As `ended`, but for the next thing told; waits for it until a heartbeat is due."""
        with suppress(Empty):
            yield from self._take(
                self._session.clock.get(self._crew.told, self._display.until_heartbeat())
            )

    def stop(self) -> list[Submission]:
        """Give up what is under way; the tasks with what came of them all the same.

        Bytes that can be resumed stay. A file that was whole is recorded, so that the next `wait`
        takes it for this task's own; it was not told of, so the task is not delivered.
        """
        self._crew.stop()
        self._waiting.clear()
        found = list(self._running.values())
        with suppress(Empty):
            while True:
                told = self._crew.told.get_nowait()
                if not isinstance(told, Ended):
                    self._note(told)
        return [delivery.submission for delivery in found]

    def pour(
        self, submission: Submission, where: Target, lost: SeedanceError | None = None
    ) -> Delivery:
        """Write a task's first video to stdout (`-o -`), here and now.

        Raises:
            WriteFailed: stdout refused it.
        """
        delivery = Delivery(submission, lost=lost)
        source = Source(Target(submission, where.channel), lost=lost is not None)
        transfer = Transfer(self._session.clock.monotonic())
        tries = 0

        def again(error: DownloadFailed, seconds: float) -> str:
            nonlocal tries
            tries += 1
            transfer.waiting = error.message
            self._display.waiting(_STDOUT, transfer, tries)
            while seconds > 0:
                self._session.clock.sleep(min(seconds, _STEP))
                self._display.tick()
                seconds -= _STEP
            read = source.renew()
            if read is not None:
                self._observe(delivery, read)
            return source.url(1)

        steps = to_stream(
            source.url(1),
            self._session.out.binary(),
            allow_private=where.channel.loopback,
            clock=self._session.clock,
            patience=source.patience,
            again=again,
            log=self._session.out.log,
        )
        try:
            self._drive(steps, transfer)
        except DownloadFailed as error:
            self._display.dropped(_STDOUT)
            source.explain(error)
            delivery.failed(error)
            return delivery
        except WriteFailed as error:
            if isinstance(error.__cause__, BrokenPipeError):
                raise Closed(error.message) from error
            raise
        assert submission.task is not None
        more = len(submission.task.video_urls) - 1
        if more:
            self._say_left(submission, more)
        delivery.complete = delivery.error is None
        return delivery

    def _start(self) -> None:
        """Begin with as many tasks as there is room for, the oldest first."""
        taken = {video.path for order in self._running for video in order.videos}
        for one in list(self._waiting):
            at_work = len(self._running) - len(self._paused)
            if at_work >= AT_ONCE or len(self._running) >= MOST:
                return
            delivery, where = one
            paths = list(self._paths(delivery.submission))
            if taken.isdisjoint(paths):
                # Else two templates came to the same name: the later one is to find the file there.
                taken.update(paths)
                self._waiting.remove(one)
                order = Order(
                    where,
                    tuple(self._videos(delivery, paths)),
                    lost=delivery.lost is not None,
                )
                self._running[order] = delivery
                self._looks.expect()
                self._crew.start(order)

    def _paths(self, submission: Submission) -> Iterator[Path]:
        assert submission.task is not None
        count = len(submission.task.video_urls)
        first = target_of(self._session, submission, 1, self._output)
        yield first
        if count > 1 and is_stream(first):
            self._say_left(submission, count - 1)
            return
        for index in range(2, count + 1):
            yield target_of(self._session, submission, index, self._output)

    def _videos(self, delivery: Delivery, paths: Sequence[Path]) -> Iterator[Video]:
        names = {video.name for order in self._running for video in order.videos}
        for index, path in enumerate(paths, 1):
            name = str(path) if path.name in names else path.name
            found = Standing.OTHER
            if not self._force:
                with suppress(WriteFailed):  # an unreadable ledger knows of no file
                    found = standing(self._ledger, delivery.submission, index, path)
            here = found in {Standing.OWN, Standing.PLACED}
            video = Video(index, path, name, here, force=self._force or found is Standing.EMPTY)
            if found is Standing.PLACED:
                remove_leftover(path)
                with suppress(OSError):
                    self._record(delivery, video, path.stat().st_size)
            yield video

    def _take(self, told: Told) -> Iterator[Delivery]:
        if not isinstance(told, Ended):
            self._looks.expect()  # there is one more to come
            self._note(told)
            if isinstance(told, Waits):
                self._start()
            return
        delivery = self._running.pop(told.order)
        self._paused.discard(told.order)
        for video in told.order.videos:
            self._display.dropped(video.name)
        if isinstance(told.error, DownloadFailed | WriteFailed):
            delivery.failed(told.error)
        elif told.error is not None:
            raise told.error
        delivery.complete = delivery.error is None
        try:
            yield delivery
        finally:
            self._start()

    def _note(self, told: Logged | Begun | Waits | GoesOn | Renewed | Placing | Done) -> None:
        match told:
            case Logged(text):
                self._session.out.log(text)
            case Begun(video, transfer):
                self._display.downloading(video.name, transfer)
            case Waits(order, video, transfer, tries):
                self._paused.add(order)
                self._display.waiting(video.name, transfer, tries)
            case GoesOn(order):
                self._paused.discard(order)
            case Renewed(order, submission):
                self._observe(self._running[order], submission)
            case Placing(order, video, size, written):
                # A ledger that cannot take it keeps nobody from a video that is paid for.
                with suppress(WriteFailed):
                    submission = self._running[order].submission
                    self._ledger.will_save(submission, video.index, video.path, size)
                written.set()
            case Done(order, video, saved):
                delivery = self._running[order]
                if saved is not None:
                    self._say_saved(video.name, saved)
                    if saved.is_file:
                        self._record(delivery, video, saved.size)
                delivery.lines.append(str(video.path))

    def _observe(self, delivery: Delivery, read: Submission) -> None:
        assert read.task is not None
        try:
            delivery.submission = self._ledger.observe(read, read.task)
        except WriteFailed as error:
            delivery.submission = read
            delivery.error = delivery.error or error

    def _record(self, delivery: Delivery, video: Video, size: int) -> None:
        try:
            delivery.submission = self._ledger.add_file(
                delivery.submission, video.index, video.path, size
            )
        except WriteFailed as error:
            # The file is there all the same, and is told of.
            files = (*delivery.submission.files, str(video.path))
            delivery.submission = replace(delivery.submission, files=files)
            delivery.error = delivery.error or error

    def _drive(self, steps: Generator[Progress | Saved], transfer: Transfer) -> None:
        begun = False
        with closing(steps):
            for step in steps:
                if isinstance(step, Saved):
                    self._say_saved(_STDOUT, step)
                    return
                transfer.done, transfer.total, transfer.waiting = step.done, step.total, ""
                if not begun:
                    begun, transfer.began = True, self._session.clock.monotonic()
                    self._display.downloading(_STDOUT, transfer)
                self._display.tick()

    def _say_left(self, submission: Submission, more: int) -> None:
        self._display.note(f"warning: {submission.ref} has {more} more video(s), not written")

    def _say_saved(self, name: str, saved: Saved) -> None:
        self._display.downloaded(name)
        if not saved.verified:
            self._display.note(f"warning: {name}: unverified: nothing in it tells that it is whole")

"""A video to stdout (`-o -`), in the command's own thread."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from seedance_cli.errors import Closed, DownloadFailed, WriteFailed
from seedance_cli.tasks import (
    Delivery,
    Saved,
    Transfer,
    VideoSource,
    left_out,
    to_stream,
)

if TYPE_CHECKING:
    from collections.abc import Generator

    from seedance_cli.cli.output.progress import Display
    from seedance_cli.cli.session import Session
    from seedance_cli.models import Submission, VideoFacts
    from seedance_cli.tasks import Ended, Progress

_STDOUT = "stdout"
"""What the display calls a video that goes there."""
_STEP = 0.5
"""Seconds between two looks at the display while a video is waited for."""


def pour(session: Session, display: Display, ended: Ended, *, strict: bool) -> Delivery:
    """Write a task's first video to stdout, here and now.

    Args:
        session: ledger, clock and streams.
        display: shows the progress.
        ended: a task that has succeeded.
        strict: a video that is not what was asked for fails its task.

    Raises:
        WriteFailed: stdout refused it.
    """
    target, lost = ended.target, ended.delivery.lost
    submission, ledger = target.submission, session.ledger()
    delivery = Delivery(submission, lost=lost)
    source = VideoSource(target, lost=lost is not None)
    transfer = Transfer(session.clock.monotonic())
    tries = 0

    def again(error: DownloadFailed, seconds: float) -> str:
        nonlocal tries
        tries += 1
        transfer.waiting, transfer.pause = error.message, seconds
        display.waiting(submission, _STDOUT, transfer, tries)
        while seconds > 0:
            session.clock.sleep(min(seconds, _STEP))
            display.tick()
            seconds -= _STEP
        read = source.renew()
        if read is not None:
            delivery.observe(read, ledger)
        return source.url(1)

    steps = to_stream(
        source.url(1),
        session.out.binary(),
        allow_private=target.channel.loopback,
        clock=session.clock,
        patience=source.patience,
        again=again,
        log=session.out.log,
        credentials=target.channel.video_headers,
    )
    try:
        facts = _drive(steps, transfer, display, session, submission)
    except DownloadFailed as error:
        display.dropped(_STDOUT)
        delivery.failed(source.explained(error))
        return delivery
    except WriteFailed as error:
        if isinstance(error.__cause__, BrokenPipeError):
            raise Closed(error.message) from error
        raise
    text = left_out(submission)
    if text is not None:
        display.note(text)
    for line in delivery.compare(None, facts, strict=strict):
        display.note(line)
    delivery.end()
    return delivery


def _drive(
    steps: Generator[Progress | Saved],
    transfer: Transfer,
    display: Display,
    session: Session,
    submission: Submission,
) -> VideoFacts | None:
    """Pass the video on; what its boxes say of it."""
    begun = False
    with closing(steps):
        for step in steps:
            if isinstance(step, Saved):
                display.downloaded(_STDOUT, verified=step.verified)
                return step.facts
            transfer.done, transfer.total, transfer.waiting = step.done, step.total, ""
            if not begun:
                begun, transfer.began = True, session.clock.monotonic()
                transfer.resumed = step.done
                display.downloading(submission, _STDOUT, transfer)
            display.tick()
    raise AssertionError("a download ends in Saved or an error")

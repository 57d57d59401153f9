"""What a person sees of the events of a wait, in `wait` and in `batch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.tasks import Downloaded, Downloading, Held, Logged, Noted, Waiting

if TYPE_CHECKING:
    from seedance_cli.cli.output.progress import Display
    from seedance_cli.cli.output.sink import Output
    from seedance_cli.tasks import Event


def show(event: Event, display: Display, out: Output) -> None:
    """Show an event that is neither an answer nor an end: those are the command's to tell."""
    match event:
        case Held(submission):
            display.held(submission)
        case Downloading(name, transfer, submission):
            display.downloading(submission, name, transfer)
        case Waiting(name, transfer, tries, job):
            display.waiting(job.where.submission, name, transfer, tries)
        case Downloaded(name, saved):
            display.downloaded(name, verified=saved.verified)
        case Noted(text):
            display.note(text)
        case Logged(text):
            out.log(text)

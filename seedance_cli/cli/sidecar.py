"""`--sidecar` and `--strict`: what is written beside a saved video, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from seedance_cli import tasks
from seedance_cli.cli.output.documents import dumps, task_object
from seedance_cli.errors import SeedanceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from seedance_cli.models import Submission
    from seedance_cli.tasks import Delivery


class Wanted(Protocol):
    """What is wanted beside the videos."""

    @property
    def sidecar(self) -> bool:
        """Files of JSON."""

    @property
    def strict(self) -> bool:
        """Whether a video that is not what was asked for is a failure."""

    @property
    def force(self) -> bool:
        """Whether other files are replaced."""


def beside(delivery: Delivery, wanted: Wanted) -> list[SeedanceError]:
    """Write those of a task that is delivered, where they are wanted; all that went wrong with it.

    Args:
        delivery: its lines are the paths of its videos, where sidecars are wanted.
        wanted: whether they are.
    """
    failures: list[SeedanceError] = [] if delivery.error is None else [delivery.error]
    if wanted.sidecar:
        failures += write(delivery.submission, delivery.lines, force=wanted.force)
    return failures


def look_again(
    read: Callable[[], Submission], videos: Sequence[str], wanted: Wanted
) -> list[SeedanceError]:
    """Do for a task whose videos an earlier run saved what that run was not asked for.

    Args:
        read: the task's row, where it is needed.
        videos: the paths.
        wanted: a sidecar that is there stays as it is.
    """
    if not (wanted.sidecar or wanted.strict):
        return []
    row = read()
    delivery = tasks.Delivery(row)
    for video in map(Path, videos):
        if wanted.strict:
            delivery.compare(video.name, tasks.measure_file(video), strict=True)
    failures: list[SeedanceError] = []
    if delivery.not_as_paid is not None:
        failures.append(delivery.not_as_paid)
    if wanted.sidecar:
        bare = [one for one in videos if not tasks.sidecar_path(Path(one)).exists()]
        failures += write(row, bare, force=False)
    return [one.about(row).but(intent=row.intent) for one in failures]


def write(submission: Submission, videos: Iterable[str], *, force: bool) -> list[SeedanceError]:
    """Write one for each video that is a file; what went wrong.

    Args:
        submission: the task, as it is once its videos are saved.
        videos: their paths.
        force: replace what is there and is not of this task.
    """
    content = f"{dumps(task_object(submission), indent=2)}\n".encode("ascii")
    failures: list[SeedanceError] = []
    for video in map(Path, videos):
        try:
            if video.is_file():
                tasks.write_sidecar(video, submission.ref, content, force=force)
        except SeedanceError as error:
            failures.append(error)
    return failures

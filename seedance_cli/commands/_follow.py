"""Following tasks to their end and delivering what they bring: `wait` and `generate --wait`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seedance_cli.commands._unknown import verdict
from seedance_cli.display import Display
from seedance_cli.download import Expired, Saved, download, to_stream
from seedance_cli.errors import (
    DownloadFailed,
    Interrupted,
    NotFound,
    SeedanceError,
    Stopped,
    TaskFailed,
    WriteFailed,
)
from seedance_cli.models import Status
from seedance_cli.naming import target
from seedance_cli.reading import Target, read_patiently
from seedance_cli.task_json import task_object
from seedance_cli.text import unsafe
from seedance_cli.watch import watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seedance_cli.download import Progress
    from seedance_cli.models import Submission
    from seedance_cli.session import Session
    from seedance_cli.watch import Seen

_ALIVE = frozenset({3, 4, 5})
"""Codes that, once a task is paid for, become 8: it is alive as far as known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the user asked of the wait."""

    download: bool = False
    output: str | None = None
    force: bool = False
    timeout: float | None = None
    """Seconds; None: none."""
    interval: float | None = None
    """Seconds; None: adaptive."""
    fail_fast: bool = False
    any: bool = False
    events: bool = False
    one: bool = False
    """One task was named: with `--json` the document is an object, not an array."""
    submitted: bool = False
    """These tasks were paid for by this very command."""


def follow(
    session: Session,
    submissions: Sequence[Submission],
    wanted: Wanted,
    unknown: Sequence[Submission] = (),
) -> int:
    """Wait for every task and deliver it.

    Args:
        session: what the command works with.
        submissions: tasks with an id.
        wanted: what to do with them.
        unknown: submissions without an id, already named; they show in the document and the code.

    Returns:
        The exit code.

    Raises:
        Interrupted: a signal; the tasks run on.
        WriteFailed: the output could not be written.
    """
    return _Follow(session, submissions, wanted, unknown).run()


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


class _Follow:
    def __init__(
        self,
        session: Session,
        submissions: Sequence[Submission],
        wanted: Wanted,
        unknown: Sequence[Submission],
    ) -> None:
        self.unknown = unknown
        self.session = session
        self.wanted = wanted
        self.out = session.out
        self.clock = session.clock
        self.ledger = session.ledger()
        self.known = {_key(one): one for one in submissions}
        self.failures: list[SeedanceError] = []
        self.reported: list[Submission] = []
        self.ended: set[tuple[str, str, bool, str]] = set()
        self.last_status: dict[tuple[str, str, bool, str], str] = {}

    def run(self) -> int:
        targets = dict(self._targets())
        try:
            self._loop(targets)
        except Interrupted as stop:
            self._document()
            raise self._come_back(stop) from None
        self._document()
        return verdict(self.out, self.failures, self.unknown)

    def _targets(self) -> Iterator[tuple[tuple[str, str, bool, str], Target]]:
        for key, submission in self.known.items():
            try:
                yield key, self.session.target(submission)
            except SeedanceError as error:
                self._failed(submission, error)

    def _loop(self, targets: dict[tuple[str, str, bool, str], Target]) -> None:
        wanted = self.wanted
        submissions = [one.submission for one in targets.values()]
        with Display(self.out, self.clock, submissions) as display:
            looks = watch(
                list(targets.values()),
                self.clock,
                timeout=wanted.timeout,
                interval=wanted.interval,
            )
            for seen in looks:
                if seen is None:
                    display.tick()
                    continue
                succeeded = self._take(seen, targets[_key(seen.submission)], display)
                if succeeded is None:
                    continue
                ended = seen.error is None
                if (wanted.any and ended) or (wanted.fail_fast and not succeeded):
                    break
        self._name_what_is_left()

    def _take(self, seen: Seen, where: Target, display: Display) -> bool | None:
        """Take one look; whether its task succeeded, or None while it goes on."""
        submission = seen.submission
        key = _key(submission)
        if seen.warning is not None:
            display.note(f"warning: {seen.warning}")
        assert submission.task is not None
        try:
            submission = self.ledger.observe(submission, submission.task)
        except WriteFailed as error:
            self._failed(submission, error)
        self.known[key] = submission
        display.update(submission)
        if self.wanted.events and self.last_status.get(key) != submission.status:
            self.last_status[key] = submission.status
            self.out.event(task_object(submission))
        if not seen.final:
            return None
        self.ended.add(key)
        try:
            if seen.error is not None:
                raise seen.error
            self._deliver(submission, where, display)
        except SeedanceError as error:
            self._failed(self.known[key], error)
            return False
        return True

    def _deliver(self, submission: Submission, where: Target, display: Display) -> None:
        task = submission.task
        assert task is not None
        if task.status is not Status.SUCCEEDED:
            raise self._failure(submission)
        urls = task.video_urls
        if not urls or any(unsafe(url) for url in urls):
            what = "with a URL that cannot be used" if urls else "without a video URL"
            raise DownloadFailed(
                f"{submission.ref} succeeded {what}",
                hint=f"seedance status {submission.ref} --json",
                provider=submission.provider,
                ref=submission.ref,
            )
        if self.wanted.download:
            self._save_all(submission, where, display)
            submission = self.known[_key(submission)]
        elif not self._as_json:
            for url in urls:
                self.out.result(url)
        self._mark(submission)

    def _failure(self, submission: Submission) -> TaskFailed:
        task = submission.task
        assert task is not None
        why = f": {task.error.message}" if task.error is not None and task.error.message else ""
        self._mark(submission)
        return TaskFailed(
            f"{submission.ref} {task.status}{why}",
            provider=submission.provider,
            ref=submission.ref,
            retry_safe=False,
        )

    def _save_all(self, submission: Submission, where: Target, display: Display) -> None:
        assert submission.task is not None
        if self.wanted.output == "-":
            self._to_stdout(submission, where, display)
            return
        fresh = False
        for index in range(1, len(submission.task.video_urls) + 1):
            path = target_of(self.session, submission, index, self.wanted.output)
            if not self._is_own(submission, index, path):
                try:
                    self._save(submission, where, index, path, display)
                except Expired:
                    # A signed URL that has run out: the provider hands out a new one, once.
                    if fresh:
                        raise
                    fresh = True
                    submission = read_patiently(
                        Target(self.known[_key(submission)], where.channel), self.clock
                    )
                    assert submission.task is not None
                    submission = self.ledger.observe(submission, submission.task)
                    self.known[_key(submission)] = submission
                    self._save(submission, where, index, path, display)
                submission = self.known[_key(submission)]
            if not self._as_json:
                self.out.result(str(path))

    def _save(
        self, submission: Submission, where: Target, index: int, path: Path, display: Display
    ) -> None:
        assert submission.task is not None
        urls = submission.task.video_urls
        if index > len(urls):
            raise DownloadFailed("the provider no longer names this video", ref=submission.ref)
        steps = download(
            urls[index - 1],
            path,
            force=self.wanted.force,
            allow_private=where.channel.loopback,
            clock=self.clock,
        )
        saved = self._drive(steps, submission, path.name, display)
        if not saved.verified:
            display.note(
                f"warning: {path}: saved, but unverified: nothing tells whether it is whole"
            )
        submission = self.ledger.add_file(submission, index, path, saved.size)
        self.known[_key(submission)] = submission

    def _to_stdout(self, submission: Submission, where: Target, display: Display) -> None:
        assert submission.task is not None
        first, *more = submission.task.video_urls
        steps = to_stream(
            first, self.out.binary(), allow_private=where.channel.loopback, clock=self.clock
        )
        saved = self._drive(steps, submission, "stdout", display)
        if not saved.verified:
            display.note("warning: the video is unverified: nothing tells whether it is whole")
        for url in more:
            display.note(f"warning: one more video, not written: {url}")

    def _drive(
        self, steps: Iterator[Progress | Saved], submission: Submission, name: str, display: Display
    ) -> Saved:
        try:
            for step in steps:
                if isinstance(step, Saved):
                    display.downloaded(name)
                    return step
                display.downloading(name, step.done, step.total)
        except SeedanceError as error:
            error.ref = submission.ref
            error.provider = submission.provider
            error.hint = error.hint or f"seedance wait {submission.ref} --download"
            raise
        raise AssertionError("a download ends in Saved or an error")

    def _is_own(self, submission: Submission, index: int, path: Path) -> bool:
        if self.wanted.force:
            return False
        for number, recorded, size in self.ledger.files(submission):
            if number == index and recorded == path:
                with suppress(OSError):
                    return path.stat().st_size == size
        return False

    def _mark(self, submission: Submission) -> None:
        # With --json nothing is delivered before the document is written.
        if self._as_json:
            self.reported.append(submission)
        else:
            self.known[_key(submission)] = self.ledger.delivered(submission)

    def _failed(self, submission: Submission, error: SeedanceError) -> None:
        if isinstance(error, NotFound):
            self.ledger.set_lost(submission)
        if self.wanted.submitted and error.exit_code in _ALIVE:
            error.exit_code = 8
        error.ref = error.ref or submission.ref
        error.provider = error.provider or submission.provider
        if error.exit_code == 8 and error.hint is None:  # noqa: PLR2004 - contract, section 5
            error.hint = f"seedance wait {error.ref}"
        self.failures.append(error)
        self.ended.add(_key(submission))
        self.out.complain(error)

    def _name_what_is_left(self) -> None:
        left = [one for key, one in self.known.items() if key not in self.ended]
        for one in left:
            self.out.note(f"{one.ref} was {one.status} and runs on: seedance wait {one.ref}")

    @property
    def _as_json(self) -> bool:
        return self.out.json or self.wanted.events

    def _document(self) -> None:
        if self.out.json and not self.wanted.events:
            tasks = [task_object(one) for one in (*self.known.values(), *self.unknown)]
            self.out.document(tasks[0] if self.wanted.one else tasks)
        for submission in self.reported:
            key = _key(submission)
            self.known[key] = self.ledger.delivered(self.known[key])

    def _come_back(self, stop: Interrupted) -> Interrupted:
        left = [one for key, one in self.known.items() if key not in self.ended]
        if not left:
            return stop
        refs = " ".join(one.ref or "" for one in left[:5])
        more = f" (and {len(left) - 5} more: seedance wait)" if len(left) > 5 else ""  # noqa: PLR2004
        plural = "the task runs on" if len(left) == 1 else f"{len(left)} tasks run on"
        words = f"interrupted; {plural}"
        hint = f"seedance wait {refs}{more}"
        if self.wanted.download:
            hint += "" if more else " --download"
        ref = left[0].ref if len(left) == 1 else None
        return Interrupted(stop.signum, Stopped(words, hint=hint, ref=ref))


def _key(submission: Submission) -> tuple[str, str, bool, str]:
    assert submission.task is not None
    return (
        submission.provider,
        submission.endpoint,
        submission.sandbox,
        submission.task.task_id,
    )

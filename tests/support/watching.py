"""Polling without a command: what `Wait` tells of its polls, and a ledger that forgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from seedance_cli.tasks.events import Checked
from seedance_cli.tasks.wait import Wait, WaitOptions, key_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seedance_cli.ledger import Ledger
    from seedance_cli.models import Submission, Task
    from seedance_cli.system.clock import Clock
    from seedance_cli.tasks.reading import Target


class Forgetful:
    """A ledger that takes everything and keeps nothing."""

    def observe_all(self, answers: Sequence[tuple[Submission, Task]]) -> list[Submission]:
        return [submission for submission, _ in answers]


def watch(
    targets: Sequence[Target],
    clock: Clock,
    *,
    timeout: float | None = None,
    interval: float | None = None,
) -> Iterator[Checked | None]:
    """Poll the targets to their end; each answer, and each end, as it is told."""
    ways = {key_of(one.submission): one for one in targets}
    options = WaitOptions(timeout=timeout, interval=interval)
    ledger = cast("Ledger", Forgetful())
    with Wait(ledger, clock, lambda one: ways[key_of(one)], options) as wait:
        for one in targets:
            wait.add(one.submission)
        for event in wait:
            if event is None or isinstance(event, Checked):
                yield event

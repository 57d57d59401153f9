"""A task as its provider describes it, and the way back to it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.models.json_types import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from seedance_cli.models.price import Price
    from seedance_cli.models.problem import Problem


class Status(StrEnum):
    """Where a task stands, in this program's words (contract, section 4).

    The last four are of a submission without a task; such a one may be `unknown`, too.
    """

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    SENDING = "sending"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    DISCARDED = "discarded"

    @property
    def terminal(self) -> bool:
        """Whether nothing more will happen to the task. `unknown` is not terminal."""
        return self in _TERMINAL


_TERMINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.EXPIRED})


class TaskHandle(NamedTuple):
    """What it takes to come back to a task: its id, and what else the provider gave for that."""

    provider: str
    task_id: str
    resume: Mapping[str, str] = NOTHING
    """URLs that the provider gave and that must not be built by hand."""


class Task(NamedTuple):
    """A task as its provider describes it at one moment."""

    task_id: str
    status: Status
    provider_status: str | None = None
    """The provider's own word, as it came."""
    model: str | None = None
    prompt: str | None = None
    """As the provider repeats it; None where it does not."""
    video_urls: tuple[str, ...] = ()
    last_frame_url: str | None = None
    """Of the first video's last frame as an image; as the provider gives it, where it was asked."""
    cost: Price | None = None
    error: Problem | None = None
    created_at: datetime | None = None
    """UTC, the provider's own; None where it gives none."""
    finished_at: datetime | None = None
    """UTC; when this program first saw the task terminal, unless the provider says."""
    resume: Mapping[str, str] = NOTHING

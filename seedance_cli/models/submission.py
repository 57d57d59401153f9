"""One approved request and what became of it, as this machine knows it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.models.json_types import NO_PARAMS
from seedance_cli.models.task import Status, TaskHandle
from seedance_cli.models.task_ref import make_ref

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from seedance_cli.models.json_types import JsonObject, JsonValue
    from seedance_cli.models.price import Price
    from seedance_cli.models.request import VideoRequest
    from seedance_cli.models.task import Task


class IntentState(StrEnum):
    """Where one approved submission stands (contract, section 1)."""

    PREPARED = "prepared"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"
    ADOPTED = "adopted"
    DISCARDED = "discarded"


# Where a task was accepted and is not known, its outcome is not known either.
_WITHOUT_A_TASK = {
    IntentState.PREPARED: Status.SENDING,
    IntentState.SENDING: Status.SENDING,
    IntentState.ACCEPTED: Status.UNKNOWN,
    IntentState.REFUSED: Status.REFUSED,
    IntentState.NOT_SENT: Status.NOT_SENT,
    IntentState.UNKNOWN: Status.UNKNOWN,
    IntentState.ADOPTED: Status.UNKNOWN,
    IntentState.DISCARDED: Status.DISCARDED,
}


def without_a_task(state: IntentState | None) -> Status:
    """The status of a submission that has no task."""
    return Status.UNKNOWN if state is None else _WITHOUT_A_TASK[state]


class Submission(NamedTuple):
    """A task as this machine knows it: a ledger row, or a stand-in for a ref the ledger lacks."""

    provider: str
    endpoint: str
    """The base URL it was sent to; `sandbox` for the embedded sandbox."""
    sandbox: bool
    intent: str | None = None
    state: IntentState | None = None
    profile: str | None = None
    profile_named: bool = False
    """Whether `--profile` named it, so that its key beat the environment's."""
    request: VideoRequest | None = None
    task: Task | None = None
    """None as long as no id is known."""
    created_at: datetime | None = None
    """UTC; when the intent was written."""
    submitted_at: datetime | None = None
    """UTC; when the paid request left."""
    files: tuple[str, ...] = ()
    """Absolute paths of its saved videos."""
    video: JsonObject | None = None
    """Facts of the saved file: `duration`, `width`, `height`, `audio`."""
    last_frame: str | None = None
    """URL or path of the video's last frame."""
    name: str | None = None
    """What the caller calls it."""
    batch: str | None = None
    row: str | None = None
    """Which row of its batch it is."""
    attempt: int = 1
    """Which one under its name, from 1."""
    price: Price | None = None
    """What it was priced at when it was submitted; None: not known."""
    key_proof: str | None = None
    """Of the key and endpoint of its submit; see `Ledger.key_proof`."""
    told: bool = True
    """Whether its ref was given to whoever asked for it."""
    delivered: bool = False
    evidence: Mapping[str, JsonValue] = NO_PARAMS
    """What came back, for `recover`: redacted, never a key."""

    @property
    def ref(self) -> str | None:
        """`PROVIDER:TASK_ID`, the id percent-encoded; None as long as no id is known."""
        return None if self.task is None else make_ref(self.provider, self.task.task_id)

    @property
    def status(self) -> Status:
        """The task's status; without a task, what became of the submission."""
        if self.task is not None:
            return self.task.status
        return without_a_task(self.state)

    @property
    def video_urls(self) -> tuple[str, ...]:
        """The URLs of its videos, as far as they are known."""
        return () if self.task is None else self.task.video_urls

    @property
    def handle(self) -> TaskHandle:
        """The way back to the task. Only for a submission that has one."""
        assert self.task is not None
        return TaskHandle(self.provider, self.task.task_id, self.task.resume)

"""The values that flow through the program. Frozen; no behaviour beyond reading themselves.

Those that nothing replaces a field of are named tuples, here and wherever every start reads them:
Python makes such a class in a fifth of the time of a dataclass, whose methods it has to compile.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from seedance_cli.models.task_ref import make_ref

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = dict[str, JsonValue]

LONGEST_PROMPT = 20_000
"""Characters kept of a prompt that a provider repeats; the longest documented one has 2,000."""
LONGEST_URL = 16_384
"""Characters. A URL of a video that is longer is not used."""

NOTHING: Mapping[str, str] = MappingProxyType({})
NO_PARAMS: Mapping[str, JsonValue] = MappingProxyType({})


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


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRequest:
    """What the user asked for. None or empty: not set, and so not sent."""

    prompt: str
    model: str | None = None
    duration: int | None = None
    """Seconds."""
    resolution: str | None = None
    aspect_ratio: str | None = None
    audio: bool | None = None
    fixed_lens: bool | None = None
    images: tuple[str, ...] = ()
    callback_url: str | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    params: Mapping[str, JsonValue] = field(default_factory=lambda: NO_PARAMS)
    """Fields this program does not know, merged where the provider's options live."""


class Price(NamedTuple):
    """An amount as the provider words it. Never converted, never a float."""

    amount: Decimal
    unit: str | None
    """`credits`, `USD`; None where the provider states no unit."""
    basis: str
    """`listed` (in the provider's documents) or `charged` (what a task was really charged)."""


class PricedFields(NamedTuple):
    """Whatever of a request may decide its price, with the provider's defaults filled in.

    A field that no one has shown to be free of charge is one of them: what was charged for a
    request without it says nothing of the price with it.
    """

    model: str | None
    """With its path, where that is part of what is asked for."""
    duration: int | None
    """Seconds."""
    resolution: str | None
    audio: bool | None
    images: int = 0
    """How many."""
    aspect_ratio: str | None = None
    """None, here and below: as the provider takes it where nothing is said."""
    fixed_lens: bool | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A provider's own words for what went wrong. Server text: made safe only on output."""

    code: str | None
    message: str
    status: int | None = field(default=None, compare=False)
    """The HTTP status that an error told in a 2xx stands for, as its code says or the provider's
    documents do; None: they do not."""

    @property
    def words(self) -> str:
        """Code and message in one line, each once."""
        known = self.code is None or self.code.casefold() in self.message.casefold()
        return self.message if known else f"{self.code}: {self.message}"


class TaskHandle(NamedTuple):
    """What it takes to come back to a task: its id, and what else the provider gave for that."""

    provider: str
    task_id: str
    resume: Mapping[str, str] = NOTHING
    """URLs that the provider gave and that must not be built by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task as its provider describes it at one moment."""

    task_id: str
    status: Status
    provider_status: str | None = None
    """The provider's own word, as it came."""
    model: str | None = None
    prompt: str | None = None
    """As the provider repeats it; None where it does not."""
    video_urls: tuple[str, ...] = ()
    cost: Price | None = None
    error: Problem | None = None
    created_at: datetime | None = None
    """UTC, the provider's own; None where it gives none."""
    finished_at: datetime | None = None
    """UTC; when this program first saw the task terminal, unless the provider says."""
    resume: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
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
    key_proof: str | None = None
    """Of the key and endpoint of its submit; see `Ledger.key_proof`."""
    told: bool = True
    """Whether its ref was given to whoever asked for it."""
    delivered: bool = False
    evidence: JsonObject = field(default_factory=dict)
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


class HttpRequest(NamedTuple):
    """A request as a provider words it, before endpoint and key are added."""

    method: str
    path: str
    """Relative to the endpoint's base URL, e.g. `/generate`."""
    body: JsonObject


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A whole answer: status, header fields in lower case, body bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> JsonValue:
        """The body as JSON.

        Raises:
            ValueError: the body is no JSON.
        """
        import json

        value: JsonValue = json.loads(self.body)
        return value

    def object(self) -> JsonObject:
        """The body as a JSON object; an empty one where it is anything else."""
        try:
            value = self.json()
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

"""What a dialect is, and the readers that dialects share."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from seedance_cli.models import NOTHING, JsonObject, JsonValue, is_loopback
from seedance_cli.providers import get
from seedance_cli.sandbox.dialects._refusals import BAD_REQUEST, Cause, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal

    from seedance_cli.models import Problem
    from seedance_cli.providers import ModelInfo, ProviderInfo
    from seedance_cli.sandbox.dialects._further import Further
    from seedance_cli.sandbox.dialects._schema import Schemas

_SECONDS = re.compile(r"[1-9][0-9]?", re.ASCII)
UPLOADS = "/uploads/"
"""Where the embedded sandbox takes files that a seller would have to fetch."""


class Phase(StrEnum):
    """Where a task stands, before a dialect words it."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    STRANGE = "strange"
    """To be reported with a word that no document knows."""


_ALIVE = frozenset({Phase.QUEUED, Phase.RUNNING, Phase.STRANGE})
STRANGE_WORD = "dreaming"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A submit as it was understood, defaults filled in: what is rendered and repeated."""

    prompt: str
    model: str | None
    duration: int
    """Seconds."""
    resolution: str
    aspect_ratio: str
    audio: bool = False
    images: tuple[str, ...] = ()
    last_frame_out: bool = False
    """Whether the video's last frame is wanted as an image."""
    callback_url: str | None = None
    metadata: JsonObject = field(default_factory=dict)
    echo: JsonObject = field(default_factory=dict)
    """What a read repeats of the request, in the dialect's words."""
    body: JsonObject = field(default_factory=dict)
    """The request itself, as it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A task at one moment, as a dialect words it."""

    task_id: str
    job: Job
    phase: Phase
    charge: str
    """The amount, decimal."""
    created_at: datetime
    video_url: str | None
    """Only of a task that succeeded."""
    last_frame_url: str | None = None
    """The same, where it was wanted."""
    ended_at: datetime | None = None
    """Of a task that has ended by itself; before that, None."""
    reason: Problem | None
    """Only of a task that failed."""
    origin: str = ""
    """Where the client reaches the sandbox, `http://HOST:PORT`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltIn:
    """A task of the documents' examples: always there, always succeeded."""

    task_id: str
    job: Job
    charge: str
    created_at: datetime


class Dialect(ABC):
    """One provider's documented API. Every method is pure, except that ids are random."""

    name: ClassVar[str]
    submit_path: ClassVar[str]
    """All paths: below the path of the base URL."""
    read_path: ClassVar[str]
    """With `{task_id}` in it; without: the id is a query parameter."""
    result_path: ClassVar[str | None] = None
    """Where what came of a task is read, if not with the task."""
    running_status: ClassVar[int] = 200
    """Of the answer to a read of a task that has not ended."""
    id_parameter: ClassVar[str] = "task_id"
    """The name of that one."""
    cancel_path: ClassVar[str | None] = None
    cancel_method: ClassVar[str] = "POST"
    cancellable: ClassVar[frozenset[Phase]] = _ALIVE
    """Where a task must stand to be cancelled; elsewhere a cancel is refused."""
    deletable: ClassVar[frozenset[Phase]] = frozenset()
    """Where a cancel deletes the task's record instead."""
    auth_scheme: ClassVar[str] = "Bearer"
    """The word before the key."""
    submit_status: ClassVar[int] = 200
    """Of the answer to an accepted submit."""
    cancel_status: ClassVar[int] = 200
    """Of the answer to a cancel."""
    largest_body: ClassVar[int] = 1024 * 1024
    """Bytes of a submit."""
    codes: ClassVar[Mapping[Cause, str]] = MappingProxyType({})
    """The symbolic codes of the shared causes."""
    statuses: ClassVar[Mapping[Cause, int]] = MappingProxyType({})
    """The HTTP statuses of the shared causes, where they are others than usual."""
    video_path: ClassVar[str | None] = None
    """Where the API itself serves a task's video for the key, with `{task_id}` in it; None: it lies
    elsewhere, and no key is asked for."""
    errors: ClassVar[Mapping[str, int]] = MappingProxyType({})
    """Every symbolic code that the page names for an answer, and its status: `X-Sandbox-Fault` with
    the code provokes it."""
    invalid_status: ClassVar[int] = BAD_REQUEST
    """Of the answer to a body that is JSON, but not what the page asks for."""
    further: ClassVar[tuple[Further, ...]] = ()
    retries_rate_limit: ClassVar[bool] = False
    """Whether a rate-limited submit is accepted when it comes again."""
    built_in: ClassVar[tuple[BuiltIn, ...]] = ()
    example: ClassVar[JsonObject]
    """The body of a submit in the provider's page."""
    documented: ClassVar[frozenset[int]] = frozenset()
    """The error statuses that the page names; the others are the sandbox's choice."""

    @cached_property
    def info(self) -> ProviderInfo:
        """The provider's capabilities: the allowed values."""
        return get(self.name).info

    @property
    def base_path(self) -> str:
        """Where its API lies in the sandbox: `/NAME` and the path of its own base URL."""
        return f"/{self.name}{urlsplit(self.info.base_url).path}"

    def refusal(self, cause: Cause, headers: Mapping[str, str] = NOTHING) -> Refusal:
        """The answer for a cause that every provider has."""
        _, message = cause.value
        return Refusal(self.status(cause), self.codes.get(cause), message, headers)

    def refused(self, status: int, code: str) -> Refusal:
        """The answer for an error that is asked for by its code."""
        return Refusal(status, code, f"{code}, as X-Sandbox-Fault asked for")

    @property
    def phases(self) -> frozenset[Phase]:
        """Where a task may stand for which the provider has a word of its own."""
        return frozenset(Phase) - {Phase.EXPIRED}

    def status(self, cause: Cause) -> int:
        """The HTTP status for a cause that every provider has."""
        return self.statuses.get(cause, cause.value[0])

    def read_status(self, view: View) -> int:
        """The HTTP status of the answer to a read."""
        return self.running_status if view.phase in _ALIVE else 200

    def id_for(
        self,
        job: Job,  # noqa: ARG002 - read by the dialects whose ids tell of it
    ) -> str:
        """The id of a new task."""
        return self.new_id()

    def place(self, task_id: str) -> Mapping[str, str]:
        """The parameters of a path of that task."""
        return {"task_id": task_id}

    def place_of(
        self,
        model: str | None,  # noqa: ARG002 - read by the dialects whose paths tell of it
    ) -> Mapping[str, str]:
        """What of those parameters follows from the path of the submit."""
        return NOTHING

    def task_id(self, path: Mapping[str, str], query: Mapping[str, str]) -> str | None:
        """The id in the path of a request, or in its query."""
        return path.get("task_id") or query.get(self.id_parameter)

    @abstractmethod
    def new_id(self) -> str:
        """An id like those of the documents."""

    @property
    def submit_paths(self) -> Mapping[str, str | None]:
        """Every path of a submit, with the model that the path names; None: the body names it."""
        return {self.submit_path: None}

    def job_at(
        self,
        model: str | None,  # noqa: ARG002 - read where the path names the model
        query: Mapping[str, str],  # noqa: ARG002 - read where it has more than the body
        body: JsonObject,
    ) -> Job:
        """Read a submit to the path that names this model. Otherwise as `job`."""
        return self.job(body)

    @abstractmethod
    def job(self, body: JsonObject) -> Job:
        """Read a submit's body. Unknown fields are ignored.

        Raises:
            Refusal: the documented error for what is wrong with it.
        """

    @abstractmethod
    def charge(self, job: Job) -> Decimal:
        """What the task costs; each dialect says where its figures come from."""

    @abstractmethod
    def accepted(self, view: View) -> JsonObject:
        """The answer to a submit."""

    @abstractmethod
    def read(self, view: View) -> JsonObject:
        """The answer to a read."""

    def result(self, view: View) -> JsonObject:
        """The answer to a read of what came of a task, where that is another one.

        Raises:
            Refusal: nothing did.
        """
        raise NotImplementedError

    def callback(self, view: View) -> JsonObject:
        """The body of a callback."""
        return self.read(view)

    def cancelled(self, view: View) -> JsonObject:
        """The answer to a cancel, where there is one."""
        raise NotImplementedError

    @abstractmethod
    def error(self, refusal: Refusal) -> JsonObject:
        """The body of an error answer."""

    @abstractmethod
    def schemas(self) -> Schemas:
        """The bodies, as the provider's page has them, for its OpenAPI document."""

    @abstractmethod
    def error_schema(self, status: int) -> JsonObject:
        """The body of an error answer of that status."""


def seconds(value: JsonValue) -> int | None:
    """A duration in either form, `8` or `"8"`; None for anything else.

    The documents give one form for each provider; the sandbox takes both, as servers tend to.
    """
    if isinstance(value, str):
        return int(value) if _SECONDS.fullmatch(value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def whole(value: JsonValue) -> int | None:
    """A whole number, which `5.0` is, too, in JSON Schema; None for anything else."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def is_url(value: JsonValue) -> bool:
    """Whether a value is an http(s) URL with a host."""
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


def is_upload(url: str) -> bool:
    """Whether a URL is that of a file which the sandbox itself took."""
    try:
        parts = urlsplit(url)
        return is_loopback(url) and parts.path.startswith(UPLOADS)
    except ValueError:
        return False


def urls(value: JsonValue) -> tuple[str, ...] | None:
    """An array of http(s) URLs; None for anything else."""
    if not isinstance(value, list):
        return None
    found = tuple(item for item in value if isinstance(item, str) and is_url(item))
    return found if len(found) == len(value) else None


def is_prompt(value: JsonValue) -> bool:
    """Whether a value is a text with something in it that Unicode does not call white space."""
    return isinstance(value, str) and re.search(r"\S|[\x1c-\x1f]", value) is not None


def choice(allowed: tuple[str, ...], value: JsonValue) -> str | None:
    """One of the allowed words; None for anything else."""
    return value if isinstance(value, str) and value in allowed else None


def length(model: ModelInfo, value: JsonValue) -> int | None:
    """An allowed duration, in seconds; None for anything else."""
    found = seconds(value)
    return found if found in model.durations else None

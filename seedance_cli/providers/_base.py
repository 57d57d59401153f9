"""What a provider is: capabilities as data, and a few pure functions between values and JSON."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from seedance_cli.errors import Rejected
from seedance_cli.models import HttpRequest, Price, Status, Task
from seedance_cli.providers import _answers, _problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from seedance_cli.models import (
        HttpResponse,
        JsonObject,
        PricedFields,
        Problem,
        TaskHandle,
        VideoRequest,
    )
    from seedance_cli.providers._fields import Fields

NOTHING_TO_STOP = "there is nothing to stop: leave it, or take its video later with `seedance wait`"


class ModelUse(StrEnum):
    """How a provider's submit treats a model id."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class ModelInfo(NamedTuple):
    """What one model allows. An empty tuple: the provider has no such field."""

    id: str
    durations: tuple[int, ...]
    """Seconds."""
    resolutions: tuple[str, ...]
    aspect_ratios: tuple[str, ...]


class RateLimit(NamedTuple):
    """A documented limit per key, reads and writes together."""

    requests: int
    seconds: float


class ProviderInfo(NamedTuple):
    """Everything that validation, `providers`, completions and the sandbox need to know."""

    name: str
    base_url: str
    """Without a trailing slash."""
    key_env: str
    base_url_env: str
    docs: str
    """Where the provider documents its API."""
    model_use: ModelUse
    models: tuple[ModelInfo, ...]
    """The first is the default. With `ModelUse.NONE` its one entry only carries the limits."""
    fields: Fields
    """Every documented field of the request."""
    submit_path: str
    """Of the paid POST, below the base URL."""
    open_models: bool = False
    """Any model id is allowed; those listed are only the documented ones."""
    max_prompt: int | None = None
    """Characters; None: stated nowhere."""
    max_images: int | None = None
    """0: no images; None: stated nowhere."""
    https_images: bool = False
    """Whether an image URL must be https."""
    can_cancel: bool = False
    cancel_advice: str = f"the task runs on and is charged; {NOTHING_TO_STOP}"
    """Where there is no cancel endpoint: what the user can do instead."""
    rate_limit: RateLimit | None = None
    retry_codes: frozenset[str] = frozenset()
    """Codes of a 429 after which the paid POST may be sent again."""
    price_unit: str | None = None
    """`credits`, `USD`; None: stated nowhere."""

    @property
    def defaults(self) -> Mapping[str, str | int | bool]:
        """What the provider takes for an option that is not sent, by VideoRequest field name."""
        return self.fields.defaults()

    @property
    def audio(self) -> bool:
        """Whether a video may have sound."""
        return self.fields.takes("audio")

    @property
    def fixed_lens(self) -> bool:
        """Whether the camera may be told to stand still."""
        return self.fields.takes("fixed_lens")

    @property
    def callback(self) -> bool:
        """Whether the provider calls a URL when the task ends."""
        return self.fields.takes("callback_url")

    @property
    def metadata(self) -> bool:
        """Whether the provider keeps the user's own words with the task."""
        return self.fields.takes("metadata")

    def model(self, model_id: str | None) -> ModelInfo:
        """The limits for a model id; those of the default for None or one not listed."""
        return next((m for m in self.models if m.id == model_id), self.models[0])


class Api(Protocol):
    """One provider endpoint with its key. Errors are already mapped."""

    def get(self, path: str) -> HttpResponse:
        """GET below the base URL, one try; the caller asks again.

        Returns:
            A 2xx answer.

        Raises:
            Unauthorized, Forbidden, NotFound, Rejected, RateLimited, Unreachable.
        """
        ...

    def post(self, path: str, body: JsonObject | None = None) -> HttpResponse:
        """An unpaid POST (cancel), sent once. Returns and raises as `get`."""
        ...


class TaskFields(NamedTuple):
    """Where an answer says what of a task: object keys joined by dots.

    `ids` start at the answer, all others at the task's object (`Provider.details`).
    """

    ids: tuple[str, ...]
    """Every place where the task's id may stand; the first that holds one counts."""
    videos: str
    cost: str
    error: str
    """Where the documents put the reason of a failure."""
    inside: str = ""
    """The object of the answer that is the task's; empty: the answer itself."""
    status: str = "status"
    model: str = ""
    """Empty, here and below: no answer says it."""
    prompt: str = ""
    created_at: str = ""
    charged_at_once: bool = False
    """Whether the charge is final in every answer; else only once the task has ended."""


class Provider(ABC):
    """One HTTP service that sells Seedance. Every method but `fetch` and `cancel` is pure."""

    info: ProviderInfo
    """Capabilities as data, and the fields of the request."""
    task_fields: TaskFields
    """The fields of an answer."""

    def request(self, video: VideoRequest) -> HttpRequest:
        """The submit as it would be sent. `dry-run`, price, fingerprint and `spend` all use it.

        Raises:
            UsageError: a `params` key is one that an option already set.
        """
        if video.model is None and self.info.model_use is ModelUse.REQUIRED:
            video = replace(video, model=self.info.models[0].id)
        return HttpRequest("POST", self.info.submit_path, self.info.fields.body(video))

    def bought(self, request: HttpRequest) -> HttpRequest:
        """The request without callback and metadata: what a fingerprint is made of."""
        return self.info.fields.bought(request)

    def priced(self, body: JsonObject) -> PricedFields | None:
        """What decides this body's price, defaults filled in; None if it has unknown fields."""
        return self.info.fields.priced(body)

    def price(self, body: JsonObject) -> Price | None:
        """The listed price of exactly this body; None where the provider lists none."""
        fields = self.priced(body)
        amount = None if fields is None else self.listed(fields)
        return None if amount is None else Price(amount, self.info.price_unit, "listed")

    def listed(
        self,
        fields: PricedFields,  # noqa: ARG002 - read by the providers that have a price table
    ) -> Decimal | None:
        """The amount in the provider's price table; None: there is no table, or not this in it."""
        return None

    def accepted(self, response: HttpResponse) -> Task | None:
        """The task that a submit answer names; None where it names none that is usable."""
        body = _answers.so_far(response)
        found = (_answers.identity(value) for value in self._ids(body))
        task_id = next((one for one in found if one is not None), None)
        return None if task_id is None else self._task(task_id, self.details(body), None)

    def names_something(self, response: HttpResponse) -> bool:
        """Whether anything stands where a submit answer has its id, usable or not."""
        found = self._ids(_answers.so_far(response))
        return any(value is not None and value != "" for value in found)

    @abstractmethod
    def problem(self, response: HttpResponse) -> Problem | None:
        """The provider's own error form, whatever the HTTP status; None if this is not one."""

    def details(self, body: dict[str, object]) -> object:
        """The task's object in an answer."""
        inside = self.task_fields.inside
        return _at(body, inside) if inside else body

    @abstractmethod
    def read_path(self, handle: TaskHandle) -> str:
        """Where a GET reads the task, below the base URL.

        Raises:
            UsageError: the id is one that no provider can have given.
        """

    def task(self, handle: TaskHandle, response: HttpResponse) -> Task:
        """The task in a 2xx answer to a read.

        Raises:
            SeedanceError: the answer is an error form.
            Unreachable: the answer makes no sense; the caller may ask again.
        """
        body = _answers.whole(response)
        details = self.details(body)
        problem = self.problem(response)
        _problems.confirm(
            self.info.name,
            handle,
            response,
            named=next((value for value in self._ids(body) if value is not None), None),
            word=_at(details, self.task_fields.status),
            problem=problem,
        )
        return self._task(handle.task_id, details, problem)

    def cancel_path(
        self,
        handle: TaskHandle,  # noqa: ARG002 - read by the providers that can cancel
    ) -> str | None:
        """Where a POST without a body cancels the task; None: the provider has no such endpoint."""
        return None

    def cancelled(self, handle: TaskHandle, response: HttpResponse) -> Task:
        """The task in a 2xx answer to a cancel; `unknown` where the answer says nothing of it.

        Raises:
            Rejected: the provider refused.
            Unreachable: the answer makes no sense.
        """
        problem = self.problem(response)
        if problem is not None:
            raise Rejected(
                f"{self.info.name} did not cancel the task: {problem.words}",
                hint="ask with `seedance status` where the task stands",
                provider=self.info.name,
            )
        body = _answers.whole(response)
        word = _answers.status_word(_at(self.details(body), self.task_fields.status))
        if word is None and all(value is None for value in self._ids(body)):
            return Task(task_id=handle.task_id, status=Status.UNKNOWN)
        return self.task(handle, response)

    def fetch(self, api: Api, handle: TaskHandle) -> Task:
        """Read the task: one GET. Raises as `Api.get` and `task` do."""
        return self.task(handle, api.get(self.read_path(handle)))

    def cancel(self, api: Api, handle: TaskHandle) -> Task:
        """Cancel the task; `cancelled` only when the provider confirmed it.

        Raises:
            Rejected: there is no cancel endpoint, or the provider refused.
            SeedanceError: as `Api.post` and `cancelled` do.
        """
        path = self.cancel_path(handle)
        if path is None:
            raise self.no_cancel()
        return self.cancelled(handle, api.post(path))

    def no_cancel(self) -> Rejected:
        """The error of a provider without a cancel endpoint."""
        name = self.info.name
        return Rejected(
            f"{name} has no cancel endpoint", hint=self.info.cancel_advice, provider=name
        )

    def _ids(self, body: dict[str, object]) -> Iterator[object]:
        return (_at(body, place) for place in self.task_fields.ids)

    def _task(self, task_id: str, details: object, problem: Problem | None) -> Task:
        fields = self.task_fields
        word = _answers.status_word(_at(details, fields.status))
        status = _answers.parse_status(word)
        settled = fields.charged_at_once or status.terminal
        return Task(
            task_id=task_id,
            status=status,
            provider_status=word,
            model=_answers.text(_at(details, fields.model)),
            prompt=_answers.prompt(_at(details, fields.prompt)),
            video_urls=_answers.urls(_at(details, fields.videos)),
            cost=_answers.charged(_at(details, fields.cost), self.info.price_unit, settled=settled),
            error=_problems.reason(
                status, details, tuple(fields.error.split(".")), problem=problem
            ),
            created_at=_answers.moment(_at(details, fields.created_at)),
        )


def _at(value: object, place: str) -> object:
    """What lies at a place of `TaskFields`; None where the answer does not have it."""
    return _answers.member(value, *place.split(".")) if place else None

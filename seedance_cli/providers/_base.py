"""What a provider is: capabilities as data, and a few pure functions between values and JSON."""

from __future__ import annotations

from abc import ABC, abstractmethod
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Protocol

from seedance_cli._named import NamedTuple
from seedance_cli.errors import Rejected
from seedance_cli.models import HttpRequest, Price, Status, Task, by_content
from seedance_cli.providers import _answers, _problems
from seedance_cli.providers._info import ModelUse

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from seedance_cli.models import (
        HttpResponse,
        PricedFields,
        Problem,
        TaskHandle,
        VideoRequest,
    )
    from seedance_cli.providers._fields import Fields
    from seedance_cli.providers._info import ProviderInfo


class Api(Protocol):
    """One provider endpoint with its key. Errors are already mapped."""

    def get(
        self, path: str, given: str | None = None, *, also: Container[int] = ()
    ) -> HttpResponse:
        """GET below the base URL, one try; the caller asks again.

        Args:
            path: below the base URL.
            given: the URL that an answer gave instead, absolute or relative to the submit's; used
                as it is, and only at the endpoint's own origin: elsewhere the path counts.
            also: further statuses that the caller can read.

        Returns:
            A 2xx answer, or one of these.

        Raises:
            Unauthorized, Forbidden, NotFound, Rejected, RateLimited, Unreachable.
        """
        ...

    def act(self, method: str, path: str, given: str | None = None) -> HttpResponse:
        """An unpaid request without a body (a cancel), sent once. As `get` otherwise."""
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
    last_frame: str = ""
    """The URL of the last frame as an image. Empty, here and below: no answer says it."""
    inside: str = ""
    """The object of the answer that is the task's; empty: the answer itself."""
    status: str = "status"
    model: str = ""
    prompt: str = ""
    created_at: str = ""
    charged_at_once: bool = False
    """Whether the charge is final in every answer; else only once the task has ended."""
    failures_are_free: bool = False
    """Whether the documents say that only videos are charged: any other end costs 0."""
    words: Mapping[str, Status] = MappingProxyType({})
    """Status words that only this provider has, in small letters."""
    resume: Mapping[str, str] = MappingProxyType({})
    """URLs to come back with: what for (`read`, `cancel`, or a provider's own), and where they
    stand in the task's object."""


class Provider(ABC):
    """One HTTP service that sells Seedance. Every method but `fetch` and `cancel` is pure."""

    info: ProviderInfo
    """Capabilities as data, and the fields of the request."""
    task_fields: TaskFields
    """The fields of an answer."""
    cancel_method: ClassVar[str] = "POST"
    cancel_requested: ClassVar[str | None] = None
    """The status word, in small letters, of a cancel that was only asked for; None: none is."""

    def request(self, video: VideoRequest) -> HttpRequest:
        """The submit as it would be sent. `dry-run`, price, fingerprint and `spend` all use it.

        Raises:
            UsageError: a `params` key is one that an option already set.
        """
        if video.model is None and self.info.model_use is ModelUse.REQUIRED:
            video = video._replace(model=self.info.models[0].id)
        video = self.info.placed(by_content(video))
        body = self.info.table(self.info.model(video.model)).body(video)
        return HttpRequest("POST", self.info.submit_path, body)

    def model_of(self, request: HttpRequest) -> str | None:
        """The model id in a request that `request` made; None where it has none."""
        return self.info.fields.model(request.body)

    def bought(self, request: HttpRequest) -> HttpRequest:
        """The request without callback and metadata: what a fingerprint is made of."""
        return self._table(request).bought(request)

    def priced(self, request: HttpRequest) -> PricedFields | None:
        """What decides this request's price, defaults filled in; None if it has unknown fields."""
        fields = self._table(request).priced(request.body)
        if fields is None or fields.model is not None:
            return fields
        return fields._replace(model=self.model_of(request))

    def price(self, request: HttpRequest) -> Price | None:
        """The listed price of exactly this request; None where the provider lists none."""
        fields = self.priced(request)
        amount = None if fields is None else self.listed(fields)
        return None if amount is None else Price(amount, self.info.price_unit, "listed")

    def _table(self, request: HttpRequest) -> Fields:
        return self.info.table(self.info.model(self.model_of(request)))

    def listed(
        self,
        fields: PricedFields,  # noqa: ARG002 - read by the providers that have a price table
    ) -> Decimal | None:
        """The amount in the provider's price table; None: there is no table, or not this in it."""
        return None

    def accepted(
        self,
        response: HttpResponse,
        path: str = "",  # noqa: ARG002 - read by the providers whose ids hold a piece of it
    ) -> Task | None:
        """The task that a submit answer names; None where it names none that is usable.

        Args:
            response: the answer.
            path: of the submit; empty: not known.
        """
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

    def own_id(self, handle: TaskHandle) -> str:
        """The task's id as the provider's answers to a read name it."""
        return handle.task_id

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
            handle._replace(task_id=self.own_id(handle)),
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
        """Where a request without a body (`cancel_method`) cancels the task; None: nowhere."""
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
        path = self.read_path(handle)
        return self.task(handle, api.get(path, handle.resume.get("read")))

    def cancel(self, api: Api, handle: TaskHandle) -> Task:
        """Cancel the task; `cancelled` only when the provider confirmed it.

        Raises:
            Rejected: there is no cancel endpoint, or the provider refused.
            SeedanceError: as `Api.act` and `cancelled` do.
        """
        path = self.cancel_path(handle)
        if path is None:
            raise self.no_cancel()
        given = handle.resume.get("cancel")
        return self.cancelled(handle, api.act(self.cancel_method, path, given))

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
        status = _answers.parse_status(word, fields.words)
        given = {name: _answers.given(_at(details, at)) for name, at in fields.resume.items()}
        return Task(
            task_id=task_id,
            status=status,
            provider_status=word,
            model=_answers.text(_at(details, fields.model)),
            prompt=_answers.prompt(_at(details, fields.prompt)),
            video_urls=_answers.urls(_at(details, fields.videos)),
            last_frame_url=next(iter(_answers.urls(_at(details, fields.last_frame))), None),
            cost=self._cost(status, details),
            error=_problems.reason(
                status, details, tuple(fields.error.split(".")), problem=problem
            ),
            created_at=_answers.moment(_at(details, fields.created_at)),
            resume={name: url for name, url in given.items() if url is not None},
        )

    def _cost(self, status: Status, details: object) -> Price | None:
        fields, unit = self.task_fields, self.info.charge_unit or self.info.price_unit
        if fields.failures_are_free and status.terminal and status is not Status.SUCCEEDED:
            return Price(Decimal(0), unit, "charged")
        settled = fields.charged_at_once or status.terminal
        return _answers.charged(_at(details, fields.cost), unit, settled=settled)


def _at(value: object, place: str) -> object:
    """What lies at a place of `TaskFields`; None where the answer does not have it."""
    return _answers.member(value, *place.split(".")) if place else None

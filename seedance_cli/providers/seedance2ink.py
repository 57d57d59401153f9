"""seedance2.ink, Open API v1: Seedance 2.0, 2.0 fast and 1.5 pro.

Source of every field, value and answer: the provider's own page (https://www.seedance2.ink, Korean
edition). From other public pages of the same vendor: `mediaUrls`, the words `processing` and
`failed`, the error form, and that a queued or processing task can be cancelled. Whether `error` is
a string or an object is stated nowhere; both are read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from seedance_cli.errors import Rejected
from seedance_cli.models import HttpRequest, PricedFields, Problem, Status, Task
from seedance_cli.providers import _answers as _json
from seedance_cli.providers import _problems
from seedance_cli.providers._base import ModelInfo, ModelUse, ProviderInfo

if TYPE_CHECKING:
    from seedance_cli.models import HttpResponse, JsonObject, Price, TaskHandle, VideoRequest
    from seedance_cli.providers._base import Api

_RATIOS = ("16:9", "9:16", "1:1")
_RESOLUTIONS = ("480p", "720p", "1080p")
_PATH = "/api/open/v1/video/generations"

INFO = ProviderInfo(
    name="seedance2ink",
    base_url="https://www.seedance2.ink",
    key_env="SEEDANCE2INK_API_KEY",
    base_url_env="SEEDANCE2INK_BASE_URL",
    docs="https://www.seedance2.ink",
    model_use=ModelUse.REQUIRED,
    models=(
        ModelInfo(
            id="seedance-2.0",
            durations=tuple(range(4, 16)),
            resolutions=_RESOLUTIONS,
            aspect_ratios=_RATIOS,
        ),
        ModelInfo(
            id="seedance-2.0-fast",
            durations=tuple(range(4, 16)),
            resolutions=_RESOLUTIONS,
            aspect_ratios=_RATIOS,
        ),
        ModelInfo(
            id="seedance-1.5-pro",
            durations=(5, 10),
            resolutions=_RESOLUTIONS,
            aspect_ratios=_RATIOS,
        ),
    ),
    max_images=5,
    https_images=True,
    callback=True,
    metadata=True,
    can_cancel=True,
    price_unit="credits",
)

# Which option sets which wire field; at the same time every field the documents know.
_OPTIONS = {
    "model": "--model",
    "prompt": "PROMPT",
    "aspectRatio": "--aspect-ratio",
    "duration": "--duration",
    "resolution": "--resolution",
    "mediaUrls": "--image",
    "webhookUrl": "--callback-url",
    "metadata": "--metadata",
}


class Seedance2Ink:
    """The provider `seedance2ink`."""

    info = INFO

    def request(self, video: VideoRequest) -> HttpRequest:
        """`POST /api/open/v1/video/generations`; without `mediaUrls` it is text to video."""
        body: JsonObject = {
            "model": INFO.models[0].id if video.model is None else video.model,
            "prompt": video.prompt,
        }
        if video.aspect_ratio is not None:
            body["aspectRatio"] = video.aspect_ratio
        if video.duration is not None:
            body["duration"] = video.duration
        if video.resolution is not None:
            body["resolution"] = video.resolution
        if video.images:
            body["mediaUrls"] = list(video.images)
        if video.callback_url is not None:
            body["webhookUrl"] = video.callback_url
        if video.metadata:
            body["metadata"] = dict(video.metadata)
        _json.merge(body, video.params, _OPTIONS)
        return HttpRequest("POST", _PATH, body)

    def priced(self, body: JsonObject) -> PricedFields | None:
        """What was asked for, as sent; the provider states no defaults."""
        if not body.keys() <= _OPTIONS.keys():
            return None
        try:
            return PricedFields(
                _json.word(body, "model", None),
                _json.seconds(body, "duration", None, as_text=False),
                _json.word(body, "resolution", None),
                None,
                _json.count(body, "mediaUrls"),
                _json.word(body, "aspectRatio", None),
            )
        except _json.UndocumentedTypeError:
            return None

    def price(
        self,
        body: JsonObject,  # noqa: ARG002 - the protocol's parameter
    ) -> Price | None:
        """None: the documents have no price table, only one sample of 40 credits."""
        return None

    def accepted(self, response: HttpResponse) -> Task | None:
        """The id is `requestId`; the charge is settled here, in `creditsCharged`."""
        body = _json.so_far(response)
        task_id = _json.identity(body.get("requestId"))
        return None if task_id is None else _task(task_id, body)

    def problem(self, response: HttpResponse) -> Problem | None:
        """`{"success": false, "error": {"code", "message"}}`, or `error` as a string."""
        body = _json.whole(response)
        if body.get("success") is not False:
            return _problems.complaint(response)
        found = _problems.said(body) or Problem(None, "no reason given")
        return replace(found, status=_meant(body, found))

    def fetch(self, api: Api, handle: TaskHandle) -> Task:
        """`GET /api/open/v1/video/generations/ID`."""
        response = api.get(f"{_PATH}/{_json.in_url(handle.task_id)}")
        return self._answer(response, handle)

    def cancel(self, api: Api, handle: TaskHandle) -> Task:
        """`POST …/ID/cancel`; the task as the answer describes it, `unknown` if it does not."""
        response = api.post(f"{_PATH}/{_json.in_url(handle.task_id)}/cancel")
        problem = self.problem(response)
        if problem is not None:
            raise Rejected(
                f"{INFO.name} did not cancel the task: {problem.words}",
                hint="ask with `seedance status` where the task stands",
                provider=INFO.name,
            )
        body = _json.whole(response)
        if _json.status_word(body.get("status")) is None and body.get("requestId") is None:
            return Task(task_id=handle.task_id, status=Status.UNKNOWN)
        return self._answer(response, handle)

    def _answer(self, response: HttpResponse, handle: TaskHandle) -> Task:
        body = _json.whole(response)
        problem = self.problem(response)
        _problems.confirm(
            INFO,
            handle,
            response,
            named=body.get("requestId"),
            word=body.get("status"),
            problem=problem,
        )
        return _task(handle.task_id, body, problem)


def _meant(body: dict[str, object], problem: Problem) -> int:
    """The HTTP status that a `success` of false stands for: a refusal, unless a code says more."""
    places = (body.get("code"), body.get("statusCode"), body.get("status"), problem.code)
    stated = next((found for one in places if (found := _problems.http_status(one))), None)
    return stated or (401 if problem.code == "unauthorized" else 400)


def _task(task_id: str, body: dict[str, object], problem: Problem | None = None) -> Task:
    word = _json.status_word(body.get("status"))
    status = _json.standing(word)
    return Task(
        task_id=task_id,
        status=status,
        provider_status=word,
        model=_json.text(body.get("model")),
        prompt=_json.prompt(body.get("prompt")),
        video_urls=_json.urls(_json.member(body, "output", "url")),
        cost=_json.charged(body.get("creditsCharged"), INFO.price_unit, settled=True),
        error=_problems.reason(status, body, ("error",), problem=problem),
    )


PROVIDER = Seedance2Ink()

"""runbase.net, API v1: Seedance 1.5 pro.

Source of the fields, values, `status` of `succeeded`, `output.urls` and HTTP statuses: the
provider's own page (https://runbase.net, Korean edition). From other public pages of the same
vendor: the words `processing` and `failed`, the error form and its codes, the rate limit, and that
nothing cancels a run. Seen only in clients' code, and so read leniently: where the id stands,
`running`, `error`, `costUsd`. The page prints no submit answer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from seedance_cli.errors import Rejected
from seedance_cli.models import HttpRequest, PricedFields, Problem, Task
from seedance_cli.providers import _answers as _json
from seedance_cli.providers import _problems
from seedance_cli.providers._base import ModelInfo, ModelUse, ProviderInfo, RateLimit

if TYPE_CHECKING:
    from seedance_cli.models import HttpResponse, JsonObject, Price, TaskHandle, VideoRequest
    from seedance_cli.providers._base import Api

INFO = ProviderInfo(
    name="runbase",
    base_url="https://runbase.net/api/v1",
    key_env="RUNBASE_API_KEY",
    base_url_env="RUNBASE_BASE_URL",
    docs="https://runbase.net",
    model_use=ModelUse.REQUIRED,
    models=(
        ModelInfo(
            id="bytedance/seedance-1.5-pro",
            durations=(4, 8, 12),
            resolutions=("480p", "720p", "1080p"),
            aspect_ratios=("16:9", "9:16", "4:3", "3:4", "1:1", "21:9"),
        ),
    ),
    audio=True,
    cancel_advice="the run goes on and is charged; there is nothing to stop: "
    "leave it, or take its video later with `seedance wait`",
    rate_limit=RateLimit(requests=20, seconds=10),
    retry_codes=frozenset({"RATE_LIMITED"}),
    price_unit="USD",
)

# Which option sets which field of `input`; at the same time every field the documents know.
_OPTIONS = {
    "prompt": "PROMPT",
    "aspect_ratio": "--aspect-ratio",
    "resolution": "--resolution",
    "duration": "--duration",
    "generate_audio": "--audio",
    "image_urls": "--image",
}


# Its documented codes, in lower case, and the HTTP statuses that it documents them under.
_REFUSALS = {
    **dict.fromkeys(
        ("invalid_json", "missing_model", "missing_input", "invalid_input", "model_not_found"), 400
    ),
    **dict.fromkeys(("missing_api_key", "invalid_api_key"), 401),
    "insufficient_balance": 402,
    **dict.fromkeys(("api_key_spend_limit_exceeded", "ip_not_allowed"), 403),
    "run_not_found": 404,
    **dict.fromkeys(("rate_limited", "usage_exceeded"), 429),
}


class Runbase:
    """The provider `runbase`."""

    info = INFO

    def request(self, video: VideoRequest) -> HttpRequest:
        """`POST /runs`; the options live inside `input`, `duration` is a string on the wire."""
        options: JsonObject = {"prompt": video.prompt}
        if video.aspect_ratio is not None:
            options["aspect_ratio"] = video.aspect_ratio
        if video.resolution is not None:
            options["resolution"] = video.resolution
        if video.duration is not None:
            options["duration"] = str(video.duration)
        if video.audio is not None:
            options["generate_audio"] = video.audio
        if video.images:
            options["image_urls"] = list(video.images)
        _json.merge(options, video.params, _OPTIONS)
        model = INFO.models[0].id if video.model is None else video.model
        return HttpRequest("POST", "/runs", {"model": model, "input": options})

    def priced(self, body: JsonObject) -> PricedFields | None:
        """Everything but the prompt, as sent; the provider states no defaults."""
        options = body.get("input")
        if body.keys() != {"model", "input"}:
            return None
        if not isinstance(options, dict) or not options.keys() <= _OPTIONS.keys():
            return None
        try:
            return PricedFields(
                _json.word(body, "model", None),
                _json.seconds(options, "duration", None, as_text=True),
                _json.word(options, "resolution", None),
                _json.switch(options, "generate_audio", default=None),
                _json.count(options, "image_urls"),
                _json.word(options, "aspect_ratio", None),
            )
        except _json.UndocumentedTypeError:
            return None

    def price(
        self,
        body: JsonObject,  # noqa: ARG002 - the protocol's parameter
    ) -> Price | None:
        """None: the documents have no price table."""
        return None

    def accepted(self, response: HttpResponse) -> Task | None:
        """The id is `id`; clients also saw `data.id`, `runId` and `run_id`."""
        body = _json.so_far(response)
        named = (_json.identity(value) for value in _ids(body))
        task_id = next((value for value in named if value is not None), None)
        return None if task_id is None else _task(task_id, body)

    def problem(self, response: HttpResponse) -> Problem | None:
        """`{"error": {"message", "code"}}`. A run that failed has an `error` too, and a status."""
        body = _json.whole(response)
        error = body.get("error")
        if isinstance(error, dict) and _json.text(_field(body, "status")) is None:
            found = _problems.said(error) or Problem(None, "no reason given")
            code = (found.code or "").lower()
            return replace(found, status=_REFUSALS.get(code) or _problems.http_status(code))
        return _problems.complaint(response)

    def fetch(self, api: Api, handle: TaskHandle) -> Task:
        """`GET /runs/ID`."""
        response = api.get(f"/runs/{_json.in_url(handle.task_id)}")
        body = _json.whole(response)
        named = next((value for value in _ids(body) if value is not None), None)
        _problems.confirm(
            INFO,
            handle,
            response,
            named=named,
            word=_field(body, "status"),
            problem=self.problem(response),
        )
        return _task(handle.task_id, body)

    def cancel(
        self,
        api: Api,  # noqa: ARG002 - the protocol's parameter
        handle: TaskHandle,  # noqa: ARG002 - the protocol's parameter
    ) -> Task:
        """Not offered."""
        raise Rejected(
            f"{INFO.name} has no cancel endpoint", hint=INFO.cancel_advice, provider=INFO.name
        )


def _ids(body: dict[str, object]) -> tuple[object, ...]:
    return (
        body.get("id"),
        _json.member(body, "data", "id"),
        body.get("runId"),
        body.get("run_id"),
    )


def _wrapped(body: dict[str, object]) -> dict[str, object]:
    inner = body.get("data")
    return inner if isinstance(inner, dict) else {}


def _field(body: dict[str, object], key: str) -> object:
    """A field of the run, which may be wrapped in `data` as its id may be."""
    value = body.get(key)
    return _json.member(body, "data", key) if value is None else value


def _task(task_id: str, body: dict[str, object]) -> Task:
    word = _json.status_word(_field(body, "status"))
    status = _json.standing(word)
    return Task(
        task_id=task_id,
        status=status,
        provider_status=word,
        model=_json.text(_field(body, "model")),
        video_urls=_json.urls(_json.member(_field(body, "output"), "urls")),
        cost=_json.charged(_field(body, "costUsd"), INFO.price_unit, settled=status.terminal),
        error=_problems.reason(status, {**_wrapped(body), **body}, ("error",)),
    )


PROVIDER = Runbase()

"""defapi.org: Seedance 2.0.

Source of every field, value, default and error code: the provider's own page
(https://defapi.org, Korean edition). Seen only in clients' code, and so read leniently: the status
words `pending`, `in_progress` and `failed`. The page states no unit for `consumed`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from seedance_cli.errors import Rejected
from seedance_cli.models import HttpRequest, PricedFields, Problem, Task
from seedance_cli.providers import _answers as _json
from seedance_cli.providers import _problems
from seedance_cli.providers._base import ModelInfo, ModelUse, ProviderInfo

if TYPE_CHECKING:
    from seedance_cli.models import (
        HttpResponse,
        JsonObject,
        JsonValue,
        Price,
        TaskHandle,
        VideoRequest,
    )
    from seedance_cli.providers._base import Api

INFO = ProviderInfo(
    name="defapi",
    base_url="https://api.defapi.org",
    key_env="DEFAPI_API_KEY",
    base_url_env="DEFAPI_BASE_URL",
    docs="https://defapi.org",
    model_use=ModelUse.OPTIONAL,
    models=(
        ModelInfo(
            id="seedance-2.0",
            durations=(5, 10, 15),
            resolutions=(),
            aspect_ratios=("16:9", "9:16", "1:1", "4:3", "3:4", "21:9"),
        ),
    ),
    open_models=True,
    defaults=MappingProxyType({"model": "seedance-2.0", "duration": 5, "aspect_ratio": "16:9"}),
    max_images=9,
    callback=True,
    cancel_advice="the task runs on and is charged; there is nothing to stop: "
    "leave it, or take its video later with `seedance wait`",
)

# Which option sets which wire field; at the same time every field the documents know.
_OPTIONS = {
    "model": "--model",
    "content": "PROMPT (and --image)",
    "duration": "--duration",
    "ratio": "--aspect-ratio",
    "callback_url": "--callback-url",
}


class Defapi:
    """The provider `defapi`."""

    info = INFO

    def request(self, video: VideoRequest) -> HttpRequest:
        """`POST /api/video/seedance/gen`; the text names images `@image1`… in their order."""
        content: list[JsonValue] = [{"type": "text", "text": video.prompt}]
        content += [{"type": "image_url", "image_url": {"url": url}} for url in video.images]
        body: JsonObject = {}
        if video.model is not None:
            body["model"] = video.model
        body["content"] = content
        if video.duration is not None:
            body["duration"] = video.duration
        if video.aspect_ratio is not None:
            body["ratio"] = video.aspect_ratio
        if video.callback_url is not None:
            body["callback_url"] = video.callback_url
        _json.merge(body, video.params, _OPTIONS)
        return HttpRequest("POST", "/api/video/seedance/gen", body)

    def priced(self, body: JsonObject) -> PricedFields | None:
        """Everything but prompt and callback, the documented defaults filled in."""
        if not body.keys() <= _OPTIONS.keys():
            return None
        try:
            return PricedFields(
                _json.word(body, "model", "seedance-2.0"),
                _json.seconds(body, "duration", 5, as_text=False),
                None,
                None,
                # The prompt is the first item, and there is no other text.
                max(0, _json.count(body, "content") - 1),
                INFO.beyond_default("aspect_ratio", _json.word(body, "ratio", None)),
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
        """The id is `data.task_id`; the answer has no status word."""
        data = _json.member(_json.so_far(response), "data")
        task_id = _json.identity(_json.member(data, "task_id"))
        return None if task_id is None else _task(task_id, data)

    def problem(self, response: HttpResponse) -> Problem | None:
        """`{"code": 1, "message": …}`; the same 1 for every error."""
        body = _json.whole(response)
        code = _json.number(body.get("code"))
        if code is None:
            return _problems.complaint(response)
        if code == 0 or 200 <= code <= 299:  # noqa: PLR2004 - HTTP's 2xx: no documented error
            return None
        # The documented 1 stands for every error: as a code it would tell nobody anything.
        symbol = None if code == 1 else str(code)
        message = _json.text(body.get("message"))
        found = Problem(None, message) if message else _problems.said({**body, "code": None})
        return Problem(
            symbol,
            found.message if found else f"code {code}",
            400 if code == 1 else _problems.http_status(code),
        )

    def fetch(self, api: Api, handle: TaskHandle) -> Task:
        """`GET /api/task/query?task_id=ID`."""
        response = api.get(f"/api/task/query?task_id={_json.in_url(handle.task_id)}")
        data = _json.member(_json.whole(response), "data")
        problem = self.problem(response)
        _problems.confirm(
            INFO,
            handle,
            response,
            named=_json.member(data, "task_id"),
            word=_json.member(data, "status"),
            problem=problem,
        )
        return _task(handle.task_id, data, problem)

    def cancel(
        self,
        api: Api,  # noqa: ARG002 - the protocol's parameter
        handle: TaskHandle,  # noqa: ARG002 - the protocol's parameter
    ) -> Task:
        """Not offered."""
        raise Rejected(
            f"{INFO.name} has no cancel endpoint", hint=INFO.cancel_advice, provider=INFO.name
        )


def _task(task_id: str, data: object, problem: Problem | None = None) -> Task:
    word = _json.status_word(_json.member(data, "status"))
    status = _json.standing(word)
    return Task(
        task_id=task_id,
        status=status,
        provider_status=word,
        video_urls=_json.urls(_json.member(data, "result", "video")),
        cost=_json.charged(
            _json.member(data, "consumed"), INFO.price_unit, settled=status.terminal
        ),
        error=_problems.reason(status, data, ("status_reason",), problem=problem),
        created_at=_json.moment(_json.member(data, "created_at")),
    )


PROVIDER = Defapi()

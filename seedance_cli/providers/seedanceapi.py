"""seedanceapi.org, API v1: Seedance 1.5.

Source of every field, value, default, price and error code: the provider's own page
(https://seedanceapi.org, Korean and Chinese editions). Seen only in clients' code, and so read
leniently: the status `FAILED`, and where an error answer holds its symbolic code.
"""

from __future__ import annotations

import re
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from seedance_cli.errors import Rejected
from seedance_cli.models import HttpRequest, Price, PricedFields, Problem, Task
from seedance_cli.providers import _answers as _json
from seedance_cli.providers import _problems
from seedance_cli.providers._base import ModelInfo, ModelUse, ProviderInfo

if TYPE_CHECKING:
    from seedance_cli.models import HttpResponse, JsonObject, TaskHandle, VideoRequest
    from seedance_cli.providers._base import Api

INFO = ProviderInfo(
    name="seedanceapi",
    base_url="https://seedanceapi.org/v1",
    key_env="SEEDANCEAPI_API_KEY",
    base_url_env="SEEDANCEAPI_BASE_URL",
    docs="https://seedanceapi.org",
    model_use=ModelUse.NONE,
    models=(
        ModelInfo(
            id="seedance-1.5",
            durations=(4, 8, 12),
            resolutions=("480p", "720p"),
            aspect_ratios=("1:1", "16:9", "9:16", "4:3", "3:4", "21:9", "9:21"),
        ),
    ),
    defaults=MappingProxyType(
        {
            "duration": 8,
            "resolution": "720p",
            "aspect_ratio": "1:1",
            "audio": False,
            "fixed_lens": False,
        }
    ),
    max_prompt=2000,
    max_images=1,
    audio=True,
    fixed_lens=True,
    callback=True,
    cancel_advice="the task runs on and is charged; there is nothing to stop: "
    "leave it, or take its video later with `seedance wait`",
    price_unit="credits",
)

# Which option sets which wire field; at the same time every field the documents know.
_OPTIONS = {
    "prompt": "PROMPT",
    "image_urls": "--image",
    "aspect_ratio": "--aspect-ratio",
    "resolution": "--resolution",
    "duration": "--duration",
    "generate_audio": "--audio",
    "fixed_lens": "--fixed-lens",
    "callback_url": "--callback-url",
}

# (resolution, seconds, audio) → credits. The page is undated; its sample task is of 2026-02-07.
_CREDITS = {
    ("480p", 4, False): 8,
    ("480p", 4, True): 14,
    ("480p", 8, False): 14,
    ("480p", 8, True): 28,
    ("480p", 12, False): 19,
    ("480p", 12, True): 38,
    ("720p", 4, False): 14,
    ("720p", 4, True): 28,
    ("720p", 8, False): 28,
    ("720p", 8, True): 56,
    ("720p", 12, False): 42,
    ("720p", 12, True): 84,
}

# Its documented symbolic codes, and the HTTP statuses that it documents them under.
_REFUSALS = {
    **dict.fromkeys(
        (
            *("INVALID_PROMPT", "INVALID_ASPECT_RATIO", "INVALID_RESOLUTION", "INVALID_DURATION"),
            "TOO_MANY_IMAGES",
        ),
        400,
    ),
    "INVALID_API_KEY": 401,
    "INSUFFICIENT_CREDITS": 402,
    "TASK_NOT_FOUND": 404,
    "INTERNAL_ERROR": 500,
}
_CODES = re.compile(rf"\b({'|'.join(_REFUSALS)})\b")


class SeedanceApi:
    """The provider `seedanceapi`."""

    info = INFO

    def request(self, video: VideoRequest) -> HttpRequest:
        """`POST /generate`; `duration` is a string on the wire."""
        body: JsonObject = {"prompt": video.prompt}
        if video.images:
            body["image_urls"] = list(video.images)
        if video.aspect_ratio is not None:
            body["aspect_ratio"] = video.aspect_ratio
        if video.resolution is not None:
            body["resolution"] = video.resolution
        if video.duration is not None:
            body["duration"] = str(video.duration)
        if video.audio is not None:
            body["generate_audio"] = video.audio
        if video.fixed_lens is not None:
            body["fixed_lens"] = video.fixed_lens
        if video.callback_url is not None:
            body["callback_url"] = video.callback_url
        _json.merge(body, video.params, _OPTIONS)
        return HttpRequest("POST", "/generate", body)

    def priced(self, body: JsonObject) -> PricedFields | None:
        """Everything but prompt and callback, the documented defaults filled in."""
        if not body.keys() <= _OPTIONS.keys():
            return None
        try:
            return PricedFields(
                None,
                _json.seconds(body, "duration", 8, as_text=True),
                _json.word(body, "resolution", "720p"),
                _json.switch(body, "generate_audio", default=False),
                _json.count(body, "image_urls"),
                INFO.beyond_default("aspect_ratio", _json.word(body, "aspect_ratio", None)),
                INFO.beyond_default("fixed_lens", _json.switch(body, "fixed_lens", default=None)),
            )
        except _json.UndocumentedTypeError:
            return None

    def price(self, body: JsonObject) -> Price | None:
        """From the page's price table, in credits."""
        fields = self.priced(body)
        if fields is None:
            return None
        credit = _CREDITS.get((fields.resolution or "", fields.duration or 0, bool(fields.audio)))
        return None if credit is None else Price(Decimal(credit), INFO.price_unit, "listed")

    def accepted(self, response: HttpResponse) -> Task | None:
        """The id is `data.task_id`."""
        data = _json.member(_json.so_far(response), "data")
        task_id = _json.identity(_json.member(data, "task_id"))
        return None if task_id is None else _task(task_id, data)

    def problem(self, response: HttpResponse) -> Problem | None:
        """The envelope `{code, message}`; nobody documents where the symbolic code stands."""
        body = _json.whole(response)
        raw, error = body.get("code"), body.get("error")
        code = _json.number(raw)
        if code is not None and (code == 0 or 200 <= code <= 299):  # noqa: PLR2004 - HTTP's 2xx
            return None
        message = _json.text(body.get("message"))
        found = _problems.said(error)
        places = (raw, error, found and found.code, message, found and found.message)
        texts = [text for place in places if (text := _json.text(place))]
        symbol = next((match[0] for text in texts if (match := _CODES.search(text))), None)
        if symbol is None and code is None:
            return _problems.complaint(response)
        found = found or _problems.said({**body, "code": None})
        message = message or (found.message if found else None) or symbol or f"code {code}"
        meant = _problems.http_status(code)
        if symbol is not None and any(text.startswith(symbol) for text in texts):
            meant = max(meant or 0, _REFUSALS[symbol])  # an error of the server's beats a refusal
        repeated = symbol is None and code == response.status
        return Problem(symbol or (None if repeated else str(code)), message, meant)

    def fetch(self, api: Api, handle: TaskHandle) -> Task:
        """`GET /status?task_id=ID`."""
        response = api.get(f"/status?task_id={_json.in_url(handle.task_id)}")
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
        prompt=_json.prompt(_json.member(data, "request", "prompt")),
        video_urls=_json.urls(_json.member(data, "response")),
        cost=_json.charged(
            _json.member(data, "consumed_credits"), INFO.price_unit, settled=status.terminal
        ),
        error=_problems.reason(status, data, ("error_message",), problem=problem),
        created_at=_json.moment(_json.member(data, "created_at")),
    )


PROVIDER = SeedanceApi()

"""defapi.org: Seedance 2.0.

Source of every field, value, default and error code: the provider's own page
(https://defapi.org, Korean edition). Seen only in clients' code, and so read leniently: the status
words `pending`, `in_progress` and `failed`. The page states no unit for `consumed`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.models import Problem
from seedance_cli.providers import _answers, _problems
from seedance_cli.providers._base import Provider, TaskFields
from seedance_cli.providers._fields import Field, Fields, WireType, count
from seedance_cli.providers._info import Media, ModelInfo, ModelUse, ProviderInfo

if TYPE_CHECKING:
    from seedance_cli.models import (
        HttpResponse,
        JsonObject,
        JsonValue,
        TaskHandle,
        VideoRequest,
    )


def _content(video: VideoRequest, _: str) -> JsonValue:
    """The prompt, and then the images, which it names `@image1`… in their order."""
    content: list[JsonValue] = [{"type": "text", "text": video.prompt}]
    return content + [{"type": "image_url", "image_url": {"url": url}} for url in video.images]


def _images(level: JsonObject, key: str) -> int:
    """How many images there are: the prompt is the first item, and there is no other text."""
    return max(0, count(level, key) - 1)


_CONTENT = WireType(_content, _images)

INFO = ProviderInfo(
    name="defapi",
    base_url="https://api.defapi.org",
    key_env="DEFAPI_API_KEY",
    base_url_env="DEFAPI_BASE_URL",
    chosen_by_variable=True,
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
    fields=Fields(
        (
            Field("model", "model", default="seedance-2.0"),
            Field("images", "content", own_type=_CONTENT, own_flag="PROMPT (and --image)"),
            Field("duration", "duration", default=5),
            Field("aspect_ratio", "ratio", default="16:9"),
            Field("callback_url", "callback_url"),
        )
    ),
    submit_path="/api/video/seedance/gen",
    media=Media(images=9),
)


class Defapi(Provider):
    """The provider `defapi`. No submit answer has a status word."""

    info = INFO
    task_fields = TaskFields(
        ids=("data.task_id",),
        inside="data",
        videos="result.video",
        cost="consumed",
        error="status_reason",
        created_at="created_at",
    )

    def problem(self, response: HttpResponse) -> Problem | None:
        """`{"code": 1, "message": …}`; the same 1 for every error."""
        body = _answers.whole(response)
        code = _answers.number(body.get("code"))
        if code is None:
            return _problems.complaint(response)
        if _problems.is_success(code):
            return None
        # The documented 1 stands for every error: as a code it would tell nobody anything.
        symbol = None if code == 1 else str(code)
        message = _answers.text(body.get("message"))
        found = Problem(None, message) if message else _problems.parse_error({**body, "code": None})
        return Problem(
            symbol,
            found.message if found else f"code {code}",
            400 if code == 1 else _problems.http_status(code),
        )

    def read_path(self, handle: TaskHandle) -> str:
        """`GET /api/task/query?task_id=ID`."""
        return f"/api/task/query?task_id={_answers.in_url(handle.task_id)}"


PROVIDER = Defapi()

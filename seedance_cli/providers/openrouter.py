"""OpenRouter, API v1: ByteDance's models among those that its `/videos` takes.

Source of paths, fields, words and answers: its page (https://openrouter.ai/docs/api_reference/videos)
and its public skill; of the items of `input_references`, the error form and that `usage.cost` is in
US dollars, its SDK's documents and its page on errors. What a model takes only
`GET /videos/models` says, so lengths, resolutions and ratios are not held against a list. `size`
(instead of the ratio) and `provider` go by `--param`. No price list.

Frames beside references are taken for frames alone. A video lies behind the key
(`unsigned_urls`), unless the answer has signed URLs (`urls`) as well.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from seedance_cli.models import Problem, Status
from seedance_cli.providers import _answers, _problems
from seedance_cli.providers._base import Provider, TaskFields
from seedance_cli.providers._fields import Field, Fields, UndocumentedTypeError, WireType
from seedance_cli.providers._info import Media, ModelInfo, ModelUse, ProviderInfo

if TYPE_CHECKING:
    from seedance_cli.models import HttpResponse, JsonObject, JsonValue, TaskHandle, VideoRequest

_VIDEOS = "/videos"


def _item(kind: str, url: str) -> JsonObject:
    return {"type": kind, kind: {"url": url}}


def _frames(video: VideoRequest, _: str) -> JsonValue:
    """The frames that there are, each with its place."""
    frames = (("first_frame", video.first_frame), ("last_frame", video.last_frame))
    return [
        {**_item("image_url", url), "frame_type": place} for place, url in frames if url is not None
    ] or None


def _references(video: VideoRequest, _: str) -> JsonValue:
    """Images, videos and audios."""
    found = [_item("image_url", url) for url in video.images]
    found += [_item("video_url", url) for url in video.reference_videos]
    found += [_item("audio_url", url) for url in video.reference_audios]
    return [*found] or None


def _words(word: str, level: JsonObject, key: str) -> list[str]:
    """What each item of a list has under a word."""
    items = level[key]
    if not isinstance(items, list):
        raise UndocumentedTypeError(key)
    found = [_answers.text(_answers.member(item, word)) for item in items]
    words = [one for one in found if one is not None]
    if len(words) < len(found):
        raise UndocumentedTypeError(key)
    return words


def _has(place: str, level: JsonObject, key: str) -> bool | None:
    return place in _words("frame_type", level, key) or None


def _count(kind: str, level: JsonObject, key: str) -> int:
    return _words("type", level, key).count(kind)


_FIELDS = Fields(
    (
        Field("model", "model"),
        Field("prompt", "prompt"),
        Field("duration", "duration"),
        Field("resolution", "resolution"),
        Field("aspect_ratio", "aspect_ratio"),
        Field("audio", "generate_audio"),
        Field("seed", "seed"),
        Field("callback_url", "callback_url"),
        Field(
            "first_frame",
            "frame_images",
            own_type=WireType(_frames, partial(_has, "first_frame")),
            own_flag="--first-frame or --last-frame",
            also={"last_frame": partial(_has, "last_frame")},
        ),
        Field(
            "images",
            "input_references",
            own_type=WireType(_references, partial(_count, "image_url")),
            own_flag="--image, --reference-video or --reference-audio",
            also={
                "reference_videos": partial(_count, "video_url"),
                "reference_audios": partial(_count, "audio_url"),
            },
        ),
    )
)


class OpenRouter(Provider):
    """The provider `openrouter`."""

    info = ProviderInfo(
        name="openrouter",
        base_url="https://openrouter.ai/api/v1",
        key_env="OPENROUTER_API_KEY",
        base_url_env="OPENROUTER_BASE_URL",
        docs="https://openrouter.ai/docs/api_reference/videos",
        model_use=ModelUse.REQUIRED,
        models=tuple(
            ModelInfo(f"bytedance/seedance-{name}", (), (), ())
            for name in ("2.0", "2.0-fast", "2.5", "1-5-pro")
        ),
        open_models=True,
        unlisted_limits=False,
        fields=_FIELDS,
        submit_path=_VIDEOS,
        keyed_videos=True,
        media=Media(apart=True),
        https_callback=True,
        price_unit="USD",
    )
    task_fields = TaskFields(
        ids=("id",),
        videos="videos",
        cost="usage.cost",
        error="error",
        words={"completed": Status.SUCCEEDED},
        resume={"read": "polling_url"},
    )

    def details(self, body: dict[str, object]) -> object:
        """The answer, with the signed URLs of its videos where it has some."""
        signed = body.get("urls")
        return {**body, "videos": signed if _answers.urls(signed) else body.get("unsigned_urls")}

    def problem(self, response: HttpResponse) -> Problem | None:
        """`{"error": {"code", "message"}}`, the code an HTTP status; a failed task's is text."""
        body = _answers.whole(response)
        error = body.get("error")
        if not isinstance(error, dict) or _answers.text(body.get("status")) is not None:
            return _problems.complaint(response)
        code = _answers.number(error.get("code"))
        found = _problems.parse_error(error) or Problem(None, "no reason given")
        named = None if code == response.status else found.code
        return Problem(named, found.message, _problems.http_status(code))

    def read_path(self, handle: TaskHandle) -> str:
        """`GET /videos/ID`, where the answer gave no `polling_url`."""
        return f"{_VIDEOS}/{_answers.in_url(handle.task_id)}"


PROVIDER = OpenRouter()

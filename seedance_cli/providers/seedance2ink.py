"""seedance2.ink, Open API v1: Seedance 2.0, 2.0 fast and 1.5 pro.

Source of every field, value and answer: the provider's own page (https://www.seedance2.ink, Korean
edition). From other public pages of the same vendor: `mediaUrls`, which number and kinds make
frames of and which references (its page on image to video), the words `processing` and
`failed`, the error form, and that a queued or processing task can be cancelled. Whether `error` is
a string or an object is stated nowhere; both are read.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from seedance_cli.models import Problem
from seedance_cli.providers import _answers, _problems
from seedance_cli.providers._base import Provider, TaskFields
from seedance_cli.providers._fields import Field, Fields, Reader, WireType, texts
from seedance_cli.providers._files import FileLimits
from seedance_cli.providers._info import Media, ModelInfo, ModelUse, ProviderInfo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seedance_cli.models import HttpResponse, JsonObject, JsonValue, TaskHandle, VideoRequest

_RATIOS = ("16:9", "9:16", "1:1")
_RESOLUTIONS = ("480p", "720p", "1080p")
_PATH = "/api/open/v1/video/generations"
_VIDEOS = (".mp4", ".mov", ".m4v")
_AUDIOS = (".mp3", ".wav")
"""The documented ends of a medium's URL; the others are those of images."""


def _media(video: VideoRequest, _: str) -> JsonValue:
    """Frames in their order, or the references of all kinds."""
    frames = [url for url in (video.first_frame, video.last_frame) if url is not None]
    return [*frames, *video.images, *video.reference_videos, *video.reference_audios] or None


def _count(kinds: Sequence[str], level: JsonObject, key: str) -> int:
    """How many URLs end like one of the kinds; with no kinds, like an image."""
    paths = [url.partition("?")[0].partition("#")[0].lower() for url in texts(level, key)]
    if kinds:
        return sum(path.endswith(tuple(kinds)) for path in paths)
    return sum(not path.endswith((*_VIDEOS, *_AUDIOS)) for path in paths)


def _frame(*_: object) -> None:
    """On the wire a frame is an image among the media, and is counted there."""


_MEDIA = WireType(_media, partial(_count, ()))
_ALSO: Mapping[str, Reader] = MappingProxyType(
    {
        "first_frame": _frame,
        "last_frame": _frame,
        "reference_videos": partial(_count, _VIDEOS),
        "reference_audios": partial(_count, _AUDIOS),
    }
)

INFO = ProviderInfo(
    name="seedance2ink",
    base_url="https://www.seedance2.ink",
    key_env="SEEDANCE2INK_API_KEY",
    base_url_env="SEEDANCE2INK_BASE_URL",
    chosen_by_variable=True,
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
    fields=Fields(
        (
            Field("model", "model"),
            Field("prompt", "prompt"),
            Field("aspect_ratio", "aspectRatio"),
            Field("duration", "duration"),
            Field("resolution", "resolution"),
            Field("images", "mediaUrls", own_type=_MEDIA, also=_ALSO),
            Field("callback_url", "webhookUrl"),
            Field("metadata", "metadata"),
        )
    ),
    submit_path=_PATH,
    media=Media(
        images=5,
        together=5,
        inferred=True,
        last_alone=False,
        image_files=FileLimits(types=("jpeg", "png", "webp", "gif", "bmp")),
        video_files=FileLimits(types=("mp4", "mov")),
        audio_files=FileLimits(types=("mp3", "wav")),
    ),
    https_images=True,
    can_cancel=True,
    price_unit="credits",
)


class Seedance2Ink(Provider):
    """The provider `seedance2ink`."""

    info = INFO
    task_fields = TaskFields(
        ids=("requestId",),
        model="model",
        prompt="prompt",
        videos="output.url",
        cost="creditsCharged",
        error="error",
        charged_at_once=True,
    )

    def problem(self, response: HttpResponse) -> Problem | None:
        """`{"success": false, "error": {"code", "message"}}`, or `error` as a string."""
        body = _answers.whole(response)
        if body.get("success") is not False:
            return _problems.complaint(response)
        found = _problems.parse_error(body) or Problem(None, "no reason given")
        return found._replace(status=_meant(body, found))

    def read_path(self, handle: TaskHandle) -> str:
        """`GET /api/open/v1/video/generations/ID`."""
        return f"{_PATH}/{_answers.in_url(handle.task_id)}"

    def cancel_path(self, handle: TaskHandle) -> str:
        """`POST /api/open/v1/video/generations/ID/cancel`."""
        return f"{self.read_path(handle)}/cancel"


def _meant(body: dict[str, object], problem: Problem) -> int:
    """The HTTP status that a `success` of false stands for: a refusal, unless a code says more."""
    places = (body.get("code"), body.get("statusCode"), body.get("status"), problem.code)
    stated = next((found for one in places if (found := _problems.http_status(one))), None)
    return stated or (401 if problem.code == "unauthorized" else 400)


PROVIDER = Seedance2Ink()

"""Replicate, HTTP API v1: predictions of ByteDance's official models.

Source of paths, fields, limits and status words: its pages (`topics/predictions/lifecycle`, each
model's `versions/…/api`) and its Python client. The ratios of 1.0 are those of a public schema of
it; the pages name no list of resolutions and ratios for 2.0, no resolution for 1.5, and no price:
what is not listed is not held against a list. A duration of -1 and `fps` go by `--param`. Its files
live for an hour, after which the pages say that the input of a prediction is deleted.

The path names the model. Any other one may be named, too; of its fields nothing is known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from seedance_cli.models import Problem, Status
from seedance_cli.providers import _answers, _problems
from seedance_cli.providers._base import Provider, TaskFields
from seedance_cli.providers._fields import Field, Fields
from seedance_cli.providers._files import FileLimits, Upload, UploadForm
from seedance_cli.providers._info import Media, ModelInfo, ModelUse, ProviderInfo

if TYPE_CHECKING:
    from seedance_cli.models import HttpRequest, HttpResponse, TaskHandle, VideoRequest

_SUBMIT = re.compile(r"/models/(.+)/predictions")
_RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "9:21")

_FRAMES = (
    Field("prompt", "prompt"),
    Field("first_frame", "image"),
    Field("last_frame", "last_frame_image"),
)
_REFERENCES = (
    Field("images", "reference_images"),
    Field("reference_videos", "reference_videos"),
    Field("reference_audios", "reference_audios"),
)
_DURATION = Field("duration", "duration", default=5)
_WIDE = Field("aspect_ratio", "aspect_ratio", default="16:9")
_STILL = Field("fixed_lens", "camera_fixed", default=False)
_SEED = Field("seed", "seed")
_SHORT = FileLimits(max_seconds=15)
_OF_2_0 = Media(
    images=9,
    videos=3,
    audios=3,
    apart=True,
    audio_alone=False,
    video_files=_SHORT,
    audio_files=_SHORT,
)


def _input(*fields: Field) -> Fields:
    """The fields inside `input`, and the callback beside it."""
    callback = Field("callback_url", "webhook", outside=True)
    return Fields((*fields, callback), inside="input")


def _of_2_0(name: str) -> ModelInfo:
    size = Field("resolution", "resolution", default="720p")
    audio = Field("audio", "generate_audio", default=True)
    fields = _input(*_FRAMES, *_REFERENCES, _DURATION, size, _WIDE, audio, _SEED)
    return ModelInfo(f"bytedance/{name}", tuple(range(1, 16)), (), (), fields, _OF_2_0)


def _of_1_0(name: str) -> ModelInfo:
    size = Field("resolution", "resolution", default="1080p")
    fields = _input(*_FRAMES, _DURATION, size, _WIDE, _STILL, _SEED)
    sizes = ("480p", "720p", "1080p")
    return ModelInfo(f"bytedance/{name}", tuple(range(2, 13)), sizes, _RATIOS, fields)


_OF_1_5 = _input(
    *_FRAMES,
    _DURATION,
    Field("aspect_ratio", "aspect_ratio"),
    _STILL,
    Field("audio", "generate_audio", default=False),
    _SEED,
)


class Replicate(Provider):
    """The provider `replicate`."""

    info = ProviderInfo(
        name="replicate",
        base_url="https://api.replicate.com/v1",
        key_env="REPLICATE_API_TOKEN",
        base_url_env="REPLICATE_BASE_URL",
        docs="https://replicate.com/docs/reference/http",
        model_use=ModelUse.REQUIRED,
        models=(
            _of_2_0("seedance-2.0"),
            _of_2_0("seedance-2.0-fast"),
            ModelInfo("bytedance/seedance-1.5-pro", tuple(range(2, 13)), (), (), _OF_1_5),
            _of_1_0("seedance-1-pro"),
            _of_1_0("seedance-1-pro-fast"),
            _of_1_0("seedance-1-lite"),
        ),
        open_models=True,
        model_form=r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*",
        model_words="OWNER/NAME",
        unlisted_limits=False,
        fields=_input(
            *_FRAMES,
            *_REFERENCES,
            Field("duration", "duration"),
            Field("resolution", "resolution"),
            Field("aspect_ratio", "aspect_ratio"),
            Field("fixed_lens", "camera_fixed"),
            Field("audio", "generate_audio"),
            _SEED,
        ),
        submit_path="/models/bytedance/seedance-2.0/predictions",
        no_id="0" * 26,
        upload=Upload(UploadForm.MULTIPART, path="/files", url_at="urls.get", seconds=3600),
        can_cancel=True,
    )
    task_fields = TaskFields(
        ids=("id",),
        model="model",
        prompt="input.prompt",
        videos="output",
        cost="",
        error="error",
        created_at="created_at",
        # Aborted: its deadline had passed before it started.
        words={"starting": Status.QUEUED, "aborted": Status.EXPIRED},
        resume={"read": "urls.get", "cancel": "urls.cancel"},
    )

    def request(self, video: VideoRequest) -> HttpRequest:
        """The submit; its path names the model."""
        model = video.model or self.info.models[0].id
        request = super().request(video._replace(model=model))
        return request._replace(path=f"/models/{quote(model)}/predictions")

    def model_of(self, request: HttpRequest) -> str | None:
        """The model id in the path."""
        found = _SUBMIT.fullmatch(request.path)
        return found and found[1]

    def problem(self, response: HttpResponse) -> Problem | None:
        """`{"type", "title", "status", "detail", "instance"}` (RFC 7807), whose status is a number.

        That of a prediction is a word.
        """
        body = _answers.whole(response)
        status = _problems.http_status(body.get("status"))
        title, detail = (_answers.text(body.get(key)) for key in ("title", "detail"))
        words = detail or title
        if status is None or words is None:
            return _problems.complaint(response)
        return Problem(title if detail else None, words, status)

    def read_path(self, handle: TaskHandle) -> str:
        """`GET /predictions/ID`."""
        return f"/predictions/{_answers.in_url(handle.task_id)}"

    def cancel_path(self, handle: TaskHandle) -> str:
        """`POST /predictions/ID/cancel`."""
        return f"{self.read_path(handle)}/cancel"


PROVIDER = Replicate()

"""kie.ai: Seedance 1.5 pro, 2 and 2 fast among the models of its market.

Source of every field, word and code: the vendor's pages (https://docs.kie.ai, the market pages of
seedance-1-5-pro, seedance-2, seedance-2-fast and seedance-2-5, and the common page on a task's
details). They state no values for ratio and resolution, and the lengths of 1.5 pro only: what is
not stated is not held against a list. `web_search` and whatever else a model has go by `--param`,
any other model id by `-m`. No price is stated, and no field that says what was charged.

Where the last frame stands that `return_last_frame` asks for is stated nowhere: an image among
the result's URLs is taken for it, and the names that other sellers give it are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from seedance_cli.models import Problem, Status
from seedance_cli.providers import _answers, _document, _problems
from seedance_cli.providers._base import Provider, TaskFields
from seedance_cli.providers._fields import Field, Fields
from seedance_cli.providers._info import Media, ModelInfo, ModelUse, ProviderInfo

if TYPE_CHECKING:
    from seedance_cli.models import HttpResponse, TaskHandle

_JOBS = "/api/v1/jobs"
_IMAGES = (".png", ".jpg", ".jpeg", ".webp")
_OUTSIDE = (
    Field("model", "model", outside=True),
    Field("callback_url", "callBackUrl", outside=True),
    Field("prompt", "prompt"),
)
_COMMON = (
    Field("aspect_ratio", "aspect_ratio"),
    Field("resolution", "resolution"),
    Field("duration", "duration"),
    Field("audio", "generate_audio"),
)
_FIXED_LENS = Field("fixed_lens", "fixed_lens")
_OF_1_5 = Fields((*_OUTSIDE, Field("images", "input_urls"), *_COMMON, _FIXED_LENS), inside="input")
_1_5_PRO = ModelInfo(
    "bytedance/seedance-1.5-pro", (4, 8, 12), (), (), fields=_OF_1_5, media=Media(images=2)
)
"""The address of its page spells it `seedance-1-5-pro`: both are this model."""
_MEDIA = (
    Field("first_frame", "first_frame_url"),
    Field("last_frame", "last_frame_url"),
    Field("images", "reference_image_urls"),
    Field("reference_videos", "reference_video_urls"),
    Field("reference_audios", "reference_audio_urls"),
    Field("last_frame_out", "return_last_frame"),
)
_OF_2 = Fields((*_OUTSIDE, *_MEDIA, *_COMMON), inside="input")
_OF_ANY = Fields((*_OUTSIDE, *_MEDIA, *_COMMON, _FIXED_LENS), inside="input")
"""Of a model that is not listed nothing is known: every field may be sent."""


class Kie(Provider):
    """The provider `kie`."""

    info = ProviderInfo(
        name="kie",
        base_url="https://api.kie.ai",
        key_env="KIE_API_KEY",
        base_url_env="KIE_BASE_URL",
        docs="https://docs.kie.ai",
        model_use=ModelUse.REQUIRED,
        models=(
            ModelInfo("bytedance/seedance-2", (), (), (), fields=_OF_2),
            ModelInfo("bytedance/seedance-2-fast", (), (), (), fields=_OF_2),
            _1_5_PRO,
        ),
        variants=(_1_5_PRO._replace(id="bytedance/seedance-1-5-pro"),),
        open_models=True,
        unlisted_limits=False,
        fields=_OF_ANY,
        submit_path=f"{_JOBS}/createTask",
    )
    task_fields = TaskFields(
        ids=("data.taskId",),
        inside="data",
        status="state",
        model="model",
        videos="videos",
        last_frame="lastFrame",
        cost="",
        error="failMsg",
        created_at="createTime",
        words={
            "waiting": Status.QUEUED,
            "queuing": Status.QUEUED,
            "generating": Status.RUNNING,
            "fail": Status.FAILED,
        },
    )

    def details(self, body: dict[str, object]) -> object:
        """`data`, with what its `resultJson` says, which is JSON inside a string."""
        details = super().details(body)
        if not isinstance(details, dict):
            return details
        result = details.get("resultJson")
        if isinstance(result, str):
            result = _document.read(result.encode("utf-8", "replace")).fields
        urls = _answers.member(result, "resultUrls")
        images = [one for one in _answers.urls(urls) if _is_image(one)]
        videos = [one for one in _answers.urls(urls) if one not in images]
        named = (_answers.member(result, key) for key in ("lastFrameUrl", "last_frame_url"))
        frame = next((one for one in named if one), images[-1:])
        found = {"videos": videos, "lastFrame": frame} if videos else {"videos": urls}
        return {**details, **found}

    def read_path(self, handle: TaskHandle) -> str:
        """`GET /api/v1/jobs/recordInfo?taskId=ID`."""
        return f"{_JOBS}/recordInfo?taskId={_answers.in_url(handle.task_id)}"

    def problem(self, response: HttpResponse) -> Problem | None:
        """The envelope `{code, msg}`, of a read `{code, message}`; the code is an HTTP status."""
        body = _answers.whole(response)
        code = _answers.number(body.get("code"))
        if code is None:
            return _problems.complaint(response)
        if _problems.is_success(code):
            return None
        found = _problems.parse_error({**body, "code": None})
        words = f"code {code}" if found is None else found.message
        return Problem(
            None if code == response.status else str(code), words, _problems.http_status(code)
        )


def _is_image(url: str) -> bool:
    """Whether a URL's path ends like that of an image."""
    try:
        return urlsplit(url).path.lower().endswith(_IMAGES)
    except ValueError:
        return False


PROVIDER = Kie()

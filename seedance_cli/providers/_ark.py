"""Ark, ByteDance's own API, as BytePlus ModelArk and Volcengine Ark serve it: all Seedance models.

Source of fields, types, values, limits and error codes: the two sellers' pages (BytePlus ModelArk
documents; volcengine.com/docs/82379/1520757, 1521309, 1521675, 1521720), and the official Python
and Go SDKs. Which model takes seed, camera and which duration is told by a public client's table
(zjandrew/seedance-cli). The pages contradict one another on the resolutions of 2.5, which are
therefore not held against a list.

The content is one array: the text, then frames, or references. Of an endpoint's id (`ep-…`), and of
any other id, nothing is known: every field may be sent.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.models import Problem
from seedance_cli.providers import _answers, _problems
from seedance_cli.providers._base import Provider, TaskFields
from seedance_cli.providers._fields import Field, Fields, UndocumentedTypeError, WireType
from seedance_cli.providers._files import FileLimits
from seedance_cli.providers._info import Media, ModelInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.models import HttpResponse, JsonObject, JsonValue, TaskHandle, VideoRequest
    from seedance_cli.providers._fields import Reader

TASKS = "/contents/generations/tasks"
NO_TASK = "cgt-00000000000000-00000"
"""An id in the form of theirs, the day and time of the submit in it, that no task has."""
SEEDS = range(-1, 2**32)
RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive")
_SMALL = ("480p", "720p")
_USUAL = (*_SMALL, "1080p")


def _content(video: VideoRequest, _: str) -> JsonValue:
    """The text, and then the media in their roles."""
    content: list[JsonValue] = [{"type": "text", "text": video.prompt}]
    frames = ((video.first_frame, "first_frame"), (video.last_frame, "last_frame"))
    media = [("image_url", url, role) for url, role in frames if url is not None]
    media += [("image_url", url, "reference_image") for url in video.images]
    media += [("video_url", url, "reference_video") for url in video.reference_videos]
    media += [("audio_url", url, "reference_audio") for url in video.reference_audios]
    return content + [{"type": kind, kind: {"url": url}, "role": role} for kind, url, role in media]


def _roles(level: JsonObject, key: str) -> list[str]:
    """The role of each item of the content but its text."""
    content = level[key]
    if not isinstance(content, list):
        raise UndocumentedTypeError(key)
    roles = []
    for item in content:
        if isinstance(item, dict) and item.get("type") == "text":
            continue
        role = item.get("role") if isinstance(item, dict) else None
        if not isinstance(role, str):
            raise UndocumentedTypeError(key)
        roles.append(role)
    return roles


def _count(role: str, level: JsonObject, key: str) -> int:
    return _roles(level, key).count(role)


def _has(role: str, level: JsonObject, key: str) -> bool | None:
    return role in _roles(level, key) or None


_FRAMES: Mapping[str, Reader] = {
    "first_frame": partial(_has, "first_frame"),
    "last_frame": partial(_has, "last_frame"),
}
_REFERENCES: Mapping[str, Reader] = {
    "images": partial(_count, "reference_image"),
    "reference_videos": partial(_count, "reference_video"),
    "reference_audios": partial(_count, "reference_audio"),
}


class _Kind(NamedTuple):
    """One of the models, by what the sellers' ids have in common."""

    end: str
    """Of the id."""
    durations: range
    resolutions: tuple[str, ...]
    """Empty: not held against a list."""
    resolution: str
    """Where none is sent."""
    ratio: str | None
    """The same; None: it depends on the frames."""
    media: Media
    references: bool
    audio: bool
    older: bool
    """Whether there are a seed and a camera that can be told to stand still: 1.x."""


_IMAGES = FileLimits(
    data_uri=True,
    types=("jpeg", "png", "webp", "bmp", "tiff", "gif"),
    max_bytes=(30 << 20) - 1,
    min_pixels=300,
    max_pixels=6000,
    min_ratio=0.4,
    max_ratio=2.5,
)
_NEWER_IMAGES = _IMAGES._replace(types=(*_IMAGES.types, "heic", "heif"))
_VIDEOS = FileLimits(
    types=("mp4", "mov"),
    max_bytes=(50 << 20) - 1,
    min_seconds=2,
    max_seconds=15,
    seconds_together=15,
)
"""Only by URL, and so is sound: a `data:` URI is stated for images alone."""
_AUDIOS = _VIDEOS._replace(types=("wav", "mp3"), max_bytes=(15 << 20) - 1)
_FRAMES_ONLY = Media(last_alone=False, schemes=("asset",), image_files=_IMAGES)
_NEWER_FRAMES = _FRAMES_ONLY._replace(image_files=_NEWER_IMAGES)
_OF_2 = Media(
    images=9,
    videos=3,
    audios=3,
    apart=True,
    last_alone=False,
    audio_alone=False,
    schemes=("asset",),
    image_files=_NEWER_IMAGES,
    video_files=_VIDEOS,
    audio_files=_AUDIOS,
)
_OF_2_5 = _OF_2._replace(
    images=30,
    videos=10,
    audios=10,
    frame_ratios=("adaptive",),
    audio_alone=True,
    video_files=_VIDEOS._replace(max_seconds=30, seconds_together=30),
    audio_files=_AUDIOS._replace(max_seconds=30, seconds_together=30),
)
_2 = _Kind("", range(4, 16), _SMALL, "720p", "adaptive", _OF_2, True, True, False)
_1 = _Kind("", range(2, 13), _USUAL, "720p", None, _FRAMES_ONLY, False, False, True)
_KINDS = (
    _2._replace(end="2-5-260628", durations=range(4, 31), resolutions=(), media=_OF_2_5),
    _2._replace(end="2-0-260128", resolutions=(*_USUAL, "4k")),
    _2._replace(end="2-0-fast-260128"),
    _2._replace(end="2-0-mini-260615"),
    _1._replace(
        end="1-5-pro-251215",
        durations=range(4, 13),
        ratio="adaptive",
        audio=True,
        media=_NEWER_FRAMES,
    ),
    _1._replace(end="1-0-pro-250528", resolution="1080p"),
    _1._replace(end="1-0-pro-fast-251015", resolution="1080p"),
    _1._replace(end="1-0-lite-t2v-250428"),
    _1._replace(end="1-0-lite-i2v-250428"),
)


def models(prefix: str, older_prefix: str) -> tuple[ModelInfo, ...]:
    """Every model of a seller.

    Args:
        prefix: of the ids from 2.0 on, e.g. `dreamina-seedance-`.
        older_prefix: of those before.
    """
    return tuple(
        ModelInfo(
            id=f"{older_prefix if kind.older else prefix}{kind.end}",
            durations=tuple(kind.durations),
            resolutions=kind.resolutions,
            aspect_ratios=RATIOS,
            fields=_fields(kind),
            media=kind.media,
        )
        for kind in _KINDS
    )


def _fields(kind: _Kind | None) -> Fields:
    """The table of a model; None: of one of which nothing is known, with every field."""
    read = {**(_REFERENCES if kind is None or kind.references else {}), **_FRAMES}
    option = next(iter(read))
    also = {name: reader for name, reader in read.items() if name != option}
    content = WireType(_content, read[option])
    table = [
        Field("model", "model"),
        Field(option, "content", own_type=content, own_flag="PROMPT (and its media)", also=also),
        Field("callback_url", "callback_url"),
        Field("last_frame_out", "return_last_frame", default=False),
    ]
    if kind is None or kind.audio:
        table.append(Field("audio", "generate_audio", default=None if kind is None else True))
    table += [
        Field("resolution", "resolution", default=None if kind is None else kind.resolution),
        Field("aspect_ratio", "ratio", default=None if kind is None else kind.ratio),
        Field("duration", "duration", default=5),
    ]
    if kind is None or kind.older:
        table += [Field("seed", "seed"), Field("fixed_lens", "camera_fixed", default=False)]
    return Fields((*table, Field("watermark", "watermark", default=False)))


ANY_FIELDS = _fields(None)
ANY_MEDIA = Media(schemes=("asset",), image_files=FileLimits(data_uri=True))

# By the code, or the part of it before the first point: the status that the pages name it under.
_REFUSALS = {
    **dict.fromkeys(("MissingParameter", "InvalidParameter"), 400),
    "AuthenticationError": 401,
    **dict.fromkeys(("AccountOverdueError", "AccessDenied", "OperationDenied"), 403),
    **dict.fromkeys(("ModelNotOpen", "InvalidEndpointOrModel"), 404),
    **dict.fromkeys(
        (
            *("RateLimitExceeded", "QuotaExceeded", "ModelAccountRpmRateLimitExceeded"),
            *("ServerOverloaded", "SetLimitExceeded"),
        ),
        429,
    ),
    "InternalServiceError": 500,
}
_SENSITIVE = "SensitiveContentDetected"


class Ark(Provider):
    """A provider that speaks Ark's API."""

    task_fields = TaskFields(
        ids=("id",),
        model="model",
        videos="content.video_url",
        last_frame="content.last_frame_url",
        cost="usage.total_tokens",
        error="error",
        created_at="created_at",
        failures_are_free=True,
    )
    cancel_method = "DELETE"

    def problem(self, response: HttpResponse) -> Problem | None:
        """`{"error": {"code", "message", "type", "param"}}`. A failed task has an `error`, too."""
        body = _answers.whole(response)
        error = body.get("error")
        if not isinstance(error, dict) or _answers.text(body.get("status")) is not None:
            return _problems.complaint(response)
        found = _problems.parse_error(error) or Problem(None, "no reason given")
        return Problem(found.code, found.message, _status(found.code or ""))

    def read_path(self, handle: TaskHandle) -> str:
        """`GET /contents/generations/tasks/ID`."""
        return f"{TASKS}/{_answers.in_url(handle.task_id)}"

    def cancel_path(self, handle: TaskHandle) -> str:
        """`DELETE` of the same: cancels what is queued, deletes the record of what has ended."""
        return self.read_path(handle)


def _status(code: str) -> int | None:
    """The HTTP status that the pages name a code under; None: they do not name it."""
    head = code.partition(".")[0]
    return _REFUSALS.get(head, 400 if _SENSITIVE in head else None)

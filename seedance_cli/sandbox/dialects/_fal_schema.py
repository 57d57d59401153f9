"""What fal's endpoints take, and the bodies of its API as JSON Schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.sandbox.dialects._schema import (
    ANY_URL,
    FLAG,
    TEXT,
    URL,
    array,
    body,
    flag,
    one_of,
    prompt,
    record,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.models import JsonObject, JsonValue

SEEDS = range(-1, 2**32)
FRAMES = range(1, 10_000)
MOST = {"image_urls": 9, "video_urls": 3, "audio_urls": 3}
TOGETHER = 12
BITRATES = ("standard", "high")
_SHAPES = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
TEXT_TO_VIDEO, IMAGE_TO_VIDEO = "text-to-video", "image-to-video"
REFERENCE_TO_VIDEO = "reference-to-video"


class Family(NamedTuple):
    """What the endpoints of one beginning take."""

    durations: Sequence[str]
    duration: str
    """Where none is sent, here and below."""
    resolutions: tuple[str, ...]
    resolution: str
    ratios: tuple[str, ...]
    ratio: str
    audio: bool = True
    """Whether there is sound to be chosen."""
    camera: bool = False
    """Whether there is a camera that may stand still, and a checker: 1.x."""
    bitrate: bool = False
    last: bool = True
    kinds: tuple[str, ...] = (TEXT_TO_VIDEO, IMAGE_TO_VIDEO)


def _seconds(*allowed: int) -> tuple[str, ...]:
    return tuple(str(one) for one in allowed)


_2_0 = Family(
    ("auto", *_seconds(*range(4, 16))),
    "auto",
    ("480p", "720p", "1080p", "4k"),
    "720p",
    ("auto", *_SHAPES),
    "auto",
    bitrate=True,
    kinds=(TEXT_TO_VIDEO, IMAGE_TO_VIDEO, REFERENCE_TO_VIDEO),
)
_1_0 = Family(
    _seconds(*range(2, 13)),
    "5",
    ("480p", "720p", "1080p"),
    "1080p",
    (*_SHAPES, "auto"),
    "16:9",
    audio=False,
    camera=True,
    last=False,
)
FAMILIES = {
    "bytedance/seedance-2.0": _2_0,
    "bytedance/seedance-2.0/fast": _2_0._replace(resolutions=("480p", "720p")),
    "bytedance/seedance-2.0/mini": _2_0._replace(resolutions=("480p", "720p"), bitrate=False),
    "bytedance/seedance-2.5": _2_0,
    "fal-ai/bytedance/seedance/v1.5/pro": _1_0._replace(
        durations=_seconds(*range(4, 13)), resolution="720p", audio=True, last=True
    ),
    "fal-ai/bytedance/seedance/v1/pro": _1_0,
    "fal-ai/bytedance/seedance/v1/pro/fast": _1_0,
}
ENDPOINTS = tuple(f"{one}/{kind}" for one, family in FAMILIES.items() for kind in family.kinds)


def submit(endpoint: str) -> JsonObject:
    """The body of a submit. Unknown fields are ignored."""
    name, _, kind = endpoint.rpartition("/")
    family = FAMILIES[name]
    fields: JsonObject = {
        "prompt": prompt(),
        "aspect_ratio": one_of(family.ratios, family.ratio),
        "duration": one_of(family.durations, family.duration),
        "resolution": one_of(family.resolutions, family.resolution),
        "seed": {"type": "integer", "minimum": SEEDS[0], "maximum": SEEDS[-1]},
        "end_user_id": TEXT,
    }
    if family.audio:
        fields["generate_audio"] = flag(default=True)
    if family.bitrate:
        fields["bitrate_mode"] = one_of(BITRATES)
    if family.camera:
        fields |= {"camera_fixed": FLAG, "enable_safety_checker": flag(default=True)}
        fields["num_frames"] = {"type": "integer", "minimum": FRAMES[0], "maximum": FRAMES[-1]}
    required = ["prompt"]
    if kind == IMAGE_TO_VIDEO:
        required.append("image_url")
        fields |= {"image_url": URL, **({"end_image_url": URL} if family.last else {})}
    if kind == REFERENCE_TO_VIDEO:
        # Together at most 12: the document names fewer images than there may be alone.
        fields |= {name: array(URL, 0, min(most, 6)) for name, most in MOST.items()}
    return body(required, **fields)


_PLACES: JsonObject = {"response_url": ANY_URL, "status_url": ANY_URL, "cancel_url": ANY_URL}
ACCEPTED = record(
    request_id=TEXT,
    **_PLACES,
    status={"const": "IN_QUEUE"},
    queue_position={"type": "integer", "minimum": 0},
)
STATUS: JsonObject = {
    "type": "object",
    "properties": {
        "request_id": TEXT,
        **_PLACES,
        "status": one_of(("IN_QUEUE", "IN_PROGRESS", "COMPLETED")),
        "queue_position": {"type": "integer", "minimum": 0},
        "error": TEXT,
        "error_type": TEXT,
    },
    "required": ["request_id", "status"],
    "additionalProperties": False,
}
RESULT = record(
    video=record(
        url=ANY_URL,
        content_type={"const": "video/mp4"},
        file_name=TEXT,
        file_size={"type": "integer"},
    ),
    seed={"type": "integer"},
)
CANCELLED = record(status={"const": "CANCELLATION_REQUESTED"})
_FAULTS: JsonValue = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"loc": {"type": "array"}, "msg": TEXT, "type": TEXT},
        "required": ["loc", "msg", "type"],
    },
    "minItems": 1,
}
ERROR: JsonObject = {
    "type": "object",
    "properties": {"detail": {"anyOf": [TEXT, _FAULTS]}, "status": TEXT},
    "anyOf": [{"required": ["detail"]}, {"required": ["status"]}],
    "additionalProperties": False,
}

"""What Replicate's models take, and the bodies of its API as JSON Schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.sandbox.dialects._schema import (
    FLAG,
    MOMENT,
    NULL,
    OBJECT,
    TEXT,
    URL,
    array,
    body,
    maybe,
    one_of,
    prompt,
    record,
)

if TYPE_CHECKING:
    from seedance_cli.models import JsonObject

FPS = 24
EVENTS = ("start", "output", "logs", "completed")
_RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "9:21")


class Model(NamedTuple):
    """What one of the models takes."""

    durations: range
    resolutions: tuple[str, ...]
    """Empty: there is no such field."""
    resolution: str
    """Where none is sent."""
    ratios: tuple[str, ...] = _RATIOS
    audio: bool | None = None
    """Where nothing is sent; None: there is no such field."""
    references: bool = False


_1_0 = Model(range(2, 13), ("480p", "720p", "1080p"), "1080p")
_2_0 = Model(
    range(-1, 16),
    (*_1_0.resolutions, "4k"),
    "720p",
    ratios=(*_RATIOS, "adaptive"),
    audio=True,
    references=True,
)
MODELS = {
    "seedance-2.0": _2_0,
    "seedance-2.0-fast": _2_0,
    "seedance-1.5-pro": Model(range(2, 13), (), "", audio=False),
    "seedance-1-pro": _1_0,
    "seedance-1-pro-fast": _1_0,
    "seedance-1-lite": _1_0,
}
"""By the name behind `bytedance/`."""


def submit(model: Model) -> JsonObject:
    """The body of a submit. Unknown fields are ignored."""
    fields: JsonObject = {
        "prompt": prompt(),
        "image": URL,
        "duration": {"enum": [one for one in model.durations if one], "default": 5},
        "aspect_ratio": one_of(model.ratios, "16:9"),
        "fps": {"const": FPS},
        "camera_fixed": FLAG,
        "seed": {"type": "integer", "minimum": -1, "maximum": 2**32},
    }
    if model.references:
        # Either frames or references: of references the document names the images alone.
        fields |= {
            "image": False,
            "reference_images": array(URL, 0, 9),
            "reference_videos": array(URL, 0, 3),
            "reference_audios": array(URL, 0, 0),
        }
    else:
        fields["last_frame_image"] = URL
    if model.resolutions:
        fields["resolution"] = one_of(model.resolutions, model.resolution)
    if model.audio is not None:
        fields["generate_audio"] = FLAG
    filtered: JsonObject = {"type": "array", "items": one_of(EVENTS)}
    given = body(["prompt"], **fields)
    if model.references:
        frames = {**fields, "image": URL, "last_frame_image": URL}
        frames |= dict.fromkeys(("reference_images", "reference_videos", "reference_audios"), False)
        given = {"anyOf": [given, body(["prompt"], **frames)]}
    return body(["input"], input=given, webhook=URL, webhook_events_filter=filtered)


PREDICTION = record(
    id=TEXT,
    model=TEXT,
    version=TEXT,
    input=OBJECT,
    logs=TEXT,
    output=maybe(URL),
    error=maybe(TEXT),
    status=one_of(
        ("starting", "processing", "succeeded", "failed", "canceled", "aborted"),
    ),
    created_at=MOMENT,
    started_at=maybe(MOMENT),
    completed_at=maybe(MOMENT),
    metrics=OBJECT,
    urls=record(get=URL, cancel=URL),
)
LISTED = record(previous=NULL, next=NULL, results={"type": "array", "items": PREDICTION})
LISTING: JsonObject = {"operationId": "list", "summary": "List the newest predictions"}
KEPT = record(id=TEXT, urls=record(get=URL))
KEEPING: JsonObject = {
    "operationId": "upload",
    "summary": "Upload a file",
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": body(["content"], content={"type": "string", "format": "binary"})
            }
        },
    },
}


def problem(status: int) -> JsonObject:
    """An error as RFC 7807 words it."""
    return record(type=TEXT, title=TEXT, status={"const": status}, detail=TEXT, instance=TEXT)

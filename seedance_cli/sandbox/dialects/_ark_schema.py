"""The bodies of Ark's API as JSON Schema, for its OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.sandbox.dialects import _ark_fields as fields
from seedance_cli.sandbox.dialects._schema import FLAG, TEXT, URL, maybe, one_of, prompt, record

if TYPE_CHECKING:
    from seedance_cli.models import JsonObject, JsonValue
    from seedance_cli.sandbox.dialects._ark_fields import Family

_STATUSES = ("queued", "running", "succeeded", "failed", "cancelled", "expired")
_WHOLE: JsonObject = {"type": "integer"}

_TEXT_ITEM = record(type={"const": "text"}, text=prompt())


def _item(kind: str, role: str) -> JsonObject:
    return record(type={"const": kind}, **{kind: record(url=URL)}, role={"const": role})


def _sequence(*items: JsonObject) -> JsonObject:
    """An array of exactly these."""
    count = len(items)
    return {"type": "array", "prefixItems": [*items], "minItems": count, "maxItems": count}


_FRAMES = (_item("image_url", "first_frame"), _item("image_url", "last_frame"))
_CONTENTS = (
    _sequence(_TEXT_ITEM),
    _sequence(_TEXT_ITEM, record(type={"const": "image_url"}, image_url=record(url=URL))),
    _sequence(_TEXT_ITEM, _FRAMES[0]),
    _sequence(_TEXT_ITEM, *_FRAMES),
)
_REFERENCES = (
    _item("image_url", "reference_image"),
    _item("video_url", "reference_video"),
    _item("audio_url", "reference_audio"),
)


def _within(values: range) -> JsonObject:
    return {"type": "integer", "minimum": values[0], "maximum": values[-1]}


def branch(model: str, family: Family) -> JsonObject:
    """The body of a submit for one model. Unknown fields are ignored."""
    contents: list[JsonValue] = [*(_CONTENTS[:1] if family.task_types else _CONTENTS)]
    if family.references is not None:
        contents.append(_sequence(_TEXT_ITEM, *_REFERENCES))
    lengths: list[JsonValue] = [*family.durations, *([-1] if family.any_duration else [])]
    known: JsonObject = {
        "model": {"const": model},
        "content": {"anyOf": contents},
        "callback_url": URL,
        "return_last_frame": FLAG,
        "resolution": one_of(family.resolutions, family.resolution),
        "ratio": one_of(fields.RATIOS, "adaptive"),
        "duration": {"enum": lengths, "default": 5},
        "seed": _within(fields.SEEDS),
        "watermark": FLAG,
        "service_tier": one_of(("default", "flex") if family.flex else ("default",), "default"),
        "execution_expires_after": _within(fields.EXPIRY),
        "safety_identifier": {"type": "string", "maxLength": fields.LONGEST_IDENTIFIER},
        "generate_audio": FLAG if family.audio else False,
        "camera_fixed": FLAG if family.camera else False,
        "frames": {"enum": [*fields.FRAMES]} if family.frames else False,
        "priority": False if family.priority is False else _within(fields.PRIORITIES),
        "tools": {"const": [{"type": "web_search"}]} if family.tools else False,
        "output_format": one_of(("mp4", "mov")) if family.formats else False,
        "omni_reference_task_type": one_of(fields.TASK_TYPES) if family.task_types else False,
        # With 1.5 pro it goes with few other fields; the schema names the one that always goes.
        "draft": FLAG if family.task_types else {"const": False} if family.draft else False,
    }
    required: list[JsonValue] = ["model", "content"]
    return {"type": "object", "properties": known, "required": required}


TASK: JsonObject = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "model": TEXT,
        "status": one_of(_STATUSES),
        "error": maybe(record(code=TEXT, message=TEXT)),
        "content": maybe(
            {
                "type": "object",
                "properties": {"video_url": URL, "last_frame_url": URL},
                "required": ["video_url"],
                "additionalProperties": False,
            }
        ),
        "usage": maybe(record(completion_tokens=_WHOLE, total_tokens=_WHOLE)),
        "created_at": _WHOLE,
        "updated_at": _WHOLE,
        "seed": _WHOLE,
        "resolution": TEXT,
        "ratio": TEXT,
        "duration": _WHOLE,
        "frames": _WHOLE,
        "framespersecond": _WHOLE,
        "service_tier": TEXT,
        "execution_expires_after": _WHOLE,
        "priority": _WHOLE,
        "generate_audio": FLAG,
        "draft": FLAG,
    },
    "required": ["id", "model", "status", "error", "content", "usage", "created_at", "updated_at"],
    "additionalProperties": False,
}

_PAGE: JsonObject = {"type": "integer", "minimum": 1, "maximum": 500}
LISTING: JsonObject = {
    "operationId": "list",
    "summary": "List tasks",
    "parameters": [
        {"name": "page_num", "in": "query", "schema": _PAGE},
        {"name": "page_size", "in": "query", "schema": _PAGE},
        {"name": "filter.status", "in": "query", "schema": one_of(_STATUSES)},
        {
            "name": "filter.task_ids",
            "in": "query",
            "schema": {"type": "array", "items": TEXT},
            "style": "form",
            "explode": True,
        },
        {"name": "filter.model", "in": "query", "schema": TEXT},
        {"name": "filter.service_tier", "in": "query", "schema": TEXT},
    ],
}
LISTED: JsonObject = record(items={"type": "array", "items": TASK}, total=_WHOLE)

"""OpenRouter, API v1, from its page on videos, its SDK's documents and its page on errors.

Where they are silent the sandbox chooses:
- lengths are those of Ark for each model, resolutions 480p to 1080p; `GET /videos/models` says
  which; without them 5 s, 720p, 16:9; a `size` is one of those that follow from both, and goes
  with neither `resolution` nor `aspect_ratio`;
- a callback is https, or http to this machine; it comes once and is not signed;
- `polling_url` is relative; `unsigned_urls` holds the content endpoint, which asks for the key;
- `usage.cost` is an invented figure, 0.05 for each second, twice that at 1080p;
- an error's code is its HTTP status; a task or path that is not there is 404.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from seedance_cli.models import is_private
from seedance_cli.sandbox.dialects._base import (
    STRANGE_WORD,
    BuiltIn,
    Dialect,
    Job,
    Phase,
    choice,
    is_prompt,
    is_url,
)
from seedance_cli.sandbox.dialects._further import Further
from seedance_cli.sandbox.dialects._refusals import BAD_REQUEST, Refusal
from seedance_cli.sandbox.dialects._schema import (
    FLAG,
    HTTPS_URL,
    OBJECT,
    TEXT,
    URL,
    Schemas,
    array,
    body,
    one_of,
    prompt,
    record,
)
from seedance_cli.sandbox.video.render import size

if TYPE_CHECKING:
    from seedance_cli.models import JsonObject, JsonValue
    from seedance_cli.sandbox.dialects._base import View
    from seedance_cli.sandbox.dialects._further import FurtherRequest

_VIDEOS = "/videos"
_FAMILY = "bytedance/seedance-"
_MODELS = {
    f"{_FAMILY}2.0": range(4, 16),
    f"{_FAMILY}2.0-fast": range(4, 16),
    f"{_FAMILY}2.5": range(4, 31),
    f"{_FAMILY}1-5-pro": range(4, 13),
}
_RESOLUTIONS = ("480p", "720p", "1080p")
_RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9")
_SIZES = {
    "x".join(map(str, size(resolution, ratio))): (resolution, ratio)
    for resolution in _RESOLUTIONS
    for ratio in _RATIOS
}
_FRAMES = ("first_frame", "last_frame")
_KINDS = ("image_url", "video_url", "audio_url")
_PER_SECOND = Decimal("0.05")
_STATUSES = ("pending", "in_progress", "completed", "failed", "cancelled", "expired")
_WORDS = {
    Phase.QUEUED: "pending",
    Phase.RUNNING: "in_progress",
    Phase.SUCCEEDED: "completed",
    Phase.FAILED: "failed",
    Phase.CANCELLED: "cancelled",
    Phase.EXPIRED: "expired",
    Phase.STRANGE: STRANGE_WORD,
}
_ERRORS = (400, 401, 402, 403, 408, 429, 502, 503)
_EXAMPLE: JsonObject = {
    "model": "bytedance/seedance-2.0",
    "prompt": "A golden retriever on a beach",
    "duration": 5,
    "resolution": "720p",
    "aspect_ratio": "16:9",
}


class OpenRouter(Dialect):
    """`POST /videos`, `GET /videos/ID`, `GET /videos/ID/content`, `GET /videos/models`."""

    name = "openrouter"
    submit_path = _VIDEOS
    submit_status = 202
    read_path = f"{_VIDEOS}/{{task_id}}"
    video_path = f"{_VIDEOS}/{{task_id}}/content"
    phases = frozenset(Phase)
    errors = MappingProxyType({str(code): code for code in _ERRORS})
    documented = frozenset(_ERRORS)
    example: ClassVar[JsonObject] = _EXAMPLE
    built_in = (
        BuiltIn(
            task_id="job-abc123",
            job=Job(
                prompt="A golden retriever on a beach",
                model="bytedance/seedance-2.0",
                duration=5,
                resolution="720p",
                aspect_ratio="16:9",
            ),
            charge="0.25",
            created_at=datetime(2026, 3, 1, tzinfo=UTC),
        ),
    )

    def __init__(self) -> None:
        """Add the endpoint that lists the models."""
        self.further = (  # type: ignore[misc] # which holds a method of this object
            Further("GET", f"{_VIDEOS}/models", self._models, _MODELS_SCHEMA, _MODELS_OPERATION),
        )

    def new_id(self) -> str:
        """`job-` as in the page's example."""
        return f"job-{secrets.token_hex(12)}"

    def job(self, body: JsonObject) -> Job:
        """Model and prompt are required; every field that the page names is checked."""
        model = body.get("model")
        if not isinstance(model, str) or model not in _MODELS:
            raise _bad("model: there is no such video model")
        text = body.get("prompt")
        if not isinstance(text, str) or not is_prompt(text):
            raise _bad("prompt: a text is required")
        seconds = body.get("duration", 5)
        if isinstance(seconds, bool) or seconds not in _MODELS[model]:
            raise _bad(f"duration: {model} takes {', '.join(map(str, _MODELS[model]))}")
        if not isinstance(body.get("generate_audio", False), bool):
            raise _bad("generate_audio: must be a boolean")
        seed = body.get("seed", 0)
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise _bad("seed: must be an integer")
        if not isinstance(body.get("provider", {}), dict):
            raise _bad("provider: must be an object")
        resolution, ratio = _shape(body)
        frames = _items(body, "frame_images", ("image_url",))
        places = [_place(item) for item in frames]
        if len(set(places)) < len(places):
            raise _bad("frame_images: each place once")
        references = _items(body, "input_references", _KINDS)
        images = [_url(item) for item in (*frames, *references) if item["type"] == "image_url"]
        assert isinstance(seconds, int)
        return Job(
            prompt=text,
            model=model,
            duration=seconds,
            resolution=resolution,
            aspect_ratio=ratio,
            audio=body.get("generate_audio", False) is True,
            images=tuple(images),
            callback_url=_callback(body.get("callback_url")),
        )

    def charge(self, job: Job) -> Decimal:
        """An invented figure, in US dollars."""
        return _PER_SECOND * job.duration * (2 if job.resolution == "1080p" else 1)

    def accepted(self, view: View) -> JsonObject:
        """The id, where to ask, and the first word."""
        return {"id": view.task_id, "polling_url": self._polling_url(view), "status": "pending"}

    def read(self, view: View) -> JsonObject:
        """The task; what is not known yet is left out."""
        found: JsonObject = {
            "id": view.task_id,
            "polling_url": self._polling_url(view),
            "status": _WORDS[view.phase],
        }
        if view.video_url is not None:
            mark = "&" if "?" in view.video_url else "?"
            found["generation_id"] = f"gen-{view.task_id}"
            found["unsigned_urls"] = [f"{view.video_url}{mark}index=0"]
            found["usage"] = {"cost": float(view.charge), "is_byok": False}
        if view.reason is not None:
            found["error"] = view.reason.message
        return found

    def error(self, refusal: Refusal) -> JsonObject:
        """The status once more, and words."""
        return {"error": {"code": refusal.status, "message": refusal.message}}

    def schemas(self) -> Schemas:
        """A branch for each model, with resolution and ratio, and with a size."""
        branches: list[JsonValue] = [
            _branch(model, lengths, sized=sized)
            for model, lengths in _MODELS.items()
            for sized in (False, True)
        ]
        first: JsonObject = {"id": TEXT, "polling_url": TEXT, "status": one_of(_STATUSES)}
        task: JsonObject = {
            "type": "object",
            "properties": {
                **first,
                "generation_id": TEXT,
                "unsigned_urls": array(URL, 1, 1),
                "usage": record(cost={"type": "number"}, is_byok=FLAG),
                "error": TEXT,
            },
            "required": [*first],
            "additionalProperties": False,
        }
        return Schemas(
            submit={"anyOf": branches}, accepted=record(**first), task_id="/id", read=task
        )

    def error_schema(self, status: int) -> JsonObject:
        """The status once more, and words."""
        return record(error=record(code={"const": status}, message=TEXT))

    def _polling_url(self, view: View) -> str:
        return f"{self.base_path}{_VIDEOS}/{quote(view.task_id, safe='')}"

    def _models(self, request: FurtherRequest) -> JsonObject:
        """What each model takes."""
        del request
        return {
            "data": [
                {
                    "id": model,
                    "supported_durations": [*lengths],
                    "supported_resolutions": [*_RESOLUTIONS],
                    "supported_aspect_ratios": [*_RATIOS],
                    "supported_sizes": [*_SIZES],
                    "supported_frame_images": [*_FRAMES],
                    "pricing_skus": {"per-video-second": str(_PER_SECOND)},
                }
                for model, lengths in _MODELS.items()
            ]
        }


_MODELS_OPERATION: JsonObject = {"operationId": "models", "summary": "List the video models"}
_MODELS_SCHEMA: JsonObject = record(
    data=array(
        record(
            id=TEXT,
            supported_durations=array({"type": "integer"}, 1, None),
            supported_resolutions=array(TEXT, 1, None),
            supported_aspect_ratios=array(TEXT, 1, None),
            supported_sizes=array(TEXT, 1, None),
            supported_frame_images=array(TEXT, 1, None),
            pricing_skus=OBJECT,
        ),
        1,
        None,
    )
)


def _bad(message: str) -> Refusal:
    return Refusal(BAD_REQUEST, None, message)


def _shape(body: JsonObject) -> tuple[str, str]:
    """Resolution and ratio."""
    if "size" in body:
        found = body["size"]
        if not isinstance(found, str) or found not in _SIZES:
            raise _bad(f"size: must be one of {', '.join(_SIZES)}")
        if "resolution" in body or "aspect_ratio" in body:
            raise _bad("size: goes with neither resolution nor aspect_ratio")
        return _SIZES[found]
    resolution = choice(_RESOLUTIONS, body.get("resolution", "720p"))
    ratio = choice(_RATIOS, body.get("aspect_ratio", "16:9"))
    if resolution is None:
        raise _bad(f"resolution: must be one of {', '.join(_RESOLUTIONS)}")
    if ratio is None:
        raise _bad(f"aspect_ratio: must be one of {', '.join(_RATIOS)}")
    return resolution, ratio


def _items(body: JsonObject, field: str, kinds: tuple[str, ...]) -> list[JsonObject]:
    """The media in a list, each of one of these kinds, with its URL."""
    items = body.get(field, [])
    if not isinstance(items, list):
        raise _bad(f"{field}: must be an array")
    found: list[JsonObject] = []
    for item in items:
        if not isinstance(item, dict) or item.get("type") not in kinds or not is_url(_url(item)):
            raise _bad(f"{field}: must hold items of {', '.join(kinds)}, with an http(s) URL")
        found.append(item)
    return found


def _url(item: JsonObject) -> str:
    """The URL of an item; empty where it has none."""
    held = item.get(str(item.get("type")))
    url = held.get("url") if isinstance(held, dict) else None
    return url if isinstance(url, str) else ""


def _place(item: JsonObject) -> str:
    place = item.get("frame_type")
    if not isinstance(place, str) or place not in _FRAMES:
        raise _bad(f"frame_images: frame_type must be one of {', '.join(_FRAMES)}")
    return place


def _callback(url: JsonValue) -> str | None:
    if url is None:
        return None
    if not isinstance(url, str) or not is_url(url):
        raise _bad("callback_url: must be a URL")
    if not url.lower().startswith("https://") and not is_private(url):
        raise _bad("callback_url: must be https")
    return url


def _branch(model: str, lengths: range, *, sized: bool) -> JsonObject:
    def item(kind: str, **more: JsonValue) -> JsonObject:
        return record(type={"const": kind}, **{kind: record(url=URL)}, **more)

    frames: list[JsonValue] = [item("image_url", frame_type={"const": one}) for one in _FRAMES]
    kinds: list[JsonValue] = [item(kind) for kind in _KINDS]
    return body(
        ["model", "prompt", "size"] if sized else ["model", "prompt"],
        model={"const": model},
        prompt=prompt(),
        duration=one_of(lengths, 5),
        resolution=False if sized else one_of(_RESOLUTIONS, "720p"),
        aspect_ratio=False if sized else one_of(_RATIOS, "16:9"),
        size=one_of(_SIZES) if sized else False,
        generate_audio={**FLAG, "default": False},
        seed={"type": "integer"},
        callback_url=HTTPS_URL,
        frame_images={"type": "array", "prefixItems": frames, "maxItems": len(frames)},
        input_references=array({"oneOf": kinds}, 0, None),
        provider=OBJECT,
    )


DIALECT = OpenRouter()

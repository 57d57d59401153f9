"""api.defapi.org, from its own page (Korean edition).

Where the page is silent the sandbox chooses:
- every error is `{"code": 1, "message": …}`, also 402 and 429, which the page does not list;
- a task waits as `pending` and runs as `in_progress`, its `result` null and nothing consumed yet;
  one that failed is `failed`, its reason in `status_reason.message`;
- the field `consumed` has the page's form; the figure itself is invented: 0.1 for each second,
  which gives the example's `"0.500000"` for 5 s;
- there is no field for the resolution: the video is 720p.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from seedance_cli.sandbox.dialects._base import (
    STRANGE_WORD,
    BuiltIn,
    Dialect,
    Job,
    Phase,
    choice,
    is_prompt,
    is_url,
    length,
)
from seedance_cli.sandbox.dialects._refusals import BAD_REQUEST, Refusal
from seedance_cli.sandbox.dialects._schema import (
    MOMENT,
    TEXT,
    URL,
    Schemas,
    body,
    maybe,
    one_of,
    prompt,
    record,
)

if TYPE_CHECKING:
    from seedance_cli.models import JsonObject, JsonValue
    from seedance_cli.sandbox.dialects._base import View

_MAX_IMAGES = 9
_PER_SECOND = Decimal("0.1")

_WORDS = {
    Phase.QUEUED: "pending",
    Phase.RUNNING: "in_progress",
    Phase.SUCCEEDED: "success",
    Phase.FAILED: "failed",
    Phase.CANCELLED: "cancelled",
    Phase.STRANGE: STRANGE_WORD,
}

_DOCUMENTED = (Phase.QUEUED, Phase.RUNNING, Phase.SUCCEEDED, Phase.FAILED)

_BEACH = "A beautiful beach scene with waves gently lapping at the shore"


def _built_in(task_id: str) -> BuiltIn:
    return BuiltIn(
        task_id=task_id,
        job=Job(
            prompt=_BEACH,
            model="seedance-2.0",
            duration=5,
            resolution="720p",
            aspect_ratio="16:9",
        ),
        charge="0.500000",
        created_at=datetime(2025, 8, 3, 10, 22, 20, 10_000, tzinfo=UTC),
    )


class Defapi(Dialect):
    """`POST /api/video/seedance/gen`, `GET /api/task/query?task_id=ID`."""

    name = "defapi"
    submit_path = "/api/video/seedance/gen"
    read_path = "/api/task/query"
    built_in = (
        _built_in("ta823dfb-eaac-44fd-aec2-3e2c7ba8e071"),
        _built_in("ta12345678-1234-1234-1234-123456789abc"),
    )

    example: ClassVar[JsonObject] = {
        "model": "seedance-2.0",
        "content": [{"type": "text", "text": _BEACH}],
    }
    documented = frozenset({400, 401, 404, 500})

    def new_id(self) -> str:
        """`ta` and a UUID."""
        return f"ta{uuid.uuid4()}"

    def job(self, body: JsonObject) -> Job:
        """The page has one code for all that is wrong, so the message says what it is."""
        name = body.get("model", "seedance-2.0")
        if not isinstance(name, str) or not name:
            raise _bad("model must be a string")
        model = self.info.model(name)
        prompt, images = _content(body.get("content"))
        duration = length(model, body.get("duration", 5))
        if duration is None:
            raise _bad("duration must be 5, 10 or 15")
        ratio = choice(model.aspect_ratios, body.get("ratio", "16:9"))
        if ratio is None:
            raise _bad(f"ratio must be one of {', '.join(model.aspect_ratios)}")
        callback = body.get("callback_url")
        if callback is not None and not is_url(callback):
            raise _bad("callback_url must be an http(s) URL")
        return Job(
            prompt=prompt,
            model=name,
            duration=duration,
            resolution="720p",
            aspect_ratio=ratio,
            images=images,
            callback_url=callback if isinstance(callback, str) else None,
        )

    def charge(self, job: Job) -> Decimal:
        """An invented figure, in no unit (the page states none)."""
        return _PER_SECOND * job.duration

    def accepted(self, view: View) -> JsonObject:
        """The id, and nothing else."""
        return _envelope({"task_id": view.task_id})

    def read(self, view: View) -> JsonObject:
        """As in the page's example."""
        done = view.video_url is not None
        consumed = Decimal(view.charge) if done else Decimal(0)
        created = view.created_at
        return _envelope(
            {
                "task_id": view.task_id,
                "status": _WORDS[view.phase],
                "result": {"video": view.video_url} if done else None,
                "consumed": f"{consumed:.6f}",
                "status_reason": {"message": view.reason.message if view.reason else None},
                "created_at": f"{created:%Y-%m-%dT%H:%M:%S}.{created.microsecond // 1000:03d}Z",
            }
        )

    def error(self, refusal: Refusal) -> JsonObject:
        """The same `code` for every error."""
        return {"code": 1, "message": refusal.message}

    def schemas(self) -> Schemas:
        """From the page's tables and examples."""
        model = self.info.models[0]
        text = body(["type", "text"], type={"const": "text"}, text=prompt())
        image = body(
            ["type", "image_url"], type={"const": "image_url"}, image_url=body(["url"], url=URL)
        )
        content: JsonObject = {
            "type": "array",
            "items": {"oneOf": [text, image]},
            "contains": text,
            "maxItems": 1 + _MAX_IMAGES,
        }
        task = record(
            task_id=TEXT,
            status=one_of(word for phase, word in _WORDS.items() if phase in _DOCUMENTED),
            result=maybe(record(video=URL)),
            consumed={"type": "string", "pattern": "^[0-9]+[.][0-9]{6}$"},
            status_reason=record(message=maybe(TEXT)),
            created_at=MOMENT,
        )
        return Schemas(
            submit=body(
                ["content"],
                model={"type": "string", "minLength": 1, "default": model.id},
                content=content,
                duration=one_of(model.durations, 5),
                ratio=one_of(model.aspect_ratios, "16:9"),
                callback_url=URL,
            ),
            accepted=_enveloped(record(task_id=TEXT)),
            task_id="/data/task_id",
            read=_enveloped(task),
        )

    def error_schema(self, status: int) -> JsonObject:
        """The same for every status."""
        del status
        return record(code={"const": 1}, message=TEXT)


def _bad(message: str) -> Refusal:
    return Refusal(BAD_REQUEST, None, message)


def _content(value: JsonValue) -> tuple[str, tuple[str, ...]]:
    """The texts, joined, and the image URLs of `content`."""
    if not isinstance(value, list) or not value:
        raise _bad("content must be an array with a text item")
    texts: list[str] = []
    images: list[str] = []
    for item in value:
        kind = item.get("type") if isinstance(item, dict) else None
        if isinstance(item, dict) and kind == "text" and isinstance(text := item.get("text"), str):
            texts.append(text)
        elif isinstance(item, dict) and kind == "image_url":
            holder = item.get("image_url")
            url = holder.get("url") if isinstance(holder, dict) else None
            if not isinstance(url, str) or not is_url(url):
                raise _bad("an image_url item must hold an http(s) URL")
            images.append(url)
        else:
            raise _bad("each content item must be a text or an image_url item")
    prompt = "\n".join(texts)
    if not is_prompt(prompt):
        raise _bad("content has no text")
    if len(images) > _MAX_IMAGES:
        raise _bad(f"content may have at most {_MAX_IMAGES} images")
    return prompt, tuple(images)


def _envelope(data: JsonObject) -> JsonObject:
    return {"code": 0, "message": "ok", "data": data}


def _enveloped(data: JsonObject) -> JsonObject:
    return record(code={"const": 0}, message={"const": "ok"}, data=data)


DIALECT = Defapi()

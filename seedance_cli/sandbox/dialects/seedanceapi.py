"""seedanceapi.org, API v1, from its own page (Korean and Chinese editions).

Where the page is silent the sandbox chooses:
- errors come in the page's own envelope, `{"code": HTTP STATUS, "message": "CODE: words"}`; a cause
  without a documented symbolic code has only the words;
- a task that is not finished has `response: []`; one that failed is `FAILED` with HTTP 200, its
  reason in `error_message`, and `consumed_credits` 0;
- `request` repeats the four fields of the page's example, defaults filled in, and what was sent.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from seedance_cli.sandbox.dialects._base import (
    BAD_REQUEST,
    STRANGE_WORD,
    BuiltIn,
    Cause,
    Dialect,
    Job,
    Phase,
    Refusal,
    choice,
    is_prompt,
    is_url,
    length,
    urls,
)
from seedance_cli.sandbox.dialects._schema import (
    ANY_URL,
    MOMENT,
    TEXT,
    URL,
    Schemas,
    array,
    body,
    flag,
    maybe,
    one_of,
    prompt,
    record,
)

if TYPE_CHECKING:
    from seedance_cli.models import JsonObject, JsonValue
    from seedance_cli.sandbox.dialects._base import View

_MAX_PROMPT = 2000

_WORDS = {
    Phase.QUEUED: "IN_PROGRESS",
    Phase.RUNNING: "IN_PROGRESS",
    Phase.SUCCEEDED: "SUCCESS",
    Phase.FAILED: "FAILED",
    Phase.CANCELLED: "CANCELLED",
    Phase.STRANGE: STRANGE_WORD.upper(),
}

_DOCUMENTED = (Phase.RUNNING, Phase.SUCCEEDED, Phase.FAILED)

# The page's price table: resolution, seconds → credits without audio, with audio.
_CREDITS = {
    ("480p", 4): (8, 14),
    ("480p", 8): (14, 28),
    ("480p", 12): (19, 38),
    ("720p", 4): (14, 28),
    ("720p", 8): (28, 56),
    ("720p", 12): (42, 84),
}


class SeedanceApi(Dialect):
    """`POST /generate`, `GET /status?task_id=ID`."""

    name = "seedanceapi"
    submit_path = "/generate"
    read_path = "/status"
    codes = MappingProxyType(
        {
            Cause.NO_KEY: "INVALID_API_KEY",
            Cause.BAD_KEY: "INVALID_API_KEY",
            Cause.NO_CREDITS: "INSUFFICIENT_CREDITS",
            Cause.NO_TASK: "TASK_NOT_FOUND",
            Cause.SERVER_ERROR: "INTERNAL_ERROR",
        }
    )
    built_in = (
        BuiltIn(
            task_id="seed15abc123def456pro",
            job=Job(
                prompt="A majestic eagle soaring through golden sunset clouds",
                model=None,
                duration=8,
                resolution="720p",
                aspect_ratio="16:9",
                echo={
                    "prompt": "A majestic eagle soaring through golden sunset clouds",
                    "aspect_ratio": "16:9",
                    "resolution": "720p",
                    "duration": "8",
                },
            ),
            charge="28",
            created_at=datetime(2026, 2, 7, 10, 30, tzinfo=UTC),
        ),
    )

    example: ClassVar[JsonObject] = {
        "prompt": "A majestic eagle soaring through golden sunset clouds over ocean waves",
        "aspect_ratio": "16:9",
        "resolution": "720p",
        "duration": "8",
    }
    documented = frozenset({400, 401, 402, 404, 500})

    def new_id(self) -> str:
        """`seed15` and `pro` as in the page's example."""
        return f"seed15{secrets.token_hex(12)}pro"

    def job(self, body: JsonObject) -> Job:
        """The codes are the page's; a field of a wrong type without a code of its own has none."""
        model = self.info.models[0]
        prompt = body.get("prompt")
        if not isinstance(prompt, str) or not is_prompt(prompt):
            raise _bad("INVALID_PROMPT", "The prompt is missing or empty")
        if len(prompt) > _MAX_PROMPT:
            raise _bad("INVALID_PROMPT", f"The prompt has more than {_MAX_PROMPT} characters")
        ratio = choice(model.aspect_ratios, body.get("aspect_ratio", "1:1"))
        if ratio is None:
            raise _bad("INVALID_ASPECT_RATIO", "The aspect ratio is not supported")
        resolution = choice(model.resolutions, body.get("resolution", "720p"))
        if resolution is None:
            raise _bad("INVALID_RESOLUTION", "The resolution must be 480p or 720p")
        duration = length(model, body.get("duration", "8"))
        if duration is None:
            raise _bad("INVALID_DURATION", "The duration must be 4, 8 or 12 seconds")
        images = _images(body.get("image_urls", []))
        for switch in ("generate_audio", "fixed_lens"):
            if not isinstance(body.get(switch, False), bool):
                raise _bad(None, f"{switch} must be a boolean")
        callback = body.get("callback_url")
        if callback is not None and not is_url(callback):
            raise _bad(None, "callback_url must be an http(s) URL")
        echo: JsonObject = {
            "prompt": prompt,
            "aspect_ratio": ratio,
            "resolution": resolution,
            "duration": str(duration),
        }
        sent = ("generate_audio", "fixed_lens", "image_urls", "callback_url")
        echo.update({key: body[key] for key in sent if body.get(key) is not None})
        return Job(
            prompt=prompt,
            model=None,
            duration=duration,
            resolution=resolution,
            aspect_ratio=ratio,
            audio=body.get("generate_audio", False) is True,
            images=images,
            callback_url=callback if isinstance(callback, str) else None,
            echo=echo,
        )

    def charge(self, job: Job) -> Decimal:
        """Credits, from the page's price table."""
        return Decimal(_CREDITS[job.resolution, job.duration][job.audio])

    def accepted(self, view: View) -> JsonObject:
        """`IN_PROGRESS` from the start, as in the page's example."""
        return _envelope({"task_id": view.task_id, "status": "IN_PROGRESS"})

    def read(self, view: View) -> JsonObject:
        """As in the page's example, whatever the status."""
        done = view.video_url is not None
        return _envelope(
            {
                "task_id": view.task_id,
                "status": _WORDS[view.phase],
                "consumed_credits": 0 if view.phase is Phase.FAILED else int(view.charge),
                "created_at": f"{view.created_at:%Y-%m-%dT%H:%M:%SZ}",
                "request": view.job.echo,
                "response": [view.video_url] if done else [],
                "error_message": view.reason.message if view.reason else None,
            }
        )

    def error(self, refusal: Refusal) -> JsonObject:
        """The envelope without `data`."""
        words = refusal.message if refusal.code is None else f"{refusal.code}: {refusal.message}"
        return {"code": refusal.status, "message": words}

    def schemas(self) -> Schemas:
        """From the page's tables and examples."""
        model = self.info.models[0]
        durations = [str(seconds) for seconds in model.durations]
        words = one_of([_WORDS[phase] for phase in _DOCUMENTED])
        fields: JsonObject = {
            "prompt": prompt(_MAX_PROMPT),
            "aspect_ratio": one_of(model.aspect_ratios, "1:1"),
            "resolution": one_of(model.resolutions, "720p"),
            "duration": one_of(durations, "8"),
            "generate_audio": flag(default=False),
            "fixed_lens": flag(default=False),
            "image_urls": array(URL, 0, 1),
            "callback_url": URL,
        }
        task = record(
            task_id=TEXT,
            status=words,
            consumed_credits={"type": "integer", "minimum": 0},
            created_at=MOMENT,
            request=body(
                ["prompt", "aspect_ratio", "resolution", "duration"],
                **{**fields, "image_urls": array(ANY_URL, 0, 1), "callback_url": ANY_URL},
            ),
            response=array(URL, 0, 1),
            error_message=maybe(TEXT),
        )
        return Schemas(
            submit=body(["prompt"], **fields),
            accepted=_enveloped(record(task_id=TEXT, status={"const": "IN_PROGRESS"})),
            task_id="/data/task_id",
            read=_enveloped(task),
        )

    def error_schema(self, status: int) -> JsonObject:
        """The status once more, and words."""
        return record(code={"const": status}, message=TEXT)


def _bad(code: str | None, message: str) -> Refusal:
    return Refusal(BAD_REQUEST, code, message)


def _images(value: JsonValue) -> tuple[str, ...]:
    if isinstance(value, list) and len(value) > 1:
        raise _bad("TOO_MANY_IMAGES", "At most 1 image URL is allowed in image_urls")
    images = urls(value)
    if images is None:
        raise _bad(None, "image_urls must be an array of http(s) URLs")
    return images


def _envelope(data: JsonObject) -> JsonObject:
    return {"code": 200, "message": "success", "data": data}


def _enveloped(data: JsonObject) -> JsonObject:
    return record(code={"const": 200}, message={"const": "success"}, data=data)


DIALECT = SeedanceApi()

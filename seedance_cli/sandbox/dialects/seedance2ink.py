"""www.seedance2.ink, Open API v1, from its own page (Korean edition).

The error form, `unauthorized`, `processing`, `failed` and 1 to 5 https `mediaUrls` are from other
public pages of the same vendor. Where all of them are silent the sandbox chooses:
- the other error codes: `invalid_request`, `insufficient_credits`, `rate_limited`, `not_found`,
  `not_cancellable` (409), `internal_error`, …;
- a reason stands in `error` as an object with `code` and `message`;
- what is not sent: 5 s, 16:9, 720p; a read repeats those;
- `creditsCharged`: the page's example is 40 for seedance-2.0, 5 s, 720p. The rest is invented in
  proportion: by the second, half for 480p, double for 1080p, half for the other two models;
- the built-in task can be cancelled, as in the page's example, and still reads as succeeded.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from decimal import ROUND_UP, Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from seedance_cli.sandbox.dialects._base import (
    STRANGE_WORD,
    BuiltIn,
    Dialect,
    Job,
    Phase,
    choice,
    is_prompt,
    is_upload,
    is_url,
    length,
    urls,
)
from seedance_cli.sandbox.dialects._refusals import BAD_REQUEST, Cause, Refusal
from seedance_cli.sandbox.dialects._schema import (
    HTTPS_URL,
    OBJECT,
    TEXT,
    URL,
    Schemas,
    array,
    body,
    maybe,
    one_of,
    prompt,
    record,
)

if TYPE_CHECKING:
    from seedance_cli.models import JsonObject, JsonValue
    from seedance_cli.sandbox.dialects._base import View

_MAX_MEDIA = 5
_CREDITS_PER_SECOND = Decimal(8)
_BY_RESOLUTION = {"480p": Decimal("0.5"), "720p": Decimal(1), "1080p": Decimal(2)}
_DEAREST = "seedance-2.0"

_WORDS = {
    Phase.QUEUED: "queued",
    Phase.RUNNING: "processing",
    Phase.SUCCEEDED: "succeeded",
    Phase.FAILED: "failed",
    Phase.CANCELLED: "cancelled",
    Phase.STRANGE: STRANGE_WORD,
}

_DOCUMENTED = (Phase.QUEUED, Phase.RUNNING, Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED)


class Seedance2Ink(Dialect):
    """`POST …/generations`, `GET …/generations/ID`, `POST …/generations/ID/cancel`."""

    name = "seedance2ink"
    submit_path = "/api/open/v1/video/generations"
    read_path = "/api/open/v1/video/generations/{task_id}"
    cancel_path = "/api/open/v1/video/generations/{task_id}/cancel"
    codes = MappingProxyType(
        {
            Cause.BAD_JSON: "invalid_json",
            Cause.TOO_LARGE: "payload_too_large",
            Cause.NO_KEY: "unauthorized",
            Cause.BAD_KEY: "unauthorized",
            Cause.NO_CREDITS: "insufficient_credits",
            Cause.RATE_LIMITED: "rate_limited",
            Cause.SERVER_ERROR: "internal_error",
            Cause.NO_TASK: "not_found",
            Cause.NO_ROUTE: "not_found",
            Cause.BAD_METHOD: "method_not_allowed",
            Cause.NOT_CANCELLABLE: "not_cancellable",
            Cause.NO_SUCH_FAULT: "invalid_request",
        }
    )
    built_in = (
        BuiltIn(
            task_id="req_1234567890",
            job=Job(
                prompt="A river flowing through an autumn forest, aerial view, cinematic motion",
                model="seedance-2.0",
                duration=5,
                resolution="720p",
                aspect_ratio="16:9",
                callback_url="https://your-app.com/webhooks/seedance",
                metadata={"projectId": "proj_1001", "sceneId": "scene_08"},
            ),
            charge="40",
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        ),
    )

    example: ClassVar[JsonObject] = {
        "model": "seedance-2.0",
        "prompt": "A river flowing through an autumn forest, aerial view, cinematic motion",
        "aspectRatio": "16:9",
        "duration": 5,
        "resolution": "720p",
        "metadata": {"projectId": "proj_1001", "sceneId": "scene_08"},
    }

    def new_id(self) -> str:
        """`req_` as in the page's example."""
        return f"req_{secrets.token_hex(12)}"

    def job(self, body: JsonObject) -> Job:
        """Model and prompt are required."""
        name = body.get("model")
        known = {model.id for model in self.info.models}
        if not isinstance(name, str) or name not in known:
            raise _bad(f"model is required and must be one of {', '.join(sorted(known))}")
        model = self.info.model(name)
        prompt = body.get("prompt")
        if not isinstance(prompt, str) or not is_prompt(prompt):
            raise _bad("prompt is required")
        ratio = choice(model.aspect_ratios, body.get("aspectRatio", "16:9"))
        if ratio is None:
            raise _bad(f"aspectRatio must be one of {', '.join(model.aspect_ratios)}")
        duration = length(model, body.get("duration", 5))
        if duration is None:
            lengths = ", ".join(map(str, model.durations))
            raise _bad(f"duration of {name} must be one of {lengths}")
        resolution = choice(model.resolutions, body.get("resolution", "720p"))
        if resolution is None:
            raise _bad(f"resolution must be one of {', '.join(model.resolutions)}")
        callback = body.get("webhookUrl")
        if callback is not None and not is_url(callback):
            raise _bad("webhookUrl must be an http(s) URL")
        metadata = body.get("metadata")
        if metadata is not None and not isinstance(metadata, dict):
            raise _bad("metadata must be an object")
        return Job(
            prompt=prompt,
            model=name,
            duration=duration,
            resolution=resolution,
            aspect_ratio=ratio,
            images=_media(body["mediaUrls"]) if "mediaUrls" in body else (),
            callback_url=callback if isinstance(callback, str) else None,
            metadata=metadata or {},
        )

    def charge(self, job: Job) -> Decimal:
        """Credits: the page's one figure, and for everything else an invented one."""
        amount = _CREDITS_PER_SECOND * job.duration * _BY_RESOLUTION[job.resolution]
        if job.model != _DEAREST:
            amount /= 2
        return amount.to_integral_value(ROUND_UP)

    def accepted(self, view: View) -> JsonObject:
        """`queued` from the start, and what it is charged."""
        return {
            "success": True,
            "requestId": view.task_id,
            "status": "queued",
            "creditsCharged": int(view.charge),
        }

    def read(self, view: View) -> JsonObject:
        """`output` only where it succeeded, as the page says."""
        done = view.video_url is not None
        reason = view.reason
        return {
            "success": True,
            "requestId": view.task_id,
            "status": _WORDS[view.phase],
            "model": view.job.model,
            "prompt": view.job.prompt,
            "duration": view.job.duration,
            "aspectRatio": view.job.aspect_ratio,
            "output": {"type": "video", "url": view.video_url} if done else None,
            "error": {"code": reason.code, "message": reason.message} if reason else None,
        }

    def cancelled(self, view: View) -> JsonObject:
        """As in the page's example."""
        return {"success": True, "requestId": view.task_id, "status": "cancelled"}

    def error(self, refusal: Refusal) -> JsonObject:
        """With `success` false."""
        code = refusal.code or "invalid_request"
        return {"success": False, "error": {"code": code, "message": refusal.message}}

    def schemas(self) -> Schemas:
        """From the page's table and examples; which durations a model takes is a branch each."""
        first = self.info.models[0]
        fields: JsonObject = {
            "model": one_of(model.id for model in self.info.models),
            "prompt": prompt(),
            "aspectRatio": one_of(first.aspect_ratios),
            "duration": {"type": "integer"},
            "resolution": one_of(first.resolutions),
            "mediaUrls": array(HTTPS_URL, 1, _MAX_MEDIA),
            "webhookUrl": URL,
            "metadata": OBJECT,
        }
        branches: list[JsonValue] = []
        for model in self.info.models:
            limits: JsonObject = {"model": {"const": model.id}, "duration": one_of(model.durations)}
            branches.append(body(["model", "prompt"], **{**fields, **limits}))
        task = record(
            success={"const": True},
            requestId=TEXT,
            status=one_of(word for phase, word in _WORDS.items() if phase in _DOCUMENTED),
            model=fields["model"],
            prompt=TEXT,
            duration={"type": "integer"},
            aspectRatio=fields["aspectRatio"],
            output=maybe(record(type={"const": "video"}, url=URL)),
            error=maybe(record(code=TEXT, message=TEXT)),
        )
        return Schemas(
            submit={"oneOf": branches},
            accepted=record(
                success={"const": True},
                requestId=TEXT,
                status={"const": "queued"},
                creditsCharged={"type": "integer", "minimum": 1},
            ),
            task_id="/requestId",
            read=task,
            cancelled=record(
                success={"const": True}, requestId=TEXT, status={"const": "cancelled"}
            ),
        )

    def error_schema(self, status: int) -> JsonObject:
        """The codes are the sandbox's, but for `unauthorized`."""
        codes = {code for cause, code in self.codes.items() if cause.value[0] == status}
        if status == BAD_REQUEST:
            codes.add("invalid_request")
        return record(
            success={"const": False},
            error=record(code=one_of(sorted(codes)), message=TEXT),
        )


def _bad(message: str) -> Refusal:
    return Refusal(BAD_REQUEST, "invalid_request", message)


def _media(value: JsonValue) -> tuple[str, ...]:
    media = urls(value)
    if media is None or not 1 <= len(media) <= _MAX_MEDIA:
        raise _bad(f"mediaUrls must be an array of 1 to {_MAX_MEDIA} URLs")
    if not all(url.startswith("https://") or is_upload(url) for url in media):
        raise _bad("mediaUrls must be public HTTPS URLs")
    return media


DIALECT = Seedance2Ink()

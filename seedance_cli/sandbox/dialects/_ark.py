"""Ark, ByteDance's own API, as BytePlus ModelArk and Volcengine Ark serve it, from their pages.

What differs between the two is the models' ids. Where the pages are silent the sandbox chooses:
- an endpoint id (`ep-…`) is taken for Seedance 2.0;
- what is `adaptive` is 16:9; a duration of -1 is 5 s;
- the limits of a model's media are checked by their number only: nothing is fetched;
- a task that does not exist is 404 `ResourceNotFound`; a cancel of one that runs or was cancelled
  is 403 `OperationDenied.InvalidState`;
- `usage` counts width x height x 24 x seconds / 1024 of the video that is rendered;
- `type` in an error is the name of its HTTP status;
- a callback comes once, at the end, not at each change of the status.
"""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from seedance_cli.sandbox.dialects._ark_content import read_content
from seedance_cli.sandbox.dialects._ark_fields import (
    ENDPOINT,
    ENDPOINT_ID,
    FAMILIES,
    FieldRefusal,
    FieldsReader,
    bad,
    missing,
)
from seedance_cli.sandbox.dialects._ark_schema import LISTED, LISTING, TASK, branch
from seedance_cli.sandbox.dialects._base import STRANGE_WORD, BuiltIn, Dialect, Job, Phase, is_url
from seedance_cli.sandbox.dialects._further import Further
from seedance_cli.sandbox.dialects._refusals import Cause, Refusal
from seedance_cli.sandbox.dialects._schema import TEXT, Schemas, record
from seedance_cli.sandbox.video.render import size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.models import JsonObject, JsonValue
    from seedance_cli.sandbox.dialects._ark_fields import Family
    from seedance_cli.sandbox.dialects._base import View
    from seedance_cli.sandbox.dialects._further import FurtherRequest

_TASKS = "/contents/generations/tasks"
_WORDS = {
    Phase.QUEUED: "queued",
    Phase.RUNNING: "running",
    Phase.SUCCEEDED: "succeeded",
    Phase.FAILED: "failed",
    Phase.CANCELLED: "cancelled",
    Phase.EXPIRED: "expired",
    Phase.STRANGE: STRANGE_WORD,
}
_REASONS = {
    "generation_failed": "InternalServiceError",
    "content_moderated": "OutputVideoSensitiveContentDetected",
}
"""The sandbox's reasons of a failed task in the page's words."""
_FPS = 24
_FILTERS = {
    "filter.status": "status",
    "filter.task_ids": "id",
    "filter.model": "model",
    "filter.service_tier": "service_tier",
}
"""Of a listing: the parameter, and the field that it is about."""
_PAGE = re.compile(r"[1-9]\d{0,2}", re.ASCII)
_MOST = 500


class ArkDialect(Dialect):
    """`POST`, `GET`, `DELETE` below `/contents/generations/tasks`."""

    prefix: ClassVar[str]
    """Of the models' ids: `dreamina-seedance-`."""
    older_prefix: ClassVar[str]
    """The same of 1.x."""
    submit_path = _TASKS
    read_path = f"{_TASKS}/{{task_id}}"
    cancel_path = f"{_TASKS}/{{task_id}}"
    cancel_method = "DELETE"
    cancellable = frozenset({Phase.QUEUED})
    deletable = frozenset({Phase.SUCCEEDED, Phase.FAILED, Phase.EXPIRED})
    largest_body = 64 * 1024 * 1024
    phases = frozenset(Phase)
    codes = MappingProxyType(
        {
            Cause.BAD_JSON: "InvalidParameter",
            Cause.TOO_LARGE: "InvalidParameter",
            Cause.NO_KEY: "AuthenticationError",
            Cause.BAD_KEY: "AuthenticationError",
            Cause.NO_CREDITS: "AccountOverdueError",
            Cause.RATE_LIMITED: "RateLimitExceeded.EndpointRPMExceeded",
            Cause.SERVER_ERROR: "InternalServiceError",
            Cause.NO_TASK: "ResourceNotFound",
            Cause.NO_ROUTE: "ResourceNotFound",
            Cause.BAD_METHOD: "MethodNotAllowed",
            Cause.NOT_CANCELLABLE: "OperationDenied.InvalidState",
            Cause.NO_SUCH_FAULT: "InvalidParameter",
        }
    )
    statuses = MappingProxyType({Cause.NO_CREDITS: 403, Cause.NOT_CANCELLABLE: 403})
    errors = MappingProxyType(
        {
            **dict.fromkeys(
                (
                    "MissingParameter",
                    "InvalidParameter",
                    "SensitiveContentDetected",
                    "InputTextSensitiveContentDetected",
                    "InputImageSensitiveContentDetected",
                    "InputImageSensitiveContentDetected.PrivacyInformation",
                    "InputImageSensitiveContentDetected.PolicyViolation",
                    "OutputVideoSensitiveContentDetected",
                    "OutputAudioSensitiveContentDetected",
                    "AudioSensitiveContentDetected.PolicyViolation",
                ),
                400,
            ),
            "AuthenticationError": 401,
            **dict.fromkeys(("AccountOverdueError", "AccessDenied", "OperationDenied"), 403),
            **dict.fromkeys(("ModelNotOpen", "InvalidEndpointOrModel.NotFound"), 404),
            **dict.fromkeys(
                (
                    "RateLimitExceeded.EndpointRPMExceeded",
                    "RateLimitExceeded.EndpointTPMExceeded",
                    "QuotaExceeded",
                    "ModelAccountRpmRateLimitExceeded",
                    "ServerOverloaded",
                    "SetLimitExceeded",
                ),
                429,
            ),
            "InternalServiceError": 500,
        }
    )
    documented = frozenset({400, 401, 403, 404, 429, 500})

    def __init__(self) -> None:
        """Build in the one task, and the endpoint that lists tasks."""
        model = self._id("2-0-260128")
        self.models: dict[str, Family] = {self._id(end): one for end, one in FAMILIES.items()}
        self.example: JsonObject = {  # type: ignore[misc] # which differs by its model
            "model": model,
            "content": [{"type": "text", "text": "A lighthouse at dusk, aerial view"}],
            "resolution": "720p",
            "ratio": "16:9",
            "duration": 5,
            "watermark": False,
        }
        self.built_in = (  # type: ignore[misc] # as above
            BuiltIn(
                task_id=f"cgt-{self.name}-example",
                job=self.job(self.example),
                charge="108000",
                created_at=datetime.fromtimestamp(1_765_510_475, UTC),
            ),
        )
        self.further = (  # type: ignore[misc] # as above
            Further("GET", _TASKS, self._list, LISTED, LISTING),
        )

    def _id(self, end: str) -> str:
        return f"{self.older_prefix if end.startswith('1') else self.prefix}{end}"

    def new_id(self) -> str:
        """`cgt-` as in the pages."""
        return f"cgt-{secrets.token_hex(12)}"

    def job(self, body: JsonObject) -> Job:
        """Model and content are required; every field that the pages name is checked."""
        model = self._model(body.get("model"))
        family = self.models.get(model, ENDPOINT)
        if "content" not in body:
            raise missing("content")
        content = read_content(body["content"], family)
        fields = FieldsReader(body, family)
        resolution = fields.resolution()
        has_frame = bool(content.of("", "first_frame"))
        ratio = fields.ratio(must_adapt=family.task_types and has_frame)
        seconds, frames = fields.length()
        audio = fields.switch("generate_audio", family.audio, default=family.audio)
        echo = fields.rest(references=bool(content.of("reference_image")))
        callback = body.get("callback_url")
        if callback is not None and not is_url(callback):
            raise bad("callback_url", "must be an http(s) URL")
        length: JsonObject = {"duration": seconds} if frames is None else {"frames": frames}
        return Job(
            prompt=content.text,
            model=model,
            duration=seconds,
            resolution=resolution,
            aspect_ratio=ratio,
            audio=audio,
            images=content.images,
            last_frame_out=fields.switch("return_last_frame"),
            callback_url=callback if isinstance(callback, str) else None,
            echo={**echo, **length, **({"generate_audio": audio} if family.audio else {})},
        )

    def _model(self, name: JsonValue) -> str:
        if name is None or name == "":
            raise missing("model")
        if not isinstance(name, str):
            raise bad("model", "must be a string")
        if name in self.models or ENDPOINT_ID.fullmatch(name):
            return name
        code = "InvalidEndpointOrModel.NotFound"
        raise Refusal(404, code, f"The model or endpoint {name[:80]} does not exist")

    def charge(self, job: Job) -> Decimal:
        """Tokens."""
        width, height = size(job.resolution, job.aspect_ratio)
        return Decimal(width * height * _FPS * job.duration // 1024)

    def accepted(self, view: View) -> JsonObject:
        """The id, and nothing else."""
        return {"id": view.task_id}

    def read(self, view: View) -> JsonObject:
        """The task object of the pages."""
        job, reason = view.job, view.reason
        created = int(view.created_at.timestamp())
        done = view.video_url is not None
        content: JsonObject | None = None
        if done:
            frame: JsonObject = {}
            if view.last_frame_url is not None:
                frame = {"last_frame_url": view.last_frame_url}
            content = {"video_url": view.video_url, **frame}
        tokens = int(view.charge)
        error: JsonObject | None = None
        if reason is not None:
            code = _REASONS.get(reason.code or "", "InternalServiceError")
            error = {"code": code, "message": reason.message}
        return {
            "id": view.task_id,
            "model": job.model,
            "status": _WORDS[view.phase],
            "error": error,
            "content": content,
            "usage": {"completion_tokens": tokens, "total_tokens": tokens} if done else None,
            "created_at": created,
            "updated_at": created if view.ended_at is None else int(view.ended_at.timestamp()),
            "resolution": job.resolution,
            "ratio": job.aspect_ratio,
            "framespersecond": _FPS,
            **job.echo,
        }

    def cancelled(self, view: View) -> JsonObject:
        """An empty object, whether it cancelled the task or deleted its record."""
        del view
        return {}

    def error(self, refusal: Refusal) -> JsonObject:
        """`param` is empty where the error is about none."""
        kind = HTTPStatus(refusal.status).phrase.replace(" ", "")
        param = refusal.field if isinstance(refusal, FieldRefusal) else ""
        code = refusal.code or "InvalidParameter"
        found: JsonObject = {"code": code, "message": refusal.message}
        return {"error": {**found, "type": kind, "param": param}}

    def _list(self, request: FurtherRequest) -> JsonObject:
        """The tasks that the filters leave, a page of them."""
        query = request.query
        number, length = (_page_value(query, name) for name in ("page_num", "page_size"))
        wanted = {name: [v for key, v in query if key == name] for name in _FILTERS}
        items = [self.read(view) for view in request.views]
        for name, field in _FILTERS.items():
            if wanted[name]:
                items = [one for one in items if one.get(field) in wanted[name]]
        first = ((number or 1) - 1) * (length or 10)
        page: list[JsonValue] = [*items[first : first + (length or 10)]]
        return {"items": page, "total": len(items)}

    def schemas(self) -> Schemas:
        """A branch for each model."""
        branches: list[JsonValue] = [branch(*one) for one in self.models.items()]
        return Schemas(
            submit={"oneOf": branches},
            accepted=record(id=TEXT),
            task_id="/id",
            read=TASK,
            cancelled=record(),
        )

    def error_schema(self, status: int) -> JsonObject:
        """The code, the words, the kind and the field."""
        del status
        return record(error=record(code=TEXT, message=TEXT, type=TEXT, param=TEXT))


def _page_value(query: Sequence[tuple[str, str]], name: str) -> int | None:
    text = next((value for key, value in query if key == name), None)
    if text is None:
        return None
    if not _PAGE.fullmatch(text) or int(text) > _MOST:
        raise bad(name, "must be a whole number from 1 to 500")
    return int(text)

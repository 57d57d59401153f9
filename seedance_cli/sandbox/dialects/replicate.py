"""Replicate, HTTP API v1, from its pages and its Python client.

Where they are silent the sandbox chooses:
- only ByteDance's models of the pages are there; another one is 404;
- what an input may not be is 422; broken JSON is 400; no credits are 402, as RFC 7807 words it,
  with `about:blank` as type and `/` as instance; a cancel of what has ended is 409;
- 2.0 takes 480p to 4k and the ratios of 1.0 besides `adaptive`, which is 16:9; 1.5 is 720p; a
  duration of -1 is 5 s, and 0 is refused;
- a medium is an http(s) URL; nothing is fetched, and what was uploaded to `/files` is not kept;
- `GET /predictions` gives the newest tasks on one page, without a cursor;
- a callback comes once, at the end, whatever `webhook_events_filter` says;
- `metrics` holds `predict_time` alone; nothing is charged.
"""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from seedance_cli._named import NamedTuple
from seedance_cli.sandbox.dialects import _replicate_schema as schema
from seedance_cli.sandbox.dialects._base import (
    STRANGE_WORD,
    BuiltIn,
    Dialect,
    Job,
    Phase,
    is_prompt,
    is_url,
    whole,
)
from seedance_cli.sandbox.dialects._further import Further
from seedance_cli.sandbox.dialects._refusals import Cause, Refusal
from seedance_cli.sandbox.dialects._schema import Schemas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.models import JsonObject, JsonValue
    from seedance_cli.sandbox.dialects._base import View
    from seedance_cli.sandbox.dialects._further import FurtherRequest

_WORDS = {
    Phase.QUEUED: "starting",
    Phase.RUNNING: "processing",
    Phase.SUCCEEDED: "succeeded",
    Phase.FAILED: "failed",
    Phase.CANCELLED: "canceled",
    Phase.EXPIRED: "aborted",
    Phase.STRANGE: STRANGE_WORD,
}
_VERSIONS = {"2.0": "d456b64a", "2.0-fast": "90388a62", "1.5-pro": "78c1986f"}
_CONTENT = re.compile(rb"""^Content-Disposition: form-data; name="content"[;\r]""", re.MULTILINE)


class _Input(NamedTuple):
    """The input of a submit, and what its model takes."""

    model: schema.Model
    fields: JsonObject

    def whole(self, name: str, default: int, allowed: range) -> int:
        """A whole number."""
        value = whole(self.fields.get(name, default))
        if value is None or value not in allowed:
            raise _bad(name, f"must be a whole number from {allowed[0]} to {allowed[-1]}")
        return value

    def word(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        """One of the words."""
        value = self.fields.get(name, default)
        if not isinstance(value, str) or value not in allowed:
            raise _bad(name, f"must be one of {', '.join(allowed)}")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """A boolean."""
        value = self.fields.get(name, default)
        if not isinstance(value, bool):
            raise _bad(name, "must be a boolean")
        return value

    def url(self, name: str) -> tuple[str, ...]:
        """One URI, or none."""
        value = self.fields.get(name)
        if value is None:
            return ()
        if not isinstance(value, str) or not is_url(value):
            raise _bad(name, "must be a URI")
        return (value,)

    def urls(self, name: str, most: int) -> tuple[str, ...]:
        """URIs."""
        value = self.fields.get(name, [])
        if not isinstance(value, list) or len(value) > most:
            raise _bad(name, f"must be an array of at most {most} URIs")
        found = tuple(one for one in value if isinstance(one, str) and is_url(one))
        if len(found) < len(value):
            raise _bad(name, "must be URIs")
        return found


class Replicate(Dialect):
    """`POST /models/OWNER/NAME/predictions`, `GET /predictions/ID`, `POST …/ID/cancel`."""

    name = "replicate"
    submit_path = "/models/bytedance/seedance-2.0/predictions"
    read_path = "/predictions/{task_id}"
    cancel_path = "/predictions/{task_id}/cancel"
    submit_status = 201
    invalid_status = 422
    largest_body = 64 * 1024 * 1024
    phases = frozenset(Phase)
    statuses = MappingProxyType({Cause.NO_SUCH_FAULT: 400})
    example: ClassVar[JsonObject] = {
        "input": {"prompt": "A lighthouse at dusk, aerial view", "duration": 5}
    }

    def __init__(self) -> None:
        """Build in the one task, that of the example prediction, and the further endpoints."""
        self.built_in = (  # type: ignore[misc] # which needs the job
            BuiltIn(
                task_id="jza4d1rvm5rmw0cxv1vrtv5jjr",
                job=self.job(self.example),
                charge="0",
                created_at=datetime(2026, 1, 1, tzinfo=UTC),
            ),
        )
        self.further = (  # type: ignore[misc] # as above
            Further("GET", "/predictions", self._list, schema.LISTED, schema.LISTING),
            Further("POST", "/files", self._keep, schema.KEPT, schema.KEEPING),
        )

    @property
    def submit_paths(self) -> Mapping[str, str | None]:
        """A path a model."""
        return {f"/models/bytedance/{name}/predictions": name for name in schema.MODELS}

    def new_id(self) -> str:
        """26 letters and digits, as in the example prediction."""
        letters = "abcdefghijkmnpqrstuvwxyz0123456789"
        return "".join(secrets.choice(letters) for _ in range(26))

    def job(self, body: JsonObject) -> Job:
        """As for 2.0, which the page's example is about."""
        return self.job_at("seedance-2.0", {}, body)

    def job_at(self, model: str | None, query: Mapping[str, str], body: JsonObject) -> Job:
        """The options live inside `input`."""
        del query
        assert model is not None
        kind, fields = schema.MODELS[model], body.get("input")
        if not isinstance(fields, dict):
            raise _refused("input is required, and is an object")
        given = _Input(kind, fields)
        prompt = fields.get("prompt")
        if not isinstance(prompt, str) or not is_prompt(prompt):
            raise _bad("prompt", "is required")
        images = _media(given)
        seconds = given.whole("duration", 5, kind.durations)
        if seconds == 0:
            raise _bad("duration", "must be a length, or -1")
        resolution = "720p"
        if kind.resolutions:
            resolution = given.word("resolution", kind.resolution, kind.resolutions)
        ratio = given.word("aspect_ratio", "16:9", kind.ratios)
        given.whole("fps", schema.FPS, range(schema.FPS, schema.FPS + 1))
        given.flag("camera_fixed", default=False)
        if "seed" in fields:
            given.whole("seed", 0, range(-1, 2**63))
        return Job(
            prompt=prompt,
            model=f"bytedance/{model}",
            duration=5 if seconds == -1 else seconds,
            resolution=resolution,
            aspect_ratio="16:9" if ratio == "adaptive" else ratio,
            audio=kind.audio is not None and given.flag("generate_audio", default=kind.audio),
            images=images,
            callback_url=_webhook(body),
        )

    def charge(self, job: Job) -> Decimal:
        """No answer states one."""
        del job
        return Decimal(0)

    def accepted(self, view: View) -> JsonObject:
        """The prediction as it begins."""
        return self.read(view)

    def cancelled(self, view: View) -> JsonObject:
        """The prediction as it was left."""
        return self.read(view)

    def read(self, view: View) -> JsonObject:
        """The prediction as it stands."""
        job, reason = view.job, view.reason
        began = view.phase is not Phase.QUEUED
        took: JsonObject = {}
        if view.ended_at is not None:
            took = {"predict_time": (view.ended_at - view.created_at) / timedelta(seconds=1)}
        place = f"{view.origin}{self.base_path}/predictions/{view.task_id}"
        short = (job.model or "").removeprefix("bytedance/seedance-")
        return {
            "id": view.task_id,
            "model": job.model,
            "version": _VERSIONS.get(short, "hidden"),
            "input": job.body.get("input", {"prompt": job.prompt}),
            "logs": "",
            "output": view.video_url or None,
            "error": None if reason is None else reason.message,
            "status": _WORDS[view.phase],
            "created_at": _stamp(view.created_at),
            "started_at": _stamp(view.created_at) if began else None,
            "completed_at": None if view.ended_at is None else _stamp(view.ended_at),
            "metrics": took,
            "urls": {"get": place, "cancel": f"{place}/cancel"},
        }

    def error(self, refusal: Refusal) -> JsonObject:
        """RFC 7807."""
        return {
            "type": "about:blank",
            "title": HTTPStatus(refusal.status).phrase,
            "status": refusal.status,
            "detail": refusal.message,
            "instance": "/",
        }

    def _list(self, request: FurtherRequest) -> JsonObject:
        """The newest tasks."""
        results: list[JsonValue] = [self.read(view) for view in request.views]
        return {"previous": None, "next": None, "results": results}

    def _keep(self, request: FurtherRequest) -> JsonObject:
        """The URL of a file; its content is forgotten."""
        if not _CONTENT.search(request.body):
            raise _refused("content is required, as a part of a multipart form")
        name = sha256(request.body).hexdigest()[:26]
        return {
            "id": name,
            "urls": {"get": f"{request.origin}{self.base_path}/files/{name}"},
        }

    def schemas(self) -> Schemas:
        """One for each model."""
        return Schemas(
            submit=schema.submit(schema.MODELS["seedance-2.0"]),
            submits={
                f"/models/bytedance/{name}/predictions": schema.submit(model)
                for name, model in schema.MODELS.items()
            },
            accepted=schema.PREDICTION,
            task_id="/id",
            read=schema.PREDICTION,
            cancelled=schema.PREDICTION,
        )

    def error_schema(self, status: int) -> JsonObject:
        """RFC 7807."""
        return schema.problem(status)


def _media(given: _Input) -> tuple[str, ...]:
    """Every image. Frames exclude references, and sound needs an image or a video."""
    frames = (*given.url("image"), *given.url("last_frame_image"))
    if not given.model.references:
        return frames
    images = given.urls("reference_images", 9)
    videos, audios = given.urls("reference_videos", 3), given.urls("reference_audios", 3)
    if frames and (images or videos or audios):
        raise _refused("input: frames and references exclude one another")
    if audios and not (images or videos):
        raise _bad("reference_audios", "needs an image or a video")
    return (*frames, *images)


def _webhook(body: JsonObject) -> str | None:
    url = body.get("webhook")
    if url is not None and not is_url(url):
        raise _refused("webhook must be a URL")
    events = body.get("webhook_events_filter", [])
    if not isinstance(events, list) or not all(one in schema.EVENTS for one in events):
        raise _refused(f"webhook_events_filter must be some of {', '.join(schema.EVENTS)}")
    return url if isinstance(url, str) else None


def _bad(field: str, why: str) -> Refusal:
    return _refused(f"input.{field} {why}")


def _refused(message: str) -> Refusal:
    return Refusal(Replicate.invalid_status, None, message)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


DIALECT = Replicate()

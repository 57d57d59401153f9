"""fal.ai, queue API, from its pages and its clients.

Where they are silent the sandbox chooses:
- only the endpoints of the pages are there; 2.5 takes what 2.0 does; 1.0 takes 480p to 1080p and
  the ratios of 1.5;
- what a body may not be is 422, as FastAPI words it; broken JSON is 400, no credits are 403;
- `auto` is 5 s and 16:9; a medium is an http(s) URL or a `data:` URI, and nothing is fetched;
- `sandbox:fail` is told in the status (`error`, `error_type`) and by the result, which is 422;
  `sandbox:moderated` by the result alone; the result of a task that has not ended is 409;
- a cancelled task is COMPLETED with an error, and its result 422;
- `file_size` is 0, the seed 42 where none was sent; nothing is charged.

Files cannot be uploaded: that host is another one, `rest.fal.ai`.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from seedance_cli.models import NOTHING
from seedance_cli.sandbox.dialects import _fal_schema as schema
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
from seedance_cli.sandbox.dialects._refusals import BAD_REQUEST, Cause, Refusal
from seedance_cli.sandbox.dialects._schema import Schemas

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from seedance_cli.models import JsonObject, JsonValue
    from seedance_cli.sandbox.dialects._base import View

_REQUEST = "/{owner}/{app}/requests/{task_id}"
_WORDS = {
    Phase.QUEUED: "IN_QUEUE",
    Phase.RUNNING: "IN_PROGRESS",
    Phase.SUCCEEDED: "COMPLETED",
    Phase.FAILED: "COMPLETED",
    Phase.CANCELLED: "COMPLETED",
    Phase.STRANGE: STRANGE_WORD.upper(),
}
_POLICY = "content_policy_violation"
_TYPES = {"content_moderated": _POLICY}
_CANCELLED = ("request_cancelled", "The request was cancelled")
_INLINE = re.compile(r"data:[a-z]+/[a-z0-9.+-]+;base64,[A-Za-z0-9+/]+={0,2}", re.ASCII)
_NOT_YET = 409
_PARTS = 3
_USUAL = 5
"""Seconds, where the length is left to the model."""


class InputRefusal(Refusal):
    """What is wrong with a body, as FastAPI words it."""

    def __init__(self, place: Iterable[str], kind: str, message: str) -> None:
        """Describe the answer.

        Args:
            place: where in the request.
            kind: `missing`, `value_error`, or a code of the page.
            message: for people.
        """
        super().__init__(Fal.invalid_status, None, message, {"X-Fal-Error-Type": kind})
        self.kind = kind
        self.place: list[JsonValue] = [*place]


class Fal(Dialect):
    """`POST /ENDPOINT`, `GET`, `PUT` below `/OWNER/APP/requests/ID`."""

    name = "fal"
    submit_path = "/bytedance/seedance-2.0/text-to-video"
    read_path = f"{_REQUEST}/status"
    result_path = _REQUEST
    running_status = 202
    cancel_path = f"{_REQUEST}/cancel"
    cancel_method = "PUT"
    cancel_status = 202
    auth_scheme = "Key"
    invalid_status = 422
    largest_body = 64 * 1024 * 1024
    codes = MappingProxyType(
        {Cause.NOT_CANCELLABLE: "ALREADY_COMPLETED", Cause.NO_TASK: "NOT_FOUND"}
    )
    statuses = MappingProxyType({Cause.NOT_CANCELLABLE: BAD_REQUEST, Cause.NO_CREDITS: 403})
    errors = MappingProxyType({_POLICY: 422})
    documented = frozenset({400, 404, 422, 429, 502, 503, 504})
    example: ClassVar[JsonObject] = {
        "prompt": "A lighthouse at dusk, aerial view",
        "resolution": "720p",
        "duration": "5",
    }

    def __init__(self) -> None:
        """Build in the one task."""
        self.built_in = (  # type: ignore[misc] # which needs the job
            BuiltIn(
                task_id="bytedance/seedance-2.0/00000000-1111-4222-8333-444444444444",
                job=self.job(self.example),
                charge="0",
                created_at=datetime(2026, 1, 1, tzinfo=UTC),
            ),
        )

    @property
    def submit_paths(self) -> Mapping[str, str | None]:
        """A path an endpoint."""
        return {f"/{endpoint}": endpoint for endpoint in schema.ENDPOINTS}

    def refused(self, status: int, code: str) -> Refusal:
        """The one code of the page."""
        del status
        return InputRefusal(["body", "prompt"], code, f"{code}, as X-Sandbox-Fault asked for")

    def new_id(self) -> str:
        """A UUID."""
        return str(uuid.uuid4())

    def id_for(self, job: Job) -> str:
        """With owner and app before it, as a path has them."""
        place = self.place_of(job.model)
        return f"{place['owner']}/{place['app']}/{self.new_id()}"

    def place(self, task_id: str) -> Mapping[str, str]:
        """Owner, app and the request's id."""
        owner, app, request_id = task_id.split("/", _PARTS - 1)
        return {"owner": owner, "app": app, "task_id": request_id}

    def place_of(self, model: str | None) -> Mapping[str, str]:
        """The first two parts of the endpoint's id."""
        owner, app = (model or "/").split("/")[:2]
        return {"owner": owner, "app": app}

    def task_id(self, path: Mapping[str, str], query: Mapping[str, str]) -> str | None:
        """The three parts of the path."""
        del query
        return "/".join((path["owner"], path["app"], path["task_id"]))

    def job(self, body: JsonObject) -> Job:
        """As for the endpoint of the example."""
        return self.job_at(schema.ENDPOINTS[0], NOTHING, body)

    def job_at(self, model: str | None, query: Mapping[str, str], body: JsonObject) -> Job:
        """The body is the input; the callback stands in the query."""
        endpoint = model or schema.ENDPOINTS[0]
        name, _, kind = endpoint.rpartition("/")
        family, given = schema.FAMILIES[name], _Input(body)
        prompt = body.get("prompt")
        if not isinstance(prompt, str) or not is_prompt(prompt):
            raise _bad("prompt", "is required", "missing")
        ratio = given.word("aspect_ratio", family.ratios, family.ratio)
        seconds = given.word("duration", family.durations, family.duration)
        resolution = given.word("resolution", family.resolutions, family.resolution)
        audio = family.audio and given.flag("generate_audio", default=True)
        if family.bitrate:
            given.word("bitrate_mode", schema.BITRATES, schema.BITRATES[0])
        if family.camera:
            given.flag("camera_fixed", default=False)
            given.flag("enable_safety_checker", default=True)
            given.whole("num_frames", schema.FRAMES)
        seed = given.whole("seed", schema.SEEDS)
        webhook = query.get("fal_webhook")
        if webhook is not None and not is_url(webhook):
            raise InputRefusal(["query", "fal_webhook"], "value_error", "fal_webhook is no URL")
        return Job(
            prompt=prompt,
            model=endpoint,
            duration=_USUAL if seconds == "auto" else int(seconds),
            resolution=resolution,
            aspect_ratio="16:9" if ratio == "auto" else ratio,
            audio=audio,
            images=given.images(kind, last=family.last),
            callback_url=webhook,
            echo={"seed": 42 if seed is None else seed},
        )

    def charge(self, job: Job) -> Decimal:
        """No answer states one."""
        del job
        return Decimal(0)

    def accepted(self, view: View) -> JsonObject:
        """The request's id, and where to go on."""
        return self.read(view)

    def read(self, view: View) -> JsonObject:
        """The status."""
        request_id = self.place(view.task_id)["task_id"]
        place = view.origin + self.base_path + _REQUEST.format(**self.place(view.task_id))
        found: JsonObject = {
            "request_id": request_id,
            "response_url": place,
            "status_url": f"{place}/status",
            "cancel_url": f"{place}/cancel",
            "status": _WORDS[view.phase],
        }
        if view.phase is Phase.QUEUED:
            found["queue_position"] = 0
        failure = _failure(view)
        if failure is not None and failure[0] != _POLICY:
            found |= {"error_type": failure[0], "error": failure[1]}
        return found

    def result(self, view: View) -> JsonObject:
        """What came of it; of what failed, the error."""
        failure = _failure(view)
        if failure is not None:
            raise InputRefusal(["body", "prompt"], *failure)
        if view.video_url is None:
            raise Refusal(_NOT_YET, None, "Request is still in progress")
        name = self.place(view.task_id)["task_id"]
        video: JsonObject = {"url": view.video_url, "content_type": "video/mp4"}
        return {
            "video": {**video, "file_name": f"{name}.mp4", "file_size": 0},
            "seed": view.job.echo.get("seed", 42),
        }

    def callback(self, view: View) -> JsonObject:
        """`OK` with the result, or `ERROR`."""
        found: JsonObject = {"request_id": self.place(view.task_id)["task_id"]}
        try:
            return {**found, "status": "OK", "payload": self.result(view), "error": None}
        except Refusal as refusal:
            body = self.error(refusal)
            return {**found, "status": "ERROR", "payload": body, "error": refusal.message}

    def cancelled(self, view: View) -> JsonObject:
        """That it was asked for."""
        del view
        return {"status": "CANCELLATION_REQUESTED"}

    def error(self, refusal: Refusal) -> JsonObject:
        """A list of what is wrong with a body, or a text; of a cancel, a word."""
        if isinstance(refusal, InputRefusal):
            what: JsonObject = {"loc": refusal.place, "msg": refusal.message, "type": refusal.kind}
            return {"detail": [what]}
        word: JsonObject = {"status": refusal.code} if refusal.code else {}
        return {"detail": refusal.message, **word}

    def schemas(self) -> Schemas:
        """One for each endpoint."""
        return Schemas(
            submit=schema.submit(schema.ENDPOINTS[0]),
            submits={path: schema.submit(path[1:]) for path in self.submit_paths},
            accepted=schema.ACCEPTED,
            task_id="/request_id",
            read=schema.STATUS,
            result=schema.RESULT,
            cancelled=schema.CANCELLED,
        )

    def error_schema(self, status: int) -> JsonObject:
        """The same for all."""
        del status
        return schema.ERROR


class _Input:
    """The input of a submit."""

    def __init__(self, body: JsonObject) -> None:
        """Read that body."""
        self._body = body

    def word(self, name: str, allowed: Iterable[str], default: str) -> str:
        """One of the words; a number is none."""
        value, words = self._body.get(name, default), tuple(allowed)
        if not isinstance(value, str) or value not in words:
            raise _bad(name, f"must be one of {', '.join(words)}")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """A boolean."""
        value = self._body.get(name, default)
        if not isinstance(value, bool):
            raise _bad(name, "must be a boolean")
        return value

    def whole(self, name: str, allowed: range) -> int | None:
        """A whole number; None where it is not sent."""
        if name not in self._body:
            return None
        value = whole(self._body[name])
        if value is None or value not in allowed:
            raise _bad(name, "must be a whole number")
        return value

    def images(self, kind: str, *, last: bool) -> tuple[str, ...]:
        """Every image, for a kind of endpoint."""
        if kind == schema.IMAGE_TO_VIDEO:
            names = ("image_url", "end_image_url") if last else ("image_url",)
            if "image_url" not in self._body:
                raise _bad("image_url", "is required", "missing")
            return tuple(self._url(name, self._body[name]) for name in names if name in self._body)
        if kind != schema.REFERENCE_TO_VIDEO:
            return ()
        found = {name: self._urls(name, most) for name, most in schema.MOST.items()}
        if sum(map(len, found.values())) > schema.TOGETHER:
            raise InputRefusal(["body"], "value_error", f"at most {schema.TOGETHER} references")
        return found["image_urls"]

    def _urls(self, name: str, most: int) -> tuple[str, ...]:
        value = self._body.get(name, [])
        if not isinstance(value, list) or len(value) > most:
            raise _bad(name, f"must be an array of at most {most} URLs")
        return tuple(self._url(name, one) for one in value)

    def _url(self, name: str, value: JsonValue) -> str:
        if isinstance(value, str) and (is_url(value) or _INLINE.fullmatch(value)):
            return value
        raise _bad(name, "is no URL that can be fetched")


def _failure(view: View) -> tuple[str, str] | None:
    """Kind and words of a task that ended without a video."""
    if view.phase is Phase.CANCELLED:
        return _CANCELLED
    if view.reason is None:
        return None
    code = view.reason.code or ""
    return _TYPES.get(code, code), view.reason.message


def _bad(field: str, why: str, kind: str = "value_error") -> InputRefusal:
    return InputRefusal(["body", field], kind, f"{field} {why}")


DIALECT = Fal()

"""The envelope of seedanceapi.org, which both versions of its API share.

Where the pages are silent the sandbox chooses:
- errors come in the page's own envelope, `{"code": HTTP STATUS, "message": "CODE: words"}`; a cause
  without a documented symbolic code has only the words;
- a task that is not finished has `response: []`; one that failed is `FAILED` with HTTP 200, its
  reason in `error_message`, and `consumed_credits` 0.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from seedance_cli.sandbox.dialects._base import STRANGE_WORD, Dialect, Phase, is_url, urls
from seedance_cli.sandbox.dialects._refusals import BAD_REQUEST, Cause, Refusal
from seedance_cli.sandbox.dialects._schema import (
    MOMENT,
    TEXT,
    URL,
    Schemas,
    array,
    maybe,
    one_of,
    record,
)

if TYPE_CHECKING:
    from seedance_cli.models import JsonObject, JsonValue
    from seedance_cli.sandbox.dialects._base import View

MAX_PROMPT = 2000

_WORDS = {
    Phase.QUEUED: "IN_PROGRESS",
    Phase.RUNNING: "IN_PROGRESS",
    Phase.SUCCEEDED: "SUCCESS",
    Phase.FAILED: "FAILED",
    Phase.CANCELLED: "CANCELLED",
    Phase.STRANGE: STRANGE_WORD.upper(),
}

_DOCUMENTED = (Phase.RUNNING, Phase.SUCCEEDED, Phase.FAILED)


class Envelope(Dialect):
    """`POST /generate`, `GET /status?task_id=ID`."""

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
    errors = MappingProxyType(
        {
            "INVALID_PROMPT": 400,
            "INVALID_ASPECT_RATIO": 400,
            "INVALID_RESOLUTION": 400,
            "INVALID_DURATION": 400,
            "TOO_MANY_IMAGES": 400,
            "INVALID_API_KEY": 401,
            "INSUFFICIENT_CREDITS": 402,
            "TASK_NOT_FOUND": 404,
            "INTERNAL_ERROR": 500,
        }
    )
    documented = frozenset({400, 401, 402, 404, 500})

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

    def error_schema(self, status: int) -> JsonObject:
        """The status once more, and words."""
        return record(code={"const": status}, message=TEXT)


def enveloped(submit: JsonObject, request: JsonObject) -> Schemas:
    """All bodies.

    Args:
        submit: of a submit.
        request: what a read repeats of it.
    """
    task = record(
        task_id=TEXT,
        status=one_of([_WORDS[phase] for phase in _DOCUMENTED]),
        consumed_credits={"type": "integer", "minimum": 0},
        created_at=MOMENT,
        request=request,
        response=array(URL, 0, 1),
        error_message=maybe(TEXT),
    )
    return Schemas(
        submit=submit,
        accepted=_wrapped(record(task_id=TEXT, status={"const": "IN_PROGRESS"})),
        task_id="/data/task_id",
        read=_wrapped(task),
    )


def bad(code: str | None, message: str) -> Refusal:
    """A 400."""
    return Refusal(BAD_REQUEST, code, message)


def images(value: JsonValue, field: str, most: int) -> tuple[str, ...]:
    """The URLs of images, at most so many."""
    if isinstance(value, list) and len(value) > most:
        plural = "" if most == 1 else "s"
        raise bad("TOO_MANY_IMAGES", f"{field} takes at most {most} image URL{plural}")
    found = urls(value)
    if found is None:
        raise bad(None, f"{field} must be an array of http(s) URLs")
    return found


def callback(value: JsonValue) -> str | None:
    """The URL that is called when the task has ended."""
    if value is not None and not is_url(value):
        raise bad(None, "callback_url must be an http(s) URL")
    return value if isinstance(value, str) else None


def _envelope(data: JsonObject) -> JsonObject:
    return {"code": 200, "message": "success", "data": data}


def _wrapped(data: JsonObject) -> JsonObject:
    return record(code={"const": 200}, message={"const": "success"}, data=data)

"""kie.ai, from its market pages and the common task detail page.

Where the pages are silent the sandbox chooses:
- an error has the HTTP status that the code in its envelope is; a wrong request is 422;
- ratios are those of Seedance elsewhere, resolutions 480p to 4k, lengths of 2 and 2 fast 4 to 15 s;
  without them 16:9, 720p, and 5 s (8 s for 1.5 pro);
- any other model of the family is taken for 2;
- the last frame is a second URL in `resultUrls`;
- `param` is the request as a JSON string; before the end `resultJson` is empty and the times are 0.
"""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from seedance_cli._named import NamedTuple
from seedance_cli.sandbox.dialects._base import (
    STRANGE_WORD,
    BuiltIn,
    Dialect,
    Job,
    Phase,
    choice,
    is_prompt,
    is_url,
    urls,
)
from seedance_cli.sandbox.dialects._refusals import Cause, Refusal
from seedance_cli.sandbox.dialects._schema import (
    FLAG,
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

_JOBS = "/api/v1/jobs"
_FAMILY = "bytedance/seedance-"
_UNPROCESSABLE = 422
_RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9")
_RESOLUTIONS = ("480p", "720p", "1080p", "4k")
_MOST_INPUTS = 2
_FAILED = "501"
"""The page's code of a generation that failed."""
_WORDS = {
    Phase.QUEUED: "queuing",
    Phase.RUNNING: "generating",
    Phase.SUCCEEDED: "success",
    Phase.FAILED: "fail",
    Phase.CANCELLED: "cancelled",
    Phase.STRANGE: STRANGE_WORD,
}
_STATES = ("waiting", "queuing", "generating", "success", "fail")
_CODES = (401, 402, 404, 422, 429, 455, 500, 501, 505)


class _Family(NamedTuple):
    """What the input of a model has."""

    durations: tuple[int, ...]
    duration: int
    lists: tuple[str, ...]
    """Fields that are arrays of URLs."""
    frames: tuple[str, ...]
    """Fields that are one URL."""
    switches: tuple[str, ...]


_1_5 = _Family((4, 8, 12), 8, ("input_urls",), (), ("fixed_lens", "generate_audio"))
_2 = _Family(
    tuple(range(4, 16)),
    5,
    ("reference_image_urls", "reference_video_urls", "reference_audio_urls"),
    ("first_frame_url", "last_frame_url"),
    ("return_last_frame", "generate_audio", "web_search"),
)
_FAMILIES = {
    f"{_FAMILY}2": _2,
    f"{_FAMILY}2-fast": _2,
    f"{_FAMILY}1.5-pro": _1_5,
    f"{_FAMILY}1-5-pro": _1_5,  # as the address of its page spells it
}
_EXAMPLE: JsonObject = {
    "model": "bytedance/seedance-2",
    "input": {
        "prompt": "A serene beach at sunset, waves gently lapping at the shore",
        "aspect_ratio": "16:9",
        "resolution": "720p",
        "duration": 5,
        "generate_audio": False,
    },
}


class Kie(Dialect):
    """`POST /api/v1/jobs/createTask`, `GET /api/v1/jobs/recordInfo?taskId=ID`."""

    name = "kie"
    submit_path = f"{_JOBS}/createTask"
    read_path = f"{_JOBS}/recordInfo"
    id_parameter = "taskId"
    statuses = MappingProxyType(
        dict.fromkeys(
            (Cause.BAD_JSON, Cause.TOO_LARGE, Cause.NO_TASK_ID, Cause.NO_SUCH_FAULT),
            _UNPROCESSABLE,
        )
    )
    errors = MappingProxyType({str(code): code for code in _CODES})
    documented = frozenset(_CODES)
    example: ClassVar[JsonObject] = _EXAMPLE
    built_in = (
        BuiltIn(
            task_id="task_12345678",
            job=Job(
                prompt="A serene beach at sunset, waves gently lapping at the shore",
                model="bytedance/seedance-2",
                duration=5,
                resolution="720p",
                aspect_ratio="16:9",
                echo=_EXAMPLE,
            ),
            charge="0",
            created_at=datetime(2026, 3, 1, tzinfo=UTC),
        ),
    )

    def new_id(self) -> str:
        """`task_` as in the page's example."""
        return f"task_{secrets.token_hex(12)}"

    def job(self, body: JsonObject) -> Job:
        """Model and `input` are required, and in it the prompt."""
        model, family = _model(body.get("model"))
        options = body.get("input")
        if not isinstance(options, dict):
            raise _bad("input is required")
        text = options.get("prompt")
        if not isinstance(text, str) or not is_prompt(text):
            raise _bad("input.prompt is required")
        callback = body.get("callBackUrl")
        if callback is not None and not is_url(callback):
            raise _bad("callBackUrl must be an http(s) URL")
        for field in family.switches:
            if not isinstance(options.get(field, False), bool):
                raise _bad(f"input.{field} must be a boolean")
        known = (*_1_5.lists, *_2.lists, *_2.frames, *_1_5.switches, *_2.switches)
        own = {*family.lists, *family.frames, *family.switches}
        for field in known:
            if field in options and field not in own:
                raise _bad(f"input.{field} is no field of {model}")
        return Job(
            prompt=text,
            model=model,
            duration=_duration(options, family),
            resolution=_choice(options, "resolution", _RESOLUTIONS, "720p"),
            aspect_ratio=_choice(options, "aspect_ratio", _RATIOS, "16:9"),
            audio=options.get("generate_audio", False) is True,
            images=_images(options, family),
            last_frame_out=options.get("return_last_frame", False) is True,
            callback_url=callback if isinstance(callback, str) else None,
            echo=body,
        )

    def charge(self, job: Job) -> Decimal:
        """Nothing: the pages state no price, and no field for one."""
        del job
        return Decimal(0)

    def accepted(self, view: View) -> JsonObject:
        """The id, and nothing else."""
        return {"code": 200, "msg": "success", "data": {"taskId": view.task_id}}

    def read(self, view: View) -> JsonObject:
        """The task as the detail page has it."""
        found = [url for url in (view.video_url, view.last_frame_url) if url is not None]
        created = _milliseconds(view.created_at)
        ended = 0 if view.ended_at is None else _milliseconds(view.ended_at)
        data: JsonObject = {
            "taskId": view.task_id,
            "model": view.job.model,
            "state": _WORDS[view.phase],
            "param": json.dumps(view.job.echo),
            "resultJson": json.dumps({"resultUrls": found}) if view.video_url else "",
            "failCode": _FAILED if view.reason else None,
            "failMsg": view.reason.message if view.reason else None,
            "costTime": max(0, ended - created),
            "createTime": created,
            "completeTime": ended,
            "updateTime": ended or created,
        }
        return {"code": 200, "message": "success", "data": data}

    def error(self, refusal: Refusal) -> JsonObject:
        """The envelope without `data`."""
        return {"code": refusal.status, "msg": refusal.message}

    def schemas(self) -> Schemas:
        """A branch for each model."""
        branches: list[JsonValue] = [_branch(*one) for one in _FAMILIES.items()]
        whole: JsonObject = {"type": "integer", "minimum": 0}
        task = record(
            taskId=TEXT,
            model=TEXT,
            state=one_of(_STATES),
            param=TEXT,
            resultJson=TEXT,
            failCode=maybe(TEXT),
            failMsg=maybe(TEXT),
            costTime=whole,
            createTime=whole,
            completeTime=whole,
            updateTime=whole,
        )
        success: JsonObject = {"const": 200}
        return Schemas(
            submit={"oneOf": branches},
            accepted=record(code=success, msg=TEXT, data=record(taskId=TEXT)),
            task_id="/data/taskId",
            read=record(code=success, message=TEXT, data=task),
        )

    def error_schema(self, status: int) -> JsonObject:
        """The status once more, and words."""
        return record(code={"const": status}, msg=TEXT)


def _bad(message: str) -> Refusal:
    return Refusal(_UNPROCESSABLE, None, message)


def _model(name: JsonValue) -> tuple[str, _Family]:
    if not isinstance(name, str) or not name.startswith(_FAMILY):
        raise _bad("model is required, and must be one of the market's")
    return name, _FAMILIES.get(name, _2)


def _duration(options: JsonObject, family: _Family) -> int:
    value = options.get("duration", family.duration)
    if isinstance(value, bool) or not isinstance(value, int) or value not in family.durations:
        raise _bad(f"input.duration must be a number of {', '.join(map(str, family.durations))}")
    return value


def _choice(options: JsonObject, field: str, allowed: tuple[str, ...], default: str) -> str:
    found = choice(allowed, options.get(field, default))
    if found is None:
        raise _bad(f"input.{field} must be one of {', '.join(allowed)}")
    return found


def _images(options: JsonObject, family: _Family) -> tuple[str, ...]:
    """Frames and images, of all media that are there."""
    images: list[str] = []
    for field in family.frames:
        url = options.get(field)
        if url is not None and not is_url(url):
            raise _bad(f"input.{field} must be an http(s) URL")
        images += [url] if isinstance(url, str) else []
    for field in family.lists:
        found = urls(options.get(field, []))
        if found is None:
            raise _bad(f"input.{field} must be an array of http(s) URLs")
        if field == "input_urls" and len(found) > _MOST_INPUTS:
            raise _bad(f"input.{field} takes at most {_MOST_INPUTS}")
        images += found if field in {"input_urls", "reference_image_urls"} else ()
    return tuple(images)


def _milliseconds(when: datetime) -> int:
    return int(when.timestamp() * 1000)


def _branch(model: str, family: _Family) -> JsonObject:
    every = (*_1_5.lists, *_2.lists, *_2.frames, *_1_5.switches, *_2.switches)
    fields: JsonObject = dict.fromkeys(every, False)
    fields |= {field: array(URL, 0, None) for field in family.lists}
    if family is _1_5:
        fields["input_urls"] = array(URL, 0, _MOST_INPUTS)
    fields |= dict.fromkeys(family.frames, URL)
    fields |= dict.fromkeys(family.switches, FLAG)
    options = body(
        ["prompt"],
        prompt=prompt(),
        aspect_ratio=one_of(_RATIOS, "16:9"),
        resolution=one_of(_RESOLUTIONS, "720p"),
        duration=one_of(family.durations, family.duration),
        **fields,
    )
    return body(["model", "input"], model={"const": model}, callBackUrl=URL, input=options)


DIALECT = Kie()

"""runbase.net, API v1, from its own page (Korean edition).

The error form, its codes and `processing` are from other public pages of the same vendor; `id`,
`error` and `costUsd` are what clients of it read. Where all of them are silent the sandbox chooses:
- a submit answers 200 with the run as a read shows it, `pending` from the start;
- what is not sent: 8 s (5 s for 1 lite and 1 pro), 16:9, 720p, no audio;
- a model of the family that is not listed takes 1 to 30 s, and the rest as 1.5 pro; any other is
  `model_not_found`;
- a run that failed has its reason in `error`, an object like that of the error form;
- `costUsd` is an invented figure, a JSON number: 0.05 for each second, half for 480p, double for
  1080p, half as much again with audio; null as long as it has not succeeded;
- `rate-limit` answers `RATE_LIMITED` once, with `Retry-After: 1`, and accepts the same request when
  it comes again. The limit of 20 requests in 10 s is not enforced.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from decimal import Decimal
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
    length,
    urls,
)
from seedance_cli.sandbox.dialects._refusals import BAD_REQUEST, Cause, Refusal
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
    from seedance_cli.providers import ModelInfo
    from seedance_cli.sandbox.dialects._base import View

_FAMILY = "bytedance/seedance-"
_ANY_LENGTH = tuple(range(1, 31))
_USUAL = 8
"""Seconds, where nothing is said and the model takes it."""
_USD_PER_SECOND = Decimal("0.05")
_BY_RESOLUTION = {"480p": Decimal("0.5"), "720p": Decimal(1), "1080p": Decimal(2)}
_WITH_AUDIO = Decimal("1.5")

_WORDS = {
    Phase.QUEUED: "pending",
    Phase.RUNNING: "processing",
    Phase.SUCCEEDED: "succeeded",
    Phase.FAILED: "failed",
    Phase.CANCELLED: "cancelled",
    Phase.STRANGE: STRANGE_WORD,
}

_DOCUMENTED = (Phase.QUEUED, Phase.RUNNING, Phase.SUCCEEDED, Phase.FAILED)


class Runbase(Dialect):
    """`POST /runs`, `GET /runs/ID`."""

    name = "runbase"
    submit_path = "/runs"
    read_path = "/runs/{task_id}"
    codes = MappingProxyType(
        {
            Cause.BAD_JSON: "invalid_json",
            Cause.TOO_LARGE: "invalid_input",
            Cause.NO_KEY: "missing_api_key",
            Cause.BAD_KEY: "invalid_api_key",
            Cause.NO_CREDITS: "insufficient_balance",
            Cause.RATE_LIMITED: "RATE_LIMITED",
            Cause.USAGE_EXCEEDED: "USAGE_EXCEEDED",
            Cause.SPEND_LIMIT: "api_key_spend_limit_exceeded",
            Cause.IP_NOT_ALLOWED: "ip_not_allowed",
            Cause.SERVER_ERROR: "internal_error",
            Cause.NO_TASK: "run_not_found",
            Cause.NO_ROUTE: "not_found",
            Cause.BAD_METHOD: "method_not_allowed",
            Cause.NO_SUCH_FAULT: "invalid_input",
        }
    )
    retries_rate_limit = True
    built_in = (
        BuiltIn(
            task_id="RUN_ID",
            job=Job(
                prompt="A cinematic product photo of a ceramic lamp",
                model="bytedance/seedance-1.5-pro",
                duration=8,
                resolution="720p",
                aspect_ratio="16:9",
            ),
            charge="0.40",
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        ),
    )

    example: ClassVar[JsonObject] = {
        "model": "bytedance/seedance-1.5-pro",
        "input": {"prompt": "A cinematic product photo of a ceramic lamp"},
    }
    documented = frozenset({400, 401, 402, 403, 404, 429, 500})

    def new_id(self) -> str:
        """`run_`: the page shows no id."""
        return f"run_{secrets.token_hex(12)}"

    def job(self, body: JsonObject) -> Job:
        """The options live inside `input`."""
        model, options = self._model(body.get("model")), _input(body.get("input"))
        prompt = options.get("prompt")
        if not isinstance(prompt, str) or not is_prompt(prompt):
            raise _bad("input.prompt is required")
        ratios = model.aspect_ratios or self.info.models[0].aspect_ratios
        ratio = choice(ratios, options.get("aspect_ratio", "16:9"))
        if ratio is None:
            raise _bad(f"input.aspect_ratio must be one of {', '.join(ratios)}")
        resolution = choice(model.resolutions, options.get("resolution", "720p"))
        if resolution is None:
            raise _bad(f"input.resolution must be one of {', '.join(model.resolutions)}")
        usual = _USUAL if _USUAL in model.durations else model.durations[0]
        duration = length(model, options.get("duration", str(usual)))
        if duration is None:
            lengths = ", ".join(f'"{one}"' for one in model.durations)
            raise _bad(f"input.duration must be one of {lengths}")
        audio = options.get("generate_audio", False)
        if not isinstance(audio, bool):
            raise _bad("input.generate_audio must be a boolean")
        images = urls(options.get("image_urls", []))
        if images is None:
            raise _bad("input.image_urls must be an array of http(s) URLs")
        return Job(
            prompt=prompt,
            model=model.id,
            duration=duration,
            resolution=resolution,
            aspect_ratio=ratio,
            audio=audio,
            images=images,
        )

    def _model(self, name: JsonValue) -> ModelInfo:
        if name is None or name == "":
            raise Refusal(BAD_REQUEST, "missing_model", "model is required")
        listed = next((model for model in self.info.models if model.id == name), None)
        if listed is not None:
            return listed
        if isinstance(name, str) and name.startswith(_FAMILY):
            return self.info.models[0]._replace(id=name, durations=_ANY_LENGTH)
        raise Refusal(BAD_REQUEST, "model_not_found", "There is no such model")

    def charge(self, job: Job) -> Decimal:
        """An invented figure, in US dollars."""
        amount = _USD_PER_SECOND * job.duration * _BY_RESOLUTION[job.resolution]
        return amount * _WITH_AUDIO if job.audio else amount

    def accepted(self, view: View) -> JsonObject:
        """The run as it begins."""
        return _run(view, "pending")

    def read(self, view: View) -> JsonObject:
        """The run as it stands."""
        return _run(view, _WORDS[view.phase])

    def error(self, refusal: Refusal) -> JsonObject:
        """`code` beside the words."""
        return {"error": {"message": refusal.message, "code": refusal.code or "invalid_input"}}

    def schemas(self) -> Schemas:
        """From the page's tables; the run itself as clients of it read it."""
        branches: list[JsonValue] = []
        for model in self.info.models:
            fields: JsonObject = {"prompt": prompt(), "resolution": one_of(model.resolutions)}
            if model.aspect_ratios:
                fields["aspect_ratio"] = one_of(model.aspect_ratios)
            if self.info.takes("audio", model):
                fields["generate_audio"] = FLAG
            fields["duration"] = one_of(str(seconds) for seconds in model.durations)
            fields["image_urls"] = array(URL, 0, None)
            options = body(["prompt"], **fields)
            branches.append(body(["model", "input"], model={"const": model.id}, input=options))
        run = record(
            id=TEXT,
            model=TEXT,
            status=one_of(word for phase, word in _WORDS.items() if phase in _DOCUMENTED),
            output=maybe(record(urls=array(URL, 1, 1))),
            error=maybe(record(message=TEXT, code=TEXT)),
            costUsd=maybe({"type": "number", "exclusiveMinimum": 0}),
        )
        return Schemas(
            submit={"oneOf": branches},
            accepted=run,
            task_id="/id",
            read=run,
        )

    def error_schema(self, status: int) -> JsonObject:
        """The codes of that status."""
        codes = {code for cause, code in self.codes.items() if cause.value[0] == status}
        if status == BAD_REQUEST:
            codes |= {"missing_model", "missing_input", "model_not_found", "invalid_input"}
        return record(error=record(message=TEXT, code=one_of(sorted(codes))))


def _run(view: View, status: str) -> JsonObject:
    done = view.video_url is not None
    reason = view.reason
    return {
        "id": view.task_id,
        "model": view.job.model,
        "status": status,
        "output": {"urls": [view.video_url]} if done else None,
        "error": {"message": reason.message, "code": reason.code} if reason else None,
        "costUsd": float(view.charge) if done else None,
    }


def _input(value: JsonValue) -> JsonObject:
    if value is None:
        raise Refusal(BAD_REQUEST, "missing_input", "input is required")
    if not isinstance(value, dict):
        raise _bad("input must be an object")
    return value


def _bad(message: str) -> Refusal:
    return Refusal(BAD_REQUEST, "invalid_input", message)


DIALECT = Runbase()

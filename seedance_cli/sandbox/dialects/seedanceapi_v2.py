"""seedanceapi.org, API v2, from its own pages.

Where the pages are silent the sandbox chooses:
- what `_seedanceapi` says of the envelope, and the codes of v1, which is the same vendor's;
- `duration` is a JSON number, as the page types it; text is refused;
- a ratio beside images or videos, which the page has for text alone, is refused, and so is a field
  that only mini has; without `resolution` mini makes 720p, and the other two always do;
- `request` repeats what was sent, with the defaults of model, duration and ratio.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, ClassVar

from seedance_cli.sandbox.dialects._base import BuiltIn, Job, choice, is_prompt, urls
from seedance_cli.sandbox.dialects._schema import (
    ANY_URL,
    URL,
    Schemas,
    array,
    body,
    one_of,
    prompt,
)
from seedance_cli.sandbox.dialects._seedanceapi import (
    MAX_PROMPT,
    Envelope,
    bad,
    callback,
    enveloped,
    images,
)

if TYPE_CHECKING:
    from seedance_cli.models import JsonObject, JsonValue
    from seedance_cli.providers import ModelInfo

_DEFAULT = "seedance-2.0"
_MINI = "seedance-2-mini"
_MOST_IMAGES = 4
_RATIO = "16:9"
_RESOLUTION = "720p"
# The page's list: model, seconds → credits; resolution → credits for a second of mini, without
# and with a reference video.
_CREDITS = {
    ("seedance-2.0", 5): 240,
    ("seedance-2.0", 10): 480,
    ("seedance-2.0", 15): 720,
    ("seedance-2.0-fast", 5): 160,
    ("seedance-2.0-fast", 10): 320,
    ("seedance-2.0-fast", 15): 480,
}
_PER_SECOND = {
    "480p": (Decimal("14.25"), Decimal(9)),
    "720p": (Decimal("30.75"), Decimal("18.75")),
}


class SeedanceApiV2(Envelope):
    """The three models of 2.0."""

    name = "seedanceapi-v2"
    example: ClassVar[JsonObject] = {
        "prompt": "A majestic eagle soaring through golden sunset clouds",
        "model": "seedance-2.0",
        "duration": 5,
        "aspect_ratio": "16:9",
    }
    built_in = (
        BuiltIn(
            task_id="seed20abc123def456",
            job=Job(
                prompt="A majestic eagle soaring through golden sunset clouds",
                model="seedance-2.0",
                duration=5,
                resolution=_RESOLUTION,
                aspect_ratio=_RATIO,
                echo=example,
            ),
            charge="240",
            created_at=datetime(2026, 3, 1, 10, 30, tzinfo=UTC),
        ),
    )

    def new_id(self) -> str:
        """`seed20`: the pages show no id of v2."""
        return f"seed20{secrets.token_hex(12)}"

    def job(self, body: JsonObject) -> Job:
        """What only mini has is refused for the others."""
        model = self._model(body.get("model", _DEFAULT))
        text = body.get("prompt")
        if not isinstance(text, str) or not is_prompt(text):
            raise bad("INVALID_PROMPT", "The prompt is missing or empty")
        if len(text) > MAX_PROMPT:
            raise bad("INVALID_PROMPT", f"The prompt has more than {MAX_PROMPT} characters")
        seconds = body.get("duration", 5)
        if isinstance(seconds, bool) or not isinstance(seconds, int):
            raise bad("INVALID_DURATION", "duration must be an integer")
        if seconds not in model.durations:
            lengths = ", ".join(map(str, model.durations))
            raise bad("INVALID_DURATION", f"{model.id} takes {lengths} seconds")
        pictures = _media(body, "images")
        clips = _media(body, "reference_video_urls")
        if clips and model.id != _MINI:
            raise bad(None, f"reference_video_urls is for {_MINI} only")
        ratio = choice(model.aspect_ratios, body.get("aspect_ratio", _RATIO))
        if ratio is None or ((pictures or clips) and "aspect_ratio" in body):
            raise bad("INVALID_ASPECT_RATIO", "The aspect ratio is not supported")
        resolution = choice(model.resolutions, body.get("resolution", _RESOLUTION))
        if resolution is None and (model.id == _MINI or "resolution" in body):
            raise bad("INVALID_RESOLUTION", f"resolution is 480p or 720p, for {_MINI} only")
        if not isinstance(body.get("public", False), bool):
            raise bad(None, "public must be a boolean")
        callback_url = callback(body.get("callback_url"))
        echo: JsonObject = {"prompt": text, "model": model.id, "duration": seconds}
        sent = ("aspect_ratio", "images", "reference_video_urls", "resolution", "callback_url")
        echo |= {} if pictures or clips else {"aspect_ratio": ratio}
        echo |= {key: body[key] for key in (*sent, "public") if key in body}
        return Job(
            prompt=text,
            model=model.id,
            duration=seconds,
            resolution=resolution or _RESOLUTION,
            aspect_ratio=ratio,
            images=pictures,
            callback_url=callback_url,
            echo=echo,
        )

    def _model(self, name: JsonValue) -> ModelInfo:
        for model in self.info.models:
            if model.id == name:
                return model
        raise bad(None, f"model must be one of {', '.join(one.id for one in self.info.models)}")

    def charge(self, job: Job) -> Decimal:
        """Credits, from the page's list."""
        listed = _CREDITS.get((job.model or "", job.duration))
        if listed is not None:
            return Decimal(listed)
        rate = _PER_SECOND[job.resolution][bool(job.echo.get("reference_video_urls"))]
        return (rate * job.duration).quantize(Decimal(1), ROUND_CEILING)

    def schemas(self) -> Schemas:
        """A branch for each model and what it starts from: text, images, for mini videos."""
        branches: list[JsonValue] = [
            _branch(model, media)
            for model in self.info.models
            for media in (None, "images", "reference_video_urls")
            if model.id == _MINI or media != "reference_video_urls"
        ]
        request = body(
            ["prompt", "model", "duration"],
            prompt=prompt(MAX_PROMPT),
            model=one_of([model.id for model in self.info.models]),
            duration={"type": "integer"},
            images=array(ANY_URL, 0, _MOST_IMAGES),
            callback_url=ANY_URL,
        )
        return enveloped({"anyOf": branches}, request)


def _media(body: JsonObject, field: str) -> tuple[str, ...]:
    """URLs, at least one where the field is there."""
    if field not in body:
        return ()
    value = body[field]
    found = images(value, field, _MOST_IMAGES) if field == "images" else urls(value)
    if not found:
        raise bad(None, f"{field} must be an array of http(s) URLs, with one at least")
    return found


def _branch(model: ModelInfo, media: str | None) -> JsonObject:
    mini = model.id == _MINI
    required = ["prompt"] if model.id == _DEFAULT else ["prompt", "model"]
    return body(
        required if media is None else [*required, media],
        prompt=prompt(MAX_PROMPT),
        model={"const": model.id, **({"default": _DEFAULT} if model.id == _DEFAULT else {})},
        duration=one_of(model.durations, 5),
        aspect_ratio=False if media else one_of(model.aspect_ratios, _RATIO),
        images=array(URL, 1, _MOST_IMAGES) if media == "images" else False,
        reference_video_urls=array(URL, 1, None) if media and mini else False,
        resolution=one_of(model.resolutions) if mini else False,
        callback_url=URL,
        public={"type": "boolean"},
    )


DIALECT = SeedanceApiV2()

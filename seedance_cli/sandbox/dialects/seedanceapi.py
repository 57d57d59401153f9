"""seedanceapi.org, API v1, from its own page (Korean and Chinese editions).

Where the page is silent the sandbox chooses:
- what `_seedanceapi` says of the envelope;
- `request` repeats the four fields of the page's example, defaults filled in, and what was sent.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from seedance_cli.sandbox.dialects._base import (
    BuiltIn,
    Job,
    choice,
    is_prompt,
    length,
)
from seedance_cli.sandbox.dialects._schema import (
    ANY_URL,
    URL,
    Schemas,
    array,
    body,
    flag,
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
    from seedance_cli.models import JsonObject

# The page's price table: resolution, seconds → credits without audio, with audio.
_CREDITS = {
    ("480p", 4): (8, 14),
    ("480p", 8): (14, 28),
    ("480p", 12): (19, 38),
    ("720p", 4): (14, 28),
    ("720p", 8): (28, 56),
    ("720p", 12): (42, 84),
}


class SeedanceApi(Envelope):
    """`POST /generate`, `GET /status?task_id=ID`."""

    name = "seedanceapi"
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

    def new_id(self) -> str:
        """`seed15` and `pro` as in the page's example."""
        return f"seed15{secrets.token_hex(12)}pro"

    def job(self, body: JsonObject) -> Job:
        """The codes are the page's; a field of a wrong type without a code of its own has none."""
        model = self.info.models[0]
        prompt = body.get("prompt")
        if not isinstance(prompt, str) or not is_prompt(prompt):
            raise bad("INVALID_PROMPT", "The prompt is missing or empty")
        if len(prompt) > MAX_PROMPT:
            raise bad("INVALID_PROMPT", f"The prompt has more than {MAX_PROMPT} characters")
        ratio = choice(model.aspect_ratios, body.get("aspect_ratio", "1:1"))
        if ratio is None:
            raise bad("INVALID_ASPECT_RATIO", "The aspect ratio is not supported")
        resolution = choice(model.resolutions, body.get("resolution", "720p"))
        if resolution is None:
            raise bad("INVALID_RESOLUTION", "The resolution must be 480p or 720p")
        duration = length(model, body.get("duration", "8"))
        if duration is None:
            raise bad("INVALID_DURATION", "The duration must be 4, 8 or 12 seconds")
        pictures = images(body.get("image_urls", []), "image_urls", 1)
        for switch in ("generate_audio", "fixed_lens"):
            if not isinstance(body.get(switch, False), bool):
                raise bad(None, f"{switch} must be a boolean")
        callback_url = callback(body.get("callback_url"))
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
            images=pictures,
            callback_url=callback_url,
            echo=echo,
        )

    def charge(self, job: Job) -> Decimal:
        """Credits, from the page's price table."""
        return Decimal(_CREDITS[job.resolution, job.duration][job.audio])

    def schemas(self) -> Schemas:
        """From the page's tables and examples."""
        model = self.info.models[0]
        durations = [str(seconds) for seconds in model.durations]
        fields: JsonObject = {
            "prompt": prompt(MAX_PROMPT),
            "aspect_ratio": one_of(model.aspect_ratios, "1:1"),
            "resolution": one_of(model.resolutions, "720p"),
            "duration": one_of(durations, "8"),
            "generate_audio": flag(default=False),
            "fixed_lens": flag(default=False),
            "image_urls": array(URL, 0, 1),
            "callback_url": URL,
        }
        repeated = body(
            ["prompt", "aspect_ratio", "resolution", "duration"],
            **{**fields, "image_urls": array(ANY_URL, 0, 1), "callback_url": ANY_URL},
        )
        return enveloped(body(["prompt"], **fields), repeated)


DIALECT = SeedanceApi()

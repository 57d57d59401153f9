"""seedanceapi.org, API v1: Seedance 1.5.

Source of every field, value, default, price and error code: the provider's own page
(https://seedanceapi.org, Korean and Chinese editions). Seen only in clients' code, and so read
leniently: the status `FAILED`, and where an error answer holds its symbolic code.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from seedance_cli.models import Problem
from seedance_cli.providers import _answers, _problems
from seedance_cli.providers._base import Provider, TaskFields
from seedance_cli.providers._fields import SECONDS_AS_TEXT, Field, Fields
from seedance_cli.providers._info import Media, ModelInfo, ModelUse, ProviderInfo

if TYPE_CHECKING:
    from seedance_cli.models import HttpResponse, PricedFields, TaskHandle

INFO = ProviderInfo(
    name="seedanceapi",
    base_url="https://seedanceapi.org/v1",
    key_env="SEEDANCEAPI_API_KEY",
    base_url_env="SEEDANCEAPI_BASE_URL",
    chosen_by_variable=True,
    docs="https://seedanceapi.org",
    model_use=ModelUse.NONE,
    models=(
        ModelInfo(
            id="seedance-1.5",
            durations=(4, 8, 12),
            resolutions=("480p", "720p"),
            aspect_ratios=("1:1", "16:9", "9:16", "4:3", "3:4", "21:9", "9:21"),
        ),
    ),
    fields=Fields(
        (
            Field("prompt", "prompt"),
            Field("images", "image_urls"),
            Field("aspect_ratio", "aspect_ratio", default="1:1"),
            Field("resolution", "resolution", default="720p"),
            Field("duration", "duration", default=8, own_type=SECONDS_AS_TEXT),
            Field("audio", "generate_audio", default=False),
            Field("fixed_lens", "fixed_lens", default=False),
            Field("callback_url", "callback_url"),
        )
    ),
    submit_path="/generate",
    max_prompt=2000,
    media=Media(images=1),
    price_unit="credits",
)

# (resolution, seconds, audio) → credits. The page is undated; its sample task is of 2026-02-07.
_CREDITS = {
    ("480p", 4, False): 8,
    ("480p", 4, True): 14,
    ("480p", 8, False): 14,
    ("480p", 8, True): 28,
    ("480p", 12, False): 19,
    ("480p", 12, True): 38,
    ("720p", 4, False): 14,
    ("720p", 4, True): 28,
    ("720p", 8, False): 28,
    ("720p", 8, True): 56,
    ("720p", 12, False): 42,
    ("720p", 12, True): 84,
}

# Its documented symbolic codes, and the HTTP statuses that it documents them under.
_REFUSALS = {
    **dict.fromkeys(
        (
            *("INVALID_PROMPT", "INVALID_ASPECT_RATIO", "INVALID_RESOLUTION", "INVALID_DURATION"),
            "TOO_MANY_IMAGES",
        ),
        400,
    ),
    "INVALID_API_KEY": 401,
    "INSUFFICIENT_CREDITS": 402,
    "TASK_NOT_FOUND": 404,
    "INTERNAL_ERROR": 500,
}
_CODES = re.compile(rf"\b({'|'.join(_REFUSALS)})\b")


class SeedanceApi(Provider):
    """The provider `seedanceapi`."""

    info = INFO
    task_fields = TaskFields(
        ids=("data.task_id",),
        inside="data",
        prompt="request.prompt",
        videos="response",
        cost="consumed_credits",
        error="error_message",
        created_at="created_at",
    )

    def listed(self, fields: PricedFields) -> Decimal | None:
        """From the page's price table, in credits."""
        credit = _CREDITS.get((fields.resolution or "", fields.duration or 0, bool(fields.audio)))
        return None if credit is None else Decimal(credit)

    def read_path(self, handle: TaskHandle) -> str:
        """`GET /status?task_id=ID`."""
        return f"/status?task_id={_answers.in_url(handle.task_id)}"

    def problem(self, response: HttpResponse) -> Problem | None:
        """The envelope `{code, message}`; nobody documents where the symbolic code stands."""
        body = _answers.whole(response)
        raw, error = body.get("code"), body.get("error")
        code = _answers.number(raw)
        if code is not None and _problems.is_success(code):
            return None
        message = _answers.text(body.get("message"))
        found = _problems.parse_error(error)
        places = (raw, error, found and found.code, message, found and found.message)
        texts = [text for place in places if (text := _answers.text(place))]
        symbol = next((match[0] for text in texts if (match := _CODES.search(text))), None)
        if symbol is None and code is None:
            return _problems.complaint(response)
        found = found or _problems.parse_error({**body, "code": None})
        message = message or (found.message if found else None) or symbol or f"code {code}"
        meant = _problems.http_status(code)
        if symbol is not None and any(text.startswith(symbol) for text in texts):
            meant = max(meant or 0, _REFUSALS[symbol])  # an error of the server's beats a refusal
        repeated = symbol is None and code == response.status
        return Problem(symbol or (None if repeated else str(code)), message, meant)


PROVIDER = SeedanceApi()

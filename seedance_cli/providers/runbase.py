"""runbase.net, API v1: Seedance 1.5 pro, 1 lite, 1 pro, and whatever else it sells.

Source of the fields, values, `status` of `succeeded`, `output.urls` and HTTP statuses: the
provider's own page (https://runbase.net, Korean edition). From other public pages of the same
vendor: the words `processing` and `failed`, the error form and its codes, the rate limit, that
nothing cancels a run, and the fields of 1 lite and 1 pro, which name no audio, and for 1 pro no
ratio; they name `bytedance/seedance-2` without its fields. Seen only in clients' code, and so read
leniently: where the id stands, `running`, `error`, `costUsd`. The page prints no submit answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.models import Problem
from seedance_cli.providers import _answers, _problems
from seedance_cli.providers._base import Provider, TaskFields
from seedance_cli.providers._fields import SECONDS_AS_TEXT, Field, Fields
from seedance_cli.providers._info import (
    NOTHING_TO_STOP,
    ModelInfo,
    ModelUse,
    ProviderInfo,
    RateLimit,
)

if TYPE_CHECKING:
    from seedance_cli.models import HttpResponse, TaskHandle

_MODEL = Field("model", "model", outside=True)
_DURATION = Field("duration", "duration", own_type=SECONDS_AS_TEXT)
_RATIOS = ("16:9", "9:16", "4:3", "3:4", "1:1", "21:9")

INFO = ProviderInfo(
    name="runbase",
    base_url="https://runbase.net/api/v1",
    key_env="RUNBASE_API_KEY",
    base_url_env="RUNBASE_BASE_URL",
    chosen_by_variable=True,
    docs="https://runbase.net",
    model_use=ModelUse.REQUIRED,
    models=(
        ModelInfo(
            id="bytedance/seedance-1.5-pro",
            durations=(4, 8, 12),
            resolutions=("480p", "720p", "1080p"),
            aspect_ratios=_RATIOS,
        ),
        ModelInfo(
            id="bytedance/seedance-1-lite",
            durations=(5, 10),
            resolutions=("480p", "720p", "1080p"),
            aspect_ratios=_RATIOS,
            fields=Fields(
                (
                    _MODEL,
                    Field("prompt", "prompt"),
                    Field("aspect_ratio", "aspect_ratio"),
                    Field("resolution", "resolution"),
                    _DURATION,
                    Field("images", "image_urls"),
                ),
                inside="input",
            ),
        ),
        ModelInfo(
            id="bytedance/seedance-1-pro",
            durations=(5, 10),
            resolutions=("720p", "1080p"),
            aspect_ratios=(),
            fields=Fields(
                (
                    _MODEL,
                    Field("prompt", "prompt"),
                    Field("resolution", "resolution"),
                    _DURATION,
                    Field("images", "image_urls"),
                ),
                inside="input",
            ),
        ),
    ),
    open_models=True,
    unlisted_limits=False,
    fields=Fields(
        (
            _MODEL,
            Field("prompt", "prompt"),
            Field("aspect_ratio", "aspect_ratio"),
            Field("resolution", "resolution"),
            _DURATION,
            Field("audio", "generate_audio"),
            Field("images", "image_urls"),
        ),
        inside="input",
    ),
    submit_path="/runs",
    cancel_advice=f"the run goes on and is charged; {NOTHING_TO_STOP}",
    rate_limit=RateLimit(requests=20, seconds=10),
    retry_codes=frozenset({"RATE_LIMITED"}),
    lasting_codes=frozenset({"USAGE_EXCEEDED"}),
    price_unit="USD",
)

# Its documented codes, in lower case, and the HTTP statuses that it documents them under.
_REFUSALS = {
    **dict.fromkeys(
        ("invalid_json", "missing_model", "missing_input", "invalid_input", "model_not_found"), 400
    ),
    **dict.fromkeys(("missing_api_key", "invalid_api_key"), 401),
    "insufficient_balance": 402,
    **dict.fromkeys(("api_key_spend_limit_exceeded", "ip_not_allowed"), 403),
    "run_not_found": 404,
    **dict.fromkeys(("rate_limited", "usage_exceeded"), 429),
}


class Runbase(Provider):
    """The provider `runbase`. The id is `id`; clients also saw it at the other places."""

    info = INFO
    task_fields = TaskFields(
        ids=("id", "data.id", "runId", "run_id"),
        model="model",
        videos="output.urls",
        cost="costUsd",
        error="error",
    )

    def problem(self, response: HttpResponse) -> Problem | None:
        """`{"error": {"message", "code"}}`. A run that failed has an `error` too, and a status."""
        body = _answers.whole(response)
        error = body.get("error")
        if isinstance(error, dict) and _answers.text(self.details(body).get("status")) is None:
            found = _problems.parse_error(error) or Problem(None, "no reason given")
            code = (found.code or "").lower()
            return found._replace(status=_REFUSALS.get(code) or _problems.http_status(code))
        return _problems.complaint(response)

    def details(self, body: dict[str, object]) -> dict[str, object]:
        """The run may be wrapped in `data`, as its id may be."""
        inner = body.get("data")
        beside = {key: value for key, value in body.items() if value is not None}
        return {**(inner if isinstance(inner, dict) else {}), **beside}

    def read_path(self, handle: TaskHandle) -> str:
        """`GET /runs/ID`."""
        return f"/runs/{_answers.in_url(handle.task_id)}"


PROVIDER = Runbase()

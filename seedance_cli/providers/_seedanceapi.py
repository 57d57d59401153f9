"""The envelope of seedanceapi.org, which both versions of its API share.

Source: the provider's own pages (https://seedanceapi.org). Seen only in clients' code, and so read
leniently: the status `FAILED` of v1, and where an error answer holds its symbolic code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seedance_cli.models import Problem
from seedance_cli.providers import _answers, _problems
from seedance_cli.providers._base import Provider, TaskFields

if TYPE_CHECKING:
    from seedance_cli.models import HttpResponse, TaskHandle

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
_CODES = rf"\b({'|'.join(_REFUSALS)})\b"


class SeedanceApiOrg(Provider):
    """A provider that speaks one of its versions."""

    task_fields = TaskFields(
        ids=("data.task_id",),
        inside="data",
        prompt="request.prompt",
        videos="response",
        cost="consumed_credits",
        error="error_message",
        created_at="created_at",
    )

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
        symbol = next((match[0] for text in texts if (match := re.search(_CODES, text))), None)
        if symbol is None and code is None:
            return _problems.complaint(response)
        found = found or _problems.parse_error({**body, "code": None})
        message = message or (found.message if found else None) or symbol or f"code {code}"
        meant = _problems.http_status(code)
        if symbol is not None and any(text.startswith(symbol) for text in texts):
            meant = max(meant or 0, _REFUSALS[symbol])  # an error of the server's beats a refusal
        repeated = symbol is None and code == response.status
        return Problem(symbol or (None if repeated else str(code)), message, meant)

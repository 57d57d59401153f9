"""Error answers, before a provider words them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from seedance_cli.models import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping

BAD_REQUEST = 400


class Cause(Enum):
    """Why a request is refused, as far as every provider has it. The value: status, message."""

    BAD_JSON = (400, "The request body is not a JSON object")
    TOO_LARGE = (413, "The request body is too large")
    NO_KEY = (401, "The API key is missing")
    BAD_KEY = (401, "The API key is not valid")
    NO_CREDITS = (402, "Not enough credits for this task")
    RATE_LIMITED = (429, "Too many requests")
    SERVER_ERROR = (500, "Internal server error, please try again later")
    NO_TASK_ID = (400, "The task id is missing")
    NO_TASK = (404, "There is no task with this id")
    NO_ROUTE = (404, "There is no such endpoint")
    BAD_METHOD = (405, "The endpoint does not take this method")
    NOT_CANCELLABLE = (409, "The task is neither queued nor being processed")
    NO_SUCH_FAULT = (400, "The X-Sandbox-Fault header names no fault of this provider")
    SPEND_LIMIT = (403, "The API key has reached its spend limit")
    IP_NOT_ALLOWED = (403, "Requests from this IP address are not allowed")
    USAGE_EXCEEDED = (429, "The usage limit of this account is exceeded")


class Refusal(Exception):
    """An error answer, in no provider's words yet."""

    def __init__(
        self,
        status: int,
        code: str | None,
        message: str,
        headers: Mapping[str, str] = NOTHING,
    ) -> None:
        """Describe the answer.

        Args:
            status: the HTTP status.
            code: the provider's symbolic code; None where it documents none.
            message: for people.
            headers: further header fields.
        """
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers

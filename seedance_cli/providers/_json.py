"""Lenient readers of what a provider answers. None of them raises anything but a SeedanceError.

JSON numbers with a point become `Decimal`: money never passes through a binary float.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import quote

from seedance_cli.errors import NotFound, Unauthorized, Unreachable, UsageError
from seedance_cli.models import Price, Problem, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.models import HttpResponse, JsonObject, JsonValue, TaskHandle
    from seedance_cli.providers._base import ProviderInfo

_UNUSABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_MAX_ID = 512
_PLAIN_NUMBER = re.compile(r"\d{1,18}(\.\d{1,18})?", re.ASCII)
_MOST_WORDS = 500
"""Characters kept of a provider's message: what a person will read."""
_MAX_MAGNITUDE = 18
_SECONDS = re.compile(r"[1-9]\d{0,5}", re.ASCII)
_HTTP_ERROR = 400

# Every word in the side-by-side table of the four; `canceled` and `expired` beside them.
_WORDS = {
    "queued": Status.QUEUED,
    "pending": Status.QUEUED,
    "in_progress": Status.RUNNING,
    "processing": Status.RUNNING,
    "running": Status.RUNNING,
    "success": Status.SUCCEEDED,
    "succeeded": Status.SUCCEEDED,
    "failed": Status.FAILED,
    "cancelled": Status.CANCELLED,
    "canceled": Status.CANCELLED,
    "expired": Status.EXPIRED,
}


def has_unusable_characters(text: str) -> bool:
    """Whether an id or URL has a character that must not reach a terminal or another URL.

    C0, DEL, C1, the bidi controls, the line and paragraph separators, lone surrogates.
    """
    return _UNUSABLE.search(text) is not None


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:  # an exponent beyond what Decimal holds
        return Decimal("NaN")


def _reject(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def parse(response: HttpResponse) -> dict[str, object]:
    """The body as a JSON object; an empty one where it is anything else."""
    try:
        value: object = json.loads(response.body, parse_float=_decimal, parse_constant=_reject)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def member(value: object, *keys: str) -> object:
    """What lies at a path of object keys; None where the path does not exist."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text(value: object) -> str | None:
    """A string that is not empty."""
    return value if isinstance(value, str) and value else None


def number(value: object) -> int | None:
    """A whole number, or its decimal digits as a string."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _PLAIN_NUMBER.fullmatch(value) and "." not in value:
        return int(value)
    return None


def usable_id(task_id: str) -> bool:
    """Whether a task id can be stored, printed and put into a URL as it is."""
    return (
        0 < len(task_id) <= _MAX_ID
        and bool(task_id.strip())
        and task_id not in {".", ".."}
        and not has_unusable_characters(task_id)
    )


def identity(value: object) -> str | None:
    """A usable task id; a whole number becomes its decimal text."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and usable_id(value) else None


def in_url(task_id: str) -> str:
    """A task id as one segment of a path or one value of a query.

    Raises:
        UsageError: the id is one that no provider can have given.
    """
    if not usable_id(task_id):
        raise UsageError(f"{task_id[:80]!r} is not a usable task id")
    return quote(task_id, safe="")


def strings(value: object) -> tuple[str, ...]:
    """The strings that are not empty in an array; a lone string counts as an array of one."""
    items = value if isinstance(value, list) else [value]
    return tuple(item for item in items if isinstance(item, str) and item)


def standing(word: object) -> Status:
    """What a provider's status word means, whatever its case; no word at all: just accepted."""
    if not isinstance(word, str) or not word:
        return Status.QUEUED
    return _WORDS.get(word.lower(), Status.UNKNOWN)


def charged(value: object, unit: str | None, *, settled: bool) -> Price | None:
    """What a task was charged: a JSON number, or plain digits as a string; never negative.

    Args:
        value: as it came.
        unit: the provider's.
        settled: whether the amount is final; while a task runs, a 0 may only mean "not yet".
    """
    if isinstance(value, bool) or not settled:
        return None
    if isinstance(value, str) and _PLAIN_NUMBER.fullmatch(value):
        return Price(Decimal(value), unit, "charged")
    if isinstance(value, int):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite() or value < 0:
        return None
    if abs(value.adjusted()) > _MAX_MAGNITUDE or len(value.as_tuple().digits) > 2 * _MAX_MAGNITUDE:
        return None
    return Price(Decimal(f"{value:f}"), unit, "charged")


def moment(value: object) -> datetime | None:
    """An ISO 8601 date and time, in UTC; one without a zone is taken as UTC."""
    if not isinstance(value, str):
        return None
    try:
        when = datetime.fromisoformat(value)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def said(value: object) -> Problem | None:
    """A reason, given as a string or as an object with `code` and `message`; None for neither."""
    if isinstance(value, str):
        return Problem(None, value[:_MOST_WORDS]) if value else None
    code, message = member(value, "code"), text(member(value, "message"))
    if isinstance(code, int) and not isinstance(code, bool):
        code = str(code)
    code = text(code)
    if not code and not message:
        return None
    return Problem(
        None if code is None else code[:_MOST_WORDS], (message or code or "")[:_MOST_WORDS]
    )


def reason(status: Status, value: object) -> Problem | None:
    """Why a task has no video; None as long as it may still get one, and once it has."""
    if status in {Status.QUEUED, Status.RUNNING, Status.SUCCEEDED}:
        return None
    return said(value)


def words(body: Mapping[str, object]) -> Problem | None:
    """The code and message of an error answer, in whichever of the usual places they stand."""
    error, top = body.get("error"), said(body)
    if not isinstance(error, str) or not error:
        return said(error) or top
    return Problem(None, error) if top is None else Problem(top.code or error, top.message)


def complaint(response: HttpResponse, body: Mapping[str, object]) -> Problem | None:
    """The words in an error answer that is not quite the documented form.

    Only where the HTTP status itself says error: in a 2xx they would settle, on a guess, that
    nothing was charged.
    """
    return words(body) if response.status >= _HTTP_ERROR else None


def confirm(
    info: ProviderInfo,
    handle: TaskHandle,
    *,
    named: object,
    word: object,
    problem: Problem | None,
) -> None:
    """Make sure that a 2xx read answer speaks of the task that was asked for.

    Args:
        info: whose answer it is.
        handle: the task asked for.
        named: the id in the answer; an answer may leave it out.
        word: the status word in the answer.
        problem: the answer as the provider's error form, if it is that.

    Raises:
        NotFound, Unauthorized: the error form says so.
        Unreachable: another task's answer, or no status in it; the caller may ask again.
    """
    if isinstance(word, str) and word:
        if named is None or identity(named) == handle.task_id:
            return
        raise Unreachable(
            f"{info.name} gave an answer that makes no sense: it is about another task",
            provider=info.name,
        )
    if problem is None:
        raise Unreachable(
            f"{info.name} gave an answer that makes no sense: no task status in it",
            provider=info.name,
        )
    code = (problem.code or "").lower()
    message = f"{info.name} answered: {problem.message}"
    if code == "404" or code.endswith("not_found"):
        raise NotFound(message, provider=info.name)
    if code in {"401", "unauthorized"} or code.endswith("_api_key"):
        raise Unauthorized(message, provider=info.name)
    raise Unreachable(message, provider=info.name)


def merge(level: JsonObject, params: Mapping[str, JsonValue], options: Mapping[str, str]) -> None:
    """Put the `--param` fields into the level of the body where the provider's options live.

    Args:
        level: that level, changed in place.
        params: the fields.
        options: for each wire field, the option that sets it.

    Raises:
        UsageError: an option already set that field.
    """
    for key, value in params.items():
        if key in level:
            raise UsageError(
                f"--param {key}: {options.get(key, 'another option')} already sets that field",
                hint=f"leave out one of the two: --param {key} or {options.get(key, 'the option')}",
            )
        level[key] = value


class UndocumentedTypeError(ValueError):
    """A wire value has a type or spelling that the documents do not know."""


def seconds(level: JsonObject, key: str, default: int | None, *, as_text: bool) -> int | None:
    """A duration as it stands on the wire.

    Args:
        level: the object that may hold it.
        key: its wire name.
        default: what the provider takes where it is not sent; None: unknown.
        as_text: whether the provider takes `"8"` instead of `8`.

    Raises:
        UndocumentedTypeError: it is of another type.
    """
    if key not in level:
        return default
    value = level[key]
    if as_text:
        if isinstance(value, str) and _SECONDS.fullmatch(value):
            return int(value)
    elif isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise UndocumentedTypeError(key)


def word(level: JsonObject, key: str, default: str | None) -> str | None:
    """A string as it stands on the wire. Arguments and errors as for `seconds`."""
    if key not in level:
        return default
    value = level[key]
    if not isinstance(value, str) or not value:
        raise UndocumentedTypeError(key)
    return value


def switch(level: JsonObject, key: str, *, default: bool | None) -> bool | None:
    """A boolean as it stands on the wire. Arguments and errors as for `seconds`."""
    if key not in level:
        return default
    value = level[key]
    if not isinstance(value, bool):
        raise UndocumentedTypeError(key)
    return value

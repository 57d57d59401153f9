"""What a provider says went wrong, wherever it says so: one lenient reader for all of them.

Services word an error in many ways: as text, as a number, as `{code, message}`, as `{detail}`, as a
list of `{loc, msg}`, one inside the other. Whatever it is, a person is to read it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from seedance_cli.errors import (
    NotFound,
    Rejected,
    SeedanceError,
    Unauthorized,
    Unreachable,
    error_of_status,
)
from seedance_cli.models import Problem, Status
from seedance_cli.providers import _document
from seedance_cli.providers._answers import MOST_WORDS, identity, member, number, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.models import HttpResponse, TaskHandle

_CODES = ("code", "error_code", "errorCode", "err_code", "errCode", "fail_code", "failCode", "type")
_MESSAGES = (
    *("message", "msg", "detail", "details", "description", "reason"),
    *("error_message", "errorMessage", "error_msg", "errorMsg", "err_msg", "title"),
)
_INNER = ("error", "errors")
_REASONS = (
    *("error", "errors", "error_message", "errorMessage", "error_msg", "errorMsg", "failure"),
    *("failure_reason", "failureReason", "fail_reason", "failReason", "fail_msg", "failMsg"),
    *("status_reason", "statusReason", "status_message", "reason", "detail", "details"),
)
"""Where a task may say why it failed. Not `message`: an envelope has its "success" there."""
_REASON_CODES = tuple(code for code in _CODES if code not in {"code", "type"})
_DEEPEST = 5
"""Errors inside errors that are looked into."""
_MOST_ERRORS = 3
"""Of a list of errors."""
_SAYS_ERROR = range(400, 600)
_HTTP_SUCCESS = range(200, 300)
_HTTP = range(300, 600)


def parse_error(value: object, depth: int = _DEEPEST) -> Problem | None:
    """A reason as a problem; None where there is nothing to read in it.

    Args:
        value: text, a number, an object or a list; anything that JSON has.
        depth: how many levels to look into.
    """
    if isinstance(value, dict) and depth:
        return _from_object(value, depth - 1)
    if isinstance(value, list) and depth:
        return _from_list(value, depth - 1)
    plain = _plain(value)
    if plain is None:
        return None
    return Problem(None if isinstance(value, str) else plain, plain)


def _from_object(value: Mapping[str, object], depth: int) -> Problem | None:
    codes = (_plain(value.get(key)) for key in _CODES)
    code = next((one for one in codes if one), None)
    words = next((one for key in _MESSAGES if (one := parse_error(value.get(key), depth))), None)
    for key in _INNER:
        error = value.get(key)
        inner = parse_error(error, depth)
        if inner is None:
            continue
        if isinstance(error, dict | list):
            return _with_code(inner, code)
        # Beside a message, a text there is the code.
        return _with_code(inner if words is None else words, code or _code_beside(words, error))
    if words is not None:
        return _with_code(_located(words, value.get("loc")), code)
    return None if code is None else Problem(code, code)


def _code_beside(words: Problem | None, error: object) -> str | None:
    return None if words is None else _plain(error)


def _from_list(values: list[object], depth: int) -> Problem | None:
    found = [one for value in values[:_MOST_ERRORS] if (one := parse_error(value, depth))]
    if not found:
        return None
    return Problem(found[0].code, "; ".join(one.message for one in found)[:MOST_WORDS])


def _located(words: Problem, place: object) -> Problem:
    """With the field that the words are about, as validators of requests name it (`loc`)."""
    if not isinstance(place, list) or not place:
        return words
    parts = [part for one in place[:_DEEPEST] if (part := _plain(one))]
    return Problem(words.code, f"{'.'.join(parts)}: {words.message}"[:MOST_WORDS])


def _with_code(problem: Problem, code: str | None) -> Problem:
    return problem if problem.code or not code else Problem(code, problem.message)


def _plain(value: object) -> str | None:
    """Text or a number as text."""
    if isinstance(value, bool) or (isinstance(value, Decimal) and not value.is_finite()):
        return None
    if isinstance(value, int | Decimal):
        return str(value)[:MOST_WORDS]
    return text(value)


def reason(
    status: Status, task: object, *places: tuple[str, ...], problem: Problem | None = None
) -> Problem | None:
    """Why a task has no video; None as long as it may still get one, and once it has.

    Args:
        status: where it stands.
        task: its object in the answer.
        places: where the provider documents the reason, as paths of keys; then it is looked for
            wherever other services have it.
        problem: what the envelope around the task says, where that is an error.
    """
    if status in {Status.QUEUED, Status.RUNNING, Status.SUCCEEDED}:
        return None
    codes = (_plain(member(task, key)) for key in _REASON_CODES)
    code = next((code for code in codes if code and code != "0"), None)
    for place in (*places, *((key,) for key in _REASONS)):
        found = parse_error(member(task, *place))
        if found is not None:
            return _with_code(found, code)
    return problem or (None if code is None else Problem(code, "no reason given"))


def http_status(code: object) -> int | None:
    """The HTTP error that a code in an envelope is; None if it is none."""
    found = number(code)
    return found if found is not None and found in _HTTP else None


def is_success(code: int) -> bool:
    """Whether the number in an envelope `{code, message}` says that there is no error."""
    return code == 0 or code in _HTTP_SUCCESS


def complaint(response: HttpResponse) -> Problem | None:
    """The words in an error answer that is not quite the documented form, or is plain text.

    Only where the HTTP status itself says error: in a 2xx they would settle, on a guess, that
    nothing was charged.
    """
    if response.status not in _SAYS_ERROR:
        return None
    document = _document.read(response.body)
    if document.value is not None:
        return parse_error(document.value)
    words = _document.beginning(response.body, MOST_WORDS)
    return None if not words or words.startswith("<") else Problem(None, words)


def confirm(
    provider: str,
    handle: TaskHandle,
    response: HttpResponse,
    *,
    named: object,
    word: object,
    problem: Problem | None,
) -> None:
    """Make sure that a 2xx read answer speaks of the task that was asked for.

    Args:
        provider: the name of the one that gave the answer.
        handle: the task asked for.
        response: the answer.
        named: the id in the answer; an answer may leave it out.
        word: the status word in the answer.
        problem: the answer as the provider's error form, if it is that.

    Raises:
        SeedanceError: the error form, as what it says; its `http_status` is that of the answer.
        Unreachable: no JSON, another task's answer, or no status in it; the caller may ask again.
    """
    if isinstance(word, str) and word:
        if named is None or identity(named) == handle.task_id:
            return
        raise _no_sense(provider, "it is about another task")
    if problem is not None:
        raise _told(provider, response, problem)
    what = _document.unreadable(response.body)
    if what is not None:
        raise Unreachable(f"{provider}: {what}", provider=provider)
    raise _no_sense(provider, "no task status in it")


def _no_sense(provider: str, why: str) -> Unreachable:
    return Unreachable(f"{provider} gave an answer that makes no sense: {why}", provider=provider)


def _told(provider: str, response: HttpResponse, problem: Problem) -> SeedanceError:
    """A failure that a 2xx answer tells of, as the error that its code means."""
    code = (problem.code or "").lower()
    kind: type[SeedanceError] = Rejected
    if problem.status not in {None, 400}:
        kind = error_of_status(problem.status)
    elif code.endswith("not_found"):
        kind = NotFound
    elif code == "unauthorized" or code.endswith("_api_key"):
        kind = Unauthorized
    message = f"{provider} answered: {problem.words}"
    return kind(message, provider=provider, http_status=response.status)

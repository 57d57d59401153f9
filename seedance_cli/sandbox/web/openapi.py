"""An OpenAPI 3.1 document for each provider, written from its page: its dialect knows the bodies.

The documents are as strict as the pages; the sandbox takes a little more (a duration in either
form, for one). Faults that are asked for by name may give answers that are in no document: that is
what they are for.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from seedance_cli.sandbox.dialects._refusals import Cause

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from seedance_cli.models import JsonObject, JsonValue
    from seedance_cli.sandbox.dialects._base import Dialect
    from seedance_cli.sandbox.dialects._schema import Schemas

_ABOUT = (
    "The documented API of {name}, as `seedance sandbox` serves it. Source: {docs}. Any key is "
    "right that does not contain `invalid`. A prompt that begins with a word such as "
    "`sandbox:fail`, or the request header `X-Sandbox-Fault: fail`, provokes a fault."
)
_CHOSEN = "; not in the provider's page: the sandbox's choice"
_ID: JsonObject = {"type": "string", "minLength": 1}
_RETRY_AFTER: JsonObject = {
    "Retry-After": {"description": "Seconds.", "schema": {"type": "string", "pattern": "^[0-9]+$"}}
}

_ALWAYS = (Cause.NO_SUCH_FAULT, Cause.NO_KEY, Cause.RATE_LIMITED, Cause.SERVER_ERROR)
_SUBMIT = (*_ALWAYS, Cause.BAD_JSON, Cause.NO_CREDITS, Cause.TOO_LARGE)
_READ = (*_ALWAYS, Cause.NO_TASK_ID, Cause.NO_TASK)
_CANCEL = (*_READ, Cause.NOT_CANCELLABLE)
_FORBIDDEN = 403
_CONFLICT = 409
_TOO_MANY = 429


def openapi(dialect: Dialect, origin: str) -> JsonObject:
    """The document.

    Args:
        dialect: whose.
        origin: where the client reaches the sandbox, `http://HOST:PORT`.
    """
    schemas = dialect.schemas()
    may_forbid = {_FORBIDDEN} & dialect.documented
    named = {*dialect.errors.values(), *may_forbid, dialect.invalid_status}
    paths: dict[str, JsonObject] = {}
    for path, model in dialect.submit_paths.items():
        links = _links(dialect, schemas, model)
        submit = _operation(
            dialect, "Submit a task", schemas.accepted, _SUBMIT, links=links, further=named
        )
        if model is not None:
            submit |= {"operationId": f"submit {model}", "summary": f"Submit a task to {model}"}
        content: JsonObject = {"schema": schemas.submits.get(path, schemas.submit)}
        if path == dialect.submit_path:
            content["examples"] = {"page": {"value": dict(dialect.example)}}
        submit["requestBody"] = {"required": True, "content": {"application/json": content}}
        paths[path] = {"post": submit}
    read = _operation(dialect, "Read a task", schemas.read, _READ)
    if dialect.running_status != 200:  # noqa: PLR2004 - HTTP's own
        answers = read["responses"]
        assert isinstance(answers, dict)
        answers[str(dialect.running_status)] = _response("Not done yet", schemas.read)
    where = "path" if "{task_id}" in dialect.read_path else "query"
    parameters: list[JsonValue] = [
        {
            "name": name if where == "path" else dialect.id_parameter,
            "in": where,
            "required": True,
            "schema": _ID,
            "example": value,
        }
        for name, value in dialect.place(dialect.built_in[0].task_id).items()
    ]
    read["parameters"] = parameters
    paths.setdefault(dialect.read_path, {})["get"] = read
    if dialect.result_path is not None and schemas.result is not None:
        unfit = {dialect.invalid_status, _CONFLICT}
        result = _operation(dialect, "Result of a task", schemas.result, _READ, further=unfit)
        result["parameters"] = parameters
        paths.setdefault(dialect.result_path, {})["get"] = result
    if dialect.cancel_path is not None and schemas.cancelled is not None:
        cancel = _operation(dialect, "Cancel a task", schemas.cancelled, _CANCEL)
        cancel["parameters"] = parameters
        _done_as(cancel, dialect.cancel_status)
        paths.setdefault(dialect.cancel_path, {})[dialect.cancel_method.lower()] = cancel
    for one in dialect.further:
        answers = _responses(
            dialect, "Done as asked", one.schema, _ALWAYS, {dialect.invalid_status}
        )
        operation: JsonObject = {"responses": answers, **one.operation}
        paths.setdefault(one.path, {})[one.method.lower()] = operation
    info = dialect.info
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{dialect.name} (sandbox)",
            "version": "1",
            "description": _ABOUT.format(name=dialect.name, docs=info.docs),
        },
        "externalDocs": {"url": info.docs},
        "servers": [{"url": origin + dialect.base_path}],
        "security": [{"key": []}],
        "paths": dict(paths),
        "components": {"securitySchemes": {"key": _security(dialect)}},
    }


def _security(dialect: Dialect) -> JsonObject:
    if dialect.auth_scheme == "Bearer":
        return {"type": "http", "scheme": "bearer"}
    words = f"`{dialect.auth_scheme} ` and the key"
    return {"type": "apiKey", "in": "header", "name": "Authorization", "description": words}


def _operation(
    dialect: Dialect,
    summary: str,
    schema: JsonObject,
    causes: Iterable[Cause],
    *,
    links: JsonObject | None = None,
    further: Collection[int] = (),
) -> JsonObject:
    responses = _responses(dialect, "Done as asked", schema, causes, further)
    if links is not None:
        accepted = responses["200"]
        assert isinstance(accepted, dict)
        accepted["links"] = links
    name = summary.partition(" ")[0].lower()
    operation: JsonObject = {"operationId": name, "summary": summary, "responses": responses}
    if links is not None:
        _done_as(operation, dialect.submit_status)
    return operation


def _done_as(operation: JsonObject, status: int) -> None:
    """Give the answer of success another status than 200."""
    responses = operation["responses"]
    assert isinstance(responses, dict)
    responses[str(status)] = responses.pop("200")


def _links(dialect: Dialect, schemas: Schemas, model: str | None) -> JsonObject:
    """How a submit's answer leads to the task: its id, and what its path says beside it."""
    task_id = f"$response.body#{schemas.task_id}"
    name = "task_id" if "{task_id}" in dialect.read_path else dialect.id_parameter
    link: JsonObject = {"parameters": {**dialect.place_of(model), name: task_id}}
    links: JsonObject = {"read": {**link, "operationId": "read"}}
    if schemas.result is not None:
        links["result"] = {**link, "operationId": "result"}
    if schemas.cancelled is not None:
        links["cancel"] = {**link, "operationId": "cancel"}
    return links


def _responses(
    dialect: Dialect,
    done: str,
    schema: JsonObject,
    causes: Iterable[Cause],
    further: Collection[int],
) -> JsonObject:
    responses: JsonObject = {"200": _response(done, schema)}
    for status in sorted({*map(dialect.status, causes), *further}):
        words = _phrase(status)
        if status not in dialect.documented:
            words += _CHOSEN
        answer = _response(words, dialect.error_schema(status))
        if status == _TOO_MANY:
            answer["headers"] = _RETRY_AFTER
        responses[str(status)] = answer
    return responses


def _phrase(status: int) -> str:
    """The name of a status; some providers have statuses of their own."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


def _response(description: str, schema: JsonObject) -> JsonObject:
    return {"description": description, "content": {"application/json": {"schema": schema}}}

"""The words of JSON Schema that the dialects' documents share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from seedance_cli.models import JsonObject, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Schemas:
    """What goes over the wire when nothing is wrong, as JSON Schema."""

    submit: JsonObject
    """The body of a submit to `Dialect.submit_path`."""
    accepted: JsonObject
    """The answer to it."""
    task_id: str
    """Where the id stands in that answer, as a JSON pointer."""
    read: JsonObject
    cancelled: JsonObject | None = None
    result: JsonObject | None = None
    submits: Mapping[str, JsonObject] = field(default_factory=dict)
    """Of a submit to other paths, by these."""


TEXT: JsonObject = {"type": "string"}
FLAG: JsonObject = {"type": "boolean"}
NULL: JsonObject = {"type": "null"}
URL: JsonObject = {"type": "string", "format": "uri", "pattern": "^https?://[^/?#@:]"}
HTTPS_URL: JsonObject = {"type": "string", "format": "uri", "pattern": "^https://[^/?#@:]"}
ANY_URL: JsonObject = {"type": "string", "pattern": "^https?://[^/?#@:]"}
"""As it came in: perhaps beyond ASCII."""
MOMENT: JsonObject = {"type": "string", "format": "date-time"}
OBJECT: JsonObject = {"type": "object"}


def record(**fields: JsonValue) -> JsonObject:
    """An object with exactly these fields."""
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def body(required: Iterable[str], **fields: JsonValue) -> JsonObject:
    """A request's object; a field that is not listed is ignored."""
    return {"type": "object", "properties": fields, "required": list(required)}


def one_of(values: Iterable[str | int], default: str | int | None = None) -> JsonObject:
    """One of these values."""
    found: JsonObject = {"enum": list(values)}
    return found if default is None else {**found, "default": default}


def flag(*, default: bool) -> JsonObject:
    """A boolean that need not be sent."""
    return {"type": "boolean", "default": default}


def prompt(max_length: int | None = None) -> JsonObject:
    """A text with something in it."""
    found: JsonObject = {"type": "string", "minLength": 1, "pattern": "\\S"}
    return found if max_length is None else {**found, "maxLength": max_length}


def array(of: JsonObject, at_least: int, at_most: int | None) -> JsonObject:
    """An array."""
    found: JsonObject = {"type": "array", "items": of, "minItems": at_least}
    return found if at_most is None else {**found, "maxItems": at_most}


def maybe(schema: JsonObject) -> JsonObject:
    """That, or null."""
    return {"anyOf": [schema, NULL]}

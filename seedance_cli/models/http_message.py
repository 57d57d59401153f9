"""The HTTP messages (RFC 9110, 6) that providers write and read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.models.json_types import JsonObject


class HttpRequest(NamedTuple):
    """A request as a provider words it, before endpoint and key are added."""

    method: str
    path: str
    """Relative to the endpoint's base URL, e.g. `/generate`."""
    body: JsonObject


class HttpResponse(NamedTuple):
    """A whole answer: status, header fields in lower case, body bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes

"""Endpoints that one dialect has and the others have not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from seedance_cli.models import JsonObject
    from seedance_cli.sandbox.dialects._base import View


class FurtherRequest(NamedTuple):
    """A request to one of a dialect's further endpoints."""

    path: Mapping[str, str]
    """The parameters in the path."""
    query: Sequence[tuple[str, str]]
    body: bytes
    views: Sequence[View]
    """The provider's newest tasks, newest first."""
    origin: str
    """Where the client reaches the sandbox."""


class Further(NamedTuple):
    """An endpoint beside submit, read and cancel. The key is checked as for those."""

    method: str
    path: str
    """Below the path of the base URL."""
    answer: Callable[[FurtherRequest], JsonObject]
    """The body of the answer; raises Refusal."""
    schema: JsonObject
    """Of that body, for the OpenAPI document."""
    operation: JsonObject
    """What the document says of it beside that: name, summary, parameters, request body."""

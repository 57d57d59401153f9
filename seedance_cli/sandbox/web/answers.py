"""The forms of answers that every route shares."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from starlette.responses import Response

from seedance_cli.models import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Just a moment</title></head>"
    "<body><h1>Just a moment...</h1></body></html>\n"
)


def document(
    body: Mapping[str, object], status: int = 200, headers: Mapping[str, str] = NOTHING
) -> Response:
    """A JSON answer; ASCII, so that a lone surrogate that came in can go out again."""
    return Response(json.dumps(body).encode(), status, dict(headers), media_type="application/json")


def page() -> Response:
    """The HTML page of a gateway that thinks all is well."""
    return Response(_PAGE, media_type="text/html")


class AccessLog:
    """Tells of every request: method, path without its query, status, milliseconds."""

    def __init__(self, app: ASGIApp, log: Callable[[str], None]) -> None:
        """Wrap an application."""
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and tell how it was answered."""
        status = "no answer"

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        began = time.monotonic()
        await self._app(scope, receive, noted)
        took = round((time.monotonic() - began) * 1000)
        self._log(f"{scope['method']} {scope['path']} {status} {took} ms")

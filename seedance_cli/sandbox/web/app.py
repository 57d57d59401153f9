"""The routes: every dialect below `/NAME` and the path of its base URL, the videos, the page."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from seedance_cli.sandbox.dialects._refusals import Cause, Refusal
from seedance_cli.sandbox.dialects._registry import every
from seedance_cli.sandbox.web.answers import document
from seedance_cli.sandbox.web.delivery import VideoRoute, origin
from seedance_cli.sandbox.web.endpoints import Endpoints
from seedance_cli.sandbox.web.openapi import openapi
from seedance_cli.sandbox.web.page import Page, script, style
from seedance_cli.sandbox.web.uploads import UPLOADS, take

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from seedance_cli.sandbox.dialects._base import Dialect
    from seedance_cli.sandbox.state import Sandbox
    from seedance_cli.sandbox.web.callbacks import Callbacks

    Handler = Callable[[Request], Awaitable[ASGIApp]]
    Endpoint = Callable[[Request], Awaitable[Response]]

_log = logging.getLogger(__name__)
_NOT_FOUND, _BAD_METHOD, _SERVER_ERROR = 404, 405, 500


def build(sandbox: Sandbox, callbacks: Callbacks) -> Starlette:
    """The ASGI application."""
    delivery = VideoRoute(sandbox)
    routes = [
        Route("/", _plain(Page(sandbox).show), methods=["GET"]),
        Route("/style.css", _plain(style), methods=["GET"]),
        Route("/page.js", _plain(script), methods=["GET"]),
        # An id may have a slash in it.
        Route("/videos/{name:path}", _plain(delivery.video), methods=["GET"]),
        Route("/frames/{name:path}", _plain(delivery.frame), methods=["GET"]),
        Route(f"{UPLOADS}{{name}}", _plain(take), methods=["PUT"]),
    ]
    for dialect in every():
        specification = _plain(_specification(dialect))
        routes.append(Route(f"/{dialect.name}/openapi.json", specification, methods=["GET"]))
        base, serve = dialect.base_path, Endpoints(sandbox, callbacks, dialect)
        handlers: list[tuple[str | None, str, Handler]] = [
            *((path, "POST", serve.submit(model)) for path, model in dialect.submit_paths.items()),
            (dialect.read_path, "GET", serve.read),
            (dialect.result_path, "GET", serve.result),
            (dialect.cancel_path, dialect.cancel_method, serve.cancel),
            (dialect.video_path, "GET", serve.video(delivery)),
            *((one.path, one.method, serve.further(one)) for one in dialect.further),
        ]
        # One route a path, so that a 405 names every method of it.
        by_path: dict[str, dict[str, Handler]] = {}
        for path, method, handler in handlers:
            if path is not None:
                by_path.setdefault(path, {})[method] = handler
        routes += [
            Route(base + path, _in_dialect(dialect, by_method), methods=[*by_method])
            # A path without an id in it comes before one that would take its name for an id.
            for path, by_method in sorted(by_path.items(), key=lambda one: "{" in one[0])
        ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _no_route})
    app.router.redirect_slashes = False
    return app


def _in_dialect(dialect: Dialect, handlers: Mapping[str, Handler]) -> Endpoint:
    """Whatever goes wrong is told in the provider's own error form. Handlers: by method."""

    async def endpoint(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        try:
            answer = await handlers[method](request)
        except Refusal as refusal:
            answer = document(dialect.error(refusal), refusal.status, refusal.headers)
        except Exception:  # noqa: BLE001 - a bug of ours is told as the provider would tell its own
            _log.debug("%s: internal error", dialect.name, exc_info=True)
            told = dialect.refusal(Cause.SERVER_ERROR)
            answer = document(dialect.error(told), told.status)
        # Starlette calls whatever an endpoint returns; its type only speaks of Response.
        return answer  # type: ignore[return-value] # see above

    return endpoint


def _plain(handler: Handler) -> Endpoint:
    """The same for what belongs to no provider."""

    async def endpoint(request: Request) -> Response:
        try:
            answer = await handler(request)
        except Refusal as refusal:
            answer = document({"error": refusal.message}, refusal.status, refusal.headers)
        except Exception:  # noqa: BLE001 - as above
            _log.debug("internal error", exc_info=True)
            answer = document({"error": "internal error"}, _SERVER_ERROR)
        return answer  # type: ignore[return-value] # as above

    return endpoint


def _specification(dialect: Dialect) -> Handler:
    async def handler(request: Request) -> ASGIApp:
        return document(openapi(dialect, origin(request)))

    return handler


async def _no_route(request: Request, error: Exception) -> Response:
    """No such path, or no such method on it."""
    status = error.status_code if isinstance(error, HTTPException) else _SERVER_ERROR
    headers = (error.headers if isinstance(error, HTTPException) else None) or {}
    cause = {_NOT_FOUND: Cause.NO_ROUTE, _BAD_METHOD: Cause.BAD_METHOD}.get(
        status, Cause.SERVER_ERROR
    )
    first = request.scope["path"].removeprefix("/").partition("/")[0]
    for dialect in every():
        if dialect.name == first:
            refusal = dialect.refusal(cause)
            return document(dialect.error(refusal), refusal.status, headers)
    return document({"error": cause.value[1]}, cause.value[0], headers)

"""Answers that break off on purpose, and the protocol class that lets them.

ASGI has no word for "cut the connection", so each connection's transport is put where a request can
find it: into its `state`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    from typing import Any

    from starlette.types import ASGIApp, Message, Receive, Scope, Send
    from uvicorn.config import Config
    from uvicorn.server import ServerState

_STATE_KEY = "seedance.transport"


class Protocol(H11Protocol):
    """uvicorn's own protocol; its connections' requests know their transport."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        # A copy: what is put in belongs to this one connection.
        super().__init__(config, server_state, dict(app_state), _loop)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Take note of the transport."""
        self.app_state[_STATE_KEY] = transport
        super().connection_made(transport)


class CutBefore:
    """The connection ends before the first byte of an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer nothing."""
        del send
        scope["state"][_STATE_KEY].abort()
        await _gone(receive)


class CutHalfway:
    """The headers and the first half of the body of another answer, then the end."""

    def __init__(self, answer: ASGIApp) -> None:
        """Wrap an answer that states its Content-Length."""
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half of the answer."""
        left: int | None = None

        async def half(message: Message) -> None:
            nonlocal left
            if message["type"] == "http.response.start":
                left = int(dict(message["headers"]).get(b"content-length", b"0")) // 2
            elif left is not None:
                body = message["body"][:left]
                left -= len(body)
                message = {"type": "http.response.body", "body": body, "more_body": True}
                if not left:
                    await send(message)
                    raise _Enough
            await send(message)

        try:
            await self._answer(scope, receive, half)
        except _Enough:
            # What is in the buffer still goes out.
            scope["state"][_STATE_KEY].close()
            await _gone(receive)


class _Enough(Exception):
    pass


async def _gone(receive: Receive) -> None:
    """Wait until the server knows that the connection has ended; else it would answer 500."""
    while (await receive())["type"] != "http.disconnect":
        pass

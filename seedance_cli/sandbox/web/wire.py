"""Answers that break off on purpose, and requests that do.

ASGI has no word for "cut the connection", so each connection's transport is put where a request can
find it: into its `state`. uvicorn waits for the rest of a request as long as the connection lasts;
here head and body have to come in time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    from typing import Any

    from starlette.types import ASGIApp, Message, Receive, Scope, Send
    from uvicorn.config import Config
    from uvicorn.server import ServerState

_STATE_KEY = "seedance.transport"

HEAD_SECONDS = 10.0
"""How long a request's head may take, from the connection or the request before on."""
BODY_SECONDS = 60.0
"""How long its body may take, from the head on."""

_TOO_LATE = (
    b"HTTP/1.1 408 Request Timeout\r\nContent-Type: text/plain\r\nContent-Length: 27\r\n"
    b"Connection: close\r\n\r\nthe request head came late\n"
)


class Protocol(H11Protocol):
    """uvicorn's own protocol; its requests know their transport, and have to come whole in time."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        # A copy: what is put in belongs to this one connection.
        super().__init__(config, server_state, dict(app_state), _loop)
        self._timer: asyncio.TimerHandle | None = None
        self._awaited: object = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Take note of the transport."""
        self.app_state[_STATE_KEY] = transport
        super().connection_made(transport)
        self._set_timer()

    def data_received(self, data: bytes) -> None:
        """As uvicorn's; the rest of the request has to come in time."""
        super().data_received(data)
        self._set_timer()

    def on_response_complete(self) -> None:
        """As uvicorn's; then the next request may come."""
        super().on_response_complete()
        self._set_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """As uvicorn's."""
        super().connection_lost(exc)
        self._drop_timer()

    def _set_timer(self) -> None:
        """One timer for each head and each body that is on its way, none while nothing is."""
        state = self.conn.their_state
        awaited = (state, self.cycle)
        if awaited == self._awaited:
            return
        self._drop_timer()
        self._awaited = awaited
        seconds = {h11.IDLE: HEAD_SECONDS, h11.SEND_BODY: BODY_SECONDS}.get(state)
        if seconds is not None and not self.transport.is_closing():
            self._timer = self.loop.call_later(seconds, self._end_late)

    def _drop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end_late(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self.transport.abort()  # the request is being answered, and nobody waits for it
            return
        # Who has sent nothing is owed nothing: browsers open connections in advance.
        if self.conn.trailing_data[0].strip():
            self.transport.write(_TOO_LATE)
        self.transport.close()


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

"""One exchange with an endpoint: bounded as a whole, never tried again.

httpx's timeouts bound each read of a socket, not the exchange: a name server that hangs, or an
answer that comes in one byte a second, would outlast them. So each exchange runs in a thread of its
own, and the caller waits for it on the program's clock.
"""

from __future__ import annotations

import threading
import zlib
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import httpx

from seedance_cli.models import HttpResponse
from seedance_cli.net.client import HEADERS, open_client
from seedance_cli.net.faults import Fault, FaultKind, fault_of
from seedance_cli.net.limits import CONNECT_SECONDS, MAX_BODY, READ_SECONDS
from seedance_cli.net.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.clock import Clock

exchanges = Threads()


@dataclass(frozen=True, slots=True)
class Reply:
    """What one exchange came to."""

    left: bool
    """Whether any byte of the request itself may have left (a proxy's CONNECT is none of it)."""
    response: HttpResponse | None
    """The answer, if its head came; its body may be cut where `fault` is set."""
    fault: Fault | None
    milliseconds: int
    fresh: bool
    """Whether it opened its connection itself, and did not take one left from an earlier one."""


class Event(Enum):
    """What a wait for an exchange can end with."""

    ENDED = "ended"
    WOKEN = "woken"
    LATE = "late"


class Pending:
    """An exchange under way in its thread."""

    def __init__(self, client: httpx.Client, request: httpx.Request, clock: Clock) -> None:
        """Start it.

        Args:
            client: the connection pool to use.
            request: the whole request; its body is bytes.
            clock: measures the exchange.
        """
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._client = client
        self._request = request
        self._clock = clock
        self._started = clock.monotonic()
        self._lock = threading.Lock()
        self._left = False
        self._given_up = False
        self._ended = False
        self._tunnel = False
        self._head: httpx.Response | None = None
        self._body = bytearray()
        self._fault: Fault | None = None
        self._socket: object | None = None
        request.extensions["trace"] = self._trace
        exchanges.run(self._run)

    def wake(self) -> None:
        """End a wait early. May be called from a signal handler."""
        self._events.put(Event.WOKEN)

    def wait(self, seconds: float) -> Event:
        """Wait for the end, or for `wake`: at most `seconds`, and 10 s until the request leaves.

        Returns:
            `ENDED`, `WOKEN`, or `LATE`: the time is up, or it was woken before it left, and is
            given up for good.
        """
        began = self._clock.monotonic()
        limit = min(CONNECT_SECONDS, seconds)
        while True:
            try:
                event = self._clock.get(self._events, began + limit - self._clock.monotonic())
            except Empty:
                with self._lock:
                    if self._left and limit < seconds:
                        limit = seconds
                        continue
                    self._given_up = True
                return Event.LATE
            if event is Event.WOKEN:
                with self._lock:
                    if not self._left:  # there is no answer to wait for
                        self._given_up = True
                        return Event.LATE
            return event

    def reply(self) -> Reply:
        """The result as far as it came. An exchange still running is given up for good."""
        with self._lock:
            passed = self._clock.monotonic() - self._started
            if not self._ended:
                self._given_up = True
                self._shut()
                self._fault = (
                    Fault(FaultKind.TIMEOUT, f"no whole answer within {passed:.0f} s")
                    if self._left
                    else Fault(FaultKind.CONNECT, f"no connection within {passed:.0f} s")
                )
            response = None
            if self._head is not None:
                headers = {k.lower(): v for k, v in self._head.headers.items()}
                body = _unpacked(bytes(self._body), headers.get("content-encoding", ""))
                response = HttpResponse(self._head.status_code, headers, body)
            fresh = self._socket is not None
            return Reply(self._left, response, self._fault, round(passed * 1000), fresh)

    def _trace(self, event: str, info: Mapping[str, object]) -> None:
        # httpx's `trace` extension tells what was done, exception classes only what failed: a proxy
        # that closes on CONNECT and a server that closes after the POST raise the same class.
        if event.endswith("send_request_headers.started"):
            if getattr(info.get("request"), "method", b"") != self._request.method.encode():
                self._tunnel = True
                return
            with self._lock:
                if self._given_up:  # nothing may leave any more
                    raise httpx.ConnectTimeout("given up", request=self._request)
                self._left = True
        elif event.endswith(("connect_tcp.complete", "start_tls.complete")):
            extra = getattr(info.get("return_value"), "get_extra_info", None)
            self._socket = None if extra is None else extra("socket")

    def _shut(self) -> None:
        # Wakes the thread out of its read; only for a connection that this exchange opened itself.
        shutdown = getattr(self._socket, "shutdown", None)
        if shutdown is not None:
            with suppress(OSError):
                shutdown(2)

    def _run(self) -> None:
        fault: Fault | None = None
        try:
            response = self._client.send(self._request, stream=True)
            try:
                with self._lock:
                    self._head = response
                fault = self._read(response)
            finally:
                response.close()
        except Exception as error:  # noqa: BLE001 - the thread's end; its caller gets it as data
            fault = fault_of(error)
            if fault.kind is FaultKind.BROKEN and self._tunnel and not self._left:
                fault = Fault(FaultKind.PROXY, "the proxy closed the connection")
        finally:
            with self._lock:
                self._ended = True
                self._fault = self._fault or fault
            self._events.put(Event.ENDED)

    def _read(self, response: httpx.Response) -> Fault | None:
        for chunk in response.iter_raw():
            with self._lock:
                if self._given_up:
                    return Fault(FaultKind.TIMEOUT, "no whole answer in time")
                self._body += chunk[: MAX_BODY - len(self._body)]
                if len(self._body) >= MAX_BODY:
                    return Fault(FaultKind.TOO_LARGE, f"an answer of over {MAX_BODY} bytes")
        return None


def _unpacked(body: bytes, encoding: str) -> bytes:
    """The body as it was before a server compressed it, though asked not to; at most the cap."""
    if encoding.strip().lower() not in {"gzip", "x-gzip", "deflate"}:
        return body
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, MAX_BODY)
    except zlib.error:
        return body


class Wire:
    """A connection pool to one endpoint. No redirects, no retries; the environment's proxies."""

    def __init__(self, base_url: str, clock: Clock) -> None:
        """Open it.

        Args:
            base_url: decides on proxies (never for loopback) and on TLS.
            clock: bounds the exchanges.

        Raises:
            ConfigError: a proxy or certificate variable that cannot be used.
        """
        self._client = open_client(base_url)
        self._clock = clock

    def start(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        seconds: float = READ_SECONDS,
    ) -> Pending:
        """Send a request and come back at once.

        Args:
            method: `GET` or `POST`.
            url: absolute.
            headers: added to the program's own.
            body: bytes, sent as they are.
            seconds: of silence after which the connection is given up.
        """
        request = httpx.Request(
            method,
            url,
            headers={**HEADERS, **headers},
            content=body,
            extensions={"timeout": httpx.Timeout(seconds, connect=CONNECT_SECONDS).as_dict()},
        )
        return Pending(self._client, request, self._clock)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

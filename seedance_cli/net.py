"""The wire: the one importer of httpx. Bounded exchanges, keyless streams, no retries.

httpx's timeouts bound each read of a socket, not the exchange: a name server that hangs, or an
answer that comes in one byte a second, would outlast them. So each exchange runs in a thread of its
own, and the caller waits for it on the program's clock.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
import zlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from seedance_cli import __version__
from seedance_cli.addresses import is_loopback
from seedance_cli.cancellation import Cancellation, Cancelled
from seedance_cli.clock import SystemClock
from seedance_cli.errors import ConfigError, Unreachable
from seedance_cli.models import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from seedance_cli.clock import Clock

USER_AGENT = f"seedance/{__version__}"
"""Defapi's CDN answers 403 (error 1010) to Python's default one (providers.md)."""

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
PAID_SECONDS = 60.0
MAX_BODY = 4 * 1024 * 1024
"""Bytes of a JSON answer; the largest documented one has less than a thousandth of it."""

_LONGEST = 200
"""Characters of an error's own text, which may quote what a server sent."""
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=100, keepalive_expiry=60.0)
"""Longer than the longest pause between two polls, which then need no new connection."""
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


class FaultKind(StrEnum):
    """Why an exchange gave no whole answer."""

    CONNECT = "connect"
    CERTIFICATE = "certificate"
    PROXY = "proxy"
    TIMEOUT = "timeout"
    BROKEN = "broken"
    TOO_LARGE = "too_large"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong on the wire, in words without a key or a proxy's password."""

    kind: FaultKind
    text: str


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


class _Threads:
    """Threads that are used again: a poll costs less than the start of a thread.

    They are daemons, unlike those of `concurrent.futures`: one that hangs, in a name server's
    silence, must keep neither the next exchange nor the end of the program waiting.
    """

    def __init__(self) -> None:
        self.busy = 0
        """Jobs that have not ended."""
        self._threads = 0
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def run(self, job: Callable[[], None]) -> None:
        """Run the job, which raises nothing, in a thread that is free, or in a new one.

        Raises:
            RuntimeError: no thread can be started; the job never runs.
        """
        with self._lock:
            free = self.busy < self._threads
            self.busy += 1
            self._threads += not free
        if free:
            self._jobs.put(job)
            return
        try:
            threading.Thread(
                target=self._work, args=(job,), name="seedance-exchange", daemon=True
            ).start()
        except RuntimeError:
            with self._lock:
                self.busy -= 1
                self._threads -= 1
            raise

    def _work(self, job: Callable[[], None]) -> None:
        while True:
            job()
            with self._lock:
                self.busy -= 1
            job = self._jobs.get()


exchanges = _Threads()


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
        self._client = _client(base_url)
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


@dataclass(slots=True)
class Stream:
    """An answer whose body is read as it comes."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    _response: httpx.Response
    _cancellation: Cancellation

    def chunks(self) -> Iterator[bytes]:
        """The body's bytes as they come, as the server encoded them.

        In the pieces in which they were read: httpx copies them to make pieces of a given size.

        Raises:
            Unreachable: the connection broke, fell silent, or ended before the declared length.
            Cancelled: somebody asked to stop.
        """
        # Once it was asked for, nothing that came is the server's word: the end least of all.
        check = self._cancellation.check
        try:
            for chunk in self._response.iter_raw():
                check()
                yield chunk
        except httpx.HTTPError as error:
            check()
            raise Unreachable(f"the transfer broke off: {fault_of(error).text}") from error
        check()

    def shut(self) -> None:
        """End the connection, from any thread; a read of it that waits ends at once."""
        found = self._response.extensions.get("network_stream")
        wire = None if found is None else found.get_extra_info("socket")
        if isinstance(wire, socket.socket):
            with suppress(OSError):
                # Not an SSL socket's own: that one would let a read go on without the encryption.
                socket.socket.shutdown(wire, socket.SHUT_RDWR)


@contextmanager
def stream(
    url: str,
    headers: Mapping[str, str],
    *,
    connect_timeout: float = CONNECT_SECONDS,
    read_timeout: float = READ_SECONDS,
    clock: Clock | None = None,
    cancellation: Cancellation | None = None,
) -> Iterator[Stream]:
    """GET without a key; redirects are the caller's to follow.

    Args:
        url: http or https.
        headers: added to the program's own.
        connect_timeout: seconds.
        read_timeout: seconds for the answer's head, and of silence between two reads of its body.
        clock: bounds the wait for the head.
        cancellation: ends the wait for the head, and that for the body.

    Raises:
        Unreachable: no answer.
        ConfigError: a proxy or certificate variable that cannot be used.
        Cancelled: somebody asked to stop.
    """
    clock = clock or SystemClock()
    cancellation = cancellation or Cancellation()
    client = _client(url)
    try:
        request = client.build_request(
            "GET",
            url,
            headers={**HEADERS, "Accept": "*/*", **headers},
            timeout=httpx.Timeout(read_timeout, connect=connect_timeout),
        )
        opened: SimpleQueue[httpx.Response | Exception] = SimpleQueue()

        def open_it() -> None:
            try:
                opened.put(client.send(request, stream=True))
            except Exception as error:  # noqa: BLE001 - handed to the caller's thread
                opened.put(error)

        threading.Thread(target=open_it, name="seedance-stream", daemon=True).start()
        try:
            with cancellation.waking(lambda: opened.put(Cancelled())):
                response = clock.get(opened, connect_timeout + read_timeout)
        except Empty:
            raise Unreachable(f"no answer within {connect_timeout + read_timeout:.0f} s") from None
        if isinstance(response, Cancelled):
            raise response
        if isinstance(response, Exception):
            raise Unreachable(fault_of(response).text) from response
        try:
            lowered = {k.lower(): v for k, v in response.headers.items()}
            answer = Stream(response.status_code, lowered, response, cancellation)
            with cancellation.waking(answer.shut):
                yield answer
        finally:
            response.close()
    finally:
        client.close()


HEADERS = {
    "User-Agent": USER_AGENT,
    "Accept": "application/json",
    "Accept-Encoding": "identity",  # a compressed body could not be held to its size cap
}
"""The header fields of every request."""


def fault_of(error: Exception) -> Fault:
    """An exception of the wire as a fault; its own text only where it can hold no secret."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Fault(FaultKind.CERTIFICATE, f"its certificate: {cause.verify_message}")
        cause = cause.__cause__ or cause.__context__
    match error:
        case httpx.ProxyError():
            return Fault(FaultKind.PROXY, f"the proxy refused{_status(error)}")
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return Fault(FaultKind.CONNECT, f"no connection within {CONNECT_SECONDS:.0f} s")
        case httpx.ConnectError():
            return Fault(FaultKind.CONNECT, str(error)[:_LONGEST] or "no connection")
        case httpx.TimeoutException():
            return Fault(FaultKind.TIMEOUT, "silence")
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return Fault(FaultKind.REQUEST, "its address cannot be used")
        case httpx.LocalProtocolError() | UnicodeError() | ValueError():
            # httpx and h11 put the offending header into the text: never repeat it.
            return Fault(FaultKind.REQUEST, f"the request cannot be sent ({type(error).__name__})")
        case httpx.NetworkError() | httpx.ProtocolError():
            return Fault(FaultKind.BROKEN, str(error)[:_LONGEST] or "the connection broke")
        case _:
            return Fault(FaultKind.BROKEN, type(error).__name__)


def _status(error: Exception) -> str:
    # Of "407 Proxy Authentication Required" only the number: the words are the proxy's own.
    number = str(error).partition(" ")[0]
    return f": HTTP {number}" if number.isdigit() else ""


def _client(url: str) -> httpx.Client:
    direct = is_loopback(url)
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    try:
        client = httpx.Client(
            trust_env=not direct,
            verify=_ssl_context(tls=urlsplit(url).scheme == "https", proxies=not direct),
            timeout=timeout,
            limits=_LIMITS,
            follow_redirects=False,
        )
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        named = _set_variables(*_PROXIES, "NO_PROXY")
        what = "a SOCKS proxy needs the package socksio" if _is_import(error) else "not understood"
        raise ConfigError(
            f"the proxy settings cannot be used ({what}): {', '.join(named) or 'system settings'}",
            hint="unset or mend these variables",
        ) from None  # the cause's text may hold a proxy's password
    # No cookie is kept: what a server puts into one would be sent back to it.
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
    return client


def _set_variables(*names: str) -> list[str]:
    """Those of the variables that are set, in either case, as they are spelt."""
    return [one for name in names for one in (name, name.lower()) if os.environ.get(one)]


def _is_import(error: Exception) -> bool:
    return isinstance(error, ImportError)


def _ssl_context(*, tls: bool, proxies: bool) -> ssl.SSLContext:
    # Loading the CA bundle costs 15-20 ms: only where TLS is possible. The bare context trusts
    # nobody, so that a mistake here fails closed.
    if not tls and not (proxies and _set_variables(*_PROXIES)):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return _trusted(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def _trusted(file: str | None, folder: str | None) -> ssl.SSLContext:
    # httpx reads the two variables itself; here they are the cache's key, and named in errors.
    if folder and not file and not Path(folder).is_dir():
        raise ConfigError("SSL_CERT_DIR names a folder that is not there", hint="mend or unset it")
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(
            f"{'SSL_CERT_FILE' if file else 'SSL_CERT_DIR'} cannot be used: "
            f"{error.strerror or 'no certificates in it'}",
            hint="mend or unset it",
        ) from error

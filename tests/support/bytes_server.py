"""A scripted server on a real socket, for what only bytes can show: cuts, resets, drips, silence.

A test gives it one function, called for each request in a thread of its own; what the function
sends is all that the client gets, headers included::

    def cut(request: Request, client: Client) -> None:
        client.send(head(200, {"Content-Length": "1000"}) + b"x" * 10)
        client.reset()

    with BytesServer(cut) as server:
        httpx.get(server.url + "/video.mp4")
    assert server.requests[0].headers["range"] == "bytes=10-"

One request a connection; when the function returns, the connection is closed (FIN). `in_turn(a, b)`
answers the first request with `a`, every later one with `b`. An exception in the function is raised
again when the `with` block ends.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Self, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

_KNOWN = frozenset(HTTPStatus)
_PATIENCE = 10.0
"""Real seconds after which a socket operation of the server fails, so that no test hangs."""


_silent: set[Client] = set()


def silences() -> int:
    """How many connections there are on which nothing will come any more."""
    return len(_silent)


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came."""

    raw: bytes
    """The head, as sent: request line and header lines."""
    method: str
    target: str
    """The request line's second word, e.g. `/video.mp4?x=1`."""
    headers: Mapping[str, str]
    """Names in lower case; of a repeated one the last. `raw` has them all."""
    body: bytes


class Client:
    """The other end of one connection, for the scripted function."""

    def __init__(self, connection: socket.socket, stopping: threading.Event) -> None:
        self._connection = connection
        self._stopping = stopping

    def send(self, data: bytes) -> bool:
        """Send bytes; False if the client is gone, which is no fault of the script."""
        try:
            self._connection.sendall(data)
        except OSError:
            return False
        return True

    def drip(self, data: bytes, size: int, between: Callable[[], object]) -> None:
        """Send `data` in pieces of `size` bytes, calling `between` after each."""
        for at in range(0, len(data), size):
            if self._stopping.is_set() or not self.send(data[at : at + size]):
                return
            between()

    def silence(self) -> None:
        """Send nothing, until the client gives up or the server stops."""
        _silent.add(self)
        try:
            self._be_silent()
        finally:
            _silent.discard(self)

    def _be_silent(self) -> None:
        self._connection.settimeout(0.05)
        while not self._stopping.is_set():
            try:
                if not self._connection.recv(4096):
                    return
            except TimeoutError:
                continue
            except OSError:
                return

    def tunnel(self, port: int) -> None:
        """Pass bytes on in both directions, to a port of this machine, until either side ends."""
        there = socket.create_connection(("127.0.0.1", port), _PATIENCE)

        def pump(source: socket.socket, sink: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while data := source.recv(65536):
                    sink.sendall(data)
                sink.shutdown(socket.SHUT_WR)

        back = threading.Thread(target=pump, args=(there, self._connection), daemon=True)
        back.start()
        pump(self._connection, there)
        back.join(_PATIENCE)
        there.close()

    def close(self) -> None:
        """End the connection in the ordinary way (FIN)."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def reset(self) -> None:
        """Break the connection (RST). Bytes that the client has not read yet may be lost to it."""
        with contextlib.suppress(OSError):
            linger = struct.pack("ii", 1, 0)  # on, 0 seconds: closing sends RST instead of FIN
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._connection.close()


Script: TypeAlias = Callable[[Request, Client], None]


class BytesServer:
    """Listens on 127.0.0.1 while its `with` block runs."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._faults: list[Exception] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.requests: list[Request] = []
        """Every request whose head came whole, in order."""
        self.connections = 0
        """Every connection, also those on which nothing came."""

    @property
    def port(self) -> int:
        """The port it listens on."""
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        socket.create_connection(("127.0.0.1", self.port)).close()  # wakes the accepting thread
        for thread in self._threads:  # grows while it is read, until the accepting one has ended
            thread.join(_PATIENCE)
        self._listener.close()
        if self._faults:
            raise self._faults[0]

    def _start(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name="bytes-server", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._stopping.is_set():
                connection.close()
                return
            self.connections += 1
            connection.settimeout(_PATIENCE)
            self._start(partial(self._serve, connection))

    def _serve(self, connection: socket.socket) -> None:
        client = Client(connection, self._stopping)
        try:
            request = _read(connection)
            if request is not None:
                self.requests.append(request)
                self._script(request, client)
        except Exception as error:  # noqa: BLE001 - the thread's end; `__exit__` raises it
            self._faults.append(error)
        finally:
            client.close()


def head(status: int, headers: Mapping[str, str] | None = None) -> bytes:
    """The head of an HTTP/1.1 answer. Nothing is added to the headers given."""
    phrase = HTTPStatus(status).phrase if status in _KNOWN else ""
    lines = [f"HTTP/1.1 {status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def answer(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Script:
    """A script that answers whole, with a Content-Length, and closes."""

    def script(_: Request, client: Client) -> None:
        framing = {"Content-Length": str(len(body)), "Connection": "close"}
        client.send(head(status, {**framing, **(headers or {})}) + body)

    return script


def in_turn(*scripts: Script) -> Script:
    """A script that lets each request have the next of `scripts`; the last one has all the rest."""
    rest = iter(scripts[:-1])
    lock = threading.Lock()

    def script(request: Request, client: Client) -> None:
        with lock:
            chosen = next(rest, scripts[-1])
        chosen(request, client)

    return script


def _read(connection: socket.socket) -> Request | None:
    """One request; None if the client left before its head was whole."""
    data = b""
    while b"\r\n\r\n" not in data:
        try:
            more = connection.recv(65536)
        except OSError:
            return None
        if not more:
            return None
        data += more
    raw, _, body = data.partition(b"\r\n\r\n")
    first, *lines = raw.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines)
    }
    length = int(headers.get("content-length", "0"))
    while len(body) < length:
        try:
            more = connection.recv(65536)
        except OSError:
            break
        if not more:
            break
        body += more
    return Request(raw, method, target, headers, body)

"""The network below httpcore: connections that race, and streams that tell what they do.

httpcore takes a network backend as an argument of its pools; these two classes implement that
interface.
"""

from __future__ import annotations

import select
import socket
import ssl
import sys
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import httpcore

from seedance_cli.http.heads import TooMuchHead
from seedance_cli.http.layered_tls import LayeredTls
from seedance_cli.http.limits import MAX_HEAD
from seedance_cli.http.racing import RefusedAddress, race, resolve
from seedance_cli.http.tap import current

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from seedance_cli.http.racing import SocketOption
    from seedance_cli.http.tap import Tap

T = TypeVar("T")

_OPTIONS: tuple[SocketOption, ...] = (
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    # What the system has taken counts as sent; on a slow line megabytes of it would still be here.
    (socket.SOL_SOCKET, socket.SO_SNDBUF, 256 * 1024),
)
_PIECE = 64 * 1024
_READ, _WRITE = 1, 4
"""As `select.POLLIN` and `select.POLLOUT`, which Windows has not."""
_REST_SECONDS = 2.0
"""How long the rest of what is no HTTP is waited for, between two pieces of it."""
_REST_BYTES = 256 * 1024


class Backend(httpcore.NetworkBackend):
    """Opens connections: to the address of a host that answers first."""

    def __init__(self, permit: Callable[[str], bool] | None = None) -> None:
        """Take the caller's rule.

        Args:
            permit: whether an address may be connected to; asked of every address, in the form
                `192.0.2.1` or `fe80::1%eth0`, before anything is sent to it. None: all may.
        """
        self._permit = permit

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect, within `timeout` seconds, the look-up of the name included.

        Raises:
            RefusedAddress: the host has only addresses that the caller's rule forbids.
            httpcore.ConnectError, httpcore.ConnectTimeout: as the interface says.
        """
        until = time.monotonic() + (60.0 if timeout is None else timeout)
        tap = current()
        if tap is not None:
            tap.connecting()
        try:
            candidates = resolve(host, port)
            if tap is not None:
                tap.check()
            if self._permit is not None:
                first = candidates[0].text
                candidates = [one for one in candidates if self._permit(one.text)]
                if not candidates:
                    raise RefusedAddress(first)
            options = (*_OPTIONS, *(socket_options or ()))
            sock = race(candidates, until=until, source=local_address, options=options)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        stream = SocketStream(sock)
        if tap is not None:
            try:
                tap.opened(stream)
            except BaseException:
                stream.close()
                raise
        return stream


class SocketStream(httpcore.NetworkStream):
    """One connection. What is done on it is told to the tap of the thread that does it."""

    def __init__(self, sock: socket.socket | LayeredTls) -> None:
        """Take a connected socket."""
        self._socket = sock
        self._timeout: float | None = -1.0  # unlike any that can be asked for

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next bytes; none: the other side has closed."""
        tap = current()
        if tap is None or not tap.left or not tap.head.open:
            return self._receive(max_bytes, timeout, tap)
        while True:
            data = self._receive(max_bytes, timeout, tap)
            if not data:
                if tap.head.held:
                    raise httpcore.RemoteProtocolError("it ends within its headers")
                return b""
            try:
                passed = tap.head.feed(data)
            except TooMuchHead:
                text = f"over {MAX_HEAD} bytes of headers"
                raise httpcore.RemoteProtocolError(text) from None
            if tap.head.hopeless:
                self._keep_rest(tap, timeout)
                raise httpcore.RemoteProtocolError("it has no status line")
            if passed:
                return passed

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        if not buffer:
            return
        tap = current()
        if tap is not None:
            tap.writing(self, buffer)
        view = memoryview(buffer)
        try:
            while view:
                if tap is None:
                    self._wait_at_most(timeout)
                    view = view[self._socket.send(view) :]
                else:
                    sent = self._idly(partial(self._socket.send, view), _WRITE, timeout, tap)
                    view = view[sent:]
                    tap.wrote(sent)
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error
        except OSError as error:
            if tap is not None:
                tap.no_more()
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """The same connection, encrypted from here on."""
        try:
            below = self._socket
            below.settimeout(timeout)
            over: socket.socket | LayeredTls
            if isinstance(below, socket.socket) and not isinstance(below, ssl.SSLSocket):
                over = ssl_context.wrap_socket(below, server_hostname=server_hostname)
            else:
                over = LayeredTls(below, ssl_context, server_hostname)
        except TimeoutError as error:
            self.close()
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            self.close()
            raise httpcore.ConnectError(str(error)) from error
        except BaseException:
            self.close()
            raise
        stream = SocketStream(over)
        tap = current()
        if tap is not None:
            tap.moved(stream)
        return stream

    def get_extra_info(self, info: str) -> object:
        """What httpcore and its callers ask: see its documentation of the interface."""
        match info:
            case "ssl_object":
                return None if type(self._socket) is socket.socket else self._socket
            case "client_addr":
                return self._socket.getsockname()
            case "server_addr":
                return self._socket.getpeername()
            case "socket":
                return self._socket
            case "is_readable":
                return self.readable()
            case _:
                return None

    def readable(self) -> bool:
        """Whether something lies there to be read, its end included. From any thread."""
        return self._socket.fileno() < 0 or _ready(self._socket.fileno(), _READ, 0.0)

    def shut(self) -> None:
        """End the connection, from any thread; a read of it that waits ends at once."""
        bottom = self._socket.bottom if isinstance(self._socket, LayeredTls) else self._socket
        with suppress(OSError):
            # Not an SSL socket's own: that one would let a read go on without the encryption.
            socket.socket.shutdown(bottom, socket.SHUT_RDWR)

    def _receive(self, size: int, timeout: float | None, tap: Tap | None) -> bytes:
        try:
            if tap is None:
                self._wait_at_most(timeout)
                return self._socket.recv(size)
            return self._idly(partial(self._socket.recv, size), _READ, timeout, tap)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error
        except ValueError as error:  # closed by another thread meanwhile
            raise httpcore.ReadError("the connection was closed") from error

    def _idly(self, step: Callable[[], T], events: int, timeout: float | None, tap: Tap) -> T:
        """Read or write where the tap can tell whether something came that was not looked at."""
        until = None if timeout is None else time.monotonic() + timeout
        self._wait_at_most(0.0)
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                wanted = _READ
            except ssl.SSLWantWriteError:
                wanted = _WRITE
            except BlockingIOError:
                wanted = events
            with tap.idle():
                left = None if until is None else max(0.0, until - time.monotonic())
                ready = _ready(self._socket.fileno(), wanted, left)
            if not ready:
                raise TimeoutError("silence")

    def _keep_rest(self, tap: Tap, timeout: float | None) -> None:
        """Add what else comes to what is no HTTP: the id of a task may be in it."""
        patience = _REST_SECONDS if timeout is None else min(_REST_SECONDS, timeout)
        with suppress(httpcore.ReadTimeout, httpcore.ReadError):
            while len(tap.head.held) < _REST_BYTES:
                data = self._receive(_PIECE, patience, tap)
                if not data:
                    return
                tap.head.held += data

    def _wait_at_most(self, seconds: float | None) -> None:
        if seconds != self._timeout:  # each is a system call
            self._socket.settimeout(seconds)
            self._timeout = seconds


def _ready(descriptor: int, wanted: int, seconds: float | None) -> bool:
    """Whether it can be read or written, or has ended, within so many seconds (None: for ever)."""
    if sys.platform == "win32":
        one = [descriptor]
        reading, writing = (one, []) if wanted == _READ else ([], one)
        return any(select.select(reading, writing, one, seconds))
    poll = select.poll()
    poll.register(descriptor, wanted)
    return bool(poll.poll(None if seconds is None else max(0, round(seconds * 1000))))

"""TLS inside TLS: to a server behind an https proxy. `ssl` itself wraps no encrypted socket."""

from __future__ import annotations

import ssl
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

T = TypeVar("T")

_PIECE = 64 * 1024


class LayeredTls:
    """As much of a socket as a stream needs, encrypted once more."""

    def __init__(
        self, below: socket.socket | LayeredTls, context: ssl.SSLContext, hostname: str | None
    ) -> None:
        """Shake hands, within the timeout that the socket below has.

        Args:
            below: an encrypted socket.
            context: whom to trust.
            hostname: who is to be there.

        Raises:
            OSError: as `ssl.SSLContext.wrap_socket`.
        """
        self._below = below
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=hostname)
        self._unsent = b""
        self._do(self._tls.do_handshake)

    @property
    def bottom(self) -> socket.socket:
        """The socket at the bottom of all layers."""
        return self._below.bottom if isinstance(self._below, LayeredTls) else self._below

    def recv(self, size: int) -> bytes:
        """The next bytes; none: the other side has closed."""
        try:
            return self._do(partial(self._tls.read, size))
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return b""

    def send(self, data: memoryview) -> int:
        """Take bytes to be sent; how many."""
        return self._do(partial(self._tls.write, data))

    def selected_alpn_protocol(self) -> str | None:
        """The protocol that both sides agreed on."""
        return self._tls.selected_alpn_protocol()

    def settimeout(self, seconds: float | None) -> None:
        """As of a socket; so are the next ones."""
        self._below.settimeout(seconds)

    def fileno(self) -> int:
        """The descriptor."""
        return self._below.fileno()

    def getsockname(self) -> object:
        """The own address."""
        return self._below.getsockname()

    def getpeername(self) -> object:
        """The other side's address."""
        return self._below.getpeername()

    def close(self) -> None:
        """Close it."""
        self._below.close()

    def _do(self, step: Callable[[], T]) -> T:
        self._flush()
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._flush()
                data = self._below.recv(_PIECE)
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            else:
                # The step is done: what cannot leave now leaves before the next one.
                with suppress(ssl.SSLWantWriteError):
                    self._flush()
                return result

    def _flush(self) -> None:
        self._unsent += self._outgoing.read()
        while self._unsent:
            self._unsent = self._unsent[self._below.send(memoryview(self._unsent)) :]

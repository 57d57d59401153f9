"""The exceptions of the wire, in words without a key or a proxy's password.

Imports httpcore, so it is imported where something was sent.
"""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

import httpcore

from seedance_cli.http import certificates
from seedance_cli.http.faults import (
    FaultKind,
    TransportFault,
    no_connection,
    through,
    where_to_look,
)
from seedance_cli.http.lean_httpx import httpx
from seedance_cli.http.limits import CONNECT_SECONDS
from seedance_cli.http.tap import GivenUp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seedance_cli.http.proxies import Proxy

_LONGEST = 200
"""Characters of an error's own text, which may quote what a server sent."""
WIRE_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
    httpx.InvalidURL,
)
"""What a wire that fails raises."""


def fault_of(error: Exception, proxy: Proxy | None = None) -> TransportFault:
    """An exception of the wire as a fault; its own text only where it can hold no secret.

    Args:
        error: of httpcore, httpx, the socket or this room.
        proxy: the one that the request went through.
    """
    root = _root(error)
    if isinstance(root, ssl.SSLCertVerificationError):
        text = f"its certificate: {root.verify_message.rstrip('.')}{through(proxy)}"
        return TransportFault(FaultKind.CERTIFICATE, text, certificates.advice(root))
    match error:
        case httpcore.ProxyError():
            text = f"the proxy {proxy} refused{_reason(error)}"
            return TransportFault(FaultKind.PROXY, text, _who(error, proxy) or where_to_look(proxy))
        case httpcore.ConnectTimeout() | httpcore.PoolTimeout():
            return no_connection(CONNECT_SECONDS, proxy)
        case httpcore.ConnectError():
            return TransportFault(
                FaultKind.CONNECT, _not_connected(error, root, proxy), where_to_look(proxy)
            )
        case httpcore.TimeoutException() | GivenUp():
            return TransportFault(FaultKind.TIMEOUT, "silence")
        case httpx.InvalidURL() | httpcore.UnsupportedProtocol():
            return TransportFault(FaultKind.REQUEST, "its address cannot be used")
        case httpcore.LocalProtocolError() | UnicodeError() | ValueError():
            # httpx and h11 put the offending header into the text: never repeat it.
            return TransportFault(
                FaultKind.REQUEST, f"the request cannot be sent ({type(error).__name__})"
            )
        case httpcore.NetworkError() | httpcore.ProtocolError():
            # h11 quotes what it refused, as Python would write it.
            text = str(error).partition(": bytearray(")[0][:_LONGEST]
            return TransportFault(FaultKind.BROKEN, text or "the connection broke")
        case _:
            return TransportFault(FaultKind.BROKEN, type(error).__name__)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _root(error: BaseException) -> OSError | None:
    """The system's or OpenSSL's own error behind it."""
    return next((one for one in _causes(error) if isinstance(one, OSError)), None)


def _not_connected(error: Exception, root: OSError | None, proxy: Proxy | None) -> str:
    match root:
        case ssl.SSLError():
            words = (root.reason or "").replace("_", " ").lower()
            return f"TLS failed{through(proxy)}: {words or 'no reason given'}"
        case socket.gaierror():
            why = f"no such host ({root.strerror})"
        case OSError() if root.strerror:
            why = root.strerror
        case _:
            why = str(error) or "no connection"
    if proxy is not None:
        return f"the proxy {proxy} does not answer: {why[:_LONGEST]}"
    return why[:_LONGEST]


def _who(error: Exception, proxy: Proxy | None) -> str | None:
    if proxy is None or not str(error).startswith("407"):
        return None
    return f"it wants to know who you are: {proxy.source}={proxy.scheme}://NAME:PASSWORD@HOST:PORT"


def _reason(error: Exception) -> str:
    # Of "407 Proxy Authentication Required" only the number: the words are the proxy's own. What a
    # SOCKS proxy refuses with is a code, and the words are httpcore's.
    text = str(error)
    number = text.partition(" ")[0]
    if number.isdigit():
        return f": HTTP {number}"
    return f": {text[:_LONGEST]}" if text.startswith(("Requested", "Proxy Server")) else ""

"""What goes wrong on the wire, in words without a key or a proxy's password."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from enum import StrEnum

import httpx

from seedance_cli.net.limits import CONNECT_SECONDS

_LONGEST = 200
"""Characters of an error's own text, which may quote what a server sent."""


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

"""Why an exchange gave no whole answer, as a value."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple

if TYPE_CHECKING:
    from seedance_cli.http.proxies import Proxy


class FaultKind(StrEnum):
    """Why an exchange gave no whole answer."""

    CONNECT = "connect"
    CERTIFICATE = "certificate"
    PROXY = "proxy"
    TIMEOUT = "timeout"
    BROKEN = "broken"
    TOO_LARGE = "too_large"
    ENCODED = "encoded"
    """It came whole, compressed in a way that this program cannot undo."""
    REQUEST = "request"


class TransportFault(NamedTuple):
    """What went wrong on the wire, in words without a key or a proxy's password."""

    kind: FaultKind
    text: str
    hint: str | None = None
    """What a person can do about it."""


def no_connection(seconds: float, proxy: Proxy | None) -> TransportFault:
    """Nothing could be sent in this time."""
    text = f"no connection within {seconds:.0f} s{through(proxy)}"
    return TransportFault(FaultKind.CONNECT, text, where_to_look(proxy))


def through(proxy: Proxy | None) -> str:
    """Words for the proxy in the way; none where there is none."""
    return "" if proxy is None else f", through the proxy {proxy}"


def where_to_look(proxy: Proxy | None) -> str | None:
    """The hint that names what the proxy comes from."""
    if proxy is None:
        return None
    return f"{proxy.source} names the proxy; NO_PROXY='*' goes without one"

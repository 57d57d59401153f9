"""What kind of host a URL names, read from the URL alone: no name is looked up."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def literal(host: str) -> Address | None:
    """The address that a host is written as, in any form the system's resolver takes; else None.

    `127.1`, `0x7f000001` and `2130706433` are all 127.0.0.1 to it.
    """
    bare = host.strip("[]").partition("%")[0]
    try:
        address: Address = ipaddress.ip_address(bare)
    except ValueError:
        try:
            address = ipaddress.IPv4Address(socket.inet_aton(bare))
        except (OSError, ValueError):
            return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine: 127.0.0.0/8, ::1 or `localhost`."""
    host = _host(url)
    address = literal(host)
    return host in {"localhost", "localhost."} if address is None else address.is_loopback


def is_private(url: str) -> bool:
    """Whether the URL's host is written as one that the public internet cannot reach."""
    host = _host(url)
    address = literal(host)
    if address is None:
        name = host.rstrip(".")
        return name == "localhost" or name.endswith(".localhost")
    return not address.is_global or address.is_multicast


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""

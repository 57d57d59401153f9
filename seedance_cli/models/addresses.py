"""What kind of host a URL names, and what kind of address a name stands for. Looks nothing up.

The one place that knows. `ipaddress.is_global` is not asked: what it means has changed between
patch releases of Python, and it takes an IPv6 address that wraps a private IPv4 one for public.
"""

from __future__ import annotations

import ipaddress
import unicodedata
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# IANA's IPv4 special-purpose registry (RFC 6890), what of it is not reachable everywhere.
_NOT_PUBLIC_4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, where clouds keep their metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays, gone
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_STAND_INS = ipaddress.IPv4Network("198.18.0.0/15")
# Global unicast is all that IANA has given out; of it the registry takes these away.
_PUBLIC_6 = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)
# IPv6 addresses that stand for an IPv4 one, and how far from the right that one lies in them.
_WRAPPERS = (
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),  # mapped
    (ipaddress.IPv6Network("::/96"), 0),  # compatible; `::1` is not one of them
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),  # NAT64
    (ipaddress.IPv6Network("2002::/16"), 80),  # 6to4
)


def literal(host: str) -> Address | None:
    """The address that a host is written as, in any form the system's resolver takes; else None.

    `127.1`, `0x7f000001` and `2130706433` are all 127.0.0.1 to it.
    """
    bare = host.strip("[]").partition("%")[0]
    try:
        address: Address = ipaddress.ip_address(bare)
    except ValueError:
        import socket  # takes a while to import, and most hosts are names or plain addresses

        try:
            address = ipaddress.IPv4Address(socket.inet_aton(bare))
        except (OSError, ValueError):
            return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_loopback(url: str) -> bool:
    """Whether the URL's host is surely this machine: 127.0.0.0/8, ::1 or `localhost`.

    Permits what would be refused elsewhere, so a spelling in doubt is none of them.
    """
    host = _host(url)
    address = literal(host)
    return host in {"localhost", "localhost."} if address is None else address.is_loopback


def is_private(url: str) -> bool:
    """Whether the URL's host is written as one that the public internet cannot reach.

    Refuses, so a spelling in doubt is one: full-width digits and ideographic dots count as ASCII
    ones, a last dot changes nothing, and no host at all is reachable from nowhere.
    """
    host = unicodedata.normalize("NFKC", _host(url)).replace("\u3002", ".").rstrip(".")
    address = literal(host)
    if address is None:
        return not host or host == "localhost" or host.endswith(".localhost")
    return not _is_public(address)


def is_public(text: str) -> bool:
    """Whether an address that a name stands for is one of the public internet.

    `198.18.0.0/15` counts as such: proxies that work on names ("fake IP") let every name stand for
    an address from there, and nothing else is.

    Args:
        text: as the system's resolver gives it: `192.0.2.1`, `fe80::1%eth0`.
    """
    address = literal(text)
    if address is None:
        return False
    if isinstance(address, ipaddress.IPv4Address) and address in _STAND_INS:
        return True
    return _is_public(address)


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    for network, shift in _WRAPPERS:
        if address in network:
            return _is_public(ipaddress.IPv4Address(int(address) >> shift & 0xFFFFFFFF))
    return address in _PUBLIC_6 and not any(address in network for network in _NOT_PUBLIC_6)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""

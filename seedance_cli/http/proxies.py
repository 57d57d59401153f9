"""Which proxy a URL is reached through, by the environment or the system's settings.

Only the one that would be used is looked at: what stands in another variable stops nothing.
"""

from __future__ import annotations

import ipaddress
import os
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from seedance_cli._named import NamedTuple
from seedance_cli.errors import ConfigError
from seedance_cli.models import is_loopback, literal
from seedance_cli.system import misquoted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_SOCKS = ("socks5", "socks5h")
_SYSTEM = "the system's settings"


class Proxy(NamedTuple):
    """A proxy that is going to be used."""

    scheme: str
    """`http`, `https`, `socks5` or `socks5h`."""
    host: str
    port: int
    login: tuple[str, str] | None
    """Name and password; in no text and no `repr`."""
    source: str
    """The variable that names it, as it is spelt; or words for the system's settings."""

    def __repr__(self) -> str:
        return f"Proxy({self})"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port} ({self.source})"

    @property
    def socks(self) -> bool:
        """Whether it speaks SOCKS."""
        return self.scheme in _SOCKS


def proxy_for(url: str) -> Proxy | None:
    """The proxy for a URL; None where it is reached directly, as loopback always is.

    `HTTPS_PROXY` or `HTTP_PROXY`, by the URL's scheme, goes before `ALL_PROXY`; `NO_PROXY` takes
    hosts out of all of them.

    Raises:
        ConfigError: the proxy that would be used cannot be, or `NO_PROXY` cannot be understood.
    """
    if is_loopback(url):
        return None
    from urllib.request import getproxies  # the system's settings, too, where it has some

    settings: Mapping[str, str] = getproxies()
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return None  # nothing will be sent there
    for name in (parts.scheme, "all"):
        if settings.get(name):
            if _excepted(parts, port, settings.get("no", "")):
                return None
            return _parsed(settings[name], _source(name))
    return None


def _source(name: str) -> str:
    for spelling in (f"{name}_proxy", f"{name.upper()}_PROXY"):
        if os.environ.get(spelling):
            return spelling
    return _SYSTEM


def _parsed(text: str, source: str) -> Proxy:
    fault = misquoted(text.strip(" "))
    if fault is not None:
        raise _unusable(source, fault)
    if "://" not in text:
        text = f"http://{text}"
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise _unusable(source, "is no URL with a host and a port") from None
    if parts.scheme not in _PORTS:
        raise _unusable(source, "is of a kind that this program does not know")
    if not parts.hostname or not parts.hostname.isascii() or port == 0:
        raise _unusable(source, "is no URL with a host and a port")
    if parts.scheme in _SOCKS and not _has_socks():
        raise _unusable(source, "is a SOCKS proxy, which needs the Python package socksio")
    login = None
    if parts.username or parts.password:
        login = unquote(parts.username or ""), unquote(parts.password or "")
    return Proxy(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], login, source)


def _unusable(source: str, why: str) -> ConfigError:
    # Never its value: a password may be in it.
    return ConfigError(
        f"the proxy that {source} names cannot be used: it {why}",
        hint=f"mend or unset {source}" if source != _SYSTEM else "mend the system's settings",
    )


def _has_socks() -> bool:
    from importlib.util import find_spec

    return find_spec("socksio") is not None


def _excepted(url: SplitResult, port: int, exceptions: str) -> bool:
    """Whether `NO_PROXY` takes the URL's host out.

    Raises:
        ConfigError: something in it is neither a host nor an address nor a network.
    """
    entries = [one for one in re.split(r"[,\s]+", exceptions) if one]
    if "*" in entries:
        return True
    host = (url.hostname or "").rstrip(".")
    found = [_matches(entry, url.scheme, host, port) for entry in entries]
    return any(found)


def _matches(entry: str, scheme: str, host: str, port: int) -> bool:
    wanted, separator, rest = entry.partition("://")
    if not separator:
        wanted, rest = "", entry
    if any(character in rest for character in "[]@\"'"):
        raise _no_exception()
    address = literal(host)
    if "/" in rest and not separator:
        try:
            network = ipaddress.ip_network(rest, strict=False)
        except ValueError:
            raise _no_exception() from None
        return address is not None and address in network
    name, digits = rest.rstrip("/").lower(), ""
    if name.count(":") == 1:
        name, _, digits = name.partition(":")
    if wanted not in {"", "all", scheme} or digits not in {"", str(port)}:
        return False
    if (excepted := literal(name)) is not None:
        return excepted == address
    name = name.lstrip("*").rstrip(".")
    if name.startswith("."):
        return host.endswith(name)
    return host == name or host.endswith(f".{name}")


def _no_exception() -> ConfigError:
    source = "no_proxy" if os.environ.get("no_proxy") else "NO_PROXY"
    return ConfigError(
        f"{source} cannot be understood: something in it is no host, address or network",
        hint=f"{source} takes them without brackets, separated by commas",
    )

"""What a base URL may be, before a key is sent to it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from seedance_cli.system import misquoted

_HOST = r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\]"
_DEFAULT_PORTS = {"http": 80, "https": 443}


def normalised(text: str) -> str:
    """The base URL in the one spelling by which two are compared.

    Scheme and host in lower case, no default port, no trailing slash.

    Raises:
        ValueError: it cannot be a base URL. The text of the error says why and never repeats the
            URL, for it may hold a password.
    """
    fault = misquoted(text)
    if fault is not None:
        raise ValueError(fault)
    if not text.isascii() or not text.isprintable() or any(c in text for c in ' "<>\\^`{|}'):
        raise ValueError("has a character that no URL has")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("is no URL") from None
    scheme = parts.scheme
    if scheme not in _DEFAULT_PORTS:
        raise ValueError("does not begin with https:// (or http:// for this machine)")
    if "@" in parts.netloc:
        raise ValueError("holds a user name or a password")
    if "?" in text or "#" in text:
        raise ValueError("has a query or a fragment")
    host, colon, digits = _split(parts.netloc)
    if not re.fullmatch(_HOST, host) or (colon and not digits) or port == 0:
        raise ValueError("has no usable host and port")
    if scheme == "http" and not _of_this_machine(text):
        raise ValueError("begins with http://, which is for this machine only: the key would leak")
    where = host.lower() if port in {None, _DEFAULT_PORTS[scheme]} else f"{host.lower()}:{port}"
    return f"{scheme}://{where}{parts.path.rstrip('/')}"


def _of_this_machine(url: str) -> bool:
    from seedance_cli.models import is_loopback  # knows every network there is

    return is_loopback(url)


def _split(netloc: str) -> tuple[str, str, str]:
    """Host with its brackets, colon if any, port digits."""
    match = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(:?)(.*)", netloc)
    assert match is not None  # the last group takes anything
    return match[1], match[2], match[3]

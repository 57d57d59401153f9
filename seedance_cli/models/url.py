"""What a URL says of itself, without asking anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from seedance_cli.models.secret import MASK
from seedance_cli.models.text import control, safe, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_URL = 16_384
"""Characters. A URL of a video that is longer is not used."""

_PORTS = {"http": 80, "https": 443}


def origin(endpoint: str) -> str:
    """Scheme, host and port of a base URL, in lower case, the scheme's own port left out.

    What is no URL with a host (`sandbox`) is returned as it is.
    """
    parts = urlsplit(endpoint)
    host = parts.hostname
    if not parts.scheme or not host:
        return endpoint
    if ":" in host:
        host = f"[{host}]"
    port = parts.port
    shown = "" if port is None or port == _PORTS.get(parts.scheme) else f":{port}"
    return f"{parts.scheme}://{host}{shown}"


def url_fault(url: str) -> str | None:
    """Why a video URL cannot be handed on, as the end of a sentence; None where it can."""
    found = control(url)
    if found:
        return f"has a control character ({safe(found)})"
    if not url.lower().startswith(("http://", "https://")):
        return "is neither http nor https"
    if len(url) > LONGEST_URL:
        return f"is longer than {LONGEST_URL} characters"
    if MASK in url:
        return "holds a piece of your key"
    return "has a space in it" if " " in url else None


def unusable(urls: Iterable[str]) -> str | None:
    """What is wrong with the first URL that cannot be used, and that URL, escaped and masked."""
    for url in urls:
        fault = url_fault(url)
        if fault is not None:
            return f"it {fault}: {shortened(mask_url(url))}"
    return None


def mask_url(url: str) -> str:
    """The URL fit for a log: its user, query and fragment, where secrets live, are masked."""
    rest, hash_, fragment = url.partition("#")
    rest, mark, query = rest.partition("?")
    scheme, colon, after = rest.rpartition("://")
    authority, slash, path = after.partition("/")
    _, at, host = authority.rpartition("@")
    masked = f"{scheme}{colon}{'***@' if at else ''}{host}{slash}{path}"
    if mark:
        masked += "?***" if query else "?"
    if hash_:
        masked += "#***" if fragment else "#"
    return safe(masked)

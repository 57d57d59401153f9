"""What a URL says of itself, without asking anybody."""

from __future__ import annotations

from urllib.parse import urlsplit

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

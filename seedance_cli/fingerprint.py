"""What makes two paid requests the same one (contract, section 6.6)."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Collection

    from seedance_cli.models import JsonObject

NOT_IDENTITY = frozenset({"metadata", "callback_url", "webhookUrl"})
"""Top-level body fields that do not change what is bought: metadata and callbacks."""

_PORTS = {"http": 80, "https": 443}


def fingerprint(
    provider: str,
    endpoint: str,
    sandbox: bool,
    body: JsonObject,
    *,
    drop: Collection[str] = NOT_IDENTITY,
) -> str:
    """SHA-256, in hex, of what is bought and where. No key and no profile is part of it.

    Args:
        provider: the provider's name.
        endpoint: its base URL, or `sandbox`; only scheme, host and port count.
        sandbox: whether it is the sandbox's.
        body: the final request body; the order of its keys does not matter, `8` and `"8"` differ.
        drop: top-level fields of the body to leave out.

    Raises:
        ValueError: the body holds NaN or an infinity, which no JSON can carry.
    """
    kept = {name: value for name, value in body.items() if name not in drop}
    identity = {"provider": provider, "origin": origin(endpoint), "sandbox": sandbox, "body": kept}
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return sha256(text.encode("ascii")).hexdigest()


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

"""A request's body as bytes. Imports nothing heavy: it is asked for before anything is sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seedance_cli.models import JsonObject


def encode(body: JsonObject) -> bytes:
    """A body as the bytes that are sent: compact UTF-8 JSON, keys in the provider's order."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode()

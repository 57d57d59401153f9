"""Bodies that a server compressed, though asked not to. The bytes decide, not their label."""

from __future__ import annotations

import zlib
from contextlib import suppress

from seedance_cli.http.limits import MAX_BODY

_GZIP = b"\x1f\x8b"
_TEXT_BEGINS = b'{["<'
_SAMPLE = 256
_LONGEST = 40
"""Characters of a label that is shown."""


def unpacked(body: bytes, label: str) -> tuple[bytes, str | None]:
    """The body as it was before it was compressed; at most the cap of it.

    Args:
        body: as it came, maybe cut.
        label: its `Content-Encoding`.

    Returns:
        The body, and the name of what could not be undone, None where nothing is left to undo.
    """
    codings = [one for one in (part.strip() for part in label.lower().split(",")) if one]
    for coding in reversed(codings):
        if _is_text(body) or coding == "identity":
            continue
        if coding not in {"gzip", "x-gzip", "deflate"}:
            return body, coding[:_LONGEST]
        body = _inflated(body)
    if body.startswith(_GZIP):
        body = _inflated(body)
    return body, None


def _is_text(body: bytes) -> bool:
    """Whether it is JSON or HTML by its looks: labels are left behind by proxies that unpack."""
    sample = body[:_SAMPLE].lstrip()
    plain = all(byte >= 0x20 or byte in b"\t\r\n" for byte in sample)  # noqa: PLR2004 - a space
    return sample[:1] in _TEXT_BEGINS and plain


def _inflated(body: bytes) -> bytes:
    """By any of zlib's three forms: gzip, zlib, and raw deflate, which is sent as `deflate` too."""
    for form in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        with suppress(zlib.error):
            return zlib.decompressobj(form).decompress(body, MAX_BODY)
    return body

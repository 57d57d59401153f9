"""An answer read from its raw bytes, where the HTTP library refuses its head.

A space before a colon, a byte that no header may have, a bare line feed: curl and browsers read
such answers, and the id of a task that is paid for may stand in one. Nothing is trusted here but
the status line and what frames the body.
"""

from __future__ import annotations

import re

from seedance_cli.models import HttpResponse

_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)? +(\d{3})(?:[ \r]|$)")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_CHUNK_SIZE = re.compile(rb"(?:\r?\n)?([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\n]*)?\r?\n")
_INTERIM = range(100, 200)
_MOST_HEADS = 8
"""Answers in a row of which all but the last are interim ones (`100 Continue`)."""


def read(raw: bytes) -> HttpResponse | None:
    """The answer in what a server sent, as far as it came.

    Args:
        raw: every byte from the connection, the head included.

    Returns:
        Status, header fields and body, its chunks put together; not unpacked. None where there is
        no status line, or the head does not end.
    """
    for _ in range(_MOST_HEADS):
        end = _END_OF_HEAD.search(raw)
        if end is None:
            return None
        first, *lines = raw[: end.start()].split(b"\n")
        status = _STATUS_LINE.match(first)
        if status is None:
            return None
        raw = raw[end.end() :]
        if int(status[1]) not in _INTERIM:
            headers = _fields(lines)
            return HttpResponse(int(status[1]), headers, _body(raw, headers))
    return None


def _fields(lines: list[bytes]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            found[name.strip().lower()] = value.strip()
    return found


def _body(rest: bytes, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower().endswith("chunked"):
        return _unchunked(rest)
    length = headers.get("content-length", "")
    return rest[: int(length)] if length.isascii() and length.isdigit() else rest


def _unchunked(rest: bytes) -> bytes:
    """The chunks up to the last one, or to where what comes is none."""
    body, at = bytearray(), 0
    while (size := _CHUNK_SIZE.match(rest, at)) and int(size[1], 16):
        body += rest[size.end() : size.end() + int(size[1], 16)]
        at = size.end() + int(size[1], 16)
    return bytes(body)

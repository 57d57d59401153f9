"""The head of an answer, read as other clients read it: h11 refuses what browsers and curl take.

A space before a colon, a control character, a second `Content-Length`: such a head would cost the
body behind it, and in that body is the id of a task that was paid for. So a head goes to h11 as it
came where h11 surely takes it, and else written anew, from what of it can be understood.
"""

from __future__ import annotations

import re

from seedance_cli.http.limits import MAX_HEAD

_TOKEN = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+"
_VALUE = rb"[^\x00\x0a-\x0d]*"
_PLAIN = re.compile(
    rb"HTTP/1\.[01] [1-9][0-9]{2}(?: %b)?\r\n(?:%b:%b\r\n)*\r\n" % (_VALUE, _TOKEN, _VALUE)
)
"""What h11 takes, but for the two fields that frame the body."""
_FRAMING = re.compile(
    rb"^(content-length|transfer-encoding):[ \t]*([^\r\n]*?)[ \t]*\r?$",
    re.IGNORECASE | re.MULTILINE,
)
_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"\s*HTTP(?:/[0-9.]*)?[ \t]+([1-9][0-9]{2})(?![0-9])", re.IGNORECASE)
_LENGTH = re.compile(rb"[0-9]{1,18}")
_INTERIM = range(100, 200)
_SWITCHING = 101


class TooMuchHead(Exception):
    """More bytes than any head has came before its end."""


class HeadReader:
    """The bytes of one answer on their way to h11, until its last head has passed."""

    def __init__(self) -> None:
        """Begin before the first byte."""
        self.open = True
        """Whether the last head has still to come."""
        self.hopeless = False
        """Whether what came is no head at all."""
        self.held = bytearray()
        """What came and was not passed on: the beginning of a head, or what is none."""
        self._passed = 0
        self._searched = 0

    def feed(self, data: bytes) -> bytes:
        """Take what came.

        Returns:
            What is to be passed on: whole heads and, after the last of them, whatever follows.

        Raises:
            TooMuchHead: it goes on without end.
        """
        self.held += data
        passed = b""
        while self.open and (end := _END.search(self.held, self._searched)):
            head = bytes(self.held[: end.end()])
            status, mended = read_head(head)
            if mended is None:
                self.open, self.hopeless = False, True
                break
            passed += mended
            self._passed += len(head)
            self._searched = 0
            del self.held[: end.end()]
            if status not in _INTERIM or status == _SWITCHING:
                self.open = False
                passed += self.held
                self.held.clear()
        if self.open:
            self._searched = max(0, len(self.held) - 3)  # a blank line may have come in part
            if not _may_be_head(self.held):
                self.open, self.hopeless = False, True
            elif self._passed + len(self.held) > MAX_HEAD:
                raise TooMuchHead
        return passed


def status_of(head: bytes) -> int | None:
    """The status at the beginning of what came, whole or cut; None where there is none."""
    found = _STATUS.match(head)
    return None if found is None else int(found[1])


def read_head(head: bytes) -> tuple[int | None, bytes | None]:
    """What is to be passed on for one head, and the status in it.

    Args:
        head: from the status line to the blank line.

    Returns:
        The status, and the head as it came, or written anew; None and None where it has no status.
    """
    status = status_of(head)
    if status is None:
        return None, None
    if _PLAIN.fullmatch(head) and _well_framed(_FRAMING.findall(head)):
        return status, head
    return status, _anew(status, head)


def _well_framed(fields: list[tuple[bytes, bytes]]) -> bool:
    if not fields:
        return True
    if len(fields) > 1:
        return False
    name, value = fields[0]
    if name.lower() == b"content-length":
        return _LENGTH.fullmatch(value) is not None
    return value.lower() == b"chunked"


def _anew(status: int, head: bytes) -> bytes:
    """The head with what of it can be understood; the connection is not to be used again."""
    lengths: set[bytes] = set()
    chunked = False
    lines = [b"HTTP/1.1 %d" % status]
    for name, value in _fields(head):
        match name.lower():
            case b"content-length":
                lengths.update(part.strip() for part in value.split(b","))
            case b"transfer-encoding":
                chunked = chunked or b"chunked" in value.lower()
            case b"connection" | b"keep-alive":
                pass
            case _:
                lines.append(b"%b: %b" % (name, value))
    if chunked:
        lines.append(b"Transfer-Encoding: chunked")
    elif len(lengths) == 1 and _LENGTH.fullmatch(length := lengths.pop()):
        lines.append(b"Content-Length: " + length)
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])


def _fields(head: bytes) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    for line in re.split(rb"\r?\n", head)[1:]:
        name, colon, value = line.partition(b":")
        value = re.sub(rb"[\x00-\x08\x0a-\x1f\x7f]", b"", value).strip()
        if line[:1] in {b" ", b"\t"} and found:  # folded: the rest of the field before
            last, before = found.pop()
            found.append((last, b"%b %b" % (before, line.strip())))
        elif colon and re.fullmatch(_TOKEN, name.strip()):
            found.append((name.strip(), value))
    return found


def _may_be_head(held: bytearray) -> bool:
    start = bytes(held[:64]).lstrip()[:4].upper()
    return b"HTTP".startswith(start)

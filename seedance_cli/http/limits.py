"""How long an exchange may take, and how much may come: contract, section 6.5."""

from __future__ import annotations

CONNECT_SECONDS = 10.0
"""For the name, the connection and TLS together."""
READ_SECONDS = 30.0
"""For a whole exchange that is not paid, its connection included."""
PAID_SECONDS = 60.0
"""For the answer to the paid POST, from its last byte on."""
LEAVE_SECONDS = 30.0
"""After `sending` was written, in which the paid POST's first byte leaves or never (section 1)."""
MAX_HEAD = 128 * 1024
"""Bytes of an answer's head, with all the interim ones (`100 Continue`) before it."""
MAX_BODY = 4 * 1024 * 1024
"""Bytes of a JSON answer; the largest documented one has less than a thousandth of it."""
MARGIN_SECONDS = 1.0
"""Added to the window of a seller's rate limit. What counts is when requests arrive: the first of a
process needs a connection and a TLS handshake, some round trips longer than a later one on a kept
connection."""

_SENDING_SECONDS = 30.0
_SLOWEST = 16 * 1024
"""Bytes a second of a line that is slow, and not broken."""
_LONGEST_SENDING = 480.0
"""With the time to connect and the wait for the answer less than the 10 minutes after which another
process takes a submission for dead (contract, section 1)."""


def sending_seconds(size: int) -> float:
    """Seconds in which a request with a body of `size` bytes must have left."""
    return min(_SENDING_SECONDS + size / _SLOWEST, _LONGEST_SENDING)

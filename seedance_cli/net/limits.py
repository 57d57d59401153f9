"""How long an exchange may take, and how much may come: contract, section 6.5."""

from __future__ import annotations

CONNECT_SECONDS = 10.0
"""For the name, the connection and TLS together."""
READ_SECONDS = 30.0
"""For a whole exchange that is not paid, its connection included."""
PAID_SECONDS = 60.0
"""For the answer to the paid POST."""
MAX_BODY = 4 * 1024 * 1024
"""Bytes of a JSON answer; the largest documented one has less than a thousandth of it."""

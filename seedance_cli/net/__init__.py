"""The wire: the one importer of httpx. Bounded exchanges, keyless streams, no retries."""

from seedance_cli.net.client import HEADERS
from seedance_cli.net.exchange import Event, Pending, Reply, Wire
from seedance_cli.net.faults import Fault, FaultKind
from seedance_cli.net.limits import CONNECT_SECONDS, MAX_BODY, PAID_SECONDS, READ_SECONDS
from seedance_cli.net.streaming import Stream, stream

__all__ = [
    "CONNECT_SECONDS",
    "HEADERS",
    "MAX_BODY",
    "PAID_SECONDS",
    "READ_SECONDS",
    "Event",
    "Fault",
    "FaultKind",
    "Pending",
    "Reply",
    "Stream",
    "Wire",
    "stream",
]

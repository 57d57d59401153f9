"""The wire: the one importer of httpx. Bounded exchanges, keyless streams, no retries.

What imports httpcore (`backend`, `failures`) is imported where something is sent.
"""

from seedance_cli.net.client import HEADERS
from seedance_cli.net.exchange import Event, Pending, Reply, Wire
from seedance_cli.net.faults import Fault, FaultKind
from seedance_cli.net.heads import status_of
from seedance_cli.net.limits import CONNECT_SECONDS, MAX_BODY, PAID_SECONDS, READ_SECONDS
from seedance_cli.net.racing import RefusedAddress
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
    "RefusedAddress",
    "Reply",
    "Stream",
    "Wire",
    "status_of",
    "stream",
]

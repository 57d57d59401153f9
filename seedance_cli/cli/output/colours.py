"""The colour of each state, the same wherever one is shown: the numbers of an SGR sequence."""

from __future__ import annotations

from types import MappingProxyType

from seedance_cli.models import Status

DIM = "2"
GOOD, BAD, DOUBT, UNDER_WAY, WAITING = "32", "31", "33", "36", "34"
COLOURS = MappingProxyType(
    {
        Status.QUEUED: WAITING,
        Status.SENDING: WAITING,
        Status.RUNNING: UNDER_WAY,
        Status.SUCCEEDED: GOOD,
        Status.FAILED: BAD,
        Status.REFUSED: BAD,
        Status.EXPIRED: BAD,
        Status.UNKNOWN: DOUBT,
        Status.CANCELLED: DIM,
        Status.NOT_SENT: DIM,
        Status.DISCARDED: DIM,
    }
)

"""Connecting to a host with several addresses, as RFC 8305 ("Happy Eyeballs") says.

The system's order of them is kept, but that the families take turns. The next one is started a
quarter of a second after the one before, or at once when one fails; the first that is connected is
used, the others are closed. So an address that swallows every packet costs 250 ms, not the whole
time there is.
"""

from __future__ import annotations

import os
import selectors
import socket
import time
from contextlib import suppress
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any, TypeAlias

from seedance_cli._named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ATTEMPT_DELAY = 0.25
"""Seconds; RFC 8305, section 5."""

SocketOption: TypeAlias = (
    "tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]"
)


class Candidate(NamedTuple):
    """One address of a host, as `socket` wants it."""

    family: int
    address: tuple[Any, ...]
    """Its first item is the address as text."""

    @property
    def text(self) -> str:
        """The address alone, e.g. `192.0.2.1` or `fe80::1%eth0`."""
        return str(self.address[0])


class RefusedAddress(Exception):
    """No address of a host may be connected to, by the caller's own rule; none was."""

    def __init__(self, address: str) -> None:
        """Remember the first of them.

        Args:
            address: as text.
        """
        super().__init__(f"{address} may not be connected to")
        self.address = address


class NoneReached(OSError):
    """Every address failed; the reasons, each once, are its text."""


def resolve(host: str, port: int) -> list[Candidate]:
    """The addresses of a host in the order in which they are to be tried.

    Raises:
        OSError: there is no such name (`socket.gaierror`).
        UnicodeError: the name cannot be one.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, "it has no address")
    families: dict[int, list[Candidate]] = {}
    for family, _, _, _, address in found:
        one = Candidate(family, address)
        known = families.setdefault(family, [])
        if one not in known:
            known.append(one)
    turns = zip_longest(*families.values())
    return [one for one in chain.from_iterable(turns) if one is not None]


def race(
    candidates: Sequence[Candidate],
    *,
    until: float,
    source: str | None = None,
    options: Iterable[SocketOption] = (),
) -> socket.socket:
    """Connect to the first address that answers.

    Args:
        candidates: at least one, in order.
        until: when to give up, on `time.monotonic`.
        source: the local address to connect from; None: any.
        options: set on each socket before it connects.

    Returns:
        The connected socket. It does not block.

    Raises:
        TimeoutError: none was connected in time.
        NoneReached: all failed before.
    """
    waiting = list(reversed(candidates))
    chosen = list(options)
    failures: list[OSError] = []
    winner: socket.socket | None = None
    flying: list[socket.socket] = []
    with selectors.DefaultSelector() as selector:
        try:
            next_start = 0.0
            while waiting or flying:
                now = time.monotonic()
                if waiting and (not flying or now >= next_start):
                    try:
                        sock = _begin(waiting.pop(), source, chosen)
                    except OSError as error:
                        failures.append(error)
                        continue
                    flying.append(sock)
                    selector.register(sock, selectors.EVENT_WRITE)
                    next_start = now + ATTEMPT_DELAY
                ends = min(until, next_start) if waiting else until
                ready = selector.select(max(0.0, ends - now))
                for key, _ in ready:
                    sock = key.fileobj  # type: ignore[assignment]  # only sockets are registered
                    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if code == 0:
                        winner = sock
                        return sock
                    failures.append(OSError(code, os.strerror(code)))
                    selector.unregister(sock)
                    flying.remove(sock)
                    sock.close()
                    next_start = 0.0  # a failure makes room at once
                if not ready and time.monotonic() >= until:
                    raise TimeoutError
        finally:
            for sock in flying:
                if sock is not winner:
                    sock.close()
    raise _none_reached(failures)


def _begin(
    candidate: Candidate, source: str | None, options: Sequence[SocketOption]
) -> socket.socket:
    """A socket that is connecting.

    Raises:
        OSError: it cannot even begin.
    """
    sock = socket.socket(candidate.family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        for option in options:
            sock.setsockopt(*option)
        if source is not None:
            sock.bind((source, 0))
        with suppress(BlockingIOError):  # under way: how it ends shows later
            sock.connect(candidate.address)
    except BaseException:
        sock.close()
        raise
    return sock


def _none_reached(failures: Sequence[OSError]) -> OSError:
    if len(failures) == 1:
        return failures[0]
    reasons = dict.fromkeys(error.strerror or str(error) for error in failures)
    return NoneReached(
        failures[0].errno, f"{'; '.join(reasons)} (at each of {len(failures)} addresses)"
    )

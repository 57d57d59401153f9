"""What one exchange does on the wire, told by the socket itself.

Whether a paid request left is decided here (contract, section 6.13): from the bytes that were given
to the socket, not from the events or exceptions of a library, whose names and order may change.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from seedance_cli.http.heads import HeadReader
from seedance_cli.http.limits import LEAVE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    from seedance_cli.system import Clock, Stopwatch

    class Connection(Protocol):
        """As much of a connection as a tap needs."""

        def readable(self) -> bool:
            """Whether something lies there, or its end."""
            ...

        def shut(self) -> None:
            """End it, from any thread."""
            ...


_HANDSHAKES = (b"CONNECT ", b"\x05", b"\x01")
"""How what is said to a proxy begins: a tunnel; SOCKS 5 and its password (RFC 1928 and 1929)."""


class GivenUp(Exception):
    """The exchange was given up: nothing may leave any more, and nothing is waited for."""


class Tap:
    """One exchange as its socket sees it; shared by its thread and the one that waits for it."""

    def __init__(
        self,
        clock: Clock,
        size: int = 0,
        *,
        proxied: bool = False,
        approved: Stopwatch | None = None,
    ) -> None:
        """Begin before the first byte.

        Args:
            clock: says when the last byte of the request left.
            size: bytes of the request's body.
            proxied: what is said to a proxy before the request is none of it.
            approved: since when the request may leave, which it may for `LEAVE_SECONDS`; None:
                whenever it is ready.
        """
        self._clock = clock
        self._size = size
        self._proxied = proxied
        self._approved = approved
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._written = 0
        self._whole = 0
        self._idle = False
        self.given_up = False
        self.late = False
        """Whether it was given up because it would have left too late."""
        self.started = False
        """Whether the exchange's thread has begun."""
        self.watched = False
        """Whether the network below tells this tap what it does."""
        self.left = False
        """Whether any byte of the request may have left."""
        self.left_at = 0.0
        self.sent_at: float | None = None
        """When the last byte of the request had left; None before."""
        self.fresh = False
        """Whether the connection was opened for this exchange."""
        self.handshake = False
        """Whether anything was said to a proxy."""
        self.head = HeadReader()

    @contextmanager
    def here(self) -> Iterator[None]:
        """Have what this thread does on the wire told to this tap."""
        self.started = True
        _local.tap = self
        try:
            yield
        finally:
            _local.tap = None

    # For the exchange's own thread

    def check(self) -> None:
        """Go on, unless the exchange was given up.

        Raises:
            GivenUp: it was.
        """
        if self.given_up:
            raise GivenUp

    def connecting(self) -> None:
        """A connection is about to be made for this exchange.

        Raises:
            GivenUp: it must not.
        """
        self.watched = True
        self.check()

    def opened(self, connection: Connection) -> None:
        """A connection was made for this exchange."""
        self.fresh = True
        self._connection = connection
        self.check()

    def moved(self, connection: Connection) -> None:
        """The same connection is another object now: it was encrypted."""
        self._connection = connection

    def writing(self, connection: Connection, data: bytes) -> None:
        """These bytes are about to leave.

        Raises:
            GivenUp: they must not.
        """
        self.watched = True
        with self._lock:
            self._connection = connection
            self.check()
            if not self.left and self._proxied and data.startswith(_HANDSHAKES):
                self.handshake = True
                return
            if not self.left:
                self._check_time()
                self.left, self.left_at = True, self._clock.monotonic()
                # h11 gives the head in one piece, then the body.
                self._whole = len(data) + self._size

    def _check_time(self) -> None:
        if self._approved is not None and self._approved.seconds() > LEAVE_SECONDS:
            self.given_up = self.late = True
            raise GivenUp

    def wrote(self, count: int) -> None:
        """So many bytes of them have left."""
        if not self.left:
            return
        self._written += count
        if self._written >= self._whole:
            self.sent_at = self._clock.monotonic()

    def no_more(self) -> None:
        """Nothing more of the request can leave: the other side has closed."""
        if self.left and self.sent_at is None:
            self.sent_at = self._clock.monotonic()

    @contextmanager
    def idle(self) -> Iterator[None]:
        """Nothing is done in this block but to wait for the other side."""
        self.check()
        self._idle = True
        try:
            yield
        finally:
            self._idle = False
        self.check()

    # For who waits

    def give_up(self, *, unless_left: bool = False) -> bool:
        """Let nothing leave any more; `unless_left`: if something has, change nothing.

        Returns:
            Whether it is given up.
        """
        with self._lock:
            if not (unless_left and self.left):
                self.given_up = True
            return self.given_up

    def quiet(self) -> bool:
        """Whether nothing of an answer is here that was not looked at.

        After the process itself was stopped for a while, the answer lies in the socket, and the
        time for it is over all the same.
        """
        connection = self._connection
        return connection is None or (self._idle and not connection.readable())

    def shut(self) -> None:
        """End the connection, so that the exchange's thread ends too."""
        connection = self._connection
        if connection is not None:
            with suppress(OSError):
                connection.shut()


_local = threading.local()


def current() -> Tap | None:
    """The tap of the exchange that runs in this thread."""
    tap: Tap | None = getattr(_local, "tap", None)
    return tap

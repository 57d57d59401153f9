"""One exchange with an endpoint: bounded as a whole, never tried again.

Timeouts of a socket bound each read of it, not the exchange: a name server that hangs, or an answer
that comes in one byte a second, would outlast them. So each exchange runs in a thread of its own,
and the caller waits for it on the program's clock.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from enum import Enum
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.errors import Unreachable
from seedance_cli.http.faults import FaultKind, TransportFault, no_connection
from seedance_cli.http.limits import (
    CONNECT_SECONDS,
    LEAVE_SECONDS,
    MAX_BODY,
    sending_seconds,
)
from seedance_cli.http.packing import unpacked
from seedance_cli.http.tap import Tap
from seedance_cli.http.threads import Threads
from seedance_cli.models import HttpResponse

if TYPE_CHECKING:
    from seedance_cli.http.lean_httpx import httpx
    from seedance_cli.http.proxies import Proxy
    from seedance_cli.system import Clock, Stopwatch

exchanges = Threads()

_LAST_LOOK_STEP = 0.02
_LAST_LOOK_STEPS = 250
"""Of real time: what is waited for lies in this machine."""
_SUCCESS = range(200, 300)


class Reply(NamedTuple):
    """What one exchange came to."""

    left: bool
    """Whether any byte of the request itself may have left (a proxy's CONNECT is none of it)."""
    response: HttpResponse | None
    """The answer, if its head came; its body may be cut where `fault` is set."""
    fault: TransportFault | None
    milliseconds: int
    fresh: bool
    """Whether it opened its connection itself, and did not take one left from an earlier one."""
    raw: bytes = b""
    """What came, where no head of an answer could be read in it: evidence, and maybe an id."""


class Event(Enum):
    """What a wait for an exchange can end with."""

    ENDED = "ended"
    WOKEN = "woken"
    LATE = "late"


class Pending:
    """An exchange under way in its thread."""

    def __init__(
        self,
        client: httpx.Client,
        request: httpx.Request,
        clock: Clock,
        *,
        proxy: Proxy | None = None,
        free: list[httpx.Client] | None = None,
        approved: Stopwatch | None = None,
    ) -> None:
        """Start it.

        Args:
            client: the client to use; no other exchange has it meanwhile.
            request: the whole request; its body is bytes.
            clock: measures the exchange.
            proxy: the one that the client goes through.
            free: takes the client once the exchange has ended; None: the client is closed then.
            approved: since when it may leave; see `Tap`.
        """
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._client = client
        self._request = request
        self._clock = clock
        self._proxy = proxy
        self._free = free
        self._size = len(request.content)
        self._started = clock.monotonic()
        self._tap = Tap(clock, self._size, proxied=proxy is not None, approved=approved)
        self._lock = threading.Lock()
        self._ended = False
        self._head: httpx.Response | None = None
        self._body = bytearray()
        self._fault: TransportFault | None = None
        try:
            exchanges.run(self._run)
        except RuntimeError as error:
            raise Unreachable(
                "the system starts no further thread; nothing was sent",
                hint="a limit on processes (`ulimit -u`, a container's pids limit) is reached",
            ) from error

    def wake(self) -> None:
        """End a wait early. May be called from a signal handler."""
        self._events.put(Event.WOKEN)

    def wait(self, seconds: float, *, after_sending: bool = False) -> Event:
        """Wait for the end, or for `wake`: at most `seconds`, and 10 s until the request leaves.

        Args:
            seconds: from now.
            after_sending: they count from the last byte of the request on, and how long sending it
                may take is a matter of its size.

        Returns:
            `ENDED`, `WOKEN`, or `LATE`: the time is up, or it was woken before it left, and is
            given up for good.
        """
        began = self._clock.monotonic()
        while True:
            until = self._until(began, seconds, after_sending=after_sending)
            try:
                event = self._clock.get(self._events, until - self._clock.monotonic())
            except Empty:
                if not self._tap.left:
                    if self._tap.give_up(unless_left=True):
                        return self._given_up()
                    continue
                if self._until(began, seconds, after_sending=after_sending) > until:
                    continue
                return self._last_look()
            if event is Event.WOKEN and self._tap.give_up(unless_left=True):
                return self._given_up()  # nothing has left: there is no answer to wait for
            return event

    def _until(self, began: float, seconds: float, *, after_sending: bool) -> float:
        """When the wait is over, as far as is known now."""
        tap = self._tap
        if not tap.left:
            return began + min(CONNECT_SECONDS, seconds)
        if not after_sending:
            return began + seconds
        if tap.sent_at is None:
            return tap.left_at + sending_seconds(self._size)
        return tap.sent_at + seconds

    def _given_up(self) -> Event:
        """Have the thread come to the network, which it may not have done: there it is refused.

        Before it did, nobody knows that it will, and what may have left counts as left.
        """
        for _ in range(_LAST_LOOK_STEPS):
            if self._tap.watched or not self._tap.started:
                break
            with suppress(Empty):
                if self._events.get(timeout=_LAST_LOOK_STEP) is Event.ENDED:
                    break
        return Event.LATE

    def _last_look(self) -> Event:
        """Take what lies in the socket: after a sleep of the whole machine the answer may."""
        for _ in range(_LAST_LOOK_STEPS):
            if self._tap.quiet():
                break
            try:
                if self._events.get(timeout=_LAST_LOOK_STEP) is Event.ENDED:
                    return Event.ENDED
            except Empty:
                continue
        return Event.ENDED if self._ended else Event.LATE

    def reply(self) -> Reply:
        """The result as far as it came. An exchange still running is given up for good."""
        tap = self._tap
        with self._lock:
            passed = self._clock.monotonic() - self._started
            fault = self._fault
            if not self._ended:
                tap.give_up()
                tap.shut()
            if not self._ended or (tap.given_up and fault is not None):
                fault = self._gave_up(passed)
            response = None
            if self._head is not None:
                response, unreadable = _response(self._head, bytes(self._body))
                fault = fault or unreadable
            raw = b"" if response is not None else bytes(tap.head.held)
            return Reply(
                self._left(response, fault), response, fault, round(passed * 1000), tap.fresh, raw
            )

    def _gave_up(self, passed: float) -> TransportFault:
        """Why it was given up, after so many seconds."""
        if self._tap.left:
            return TransportFault(FaultKind.TIMEOUT, f"no whole answer within {passed:.0f} s")
        if self._tap.late:
            text = f"the request could not leave within {LEAVE_SECONDS:.0f} s"
            return TransportFault(FaultKind.CONNECT, text)
        return no_connection(passed, self._proxy)

    def _left(self, response: HttpResponse | None, fault: TransportFault | None) -> bool:
        """Whether the request may have left: so it is, unless the network said that it has not."""
        tap = self._tap
        if tap.left or response is not None:
            return True
        refused_here = fault is not None and fault.kind is FaultKind.REQUEST
        return tap.started and not tap.watched and not refused_here

    def _run(self) -> None:
        fault: TransportFault | None = None
        try:
            with self._tap.here():
                response = self._client.send(self._request, stream=True)
                try:
                    with self._lock:
                        self._head = response
                    fault = self._read(response)
                finally:
                    response.close()
        except Exception as error:  # noqa: BLE001 - the thread's end; its caller gets it as data
            fault = self._fault_of(error)
        finally:
            if self._free is not None:
                self._free.append(self._client)  # first: whoever waits may have a next request
            with self._lock:
                self._ended = True
                self._fault = fault
            self._events.put(Event.ENDED)
            if self._free is None:
                self._client.close()

    def _fault_of(self, error: Exception) -> TransportFault:
        from seedance_cli.http.failures import fault_of

        fault = fault_of(error, self._proxy)
        if fault.kind is FaultKind.BROKEN and self._tap.handshake and not self._tap.left:
            return TransportFault(FaultKind.PROXY, f"the proxy {self._proxy} closed the connection")
        return fault

    def _read(self, response: httpx.Response) -> TransportFault | None:
        for chunk in response.iter_raw():
            with self._lock:
                self._tap.check()
                self._body += chunk[: MAX_BODY - len(self._body)]
                if len(self._body) >= MAX_BODY:
                    return TransportFault(
                        FaultKind.TOO_LARGE, f"an answer of over {MAX_BODY} bytes"
                    )
        return None


def _response(head: httpx.Response, body: bytes) -> tuple[HttpResponse, TransportFault | None]:
    """The answer, and what is wrong with it where nothing can be read in it."""
    headers = {name.lower(): value for name, value in head.headers.items()}
    plain, coding = unpacked(body, headers.get("content-encoding", ""))
    response = HttpResponse(head.status_code, headers, plain)
    if coding is None or head.status_code not in _SUCCESS:  # of a refusal the status is enough
        return response, None
    text = f"it is compressed ({coding}), which was not asked for"
    return response, TransportFault(FaultKind.ENCODED, text)

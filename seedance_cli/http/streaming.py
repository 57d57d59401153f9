"""A GET without a key whose answer is read as it comes: for videos."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from seedance_cli.errors import DownloadFailed, Unreachable
from seedance_cli.http.client import HEADERS, open_client
from seedance_cli.http.faults import FaultKind
from seedance_cli.http.lean_httpx import httpx
from seedance_cli.http.limits import CONNECT_SECONDS, READ_SECONDS
from seedance_cli.http.proxies import proxy_for
from seedance_cli.http.racing import RefusedAddress
from seedance_cli.http.tap import Tap
from seedance_cli.system import Cancellation, Cancelled, SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from seedance_cli.http.tap import Connection
    from seedance_cli.system import Clock


@dataclass(slots=True)
class Stream:
    """An answer whose body is read as it comes."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    _response: httpx.Response
    _connection: Connection
    _cancellation: Cancellation

    def chunks(self) -> Iterator[bytes]:
        """The body's bytes as they come, as the server encoded them.

        In the pieces in which they were read: httpx copies them to make pieces of a given size.

        Raises:
            Unreachable: the connection broke, fell silent, or ended before the declared length.
            Cancelled: somebody asked to stop.
        """
        from seedance_cli.http.failures import WIRE_ERRORS, fault_of

        # Once it was asked for, nothing that came is the server's word: the end least of all.
        check = self._cancellation.check
        try:
            for chunk in self._response.iter_raw():
                check()
                yield chunk
        except WIRE_ERRORS as error:
            check()
            raise Unreachable(f"the transfer broke off: {fault_of(error).text}") from error
        check()

    def shut(self) -> None:
        """End the connection, from any thread; a read of it that waits ends at once."""
        self._connection.shut()


@contextmanager
def stream(
    url: str,
    headers: Mapping[str, str],
    *,
    connect_timeout: float = CONNECT_SECONDS,
    read_timeout: float = READ_SECONDS,
    clock: Clock | None = None,
    cancellation: Cancellation | None = None,
    permit: Callable[[str], bool] | None = None,
) -> Iterator[Stream]:
    """GET without a key; redirects are the caller's to follow.

    Args:
        url: http or https.
        headers: added to the program's own.
        connect_timeout: seconds.
        read_timeout: seconds for the answer's head, and of silence between two reads of its body.
        clock: bounds the wait for the head.
        cancellation: ends the wait for the head, and that for the body.
        permit: whether an address that the host's name stands for may be connected to, e.g.
            `addresses.is_public`. Asked of each address before a packet goes to it, so that what
            was judged is what is used; those it forbids are passed over. Not asked behind a proxy.

    Raises:
        Unreachable: no answer.
        DownloadFailed: the URL is none that can be asked.
        RefusedAddress: `permit` forbids every address of the host; nothing was sent.
        ConfigError: a proxy or certificate variable that cannot be used.
        Cancelled: somebody asked to stop.
    """
    from seedance_cli.http.failures import fault_of

    clock = clock or SystemClock()
    cancellation = cancellation or Cancellation()
    proxy = proxy_for(url)
    client = open_client(url, proxy, permit=permit)
    tap = Tap(clock, proxied=proxy is not None)
    opened: SimpleQueue[httpx.Response | Exception] = SimpleQueue()
    try:
        try:
            request = client.build_request(
                "GET",
                url,
                headers={**HEADERS, "Accept": "*/*", **headers},
                timeout=httpx.Timeout(read_timeout, connect=connect_timeout),
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise _no_address() from error

        def open_it() -> None:
            try:
                with tap.here():
                    opened.put(client.send(request, stream=True))
            except Exception as error:  # noqa: BLE001 - handed to the caller's thread
                opened.put(error)

        threading.Thread(target=open_it, name="seedance-stream", daemon=True).start()
        try:
            with cancellation.waking(lambda: opened.put(Cancelled())):
                response = clock.get(opened, connect_timeout + read_timeout)
        except Empty:
            raise Unreachable(f"no answer within {connect_timeout + read_timeout:.0f} s") from None
        if isinstance(response, Cancelled | RefusedAddress):
            raise response
        if isinstance(response, Exception):
            fault = fault_of(response, proxy)
            if fault.kind is FaultKind.REQUEST:
                raise _no_address() from response
            raise Unreachable(fault.text) from response
        try:
            lowered = {k.lower(): v for k, v in response.headers.items()}
            connection = response.extensions["network_stream"]
            answer = Stream(response.status_code, lowered, response, connection, cancellation)
            with cancellation.waking(answer.shut):
                yield answer
        finally:
            response.close()
    finally:
        tap.give_up()
        tap.shut()  # the thread that opens it may still wait
        client.close()


def _no_address() -> DownloadFailed:
    return DownloadFailed("the video's URL is no address that can be asked")

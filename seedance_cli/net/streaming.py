"""A GET without a key whose answer is read as it comes: for videos."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import httpx

from seedance_cli.cancellation import Cancellation, Cancelled
from seedance_cli.clock import SystemClock
from seedance_cli.errors import DownloadFailed, Unreachable
from seedance_cli.net.client import HEADERS, open_client
from seedance_cli.net.faults import FaultKind, fault_of
from seedance_cli.net.limits import CONNECT_SECONDS, READ_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seedance_cli.clock import Clock


@dataclass(slots=True)
class Stream:
    """An answer whose body is read as it comes."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    _response: httpx.Response
    _cancellation: Cancellation

    def chunks(self) -> Iterator[bytes]:
        """The body's bytes as they come, as the server encoded them.

        In the pieces in which they were read: httpx copies them to make pieces of a given size.

        Raises:
            Unreachable: the connection broke, fell silent, or ended before the declared length.
            Cancelled: somebody asked to stop.
        """
        # Once it was asked for, nothing that came is the server's word: the end least of all.
        check = self._cancellation.check
        try:
            for chunk in self._response.iter_raw():
                check()
                yield chunk
        except httpx.HTTPError as error:
            check()
            raise Unreachable(f"the transfer broke off: {fault_of(error).text}") from error
        check()

    def shut(self) -> None:
        """End the connection, from any thread; a read of it that waits ends at once."""
        found = self._response.extensions.get("network_stream")
        wire = None if found is None else found.get_extra_info("socket")
        if isinstance(wire, socket.socket):
            with suppress(OSError):
                # Not an SSL socket's own: that one would let a read go on without the encryption.
                socket.socket.shutdown(wire, socket.SHUT_RDWR)


@contextmanager
def stream(
    url: str,
    headers: Mapping[str, str],
    *,
    connect_timeout: float = CONNECT_SECONDS,
    read_timeout: float = READ_SECONDS,
    clock: Clock | None = None,
    cancellation: Cancellation | None = None,
) -> Iterator[Stream]:
    """GET without a key; redirects are the caller's to follow.

    Args:
        url: http or https.
        headers: added to the program's own.
        connect_timeout: seconds.
        read_timeout: seconds for the answer's head, and of silence between two reads of its body.
        clock: bounds the wait for the head.
        cancellation: ends the wait for the head, and that for the body.

    Raises:
        Unreachable: no answer.
        DownloadFailed: the URL is none that can be asked.
        ConfigError: a proxy or certificate variable that cannot be used.
        Cancelled: somebody asked to stop.
    """
    clock = clock or SystemClock()
    cancellation = cancellation or Cancellation()
    client = open_client(url)
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
        opened: SimpleQueue[httpx.Response | Exception] = SimpleQueue()

        def open_it() -> None:
            try:
                opened.put(client.send(request, stream=True))
            except Exception as error:  # noqa: BLE001 - handed to the caller's thread
                opened.put(error)

        threading.Thread(target=open_it, name="seedance-stream", daemon=True).start()
        try:
            with cancellation.waking(lambda: opened.put(Cancelled())):
                response = clock.get(opened, connect_timeout + read_timeout)
        except Empty:
            raise Unreachable(f"no answer within {connect_timeout + read_timeout:.0f} s") from None
        if isinstance(response, Cancelled):
            raise response
        if isinstance(response, Exception):
            fault = fault_of(response)
            if fault.kind is FaultKind.REQUEST:
                raise _no_address() from response
            raise Unreachable(fault.text) from response
        try:
            lowered = {k.lower(): v for k, v in response.headers.items()}
            answer = Stream(response.status_code, lowered, response, cancellation)
            with cancellation.waking(answer.shut):
                yield answer
        finally:
            response.close()
    finally:
        client.close()


def _no_address() -> DownloadFailed:
    return DownloadFailed("the video's URL is no address that can be asked")

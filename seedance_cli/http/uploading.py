"""A request whose body goes out piece by piece: a file on its way to a seller."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from seedance_cli.errors import SeedanceError, Unreachable
from seedance_cli.http.client import HEADERS, open_client
from seedance_cli.http.lean_httpx import httpx
from seedance_cli.http.limits import CONNECT_SECONDS, MAX_BODY, READ_SECONDS, sending_seconds
from seedance_cli.http.proxies import proxy_for
from seedance_cli.http.tap import Tap
from seedance_cli.models import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

    from seedance_cli.system import Clock


def _counted(pieces: Iterable[bytes], taken: Callable[[int], None]) -> Iterator[bytes]:
    """The pieces, telling how much of them was taken."""
    done = 0
    for piece in pieces:
        yield piece
        done += len(piece)
        taken(done)


def upload(
    method: str,
    url: str,
    headers: Mapping[str, str],
    pieces: Iterable[bytes],
    size: int,
    *,
    clock: Clock,
    permit: Callable[[str], bool] | None = None,
) -> Generator[int, None, HttpResponse]:
    """Send a body piece by piece, once; no redirect is followed.

    Args:
        method: `POST` or `PUT`.
        url: absolute.
        headers: added to the program's own.
        pieces: the body; read in another thread. What it raises ends the request.
        size: bytes of it all.
        clock: bounds the exchange: by the size, and then by the usual wait for an answer.
        permit: whether an address may be connected to; see `open_client`.

    Yields:
        Bytes sent so far.

    Returns:
        The answer, whatever its status.

    Raises:
        Unreachable: no answer.
        ConfigError: a proxy or certificate variable that cannot be used.
        SeedanceError: what `pieces` raised.
    """
    proxy = proxy_for(url)
    client = open_client(url, proxy, permit=permit)
    tap = Tap(clock, size, proxied=proxy is not None)
    events: SimpleQueue[int | HttpResponse | Exception] = SimpleQueue()

    def send() -> None:
        try:
            request = httpx.Request(
                method,
                url,
                headers={**HEADERS, **headers, "Content-Length": str(size)},
                content=_counted(pieces, events.put),
                extensions={
                    "timeout": httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS).as_dict()
                },
            )
            with tap.here():
                response = client.send(request, stream=True)
                body = bytearray()
                for chunk in response.iter_raw():
                    body += chunk[: MAX_BODY - len(body)]
                response.close()
            lowered = {name.lower(): value for name, value in response.headers.items()}
            events.put(HttpResponse(response.status_code, lowered, bytes(body)))
        except Exception as error:  # noqa: BLE001 - handed to the caller's thread
            events.put(error)

    threading.Thread(target=send, name="seedance-upload", daemon=True).start()
    deadline = clock.monotonic() + CONNECT_SECONDS + sending_seconds(size) + READ_SECONDS
    try:
        while True:
            try:
                event = clock.get(events, deadline - clock.monotonic())
            except Empty:
                raise Unreachable(
                    "the upload of a file did not end in time; nothing was submitted"
                ) from None
            if isinstance(event, HttpResponse):
                return event
            if isinstance(event, Exception):
                raise _told(event) from event
            yield event
    finally:
        tap.give_up()
        tap.shut()
        client.close()


def _told(error: Exception) -> SeedanceError:
    from seedance_cli.http.failures import fault_of

    if isinstance(error, SeedanceError):
        return error
    text = fault_of(error).text
    return Unreachable(f"the upload of a file failed: {text}; nothing was submitted")

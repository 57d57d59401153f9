"""The connections to one endpoint, and what is sent on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.errors import Unreachable
from seedance_cli.http.client import HEADERS, open_client
from seedance_cli.http.exchange import Pending
from seedance_cli.http.lean_httpx import httpx
from seedance_cli.http.limits import CONNECT_SECONDS, READ_SECONDS
from seedance_cli.http.proxies import proxy_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.system import Clock, Stopwatch


class Wire:
    """Connections to one endpoint. No redirects, no retries; the environment's proxies.

    Each has a client of its own, which is used again. One client for all of them would look at
    every connection, several times, for each request: with 16 that took as long as the request.
    """

    def __init__(self, base_url: str, clock: Clock) -> None:
        """Open it.

        Args:
            base_url: decides on proxies (never for loopback) and on TLS.
            clock: bounds the exchanges.

        Raises:
            ConfigError: a proxy or certificate variable that cannot be used.
        """
        self._url = base_url
        self._proxy = proxy_for(base_url)
        self._clients = [open_client(base_url, self._proxy)]
        self._free = self._clients.copy()
        """Those that no exchange has, the one that was used last at the end."""
        self._clock = clock

    def start(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        seconds: float = READ_SECONDS,
        alone: bool = False,
        approved: Stopwatch | None = None,
    ) -> Pending:
        """Send a request and come back at once.

        Args:
            method: `GET` or `POST`.
            url: absolute.
            headers: added to the program's own.
            body: bytes, sent as they are.
            seconds: of silence after which the connection is given up.
            alone: on a connection that nothing else was or will be sent on: of one that is kept,
                its end could not be told from an answer that was lost.
            approved: since when it may leave; see `Tap`.
        """
        request = httpx.Request(
            method,
            url,
            headers={**HEADERS, **headers},
            content=body,
            extensions={"timeout": httpx.Timeout(seconds, connect=CONNECT_SECONDS).as_dict()},
        )
        client = open_client(self._url, self._proxy) if alone else self._client()
        free = None if alone else self._free
        try:
            return Pending(
                client, request, self._clock, proxy=self._proxy, free=free, approved=approved
            )
        except Unreachable:
            if free is not None:
                free.append(client)
            raise

    def close(self) -> None:
        """Close its connections."""
        for client in self._clients:
            client.close()

    def _client(self) -> httpx.Client:
        """One that no exchange has. For any thread."""
        try:
            return self._free.pop()
        except IndexError:
            client = open_client(self._url, self._proxy)
            self._clients.append(client)
            return client

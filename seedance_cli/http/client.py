"""httpx's client as this program uses it: by our own network, no redirects, no retries, no cookie.

httpx has no argument for httpcore's network backend, so the transport between the two is ours; that
is the interface which httpx documents for it.
"""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from seedance_cli import __version__
from seedance_cli.http import certificates
from seedance_cli.http.lean_httpx import httpx
from seedance_cli.http.limits import CONNECT_SECONDS, READ_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import httpcore

    from seedance_cli.http.proxies import Proxy

USER_AGENT = f"seedance/{__version__}"
"""Defapi's CDN answers 403 (error 1010) to Python's default one (providers.md)."""

HEADERS = {
    "User-Agent": USER_AGENT,
    "Accept": "application/json",
    "Accept-Encoding": "identity",  # a compressed body could not be held to its size cap
}
"""The header fields of every request."""

_MOST_CONNECTIONS = 100
_KEPT_SECONDS = 60.0
"""Longer than the longest pause between two polls, which then need no new connection."""


def open_client(
    url: str, proxy: Proxy | None, *, permit: Callable[[str], bool] | None = None
) -> httpx.Client:
    """A connection pool for one URL.

    Args:
        url: decides on TLS.
        proxy: what `proxy_for` says of it.
        permit: whether an address may be connected to; see `Backend`. Behind a proxy it is not
            asked: what the name means there, only the proxy knows.

    Raises:
        ConfigError: a certificate variable that cannot be used.
    """
    client = httpx.Client(
        transport=_Transport(_pool(url, proxy, permit)),
        trust_env=False,
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        follow_redirects=False,
    )
    # No cookie is kept: what a server puts into one would be sent back to it.
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
    return client


def _pool(
    url: str, proxy: Proxy | None, permit: Callable[[str], bool] | None
) -> httpcore.ConnectionPool:
    import httpcore

    from seedance_cli.http.backend import Backend

    tls = urlsplit(url).scheme == "https"
    context = certificates.context() if tls else certificates.nobody()
    if proxy is None:
        return httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=_MOST_CONNECTIONS,
            max_keepalive_connections=_MOST_CONNECTIONS,
            keepalive_expiry=_KEPT_SECONDS,
            network_backend=Backend(permit),
        )
    where = httpcore.URL(scheme=proxy.scheme, host=proxy.host, port=proxy.port, target=b"/")
    if proxy.socks:
        return httpcore.SOCKSProxy(
            proxy_url=where,
            proxy_auth=proxy.login,
            ssl_context=context,
            max_connections=_MOST_CONNECTIONS,
            max_keepalive_connections=_MOST_CONNECTIONS,
            keepalive_expiry=_KEPT_SECONDS,
            network_backend=Backend(),
        )
    return httpcore.HTTPProxy(
        proxy_url=where,
        proxy_auth=proxy.login,
        ssl_context=context,
        proxy_ssl_context=certificates.context() if proxy.scheme == "https" else None,
        max_connections=_MOST_CONNECTIONS,
        max_keepalive_connections=_MOST_CONNECTIONS,
        keepalive_expiry=_KEPT_SECONDS,
        network_backend=Backend(),
    )


class _Transport(httpx.BaseTransport):
    """httpx's requests to a pool of httpcore. Errors pass as httpcore's own."""

    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        import httpcore

        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        stream: Iterable[bytes] = self._answer.stream  # type: ignore[assignment]  # a pool's are
        yield from stream

    def close(self) -> None:
        self._answer.close()

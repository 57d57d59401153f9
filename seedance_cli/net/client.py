"""httpx's client as this program uses it: the environment's proxies and certificates, no cookie."""

from __future__ import annotations

import os
import ssl
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from seedance_cli import __version__
from seedance_cli.addresses import is_loopback
from seedance_cli.errors import ConfigError
from seedance_cli.net.limits import CONNECT_SECONDS, READ_SECONDS

USER_AGENT = f"seedance/{__version__}"
"""Defapi's CDN answers 403 (error 1010) to Python's default one (providers.md)."""

HEADERS = {
    "User-Agent": USER_AGENT,
    "Accept": "application/json",
    "Accept-Encoding": "identity",  # a compressed body could not be held to its size cap
}
"""The header fields of every request."""

_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=100, keepalive_expiry=60.0)
"""Longer than the longest pause between two polls, which then need no new connection."""
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def open_client(url: str) -> httpx.Client:
    """A connection pool for one URL: no redirects, no retries.

    Raises:
        ConfigError: a proxy or certificate variable that cannot be used.
    """
    direct = is_loopback(url)
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    try:
        client = httpx.Client(
            trust_env=not direct,
            verify=_ssl_context(tls=urlsplit(url).scheme == "https", proxies=not direct),
            timeout=timeout,
            limits=_LIMITS,
            follow_redirects=False,
        )
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        named = _set_variables(*_PROXIES, "NO_PROXY")
        what = "a SOCKS proxy needs the package socksio" if _is_import(error) else "not understood"
        raise ConfigError(
            f"the proxy settings cannot be used ({what}): {', '.join(named) or 'system settings'}",
            hint="unset or mend these variables",
        ) from None  # the cause's text may hold a proxy's password
    # No cookie is kept: what a server puts into one would be sent back to it.
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
    return client


def _set_variables(*names: str) -> list[str]:
    """Those of the variables that are set, in either case, as they are spelt."""
    return [one for name in names for one in (name, name.lower()) if os.environ.get(one)]


def _is_import(error: Exception) -> bool:
    return isinstance(error, ImportError)


def _ssl_context(*, tls: bool, proxies: bool) -> ssl.SSLContext:
    # Loading the CA bundle costs 15-20 ms: only where TLS is possible. The bare context trusts
    # nobody, so that a mistake here fails closed.
    if not tls and not (proxies and _set_variables(*_PROXIES)):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return _trusted(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def _trusted(file: str | None, folder: str | None) -> ssl.SSLContext:
    # httpx reads the two variables itself; here they are the cache's key, and named in errors.
    if folder and not file and not Path(folder).is_dir():
        raise ConfigError("SSL_CERT_DIR names a folder that is not there", hint="mend or unset it")
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(
            f"{'SSL_CERT_FILE' if file else 'SSL_CERT_DIR'} cannot be used: "
            f"{error.strerror or 'no certificates in it'}",
            hint="mend or unset it",
        ) from error

"""Whom the sandbox answers: clients that name this machine, and no web page of another origin.

The owner of any site can have its name resolve to 127.0.0.1 (DNS rebinding): a page of that site
then reads whatever this server answers. It cannot make the browser hide that name, which comes as
`Host`. An address literal or `localhost` is out of reach for DNS, so these are answered; other
names are answered only if the user named them. A page that knows the real address is told apart by
its `Origin`, which browsers add to all that could change something.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from seedance_cli.models import literal
from seedance_cli.sandbox.web.answers import document

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from seedance_cli.sandbox.state import Sandbox

_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{0,5})?")
_ABSOLUTE = re.compile(r"http://([^/]*)(.*)", re.IGNORECASE)
_FORBIDDEN, _MISDIRECTED = 403, 421


class Door:
    """Passes on what may be answered, with one `Host` that is this server's."""

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        """Stand before an application.

        Args:
            app: what answers.
            sandbox: whose options name the hosts that are answered besides.
        """
        self._app = app
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        scope = _in_origin_form(scope)
        hosts, origins = _values(scope, b"host"), _values(scope, b"origin")
        app: ASGIApp
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            app = document({"error": _WRONG_HOST}, _MISDIRECTED)
        elif any(not _is_own(origin, hosts[0]) for origin in origins):
            app = document({"error": _WRONG_ORIGIN}, _FORBIDDEN)
        else:
            app = self._app
        await app(scope, receive, send)

    def _is_ours(self, authority: str) -> bool:
        match = _AUTHORITY.fullmatch(authority)
        if match is None:
            return False
        host = match[1].lower().removesuffix(".")
        allowed = self._sandbox.options.allow_hosts
        return host == "localhost" or literal(host) is not None or host in allowed


def is_local(scope: Scope) -> bool:
    """Whether the client's end of the connection is a loopback address."""
    client = scope.get("client")
    address = literal(client[0]) if client else None
    return address is not None and address.is_loopback


def _in_origin_form(scope: Scope) -> Scope:
    """A request whose target is a whole URL, as one with a path: that URL's host is the host.

    RFC 9112, section 3.2.2: the `Host` header does not count then.
    """
    match = _ABSOLUTE.fullmatch(scope["raw_path"].decode("latin-1"))
    if match is None:
        return scope
    authority, path = match[1], match[2] or "/"
    others = [field for field in scope["headers"] if field[0] != b"host"]
    return {
        **scope,
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "headers": [(b"host", authority.encode("latin-1")), *others],
    }


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for field, value in scope["headers"] if field == name]


def _is_own(origin: str, authority: str) -> bool:
    """Whether a page that this server sent has that origin; a proxy may have sent it over TLS."""
    return origin.lower() in {f"http://{authority.lower()}", f"https://{authority.lower()}"}


_WRONG_HOST = (
    "this sandbox answers to an address or localhost only; for a host name, start it with "
    "--allow-host NAME"
)
_WRONG_ORIGIN = "this sandbox answers no page of another origin"

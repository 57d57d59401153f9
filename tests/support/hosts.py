"""Names that stand for several addresses, some of which do not answer.

    with BytesServer(script) as server, swallowing(server.port) as dead:
        lookups = stand_for(monkeypatch, {"localhost": [dead, "127.0.0.1"]})

Everything in 127.0.0.0/8 is this machine on Linux; elsewhere only 127.0.0.1 is.
"""

from __future__ import annotations

import socket
import sys
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs 127.0.0.2 and Linux's backlog")


def stand_for(monkeypatch: pytest.MonkeyPatch, names: Mapping[str, Sequence[str]]) -> Counter[str]:
    """Let the names mean these addresses, in this order, and no other name mean any.

    Returns:
        How often each name was looked up, kept up to date.
    """
    asked: Counter[str] = Counter()
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *_: Any, **__: Any) -> list[Any]:
        text = host.decode() if isinstance(host, bytes) else host
        asked[text] += 1
        if text in names:
            return [_entry(address, port) for address in names[text]]
        try:
            return list(real(text, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))
        except socket.gaierror:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from None

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def _entry(address: str, port: Any) -> Any:
    if ":" in address:
        return socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0)
    return socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)


@contextmanager
def swallowing(port: int, address: str = "127.0.0.2") -> Iterator[str]:
    """An address where connections to this port are neither made nor refused: SYNs are dropped."""
    listener = socket.socket()
    queued = [socket.socket() for _ in range(4)]
    try:
        listener.bind((address, port))
        listener.listen(0)
        for one in queued:  # fill the backlog
            one.setblocking(False)
            one.connect_ex((address, port))
        yield address
    finally:
        for one in (listener, *queued):
            one.close()


_closed: list[socket.socket] = []


def closed_port() -> int:
    """A port of 127.0.0.1 where nobody listens, as long as this process lives.

    It is bound: the server of another test, in another process, cannot be given it, and see the
    connections that this one's program tries.
    """
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    _closed.append(bound)
    port: int = bound.getsockname()[1]
    return port

"""The application on a real socket, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from seedance_cli.errors import UsageError, WriteFailed
from seedance_cli.models import shown
from seedance_cli.sandbox.state import Sandbox
from seedance_cli.sandbox.tasks import TaskStore
from seedance_cli.sandbox.video.store import Videos
from seedance_cli.sandbox.web.answers import AccessLog
from seedance_cli.sandbox.web.app import build
from seedance_cli.sandbox.web.callbacks import Callbacks
from seedance_cli.sandbox.web.delivery import netloc, reachable
from seedance_cli.sandbox.web.door import Door
from seedance_cli.sandbox.web.wire import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from seedance_cli.sandbox.options import Options

_SILENT = logging.CRITICAL + 1
_GRACE_SECONDS = 2
_TICK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers."""

    host: str
    """The address it is bound to."""
    port: int
    ended: threading.Event
    """Set once it no longer answers."""
    failure: Callable[[], BaseException | None]
    """What ended it, if that was an error."""
    sandbox: Sandbox

    @property
    def netloc(self) -> str:
        """The address it is bound to, with the port."""
        return netloc(self.host, self.port)

    @property
    def url(self) -> str:
        """Its root, without a trailing slash; on a wildcard address, the loopback one."""
        return f"http://{netloc(reachable(self.host), self.port)}"


@contextmanager
def serving(
    state_dir: Path,
    host: str,
    port: int,
    options: Options,
    *,
    log: Callable[[str], None] | None,
    videos_dir: Path | None,
) -> Iterator[Running]:
    """As `serve.serving`, where the extra is installed."""
    folder = state_dir / "sandbox"
    store = TaskStore(folder)
    videos = Videos(videos_dir or folder / "videos")
    with bind(host, port) as listener:
        address, number = listener.getsockname()[:2]
        sandbox = Sandbox(store, videos, options, address, number)
        callbacks = Callbacks(sandbox, log)
        app = Door(build(sandbox, callbacks), sandbox)
        server = _Server(
            callbacks,
            uvicorn.Config(
                app if log is None else AccessLog(app, log),
                http=Protocol,
                loop="asyncio",
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                log_level=_SILENT,
                access_log=False,
                use_colors=False,
                proxy_headers=False,
                server_header=False,
                workers=1,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            ),
        )
        thread = threading.Thread(
            target=server.run_on, args=(listener,), name="seedance-sandbox", daemon=True
        )
        thread.start()
        try:
            server.answers.wait()
            if server.failure is not None:
                raise WriteFailed(f"the sandbox did not start: {server.failure}")
            yield Running(address, number, server.ended, lambda: server.failure, sandbox)
        finally:
            videos.close()
            server.stop()
            thread.join()


def _named(host: str) -> str:
    """The host as an error names it: a lone word may be a key, an address is none."""
    return host if "." in host or ":" in host else shown(host)


def bind(host: str, port: int) -> socket.socket:
    """A socket on that address.

    Raises:
        UsageError: naming `--host` or `--port`, whichever is to blame.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"--host {_named(host)}: there is no such address", hint="try --host 127.0.0.1"
        ) from error
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            # A port whose last connections are only waiting to be forgotten is free.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        elif sys.platform == "win32":
            # There, reuse means that two programs share a port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        import errno

        if error.errno == errno.EADDRNOTAVAIL:
            raise UsageError(
                f"--host {_named(host)}: this machine does not have that address",
                hint="try --host 127.0.0.1",
            ) from error
        reason = (
            "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
        )
        raise UsageError(
            f"--port {port}: the port {reason}",
            hint="give another one, or --port 0 for any free one",
        ) from error
    return listener


class _Server(uvicorn.Server):
    """uvicorn's server, to be started and stopped from another thread."""

    def __init__(self, callbacks: Callbacks, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._callbacks = callbacks
        self.answers = threading.Event()
        self.ended = threading.Event()
        self.failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None

    def run_on(self, listener: socket.socket) -> None:
        """Serve on that socket until `stop`."""
        try:
            asyncio.run(self.serve(sockets=[listener]))
        except BaseException as error:  # noqa: BLE001 - a thread's error goes to who waits for it
            self.failure = error
        finally:
            self.ended.set()
            self.answers.set()

    def stop(self) -> None:
        """Ask it to end; returns at once."""
        self.should_exit = True
        loop, wake = self._loop, self._wake
        if loop is not None and wake is not None:
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(wake.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's; then take up what an earlier server left, and tell who waits."""
        self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        await super().startup(sockets)
        await self._callbacks.take_up()
        self.answers.set()

    async def main_loop(self) -> None:
        """As uvicorn's, but it ends at once when asked to, not at the next look."""
        assert self._wake is not None
        # Every tenth tick of uvicorn's renews the Date header.
        while not await self.on_tick(0):
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _TICK_SECONDS)

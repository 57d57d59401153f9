"""The call to a submit's callback URL (`callback_url`, `webhookUrl`) when its task has ended.

Hardly a provider documents what it sends. The sandbox POSTs the task as the provider's
read endpoint shows it at that moment, as JSON, and nothing else: no key, no signature. Any 2xx
counts as delivered; everything else, a redirect too, is tried again three times. What is pending
is kept with the tasks, so the next server takes it up: a callback comes at least once, perhaps
more often. A client has to read the status with its key in any case.

A loopback address is called only for a submit that came from one: else whoever reaches this server
could have it POST to services that trust this machine. By name, too: what counts is the address
that the connection was made to.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import ssl
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import h11

from seedance_cli import __version__
from seedance_cli.models import is_loopback, literal
from seedance_cli.sandbox.dialects._registry import every
from seedance_cli.sandbox.web.delivery import bound_origin, view

if TYPE_CHECKING:
    from collections.abc import Callable
    from urllib.parse import SplitResult

    from seedance_cli.sandbox.state import Sandbox
    from seedance_cli.sandbox.tasks import StoredTask

_logger = logging.getLogger(__name__)

USER_AGENT = f"seedance-sandbox/{__version__}"

_TRY_SECONDS = 5.0
_AT_ONCE = 20
_LONGEST_SLEEP = 3600.0
_READ = 65536
_IN_TARGET = "/?&=%:@!$'()*+,;~-._"


class Callbacks:
    """Calls back, on the server's event loop; nothing waits for it."""

    def __init__(self, sandbox: Sandbox, log: Callable[[str], None] | None) -> None:
        """Call for the tasks of one sandbox.

        Args:
            sandbox: whose tasks and options count.
            log: takes a line for every call.
        """
        self._sandbox = sandbox
        self._log = log
        self._dialects = {dialect.name: dialect for dialect in every()}
        self._running: set[asyncio.Task[None]] = set()
        self._wakers: dict[str, asyncio.Event] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)

    def wanted(self, task: StoredTask, *, local: bool) -> bool:
        """Whether the task has a callback URL that may be called.

        Args:
            task: what was submitted.
            local: whether the submit came from a loopback address.
        """
        url = task.job.callback_url
        if url is None:
            return False
        if is_loopback(url):
            if local:
                return True
            self._tell(task, "not called: a loopback address, for a request from another machine")
            return False
        if self._sandbox.options.allow_callbacks:
            return True
        self._tell(task, "not called: no loopback address, and --allow-callbacks was not given")
        return False

    def begin(self, task: StoredTask, origin: str, *, local: bool) -> None:
        """Call once the task has ended.

        Args:
            task: just stored, with its callback pending.
            origin: where the client reaches this server, for the video's URL.
            local: whether a loopback address may be called.
        """
        job = asyncio.get_running_loop().create_task(self._follow(task, origin, local=local))
        self._running.add(job)
        job.add_done_callback(self._forget)

    def ended(self, task_id: str) -> None:
        """Tell that a task has ended before its time."""
        if task_id in self._wakers:
            self._wakers[task_id].set()

    async def take_up(self) -> None:
        """Begin with what an earlier server left."""
        sandbox = self._sandbox
        for task in await asyncio.to_thread(sandbox.store.pending):
            # Where the submit came from is not kept: a loopback URL was stored only for one that
            # came from here, and of a name nothing is known.
            local = is_loopback(task.job.callback_url or "")
            self.begin(task, bound_origin(sandbox.host, sandbox.port), local=local)

    def _forget(self, job: asyncio.Task[None]) -> None:
        self._running.discard(job)
        if not job.cancelled() and (error := job.exception()) is not None:
            _logger.debug("callback: internal error", exc_info=error)

    async def _follow(self, task: StoredTask, origin: str, *, local: bool) -> None:
        store, waker = self._sandbox.store, asyncio.Event()
        self._wakers[task.task_id] = waker
        try:
            while (left := task.end - store.now()) > 0 and not waker.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(waker.wait(), min(left, _LONGEST_SLEEP))
        finally:
            del self._wakers[task.task_id]
        # Another server may be over it; if that one was killed, its claim runs out.
        while (wait := await asyncio.to_thread(store.claim, task.task_id)) is not None:
            if wait > 0:
                await asyncio.sleep(wait)
                continue
            try:
                await self._call(task.task_id, origin, local=local)
            except asyncio.CancelledError:
                store.release(task.task_id)
                raise
            await asyncio.to_thread(store.settle, task.task_id)
            return

    async def _call(self, task_id: str, origin: str, *, local: bool) -> None:
        store, task = self._sandbox.store, None
        for delay in (0.0, *self._sandbox.options.callback_delays):
            await asyncio.sleep(delay)
            task = await asyncio.to_thread(store.get, task_id)
            if task is None or task.job.callback_url is None:
                return
            seen = await view(self._sandbox, task, origin)
            body = self._dialects[task.provider].callback(seen)
            try:
                async with self._slots, asyncio.timeout(_TRY_SECONDS):
                    status = await post(
                        task.job.callback_url, json.dumps(body).encode(), local=local
                    )
            except NotCalled as refused:
                self._tell(task, f"not called: {refused}")
                return
            except (OSError, ValueError, h11.ProtocolError) as error:
                self._tell(task, f"failed: {type(error).__name__}")
                continue
            self._tell(task, f"answered {status}")
            if status // 100 == 2:  # noqa: PLR2004 - HTTP's 2xx
                return
        if task is not None:
            self._tell(task, "given up")

    def _tell(self, task: StoredTask, words: str) -> None:
        if self._log is not None:
            self._log(f"callback of {task.provider} {task.task_id} {words}")


class NotCalled(Exception):
    """The address is not one that this callback may reach."""


async def post(url: str, body: bytes, *, local: bool) -> int:
    """POST JSON, without a redirect followed; the status of the answer.

    Args:
        url: where to.
        body: the JSON.
        local: whether it may be a loopback address.

    Raises:
        NotCalled: it is one, and may not be.
        OSError: no connection, or it ended early.
        ValueError: the URL is none.
        h11.ProtocolError: the answer is no HTTP.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    secure = parts.scheme == "https"
    reader, writer = await asyncio.open_connection(host, parts.port or (443 if secure else 80))
    try:
        if not local and _is_this_machine(writer.get_extra_info("peername")):
            raise NotCalled("a loopback address, for a request from another machine")
        if secure:
            await writer.start_tls(ssl.create_default_context(), server_hostname=host)
        http = h11.Connection(h11.CLIENT)
        head = h11.Request(
            method="POST",
            target=_target(parts),
            headers=[
                ("Host", parts.netloc.rpartition("@")[2].encode("idna").decode()),
                ("User-Agent", USER_AGENT),
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(body))),
                ("Connection", "close"),
            ],
        )
        writer.write((http.send(head) or b"") + (http.send(h11.Data(body)) or b""))
        http.send(h11.EndOfMessage())
        await writer.drain()
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                http.receive_data(await reader.read(_READ))
            elif isinstance(event, h11.Response):
                return event.status_code
            elif isinstance(event, h11.ConnectionClosed):
                raise ConnectionResetError
    finally:
        writer.close()


def _is_this_machine(peer: tuple[str, int] | None) -> bool:
    address = literal(peer[0]) if peer else None
    return address is None or address.is_loopback or address.is_unspecified


def _target(parts: SplitResult) -> str:
    """Path and query as they go into a request line: no space, nothing beyond ASCII."""
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return quote(target, safe=_IN_TARGET)

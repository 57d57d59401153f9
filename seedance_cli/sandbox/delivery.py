"""The videos: their URLs, and the answers to them. No key is asked for, as on a real CDN."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import FileResponse

from seedance_cli.sandbox.answers import document, page
from seedance_cli.sandbox.dialects import every
from seedance_cli.sandbox.dialects._base import Cause, Phase, Refusal
from seedance_cli.sandbox.faults import HEADER, Fault, named
from seedance_cli.sandbox.render import Stopped
from seedance_cli.sandbox.wire import CutBefore, CutHalfway

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from seedance_cli.sandbox.dialects._base import Job
    from seedance_cli.sandbox.endpoints import Sandbox

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")
_NOT_FOUND, _FORBIDDEN, _UNAVAILABLE = 404, 403, 503


def video_url(request: Request, host: str, port: int, task_id: str, serial: int | None) -> str:
    """The absolute URL of a task's video, at the host that the client itself used.

    A Host header that cannot be this server's is not repeated: the bound address stands instead.

    Args:
        request: whose Host header counts.
        host: the address the server is bound to.
        port: its port.
        task_id: the task.
        serial: how often a URL was handed out, where that matters.
    """
    origin = _origin(request.headers.get("host", ""), host, port)
    query = "" if serial is None else f"?signature={serial}"
    return f"http://{origin}/videos/{quote(task_id, safe='')}.mp4{query}"


def _origin(asked: str, host: str, port: int) -> str:
    match = _HOST.fullmatch(asked)
    if match and (not _is_loopback(host) or _is_loopback(match[1])):
        return asked
    return netloc(reachable(host), port)


def reachable(host: str) -> str:
    """The address itself, or for a wildcard one the loopback address that it includes."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - nothing is bound here


def netloc(host: str, port: int) -> str:
    """Address and port as they stand in a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Delivery:
    """The handler of `/videos/TASK_ID.mp4`."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Serve the videos of every dialect's tasks."""
        self._sandbox = sandbox
        self._built_in = {
            item.task_id: (item.job, dialect.name)
            for dialect in every()
            for item in dialect.built_in
        }

    async def video(self, request: Request) -> ASGIApp:
        """The video of a task that succeeded.

        Range, If-Range and HEAD work as HTTP says; the ETag is strong: it names the content.
        """
        task_id = request.path_params["name"].removesuffix(".mp4")
        if task_id == request.path_params["name"]:
            raise Refusal(_NOT_FOUND, None, "There is no such video")
        job, provider, fault = await self._look_up(request, task_id)
        fault = named(request.headers.get(HEADER, "").strip().lower()) or fault
        if fault is Fault.BAD_VIDEO:
            return page()
        if fault is Fault.SERVER_ERROR and HEADER in request.headers:
            status, message = Cause.SERVER_ERROR.value
            raise Refusal(status, None, message)
        if fault is Fault.LOST_RESPONSE and HEADER in request.headers:
            return CutBefore()
        if fault is Fault.EXPIRED_URL and HEADER in request.headers:
            raise _expired()
        try:
            path = await asyncio.to_thread(self._sandbox.videos.file, job, provider)
        except Stopped:
            return document({"error": "the sandbox is ending"}, _UNAVAILABLE)
        answer = FileResponse(path, media_type="video/mp4", headers={"ETag": f'"{path.stem}"'})
        return CutHalfway(answer) if fault is Fault.TRUNCATED else answer

    async def _look_up(self, request: Request, task_id: str) -> tuple[Job, str, Fault | None]:
        if task_id in self._built_in:
            return (*self._built_in[task_id], None)
        store = self._sandbox.store
        task = await asyncio.to_thread(store.get, task_id)
        if task is None or task.phase(store.now()) is not Phase.SUCCEEDED:
            raise Refusal(_NOT_FOUND, None, "There is no such video")
        if task.fault is Fault.EXPIRED_URL:
            signature = request.query_params.get("signature", "")
            valid = {str(serial) for serial in range(2, task.handed_out + 1)}
            if signature not in valid:
                raise _expired()
        return task.job, task.provider, task.fault


def _expired() -> Refusal:
    return Refusal(_FORBIDDEN, None, "This URL has expired")

"""A task as a read shows it, its video's URL, and the answers to that URL.

No key is asked for there, as on a real CDN.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from starlette.responses import FileResponse, Response

from seedance_cli.sandbox.dialects._base import Phase
from seedance_cli.sandbox.dialects._refusals import Cause, Refusal
from seedance_cli.sandbox.dialects._registry import every
from seedance_cli.sandbox.faults import HEADER, Fault, named
from seedance_cli.sandbox.video.render import RenderingStopped, last_frame
from seedance_cli.sandbox.web.answers import document, page
from seedance_cli.sandbox.web.wire import CutBefore, CutHalfway

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from seedance_cli.sandbox.dialects._base import Job, View
    from seedance_cli.sandbox.state import Sandbox
    from seedance_cli.sandbox.tasks import StoredTask

_NOT_FOUND, _FORBIDDEN, _UNAVAILABLE = 404, 403, 503


async def view(sandbox: Sandbox, task: StoredTask, origin: str) -> View:
    """The task now, with the URLs of what came of it."""
    video = await video_url(sandbox, task, origin)
    frame = f"{origin}/frames/{quote(task.task_id, safe='')}.png"
    return task.view(sandbox.store.now(), video, frame, origin)


async def video_url(sandbox: Sandbox, task: StoredTask, origin: str) -> str:
    """The absolute URL of a task's video; of one that has not succeeded, it is never shown.

    Args:
        sandbox: whose task it is.
        task: the task.
        origin: where the client reaches this server.
    """
    store, serial = sandbox.store, None
    if task.fault is Fault.EXPIRED_URL and task.phase(store.now()) is Phase.SUCCEEDED:
        serial = await asyncio.to_thread(store.hand_out, task.task_id)
    return origin + _video_path(sandbox, task, serial)


def _keyed_path(task: StoredTask) -> str | None:
    """Where its provider's own API serves the video; None: it does not."""
    dialect = next((one for one in every() if one.name == task.provider), None)
    if dialect is None or dialect.video_path is None:
        return None
    name = quote(task.task_id, safe="")
    return dialect.base_path + dialect.video_path.replace("{task_id}", name)


def _video_path(sandbox: Sandbox, task: StoredTask, serial: int | None) -> str:
    """Path and query of a task's video, as the provider gives it."""
    keyed, keyless = _keyed_path(task), video_path(sandbox, task, serial)
    if keyed is None:
        return keyless
    _, mark, query = keyless.partition("?")
    return keyed + mark + query


def video_path(sandbox: Sandbox, task: StoredTask, serial: int | None = None) -> str:
    """Path and query of a task's video.

    Args:
        sandbox: whose task it is.
        task: the task.
        serial: how often a URL was handed out, where that matters.
    """
    query: dict[str, object] = {} if serial is None else {"signature": serial}
    if sandbox.options.url_seconds is not None:
        query["expires"] = f"{sandbox.store.now() + sandbox.options.url_seconds:.3f}"
    words = f"?{urlencode(query)}" if query else ""
    return f"/videos/{quote(task.task_id, safe='')}.mp4{words}"


def origin(request: Request) -> str:
    """`http://HOST:PORT` as the client itself wrote it; `door.Door` has made sure of it."""
    return f"http://{request.headers['host']}"


def bound_origin(host: str, port: int) -> str:
    """`http://HOST:PORT` of the address that the server is bound to."""
    return f"http://{netloc(reachable(host), port)}"


def reachable(host: str) -> str:
    """The address itself, or for a wildcard one the loopback address that it includes."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - nothing is bound here


def netloc(host: str, port: int) -> str:
    """Address and port as they stand in a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class VideoRoute:
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
        name = request.path_params["name"]
        if not name.endswith(".mp4"):
            raise Refusal(_NOT_FOUND, None, "There is no such video")
        return await self.of_task(request, name.removesuffix(".mp4"))

    async def of_task(self, request: Request, task_id: str) -> ASGIApp:
        """The same for a task's id, wherever the URL has it."""
        job, provider, fault = await self._look_up(request, task_id)
        if self._is_late(request):
            raise _expired()
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
            path = await asyncio.to_thread(
                self._sandbox.videos.file, job, provider, self._sandbox.options.seed
            )
        except RenderingStopped:
            return document({"error": "the sandbox is ending"}, _UNAVAILABLE)
        answer = FileResponse(path, media_type="video/mp4", headers={"ETag": f'"{path.stem}"'})
        return CutHalfway(answer) if fault is Fault.TRUNCATED else answer

    async def frame(self, request: Request) -> ASGIApp:
        """The last frame of such a video, as a PNG image."""
        task_id = request.path_params["name"].removesuffix(".png")
        job, provider, _ = await self._look_up(request, task_id)
        if not job.last_frame_out:
            raise Refusal(_NOT_FOUND, None, "There is no such image")
        seed = self._sandbox.options.seed
        try:
            path = await asyncio.to_thread(self._sandbox.videos.file, job, provider, seed)
        except RenderingStopped:
            return document({"error": "the sandbox is ending"}, _UNAVAILABLE)
        return Response(await asyncio.to_thread(last_frame, path), media_type="image/png")

    def _is_late(self, request: Request) -> bool:
        options, now = self._sandbox.options, self._sandbox.store.now()
        if options.url_seconds is None:
            return False
        try:
            left = float(request.query_params.get("expires", "")) - now
        except ValueError:
            return True
        return not 0 < left <= options.url_seconds

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

"""A provider that answers by a script: several dialects, on one real socket server.

    with ScriptedProvider() as server:
        server.task("t1", "queued", unavailable, "running", done())
        run("wait", "runbase:t1", env=server.env("runbase"))
    assert server.polls("t1") == 4

Each read of a task takes its next state; the last one stays. A state is a word (`queued running
succeeded failed cancelled` are put into the provider's own, any other goes out as it is), a `State`
with more to say, or a function of `bytes_server` that sends raw bytes. Videos lie under
`/video/NAME`.
"""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias
from urllib.parse import parse_qs, quote, unquote, urlsplit

from seedance_cli import providers
from seedance_cli.ledger.record import Ledger
from support import ledgers, mp4s
from support.bytes_server import BytesServer, Script, answer
from support.fake_clock import FakeClock

if TYPE_CHECKING:
    from seedance_cli.models import Submission
    from seedance_cli.system.clock import Clock
    from support.bytes_server import Client, Request

KEY = "scripted-key-0123456789"


@dataclass(frozen=True, slots=True)
class State:
    """What a task is at one read."""

    word: str
    urls: tuple[str, ...] | None = None
    """None: one video of its own, where the word is `succeeded`."""
    reason: str | None = None
    fields: tuple[tuple[str, Any], ...] = ()
    """More fields of the task."""


Step: TypeAlias = "str | State | Script"


def done(*urls: str, **fields: Any) -> State:
    """A task that succeeded with these URLs; with none given, one video of its own."""
    return State("succeeded", urls or None, fields=tuple(fields.items()))


def error(status: int, message: str = "scripted", headers: dict[str, str] | None = None) -> Script:
    """An error answer in a form that every provider's reader understands."""
    return json_answer(status, {"error": {"message": message}, "message": message}, headers)


def json_answer(status: int, body: Any, headers: dict[str, str] | None = None) -> Script:
    """Any JSON as an answer."""
    more = {"Content-Type": "application/json", **(headers or {})}
    return answer(status, json.dumps(body).encode(), more)


unavailable = error(503)

_SEEDANCEAPI = {"queued": "IN_PROGRESS", "running": "IN_PROGRESS", "succeeded": "SUCCESS"}
_WORDS = {
    "seedanceapi": _SEEDANCEAPI,
    "seedanceapi-v2": _SEEDANCEAPI,
    "defapi": {"queued": "pending", "running": "in_progress", "succeeded": "success"},
    "seedance2ink": {"running": "processing"},
    "runbase": {"queued": "pending", "running": "processing"},
    "fal": {
        "queued": "IN_QUEUE",
        "running": "IN_PROGRESS",
        "succeeded": "COMPLETED",
        "failed": "COMPLETED",
        "cancelled": "CANCELLATION_REQUESTED",
    },
    "replicate": {"queued": "starting", "running": "processing", "cancelled": "canceled"},
    "openrouter": {"queued": "pending", "running": "in_progress", "succeeded": "completed"},
    "kie": {"queued": "waiting", "running": "generating", "succeeded": "success", "failed": "fail"},
}


class ScriptedProvider:
    """Serves the providers while its `with` block runs."""

    def __init__(self) -> None:
        self.server = BytesServer(self._serve)
        self.tasks: dict[str, deque[Step]] = {}
        self.unscripted: Step = error(404, "no such task")
        """What the reads of any other task find."""
        self.bodies: dict[str, Any] = {}
        """What was submitted, by the id of the task that was made of it."""
        self.cancels: dict[str, Step] = {}
        """What a cancel of the task answers; without an entry it is confirmed."""
        self.deletes: list[str] = []
        """The tasks of the DELETEs that came; without an entry in `cancels` each is cancelled."""
        self.submits: deque[Step | None] = deque()
        """What submits answer, in turn: None (the rule) accepts with the next of `ids`."""
        self.ids: deque[str] = deque(f"t{number}" for number in range(1, 1000))
        self.videos: dict[str, Script] = {}
        """By name under `/video/`; any other name is a small whole MP4."""
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return self.server.url

    def env(self, *names: str) -> dict[str, str | None]:
        """The variables that send these providers' requests here; of all without a name."""
        found: dict[str, str | None] = {}
        for name in names or providers.names():
            info = providers.get(name).info
            found[info.base_url_env] = self.endpoint(name)
            found[info.key_env] = KEY
        return found

    def endpoint(self, name: str) -> str:
        """The base URL of one provider."""
        return f"{self.url}/{name}{urlsplit(providers.get(name).info.base_url).path}"

    def task(self, task_id: str, *steps: Step) -> None:
        """Say what the reads of a task find, one after the other."""
        self.tasks[task_id] = deque(steps)

    def video(self, name: str) -> str:
        """The URL of a video here."""
        return f"{self.url}/video/{name}"

    def polls(self, task_id: str) -> int:
        """How often the task was read."""
        return sum(
            request.method == "GET"
            and _task_id(request) == task_id
            and not request.target.startswith("/video/")
            for request in self.server.requests
        )

    def posts(self, part: str = "") -> int:
        """How many POSTs came, to targets with `part` in them."""
        return sum(
            request.method == "POST" and part in request.target for request in self.server.requests
        )

    def fetched(self, name: str) -> int:
        """How often a video was asked for."""
        return sum(urlsplit(r.target).path == f"/video/{name}" for r in self.server.requests)

    def _serve(self, request: Request, client: Client) -> None:
        name = request.target.split("/")[1]
        if name == "video":
            found = urlsplit(request.target).path.removeprefix("/video/")
            self.videos.get(found, answer(200, mp4s.plain()))(request, client)
            return
        with self._lock:
            task_id, step = self._step(request)
        if callable(step):
            step(request, client)
            return
        state = State(step) if isinstance(step, str) else step
        body = self._body(name, task_id, state)
        json_answer(200, body)(request, client)

    def _step(self, request: Request) -> tuple[str, Step]:
        task_id = _task_id(request)
        if request.method == "GET":
            steps = self.tasks.get(task_id)
            if steps is None:
                return task_id, self.unscripted
            return task_id, steps.popleft() if len(steps) > 1 else steps[0]
        if request.method == "DELETE":
            self.deletes.append(task_id)
            if task_id in self.cancels:
                return task_id, self.cancels[task_id]
            self.tasks[task_id] = deque(["cancelled"])
            return task_id, json_answer(200, {})
        if request.target.endswith("/cancel"):
            return task_id, self.cancels.get(task_id, "cancelled")
        step = self.submits.popleft() if self.submits else None
        task_id = self.ids.popleft()
        if not callable(step):
            self.bodies[task_id] = json.loads(request.body)
        return task_id, "queued" if step is None else step

    def _body(self, name: str, task_id: str, state: State) -> dict[str, Any]:
        word = _WORDS.get(name, {}).get(state.word, state.word)
        urls = state.urls
        if urls is None:
            own = state.word == "succeeded"
            urls = (self.video(quote(f"{task_id}.mp4")),) if own else ()
        extra = dict(state.fields)
        match name:
            case "seedanceapi" | "seedanceapi-v2":
                data = {"task_id": task_id, "status": word, "error_message": state.reason, **extra}
                data["response"] = list(urls)
                return {"code": 200, "message": "success", "data": data}
            case "defapi":
                data = {"task_id": task_id, "status": word, **extra}
                data["result"] = {"video": urls[0] if urls else None}
                data["status_reason"] = {"message": state.reason}
                return {"code": 0, "message": "ok", "data": data}
            case "seedance2ink":
                output = {"type": "video", "url": urls[0]} if urls else None
                found = {"success": True, "requestId": task_id, "status": word, "output": output}
                return {**found, "error": state.reason, **extra}
            case "kie":
                data = {"taskId": task_id, "state": word, "failMsg": state.reason, **extra}
                data["resultJson"] = json.dumps({"resultUrls": list(urls)})
                return {"code": 200, "msg": "success", "message": "success", "data": data}
            case "byteplus" | "volcengine":
                found = {"id": task_id, "status": word}
                found["content"] = {"video_url": urls[0]} if urls else None
                found["error"] = state.reason and {"message": state.reason}
                return {**found, **extra}
            case "openrouter":
                found = {"id": task_id, "status": word, "unsigned_urls": list(urls)}
                return {**found, "error": state.reason, **extra}
            case "fal":
                # The status and the result at once: both are read.
                found = {"request_id": task_id, "status": word, "error": state.reason, **extra}
                place = f"{self.endpoint(name)}/bytedance/seedance-2.0/requests/{task_id}"
                return {**found, "video": {"url": urls[0]} if urls else None, "status_url": place}
            case "replicate":
                found = {"id": task_id, "status": word, "output": urls[0] if urls else None}
                return {**found, "error": state.reason, **extra}
            case _:
                found = {"id": task_id, "status": word, "output": {"urls": list(urls)}}
                return {**found, "error": state.reason, **extra}


def _task_id(request: Request) -> str:
    parts = urlsplit(request.target)
    query = parse_qs(parts.query)
    named = query.get("task_id") or query.get("taskId")
    path = parts.path.removesuffix("/cancel").removesuffix("/status")
    return named[0] if named else unquote(path.rpartition("/")[2])


def submitted(
    server: ScriptedProvider, provider: str, task_id: str, *, clock: Clock | None = None
) -> Submission:
    """Write into the test's ledger that this machine submitted the task at this server."""
    folder = Path(os.environ["SEEDANCE_STATE_DIR"])
    with Ledger.open(folder, clock or FakeClock(), create=True) as ledger:
        return ledgers.submit(
            ledger, task_id, provider=provider, endpoint=server.endpoint(provider), key=KEY
        )

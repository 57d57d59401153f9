"""seedance2.ink on a real socket, for counting: what came, and which tasks were made of it.

    with CountingProvider() as provider:
        provider.answer = Answer.DROP
        run("generate", "a boat", env=provider.env)
    assert (provider.posts, len(provider.tasks)) == (1, 1)

A task is made as soon as its whole request is here, before a byte of the answer leaves: whoever
dies then has bought something. The wire is that of `providers.md`.
"""

from __future__ import annotations

import json
import socket
import threading
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

PROVIDER = "seedance2ink"
MODEL = "seedance-2.0"
_PATH = "/api/open/v1/video/generations"
_KEY = "sd2_live_counting_0123456789"
_PATIENCE = 30.0


class Answer(Enum):
    """What a paid POST gets."""

    ACCEPT = auto()
    """The task, and its id."""
    DROP = auto()
    """The task, and a closed connection."""
    ERROR = auto()
    """The task, and HTTP 500."""
    NONSENSE = auto()
    """The task, and 200 without an id."""
    REFUSE = auto()
    """No task: HTTP 402."""


class CountingProvider:
    """Listens on 127.0.0.1 while its `with` block runs.

    Attributes:
        posts: paid requests whose head came, whole or not.
        tasks: what was made, by id: the request's body, in the order of making.
        answer: what the next paid requests get.
        failed: ids of tasks that reads say have failed; the others stay queued.
    """

    def __init__(self) -> None:
        self.posts = 0
        self.tasks: dict[str, dict[str, Any]] = {}
        self.answer = Answer.ACCEPT
        self.failed: set[str] = set()
        self._changed = threading.Condition()
        self._server = _Server(self)

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def env(self) -> dict[str, str]:
        """What makes the program come here."""
        return {"SEEDANCE2INK_BASE_URL": self.url, "SEEDANCE2INK_API_KEY": _KEY}

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def made(self, prompt: str) -> list[str]:
        """The ids of the tasks with this prompt, oldest first."""
        with self._changed:
            return [name for name, body in self.tasks.items() if body.get("prompt") == prompt]

    def settle(self) -> None:
        """Wait until everything that clients have sent by now is counted.

        For clients that are gone: one that keeps its connection open is waited for.
        """
        # Connections are accepted in the order in which they came: once this one is, all are.
        address = ("127.0.0.1", self._server.server_port)
        with socket.create_connection(address, _PATIENCE) as last, self._changed:
            port = last.getsockname()[1]
            accepted = self._changed.wait_for(lambda: self._server.newest == port, _PATIENCE)
        with self._changed:
            assert accepted
            assert self._changed.wait_for(lambda: not self._server.busy, _PATIENCE)

    def paid(self, body: bytes | None) -> tuple[int, dict[str, object]] | None:
        """Count a paid request.

        Args:
            body: all of it; None if the client left in the middle.

        Returns:
            HTTP status and JSON of the answer; None for none.
        """
        with self._changed:
            self.posts += 1
            if body is None:
                return None
            if self.answer is Answer.REFUSE:
                said = {"code": "insufficient_credits", "message": "no credits left"}
                return 402, {"success": False, "error": said}
            name = f"req_{len(self.tasks) + 1}"
            self.tasks[name] = json.loads(body)
            match self.answer:
                case Answer.DROP:
                    return None
                case Answer.ERROR:
                    return 500, {"success": False, "error": "internal error"}
                case Answer.NONSENSE:
                    return 200, {"hello": "world"}
            accepted = {"success": True, "requestId": name, "status": "queued"}
            return 200, {**accepted, "creditsCharged": 40}

    def read(self, name: str) -> tuple[int, dict[str, object]]:
        """The answer to a read."""
        with self._changed:
            body = self.tasks.get(name)
        if body is None:
            return 404, {"success": False, "error": {"code": "not_found", "message": "no such id"}}
        told: dict[str, object] = {key: body[key] for key in ("model", "prompt") if key in body}
        status = "failed" if name in self.failed else "queued"
        return 200, {"success": True, "requestId": name, "status": status, **told}

    def opened(self, port: int) -> None:
        """Count a connection that was accepted."""
        with self._changed:
            self._server.newest = port
            self._server.busy += 1
            self._changed.notify_all()

    def closed(self) -> None:
        """Count a connection that was served."""
        with self._changed:
            self._server.busy -= 1
            self._changed.notify_all()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, provider: CountingProvider) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.provider = provider
        self.newest = 0
        self.busy = 0

    def process_request(self, request: Any, client_address: Any) -> None:
        self.provider.opened(client_address[1])
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.provider.closed()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is what this server is for."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _PATIENCE

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        try:
            body = self.rfile.read(length)
        except OSError:
            body = b""
        whole = len(body) == length and self.path == _PATH
        self._tell(self.server.provider.paid(body if whole else None))

    def do_GET(self) -> None:
        self._tell(self.server.provider.read(self.path.rpartition("/")[2]))

    def _tell(self, answer: tuple[int, Mapping[str, object]] | None) -> None:
        self.close_connection = True
        if answer is None:
            return
        status, body = answer
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Nothing: the counts are the log."""

"""The calls to callback URLs, received by a real server."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from seedance_cli.sandbox.options import Options
from seedance_cli.sandbox.tasks import TaskStore
from seedance_cli.sandbox.web import callbacks
from seedance_cli.testing import serve_sandbox
from support.sandbox_client import SUBMIT, Client, smallest, task_id, word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

FIELD = {"seedanceapi": "callback_url", "defapi": "callback_url", "seedance2ink": "webhookUrl"}
FAST = (0.05, 0.05, 0.05)


class Receiver(ThreadingHTTPServer):
    """Keeps what it gets, and answers one status after the other, the last one for ever."""

    daemon_threads = True

    def __init__(self, statuses: Sequence[int], silence: float = 0) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses = list(statuses)
        self.silence = silence
        """Seconds before an answer, unless `talks` is set before."""
        self.talks = threading.Event()
        self.answered = 0
        self.got: list[tuple[str, dict[str, str], Any]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = json.loads(self.rfile.read(length))
        fields = {name.lower(): value for name, value in self.headers.items()}
        self.server.got.append((self.path, fields, body))
        self.server.talks.wait(self.server.silence)
        self.server.answered += 1
        statuses = self.server.statuses
        self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def receiving(*statuses: int, silence: float = 0) -> Iterator[Receiver]:
    with Receiver(statuses or (204,), silence) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that must come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


def submit(client: Client, provider: str, url: str, prompt: str = "A cat") -> str:
    answer = client.post(SUBMIT[provider], {**smallest(provider, prompt), FIELD[provider]: url})
    assert answer.status == 200, answer.body
    return task_id(provider, answer.json)


def options(seconds: float = 0, *, allow: bool = False) -> Options:
    return Options(seconds=seconds, callback_delays=FAST, allow_callbacks=allow)


@pytest.mark.parametrize("provider", FIELD)
@pytest.mark.parametrize("prompt", ["A cat", "sandbox:fail"])
def test_the_task_as_a_read_shows_it(tmp_path: Path, provider: str, prompt: str) -> None:
    """When a task has ended, its URL gets what the read endpoint answers, and no key."""
    with receiving() as hook, serve_sandbox(tmp_path, options(0.3)) as sandbox:
        client = Client(sandbox.url, "a-key-of-mine")
        task = submit(client, provider, f"{hook.url}/hook path?a=ü&b=%20", prompt)
        assert hook.got == []
        until(lambda: len(hook.got) == 1)
        path, fields, body = hook.got[0]
        assert path == "/hook%20path?a=%C3%BC&b=%20"
        assert fields["content-type"] == "application/json"
        assert fields["host"] == hook.url.removeprefix("http://")
        assert "a-key-of-mine" not in str(fields)
        assert body == client.read(provider, task).json


def test_a_cancelled_task(tmp_path: Path) -> None:
    """Cancelling ends a task, even a stuck one, and so it calls back at once."""
    with receiving() as hook, serve_sandbox(tmp_path, options(60)) as sandbox:
        client = Client(sandbox.url)
        task = submit(client, "seedance2ink", hook.url, "sandbox:stuck")
        client.cancel(task)
        until(lambda: len(hook.got) == 1)
        assert word("seedance2ink", hook.got[0][2]) == "cancelled"


@pytest.mark.parametrize("first", [500, 404, 301, 307])
def test_tried_again(tmp_path: Path, first: int) -> None:
    """Whatever is no 2xx is tried again; a redirect is not followed."""
    with receiving(first, first, 200) as hook, serve_sandbox(tmp_path, options()) as sandbox:
        submit(Client(sandbox.url), "defapi", f"{hook.url}/here")
        until(lambda: TaskStore(tmp_path / "sandbox").pending() == [])
        assert [path for path, _, _ in hook.got] == ["/here"] * 3


def test_given_up(tmp_path: Path) -> None:
    """After three retries it is given up, for the next server too."""
    with receiving(500) as hook:
        for _ in range(2):
            with serve_sandbox(tmp_path, options()) as sandbox:
                if not hook.got:
                    submit(Client(sandbox.url), "defapi", hook.url)
                until(lambda: TaskStore(tmp_path / "sandbox").pending() == [])
        assert len(hook.got) == 4


def test_nothing_waits_for_it(tmp_path: Path) -> None:
    """While many receivers keep silent, tasks are taken and end as ever."""
    with receiving(silence=60) as hook, serve_sandbox(tmp_path, options()) as sandbox:
        client = Client(sandbox.url)
        for _ in range(15):
            submit(client, "defapi", hook.url)
            assert client.state("defapi", client.task("defapi")) == "success"
        until(lambda: hook.got != [])
        assert hook.answered == 0
        hook.talks.set()
        until(lambda: len(hook.got) == 15)


def test_a_receiver_that_is_not_there(tmp_path: Path) -> None:
    """A refused connection, a host without a name and an odd port harm nothing."""
    with serve_sandbox(tmp_path, options(allow=True)) as sandbox:
        client = Client(sandbox.url)
        for url in ("http://127.0.0.1:9", "http://nothing.invalid/", "http://127.0.0.1:99999/x"):
            submit(client, "defapi", url)
        until(lambda: TaskStore(tmp_path / "sandbox").pending() == [])


@pytest.mark.parametrize("allow", [True, False])
def test_only_loopback(tmp_path: Path, allow: bool) -> None:
    """A URL of another machine is accepted, and called only if that is allowed."""
    with serve_sandbox(tmp_path, options(60, allow=allow)) as sandbox:
        for url in ("https://example.com/hook", "http://192.0.2.1/", "http://127.0.0.1.nip.io/"):
            submit(Client(sandbox.url), "seedance2ink", url)
        assert len(TaskStore(tmp_path / "sandbox").pending()) == (3 if allow else 0)


FAR = "uvicorn.protocols.http.h11_impl.get_remote_addr"


@pytest.mark.parametrize("allow", [True, False])
@pytest.mark.parametrize("client", ["192.0.2.7", "2001:db8::7"])
def test_loopback_is_for_this_machine_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allow: bool, client: str
) -> None:
    """A submit that came from another machine calls no loopback address, by its name either."""
    monkeypatch.setattr(FAR, lambda _: (client, 4000))
    with receiving() as hook, serve_sandbox(tmp_path, options(allow=allow)) as sandbox:
        port = hook.url.rpartition(":")[2]
        for url in (hook.url, f"http://localhost:{port}/", f"http://0.0.0.0:{port}/"):
            submit(Client(sandbox.url), "defapi", url)
        # What the name of another machine resolves to is known only when it is called.
        monkeypatch.setattr(callbacks, "is_loopback", lambda _: False)
        submit(Client(sandbox.url), "defapi", f"http://localhost:{port}/")
        until(lambda: TaskStore(tmp_path / "sandbox").pending() == [])
        assert hook.got == []


@pytest.mark.parametrize("client", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_every_loopback_address_is_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: str
) -> None:
    """A submit from any of this machine's own addresses calls back, by a name too."""
    monkeypatch.setattr(FAR, lambda _: (client, 4000))
    with receiving() as hook, serve_sandbox(tmp_path, options()) as sandbox:
        submit(Client(sandbox.url), "defapi", hook.url.replace("127.0.0.1", "localhost"))
        until(lambda: len(hook.got) == 1)


def test_a_name_that_a_later_server_knows_nothing_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken up by the next server, a loopback URL is called; a name that leads there is not."""
    with receiving() as hook:
        with serve_sandbox(tmp_path, options(0.3, allow=True)) as sandbox:
            submit(Client(sandbox.url), "defapi", f"{hook.url}/by-address")
            submit(Client(sandbox.url), "defapi", hook.url.replace("127.0.0.1", "localhost"))
        monkeypatch.setattr(callbacks, "is_loopback", lambda url: "127.0.0.1" in url)
        with serve_sandbox(tmp_path, options(allow=True)):
            until(lambda: TaskStore(tmp_path / "sandbox").pending() == [])
        assert [path for path, _, _ in hook.got] == ["/by-address"]


def test_after_a_restart(tmp_path: Path) -> None:
    """What ended while no server ran is called by the next one, once, with that one's URL."""
    with receiving() as hook:
        with serve_sandbox(tmp_path, options(0.3)) as sandbox:
            task = submit(Client(sandbox.url), "seedance2ink", hook.url)
        time.sleep(0.35)
        assert hook.got == []
        with (
            serve_sandbox(tmp_path, options()) as one,
            serve_sandbox(tmp_path, options()) as two,
        ):
            until(lambda: TaskStore(tmp_path / "sandbox").pending() == [])
            urls = {f"{root}/videos/{task}.mp4" for root in (one.url, two.url)}
        assert len(hook.got) == 1
        assert hook.got[0][2]["output"]["url"] in urls


def test_a_server_that_ends_meanwhile(tmp_path: Path) -> None:
    """A call that was under way when the server ended is made again by the next one."""
    with receiving(silence=0.3) as hook:
        with serve_sandbox(tmp_path, options()) as sandbox:
            submit(Client(sandbox.url), "defapi", hook.url)
            until(lambda: len(hook.got) == 1)
        with serve_sandbox(tmp_path, options()):
            until(lambda: TaskStore(tmp_path / "sandbox").pending() == [])
        assert len(hook.got) == 2


def test_the_claim_of_a_killed_server(tmp_path: Path) -> None:
    """A claim keeps other servers away, until it runs out."""
    now = [1000.0]
    with serve_sandbox(tmp_path, options(60)) as sandbox:
        task = submit(Client(sandbox.url), "defapi", "http://127.0.0.1:9")
    store = TaskStore(tmp_path / "sandbox", lambda: now[0])
    assert store.claim(task) == 0
    now[0] += 10
    assert store.claim(task) == 50
    now[0] += 50
    assert store.claim(task) == 0
    store.settle(task)
    assert store.claim(task) is None

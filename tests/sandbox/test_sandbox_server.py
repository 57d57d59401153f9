"""The sandbox as a server: its life, its state, its videos over HTTP, and the command."""

from __future__ import annotations

import concurrent.futures
import http.client
import io
import json
import os
import signal
import socket
import sqlite3
import sys
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import av
import pytest

from seedance_cli.errors import ConfigError, UsageError, WriteFailed
from seedance_cli.models import HttpResponse, Status, TaskHandle, VideoRequest
from seedance_cli.providers._registry import get
from seedance_cli.sandbox.options import Options
from seedance_cli.sandbox.serve import exports, running, serving
from seedance_cli.sandbox.web.server import bind
from support.sandbox_client import PROVIDERS, SUBMIT, Client, smallest, task_id

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

    from support.runner import Run, Spawn


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with running(tmp_path_factory.mktemp("state"), seconds=0) as root:
        yield Client(root)


def test_it_is_gone_afterwards(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It answers before the block begins, writes nothing, and leaves no thread and no port."""
    with running(tmp_path, seconds=0) as root:
        assert root.startswith("http://127.0.0.1:")
        client = Client(root)
        kept = http.client.HTTPConnection("127.0.0.1", urlsplit(root).port, timeout=5)
        kept.request("GET", "/")
        kept.getresponse().read()
        assert client.get("/").status == 200
    kept.close()
    assert not any(thread.name == "seedance-sandbox" for thread in threading.enumerate())
    with pytest.raises(ConnectionRefusedError):
        client.get("/")
    assert capfd.readouterr() == ("", "")


def test_it_ends_while_a_video_is_rendered(tmp_path: Path) -> None:
    """Ending does not wait for a long rendering."""
    with running(tmp_path, seconds=0) as root:
        client = Client(root)
        body = {
            "model": "seedance-2.0",
            "prompt": "A cat",
            "duration": 15,
            "resolution": "1080p",
        }
        task = client.post(SUBMIT["seedance2ink"], body).json["requestId"]
        url = client.video("seedance2ink", task)
        sock = socket.create_connection(("127.0.0.1", urlsplit(root).port or 0))
        sock.sendall(f"GET {urlsplit(url).path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        time.sleep(0.3)
        began = time.monotonic()
    assert time.monotonic() - began < 8
    sock.close()
    assert list((tmp_path / "sandbox" / "videos").iterdir()) == []


def test_tasks_survive(tmp_path: Path) -> None:
    """A task of one run is known in the next, keeps its pace, and its URL has the new address."""
    with running(tmp_path, seconds=0.2) as first:
        tasks = {name: Client(first).task(name) for name in PROVIDERS}
    time.sleep(0.2)
    with running(tmp_path, seconds=60) as second:
        client = Client(second)
        for name, task in tasks.items():
            assert client.video(name, task) == f"{second}/videos/{task}.mp4"
    if os.name == "posix":
        assert (tmp_path / "sandbox").stat().st_mode & 0o777 == 0o700


def test_two_servers_share_one_state(tmp_path: Path) -> None:
    """Several sandboxes over one folder, written to at once, lose no task."""
    with running(tmp_path, seconds=0) as one, running(tmp_path, seconds=0) as two:
        clients = [Client(one), Client(two)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            tasks = list(pool.map(lambda n: clients[n % 2].task("runbase"), range(40)))
        assert len(set(tasks)) == 40
        assert all(clients[0].state("runbase", task) == "succeeded" for task in tasks)


def test_the_clock_of_a_task(tmp_path: Path) -> None:
    """A task waits, runs and is done, by the seconds since it was made."""
    with running(tmp_path, seconds=0.5) as root:
        client = Client(root)
        task = client.task("runbase")
        seen = []
        end = time.monotonic() + 5
        while time.monotonic() < end and "succeeded" not in seen:
            seen.append(client.state("runbase", task))
    assert sorted(set(seen), key=seen.index) == ["pending", "processing", "succeeded"]


@pytest.mark.parametrize("text", ["soon", "-1", "nan", "inf", "1_0", "\uff15", "1e3"])
def test_seconds_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """A variable that is no number of seconds is refused by its name."""
    monkeypatch.setenv("SEEDANCE_SANDBOX_SECONDS", text)
    with pytest.raises(ConfigError, match="SEEDANCE_SANDBOX_SECONDS"), running(tmp_path):
        pass


def test_seconds_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is read when the sandbox starts."""
    monkeypatch.setenv("SEEDANCE_SANDBOX_SECONDS", "0")
    with running(tmp_path) as root:
        assert Client(root).state("runbase", Client(root).task("runbase")) == "succeeded"


@pytest.mark.parametrize("module", ["starlette", "uvicorn", "av", "PIL"])
def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """Without the extra there is one line that says how to get it."""
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigError) as error, running(tmp_path):
        pass
    assert error.value.message == "the sandbox needs its extra"
    assert error.value.hint is not None
    assert "uv tool install '.[sandbox]'" in error.value.hint
    assert "\n" not in error.value.hint


def test_a_damaged_state(tmp_path: Path) -> None:
    """A damaged file is named and left as it is."""
    file = tmp_path / "sandbox" / "tasks.db"
    file.parent.mkdir()
    file.write_bytes(b"no database at all" * 100)
    with pytest.raises(WriteFailed, match=r"tasks\.db"), running(tmp_path):
        pass
    assert file.read_bytes() == b"no database at all" * 100


def test_a_state_of_the_future(tmp_path: Path) -> None:
    """A file of a newer version is not touched."""
    with running(tmp_path):
        pass
    file = tmp_path / "sandbox" / "tasks.db"
    db = sqlite3.connect(file)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(WriteFailed, match="newer"), running(tmp_path):
        pass


def test_a_state_of_the_past(tmp_path: Path) -> None:
    """Tasks of the first version of the file are known, and new ones can be added."""
    with running(tmp_path, seconds=0) as root:
        task = Client(root).task("runbase")
    db = sqlite3.connect(tmp_path / "sandbox" / "tasks.db")
    db.execute("DROP TABLE callback")
    db.execute("UPDATE task SET job = json_remove(job, '$.body')")
    db.execute("PRAGMA user_version = 1")
    db.commit()
    db.close()
    with running(tmp_path, seconds=0) as root:
        client = Client(root)
        assert client.state("runbase", task) == "succeeded"
        assert client.get("/").status == 200
        assert client.state("runbase", client.task("runbase")) == "succeeded"


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "[::1]:9", "192.0.2.7"])
def test_the_host_of_a_video(client: Client, host: str) -> None:
    """The URL has the host that the client used."""
    host = host.replace("{port}", str(urlsplit(client.root).port))
    url = client.read("runbase", "RUN_ID", {"Host": host}).json["output"]["urls"][0]
    assert url == f"http://{host}/videos/RUN_ID.mp4"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_video_is_what_was_asked(client: Client, provider: str) -> None:
    """Each provider's task has a video of its own duration, size and sound."""
    body = smallest(provider, f"A cat for {provider}")
    level = body.get("input", body)
    if provider in {"seedanceapi", "runbase"}:
        level["generate_audio"] = True
    task = task_id(provider, client.post(SUBMIT[provider], body).json)
    answer = client.get(client.video(provider, task))
    assert answer.status == 200
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-length"] == str(len(answer.body))
    with av.open(io.BytesIO(answer.body), "r") as container:
        stream = container.streams.video[0]
        size = (1280, 720) if provider == "defapi" else (480, 480)
        assert (stream.width, stream.height) == size
        assert container.duration == (5 if provider == "defapi" else 4) * av.time_base
        assert bool(container.streams.audio) is (provider in {"seedanceapi", "runbase"})


def test_ranges(client: Client) -> None:
    """A part is answered 206 with the bytes asked for, unless the validator is another."""
    url = client.video("seedanceapi", client.task("seedanceapi"))
    whole = client.get(url)
    etag = whole.headers["etag"]
    assert etag.startswith('"')
    size = len(whole.body)
    part = client.get(url, {"Range": "bytes=100-199", "If-Range": etag})
    assert (part.status, part.body) == (206, whole.body[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{size}"
    assert client.get(url, {"Range": f"bytes={size - 5}-"}).body == whole.body[-5:]
    other = client.get(url, {"Range": "bytes=100-", "If-Range": '"other"'})
    assert (other.status, other.body) == (200, whole.body)
    beyond = client.get(url, {"Range": f"bytes={size}-"})
    assert (beyond.status, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    head = client.send("HEAD", url)
    assert (head.status, head.headers["content-length"], head.body) == (200, str(size), b"")
    assert client.get(url).headers["etag"] == etag


def test_a_video_before_its_time(tmp_path: Path) -> None:
    """There is no video before the task has succeeded, and none of an unknown task."""
    with running(tmp_path, seconds=60) as root:
        client = Client(root)
        task = client.task("runbase")
        for name in (f"{task}.mp4", task, "nothing.mp4", "..%2f..%2ftasks.db", "%00.mp4"):
            assert client.get(f"{root}/videos/{name}").status == 404


class Api:
    """The providers' reads, sent to the sandbox."""

    def __init__(self, client: Client, base: str) -> None:
        self._client, self._base = client, base

    def get(
        self, path: str, given: str | None = None, *, also: Container[int] = ()
    ) -> HttpResponse:
        answer = self._client.get(self._base + path)
        return HttpResponse(answer.status, answer.headers, answer.body)

    def act(self, method: str, path: str, given: str | None = None) -> HttpResponse:
        answer = self._client.send(method, self._base + path)
        return HttpResponse(answer.status, answer.headers, answer.body)


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("prompt", ["A cat", "sandbox:moderated"])
def test_the_providers_agree(client: Client, name: str, prompt: str) -> None:
    """What a provider sends, the sandbox takes; what the sandbox answers, the provider reads."""
    provider = get(name)
    base = client.get("/", {"Accept": "application/json"}).json["providers"][name]
    model = None if name == "seedanceapi" else provider.info.models[0].id
    wire = provider.request(VideoRequest(prompt=prompt, model=model, aspect_ratio="1:1"))
    sent = client.post(base + wire.path, wire.body)
    accepted = provider.accepted(HttpResponse(sent.status, sent.headers, sent.body))
    assert accepted is not None
    task = provider.fetch(Api(client, base), TaskHandle(name, accepted.task_id))
    if prompt == "A cat":
        assert task.status is Status.SUCCEEDED
        assert task.video_urls == (f"{client.root}/videos/{task.task_id}.mp4",)
        cost = task.cost or accepted.cost
        assert cost is not None
        assert cost.amount > 0
    else:
        assert task.status is Status.FAILED
        assert task.error is not None
        assert "moderation" in task.error.message


def test_a_port_in_use(tmp_path: Path) -> None:
    """A port that another program has is refused by the option's name."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = pytest.raises(UsageError, match=f"--port {port}")
        with refused, serving(tmp_path, "127.0.0.1", port, Options()):
            pass


@pytest.mark.parametrize("host", ["nothing.invalid", "192.0.2.1"])
def test_an_address_that_is_not_ours(host: str) -> None:
    """A host that cannot be bound to is refused by the option's name."""
    with pytest.raises(UsageError, match="--host"):
        bind(host, 0)


def test_the_command(spawn: Spawn) -> None:
    """The first line on stdout is the URL, once it answers; the rest goes to stderr."""
    process = spawn("sandbox", "--port", "0")
    root = process.wait_for(b"\n", "out").decode().strip()
    client = Client(root)
    assert client.get("/").status == 200
    process.wait_for("Ctrl-C")
    process.signal(signal.SIGINT)
    result = process.finish()
    assert result.code == 130
    assert result.out == f"{root}\n"
    assert f"export RUNBASE_BASE_URL={root}/runbase/api/v1" in result.err
    assert "Traceback" not in result.err
    assert result.err.endswith("Ctrl-C ends it\n"), "what was asked for is no error"


def test_the_variables_of_an_ipv6_address() -> None:
    """The lines can be pasted into any shell: brackets are quoted, and nothing else needs to be."""
    assert "export RUNBASE_BASE_URL='http://[::1]:8765/runbase/api/v1'" in exports(
        "http://[::1]:8765"
    )
    assert "export DEFAPI_BASE_URL=http://127.0.0.1:1/defapi" in exports("http://127.0.0.1:1")


def test_the_command_with_json(spawn: Spawn) -> None:
    """With --json the line has each base URL; -v tells of requests; SIGTERM ends it."""
    process = spawn("sandbox", "--port", "0", "--json", "--verbose")
    line = json.loads(process.wait_for(b"\n", "out"))
    root = line["url"]
    assert line["providers"]["seedanceapi"] == f"{root}/seedanceapi/v1"
    assert Client(root).get("/?secret=1").status == 200
    process.wait_for("GET / 200")
    assert b"secret" not in process.seen()
    process.signal(signal.SIGTERM)
    assert process.finish().code == 143


def test_the_command_on_a_taken_port(run: Run) -> None:
    """A port in use is exit 2, and nothing is printed on stdout."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = run("sandbox", "--port", str(taken.getsockname()[1]))
    assert (result.code, result.out) == (2, "")
    assert "--port" in result.err


def test_the_command_for_other_machines(spawn: Spawn) -> None:
    """An address that others can reach is allowed, and warned of."""
    process = spawn("sandbox", "--port", "0", "--host", "0.0.0.0", "--allow-host", "box.example")
    root = process.wait_for(b"\n", "out").decode().strip()
    assert root.startswith("http://127.0.0.1:")
    process.wait_for("warning:")
    process.wait_for("Ctrl-C")
    url = Client(root).read("runbase", "RUN_ID", {"Host": "box.example:80"}).json
    assert url["output"]["urls"] == ["http://box.example:80/videos/RUN_ID.mp4"]
    process.signal(signal.SIGTERM)
    assert process.finish().code == 143

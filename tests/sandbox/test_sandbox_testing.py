"""`seedance_cli.testing`, the options, and many clients at once."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from seedance_cli.sandbox.options import Options
from seedance_cli.testing import sandbox_server, serve_sandbox
from support.sandbox_client import PROVIDERS, READ, SUBMIT, Client, smallest, task_id

if TYPE_CHECKING:
    from pathlib import Path

    from seedance_cli.testing import SandboxServer
    from support.runner import Run, Spawn

__all__ = ["sandbox_server"]  # a fixture: pytest finds it here


def test_the_fixture(sandbox_server: SandboxServer) -> None:
    """It gives base URLs and environment; a task ends at once, unless seconds are set."""
    client = Client(sandbox_server.url)
    assert sandbox_server.base_urls["runbase"] == f"{client.root}/runbase/api/v1"
    assert sandbox_server.env["RUNBASE_BASE_URL"] == sandbox_server.base_urls["runbase"]
    assert sandbox_server.env["RUNBASE_API_KEY"]
    assert sandbox_server.env.keys() >= {f"{name.upper()}_BASE_URL" for name in PROVIDERS}
    assert client.state("runbase", client.task("runbase")) == "succeeded"
    sandbox_server.seconds = 60
    assert client.state("runbase", client.task("runbase")) == "pending"


@pytest.mark.parametrize("sandbox_server", [Options(seconds=30)], indirect=True)
def test_the_fixture_with_options(sandbox_server: SandboxServer) -> None:
    """A test can give the options from the beginning."""
    assert sandbox_server.seconds == 30


def test_with_the_program(
    sandbox_server: SandboxServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment is all that this program needs to be pointed there."""
    for name, value in sandbox_server.env.items():
        monkeypatch.setenv(name, value)
    result = run("generate", "A cat", "-p", "runbase", "--wait")
    assert result.code == 0
    assert result.out.startswith(f"{sandbox_server.url}/videos/run_")


def test_in_another_project(tmp_path: Path) -> None:
    """One import in a conftest.py is all that another project needs."""
    (tmp_path / "conftest.py").write_text("from seedance_cli.testing import sandbox_server\n")
    (tmp_path / "test_it.py").write_text(
        "import json, urllib.request\n"
        "def test_submit(sandbox_server):\n"
        "    request = urllib.request.Request(\n"
        "        sandbox_server.base_urls['runbase'] + '/runs',\n"
        "        json.dumps({'model': 'bytedance/seedance-1.5-pro',"
        " 'input': {'prompt': 'A cat'}}).encode(),\n"
        "        {'Authorization': 'Bearer any'})\n"
        "    with urllib.request.urlopen(request) as answer:\n"
        "        assert json.load(answer)['status'] == 'pending'\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"]
    command += [f"--basetemp={tmp_path / 'tmp'}"]  # else it clears away what earlier runs left
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_pytest_is_not_needed() -> None:
    """Only `seedance_cli.testing` imports pytest."""
    code = (
        "import sys, seedance_cli.cli.program, seedance_cli.sandbox.web.server\n"
        "import seedance_cli.sandbox.serve\n"
        "sys.exit('pytest' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_same_seed(tmp_path: Path) -> None:
    """Same request and same seed: the same bytes, in two folders; another seed: others."""
    videos = []
    for number, seed in enumerate((7, 7, 8)):
        options = Options(seconds=0, seed=seed)
        with serve_sandbox(tmp_path / str(number), options) as sandbox:
            client = Client(sandbox.url)
            videos.append(client.get(client.video("runbase", client.task("runbase"))).body)
    assert videos[0] == videos[1] != videos[2]


def test_urls_that_expire(tmp_path: Path) -> None:
    """A URL answers 403 some seconds after it was handed out; the next read gives a new one."""
    with serve_sandbox(tmp_path, Options(seconds=0, url_seconds=60)) as sandbox:
        client = Client(sandbox.url)
        task = client.task("runbase")
        url = client.video("runbase", task)
        assert client.get(url).status == 200
        bare, _, query = url.partition("?expires=")
        for other in ("", "?expires=x", "?expires=nan", f"?expires={float(query) + 60}"):
            assert client.get(bare + other).status == 403
        assert client.get(f"{client.root}/videos/RUN_ID.mp4").status == 403
        sandbox.options = Options(seconds=0, url_seconds=0.3)
        url = client.video("runbase", task)
        assert client.get(url).status == 200
        time.sleep(0.31)
        assert client.get(url).status == 403
        assert client.get(client.video("runbase", task)).status == 200


def test_the_options_of_the_command(spawn: Spawn) -> None:
    """`--seconds`, `--url-seconds` and `--seed` reach the sandbox."""
    process = spawn(
        *("sandbox", "--port", "0", "--seconds", "0", "--url-seconds", "9", "--seed", "7"),
        *("--allow-callbacks",),
    )
    client = Client(process.wait_for(b"\n", "out").decode().strip())
    assert "?expires=" in client.video("runbase", client.task("runbase"))


@pytest.mark.parametrize("option", ["--seconds", "--url-seconds"])
@pytest.mark.parametrize("value", ["-1", "nan", "inf"])
def test_seconds_that_are_none(run: Run, option: str, value: str) -> None:
    """An option that is no number of seconds is refused by its name."""
    result = run("sandbox", "--port", "0", option, value)
    assert (result.code, result.out) == (2, "")
    assert option in result.err


async def exchange(root: str, lines: str, body: bytes, ready: asyncio.Barrier) -> bytes:
    """One raw exchange; every client is connected before the first one sends."""
    where = urlsplit(root)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    await ready.wait()
    head = f"{lines} HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer k\r\n"
    writer.write(f"{head}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def all_at_once(root: str, requests: list[tuple[str, bytes]]) -> list[bytes]:
    ready = asyncio.Barrier(len(requests))
    return await asyncio.gather(*(exchange(root, lines, body, ready) for lines, body in requests))


def test_200_clients_at_once(tmp_path: Path) -> None:
    """200 clients submit and then read and fetch at the same moment; each gets its answer."""
    with serve_sandbox(tmp_path) as sandbox:
        names = [PROVIDERS[number % 4] for number in range(200)]
        bodies = [json.dumps(smallest(name, "A cat")).encode() for name in names]
        submits = [(f"POST {SUBMIT[name]}", body) for name, body in zip(names, bodies, strict=True)]
        answers = asyncio.run(all_at_once(sandbox.url, submits))
        assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers)
        tasks = [
            task_id(name, json.loads(answer.partition(b"\r\n\r\n")[2]))
            for name, answer in zip(names, answers, strict=True)
        ]
        assert len(set(tasks)) == 200
        reads = [(f"GET {READ[name]}{task}", b"") for name, task in zip(names, tasks, strict=True)]
        videos = [
            (f"GET /videos/{task}.mp4", b"")
            for name, task in zip(names, tasks, strict=True)
            if name == "runbase"
        ]
        answers = asyncio.run(all_at_once(sandbox.url, reads[:150] + videos))
        assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers)

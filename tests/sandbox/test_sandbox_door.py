"""Who may use the sandbox: the host a request names, its origin, and where callbacks go.

Contract, section 8, last paragraph. Raw bytes on real sockets: what matters is what a browser, or
somebody who forges a browser, can put on the wire.
"""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING

import pytest

from seedance_cli.sandbox.options import Options
from seedance_cli.sandbox.serve import running
from seedance_cli.sandbox.web import wire
from seedance_cli.testing import serve_sandbox
from support.sandbox_client import Client, smallest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.runner import Run, Spawn


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("state"), seconds=0) as url:
        yield url


def exchange(root: str, sent: bytes) -> bytes:
    """What the server answers to these bytes, until it ends the connection or says all."""
    host, _, port = root.removeprefix("http://").rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), timeout=20) as connection:
        connection.sendall(sent)
        got = b""
        while data := connection.recv(65536):
            got += data
        return got


def status(root: str, *head: str, target: str = "/", version: str = "1.1") -> int:
    """The status of the answer to a GET with these header lines."""
    lines = [f"GET {target} HTTP/{version}", *head, "Connection: close", "", ""]
    answer = exchange(root, "\r\n".join(lines).encode("latin-1"))
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    assert found, answer
    return int(found[1])


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.1:8765", "127.0.0.1:", "127.1:80", "2130706433", "127.0.0.1."),
        *("[::1]", "[::1]:8765", "[0:0:0:0:0:0:0:1]:1", "[::ffff:127.0.0.1]:1", "192.0.2.7:80"),
        *("localhost", "localhost:8765", "LocalHost:1", "localhost.", "localhost.:80"),
    ],
)
def test_a_host_that_no_dns_can_give_away(root: str, host: str) -> None:
    """Address literals and localhost are answered, with and without a port or a last dot."""
    assert status(root, f"Host: {host}") == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8765", "localhost.evil.example", "127.0.0.1.evil.example"),
        *("127.0.0.1@evil.example", "evil.example@127.0.0.1", "notlocalhost", "my.localhost"),
        *("[::1].evil.example", "[::1", "::1", "127.0.0.1 evil.example", "127.0.0.1,evil.example"),
        *("127.0.0.1:80:90", "127.0.0.1:port", "127.0.0.1/", "localhost..", "", "[]", "[evil]"),
        "l\u00f6calhost",
    ],
)
def test_a_host_that_dns_may_have_led_here(root: str, host: str) -> None:
    """Any other name, or what is no host at all, is answered 421, whatever the path."""
    assert status(root, f"Host: {host}") in {400, 421}
    assert status(root, f"Host: {host}", target="/videos/RUN_ID.mp4") in {400, 421}


def test_a_refused_host_is_told_what_to_do(root: str) -> None:
    """The answer is JSON, and names the option; nothing of the sandbox is in it."""
    answer = Client(root).get("/", {"Host": "evil.example:80"})
    assert answer.status == 421
    assert "--allow-host" in answer.json["error"]
    refused = Client(root).post("/runbase/api/v1/runs", smallest("runbase", "x"), {"Host": "evil"})
    assert refused.status == 421


def test_no_host_and_two_hosts(root: str) -> None:
    """A request must name exactly one host; HTTP/1.0, which may leave it out, as well."""
    assert status(root) == 400
    assert status(root, "Host: 127.0.0.1", "Host: 127.0.0.1") == 400
    assert status(root, "Host: 127.0.0.1", "Host: evil.example") == 400
    assert status(root, version="1.0") == 421
    assert status(root, "Host: localhost", version="1.0") == 200


def test_a_target_with_a_host_of_its_own(root: str) -> None:
    """In the absolute form the target's host counts, not that of the header (RFC 9112, 3.2.2)."""
    good, bad = "http://127.0.0.1:1/style.css?a=b", "http://evil.example/style.css"
    assert status(root, "Host: 127.0.0.1", target=good) == 200
    assert status(root, "Host: evil.example", target=good) == 200
    assert status(root, "Host: 127.0.0.1", target=bad) == 421
    assert status(root, "Host: 127.0.0.1", target="HTTP://127.0.0.1") == 200
    assert status(root, "Host: 127.0.0.1", target="http://user@127.0.0.1/") == 421


@pytest.mark.parametrize(
    "target", ["*", "127.0.0.1:80", "http:", "gopher://127.0.0.1/", "//evil.example/"]
)
def test_a_target_that_is_no_path(root: str, target: str) -> None:
    """Other forms of the target lead nowhere, and are no bug of ours."""
    assert status(root, "Host: 127.0.0.1", target=target) in {400, 404, 421}


@pytest.mark.parametrize(
    "origin",
    [
        *("http://evil.example", "https://evil.example", "null", "", "file://", "127.0.0.1:8765"),
        *("http://127.0.0.1:1", "http://localhost:8765", "http://127.0.0.1:8765.evil.example"),
        *("chrome-extension://abc", "http://127.0.0.1:8765 http://evil.example"),
    ],
)
def test_a_foreign_origin(root: str, origin: str) -> None:
    """A page of another origin gets 403, for what a browser sends without asking, too."""
    assert status(root, "Host: 127.0.0.1:8765", f"Origin: {origin}") == 403
    client = Client(root, headers={"Host": "127.0.0.1:8765", "Origin": origin})
    assert client.submit("runbase").status == 403
    assert client.send("OPTIONS", "/runbase/api/v1/runs").status == 403


def test_the_sandboxs_own_origin(root: str) -> None:
    """Its own page may send what it likes; one foreign origin beside the own one is too many."""
    own = "Origin: http://LOCALHOST:8765"
    assert status(root, "Host: localhost:8765", own) == 200
    assert status(root, "Host: localhost:8765", own, "Origin: http://evil.example") == 403


def test_a_host_that_was_named(tmp_path: Path) -> None:
    """A name given by --allow-host is answered, in any case, with a port or a last dot."""
    with serve_sandbox(tmp_path, Options(seconds=0, allow_hosts=("box.example",))) as server:
        for host in ("box.example", "BOX.example:80", "box.example."):
            assert status(server.url, f"Host: {host}") == 200
        for host in ("a.box.example", "box.example.evil", "xbox.example"):
            assert status(server.url, f"Host: {host}") == 421
        read = Client(server.url).read("runbase", "RUN_ID", {"Host": "box.example:80"}).json
        assert read["output"]["urls"] == ["http://box.example:80/videos/RUN_ID.mp4"]


def test_allow_host_on_the_command_line(spawn: Spawn) -> None:
    """The option may be given several times; international names in their own letters."""
    process = spawn(
        *("sandbox", "--port", "0", "--allow-host", "Box", "--allow-host", "b\u00fccher.example.")
    )
    url = process.wait_for(b"\n", "out").decode().strip()
    assert status(url, "Host: box:1") == 200
    assert status(url, "Host: xn--bcher-kva.example") == 200
    assert status(url, "Host: other") == 421
    process.signal(15)
    assert process.finish().code == 143


@pytest.mark.parametrize("name", ["", "box:80", "http://box", "*", "a b", ".", "x" * 300, "a..b"])
def test_allow_host_that_is_no_name(name: str, run: Run) -> None:
    """What is no host name is refused before anything is served."""
    done = run("sandbox", "--port", "0", "--allow-host", name)
    assert (done.code, done.out) == (2, "")
    assert "--allow-host" in done.err


@pytest.mark.parametrize(
    "sent",
    [b"", b"G", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"],
    ids=["nothing", "a letter", "half a head"],
)
def test_a_head_that_does_not_come(root: str, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection whose request head does not come whole is ended, on a kept one, too."""
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.05)
    answer = exchange(root, sent)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 408 ")
    whole = b"GET /style.css HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answers = exchange(root, whole + whole + sent)
    assert answers.count(b"HTTP/1.1 200 ") == 2


def test_a_body_that_does_not_come(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that stops half-way ends the connection, and no task is made."""
    monkeypatch.setattr(wire, "BODY_SECONDS", 0.05)
    head = "POST /runbase/api/v1/runs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer k\r\n"
    assert exchange(root, f"{head}Content-Length: 50\r\n\r\n{{".encode()) == b""


def test_a_slow_answer_is_no_slow_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time to render a video counts for nothing: the request had come whole."""
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.05)
    monkeypatch.setattr(wire, "BODY_SECONDS", 0.05)
    with running(tmp_path, seconds=0) as root:
        target = f"/videos/{Client(root).task('seedance2ink')}.mp4"
        assert status(root, "Host: localhost", target=target) == 200

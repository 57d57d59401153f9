"""The words that provoke a fault, in the prompt and in the header."""

from __future__ import annotations

import http.client
import socket
import sqlite3
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from seedance_cli.sandbox.faults import Fault, in_prompt
from seedance_cli.sandbox.serve import running
from support.sandbox_client import PROVIDERS, READ, SUBMIT, Client, problem, smallest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEADER = "X-Sandbox-Fault"
FAILED = {
    "seedanceapi": "FAILED",
    "defapi": "failed",
    "seedance2ink": "failed",
    "runbase": "failed",
}
DONE = {
    "seedanceapi": "SUCCESS",
    "defapi": "success",
    "seedance2ink": "succeeded",
    "runbase": "succeeded",
}
RUNNING = {
    "seedanceapi": "IN_PROGRESS",
    "defapi": "in_progress",
    "seedance2ink": "processing",
    "runbase": "processing",
}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def client(state: Path) -> Iterator[Client]:
    with running(state, seconds=0) as root:
        yield Client(root)


def stored(state: Path) -> int:
    """How many tasks there are."""
    db = sqlite3.connect(state / "sandbox" / "tasks.db")
    try:
        (count,) = db.execute("SELECT count(*) FROM task").fetchone()
    finally:
        db.close()
    assert isinstance(count, int)
    return count


@pytest.mark.parametrize(
    ("prompt", "fault"),
    [
        ("sandbox:fail", Fault.FAIL),
        ("sandbox:no-credits a cat", Fault.NO_CREDITS),
        ("sandbox:stuck, a cat", Fault.STUCK),
        ("sandbox:failure", None),
        ("sandbox:fail-later", None),
        ("a sandbox:fail", None),
        ("sandbox:", None),
        ("sandbox:usage-exceeded", None),
    ],
)
def test_words_in_a_prompt(prompt: str, fault: Fault | None) -> None:
    """Only a whole word at the very beginning counts, and none of those for headers only."""
    assert in_prompt(prompt) is fault


@pytest.mark.parametrize("provider", PROVIDERS)
def test_without_a_fault(client: Client, provider: str) -> None:
    """With 0 seconds a task has succeeded at once."""
    assert client.state(provider, client.task(provider, "sandbox:other words")) == DONE[provider]


@pytest.mark.parametrize("word", ["fail", "moderated"])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_fail_and_moderated(client: Client, provider: str, word: str) -> None:
    """The task is accepted and ends failed, with a reason and without a video."""
    task = client.task(provider, f"sandbox:{word} a cat")
    body = client.read(provider, task).json
    assert client.state(provider, task) == FAILED[provider]
    reason = {
        "seedanceapi": lambda: body["data"]["error_message"],
        "defapi": lambda: body["data"]["status_reason"]["message"],
        "seedance2ink": lambda: body["error"]["message"],
        "runbase": lambda: body["error"]["message"],
    }[provider]()
    assert ("moderation" in reason) is (word == "moderated")
    assert client.get(f"{client.root}/videos/{task}.mp4").status == 404


@pytest.mark.parametrize("provider", PROVIDERS)
def test_stuck(client: Client, provider: str) -> None:
    """The task runs on when any other would be done."""
    assert client.state(provider, client.task(provider, "sandbox:stuck")) == RUNNING[provider]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_unknown_status(client: Client, provider: str) -> None:
    """A word nobody knows, and success in the end."""
    task = client.task(provider, "sandbox:unknown-status")
    assert client.state(provider, task).lower() == "dreaming"
    time.sleep(1.05)
    assert client.state(provider, task) == DONE[provider]


NO_CREDITS = {
    "seedanceapi": "INSUFFICIENT_CREDITS",
    "defapi": None,
    "seedance2ink": "insufficient_credits",
    "runbase": "insufficient_balance",
}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_credits(client: Client, state: Path, provider: str) -> None:
    """402 in the provider's form; no task is made."""
    before = stored(state)
    answer = client.submit(provider, "sandbox:no-credits")
    assert answer.status == 402
    assert problem(provider, answer)[0] == NO_CREDITS[provider]
    assert stored(state) == before


@pytest.mark.parametrize("provider", PROVIDERS)
def test_rate_limit(client: Client, state: Path, provider: str) -> None:
    """429 every time; but runbase accepts the same request when it comes again."""
    before = stored(state)
    answers = [client.submit(provider, "sandbox:rate-limit") for _ in range(3)]
    assert answers[0].headers["retry-after"] == "1"
    code = problem(provider, answers[0])[0]
    if provider == "runbase":
        assert [answer.status for answer in answers] == [429, 200, 429]
        assert code == "RATE_LIMITED"
        assert stored(state) == before + 1
    else:
        assert [answer.status for answer in answers] == [429, 429, 429]
        assert stored(state) == before


@pytest.mark.parametrize("provider", PROVIDERS)
def test_server_error(client: Client, state: Path, provider: str) -> None:
    """500 in the provider's form; no task is made."""
    before = stored(state)
    answer = client.submit(provider, "sandbox:server-error")
    assert answer.status == 500
    problem(provider, answer)
    assert stored(state) == before


@pytest.mark.parametrize("provider", PROVIDERS)
def test_lost_response(
    client: Client, state: Path, provider: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """The task is made; the connection ends without one byte of an answer, and silently."""
    import json

    before = stored(state)
    where = urlsplit(client.root)
    body = json.dumps(smallest(provider, "sandbox:lost-response")).encode()
    head = (
        f"POST {SUBMIT[provider]} HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer k\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=10) as sock:
        sock.sendall(head.encode() + body)
        try:
            received = sock.recv(1000)
        except ConnectionResetError:
            received = b""
    assert received == b""
    assert stored(state) == before + 1
    assert client.get("/").status == 200
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_html(client: Client, state: Path, provider: str) -> None:
    """A page with status 200; no task is made."""
    before = stored(state)
    answer = client.submit(provider, "sandbox:html")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.body.startswith(b"<!DOCTYPE html>")
    assert stored(state) == before


def test_expired_url(client: Client) -> None:
    """The first URL answers 403 however often; that of a later read gives the video."""
    task = client.task("seedanceapi", "sandbox:expired-url")
    first = client.video("seedanceapi", task)
    assert client.get(first).status == 403
    second = client.video("seedanceapi", task)
    assert second != first
    assert client.get(second).status == 200
    assert client.get(first).status == 403
    assert client.get(first.partition("?")[0] + "?signature=99").status == 403


def cut(url: str, headers: dict[str, str] | None = None) -> tuple[int, int, int, int]:
    """A GET that breaks off: status, declared and received length, and the length of the whole."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
    try:
        connection.request("GET", where.path, headers=headers or {})
        response = connection.getresponse()
        declared = int(response.headers["Content-Length"])
        whole = int((response.headers["Content-Range"] or f"/{declared}").rpartition("/")[2])
        with pytest.raises(http.client.IncompleteRead) as error:
            response.read()
        return response.status, declared, len(error.value.partial), whole
    finally:
        connection.close()


def test_truncated(client: Client, capfd: pytest.CaptureFixture[str]) -> None:
    """Half of what was declared comes, every time; of a range, half of that."""
    url = client.video("seedanceapi", client.task("seedanceapi", "sandbox:truncated"))
    status, declared, received, whole = cut(url)
    assert (status, received) == (200, declared // 2)
    assert cut(url) == (status, declared, received, whole)
    rest = whole - received
    assert cut(url, {"Range": f"bytes={received}-"}) == (206, rest, rest // 2, whole)
    assert capfd.readouterr() == ("", "")


def test_bad_video(client: Client) -> None:
    """The video URL answers 200 with a page."""
    answer = client.get(client.video("runbase", client.task("runbase", "sandbox:bad-video")))
    assert answer.status == 200
    assert answer.body.startswith(b"<!DOCTYPE html>")


def test_slow(tmp_path: Path) -> None:
    """The task takes ten times as long as another."""
    with running(tmp_path, seconds=0.05) as root:
        client = Client(root)
        slow, other = (client.task("runbase", p) for p in ("sandbox:slow", "A cat"))
        time.sleep(0.1)
        assert client.state("runbase", other) == "succeeded"
        assert client.state("runbase", slow) in {"pending", "processing"}
        time.sleep(0.5)
        assert client.state("runbase", slow) == "succeeded"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_header_on_a_submit(client: Client, provider: str) -> None:
    """The header does what the word in a prompt does, with or without `sandbox:`."""
    for word in ("no-credits", "sandbox:no-credits"):
        assert client.submit(provider, headers={HEADER: word}).status == 402
    answer = client.submit(provider, headers={HEADER: "nonsense"})
    assert answer.status == 400
    problem(provider, answer)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_header_on_a_read(client: Client, provider: str) -> None:
    """Faults of one answer can be had on reads; faults of a task do nothing there."""
    task = client.task(provider)
    for word, status in (("rate-limit", 429), ("server-error", 500), ("stuck", 200)):
        assert client.read(provider, task, {HEADER: word}).status == status
    assert client.read(provider, task, {HEADER: "html"}).body.startswith(b"<!DOCTYPE")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        client.read(provider, task, {HEADER: "lost-response"})


@pytest.mark.parametrize(
    ("word", "status", "code"),
    [
        ("spend-limit", 403, "api_key_spend_limit_exceeded"),
        ("ip-not-allowed", 403, "ip_not_allowed"),
        ("usage-exceeded", 429, "USAGE_EXCEEDED"),
    ],
)
def test_what_only_runbase_documents(client: Client, word: str, status: int, code: str) -> None:
    """Its further codes can be had by header; other providers do not have them."""
    answer = client.submit("runbase", headers={HEADER: word})
    assert answer.status == status
    assert problem("runbase", answer)[0] == code
    assert client.submit("defapi", headers={HEADER: word}).status == 400


def test_the_header_on_a_video(client: Client) -> None:
    """The faults of videos can be had on any of them."""
    url = f"{client.root}/videos/RUN_ID.mp4"
    assert client.get(url, {HEADER: "bad-video"}).body.startswith(b"<!DOCTYPE")
    assert client.get(url, {HEADER: "expired-url"}).status == 403
    assert client.get(url, {HEADER: "server-error"}).status == 500
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        client.get(url, {HEADER: "lost-response"})


def test_cancel(tmp_path: Path) -> None:
    """A task that is queued or runs can be cancelled, once; one that is over cannot."""
    with running(tmp_path, seconds=60) as root:
        client = Client(root)
        task = client.task("seedance2ink")
        assert client.cancel(task).json == {
            "success": True,
            "requestId": task,
            "status": "cancelled",
        }
        body = client.read("seedance2ink", task).json
        assert (body["status"], body["output"]) == ("cancelled", None)
        again = client.cancel(task)
        assert again.status == 409
        assert problem("seedance2ink", again)[0] == "not_cancellable"
        assert client.cancel("nothing").status == 404
        for provider in ("seedanceapi", "defapi", "runbase"):
            path = READ[provider] + client.task(provider)
            assert client.post(f"{path}/cancel").status in {404, 405}

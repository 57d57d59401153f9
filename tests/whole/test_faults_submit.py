"""The paid POST on a wire that fails, and what the program then says of the user's money.

Named after the lines of the fault catalogue (`fault_NN`) and of the contract's section on money
(`money_6_N`). POSTs are counted at the server.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import socket
import sqlite3
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from seedance_cli.http import backend, exchange, racing
from seedance_cli.http.threads import Threads
from seedance_cli.ledger import sqlite_file
from seedance_cli.ledger.record import Ledger
from seedance_cli.models import IntentState, Price, PricedFields, Status, Task
from support import tls
from support.bytes_server import BytesServer, Client, Request, Script, answer, head, in_turn
from support.exchanges import wait_for_exchanges
from support.fake_clock import FakeClock
from support.hosts import closed_port
from support.ledgers import prepare, submit
from support.tls import TlsServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from seedance_cli.models import Submission
    from support.runner import Process, Result, Run, Spawn

KEY = "sk-Canary_7Qz9xW2vB8nM4kL1"
NAMES = ("seedanceapi", "defapi", "seedance2ink", "runbase")
ACCEPTED = {
    "seedanceapi": b'{"code":200,"message":"success","data":{"task_id":"t-1"}}',
    "defapi": b'{"code":0,"message":"ok","data":{"task_id":"t-1"}}',
    "seedance2ink": b'{"success":true,"requestId":"t-1","status":"queued","creditsCharged":40}',
    "runbase": b'{"id":"t-1","status":"pending"}',
}
REFUSED = {
    "seedanceapi": b'{"code":400,"message":"INVALID_PROMPT"}',
    "defapi": b'{"code":1,"message":"bad prompt"}',
    "seedance2ink": b'{"success":false,"error":{"code":"bad","message":"bad prompt"}}',
    "runbase": b'{"error":{"message":"bad prompt","code":"invalid_input"}}',
}
LIMITED = b'{"error":{"message":"slow down","code":"RATE_LIMITED"}}'
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX descriptors")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


@dataclass
class Shop:
    """One provider's endpoint, and the program that pays there."""

    run: Run
    spawn: Spawn
    state: Path
    clock: FakeClock = field(default_factory=FakeClock)

    def env(self, url: str, provider: str = "runbase") -> dict[str, str | None]:
        name = provider.upper()
        return {f"{name}_API_KEY": KEY, f"{name}_BASE_URL": url}

    def buy(
        self,
        url: str,
        *options: str,
        provider: str = "runbase",
        prompt: str = "a boat",
        **env: str | None,
    ) -> Result:
        """`generate` in this process, on the fake clock."""
        merged = {**self.env(url, provider), **env}
        return self.run("generate", prompt, *options, env=merged, clock=self.clock)

    def start(self, url: str, *options: str, **more: int | str) -> Process:
        """`generate` as a process of its own."""
        return self.spawn("generate", "a boat", *options, env=self.env(url), **more)  # type: ignore[arg-type]  # passed on as they are

    def rows(self) -> list[Submission]:
        """The ledger, oldest first."""
        with Ledger.open(self.state, FakeClock(), create=False) as ledger:
            return ledger.rows(all_states=True)[::-1]

    def states(self) -> list[IntentState | None]:
        return [row.state for row in self.rows()]

    def ledger_bytes(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.state.rglob("*") if path.is_file())


@pytest.fixture
def shop(run: Run, spawn: Spawn, tmp_path: Path) -> Shop:
    return Shop(run, spawn, tmp_path / "state")


def silent(clock: FakeClock) -> Script:
    """Not a byte; from then on the clock need not wait for one."""

    def script(_: Request, client: Client) -> None:
        clock.patience = 0.1
        client.silence()

    return script


def finish(_: Request, __: Client) -> None:
    """Close without a byte: FIN."""


def reset(_: Request, client: Client) -> None:
    client.reset()


def sends(data: bytes) -> Script:
    """Exactly these bytes, then FIN."""

    def script(_: Request, client: Client) -> None:
        client.send(data)

    return script


def status(code: int, body: bytes = b"", *lines: str) -> Script:
    """An answer with any status, also one that Python has no phrase for."""
    phrase = HTTPStatus(code).phrase if code in set(HTTPStatus) else "Odd"
    top = "\r\n".join([f"HTTP/1.1 {code} {phrase}", f"Content-Length: {len(body)}", *lines])
    return sends(top.encode() + b"\r\n\r\n" + body)


def named(task_id: str) -> Script:
    """Accepted by runbase, with this id."""
    return answer(200, b'{"id":"%s","status":"pending"}' % task_id.encode())


def posts(server: BytesServer) -> int:
    return sum(request.method == "POST" for request in server.requests)


def assert_keyless(shop: Shop, result: Result) -> None:
    """No eight characters of the key anywhere."""
    pieces = [KEY[i : i + 8] for i in range(len(KEY) - 7)]
    kept = shop.ledger_bytes()
    for piece in pieces:
        assert piece not in result.out + result.err
        assert piece.encode() not in kept


# 1-3: nothing leaves


def test_fault_01_refused_connection_is_tried_three_times(shop: Shop) -> None:
    """A refused connection is tried twice more, then 5; nothing was sent, nothing is unknown."""
    result = shop.buy(f"http://127.0.0.1:{closed_port()}", "-v")
    assert result.code == 5
    assert result.err.count("POST http://127.0.0.1") == 3
    assert shop.clock.sleeps == [1.0, 1.0]
    assert "nothing was sent" in result.err
    assert shop.states() == [IntentState.NOT_SENT]


def test_fault_01_unknown_host_sends_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that does not resolve is tried three times, then 5."""
    asked: list[object] = []

    def nobody(host: object, *_: object, **__: object) -> object:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    result = shop.buy("https://seedance.example/v1", "--json")
    assert result.code == 5
    assert len(asked) == 3
    assert result.error["code"] == "unreachable"
    assert result.error["retry_safe"] is True
    assert result.out == ""


def test_money_6_1_a_connect_that_fails_twice_pays_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the third connect succeeds, exactly one POST reaches the server."""
    real, calls, closed = socket.getaddrinfo, iter(range(10)), closed_port()

    def flaky(host: str, port: int, **more: int) -> object:
        return real(host, closed if next(calls) < 2 else port, **more)

    with BytesServer(answer(200, ACCEPTED["runbase"])) as server:
        monkeypatch.setattr(socket, "getaddrinfo", flaky)
        result = shop.buy(server.url)
        monkeypatch.undo()
        assert (result.code, result.out) == (0, "runbase:t-1\n")
        assert (posts(server), next(calls)) == (1, 3)
    assert shop.states() == [IntentState.ACCEPTED]


@LINUX
def test_fault_02_connect_timeout_is_ten_seconds_a_try(shop: Shop) -> None:
    """A host that answers no SYN is given 10 s, three times, then 5."""
    shop.clock.patience = 0.1
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    queued = [socket.socket() for _ in range(4)]
    try:
        for one in queued:  # fill the backlog: the next SYN is dropped
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        before = shop.clock.monotonic()
        result = shop.buy(f"http://127.0.0.1:{listener.getsockname()[1]}")
    finally:
        for one in (listener, *queued):
            one.close()
    assert result.code == 5
    assert "no connection within 10 s; nothing was sent" in result.err
    assert shop.clock.monotonic() - before == pytest.approx(32)


def test_fault_02_tls_that_never_answers_is_a_connect_timeout(shop: Shop) -> None:
    """A TLS handshake that hangs counts as connecting: 10 s a try, then 5."""
    shop.clock.patience = 0.1
    with socket.create_server(("127.0.0.1", 0)) as listener:
        result = shop.buy(f"https://127.0.0.1:{listener.getsockname()[1]}")
    assert result.code == 5
    assert shop.clock.sleeps == [1.0, 1.0]
    assert "no connection within 10 s" in result.err


def test_money_6_5_a_try_given_up_while_connecting_never_leaves_later(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that answers after we gave up brings no POST: 5 stays true."""
    shop.clock.patience = 0.1
    real, gate = socket.getaddrinfo, threading.Event()

    def slow(*args: object, **kwargs: object) -> object:
        gate.wait(10)
        return real(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they are

    with BytesServer(answer(200, ACCEPTED["runbase"])) as server:
        monkeypatch.setattr(socket, "getaddrinfo", slow)
        result = shop.buy(server.url)
        gate.set()
        wait_for_exchanges()
        monkeypatch.undo()
        assert result.code == 5
        assert posts(server) == 0
    assert shop.states() == [IntentState.NOT_SENT]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1, and its key, in one file."""
    return tls.certificate(tmp_path)


def test_fault_02_untrusted_certificate_is_not_retried(shop: Shop, certificate: Path) -> None:
    """An untrusted certificate ends in 5 after one try, with a hint about SSL_CERT_FILE."""
    with TlsServer(answer(200, ACCEPTED["runbase"]), certificate) as server:
        result = shop.buy(server.url)
        assert result.code == 5
        assert server.connections == 1
        assert posts(server) == 0
    assert "certificate" in result.err
    assert "SSL_CERT_FILE" in result.err
    assert shop.clock.sleeps == []


def test_fault_02_ssl_cert_file_makes_it_trusted(shop: Shop, certificate: Path) -> None:
    """What SSL_CERT_FILE names is trusted, and the POST goes through TLS."""
    with TlsServer(answer(200, ACCEPTED["runbase"]), certificate) as server:
        result = shop.buy(server.url, SSL_CERT_FILE=str(certificate))
        assert (result.code, posts(server)) == (0, 1)


def test_money_6_5_silence_over_tls_is_unknown_and_closed(shop: Shop, certificate: Path) -> None:
    """After 60 s of silence over TLS the outcome is unknown and the connection is given up."""
    ended = threading.Event()

    def script(request: Request, client: Client) -> None:
        silent(shop.clock)(request, client)
        ended.set()

    with TlsServer(script, certificate) as server:
        result = shop.buy(server.url, SSL_CERT_FILE=str(certificate))
        assert (result.code, posts(server)) == (6, 1)
        assert ended.wait(3)


PASSWORD = "hunter2-proxy-pass"
TUNNELS: dict[str, Script] = {
    "407": status(407),
    "407 with the password": sends(f"HTTP/1.1 407 for u:{PASSWORD}\r\n\r\n".encode()),
    "403": status(403, b"no"),
    "closes": finish,
    "resets": reset,
    "garbage": sends(b"\x16\x03\x01 who are you\r\n\r\n"),
}


@pytest.mark.parametrize("kind", TUNNELS)
def test_fault_03_a_proxy_that_refuses_the_tunnel_is_no_unknown(shop: Shop, kind: str) -> None:
    """A proxy that refuses or closes on CONNECT ends in 5, with its password never shown."""
    with BytesServer(TUNNELS[kind]) as proxy:
        result = shop.buy(
            "https://seedance.example/v1",
            "-v",
            HTTPS_PROXY=f"http://u:{PASSWORD}@127.0.0.1:{proxy.port}",
        )
        assert result.code == 5
        assert [request.method for request in proxy.requests] == ["CONNECT"]
        assert KEY.encode() not in proxy.requests[0].raw
    assert PASSWORD not in result.err
    assert "dTpodW50ZXI" not in result.err
    assert PASSWORD.encode() not in shop.ledger_bytes()
    assert "proxy" in result.err
    assert "HTTPS_PROXY" in result.err
    assert shop.states() == [IntentState.NOT_SENT]


def test_fault_03_a_silent_proxy_is_a_connect_timeout(shop: Shop) -> None:
    """A proxy that never answers CONNECT is given 10 s a try: nothing was sent."""
    shop.clock.patience = 0.1
    with BytesServer(silent(shop.clock)) as proxy:
        result = shop.buy(
            "https://seedance.example/v1", HTTPS_PROXY=f"http://127.0.0.1:{proxy.port}"
        )
        assert result.code == 5
        assert {request.method for request in proxy.requests} == {"CONNECT"}
    assert shop.states() == [IntentState.NOT_SENT]


# 4-6: it left, and no clear answer came


@pytest.mark.parametrize("provider", NAMES)
def test_fault_04_silence_after_the_request_is_unknown_and_one_post(
    shop: Shop, provider: str
) -> None:
    """The whole request sent, then silence for 60 s: 6, exactly one POST, and never another."""
    with BytesServer(silent(shop.clock)) as server:
        before = shop.clock.monotonic()
        result = shop.buy(server.url, "--json", provider=provider)
        assert result.code == 6
        assert shop.clock.monotonic() - before == pytest.approx(60)
        assert posts(server) == 1
    assert result.error["code"] == "outcome_unknown"
    assert result.error["retry_safe"] is False
    assert result.error["intent"] == shop.rows()[0].intent
    assert shop.states() == [IntentState.UNKNOWN]


CUTS: dict[str, Script] = {
    "FIN": finish,
    "RST": reset,
    "in the status line": sends(b"HTTP/1.1 20"),
    "in the headers": sends(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "no HTTP": sends(b"\x1b[31mhello\r\n\r\n"),
    "101": status(101),
    "only 100": sends(head(100)),
    "before the body": sends(head(200, {"Content-Length": "40"})),
    "in a chunk": sends(head(200, {"Transfer-Encoding": "chunked"}) + b'20\r\n{"id":"t-1'),
    "bad chunk": sends(head(200, {"Transfer-Encoding": "chunked"}) + b"zz\r\nabc"),
    "endless headers": sends(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000),
}


@pytest.mark.parametrize("cut", CUTS)
def test_fault_05_an_answer_that_breaks_off_is_unknown(shop: Shop, cut: str) -> None:
    """FIN, RST, or an answer cut anywhere before its end is 6 after one POST, never sent again."""
    with BytesServer(CUTS[cut]) as server:
        result = shop.buy(server.url)
        assert (result.code, result.out) == (6, "")
        assert posts(server) == 1
    assert shop.states() == [IntentState.UNKNOWN]
    assert "\x1b" not in result.err
    assert "seedance recover" in result.err


WHOLE = {
    "cut after the id": head(200, {"Content-Length": "90"}) + b'{"id":"t-1","status":"pe',
    "in a chunk": head(200, {"Transfer-Encoding": "chunked"}) + b'20\r\n{"id":"t-1"',
    "no last chunk": head(200, {"Transfer-Encoding": "chunked"}) + b'c\r\n{"id":"t-1"}\r\n',
    "longer declared": head(200, {"Content-Length": "40"}) + b'{"id":"t-1"}',
}


@pytest.mark.parametrize("answer", WHOLE)
def test_fault_05_an_id_that_came_whole_is_kept(shop: Shop, answer: str) -> None:
    """An id that came whole is paid for, wherever after it the answer was cut: it is taken."""
    with BytesServer(sends(WHOLE[answer])) as server:
        result = shop.buy(server.url)
        assert (result.code, result.out) == (0, "runbase:t-1\n")
        assert posts(server) == 1


def test_fault_05_cut_inside_the_id_keeps_the_partial_body(shop: Shop) -> None:
    """An answer cut inside the id is 6, and `recover` shows what came of it."""
    body = b'{"id":"run_12345'
    with BytesServer(sends(head(200, {"Content-Length": "60"}) + body)) as server:
        assert shop.buy(server.url).code == 6
    shown = shop.run("recover")
    assert '{"id":"run_12345' in shown.out
    assert shop.rows()[0].evidence["http_status"] == 200


DRIPS = {
    "head": b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 60_000,
    "body": head(200, {"Content-Length": "60000"}) + b" " * 59_988 + b'{"id":"t-1"}',
}


@pytest.mark.parametrize("where", DRIPS)
def test_money_6_5_a_dripping_answer_does_not_outlast_the_limit(shop: Shop, where: str) -> None:
    """An answer that keeps dripping is given up after 60 s as a whole, and its connection shut."""
    over = threading.Event()

    def script(_: Request, client: Client) -> None:
        shop.clock.patience = 0.2
        client.drip(DRIPS[where], 1, lambda: time.sleep(0.01))
        over.set()

    with BytesServer(script) as server:
        before = shop.clock.monotonic()
        result = shop.buy(server.url)
        assert result.code == 6
        assert shop.clock.monotonic() - before == pytest.approx(60)
        assert over.wait(5), "the connection was left open"
        assert posts(server) == 1


def with_id(text: str) -> bytes:
    return f'{{"id":{text},"status":"pending"}}'.encode()


UNUSABLE = {
    "empty": b"",
    "garbage": b"\x00\xff\xfe garbage",
    "HTML": b"<!doctype html><h1>It works</h1>",
    "empty object": b"{}",
    "array": b"[]",
    "null": b"null",
    "deep": b"[" * 100_000,
    "huge number": b'{"id":' + b"9" * 5000 + b"}",
    "3 MB id": with_id('"' + "x" * 3_000_000 + '"'),
    **{
        f"id {text[:12]}": with_id(text)
        for text in (
            '""',
            '"  "',
            '"."',
            '".."',
            '"a\\u001b[31m"',
            '"a\\nb"',
            '"a\\u0000"',
            '"a\\u009b"',
            '"a\\u202e"',
            '"\\ud800"',
            "true",
            "null",
            "1.5",
            "[]",
            '{"x":1}',
        )
    },
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_fault_06_a_2xx_without_a_usable_id_is_unknown(shop: Shop, kind: str) -> None:
    """A 200 that is no JSON, or whose id is missing or unusable, is 6; the body is kept."""
    with BytesServer(answer(200, UNUSABLE[kind])) as server:
        result = shop.buy(server.url, "--json")
        assert (result.code, posts(server)) == (6, 1)
    assert result.error["code"] == "outcome_unknown"
    (row,) = shop.rows()
    assert row.state is IntentState.UNKNOWN
    assert bool(row.evidence["body"]) is bool(UNUSABLE[kind])
    assert len(str(row.evidence["body"])) < 20_000


@pytest.mark.parametrize("provider", NAMES)
@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"data":{"task_id":true},"requestId":".."}'])
def test_fault_06_is_so_at_every_provider(shop: Shop, provider: str, body: bytes) -> None:
    """A 200 without a usable id is 6 whoever sent it."""
    with BytesServer(answer(200, body)) as server:
        assert shop.buy(server.url, provider=provider).code == 6
        assert posts(server) == 1


def test_fault_06_an_id_that_is_a_number_is_its_digits(shop: Shop) -> None:
    """A whole number is a usable id: its decimal text."""
    with BytesServer(answer(200, with_id("12345678901234567890"))) as server:
        result = shop.buy(server.url)
    assert (result.code, result.out) == (0, "runbase:12345678901234567890\n")


ECHOES: dict[str, Callable[[bytes], Script]] = {
    "garbage": lambda key: answer(200, b"you said " + key),
    "500": lambda key: answer(500, b'{"error":{"message":"key ' + key + b'","code":"x"}}'),
    "402": lambda key: answer(402, b'{"error":{"message":"' + key[:-3] + b'","code":"x"}}'),
    "401": lambda key: answer(401, b'{"error":{"message":"bad key","code":"' + key + b'"}}'),
    "own form": lambda key: answer(200, b'{"error":{"message":"' + key + b'"}}'),
    "cut": lambda key: sends(head(200, {"Content-Length": "999"}) + key[:-4]),
    "status line": lambda key: sends(key + b" \r\n\r\n"),
    "id": lambda key: answer(200, b'{"id":"' + key + b'"}'),
    "beside the id": lambda key: answer(200, b'{"id":"t-1","model":"%b"}' % key),
    "at the cut of the evidence": lambda key: answer(200, b" " * 4086 + key),
    "base64": lambda _: answer(500, b"Basic c2stQ2FuYXJ5XzdRejl4VzJ2QjhuTTRrTDE="),
}  # fmt: skip


ECHO_CODES = {"402": 4, "401": 3, "beside the id": 0}


@pytest.mark.parametrize("where", ECHOES)
def test_fault_06_a_key_that_the_server_repeats_is_kept_nowhere(shop: Shop, where: str) -> None:
    """Wherever an answer repeats the key, no piece of it reaches a stream, `-v` or the ledger."""
    with BytesServer(ECHOES[where](KEY.encode())) as server:
        result = shop.buy(server.url, "-v", "--json")
        assert posts(server) == 1
    assert result.code == ECHO_CODES.get(where, 6)
    assert_keyless(shop, result)
    assert "c2stQ2FuYXJ5" not in result.err
    assert b"c2stQ2FuYXJ5" not in shop.ledger_bytes()
    assert_keyless(shop, shop.run("recover", "--json"))
    assert_keyless(shop, shop.run("list", "--all"))


# 7, 9, 6.4: what an answer means

EXPECTED = {
    **dict.fromkeys((200, 201, 202, 203, 206, 299), 0),
    204: 6,
    **dict.fromkeys((300, 302, 303, 304, 305, 399), 6),
    **dict.fromkeys((301, 307, 308), 4),
    **dict.fromkeys((401, 403), 3),
    **dict.fromkeys((400, 402, 404, 405, 410, 413, 418, 422, 429, 451, 498), 4),
    **dict.fromkeys((408, 409, 425, 499), 6),
    **dict.fromkeys((500, 501, 502, 503, 504, 520, 599, 999), 6),
}
FEW = {200, 204, 302, 307, 401, 402, 409, 429, 503}
STATES = {
    0: IntentState.ACCEPTED,
    3: IntentState.REFUSED,
    4: IntentState.REFUSED,
    6: IntentState.UNKNOWN,
}


EACH = [("runbase", code) for code in EXPECTED] + [
    pytest.param(name, code, marks=() if code in FEW else pytest.mark.full)
    for name in NAMES[:3]
    for code in EXPECTED
]


@pytest.mark.parametrize(("provider", "code"), EACH)
def test_money_6_4_what_each_status_means(shop: Shop, provider: str, code: int) -> None:
    """Each HTTP status has one meaning at every provider, and none makes a second POST."""
    expected = EXPECTED[code]
    body = b"" if code in {204, 304} else (ACCEPTED if expected == 0 else REFUSED)[provider]
    with BytesServer(status(code, body, "Location: /elsewhere")) as server:
        result = shop.buy(server.url, "--json", provider=provider)
        assert (result.code, len(server.requests)) == (expected, 1)
    assert shop.states() == [STATES[expected]]
    if expected:
        assert result.error["http_status"] == code
        assert result.error["retry_safe"] is (expected != 6)
        assert result.error["exit_code"] == expected


CODES = {
    401: "unauthorized",
    403: "forbidden",
    402: "insufficient_credits",
    404: "not_found",
    422: "rejected",
    429: "rate_limited",
    409: "outcome_unknown",
    503: "outcome_unknown",
    302: "outcome_unknown",
    307: "rejected",
}


@pytest.mark.parametrize("code", CODES)
def test_money_6_4_the_error_code_of_each_status(shop: Shop, code: int) -> None:
    """`error.code` tells a script which refusal it was."""
    with BytesServer(status(code, b"")) as server:
        assert shop.buy(server.url, "--json").error["code"] == CODES[code]


@pytest.mark.parametrize("provider", NAMES)
def test_fault_07_2xx_in_the_providers_own_error_form_is_a_refusal(
    shop: Shop, provider: str
) -> None:
    """A 200 in the provider's own error form without an id is 4, in the provider's words."""
    with BytesServer(answer(200, REFUSED[provider])) as server:
        result = shop.buy(server.url, provider=provider)
        assert (result.code, posts(server)) == (4, 1)
    assert "prompt" in result.err.lower()
    assert shop.states() == [IntentState.REFUSED]


ODD_IDS = {
    "seedanceapi": b'{"code":402,"message":"x","data":{"task_id":"t1\\u202e"}}',
    "defapi": b'{"code":1,"message":"ok","data":{"task_id":"ta\\u0007"}}',
    "seedance2ink": b'{"success":false,"requestId":"req_1\\u0000","creditsCharged":40}',
    "runbase": b'{"id":"..","error":{"code":"insufficient_balance","message":"m"}}',
}


@pytest.mark.parametrize("provider", NAMES)
def test_fault_07_an_unusable_id_in_an_error_form_is_no_refusal(shop: Shop, provider: str) -> None:
    """A 4 says that no task was created; with an id, however odd, nobody knows that."""
    with BytesServer(answer(200, ODD_IDS[provider])) as server:
        assert shop.buy(server.url, provider=provider).code == 6
        assert shop.buy(server.url, provider=provider).code == 6
        assert posts(server) == 1
    assert shop.states() == [IntentState.UNKNOWN]


def test_fault_08_a_429_that_names_a_task_is_not_sent_again(shop: Shop) -> None:
    """A limit that was told beside a task's id may have been told of the next request."""
    body = b'{"id":"run_zz","status":"pending","error":{"code":"RATE_LIMITED","message":"x"}}'
    with BytesServer(status(429, body, "Retry-After: 0")) as server:
        assert shop.buy(server.url).code == 6
        assert posts(server) == 1


@pytest.mark.parametrize("provider", NAMES)
@pytest.mark.parametrize("code", [400, 403, 422])
def test_money_6_4_a_refusal_that_names_a_task_tells_it(
    shop: Shop, provider: str, code: int
) -> None:
    """A 4xx is a refusal; the id that stands in it all the same is on stderr and in the ledger."""
    with BytesServer(status(code, ACCEPTED[provider])) as server:
        result = shop.buy(server.url, "--json", provider=provider)
    assert result.code == (3 if code == 403 else 4)
    assert f"seedance status {provider}:t-1" in result.error["hint"]
    assert result.error["retry_safe"] is False
    (row,) = shop.rows()
    assert (row.state, row.evidence["task_id"]) == (IntentState.REFUSED, "t-1")
    assert f"HTTP {code}, names t-1" in shop.run("list", "--all").out


@pytest.mark.parametrize("provider", NAMES)
def test_money_6_4_a_refusal_with_an_odd_id_says_so(shop: Shop, provider: str) -> None:
    """A 4xx stays a refusal; but nobody is told that running it again is safe."""
    with BytesServer(status(422, ODD_IDS[provider])) as server:
        result = shop.buy(server.url, "--json", provider=provider)
    assert (result.code, result.error["retry_safe"]) == (4, False)
    assert "has an id all the same, which cannot be used" in result.err


@pytest.mark.parametrize("code", [401, 409, 429, 500])
def test_money_6_4_an_id_in_an_unclear_answer_is_one_to_adopt(shop: Shop, code: int) -> None:
    """Where nobody knows, `recover` says which id the answer named; else stderr does."""
    with BytesServer(status(code, ACCEPTED["runbase"])) as server:
        result = shop.buy(server.url)
    if code == 401:
        assert (result.code, "runbase:t-1" in result.err) == (3, True)
    else:
        (row,) = shop.rows()
        assert f"seedance recover --adopt {row.intent} runbase:t-1" in shop.run("recover").out


@pytest.mark.parametrize("provider", NAMES)
def test_fault_07_a_strangers_error_form_in_a_2xx_is_unknown(shop: Shop, provider: str) -> None:
    """A 200 in another service's error form settles nothing: 6."""
    with BytesServer(answer(200, b'{"errors":["no"],"detail":"no"}')) as server:
        assert shop.buy(server.url, provider=provider).code == 6


@pytest.mark.parametrize("code", [400, 200, 500])
def test_fault_07_the_providers_words_are_made_safe(shop: Shop, code: int) -> None:
    """Control characters in a provider's words are shown escaped, and long words are cut."""
    words = "\\u001b]52;c;x\\u0007 [/red]\\nseedance: error: fake \\u202e" + "y" * 3_000_000
    body = f'{{"error":{{"message":"{words}","code":"bad"}}}}'.encode()
    with BytesServer(answer(code, body)) as server:
        result = shop.buy(server.url)
    assert r"\x1b]52;c;x\x07 [/red]\nseedance: error: fake \u202e" in result.err
    assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", result.err) is None
    assert len(result.err) < 3000


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_fault_09_a_redirect_is_never_followed(shop: Shop, code: int) -> None:
    """A redirect of the paid POST, to another host or the same, is not followed; no key leaks."""
    with BytesServer(answer(200, ACCEPTED["runbase"])) as other:
        location = f"Location: http://localhost:{other.port}/runs"
        with BytesServer(status(code, b"", location)) as server:
            result = shop.buy(server.url)
            assert len(server.requests) == 1
        assert (other.connections, other.requests) == (0, [])
    assert result.code == (4 if code in {301, 307, 308} else 6)


def test_fault_09_a_5xx_is_unknown_though_it_promises_retry(shop: Shop) -> None:
    """A 503 with Retry-After is not sent again: the task may exist."""
    with BytesServer(status(503, REFUSED["runbase"], "Retry-After: 1")) as server:
        assert shop.buy(server.url).code == 6
        assert posts(server) == 1
    assert shop.clock.sleeps == []


# 8: rate limits

AFTER: dict[str | None, tuple[float, float]] = {
    None: (10, 10),
    "7": (7, 7),
    "0": (0, 0),
    "0.5": (0.5, 0.5),
    "-5": (0, 0),
    "NaN": (10, 10),
    "inf": (120, 120),
    "1e9": (120, 120),
    "soon": (10, 10),
    "": (10, 10),
    "Sat, 07 Feb 2026 10:30:40 GMT": (40, 0),
    "Sat, 07 Feb 2026 10:30:40": (40, 0),
    "Fri, 06 Feb 2026 10:30:40 GMT": (0, 0),
    "Sat, 07 Feb 2099 10:30:40 GMT": (120, 120),
    "Sat, 99 Feb 99999999999 99:99:99 GMT": (10, 10),
}


@pytest.mark.parametrize("value", AFTER)
def test_fault_08_rate_limited_is_tried_three_times(shop: Shop, value: str | None) -> None:
    """Runbase's RATE_LIMITED is tried three times, Retry-After held to 0-120 s, then 5."""
    lines = () if value is None else (f"Retry-After: {value}",)
    with BytesServer(status(429, LIMITED, *lines)) as server:
        result = shop.buy(server.url, "--json")
        assert (result.code, posts(server)) == (5, 3)
    assert tuple(shop.clock.sleeps) == AFTER[value]
    assert result.error["code"] == "rate_limited"
    assert result.error["retry_safe"] is True
    assert shop.states() == [IntentState.REFUSED]


@pytest.mark.parametrize(("asked", "said"), [("60", True), ("2", False)])
def test_fault_08_a_long_pause_is_said(shop: Shop, asked: str, said: bool) -> None:
    """What is waited for, and how long, before the same request is sent again."""
    script = in_turn(
        status(429, LIMITED, f"Retry-After: {asked}"), answer(200, ACCEPTED["runbase"])
    )
    with BytesServer(script) as server:
        result = shop.buy(server.url)
    assert (result.code, result.out) == (0, "runbase:t-1\n")
    assert ("slow down" in result.err) is said
    assert ("trying again in 1m 0s" in result.err) is said


def test_fault_08_rate_limited_twice_then_accepted(shop: Shop) -> None:
    """The try after two RATE_LIMITED answers is accepted, each try on a connection of its own."""
    script = in_turn(status(429, LIMITED), status(429, LIMITED), answer(200, ACCEPTED["runbase"]))
    with BytesServer(script) as server:
        result = shop.buy(server.url)
        assert (result.code, result.out, posts(server)) == (0, "runbase:t-1\n", 3)
        assert {request.headers["connection"] for request in server.requests} == {"close"}
        assert len({request.body for request in server.requests}) == 1
    assert shop.states() == [IntentState.ACCEPTED]


def test_fault_08_an_unclear_second_try_is_unknown(shop: Shop) -> None:
    """Silence after a RATE_LIMITED is 6: the last POST decides."""
    with BytesServer(in_turn(status(429, LIMITED), finish)) as server:
        assert shop.buy(server.url).code == 6
        assert posts(server) == 2
    assert shop.states() == [IntentState.UNKNOWN]


@pytest.mark.parametrize("words", ["USAGE_EXCEEDED", "TOO_MANY", "", None])
def test_fault_08_any_other_429_is_a_refusal(shop: Shop, words: str | None) -> None:
    """USAGE_EXCEEDED, an unknown code or none at all: one POST, 4, whatever Retry-After says."""
    body = b"" if words is None else LIMITED.replace(b"RATE_LIMITED", words.encode())
    with BytesServer(status(429, body, "Retry-After: 1")) as server:
        assert shop.buy(server.url).code == 4
        assert posts(server) == 1
    assert shop.clock.sleeps == []


@pytest.mark.parametrize("provider", NAMES[:3])
def test_fault_08_the_other_providers_429_is_a_refusal(shop: Shop, provider: str) -> None:
    """RATE_LIMITED in the mouth of another provider is not retried."""
    with BytesServer(status(429, LIMITED, "Retry-After: 1")) as server:
        assert shop.buy(server.url, provider=provider).code == 4
        assert posts(server) == 1


# 10: what cannot be written


def test_fault_10_a_ledger_that_cannot_be_made_sends_nothing(shop: Shop, tmp_path: Path) -> None:
    """Where the state folder cannot be made: 10, and no POST."""
    (tmp_path / "file").write_text("x")
    with BytesServer(answer(200, ACCEPTED["runbase"])) as server:
        result = shop.buy(server.url, SEEDANCE_STATE_DIR=str(tmp_path / "file" / "state"))
        assert (result.code, server.connections) == (10, 0)


def test_fault_10_a_damaged_ledger_sends_nothing_and_is_kept(shop: Shop) -> None:
    """A damaged ledger: 10, no POST, the file as it was."""
    shop.state.mkdir()
    file = shop.state / "ledger.db"
    file.write_bytes(b"SQLite format 3\x00" + b"junk" * 500)
    before = file.read_bytes()
    with BytesServer(answer(200, ACCEPTED["runbase"])) as server:
        assert shop.buy(server.url).code == 10
        assert server.connections == 0
    assert file.read_bytes() == before


def test_fault_10_a_newer_ledger_sends_nothing_and_is_kept(shop: Shop) -> None:
    """A ledger of a newer schema: 10, no POST, not written."""
    with BytesServer(answer(200, ACCEPTED["runbase"])) as server:
        assert shop.buy(server.url).code == 0
        file = shop.state / "ledger.db"
        db = sqlite3.connect(file)
        db.execute("PRAGMA user_version=99")
        db.close()
        before = file.read_bytes()
        assert shop.buy(server.url).code == 10
        assert posts(server) == 1
    assert file.read_bytes() == before


def test_fault_10_a_locked_ledger_sends_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ledger that another process keeps locked: a bounded wait, then 10, no POST."""
    monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0.1)
    with BytesServer(answer(200, ACCEPTED["runbase"])) as server:
        assert shop.buy(server.url).code == 0
        db = sqlite3.connect(shop.state / "ledger.db")
        db.execute("BEGIN EXCLUSIVE")
        result = shop.buy(server.url)
        db.close()
        assert (result.code, posts(server)) == (10, 1)
    assert "locked" in result.err


CLOSED_STDOUT = (
    "import os, sys; os.close(1); "
    "os.execv(sys.executable, [sys.executable, '-m', 'seedance_cli', *sys.argv[1:]])"
)


@POSIX
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_fault_10_a_closed_stdout_is_refused_before_paying(
    shop: Shop, options: tuple[str, ...]
) -> None:
    """With stdout closed: 10, and no POST."""
    with BytesServer(answer(200, ACCEPTED["runbase"])) as server:
        result = shop.start(server.url, *options, code=CLOSED_STDOUT).finish()
        assert (result.code, server.connections) == (10, 0)


@LINUX
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_fault_10_a_full_stdout_loses_no_id(shop: Shop, options: tuple[str, ...]) -> None:
    """With stdout full: 10, the ref on stderr and in the ledger, one POST."""
    full = os.open("/dev/full", os.O_WRONLY)
    with BytesServer(answer(200, ACCEPTED["runbase"])) as server:
        result = shop.start(server.url, *options, stdout=full).finish()
        os.close(full)
        assert (result.code, posts(server)) == (10, 1)
    assert "submitted runbase:t-1" in result.err
    assert [row.ref for row in shop.rows()] == ["runbase:t-1"]


@POSIX
def test_fault_10_a_pipe_closed_by_its_reader_loses_no_id(shop: Shop) -> None:
    """With stdout's reader gone: 10, the ref on stderr."""
    reader, writer = os.pipe()
    os.close(reader)
    with BytesServer(answer(200, ACCEPTED["runbase"])) as server:
        result = shop.start(server.url, stdout=writer).finish()
        os.close(writer)
        assert result.code == 10
    assert "submitted runbase:t-1" in result.err


@contextmanager
def disk_full_before(script: Script) -> Iterator[tuple[BytesServer, list[int]]]:
    """A server that takes the caller's disk away while it has the POST in hand."""
    pids: list[int] = []

    def cut_off(request: Request, client: Client) -> None:
        import resource

        while not pids:
            time.sleep(0.01)
        resource.prlimit(pids[0], resource.RLIMIT_FSIZE, (0, 0))
        script(request, client)

    with BytesServer(cut_off) as server:
        yield server, pids


@LINUX
@pytest.mark.parametrize("options", [(), ("--wait",)])
def test_fault_10_disk_full_after_the_post_gives_the_id_away(
    shop: Shop, options: tuple[str, ...]
) -> None:
    """When the ledger cannot take the id: the id on stdout and stderr, 10, the intent unknown."""
    with disk_full_before(answer(200, ACCEPTED["runbase"])) as (server, pids):
        process = shop.start(server.url, *options)
        pids.append(process.pid)
        result = process.finish()
        assert (result.code, posts(server)) == (10, 1)
    assert result.out == "runbase:t-1\n"
    assert "submitted runbase:t-1" in result.err
    (row,) = shop.rows()
    assert row.state is IntentState.UNKNOWN
    assert f"seedance recover --adopt {row.intent} runbase:t-1" in result.err


@LINUX
def test_fault_10_disk_full_after_an_unclear_answer_is_still_unknown(shop: Shop) -> None:
    """When the ledger cannot even say "unknown": 6 all the same, and the row counts as unknown."""
    with disk_full_before(status(500)) as (server, pids):
        process = shop.start(server.url)
        pids.append(process.pid)
        result = process.finish()
        assert (result.code, posts(server)) == (6, 1)
    assert "may have been charged" in result.err
    assert "ledger" in result.err
    assert shop.states() == [IntentState.UNKNOWN]


ODD = {
    "lone surrogate": b'{"id":"t-1","model":"\\ud800","error":"\\udfff","status":"\\ud834"}',
    "huge cost": b'{"id":"t-1","costUsd":1e999999}',
    "NaN cost": b'{"id":"t-1","costUsd":"NaN"}',
    "failed at once": b'{"id":"t-1","status":"failed","error":"\\u001b[31m"}',
    "done at once": b'{"id":"t-1","status":"succeeded","output":{"urls":["\\u001bx"]}}',
    "unknown word": b'{"id":"t-1","status":"\\u202eodd"}',
    "nested": b'{"data":{"id":"t-1"}}',
    "id of 512": b'{"id":"' + b"t" * 512 + b'"}',
    "id to be encoded": '{"id":"a/b c?d=é#:%"}'.encode(),
}


@pytest.mark.parametrize("kind", ODD)
def test_money_6_3_no_oddity_beside_the_id_loses_it(shop: Shop, kind: str) -> None:
    """Whatever stands beside a usable id in the answer, the id is stored and printed."""
    with BytesServer(answer(200, ODD[kind])) as server:
        result = shop.buy(server.url)
    assert result.code == 0
    (row,) = shop.rows()
    assert row.state is IntentState.ACCEPTED
    assert result.out == f"{row.ref}\n"
    assert result.out.isascii()
    assert result.out.isprintable() or result.out[:-1].isprintable()


# What a server may do and still be right

FINE: dict[str, Script] = {
    "1xx first": sends(
        head(100) + head(103) + head(200, {"Content-Length": "12"}) + b'{"id":"t-1"}'
    ),
    "Connection: close": answer(200, ACCEPTED["runbase"], {"Connection": "close"}),
    "no length": sends(head(200) + ACCEPTED["runbase"]),
    "HTTP/1.0": sends(b"HTTP/1.0 200 OK\r\n\r\n" + ACCEPTED["runbase"]),
    "chunked": sends(
        head(200, {"Transfer-Encoding": "chunked"}) + b'5\r\n{"id"\r\n7\r\n:"t-1"}\r\n0\r\n\r\n'
    ),
    "gzip": answer(200, gzip.compress(ACCEPTED["runbase"]), {"Content-Encoding": "gzip"}),
    "UTF-8 BOM and spaces": answer(200, b"  " + ACCEPTED["runbase"] + b"\n\n"),
}  # fmt: skip


@pytest.mark.parametrize("kind", FINE)
def test_money_6_4_every_lawful_form_of_an_answer_is_understood(shop: Shop, kind: str) -> None:
    """Interim answers, chunks, no length, HTTP/1.0, and gzip against our wish: the id is found."""
    with BytesServer(FINE[kind]) as server:
        result = shop.buy(server.url)
        assert (result.code, result.out, posts(server)) == (0, "runbase:t-1\n", 1)
        assert server.requests[0].headers["accept-encoding"] == "identity"


@contextmanager
def bare_server(handle: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that is given the connection before anything was read from it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        connection.settimeout(5)
        with connection:
            handle(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    thread.join(5)
    listener.close()


def test_money_6_4_an_early_answer_is_read_though_the_body_was_not(shop: Shop) -> None:
    """A refusal that comes before the request's body was read is understood."""

    def handle(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(head(402, {"Content-Length": "0", "Connection": "close"}))
        while connection.recv(65536):
            pass

    with bare_server(handle) as url:
        big = "a boat " * 300_000
        result = shop.run("generate", "-", stdin=big, env=shop.env(url), clock=shop.clock)
    assert result.code == 4


def test_money_6_5_a_body_of_50_mb_is_not_read_to_its_end(shop: Shop) -> None:
    """An answer over the cap is 6, and only the cap's worth of it is taken."""
    sent: list[int] = []

    def script(_: Request, client: Client) -> None:
        client.send(head(200, {"Content-Length": str(50 << 20)}))
        while len(sent) < 800 and client.send(b" " * 65536):
            sent.append(65536)

    with BytesServer(script) as server:
        assert shop.buy(server.url).code == 6
        assert posts(server) == 1
    assert sum(sent) < 20 << 20


def test_money_6_5_a_compressed_bomb_is_held_to_the_cap(shop: Shop) -> None:
    """A small gzip body that unpacks to 64 MB is cut at the cap, before its id: 6."""
    bomb = gzip.compress(b" " * (64 << 20) + ACCEPTED["runbase"], 1)
    with BytesServer(answer(200, bomb, {"Content-Encoding": "gzip"})) as server:
        assert shop.buy(server.url).code == 6
    assert len(str(shop.rows()[0].evidence["body"])) <= 4096


# 11, 12, 6.6: the same request again


def test_fault_11_two_at_once_are_two_tasks(shop: Shop) -> None:
    """The same command twice at once, both alive: two POSTs, two tasks, both in the ledger."""
    both, numbers = threading.Barrier(2, timeout=20), iter((1, 2))

    def script(request: Request, client: Client) -> None:
        body = f'{{"id":"t-{next(numbers)}"}}'.encode()
        both.wait()
        answer(200, body)(request, client)

    with BytesServer(script) as server:
        processes = [shop.start(server.url), shop.start(server.url)]
        results = [process.finish() for process in processes]
        assert posts(server) == 2
    assert [result.code for result in results] == [0, 0]
    assert {result.out for result in results} == {"runbase:t-1\n", "runbase:t-2\n"}
    assert {row.ref for row in shop.rows()} == {"runbase:t-1", "runbase:t-2"}


def test_money_6_6_an_identical_request_is_refused_while_one_is_unknown(shop: Shop) -> None:
    """While one is unknown, an identical one is 6; another one, and --again, are sent."""
    with BytesServer(in_turn(finish, named("t-1"), named("t-2"), finish)) as server:
        assert shop.buy(server.url).code == 6
        blocked = shop.buy(server.url, "--json")
        assert (blocked.code, posts(server)) == (6, 1)
        assert blocked.error["intent"] == shop.rows()[0].intent
        assert "--again" in blocked.err
        assert shop.buy(server.url, prompt="another boat").code == 0
        assert shop.buy(server.url, "--again").code == 0
        assert posts(server) == 3
        assert shop.buy(server.url).code == 6, "--again settles nothing"


def test_money_6_6_recover_frees_the_request(shop: Shop) -> None:
    """Once `recover --discard` has settled it, the identical request is sent."""
    with BytesServer(in_turn(finish, answer(200, ACCEPTED["runbase"]))) as server:
        assert shop.buy(server.url).code == 6
        intent = shop.rows()[0].intent
        assert intent is not None
        assert shop.run("recover", "--discard", intent).code == 0
        assert shop.buy(server.url).code == 0


def test_money_6_6_key_profile_and_metadata_make_no_difference(shop: Shop) -> None:
    """Another key, profile, metadata or callback is the same request; another endpoint is not."""
    ok = answer(200, ACCEPTED["seedance2ink"])
    with BytesServer(in_turn(finish, ok)) as server, BytesServer(ok) as other:
        ink = "seedance2ink"
        assert shop.buy(server.url, provider=ink).code == 6
        assert shop.buy(server.url, "--metadata", "a=b", provider=ink).code == 6
        assert shop.buy(server.url, "--callback-url", "https://h.example/x", provider=ink).code == 6
        rekeyed = shop.buy(server.url, provider=ink, SEEDANCE2INK_API_KEY="another-key-1234")
        assert rekeyed.code == 6
        assert posts(server) == 1
        assert shop.buy(other.url, provider=ink).code == 0


def test_money_6_6_a_callback_makes_no_difference_wherever_it_stands(shop: Shop) -> None:
    """A callback that a --param puts inside the provider's options is still the same request."""
    with BytesServer(in_turn(finish, answer(200, ACCEPTED["runbase"]))) as server:
        assert shop.buy(server.url).code == 6
        for param in ('callback_url="https://h.example/a"', 'webhook={"url":"x"}'):
            assert shop.buy(server.url, "--param", param).code == 6
        assert posts(server) == 1
        assert shop.buy(server.url, "--param", "seed=1").code == 0


@pytest.mark.parametrize("code", [402, 429, 401])
def test_money_6_6_a_refusal_blocks_nothing(shop: Shop, code: int) -> None:
    """After a clear refusal the same request may be sent again."""
    with BytesServer(in_turn(status(code), answer(200, ACCEPTED["runbase"]))) as server:
        assert shop.buy(server.url).code in {3, 4}
        assert shop.buy(server.url).code == 0


# 6.10, without a name: told once


KILLED = """
import os, sys
from seedance_cli.ledger.record import Ledger
accept = Ledger.accept
def accept_and_die(*args):
    accept(*args)
    os._exit(9)
Ledger.accept = accept_and_die
from seedance_cli.cli.program import main
main(sys.argv[1:])
"""


def killed_before_it_told(shop: Shop, url: str) -> None:
    """Submit, and die between the commit of the id and its print."""
    result = shop.start(url, code=KILLED).finish()
    assert (result.code, result.out) == (9, "")


@pytest.mark.parametrize("options", [(), ("--json",), ("--wait",)])
def test_money_6_10_an_untold_task_is_told_and_not_paid_again(
    shop: Shop, options: tuple[str, ...]
) -> None:
    """Killed between commit and print: the same command sends nothing; its result is the ref."""
    done = run_with('"status":"succeeded","output":{"urls":["https://v.example/a"]}')
    buys = in_turn(named("t-1"), named("t-2"))

    def script(request: Request, client: Client) -> None:
        (buys if request.method == "POST" else done)(request, client)

    with BytesServer(script) as server:
        killed_before_it_told(shop, server.url)
        assert shop.buy(server.url, prompt="another boat").code == 0
        result = shop.buy(server.url, *options)
        assert (result.code, posts(server)) == (0, 2)
        if "--json" in options:
            told = next(row for row in shop.rows() if row.ref == "runbase:t-1")
            assert (result.json["ref"], result.json["intent"]) == (told.ref, told.intent)
        else:
            wanted = "https://v.example/a" if options else "runbase:t-1"
            assert result.out == f"{wanted}\n"
        assert "nothing was sent" in result.err
        assert "2026" in result.err
        assert "--again" in result.err
        assert [row.told for row in shop.rows()] == [True, True]


def test_money_6_10_what_was_told_is_paid_anew(shop: Shop) -> None:
    """Once told, by `generate` or by `status`, the same command is a new request; so is --again."""
    ids = (f"t-{number}" for number in range(9))

    def script(request: Request, client: Client) -> None:
        read = request.target.rpartition("/")[2]
        named(next(ids) if request.method == "POST" else read)(request, client)

    with BytesServer(script) as server:
        killed_before_it_told(shop, server.url)
        assert shop.buy(server.url, "--again").out == "runbase:t-1\n"
        assert shop.buy(server.url).out == "runbase:t-0\n", "the untold one"
        assert shop.buy(server.url).out == "runbase:t-2\n"
        killed_before_it_told(shop, server.url)
        assert "runbase:t-3" in shop.run("status", "t-3", env=shop.env(server.url)).out
        assert shop.buy(server.url).out == "runbase:t-4\n"
        assert posts(server) == 5


def test_money_6_10_the_same_request_that_runs_is_named(shop: Shop) -> None:
    """It is submitted all the same; stderr says which ref runs already, for a day."""
    with BytesServer(in_turn(*(named(f"t-{number}") for number in range(9)))) as server:
        first = shop.buy(server.url)
        assert "runs already" not in first.err
        second = shop.buy(server.url)
        assert second.out == "runbase:t-1\n"
        assert "the same request runs already as runbase:t-0, submitted at 2026-" in second.err
        assert "runs already" not in shop.buy(server.url, prompt="another boat").err
        shop.clock.advance(25 * 3600)
        assert "runs already" not in shop.buy(server.url).err
        assert posts(server) == 4


# 6.12: an id that the ledger has


def test_money_6_12_an_id_of_the_same_request_is_one_task(shop: Shop) -> None:
    """A provider that took two requests for one: both rows are the task, and follow it."""
    body = '"status":"succeeded","costUsd":0.3,"output":{"urls":["https://v.example/a"]}'
    with BytesServer(served(run_with(body))) as server:
        assert shop.buy(server.url).code == 0
        shop.clock.advance(60)
        second = shop.buy(server.url)
        assert (second.code, second.out, posts(server)) == (0, "runbase:t-1\n", 2)
        assert "runbase:t-1 is known since 2026-02-07T10:30:0" in second.err
        assert [row.ref for row in shop.rows()] == ["runbase:t-1"] * 2
        waited = shop.run("wait", env=shop.env(server.url), clock=shop.clock)
        assert waited.out == "https://v.example/a\n"
        assert [(row.status, row.delivered) for row in shop.rows()] == [
            (Status.SUCCEEDED, True)
        ] * 2
        price = shop.run("price", "-p", "runbase", "--json", env=shop.env(server.url)).json
        assert [row["charged"]["n"] for row in price if row["charged"]] == [1]
        again = shop.run("wait", env=shop.env(server.url), clock=shop.clock)
        assert "no unfinished task" in again.err


@pytest.mark.parametrize("options", [(), ("--json",), ("--wait",)])
def test_money_6_12_an_id_of_another_request_is_unknown(
    shop: Shop, options: tuple[str, ...]
) -> None:
    """Another prompt is not given the first one's task: 6, and `recover` shows what came."""
    with BytesServer(answer(200, ACCEPTED["runbase"])) as server:
        assert shop.buy(server.url).code == 0
        second = shop.buy(server.url, *options, prompt="a cat")
        assert (second.code, posts(server)) == (6, 2)
        assert "runbase:t-1" in second.err
        assert "seedance recover" in second.err
        if "--json" in options:
            assert second.json["status"] == "unknown"
            assert (second.error["code"], second.error["retry_safe"]) == ("outcome_unknown", False)
        else:
            assert second.out == ""
        assert shop.states() == [IntentState.ACCEPTED, IntentState.UNKNOWN]
        assert "runbase:t-1 is the task of another request" in shop.run("recover").out
        assert shop.buy(server.url, prompt="a cat").code == 6, "it blocks"
        assert posts(server) == 2


def test_money_6_12_the_same_id_elsewhere_is_another_task(shop: Shop) -> None:
    """An id is one task at one endpoint."""
    ok = answer(200, ACCEPTED["runbase"])
    with BytesServer(ok) as server, BytesServer(ok) as other:
        assert shop.buy(server.url).code == 0
        result = shop.buy(other.url, prompt="a cat")
        assert (result.code, result.out) == (0, "runbase:t-1\n")
        assert "known since" not in result.err


@POSIX
def test_fault_12_killed_in_flight_is_unknown_and_blocks(shop: Shop) -> None:
    """Killed while the POST is in flight: the intent is unknown, `recover` names it, it blocks."""
    came, done = threading.Event(), threading.Event()

    def script(_: Request, __: Client) -> None:
        came.set()
        done.wait(10)

    with BytesServer(script) as server:
        process = shop.start(server.url)
        assert came.wait(10)
        assert shop.states() == [IntentState.SENDING], "alive: left alone"
        process.popen.kill()
        process.finish()
        done.set()
        assert shop.states() == [IntentState.UNKNOWN]
        assert shop.buy(server.url).code == 6
        assert posts(server) == 1
    assert "a boat" in shop.run("recover").out


@POSIX
def test_fault_12_killed_in_the_pause_after_a_refusal_is_refused(shop: Shop) -> None:
    """Killed while it waits to be let in, after a 429: that is known, and blocks nothing."""
    script = in_turn(status(429, LIMITED, "Retry-After: 60"), answer(200, ACCEPTED["runbase"]))
    with BytesServer(script) as server:
        process = shop.start(server.url)
        deadline = time.monotonic() + 20
        while not posts(server) or shop.states() != [IntentState.PREPARED]:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.popen.kill()
        process.finish()
        assert shop.states() == [IntentState.REFUSED]
        assert (shop.buy(server.url).code, posts(server)) == (0, 2)


@pytest.mark.parametrize("clocks", ["both", "wall"])
def test_money_no_post_leaves_30_s_after_sending(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, clocks: str
) -> None:
    """A machine that slept while it connected sends nothing of that try, and writes a new one."""
    race, naps = racing.race, [0.0]

    def slept(*words: Any, **named: Any) -> Any:
        nap = naps.pop()
        (shop.clock.advance if clocks == "both" else shop.clock.jump)(nap)
        return race(*words, **named)

    monkeypatch.setattr(backend, "race", slept)
    with BytesServer(answer(200, ACCEPTED["runbase"])) as server:
        naps[:] = [0.0, 31.0]
        assert (shop.buy(server.url).code, posts(server)) == (0, 1)
        assert shop.clock.sleeps == [1]
        naps[:] = [31.0, 31.0, 31.0]
        result = shop.buy(server.url, prompt="a cat")
        assert (result.code, posts(server)) == (5, 1)
    assert "the request could not leave within 30 s; nothing was sent" in result.err
    assert shop.states() == [IntentState.ACCEPTED, IntentState.NOT_SENT]


@pytest.mark.full
@POSIX
def test_fault_12_killed_at_any_moment_nothing_is_lost(shop: Shop) -> None:
    """Killed at 40 different moments, every task the server made has its id or an unknown row."""
    made: list[str] = []

    def script(request: Request, client: Client) -> None:
        time.sleep(0.03)
        made.append(f"t-{len(made)}")
        answer(200, f'{{"id":"{made[-1]}"}}'.encode())(request, client)

    with BytesServer(script) as server:
        for step in range(40):
            before = posts(server)
            process = shop.spawn("generate", f"boat {step}", env=shop.env(server.url))
            deadline = time.monotonic() + (10 if step % 2 else 0.2 + step * 0.02)
            while posts(server) == before and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(step % 2 * step * 0.002)
            process.popen.kill()
            process.finish()
    rows = shop.rows()
    known = {row.task.task_id for row in rows if row.task is not None}
    unknown = [row for row in rows if row.state is IntentState.UNKNOWN]
    assert len(made) > 3
    assert len(unknown) >= len(set(made) - known)


# 6.2, 6.3: written before and after


def test_money_6_2_the_intent_is_in_the_ledger_before_the_post(shop: Shop) -> None:
    """When the POST arrives, another process already reads its intent from the disk."""
    seen: list[Submission] = []

    def script(request: Request, client: Client) -> None:
        seen.extend(shop.rows())
        answer(200, ACCEPTED["runbase"])(request, client)

    with BytesServer(script) as server:
        assert shop.buy(server.url).code == 0
    (row,) = seen
    assert row.state is IntentState.SENDING
    assert row.request is not None
    assert row.request.prompt == "a boat"
    assert KEY.encode() not in shop.ledger_bytes()


@pytest.mark.parametrize("provider", NAMES)
def test_money_6_3_the_id_is_in_the_ledger_and_on_stdout(shop: Shop, provider: str) -> None:
    """An accepted submission leaves its ref on stdout, alone, and its id in the ledger."""
    with BytesServer(answer(200, ACCEPTED[provider])) as server:
        result = shop.buy(server.url, provider=provider)
        assert posts(server) == 1
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert (result.code, result.out) == (0, f"{provider}:t-1\n")
    assert [row.ref for row in shop.rows()] == [f"{provider}:t-1"]


def test_money_6_1_a_thread_that_cannot_start_is_not_sent(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the exchange cannot even begin, the intent is settled as not sent."""
    real = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if thread.name == "seedance-exchange":
            raise RuntimeError("can't start new thread")
        real(thread)

    with BytesServer(answer(200, ACCEPTED["runbase"])) as server:
        monkeypatch.setattr(threading.Thread, "start", start)
        monkeypatch.setattr(exchange, "exchanges", Threads())  # none is there yet
        result = shop.buy(server.url, "--json")
        monkeypatch.undo()
        assert (result.code, server.connections) == (5, 0)
    assert result.error["retry_safe"] is True
    assert "nothing was sent" in result.err
    assert shop.states() == [IntentState.NOT_SENT]


# 6.7: --max-cost

LISTED = {
    "56 credits": 0,
    "56 Credit": 0,
    "56.0 credits": 0,
    "1000 credits": 0,
    "55.999999999999999999 credits": 11,
    "0 credits": 11,
    "100 USD": 11,
}


@pytest.mark.parametrize("limit", LISTED)
def test_money_6_7_the_listed_price_decides(shop: Shop, limit: str) -> None:
    """The listed price of exactly this request, in its own unit, decides."""
    options = ("-d", "8", "-r", "720p", "--audio", "--max-cost", limit)
    with BytesServer(answer(200, ACCEPTED["seedanceapi"])) as server:
        result = shop.buy(server.url, *options, provider="seedanceapi")
        assert (result.code, posts(server)) == (LISTED[limit], int(LISTED[limit] == 0))
    if result.code:
        assert "credits" in result.err


def test_money_6_7_an_unknown_param_makes_the_price_unknown(shop: Shop) -> None:
    """With a field this program does not know, no price is assumed: 11."""
    with BytesServer(answer(200, ACCEPTED["seedanceapi"])) as server:
        options = ("--param", "turbo=true", "--max-cost", "1000 credits")
        result = shop.buy(server.url, *options, "--json", provider="seedanceapi")
        assert (result.code, server.connections) == (11, 0)
    assert result.error["code"] == "over_max_cost"
    assert result.out == ""


@pytest.mark.parametrize("provider", NAMES[1:])
def test_money_6_7_an_unlisted_price_is_unknown(shop: Shop, provider: str) -> None:
    """Where nothing is listed and nothing was charged yet, --max-cost refuses."""
    unit = {"seedance2ink": "1000 credits", "runbase": "1000 USD", "defapi": "1000"}[provider]
    with BytesServer(answer(200, ACCEPTED[provider])) as server:
        assert shop.buy(server.url, "--max-cost", unit, provider=provider).code == 11
        assert server.connections == 0


@pytest.mark.parametrize("provider", ["seedanceapi", "seedance2ink", "runbase"])
def test_money_6_7_a_number_needs_its_unit(shop: Shop, provider: str) -> None:
    """Where the provider states a unit, a bare number is refused (2), saying what to type."""
    with BytesServer(answer(200, ACCEPTED[provider])) as server:
        for more in ((), ("--dry-run",)):
            done = shop.buy(server.url, "--max-cost", "56", *more, provider=provider)
            assert (done.code, done.out, server.connections) == (2, "", 0)
            unit = "USD" if provider == "runbase" else "credits"
            assert f"--max-cost '56 {unit}'" in done.err


def charge(
    shop: Shop, url: str, amount: str, *, unit: str | None = "USD", sandbox: bool = False
) -> None:
    """A finished task in the ledger that was charged so much."""
    with Ledger.open(shop.state, FakeClock(), create=True) as ledger:
        priced = PricedFields("bytedance/seedance-1.5-pro", 8, None, None)
        intent = prepare(ledger, amount, endpoint=url, sandbox=sandbox, priced=priced)
        ledger.sending(intent)
        price = Price(Decimal(amount), unit, "charged")
        ledger.accept(intent, Task(task_id=amount, status=Status.SUCCEEDED, cost=price))


CHARGED = {"0.30 USD": 0, "0.3 usd": 0, "0.29 USD": 11, "0.3 credits": 11}


@pytest.mark.parametrize("limit", CHARGED)
def test_money_6_7_the_highest_charge_decides_where_nothing_is_listed(
    shop: Shop, limit: str
) -> None:
    """Without a list, the most charged for the same priced fields decides, and is named."""
    with BytesServer(answer(200, ACCEPTED["runbase"])) as server:
        for amount in ("0.10", "0.30", "0.20"):
            charge(shop, server.url, amount)
        charge(shop, "http://127.0.0.1:1", "99")
        charge(shop, server.url, "98", sandbox=True)
        result = shop.buy(server.url, "-d", "8", "--max-cost", limit)
        assert (result.code, posts(server)) == (CHARGED[limit], int(CHARGED[limit] == 0))
        if result.code == 0:
            assert "0.30 USD" in result.err
        other = shop.buy(server.url, "-d", "12", "--max-cost", "100 USD")
        assert other.code == 11, "other priced fields: unknown"


DEARER = {
    "images": [f"--image=https://i.example/{n}.png" for n in range(5)],
    "one image": ["--image=https://i.example/1.png"],
    "ratio": ["-a", "9:16"],
}


@pytest.mark.parametrize("what", DEARER)
def test_money_6_7_what_may_cost_more_is_a_priced_field(shop: Shop, what: str) -> None:
    """What a text task was charged says nothing of one with images, or of another ratio."""
    provider, more = "seedance2ink", DEARER[what]
    body = b'{"success":true,"requestId":"%s","status":"queued","creditsCharged":%d}'
    scripts = [answer(200, body % pair) for pair in ((b"a", 40), (b"b", 60), (b"c", 60))]
    with BytesServer(in_turn(*scripts)) as server:
        plain = ("-d", "8", "-r", "720p")
        assert shop.buy(server.url, *plain, provider=provider).code == 0
        dear = (*plain, *more, "--max-cost")
        unknown = shop.buy(server.url, *dear, "40 credits", provider=provider)
        assert (unknown.code, posts(server)) == (11, 1)
        assert shop.buy(server.url, *plain, *more, provider=provider).code == 0
        over = shop.buy(server.url, *dear, "59 credits", provider=provider)
        assert (over.code, posts(server)) == (11, 2)
        assert "60" in over.err
        assert shop.buy(server.url, *dear, "60 credits", provider=provider).code == 0
        assert (
            shop.buy(server.url, *plain, "--max-cost", "39 credits", provider=provider).code == 11
        )
        assert posts(server) == 3


def test_money_6_7_a_charge_above_the_list_decides(shop: Shop) -> None:
    """The greater of the listed price and the highest charge counts, and is named."""
    with BytesServer(answer(200, ACCEPTED["seedanceapi"])) as server:
        with Ledger.open(shop.state, FakeClock(), create=True) as ledger:
            for amount in ("20", "61", "28"):
                submit(
                    ledger,
                    amount,
                    provider="seedanceapi",
                    endpoint=server.url,
                    priced=PricedFields(None, 8, "720p", audio=False),
                    cost=Price(Decimal(amount), "credits", "charged"),
                )
        over = shop.buy(server.url, "--max-cost", "60 credits", provider="seedanceapi")
        assert (over.code, posts(server)) == (11, 0)
        assert "--max-cost '61 credits'" in over.err
        dry = shop.buy(server.url, "--dry-run", provider="seedanceapi")
        assert "price: 61 credits (charged)" in dry.out
        paid = shop.buy(server.url, "--max-cost", "61 credits", provider="seedanceapi")
        assert (paid.code, posts(server)) == (0, 1)
        assert "61 credits" in paid.err


def test_money_6_7_the_highest_charge_in_the_limits_unit(shop: Shop) -> None:
    """Of charges in two units those count that --max-cost is in."""
    with BytesServer(in_turn(named("t-1"), named("t-2"))) as server:
        charge(shop, server.url, "40", unit="credits")
        charge(shop, server.url, "0.3")
        for limit, code in (("39 credits", 11), ("0.29 USD", 11), ("40 EUR", 11)):
            assert shop.buy(server.url, "-d", "8", "--max-cost", limit).code == code
        for limit in ("40 credits", "0.3 USD"):
            assert shop.buy(server.url, "-d", "8", "--max-cost", limit, prompt=limit).code == 0


def test_money_6_9_the_sandbox_feeds_no_max_cost(shop: Shop) -> None:
    """A charge of the sandbox is no price."""
    with BytesServer(answer(200, ACCEPTED["runbase"])) as server:
        charge(shop, server.url, "0.1", sandbox=True)
        assert shop.buy(server.url, "-d", "8", "--max-cost", "5 USD").code == 11
        assert server.connections == 0


def test_money_6_9_amounts_never_pass_through_a_float(shop: Shop) -> None:
    """A charge keeps every digit the provider wrote."""
    body = ACCEPTED["seedance2ink"].replace(b"40", b"0.12345678901234567891")
    with BytesServer(answer(200, body)) as server:
        result = shop.buy(server.url, "--json", provider="seedance2ink")
    assert result.json["cost"]["amount"] == "0.12345678901234567891"


# 6.8 and section 5: once the id is known


def served(read: Script) -> Script:
    """POSTs are accepted; everything else is answered by `read`."""

    def script(request: Request, client: Client) -> None:
        (answer(200, ACCEPTED["runbase"]) if request.method == "POST" else read)(request, client)

    return script


def run_with(body: str) -> Script:
    return answer(200, f'{{"id":"t-1",{body}}}'.encode())


READS: dict[str, tuple[Script, int, str]] = {
    "401": (status(401), 8, "unauthorized"),
    "403": (status(403), 8, "forbidden"),
    "404": (status(404), 8, "not_found"),
    "418": (status(418), 8, "rejected"),
    "500 for ever": (status(500), 8, "unreachable"),
    "429 for ever": (status(429, LIMITED, "Retry-After: 60"), 8, "rate_limited"),
    "HTML for ever": (answer(200, b"<html>"), 8, "unreachable"),
    "FIN for ever": (finish, 8, "unreachable"),
    "failed": (run_with('"status":"failed","error":"no"'), 7, "task_failed"),
    "cancelled": (run_with('"status":"canceled"'), 7, "task_failed"),
    "no URL": (run_with('"status":"succeeded"'), 9, "download_failed"),
    "unusable URL": (
        run_with('"status":"succeeded","output":{"urls":["http://x/\\u001b"]}'),
        9,
        "download_failed",
    ),
}


@pytest.mark.parametrize("read", READS)
def test_exit_codes_once_the_id_is_known(shop: Shop, read: str) -> None:
    """Once the id is known, a read that cannot go on is 8 with its code; never 3, 4 or 5."""
    script, code, word = READS[read]
    with BytesServer(served(script)) as server:
        result = shop.buy(server.url, "--wait", "--json")
        assert (result.code, posts(server)) == (code, 1)
    assert result.error["code"] == word
    assert result.error["ref"] == "runbase:t-1"
    assert result.json["ref"] == "runbase:t-1"
    assert "submitted runbase:t-1" in result.err


def test_exit_codes_once_the_id_is_known_unreachable_is_bounded(shop: Shop) -> None:
    """Without a deadline, ten minutes without one good answer end in 8."""
    with BytesServer(served(finish)) as server:
        before = shop.clock.monotonic()
        assert shop.buy(server.url, "--wait").code == 8
        assert 600 <= shop.clock.monotonic() - before < 700


def test_money_6_8_a_timeout_neither_cancels_nor_resubmits(shop: Shop) -> None:
    """A --timeout that passes leaves the task alone: one POST, no cancel, 8 with the ref."""
    running = answer(200, b'{"success":true,"requestId":"t-1","status":"processing"}')

    def script(request: Request, client: Client) -> None:
        (answer(200, ACCEPTED["seedance2ink"]) if request.method == "POST" else running)(
            request, client
        )

    with BytesServer(script) as server:
        result = shop.buy(server.url, "--wait", "--timeout", "30", provider="seedance2ink")
        assert (result.code, posts(server)) == (8, 1)
    assert "seedance wait seedance2ink:t-1" in result.err


def test_money_6_8_a_failed_download_neither_cancels_nor_resubmits(shop: Shop) -> None:
    """A video that cannot be had is 9; one POST, and the task is kept."""

    def script(request: Request, client: Client) -> None:
        url = f"http://{request.headers['host']}/video.mp4"
        done = run_with(f'"status":"succeeded","output":{{"urls":["{url}"]}}')
        (status(404) if request.target == "/video.mp4" else served(done))(request, client)

    with BytesServer(script) as server:
        result = shop.buy(server.url, "--download")
        assert (result.code, posts(server)) == (9, 1)
    assert [row.ref for row in shop.rows()] == ["runbase:t-1"]


# 44: the environment


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_fault_44_a_loopback_endpoint_goes_through_no_proxy(shop: Shop, host: str) -> None:
    """With proxies set, a loopback endpoint is reached directly."""
    with BytesServer(status(407)) as proxy, BytesServer(answer(200, ACCEPTED["runbase"])) as server:
        url = f"http://{host}:{server.port}"
        proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"), proxy.url)
        assert shop.buy(url, **proxies).code == 0
        assert (proxy.connections, posts(server)) == (0, 1)


SETTINGS = {
    "NO_PROXY": "[::1]",
    "HTTPS_PROXY": "socks5://127.0.0.1:1",
    "ALL_PROXY": "nonsense://u:hunter2@x",
    "https_proxy": "socks5h://127.0.0.1:1",
    "SSL_CERT_FILE": "/nowhere/at/all.pem",
    "SSL_CERT_DIR": "/nowhere/at/all",
}


@pytest.mark.parametrize("name", SETTINGS)
def test_fault_44_a_setting_that_cannot_be_used_is_named(shop: Shop, name: str) -> None:
    """A proxy or certificate variable that cannot be used is 3, named, without its password."""
    env = {name: SETTINGS[name]}
    if name == "NO_PROXY":
        env["HTTPS_PROXY"] = "http://127.0.0.1:1"
    result = shop.buy("https://seedance.example/v1", "--json", **env)
    assert result.code == 3
    assert name in result.error["message"]
    assert "hunter2" not in result.err
    assert shop.rows() == []


# 46: what cannot be sent at all

NONSENSE = {
    "lone surrogate": ("\ud83d boat",),
    "NUL": ("a\x00b",),
    "param NaN": ("x", "--param", "a=NaN"),
    "param -Infinity": ("x", "--param", "a=[-Infinity]"),
    "param 1e999": ("x", "--param", "a=1e999"),
    "param 5000 digits": ("x", "--param", "a=" + "9" * 5000),
    "param surrogate": ("x", "--param", 'a="\\ud800"'),
    "param deep": ("x", "--param", "a=" + "[" * 100_000),
    "duration -1": ("x", "--duration=-1"),
    "duration NaN": ("x", "-d", "NaN"),
    "duration 1e1": ("x", "-d", "1e1"),
    "duration 0": ("x", "-d", "0", "--no-validate"),
    "duration huge": ("x", "-d", "999999", "--no-validate"),
    "duration 5000 digits": ("x", "-d", "9" * 5000),
    "max-cost NaN": ("x", "--max-cost", "NaN"),
    "max-cost sNaN": ("x", "--max-cost", "sNaN"),
    "max-cost -1": ("x", "--max-cost=-1"),
    "max-cost Infinity": ("x", "--max-cost", "Infinity credits"),
    "max-cost 1e999999": ("x", "--max-cost", "1e999999"),
    "max-cost words": ("x", "--max-cost", "much"),
    "max-cost empty": ("x", "--max-cost", ""),
    "timeout NaN": ("x", "--wait", "--timeout", "nan"),
    "timeout -1": ("x", "--wait", "--timeout=-1"),
    "timeout inf": ("x", "--wait", "--timeout", "inf"),
    "interval NaN": ("x", "--wait", "--interval", "nan"),
    "interval 0": ("x", "--wait", "--interval", "0"),
    "interval inf": ("x", "--wait", "--interval", "inf"),
    "interval 1e300": ("x", "--wait", "--interval", "1e300"),
}


@pytest.mark.parametrize("kind", NONSENSE)
def test_fault_46_what_no_json_can_carry_is_refused_here(shop: Shop, kind: str) -> None:
    """Lone surrogates, NUL, NaN, negative and huge numbers are 2, and nothing is sent."""
    with BytesServer(answer(200, ACCEPTED["runbase"])) as server:
        env = shop.env(server.url)
        result = shop.run("generate", *NONSENSE[kind], env=env, clock=shop.clock)
        assert (result.code, server.connections) == (2, 0)
    assert len(result.err) < 12_000
    assert shop.rows() == []


@pytest.mark.parametrize(
    ("levels", "code"), [(64, 0), (65, 2), (500, 2), (970, 2), (975, 2), (20_000, 2)]
)
@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"a":', "}")])
def test_fault_46_a_param_nested_too_deep_is_refused_here(
    shop: Shop, levels: int, code: int, start: str, end: str
) -> None:
    """What Python's recursion could fail at after it was paid for is refused before: 2, no POST."""
    with BytesServer(answer(200, ACCEPTED["runbase"])) as server:
        result = shop.buy(server.url, "--param", f"x={start * levels}1{end * levels}", "--json")
        assert (result.code, posts(server)) == (code, int(not code))
    if code:
        assert "--param x" in result.error["message"]
        assert "64 levels" in result.error["hint"]
        assert result.error["retry_safe"] is True


@pytest.mark.parametrize("raw", [b"a\x00b", b"caf\xe9", b"\xed\xa0\x80", b"", b" \n"])
def test_fault_46_bytes_that_are_no_text_are_refused(shop: Shop, raw: bytes) -> None:
    """A prompt on stdin that is empty, has a NUL, or is no UTF-8 is 2, and nothing is sent."""
    with BytesServer(answer(200, ACCEPTED["runbase"])) as server:
        result = shop.run("generate", "-", stdin=raw, env=shop.env(server.url))
        assert (result.code, server.connections) == (2, 0)


def test_json_says_what_is_unknown_on_stdout_too(shop: Shop) -> None:
    """With --json an unknown outcome is one document: no ref, no id, status unknown."""
    with BytesServer(finish) as server:
        result = shop.buy(server.url, "--json")
    assert result.code == 6
    document = json.loads(result.out)
    assert (document["ref"], document["task_id"], document["status"]) == (None, None, "unknown")
    assert document["intent"] == shop.rows()[0].intent


LINES: dict[str, tuple[Script | None, bool, bool]] = {
    "accepted, then not watchable": (answer(200, ACCEPTED["runbase"]), False, True),
    "refused": (status(402, b'{"error":{"message":"no money","code":"x"}}'), True, True),
    "unknown": (status(500), False, True),
    "not sent": (None, True, True),
    "usage": (status(500), True, False),
}


@pytest.mark.parametrize("kind", LINES)
def test_json_the_error_line_says_what_may_be_done_again(shop: Shop, kind: str) -> None:
    """`retry_safe`, `ref` and `intent` are always there, and right, whatever the end was."""
    script, safe, has_row = LINES[kind]
    wait = ("--wait", "--timeout", "0") if "accepted" in kind else ()
    odd = ("-d", "999") if kind == "usage" else ()
    if script is None:
        result = shop.buy(f"http://127.0.0.1:{closed_port()}", "--json")
    else:
        with BytesServer(script) as server:
            result = shop.buy(server.url, "--json", *wait, *odd)
    rows = shop.rows()
    ref = "runbase:t-1" if "accepted" in kind else None
    assert (result.error["retry_safe"], result.error["ref"]) == (safe, ref), result.err
    assert result.error["intent"] == (rows[0].intent if has_row else None)
    assert len(rows) == has_row


def test_json_the_error_line_of_a_request_that_is_blocked(shop: Shop) -> None:
    """An identical request to an unknown one: not safe, with the intent that blocks it."""
    with BytesServer(status(500)) as server:
        assert shop.buy(server.url).code == 6
        result = shop.buy(server.url, "--json")
        assert (result.code, posts(server)) == (6, 1)
    (row,) = shop.rows()
    assert (result.error["retry_safe"], result.error["intent"]) == (False, row.intent)
    assert (result.json["intent"], result.json["status"]) == (row.intent, "unknown")

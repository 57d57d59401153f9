"""One exchange on a wire that behaves oddly: what left, what came, and when it is over."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import threading
import time
import zlib
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import httpcore
import httpx
import pytest

from seedance_cli import providers
from seedance_cli.http import limits
from seedance_cli.http.backend import SocketStream
from seedance_cli.http.exchange import Event, Reply
from seedance_cli.http.faults import FaultKind, TransportFault
from seedance_cli.http.heads import HeadReader, TooMuchHead, read_head
from seedance_cli.http.packing import unpacked
from seedance_cli.http.tap import Tap
from seedance_cli.http.wire import Wire
from seedance_cli.ledger.record import Ledger
from seedance_cli.models import HttpResponse, IntentState
from seedance_cli.system.clock import SystemClock
from seedance_cli.tasks.outcome import classify
from support.bytes_server import BytesServer, answer, head
from support.exchanges import wait_for_exchanges
from support.fake_clock import FakeClock
from support.scripted_provider import ScriptedProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.bytes_server import Client, Request, Script
    from support.runner import Result, Run, Spawn

KEY = "sk-Canary_7Qz9xW2vB8nM4kL1"
PAY = ("generate", "a boat", "-p", "runbase")
ACCEPTED = b'{"id":"t-1","status":"pending"}'


def env(url: str) -> dict[str, str | None]:
    return {"RUNBASE_API_KEY": KEY, "RUNBASE_BASE_URL": url}


def pay(run: Run, url: str, clock: FakeClock | None = None, *words: str) -> Result:
    return run(*PAY, *words, env=env(url), clock=clock or FakeClock())


def states(tmp_path: Path) -> list[IntentState | None]:
    with Ledger.open(tmp_path / "state", FakeClock(), create=False) as ledger:
        return [row.state for row in ledger.rows(all_states=True)]


def posts(server: BytesServer) -> int:
    return sum(request.method == "POST" for request in server.requests)


def sends(*data: bytes) -> Script:
    """Exactly these bytes, then FIN."""

    def script(_: Request, client: Client) -> None:
        for piece in data:
            client.send(piece)
            time.sleep(0.02)  # a packet of its own

    return script


@contextmanager
def listening(handle: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server whose every connection is given to the function; its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()
    faults: list[Exception] = []

    def serve(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(20)
            try:
                handle(connection)
            except (OSError, AssertionError) as error:
                faults.append(error)

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            if ended.is_set():
                connection.close()
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    ended.set()
    socket.create_connection(listener.getsockname()).close()
    thread.join(10)
    listener.close()
    assert not faults


# 6.13: whether it left


def renamed(name: str) -> str:
    return name.replace("send_", "transmit_").replace("connect_", "dial_")


EVENTS: dict[str, Callable[[str], str | None]] = {
    "renamed": renamed,
    "missing": lambda _: None,
    "the sending is missing": lambda name: None if "send" in name else name,
}


@pytest.fixture(params=EVENTS)
def other_events(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A future httpcore whose trace events have other names, or are gone."""
    real = httpcore._trace.Trace.trace

    def trace(self: Any, name: str, info: dict[str, Any]) -> None:
        told = EVENTS[request.param](name)
        if told is not None:
            real(self, told, info)

    monkeypatch.setattr(httpcore._trace.Trace, "trace", trace)


def dropped(_: Request, __: Client) -> None:
    """Close without a byte."""


UNCLEAR: dict[str, Script] = {
    "dropped": dropped,
    "reset": lambda _, client: client.reset(),
    "500": answer(500, b"{}"),
    "cut": sends(head(200, {"Content-Length": "99"}) + b'{"i'),
}


@pytest.mark.usefixtures("other_events")
@pytest.mark.parametrize("kind", UNCLEAR)
def test_money_6_13_no_event_of_a_library_decides_that_nothing_left(
    kind: str, run: Run, tmp_path: Path
) -> None:
    """With httpcore's events renamed or gone, an unclear end is 6 after one POST."""
    with BytesServer(UNCLEAR[kind]) as server:
        result = pay(run, server.url)
        assert (result.code, posts(server)) == (6, 1), result.err
    assert states(tmp_path) == [IntentState.UNKNOWN]


@pytest.mark.usefixtures("other_events")
def test_money_6_13_an_answer_is_understood_without_events(run: Run, tmp_path: Path) -> None:
    """An acceptance and a refusal are what they are."""
    with BytesServer(answer(200, ACCEPTED)) as server:
        result = pay(run, server.url)
        assert (result.code, result.out, posts(server)) == (0, "runbase:t-1\n", 1)
    with BytesServer(answer(402, b"{}")) as server:
        assert (pay(run, server.url, None, "--again").code, posts(server)) == (4, 1)
    assert set(states(tmp_path)) == {IntentState.ACCEPTED, IntentState.REFUSED}


@pytest.mark.parametrize("kind", UNCLEAR)
def test_money_6_13_a_network_that_says_nothing_is_one_that_sent(
    kind: str, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Were our own network not the one that is used: unclear ends are unknown, one POST."""
    silent = httpcore.SyncBackend()
    monkeypatch.setattr(
        "seedance_cli.http.backend.Backend.connect_tcp",
        lambda _, *words, **named: silent.connect_tcp(*words, **named),
    )
    with BytesServer(UNCLEAR[kind]) as server:
        result = pay(run, server.url)
        assert (result.code, posts(server)) == (6, 1), result.err
    assert states(tmp_path) == [IntentState.UNKNOWN]


def test_money_6_13_given_up_before_it_came_to_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the thread of the exchange is: it is refused there, so nothing has left."""
    begun, over = threading.Event(), threading.Event()
    send, give_up = httpx.Client.send, Tap.give_up

    def slow(client: httpx.Client, *words: Any, **named: Any) -> httpx.Response:
        begun.set()
        assert over.wait(60)
        time.sleep(0.1)  # who gave it up may go on meanwhile
        return send(client, *words, **named)

    def told(tap: Tap, *, unless_left: bool = False) -> bool:
        given_up = give_up(tap, unless_left=unless_left)
        over.set()
        return given_up

    monkeypatch.setattr(httpx.Client, "send", slow)
    monkeypatch.setattr(Tap, "give_up", told)
    with BytesServer(answer(200, ACCEPTED)) as server:
        wire = Wire(server.url, SystemClock())
        pending = wire.start("POST", server.url, {}, b"{}", alone=True)
        assert begun.wait(60)
        pending.wake()
        assert pending.wait(60) is Event.LATE
        assert not pending.reply().left
        wire.close()
        assert posts(server) == 0


@pytest.mark.parametrize("left", [True, False])
def test_money_6_13_an_answer_counts_before_anything_else(left: bool) -> None:
    """Whatever is believed of the request: what was answered was sent."""
    fault = TransportFault(FaultKind.CONNECT, "no connection")
    for status, body, state in (
        (200, ACCEPTED, IntentState.ACCEPTED),
        (500, b"", IntentState.UNKNOWN),
        (402, b"{}", IntentState.REFUSED),
    ):
        reply = Reply(left, HttpResponse(status, {}, body), fault, 1, True)
        assert classify(providers.get("runbase"), reply, FakeClock()).state is state


def test_money_6_13_the_paid_post_has_a_connection_of_its_own() -> None:
    """It is never sent on a connection that is kept, whose end would look like a lost answer."""
    ports: list[int] = []

    def handle(connection: socket.socket) -> None:
        while connection.recv(65536):
            ports.append(connection.getpeername()[1])
            connection.sendall(head(200, {"Content-Length": "2"}) + b"{}")

    with listening(handle) as url:
        wire = Wire(url, SystemClock())
        for alone in (False, False, True, False):
            pending = wire.start("GET", url, {}, None, alone=alone)
            pending.wait(10)
            assert pending.reply().fault is None
        wire.close()
    read, again, alone_port, later = ports
    assert read == again == later != alone_port


def test_connections_are_used_again_and_a_request_looks_at_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As many as there are requests at once; what each costs does not grow with the others."""
    at_once, ports, looks = 8, list[int](), list[int]()
    together = threading.Barrier(at_once)

    def handle(connection: socket.socket) -> None:
        while connection.recv(65536):
            ports.append(connection.getpeername()[1])
            together.wait(120)
            connection.sendall(head(200, {"Content-Length": "2"}) + b"{}")

    def readable(self: SocketStream) -> bool:
        looks.append(id(self))
        return looked(self)

    looked = SocketStream.readable
    monkeypatch.setattr(SocketStream, "readable", readable)
    with listening(handle) as url:
        wire = Wire(url, SystemClock())
        for _ in range(3):
            sent = [wire.start("GET", url, {}, None) for _ in range(at_once)]
            for pending in sent:
                pending.wait(120)
                assert pending.reply().fault is None
        wire.close()
    assert (len(ports), len(set(ports))) == (3 * at_once, at_once)
    assert len(looks) <= 2 * len(ports)


# 6.5: how long


def test_money_6_5_the_wait_begins_with_the_last_byte(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A big request on a slow line has its 60 s after it was sent; here they are 1.5 s."""
    monkeypatch.setattr("seedance_cli.tasks.gate.PAID_SECONDS", 1.5)
    bodies: list[int] = []

    def handle(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        data = connection.recv(65536)
        start, _, rest = data.partition(b"\r\n\r\n")
        wanted = int(start.lower().partition(b"content-length:")[2].split()[0])
        count, pauses = len(rest), 0
        while count < wanted:
            if count > wanted * (pauses + 1) // 5 and pauses < 4:
                pauses += 1
                time.sleep(0.6)
            count += len(connection.recv(65536))
        bodies.append(count)
        connection.sendall(head(200, {"Content-Length": str(len(ACCEPTED))}) + ACCEPTED)

    with listening(handle) as url:
        big = "a boat " * 1_500_000
        result = run("generate", "-", "-p", "runbase", stdin=big, env=env(url))
    assert (result.code, result.out) == (0, "runbase:t-1\n"), result.err
    assert bodies[0] > len(big)


def test_money_6_5_sending_is_bounded_by_the_size(run: Run, tmp_path: Path) -> None:
    """A server that takes nothing more of a big request is given up: unknown, 6."""
    clock = FakeClock()
    gone = threading.Event()

    def handle(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        assert connection.recv(1000).startswith(b"POST ")
        clock.patience = 0.2
        gone.wait(10)

    big = "a boat " * 1_500_000
    with listening(handle) as url:
        before = clock.monotonic()
        result = run("generate", "-", "-p", "runbase", stdin=big, env=env(url), clock=clock)
        passed = clock.monotonic() - before
        gone.set()
    assert result.code == 6
    assert passed == pytest.approx(limits.sending_seconds(len(big)), abs=2)
    assert states(tmp_path) == [IntentState.UNKNOWN]


def test_money_6_5_no_post_takes_longer_than_a_submission_counts_as_alive() -> None:
    """Connecting, sending and waiting end within the 10 minutes after which it is unknown."""
    for size in (0, 1000, 10**6, 10**9):
        whole = limits.CONNECT_SECONDS + limits.sending_seconds(size) + limits.PAID_SECONDS
        assert whole < 600
    assert limits.sending_seconds(2 << 20) > limits.sending_seconds(1 << 20)


# A process that was stopped

STOPPED = """
import h11, queue, signal, sys, time
from seedance_cli.system.clock import SystemClock
from seedance_cli.__main__ import main
real, passed, parse = time.monotonic, [0.0], h11.Connection.receive_data
def get(clock, items, seconds):
    while not passed[0]:
        try:
            return items.get(timeout=0.02)
        except queue.Empty:
            pass
    raise queue.Empty
def slowly(connection, data):
    time.sleep(0.3)
    return parse(connection, data)
time.monotonic = lambda: real() + passed[0]
SystemClock.get = get
h11.Connection.receive_data = slowly
signal.signal(signal.SIGCONT, lambda *_: passed.__setitem__(0, 3600.0))
sys.exit(main())
"""
"""The program as it is when it goes on after an hour: it looks at its watch before it has read."""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGSTOP")
@pytest.mark.parametrize("what", ["pay", "read"])
def test_fault_04_an_answer_that_came_while_the_process_was_stopped_is_taken(
    what: str, spawn: Spawn
) -> None:
    """The time is over when the process goes on, and the answer lies in the socket: it counts."""
    here, told = threading.Semaphore(0), threading.Event()
    body = ACCEPTED if what == "pay" else b'{"id":"t-1","status":"processing"}'

    def script(_: Request, client: Client) -> None:
        here.release()
        told.wait(60)
        client.send(head(200, {"Content-Length": str(len(body))}) + body)

    words = (*PAY, "--again") if what == "pay" else ("status", "runbase:t-1")
    with BytesServer(script) as server:
        runs = [spawn(*words, env=env(server.url), code=STOPPED) for _ in range(3)]
        for _ in runs:
            assert here.acquire(timeout=60)
        for one in runs:
            one.signal(signal.SIGSTOP)
        told.set()
        time.sleep(0.1)  # loopback: what was sent is there
        for one in runs:
            one.signal(signal.SIGCONT)
        results = [one.finish() for one in runs]
        assert len(server.requests) == len(runs)
    if what == "pay":
        assert [(one.code, one.out) for one in results] == [(0, "runbase:t-1\n")] * len(runs)
    else:
        assert {one.code for one in results} == {0}
        assert all(one.out.startswith("runbase:t-1\trunning") for one in results)


# 49: without end


def test_fault_49_interim_answers_without_end_on_a_kept_connection_are_bounded(run: Run) -> None:
    """A poll that only ever gets `100 Continue` is given up, and its connection ends."""
    clock = FakeClock()
    over = threading.Event()
    polls = 0
    ended: list[bool] = []

    def handle(connection: socket.socket) -> None:
        nonlocal polls
        while connection.recv(65536):
            polls += 1
            if polls == 2:
                clock.patience = 0.2
                with suppress(OSError):
                    while True:  # too slowly for the cap on bytes
                        connection.sendall(head(100))
                        time.sleep(0.01)
                over.set()
                return
            if polls > 2:
                clock.patience = 20.0
                ended.append(over.wait(5))
            word = b"processing" if polls == 1 else b"failed"
            body = b'{"id":"t-1","status":"%b"}' % word
            connection.sendall(head(200, {"Content-Length": str(len(body))}) + body)

    with listening(handle) as url:
        result = run("wait", "runbase:t-1", env=env(url), clock=clock)
        wait_for_exchanges()
    assert result.code == 7, result.err
    assert ended[0], "the connection was left open"


ENDLESS = {
    "interim answers": head(100) * 50,
    "header lines": b"X-Line: of a head that never ends\r\n" * 50,
    "a line": b"x" * 2000,
    "interim answers with fields": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 50,
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_fault_49_a_head_without_end_is_unknown(kind: str, run: Run) -> None:
    """However it goes on, the head of the paid POST's answer is bounded: 6, one POST."""
    over = threading.Event()

    def script(_: Request, client: Client) -> None:
        if "interim" not in kind:
            client.send(b"HTTP/1.1 200 OK\r\n")
        while client.send(ENDLESS[kind]):
            pass
        over.set()

    with BytesServer(script) as server:
        result = pay(run, server.url)
        assert (result.code, posts(server)) == (6, 1)
        assert over.wait(5)
    assert "bytes of headers" in result.err
    assert len(result.err) < 1000


# 6: heads that the HTTP library refuses

LENGTH = b"Content-Length: %d\r\n" % len(ACCEPTED)
HEADS = {
    "a space before the colon": b"HTTP/1.1 200 OK\r\nContent-Type : application/json\r\n" + LENGTH,
    "raw bytes in a value": b"HTTP/1.1 200 OK\r\nX-By: caf\xe9 \x00\x0b\r\n" + LENGTH,
    "raw bytes in a name": b"HTTP/1.1 200 OK\r\n\xec\x95\x88: hello\r\n" + LENGTH,
    "no name": b"HTTP/1.1 200 OK\r\n: hello\r\n" + LENGTH,
    "no colon": b"HTTP/1.1 200 OK\r\nhello\r\n" + LENGTH,
    "bare line feeds": b"HTTP/1.1 201 Created\nX-A: b\n" + LENGTH.replace(b"\r", b""),
    "a bare carriage return": b"HTTP/1.1 200 OK\r\nX-A: b\rc\r\n" + LENGTH,
    "HTTP/2": b"HTTP/2 200\r\n" + LENGTH,
    "two spaces": b"HTTP/1.1  200 OK\r\n" + LENGTH,
    "an odd reason": b"HTTP/1.1 200 \x00OK\r\n" + LENGTH,
    "two lengths": b"HTTP/1.1 200 OK\r\n" + LENGTH + b"Content-Length: 7\r\n",
    "the length twice": b"HTTP/1.1 200 OK\r\n" + LENGTH * 2,
    "no length": b"HTTP/1.1 200 OK\r\nContent-Length: all\r\n",
    "identity": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n" + LENGTH,
    "folded from the start": b"HTTP/1.1 200 OK\r\n X-A: b\r\n" + LENGTH,
    "folded": b"HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\n" + LENGTH,
    "interim first": b"HTTP/1.1 100 Continue\r\nX : y\r\n\r\nHTTP/1.1 200 OK\r\nX : y\r\n" + LENGTH,
}


@pytest.mark.parametrize("kind", HEADS)
def test_fault_06_the_id_behind_a_head_that_is_refused_is_found(kind: str, run: Run) -> None:
    """What a browser reads is read: the task is accepted, its id told."""
    with BytesServer(sends(HEADS[kind] + b"\r\n", ACCEPTED)) as server:
        result = pay(run, server.url)
        assert (result.code, result.out, posts(server)) == (0, "runbase:t-1\n", 1), result.err


def test_fault_06_chunks_behind_such_a_head_are_put_together(run: Run) -> None:
    """Its framing is kept."""
    top = b"HTTP/1.1 200 OK\r\nX : y\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n"
    packed = gzip.compress(ACCEPTED)
    chunks = b"5\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (packed[:5], len(packed) - 5, packed[5:])
    with BytesServer(sends(top, chunks)) as server:
        assert pay(run, server.url).out == "runbase:t-1\n"


@pytest.mark.parametrize(("status", "code"), [("402", 4), ("500", 6), ("401", 3)])
def test_fault_06_the_status_in_such_a_head_counts(status: str, code: int, run: Run) -> None:
    """A refusal is one, however its other lines look."""
    raw = f"HTTP/1.1 {status} Odd\r\nX : y\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    with BytesServer(sends(raw)) as server:
        assert pay(run, server.url).code == code


def test_fault_06_reads_and_downloads_take_such_heads_too(run: Run, tmp_path: Path) -> None:
    """Nothing that was paid for is out of reach by a space before a colon."""
    with ScriptedProvider() as server:
        state = json.dumps(
            {"id": "t1", "status": "succeeded", "output": {"urls": [server.video("t1.mp4")]}}
        ).encode()
        odd = b"HTTP/1.1 200 OK\r\nX : y\r\nContent-Length: %d\r\n\r\n"
        server.task("t1", sends(odd % len(state) + state))
        whole = server.videos
        from support import mp4s

        whole["t1.mp4"] = sends(odd % len(mp4s.plain()) + mp4s.plain())
        saved = tmp_path / "v.mp4"
        result = run("wait", "runbase:t1", "-o", str(saved), env=server.env("runbase"))
        assert (result.code, result.out) == (0, f"{saved}\n"), result.err
    assert saved.read_bytes() == mp4s.plain()


NO_HTTP = {
    "only JSON": (ACCEPTED,),
    "JSON in two pieces": (ACCEPTED[:9], ACCEPTED[9:]),
    "a head without an end": (b"HTTP/1.1 200 OK\r\nX: y\r\n" + ACCEPTED,),
    "a greeting": (b"220 welcome\r\n\r\n", ACCEPTED),
}


@pytest.mark.parametrize("kind", NO_HTTP)
def test_fault_06_an_id_in_what_is_no_http_is_found(kind: str, run: Run) -> None:
    """The task is paid for, whatever stands around its id."""
    with BytesServer(sends(*NO_HTTP[kind])) as server:
        result = pay(run, server.url)
        assert (result.code, result.out, posts(server)) == (0, "runbase:t-1\n", 1), result.err


GARBAGE = {
    "a refusal without an end": b"HTTP/1.1 402 No\r\nX: y\r\n" + ACCEPTED,
    "no HTTP": b"\x1b]8;;x\x07hello " + KEY.encode() + b" there",
    "a head that is cut": b"HTTP/1.1 200 OK\r\nX-Trace: 99-abc",
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_fault_06_what_is_no_answer_is_kept_as_evidence(
    kind: str, run: Run, tmp_path: Path
) -> None:
    """Unknown, 6; `recover` shows what came, without the key and without a live character."""
    with BytesServer(sends(GARBAGE[kind])) as server:
        result = pay(run, server.url)
        assert (result.code, posts(server)) == (6, 1)
    assert "what came is no HTTP answer" in result.err
    assert "bytearray" not in result.err
    shown = run("recover")
    for text in (result.err, result.out, shown.out, shown.err):
        assert "\x1b" not in text
        assert KEY not in text
    assert KEY.encode() not in b"".join(
        path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()
    )
    words = {
        "a refusal without an end": "402 No",
        "no HTTP": "hello",
        "a head that is cut": "99-abc",
    }
    assert words[kind] in shown.out


def test_a_plain_head_passes_untouched() -> None:
    """What h11 takes goes to it byte for byte, so that nothing is lost in between."""
    plain = head(200, {"Content-Type": "application/json", "ETag": '"\xe9"', "Content-Length": "2"})
    assert read_head(plain) == (200, plain)
    chunked = head(203, {"Transfer-Encoding": "chunked", "Connection": "keep-alive"})
    assert read_head(chunked) == (203, chunked)


def test_a_head_is_found_however_it_is_cut() -> None:
    """A byte at a time, what is passed on is the same."""
    whole = head(100) + head(103, {"Link": "<x>"}) + head(200, {"Content-Length": "2"}) + b"{}"
    reader = HeadReader()
    passed = b"".join(reader.feed(whole[at : at + 1]) for at in range(len(whole)) if reader.open)
    assert passed == whole[:-2]
    assert not reader.open
    reader = HeadReader()
    for _ in range(limits.MAX_HEAD // len(head(100))):
        reader.feed(head(100))
    with pytest.raises(TooMuchHead):
        reader.feed(head(100))


# Compressed unasked


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKED: dict[str, tuple[str, bytes]] = {
    "gzip": ("gzip", gzip.compress(ACCEPTED)),
    "x-gzip": ("X-GZIP", gzip.compress(ACCEPTED)),
    "deflate": ("deflate", zlib.compress(ACCEPTED)),
    "raw deflate": ("deflate", raw_deflate(ACCEPTED)),
    "twice": ("gzip, gzip", gzip.compress(gzip.compress(ACCEPTED))),
    "identity in between": ("gzip, identity", gzip.compress(ACCEPTED)),
    "no label": ("", gzip.compress(ACCEPTED)),
    "a stale br": ("br", ACCEPTED),
    "a stale gzip": ("gzip", ACCEPTED),
    "a stale zstd and space": ("zstd", b"\n  " + ACCEPTED),
    "no coding at all": ("none", ACCEPTED),
}


@pytest.mark.parametrize("kind", PACKED)
def test_fault_06_what_was_compressed_unasked_is_read(kind: str, run: Run) -> None:
    """By any of zlib's forms, or not at all whatever the label says."""
    label, body = PACKED[kind]
    fields = {"Content-Encoding": label} if label else {}
    with BytesServer(answer(200, body, fields)) as server:
        result = pay(run, server.url)
        assert (result.code, result.out) == (0, "runbase:t-1\n"), result.err


BROTLI = bytes.fromhex("8b0e807b226964223a22742d31222c22737461747573223a2270656e64696e67227d03")
ZSTD = bytes.fromhex("28b52ffd041ff900007b226964223a22742d3122") + b"\x01" * 8


@pytest.mark.parametrize(("label", "body"), [("br", BROTLI), ("zstd", ZSTD), ("gzip, br", BROTLI)])
def test_fault_06_other_codings_are_named(label: str, body: bytes, run: Run) -> None:
    """The coding is to blame, not the id: 6 for the paid POST, and a read says so too."""
    coding = label.rpartition(" ")[2]
    with BytesServer(answer(200, body, {"Content-Encoding": label})) as server:
        result = pay(run, server.url)
        assert (result.code, posts(server)) == (6, 1)
        read = run("status", "runbase:t-1", env=env(server.url), clock=FakeClock())
    for one in (result, read):
        assert f"compressed ({coding}), which was not asked for" in one.err
        assert "task id" not in one.err
    assert read.code == 5


def test_a_refusal_is_one_however_it_is_compressed(run: Run) -> None:
    """Its status is enough."""
    with BytesServer(answer(402, BROTLI, {"Content-Encoding": "br"})) as server:
        assert pay(run, server.url).code == 4


def test_a_bomb_is_held_to_the_cap() -> None:
    """However often it was compressed."""
    bomb = gzip.compress(gzip.compress(b" " * (64 << 20), 9), 9)
    body, coding = unpacked(bomb, "gzip, gzip")
    assert (len(body), coding) == (limits.MAX_BODY, None)

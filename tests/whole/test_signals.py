"""SIGINT, SIGTERM and SIGHUP while a paid request is on its way (fault 42, contract 6.8)."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING

import pytest

from seedance_cli.errors import Interrupted
from seedance_cli.ledger.record import Ledger
from seedance_cli.models import IntentState
from seedance_cli.system import signals
from seedance_cli.system.clock import SystemClock
from support.bytes_server import BytesServer, Client, Request, Script, answer, head
from support.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from seedance_cli.models import Submission
    from support.runner import Result, Run, Spawn

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")

OK = answer(200, b'{"id":"t-1","status":"pending"}')
LIMITED = b'{"error":{"message":"slow down","code":"RATE_LIMITED"}}'
ALL = [
    pytest.param(signal.SIGINT, 130, id="SIGINT"),
    pytest.param(signal.SIGTERM, 143, id="SIGTERM"),
    pytest.param(signal.SIGHUP, 129, id="SIGHUP"),
]


def env(url: str) -> dict[str, str | None]:
    return {"RUNBASE_API_KEY": "sk-signal-test-1", "RUNBASE_BASE_URL": url}


def rows(tmp_path: Path) -> list[Submission]:
    with Ledger.open(tmp_path / "state", FakeClock(), create=False) as ledger:
        return ledger.rows(all_states=True)


class Catch:
    """A server that has a POST in hand, and then does as the test says."""

    def __init__(self, then: Script) -> None:
        self.came = threading.Event()
        self.go_on = threading.Event()
        self._then = then

    def __call__(self, request: Request, client: Client) -> None:
        self.came.set()
        self.go_on.wait(15)
        self._then(request, client)


@pytest.mark.parametrize(("signum", "code"), ALL)
@pytest.mark.parametrize("options", [(), ("--wait",), ("--json",)])
def test_fault_42_the_first_signal_in_flight_waits_for_the_id_and_stores_it(
    spawn: Spawn, tmp_path: Path, signum: int, code: int, options: tuple[str, ...]
) -> None:
    """A signal while the POST is in flight waits for the answer: the id is stored and printed."""
    catch = Catch(OK)
    with BytesServer(catch) as server:
        process = spawn("generate", "a boat", *options, env=env(server.url))
        assert catch.came.wait(15)
        process.signal(signum)
        time.sleep(0.15)
        assert process.popen.poll() is None, "it must wait for the answer"
        catch.go_on.set()
        result = process.finish()
        assert len(server.requests) == 1, "no second POST, and no poll after the signal"
    assert result.code == code
    (row,) = rows(tmp_path)
    assert (row.state, row.ref) == (IntentState.ACCEPTED, "runbase:t-1")
    assert "seedance wait runbase:t-1" in result.err
    if options == ("--json",):
        assert result.json["ref"] == "runbase:t-1"
        assert result.error["ref"] == "runbase:t-1"
        assert result.error["code"] == "interrupted"
    elif options:
        assert "submitted runbase:t-1" in result.err
    else:
        assert result.out == "runbase:t-1\n"


def full_pipe() -> tuple[int, int]:
    """A pipe that nobody reads and that takes nothing more."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 512)
    os.set_blocking(writer, True)
    return reader, writer


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("options", [(), ("--json",), ("--wait",)])
def test_fault_42_a_reader_that_never_reads_keeps_nobody(
    spawn: Spawn, tmp_path: Path, signum: int, options: tuple[str, ...]
) -> None:
    """Stdout a full pipe: the ref is on stderr, and a signal ends the program with its status."""
    reader, writer = full_pipe()
    with BytesServer(OK) as server:
        process = spawn("generate", "a boat", *options, env=env(server.url), stdout=writer)
        process.wait_for("submitted runbase:t-1")
        process.signal(signum)
        result = process.finish(20)
        assert sum(one.method == "POST" for one in server.requests) == 1
    os.close(reader)
    os.close(writer)
    assert result.code == 128 + signum
    assert "seedance wait runbase:t-1" in result.err
    assert [row.ref for row in rows(tmp_path)] == ["runbase:t-1"]


@pytest.mark.parametrize("count", [1, 40])
def test_fault_42_a_storm_while_it_waits_ends_with_a_status(spawn: Spawn, count: int) -> None:
    """SIGHUP after SIGHUP in `--wait` and to the very end: 129, not death by the signal."""
    with BytesServer(OK) as server:
        process = spawn("generate", "a boat", "--wait", env=env(server.url))
        process.wait_for("submitted runbase:t-1")
        for _ in range(count):
            process.signal(signal.SIGHUP)
            time.sleep(0.002)
        result = process.finish(20)
    assert result.code == 129
    assert "seedance wait runbase:t-1" in result.err


@pytest.mark.full
@pytest.mark.parametrize("options", [(), ("--json",), ("--wait",)])
def test_fault_42_a_storm_from_the_post_on_loses_nothing(
    spawn: Spawn, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """A signal every millisecond from before the answer to the end of the process, ten times."""
    for number in range(10):
        catch = Catch(OK)
        with BytesServer(catch) as server:
            process = spawn("generate", f"boat {number}", *options, env=env(server.url))
            assert catch.came.wait(15)
            catch.go_on.set()
            while process.popen.poll() is None:
                process.signal(signal.SIGTERM)
                time.sleep(0.001)
            result = process.finish(20)
        assert result.code == 143
        assert "runbase:t-1" in result.out + result.err
        assert rows(tmp_path)[0].ref == "runbase:t-1"


class Sender:
    """A server that sends this very process its signals while it has the POST in hand."""

    def __init__(self, *signums: int, then: Script, pause: float = 0.05) -> None:
        self._signums = signums
        self._pause = pause
        self._then = then

    def __call__(self, request: Request, client: Client) -> None:
        for signum in self._signums:
            os.kill(os.getpid(), signum)
            time.sleep(self._pause)
        self._then(request, client)


def silent(clock: FakeClock) -> Script:
    """Not a byte; from then on the clock need not wait for one."""

    def script(_: Request, client: Client) -> None:
        clock.patience = 0.2
        client.silence()

    return script


@pytest.mark.parametrize(("signum", "code"), ALL)
def test_money_6_8_without_an_answer_in_5_s_the_intent_is_unknown(
    run: Run, tmp_path: Path, signum: int, code: int
) -> None:
    """When no answer comes within 5 s of the signal: 128+n, `outcome_unknown`, the row unknown."""
    clock = FakeClock()
    before = clock.monotonic()
    with BytesServer(Sender(signum, then=silent(clock))) as server:
        result = run("generate", "a boat", "--json", env=env(server.url), clock=clock)
        assert len(server.requests) == 1
    assert result.code == code
    assert clock.monotonic() - before == pytest.approx(5)
    assert result.error["code"] == "outcome_unknown"
    assert result.error["exit_code"] == code
    assert result.error["retry_safe"] is False
    (row,) = rows(tmp_path)
    assert row.state is IntentState.UNKNOWN
    assert result.error["intent"] == row.intent
    assert result.json["status"] == "unknown"


def test_money_6_8_the_wait_after_a_signal_is_said_at_once(spawn: Spawn) -> None:
    """Whoever types Ctrl-C is told what is waited for, before the answer comes."""
    catch = Catch(OK)
    with BytesServer(catch) as server:
        process = spawn("generate", "a boat", env=env(server.url))
        assert catch.came.wait(20)
        process.signal(signal.SIGINT)
        process.wait_for("interrupted; the request has left: waiting up to 5 s for its answer")
        catch.go_on.set()
        result = process.finish()
    assert (result.code, result.out) == (130, "runbase:t-1\n")


def test_money_6_8_a_second_signal_acts_at_once(run: Run, tmp_path: Path) -> None:
    """A later second one ends the wait at once; the first decides the code; the row is unknown."""

    def hold(_: Request, client: Client) -> None:
        client.silence()

    clock = FakeClock()
    clock.patience = 60  # what the wait would last
    sender = Sender(signal.SIGTERM, signal.SIGINT, then=hold, pause=signals.APART + 0.1)
    with BytesServer(sender) as server:
        before = time.monotonic()
        result = run("generate", "a boat", "--json", env=env(server.url), clock=clock)
        assert time.monotonic() - before < 30
    assert result.code == 143
    assert result.error["code"] == "outcome_unknown"
    assert rows(tmp_path)[0].state is IntentState.UNKNOWN


@pytest.mark.parametrize("pause", [0.0, 0.02])
def test_money_6_8_a_ctrl_c_that_is_passed_on_is_one(
    run: Run, tmp_path: Path, pause: float
) -> None:
    """Two SIGINTs within 20 ms, from a wrapper, do not throw away the answer that comes then."""
    sender = Sender(signal.SIGINT, signal.SIGINT, signal.SIGINT, then=OK, pause=pause)
    with BytesServer(sender) as server:
        result = run("generate", "a boat", "--json", env=env(server.url), clock=FakeClock())
        assert len(server.requests) == 1
    assert (result.code, result.json["ref"]) == (130, "runbase:t-1")
    assert result.error["code"] == "interrupted"
    assert result.error["retry_safe"] is False
    assert rows(tmp_path)[0].state is IntentState.ACCEPTED


@pytest.mark.full
def test_money_6_8_the_five_seconds_are_real(spawn: Spawn) -> None:
    """With the machine's own clock, a Ctrl-C in flight ends the program after 5 s."""
    catch = Catch(lambda _, client: client.silence())
    catch.go_on.set()
    with BytesServer(catch) as server:
        process = spawn("generate", "a boat", env=env(server.url))
        assert catch.came.wait(15)
        before = time.monotonic()
        process.signal(signal.SIGINT)
        assert process.finish().code == 130
        assert 4.5 < time.monotonic() - before < 25


CLEAR: dict[str, tuple[Script, IntentState]] = {
    "refused": (answer(402, b'{"error":{"message":"no money","code":"x"}}'), IntentState.REFUSED),
    "limited": (answer(429, LIMITED, {"Retry-After": "9"}), IntentState.REFUSED),
    "server error": (answer(500), IntentState.UNKNOWN),
    "cut": (lambda _, client: client.reset(), IntentState.UNKNOWN),
}


@pytest.mark.parametrize("kind", CLEAR)
def test_money_6_8_an_answer_after_the_signal_still_counts(
    run: Run, tmp_path: Path, kind: str
) -> None:
    """What comes after the signal is judged as ever, and nothing is sent again."""
    script, state = CLEAR[kind]
    clock = FakeClock()
    with BytesServer(Sender(signal.SIGINT, then=script)) as server:
        result = run("generate", "a boat", "--json", env=env(server.url), clock=clock)
        assert len(server.requests) == 1
    unknown = state is IntentState.UNKNOWN
    assert result.code == 130
    assert result.error["code"] == ("outcome_unknown" if unknown else "interrupted")
    assert rows(tmp_path)[0].state is state
    assert clock.sleeps == []


def test_fault_42_a_signal_in_the_pause_after_a_rate_limit_acts_at_once(
    spawn: Spawn, tmp_path: Path
) -> None:
    """While it waits as a rate limit asks, a signal ends it at once: refused, nothing unknown."""
    with BytesServer(answer(429, LIMITED, {"Retry-After": "100"})) as server:
        process = spawn("generate", "a boat", "-v", env=env(server.url))
        process.wait_for(" 429 ")
        before = time.monotonic()
        process.signal(signal.SIGINT)
        result = process.finish()
        assert time.monotonic() - before < 50
        assert len(server.requests) == 1
    assert result.code == 130
    assert rows(tmp_path)[0].state is IntentState.REFUSED


def test_fault_42_a_signal_while_connecting_acts_at_once(spawn: Spawn, tmp_path: Path) -> None:
    """Before the request has left there is no answer to wait for: 130 at once, nothing sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = spawn(
            "generate", "a boat", env=env(f"https://127.0.0.1:{listener.getsockname()[1]}")
        )
        listener.settimeout(15)
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(1), "the TLS handshake has begun"
            before = time.monotonic()
            process.signal(signal.SIGINT)
            result = process.finish()
            assert time.monotonic() - before < 9
    assert result.code == 130
    assert "nothing was sent" in result.err
    assert rows(tmp_path)[0].state is IntentState.NOT_SENT


def test_fault_42_a_signal_while_the_head_drips_waits_five_seconds_in_all(
    run: Run, tmp_path: Path
) -> None:
    """An answer that drips on after the signal does not stretch the 5 s."""

    def drips(_: Request, client: Client) -> None:
        clock.patience = 0.2
        client.drip(head(200) + b" " * 5000, 1, lambda: time.sleep(0.005))

    clock = FakeClock()
    before = clock.monotonic()
    with BytesServer(Sender(signal.SIGINT, then=drips)) as server:
        assert run("generate", "a boat", env=env(server.url), clock=clock).code == 130
    assert clock.monotonic() - before == pytest.approx(5)
    assert rows(tmp_path)[0].state is IntentState.UNKNOWN


IGNORED = (
    "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
    "os.execv(sys.executable, [sys.executable, '-m', 'seedance_cli', *sys.argv[1:]])"
)


def test_fault_42_a_signal_that_the_shell_ignores_stays_ignored(spawn: Spawn) -> None:
    """Under `nohup` a SIGHUP changes nothing."""
    catch = Catch(OK)
    with BytesServer(catch) as server:
        process = spawn("generate", "a boat", env=env(server.url), code=IGNORED)
        assert catch.came.wait(15)
        process.signal(signal.SIGHUP)
        catch.go_on.set()
        result: Result = process.finish()
    assert (result.code, result.out) == (0, "runbase:t-1\n")


def test_fault_42_a_typed_ctrl_c_in_flight_keeps_the_id(spawn: Spawn) -> None:
    """A Ctrl-C typed on the terminal while the POST is in flight: the id is on the screen, 130."""
    if sys.platform == "win32":
        pytest.skip("there are no pseudo-terminals here")
    catch = Catch(OK)
    with BytesServer(catch) as server:
        process = spawn("generate", "a boat", "--wait", env=env(server.url), pty=True)
        assert catch.came.wait(15)
        process.type(b"\x03")
        time.sleep(0.1)
        catch.go_on.set()
        result = process.finish()
        assert len(server.requests) == 1
    assert result.code == 130
    assert "submitted runbase:t-1" in result.err
    assert "\x1b[?25l" not in result.err.rpartition("\x1b[?25h")[2], "the cursor is back"


class Trip(FakeClock):
    """A clock at whose reading number `when` a Ctrl-C comes."""

    def __init__(self, when: int) -> None:
        super().__init__()
        self._left = when

    def _read(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGINT)

    def monotonic(self) -> float:
        self._read()
        return super().monotonic()

    def now(self) -> datetime:
        self._read()
        return super().now()


@pytest.mark.parametrize("when", range(1, 13))
def test_fault_42_a_signal_at_any_reading_of_the_clock_loses_nothing(
    run: Run, tmp_path: Path, when: int
) -> None:
    """Whenever the Ctrl-C comes: nothing was sent and the row says so, or the id is kept."""
    with BytesServer(OK) as server:
        result = run("generate", "a boat", env=env(server.url), clock=Trip(when))
        sent = len(server.requests)
    states = [row.state for row in rows(tmp_path)]
    if sent:
        assert states == [IntentState.ACCEPTED]
        assert "runbase:t-1" in result.out
    else:
        assert set(states) <= {IntentState.NOT_SENT}
        assert result.code == 130
    if when <= 2:
        assert not sent, "the first two readings, for the ledger, come before the POST"


# The mechanism


def kill_self(signum: int) -> None:
    os.kill(os.getpid(), signum)
    time.sleep(0.01)


def test_a_signal_is_an_exception_in_the_work() -> None:
    """In the work that may be interrupted a signal raises at once, with the shell's code."""
    with signals.installed(), pytest.raises(Interrupted) as caught:
        signals.interruptible(lambda: kill_self(signal.SIGTERM))
    assert caught.value.exit_code == 143


def test_outside_the_work_a_signal_is_only_noted() -> None:
    """Before it and after it nothing is torn; what came before ends the work as it begins."""
    with signals.installed():
        assert not signals.came()
        kill_self(signal.SIGTERM)
        assert signals.came()
        with pytest.raises(Interrupted):
            signals.interruptible(lambda: pytest.fail("it must not begin"))
        kill_self(signal.SIGTERM)


def test_held_signals_are_data_and_nothing_is_lost() -> None:
    """While held, signals are counted and wake who waits; the first one raises at the end."""
    woken: list[int] = []

    def work() -> None:
        with signals.held() as held:
            held.wake_by(lambda: woken.append(1))
            assert not held.came()
            kill_self(signal.SIGHUP)
            with signals.held():
                kill_self(signal.SIGINT)
            assert (held.came(), held.count, len(woken)) == (True, 1, 1)
        pytest.fail("the end of the outermost part raises")

    with signals.installed(), pytest.raises(Interrupted) as caught:
        signals.interruptible(work)
    assert caught.value.signum == signal.SIGHUP


def test_money_6_8_two_signals_count_as_two_only_half_a_second_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A wrapper that passes a Ctrl-C on makes no second wish of it."""
    now = [100.0]
    monkeypatch.setattr(signals, "monotonic", lambda: now[0])
    with signals.installed(), signals.held() as held:
        for moment, count in ((100.0, 1), (100.02, 1), (100.49, 1), (100.5, 2), (100.9, 2)):
            now[0] = moment
            kill_self(signal.SIGINT)
            assert held.count == count, moment


def test_nobody_is_waited_for_after_a_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    """After one, a reader has a second; after two, no time at all."""
    now = [100.0]
    monkeypatch.setattr(signals, "monotonic", lambda: now[0])
    with signals.installed():
        assert not signals.impatient()
        kill_self(signal.SIGINT)
        assert not signals.impatient()
        now[0] += 0.9
        assert not signals.impatient()
        now[0] += 0.1
        assert signals.impatient()
        now[0] -= 0.5
        kill_self(signal.SIGINT)
        assert signals.impatient()


def test_a_pause_ends_with_what_came_before_it() -> None:
    """A pause in a held part does not sleep over a signal that came just before it."""
    with signals.installed(), signals.held() as held:
        kill_self(signal.SIGINT)
        assert not held.pause(lambda: pytest.fail("it must not begin"))


def test_a_pause_ends_with_a_signal_and_the_rest_is_held() -> None:
    """A signal ends the pause; after it the next ones are data again, and one raises at the end."""

    def sleep() -> None:
        kill_self(signal.SIGINT)
        pytest.fail("it sleeps on")

    def work() -> None:
        with signals.held() as held:
            assert held.pause(lambda: None)
            assert not held.pause(sleep)
            kill_self(signal.SIGTERM)
            assert held.came()
        pytest.fail("the end of the held part raises")

    with signals.installed(), pytest.raises(Interrupted) as caught:
        signals.interruptible(work)
    assert caught.value.signum == signal.SIGINT


def test_a_signal_that_python_swallows_is_not_lost() -> None:
    """One that strikes in a `__del__`, where no exception gets out, is raised at the next wait."""

    class Dying:
        def __del__(self) -> None:
            kill_self(signal.SIGTERM)

    def work() -> None:
        one = Dying()
        del one
        SystemClock().sleep(0.01)
        pytest.fail("the wait raises")

    with signals.installed(), pytest.raises(Interrupted) as caught:
        signals.interruptible(work)
    assert caught.value.signum == signal.SIGTERM


def test_an_error_that_a_signal_makes_of_itself_is_the_signal() -> None:
    """Where a signal strikes inside Python's library, another error may come out of it."""

    def work() -> None:
        try:
            kill_self(signal.SIGHUP)
        finally:
            raise RuntimeError("release unlocked lock")

    with signals.installed(), pytest.raises(Interrupted) as caught:
        signals.interruptible(work)
    assert caught.value.signum == signal.SIGHUP


def test_handlers_are_restored() -> None:
    """What the embedding program did with its signals is as before."""
    before: Callable[..., object] | int | None = signal.getsignal(signal.SIGTERM)
    with signals.installed():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_in_another_thread_nothing_is_installed() -> None:
    """A program that calls `main` in a thread keeps its own handlers."""
    seen: list[object] = []

    def body() -> None:
        with signals.installed():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]


@pytest.mark.skipif(sys.platform == "win32", reason="no pthread_kill there")
@pytest.mark.parametrize(
    "wait",
    [lambda: SystemClock().get(SimpleQueue[None](), 60), lambda: SystemClock().sleep(60)],
    ids=["get", "sleep"],
)
def test_a_signal_that_ends_no_system_call_ends_the_wait(wait: Callable[[], None]) -> None:
    """One that another thread's system call takes, or that comes just before ours, is noticed."""

    class Came(Exception):
        pass

    def handler(*_: object) -> None:
        raise Came

    def strike() -> None:
        time.sleep(0.2)
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
        time.sleep(0.1)

    before = signal.signal(signal.SIGUSR1, handler)
    thread = threading.Thread(target=strike)
    try:
        began = time.monotonic()
        thread.start()
        with pytest.raises(Came):
            wait()
        assert time.monotonic() - began < 40
    finally:
        signal.signal(signal.SIGUSR1, before)
        thread.join()

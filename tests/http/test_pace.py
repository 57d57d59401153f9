"""A provider's rate limit holds over all processes of this machine, and is never in the way."""

from __future__ import annotations

import os
import signal
import stat
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedance_cli.http.limits import MARGIN_SECONDS
from seedance_cli.http.rate_limit import FOLDER, LONGEST_QUEUE, RateLimiter
from seedance_cli.ledger.record import Ledger
from seedance_cli.models import IntentState
from seedance_cli.models.secret import Secret
from seedance_cli.providers._registry import get
from seedance_cli.system.clock import SystemClock
from seedance_cli.system.locks import FileLock
from support.bytes_server import BytesServer, Client, Request, answer, head, in_turn
from support.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from seedance_cli.system.clock import Clock
    from support.runner import Process, Result, Run, Spawn

_LIMIT = get("runbase").info.rate_limit
assert _LIMIT is not None
LIMIT = _LIMIT
SPAN = LIMIT.seconds + MARGIN_SECONDS
KEY = "sk-pace-test-0123456789"
RUNNING = answer(200, b'{"status":"processing"}')
LIMITED = answer(
    429, b'{"error":{"message":"slow","code":"RATE_LIMITED"}}', headers={"Retry-After": "0"}
)
ACCEPTED = answer(200, b'{"id":"t-1","status":"pending"}')


def env(url: str, key: str = KEY) -> dict[str, str | None]:
    return {"RUNBASE_API_KEY": key, "RUNBASE_BASE_URL": url}


def state() -> Path:
    return Path(os.environ["SEEDANCE_STATE_DIR"])


def refs(number: int, mark: str = "t") -> list[str]:
    return [f"runbase:{mark}{one}" for one in range(number)]


def pace(url: str, clock: Clock, *, folder: Path | None = None) -> RateLimiter:
    return RateLimiter(folder or state(), f"{url}/v1", Secret(KEY), LIMIT, clock)


def take(url: str, number: int, clock: Clock) -> None:
    """Let some other process have sent so many requests just now."""
    other = pace(url, clock)
    for _ in range(number):
        other.reserve()


def rows() -> list[IntentState | None]:
    with Ledger.open(state(), FakeClock(), create=False) as ledger:
        return [row.state for row in ledger.rows(all_states=True)]


def most(moments: Iterable[float], seconds: float = LIMIT.seconds) -> int:
    """The most that lie within any window of so many seconds."""
    found = sorted(moments)
    return max(sum(start <= one < start + seconds for one in found) for start in found)


class Arrivals:
    """A server that writes down when each request came."""

    def __init__(self) -> None:
        self.moments: list[float] = []

    def __call__(self, request: Request, client: Client) -> None:
        self.moments.append(time.monotonic())
        RUNNING(request, client)


# Measured at a server


def test_processes_together_keep_to_the_limit(spawn: Spawn) -> None:
    """Three processes read 27 tasks with one key at once: never more than 20 within 10 s."""
    arrivals = Arrivals()
    with BytesServer(arrivals) as server:
        running = [spawn("status", *refs(9, mark), env=env(server.url)) for mark in ("a", "b", "c")]
        results = [process.finish() for process in running]
    assert [(result.code, len(result.out.splitlines())) for result in results] == [(0, 9)] * 3
    assert len(arrivals.moments) == 27
    assert most(arrivals.moments) == LIMIT.requests, "as many as allowed, and none more"


@pytest.mark.full
def test_waiting_processes_keep_to_the_limit_for_long(spawn: Spawn) -> None:
    """Three that wait for 20 tasks each and one that asks now and then, for 45 s."""
    arrivals = Arrivals()
    with BytesServer(arrivals) as server:
        running = [
            spawn(
                *("wait", *refs(20, mark), "--interval", "1", "--timeout", "45"),
                env=env(server.url),
            )
            for mark in ("a", "b", "c")
        ]
        for _ in range(3):
            assert spawn("status", "runbase:d", env=env(server.url)).finish().code == 0
        assert [process.finish(120).code for process in running] == [8, 8, 8]
    assert most(arrivals.moments) <= LIMIT.requests
    assert len(arrivals.moments) > 60, "and they do not starve one another"


# The sliding window


@settings(deadline=None)
@given(steps=st.lists(st.tuples(st.floats(0, 15), st.integers(0, 2)), max_size=120))
def test_no_window_holds_more_than_the_limit(steps: list[tuple[float, int]]) -> None:
    """Three processes, requests at any moments: in order, none too early and none too late."""
    clock = FakeClock()
    with tempfile.TemporaryDirectory() as folder:
        paces = [pace("http://127.0.0.1:1", clock, folder=Path(folder)) for _ in range(3)]
        moments: list[float] = []
        for pause, who in steps:
            clock.advance(pause)
            now = clock.monotonic()
            full = len(moments) >= LIMIT.requests
            first = max(now, moments[-LIMIT.requests] + SPAN) if full else now
            moments.append(now + paces[who].reserve())
            assert moments[-1] == pytest.approx(first)
    assert not moments or most(moments) <= LIMIT.requests


def test_threads_and_processes_take_each_moment_once(tmp_path: Path) -> None:
    """Eight threads, two for each of four processes, take 200 moments: 20 in every window."""
    clock = FakeClock()
    paces = [pace("http://127.0.0.1:1", clock, folder=tmp_path) for _ in range(4)]
    waits: list[float] = []

    def body(mine: RateLimiter) -> None:
        waits.extend(mine.reserve() for _ in range(25))

    threads = [threading.Thread(target=body, args=(one,)) for one in paces * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    windows = range(200 // LIMIT.requests)
    expected = [SPAN * window for window in windows for _ in range(LIMIT.requests)]
    assert sorted(waits) == pytest.approx(expected)


def test_a_new_command_waits_for_those_before_it(run: Run, clock: FakeClock) -> None:
    """After 20 requests of one command the next one waits until the first is out of the window."""
    with BytesServer(RUNNING) as server:
        assert run("status", *refs(20), env=env(server.url), clock=clock).code == 0
        assert clock.sleeps == []
        clock.advance(4)
        assert run("status", *refs(3), "-v", env=env(server.url), clock=clock).code == 0
    assert clock.sleeps == pytest.approx([SPAN - 4])


def test_v_says_why_a_request_waits(run: Run, clock: FakeClock) -> None:
    """`-v` names the limit and the seconds; without it nothing is said."""
    said = "runbase allows 20 requests in 10 s: this one waits 11.0 s"
    with BytesServer(RUNNING) as server:
        take(server.url, 20, clock)
        assert said in run("status", "runbase:t", "-v", env=env(server.url), clock=clock).err
        clock.advance(SPAN)
        take(server.url, 20, clock)
        result = run("status", "runbase:t", env=env(server.url), clock=clock)
    assert result.err == ""


def test_another_key_is_not_slowed(run: Run, clock: FakeClock) -> None:
    """The limit is one of each key: 20 requests with another one cost this one nothing."""
    with BytesServer(RUNNING) as server:
        run("status", *refs(20), env=env(server.url, "sk-other-0123456789"), clock=clock)
        run("status", *refs(20), env=env(server.url), clock=clock)
        assert len(server.requests) == 40
    assert clock.sleeps == []


def test_another_endpoint_is_not_slowed(run: Run, clock: FakeClock) -> None:
    """The same key at another origin is counted there."""
    with BytesServer(RUNNING) as first, BytesServer(RUNNING) as second:
        run("status", *refs(20), env=env(first.url), clock=clock)
        run("status", *refs(20), env=env(second.url), clock=clock)
    assert clock.sleeps == []


def test_a_followed_redirect_is_a_request(run: Run, clock: FakeClock) -> None:
    """What a redirect leads to counts as well: the 21st request waits, though asked once."""

    def onward(_: Request, client: Client) -> None:
        client.send(head(302, {"Location": "/v1/other", "Content-Length": "0"}))

    with BytesServer(in_turn(onward, RUNNING)) as server:
        take(server.url, 19, clock)
        assert run("status", "runbase:t", env=env(server.url), clock=clock).code == 0
        assert len(server.requests) == 2
    assert clock.sleeps == pytest.approx([SPAN])


# The file


def test_the_file_is_private_and_holds_no_key(run: Run, clock: FakeClock) -> None:
    """Folder 0700, file 0600; neither the key nor a part of it is in any name or content."""
    with BytesServer(RUNNING) as server:
        run("status", "runbase:t", env=env(server.url), clock=clock)
    (file,) = (state() / FOLDER).iterdir()
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(state().stat().st_mode) == 0o700
    content = file.read_text()
    assert all(KEY[at : at + 6] not in file.name + content for at in range(len(KEY) - 5))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100,
        b"\xff\xfe",
        b"words\n",
        b"nan\n" * 21,
        b"1000.0\n" + b"nan\n" * 20,
        b"1000.0\n" + b"inf\n" * 20,
        b"1000.0\n" + b"-inf\n" * 20,
        b"1000.0\n" + b"1e300\n" * 20,
        b"999999.0\n" + b"1005.0\n" * 20,
        b"1000.0\n" * 100_000 + b"x",
    ],
    ids=["empty", "zeros", "bytes", "words", "nan", "nans", "inf", "-inf", "far", "later", "huge"],
)
def test_a_damaged_file_counts_as_empty(run: Run, clock: FakeClock, content: bytes) -> None:
    """Whatever is in it: no command fails or waits for it, and the next ones keep to the limit."""
    with BytesServer(RUNNING) as server:
        take(server.url, 1, clock)
        (file,) = (state() / FOLDER).iterdir()
        file.write_bytes(content)
        clock.advance(SPAN)
        assert run("status", *refs(20), env=env(server.url), clock=clock).code == 0
        assert clock.sleeps == []
        assert run("status", "runbase:t", env=env(server.url), clock=clock).code == 0
    assert clock.sleeps == pytest.approx([SPAN])


def test_moments_from_before_a_reboot_make_nobody_wait(run: Run, clock: FakeClock) -> None:
    """The monotonic clock starts anew with the machine: later readings are another clock's."""
    with BytesServer(RUNNING) as server:
        clock.advance(200)
        take(server.url, 60, clock)
        rebooted = FakeClock()
        assert run("status", *refs(20), env=env(server.url), clock=rebooted).code == 0
        assert rebooted.sleeps == []
        assert run("status", "runbase:t", env=env(server.url), clock=rebooted).code == 0
    assert rebooted.sleeps == pytest.approx([SPAN])


def test_nobody_waits_longer_than_the_longest_queue(tmp_path: Path, clock: FakeClock) -> None:
    """However many wait already: at most 300 s and a window."""
    queue = pace("http://127.0.0.1:1", clock, folder=tmp_path)
    waits = [pace("http://127.0.0.1:1", clock, folder=tmp_path).reserve() for _ in range(700)]
    assert SPAN < max(waits) <= LONGEST_QUEUE + SPAN
    assert queue.reserve() <= LONGEST_QUEUE + SPAN


def test_a_lost_file_does_not_free_this_process(tmp_path: Path, clock: FakeClock) -> None:
    """Its own requests count on, whatever becomes of the file."""
    mine = pace("http://127.0.0.1:1", clock, folder=tmp_path)
    assert [mine.reserve() for _ in range(20)] == [0.0] * 20
    (file,) = (tmp_path / FOLDER).iterdir()
    file.unlink()
    assert mine.reserve() == pytest.approx(SPAN)


# Where the file cannot be used


def no_folder(_: str) -> None:
    """The state folder's place is taken by a file."""
    state().write_text("")


def no_pace_folder(_: str) -> None:
    """The place of the folder in it is taken by a file."""
    state().mkdir()
    (state() / FOLDER).write_text("")


def no_file(url: str) -> None:
    """The place of the file is taken by a folder."""
    take(url, 1, FakeClock())
    (file,) = (state() / FOLDER).iterdir()
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("spoil", [no_folder, no_pace_folder, no_file])
def test_without_a_file_each_process_keeps_to_the_limit(
    run: Run, clock: FakeClock, spoil: Callable[[str], None]
) -> None:
    """Nothing fails and nothing is said; the process paces its own requests."""
    with BytesServer(RUNNING) as server:
        spoil(server.url)
        result = run("status", *refs(25), env=env(server.url), clock=clock)
        assert len(server.requests) == 25
    assert (result.code, result.err) == (0, "")
    assert clock.sleeps == pytest.approx([SPAN])


@pytest.mark.skipif(os.name != "posix", reason="needs FIFOs")
@pytest.mark.parametrize("command", [("status", "runbase:t"), ("generate", "a boat")])
def test_a_fifo_in_its_place_is_named_and_not_waited_for(
    run: Run, clock: FakeClock, command: tuple[str, ...]
) -> None:
    """Whoever put it there wanted somebody to wait: 10, nothing sent."""
    with BytesServer(RUNNING) as server:
        take(server.url, 1, FakeClock())
        (file,) = (state() / FOLDER).iterdir()
        file.unlink()
        os.mkfifo(file, 0o600)
        result = run(*command, "-p", "runbase", env=env(server.url), clock=clock)
        assert server.requests == []
    assert result.code == 10
    assert f"{file}, where the rate limit is kept, is not a regular file" in result.err


def test_a_lock_that_is_never_freed_delays_once(
    run: Run, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process, stopped while it holds the lock, is not waited for at each request."""
    with BytesServer(RUNNING) as server:
        take(server.url, 1, clock)
        (file,) = (state() / FOLDER).iterdir()
        lock = FileLock.take(file.with_name(f"{file.name}.lock"))
        assert lock is not None
        tries: list[Path] = []
        original = FileLock.take

        def counted(path: Path, *, patience: float) -> FileLock | None:
            tries.append(path)
            return original(path, patience=patience / 100)

        monkeypatch.setattr("seedance_cli.http.rate_limit.FileLock.take", counted)
        try:
            assert run("status", *refs(20), env=env(server.url), clock=clock).code == 0
        finally:
            lock.release()
    assert len(tries) == 1
    assert clock.sleeps == []


def test_a_provider_without_a_limit_has_no_file(run: Run, clock: FakeClock) -> None:
    """Reading a task there creates nothing, not even the state folder."""
    body = b'{"success":true,"requestId":"t","status":"queued"}'
    with BytesServer(answer(200, body)) as server:
        found = {"SEEDANCE2INK_API_KEY": KEY, "SEEDANCE2INK_BASE_URL": server.url}
        assert run("status", "seedance2ink:t", env=found, clock=clock).code == 0
    assert not state().exists()


def test_the_embedded_sandbox_is_not_paced(run: Run, clock: FakeClock) -> None:
    """It is this program's own server."""
    result = run("status", "runbase:RUN_ID", "--sandbox", clock=clock)
    assert result.code == 0, result.err
    assert not (state() / FOLDER).exists()


# The paid POST


def test_a_paid_post_and_each_retry_take_a_place(run: Run, clock: FakeClock) -> None:
    """With 18 requests in the window, the third try of a submit waits for the window to move."""
    with BytesServer(in_turn(LIMITED, LIMITED, ACCEPTED)) as server:
        take(server.url, 18, clock)
        result = run("generate", "a boat", env=env(server.url), clock=clock)
        assert len(server.requests) == 3
    assert (result.code, result.out) == (0, "runbase:t-1\n")
    assert [pause for pause in clock.sleeps if pause] == pytest.approx([SPAN])
    assert rows() == [IntentState.ACCEPTED]


def in_line(spawn: Spawn, url: str) -> Process:
    """A `generate` that waits for its place: 20 requests of its key have just left."""
    take(url, LIMIT.requests, SystemClock())
    process = spawn("generate", "a boat", "-v", env=env(url))
    process.wait_for("this one waits")
    return process


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_line_before_the_paid_post_sends_nothing(spawn: Spawn, signum: int) -> None:
    """A signal while a submit waits for its place: at once, nothing was sent, and it says so."""
    with BytesServer(ACCEPTED) as server:
        process = in_line(spawn, server.url)
        process.signal(signum)
        result: Result = process.finish(5)
        assert server.requests == []
    assert result.code == 128 + signum
    assert "nothing was sent" in result.err
    assert rows() == [IntentState.NOT_SENT]


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_money_a_submit_killed_in_line_is_not_unknown(spawn: Spawn, run: Run) -> None:
    """A kill while a submit waits for its place: the row says that nothing was sent."""
    with BytesServer(ACCEPTED) as server:
        process = in_line(spawn, server.url)
        process.signal(signal.SIGKILL)
        process.finish(5)
        assert server.requests == []
    assert run("recover").out == ""
    assert rows() == [IntentState.NOT_SENT]


def test_money_a_submit_in_line_goes_on_by_itself(run: Run, clock: FakeClock) -> None:
    """A submit that had to wait for its place is sent once, and its id is printed."""
    with BytesServer(ACCEPTED) as server:
        take(server.url, 20, clock)
        result = run("generate", "a boat", env=env(server.url), clock=clock)
        assert len(server.requests) == 1
    assert (result.code, result.out) == (0, "runbase:t-1\n")
    assert clock.sleeps == pytest.approx([SPAN])

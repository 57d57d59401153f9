"""Many tasks awaited by one `seedance wait`: rate, lateness, processor time and memory.

The installed program waits for the tasks of a ledger that this script fills. Their service is an
HTTP server in a thread of this script, which answers after a set time and notes when each request
came; so rate and lateness are measured where they count.

- At a fixed interval: all tasks are due at once at first, so the first round takes as long as it
  takes, and the second one spreads them. Lateness is how much later than the interval after its
  predecessor a poll of the same task arrives, from each task's third poll on.
  Beside it stands what httpx alone costs: as many requests a second, 16 threads and one client,
  nothing looked at.
- On the learned schedule: the ledger also knows thirty earlier tasks. Lag is the time from the end
  of a task to the answer that tells of it.

    .venv/bin/python benchmarks/waiting.py             # 1,000 tasks every 5 s, then 10,000
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import shutil
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from _report import machine, table

from seedance_cli.ledger.record import Ledger
from seedance_cli.models import Price, PricedFields, Status, Submission, Task
from seedance_cli.system.clock import SystemClock
from support.ledgers import prepare

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ID = re.compile(rb"task_id=([\w-]+)")
_MIB = 1 << 20
_BARE = """
import queue, sys, threading, time
import httpx
url, rate, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
client, jobs = httpx.Client(trust_env=False), queue.SimpleQueue()
headers = {"Authorization": "Bearer no-real-key-0123456789abcdef", "Accept": "application/json"}
def work():
    while (number := jobs.get()) is not None:
        client.get(f"{url}/status?task_id=task-{number:05}", headers=headers).json()
threads = [threading.Thread(target=work) for _ in range(16)]
for thread in threads:
    thread.start()
began = time.monotonic()
for number in range(int(rate * seconds)):
    time.sleep(max(0.0, began + number / rate - time.monotonic()))
    jobs.put(number)
for _ in threads:
    jobs.put(None)
"""
_EARLIER = 30
_SIGMA = 0.4
"""Of the log of the time that a task takes."""


@dataclass(slots=True)
class Service:
    """The tasks' service: says `IN_PROGRESS` until a task's time has come, then gives a URL."""

    delay: float
    """Seconds from a request to its answer."""
    ends: Mapping[str, float]
    """When a task ends, in seconds from `began`; one that is not in it never does."""
    began: float = 0.0
    """On the monotonic clock."""
    arrivals: list[tuple[float, str]] = field(default_factory=list)
    """Seconds from `began`, and the task's id."""
    most_open: int = 0
    """Connections at the same time."""
    open: int = 0

    def answer(self, request: bytes) -> bytes:
        """The answer to a request that came just now."""
        found = _ID.search(request)
        task_id = "" if found is None else found[1].decode()
        now = time.monotonic() - self.began
        self.arrivals.append((now, task_id))
        status, urls = "IN_PROGRESS", ""
        if now >= self.ends.get(task_id, now + 1):
            status, urls = "SUCCESS", f'"https://cdn.example.com/{task_id}.mp4"'
        body = (
            f'{{"code":200,"message":"success","data":{{"task_id":"{task_id}",'
            f'"status":"{status}","consumed_credits":0,"response":[{urls}],'
            '"error_message":null,"created_at":"2026-02-07T10:30:00Z",'
            '"request":{"prompt":"a paper boat","duration":"8"}}}'
        ).encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
        return f"{head}\r\n\r\n".encode() + body

    @contextmanager
    def serving(self) -> Iterator[int]:
        """Serve on loopback while the `with` lasts; its port."""
        loop = asyncio.new_event_loop()
        server = loop.run_until_complete(
            loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, backlog=1000)
        )
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


class _Connection(asyncio.Protocol):
    """As little of HTTP as it takes: requests without a body, one after the other."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._service.open += 1
        self._service.most_open = max(self._service.most_open, self._service.open)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._service.open -= 1

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            request, _, self._received = self._received.partition(b"\r\n\r\n")
            answer = self._service.answer(request)
            loop = asyncio.get_running_loop()
            loop.call_later(self._service.delay, self._transport.write, answer)


@dataclass(frozen=True, slots=True)
class Run:
    """What one `seedance wait` cost."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of processor time, of user and system together."""
    peak: int
    """Bytes of memory at the most."""
    lines: int
    """Lines on stdout."""
    exit_code: int


def run(service: Service, ids: Sequence[str], words: Sequence[str], took: Sequence[float]) -> Run:
    """Fill a ledger with the tasks, then wait for them with the installed program."""
    with service.serving() as port, tempfile.TemporaryDirectory() as home:
        # Submitted at the moment at which the wait will begin.
        begin = time.monotonic() + 0.004 * len(ids)
        when = datetime.now(UTC) + timedelta(seconds=0.004 * len(ids))
        endpoint = f"http://127.0.0.1:{port}/v1"
        fill(Path(home), endpoint, ids, took, when)
        time.sleep(max(0.0, begin - time.monotonic()))
        environment = {
            "HOME": home,
            "PATH": os.environ["PATH"],
            "SEEDANCE_STATE_DIR": home,
            "SEEDANCEAPI_API_KEY": "no-real-key-0123456789abcdef",
            "SEEDANCEAPI_BASE_URL": endpoint,  # a key goes only where it is named
        }
        program = str(Path(sys.executable).with_name("seedance"))
        return _measured(service, [program, "wait", *words], environment, Path(home))


def bare(service: Service, rate: float, seconds: float) -> Run:
    """What httpx alone costs at that rate."""
    with service.serving() as port, tempfile.TemporaryDirectory() as home:
        numbers = [f"http://127.0.0.1:{port}/v1", str(rate), str(seconds)]
        words = [sys.executable, "-c", _BARE, *numbers]
        return _measured(service, words, {"HOME": home, "PATH": os.environ["PATH"]}, Path(home))


def _measured(
    service: Service, words: Sequence[str], environment: Mapping[str, str], home: Path
) -> Run:
    out, err = home / "stdout", home / "stderr"
    write = os.O_WRONLY | os.O_CREAT
    service.began = time.monotonic()
    pid = os.posix_spawn(
        words[0],
        tuple(words),
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, str(out), write, 0o600),
            (os.POSIX_SPAWN_OPEN, 2, str(err), write, 0o600),
        ],
    )
    _, status, used = os.wait4(pid, 0)
    return Run(
        time.monotonic() - service.began,
        used.ru_utime + used.ru_stime,
        used.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        out.read_bytes().count(b"\n"),
        os.waitstatus_to_exitcode(status),
    )


class _SetClock(SystemClock):
    """A wall clock that shows what it was set to."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


def fill(
    folder: Path, endpoint: str, ids: Sequence[str], took: Sequence[float], when: datetime
) -> None:
    """Write a new ledger; in memory first, if there is such a folder, for thousands of commits.

    Args:
        folder: where to.
        endpoint: of the tasks.
        ids: of tasks that run.
        took: seconds of earlier tasks that have ended.
        when: the moment at which those that run were submitted.
    """
    shm = Path("/dev/shm")
    clock = _SetClock(when - timedelta(days=1))
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as quick:
        with Ledger.open(Path(quick), clock, create=True) as ledger:
            for number, seconds in enumerate(took):
                _earlier(ledger, clock, endpoint, f"earlier-{number}", seconds)
            clock.moment = when
            for task_id in ids:
                _submit(ledger, endpoint, task_id)
        shutil.copytree(quick, folder, dirs_exist_ok=True)


def _submit(ledger: Ledger, endpoint: str, task_id: str) -> Submission:
    intent = prepare(
        ledger,
        task_id,
        provider="seedanceapi",
        endpoint=endpoint,
        profile=None,
        prompt="a paper boat sails down a rainy street",
        priced=PricedFields(None, 8, "720p", False),
    )
    ledger.sending(intent)
    cost = Price(Decimal(0), "credits", "charged")
    task = Task(task_id=task_id, status=Status.RUNNING, cost=cost)
    submission = ledger.accept(intent, task)
    ledger.told(intent)
    return submission


def _earlier(ledger: Ledger, clock: _SetClock, endpoint: str, task_id: str, seconds: float) -> None:
    submission = _submit(ledger, endpoint, task_id)
    clock.moment += timedelta(seconds=seconds - 1)
    ledger.observe(submission, Task(task_id=task_id, status=Status.RUNNING))
    clock.moment += timedelta(seconds=1)
    urls = (f"https://cdn.example.com/{task_id}.mp4",)
    done = Task(task_id=task_id, status=Status.SUCCEEDED, video_urls=urls)
    ledger.delivered(ledger.observe(submission, done))


def lateness(arrivals: Sequence[tuple[float, str]], interval: float) -> list[float]:
    """Seconds, ascending, by which polls came later than the interval; from the third poll on."""
    polls: dict[str, list[float]] = {}
    for moment, task_id in arrivals:
        polls.setdefault(task_id, []).append(moment)
    return sorted(
        max(0.0, now - before - interval)
        for moments in polls.values()
        for before, now in pairwise(moments[1:])
    )


def steady(tasks: int, interval: float, delay: float, seconds: float) -> list[str]:
    """All due at once, polled at a fixed interval until the time is up; a row of the table."""
    service = Service(delay, {})
    ids = [f"task-{number:05}" for number in range(tasks)]
    words = ["--interval", f"{interval:g}", "--timeout", f"{seconds:g}", "--quiet"]
    done = run(service, ids, words, ())
    assert done.exit_code == 8, f"exit code {done.exit_code}"
    # Two rounds in, and before the last polls that the deadline causes.
    first, last = 2 * interval, seconds - 0.5
    late = lateness([one for one in service.arrivals if one[0] < last], interval)
    rate = sum(first <= moment < last for moment, _ in service.arrivals) / (last - first)
    return [
        f"{tasks:,} tasks, every {interval:g} s, answers in {delay * 1000:.0f} ms",
        f"{rate:.0f} of {tasks / interval:.0f}/s",
        f"{_share(late, 0.5) * 1000:.0f} ms",
        f"{_share(late, 0.99) * 1000:.0f} ms",
        f"{late[-1] * 1000:.0f} ms",
        f"{done.cpu / done.wall:.0%}",
        f"{done.peak / _MIB:.0f} MiB",
        str(service.most_open),
    ]


def _share(ascending: Sequence[float], share: float) -> float:
    return ascending[min(len(ascending) - 1, int(share * len(ascending)))]


def scheduled(tasks: int, median: float, delay: float) -> tuple[Run, list[str]]:
    """Tasks that end at log-normal times, on the learned schedule; a row of the table."""
    chance = random.Random(7)
    ends = {
        f"task-{number:05}": median * chance.lognormvariate(0, _SIGMA) for number in range(tasks)
    }
    took = [median * chance.lognormvariate(0, _SIGMA) for _ in range(_EARLIER)]
    service = Service(delay, ends)
    done = run(service, list(ends), ["--quiet"], took)
    assert done.exit_code == 0, f"exit code {done.exit_code}"
    assert done.lines == tasks, f"{done.lines} results"
    seen = {task_id: moment + delay for moment, task_id in service.arrivals}
    lags = sorted(seen[task_id] - end for task_id, end in ends.items())
    return done, [
        f"{tasks:,}",
        f"{max(ends.values()):.0f} s",
        f"{done.wall:.0f} s",
        f"{len(service.arrivals) / tasks:.1f}",
        f"{sum(lags) / len(lags):.1f} s",
        f"{_share(lags, 0.99):.1f} s",
        f"{done.cpu / done.wall:.0%}",
        f"{done.peak / _MIB:.0f} MiB",
    ]


def main() -> int:
    """Run both measurements and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1000, help="0: leave that part out")
    parser.add_argument("--interval", type=float, default=5.0)
    parser.add_argument("--delay", type=float, default=0.05, help="of the server, in seconds")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--many", type=int, default=10_000, help="0: leave that part out")
    parser.add_argument("--median", type=float, default=90.0, help="of what a task takes, seconds")
    wanted = parser.parse_args()
    print(f"{machine()}\n")
    if wanted.tasks:
        head = ["one process", "rate", "late p50", "late p99", "max", "core", "memory", "sockets"]
        row = steady(wanted.tasks, wanted.interval, wanted.delay, wanted.seconds)
        alone = Service(wanted.delay, {})
        rate = wanted.tasks / wanted.interval
        done = bare(alone, rate, wanted.seconds)
        share, memory = f"{done.cpu / done.wall:.0%}", f"{done.peak / _MIB:.0f} MiB"
        beside = [f"httpx alone, {rate:.0f}/s", "", "", "", "", share, memory]
        print(table(head, [row, [*beside, str(alone.most_open)]]), "\n")
    if wanted.many:
        few = wanted.many // 100
        found = [scheduled(tasks, wanted.median, wanted.delay) for tasks in (few, wanted.many)]
        head = ["tasks", "last end", "wait", "polls each", "lag", "lag p99", "core", "memory"]
        print(table(head, [row for _, row in found]), "\n")
        each = (found[1][0].peak - found[0][0].peak) / (wanted.many - few)
        print(f"Memory a task: {each / 1024:.1f} KiB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

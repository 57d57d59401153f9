"""When `wait` polls, how long it has patience, and when it gives up."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from seedance_cli import providers
from seedance_cli.errors import Unreachable
from seedance_cli.models import Status, Submission, Task
from seedance_cli.models.secret import Secret
from seedance_cli.tasks.events import Ended
from seedance_cli.tasks.reading import Target
from seedance_cli.tasks.schedule import LOCAL
from seedance_cli.tasks.wait import Wait, WaitOptions, key_of
from support.bytes_server import answer
from support.fake_clock import FakeClock, passed
from support.scripted_provider import ScriptedProvider, done, error, submitted, unavailable
from support.watching import Forgetful, watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from seedance_cli.ledger import Ledger
    from seedance_cli.models import TaskHandle
    from seedance_cli.tasks.channel import Channel
    from support.bytes_server import Client, Request, Script
    from support.runner import Run


@pytest.fixture
def clock() -> FakeClock:
    """A clock that moves only when nobody is at work."""
    return FakeClock(grace=3)


def test_pauses_follow_the_schedule(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """A task of elsewhere is polled at once, then as one old enough for its first poll."""
    server.task("t1", *["running"] * 60, done())
    assert run("wait", "runbase:t1", env=server.env(), clock=clock).code == 0
    ages = [LOCAL.first()]
    while len(ages) <= 60:
        ages.append(ages[-1] + LOCAL.pause(ages[-1]))
    assert passed(clock) == pytest.approx(ages[-1] - ages[0])
    assert max(clock.sleeps) > 15


def test_the_first_poll_after_a_submit_waits_for_its_time(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """`generate --wait` does not ask for a task that cannot have ended yet."""
    server.task("t1", "running", done())
    words = ("generate", "a boat", "-p", "runbase", "--wait")
    assert run(*words, env=server.env(), clock=clock).code == 0
    assert clock.sleeps == [LOCAL.first(), LOCAL.pause(LOCAL.first())]


def test_interval_sets_every_pause(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """With `--interval` all pauses between good answers are as long as it says."""
    server.task("t1", "queued", "running", "running", done())
    run("wait", "runbase:t1", "--interval", "7s", env=server.env(), clock=clock)
    assert clock.sleeps == [7.0] * 3


def test_a_long_interval_is_slept_in_pieces(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A pause of minutes is interrupted every 30 s, so that the heartbeat goes on."""
    server.task("t1", "running", done())
    result = run("wait", "runbase:t1", "--interval", "2m", env=server.env(), clock=clock)
    assert clock.sleeps == [30.0] * 4
    assert result.err.count("running") == 5


def test_a_missing_answer_slows_the_polling_down(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Each failed poll in a row doubles the pause, up to 32 s."""
    server.task("t1", *[unavailable] * 7, done())
    assert run("wait", "runbase:t1", env=server.env(), clock=clock).code == 0
    assert clock.sleeps[:4] == [2.0, 4.0, 8.0, 16.0]
    assert passed(clock) == 2 + 4 + 8 + 16 + 3 * 32


VIDEO = ("https://v.example/1",)


def targets(
    fetch: Callable[[object, TaskHandle], Task], *, provider: str = "defapi", count: int = 1
) -> list[Target]:
    """Running tasks at a provider whose answers are made up here."""
    made_up = SimpleNamespace(info=providers.get(provider).info, fetch=fetch)
    channel = SimpleNamespace(
        provider=made_up, api=None, key=Secret("k" * 8), loopback=False, explained=lambda _: _
    )
    tasks = [Task(task_id=f"t{number}", status=Status.RUNNING) for number in range(count)]
    endpoint = "https://api.example.com"
    return [
        Target(
            Submission(provider=provider, endpoint=endpoint, sandbox=False, task=task),
            cast("Channel", channel),
        )
        for task in tasks
    ]


def test_tasks_that_were_due_at_once_do_not_stay_so(clock: FakeClock) -> None:
    """All are asked at once at first; from then on their polls are 5 ms apart.

    A poll may leave a little early, together with another one.
    """
    polls: dict[str, list[float]] = {}

    def fetch(_: object, handle: TaskHandle) -> Task:
        moments = polls.setdefault(handle.task_id, [])
        moments.append(passed(clock))
        status = Status.SUCCEEDED if len(moments) > 7 else Status.RUNNING
        return Task(task_id=handle.task_id, status=status, video_urls=VIDEO)

    assert sum(one.final for one in watch(targets(fetch, count=100), clock, interval=1) if one)
    firsts, *later = ([moments[poll] for moments in polls.values()] for poll in range(8))
    assert set(firsts) == {0.0}
    for round_, moments in enumerate(later, 1):
        expected = [round_ + number * 0.005 for number in range(100)]
        assert moments == pytest.approx(expected, abs=0.025)


def test_few_tasks_are_not_spread(clock: FakeClock) -> None:
    """Two tasks are polled together, every time."""
    moments: list[float] = []

    def fetch(_: object, handle: TaskHandle) -> Task:
        moments.append(passed(clock))
        status = Status.SUCCEEDED if len(moments) > 4 else Status.RUNNING
        return Task(task_id=handle.task_id, status=status, video_urls=VIDEO)

    list(watch(targets(fetch, count=2), clock, interval=10))
    assert moments == [0, 0, 10, 10, 20, 20]


def test_a_task_is_added_while_others_are_polled(clock: FakeClock) -> None:
    """A wait takes a further task while it runs, and goes on until that one has ended, too."""

    def fetch(_: object, handle: TaskHandle) -> Task:
        return Task(task_id=handle.task_id, status=Status.SUCCEEDED, video_urls=VIDEO)

    first, second = targets(fetch, count=2)
    ways = {key_of(one.submission): one for one in (first, second)}
    ledger = cast("Ledger", Forgetful())
    ended = []
    with Wait(ledger, clock, lambda one: ways[key_of(one)], WaitOptions()) as wait:
        wait.add(first.submission)
        for event in wait:
            if isinstance(event, Ended):
                ended.append(event.delivery.submission.ref)
                if len(ended) == 1:
                    wait.add(second.submission)
    assert ended == ["defapi:t0", "defapi:t1"]


@pytest.mark.parametrize(("provider", "most"), [("defapi", 16), ("runbase", 4)])
def test_only_so_many_polls_are_out_at_once(clock: FakeClock, provider: str, most: int) -> None:
    """Sixteen at once, and four where a rate limit makes them wait for their turn."""
    lock, out, peak = threading.Lock(), 0, 0
    full = threading.Event()

    def fetch(_: object, handle: TaskHandle) -> Task:
        nonlocal out, peak
        with lock:
            out += 1
            peak = max(peak, out)
            if peak >= most:
                full.set()
        assert full.wait(10)
        time.sleep(0.15)  # longer than the clock's patience: one too many would come now
        with lock:
            out -= 1
        return Task(task_id=handle.task_id, status=Status.SUCCEEDED, video_urls=VIDEO)

    clock.patience = 0.02
    looks = watch(targets(fetch, provider=provider, count=3 * most), clock)
    assert sum(one.final for one in looks if one) == 3 * most
    assert peak == most


def test_polls_under_a_rate_limit_are_spaced(clock: FakeClock) -> None:
    """Polls of a provider with a limit keep the distance that stays within it, however many."""
    moments: list[float] = []

    def fetch(_: object, handle: TaskHandle) -> Task:
        moments.append(passed(clock))
        return Task(task_id=handle.task_id, status=Status.SUCCEEDED, video_urls=VIDEO)

    list(watch(targets(fetch, provider="runbase", count=60), clock))
    assert len(moments) == 60
    window = [late - early for early, late in zip(moments, moments[20:], strict=False)]
    assert min(window) >= 10


def test_polls_that_hang_at_the_deadline_keep_no_other_from_leaving(clock: FakeClock) -> None:
    """When every thread waits in silence and was given up, the others are asked all the same."""
    hang = threading.Event()

    def fetch(_: object, handle: TaskHandle) -> Task:
        if handle.task_id != "t16":
            hang.wait(20)
        return Task(task_id=handle.task_id, status=Status.SUCCEEDED, video_urls=VIDEO)

    clock.patience = 0.2
    seen = [one for one in watch(targets(fetch, count=17), clock, timeout=0) if one and one.final]
    hang.set()
    assert {one.submission.ref for one in seen if one.error is None} == {"defapi:t16"}
    assert len(seen) == 17


def test_two_thousand_failures_are_no_bug(clock: FakeClock) -> None:
    """A backoff does not overflow, however often it was doubled (2.0 ** 1024 raises)."""

    def fetch(*_: object) -> Task:
        raise Unreachable("nobody there")

    *_, last = watch(targets(fetch), clock, timeout=64000)
    assert last is not None
    assert last.final
    assert len(clock.sleeps) > 2000


def test_the_deadline_ends_the_polling(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """`--timeout` ends in one last poll at that very time, then 8 with the way back."""
    server.task("t1", "running")
    result = run("wait", "runbase:t1", "--timeout", "20", env=server.env(), clock=clock)
    assert result.code == 8
    assert passed(clock) == 20
    assert result.out == ""
    assert "running when --timeout ended" in result.err
    assert "seedance wait runbase:t1" in result.err


def test_timeout_zero_polls_once(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """`--timeout 0` asks each task once: what has ended is delivered, the rest is 8."""
    server.task("a", done("https://v.example/a.mp4"))
    server.task("b", "running")
    words = ("wait", "runbase:a", "defapi:b", "--timeout", "0")
    result = run(*words, env=server.env(), clock=clock)
    assert (result.code, result.out) == (8, "https://v.example/a.mp4\n")
    assert (server.polls("a"), server.polls("b")) == (1, 1)
    assert clock.sleeps == []


def test_the_way_back_is_said_with_q(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """After a timeout the line that says how to come back appears with `-q` too."""
    server.task("t1", "running")
    result = run("wait", "runbase:t1", "--timeout", "5", "-q", env=server.env(), clock=clock)
    assert "seedance wait runbase:t1" in result.err
    assert len(result.err.splitlines()) == 2


def test_the_deadline_counts_whatever_goes_wrong(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """With a deadline an outage is waited out until then, however long it is, then 8."""
    server.task("t1", unavailable)
    result = run("wait", "runbase:t1", "--timeout", "1h", "--json", env=server.env(), clock=clock)
    assert result.code == 8
    assert passed(clock) == 3600
    assert result.error["code"] == "timeout"
    assert "503" in result.error["message"]


def test_fault_18_a_wall_clock_that_jumps_moves_no_deadline(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A day forward and a day back on the wall clock change neither deadline nor pauses."""

    def jump(seconds: float) -> Script:
        def script(request: Request, client: Client) -> None:
            clock.jump(seconds)
            unavailable(request, client)

        return script

    server.task("t1", "running", jump(86400), "running", jump(-2 * 86400), "running")
    result = run("wait", "runbase:t1", "--timeout", "60", env=server.env(), clock=clock)
    assert result.code == 8
    assert passed(clock) == 60


class SleepyClock(FakeClock):
    """The laptop's lid is closed during the second pause."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.sleeps) == 2:
            self.advance(8 * 3600)


def test_fault_18_after_a_laptops_sleep_there_is_one_more_poll(
    run: Run, server: ScriptedProvider
) -> None:
    """A deadline that passes while the machine sleeps allows one more poll, which may deliver."""
    server.task("t1", "running", "running", done("https://v.example/1.mp4"))
    words = ("wait", "runbase:t1", "--timeout", "10m")
    result = run(*words, env=server.env(), clock=SleepyClock(grace=3))
    assert (result.code, result.out) == (0, "https://v.example/1.mp4\n")


@pytest.mark.parametrize("timeout", [(), ("--timeout", "10m")])
def test_fault_18_a_laptop_asleep_during_a_poll_polls_once_more(
    run: Run, server: ScriptedProvider, clock: FakeClock, timeout: tuple[str, ...]
) -> None:
    """A poll that fails because the machine slept through it is not the last one."""

    def asleep(request: Request, client: Client) -> None:
        clock.advance(8 * 3600)
        client.reset()

    server.task("t1", "running", asleep, done("https://v.example/1.mp4"))
    result = run("wait", "runbase:t1", *timeout, env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, "https://v.example/1.mp4\n")


def test_an_answer_that_does_not_come_is_given_up_after_the_deadline(
    run: Run, server: ScriptedProvider
) -> None:
    """A last poll that hangs is waited for no longer than 10 s after the deadline."""

    def silence(request: Request, client: Client) -> None:
        client.silence()

    clock = FakeClock(grace=0.05)
    server.task("t1", silence)
    result = run("wait", "runbase:t1", "--timeout", "0", env=server.env(), clock=clock)
    assert result.code == 8
    assert "seedance wait runbase:t1" in result.err
    assert server.polls("t1") == 1


def test_one_process_waits_for_many_tasks_at_once(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Forty tasks of four providers are all polled and all delivered."""
    names = ("seedanceapi", "defapi", "seedance2ink", "runbase")
    refs = [f"{name}:{name}-{number}" for name in names for number in range(10)]
    for ref in refs:
        server.task(ref.partition(":")[2], "running", done(f"https://v.example/{ref[-3:]}"))
    result = run("wait", *refs, env=server.env(), clock=clock)
    assert result.code == 0
    assert len(result.out.splitlines()) == 40


def test_polls_keep_to_a_documented_rate_limit(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Runbase allows 20 requests in 10 s: thirty of its tasks take at least 14 s to read once."""
    refs = [f"runbase:{number}" for number in range(30)]
    for ref in refs:
        server.task(ref.partition(":")[2], "running")
    run("wait", *refs, "--timeout", "0", env=server.env(), clock=clock)
    assert len(server.server.requests) == 30
    assert 14 <= passed(clock) <= 20


def test_a_slow_task_does_not_slow_a_new_one_down(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A rate limit spreads polls when they leave; a pause of one task holds up no other one."""
    server.task("slow", error(503, headers={"Retry-After": "100"}), "running")
    server.task("new", *["running"] * 5, done())
    run("wait", "runbase:slow", "runbase:new", "--any", env=server.env(), clock=clock)
    assert passed(clock) < 20


@pytest.mark.parametrize(
    ("status", "code"), [(503, 5), (429, 5), (500, 5)], ids=["503", "429", "500"]
)
def test_fault_13_ten_minutes_without_a_good_answer_end_a_wait(
    run: Run, server: ScriptedProvider, clock: FakeClock, status: int, code: int
) -> None:
    """Without a deadline `wait` gives up after 10 minutes without one good answer: 5."""
    server.task("t1", error(status))
    result = run("wait", "runbase:t1", env=server.env(), clock=clock)
    assert result.code == code
    assert 600 <= passed(clock) < 640
    assert result.err.count("runbase:t1") >= 1


def test_a_good_answer_starts_the_ten_minutes_again(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Two outages of nine minutes with one good answer between them end nothing."""
    body = b'{"id": "t1", "status": "processing"}'
    sound = done("https://v.example/1.mp4")

    def weather(request: Request, client: Client) -> None:
        out = passed(clock) < 540 or 570 < passed(clock) < 1100
        (unavailable if out else answer(200, body))(request, client)

    server.task("t1", *[weather] * 60, sound)
    result = run("wait", "runbase:t1", "--interval", "20", env=server.env(), clock=clock)
    assert passed(clock) > 1100
    assert (result.code, result.out) == (0, "https://v.example/1.mp4\n")


def test_a_long_download_of_another_task_costs_no_patience(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Time in which a task was not asked about does not count as time without an answer."""

    def slow(request: Request, client: Client) -> None:
        clock.advance(1200)
        from support import mp4s

        answer(200, mp4s.plain())(request, client)

    server.videos["a.mp4"] = slow
    server.task("a", "running", done(server.video("a.mp4")))
    server.task("b", "running", "running", unavailable, done(server.video("b.mp4")))
    result = run("wait", "defapi:a", "defapi:b", "--download", env=server.env(), clock=clock)
    assert result.code == 0, result.err


def test_fault_15_an_unknown_word_is_warned_of_once_and_waited_out(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A status word this program does not know is polled on, and named once in a warning."""
    server.task("t1", "brewing", "brewing", "steeping", "brewing", done("https://v.example/1"))
    result = run("wait", "runbase:t1", env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, "https://v.example/1\n")
    warnings = [line for line in result.err.splitlines() if line.startswith("warning:")]
    assert len(warnings) == 2
    assert "'brewing'" in warnings[0]
    assert "'steeping'" in warnings[1]


def test_fault_17_an_unknown_word_unchanged_for_half_an_hour_ends_the_watch(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """After 30 minutes of the same unknown word the watch ends with 8 and names the word."""
    server.task("t1", "running", "brewing")
    result = run("wait", "runbase:t1", "--json", env=server.env(), clock=clock)
    assert result.code == 8
    assert 1800 <= passed(clock) < 1850
    assert "brewing" in result.error["message"]
    assert result.json["status"] == "unknown"
    assert result.json["provider_status"] == "brewing"


def test_words_that_take_turns_are_no_standstill(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """The half hour is that of one unchanged word; a known word between starts it again."""
    steps = ["brewing"] * 100 + ["running"] + ["brewing"] * 100
    server.task("t1", *steps, done("https://v.example/1"))
    result = run("wait", "runbase:t1", "--interval", "15", env=server.env(), clock=clock)
    assert passed(clock) > 2400
    assert result.code == 0


def test_fault_16_404_is_retried_for_a_minute_after_our_own_submit(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A task that its service does not find at first is found later (providers.md)."""
    server.task("t1", error(404), error(404), "running", done("https://v.example/1"))
    result = run("generate", "a boat", "-p", "defapi", "--wait", env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, "https://v.example/1\n")


def test_fault_16_404_later_than_a_minute_ends_the_watch_of_generate(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A 404 that lasts over 60 s after our submit is 8 from `generate`, code `not_found`."""
    server.task("t1", error(404))
    words = ("generate", "a boat", "-p", "defapi", "--wait", "--json")
    result = run(*words, env=server.env(), clock=clock)
    assert result.code == 8
    assert result.error["code"] == "not_found"
    assert result.error["ref"] == "defapi:t1"
    assert result.error["retry_safe"] is False
    assert 60 <= passed(clock) < 75


def test_a_wall_clock_that_jumps_does_not_age_a_new_task(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """The minute in which a 404 is normal is measured on the monotonic clock."""

    def jump(request: Request, client: Client) -> None:
        clock.jump(86400)
        error(404)(request, client)

    server.task("t1", jump, error(404), done("https://v.example/1"))
    result = run("generate", "a boat", "-p", "defapi", "--wait", env=server.env(), clock=clock)
    assert result.code == 0


def test_fault_16_404_of_a_task_of_another_machine_ends_the_watch_at_once(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A ref that the ledger does not know has no minute of grace: 4, after one poll."""
    result = run("wait", "defapi:t9", env=server.env(), clock=clock)
    assert result.code == 4
    assert server.polls("t9") == 1


def test_a_lost_task_leaves_a_bare_wait_after_a_day(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A 404 leaves the status as it is; for 24 h a bare `wait` asks again, then no more."""
    submitted(server, "defapi", "t1", clock=clock)
    clock.advance(3600)
    env = server.env()
    assert run("wait", env=env, clock=clock).code == 4
    rows = run("list", "--json", env=env, clock=clock).json
    assert rows[0]["status"] == "queued"
    clock.advance(23 * 3600)
    assert run("wait", env=env, clock=clock).code == 4
    clock.advance(3600)
    assert run("wait", env=env, clock=clock).code == 0
    assert server.polls("t1") == 2


def test_a_lost_task_that_is_found_again_is_waited_for_again(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A good answer makes the day of a 404 forgotten."""
    submitted(server, "defapi", "t1", clock=clock)
    clock.advance(3600)
    env = server.env()
    server.task("t1", error(404), "running", "running")
    assert run("wait", env=env, clock=clock).code == 4
    assert run("wait", "--timeout", "0", env=env, clock=clock).code == 8
    clock.advance(30 * 3600)
    assert run("wait", "--timeout", "0", env=env, clock=clock).code == 8

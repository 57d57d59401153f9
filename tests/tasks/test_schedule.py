"""When a task is asked for again, and what is said of the time it takes."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import pairwise
from statistics import NormalDist, quantiles
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedance_cli.errors import WriteFailed
from seedance_cli.ledger import history, observations
from seedance_cli.ledger.record import Ledger
from seedance_cli.models import PricedFields, Status, Submission, Task
from seedance_cli.tasks.estimate import Estimates
from seedance_cli.tasks.schedule import DEFAULT, LOCAL, LONGEST, NEWEST, SHORTEST, estimate, learned
from support.fake_clock import FakeClock
from support.ledgers import ENDPOINT, submit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from seedance_cli.tasks.schedule import Schedule

DURATIONS = st.lists(st.floats(0, 1e6), max_size=40)
AGES = st.floats(0, 1e6)
DASH = "\N{EN DASH}"
PRICED = PricedFields("bytedance/seedance-2.0", 8, "720p", None)


def normal(median: float, sigma: float, count: int = NEWEST) -> list[float]:
    """A history whose distribution is log-normal, without chance; its order tells nothing."""
    shares = [(7 * number % count + 0.5) / count for number in range(count)]
    return [median * math.exp(NormalDist(0, sigma).inv_cdf(share)) for share in shares]


def polls(schedule: Schedule, until: float) -> list[float]:
    """The ages at which a task is asked for that has not ended."""
    ages = [schedule.first()]
    while ages[-1] < until:
        ages.append(ages[-1] + schedule.pause(ages[-1]))
    return ages


# What holds for every history


@given(DURATIONS, AGES)
def test_every_pause_is_within_bounds(durations: list[float], age: float) -> None:
    """No pause is shorter than a second or longer than the longest silence, whatever was seen."""
    schedule = learned(durations)
    for pause in (schedule.first(), schedule.pause(age)):
        assert SHORTEST <= pause <= LONGEST


@given(DURATIONS, AGES, AGES)
def test_a_later_poll_is_never_followed_by_an_earlier_one(
    durations: list[float], one: float, other: float
) -> None:
    """Of two tasks, the one polled later is not polled again before the other.

    Except by the bounds: neither sooner than a second after its poll nor later than the longest
    silence.
    """
    schedule = learned(durations)
    early, late = sorted((one, other))
    gap = 1e-6 * (1 + late)
    if schedule.pause(early) > SHORTEST and schedule.pause(late) < LONGEST:
        assert early + schedule.pause(early) <= late + schedule.pause(late) + gap


@given(DURATIONS, AGES)
def test_the_same_history_gives_the_same_schedule(durations: list[float], age: float) -> None:
    """There is no chance in it, and only the newest durations count."""
    schedule = learned(durations)
    assert schedule == learned(tuple(durations))
    assert schedule.pause(age) == learned([1e5, 3.0, *durations][-NEWEST:]).pause(age) or (
        len(durations) < NEWEST
    )


@given(st.lists(st.floats(1, 1e4), min_size=1, max_size=40))
def test_the_first_poll_waits_for_no_more_than_was_seen(durations: list[float]) -> None:
    """The first poll is not later than the longest of the earlier tasks."""
    assert learned(durations).first() <= max(durations) + 0.5


@given(st.lists(st.floats(1, 1e4), min_size=1, max_size=2), st.floats(13, 1e4))
def test_a_short_history_makes_no_task_twice_as_late(durations: list[float], end: float) -> None:
    """After one or two earlier tasks, one that ends at any age is seen by twice that age."""
    seen = next(age for age in polls(learned(durations), end) if age >= end)
    assert seen <= 2 * end


# The default


@pytest.mark.parametrize(
    ("age", "pause"), [(0, 10.0), (7, 3.0), (10, 3.4), (60, 8.0), (300, 17.6), (3600, LONGEST)]
)
def test_the_default_curve(age: float, pause: float) -> None:
    """Without history the pauses are those that the documentation states."""
    assert DEFAULT.pause(age) == pytest.approx(pause, abs=0.05)
    assert learned([]) == DEFAULT
    assert DEFAULT.first() == 10.0


def test_a_service_on_this_machine_is_asked_from_the_first_second_on() -> None:
    """Before the age of the default's first poll its curve goes on; behind it they are one."""
    assert (LOCAL.first(), LOCAL.pause(1)) == (1.0, 1.25)
    assert [LOCAL.pause(age) for age in (10, 60, 3600)] == [
        DEFAULT.pause(age) for age in (10, 60, 3600)
    ]


# What history does


def test_the_first_poll_comes_at_the_tenth_percentile() -> None:
    """With enough history nothing is asked before about a tenth of the tasks have ended.

    A little before that age rather than behind it: the default counts, too.
    """
    for sigma in (0.1, 0.2, 0.3, 0.5):
        history = normal(50, sigma)
        assert 0.8 <= learned(history).first() / quantiles(history, n=10)[0] <= 1


def test_no_silence_is_longer_than_the_bound() -> None:
    """Where all tasks took ten minutes, one that is done at once is seen after 45 s."""
    schedule = learned([600.0] * NEWEST)
    assert (schedule.first(), LONGEST) == (LONGEST, 45.0)
    ages = polls(schedule, 400)
    assert max(after - before for before, after in pairwise(ages)) <= LONGEST


def test_polls_are_dense_where_the_end_is_likely() -> None:
    """Around the usual duration pauses are shorter than before it, after it, and by default."""
    schedule = learned(normal(60, 0.2))
    usual = schedule.pause(60)
    assert usual < 0.6 * DEFAULT.pause(60)
    assert usual < 0.5 * schedule.pause(20)
    assert usual < 0.5 * schedule.pause(180)


def test_behind_all_that_was_seen_the_default_is_back() -> None:
    """A task older than all earlier ones is polled more and more rarely, as one without history."""
    schedule = learned(normal(60, 0.2))
    for age in (200, 400, 800):
        assert schedule.pause(age) == pytest.approx(DEFAULT.pause(age), rel=0.02)


def test_two_groups_of_durations_are_two_dense_places() -> None:
    """With runs of 40 s and queued ones of 160 s, little is asked between the two."""
    schedule = learned([40, 42, 160, 39, 41, 158, 40, 163, 38, 41, 161, 40] * 2)
    assert schedule.pause(85) > 2 * schedule.pause(40)
    assert schedule.pause(85) > 1.5 * schedule.pause(160)


def test_more_history_narrows_the_silence_slowly() -> None:
    """The wait before the first poll grows with the number of tasks that speak for it."""
    waits = [learned([52.0] * count).first() for count in (0, 1, 3, 6, 12, 24)]
    assert waits == sorted(waits)
    assert waits[:2] == [10.0, 10.0]
    assert waits[3] < 20
    assert waits[-1] > 30


def test_newer_tasks_weigh_more() -> None:
    """Six tasks of a service that has become twice as fast are enough to ask it earlier."""
    before = learned([80.0] * 24)
    after = learned([80.0] * 24 + [40.0] * 6)
    assert after.first() < 0.85 * before.first()
    assert after.pause(35) < 0.25 * before.pause(35)


def test_a_watch_notices_by_itself_that_a_service_became_faster() -> None:
    """It learns from what it saw, and what it saw was late; still the lag goes down."""
    seen = [90.0] * NEWEST
    for _ in range(15):
        schedule = learned(seen)
        seen.append(next(age for age in polls(schedule, 30) if age >= 30))
    assert seen[NEWEST] == LONGEST
    assert max(seen[-10:]) < 38


def test_a_lower_cost_means_more_requests() -> None:
    """The cost of a request decides between requests and delay."""
    history = normal(60, 0.3)
    counts = [len(polls(learned(history, cost=cost), 120)) for cost in (0.1, 0.5, 2.0)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > 2 * counts[2]


def test_the_longest_pause_leaves_a_duration_worth_keeping() -> None:
    """The ledger takes an end for watched if the task was seen running shortly before it."""
    assert observations._WATCHED.total_seconds() > LONGEST


def test_nothing_heavy_is_imported() -> None:
    """The schedule needs none of the modules that `statistics` would bring."""
    code = (
        "import sys; before = set(sys.modules); import seedance_cli.tasks.schedule\n"
        "heavy = {'statistics', 'random', 'fractions', 'decimal', 'sqlite3'}\n"
        "sys.exit(', '.join(heavy & (set(sys.modules) - before)) or 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


# The history


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(grace=3)


@pytest.fixture
def ledger(tmp_path: Path, clock: FakeClock) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "state", clock, create=True) as found:
        yield found


def finished(
    ledger: Ledger,
    clock: FakeClock,
    seconds: float,
    *,
    priced: PricedFields = PRICED,
    sandbox: bool = False,
    endpoint: str = ENDPOINT,
) -> Submission:
    """A task that was watched to its end."""
    name = f"t{len(ledger.rows())}"
    one = submit(ledger, name, priced=priced, sandbox=sandbox, endpoint=endpoint)
    clock.advance(seconds)
    ledger.observe(one, Task(task_id=name, status=Status.RUNNING))
    return ledger.observe(one, Task(task_id=name, status=Status.SUCCEEDED))


def test_alike_are_model_duration_and_resolution(ledger: Ledger, clock: FakeClock) -> None:
    """Audio or not, a task counts; another model, duration, resolution or endpoint does not."""
    finished(ledger, clock, 10)
    finished(ledger, clock, 11, priced=PricedFields(PRICED.model, 8, "720p", True))
    finished(ledger, clock, 12, priced=PricedFields(PRICED.model, 8, "720p", False))
    finished(ledger, clock, 13, priced=PricedFields("other", 8, "720p", None))
    finished(ledger, clock, 14, priced=PricedFields(PRICED.model, 5, "720p", None))
    finished(ledger, clock, 15, priced=PricedFields(PRICED.model, 8, "480p", None))
    finished(ledger, clock, 16, endpoint="https://b.example.com")
    finished(ledger, clock, 17, sandbox=True)
    assert ledger.durations("runbase", ENDPOINT, PRICED) == [10, 11, 12]


def test_only_the_newest_durations_are_read(
    ledger: Ledger, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest so many, newest last, and none from too far back: the ledger may be long."""
    for seconds in range(1, 9):
        finished(ledger, clock, seconds)
    assert ledger.durations("runbase", ENDPOINT, PRICED, limit=3) == [6, 7, 8]
    monkeypatch.setattr(history, "_RECENT", 5)
    assert ledger.durations("runbase", ENDPOINT, PRICED) == [4, 5, 6, 7, 8]


class Counted:
    """A ledger that has a fixed history and counts how often it is asked."""

    def __init__(self, *durations: float) -> None:
        self.took = list(durations)
        self.asked = 0

    def durations(self, *_: object, limit: int) -> list[float]:
        self.asked += 1
        return self.took[-limit:]


def words(clock: FakeClock, ledger: Ledger, age: float, *durations: float) -> str | None:
    """What is said of a task of that age after such a history."""
    one = submit(ledger)
    clock.advance(age)
    return Estimates(cast("Ledger", Counted(*durations)), clock)(one)


@pytest.mark.parametrize(
    ("durations", "said"),
    [
        ([], None),
        ([52.4], "last time 52 s"),
        ([130.0], "last time 2 min"),
        ([150.0], "last time 2.5 min"),
        ([52.0] * 5, "about 52 s, from 5 earlier"),
        ([50.0, 54.0], "about 50-54 s, from 2 earlier"),
        ([39, 45, 48, 50, 55, 58, 60, 61, 66, 67, 69, 71], "about 45-70 s, from 12 earlier"),
        ([1000.0] + [52.0] * 30, "about 52 s, from 30 earlier"),
        ([120, 130, 150, 180, 200, 220, 235, 240], "about 2-4 min, from 8 earlier"),
        ([130, 140, 150, 160, 165], "about 2-2.5 min, from 5 earlier"),
        ([60.0, 300.0], "about 85 s-5 min, from 2 earlier"),
        ([9000.0] * 2, "about 2.5 h, from 2 earlier"),
        ([0.2, 0.3], "about 1 s, from 2 earlier"),
    ],
)
def test_the_words_of_an_estimate(
    ledger: Ledger, clock: FakeClock, durations: list[float], said: str | None
) -> None:
    """From the 10th to the 90th percentile, as precise as that is, and from how many tasks."""
    assert words(clock, ledger, 0, *durations) == (said and said.replace("-", DASH))


@pytest.mark.parametrize(
    ("durations", "said"),
    [
        ([52.0], "longer than last time (52 s)"),
        ([40.0, 50.0, 70.0], "longer than 3 earlier ones (40-65 s)"),
        ([40.0, 50.0, 71.0], "about 40-65 s, from 3 earlier"),
    ],
)
def test_a_task_older_than_all_earlier_ones(
    ledger: Ledger, clock: FakeClock, durations: list[float], said: str
) -> None:
    """What no longer can be true is no longer said."""
    assert words(clock, ledger, 70.5, *durations) == said.replace("-", DASH)


def test_without_a_clock_the_words_do_not_depend_on_the_age(
    ledger: Ledger, clock: FakeClock
) -> None:
    """Whoever has no clock gets what history says, whatever the task's age."""
    one = submit(ledger)
    clock.advance(1000)
    assert Estimates(cast("Ledger", Counted(52.0)))(one) == "last time 52 s"


def test_a_terminal_without_a_dash_gets_a_hyphen(
    ledger: Ledger, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    r"""Nobody is shown `40\u201370 s`."""
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(encoding="ascii"))
    assert words(clock, ledger, 0, 40.0, 70.0) == "about 45-65 s, from 2 earlier"


def test_one_question_for_each_kind(ledger: Ledger) -> None:
    """However many tasks there are, the ledger is asked once for each kind, and all share it."""
    history = Counted(50.0, 60.0)
    found = Estimates(cast("Ledger", history))
    submissions = [submit(ledger, f"t{number}") for number in range(50)]
    schedules = [found.schedule(one) for one in submissions]
    assert [found(one) for one in submissions] == [f"about 51{DASH}59 s, from 2 earlier"] * 50
    assert history.asked == 1
    assert all(one is schedules[0] for one in schedules)
    assert schedules[0] == learned([50.0, 60.0])


def test_the_sandbox_and_strangers_have_no_history(ledger: Ledger) -> None:
    """Tasks of the sandbox, and those the ledger does not know, are polled without history."""
    history = Counted(50.0, 60.0)
    found = Estimates(cast("Ledger", history))
    task = Task(task_id="x", status=Status.RUNNING)
    stranger = Submission(provider="runbase", endpoint=ENDPOINT, sandbox=False, task=task)
    for one, schedule in ((submit(ledger, sandbox=True), LOCAL), (stranger, DEFAULT)):
        assert found.schedule(one) is schedule
        assert found(one) is None
    assert history.asked == 0


def test_a_ledger_that_cannot_be_read_has_no_history(ledger: Ledger) -> None:
    """Nothing raises: the wait goes on as without history."""

    def broken(*_: object, **__: object) -> list[float]:
        raise WriteFailed("damaged")

    found = Estimates(cast("Ledger", SimpleNamespace(durations=broken)))
    one = submit(ledger)
    assert found.schedule(one) is DEFAULT
    assert found(one) is None


def test_percentiles_of_an_estimate() -> None:
    """The range holds the middle of the newest tasks; the longest is known besides."""
    known = estimate([1e6, *range(NEWEST)])
    assert known is not None
    assert (known.low, known.high) == pytest.approx((2.9, 26.1))
    assert (known.longest, known.count) == (29, 30)
    assert estimate([]) is None

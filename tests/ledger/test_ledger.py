"""The ledger: what is written when, what blocks a second payment, what a task's row remembers."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedance_cli.errors import OutcomeUnknown, UsageError, WriteFailed
from seedance_cli.ledger.record import Ledger
from seedance_cli.ledger.schema import LOST_AFTER
from seedance_cli.ledger.store_postgres import PostgresStore
from seedance_cli.ledger.store_sqlite import SqliteStore
from seedance_cli.models import (
    RULE,
    Conditions,
    Found,
    IntentState,
    Price,
    PricedFields,
    Problem,
    Purchase,
    Status,
    Submission,
    Task,
    VideoRequest,
)
from seedance_cli.models.merging import merge, worth_keeping
from support.fake_clock import START, FakeClock
from support.ledgers import CREDITS, ENDPOINT, ON_SQLITE, PRICED, prepare, submit
from support.places import locked, lose_locks, tamper, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seedance_cli.ledger.store import Store
    from seedance_cli.models import JsonObject
    from support.ledgers import Place

DONE = Task(task_id="t1", status=Status.SUCCEEDED, video_urls=("https://cdn.example.com/a.mp4",))
LISTED = Price(Decimal("0.10"), "USD", "listed")
RUNNING = Task(task_id="t1", status=Status.RUNNING, provider_status="processing")


@pytest.fixture
def ledger(place: Place, clock: FakeClock) -> Iterator[Ledger]:
    """An open, empty ledger."""
    with Ledger.open(place, clock, create=True) as opened:
        yield opened


def reopened(place: Place, intent: str | None) -> Submission:
    """The row as another process would read it."""
    assert intent is not None
    with Ledger.open(place, FakeClock(), create=False) as other:
        (found,) = other.get(intent)
        return found


def abandon(place: Place, *, sending: bool, mark: str = "f", sandbox: bool = False) -> str:
    """An intent whose process ended before it was settled."""
    with Ledger.open(place, FakeClock(), create=True) as other:
        intent = prepare(other, mark, sandbox=sandbox)
        if sending:
            other.sending(intent)
    return intent


# The way of one submission


def test_everything_of_a_submission_survives(ledger: Ledger, place: Place) -> None:
    """Request, profile, task and cost are read back as they were written, whatever the text."""
    odd = "\ud800 \x00 \u202e ' \" é 🎬"
    request = VideoRequest(
        prompt=odd,
        model="m-1",
        duration=8,
        resolution="720p",
        aspect_ratio="16:9",
        audio=False,
        fixed_lens=True,
        seed=0,
        watermark=False,
        images=("https://a/1", "https://a/2"),
        first_frame="https://a/3",
        last_frame="https://a/4",
        reference_videos=("https://a/5",),
        reference_audios=("https://a/6",),
        last_frame_out=True,
        callback_url="https://a/cb",
        metadata={"k": odd},
        params={"seed": 1, "deep": {"a": [None, 1.5, odd]}},
    )
    purchase = Purchase(
        provider="runbase",
        endpoint=ENDPOINT,
        profile="work",
        sandbox=False,
        fingerprints={RULE: "f"},
        request=request,
        priced=PRICED,
        conditions=Conditions(price=LISTED, name="a name", batch="a", row="name"),
    )
    found, prepared = ledger.prepare(purchase)
    assert found is Found.NEW
    assert prepared.state is IntentState.PREPARED
    assert prepared.request == request
    assert prepared.created_at == START
    assert prepared.intent is not None
    ledger.sending(prepared.intent)
    task = Task(
        task_id="run:1/é",
        status=Status.QUEUED,
        provider_status=odd,
        model=odd,
        prompt=odd,
        video_urls=("https://a/v?x=1",),
        cost=CREDITS,
        error=Problem(None, odd),
        created_at=datetime(2026, 2, 7, 19, 30, 0, 5, tzinfo=timezone(timedelta(hours=9))),
        resume={"url": "https://a/runs/1"},
    )
    accepted = ledger.accept(prepared.intent, task)
    assert accepted == Submission(
        provider="runbase",
        endpoint=ENDPOINT,
        sandbox=False,
        intent=prepared.intent,
        state=IntentState.ACCEPTED,
        profile="work",
        request=request,
        task=task,
        created_at=START,
        submitted_at=START,
        told=False,
        name="a name",
        batch="a",
        row="name",
        price=LISTED,
    )
    assert reopened(place, prepared.intent) == accepted
    assert accepted.ref == "runbase:run:1%2F%C3%A9"


def test_each_step_is_on_the_disk_when_it_returns(ledger: Ledger, place: Place) -> None:
    """Another reader sees the intent, the sending and the id right after each call."""
    intent = prepare(ledger)
    assert reopened(place, intent).state is IntentState.PREPARED
    ledger.sending(intent)
    assert reopened(place, intent).state is IntentState.SENDING
    ledger.accept(intent, RUNNING)
    assert reopened(place, intent).ref == "runbase:t1"


def test_intents_are_32_hex_digits(ledger: Ledger) -> None:
    """Every intent has an id of its own."""
    first, second = prepare(ledger, "a"), prepare(ledger, "b")
    assert first != second
    assert len(first) == len(second) == 32


def test_sending_needs_a_prepared_row(ledger: Ledger) -> None:
    """Nothing is sent for an intent that is settled or gone; a further try of one is fine."""
    intent = prepare(ledger)
    ledger.sending(intent)
    ledger.sending(intent)
    ledger.settle(intent, IntentState.NOT_SENT, {})
    with pytest.raises(WriteFailed, match="not_sent"):
        ledger.sending(intent)
    with pytest.raises(WriteFailed, match="not in the ledger"):
        ledger.sending("0" * 32)


def test_accepting_a_lost_row_fails(ledger: Ledger) -> None:
    """An id whose intent is gone from the ledger is reported, not dropped."""
    with pytest.raises(WriteFailed, match="not in the ledger"):
        ledger.accept("0" * 32, RUNNING)


@pytest.mark.parametrize("state", [IntentState.REFUSED, IntentState.NOT_SENT, IntentState.UNKNOWN])
def test_settling_keeps_the_evidence(ledger: Ledger, place: Place, state: IntentState) -> None:
    """What came back is kept with the state."""
    intent = prepare(ledger)
    ledger.sending(intent)
    evidence: dict[str, object] = {"http_status": 500, "body": "<html>\udcff"}
    settled = ledger.settle(intent, state, {"http_status": 500, "body": "<html>\udcff"})
    assert (settled.state, settled.evidence) == (state, evidence)
    assert reopened(place, intent) == settled
    assert locked(place) == set()


def test_the_lock_lives_until_settled_and_told(ledger: Ledger, place: Place) -> None:
    """One lock per intent whose ref is not told yet, and none afterwards."""
    intent = prepare(ledger)
    assert locked(place) == {intent}
    ledger.sending(intent)
    assert locked(place) == {intent}
    ledger.accept(intent, RUNNING)
    assert locked(place) == {intent}
    ledger.told(intent)
    assert locked(place) == set()
    assert reopened(place, intent).told


@ON_SQLITE
def test_a_lock_file_is_private(ledger: Ledger, place: Path) -> None:
    """As is its folder."""
    prepare(ledger)
    (lock,) = (place / "locks").iterdir()
    if os.name != "nt":
        assert (place / "locks").stat().st_mode & 0o777 == 0o700
        assert lock.stat().st_mode & 0o777 == 0o600


# What blocks a second payment


def test_a_row_is_compared_under_its_own_rule(ledger: Ledger, place: Place) -> None:
    """A fingerprint by an earlier rule finds the rows of that rule, and no others."""
    ledger.settle(prepare(ledger, "one"), IntentState.UNKNOWN, {})
    old = prepare(ledger, "two")
    ledger.settle(old, IntentState.UNKNOWN, {})
    tamper(place, "UPDATE intents SET fingerprint_rule = 1 WHERE intent = ?", old)
    prepare(ledger, "two")
    prepare(ledger, "three", earlier={1: "one"})
    with pytest.raises(OutcomeUnknown) as caught:
        prepare(ledger, "three", earlier={1: "two"})
    assert caught.value.intent == old


def test_unknown_blocks_an_identical_request(ledger: Ledger) -> None:
    """An identical request to one that is unknown is refused with 6, and writes nothing."""
    intent = prepare(ledger)
    ledger.sending(intent)
    ledger.settle(intent, IntentState.UNKNOWN, {})
    with pytest.raises(OutcomeUnknown) as caught:
        prepare(ledger)
    assert caught.value.exit_code == 6
    assert caught.value.intent == intent
    assert not caught.value.retry_safe
    assert [row.intent for row in ledger.rows(all_states=True)] == [intent]
    prepare(ledger, "another")


def test_again_submits_all_the_same(ledger: Ledger, place: Place) -> None:
    """With `again` an unresolved identical request does not stop the new one."""
    abandon(place, sending=True)
    assert prepare(ledger, again=True)
    assert len(ledger.unknown()) == 1


@pytest.mark.parametrize(
    "state", [IntentState.PREPARED, IntentState.SENDING, IntentState.REFUSED, IntentState.NOT_SENT]
)
def test_nothing_else_blocks(ledger: Ledger, state: IntentState) -> None:
    """Alive, refused and unsent requests do not block an identical one; accepted ones neither."""
    intent = prepare(ledger)
    if state is not IntentState.PREPARED:
        ledger.sending(intent)
    if state in {IntentState.REFUSED, IntentState.NOT_SENT}:
        ledger.settle(intent, state, {})
    second = prepare(ledger)
    ledger.sending(second)
    ledger.accept(second, RUNNING)
    assert prepare(ledger)


def test_what_nobody_was_told_is_the_result(place: Place, clock: FakeClock) -> None:
    """Accepted, never told, its process gone: nothing is written for an identical request."""
    with Ledger.open(place, clock, create=True) as first:
        untold = prepare(first)
        first.sending(untold)
        first.accept(untold, RUNNING)
        with Ledger.open(place, clock, create=True) as second:
            assert prepare(second) != untold, "its process lives and may still tell"
            assert prepare(second, "another") != untold
    with Ledger.open(place, clock, create=True) as third:
        assert prepare(third, again=True) != untold
        before = len(third.rows(all_states=True))
        assert prepare(third) == untold
        assert third.get(untold)[0].state is IntentState.ACCEPTED
        assert len(third.rows(all_states=True)) == before
        third.told(untold)
        assert prepare(third) != untold


def test_what_was_delivered_was_told(place: Place, clock: FakeClock) -> None:
    """A task whose result the user has is no result of a new request."""
    with Ledger.open(place, clock, create=True) as first:
        untold = prepare(first)
        first.sending(untold)
        first.delivered(first.observe(first.accept(untold, RUNNING), DONE))
    with Ledger.open(place, clock, create=True) as second:
        assert prepare(second) != untold


def test_an_abandoned_sending_blocks(ledger: Ledger, place: Place) -> None:
    """A `sending` row whose process is gone counts as unknown, at once."""
    intent = abandon(place, sending=True)
    with pytest.raises(OutcomeUnknown):
        prepare(ledger)
    (row,) = ledger.unknown()
    assert row.intent == intent
    assert "reason" in row.evidence


def test_a_sending_that_hangs_counts_as_unknown(place: Place, clock: FakeClock) -> None:
    """After 10 minutes it blocks, though its process lives; the answer still wins, if one comes."""
    with Ledger.open(place, clock, create=True) as stopped:
        sending, prepared = prepare(stopped, "a"), prepare(stopped, "b")
        stopped.sending(sending)
        with Ledger.open(place, clock, create=True) as other:
            clock.advance(599)
            assert other.unknown() == []
            assert prepare(other, "a")
            clock.advance(2)
            (row,) = other.unknown()
            assert (row.intent, row.evidence["reason"]) == (
                sending,
                "no answer was stored for 10 minutes",
            )
            with pytest.raises(OutcomeUnknown):
                prepare(other, "a")
            assert other.get(prepared)[0].state is IntentState.PREPARED
        with pytest.raises(WriteFailed, match="unknown already"):
            stopped.sending(sending)
        assert stopped.accept(sending, RUNNING).state is IntentState.ACCEPTED


def test_an_abandoned_prepared_does_not(ledger: Ledger, place: Place) -> None:
    """A `prepared` row whose process is gone sent nothing, and blocks nothing."""
    intent = abandon(place, sending=False)
    prepare(ledger)
    assert reopened(place, intent).state is IntentState.NOT_SENT


@pytest.mark.parametrize(
    ("came", "state"),
    [({"http_status": 429}, IntentState.REFUSED), ({"fault": "refused"}, IntentState.NOT_SENT)],
)
def test_money_6_1_abandoned_between_two_tries_is_known(
    ledger: Ledger, place: Place, came: JsonObject, state: IntentState
) -> None:
    """A row whose process ended in the pause before another try is what the last try came to."""
    with Ledger.open(place, FakeClock(), create=True) as other:
        intent = prepare(other)
        other.sending(intent)
        other.between_tries(intent, came)
        assert ledger.get(intent)[0].state is IntentState.PREPARED, "alive: left alone"
    (row,) = ledger.get(intent)
    assert (row.state, row.evidence) == (state, came)
    assert prepare(ledger) != intent


@pytest.mark.parametrize("sent", [1, 2])
def test_money_6_1_abandoned_in_a_later_try_is_unknown(
    ledger: Ledger, place: Place, sent: int
) -> None:
    """Once `sending` is written again, what an earlier try came to says nothing."""
    with Ledger.open(place, FakeClock(), create=True) as other:
        intent = prepare(other)
        other.sending(intent)
        for _ in range(sent):
            other.between_tries(intent, {"http_status": 429})
            other.sending(intent)
    (row,) = ledger.get(intent)
    assert row.state is IntentState.UNKNOWN
    assert "http_status" not in row.evidence


def test_sending_is_written_over_no_other_processs_row(ledger: Ledger, place: Place) -> None:
    """Not by a process that does not hold the intent's lock, nor over what was settled."""
    intent = prepare(ledger)
    with (
        Ledger.open(place, FakeClock(), create=True) as other,
        pytest.raises(WriteFailed, match="lock"),
    ):
        other.sending(intent)
    assert ledger.get(intent)[0].state is IntentState.PREPARED
    ledger.sending(intent)
    ledger.settle(intent, IntentState.UNKNOWN, {})
    with pytest.raises(WriteFailed, match="unknown already"):
        ledger.between_tries(intent, {})


def test_a_living_sending_is_left_alone(ledger: Ledger, place: Place) -> None:
    """A `sending` row whose process lives is neither unknown nor a reason to refuse."""
    with Ledger.open(place, FakeClock(), create=True) as other:
        intent = prepare(other)
        other.sending(intent)
        assert ledger.unknown() == []
        assert other.unknown() == []
        assert prepare(ledger)
        with pytest.raises(UsageError, match="sending"):
            ledger.discard(intent)


def test_the_id_wins_over_a_wrong_guess(ledger: Ledger, place: Place) -> None:
    """A row taken for abandoned while its process lived still takes the id that came."""
    intent = prepare(ledger)
    ledger.sending(intent)
    lose_locks(place)
    with Ledger.open(place, FakeClock(), create=True) as other:
        assert [row.intent for row in other.unknown()] == [intent]
    assert ledger.accept(intent, RUNNING).state is IntentState.ACCEPTED


def test_settling_leaves_what_recover_settled(ledger: Ledger, place: Place) -> None:
    """A row discarded meanwhile is not turned into something else by its late process."""
    intent = prepare(ledger)
    ledger.sending(intent)
    lose_locks(place)
    with Ledger.open(place, FakeClock(), create=True) as other:
        other.discard(intent)
    assert ledger.settle(intent, IntentState.UNKNOWN, {}).state is IntentState.DISCARDED


@ON_SQLITE
def test_locks_of_dead_processes_are_cleared_away(ledger: Ledger, place: Path) -> None:
    """A lock file that a killed process left goes with the next submission."""
    (place / "locks").mkdir()
    (place / "locks" / f"{'0' * 32}.lock").touch()
    intent = prepare(ledger)
    assert [one.name for one in (place / "locks").iterdir()] == [f"{intent}.lock"]


# Recovery


def test_unknown_tells_the_sandbox_apart(ledger: Ledger, place: Place) -> None:
    """Unknown submissions of the sandbox and real ones can be asked for apart."""
    real = abandon(place, sending=True)
    fake = abandon(place, sending=True, mark="g", sandbox=True)
    assert [row.intent for row in ledger.unknown()] == [real, fake]
    assert [row.intent for row in ledger.unknown(sandbox=False)] == [real]
    assert [row.intent for row in ledger.unknown(sandbox=True)] == [fake]


def test_adopt(ledger: Ledger, place: Place) -> None:
    """An unknown submission takes the task it turned out to be, and blocks no more."""
    intent = abandon(place, sending=True)
    adopted = ledger.adopt(intent, DONE)
    assert adopted.state is IntentState.ADOPTED
    assert adopted.ref == "runbase:t1"
    assert adopted.task is not None
    assert adopted.task.finished_at == START
    assert ledger.unknown() == []
    prepare(ledger)


def test_discard(ledger: Ledger, place: Place) -> None:
    """An unknown submission settled as never accepted blocks no more, and stays in the list."""
    intent = abandon(place, sending=True)
    assert ledger.discard(intent).state is IntentState.DISCARDED
    prepare(ledger)
    assert intent in {row.intent for row in ledger.rows()}


def test_only_unknown_is_recovered(ledger: Ledger) -> None:
    """Adopt and discard refuse any other state, naming it, and an intent that is not there."""
    intent = submit(ledger).intent
    assert intent is not None
    with pytest.raises(UsageError, match="accepted"):
        ledger.adopt(intent, DONE)
    with pytest.raises(UsageError, match="accepted"):
        ledger.discard(intent)
    with pytest.raises(UsageError, match="no intent"):
        ledger.discard("0" * 32)


def test_a_known_task_is_adopted_by_force_only(ledger: Ledger, place: Place) -> None:
    """A task that has a row is refused; by force it has two, and is still one task."""
    first = submit(ledger)
    intent = abandon(place, sending=True)
    with pytest.raises(UsageError, match="runbase:t1"):
        ledger.adopt(intent, RUNNING)
    assert ledger.unknown()
    ledger.adopt(intent, RUNNING._replace(cost=CREDITS), force=True)
    assert [row.intent for row in ledger.find("t1")] == [first.intent]
    assert [row.intent for row in ledger.unfinished(sandbox=False)] == [first.intent]
    assert ledger.charges("runbase", ENDPOINT, PRICED) == [CREDITS], "what it cost counts once"
    assert len(ledger.rows()) == 2


def test_the_same_id_elsewhere_is_another_task(ledger: Ledger, place: Place) -> None:
    """An id that another endpoint, or the sandbox, gave does not stop an adoption."""
    submit(ledger, endpoint="https://other.example.com")
    submit(ledger, sandbox=True, endpoint="sandbox")
    ledger.adopt(abandon(place, sending=True), RUNNING)
    assert len(ledger.find("t1")) == 3


def test_get_by_prefix(ledger: Ledger) -> None:
    """Four characters name an intent; fewer are refused; patterns match nothing."""
    intents = [prepare(ledger, str(number)) for number in range(3)]
    assert [row.intent for row in ledger.get(intents[1][:8])] == [intents[1]]
    assert [row.intent for row in ledger.get(f" {intents[1].upper()} ")] == [intents[1]]
    assert ledger.get("%%%%") == ledger.get("????") == ledger.get("éééé") == []
    with pytest.raises(UsageError, match="too short"):
        ledger.get("abc")


def test_a_prefix_of_several_names_them_all(ledger: Ledger, place: Place) -> None:
    """A prefix that fits several intents returns all of them."""
    prepare(ledger, "a")
    prepare(ledger, "b")
    tamper(place, "UPDATE intents SET intent = 'abcd' || substr(intent, 5)")
    assert len(ledger.get("abcd")) == 2


# Tasks


def test_an_unchanged_poll_writes_nothing(ledger: Ledger, place: Place) -> None:
    """Steps between non-terminal words, and repeated answers, do not touch the file."""
    submission = ledger.observe(submit(ledger), RUNNING)  # that it runs is written, once
    before = written(place)
    for word in ("queued", "processing", "odd"):
        task = RUNNING._replace(provider_status=word)
        submission = ledger.observe(submission, task)
        assert submission.task == task
    assert written(place) == before
    done = ledger.observe(submission, DONE)
    after = written(place)
    assert after != before
    assert ledger.observe(done, DONE) == done
    assert written(place) == after


@pytest.mark.parametrize(
    "news",
    [
        RUNNING._replace(cost=CREDITS),
        RUNNING._replace(error=Problem("x", "y")),
        RUNNING._replace(model="m-1"),
        RUNNING._replace(created_at=START),
        RUNNING._replace(video_urls=("https://a/preview.mp4",)),
        RUNNING._replace(status=Status.FAILED),
        RUNNING._replace(status=Status.CANCELLED),
        RUNNING._replace(status=Status.EXPIRED),
    ],
    ids=lambda task: f"{task.status}",
)
def test_what_is_worth_keeping_is_written(ledger: Ledger, place: Place, news: Task) -> None:
    """Terminal states, costs, errors and URLs are durable when `observe` returns."""
    seen = ledger.observe(submit(ledger), news)
    assert reopened(place, seen.intent) == seen


def test_that_a_task_runs_is_written_once(ledger: Ledger, place: Place) -> None:
    """The step from queued to running; those back and to it again are not."""
    submission = submit(ledger)
    assert submission.status is Status.QUEUED
    seen = ledger.observe(submission, RUNNING)
    assert reopened(place, seen.intent).status is Status.RUNNING
    before = written(place)
    for status in (Status.QUEUED, Status.RUNNING, Status.QUEUED):
        seen = ledger.observe(seen, RUNNING._replace(status=status))
    assert reopened(place, seen.intent).status is Status.RUNNING
    assert written(place) == before


def test_a_terminal_state_does_not_go_back(ledger: Ledger, place: Place, clock: FakeClock) -> None:
    """A late `running` after `succeeded` changes nothing; the first finish time stays."""
    done = ledger.observe(submit(ledger), DONE)
    clock.advance(100)
    again = ledger.observe(done, RUNNING)
    assert again == done
    assert again.task is not None
    assert again.task.finished_at == START
    later = ledger.observe(again, DONE._replace(video_urls=(), cost=CREDITS))
    assert later.task == again.task._replace(cost=CREDITS)
    assert reopened(place, done.intent) == later


def test_two_watchers_do_not_undo_each_other(ledger: Ledger, place: Place) -> None:
    """An answer is merged with what another process wrote since, not with an old copy."""
    stale = submit(ledger)
    with Ledger.open(place, FakeClock(), create=False) as other:
        other.observe(stale, DONE._replace(cost=CREDITS))
    seen = ledger.observe(stale, RUNNING._replace(model="m-1"))
    assert seen.task is not None
    assert (seen.status, seen.task.cost, seen.task.model) == (Status.SUCCEEDED, CREDITS, "m-1")
    assert reopened(place, stale.intent) == seen


def test_a_ref_that_the_ledger_lacks(ledger: Ledger, place: Place) -> None:
    """A task submitted elsewhere is returned with what was seen, and not written."""
    before = written(place)
    foreign = Submission(provider="runbase", endpoint=ENDPOINT, sandbox=False)
    seen = ledger.observe(foreign, DONE)
    assert seen.task == DONE._replace(finished_at=START)
    ledger.set_lost(seen)
    assert ledger.delivered(seen).delivered
    assert written(place) == before


def test_find(ledger: Ledger) -> None:
    """A bare id finds its rows, at every endpoint and provider; a provider narrows them."""
    submit(ledger, "t1")
    submit(ledger, "t1", endpoint="https://b.example.com")
    submit(ledger, "t1", provider="defapi")
    submit(ledger, "t2")
    assert [(row.provider, row.endpoint) for row in ledger.find("t1")] == [
        ("runbase", ENDPOINT),
        ("runbase", "https://b.example.com"),
        ("defapi", ENDPOINT),
    ]
    assert len(ledger.find("t1", provider="defapi")) == 1
    assert ledger.find("t3") == []


def test_unfinished(ledger: Ledger) -> None:
    """Unfinished: not terminal, or not delivered; oldest first; only the asked kind."""
    first, second = submit(ledger, "a"), submit(ledger, "b", provider="defapi", profile="work")
    submit(ledger, "c", sandbox=True)
    prepare(ledger, "d")

    def names(**asked: str) -> list[str | None]:
        return [row.ref for row in ledger.unfinished(sandbox=False, **asked)]

    assert names() == ["runbase:a", "defapi:b"]
    assert names(provider="defapi") == names(profile="work") == ["defapi:b"]
    assert [row.ref for row in ledger.unfinished(sandbox=True)] == ["runbase:c"]
    first = ledger.observe(first, DONE._replace(task_id="a"))
    assert names() == ["runbase:a", "defapi:b"]
    assert ledger.delivered(first).delivered
    ledger.delivered(second)
    assert names() == ["defapi:b"]


def test_a_lost_task_leaves_after_a_day(ledger: Ledger, clock: FakeClock) -> None:
    """A task not found for 24 hours is no longer unfinished, until its provider knows it again."""
    submission = submit(ledger)
    ledger.set_lost(submission)
    clock.advance(timedelta(hours=23).total_seconds())
    ledger.set_lost(submission)
    assert ledger.unfinished(sandbox=False)
    clock.advance(timedelta(hours=1).total_seconds())
    assert not ledger.unfinished(sandbox=False)
    assert ledger.find("t1")[0].status is Status.QUEUED
    ledger.observe(submission, RUNNING)
    assert ledger.unfinished(sandbox=False)


def test_rows(ledger: Ledger) -> None:
    """The list is newest first, hides what never reached a provider, and can be narrowed."""
    submit(ledger, "a")
    refused = prepare(ledger, "b")
    ledger.sending(refused)
    ledger.settle(refused, IntentState.REFUSED, {})
    ledger.observe(submit(ledger, "c", provider="defapi"), DONE._replace(task_id="c"))
    unknown = prepare(ledger, "d")
    ledger.sending(unknown)
    ledger.settle(unknown, IntentState.UNKNOWN, {})
    assert [row.ref for row in ledger.rows()] == [None, "defapi:c", "runbase:a"]
    assert len(ledger.rows(all_states=True)) == 4
    assert [row.ref for row in ledger.rows(limit=2)] == [None, "defapi:c"]
    assert ledger.rows(limit=0) == []
    assert [row.ref for row in ledger.rows(status=Status.SUCCEEDED)] == ["defapi:c"]
    assert [row.intent for row in ledger.rows(status=Status.UNKNOWN)] == [unknown]
    assert [row.ref for row in ledger.rows(provider="runbase", status=Status.QUEUED)] == [
        "runbase:a"
    ]
    submit(ledger, "e")  # a list cut short leaves no read lock behind


def test_files(ledger: Ledger, place: Place) -> None:
    """Where each video of a task was saved is kept in order, with its size; the newest counts."""
    submission = submit(ledger)
    ledger.add_file(submission, 2, Path("b.mp4"), 20)
    ledger.add_file(submission, 1, Path("old.mp4"), 1)
    saved = ledger.add_file(submission, 1, Path("a.mp4"), 10)
    here = Path.cwd()
    assert saved.files == (str(here / "a.mp4"), str(here / "b.mp4"))
    assert ledger.files(saved) == [(1, here / "a.mp4", 10), (2, here / "b.mp4", 20)]
    assert reopened(place, submission.intent).files == saved.files


def test_what_a_file_says_of_its_video(ledger: Ledger, place: Place) -> None:
    """Kept with its file, of the first video alone; a newer file that says nothing ends it."""
    facts: JsonObject = {"duration": "5.04", "width": 1280, "height": 720, "audio": False}
    row = submit(ledger)
    other: JsonObject = {**facts, "duration": "9"}
    assert ledger.add_file(row, 1, Path("a.mp4"), 10, facts).video == facts
    assert ledger.add_file(row._replace(video=facts), 2, Path("b.mp4"), 10, other).video == facts
    assert reopened(place, row.intent).video == facts
    assert ledger.add_file(row, 1, Path("a.mp4"), 11).video is None
    assert reopened(place, row.intent).video is None


@pytest.mark.skipif(os.name == "nt", reason="a file name there is Unicode")
def test_a_file_name_of_any_bytes(ledger: Ledger) -> None:
    """A path that is no UTF-8 is kept byte for byte."""
    path = Path.cwd() / os.fsdecode(b"\xff.mp4")
    submission = submit(ledger)
    ledger.add_file(submission, 1, path, 10)
    assert ledger.files(submission) == [(1, path, 10)]


@ON_SQLITE
def test_files_of_foreign_tasks(place: Path, clock: FakeClock) -> None:
    """A file of a task submitted elsewhere makes the ledger if need be, and is found again."""
    foreign = Submission(provider="runbase", endpoint=ENDPOINT, sandbox=False, task=DONE)
    with Ledger.open(place, clock, create=False) as ledger:
        assert ledger.files(foreign) == []
        assert not place.exists()
        ledger.add_file(foreign, 1, Path("a.mp4"), 10)
    with Ledger.open(place, clock, create=False) as ledger:
        assert ledger.files(foreign) == [(1, Path.cwd() / "a.mp4", 10)]
        assert ledger.files(foreign._replace(sandbox=True)) == []


# Experience


def test_charges(ledger: Ledger, place: Place) -> None:
    """Charges of equal requests come back exactly, newest last; the sandbox's never do."""
    other = PricedFields("m-1", 8, "720p", None)
    submit(ledger, "a", cost=CREDITS)
    submit(ledger, "b", cost=Price(Decimal("1E-7"), None, "charged"))
    submit(ledger, "c", cost=Price(Decimal(1), "credits", "listed"))
    submit(ledger, "d", cost=CREDITS, sandbox=True)
    submit(ledger, "e", cost=CREDITS, endpoint="https://b.example.com")
    submit(ledger, "f", cost=CREDITS, priced=other)
    submit(ledger, "g", cost=CREDITS, priced=None)
    submit(ledger, "h", cost=CREDITS, provider="defapi")
    submit(ledger, "i")
    with Ledger.open(place, FakeClock(), create=False) as again:
        prices = again.charges("runbase", ENDPOINT, PRICED)
        assert prices == [CREDITS, Price(Decimal("1E-7"), None, "charged")]
        assert again.charges("runbase", ENDPOINT, PricedFields(None, None, None, None)) == []
        assert again.charge_groups("runbase") == [
            ("runbase", ENDPOINT, other, [CREDITS]),
            ("runbase", ENDPOINT, PRICED, prices),
            ("runbase", "https://b.example.com", PRICED, [CREDITS]),
        ]
        assert len(again.charge_groups()) == 4


def spend(amount: str, unit: str | None = "USD") -> Price:
    """A charge."""
    return Price(Decimal(amount), unit, "charged")


@pytest.mark.parametrize(
    ("reads", "status", "charged"),
    [
        (["0.30", "0.10"], Status.SUCCEEDED, "0.30"),
        (["0.30", "0"], Status.SUCCEEDED, "0.30"),
        (["0.10", "0.30", "0.20"], Status.FAILED, "0.30"),
        (["0.30", "0"], Status.FAILED, None),
        (["0.30", "0.00"], Status.CANCELLED, None),
        (["0"], Status.SUCCEEDED, "0"),
    ],
)
def test_the_highest_charge_ever_read_is_a_tasks_charge(
    ledger: Ledger, place: Place, reads: list[str], status: Status, charged: str | None
) -> None:
    """A later, smaller one does not take its place; only a failure at last read as free does."""
    row = submit(ledger, "t")
    for number, amount in enumerate(reads):
        word = status if number == len(reads) - 1 else Status.RUNNING
        row = ledger.observe(row, Task(task_id="t", status=word, cost=spend(amount)))
    assert row.task is not None
    assert row.task.cost == spend(reads[-1]), "what it costs is what was read last"
    with Ledger.open(place, FakeClock(), create=False) as again:
        found = again.charges("runbase", ENDPOINT, PRICED)
    assert found == ([] if charged is None else [spend(charged)])


def test_charges_of_two_units_are_not_compared(ledger: Ledger) -> None:
    """A provider that changes its unit is believed: the newest unit's charge counts."""
    row = submit(ledger, "t", cost=spend("40", "credits"))
    ledger.observe(row, Task(task_id="t", status=Status.RUNNING, cost=spend("0.3")))
    assert ledger.charges("runbase", ENDPOINT, PRICED) == [spend("0.3")]


def test_a_charge_that_the_release_before_wrote_counts(ledger: Ledger, place: Place) -> None:
    """It knows only the last charge; the higher one of the two columns is the task's."""
    row = submit(ledger, "t", cost=spend("0.2"))
    for amount in ("0.5", "0.1"):
        tamper(place, "UPDATE intents SET cost_amount = ?", amount)
        highest = max(Decimal(amount), Decimal("0.2"))
        assert ledger.charges("runbase", ENDPOINT, PRICED) == [spend(f"{highest}")]
    assert row.intent is not None


def test_a_failure_that_cost_nothing_is_no_price(ledger: Ledger) -> None:
    """A failed task's charge of 0 does not make its kind look free; a real charge counts."""
    free = Price(Decimal("0.00"), "credits", "charged")
    for name, status, cost in (
        ("a", Status.FAILED, free),
        ("b", Status.FAILED, CREDITS),
        ("c", Status.SUCCEEDED, free),
    ):
        ledger.observe(submit(ledger, name), Task(task_id=name, status=status, cost=cost))
    assert ledger.charges("runbase", ENDPOINT, PRICED) == [CREDITS, free]


def test_durations(ledger: Ledger, clock: FakeClock) -> None:
    """A duration counts if the end was watched or the provider gave a time, and it succeeded."""
    watched = submit(ledger, "a")
    clock.advance(50)
    watched = ledger.observe(watched, RUNNING._replace(task_id="a"))
    clock.advance(10)
    ledger.observe(watched, DONE._replace(task_id="a"))

    unwatched = submit(ledger, "b")
    clock.advance(3600)
    ledger.observe(unwatched, DONE._replace(task_id="b"))

    told = submit(ledger, "c")
    finish = clock.now() + timedelta(seconds=90)
    clock.advance(3600)
    ledger.observe(told, DONE._replace(task_id="c", finished_at=finish))

    failed = submit(ledger, "d")
    ledger.observe(failed, RUNNING._replace(task_id="d", status=Status.FAILED))
    fake = submit(ledger, "e", sandbox=True)
    ledger.observe(fake, DONE._replace(task_id="e"))

    assert ledger.durations("runbase", ENDPOINT, PRICED) == [60.0, 90.0]


# Merging


TASKS = st.builds(
    Task,
    task_id=st.just("t"),
    status=st.sampled_from(Status),
    provider_status=st.sampled_from([None, "a", "b"]),
    model=st.sampled_from([None, "m"]),
    prompt=st.sampled_from([None, "", "p"]),
    video_urls=st.sampled_from([(), ("https://a",), ("https://b",)]),
    cost=st.sampled_from(
        [
            None,
            Price(Decimal(1), "credits", "charged"),
            Price(Decimal(2), "credits", "listed"),
            Price(Decimal("NaN"), "credits", "charged"),
        ]
    ),
    error=st.sampled_from([None, Problem("x", "y")]),
    created_at=st.sampled_from([None, START]),
    finished_at=st.sampled_from([None, START + timedelta(seconds=9)]),
)


@given(TASKS, TASKS, TASKS)
def test_knowledge_only_grows(first: Task, second: Task, third: Task) -> None:
    """Merged answers never go back from an end, forget nothing, and settle at once."""
    known = merge(first, second, START)
    later = merge(known, third, START)
    assert later.status.terminal or not known.status.terminal
    for name in ("model", "created_at", "cost"):
        assert getattr(known, name) is None or getattr(later, name) is not None
    assert bool(later.video_urls) >= bool(known.video_urls)
    assert (later.finished_at is not None) == later.status.terminal
    assert not worth_keeping(later, merge(later, third, START + timedelta(hours=1)))


def test_a_listed_price_does_not_replace_a_charge() -> None:
    """What was really charged stays when a later answer only repeats the list."""
    charged = Task(task_id="t", status=Status.RUNNING, cost=CREDITS)
    listed = charged._replace(cost=Price(Decimal(1), "credits", "listed"))
    assert merge(charged, listed, START).cost == CREDITS
    assert merge(listed, charged, START).cost == CREDITS


def test_odd_times_do_not_keep_an_id_out(ledger: Ledger, place: Place) -> None:
    """A provider's impossible or naive time never makes `accept` fail."""
    far = datetime.max.replace(tzinfo=timezone(-timedelta(hours=9)))
    naive = datetime(2026, 2, 7, tzinfo=UTC).replace(tzinfo=None)
    for name, moment in (("a", far), ("b", naive)):
        intent = prepare(ledger, name)
        ledger.sending(intent)
        ledger.accept(intent, Task(task_id=name, status=Status.QUEUED, created_at=moment))
    (a,), (b,) = ledger.find("a"), ledger.find("b")
    assert a.task is not None
    assert a.task.created_at is None
    assert b.task is not None
    assert b.task.created_at == datetime(2026, 2, 7, tzinfo=UTC)


def test_answers_that_came_together_are_one_commit(ledger: Ledger) -> None:
    """The disk is waited for once, however many tasks have ended, and once for their delivery."""
    rows = [submit(ledger, f"t{number}") for number in range(5)]
    statements = traced(ledger)
    ends = [Task(task_id=f"t{number}", status=Status.SUCCEEDED) for number in range(5)]
    observed = ledger.observe_all(list(zip(rows, ends, strict=True)))
    assert [one.status for one in observed] == [Status.SUCCEEDED] * 5
    assert statements.count("COMMIT") == 1
    ledger.delivered_all(observed)
    assert statements.count("COMMIT") == 2
    assert ledger.unfinished(sandbox=False) == []


def test_an_answer_that_brings_nothing_new_writes_nothing(ledger: Ledger, clock: FakeClock) -> None:
    """Most polls bring none, and a commit waits for the disk."""
    answer = Task(task_id="t1", status=Status.RUNNING)
    ledger.observe(submit(ledger, "t1"), answer)  # that it runs is written, once
    (row,) = ledger.unfinished(sandbox=False)
    statements = traced(ledger)
    observed = row
    for _ in range(5):
        clock.advance(60)
        observed = ledger.observe(observed, observed.task or answer)
        observed = ledger.observe(observed, answer)
    assert observed.status is Status.RUNNING
    assert statements == [], "it is not even looked up"


def test_what_another_process_wrote_is_not_undone(place: Place, clock: FakeClock) -> None:
    """A row known from before is read again before it is written."""
    with (
        Ledger.open(place, clock, create=True) as ours,
        Ledger.open(place, clock, create=True) as theirs,
    ):
        submit(ours, "t1")
        (row,) = ours.unfinished(sandbox=False)
        charged = Task(task_id="t1", status=Status.SUCCEEDED, cost=CREDITS)
        theirs.observe(row, charged)
        urls = ("https://v.example/1.mp4",)
        ours.observe(row, Task(task_id="t1", status=Status.SUCCEEDED, video_urls=urls))
        (found,) = ours.find("t1")
        assert found.task is not None
        assert (found.task.cost, found.task.video_urls) == (CREDITS, urls)


def traced(ledger: Ledger) -> list[str]:
    """The statements that the ledger runs from now on."""
    found: list[str] = []
    store = ledger._store
    if isinstance(store, SqliteStore):
        store._db.set_trace_callback(found.append)
    else:
        assert isinstance(store, PostgresStore)
        store._session.trace = found.append
    return found


def test_an_answer_that_brings_nothing_new_asks_the_ledger_nothing(
    place: Place, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of tasks are polled again and again; what is new, or was lost, is written."""
    running = Task(task_id="t1", status=Status.RUNNING)
    with Ledger.open(place, clock, create=True) as ledger:
        row = ledger.observe(submit(ledger), running)
        asked: list[str] = []
        store = type(ledger._store)
        query = store.query

        def counted(self: Store, statement: str, values: Any = ()) -> Any:
            asked.append(statement)
            return query(self, statement, values)

        monkeypatch.setattr(store, "query", counted)
        for _ in range(3):
            clock.sleep(5)
            row = ledger.observe(row, running)
        assert asked == []
        ledger.set_lost(row)
        row = ledger.observe(row, running)
        clock.sleep(LOST_AFTER.total_seconds() + 1)
        assert [one.ref for one in ledger.unfinished(sandbox=False)] == [row.ref], "found again"
        done = Task(task_id="t1", status=Status.SUCCEEDED, video_urls=("https://v.example/1.mp4",))
        ledger.observe(row, done)
        assert ledger.rows()[0].status is Status.SUCCEEDED


def test_an_answer_that_could_not_be_written_is_written_the_next_time(
    place: Place, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger is locked for a while: the same answer again is no answer that it has."""
    running = Task(task_id="t1", status=Status.RUNNING)
    with Ledger.open(place, clock, create=True) as ledger:
        row = submit(ledger)

        def fails(*_: object) -> None:
            raise WriteFailed("locked")

        with monkeypatch.context() as patch:
            patch.setattr(type(ledger._store), "writing", fails)
            with pytest.raises(WriteFailed):
                ledger.observe(row, running)
        ledger.observe(row._replace(task=running), running)
        assert ledger.rows()[0].status is Status.RUNNING

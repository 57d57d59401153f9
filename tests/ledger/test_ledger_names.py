"""Names in the ledger: what stands under one, decided in one transaction (contract, 6.6, 6.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seedance_cli.errors import OutcomeUnknown, UsageError
from seedance_cli.ledger.record import Ledger
from seedance_cli.models import (
    RULE,
    Conditions,
    Found,
    IntentState,
    Prepared,
    Purchase,
    Status,
    Task,
    VideoRequest,
)
from support.ledgers import ENDPOINT, prepare, submit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.fake_clock import FakeClock
    from support.ledgers import Place

NAME = "scene 8"
BOAT = VideoRequest(prompt="a boat", duration=5, metadata={"a": "1"})


@pytest.fixture
def ledger(place: Place, clock: FakeClock) -> Iterator[Ledger]:
    """An open, empty ledger."""
    with Ledger.open(place, clock, create=True) as opened:
        yield opened


def ask(
    ledger: Ledger,
    mark: str = "f",
    *,
    name: str | None = NAME,
    sandbox: bool = False,
    video: VideoRequest = BOAT,
    retry_failed: bool = False,
    batch: str | None = None,
    provider: str = "runbase",
) -> Prepared:
    """The ledger's answer to a purchase with this fingerprint."""
    conditions = Conditions(name=name, retry_failed=retry_failed, batch=batch)
    return ledger.prepare(
        Purchase(
            provider=provider,
            endpoint=ENDPOINT,
            sandbox=sandbox,
            request=video,
            fingerprints={RULE: mark},
            conditions=conditions,
        )
    )


def bought(
    ledger: Ledger,
    mark: str = "f",
    task_id: str = "t1",
    *,
    sandbox: bool = False,
    retry_failed: bool = False,
) -> str:
    """A task that was accepted under the name; its intent."""
    found, row = ask(ledger, mark, sandbox=sandbox, retry_failed=retry_failed)
    assert (found, row.state) == (Found.NEW, IntentState.PREPARED)
    assert row.intent is not None
    ledger.sending(row.intent)
    ledger.accept(row.intent, Task(task_id=task_id, status=Status.QUEUED))
    ledger.told(row.intent)
    return row.intent


def test_money_6_10_a_name_is_bought_once(ledger: Ledger) -> None:
    """The same request under the name again is the task that there is, whatever its metadata."""
    intent = bought(ledger)
    found, row = ask(ledger, video=VideoRequest(prompt="a boat", duration=5, metadata={"b": "2"}))
    assert (found, row.intent, row.ref, row.name) == (Found.NAMED, intent, "runbase:t1", NAME)
    assert len(ledger.rows(all_states=True)) == 1


def test_money_6_10_another_request_is_refused(ledger: Ledger) -> None:
    """2, with every field that differs, old and new; nothing is written."""
    bought(ledger)
    other = VideoRequest(prompt="a cat", duration=8, images=("https://a/1.png",), metadata={})
    with pytest.raises(UsageError) as caught:
        ask(ledger, "g", video=other)
    for words in ("prompt a boat → a cat", "duration 5 → 8", 'images not set → ["https://a/1.png"'):
        assert words in caught.value.message
    assert "metadata" not in caught.value.message
    assert "runbase:t1" in caught.value.message
    long = "x" * 300
    with pytest.raises(UsageError, match="prompt a boat → xxx"):
        ask(ledger, "g", video=VideoRequest(prompt=long))
    assert len(ledger.rows(all_states=True)) == 1


@pytest.mark.parametrize("state", [IntentState.REFUSED, IntentState.NOT_SENT, "discarded"])
def test_money_6_10_what_bought_nothing_leaves_the_name(ledger: Ledger, state: str) -> None:
    """A refused, unsent or discarded attempt frees the name, for another request too."""
    intent = ask(ledger).row.intent
    assert intent is not None
    ledger.sending(intent)
    if state == "discarded":
        ledger.settle(intent, IntentState.UNKNOWN, {})
        ledger.discard(intent)
    else:
        ledger.settle(intent, IntentState(state), {})
    found, row = ask(ledger, "another", video=VideoRequest(prompt="a cat"))
    assert (found, row.attempt, row.name) == (Found.NEW, 2, NAME)


def test_money_6_10_unknown_is_not_repeated(ledger: Ledger) -> None:
    """6, until `recover` settles it."""
    intent = ask(ledger).row.intent
    assert intent is not None
    ledger.sending(intent)
    ledger.settle(intent, IntentState.UNKNOWN, {})
    for retry_failed in (False, True):
        with pytest.raises(OutcomeUnknown) as caught:
            ask(ledger, retry_failed=retry_failed)
        assert caught.value.intent == intent
        assert "--again" not in (caught.value.hint or "")
    ledger.adopt(intent, Task(task_id="t9", status=Status.RUNNING))
    assert ask(ledger).row.ref == "runbase:t9"


def test_money_6_10_on_its_way_in_a_living_process(place: Place, clock: FakeClock) -> None:
    """Neither sent again nor unknown: the caller is told to wait, until the process is gone."""
    with Ledger.open(place, clock, create=True) as ledger:
        with Ledger.open(place, clock, create=True) as other:
            intent = ask(other).row.intent
            assert intent is not None
            for _ in range(2):
                found, row = ask(ledger)
                assert (found, row.intent) == (Found.ON_ITS_WAY, intent)
                assert ledger.on_its_way(intent)
                other.sending(intent)
            clock.advance(601)
            assert not ledger.on_its_way(intent), "after 10 minutes nobody waits for an answer"
            clock.advance(-601)
        assert not ledger.on_its_way(intent)
        with pytest.raises(OutcomeUnknown):
            ask(ledger)


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED, Status.EXPIRED])
def test_money_6_10_another_attempt(ledger: Ledger, status: Status) -> None:
    """--retry-failed makes one more attempt of a task that ended so, and of no other."""
    first = bought(ledger)
    assert ask(ledger, retry_failed=True).found is Found.NAMED
    ledger.observe(ledger.get(first)[0], Task(task_id="t1", status=status))
    assert ask(ledger).found is Found.NAMED
    second = bought(ledger, task_id="t2", retry_failed=True)
    assert ledger.get(second)[0].attempt == 2
    for again in (False, True):
        assert ask(ledger, retry_failed=again).row.intent == second
    ledger.observe(ledger.get(second)[0], Task(task_id="t2", status=Status.SUCCEEDED))
    assert ask(ledger, retry_failed=True).row.intent == second


def test_money_6_10_a_refused_attempt_does_not_hide_the_task(ledger: Ledger) -> None:
    """The task before it stays what the name stands for."""
    first = bought(ledger)
    ledger.observe(ledger.get(first)[0], Task(task_id="t1", status=Status.FAILED))
    second = ask(ledger, retry_failed=True).row.intent
    assert second is not None
    ledger.sending(second)
    ledger.settle(second, IntentState.REFUSED, {})
    assert ask(ledger).row.intent == first
    assert ask(ledger, retry_failed=True).row.attempt == 3


def test_money_6_10_the_sandbox_has_names_of_its_own(ledger: Ledger) -> None:
    """A name in the sandbox is none outside."""
    bought(ledger, "f", sandbox=True)
    assert ask(ledger, "g").found is Found.NEW


def test_money_6_10_a_name_and_identical_requests(ledger: Ledger, place: Place) -> None:
    """An unknown request elsewhere blocks; an untold one is the result without a name only."""
    unknown = prepare(ledger)
    ledger.sending(unknown)
    ledger.settle(unknown, IntentState.UNKNOWN, {})
    with pytest.raises(OutcomeUnknown):
        ask(ledger)
    ledger.discard(unknown)
    with Ledger.open(place, ledger._clock, create=True) as gone:
        untold = prepare(gone)
        gone.sending(untold)
        gone.accept(untold, Task(task_id="t5", status=Status.QUEUED))
    assert ask(ledger).found is Found.NEW
    assert ask(ledger, name=None) == (Found.UNTOLD, ledger.get(untold)[0])


def test_money_6_6_equal_rows_of_a_batch(ledger: Ledger) -> None:
    """An unknown row of the same batch blocks no other row of it, and everything else."""
    unknown = ask(ledger, name="b/1", batch="b").row.intent
    assert unknown is not None
    ledger.sending(unknown)
    ledger.settle(unknown, IntentState.UNKNOWN, {})
    assert ask(ledger, name="b/2", batch="b").found is Found.NEW
    with pytest.raises(OutcomeUnknown):
        ask(ledger, name="b/1", batch="b")
    for name, batch in (("c/1", "c"), ("x", None), (None, None)):
        with pytest.raises(OutcomeUnknown):
            ask(ledger, name=name, batch=batch)


def test_a_name_of_another_provider(ledger: Ledger) -> None:
    """Names are the ledger's, not a provider's."""
    submit(ledger, "t3")
    bought(ledger)
    with pytest.raises(UsageError, match="provider runbase → defapi"):
        ask(ledger, "g", provider="defapi")

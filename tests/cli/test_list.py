"""`seedance list`: the ledger, newest first."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli.cli.output.rows import Column, laid_out
from seedance_cli.ledger.record import Ledger
from seedance_cli.models import IntentState, Problem, Status, Task, VideoRequest
from support import ledgers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.fake_clock import FakeClock
    from support.runner import Run, Spawn

KEYS = [
    *("schema", "intent", "ref", "provider", "task_id", "profile", "sandbox", "status"),
    *("provider_status", "model", "request", "video_urls", "files", "video", "last_frame"),
    *("name", "batch", "row", "attempt", "cost", "error"),
    *("created_at", "submitted_at", "finished_at"),
]


@pytest.fixture
def ledger(clock: FakeClock) -> Iterator[Ledger]:
    with Ledger.open(Path(os.environ["SEEDANCE_STATE_DIR"]), clock, create=True) as opened:
        yield opened


def settle(ledger: Ledger, mark: str, state: IntentState) -> str:
    intent = ledgers.prepare(ledger, mark)
    ledger.sending(intent)
    ledger.settle(intent, state, {})
    return intent


def test_newest_first(ledger: Ledger, run: Run, clock: FakeClock) -> None:
    """A line a submission, in a pipe with tabs: ref, status, time, cost, prompt, failure."""
    ledgers.submit(ledger, "t1", cost=ledgers.CREDITS)
    clock.advance(60)
    ledgers.submit(ledger, "t:2/ä", provider="defapi", sandbox=True)
    assert run("list").out.splitlines() == [
        "defapi:t:2%2F%C3%A4\tqueued\t2026-02-07T10:31:00Z\t- (sandbox)\ta cat\t",
        "runbase:t1\tqueued\t2026-02-07T10:30:00Z\t40.50 credits\ta cat\t",
    ]


def test_json(ledger: Ledger, run: Run) -> None:
    """An array of task objects with every key, in the contract's order; empty too."""
    ledgers.submit(ledger, "t1", cost=ledgers.CREDITS)
    document = run("list", "--json").json
    assert [list(row) for row in document] == [KEYS]
    assert document[0]["cost"] == {"amount": "40.50", "unit": "credits", "basis": "charged"}
    assert run("list", "--json", "-p", "defapi").out == "[]\n"


def test_limit(ledger: Ledger, run: Run, spawn: Spawn) -> None:
    """All, or as many as --limit says; on a terminal 20, and how many there are."""
    for number in range(22):
        ledgers.submit(ledger, f"t{number}")
    for argv in (("list",), ("list", "--limit", "100")):
        done = run(*argv)
        assert (len(done.out.splitlines()), done.err) == (22, "")
    assert len(run("list", "--json").json) == 22
    one = run("list", "--limit", "1")
    assert one.out.startswith("runbase:t21\t")
    assert (len(one.out.splitlines()), one.err) == (1, "")
    shown = spawn("list", pty=True, size=(50, 100)).finish().err
    assert "the newest 20 of 22; --limit 22 shows all" in shown
    assert shown.count("runbase:t") == 20
    ledger.observe(ledger.find("t0")[0], Task(task_id="t0", status=Status.FAILED))
    settle(ledger, "a", IntentState.REFUSED)
    some = spawn("list", "--status", "queued", pty=True, size=(50, 100)).finish().err
    assert "the newest 20 of 21; --limit 21 shows all" in some
    assert "of 23;" in spawn("list", "--all", pty=True, size=(50, 100)).finish().err
    assert spawn("list", "--limit", "22", pty=True).finish().err.count("runbase:t") == 22


def test_a_status_is_looked_for_before_the_limit(ledger: Ledger, run: Run) -> None:
    """The one failed task of long ago is found among many."""
    ledger.observe(ledgers.submit(ledger, "old"), Task(task_id="old", status=Status.FAILED))
    for number in range(25):
        ledgers.submit(ledger, f"t{number}")
    assert run("list", "--status", "failed", "--limit", "1").out.startswith("runbase:old\t")
    assert len(run("list", "--status", "queued", "--json").json) == 25


def test_filters(ledger: Ledger, run: Run) -> None:
    """--status and --provider; a status that is none is refused with those there are."""
    ledger.observe(ledgers.submit(ledger, "t1"), Task(task_id="t1", status=Status.SUCCEEDED))
    ledgers.submit(ledger, "t2", provider="defapi")
    assert run("list", "--status", "succeeded").out.startswith("runbase:t1\tsucceeded")
    assert run("list", "-p", "defapi").out.startswith("defapi:t2\t")
    none = run("list", "--status", "failed")
    assert (none.code, none.out, none.err) == (0, "", "no submission matches\n")
    wrong = run("list", "--status", "done", "--json")
    assert (wrong.code, wrong.out, wrong.error["code"]) == (2, "", "usage")
    assert "queued, running, succeeded" in wrong.err
    assert run("list", "-p", "frob").code == 2


def test_hidden_states(ledger: Ledger, run: Run) -> None:
    """Refused and unsent submissions show with --all only; unknown ones always."""
    refused = settle(ledger, "a", IntentState.REFUSED)
    unsent = settle(ledger, "b", IntentState.NOT_SENT)
    unknown = settle(ledger, "c", IntentState.UNKNOWN)
    assert [line.split("\t")[:2] for line in run("list").out.splitlines()] == [
        [f"intent {unknown}", "unknown"]
    ]
    assert [line.split("\t")[:2] for line in run("list", "--all").out.splitlines()] == [
        [f"intent {unknown}", "unknown"],
        [f"intent {unsent}", "not_sent"],
        [f"intent {refused}", "refused"],
    ]
    (row,) = run("list", "--json").json
    assert (row["ref"], row["task_id"], row["status"]) == (None, None, "unknown")


def test_a_submission_without_a_task_shows_as_what_it_is(
    ledger: Ledger, run: Run, clock: FakeClock
) -> None:
    """In JSON, in text and to --status: sending, refused, not_sent, discarded; or else unknown."""
    intents = {
        "refused": settle(ledger, "a", IntentState.REFUSED),
        "not_sent": settle(ledger, "b", IntentState.NOT_SENT),
        "discarded": settle(ledger, "c", IntentState.UNKNOWN),
        "unknown": settle(ledger, "d", IntentState.UNKNOWN),
    }
    ledger.discard(intents["discarded"])
    ledger.sending(sending := ledgers.prepare(ledger, "e"))
    ledgers.submit(ledger, "queued")
    prepared = ledgers.prepare(ledger, "f")
    rows = {
        row["intent"]: row["status"] for row in run("list", "--all", "--json", clock=clock).json
    }
    found = {status: rows[intent] for status, intent in intents.items()}
    assert found == {status: status for status in intents}
    assert rows[sending] == rows[prepared] == "sending"
    for status, intent in intents.items():
        only = run("list", "--status", status, "--json", clock=clock).json
        assert [(row["intent"], row["status"]) for row in only] == [(intent, status)]
    assert len(run("list", "--status", "sending", clock=clock).out.splitlines()) == 2
    shown = [line.split("\t")[1] for line in run("list", "--all", clock=clock).out.splitlines()]
    assert shown == [
        *("sending", "queued", "sending", "unknown", "discarded", "not_sent", "refused"),
    ]
    assert len(run("list", clock=clock).out.splitlines()) == 5


def test_prompts_are_one_short_line(ledger: Ledger, run: Run) -> None:
    """Newlines become spaces, controls are escaped; in a pipe nothing is cut."""
    ledgers.prepare(ledger, "a", prompt="two\nlines\x1b[31m " + "long " * 100)
    prompt = run("list", "--all").out.splitlines()[0].split("\t")[4]
    assert prompt == r"two lines\x1b[31m " + ("long " * 100).strip()


def test_on_a_terminal(ledger: Ledger, spawn: Spawn) -> None:
    """One line a task, names before refs, local time with its zone, what is cut is marked."""
    row = ledgers.submit(ledger, "t1", provider="seedance2ink")
    ledgers.name(ledger, row.intent, "trip/scene-08")
    ledgers.prepare(ledger, "b", prompt="고양이 한 마리가 " * 20)
    ledger.observe(row, failed("t1", "moderated: " + "no " * 40))
    settle(ledger, "c", IntentState.REFUSED)
    env = {"TZ": "Asia/Seoul", "NO_COLOR": "1"}
    shown = spawn("list", pty=True, size=(50, 110), env=env).finish().err
    assert "1 refused or never sent; --all shows them, too" in shown
    head, first, second = [line for line in shown.splitlines() if "1 refused" not in line]
    assert head.split() == ["TASK", "STATUS", "CREATED", "(KST)", "COST", "PROMPT", "FAILURE"]
    assert "고양이" in first
    assert re.match(r"intent [0-9a-f]{8}  ", first)
    assert "…" in first
    assert second.startswith("trip/scene-08 ")
    assert "2026-02-07" in second or "02-07 19:30" in second
    assert second.rstrip().endswith("…")
    assert "seedance2ink:t1" not in shown


@pytest.mark.parametrize("width", [100, 80, 60])
def test_a_ref_is_whole_on_a_terminal(width: int) -> None:
    """It is there to be copied: what stands beside it is cut, or goes below it."""
    ref = "seedance2ink:req_d9984514e0e3e967097555b3"
    head = [Column(name) for name in ("TASK", "STATUS", "CREATED (KST)", "COST")]
    head += [Column("PROMPT", least=8), Column("FILES", below=True)]
    row = (ref, "succeeded", "12m 05:31", "40 credits", "a cat " * 9, "/home/me/videos/cat.mp4")
    for columns in (5, 6):
        lines = laid_out(head[:columns], [row[:columns]], width).text.splitlines()
        assert [line for line in lines if line.startswith(ref)]
        assert all(len(line) <= width for line in lines)


def failed(task_id: str, reason: str) -> Task:
    return Task(task_id=task_id, status=Status.FAILED, error=Problem(None, reason))


def test_what_stands_first_names_the_task(ledger: Ledger, run: Run) -> None:
    """A name means its newest attempt: an older one has its ref there, whatever is filtered."""
    for number in (1, 2):
        row = ledgers.submit(ledger, f"t{number}")
        ledgers.name(ledger, row.intent, "boat", attempt=number)
    ledger.observe(ledger.find("t1")[0], failed("t1", "moderated"))
    boxed = ledgers.submit(ledger, "t3", sandbox=True)
    ledgers.name(ledger, boxed.intent, "boat")

    def first(*words: str) -> list[str]:
        return [line.split("\t")[0] for line in run("list", *words).out.splitlines()]

    assert first() == ["boat", "boat", "runbase:t1"]
    assert first("--status", "failed") == ["runbase:t1"]
    assert [row["name"] for row in run("list", "--json").json] == ["boat"] * 3


def test_a_failure_says_why(ledger: Ledger, run: Run) -> None:
    """The provider's words for a task; for what became none, what came back."""
    ledger.observe(ledgers.submit(ledger, "t1"), failed("t1", "moderated"))
    ledger.sending(intent := ledgers.prepare(ledger, "b"))
    ledger.settle(intent, IntentState.REFUSED, {"http_status": 402})
    lines = run("list", "--all").out.splitlines()
    assert [line.split("\t")[5] for line in lines] == ["HTTP 402", "moderated"]


def test_files(ledger: Ledger, run: Run, folder: Path) -> None:
    """--files: every saved path, after the other fields."""
    row = ledgers.submit(ledger, "t1")
    ledgers.submit(ledger, "t2")
    for index in (1, 2):
        ledger.add_file(row, index, folder / f"a b-{index}.mp4", 10)
    none, both = run("list", "--files").out.splitlines()
    assert both.split("\t")[6:] == [str(folder / "a b-1.mp4"), str(folder / "a b-2.mp4")]
    assert none.split("\t")[6:] == []


def test_a_name_is_a_link_to_its_file(ledger: Ledger, spawn: Spawn, folder: Path) -> None:
    """On a terminal that has links; `--files` tells the path, too."""
    row = ledgers.submit(ledger, "t1")
    ledger.add_file(row, 1, folder / "a b.mp4", 10)
    env = {"FORCE_HYPERLINK": "1"}
    shown = spawn("list", "--files", pty=True, env=env).finish().err
    assert re.search(r"\x1b]8;;file://[^\x1b]*/a%20b\.mp4\x1b\\runbase:t1\x1b]8;;\x1b\\", shown)
    assert re.search(r"\x1b]8;;file://[^\x1b]*/a%20b\.mp4\x1b\\/.*/a b\.mp4\x1b]8;;", shown)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--batch", "trip"), ["trip/2", "trip/1"]),
        (("--batch", "tri"), []),
        (("--profile", "work"), ["runbase:t3"]),
        (("--sandbox",), ["runbase:t4"]),
        (("--no-sandbox", "--since", "2026-02-07T10:30:01"), ["runbase:t3"]),
        (("--since", "2026-02-07"), ["runbase:t4", "runbase:t3", "trip/2", "trip/1"]),
        (("--since", "2026-02-07T19:30:01+09:00"), ["runbase:t4", "runbase:t3"]),
        (("--since", "60s"), ["runbase:t4", "runbase:t3"]),
        (("--metadata", "shot=8"), ["trip/2"]),
        (("--metadata", "shot=8", "--metadata", "take=2"), []),
        (("--search", "A CAT IN"), ["trip/2"]),
        (("--search", "trip/"), ["trip/2", "trip/1"]),
        (("--search", "moder"), ["runbase:t3"]),
        (("--batch", "trip", "--limit", "1"), ["trip/2"]),
    ],
)
def test_each_filter(
    ledger: Ledger, run: Run, clock: FakeClock, words: tuple[str, ...], found: list[str]
) -> None:
    """Batch, profile, sandbox, time, metadata and text, each in text and in JSON."""
    for number in (1, 2):
        intent = ledgers.submit(ledger, f"t{number}").intent
        ledgers.name(ledger, intent, f"trip/{number}", batch="trip")
    ledgers.ask(ledger, intent, VideoRequest(prompt="a cat in the rain", metadata={"shot": "8"}))
    clock.advance(120)
    ledger.observe(ledgers.submit(ledger, "t3", profile="work"), failed("t3", "Moderated"))
    ledgers.submit(ledger, "t4", sandbox=True)
    lines = run("list", *words, clock=clock).out.splitlines()
    assert [line.split("\t")[0] for line in lines] == found
    document = run("list", *words, "--json", clock=clock).json
    assert [row["name"] or row["ref"] for row in document] == found


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--since", "yesterday-ish"), 2),
        (("--since", "2026-02-30"), 2),
        (("--metadata", "shot"), 2),
        (("--profile", "nobody"), 3),
    ],
)
def test_a_filter_that_is_none(run: Run, words: tuple[str, ...], code: int) -> None:
    """Refused, with nothing on stdout; an unknown profile is 3, listing those there are."""
    done = run("list", *words)
    assert (done.code, done.out) == (code, "")


def test_the_environment_chooses_the_sandboxs_rows(ledger: Ledger, run: Run) -> None:
    """SEEDANCE_SANDBOX=1 is as --sandbox; --no-sandbox is stronger."""
    ledgers.submit(ledger, "real")
    ledgers.submit(ledger, "boxed", sandbox=True)
    env = {"SEEDANCE_SANDBOX": "1"}
    assert [row["task_id"] for row in run("list", "--json", env=env).json] == ["boxed"]
    real = run("list", "--no-sandbox", "--json", env=env).json
    assert [row["task_id"] for row in real] == ["real"]


def test_nothing_there(run: Run) -> None:
    """Without a ledger: nothing on stdout, a word on stderr, and no ledger is made."""
    done = run("list")
    assert (done.code, done.out) == (0, "")
    assert done.err == "nothing was submitted from this machine\n"
    assert run("list", "-q").err == ""
    assert not Path(os.environ["SEEDANCE_STATE_DIR"]).exists()


def test_a_damaged_ledger(run: Run) -> None:
    """Exit 10, and the file stays as it is."""
    state = Path(os.environ["SEEDANCE_STATE_DIR"])
    state.mkdir(mode=0o700)
    (state / "ledger.db").write_bytes(b"no database" * 500)
    done = run("list", "--json")
    assert (done.code, done.out, done.error["code"]) == (10, "", "write_failed")
    assert (state / "ledger.db").read_bytes() == b"no database" * 500


@pytest.mark.parametrize("limit", ["0", "9223372036854775808", "9" * 30])
def test_a_limit_that_is_none(limit: str, run: Run) -> None:
    """A number of rows that nobody can have is refused."""
    assert run("list", "--limit", limit).code == 2

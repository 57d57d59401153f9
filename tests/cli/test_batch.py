"""`seedance batch`: every row exactly once, whatever comes; by the lines of contract section 9."""

from __future__ import annotations

import csv
import errno
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.bytes_server import answer
from support.scripted_provider import ScriptedProvider, State, Step, done, error, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.bytes_server import Client, Request
    from support.fake_clock import FakeClock
    from support.runner import Result, Run

    Batch = Callable[..., Result]

NAME = "seedance2ink"
ROWS = "id,prompt,_who\na,a boat,Ann\nb,a crane,\nc,a cat,Bob\n"


def drop(_: Request, client: Client) -> None:
    """The request came, and no answer leaves."""
    client.close()


@pytest.fixture
def batch(run: Run, server: ScriptedProvider, clock: FakeClock) -> Batch:
    """`batch(*argv, rows=…)`: the command with a file of three rows; every task succeeds."""
    for number in range(1, 30):
        server.task(f"t{number}", "running", done())

    def start(*argv: str, rows: str = ROWS, file: str = "shots.csv", agree: bool = True) -> Result:
        Path(file).write_text(rows, encoding="utf-8")
        yes = ["--yes"] if agree else []
        return run("batch", file, "-p", NAME, *yes, *argv, env=server.env(), clock=clock)

    return start


def saved() -> list[str]:
    return sorted(str(path) for path in Path().rglob("*.mp4"))


FILES = ["shots/a-a-boat.mp4", "shots/b-a-crane.mp4", "shots/c-a-cat.mp4"]


def paths(out: str) -> list[str]:
    return sorted(str(Path(line).relative_to(Path.cwd())) for line in out.splitlines())


# Once


def test_fault_50_every_row_is_submitted_once_and_its_file_is_there(
    batch: Batch, server: ScriptedProvider
) -> None:
    """A second run pays nothing, and says the same on stdout."""
    first = batch()
    assert (first.code, server.posts(), saved()) == (0, 3, FILES)
    assert paths(first.out) == FILES
    second = batch(agree=False)
    assert (second.code, server.posts(), paths(second.out)) == (0, 3, FILES)
    assert "3 done before" in second.err
    polls = sum(server.polls(f"t{n}") for n in (1, 2, 3))
    batch()
    assert sum(server.polls(f"t{n}") for n in (1, 2, 3)) == polls


def test_a_row_that_is_new_is_all_that_is_bought(batch: Batch, server: ScriptedProvider) -> None:
    """Rows taken out of the file are left alone."""
    batch()
    result = batch(rows="id,prompt\nd,a dog\na,a boat\n")
    assert (result.code, server.posts()) == (0, 4)
    assert paths(result.out) == ["shots/a-a-boat.mp4", "shots/d-a-dog.mp4"]
    assert "2 rows: 1 to submit, 1 done before" in result.err


def test_equal_rows_are_bought_each(batch: Batch, server: ScriptedProvider) -> None:
    """They do not block one another, though the outcome of one is unknown (6.6)."""
    server.submits.extend([drop, None])
    result = batch(rows="a boat\na boat\n", file="x.txt")
    assert (result.code, server.posts(), len(saved())) == (6, 2, 1)


def test_a_missing_file_is_fetched_again_and_not_bought(
    batch: Batch, server: ScriptedProvider
) -> None:
    batch()
    Path("shots/b-a-crane.mp4").unlink()
    result = batch(agree=False)
    assert (result.code, server.posts(), saved()) == (0, 3, FILES)
    assert "1 to download" in result.err


def test_a_video_that_did_not_come_is_no_success_of_the_summary(
    batch: Batch, server: ScriptedProvider
) -> None:
    """What it cost is in the sum all the same."""
    server.videos["a.mp4"] = answer(404)
    server.task("t1", done(server.video("a.mp4"), creditsCharged=40))
    server.task("t2", done(creditsCharged=2))
    result = batch(rows="id,prompt\na,a boat\nb,a crane\n")
    assert result.code == 9
    words = f"shots: 1 succeeded, 1 not downloaded, 42 credits at {NAME}, "
    assert result.err.splitlines()[-1].startswith(words)


def test_the_name_is_the_files_or_the_options(
    batch: Batch, run: Run, server: ScriptedProvider
) -> None:
    batch("--name", "other")
    batch(file="renamed.csv")
    assert server.posts() == 6
    rows = run("list", "--json", env=server.env()).json
    assert {row["name"] for row in rows} >= {"other/a", "renamed/c"}
    assert {(row["batch"], row["row"]) for row in rows} >= {("other", "a"), ("renamed", "c")}


def test_a_known_row_with_another_request_is_2(batch: Batch, server: ScriptedProvider) -> None:
    """Naming row and fields; but where all its attempts were refused it is bought."""
    server.submits.extend([None, None, error(422, "no cats")])
    assert batch().code == 4
    result = batch(rows=ROWS.replace("a boat", "a ship").replace("a cat", "a dog"))
    assert (result.code, server.posts()) == (2, 3)
    assert "shots.csv: line 2" in result.err
    assert "prompt a boat → a ship" in result.err
    assert "line 4" not in result.err


def test_other_metadata_make_no_other_row(batch: Batch, server: ScriptedProvider) -> None:
    """That they stay as they were is said."""
    batch(rows="id,prompt,metadata.k\na,a boat,1\nb,a crane,1\n")
    result = batch(rows="id,prompt,metadata.k\na,a boat,1\nb,a crane,2\n", agree=False)
    assert (result.code, server.posts()) == (0, 2)
    assert "1 row known with other metadata" in result.err
    assert "the first is b" in result.err


def test_options_fill_what_a_row_leaves_out(
    batch: Batch, run: Run, server: ScriptedProvider
) -> None:
    """They, and a note, an output or the order of columns, make no other row of it."""
    rows = "prompt,duration,param.x\na boat,8,1\na crane,,\n"
    batch("-d", "4", "--param", "x=2", "--param", "y=3", rows=rows)
    sent = run("list", "--json", env=server.env()).json
    asked = {one["request"]["prompt"]: one["request"] for one in sent}
    assert (asked["a boat"]["duration"], asked["a crane"]["duration"]) == (8, 4)
    assert (asked["a boat"]["params"], asked["a crane"]["params"]) == (
        {"x": 1, "y": 3},
        {"x": 2, "y": 3},
    )
    again = "_n,param.x,prompt,duration,output\nz,1,a boat,8s,o/{row}.mp4\n,,a crane,,\n"
    assert batch("-d", "4", "--param", "x=2", "--param", "y=3", rows=again, agree=False).code == 0
    assert server.posts() == 2


def test_rows_go_to_their_own_providers(batch: Batch, server: ScriptedProvider) -> None:
    result = batch(rows="id,prompt,provider\na,a boat,defapi\nb,a crane,\n")
    assert result.code == 0
    assert (server.posts("/defapi/"), server.posts(f"/{NAME}/")) == (1, 1)


def test_a_row_may_name_a_profile(
    run: Run, server: ScriptedProvider, clock: FakeClock, tmp_path: Path
) -> None:
    """Its provider and its defaults count for that row; one that there is not is a fault."""
    server.unscripted = done()
    config = tmp_path / "config" / "config.toml"
    config.parent.mkdir()
    config.write_text('[profiles.work]\nprovider = "defapi"\n')
    config.chmod(0o600)
    Path("x.csv").write_text("prompt,profile\na boat,work\na crane,\n")
    argv = ("batch", "x.csv", "--yes", "--json")
    env = {**server.env(), "SEEDANCE_PROVIDER": NAME}
    rows = run(*argv, env=env, clock=clock).json
    assert [(row["provider"], row["profile"]) for row in rows] == [
        ("defapi", "work"),
        (NAME, "default"),
    ]
    Path("x.csv").write_text("prompt,profile\na boat,work\na crane,nope\n")
    result = run(*argv, env=env, clock=clock)
    assert (result.code, server.posts()) == (2, 2)
    assert "line 3, column profile" in result.err


# All or nothing


def test_fault_51_a_bad_row_anywhere_sends_nothing(batch: Batch, server: ScriptedProvider) -> None:
    """Every bad row is named with its line and column."""
    batch(rows="id,prompt\nk,a boat\n")
    Path("taken.mp4").touch()
    server.server.requests.clear()
    rows = "prompt,duration,model,provider,id,output\nx,8,,,,\ny,7777777,,,,\n,8,,,,\nz,8,nope,,,\n"
    rows += "w,8,,acme,,\nv,,,,,one.mp4\nu,,,,,one.mp4\nt,,,,,taken.mp4\nanother,,,,k,\n"
    result = batch(rows=rows)
    assert (result.code, result.out, server.posts()) == (2, "", 0)
    named = [line.split(":")[1] for line in result.err.splitlines() if line.startswith("shots")]
    assert named == [
        " line 3, column duration",
        " line 4, column prompt",
        " line 5, column model",
        " line 6, column provider",
        " line 8, column output",
        " line 9, column output",
        " line 10",
    ]
    assert "shots.csv has 7 faults; nothing was sent" in result.err


def test_fault_51_the_first_20_and_how_many_more(batch: Batch) -> None:
    result = batch(rows="prompt,duration\n" + "x,999999\n" * 25)
    assert sum(line.startswith("shots.csv: line") for line in result.err.splitlines()) == 20
    assert "and 5 more" in result.err


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("id,prompt\na,x\na,y\n", "same id"),
        ("prompt,output\nx,o.mp4\ny,o.mp4\n", "same target"),
        ("prompt,output\nx,-\n", "stdout"),
        ("prompt,output\nx,{nope}.mp4\n", "no field"),
        ("prompt,size\nx,1\n", "no such column"),
        ("prompt\n", "has no rows"),
    ],
)
def test_a_file_that_cannot_be_meant_is_2(
    batch: Batch, server: ScriptedProvider, rows: str, words: str
) -> None:
    result = batch(rows=rows)
    assert (result.code, server.posts()) == (2, 0)
    assert words in result.err


def test_a_file_in_the_way_is_found_before_the_first(
    batch: Batch, server: ScriptedProvider
) -> None:
    """`--force` replaces it."""
    Path("shots").mkdir()
    Path("shots/b-a-crane.mp4").write_text("mine")
    result = batch()
    assert (result.code, server.posts()) == (2, 0)
    assert "line 3, column output" in result.err
    assert "exists already; give another name, or --force to replace it" in result.err
    assert batch("--force").code == 0


# Consent


def test_without_a_terminal_consent_must_be_given(batch: Batch, server: ScriptedProvider) -> None:
    result = batch(agree=False)
    assert (result.code, server.posts()) == (2, 0)
    assert result.err.splitlines()[-1] == "  hint: --yes"  # no price is known
    assert "3 rows: 3 to submit" in result.err
    priced = batch(rows="prompt,duration,provider\nx,4,seedanceapi\n", agree=False)
    assert "hint: --yes, or --max-cost '14 credits', which bounds" in priced.err


def test_max_cost_bounds_the_sum(batch: Batch, server: ScriptedProvider) -> None:
    """Above it, or a unit or price without one: 11 before the first."""
    rows = "prompt,duration,provider\n" + "x,4,seedanceapi\n" * 3
    quoted = batch("--dry-run", rows=rows)
    assert (quoted.code, quoted.err.splitlines()[1]) == (
        0,
        "  seedanceapi: 3 rows, 42 credits listed",
    )
    amount = 42
    for limits, code in (
        ([f"{amount - 1} credits"], 11),
        (["5 USD"], 11),
        ([str(amount)], 2),
        ([f"{amount} credits", f"{amount} credits"], 2),
        ([f"{amount} credits", "5 USD"], 0),
    ):
        options = [word for limit in limits for word in ("--max-cost", limit)]
        assert batch(*options, rows=rows, agree=False).code == code, limits
    dry = batch("--dry-run", "--max-cost", "1 credits", rows=rows)  # the same rows would be done
    assert (dry.code, len(dry.out.splitlines()), server.posts()) == (0, 3, 3)
    assert batch("--max-cost", "1000 credits", agree=False).code == 11  # its price is not known


def test_a_price_that_was_learned_is_called_so(batch: Batch, server: ScriptedProvider) -> None:
    """Nothing of this run is charged yet."""
    server.task("t1", done(creditsCharged=40))
    assert batch(rows="id,prompt\na,a boat\n").code == 0
    quoted = batch("--dry-run", rows="id,prompt\nb,a crane\nc,a cat\n")
    assert f"  {NAME}: 2 rows, 80 credits as charged before" in quoted.err.splitlines()


def test_dry_run_says_what_would_happen_to_each_row(batch: Batch, server: ScriptedProvider) -> None:
    server.task("t2", State("failed", reason="too dark"))
    batch(rows="id,prompt\na,a boat\nb,a crane\n")
    result = batch("--dry-run", agree=False)
    assert [line.split("\t")[:2] for line in result.out.splitlines()] == [
        ["a", "done"],
        ["b", "failed"],
        ["c", "submit"],
    ]
    document = batch("--dry-run", "--json", "--retry-failed", agree=False).json
    assert [row["action"] for row in document] == ["done", "retry", "submit"]
    assert [row["status"] for row in document] == ["succeeded", "failed", "not_submitted"]
    assert (document[2]["intent"], document[2]["row"], server.posts()) == (None, "c", 2)


def test_the_quote_tells_of_the_same_request_outside(
    batch: Batch, run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    run("generate", "a boat", "-p", NAME, env=server.env(), clock=clock)
    assert "  1 of them asks for the same as a task outside" in batch("--dry-run").err


# Refusals


def test_a_refused_row_stops_no_other(batch: Batch, server: ScriptedProvider) -> None:
    server.submits.extend([None, error(422, "no cranes"), None])
    result = batch()
    assert (result.code, saved()) == (4, [FILES[0], FILES[2]])
    assert "shots/b:" in result.err
    assert batch().code == 0
    assert (server.posts(), saved()) == (4, FILES)


def test_fault_52_after_a_429_the_row_comes_later(
    batch: Batch, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Its attempt is settled as refused, and after the pause it is a new one."""
    server.submits.extend([None, error(429, "slow down", {"Retry-After": "7"}), error(429), None])
    began = clock.monotonic()
    document = batch("--json").json
    assert [(row["status"], row["attempt"]) for row in document] == [
        ("succeeded", 1),
        ("succeeded", 2),
        ("succeeded", 2),
    ]
    assert clock.monotonic() - began >= 7 + 20


def test_fault_52_a_429_that_asks_for_no_pause_gets_one_all_the_same(
    batch: Batch, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Else ten minutes of such answers were requests without end, each with a row of the ledger."""
    server.submits.extend([error(429, "slow down", {"Retry-After": "0"})] * 3)
    began = clock.monotonic()
    result = batch()
    assert (result.code, server.posts()) == (0, 6)
    assert clock.monotonic() - began >= 10 + 20 + 40
    assert "again in 10s" in result.err


def test_pauses_of_one_length_are_told_of_once_a_minute(
    batch: Batch, server: ScriptedProvider
) -> None:
    """A provider that asks for a second each time does not fill the screen."""
    second = error(429, "slow down", {"Retry-After": "1"})
    server.submits.extend([second] * 20 + [error(429, "slow down", {"Retry-After": "9"}), None])
    result = batch("--jobs", "1")
    assert (result.code, server.posts()) == (0, 24)
    lines = [line for line in result.err.splitlines() if "slow down" in line]
    assert len(lines) == 2, lines
    assert lines[0].endswith("again in 1s")
    assert lines[1].endswith("again in 9s")


def test_fault_52_ten_minutes_of_429_are_the_end(
    batch: Batch, server: ScriptedProvider, clock: FakeClock
) -> None:
    server.submits.extend([None, *[error(429)] * 40])
    began = clock.monotonic()
    result = batch("--json")
    assert (result.code, [row["status"] for row in result.json]) == (
        4,
        ["succeeded", "refused", "refused"],
    )
    assert 500 < clock.monotonic() - began < 700


@pytest.mark.parametrize(
    ("step", "code", "posts"),
    [
        (error(402, "no credits"), 4, 2),
        (error(401), 3, 2),
        (error(403), 3, 2),
        (drop, 6, 4),
    ],
)
def test_fault_52_what_stops_further_submits(
    batch: Batch, server: ScriptedProvider, step: Step, code: int, posts: int
) -> None:
    """What is in flight is waited for; the rest is named, and goes at another provider."""
    server.submits.extend([None, *[step] * 10])
    rows = "id,prompt\n" + "".join(f"r{n},boat {n}\n" for n in range(7))
    result = batch(rows=rows)
    assert (result.code, server.posts(), len(saved())) == (code, posts, 1)
    left = [f"r{number}" for number in range(posts, 7)]
    words = f"{len(left)} of 7 rows were not submitted: {', '.join(left)}; the same command"
    assert words in result.err
    halt = f"seedance: error: after that nothing more is submitted to {NAME} ({len(left)} left)"
    assert halt in result.err.splitlines(), "why is said once, in the line before"


def test_fault_26_on_a_full_disk_no_further_row_is_bought(
    batch: Batch, server: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in flight is waited for; with room again the same command goes on."""
    server.task("t2", *["running"] * 10, done())
    rows = "id,prompt\n" + "".join(f"r{n},boat {n}\n" for n in range(5))
    with monkeypatch.context() as patch:
        _full(patch, server)
        result = batch("--jobs", "1", rows=rows)
        assert (result.code, server.posts(), saved()) == (10, 2, [])
        end = [line for line in result.err.splitlines() if "nothing more is submitted" in line]
        halt = f"seedance: error: after that nothing more is submitted to {NAME} (3 left)"
        assert (end, "3 of 5 rows were not submitted" in result.err) == ([halt], True)
    assert (batch(rows=rows).code, server.posts(), len(saved())) == (0, 5, 5)


def test_a_file_of_before_that_is_gone_is_no_success(
    batch: Batch, server: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it cannot be fetched again, neither the summary nor the results say that it is here."""
    batch()
    Path(FILES[1]).unlink()
    with monkeypatch.context() as patch:
        _full(patch, server)
        result = batch("--results", "r.csv")
    assert result.code == 10
    assert result.err.splitlines()[-1].startswith("shots: 2 succeeded, 1 not downloaded, ")
    with Path("r.csv").open(newline="") as file:
        assert [bool(row["file"]) for row in csv.DictReader(file)] == [True, False, True]


def _full(monkeypatch: pytest.MonkeyPatch, server: ScriptedProvider) -> None:
    """No room is left for a video, from the first submit on."""
    opened = os.open

    def full(path: str | Path, *rest: Any, **more: Any) -> int:
        if str(path).endswith(".part") and server.posts():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return opened(path, *rest, **more)

    monkeypatch.setattr(os, "open", full)


def test_fault_52_usage_exceeded_is_not_asked_again(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """The documents of runbase say so; its RATE_LIMITED only pauses."""
    for number in range(1, 5):
        server.task(f"t{number}", done())
    limited = json_answer(429, {"error": {"code": "RATE_LIMITED", "message": "slow"}})
    exceeded = json_answer(429, {"error": {"code": "USAGE_EXCEEDED", "message": "no more"}})
    server.submits.extend([limited, None, exceeded])
    Path("x.txt").write_text("a boat\na crane\na cat\n")
    result = run("batch", "x.txt", "-p", "runbase", "--yes", env=server.env(), clock=clock)
    assert (result.code, server.posts(), len(saved())) == (4, 3, 1)


def test_fault_52_an_unknown_outcome_is_never_repeated(
    batch: Batch, server: ScriptedProvider
) -> None:
    """Until `recover` settles it; the others go on."""
    server.submits.extend([drop])
    first = batch()
    assert first.code == 6
    assert "seedance recover" in first.err.splitlines()[-1], "why, however many lines are above"
    again = batch("--json", "--retry-failed")
    assert (again.code, server.posts()) == (6, 3)
    assert [row["status"] for row in again.json] == ["unknown", "succeeded", "succeeded"]
    assert again.error["code"] == "outcome_unknown"


def test_nothing_is_charged_in_the_sandbox(
    batch: Batch, run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A run that finds an unknown outcome there does not speak of the user's money."""
    server.submits.extend([drop])
    lost = batch()
    assert "no answer came (Server disconnected without sending a response). The paid" in lost.err
    assert "you may have been charged" in batch().err
    Path("lost.txt").write_text("sandbox:lost-response a boat\n")
    argv = ("batch", "lost.txt", "--sandbox", "-p", NAME, "--yes")
    for _ in range(2):
        result = run(*argv, clock=clock)
        assert result.code == 6
        assert "you may have been charged" not in result.err
    assert "nothing is charged in the sandbox" in result.err


def test_a_column_for_a_key_is_named_whole(batch: Batch) -> None:
    rows = "prompt,metadata.scene\na boat,8\n"
    result = batch("-p", "seedanceapi", "--sandbox", rows=rows)
    assert "line 2, column metadata.scene: --metadata:" in result.err


def test_fault_51_a_bad_row_says_what_would_do(batch: Batch) -> None:
    """As `generate` hints at it, though only the last line has a hint of its own."""
    result = batch(rows="prompt,provider,output\na boat,nope,\na boat,,{zz}.mp4\n")
    assert "line 2, column provider: there is no provider 'nope'; " in result.err
    assert "line 3, column output: -o has no field {zz}; fields: {name}" in result.err


def test_an_unreachable_provider_is_tried_three_times(
    batch: Batch, run: Run, clock: FakeClock
) -> None:
    Path("x.txt").write_text("a boat\na crane\n")
    env = {"SEEDANCE2INK_BASE_URL": "http://127.0.0.1:1", "SEEDANCE2INK_API_KEY": "k" * 20}
    result = run("batch", "x.txt", "-p", NAME, "--yes", "--json", env=env, clock=clock)
    assert (result.code, result.error["code"]) == (5, "unreachable")
    assert [row["status"] for row in result.json] == ["not_sent", "not_submitted"]


def test_a_failed_row_gets_another_attempt_on_demand(
    batch: Batch, server: ScriptedProvider
) -> None:
    server.task("t2", State("failed", reason="too dark"))
    assert batch().code == 7
    found = batch("--json", agree=False)
    assert (found.code, found.error["retry_safe"], server.posts()) == (7, True, 3)
    server.submits.extend([error(422, "no cranes")])
    refused = batch("--retry-failed", "--json")
    assert (refused.code, refused.error["retry_safe"]) == (4, False)
    again = batch("--retry-failed", "--json")
    assert (again.code, server.posts()) == (0, 5)
    assert [row["attempt"] for row in again.json] == [1, 3, 1]


# How


def test_jobs_bound_what_is_in_flight(batch: Batch, server: ScriptedProvider) -> None:
    """A fourth leaves only once one of three has ended."""
    rows = "".join(f"boat {n}\n" for n in range(9))
    for number in range(1, 10):
        server.task(f"t{number}", *["running"] * number, done())
    assert batch("--jobs", "3", rows=rows, file="x.txt").code == 0
    flying = most = 0
    ended = set()
    for request in server.server.requests:
        if request.method == "POST":
            flying += 1
            most = max(most, flying)
        elif "/video/" in request.target and request.target not in ended:
            ended.add(request.target)
            flying -= 1
    assert most <= 3


def test_shards_share_the_rows(batch: Batch, server: ScriptedProvider) -> None:
    rows = "".join(f"boat {n}\n" for n in range(12))
    shares = [batch("--shard", f"{n}/3", "--json", rows=rows, file="x.txt").json for n in (1, 2, 3)]
    assert sum(map(len, shares)) == 12
    assert (server.posts(), len(saved())) == (12, 12)
    assert "12 done before" in batch(rows=rows, file="x.txt").err


def test_no_wait_prints_refs(batch: Batch, server: ScriptedProvider) -> None:
    result = batch("--no-wait")
    assert result.out == f"{NAME}:t1\n{NAME}:t2\n{NAME}:t3\n"
    assert (result.code, server.polls("t1"), saved()) == (0, 0, [])
    assert "submitted" not in result.err  # the refs are the result
    assert batch("--no-wait", agree=False).out == result.out
    assert batch(agree=False).code == 0
    assert (server.posts(), saved()) == (3, FILES)


def test_no_download_prints_urls(batch: Batch, server: ScriptedProvider) -> None:
    urls = sorted(server.video(f"t{n}.mp4") for n in (1, 2, 3))
    assert sorted(batch("--no-download").out.splitlines()) == urls
    assert sorted(batch("--no-download", agree=False).out.splitlines()) == urls
    assert saved() == []


def test_fail_fast_stops_at_the_first_that_does_not_succeed(
    batch: Batch, server: ScriptedProvider
) -> None:
    """What is left is named, and the same command goes on with it."""
    server.submits.extend([None, error(422, "no cranes")])
    server.task("t1", *["running"] * 50, done())
    result = batch("--fail-fast")
    assert (result.code, server.posts()) == (4, 2)
    assert "1 of 3 rows was not submitted: c; not watched to the end: a;" in result.err


def test_fail_fast_names_what_is_left_where_a_row_failed_before(
    batch: Batch, server: ScriptedProvider
) -> None:
    """Nothing is asked of the provider then."""
    server.task("t1", State("failed", reason="too dark"))
    assert batch(rows="id,prompt\na,a boat\n").code == 7
    batch("--no-wait", rows="id,prompt\nd,a dog\n")
    result = batch("--fail-fast", rows="id,prompt\na,a boat\nb,a crane\nd,a dog\n")
    assert (result.code, server.posts(), server.polls("t2")) == (7, 2, 0)
    assert "1 of 3 rows was not submitted: b; not watched to the end: d;" in result.err


def test_a_timeout_is_of_each_task(batch: Batch, server: ScriptedProvider) -> None:
    """And counts from its submit: the run goes on, and the next one brings it home."""
    server.task("t1", *["running"] * 30, done())
    result = batch("--timeout", "60", "--interval", "5", "--jobs", "1")
    assert (result.code, saved()) == (8, FILES[1:])
    assert "shots/a:" in result.err
    assert batch("--interval", "5", agree=False).code == 0
    assert (server.posts(), saved()) == (3, FILES)


def test_an_output_of_its_own(batch: Batch) -> None:
    rows = "id,prompt,output\na,a boat,first.mp4\nb,a crane,\n"
    batch("-o", "clips/", rows=rows)
    assert saved() == ["clips/b-a-crane.mp4", "first.mp4"]


# What is told


def test_json_has_every_row_in_order(batch: Batch, server: ScriptedProvider) -> None:
    server.submits.extend([None, error(402)])
    result = batch("--json")
    assert [(row["row"], row["status"], row["intent"] is None) for row in result.json] == [
        ("a", "succeeded", False),
        ("b", "refused", False),
        ("c", "not_submitted", True),
    ]
    assert result.json[2]["name"] == "shots/c"
    assert result.json[2]["request"]["prompt"] == "a cat"
    assert result.error["code"] == "insufficient_credits"


@pytest.mark.parametrize("name", ["r.csv", "r.jsonl"])
def test_results_hold_the_columns_and_what_became_of_them(
    batch: Batch, server: ScriptedProvider, name: str
) -> None:
    """Notes untouched, for every row; true again after a run that found it damaged."""
    server.submits.extend([None, error(422, "no cranes")])
    batch("--results", name)
    Path(name).write_text("damaged")
    batch("--results", name, "--dry-run")
    assert Path(name).read_text() == "damaged"
    server.submits.extend([error(422, "no cranes")])
    batch("--results", name)
    text = Path(name).read_text()
    if name.endswith(".csv"):
        rows = list(csv.DictReader(text.splitlines()))
    else:
        rows = [json.loads(line) for line in text.splitlines()]
    assert list(rows[0]) == [
        *("id", "prompt", "_who"),
        *("ref", "status", "cost", "unit", "file", "url", "error"),
    ]
    assert [(row["id"], row["_who"], row["status"]) for row in rows] == [
        ("a", "Ann", "succeeded"),
        ("b", "", "refused"),
        ("c", "Bob", "succeeded"),
    ]
    assert (rows[0]["ref"], rows[0]["file"]) == (f"{NAME}:t1", str(Path(FILES[0]).absolute()))
    assert "no cranes" in rows[1]["error"]
    assert [path.name for path in Path().glob(".*")] == []


@pytest.mark.parametrize("name", ["r.txt", "r", "none/r.csv", f"{'r' * 300}.csv", "fifo.csv"])
def test_results_that_cannot_be_written_are_found_first(
    batch: Batch, server: ScriptedProvider, name: str
) -> None:
    os.mkfifo("fifo.csv")
    assert (batch("--results", name).code, server.posts()) == (2, 0)


def test_results_never_replace_the_rows(batch: Batch, server: ScriptedProvider) -> None:
    """By whatever name: a second run would take the results for rows."""
    for path in ("shots.csv", str(Path("shots.csv").absolute())):
        result = batch("--results", path)
        assert (result.code, server.posts()) == (2, 0)
        assert f"--results {path} is the file of the rows" in result.err
    assert Path("shots.csv").read_text(encoding="utf-8") == ROWS


def test_stdin_needs_name_format_and_consent(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    server.task("t1", done())

    def start(*argv: str) -> int:
        argv = ("batch", "-", "-p", NAME, *argv)
        return run(*argv, stdin="a boat\n", env=server.env(), clock=clock).code

    assert start("--format", "txt", "--yes") == 2
    assert start("--name", "n", "--yes") == 2
    assert start("--name", "n", "--format", "txt") == 2
    assert start("--name", "n", "--format", "txt", "--yes") == 0
    assert server.posts() == 1


@pytest.mark.parametrize(
    "argv",
    [
        ["--jobs", "0"],
        ["--shard", "3/2"],
        ["-o", "-"],
        ["--no-wait", "-o", "x/"],
        ["--no-download", "-o", "x/"],
        ["--name", "a/b"],
        ["--format", "tsv"],
        ["--max-cost", "x"],
    ],
)
def test_options_that_cannot_be_meant_are_2(
    batch: Batch, server: ScriptedProvider, argv: list[str]
) -> None:
    assert (batch(*argv).code, server.posts()) == (2, 0)


def test_a_row_another_process_bought_meanwhile_is_only_followed(
    batch: Batch, run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """It has the row's name: no POST leaves, and its video comes home."""
    argv = ("generate", "a crane", "-p", NAME, "--name", "shots/b")
    assert run(*argv, env=server.env(), clock=clock).code == 0
    result = batch()
    assert (result.code, server.posts(), saved()) == (0, 3, FILES)
    assert "shots/b was submitted at" in result.err


def test_what_was_submitted_under_a_rows_name_is_that_row(
    batch: Batch, run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Though another command did it: counted, told, and held against the row before the first."""
    argv = ("generate", "a crane", "-p", NAME, "--name", "shots/b")
    assert run(*argv, env=server.env(), clock=clock).code == 0
    result = batch("--json", "--results", "r.csv")
    assert [(row["row"], row["status"]) for row in result.json] == [
        ("a", "succeeded"),
        ("b", "succeeded"),
        ("c", "succeeded"),
    ]
    assert "3 rows: 2 to submit, 1 running" in result.err
    with Path("r.csv").open(newline="") as file:
        assert [row["ref"].partition(":")[2] for row in csv.DictReader(file)] == ["t2", "t1", "t3"]
    changed = batch(rows="id,prompt\nd,a dog\nb,a crow\n")
    assert (changed.code, server.posts()) == (2, 3)
    assert "line 3: the row b is known with another request" in changed.err

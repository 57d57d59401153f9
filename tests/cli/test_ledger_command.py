"""`seedance ledger`: where it is, whether it is whole, and its rows for another one."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seedance_cli.ledger.record import Ledger
from seedance_cli.models import IntentState
from support.ledgers import name, prepare, submit

if TYPE_CHECKING:
    from support.fake_clock import FakeClock
    from support.runner import Run

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ledgers"
NEWEST = max(FIXTURES.glob("ledger-v*.db"))
KEY = "sk-never-in-an-export"

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX file modes")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state folder, with a ledger in which there is a submission in each state."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    shutil.copyfile(NEWEST, folder / "ledger.db")
    (folder / "ledger.db").chmod(0o600)
    return folder


def other(tmp_path: Path) -> dict[str, str | None]:
    """The environment of another machine."""
    return {"SEEDANCE_STATE_DIR": str(tmp_path / "other")}


def lines(text: str) -> list[dict[str, Any]]:
    """The objects of an export."""
    return [json.loads(line) for line in text.splitlines()]


def table(folder: Path, statement: str) -> list[Any]:
    """What a statement finds in the ledger of a state folder."""
    with closing(sqlite3.connect(folder / "ledger.db")) as db, db:
        return db.execute(statement).fetchall()


def test_where_it_is(run: Run, tmp_path: Path) -> None:
    """Whether there is one yet or not; nothing is made."""
    assert run("ledger", "path").out == f"{tmp_path / 'state' / 'ledger.db'}\n"
    shown = run("ledger", "path", "--json").json
    assert (shown["ledger"], shown["kind"]) == (str(tmp_path / "state" / "ledger.db"), "sqlite")
    done = run("ledger", "check")
    assert (done.code, done.out) == (0, "")
    assert "there is no ledger in " in done.err
    assert run("ledger", "export").out == ""
    assert not (tmp_path / "state").exists()


def test_all_rows_go_to_another_machine_and_come_as_they_were(
    run: Run, state: Path, tmp_path: Path, clock: FakeClock
) -> None:
    """Whatever their state; nothing of a key; the same file again brings nothing."""
    with Ledger.open(state, clock, create=True) as ledger:
        task = submit(ledger, "t9", key=KEY)
        proof = ledger.key_proof(KEY, task.endpoint)
        name(ledger, task.intent, "scene/09", batch="scene")
        ledger.add_file(task, 1, tmp_path / "a \udcff.mp4", 7)
        ledger.will_save(task, 2, tmp_path / "b.mp4", 8)
    out = run("ledger", "export").out
    found = lines(out)
    assert [one["kind"] for one in found[-3:]] == ["file", "file", "target"]
    assert {one["schema"] for one in found} == {"seedance.ledger/1"}
    states = {one["state"] for one in found if one["kind"] == "submission"}
    assert states == {one.value for one in IntentState} - {"prepared", "sending"}
    assert KEY not in out
    assert proof not in out
    ((salt,),) = table(state, "SELECT hex(value) FROM meta WHERE name = 'salt'")
    assert salt.lower() not in out.lower()
    done = run("ledger", "import", "-", stdin=out, env=other(tmp_path))
    assert (done.code, done.out) == (0, "")
    assert "imported: 11 submissions; known already: 0" in done.err
    assert run("ledger", "export", env=other(tmp_path)).out == out
    file = tmp_path / "ledger.jsonl"
    file.write_text(out, encoding="ascii")
    done = run("ledger", "import", str(file), "--json", env=other(tmp_path))
    assert done.json == {
        "imported": 0,
        "known": 11,
        "unnamed": [],
        "left_out": 0,
        "unknown": 0,
    }
    assert run("ledger", "export", env=other(tmp_path)).out == out
    (row,) = run("list", "--json", "--batch", "scene", env=other(tmp_path)).json
    assert (row["ref"], row["name"], row["files"]) == ("runbase:t9", "scene/09", [])


def test_an_unknown_outcome_blocks_there_too(run: Run, state: Path, tmp_path: Path) -> None:
    """The same request as one whose answer another machine lost is refused: 6."""
    out = run("ledger", "export").out
    env = {
        **other(tmp_path),
        "RUNBASE_API_KEY": "k",
        "RUNBASE_BASE_URL": "http://127.0.0.1:9/api/v1",
    }
    done = run("ledger", "import", "-", stdin=out, env=env)
    assert "the outcome of 2 of them is not known: seedance recover" in done.err
    done = run("generate", "a lost answer", "-p", "runbase", env=env)
    assert (done.code, done.out) == (6, "")


def test_a_name_that_is_taken_is_not_taken_again(
    run: Run, tmp_path: Path, clock: FakeClock
) -> None:
    """The row comes without it, and that is said; a further attempt under its own name has it."""
    here, there = tmp_path / "state", tmp_path / "other"
    with Ledger.open(here, clock, create=True) as ledger:
        name(ledger, submit(ledger, "t1").intent, "scene-1")
        name(ledger, submit(ledger, "t2").intent, "scene-2")
    first = run("ledger", "export").out
    with Ledger.open(here, clock, create=True) as ledger:
        name(ledger, submit(ledger, "t3").intent, "scene-2", attempt=2)
    with Ledger.open(there, clock, create=True) as ledger:
        name(ledger, submit(ledger, "u1").intent, "scene-1")
    assert run("ledger", "import", "-", stdin=first, env=other(tmp_path)).code == 0
    done = run("ledger", "import", "-", stdin=run("ledger", "export").out, env=other(tmp_path))
    assert "scene-1" not in done.err  # it is known by now, and was said before
    names = {(row["ref"], row["name"]) for row in run("list", "--json", env=other(tmp_path)).json}
    assert names == {
        ("runbase:u1", "scene-1"),
        ("runbase:t1", None),
        ("runbase:t2", "scene-2"),
        ("runbase:t3", "scene-2"),
    }


def test_the_name_that_is_left_out_is_said(run: Run, tmp_path: Path, clock: FakeClock) -> None:
    """As a warning, and in the document."""
    for folder in ("state", "other"):
        with Ledger.open(tmp_path / folder, clock, create=True) as ledger:
            task = submit(ledger, folder)
            name(ledger, task.intent, "scene/1", batch="scene")
    done = run(
        "ledger", "import", "-", "--json", stdin=run("ledger", "export").out, env=other(tmp_path)
    )
    assert done.json["unnamed"] == ["scene/1"]
    assert "scene/1: the name is taken by another submission here" in done.err
    assert table(tmp_path / "other", "SELECT name, batch FROM intents WHERE task_id = 'state'") == [
        (None, None)
    ]


def test_what_was_on_its_way_counts_as_unknown(run: Run, tmp_path: Path, clock: FakeClock) -> None:
    """Nobody there can know what came of it; so nothing identical is paid for before that."""
    with Ledger.open(tmp_path / "state", clock, create=True) as ledger:
        ledger.sending(prepare(ledger))
        done = run("ledger", "export", clock=clock)
        assert "1 of them are on their way" in done.err
        run("ledger", "import", "-", stdin=done.out, env=other(tmp_path))
    assert table(tmp_path / "other", "SELECT state FROM intents") == [("unknown",)]


BROKEN = {
    "no JSON": ('{"schema": ', "column 12: no JSON"),
    "no object": ("[1]", "is no JSON object"),
    "another file": ('{"schema": "seedance.task/1"}', "column schema: is not seedance.ledger/1"),
    "a kind": ('{"schema": "seedance.ledger/1", "kind": "x"}', "column kind: is none of"),
    "no number": ('{"schema": NaN}', "no JSON that a ledger has"),
    "deep": ("[" * 100_000, "no JSON that a ledger has"),
}


@pytest.mark.parametrize("case", BROKEN, ids=str)
def test_a_line_that_is_no_row(run: Run, state: Path, tmp_path: Path, case: str) -> None:
    """2, naming line and column; nothing of the whole file is imported."""
    line, words = BROKEN[case]
    done = run(
        "ledger",
        "import",
        "-",
        stdin=f"{run('ledger', 'export').out}\n{line}\n",
        env=other(tmp_path),
    )
    assert (done.code, done.out) == (2, "")
    assert "stdin: line 13" in done.err
    assert words in done.err
    assert "stdin has one fault; nothing was imported" in done.err
    assert not (tmp_path / "other").exists()


CHANGES: dict[str, object] = {
    "intent": "../../etc/passwd",
    "state": "paid",
    "status": "ready",
    "provider": "",
    "endpoint": 5,
    "created_at": "yesterday",
    "submitted_at": "2026-02-07T10:30:00Z",
    "cost_amount": "NaN",
    "price_amount": "much",
    "sandbox": 0,
    "attempt": 0,
    "request": {"prompt": 5},
    "evidence": [],
    "task": {"task_id": 5},
    "task_id": "another",
    "name": "a:b",
    "profile": "\ud800",
    "batch": "a\0b",
    "fingerprint": "",
    "fingerprint_rule": 2**70,
    "priced": ["x"],
    "strange": 1,
}


def test_a_value_that_no_ledger_has(run: Run, state: Path, tmp_path: Path) -> None:
    """Each is named with its line and column; the first twenty, and how many more."""
    row = next(one for one in lines(run("ledger", "export").out) if one.get("task"))
    text = "".join(json.dumps({**row, column: bad}) + "\n" for column, bad in CHANGES.items())
    done = run("ledger", "import", "-", stdin=text, env=other(tmp_path))
    assert done.code == 2
    said = done.err.splitlines()
    for number, column in enumerate(CHANGES, 1):
        if number <= 20:
            assert said[number - 1].startswith(f"stdin: line {number}, column {column}: ")
    assert "stdin: and 2 more" in said
    short = json.dumps({key: value for key, value in row.items() if key != "told"})
    done = run("ledger", "import", "-", stdin=short, env=other(tmp_path))
    assert "stdin: line 1, column told: is missing" in done.err
    assert not (tmp_path / "other").exists()


def test_nothing_to_import(run: Run, tmp_path: Path) -> None:
    """An empty file, or none, is a slip."""
    for words in (("import", "-"), ("import", "missing.jsonl")):
        done = run("ledger", *words)
        assert (done.code, done.out) == (2, "")
        assert "nothing was imported" in done.err


@posix
def test_an_export_into_a_file(run: Run, state: Path, tmp_path: Path) -> None:
    """Private and whole; what is there is not replaced, unless that is asked for."""
    file = tmp_path / "backup" / "ledger.jsonl"
    done = run("ledger", "export", "-o", str(file), "--json")
    assert done.json == {"file": str(file), "submissions": 10}
    assert file.read_text() == run("ledger", "export").out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run("ledger", "export", "-o", str(file)).code == 2
    assert run("ledger", "export", "-o", str(file), "--force").code == 0
    assert run("ledger", "export", "-o", str(tmp_path)).code == 2
    assert run("ledger", "export", "-o", os.devnull).code == 0
    assert run("ledger", "export", "--json").json == lines(file.read_text())


# The check


def test_a_ledger_in_order(run: Run, state: Path) -> None:
    """0; one of an earlier release stays as it is."""
    before = (state / "ledger.db").read_bytes()
    done = run("ledger", "check", "--json")
    assert done.code == 0
    assert done.json["whole"] is True
    assert len(done.json["id"]) == 32
    found = {one["name"]: one for one in done.json["checks"]}
    assert {"rights", "schema", "integrity", "rows", "files", "unknown"} <= set(found)
    assert found["rows"]["words"] == "10 submissions, 1 of them the sandbox's, each readable"
    assert (state / "ledger.db").read_bytes() == before


def test_a_ledger_that_is_not(run: Run, state: Path, clock: FakeClock) -> None:
    """10, and what is wrong: a row that cannot be read, an index that lies; files are a note."""
    Ledger.open(state, clock, create=True).close()
    table(state, "UPDATE files SET task_id = 'nobodys'")
    done = run("ledger", "check")
    assert done.code == 0
    assert "files\tnote\t1 saved files are known, 1 of tasks that have no row" in done.out
    table(state, "UPDATE intents SET evidence = '{' WHERE seq = 5")
    done = run("ledger", "check")
    assert done.code == 10
    assert "rows\tfault\tafter 4: " in done.out
    assert "the ledger is not in order" in done.err
    (state / "ledger.db").write_bytes(b"x" * 5000)
    done = run("ledger", "check")
    assert (done.code, done.out) == (10, "")
    assert "damaged" in done.err


def test_what_was_imported_has_its_place_in_time(
    run: Run, tmp_path: Path, clock: FakeClock
) -> None:
    """`list` is newest first, and `@1` the newest, whichever ledger it was in before."""
    with Ledger.open(tmp_path / "state", clock, create=True) as ledger:
        submit(ledger, "first")
        clock.sleep(60)
        with Ledger.open(tmp_path / "other", clock, create=True) as there:
            submit(there, "second")
        clock.sleep(60)
        submit(ledger, "third")
    run("ledger", "import", "-", stdin=run("ledger", "export").out, env=other(tmp_path))
    listed = run("list", "--json", env=other(tmp_path)).json
    assert [row["task_id"] for row in listed] == ["third", "second", "first"]
    assert len(run("list", "--limit", "1", env=other(tmp_path)).out.splitlines()) == 1

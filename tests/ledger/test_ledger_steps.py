"""Ledgers of earlier releases: brought to the newest schema whole, or left as they are."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli.errors import WriteFailed
from seedance_cli.ledger import refs
from seedance_cli.ledger.record import Ledger
from seedance_cli.ledger.requests import priced_text, read_priced
from seedance_cli.ledger.schema import SCHEMA_VERSION
from seedance_cli.models import IntentState, PricedFields, Submission
from seedance_cli.sandbox.tasks import TaskStore
from seedance_cli.system import sqlite_steps
from support import killing
from support.ledgers import powerless, submit

if TYPE_CHECKING:
    from support.fake_clock import FakeClock
    from support.runner import Run

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ledgers"
EARLIER = sorted(FIXTURES.glob("ledger-v*.db"))
STATES = {
    "a paper boat": "accepted",
    "a kite": "accepted",
    "a storm": "accepted",
    "a refused one": "refused",
    "a lost answer": "unknown",
    "never accepted": "discarded",
    "found again": "adopted",
    "in the sandbox": "accepted",
    "killed before": "not_sent",
    "killed on the way": "unknown",
}
RUNBASE = {"RUNBASE_API_KEY": "k", "RUNBASE_BASE_URL": "http://127.0.0.1:9/api/v1"}
PLACE = ("runbase", "http://127.0.0.1:9/api/v1")

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX processes and file modes")


# Each step runs for the first, and the last one alone for the newest.
KINDS = [
    pytest.param(
        one, id=one.stem, marks=[] if one in {EARLIER[0], EARLIER[-1]} else [pytest.mark.full]
    )
    for one in EARLIER
]


@pytest.fixture(params=KINDS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A ledger in the state folder as an earlier release left it."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    copy = Path(shutil.copyfile(request.param, folder / "ledger.db"))
    copy.chmod(0o600)
    return copy


def version(path: Path) -> int:
    """The schema version in the file's header."""
    return int.from_bytes(path.read_bytes()[60:64], "big")


def shape(path: Path) -> set[tuple[str, str]]:
    """Every table and index as it was declared."""
    with closing(sqlite3.connect(path)) as db:
        found = db.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
        columns = db.execute("PRAGMA table_info(intents)").fetchall()
    return {*found, ("intents", str(columns))}


def rows(folder: Path, clock: FakeClock) -> list[Submission]:
    """Every row, as a reading command sees it."""
    with Ledger.open(folder, clock, create=False) as ledger:
        return ledger.rows(all_states=True)


def states(folder: Path, clock: FakeClock) -> dict[str, str]:
    """The state of each submission, by its prompt."""
    found = rows(folder, clock)
    return {row.request.prompt: f"{row.state}" for row in found if row.request is not None}


def kept(path: Path) -> list[str]:
    """What lies beside the ledger because of it, and is not a lock."""
    names = (place.name for place in path.parent.iterdir())
    return sorted(name for name in names if name not in {"ledger.db", "locks"})


def test_a_dry_run_leaves_an_earlier_ledger_as_it_is(path: Path, run: Run) -> None:
    """It writes nothing, and knows what the ledger knows all the same."""
    before = path.read_bytes()
    done = run("generate", "x", "-p", "runbase", "--dry-run", env=RUNBASE)
    assert (done.code, done.err.splitlines()[-1]) == (0, "nothing was sent")
    assert path.read_bytes() == before
    assert kept(path) == []


@pytest.mark.parametrize("create", [True, False])
def test_an_earlier_ledger_is_brought_up(path: Path, clock: FakeClock, *, create: bool) -> None:
    """It has the schema of a new one, its rows as they were, and a private copy beside it."""
    before = path.read_bytes()
    old = version(path)
    with Ledger.open(path.parent, clock, create=create) as ledger:
        boat = ledger.find("run_done")[0]
        assert boat.files == ("/videos/boat.mp4",)
        assert (boat.name, boat.batch, boat.row, boat.attempt, boat.video) == (
            *(None, None, None),
            *(1, None),
        )
        assert boat.task is not None
        assert boat.task.cost is not None
        assert str(boat.task.cost.amount) == "0.30"
        assert len(ledger.identity) == 32
        assert boat.price is None
        if create:
            submit(ledger, "new")
    assert states(path.parent, clock).items() >= STATES.items()
    assert version(path) == SCHEMA_VERSION
    copy = path.with_name(f"ledger.db.v{old}.bak")
    # SQLite counts the changes of a file in its header.
    assert copy.read_bytes()[100:] == before[100:]
    assert version(copy) == old
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600 or os.name == "nt"
    Ledger.open(path.parent.with_name("new"), clock, create=True).close()
    assert shape(path) == shape(path.parent.with_name("new") / "ledger.db")


def test_an_unknown_outcome_still_blocks(path: Path, run: Run, clock: FakeClock) -> None:
    """The same request as one that an earlier release lost the answer of is refused: 6."""
    for prompt in ("a lost answer", "killed on the way"):
        done = run("generate", prompt, "-p", "runbase", env=RUNBASE)
        assert (done.code, done.out) == (6, ""), done.err
        assert "seedance recover" in done.err
    assert version(path) == SCHEMA_VERSION
    assert states(path.parent, clock) == STATES


def test_a_process_of_the_release_before_goes_on(path: Path, clock: FakeClock) -> None:
    """One that has the ledger open still writes; its rows count as it means them."""
    first = version(path) == 1
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        names = [row[1] for row in old.execute("PRAGMA table_info(intents)")][1:]
        Ledger.open(path.parent, clock, create=True).close()
        columns = ", ".join(names)
        old.execute(
            f"INSERT INTO intents ({columns}) SELECT 'abcd', {columns.partition(', ')[2]}"
            " FROM intents WHERE state = 'unknown' ORDER BY seq LIMIT 1"
        )
    with Ledger.open(path.parent, clock, create=True) as ledger:
        (row,) = ledger.get("abcd")
        assert row.state is IntentState.UNKNOWN
        assert (row.attempt, row.price, row.key_proof is None) == (1, None, first)


def test_what_a_charge_was_for_is_known_of_earlier_rows(path: Path, clock: FakeClock) -> None:
    """A row that knows four priced fields tells the others by its request."""
    if version(path) > 1:
        pytest.skip("only the first release knew four")
    model = "bytedance/seedance-1.5-pro"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "UPDATE intents SET cost_amount = '0.9', cost_basis = 'charged',"
            """ request = replace(request, '"images":[]', '"images":["a","b"]')"""
            " WHERE task_id = 'run_adopted'"
        )
    with Ledger.open(path.parent, clock, create=True) as ledger:
        plain = PricedFields(model, None, None, None)
        charge = {
            fields.images: [str(price.amount) for price in ledger.charges(*PLACE, fields)]
            for fields in (plain, plain._replace(images=2), plain._replace(images=1))
        }
        assert charge == {0: ["0.30"], 2: ["0.9"], 1: []}
        assert len(ledger.durations(*PLACE, plain)) == 1


def test_priced_fields_of_before_lie_as_before(path: Path, clock: FakeClock) -> None:
    """Without the fields that came later a row has none of them; with one it has all."""
    old = PricedFields("m", 8, "720p", True, 2, "16:9", False)
    assert priced_text(old) == '["m",8,"720p",true,2,"16:9",false]'
    new = old._replace(last_frame=True, reference_audios=1, watermark=False)
    for fields in (old, new):
        assert read_priced(str(priced_text(fields)), "{}") == fields
    requests = [one.request for one in rows(path.parent, clock) if one.request]
    assert {(one.seed, one.first_frame, one.reference_videos) for one in requests} == {
        (None, None, ())
    }


# The copy


def test_the_same_copy_is_made_once(path: Path, clock: FakeClock) -> None:
    """A step that failed after the copy leaves a copy that serves the next try, and is kept."""
    copy = path.with_name(f"ledger.db.v{version(path)}.bak")
    sqlite_steps.keep_copy(path, version(path))
    before = copy.stat()
    Ledger.open(path.parent, clock, create=True).close()
    assert (copy.stat().st_ino, copy.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert kept(path) == ["ledger.db-journal", copy.name]


@pytest.mark.parametrize("there", ["older", "damaged", "folder", "fifo", "cut"])
def test_what_has_the_copys_name_is_not_overwritten(
    path: Path, clock: FakeClock, there: str
) -> None:
    """An older copy, or anything else at its name, stays; this one takes the next name."""
    copy = path.with_name(f"ledger.db.v{version(path)}.bak")
    if there == "older":
        sqlite_steps.keep_copy(path, version(path))
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("UPDATE intents SET profile = 'other'")
    elif there == "folder":
        copy.mkdir()
    elif there == "fifo" and os.name == "posix":
        os.mkfifo(copy)
    elif there == "cut":  # by a process that was killed while it copied
        copy.with_name(f"{copy.name}.new").write_bytes(path.read_bytes()[:5000])
    else:
        copy.write_bytes(b"x")
    content = copy.read_bytes() if copy.is_file() else None
    before = path.read_bytes()
    Ledger.open(path.parent, clock, create=True).close()
    assert (copy.read_bytes() if copy.is_file() else None) == content or there == "cut"
    new = copy if there == "cut" else copy.with_name(f"{copy.name}.2")
    assert new.read_bytes()[100:] == before[100:]
    assert not copy.with_name(f"{copy.name}.new").exists()


# Killed, full, not writable, damaged

OPEN = """
import sys
from pathlib import Path
from seedance_cli.system.clock import SystemClock
from seedance_cli.ledger.record import Ledger

with Ledger.open(Path(sys.argv[1]), SystemClock(), create=True) as ledger:
    print(len(ledger.rows(all_states=True)))
"""

DIES = """
import os, shutil, sqlite3, sys
from pathlib import Path
from seedance_cli.system import sqlite_steps
from seedance_cli.system.clock import SystemClock
from seedance_cli.ledger.record import Ledger

fixture, work = Path(sys.argv[1]), Path(sys.argv[2])
left = 0

def count():
    global left
    left -= 1
    if not left:
        os._exit(9)

class Dying(sqlite3.Connection):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        super().execute("PRAGMA cache_size=1")  # so that half a step reaches the file

    def execute(self, *args):
        count()
        return super().execute(*args)

def dying(name, call):
    def called(*args, **kwargs):
        count()
        return call(*args, **kwargs)
    return called

for number in range(1, 1000):
    folder = work / f"{number}"
    folder.mkdir()
    shutil.copyfile(fixture, folder / "ledger.db")
    pid = os.fork()
    if not pid:
        left = number
        connect = sqlite3.connect
        sqlite3.connect = lambda *args, **kwargs: connect(*args, factory=Dying, **kwargs)
        for name in ("fsync", "open", "rename"):
            setattr(os, name, dying(name, getattr(os, name)))
        Ledger.open(folder, SystemClock(), create=True).close()
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    print(number, code, flush=True)
    if code == 0:
        break
"""


def child(code: str, *argv: object, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Start Python with this source."""
    argument = (*prefix, sys.executable, "-W", "error", "-c", code, *map(str, argv))
    path = os.pathsep.join((str(killing.ROOT), str(Path(__file__).parents[1])))
    return subprocess.Popen(
        argument,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> list[str]:
    """The lines that it printed; it ended well."""
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    return out.splitlines()


def readable_by_the_release_before(path: Path, fixture: Path) -> bool:
    """Whether the ledger is at its old version with its old rows; a cut commit is undone first."""
    with closing(sqlite3.connect(path)) as db, closing(sqlite3.connect(fixture)) as old:
        return list(db.iterdump()) == list(old.iterdump()) and [
            db.execute(f"PRAGMA {name}").fetchone() for name in ("user_version", "integrity_check")
        ] == [old.execute("PRAGMA user_version").fetchone(), ("ok",)]


@posix
def test_killed_in_the_middle(path: Path, tmp_path: Path, clock: FakeClock) -> None:
    """Killed before any statement or file call of the step: the old ledger, or the new one."""
    work = tmp_path / "work"
    work.mkdir()
    lines = finished(child(DIES, path, work))
    assert [line.split()[1] for line in lines] == ["9"] * (len(lines) - 1) + ["0"]
    assert len(lines) > (30 if version(path) == 1 else 20)
    old = 0
    for line in lines[:-1]:
        ledger = work / line.split()[0] / "ledger.db"
        if readable_by_the_release_before(ledger, path):
            old += 1
        else:
            assert version(ledger) == SCHEMA_VERSION
        with Ledger.open(ledger.parent, clock, create=True) as opened:
            assert len(opened.rows(all_states=True)) == len(STATES)
        copies = [name for name in kept(ledger) if "bak" in name]
        assert copies == [f"ledger.db.v{version(path)}.bak"]
    assert old > (20 if version(path) == 1 else 15)


@posix
@pytest.mark.full
@pytest.mark.skipif(not killing.can_trace(), reason="needs strace, and the right to use it")
def test_killed_at_every_write(path: Path, tmp_path: Path) -> None:
    """Killed before each call that writes, the commit's own too: the old ledger, or the new one."""
    for call in ("pwrite64", "fsync", "fdatasync", "unlink", "ftruncate", "rename"):
        for number in range(1, 100):
            folder = tmp_path / f"{call}-{number}"
            folder.mkdir()
            shutil.copyfile(path, folder / "ledger.db")
            which = f"inject={call}:signal=KILL:when={number}"
            traced = ("strace", "-f", "-e", f"trace={call}", "-e", which, "-o", os.devnull)
            process = child(OPEN, folder, prefix=traced)
            process.communicate(timeout=60)
            new = folder / "ledger.db"
            assert readable_by_the_release_before(new, path) or version(new) == SCHEMA_VERSION
            assert finished(child(OPEN, folder)) == [f"{len(STATES)}"]
            if process.returncode == 0:
                break


@posix
def test_two_processes_at_once(path: Path, clock: FakeClock) -> None:
    """Processes that find the old ledger at the same time all go on with the new one."""
    old = version(path)
    processes = [child(OPEN, path.parent) for _ in range(4)]
    assert [finished(process) for process in processes] == [[f"{len(STATES)}"]] * 4
    assert [name for name in kept(path) if "bak" in name] == [f"ledger.db.v{old}.bak"]
    assert states(path.parent, clock) == STATES


@posix
def test_a_full_disk_at_any_byte(path: Path, clock: FakeClock) -> None:
    """No room for the copy, or for the step: 10 in words for paying; reading goes on; all kept."""
    import resource

    before = path.read_bytes()
    old = version(path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    failed = 0
    for limit in range(0, 4 * len(before), 4096):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            with pytest.raises(WriteFailed) as caught:
                Ledger.open(path.parent, clock, create=True).close()
            with Ledger.open(path.parent, clock, create=False) as ledger:
                assert len(ledger.rows(all_states=True)) == len(STATES)
        except pytest.fail.Exception:
            break  # there was room enough
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        failed += 1
        assert (caught.value.exit_code, str(path) in caught.value.message) == (10, True)
        assert path.read_bytes()[100:] == before[100:]
        assert version(path) == old
        assert not [name for name in kept(path) if name.endswith(".new")]
    assert failed >= 11
    assert version(path) == SCHEMA_VERSION


def test_a_full_disk_is_named(path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`generate` says what is the matter and sends nothing; `list` shows the rows all the same."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(sqlite_steps, "keep_copy", full)
    before = path.read_bytes()
    done = run("generate", "a new one", "-p", "runbase", env=RUNBASE)
    assert (done.code, done.out) == (10, "")
    assert "No space left on device" in done.err
    assert len(run("list", "--all", "--json").json) == len(STATES)
    assert path.read_bytes() == before


READS = """
import sys
from pathlib import Path
from seedance_cli.ledger import refs
from seedance_cli.cli.program import main
from seedance_cli.system.clock import SystemClock
from seedance_cli.errors import WriteFailed
from seedance_cli.ledger.record import Ledger
from seedance_cli.models import Status, Task

folder, clock = Path(sys.argv[1]), SystemClock()
print(len(refs.tasks(folder, clock.now(), sandbox=False)))
with Ledger.open(folder, clock, create=False) as ledger:
    print(len(ledger.unknown()), len(ledger.unfinished(sandbox=False)))
    try:
        task = Task(task_id="run_running", status=Status.FAILED)
        ledger.observe(ledger.find("run_running")[0], task)
    except WriteFailed as error:
        print(error.exit_code)
main(["list", "--all", "-q"])
print(main(["generate", "a new one"]))
"""


@posix
def test_where_nothing_can_be_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading commands and completion read an old ledger; paying is 10; nothing is made."""
    for name, value in RUNBASE.items():
        monkeypatch.setenv(name, value)
    before = path.read_bytes()
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        process = child(READS, path.parent, prefix=tuple(powerless()))
        out, err = process.communicate(timeout=60)
    finally:
        path.parent.chmod(0o700)
    lines = out.splitlines()
    assert lines[:3] == ["4", "2 3", "10"], err
    assert len(lines) == 3 + len(STATES) + 1
    assert lines[-1] == "10"
    assert "Permission denied" in err
    assert "damaged" not in err
    assert path.read_bytes() == before
    assert kept(path) == []


def test_completion_leaves_it_as_it_is(path: Path, clock: FakeClock) -> None:
    """A press of Tab reads an old ledger and changes nothing."""
    before = path.read_bytes()
    found = refs.tasks(path.parent, clock.now(), sandbox=False)
    assert {one.task_id for one in found} == {
        "run_done",
        "run_running",
        "run_failed",
        "run_adopted",
    }
    assert path.read_bytes() == before
    assert [name for name in kept(path) if "bak" in name] == []


@pytest.mark.parametrize("create", [True, False])
def test_a_damaged_one_is_not_stepped(path: Path, clock: FakeClock, *, create: bool) -> None:
    """An old ledger that lacks a column, or whose index lies, is kept byte for byte."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("ALTER TABLE intents RENAME COLUMN evidence TO proof")
    before = path.read_bytes()
    with pytest.raises(WriteFailed, match="damaged"):
        Ledger.open(path.parent, clock, create=create)
    assert path.read_bytes() == before


def test_an_index_that_lies(path: Path, clock: FakeClock) -> None:
    """An old ledger with a damaged index is not stepped, so that it stays for a look at it."""
    name = "type, name, tbl_name, rootpage, sql"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA writable_schema=ON")
        index = db.execute(
            f"SELECT {name} FROM sqlite_schema WHERE name = 'intents_fingerprint'"
        ).fetchone()
        db.execute("DELETE FROM sqlite_schema WHERE name = 'intents_fingerprint'")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE intents SET fingerprint = 'moved' WHERE state = 'unknown'")
        db.execute("PRAGMA writable_schema=ON")
        db.execute(f"INSERT INTO sqlite_schema ({name}) VALUES (?, ?, ?, ?, ?)", index)
    before = path.read_bytes()
    with pytest.raises(WriteFailed, match="paid submits are refused"):
        Ledger.open(path.parent, clock, create=True)
    with Ledger.open(path.parent, clock, create=False) as ledger:
        assert len(ledger.rows(all_states=True)) == len(STATES)
    assert path.read_bytes() == before


def test_a_step_in_a_ledger_of_today_is_none(path: Path, clock: FakeClock) -> None:
    """A ledger that has all steps behind it is opened without a copy and without a write."""
    copy = path.with_name(f"ledger.db.v{version(path)}.bak")
    Ledger.open(path.parent, clock, create=True).close()
    shutil.rmtree(path.parent / "locks", ignore_errors=True)
    copy.unlink()
    before = path.read_bytes()
    with Ledger.open(path.parent, clock, create=True) as ledger:
        identity = ledger.identity
    with Ledger.open(path.parent, clock, create=False) as ledger:
        assert ledger.identity == identity
    assert path.read_bytes() == before
    assert [name for name in kept(path) if "bak" in name] == []


# What the step brought


def test_a_proof_of_key_and_endpoint(clock: FakeClock, tmp_path: Path) -> None:
    """The same key at the same origin has the same proof in one ledger, and nowhere else."""
    with (
        Ledger.open(tmp_path / "a", clock, create=True) as one,
        Ledger.open(tmp_path / "b", clock, create=True) as other,
    ):
        proof = one.key_proof("key", "https://a.example/v1")
        assert len(proof) == 64
        assert one.key_proof("key", "https://A.example:443/v2") == proof
        assert one.key_proof("key", "https://b.example/v1") != proof
        assert one.key_proof("yek", "https://a.example/v1") != proof
        assert other.key_proof("key", "https://a.example/v1") != proof
        assert one.identity != other.identity
    with Ledger.open(tmp_path / "a", clock, create=False) as again:
        assert again.key_proof("key", "https://a.example/v1") == proof
    assert proof.encode() not in (tmp_path / "a" / "ledger.db").read_bytes()


def test_a_target_is_known_before_its_file(clock: FakeClock, tmp_path: Path) -> None:
    """`will_save` tells a later run of a file that `add_file` did not; `add_file` takes it back."""
    target = tmp_path / "a.mp4"
    with Ledger.open(tmp_path / "state", clock, create=True) as ledger:
        task = submit(ledger)
        ledger.add_file(task, 1, tmp_path / "old.mp4", 5)
        ledger.will_save(task, 1, target, 10)
        ledger.will_save(task, 1, target, 12)
        ledger.will_save(task, 2, tmp_path / "b.mp4", 20)
    with Ledger.open(tmp_path / "state", clock, create=False) as ledger:
        task = ledger.find("t1")[0]
        assert task.files == (str(tmp_path / "old.mp4"),)
        assert ledger.targets(task) == [(1, target, 12), (2, tmp_path / "b.mp4", 20)]
        saved = ledger.add_file(task, 1, target, 12)
        assert saved.files == (str(target),)
        assert ledger.targets(task) == [(2, tmp_path / "b.mp4", 20)]


# The sandbox's own store


@pytest.mark.parametrize("fixture", sorted(FIXTURES.glob("sandbox-v*.db")), ids=lambda p: p.stem)
def test_an_earlier_store_of_the_sandbox(fixture: Path, tmp_path: Path) -> None:
    """Its task is there, a new one can be added, and a copy is kept where a step was needed."""
    path = tmp_path / "tasks.db"
    shutil.copyfile(fixture, path)
    old = version(path)
    store = TaskStore(tmp_path)
    (task,) = store.newest(5)
    assert (task.task_id, task.job.prompt) == ("run_0123456789abcdef", "a paper boat")
    assert store.claim(task.task_id) == (None if old == 1 else 0.0)
    assert path.with_name(f"tasks.db.v{old}.bak").exists() is (old == 1)
    assert version(path) == 2


def test_a_full_disk_leaves_the_store_of_the_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No room for the copy: 10 in words, and the old file as it was."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "tasks.db"
    shutil.copyfile(FIXTURES / "sandbox-v1.db", path)
    before = path.read_bytes()
    monkeypatch.setattr(sqlite_steps, "keep_copy", full)
    with pytest.raises(WriteFailed, match="No space left") as caught:
        TaskStore(tmp_path)
    assert caught.value.exit_code == 10
    assert path.read_bytes() == before

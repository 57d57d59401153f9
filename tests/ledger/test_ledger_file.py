"""The file under the ledger: private, checked, and kept as it is when it cannot be used."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli.errors import NotOurs, WriteFailed
from seedance_cli.ledger import sqlite_file
from seedance_cli.ledger.record import Ledger
from seedance_cli.ledger.schema import SCHEMA_VERSION
from seedance_cli.ledger.sqlite_file import mapped
from seedance_cli.ledger.store_sqlite import SqliteStore
from seedance_cli.models import Status, Task
from support.fake_clock import FakeClock
from support.ledgers import powerless, prepare, submit

if TYPE_CHECKING:
    from collections.abc import Callable

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX file modes")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the ledger lies."""
    return tmp_path / "a" / "ledger"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a ledger with 50 tasks, closed: made once, never changed."""
    folder = tmp_path_factory.mktemp("made") / "ledger"
    with Ledger.open(folder, FakeClock(), create=True) as ledger:
        for number in range(50):
            submit(ledger, f"t{number}")
    return folder


@pytest.fixture
def path(made: Path, folder: Path) -> Path:
    """A copy of it to damage."""
    return Path(shutil.copytree(made, folder)) / "ledger.db"


def mode(path: Path) -> int:
    """The permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


# What it is


@posix
@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("target", ["/dev/null", "fifo"])
def test_a_state_folder_that_is_none_is_called_that(
    tmp_path: Path, clock: FakeClock, target: str, *, create: bool
) -> None:
    """A device behind the name is no folder whose mode the user should change."""
    folder = tmp_path / "state"
    os.mkfifo(tmp_path / "fifo", 0o600)
    folder.symlink_to(target)
    with pytest.raises(WriteFailed, match=f"{folder} is not a folder") as caught:
        Ledger.open(folder, clock, create=create)
    assert "chmod" not in str(caught.value.hint)


@posix
@pytest.mark.parametrize("create", [True, False])
def test_a_ledger_that_is_no_file_is_refused(
    folder: Path, clock: FakeClock, *, create: bool
) -> None:
    """A FIFO is not taken for a ledger without rows."""
    folder.mkdir(parents=True, mode=0o700)
    os.mkfifo(folder / "ledger.db", 0o600)
    with pytest.raises(WriteFailed, match="is not a regular file"):
        Ledger.open(folder, clock, create=create)


def beside_locks(path: Path) -> None:
    path.with_name("locks").mkdir(exist_ok=True)


def beside_a_copy(path: Path) -> None:
    shutil.rmtree(path.with_name("locks"))
    path.with_name("ledger.db.v1.bak").write_bytes(b"a copy")


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("beside", [beside_locks, beside_a_copy])
def test_an_emptied_ledger_is_refused(
    path: Path,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    beside: Callable[[Path], None],
    *,
    create: bool,
) -> None:
    """What shows that it had rows: the unknown ones among them would block no more."""
    monkeypatch.setattr("seedance_cli.ledger.making._MAKING_SECONDS", 0.05)
    path.write_bytes(b"")
    beside(path)
    with pytest.raises(WriteFailed, match="is empty, though"):
        Ledger.open(path.parent, clock, create=create)
    assert path.read_bytes() == b""
    path.unlink()  # as the hint says
    Ledger.open(path.parent, clock, create=True).close()


def test_an_empty_file_that_nothing_speaks_against_is_new(folder: Path, clock: FakeClock) -> None:
    """As one whose maker was killed leaves it."""
    folder.mkdir(parents=True, mode=0o700)
    (folder / "ledger.db").touch(0o600)
    with Ledger.open(folder, clock, create=False) as ledger:
        assert ledger.rows(all_states=True) == []
    with Ledger.open(folder, clock, create=True) as ledger:
        prepare(ledger)


def test_a_ledger_that_another_process_is_making_is_waited_for(
    path: Path, made: Path, clock: FakeClock
) -> None:
    """Beside the locks of one that was moved away it is empty for a moment."""
    path.write_bytes(b"")
    other = threading.Timer(0.1, path.write_bytes, [(made / "ledger.db").read_bytes()])
    other.start()
    with Ledger.open(path.parent, clock, create=False) as ledger:
        assert len(ledger.rows(all_states=True)) == 50
    other.join()


# Privacy


@posix
def test_private_from_the_first_moment(folder: Path, clock: FakeClock) -> None:
    """The folder is 0700; file and journal are 0600 before SQLite writes, whatever the umask."""
    before = os.umask(0)
    try:
        with Ledger.open(folder, clock, create=True) as ledger:
            prepare(ledger)
            assert mode(folder) == 0o700
            assert {place.name: mode(place) for place in folder.iterdir() if place.is_file()} == {
                "ledger.db": 0o600,
                "ledger.db-journal": 0o600,
            }
    finally:
        os.umask(before)


@posix
def test_a_folder_that_was_there_keeps_its_mode(path: Path, clock: FakeClock) -> None:
    """A file that others could read is closed to them; the folder is the user's own affair."""
    path.chmod(0o644)
    path.parent.chmod(0o755)
    Ledger.open(path.parent, clock, create=True).close()
    assert (mode(path), mode(path.parent)) == (0o600, 0o755)


def sticky(path: Path) -> None:
    path.parent.chmod(0o1777)


def shared_with_a_group(path: Path) -> None:
    path.parent.chmod(0o770)


def a_file_that_others_may_write(path: Path) -> None:
    path.chmod(0o606)


def a_link_into_a_shared_folder(path: Path) -> None:
    shared = path.parent.parent / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    path.rename(shared / "other.db")
    path.symlink_to(shared / "other.db")


@posix
@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize(
    "share",
    [sticky, shared_with_a_group, a_file_that_others_may_write, a_link_into_a_shared_folder],
)
def test_what_others_may_write_is_refused(
    path: Path, clock: FakeClock, share: Callable[[Path], None], *, create: bool
) -> None:
    """A row in it may be anybody's: neither read nor written, and its mode stays."""
    share(path)
    before = [(place, mode(place), place.read_bytes()) for place in path.parent.glob("*.db")]
    folder = mode(path.parent)
    with pytest.raises(NotOurs, match="others may write") as caught:
        Ledger.open(path.parent, clock, create=create)
    remedy = "move ledger.db there" if share is sticky else "chmod go-w"
    assert remedy in (caught.value.hint or "")
    assert before == [
        (place, mode(place), place.read_bytes()) for place in path.parent.glob("*.db")
    ]
    assert folder == mode(path.parent)


@posix
@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("there", ["a ledger", "an empty folder"])
def test_a_folder_of_another_user_is_refused(
    path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, there: str, *, create: bool
) -> None:
    """Whoever owns the folder chose what is in it. That holds for root, too."""
    if there == "an empty folder":
        path.unlink()
    before = sorted(path.parent.iterdir())
    owner = path.parent.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(NotOurs, match="belongs to another user") as caught:
        Ledger.open(path.parent, clock, create=create)
    assert "SEEDANCE_STATE_DIR" in (caught.value.hint or "")
    assert sorted(path.parent.iterdir()) == before


@posix
def test_a_shared_folder_above_is_nothing_to_fear(tmp_path: Path, clock: FakeClock) -> None:
    """Below /tmp and its like, the folder itself is what counts; it is made private."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    Ledger.open(shared / "mine", clock, create=True).close()
    assert (mode(shared), mode(shared / "mine")) == (0o1777, 0o700)
    Ledger.open(shared / "mine", clock, create=False).close()


# Reading what is not there


@pytest.mark.parametrize("there", ["nothing", "folder", "empty file"])
def test_reading_a_missing_ledger_makes_none(folder: Path, clock: FakeClock, there: str) -> None:
    """Without `create` a missing ledger reads as empty, and nothing is written."""
    if there != "nothing":
        folder.mkdir(parents=True)
    if there == "empty file":
        (folder / "ledger.db").touch()
    with Ledger.open(folder, clock, create=False) as ledger:
        assert ledger.rows() == ledger.unknown() == ledger.unfinished(sandbox=False) == []
        with pytest.raises(WriteFailed, match="reading"):
            prepare(ledger)
    assert folder.exists() is (there != "nothing")
    if folder.exists():
        assert [place.stat().st_size for place in folder.iterdir()] in ([], [0])


def test_an_existing_ledger_opened_for_reading_takes_writes(path: Path, clock: FakeClock) -> None:
    """Polling commands open without `create`, and still keep what they see."""
    with Ledger.open(path.parent, clock, create=False) as ledger:
        ledger.observe(ledger.find("t0")[0], Task(task_id="t0", status=Status.FAILED))
    with Ledger.open(path.parent, clock, create=False) as ledger:
        assert ledger.find("t0")[0].status is Status.FAILED


def test_an_empty_ledger_never_touches_the_disk(folder: Path, clock: FakeClock) -> None:
    """The stand-in for a ledger that cannot be read keeps files in memory only."""
    with Ledger.empty(clock) as ledger, Ledger.open(folder, clock, create=True) as real:
        task = submit(real)
        assert ledger.add_file(task, 1, Path("a.mp4"), 1).files
        assert real.files(task) == []


def test_a_strange_folder_name(tmp_path: Path, clock: FakeClock) -> None:
    """A path with URL characters is a path like any other."""
    folder = tmp_path / "a b?mode=ro#x%41'é"
    with Ledger.open(folder, clock, create=True) as ledger:
        submit(ledger)
    assert (folder / "ledger.db").exists()


# Damage


def no_database(path: Path) -> None:
    """Overwrite the file with text."""
    path.write_bytes(b"this is no database\n" * 500)


def cut(path: Path) -> None:
    """Lose the second half."""
    os.truncate(path, path.stat().st_size // 2)


def scribble(path: Path) -> None:
    """Lose every page but the first, keeping the length."""
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def lose_index_entries(path: Path) -> None:
    """Make an index lie about its table: the pages are all well formed."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA writable_schema=ON")
        (root,) = db.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'intents_state'"
        ).fetchone()
        db.execute(
            "UPDATE sqlite_schema SET rootpage = ? WHERE name = 'intents_fingerprint'", (root,)
        )


def foreign(path: Path) -> None:
    """Put another program's database there."""
    path.unlink()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE notes (text)")


def column_missing(path: Path) -> None:
    """A table that is not as this version made it."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("ALTER TABLE intents RENAME COLUMN evidence TO proof")


@pytest.mark.parametrize(
    "damage", [no_database, cut, scribble, lose_index_entries, foreign, column_missing]
)
def test_damage_refuses_paid_submits(
    path: Path, clock: FakeClock, damage: Callable[[Path], None]
) -> None:
    """A damaged ledger is 10 for a paid submit, says what to do, and is kept byte for byte."""
    damage(path)
    before = path.read_bytes()
    with pytest.raises(WriteFailed, match="paid submits are refused") as caught:
        Ledger.open(path.parent, clock, create=True)
    assert caught.value.exit_code == 10
    assert str(path) in str(caught.value.hint)
    assert "seedance wait PROVIDER:TASK_ID" in str(caught.value.hint)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("state", "odd"),
        ("request", "{"),
        ("request", '{"prompt": 3, "metadata": {}, "params": {}, "images": []}'),
        ("request", "[]"),
        ("task", '{"task_id": "t0", "video_urls": {}}'),
        ("created_at", "yesterday"),
        ("cost_amount", "much"),
        ("evidence", "null"),
        ("provider", b"\x00"),
    ],
)
def test_a_row_that_cannot_be_read_is_damage(
    path: Path, clock: FakeClock, column: str, value: str | bytes
) -> None:
    """A row that this program did not write is reported as damage, not as a bug."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE intents SET cost_basis = 'charged'")
        db.execute(f"UPDATE intents SET {column} = ?", (value,))
    with (
        Ledger.open(path.parent, clock, create=True) as ledger,
        pytest.raises(WriteFailed, match="damaged"),
    ):
        ledger.rows()


def test_text_that_is_no_utf8_is_damage(path: Path, clock: FakeClock) -> None:
    """Bytes that are no text are reported as damage."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE intents SET profile = CAST(x'ff41' AS TEXT)")
    with (
        Ledger.open(path.parent, clock, create=False) as ledger,
        pytest.raises(WriteFailed, match="damaged"),
    ):
        ledger.rows()


@pytest.mark.parametrize("create", [True, False])
def test_a_newer_schema_is_not_touched(path: Path, clock: FakeClock, create: bool) -> None:
    """A ledger of a newer version is 10 and left as it is."""
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(WriteFailed, match="newer version"):
        Ledger.open(path.parent, clock, create=create)
    assert path.read_bytes() == before


# Locked, full, not writable


def test_locked_by_another_process(
    path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that another process keeps open is waited for, within bounds; then 10."""
    assert sqlite_file.BUSY_SECONDS == 10
    monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0.2)
    with (
        Ledger.open(path.parent, clock, create=True) as ledger,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN EXCLUSIVE")
        start = time.monotonic()
        with pytest.raises(WriteFailed, match="locked by another process"):
            prepare(ledger)
        assert 0.2 <= time.monotonic() - start < 5
        with pytest.raises(WriteFailed, match="locked by another process"):
            ledger.rows()
        with pytest.raises(WriteFailed, match="locked by another process"):
            Ledger.open(path.parent, clock, create=False)
        other.execute("ROLLBACK")
        assert prepare(ledger)
    assert not list((path.parent / "locks").iterdir())


def test_a_full_disk_says_so(tmp_path: Path) -> None:
    """SQLite's "full" becomes 10, with what to do."""
    with closing(sqlite3.connect(tmp_path / "x.db")) as db:
        db.execute("CREATE TABLE t (x)")
        db.execute("PRAGMA max_page_count=3")
        with pytest.raises(WriteFailed, match="disk is full"), mapped(tmp_path / "x.db"):
            db.execute("INSERT INTO t VALUES (zeroblob(100000))")


def test_a_bug_is_not_called_damage(tmp_path: Path) -> None:
    """An error in a statement of this program stays a bug."""
    with (
        closing(sqlite3.connect(":memory:")) as db,
        pytest.raises(sqlite3.ProgrammingError),
        mapped(tmp_path),
    ):
        db.execute("SELECT ?", ())


def test_a_file_in_the_way_of_the_folder(tmp_path: Path, clock: FakeClock) -> None:
    """A state folder that is a file: 10 for paying, empty for reading."""
    (tmp_path / "file").touch()
    with pytest.raises(WriteFailed, match="cannot be used"):
        Ledger.open(tmp_path / "file" / "x", clock, create=True)
    Ledger.open(tmp_path / "file" / "x", clock, create=False).close()


READ_ONLY = """
import sys
from pathlib import Path
from seedance_cli.system.clock import SystemClock
from seedance_cli.errors import WriteFailed
from seedance_cli.ledger.record import Ledger
from seedance_cli.models import Status, Task
from support.ledgers import prepare

folder = Path(sys.argv[1])
with Ledger.open(folder, SystemClock(), create=False) as ledger:
    print(len(ledger.rows(all_states=True)), [row.state.value for row in ledger.unknown()])
    try:
        print(ledger.observe(ledger.find("t0")[0], Task(task_id="t0", status=Status.FAILED)))
    except WriteFailed as error:
        print("observe", error.exit_code)
try:
    with Ledger.open(folder, SystemClock(), create=True) as ledger:
        prepare(ledger)
except WriteFailed as error:
    print("prepare", error.exit_code)
"""

CLOSED = """
import sys
from pathlib import Path
from seedance_cli.system.clock import SystemClock
from seedance_cli.errors import WriteFailed
from seedance_cli.ledger.record import Ledger

try:
    Ledger.open(Path(sys.argv[1]), SystemClock(), create=False)
except WriteFailed as error:
    print(error.exit_code)
"""

HOT = """
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA cache_size=1")
db.execute("BEGIN IMMEDIATE")
db.execute("UPDATE intents SET state = 'refused', request = hex(zeroblob(9000))")
os._exit(9)
"""


def child(script: str, folder: Path) -> list[str]:
    """Run a script as somebody whom file modes stop; the lines it printed."""
    here = Path(__file__).parents[1]
    path = (os.environ.get("PYTHONPATH", ""), str(here.parent), str(here))
    ran = subprocess.run(
        powerless(sys.executable, "-W", "error", "-c", script, str(folder)),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout.splitlines()


def read_only(folder: Path, script: str) -> list[str]:
    """Run a script where neither the folder nor anything in it can be written."""
    places = [*folder.rglob("*"), folder]
    for place in places:
        place.chmod(0o500 if place.is_dir() else 0o400)
    try:
        return child(script, folder)
    finally:
        for place in reversed(places):
            place.chmod(0o700 if place.is_dir() else 0o600)


@posix
def test_a_read_only_home_can_be_read(path: Path, clock: FakeClock) -> None:
    """A ledger that cannot be written is read, abandoned rows too; writes and paying are 10."""
    with Ledger.open(path.parent, clock, create=True) as ledger:
        ledger.sending(prepare(ledger, "x"))
    before = path.read_bytes()
    assert read_only(path.parent, READ_ONLY) == ["51 ['unknown']", "observe 10", "prepare 10"]
    assert path.read_bytes() == before


@posix
def test_half_a_commit_on_a_read_only_disk(path: Path, clock: FakeClock) -> None:
    """A commit that a crash cut is not seen, even where it cannot be undone on the disk."""
    subprocess.run([sys.executable, "-c", HOT, str(path)], check=False)
    assert (path.parent / "ledger.db-journal").stat().st_size > 0
    before = path.read_bytes()
    assert read_only(path.parent, READ_ONLY) == ["50 []", "observe 10", "prepare 10"]
    assert path.read_bytes() == before
    with Ledger.open(path.parent, clock, create=False) as ledger:
        assert {row.state for row in ledger.rows(all_states=True)} == {
            row.state for row in ledger.find("t0")
        }


@posix
def test_a_folder_that_cannot_be_read(path: Path) -> None:
    """A ledger behind a closed folder is 10, not an empty one: it may know of a payment."""
    outer = path.parent.parent
    outer.chmod(0o000)
    try:
        assert child(CLOSED, path.parent) == ["10"]
    finally:
        outer.chmod(0o700)


def test_rows_that_are_still_read_when_the_ledger_closes_end_quietly(made: Path) -> None:
    """The traceback of an interrupted command may hold them longer than the command its ledger."""
    store = SqliteStore(made, sqlite_file.connect(made, create=False), FakeClock())
    rows = store.stream("SELECT intent FROM intents", ())
    assert next(rows)["intent"]
    store.close()
    rows.close()

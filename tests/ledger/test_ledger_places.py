"""Files of a task are known with their machine, and believed where they are."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from seedance_cli.ledger.record import Ledger
from support.ledgers import name, submit

if TYPE_CHECKING:
    from pathlib import Path

    from support.fake_clock import FakeClock


def elsewhere(folder: Path) -> None:
    """Say of every file that another machine saved it."""
    with closing(sqlite3.connect(folder / "ledger.db")) as db, db:
        db.execute("UPDATE files SET machine = 'farm-7'")
        db.execute("UPDATE targets SET machine = 'farm-7'")


def test_a_file_of_another_machine_is_none_of_this(tmp_path: Path, clock: FakeClock) -> None:
    """It is not here, so it is neither shown nor believed; one saved here stands beside it."""
    state, video = tmp_path / "state", tmp_path / "boat.mp4"
    with Ledger.open(state, clock, create=True) as ledger:
        task = submit(ledger)
        name(ledger, task.intent, "b/1", batch="b")
        with ledger._store.writing():
            ledger._store.update(str(task.intent), {"batch_row": "1"})
        ledger.add_file(task, 1, video, 4)
        ledger.will_save(task, 2, tmp_path / "kite.mp4", 4)
    elsewhere(state)
    with Ledger.open(state, clock, create=True) as ledger:
        (task,) = ledger.find("t1")
        assert task.files == ()
        assert (ledger.files(task), ledger.targets(task)) == ([], [])
        assert ledger.of_batch("b", sandbox=False)["1"].files == ()
        saved = ledger.add_file(task, 1, tmp_path / "mine.mp4", 4)
        assert saved.files == (str(tmp_path / "mine.mp4"),)
        (task,) = ledger.find("t1")
        assert task.files == (str(tmp_path / "mine.mp4"),)
    with closing(sqlite3.connect(state / "ledger.db")) as db:
        assert db.execute("SELECT machine FROM files ORDER BY machine").fetchall() == [
            ("",),
            ("farm-7",),
        ]


def test_a_folder_that_machines_share_serves_them_all(tmp_path: Path, clock: FakeClock) -> None:
    """What another machine saved and is here, with its size, is known as the task's own."""
    state, video = tmp_path / "state", tmp_path / "boat.mp4"
    video.write_bytes(b"boat")
    with Ledger.open(state, clock, create=True) as ledger:
        task = submit(ledger)
        ledger.add_file(task, 1, video, 4)
        ledger.will_save(task, 1, video, 4)
    elsewhere(state)
    with Ledger.open(state, clock, create=False) as ledger:
        (task,) = ledger.find("t1")
        assert task.files == (str(video),)
        assert ledger.files(task) == [(1, video, 4)] == ledger.targets(task)
        video.write_bytes(b"another")
        assert ledger.find("t1")[0].files == ()

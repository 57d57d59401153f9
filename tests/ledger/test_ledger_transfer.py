"""The rows of one ledger in another, whatever lies under each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import seedance_cli
from seedance_cli.ledger import Weight, in_use, read_export
from seedance_cli.ledger.record import Ledger
from support.ledgers import CREDITS, name, submit

if TYPE_CHECKING:
    from support.fake_clock import FakeClock
    from support.ledgers import Place

ROOT = str(Path(seedance_cli.__file__).parent.parent)


def content(ledger: Ledger) -> str:
    """An export, as its file has it."""
    return "".join(f"{json.dumps(row)}\n" for row in ledger.transfer.exported("here"))


def test_there_and_back(place: Place, tmp_path: Path, clock: FakeClock) -> None:
    """Rows, names and files are the same after a way through a ledger of each kind."""
    with Ledger.open(tmp_path / "a", clock, create=True) as ledger:
        task = submit(ledger, "t1", cost=CREDITS, key="k")
        name(ledger, task.intent, "scene/1 % ? é", batch="scene")
        ledger.add_file(task, 1, tmp_path / "a \udcff.mp4", 2**33)
        ledger.will_save(task, 2, tmp_path / "b.mp4", 8)
        submit(ledger, "t2", sandbox=True)
        first = content(ledger)
    rows, faults = read_export(first.encode())
    assert faults == []
    with Ledger.open(place, clock, create=True) as ledger:
        assert ledger.transfer.take_in(rows, "there", sandbox=True)[:2] == (2, 0)
        assert content(ledger) == first
        assert ledger.transfer.take_in(rows, "there", sandbox=True)[:2] == (0, 2)
        assert content(ledger) == first
        assert Weight.FAULT not in {one.weight for one in ledger.checkup.checked()}
        assert ledger.transfer.those_here([one for _, one in ledger.transfer.real_rows()]) == {
            task.intent
        }
    with Ledger.open(tmp_path / "b", clock, create=True) as ledger:
        ledger.transfer.take_in(rows, "there", sandbox=False)
        assert [one.ref for one in ledger.rows()] == ["runbase:t1"]
        assert ledger.files(ledger.rows()[0]) == []
        ledger.transfer.take_in(rows, "here", sandbox=False)  # what is known stays
        assert ledger.files(ledger.rows()[0]) == [(1, tmp_path / "a \udcff.mp4", 2**33)]


def test_many_rows_come_together(place: Place, tmp_path: Path, clock: FakeClock) -> None:
    """More than one statement takes; a name in another form of Unicode is the same name."""
    with Ledger.open(tmp_path / "a", clock, create=True) as ledger:
        submit(ledger, "t")
        ((one,), _) = read_export(content(ledger).encode())
    rows = []
    for number in range(60):
        own: dict[str, str] = {"intent": f"{number:032x}", "name": f"cafe\u0301-{number}"}
        rows.append(one._replace(columns={**one.columns, **own}))
    with Ledger.open(place, clock, create=True) as ledger:
        name(ledger, submit(ledger, "mine").intent, unicodedata.normalize("NFC", "cafe\u0301-7"))
        taken = ledger.transfer.take_in(rows, "there", sandbox=True)
        assert (taken.taken, taken.unnamed) == (60, (unicodedata.normalize("NFC", "cafe\u0301-7"),))
        assert len(ledger.rows(all_states=True)) == 61


BEGINS = """
import os, sys
from pathlib import Path
from seedance_cli.ledger import in_use
from seedance_cli.system import SystemClock

folder, begun = Path(sys.argv[1]), []
for number in range(6):
    pid = os.fork()
    if not pid:
        try:
            for _ in range(20):
                in_use.note(folder, SystemClock(), in_use.InUse("a", "b"))
        except BaseException as error:
            os.write(2, f"{error}\\n".encode())
            os._exit(1)
        os._exit(0)
    begun.append(pid)
raise SystemExit(sum(os.waitpid(pid, 0)[1] for pid in begun))
"""


@pytest.mark.skipif(os.name == "nt", reason="POSIX processes")
def test_processes_that_begin_at_once_remember_the_same(tmp_path: Path) -> None:
    """On a new machine several may note the ledger in the same moment; none fails for that."""
    words = [sys.executable, "-c", BEGINS, str(tmp_path / "state")]
    done = subprocess.run(
        words,
        env={**os.environ, "PYTHONPATH": ROOT},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert in_use.noted(tmp_path / "state") == in_use.InUse("a", "b")
    assert [path.name for path in (tmp_path / "state").iterdir()] == [in_use.FILE]

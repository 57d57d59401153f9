"""The rows of one ledger in another, whatever lies under each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from seedance_cli.ledger import Weight, read_export
from seedance_cli.ledger.record import Ledger
from support.ledgers import CREDITS, name, submit

if TYPE_CHECKING:
    from pathlib import Path

    from support.fake_clock import FakeClock
    from support.ledgers import Place


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
        assert ledger.transfer.those_here(ledger.transfer.real_intents()) == {task.intent}
    with Ledger.open(tmp_path / "b", clock, create=True) as ledger:
        ledger.transfer.take_in(rows, "there", sandbox=False)
        assert [one.ref for one in ledger.rows()] == ["runbase:t1"]
        assert ledger.files(ledger.rows()[0]) == []
        ledger.transfer.take_in(rows, "here", sandbox=False)  # what is known stays
        assert ledger.files(ledger.rows()[0]) == [(1, tmp_path / "a \udcff.mp4", 2**33)]

"""A shared ledger from two machines, and its server away before, during and after the paid POST."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import pytest

from seedance_cli.ledger import Ledger, SharedLedger
from seedance_cli.ledger.late import FOLDER
from seedance_cli.models import Status
from support.fake_clock import FakeClock
from support.places import lose_locks, rows
from support.postgres import running
from support.scripted_provider import ScriptedProvider, done, error, json_answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.bytes_server import Client, Request, Script
    from support.postgres import Server
    from support.runner import Result, Run

PROVIDER = "seedance2ink"
BUY = ("generate", "a boat", "-p", PROVIDER, "-m", "seedance-2.0")


class Farm(NamedTuple):
    """Machines with one ledger, and a provider."""

    run: Run
    provider: ScriptedProvider
    database: Server
    folder: Path

    def machine(self, name: str, *words: str, **env: str) -> Result:
        """Run the program on a machine."""
        return self.run(*words, env={**self.env(name), **env}, clock=FakeClock())

    def env(self, name: str) -> dict[str, str | None]:
        """The environment of a machine."""
        return {
            **self.provider.env(PROVIDER, "runbase"),
            "SEEDANCE_LEDGER": self.database.url(),
            "SEEDANCE_STATE_DIR": str(self.folder / name),
        }

    @property
    def place(self) -> SharedLedger:
        """The ledger, as one more machine reaches it."""
        return SharedLedger.at(self.database.url(), self.folder / "looking on")

    def states(self) -> list[object]:
        """Of every intent, oldest first."""
        return [state for (state,) in rows(self.place, "SELECT state FROM intents ORDER BY seq")]

    def posts(self) -> int:
        """How many paid requests came."""
        return len([one for one in self.provider.server.requests if one.method == "POST"])

    def after(self, script: Script) -> Script:
        """An answer before which the database is gone."""

        def answer(request: Request, client: Client) -> None:
            self.database.stop(crash=True)
            script(request, client)

        return answer

    def discard(self, intent: str) -> None:
        """Have another machine settle an intent as never accepted."""
        with Ledger.open(self.place, FakeClock(), create=True) as other:
            other.discard(intent)

    def kept(self, name: str) -> list[Path]:
        """The answers that a machine keeps for the ledger."""
        folder = self.folder / name / FOLDER
        return sorted(folder.iterdir()) if folder.exists() else []


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    """A server that a test may stop."""
    with running() as server:
        yield server


@pytest.fixture
def farm(run: Run, server: ScriptedProvider, database: Server, tmp_path: Path) -> Iterator[Farm]:
    """Any number of machines."""
    yield Farm(run, server, database, tmp_path)
    database.start()
    database.empty()


ACCEPTED = json_answer(200, {"success": True, "requestId": "req_1", "status": "queued"})


def test_two_machines_have_one_ledger(farm: Farm) -> None:
    """A name is bought once, a task is known by its name, and its file by its machine."""
    first = farm.machine("a", *BUY, "--name", "scene 8")
    assert first.code == 0, first.err
    again = farm.machine("b", *BUY, "--name", "scene 8")
    assert (again.code, again.out) == (0, first.out)
    assert farm.posts() == 1
    farm.provider.task(first.out.strip().partition(":")[2], done())
    waited = farm.machine("b", "wait", "scene 8", "--download", "-o", f"{farm.folder}/one.mp4")
    assert waited.code == 0, waited.err
    (known,) = json.loads(farm.machine("b", "list", "--json").out)
    assert known["files"] == [f"{farm.folder}/one.mp4"]
    assert rows(farm.place, "SELECT count(DISTINCT machine), max(length(machine)) FROM files")
    (machine,) = rows(farm.place, "SELECT machine FROM files")[0]
    # It is on every machine that sees the folder; without that, on its own.
    assert farm.machine("a", "list", "--files").out.endswith(f"\t{farm.folder}/one.mp4\n")
    (farm.folder / "one.mp4").unlink()
    shown = farm.machine("a", "list", "--files").out
    assert shown.endswith(f"\t{machine}:{farm.folder}/one.mp4\n")
    assert json.loads(farm.machine("a", "list", "--json").out)[0]["files"] == []
    assert farm.machine("a", "spend", "--json").json["total"]["tasks"] == 1


def test_fault_55_an_unknown_outcome_blocks_every_machine(farm: Farm) -> None:
    """Until one of them settles it."""
    farm.provider.submits.append(error(500))
    assert farm.machine("a", *BUY).code == 6
    blocked = farm.machine("b", *BUY)
    assert blocked.code == 6
    assert farm.posts() == 1
    (unknown,) = json.loads(farm.machine("b", "recover", "--json").out)
    assert farm.machine("b", "recover", "--discard", unknown["intent"]).code == 0
    assert farm.machine("a", *BUY).code == 0


def test_fault_55_a_budget_holds_for_all_machines(farm: Farm, tmp_path: Path) -> None:
    """What one has reserved is not there for the other."""
    config = tmp_path / "config" / "config.toml"
    config.parent.mkdir()
    config.write_text(
        f'[budgets.{PROVIDER}]\nday = "50 credits"\n'
        f'[[prices]]\nprovider = "{PROVIDER}"\namount = "30 credits"\n'
    )
    assert farm.machine("a", *BUY).code == 0
    refused = farm.machine("b", "generate", "another", "-p", PROVIDER, "-m", "seedance-2.0")
    assert refused.code == 11, refused.err
    assert farm.posts() == 1


def test_fault_55_away_before_the_post(farm: Farm) -> None:
    """Nothing is sent; what only reads says so, too, and makes up no empty ledger."""
    assert farm.machine("a", *BUY).code == 0
    farm.database.stop(crash=True)
    for words in (BUY, ("list",), ("wait",), ("status", "seedance2ink:t1"), ("recover",)):
        result = farm.machine("a", *words)
        assert result.code == 10, words
        assert "cannot be reached" in result.err
    assert farm.posts() == 1


@pytest.mark.parametrize("as_json", [(), pytest.param(("--json",), marks=pytest.mark.full)])
def test_fault_55_away_after_the_post(farm: Farm, as_json: tuple[str, ...]) -> None:
    """The id goes to stdout and stderr and is kept; the next command has the ledger take it in."""
    farm.provider.submits.append(farm.after(ACCEPTED))
    bought = farm.machine("a", *BUY, *as_json)
    assert bought.code == 10
    assert "seedance2ink:req_1" in bought.out
    assert "seedance2ink:req_1" in bought.err
    (kept,) = farm.kept("a")
    assert str(kept) in bought.err
    farm.database.start()
    assert farm.states() == ["sending"]
    listed = farm.machine("a", "list", "--json")
    assert "taken in" in listed.err
    (task,) = listed.json
    assert task["ref"] == "seedance2ink:req_1"
    assert farm.states() == ["accepted"]
    assert farm.kept("a") == []
    farm.provider.task("req_1", done())
    assert farm.machine("b", "wait", "seedance2ink:req_1").code == 0
    assert farm.posts() == 1


@pytest.mark.parametrize(
    ("script", "code", "state"),
    [
        pytest.param(error(402), 4, "refused", id="refused"),
        pytest.param(error(401), 3, "refused", id="unauthorized", marks=pytest.mark.full),
        pytest.param(error(500), 6, "unknown", id="unknown", marks=pytest.mark.full),
    ],
)
def test_fault_55_away_after_a_refusal(farm: Farm, script: Script, code: int, state: str) -> None:
    """The exit code is the answer's own, and what it says is taken in later."""
    farm.provider.submits.append(farm.after(script))
    assert farm.machine("a", *BUY).code == code
    assert len(farm.kept("a")) == 1
    farm.database.start()
    assert farm.machine("a", "list", "--all").code == 0
    assert farm.states() == [state]
    assert farm.kept("a") == []


def test_fault_55_back_within_seconds(farm: Farm) -> None:
    """Then it is as if nothing had been."""
    clock = FakeClock()

    def back(seconds: float) -> None:
        farm.database.start()
        FakeClock.sleep(clock, seconds)

    clock.sleep = back  # type: ignore[method-assign]  # the moment at which it is tried again
    farm.provider.submits.append(farm.after(ACCEPTED))
    bought = farm.run(*BUY, env=farm.env("a"), clock=clock)
    assert (bought.code, bought.out) == (0, "seedance2ink:req_1\n")
    assert "trying again" in bought.err
    assert farm.states() == ["accepted"]
    assert rows(farm.place, "SELECT told FROM intents") == [(1,)]
    assert farm.kept("a") == []


def test_fault_55_the_answer_wins_over_a_discard(farm: Farm) -> None:
    """Another machine took the row for abandoned and discarded it: it is adopted, and said."""

    def discarded(request: Request, client: Client) -> None:
        (intent,) = next(iter(rows(farm.place, "SELECT intent FROM intents")))
        lose_locks(farm.place)
        farm.discard(str(intent))
        ACCEPTED(request, client)

    farm.provider.submits.append(discarded)
    bought = farm.machine("a", *BUY)
    assert (bought.code, bought.out) == (0, "seedance2ink:req_1\n")
    assert "adopted" in bought.err
    assert farm.states() == ["adopted"]


def test_fault_55_wait_rides_over_an_outage(farm: Farm) -> None:
    """The watch goes on and says so; what it could not write is written once that is possible."""
    farm.provider.task(
        "t1", farm.after(json_answer(200, queued("t1"))), "running", back(farm), done()
    )
    assert farm.machine("a", *BUY).code == 0
    waited = farm.machine("a", "wait", "seedance2ink:t1")
    assert waited.code == 0, waited.err
    assert "going on without it" in waited.err
    assert "again" in waited.err
    with Ledger.open(farm.place, FakeClock(), create=False) as ledger:
        (row,) = ledger.rows()
    assert (row.status, row.delivered) == (Status.SUCCEEDED, True)


def test_fault_55_still_away_at_the_end(farm: Farm) -> None:
    """The result is told all the same (10); the machine's next command writes what was learned."""
    farm.provider.task("t1", farm.after(json_answer(200, queued("t1"))), done())
    assert farm.machine("a", *BUY).code == 0
    target = farm.folder / "one.mp4"
    words = ("wait", "seedance2ink:t1", "--download", "-o", str(target))
    waited = farm.machine("a", *words)
    assert (waited.code, waited.out) == (10, f"{target}\n")
    (kept,) = farm.kept("a")
    assert "not in the ledger" in waited.err
    assert str(kept) in waited.err
    farm.database.start()
    again = farm.machine("a", *words)
    assert (again.code, again.out) == (0, f"{target}\n")
    assert "taken in" in again.err
    assert farm.kept("a") == []
    with Ledger.open(farm.place, FakeClock(), create=False) as ledger:
        (row,) = ledger.rows()
    assert (row.status, row.delivered) == (Status.SUCCEEDED, True)


def test_fault_55_a_batch_that_loses_its_ledger(farm: Farm) -> None:
    """Nothing more is submitted; run again on another machine, every row is bought once."""
    file = farm.folder / "rows.txt"
    file.write_text("one\ntwo\nthree\n")
    words = ("batch", str(file), "-p", PROVIDER, "-m", "seedance-2.0", "--yes", "--jobs", "1")
    farm.provider.unscripted = done()
    farm.provider.submits.extend([None, farm.after(ACCEPTED)])
    first = farm.machine("a", *words)
    assert first.code == 10, first.err
    assert farm.posts() == 2
    farm.database.start()
    assert farm.machine("a", "list").code == 0
    again = farm.machine("b", *words, "-o", f"{farm.folder}/b/")
    assert again.code == 0, again.err
    assert farm.posts() == 3
    assert len(again.out.splitlines()) == 3


def test_a_role_that_may_only_read_looks_on(farm: Farm) -> None:
    """It lists, asks and sums up (0), and cannot pay (10)."""
    assert farm.machine("a", *BUY).code == 0
    farm.database.sql("CREATE ROLE looker LOGIN; GRANT USAGE ON SCHEMA seedance TO looker")
    farm.database.sql("GRANT SELECT ON ALL TABLES IN SCHEMA seedance TO looker")
    farm.provider.task("t1", done())
    try:
        url = farm.database.url(user="looker")
        for words in (("list",), ("status", "seedance2ink:t1"), ("spend",), ("status",)):
            result = farm.machine("b", *words, SEEDANCE_LEDGER=url)
            assert result.code == 0, words
            assert "written" not in result.err
        refused = farm.machine("b", *BUY, SEEDANCE_LEDGER=url)
        assert refused.code == 10
        assert "needs the right" in refused.err
        assert farm.posts() == 1
    finally:
        farm.database.sql("DROP OWNED BY looker; DROP ROLE looker")


@pytest.mark.parametrize("polls", [2, 40])
def test_an_unchanged_poll_asks_the_server_nothing(farm: Farm, polls: int) -> None:
    """However often a task is polled: one connection, and so many questions."""
    assert farm.machine("a", *BUY).code == 0
    farm.provider.task("t1", *["running"] * polls, done())
    url = f"{farm.database.url()}&application_name=watcher"
    with farm.database.logged() as told:
        assert farm.machine("a", "wait", "seedance2ink:t1", SEEDANCE_LEDGER=url).code == 0
        watcher = told()["watcher"]
    assert farm.provider.polls("t1") == polls + 1
    assert len(watcher.sessions) == 1
    assert len(watcher.statements) <= 40, watcher.statements


@pytest.mark.full
def test_machines_at_one_rate_limit(farm: Farm) -> None:
    """Each asks for places once a second at most, and together they keep to the limit."""
    for number in range(6):
        assert farm.machine("a", "generate", f"boat {number}", "-p", "runbase").code == 0
    with farm.database.logged() as told:
        for name in ("a", "b"):
            url = f"{farm.database.url()}&application_name={name}"
            farm.provider.unscripted = done()
            refs = [f"runbase:t{number}" for number in range(1, 7)]
            assert farm.machine(name, "wait", *refs, SEEDANCE_LEDGER=url).code == 0
        found = told()
    for name in ("a", "b"):
        asked = [one for one in found[name].statements if "take_places" in one]
        assert 1 <= len(asked) <= 6


def queued(task_id: str) -> dict[str, object]:
    """An answer to a read."""
    return {"success": True, "requestId": task_id, "status": "queued"}


def back(farm: Farm) -> Script:
    """An answer before which the database is there again."""

    def answer(request: Request, client: Client) -> None:
        farm.database.start()
        json_answer(200, queued("t1"))(request, client)

    return answer

"""A ledger in PostgreSQL: the servers that it refuses, roles, and what an outage costs."""

from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from seedance_cli.errors import (
    ConfigError,
    LedgerAway,
    LedgerReadOnly,
    OutcomeUnknown,
    WriteFailed,
)
from seedance_cli.ledger import Ledger, SharedLedger, postgres, postgres_connection
from seedance_cli.ledger.late import FOLDER
from seedance_cli.models import Conditions, IntentState, Secret, Status, Task
from support.fake_clock import FakeClock
from support.ledgers import prepare, submit
from support.places import locked, lose_locks, rows, tamper
from support.postgres import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.postgres import Server

RUNNING = Task(task_id="t1", status=Status.RUNNING)
DONE = Task(task_id="t1", status=Status.SUCCEEDED, video_urls=("https://v.example/1.mp4",))
NOWHERE = "postgresql://me:s3cret@127.0.0.1:1/db"


@pytest.fixture
def ledger(shared: SharedLedger, clock: FakeClock) -> Iterator[Ledger]:
    """An open, empty ledger."""
    with Ledger.open(shared, clock, create=True) as opened:
        yield opened


def opened(place: SharedLedger, *, create: bool = True) -> None:
    """Open it, and close it again."""
    Ledger.open(place, FakeClock(), create=create).close()


# What names it


@pytest.mark.parametrize(
    "url",
    [
        "mysql://a:s3cret@h/db",
        "a:s3cret@h/db",
        "postgresql://a:s3cr@et@h/db",
        "postgresql://a:s3cr/et@h/db",
        "postgresql://a:s3cr@e/t@h/db",
        "postgresql://a:s3cr@e?t@h/db",
        "postgresql://a:s3cr@e?t=u@h/db",
        "postgresql://a:s3cret",
        "postgresql://a:s3cret/db",
        "postgresql://a:s3cret@h:port/db",
        "postgresql://a:s3cret@h:99999/db",
        "postgresql://a:s3cret@h/db?nonsense=1",
        "postgresql://a:s3cret@127.0.0.1:1/db?sslmode=nonsense",
        "postgresql://a:s3cret@127.0.0.1:1/db?service=nonsense",
        "postgresql://a:s3cret@127.0.0.1:1/db?keepalives=nonsense",
        "postgresql://a:s3cret@127.0.0.1:1/db?connect_timeout=nonsense",
        "postgresql://a:s3cret@/db?host=/nowhere&keepalives_idle=nonsense",
    ],
)
def test_what_is_no_url_is_refused(url: str, tmp_path: Path) -> None:
    """As a matter of configuration, and without showing anything that may be a password."""
    with pytest.raises(ConfigError) as caught:
        opened(SharedLedger.at(url, tmp_path))
    text = f"{caught.value.message} {caught.value.hint} {caught.value.__cause__}"
    assert "s3cr" not in text
    assert "et@" not in text
    assert "//a@e" not in text


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    """Not in the place's name, its repr, nor in an error of the driver's."""
    place = SharedLedger.at(f"{NOWHERE}?password=other&sslmode=prefer", tmp_path)
    assert place.shown == "postgresql://me@127.0.0.1:1/db"
    with_mark = SharedLedger.at("postgresql://me:s3?cret@[::1]:1,h/db", tmp_path)
    assert with_mark.shown == "postgresql://me@[::1]:1,h/db"
    assert with_mark.without_secrets("no s3?cret") == "no ****"
    assert "s3cret" not in repr(place)
    assert place.without_secrets("no s3cret, no other") == "no ****, no ****"
    with pytest.raises(LedgerAway) as caught:
        opened(place)
    assert "s3cret" not in caught.value.message
    assert "127.0.0.1" in caught.value.message


def test_nobody_is_there(tmp_path: Path) -> None:
    """Nothing is sent, and it is not asked again at every step."""
    with pytest.raises(LedgerAway, match="cannot be reached"):
        opened(SharedLedger.at(NOWHERE, tmp_path / "state"))
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(("hosts", "seconds"), [(1, 8), (3, 8), (4, 6), (12, 2)])
def test_many_hosts_are_given_up_in_time(
    hosts: int, seconds: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to a dozen that say nothing, and each has its share of half a minute."""
    asked = []

    def given_up(conninfo: str, **_: object) -> None:
        asked.append(conninfo_to_dict(conninfo)["connect_timeout"])
        raise psycopg.errors.ConnectionTimeout

    monkeypatch.setattr(postgres_connection.Connection, "connect", given_up)
    names = ",".join(f"h{number}" for number in range(hosts))
    with pytest.raises(LedgerAway):
        opened(SharedLedger.at(f"postgresql://me@{names}/db?connect_timeout=60", tmp_path))
    assert asked == [str(seconds)]


def test_no_further_host_is_tried_once_the_time_is_over(
    shared: SharedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are, and whatever addresses a name has; the first one always is."""
    url = shared.url.reveal()
    second = SharedLedger.at(url.replace("?host=", "?host=/nowhere,"), shared.folder)
    opened(second)
    monkeypatch.setattr(postgres_connection, "_ALL_SECONDS", 0)
    opened(shared)
    with pytest.raises(LedgerAway, match="no time left"):
        opened(second)


# Which servers


def test_fsync_off_is_refused(shared: SharedLedger, postgres: Server) -> None:
    """A crash of it could forget what was paid for."""
    try:
        postgres.sql("ALTER SYSTEM SET fsync = off")
        postgres.reload()
        with pytest.raises(WriteFailed, match="fsync=off"):
            opened(shared)
    finally:
        postgres.sql("ALTER SYSTEM RESET fsync")
        postgres.reload()


@pytest.mark.parametrize(("encoding", "works"), [("SQL_ASCII", True), ("LATIN1", False)])
def test_how_the_database_keeps_text(
    shared: SharedLedger, postgres: Server, encoding: str, *, works: bool
) -> None:
    """As UTF-8, or as the bytes that came (`initdb` without a locale); else not every name fits."""
    postgres.sql(f"CREATE DATABASE texts TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'")
    place = SharedLedger.at(postgres.url("texts"), shared.folder)
    try:
        if works:
            with Ledger.open(place, FakeClock(), create=True) as ledger:
                row = ledger.row(prepare(ledger, conditions=Conditions(name="장면 🎬")))
                assert row.name == "장면 🎬"
                assert [one.intent for one in ledger.named("장면 🎬")] == [row.intent]
        else:
            with pytest.raises(WriteFailed, match="keeps text as LATIN1"):
                opened(place)
            assert postgres.sql("SELECT to_regnamespace('seedance')::text", "texts") == [(None,)]
    finally:
        postgres.sql("DROP DATABASE texts")


def test_an_old_server_is_refused(shared: SharedLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL 14 is the oldest."""
    monkeypatch.setattr(postgres, "_OLDEST", 99_00_00)
    with pytest.raises(WriteFailed, match="14 or newer"):
        opened(shared)


def test_who_waited_for_another_writer_sees_what_it_wrote(
    shared: SharedLedger, postgres: Server
) -> None:
    """Also where the database's default is to look at it as it was before the wait."""
    asked = "&options=-cdefault_transaction_isolation%3Dserializable"
    place = SharedLedger.at(shared.url.reveal() + asked, shared.folder)
    seen: list[int] = []

    def look() -> None:
        with Ledger.open(place, FakeClock(), create=True) as second, second._store.writing():
            seen.append(len(second.rows()))

    with Ledger.open(place, FakeClock(), create=True) as first:
        with first._store.writing():
            looking = threading.Thread(target=look)
            looking.start()
            while not postgres.sql("SELECT 1 FROM pg_locks WHERE NOT granted"):
                assert looking.is_alive()
            prepare(first)
        looking.join()
    assert seen == [1]


def test_what_each_session_sets(ledger: Ledger, postgres: Server) -> None:
    """Whatever the server's own settings are."""
    store = ledger._store
    for name, value in {
        "synchronous_commit": "on",
        "statement_timeout": "10s",
        "idle_in_transaction_session_timeout": "10s",
        "search_path": "seedance",
    }.items():
        assert store.query(f"SHOW {name}")[0][name] == value


def test_fault_55_a_frozen_server_is_given_up(
    shared: SharedLedger, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that takes connections and says nothing, and one that stops in the middle."""
    monkeypatch.setattr(postgres_connection, "ANSWER_SECONDS", 0.5)
    with Ledger.open(shared, FakeClock(), create=True) as known:
        slow = SharedLedger(Secret(f"{shared.url.reveal()}&connect_timeout=2"), shared.folder)
        with postgres.frozen():
            with pytest.raises(LedgerAway, match="no answer"):
                prepare(known)
            with pytest.raises(LedgerAway):
                opened(slow)


@pytest.mark.parametrize("mode", ["transaction", "statement", "session"])
@pytest.mark.skipif(shutil.which("pgbouncer") is None, reason="pgbouncer is missing")
def test_fault_55_a_transaction_pooler_is_refused(
    mode: str, shared: SharedLedger, postgres: Server
) -> None:
    """It breaks the locks that say who lives. One that hands out whole sessions does not."""
    with postgres.pooler(mode) as url:
        place = SharedLedger.at(url, shared.folder)
        if mode == "session":
            with Ledger.open(place, FakeClock(), create=True) as ledger:
                assert submit(ledger).ref == "runbase:t1"
            return
        with pytest.raises(WriteFailed, match="hands out connections"):
            opened(place)
        assert rows(shared, "SELECT to_regnamespace('seedance')::text") == [(None,)]


# Roles and schema


@pytest.fixture
def reader(shared: SharedLedger, postgres: Server, ledger: Ledger) -> Iterator[SharedLedger]:
    """The same ledger for a role that may only read."""
    postgres.sql("DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN")
    postgres.sql("GRANT USAGE ON SCHEMA seedance TO reader")
    postgres.sql("GRANT SELECT ON ALL TABLES IN SCHEMA seedance TO reader")
    yield SharedLedger.at(postgres.url(user="reader"), shared.folder)
    postgres.sql("DROP OWNED BY reader; DROP ROLE reader")


def test_a_role_that_may_only_read(ledger: Ledger, reader: SharedLedger) -> None:
    """It sees everything, an abandoned row as what it is, and writes nothing."""
    submit(ledger)
    with Ledger.open(reader, FakeClock(), create=False) as other:
        assert [one.ref for one in other.rows()] == ["runbase:t1"]
        assert len(list(other.spent(FakeClock().now()))) == 1
        (row,) = other.unfinished(sandbox=False)
        assert other.observe(row, DONE).status is Status.SUCCEEDED
    assert ledger.rows()[0].status is Status.QUEUED
    with (
        pytest.raises(WriteFailed, match="cannot be written"),
        Ledger.open(reader, FakeClock(), create=True) as other,
    ):
        prepare(other)


def test_what_a_role_lacks_is_told_for_what_it_is(
    ledger: Ledger, reader: SharedLedger, postgres: Server
) -> None:
    """One that may pay, and not keep everything, is not called one that can only read."""

    def lacks() -> str:
        with Ledger.open(reader, FakeClock(), create=False) as other:
            return next(one.words for one in other.checkup.checked() if one.name == "rights")

    assert lacks().endswith(": this role can read, and nothing can be paid for")
    postgres.sql("GRANT INSERT, UPDATE ON ALL TABLES IN SCHEMA seedance TO reader")
    assert lacks() == "may not delete on targets: not all that becomes of a task can be written"


def test_a_server_that_may_only_read(ledger: Ledger, shared: SharedLedger) -> None:
    """As a standby: it shows everything, and to pay another server has to be named, not a right."""
    submit(ledger)
    setting = "options=-c%20default_transaction_read_only%3Don"
    standby = SharedLedger.at(f"{shared.url.reveal()}&{setting}", shared.folder)
    with Ledger.open(standby, FakeClock(), create=True) as other:
        assert [one.ref for one in other.rows()] == ["runbase:t1"]
        with pytest.raises(LedgerReadOnly, match="cannot be written") as caught:
            prepare(other)
    assert "a standby does not" in str(caught.value.hint)


def test_a_role_without_any_right(shared: SharedLedger, postgres: Server) -> None:
    """A schema that it may not make has to be there."""
    postgres.sql("DROP ROLE IF EXISTS nobody_special; CREATE ROLE nobody_special LOGIN")
    place = SharedLedger.at(postgres.url(user="nobody_special"), shared.folder)
    with pytest.raises(WriteFailed, match="cannot be written"):
        opened(place)
    postgres.sql("CREATE SCHEMA seedance AUTHORIZATION nobody_special")
    with Ledger.open(place, FakeClock(), create=True) as ledger:
        assert submit(ledger).ref == "runbase:t1"
    postgres.sql("ALTER SCHEMA seedance OWNER TO CURRENT_USER")
    for create in (True, False):
        with pytest.raises(LedgerReadOnly, match="no right to use the schema seedance"):
            opened(place, create=create)
    postgres.sql("DROP OWNED BY nobody_special CASCADE; DROP ROLE nobody_special")


def test_a_newer_schema_is_refused(ledger: Ledger, shared: SharedLedger) -> None:
    """And left as it is."""
    tamper(shared, "UPDATE meta SET value = '99' WHERE name = 'version'")
    for create in (True, False):
        with pytest.raises(WriteFailed, match="newer version"):
            opened(shared, create=create)


def test_a_ledger_without_its_head_is_damaged(ledger: Ledger, shared: SharedLedger) -> None:
    """It is no empty one: not to be read as such, and none is made in its place."""
    tamper(shared, "DELETE FROM meta WHERE name = 'version'")
    for statement in ("SELECT 1", "DROP TABLE meta"):
        tamper(shared, statement)
        for create in (True, False):
            with pytest.raises(WriteFailed, match="damaged"):
                opened(shared, create=create)


def test_fault_55_its_disk_is_full(ledger: Ledger, shared: SharedLedger) -> None:
    """It is told as that, not as a server that is not there; it may be tried again."""
    tamper(
        shared,
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE 'could not extend file' USING errcode = '53100'; END $$;"
        " CREATE TRIGGER full_disk BEFORE INSERT ON intents EXECUTE FUNCTION full_disk()",
    )
    with pytest.raises(LedgerAway, match="cannot be used now: could not extend file"):
        prepare(ledger)
    tamper(shared, "DROP TRIGGER full_disk ON intents")
    assert submit(ledger).ref == "runbase:t1"


def test_many_make_it_at_once(shared: SharedLedger) -> None:
    """Ten machines with their first submit: one makes the tables, all use them."""
    identities: list[str] = []

    def first() -> None:
        with Ledger.open(shared, FakeClock(), create=True) as ledger:
            identities.append(ledger.identity)

    threads = [threading.Thread(target=first) for _ in range(10)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(identities) == 10
    assert len(set(identities)) == 1


def test_nothing_is_made_by_reading(shared: SharedLedger) -> None:
    """A ledger that nobody has made yet reads as an empty one."""
    with Ledger.open(shared, FakeClock(), create=False) as ledger:
        assert ledger.rows() == []
        assert not ledger.there
    assert rows(shared, "SELECT to_regnamespace('seedance')::text") == [(None,)]
    assert not shared.folder.exists()


# The sandbox's rows stay on their machine


def test_sandbox_rows_are_local(ledger: Ledger, shared: SharedLedger, clock: FakeClock) -> None:
    """Both are listed, newest first; the server has the real ones, the file the others."""
    real = submit(ledger, "t1")
    clock.advance(1)
    sandbox = submit(ledger, "s1", sandbox=True)
    assert [one.ref for one in ledger.rows()] == [sandbox.ref, real.ref]
    assert ledger.rows(sandbox=False, limit=5) == [ledger.row(str(real.intent))]
    assert ledger.count().shown == 2
    assert rows(shared, "SELECT task_id FROM intents") == [("t1",)]
    assert rows(shared.folder, "SELECT task_id FROM intents") == [("s1",)]
    done = Task(task_id="s1", status=Status.SUCCEEDED)
    seen = ledger.observe_all([(sandbox, done), (real, DONE)])
    assert [one.status for one in seen] == [Status.SUCCEEDED] * 2
    ledger.delivered_all(seen)
    assert ledger.unfinished(sandbox=True) == []
    assert [one.ref for one in ledger.find("s1")] == [sandbox.ref]


def test_real_rows_of_the_file_are_not_shown(shared: SharedLedger, clock: FakeClock) -> None:
    """They are another ledger's: `seedance ledger import` takes them over."""
    with Ledger.open(shared.folder, clock, create=True) as local:
        submit(local, "t1")
    with Ledger.open(shared, clock, create=True) as ledger:
        assert ledger.rows() == []
        assert ledger.find("t1") == []


# A session that is lost


def test_fault_55_a_lost_session_counts_as_a_dead_process(
    ledger: Ledger, shared: SharedLedger
) -> None:
    """What was on its way in it is unknown to others; its own answer wins all the same."""
    intent = prepare(ledger)
    ledger.sending(intent)
    lose_locks(shared)
    with Ledger.open(shared, FakeClock(), create=True) as other:
        assert [one.intent for one in other.unknown()] == [intent]
        with pytest.raises(OutcomeUnknown):
            prepare(other)
        other.discard(intent)
    assert ledger.accept(intent, RUNNING).state is IntentState.ADOPTED


def test_fault_55_a_lost_session_is_taken_up_again(ledger: Ledger, shared: SharedLedger) -> None:
    """Between two steps nobody notices, and the lock is held in the new one."""
    intent = prepare(ledger)
    lose_locks(shared)
    ledger.sending(intent)
    assert locked(shared) == {intent}


def test_fault_55_cut_in_the_middle_of_a_transaction(ledger: Ledger, shared: SharedLedger) -> None:
    """Nothing of it is there, and nothing of it runs outside of it."""
    intent = prepare(ledger)

    def cut() -> None:
        with ledger._store.writing():
            ledger._store.update(intent, {"profile": "one"})
            lose_locks(shared)
            ledger._store.update(intent, {"profile": "two"})

    with pytest.raises(LedgerAway):
        cut()
    assert ledger.row(intent).profile == "default"


# Away under a watch, and after the answer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """One that a test may stop."""
    with running() as own:
        yield own


def test_fault_55_a_watch_rides_over_an_outage(server: Server, tmp_path: Path) -> None:
    """What is learned meanwhile is written with the first answer after it; both are said."""
    clock, said = FakeClock(), list[str]()
    with Ledger.open(SharedLedger.at(server.url(), tmp_path), clock, create=True) as ledger:
        row = submit(ledger)
        other = submit(ledger, "t2")
        ledger.heard_by(said.append)
        server.stop(crash=True)
        done = ledger.observe(row, DONE)
        assert done.status is Status.SUCCEEDED
        assert ledger.add_file(done, 1, tmp_path / "1.mp4", 10).files == (str(tmp_path / "1.mp4"),)
        assert ledger.delivered(done).delivered
        assert ledger.files(done) == []
        assert ledger.last_try() is not None
        server.start()
        assert ledger.last_try() is None
        ledger.observe(other, RUNNING._replace(task_id="t2"))
        found = {one.ref: one for one in ledger.rows()}
        assert found["runbase:t1"].delivered
        assert ledger.files(done) == [(1, tmp_path / "1.mp4", 10)]
        assert found["runbase:t2"].status is Status.RUNNING
    assert len(said) == 2
    assert "cannot be reached" in said[0]
    assert "again" in said[1]


def test_fault_55_a_late_answer_is_taken_in(ledger: Ledger, shared: SharedLedger) -> None:
    """By the next command of the machine; it wins over what others took the row for."""
    accepted, refused, discarded = (prepare(ledger, name) for name in "abc")
    for one in (accepted, refused, discarded):
        ledger.sending(one)
    state = IntentState.ACCEPTED
    assert ledger.keep_answer(accepted, state, {}, RUNNING, told=True) is not None
    ledger.keep_answer(refused, IntentState.REFUSED, {"http_status": 400})
    ledger.keep_answer(discarded, state, {}, RUNNING._replace(task_id="t3"))
    lose_locks(shared)
    with Ledger.open(shared, FakeClock(), create=True) as other:
        assert len(other.unknown()) == 3
        other.discard(discarded)
        said = other.take_late_answers()
        found = {one.intent: one for one in other.rows(all_states=True)}
        assert other.take_late_answers() == []
    assert (found[accepted].state, found[accepted].told) == (IntentState.ACCEPTED, True)
    assert found[accepted].ref == "runbase:t1"
    assert found[refused].state is IntentState.REFUSED
    assert found[refused].evidence == {"http_status": 400}
    assert found[discarded].state is IntentState.ADOPTED
    assert sum("discarded" in words for words in said) == 1
    assert list((shared.folder / FOLDER).iterdir()) == []


def test_a_late_answer_of_another_ledger_waits(ledger: Ledger, shared: SharedLedger) -> None:
    """And one whose row is gone, as after an old backup, is kept aside and told of."""
    intent = prepare(ledger)
    file = ledger.keep_answer(intent, IntentState.ACCEPTED, {}, RUNNING)
    assert file is not None
    tamper(shared, "UPDATE meta SET value = 'other' WHERE name = 'ledger'")
    with Ledger.open(shared, FakeClock(), create=True) as other:
        assert other.take_late_answers() == []
        assert file.exists()
        kept = file.read_text().replace(ledger.identity, "other")
    file.write_text(kept)
    tamper(shared, "DELETE FROM intents")
    with Ledger.open(shared, FakeClock(), create=True) as other:
        (said,) = other.take_late_answers()
    assert "t1" in said
    assert file.with_suffix(".lost").exists()


# The rate limit of all machines


def test_places_keep_to_the_limit_over_machines(ledger: Ledger, shared: SharedLedger) -> None:
    """Blocks of two machines: no window has more than the limit's requests."""
    with Ledger.open(shared, FakeClock(), create=True) as other:
        found = [ledger.take_places("x", 2, 3, 100.0), other.take_places("x", 3, 3, 100.0)]
    now, later = found
    assert now == [0.0, 0.0]
    assert later is not None
    assert later[0] == 0.0
    assert [round(one, -1) for one in later[1:]] == [100, 100]
    assert ledger.take_places("y", 1, 3, 100.0) == [0.0]


def test_a_connection_is_the_only_one(ledger: Ledger, shared: SharedLedger) -> None:
    """A process has one connection, also while other threads take places."""
    threads = [threading.Thread(target=ledger.take_places, args=("x", 1, 5, 1.0)) for _ in range(4)]
    for one in threads:
        one.start()
    submit(ledger)
    for one in threads:
        one.join()
    with psycopg.connect(shared.url.reveal()) as db:
        (number,) = db.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'seedance'"
        ).fetchone() or (0,)
    assert number == 1

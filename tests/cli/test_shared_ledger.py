"""Which ledger counts, and that no machine changes it in silence."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from seedance_cli.ledger.record import Ledger
from support.ledgers import submit

if TYPE_CHECKING:
    from pathlib import Path

    from seedance_cli.ledger import SharedLedger
    from support.fake_clock import FakeClock
    from support.postgres import Server
    from support.runner import Result, Run
    from support.scripted_provider import ScriptedProvider

NOWHERE = "postgresql://me:s3cr%40t@127.0.0.1:1/video?sslpassword=0th3r"
SHOWN = "postgresql://me@127.0.0.1:1/video"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The config file, in its folder."""
    path = tmp_path / "config" / "config.toml"
    path.parent.mkdir()
    return path


@pytest.fixture
def url(shared: SharedLedger) -> str:
    """The URL of an empty database."""
    return shared.url.reveal()


# Where it is


def test_what_names_it(run: Run, config: Path) -> None:
    """The variable goes before the file; both are shown with their source and no password."""
    config.write_text(f'ledger = "{NOWHERE}"\n')
    shown = run("ledger", "path", "--json").json
    assert (shown["ledger"], shown["kind"]) == (SHOWN, "postgresql")
    assert shown["source"] == {"kind": "config.toml", "name": "ledger"}
    env = {"SEEDANCE_LEDGER": NOWHERE.replace("video", "other")}
    done = run("ledger", "path", env=env)
    assert done.out == f"{SHOWN.replace('video', 'other')}\n"
    done = run("profile", "show", env=env)
    assert f"ledger\t{SHOWN.replace('video', 'other')}\tenvironment SEEDANCE_LEDGER\n" in done.out
    document = run("profile", "show", "--json").json["ledger"]
    assert document == {"value": SHOWN, "source": {"kind": "config.toml", "name": "ledger"}}
    local = run("ledger", "path", env={"SEEDANCE_LEDGER": "local"})
    assert local.out.endswith("ledger.db\n")
    for result in (done, run("generate", "x", "-p", "runbase", env={"RUNBASE_API_KEY": "k"})):
        assert "s3cr" not in result.out + result.err
        assert "0th3r" not in result.out + result.err


NO_LEDGER = {
    "empty": ("", "is set and empty"),
    "quoted": ('"postgresql://u@h/d"', "begins or ends with a quote"),
    "line end": ("postgresql://u@h/d\r", "has a line end in it"),
    "another database": ("mysql://u:pa55@h/d", "mysql"),
    "no URL": ("/var/lib/ledger:pa55.db", "is no URL"),
    "two @": ("postgresql://u:pa55@word@h/d", "percent-encoded"),
    "no URL of libpq": ("postgresql://u:pa55@h:port/d?nonsense=1", "cannot be used"),
}


@pytest.mark.parametrize("case", NO_LEDGER, ids=str)
@pytest.mark.parametrize("place", ["environment", "config.toml"])
def test_a_name_that_cannot_be_meant(
    run: Run, config: Path, tmp_path: Path, case: str, place: str
) -> None:
    """3 wherever the ledger is needed; nothing is made, and no password shown."""
    text, words = NO_LEDGER[case]
    env: dict[str, str | None] = {"RUNBASE_API_KEY": "k"}
    if place == "environment":
        env["SEEDANCE_LEDGER"] = text
    else:
        config.write_text(f"ledger = {json.dumps(text)}\n")
    for argv in (("list",), ("generate", "x", "-p", "runbase")):
        done = run(*argv, env=env)
        assert (done.code, done.out) == (3, ""), done.err
        assert words in done.err
        assert "pa55" not in done.err
    assert not (tmp_path / "state").exists()


def test_an_empty_name_is_none_in_the_sandbox_either(run: Run, tmp_path: Path) -> None:
    """What cannot be meant is said wherever it stands: 3, nothing made."""
    done = run("generate", "x", "--sandbox", env={"SEEDANCE_LEDGER": ""})
    assert (done.code, done.out) == (3, "")
    assert not (tmp_path / "state" / "ledger.db").exists()


def test_a_setting_of_another_type(run: Run, config: Path) -> None:
    """3, naming the file and the setting."""
    config.write_text("ledger = 5\n")
    done = run("list")
    assert done.code == 3
    assert "config.toml: ledger must be a string" in done.err


def test_the_extra_is_missing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """3, saying what to install; what needs no ledger works."""
    for name in [one for one in sys.modules if one.partition(".")[0] == "psycopg"]:
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("postgres", "postgres_connection", "store_postgres"):
        monkeypatch.delitem(sys.modules, f"seedance_cli.ledger.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    env = {"SEEDANCE_LEDGER": NOWHERE, "RUNBASE_API_KEY": "k"}
    done = run("generate", "x", "-p", "runbase", env=env)
    assert (done.code, done.out) == (3, "")
    assert "psycopg[binary]" in done.err
    assert run("generate", "x", "-p", "runbase", "--sandbox", env=env).code == 0


# No quiet switch


def pays(run: Run, server: ScriptedProvider, prompt: str, url: str | None) -> Result:
    """A paid submit from a machine whose ledger is there."""
    env = {**server.env("runbase"), "SEEDANCE_LEDGER": url}
    return run("generate", prompt, "-p", "runbase", env=env)


def test_no_quiet_switch(
    run: Run, server: ScriptedProvider, url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither to the shared ledger nor back, before `use` says so and its rows are in it."""
    assert pays(run, server, "one", None).code == 0
    refused = pays(run, server, "two", url)
    assert (refused.code, refused.out) == (3, "")
    assert "seedance ledger use" in refused.err
    read = run("list", env={"SEEDANCE_LEDGER": url})
    assert "this machine last paid from" in read.err
    env: dict[str, str | None] = {"SEEDANCE_LEDGER": url}
    assert run("ledger", "use", env=env).code == 0
    refused = pays(run, server, "two", url)
    assert (refused.code, refused.out) == (3, "")
    assert "seedance ledger import" in refused.err
    assert server.posts() == 1
    rows = run("ledger", "export", "local", env=env).out
    assert run("ledger", "import", "-", stdin=rows, env=env).code == 0
    assert pays(run, server, "two", url).code == 0
    assert pays(run, server, "three", url).code == 0
    refused = pays(run, server, "four", None)
    assert (refused.code, refused.out) == (3, "")
    assert "seedance ledger use" in refused.err
    read = run("list", "--json")
    assert len(read.json) == 1
    assert "this machine last paid from" in read.err
    assert server.posts() == 3
    # Another machine, with a state folder of its own, knows nothing of this.
    monkeypatch.setenv("SEEDANCE_STATE_DIR", str(tmp_path / "other"))
    assert pays(run, server, "five", url).code == 0
    assert len(run("list", "--json", env=env).json) == 4


def test_use_names_a_ledger(run: Run, server: ScriptedProvider, url: str) -> None:
    """`local` or a URL, whatever counts now, which is said; the document says what changed."""
    assert pays(run, server, "one", url).code == 0
    done = run("ledger", "use", "local", "--json", env={"SEEDANCE_LEDGER": url})
    assert (done.json["kind"], done.json["changed"]) == ("sqlite", True)
    assert "environment SEEDANCE_LEDGER names postgresql://" in done.err
    assert pays(run, server, "two", url).code == 3
    assert pays(run, server, "two", None).code == 0
    assert run("ledger", "use", url, "--json").json["changed"] is True
    assert pays(run, server, "three", None).code == 3


def test_another_file_in_the_ledgers_place(
    run: Run, server: ScriptedProvider, tmp_path: Path
) -> None:
    """A ledger that was put in its place, or is gone, is another one: 3 before one is made."""
    assert pays(run, server, "one", None).code == 0
    (tmp_path / "state" / "ledger.db").unlink()
    done = pays(run, server, "two", None)
    assert (done.code, done.out) == (3, "")
    assert "another ledger is there now" in done.err
    assert not (tmp_path / "state" / "ledger.db").exists()
    assert run("ledger", "use").code == 0
    assert pays(run, server, "two", None).code == 0


def test_another_database_in_the_ledgers_place(
    run: Run, server: ScriptedProvider, url: str, postgres: Server
) -> None:
    """As with a file: 3, and nothing is made in one that is empty before `use` says so."""
    assert pays(run, server, "one", url).code == 0
    postgres.sql("DROP SCHEMA seedance CASCADE")
    done = pays(run, server, "two", url)
    assert (done.code, done.out) == (3, "")
    assert "another ledger is there now" in done.err
    assert postgres.sql("SELECT to_regnamespace('seedance')::text") == [(None,)]
    assert run("ledger", "use", env={"SEEDANCE_LEDGER": url}).code == 0
    assert pays(run, server, "two", url).code == 0
    assert server.posts() == 2


def test_the_sandbox_does_not_count(run: Run, tmp_path: Path) -> None:
    """It works without the server, and switches nothing; its rows stay on this machine."""
    env = {"SEEDANCE_LEDGER": NOWHERE}
    assert run("generate", "a boat", "--sandbox", env=env).code == 0
    assert len(run("list", "--sandbox", "--json", env=env).json) == 1
    assert run("ledger", "path", "--json").json["last_used"] is None
    assert not (tmp_path / "state" / "ledger-in-use.json").exists()


def test_rows_of_the_sandbox_are_no_rows_that_lack(
    run: Run, server: ScriptedProvider, url: str
) -> None:
    """A machine that only tried things out takes a shared ledger at once."""
    assert run("generate", "a boat", "--sandbox").code == 0
    assert pays(run, server, "one", url).code == 0
    rows = run("ledger", "export", "local").out
    done = run("ledger", "import", "-", stdin=rows, env={"SEEDANCE_LEDGER": url})
    assert "left out: 1 submission of the sandbox" in done.err


def test_what_is_remembered_may_be_damaged(
    run: Run, server: ScriptedProvider, tmp_path: Path
) -> None:
    """Then nothing is paid for (10) before `use` says which ledger it is."""
    assert pays(run, server, "one", None).code == 0
    (tmp_path / "state" / "ledger-in-use.json").write_text("{")
    done = pays(run, server, "two", None)
    assert (done.code, done.out) == (10, "")
    assert run("list").code == 0
    assert run("ledger", "use").code == 0
    assert pays(run, server, "two", None).code == 0


def test_a_server_that_is_away(run: Run, server: ScriptedProvider) -> None:
    """10, and nothing is sent."""
    done = pays(run, server, "one", NOWHERE)
    assert (done.code, done.out) == (10, "")
    assert SHOWN in done.err
    assert "s3cr" not in done.err
    assert server.posts() == 0


def test_a_check_of_the_shared_one(
    run: Run, postgres: Server, url: str, clock: FakeClock, shared: SharedLedger
) -> None:
    """In order, with the server's settings and this role's rights; one that is not there yet."""
    env = {"SEEDANCE_LEDGER": url}
    done = run("ledger", "check", env=env)
    assert (done.code, done.out) == (0, "")
    with Ledger.open(shared, clock, create=True) as ledger:
        submit(ledger)
    done = run("ledger", "check", "--json", env=env)
    assert done.json["whole"] is True
    states = {one["name"]: one["state"] for one in done.json["checks"]}
    assert states.items() >= {"server": "ok", "rights": "ok", "indexes": "ok", "rows": "ok"}.items()
    postgres.sql("UPDATE seedance.intents SET evidence = '{'")
    assert run("ledger", "check", env=env).code == 10
    postgres.sql("DROP TABLE seedance.files")
    done = run("ledger", "check", "--json", env=env)
    assert (done.code, done.json["whole"]) == (10, False)
    (found,) = done.json["checks"]
    assert found["state"] == "fault"
    assert "files" in found["words"]

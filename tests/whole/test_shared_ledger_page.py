"""docs/shared-ledger.md: its statements and scripts, run as they stand against a real server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

import seedance_cli
from seedance_cli.testing import sandbox_server  # noqa: F401 - a fixture
from support.scripted_provider import done
from support.workflows import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seedance_cli.testing import SandboxServer
    from support.postgres import Server
    from support.runner import Run
    from support.scripted_provider import ScriptedProvider

ROOT = Path(seedance_cli.__file__).parent.parent
PAGE = (ROOT / "docs" / "shared-ledger.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"```(?:sh|sql|yaml) shared-([\w-]+)\n(.*?)```", PAGE, re.DOTALL))
KEYS = ("08", "09", "10", "11", "12")


@pytest.fixture
def film(postgres: Server) -> Iterator[str]:
    """A database of that name, and the roles of the page without any rights; its URL as `super`."""
    postgres.sql("CREATE DATABASE film")
    postgres.sql(BLOCKS["roles"])
    yield postgres.url("film")
    postgres.sql("DROP DATABASE film WITH (FORCE)")
    postgres.sql("DROP ROLE ledger_owner, render, report")


@pytest.mark.usefixtures("film")
def test_the_statements_are_enough_and_no_more(
    run: Run,
    postgres: Server,
    server: ScriptedProvider,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The owner makes the tables; one role pays; one reads, and cannot pay."""

    def machine(role: str) -> dict[str, str | None]:
        url = postgres.url("film", role)
        return {**server.env("runbase"), "SEEDANCE_LEDGER": url}

    def lacks(role: str) -> str:
        checks = run("ledger", "check", "--json", env=machine(role)).json["checks"]
        return next(str(one["words"]) for one in checks if one["name"] == "rights")

    monkeypatch.setenv("SEEDANCE_STATE_DIR", str(tmp_path / "render"))
    submit = ("generate", "a boat", "-p", "runbase")
    assert run(*submit, env=machine("render")).code == 10  # there are no tables yet
    assert run("ledger", "use", env=machine("ledger_owner")).code == 0
    assert run(*submit, env=machine("render")).code == 10
    assert server.posts() == 0
    with psycopg.connect(postgres.url("film", "ledger_owner"), autocommit=True) as owner:
        owner.execute(BLOCKS["grants"].encode())
    assert lacks("render") == "this role may do all that is needed"
    server.task("t1", done())
    assert run(*submit, "-o", "boat.mp4", env=machine("render")).code == 0
    assert lacks("report").startswith("may not insert on meta")
    monkeypatch.setenv("SEEDANCE_STATE_DIR", str(tmp_path / "report"))
    assert len(run("list", "--json", env=machine("report")).json) == 1
    assert run("status", "@1", env=machine("report")).code == 0
    assert run("spend", env=machine("report")).code == 0
    refused = run("generate", "another", "-p", "runbase", env=machine("report"))
    assert (refused.code, refused.out) == (10, "")
    assert server.posts() == 1


def shell(home: Path, script: str, env: Mapping[str, str], *, cwd: Path | None = None) -> str:
    """Run a script on a machine whose home that is; its stdout."""
    command = home / ".local" / "bin" / "seedance"
    command.parent.mkdir(parents=True, exist_ok=True)
    command.write_text(
        f"#!/bin/sh\nPYTHONPATH='{ROOT}' exec '{sys.executable}' -m seedance_cli \"$@\"\n"
    )
    command.chmod(0o755)
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        ["sh", "-ec", script],
        env={"HOME": str(home), "PATH": path, **env},
        cwd=cwd,
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
        check=True,
    )
    return ended.stdout


def here(script: str, url: str) -> str:
    """The same with the address of the test's server."""
    return re.sub(r"postgresql://[^\s\"]+", f"'{url}'", script)


def shots(folder: Path) -> None:
    """The file of the batch."""
    folder.mkdir(exist_ok=True)
    rows = "".join(f"{key},a boat,4,480p\n" for key in KEYS)
    (folder / "shots.csv").write_text(f"id,prompt,duration,resolution\n{rows}")


def bought(run: Run, url: str) -> list[str]:
    """What the tasks of the shared ledger are called."""
    return sorted(one["name"] for one in run("list", "--json", env={"SEEDANCE_LEDGER": url}).json)


@pytest.fixture
def seller(sandbox_server: SandboxServer) -> dict[str, str]:  # noqa: F811 - the fixture
    """The variables with which the sandbox is a real seller to a machine."""
    sandbox_server.seconds = 0
    return {**sandbox_server.env, "SEEDANCE_PROVIDER": "runbase"}


@pytest.mark.full
def test_the_first_lines_and_the_move(
    tmp_path: Path, film: str, seller: dict[str, str], run: Run
) -> None:
    """A ledger is made and found in order; a machine with a ledger of its own moves into it."""
    home = tmp_path / "first"
    start = here(BLOCKS["start"].partition("postgres:17\n")[2], film)
    assert "server\tok\tPostgreSQL" in shell(home, start, {})
    old = tmp_path / "second"
    submit = 'seedance generate "a boat" -d 4 -p runbase'
    shell(old, f"{submit} --name old", seller)
    with pytest.raises(subprocess.CalledProcessError) as refused:
        shell(old, f"{submit} --name new", {**seller, "SEEDANCE_LEDGER": film})
    assert refused.value.returncode == 3
    for _ in range(2):
        shell(old, here(BLOCKS["move"], film) + f"\n{submit} --name new", seller)
    assert bought(run, film) == ["new", "old"]


@pytest.mark.full
def test_a_matrix_without_a_cache_pays_once_for_each_row(
    tmp_path: Path, film: str, seller: dict[str, str], run: Run
) -> None:
    """Each job begins on an empty machine; one started again, or of other shares, pays nothing."""
    job = load(BLOCKS["github"])["jobs"]["shots"]
    (script,) = [step["run"] for step in job["steps"] if "run" in step]
    assert job["env"]["SEEDANCE_LEDGER"].startswith("postgresql://")
    for number, share in enumerate((1, 2, 3, 1, 2)):
        space = tmp_path / "space"
        shutil.rmtree(space, ignore_errors=True)
        shots(space)
        env = {
            **seller,
            "SHARE": str(share),
            "SEEDANCE_LEDGER": film,
            "SEEDANCE_PROVIDER": "runbase",
        }
        other = script.replace("/3", "/2") if number == 4 else script
        shell(tmp_path / f"home-{number}", other, env, cwd=space)
        assert list((space / "shots").glob("*.mp4"))
    assert bought(run, film) == [f"shots/{key}" for key in KEYS]


@pytest.mark.full
def test_an_array_pays_once_for_each_row(
    tmp_path: Path, film: str, seller: dict[str, str], run: Run
) -> None:
    """Its members differ by one variable; all save into one folder, and one is requeued."""
    shots(tmp_path / "film")
    script = here(BLOCKS["slurm"], film).replace("/20", "/3")
    for number, share in enumerate((1, 2, 3, 1)):
        env = {**seller, "SLURM_ARRAY_TASK_ID": str(share)}
        shell(tmp_path / f"node-{number}", script, env, cwd=tmp_path / "film")
    assert bought(run, film) == [f"shots/{key}" for key in KEYS]
    assert len(list((tmp_path / "film" / "shots").glob("*.mp4"))) == len(KEYS)

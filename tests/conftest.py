"""Every test has a home of its own, and no key, proxy or endpoint of the machine's."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from seedance_cli.ledger import SharedLedger
from support import postgres as postgres_server
from support.fake_clock import FakeClock
from support.runner import Run, Spawn, in_process, spawner
from support.scripted_provider import ScriptedProvider

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.postgres import Server

FOREIGN = re.compile(
    r".*_API_KEY|.*_BASE_URL|_?SEEDANCE_.*|(https?|all|no|ftp)_proxy|NO_COLOR|FORCE_COLOR|CI"
    r"|TTY_.*|CLICOLOR.*|COLUMNS|LINES|COLORTERM|SSL_CERT_(FILE|DIR)|_?TYPER_.*"
    r"|GITHUB_.*|RUNNER_.*|SSLKEYLOGFILE|PYTHON(WARNINGS|UTF8|IOENCODING|UNBUFFERED)",
    re.IGNORECASE,
)
"""Variables of the machine that would change what the program does."""


# How long an example takes says more of the machine's load than of the program.
settings.register_profile("seedance", deadline=None)
settings.load_profile("seedance")

for _signal in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
    # A shell that runs the suite in the background lets it, and so every program that it starts,
    # ignore these.
    if signal.getsignal(_signal) is signal.SIG_IGN:
        with contextlib.suppress(ValueError):
            signal.signal(_signal, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary home, a clean environment, and an empty current folder `cwd` beside it."""
    for name in list(os.environ):
        if FOREIGN.fullmatch(name):
            monkeypatch.delenv(name)
    # Whatever terminal the suite is run in: a test that looks at hyperlinks asks for them.
    monkeypatch.setenv("FORCE_HYPERLINK", "0")
    folder = tmp_path / "home"
    for name, path in {
        "HOME": folder,
        "USERPROFILE": folder,
        "XDG_CONFIG_HOME": folder / ".config",
        "XDG_STATE_HOME": folder / ".local" / "state",
        "XDG_CACHE_HOME": folder / ".cache",
        "XDG_DATA_HOME": folder / ".local" / "share",
        "APPDATA": folder / "AppData" / "Roaming",
        "LOCALAPPDATA": folder / "AppData" / "Local",
    }.items():
        monkeypatch.setenv(name, str(path))
    folder.mkdir()
    monkeypatch.setenv("SEEDANCE_CONFIG", str(tmp_path / "config" / "config.toml"))
    monkeypatch.setenv("SEEDANCE_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    return folder


@pytest.fixture
def run() -> Run:
    """`run(*argv, stdin=…, env=…, clock=…)`: the program in this process."""
    return in_process


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """`spawn(*argv, …)`: the program as a real process, killed at the end if it still runs."""
    yield from spawner()


@pytest.fixture
def clock() -> FakeClock:
    """A clock on which waiting takes no time."""
    return FakeClock()


@pytest.fixture
def server() -> Iterator[ScriptedProvider]:
    """A provider that accepts everything, and says of its tasks what a test scripts."""
    with ScriptedProvider() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for what a test saves."""
    path = tmp_path / "videos"
    path.mkdir()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server of this test process."""
    with postgres_server.running() as server:
        yield server


@pytest.fixture
def shared(postgres: Server, tmp_path: Path) -> Iterator[SharedLedger]:
    """The place of a shared ledger that nobody has made yet."""
    yield SharedLedger.at(postgres.url(), tmp_path / "state")
    postgres.empty()


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | SharedLedger:
    """Where a ledger may be: a folder, or a database."""
    if request.param == "sqlite":
        return tmp_path / "ledger"
    found: SharedLedger = request.getfixturevalue("shared")
    return found

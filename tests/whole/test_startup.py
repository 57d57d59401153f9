"""What a start loads and builds: the quick ways stay quick, and offer what the slow way would."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from seedance_cli.cli import program as cli
from seedance_cli.ledger.record import Ledger
from seedance_cli.ledger.statements import TERMINAL
from seedance_cli.models import Status
from seedance_cli.system.clock import SystemClock
from seedance_cli.system.folders import config_file, state_dir
from support import ledgers
from support.bytes_server import BytesServer, Client, Request, head

if TYPE_CHECKING:
    from support.runner import Run, Spawn

HEAVY = {"httpx", "rich", "asyncio", "pydantic", "platformdirs", "starlette", "av", "psycopg"}
REPORTED = """
import sys
from seedance_cli.__main__ import main
code = main()
sys.stderr.write("LOADED " + " ".join(sorted({name.partition(".")[0] for name in sys.modules})))
sys.stderr.write("\\nOURS " + " ".join(n for n in sys.modules if n.startswith("seedance_cli.")))
raise SystemExit(code)
"""
COMMANDS = (
    "generate",
    "status",
    "wait",
    "cancel",
    "price",
    "providers",
    "list",
    "recover",
    "retry",
    "download",
    "dismiss",
    "batch",
    "spend",
    "gallery",
    "ledger",
    "login",
    "logout",
    "sandbox",
    "profile",
)


COUNTED = """
import ssl, sys
built = ssl.create_default_context
def count(*words, **options):
    sys.stderr.write("BUNDLE READ\\n")
    return built(*words, **options)
ssl.create_default_context = count
"""
"""Says so each time that a bundle of certificates is read."""


def tab(line: str, shell: str = "bash") -> dict[str, str]:
    """The environment in which a completion script calls the program."""
    return {"_SEEDANCE_COMPLETE": f"complete_{shell}", "_SEEDANCE_LINE": line}


@pytest.fixture
def ledger() -> None:
    with Ledger.open(Path(os.environ["SEEDANCE_STATE_DIR"]), SystemClock(), create=True) as opened:
        ledgers.submit(opened, "t1")


@pytest.fixture(params=[False, True], ids=["named folders", "the user's folders"])
def folders(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the folders of the tests, and with those that every user has."""
    if request.param:
        state = Path(os.environ["SEEDANCE_STATE_DIR"])
        monkeypatch.setenv("XDG_STATE_HOME", str(state.parent))
        state.rename(state.with_name("seedance"))
        monkeypatch.delenv("SEEDANCE_STATE_DIR")
        monkeypatch.delenv("SEEDANCE_CONFIG")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs knows the folders")
@pytest.mark.usefixtures("ledger", "folders")
@pytest.mark.parametrize(
    ("words", "env", "shown"),
    [
        (["--version"], {}, "seedance "),
        ([], tab("seedance "), "wait\n"),
        ([], tab("seedance wa"), "wait\n"),
        ([], tab("seedance generate -p "), "runbase\n"),
        ([], tab("seedance generate --"), "--max-cost\n"),
        ([], tab("seedance generate -p runbase -d "), "8\n"),
        ([], tab("seedance wait "), "runbase:t1\n"),
        (["price", "-p", "seedanceapi", "-d", "8", "-r", "720p", "--audio"], {}, "56 credits"),
        (["price"], {}, "seedanceapi\t"),
        (["price", "--json"], {}, '"seedanceapi"'),
        (["list"], {}, "runbase:t1"),
        (["list", "--json"], {}, "runbase:t1"),
    ],
)
def test_a_quick_command_loads_nothing_heavy(
    words: list[str], env: dict[str, str], shown: str, spawn: Spawn
) -> None:
    """No HTTP client, no rich, no event loop, no platformdirs: counted at the end of a process."""
    done = spawn(*words, env=env, code=REPORTED).finish()
    assert done.code == 0
    assert shown in done.out
    loaded = next(line for line in done.err.splitlines() if line.startswith("LOADED "))
    assert not HEAVY & set(loaded.split())
    assert "seedance_cli.system.mounts" not in done.err  # only what pays asks for the file system


@pytest.mark.usefixtures("ledger")
def test_a_tab_press_makes_no_values(spawn: Spawn) -> None:
    """Refs are read by name alone: neither rows nor profiles become values."""
    done = spawn(env=tab("seedance wait "), code=REPORTED).finish()
    ours = next(line for line in done.err.splitlines() if line.startswith("OURS ")).split()
    assert "seedance_cli.cli.commands.wait" in ours
    assert not {
        "seedance_cli.models.submission",
        "seedance_cli.models.task",
        "seedance_cli.ledger.record",
        "seedance_cli.config.resolve",
    } & set(ours)


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize(
    ("words", "env", "most"),
    [
        (["--version"], {}, 6),
        ([], tab("seedance "), 24),
        ([], tab("seedance wait "), 40),
        (["list"], {}, 96),
        (["price", "-p", "seedanceapi", "-d", "8", "-r", "720p", "--audio"], {}, 108),
    ],
)
def test_a_quick_command_imports_few_modules(
    words: list[str], env: dict[str, str], most: int, spawn: Spawn
) -> None:
    """Each takes a tenth of a millisecond at least; there is room for some more."""
    done = spawn(*words, env=env, code=REPORTED).finish()
    line = next(line for line in done.err.splitlines() if line.startswith("OURS "))
    assert len(line.split()) - 1 <= most
    loaded = next(line for line in done.err.splitlines() if line.startswith("LOADED ")).split()
    assert not {"hashlib", "secrets", "random"} & set(loaded)


@pytest.mark.parametrize(
    ("words", "env", "builds"),
    [
        (["--version"], {}, set()),
        ([], tab("seedance "), set()),
        ([], tab("seedance price -"), {"price"}),
        (["price"], {}, {"price"}),
        (["list"], {}, {"list"}),
        (["profile", "path"], {}, {"profile"}),
    ],
)
def test_only_the_command_asked_for_is_built(
    words: list[str], env: dict[str, str], builds: set[str], spawn: Spawn
) -> None:
    """The other commands are not even imported."""
    done = spawn(*words, env=env, code=REPORTED).finish()
    ours = next(line for line in done.err.splitlines() if line.startswith("OURS ")).split()
    folder = "seedance_cli.cli.commands."
    loaded = {name.removeprefix(folder) for name in ours if name.startswith(folder)}
    assert {name for name in loaded if not name.startswith("_")} == builds


def test_help_lists_every_command(run: Run) -> None:
    """All of them, in their order, each with the first sentence of its own help."""
    text = run("--help").out
    found = [line.split()[0] for line in text.splitlines() if line.startswith("  ")]
    assert [word for word in found if word in COMMANDS] == list(COMMANDS)
    assert "Poll until every task has ended." in text


def test_tab_offers_every_command(spawn: Spawn) -> None:
    """The names that the help lists, in the same order."""
    assert tuple(spawn(env=tab("seedance ")).finish().out.split()) == COMMANDS


def test_every_module_with_examples_is_a_command() -> None:
    """A command that is written and not listed would be missed by nobody."""
    folder = Path(cli.__file__).parent / "commands"
    modules = {
        path.stem
        for path in folder.glob("[!_]*.py")
        if "\nEXAMPLES = " in path.read_text(encoding="utf-8")
    }
    assert modules == set(COMMANDS)
    root: Any = typer.main.get_command(cli.app)
    context = root.make_context("seedance", [], resilient_parsing=True)
    assert tuple(root.list_commands(context)) == COMMANDS
    assert [root.get_command(context, name).name for name in COMMANDS] == list(COMMANDS)


def test_a_mistyped_command_is_corrected(spawn: Spawn) -> None:
    """The nearest name is suggested, though a new process has built none of the commands."""
    done = spawn("profil").finish()
    assert done.code == 2
    assert "Did you mean 'profile'?" in done.err


def test_a_completion_ends_well(spawn: Spawn) -> None:
    """Its exit code is 0."""
    assert spawn(env=tab("seedance wa")).finish().code == 0


def test_the_tables_know_the_terminal_statuses() -> None:
    """The words in the ledger's statements are those of `Status`."""
    assert set(TERMINAL) == {status.value for status in Status if status.terminal}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs is asked")
@pytest.mark.parametrize("home", ["/home/ann", "/home/ann/", "/", "", "relative", None])
@pytest.mark.parametrize("base", ["/srv/base", "", "relative", "~/base", None])
def test_the_users_folders_are_those_of_platformdirs(
    home: str | None, base: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is worked out here on Linux is what platformdirs says."""
    import platformdirs

    for name, value in (("HOME", home), ("XDG_STATE_HOME", base), ("XDG_CONFIG_HOME", base)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert state_dir({}) == platformdirs.user_state_path("seedance")
    assert config_file({}) == platformdirs.user_config_path("seedance") / "config.toml"


def test_status_over_http_reads_no_certificates(spawn: Spawn) -> None:
    """Reading the bundle takes longer than the question."""

    def running(request: Request, client: Client) -> None:
        assert request.target == "/v1/status?task_id=t1"
        body = b'{"code": 200, "data": {"task_id": "t1", "status": "IN_PROGRESS"}}'
        client.send(head(200, {"Content-Length": f"{len(body)}"}) + body)

    with BytesServer(running) as server:
        env = {"SEEDANCEAPI_BASE_URL": f"{server.url}/v1", "SEEDANCEAPI_API_KEY": "sd_key"}
        done = spawn("status", "seedanceapi:t1", env=env, code=COUNTED + REPORTED).finish()
    assert done.code == 0
    assert "running" in done.out
    assert "httpx" in done.err.split()
    assert "BUNDLE READ" not in done.err


def test_the_certificates_are_read_once_a_process(spawn: Spawn) -> None:
    """However many endpoints are asked over https."""
    asking = """
from seedance_cli.system.clock import SystemClock
from seedance_cli.http.wire import Wire
wires = [Wire(f"https://{name}.example/v1", SystemClock()) for name in "abc"]
for wire in wires:
    wire.close()
"""
    done = spawn(code=COUNTED + asking).finish()
    assert done.code == 0, done.err
    assert done.err.count("BUNDLE READ") == 1


def test_httpx_comes_without_its_command_line(spawn: Spawn) -> None:
    """It has click, rich and pygments in it, which the extras bring, and nobody here calls it.

    Who asks for it afterwards, in the same process, gets the real one.
    """
    code = (
        "import sys; import seedance_cli.http.client\n"
        "found = {'click', 'rich', 'pygments', 'httpx._main'} & set(sys.modules)\n"
        "import httpx._main\n"
        "print(sorted(found), httpx._main.main.name)"
    )
    done = spawn(code=code).finish()
    assert (done.out, done.code) == ("[] main\n", 0), done.err


@pytest.mark.parametrize(("word", "code"), [("--version", 0), ("frobnicate", 2)])
def test_the_command_ends_its_process_itself(word: str, code: int, spawn: Spawn) -> None:
    """All is said and flushed by then; what the interpreter would clear away is not waited for."""
    ending = (
        "import atexit, sys; atexit.register(print, 'cleared away', file=sys.stderr)\n"
        "from seedance_cli.__main__ import script; script()"
    )
    done = spawn(word, code=ending).finish()
    assert (done.code, "cleared away" in done.err) == (code, False)
    assert done.out.startswith("seedance ") == (code == 0)

"""Faults 43 to 46: homes, proxies, a ledger in the way, and words that cannot be sent."""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seedance_cli.ledger import sqlite_file
from seedance_cli.ledger.record import Ledger
from support import no_locks
from support.bytes_server import BytesServer, answer
from support.scripted_provider import ScriptedProvider, done

if TYPE_CHECKING:
    from support.runner import Run, Spawn

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX paths")
PAY = ("generate", "a boat", "-p", "runbase")
PROXIES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy"),
)


# 43: no terminal, no home, no right to write


GONE = """
import os, sys, tempfile
os.chdir(tempfile.mkdtemp())
os.rmdir(os.getcwd())
from seedance_cli.__main__ import main
sys.exit(main())
"""
"""The program, in a current folder that is not there any more."""


@posix
def test_fault_43_without_a_current_folder_only_saving_there_fails(
    spawn: Spawn, server: ScriptedProvider, tmp_path: Path
) -> None:
    """A bare `wait`, a `wait REF` and an absolute `-o` need none; `--download` says so."""
    server.task("t1", done(server.video("t1.mp4")))
    env = server.env()
    assert spawn("wait", env=env, code=GONE).finish().code == 0
    assert spawn("wait", "runbase:t1", env=env, code=GONE).finish().code == 0
    result = spawn("wait", "runbase:t1", "-o", f"{tmp_path}/new/", env=env, code=GONE).finish()
    assert result.code == 0, result.err
    assert Path(result.out.strip()).is_file()
    for words in (("wait", "runbase:t1"), ("wait",), PAY):
        result = spawn(*words, "--download", env=env, code=GONE).finish()
        assert result.code == 10, result.err
        assert "current folder" in result.err
        assert "Traceback" not in result.err
    assert server.posts() == 0


@posix
def test_fault_43_a_current_folder_that_goes_while_it_pays_costs_nothing(
    run: Run, server: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The video goes to the folder that was the current one before the task was paid for."""
    here = Path.cwd()
    real = Ledger.accept

    def accept(*words: Any, **options: Any) -> Any:
        here.rmdir()
        return real(*words, **options)

    monkeypatch.setattr(Ledger, "accept", accept)
    server.task("t1", done(server.video("t1.mp4")))
    result = run(*PAY, "--download", "--json", env=server.env())
    assert result.code == 0, result.err
    assert result.json["files"] == [str(here / "runbase-t1.mp4")]
    assert (here / "runbase-t1.mp4").is_file()


@posix
def test_fault_43_without_a_terminal_nothing_prompts(
    spawn: Spawn, server: ScriptedProvider
) -> None:
    """With stdin a pipe that stays open but silent, only what must read it waits for it."""
    env = server.env("runbase")
    env["RUNBASE_API_KEY"] = None
    process = [
        spawn(*words, stdin="pipe", env=env)
        for words in (("generate", "a boat", "-p", "runbase"), ("status",), ("profile", "show"))
    ]
    ends = [one.popen.wait(20) for one in process]
    assert ends[0] == 3
    assert None not in ends


def test_fault_43_an_empty_stdin_is_not_asked_twice(run: Run, server: ScriptedProvider) -> None:
    """Without a key or a prompt, and no terminal, each command fails at once, sending nothing."""
    env = server.env("runbase")
    assert run("login", "runbase", env=env).code == 2
    assert run("generate", "-p", "runbase", env=env).code == 2
    env["RUNBASE_API_KEY"] = None
    assert run(*PAY, env=env).code == 3
    assert not server.server.requests


@posix
def test_fault_43_without_home(spawn: Spawn, server: ScriptedProvider, tmp_path: Path) -> None:
    """With HOME unset, named places are used, and the whole way works."""
    unset = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "USER", "LOGNAME"))
    result = spawn(*PAY, env={**server.env("runbase"), **unset}).finish()
    assert (result.code, result.out) == (0, "runbase:t1\n")
    assert (tmp_path / "state" / "ledger.db").is_file()


@posix
def test_fault_43_without_any_place(spawn: Spawn, server: ScriptedProvider) -> None:
    """A process whose user has no home at all is told which variables to set, and pays nothing."""
    unset = dict.fromkeys(
        ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "SEEDANCE_CONFIG", "SEEDANCE_STATE_DIR")
    )
    code = (
        "import os, pwd, sys\n"
        "def unknown(uid): raise KeyError(uid)\n"
        "pwd.getpwuid = unknown\n"
        "from seedance_cli.__main__ import main\n"
        "sys.exit(main())"
    )
    result = spawn(*PAY, env={**server.env("runbase"), **unset}, code=code).finish()
    assert result.code in {3, 10}
    assert "SEEDANCE_" in result.err
    assert "Traceback" not in result.err
    assert server.posts() == 0


def unwritable(kind: str, tmp_path: Path) -> Path:
    """A state folder that nobody can make, root neither."""
    if kind == "below a file":
        (tmp_path / "file").write_text("in the way")
        return tmp_path / "file" / "state"
    if kind == "a file":
        (tmp_path / "file").write_text("in the way")
        return tmp_path / "file"
    if kind == "a dangling link":
        (tmp_path / "link").symlink_to(tmp_path / "file" / "gone")
        (tmp_path / "file").write_text("in the way")
        return tmp_path / "link"
    return Path("/proc/self/fdinfo/state")


@posix
@pytest.mark.parametrize("kind", ["below a file", "a file", "a dangling link", "in /proc"])
@pytest.mark.parametrize("more", [(), ("--wait",), ("--download",), ("--json",)])
def test_fault_43_a_state_folder_that_cannot_be_written(
    kind: str, more: tuple[str, ...], run: Run, server: ScriptedProvider, tmp_path: Path
) -> None:
    """Where the ledger has no place, `generate` is 10 and not a byte is sent."""
    if kind == "in /proc" and not Path("/proc/self/fdinfo").is_dir():
        pytest.skip("there is no /proc")
    env = {**server.env("runbase"), "SEEDANCE_STATE_DIR": str(unwritable(kind, tmp_path))}
    result = run(*PAY, *more, env=env)
    assert (result.code, result.out) == (10, "")
    assert server.server.connections == 0


@posix
def test_fault_43_a_ref_is_read_without_a_ledger(
    run: Run, server: ScriptedProvider, tmp_path: Path
) -> None:
    """Where the ledger has no place, a task whose ref is known can still be waited for."""
    server.task("t1", done())
    env = {**server.env("runbase"), "SEEDANCE_STATE_DIR": str(unwritable("a file", tmp_path))}
    result = run("wait", "runbase:t1", env=env)
    assert result.out == f"{server.video('t1.mp4')}\n"
    assert run("status", "runbase:t1", env=env).out.startswith("runbase:t1\tsucceeded\t")


# 44: proxies and certificates


def test_fault_44_loopback_never_goes_through_a_proxy(run: Run, server: ScriptedProvider) -> None:
    """With every proxy variable set, submit, poll and download reach this machine directly."""
    with BytesServer(answer(502, b"proxied")) as proxy:
        env = {**server.env("runbase"), **dict.fromkeys(PROXIES, proxy.url)}
        server.task("t1", done())
        for host in ("127.0.0.1", "localhost"):
            env["RUNBASE_BASE_URL"] = server.endpoint("runbase").replace("127.0.0.1", host)
            assert run("status", "runbase:t1", env=env).code == 0, host
        assert run(*PAY, "--download", "--again", env=env).code == 0
        assert proxy.connections == 0
    assert server.posts() == 1
    assert server.fetched("t1.mp4") >= 1


def test_fault_44_another_host_does_go_through_it(run: Run) -> None:
    """The same variables are used for a host that is not this machine: no name is looked up."""
    with BytesServer(answer(502, b"no")) as proxy:
        env: dict[str, str | None] = dict.fromkeys(PROXIES, proxy.url)
        env.update(RUNBASE_BASE_URL="https://runbase.invalid/api", RUNBASE_API_KEY="some-key-1")
        result = run(*PAY, env=env)
        assert result.code == 5
        assert "proxy" in result.err
        assert {request.method for request in proxy.requests} == {"CONNECT"}


@pytest.mark.parametrize(
    ("named", "env"),
    [
        ("NO_PROXY", {"NO_PROXY": "[::1]", "HTTPS_PROXY": "http://127.0.0.1:1"}),
        ("no_proxy", {"no_proxy": "[::1]", "HTTPS_PROXY": "http://127.0.0.1:1"}),
        ("ALL_PROXY", {"ALL_PROXY": "socks5://127.0.0.1:1"}),
        ("HTTPS_PROXY", {"HTTPS_PROXY": "socks5h://user:secretpass1@127.0.0.1:1"}),
        ("HTTPS_PROXY", {"HTTPS_PROXY": "nonsense://user:secretpass1@x"}),
        ("HTTPS_PROXY", {"HTTPS_PROXY": "http://user:secretpass1@h:port"}),
        ("SSL_CERT_FILE", {"SSL_CERT_FILE": "/nowhere/at/all.pem"}),
        ("SSL_CERT_FILE", {"SSL_CERT_FILE": os.devnull}),
        ("SSL_CERT_FILE", {"SSL_CERT_FILE": str(Path(__file__).parent)}),
        ("SSL_CERT_DIR", {"SSL_CERT_DIR": "/nowhere/at/all"}),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value.values()),
)
@pytest.mark.parametrize("words", [PAY, ("status", "runbase:t1")], ids=["generate", "status"])
def test_fault_44_variables_that_cannot_be_used(
    named: str, env: dict[str, str | None], words: tuple[str, ...], run: Run
) -> None:
    """Each is 3, naming the variable and no password, before anything is sent or written."""
    if "socks" in str(env) and importlib.util.find_spec("socksio") is not None:
        pytest.skip("with socksio such a proxy is no fault")
    base = {"RUNBASE_BASE_URL": "https://runbase.invalid/api", "RUNBASE_API_KEY": "some-key-1"}
    result = run(*words, env={**base, **env})
    assert result.code == 3, result.err
    assert named in result.err
    assert "secretpass1" not in result.err
    assert run("list", "--all", "--json").json == []


@pytest.mark.parametrize("no_proxy", ["[::1]", "::1", "127.0.0.1,[::1]", "*", "runbase.net"])
def test_fault_44_no_proxy_does_not_matter_to_loopback(
    no_proxy: str, run: Run, server: ScriptedProvider
) -> None:
    """What a NO_PROXY cannot be parsed to stops only what would go through a proxy."""
    server.task("t1", "queued")
    env = {**server.env("runbase"), "NO_PROXY": no_proxy, "HTTP_PROXY": "http://127.0.0.1:1"}
    assert run("status", "runbase:t1", env=env).code == 0


# 45: the ledger


@pytest.fixture
def path(tmp_path: Path, run: Run, server: ScriptedProvider) -> Path:
    """A ledger with one task in it."""
    assert run(*PAY, env=server.env("runbase")).code == 0
    return tmp_path / "state" / "ledger.db"


def test_fault_45_locked_by_another_process(
    path: Path, spawn: Spawn, run: Run, server: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ledger that another process holds is waited for, within bounds; then 10, nothing sent."""
    monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0.3)
    code = (
        "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('BEGIN EXCLUSIVE'); print('held', flush=True); sys.stdin.read()"
    )
    holder = spawn(str(path), stdin="pipe", code=code)
    holder.wait_for("held", "out")
    start = time.monotonic()
    result = run(*PAY, "--again", "--json", env=server.env("runbase"))
    assert 0.3 <= time.monotonic() - start < 10
    assert result.code == 10
    assert "locked by another process" in result.error["message"]
    assert server.posts() == 1
    holder.finish()
    assert run(*PAY, env=server.env("runbase")).code == 0


def test_fault_45_a_lock_that_is_let_go_in_time_is_waited_for(
    path: Path, spawn: Spawn, run: Run, server: ScriptedProvider
) -> None:
    """A short hold of another process costs time and nothing else."""
    code = (
        "import sqlite3, sys, time; db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('BEGIN EXCLUSIVE'); print('held', flush=True); time.sleep(0.3)"
    )
    spawn(str(path), code=code).wait_for("held", "out")
    assert run(*PAY, env=server.env("runbase")).code == 0
    assert server.posts() == 2


@no_locks.NEEDED
@pytest.mark.parametrize("error", ["ENOLCK", "ENOTSUP", "EINVAL", "ENOSYS"])
def test_fault_45_a_file_system_without_locks(
    error: str, path: Path, spawn: Spawn, server: ScriptedProvider
) -> None:
    """It is called that, at once: no other process is blamed and waited for; 10, nothing sent."""
    code = f"{no_locks.PRELUDE}\nfrom seedance_cli.__main__ import main; raise SystemExit(main())"
    env = {**server.env("runbase"), "NO_LOCKS": error}
    commands = (PAY, (*PAY, "--sandbox"), ("login", "defapi"), ("list",))
    running = [spawn(*words, stdin=b"k-1", env=env, code=code) for words in commands]
    results = [process.finish() for process in running]
    assert [result.code for result in results] == [10, 10, 10, 10]
    for result in results:
        assert "another process" not in result.err
    assert "ledger.db cannot be locked: its file system has no locks" in results[0].err
    assert "hint: set SEEDANCE_STATE_DIR" in results[0].err
    assert "its file system has no locks" in results[1].err
    assert "SEEDANCE_STATE_DIR" in results[1].err
    assert f"{path} cannot be locked" in results[3].err
    assert server.posts() == 1


@pytest.mark.parametrize("damage", ["text", "cut", "hole", "empty", "folder"])
def test_fault_45_damaged(damage: str, path: Path, run: Run, server: ScriptedProvider) -> None:
    """A damaged ledger refuses paid submits (10) and is kept to the byte; reading a ref works."""
    whole = path.read_bytes()
    if damage == "folder":
        path.unlink()
        path.mkdir()
    elif damage == "text":
        path.write_bytes(b"this is no database, but some text that is long enough" * 20)
    elif damage == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "hole":
        path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))
    else:
        path.write_bytes(b"\0" * 4096)
    before = None if path.is_dir() else path.read_bytes()
    env = server.env("runbase")
    result = run(*PAY, env=env)
    assert result.code == 10
    assert "ledger" in result.err
    assert server.posts() == 1
    for words in (("list",), ("wait",), ("status",), ("recover",)):
        assert run(*words, env=env).code == 10, words
    server.task("t1", done())
    assert run("wait", "runbase:t1", env=env).out == f"{server.video('t1.mp4')}\n"
    assert path.is_dir() if before is None else path.read_bytes() == before


def test_fault_45_newer_schema(path: Path, run: Run, server: ScriptedProvider) -> None:
    """A ledger of a later version is 10 and is not written."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version=99")
    before = path.read_bytes()
    for words in (PAY, ("list",), ("wait",), ("recover",)):
        result = run(*words, env=server.env("runbase"))
        assert result.code == 10, words
        assert "newer" in result.err
    assert server.posts() == 1
    assert path.read_bytes() == before


# 46: words that cannot be sent


@pytest.mark.parametrize("prompt", ["nul \0 byte", "lone \udcff surrogate", "", "  ", "\n"])
@pytest.mark.parametrize("how", ["argument", "stdin", "file"])
def test_fault_46_prompts_that_cannot_be_sent(
    prompt: str, how: str, run: Run, server: ScriptedProvider, tmp_path: Path
) -> None:
    """An empty prompt, or one that no JSON carries, is 2 however it comes, and nothing is sent."""
    raw = prompt.encode("utf-8", "surrogateescape")
    file = tmp_path / "prompt"
    file.write_bytes(raw)
    words = {"argument": (prompt,), "stdin": ("-",), "file": ("-f", str(file))}[how]
    result = run("generate", *words, "-p", "runbase", stdin=raw, env=server.env("runbase"))
    assert result.code == 2
    assert not server.server.requests


@posix
def test_fault_46_bytes_that_are_no_utf8(spawn: Spawn, server: ScriptedProvider) -> None:
    """A real argument of bytes that are no UTF-8 is 2, and is not shown raw."""
    code = (
        "import os, sys; os.execv(sys.executable, [os.fsencode(sys.executable), b'-m', "
        "b'seedance_cli', b'generate', b'boat \\xff\\x1b', b'-p', b'runbase'])"
    )
    result = spawn(code=code, env=server.env("runbase")).finish()
    assert result.code == 2
    assert b"\xff" not in result.err_bytes
    assert b"Traceback" not in result.err_bytes
    assert not server.server.requests


NUMBERS = ("nan", "inf", "-inf", "-1", "0", "1e999", "9" * 5000, "1.5e400", "", "\u0663", "0x10")


@pytest.mark.parametrize("number", [*NUMBERS, "1e5"])
@pytest.mark.parametrize("option", ["--duration", "--max-cost", "--timeout", "--interval"])
def test_fault_46_numbers_that_are_none(
    option: str, number: str, run: Run, server: ScriptedProvider
) -> None:
    """NaN, infinite, negative, huge or foreign numbers are refused with 2, nothing sent."""
    if (option, number) == ("--timeout", "0"):
        pytest.skip("this is a number here")
    wait = ("-w",) if option in {"--timeout", "--interval"} else ()
    result = run(*PAY, f"{option}={number}", *wait, "--no-validate", env=server.env("runbase"))
    assert result.code == 2, result.err
    assert not server.server.requests


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-Infinity", '"\\ud83d"', "1e999", "[" * 100_000, "9" * 5000]
)
def test_fault_46_json_that_no_server_reads(value: str, run: Run, server: ScriptedProvider) -> None:
    """A `--param` that is no JSON, or holds what none can carry, is 2, nothing sent."""
    result = run(*PAY, "--param", f"seed={value}", env=server.env("runbase"))
    assert result.code == 2
    assert len(result.err) < 1000
    assert not server.server.requests

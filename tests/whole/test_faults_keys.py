"""Faults 31 to 38: keys and configuration, from the command line to the files and the wire.

The modules' own tests go into each of them more deeply; 35, the canary, is `test_canary.py`.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.fake_clock import FakeClock
from support.scripted_provider import ScriptedProvider, State, done, error, submitted

if TYPE_CHECKING:
    from support.runner import Run, Spawn

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes, shells and /proc")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Where config.toml lies; its folder is there."""
    path = tmp_path / "config" / "config.toml"
    path.parent.mkdir(mode=0o700)
    return path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@posix
def test_fault_31_files_are_private_from_creation(run: Run, tmp_path: Path, config: Path) -> None:
    """With no umask at all, what commands create is 0600, and the ledger's folder 0700."""
    before = os.umask(0)
    try:
        with ScriptedProvider() as server:
            env = server.env("runbase")
            assert run("login", "runbase", stdin="some-key-123\n").code == 0
            assert run("profile", "set", "w", "provider", "runbase").code == 0
            config.write_text(f"# mine\n{config.read_text()}")
            assert run("profile", "set", "w", "defaults.duration", "8").code == 0
            assert run("generate", "a boat", "-p", "runbase", env=env).code == 0
    finally:
        os.umask(before)
    for name in ("config.toml", "config.toml.bak", "credentials.toml"):
        assert mode(config.with_name(name)) == 0o600, name
    assert mode(tmp_path / "state") == 0o700
    files = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert tmp_path / "state" / "ledger.db" in files
    assert {mode(path) for path in files} == {0o600}


@posix
def test_fault_31_a_looser_file_is_tightened_with_a_warning(run: Run, config: Path) -> None:
    """A config.toml that others can read is closed to them by the first command that reads it."""
    config.write_text('[profiles.default.providers.runbase]\napi_key = "loose-key-123"\n')
    config.chmod(0o644)
    first, second = run("profile", "list"), run("profile", "list")
    assert first.code == second.code == 0
    assert "warning: " in first.err
    assert str(config) in first.err
    assert second.err == ""
    assert mode(config) == 0o600


@posix
def test_fault_32_twelve_writers_of_both_files(spawn: Spawn, config: Path) -> None:
    """Six `login` and six `profile set` at once: every profile is there, and both files parse."""
    running = [
        *(
            spawn("login", "runbase", "--profile", f"k{n}", stdin=f"key-number-{n}".encode())
            for n in range(6)
        ),
        *(spawn("profile", "set", f"c{n}", "provider", "runbase") for n in range(6)),
    ]
    assert [one.finish().code for one in running] == [0] * 12
    keys = tomllib.loads(config.with_name("credentials.toml").read_text())["profiles"]
    assert keys == {f"k{n}": {"runbase": f"key-number-{n}"} for n in range(6)}
    named = tomllib.loads(config.read_text())["profiles"]
    assert named == {f"c{n}": {"provider": "runbase"} for n in range(6)}


@pytest.mark.parametrize("name", ["config.toml", "credentials.toml"])
def test_fault_33_damaged_toml(name: str, run: Run, config: Path) -> None:
    """A damaged file is 3 with its line and without its content, and not a byte of it changes."""
    path = config.with_name(name)
    path.write_text('[profiles.default]\nrunbase = "secret-content\nx = 1\n')
    path.chmod(0o600)
    before = path.read_bytes()
    for words in (
        ("generate", "a boat", "-p", "runbase"),
        ("status", "runbase:t1"),
        ("wait", "runbase:t1"),
        ("cancel", "runbase:t1"),
        ("providers",),
        ("profile", "list"),
        ("profile", "set", "default", "provider", "runbase"),
        ("profile", "remove", "default"),
        ("login", "runbase"),
        ("logout", "runbase"),
    ):
        result = run(*words, "-v", stdin="some-key-123\n")
        assert result.code == 3, words
        assert f"{path} is damaged, line 2" in result.err, words
        assert "secret-content" not in result.out + result.err
        assert path.read_bytes() == before
    assert sorted(one.name for one in config.parent.iterdir() if "lock" not in one.name) == [name]


BAD = {
    "newline": "abc\ndefghijkl",
    "space": "abc defghijkl",
    "tab": "abc\tdefghijkl",
    "DEL": "abcdef\x7fghijkl",
    "ESC": "abcdef\x1bghijkl",
    "accent": "abcdef\u00e9ghijkl",
    "NUL": "abcdef\0ghijkl",
}


@pytest.mark.parametrize("bad", BAD.values(), ids=list(BAD))
def test_fault_34_what_cannot_be_a_key(bad: str, run: Run, config: Path) -> None:
    """From stdin 2, from a variable or a file 3: never echoed, and no request is made of it."""
    with ScriptedProvider() as server:
        env = server.env("runbase")
        results = [run("login", "runbase", "-v", stdin=f"{bad}\n", env=env)]
        assert results[0].code == 2
        if "\0" not in bad:  # no variable can hold one
            env["RUNBASE_API_KEY"] = bad
            results.append(run("status", "runbase:t1", "-v", "--json", env=env))
        config.write_text(
            f"[profiles.default.providers.runbase]\napi_key = {json.dumps(bad)}\n", encoding="utf-8"
        )
        env["RUNBASE_API_KEY"] = None
        if "\x7f" not in bad:  # TOML has no such character in its strings
            results.append(run("generate", "a boat", "-p", "runbase", "-v", env=env))
        assert [result.code for result in results[1:]] == [3] * len(results[1:])
        assert not server.server.requests
    for result in results:
        for part in (bad[:5], "ghijkl"):
            assert part not in result.out + result.err
    assert not config.with_name("credentials.toml").exists()


SOURCES = ("variable", "api_key_env", "login", "config.toml", "credentials.toml", "command")


def give(source: str, text: str, run: Run, config: Path) -> dict[str, str | None]:
    """Let runbase's key come from there; the variables that go with it."""
    table = "[profiles.default.providers.runbase]\n"
    env: dict[str, str | None] = {"RUNBASE_API_KEY": None}
    if source == "variable":
        env["RUNBASE_API_KEY"] = text
    elif source == "login":
        assert run("login", "runbase", stdin=text).code == 0
    elif source == "api_key_env":
        env["MY_KEY"] = text
        config.write_text(f'{table}api_key_env = "MY_KEY"\n')
    elif source == "command":
        code = f"import sys; sys.stdout.buffer.write({text.encode()!r})"
        config.write_text(f"{table}api_key_command = {json.dumps([sys.executable, '-Sc', code])}\n")
    elif source == "config.toml":
        config.write_text(f"{table}api_key = {json.dumps(text)}\n", encoding="utf-8")
    else:
        stored = f"[profiles.default]\nrunbase = {json.dumps(text)}\n"
        config.with_name(source).write_text(stored, encoding="utf-8")
    return env


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    "text", ["some-key-123\n", "some-key-123\r\n", "\ufeffsome-key-123\r"], ids=ascii
)
def test_fault_34_line_ends_are_no_part_of_a_key(
    text: str, source: str, run: Run, config: Path
) -> None:
    """From a file with its last line end, or with a byte order mark: the same rule everywhere."""
    with ScriptedProvider() as server:
        server.task("t1", "running")
        env = server.env("runbase") | give(source, text, run, config)
        result = run("status", "runbase:t1", env=env)
        assert (result.code, result.out) == (0, "runbase:t1\trunning\t\n")
        assert [one.headers["authorization"] for one in server.server.requests] == [
            "Bearer some-key-123"
        ]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("variable", "the variable RUNBASE_API_KEY"),
        ("api_key_env", "the variable MY_KEY, which {config}: profiles.default."),
        ("login", "seedance login runbase --profile default"),
        ("config.toml", "{config}: profiles.default.providers.runbase.api_key"),
        ("credentials.toml", "seedance login runbase --profile default"),
        ("command", "{config}: profiles.default.providers.runbase.api_key_command"),
    ],
)
@pytest.mark.parametrize(
    "words",
    [
        ("status", "runbase:t1"),
        ("wait", "runbase:t1"),
        ("providers", "runbase", "--check"),
        ("generate", "a boat", "-p", "runbase"),
    ],
    ids=lambda words: words[0],
)
def test_a_refused_key_is_named_by_where_it_came_from(
    words: tuple[str, ...], source: str, told: str, run: Run, config: Path
) -> None:
    """401: the hint sends nobody to `login` whose key comes from elsewhere."""
    with ScriptedProvider() as server:
        server.task("t1", error(401))
        server.submits.append(error(401))
        server.tasks["seedance-check-of-the-key"] = server.tasks["t1"]
        env = server.env("runbase") | give(source, "some-key-123", run, config)
        result = run(*words, "--json", env=env)
    assert result.code == 3
    assert told.format(config=config) in result.error["hint"]
    assert ("seedance login" in result.error["hint"]) is (
        source in {"login", "credentials.toml", "variable"}
    )
    assert "some-key-123" not in result.err


def test_fault_36_signed_urls(run: Run, tmp_path: Path) -> None:
    """The query of a signed URL is masked in every line of `-v`, and whole where it is a result."""
    with ScriptedProvider() as server:
        url = f"{server.video('v.mp4')}?X-Signature=secretsig0123&Expires=1"
        server.task("t1", done(url))
        env = server.env("runbase")
        status = run("status", "runbase:t1", "-v", env=env)
        wait = run("wait", "runbase:t1", "-v", env=env)
        saved = run("wait", "runbase:t1", "--download", "-v", env=env)
    assert status.out == f"runbase:t1\tsucceeded\t{url}\n"
    assert wait.out == f"{url}\n"
    assert saved.out == f"{Path.cwd() / 'runbase-t1.mp4'}\n"
    for result in (status, wait, saved):
        assert "secretsig0123" not in result.err
        assert "GET " in result.err


def test_fault_36_the_query_of_a_read_is_masked(run: Run) -> None:
    """`-v` has method, URL with a masked query, status and milliseconds, on a line each."""
    import re

    with ScriptedProvider() as server:
        server.task("t1", "queued")
        result = run("status", "seedanceapi:t1", "-v", env=server.env("seedanceapi"))
        endpoint = server.endpoint("seedanceapi")
    line = rf"GET {re.escape(endpoint)}/status\?\*\*\* 200 \d+ ms"
    assert re.fullmatch(line, result.err.strip())


@pytest.mark.parametrize(
    "url", ["http://example.com/v1", "http://10.0.0.1/v1", "ftp://127.0.0.1", "http://localhost.x"]
)
@pytest.mark.parametrize("place", ["variable", "profile"])
def test_fault_37_http_is_for_this_machine(url: str, place: str, run: Run, config: Path) -> None:
    """A base URL over which the key would travel in the open is 3, named by its place."""
    env: dict[str, str | None] = {"RUNBASE_API_KEY": "some-key-123"}
    if place == "variable":
        env["RUNBASE_BASE_URL"] = url
    else:
        config.write_text(f'[profiles.default.providers.runbase]\nbase_url = "{url}"\n')
    for words in (("generate", "a boat", "-p", "runbase"), ("status", "runbase:t1")):
        result = run(*words, env=env)
        assert result.code == 3
        named = "RUNBASE_BASE_URL" if place == "variable" else "profiles.default"
        assert named in result.err
        assert "some-key-123" not in result.err


def test_fault_37_a_key_goes_to_its_own_provider_only(run: Run, config: Path) -> None:
    """With keys for one provider in the profile, another one's requests are refused unsent."""
    with ScriptedProvider() as server:
        config.write_text(
            '[profiles.default]\nprovider = "runbase"\n'
            '[profiles.default.providers.runbase]\napi_key = "runbase-key-123"\n'
        )
        env = server.env()
        for name in ("DEFAPI", "RUNBASE", "SEEDANCEAPI", "SEEDANCE2INK"):
            env[f"{name}_API_KEY"] = None
        server.task("t1", "queued")
        for name in ("defapi", "seedanceapi", "seedance2ink"):
            assert run("status", f"{name}:t1", env=env).code == 3
            assert run("generate", "a boat", "-p", name, env=env).code == 3
        assert not server.server.requests
        assert run("status", "runbase:t1", env=env).code == 0
        assert [r.headers["authorization"] for r in server.server.requests] == [
            "Bearer runbase-key-123"
        ]


def test_fault_37_a_redirect_to_another_host_is_not_followed(run: Run) -> None:
    """A read that is redirected to another host or port ends there: that one sees nothing."""
    with ScriptedProvider() as other, ScriptedProvider() as server:
        server.task("t1", error(302, headers={"Location": f"{other.url}/runbase/runs/t1"}))
        result = run("status", "runbase:t1", env=server.env("runbase"))
        assert result.code == 4
        assert "another host" in result.err
        assert other.server.connections == 0


@posix
@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo some-key-123; exit 7", "exit status 7"),
        ("echo some-key-123; echo two", "more than one line"),
        ("echo some-key-123 two", "a space"),
        ("true", "is empty"),
        ("yes some-key-123", "more than one key"),
    ],
)
def test_fault_38_a_key_command_that_fails(script: str, why: str, run: Run, config: Path) -> None:
    """It is 3 with the reason and without what was printed, before anything is sent."""
    config.write_text(
        "[profiles.default.providers.runbase]\n"
        f"api_key_command = {json.dumps(['sh', '-c', script])}\n"
    )
    with ScriptedProvider() as server:
        env = server.env("runbase")
        env["RUNBASE_API_KEY"] = None
        result = run("generate", "a boat", "-p", "runbase", "-v", "--json", env=env)
        assert not server.server.requests
    assert result.code == 3
    assert result.out == ""
    assert why in result.error["message"]
    assert "some-key-123" not in result.err


@posix
@pytest.mark.full
def test_fault_38_a_key_command_that_hangs(run: Run, config: Path) -> None:
    """One that never ends is 3 within 10 seconds."""
    import time

    config.write_text('[profiles.default.providers.runbase]\napi_key_command = ["sleep", "60"]\n')
    start = time.monotonic()
    result = run("status", "runbase:t1")
    assert result.code == 3
    assert "did not finish" in result.err
    assert time.monotonic() - start < 30


def test_fault_38_a_key_command_is_run_only_where_a_key_is_needed(run: Run, config: Path) -> None:
    """`--dry-run`, `list`, `price` and `profile show` do not ask the password manager."""
    mark = config.with_name("ran")
    code = f"open({str(mark)!r}, 'w').close(); print('some-key-123')"
    config.write_text(
        "[profiles.default.providers.runbase]\n"
        f"api_key_command = {json.dumps([sys.executable, '-Sc', code])}\n"
    )
    for words in (
        ("generate", "a boat", "-p", "runbase", "--dry-run"),
        ("generate", "a boat", "--sandbox", "--dry-run"),
        ("list",),
        ("price",),
        ("providers",),
        ("profile", "show"),
        ("recover",),
    ):
        assert run(*words).code == 0, words
        assert not mark.exists(), words


def test_fault_30_the_key_does_not_go_to_the_videos_host(run: Run) -> None:
    """A download is asked for without the key, also where the video lies with the provider."""
    with ScriptedProvider() as server:
        server.task("t1", State("succeeded", (server.video("v.mp4"),)))
        assert run("wait", "runbase:t1", "--download", env=server.env("runbase")).code == 0
        asked = [r for r in server.server.requests if r.target.startswith("/video/")]
    assert asked
    assert all("authorization" not in request.headers for request in asked)


def test_fault_35_cookies_are_not_kept(run: Run) -> None:
    """What a server puts into a cookie is never sent back."""
    with ScriptedProvider() as server:
        unwell = error(503, headers={"Set-Cookie": "session=abc; Path=/"})
        server.task("t1", unwell, unwell, "queued")
        assert run("status", "runbase:t1", env=server.env("runbase"), clock=FakeClock()).code == 0
        assert server.polls("t1") == 3
        assert all("cookie" not in request.headers for request in server.server.requests)


@posix
@pytest.mark.parametrize("whose", ["another user's", "shared"])
@pytest.mark.parametrize(
    "words",
    [
        ("generate", "a boat", "-p", "runbase"),
        ("generate", "a boat", "-p", "runbase", "--sandbox"),
        ("status", "runbase:t1"),
        ("wait", "runbase:t1"),
        ("cancel", "seedance2ink:t1"),
        *(("status",), ("wait",), ("list",), ("recover",), ("sandbox", "--port", "0")),
    ],
    ids=" ".join,
)
def test_fault_48_a_state_folder_that_others_have_a_hand_in(
    words: tuple[str, ...],
    whose: str,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its rows may name any endpoint: 10, no key goes anywhere, and nothing in it changes."""
    folder = tmp_path / "state"
    with ScriptedProvider() as server:
        submitted(server, "runbase", "t1")
        server.task("t1", "running")
        before = {path: path.stat().st_mode for path in folder.rglob("*")}
        if whose == "shared":
            folder.chmod(0o777)
        else:
            owner = folder.stat().st_uid
            monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
        result = run(*words, env=server.env())
        assert server.server.requests == []
    assert result.code == 10
    assert str(folder) in result.err
    assert {path: path.stat().st_mode for path in folder.rglob("*")} == before
    assert mode(folder) == (0o777 if whose == "shared" else 0o700)


@posix
def test_fault_48_no_pace_is_kept_in_such_a_folder(run: Run, tmp_path: Path) -> None:
    """`providers --check` needs no ledger, and leaves a shared folder alone."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o777)
    with ScriptedProvider() as server:
        assert run("providers", "runbase", "--check", env=server.env("runbase")).code == 0
    assert list((tmp_path / "state").iterdir()) == []


# Faults 43 and 48's brothers: a folder other than the one that was meant

MISQUOTED = {
    "quoted": '"{}"',
    "single quotes": "'{}'",
    "typeset quotes": "\u201c{}\u201d",
    "an opening quote": '"{}',
    "a closing quote": "{}'",
    "a typeset closing quote": "{}\u201d",
    "CR": "{}\r",
    "line end": "{}\n",
    "line end in front": "\n{}",
    "space behind": "{} ",
    "space in front": " {}",
    "not expanded": "$HOME{}",
}


@pytest.mark.parametrize("form", MISQUOTED.values(), ids=list(MISQUOTED))
@pytest.mark.parametrize(
    "variable", ["SEEDANCE_STATE_DIR", "SEEDANCE_CONFIG", "XDG_STATE_HOME", "XDG_CONFIG_HOME"]
)
def test_a_variable_that_is_no_path_as_it_stands(
    variable: str, form: str, run: Run, tmp_path: Path
) -> None:
    """What a line of an env file leaves around a path would make another ledger: 3, nothing made.

    No unknown outcome blocks anything in a ledger that was made by mistake.
    """
    if variable.startswith("XDG") and sys.platform != "linux":
        pytest.skip("folders of the XDG specification")
    env: dict[str, str | None] = {"SEEDANCE_STATE_DIR": None, "SEEDANCE_CONFIG": None}
    env["XDG_CONFIG_HOME"] = str(tmp_path / "home" / ".config")
    env[variable] = form.format(tmp_path / "meant")
    before = sorted(tmp_path.rglob("*"))
    with ScriptedProvider() as server:
        for words in (
            ("generate", "a boat", "-p", "runbase", "--json"),
            ("generate", "a boat", "--sandbox", "--json"),
            ("wait", "--json"),
            ("status", "runbase:t1", "--json"),
            ("providers", "--check", "--json"),
            ("profile", "path", "--json"),
        ):
            config = "CONFIG" in variable
            if words[0] == "wait" and config:
                continue  # nothing unfinished: it has no need of the configuration
            if words[0] == "providers" and not config:
                continue  # it has no need of a ledger
            result = run(*words, env=server.env() | env)
            assert result.code == 3, words
            assert variable in result.error["message"], words
        assert server.server.requests == []
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("form", MISQUOTED.values(), ids=list(MISQUOTED))
def test_an_endpoint_variable_that_is_no_url_as_it_stands(form: str, run: Run) -> None:
    """The same of a base URL: 3, naming the variable, and nothing is sent."""
    with ScriptedProvider() as server:
        env = server.env("runbase")
        env["RUNBASE_BASE_URL"] = form.format(env["RUNBASE_BASE_URL"])
        result = run("generate", "a boat", "-p", "runbase", "--json", env=env)
        assert server.server.requests == []
    assert result.code == 3
    assert "RUNBASE_BASE_URL" in result.error["message"]


@pytest.mark.parametrize("form", ['"{}"', "'{}", '{}"', "{}\r"])
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_a_variable_of_the_network_that_is_not_what_it_names(
    variable: str, form: str, run: Run, tmp_path: Path
) -> None:
    """A proxy or the certificates: 3, naming the variable, and nothing is sent."""
    value = str(tmp_path) if variable.startswith("SSL") else "http://127.0.0.1:9"
    env = {"RUNBASE_API_KEY": "some-key-123", variable: form.format(value)}
    result = run("status", "runbase:t1", "--json", env=env)
    assert result.code == 3
    assert variable in result.error["message"]
    fault = "line end" if form.endswith("\r") else "quote"
    assert fault in result.error["message"]


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a variable nor the user database knows a home."""
    if sys.platform == "win32":
        pytest.skip("the user database of POSIX")
    import pwd

    def nobody(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name)
    for name in ("SEEDANCE_CONFIG", "SEEDANCE_STATE_DIR"):
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("homeless")
@pytest.mark.parametrize(
    "words",
    [
        ("status", "runbase:t1"),
        ("wait", "runbase:t1"),
        ("wait", "runbase:t1", "--download"),
        ("cancel", "seedance2ink:t1"),
        ("generate", "a boat", "-p", "runbase", "--dry-run"),
        ("providers", "--check"),
        *(("price",), ("profile", "show"), ("profile", "list")),
    ],
    ids=" ".join,
)
def test_fault_43_without_a_home_what_needs_none_works(words: tuple[str, ...], run: Run) -> None:
    """A ref is enough to reach a task, and a key in a variable needs no file."""
    with ScriptedProvider() as server:
        server.task("t1", "queued" if words[0] == "cancel" else done())
        result = run(*words, env=server.env())
    assert result.code == 0, result.err


@pytest.mark.usefixtures("homeless")
@pytest.mark.parametrize(
    ("words", "variable"),
    [
        (("generate", "a boat", "-p", "runbase"), "SEEDANCE_STATE_DIR"),
        (("generate", "a boat", "--sandbox"), "SEEDANCE_STATE_DIR"),
        (("wait",), "SEEDANCE_STATE_DIR"),
        (("list",), "SEEDANCE_STATE_DIR"),
        (("login", "runbase"), "SEEDANCE_CONFIG"),
        (("logout", "runbase"), "SEEDANCE_CONFIG"),
        (("profile", "set", "w", "provider", "runbase"), "SEEDANCE_CONFIG"),
        (("profile", "path"), "SEEDANCE_CONFIG"),
    ],
    ids=" ".join,
)
def test_fault_43_without_a_home_what_needs_one_says_so(
    words: tuple[str, ...], variable: str, run: Run
) -> None:
    """3 with the variable to set; nothing is sent and nothing is made in the current folder."""
    with ScriptedProvider() as server:
        result = run(*words, "--json", env=server.env(), stdin="some-key-123")
        assert server.server.requests == []
    assert result.code == 3
    assert variable in result.error["hint"]
    assert list(Path.cwd().iterdir()) == []


# A key typed where something else belongs

MISTAKES = (
    "{}",
    "--{}",
    "--{}=1",
    "list {}",
    "list --{}",
    "list --limit {}",
    "list --limit={}",
    "list --status {}",
    "list --provider {}",
    "list -p{}",
    "list --json={}",
    "generate x -p {}",
    "generate x -p{}",
    "generate x --provider={}",
    "generate x --profile {}",
    "generate x -p runbase -m {}",
    "generate x -p kie -r {}",
    "generate x -p runbase -d {}",
    "generate x -p runbase -d{}",
    "generate x -p runbase -r {}",
    "generate x -p runbase -a {}",
    "generate x -p runbase -i {}",
    "generate x -p runbase --max-cost {}",
    "generate x -p runbase --param {}",
    "generate x -p runbase --metadata {}",
    "generate x -p runbase --callback-url {}",
    "generate x -p runbase --wait --timeout {}",
    "generate x -p runbase --wait --interval {}",
    "generate x {} -p runbase",
    "price -p {}",
    "price --profile {}",
    "providers {}",
    "providers --provider {}",
    "status {}",
    "status {}:t1",
    "status dummy:{}",
    "wait dummy:{}",
    "generate x -p runbase -f {}",
    "generate x -p runbase -o {{{}}}",
    "sandbox --host {}",
    "status --profile {}",
    "wait {} --timeout 0",
    "cancel {}",
    "recover --adopt {} t1",
    "recover --discard {}",
    "login {}",
    "login runbase {}",
    "login runbase --profile {}",
    "logout {}",
    "logout runbase --profile {}",
    "profile {}",
    "profile show {}",
    "profile use {}",
    "profile remove {}",
    "profile set {} provider runbase",
    "profile set w {} runbase",
    "profile set w provider {}",
    "profile set w defaults.{} 8",
    "profile set w defaults.duration {}",
    "profile set w providers.{}.api_key x",
    "profile set w providers.runbase.api_key {}",
    "profile set w providers.runbase.api_key_env {}",
    "profile set w providers.runbase.base_url {}",
    "profile unset w {}",
    "profile unset {} provider",
    "sandbox --port {}",
    "--show-completion {}",
)
TYPED = {
    "sd2": "sd2_live_qwertzuiopasdfgh",
    "dk": "dk-4f3a91c2d0e1b7",
    "base62": "kJ8sLq2Zx9VbN4mT7wRpYc5D",
    "hex": "9f86d081884c7d659a2feaa0c55ad015",
    "long": "qwertzuiopasdfghjklyxcvbnmqwertzuiopasdfghjklyxcvbnmqwertzuiopasdf",
    "base64": "b3BlbnNlc2FtZTEyMzQ1Njc4OTA+/w==",
}


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(key, id=name, marks=() if name in {"sd2", "base62"} else pytest.mark.full)
        for name, key in TYPED.items()
    ],
)
@pytest.mark.parametrize("words", MISTAKES)
def test_a_key_in_a_wrong_place_is_not_repeated(words: str, key: str, run: Run) -> None:
    """By whatever command: refused, without the key in any stream, file or request."""
    with ScriptedProvider() as server:
        env = server.env()
        result = run(*(word.format(key) for word in words.split()), env=env, stdin="k")
        assert server.server.requests == []
    assert result.code in {2, 3}, result.err
    assert key not in result.out + result.err
    assert key[:12] not in result.err


@pytest.mark.parametrize("key", ["rb_9f8e7d6c", "seedanceofmine", "sk-live-qwertzuiop"])
@pytest.mark.parametrize("place", ["variable", "config", "credentials"])
@pytest.mark.parametrize(
    "words",
    [
        *("status runbase:{}", "status -p runbase {}", "wait defapi:{} --timeout 0"),
        *("cancel seedance2ink:{}", "generate x -p runbase -f {}", "generate x -p {}"),
        *("generate x -p runbase -f no/such/{}", "generate x -p runbase -o {{{}}}"),
    ],
)
def test_a_configured_key_is_not_repeated(
    words: str, place: str, key: str, run: Run, config: Path
) -> None:
    """Whatever it looks like: it is no id that is sent, and no error shows it."""
    if place == "config":
        config.write_text(f"[profiles.default.providers.runbase]\napi_key = '{key}'\n")
    elif place == "credentials":
        config.with_name("credentials.toml").write_text(f"[profiles.default]\nrunbase = '{key}'\n")
    with ScriptedProvider() as server:
        env = server.env()
        env["RUNBASE_API_KEY"] = key if place == "variable" else None
        result = run(*(word.format(key) for word in words.split()), "--json", env=env)
        assert server.server.requests == []
    assert result.code == 2, result.err
    assert key not in result.out + result.err


@pytest.mark.parametrize("key", TYPED.values(), ids=list(TYPED))
@pytest.mark.parametrize("variable", ["SEEDANCE_PROVIDER", "SEEDANCE_PROFILE", "SEEDANCE_SANDBOX"])
def test_a_key_in_a_wrong_variable_is_not_repeated(variable: str, key: str, run: Run) -> None:
    """Nor one that an environment has under the wrong name."""
    for words in (("generate", "x"), ("price",), ("status", "t1"), ("profile", "show")):
        result = run(*words, "--json", env={variable: key})
        assert key not in result.out + result.err
    assert run("generate", "x", env={variable: key}).code in {2, 3}


@pytest.mark.parametrize("key", TYPED.values(), ids=list(TYPED))
@pytest.mark.parametrize(
    "text",
    [
        "[profiles.default]\nprovider = '{}'",
        "default_profile = '{}'",
        "[profiles.default.providers.runbase]\napi_key_env = '{}'",
        "[profiles.default.defaults]\n'{}' = 1",
        "[profiles.default]\nproviders = '{}'",
    ],
    ids=["provider", "default_profile", "api_key_env", "an option", "a table"],
)
def test_a_key_in_a_wrong_line_is_not_repeated(text: str, key: str, run: Run, config: Path) -> None:
    """A key for a provider's or a variable's name: the place is named, the key is not."""
    config.write_text(f"{text.format(key)}\n")
    for words in (
        *(("generate", "x"), ("generate", "x", "-p", "runbase", "--dry-run"), ("price",)),
        *(("profile", "show"), ("profile", "list"), ("providers",), ("status", "runbase:t1")),
        *(("login", "runbase"), ("profile", "set", "w", "provider", "runbase")),
    ):
        result = run(*words, "--json", stdin="k")
        assert key not in result.out + result.err, words


def test_plain_words_are_repeated(run: Run) -> None:
    """Who mistyped a name reads what was typed."""
    for words in (
        "generate x -p runbsae",
        "generate x --profile client-acme-2026",
        "generate x -p seedance2ink -m bytedance/seedance-2.0-pro-250528",
        "profile show MyFirstProfile",
        "providers seedance2inc",
        "genrate",
        "list --status succeded",
    ):
        word = words.split()[-1]
        env = {"RUNBASE_API_KEY": "k", "SEEDANCE2INK_API_KEY": "k"}
        assert word in run(*words.split(), env=env).err

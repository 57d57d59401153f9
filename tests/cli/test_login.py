"""`login` and `logout`: a key gets in unseen, lies private, and goes again."""

from __future__ import annotations

import os
import stat
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.runner import Run, Spawn

CANARY = "dk-c4n4ry8f1e0b7d"
posix = pytest.mark.skipif(sys.platform == "win32", reason="terminals and modes of POSIX")


def config() -> Path:
    """Where the config file is."""
    return Path(os.environ["SEEDANCE_CONFIG"])


def credentials() -> Any:
    """What credentials.toml holds."""
    return tomllib.loads(config().with_name("credentials.toml").read_text())


def write_config(text: str) -> None:
    """Put a config file there."""
    config().parent.mkdir(mode=0o700, exist_ok=True)
    config().write_text(text)
    config().chmod(0o600)


def test_a_piped_key_is_stored_and_used(run: Run) -> None:
    """Stdout stays empty, the note has the place, the file has the key and nothing else does."""
    result = run("login", "runbase", stdin=f"{CANARY}\n")
    assert (result.code, result.out) == (0, "")
    assert "profile default" in result.err
    assert str(config().with_name("credentials.toml")) in result.err
    assert CANARY not in result.err
    assert credentials() == {"profiles": {"default": {"runbase": CANARY}}}
    assert not config().exists()
    shown = run("profile", "show")
    assert "credentials default" in shown.out
    assert CANARY not in shown.out + shown.err


@posix
def test_the_file_is_private_from_creation(run: Run) -> None:
    """0600 in a folder of 0700, whatever the umask."""
    before = os.umask(0)
    try:
        assert run("login", "runbase", stdin=CANARY).code == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE(config().with_name("credentials.toml").stat().st_mode) == 0o600
    assert stat.S_IMODE(config().parent.stat().st_mode) == 0o700


def test_the_result_as_json_has_no_key(run: Run) -> None:
    """One object: provider, profile, path, and what beats the key."""
    result = run("login", "runbase", "--profile", "work", "--json", stdin=CANARY)
    assert result.json == {
        "provider": "runbase",
        "profile": "work",
        "path": str(config().with_name("credentials.toml")),
        "overridden_by": None,
    }
    assert CANARY not in result.out + result.err


def test_profiles_and_providers_keep_their_own_keys(run: Run) -> None:
    """A login changes one key; SEEDANCE_PROFILE and default_profile name the profile too."""
    write_config("default_profile = 'home'\n")
    run("login", "runbase", stdin="k1")
    run("login", "defapi", "--profile", "work", stdin="k2")
    run("login", "runbase", stdin="k3", env={"SEEDANCE_PROFILE": "work"})
    run("login", "defapi", "--profile", "work", stdin="k4")
    assert credentials() == {
        "profiles": {"home": {"runbase": "k1"}, "work": {"defapi": "k4", "runbase": "k3"}}
    }
    assert config().read_text() == "default_profile = 'home'\n"


def test_it_says_what_beats_the_stored_key(run: Run) -> None:
    """A variable, or a key that the config file names; not if --profile makes it win."""
    env = {"RUNBASE_API_KEY": CANARY}
    result = run("login", "runbase", "--json", stdin="k1", env=env)
    assert "RUNBASE_API_KEY is set and is used instead" in result.err
    assert result.json["overridden_by"] == {"kind": "environment", "name": "RUNBASE_API_KEY"}
    named = run("login", "runbase", "--profile", "work", "--json", stdin="k1", env=env)
    assert named.json["overridden_by"] is None
    write_config("[profiles.work.providers.runbase]\napi_key_env = 'MY_KEY'\n")
    third = run("login", "runbase", "--profile", "work", stdin="k1")
    assert "profiles.work.providers.runbase.api_key_env" in third.err
    assert CANARY not in result.out + result.err + named.err + third.err


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "\n",
        f"{CANARY} x",
        f" {CANARY}",
        f"{CANARY}\nsecond\n",
        f"{CANARY}\rsecond",
        f"{CANARY}\x00",
        f"{CANARY}\x1b[0m",
        f"{CANARY}é",
        CANARY.encode() + b"\xff",
        CANARY + "\ufeff",
        CANARY * 10_000,
    ],
)
def test_what_cannot_be_a_key_is_refused_unseen(run: Run, bad: str | bytes) -> None:
    """Exit 2, nothing stored, nothing shown."""
    result = run("login", "runbase", "--json", stdin=bad)
    assert (result.code, result.out) == (2, "")
    assert result.error["code"] == "usage"
    assert CANARY not in result.err
    assert not config().parent.exists()


def test_a_key_is_never_taken_from_an_argument(run: Run) -> None:
    """However it is tried, it is refused and not repeated."""
    for words in (
        ["login", "runbase", CANARY],
        ["login", CANARY],
        ["login", "runbase", "--", CANARY],
        ["login", "runbase", f"--key={CANARY}"],
        ["login", "runbase", f"--key-stdin={CANARY}"],
        ["login", "runbase", f"{CANARY}", "--profile", "work", "--json"],
        ["logout", CANARY],
        ["logout", "runbase", CANARY],
        ["profile", "set", "work", "api_key", CANARY],
        ["profile", "set", "work", "providers.runbase.api_key", CANARY],
        ["profile", "set", "work", "providers.runbase.api_key_env", CANARY],
        ["profile", "set", "work", "providers.runbase.api_key_env", "sd2_live_c4n4ry8f1e0b7d"],
        ["profile", "set", "work", "provider", CANARY],
        ["profile", "set", "work", CANARY, "x"],
    ):
        result = run(*words, stdin="k")
        assert result.code == 2, words
        assert "c4n4ry" not in result.out + result.err, words
    assert not config().parent.exists()


def test_an_unknown_provider_lists_those_there_are(run: Run) -> None:
    """Exit 2."""
    result = run("login", "nope", stdin="k")
    assert result.code == 2
    assert "runbase" in result.err


@pytest.mark.parametrize(
    "name",
    [
        *("", "a b", "a\tb", "\x1b[0m", "-x", "x" * 65, "$(touch${IFS}x)", "a;b", "a|b", "a`b`"),
        *("'a'", "a\u202eb", "a\u00a0b", "a\\b", "~", "a*", "!a", "#a", "a/b", "@x", "{a}", CANARY),
    ],
    ids=ascii,
)
def test_a_name_that_could_not_be_typed_makes_no_profile(run: Run, name: str) -> None:
    """Exit 2, and nothing of it reaches the terminal."""
    result = run("login", "runbase", f"--profile={name}", stdin="k")
    assert result.code == 2
    assert "\x1b" not in result.err
    assert not config().parent.exists()


@pytest.mark.parametrize(
    "name", ["work", "work-2", "a.b", "me@home", "c++", "_x", "\uc791\uc5c5", "\u0939\u093f"]
)
def test_a_plain_word_of_any_script_names_a_profile(run: Run, name: str) -> None:
    """Letters and digits of any script, and what is nothing special to a shell."""
    assert run("login", "runbase", "--profile", name, stdin="k").code == 0
    assert name in run("profile", "list").out


def test_names_from_before_are_used_and_removed(run: Run) -> None:
    """Whatever the files hold can be named; only a new one has to be a plain word."""
    for name in ("a b", "$(x)", "-x"):
        write_config(f"[profiles.'{name}']\nprovider = 'runbase'\n")
        option = f"--profile={name}"
        assert run("login", "runbase", option, stdin="k").code == 0
        assert run("generate", "a boat", "--dry-run", option).code == 0
        assert run("profile", "remove", "--", name).code == 0
        assert run("profile", "list").out == ""


def test_a_damaged_file_is_left_alone(run: Run) -> None:
    """Exit 3 with its line, before any key is asked for."""
    write_config("")
    path = config().with_name("credentials.toml")
    path.write_text(f"[profiles.default]\nrunbase = '{CANARY}\n")
    path.chmod(0o600)
    result = run("login", "runbase", stdin="k")
    assert result.code == 3
    assert "line 2" in result.err
    assert CANARY not in result.err
    assert CANARY in path.read_text()


def test_a_place_that_cannot_be_written_is_exit_10(run: Run, tmp_path: Path) -> None:
    """The message names the file; no key is in it."""
    (tmp_path / "file").write_text("")
    env = {"SEEDANCE_CONFIG": str(tmp_path / "file" / "config.toml")}
    result = run("login", "runbase", "--json", stdin=CANARY, env=env)
    assert result.code == 10
    assert result.error["code"] == "write_failed"
    assert CANARY not in result.err


def test_quiet_is_quiet(run: Run) -> None:
    """With -q not even the note."""
    result = run("login", "runbase", "-q", stdin="k")
    assert (result.code, result.out, result.err) == (0, "", "")


def test_logout_removes_the_one_key(run: Run) -> None:
    """The profile stays, other keys stay, config.toml is not touched; a second time is no error."""
    write_config("default_profile = 'work' # mine\n")
    run("login", "runbase", stdin="k1")
    run("login", "defapi", stdin="k2")
    result = run("logout", "runbase")
    assert (result.code, result.out) == (0, "")
    assert credentials() == {"profiles": {"work": {"defapi": "k2"}}}
    assert run("logout", "defapi", "--json").json["removed"] is True
    again = run("logout", "defapi", "--json")
    assert (again.code, again.json["removed"]) == (0, False)
    assert credentials() == {"profiles": {"work": {}}}
    assert config().read_text() == "default_profile = 'work' # mine\n"
    assert run("logout", "defapi", "--profile", "nope").code == 3


def test_logout_says_where_a_key_still_comes_from(run: Run) -> None:
    """A variable outlives it."""
    run("login", "runbase", stdin="k1")
    result = run("logout", "runbase", "--json", env={"RUNBASE_API_KEY": CANARY})
    assert "RUNBASE_API_KEY" in result.err
    assert result.json["remaining"] == {"kind": "environment", "name": "RUNBASE_API_KEY"}
    assert CANARY not in result.out + result.err


@posix
def test_on_a_terminal_the_key_is_typed_unseen(spawn: Spawn) -> None:
    """The prompt appears, the key does not, and the terminal echoes again afterwards."""
    process = spawn("login", "runbase", pty=True, pipe_stdout=True)
    process.wait_for("not shown")
    process.type(f"{CANARY}\n".encode())
    result = process.finish()
    assert (result.code, result.out) == (0, "")
    assert CANARY not in result.err
    assert credentials()["profiles"]["default"]["runbase"] == CANARY


@posix
@pytest.mark.parametrize(("typed", "code"), [(b"\x04", 2), (b"\n", 2), (b"\x03", 130)])
def test_a_prompt_can_be_left(spawn: Spawn, typed: bytes, code: int) -> None:
    """Ctrl-D and an empty line are no key; Ctrl-C ends with 130. Nothing is stored."""
    process = spawn("login", "runbase", pty=True)
    process.wait_for("not shown")
    process.type(typed)
    assert process.finish().code == code
    assert not config().exists()
    assert not config().with_name("credentials.toml").exists()


@posix
def test_key_stdin_reads_one_line_of_a_terminal(spawn: Spawn) -> None:
    """Forced, it takes what is typed up to the line's end."""
    process = spawn("login", "runbase", "--key-stdin", pty=True)
    process.type(b"key-one\n")
    assert process.finish().code == 0
    assert credentials()["profiles"]["default"]["runbase"] == "key-one"


@posix
def test_the_key_is_in_no_other_file(spawn: Spawn, tmp_path: Path) -> None:
    """After login, use and logout no file but credentials.toml ever held it."""
    assert spawn("login", "runbase", stdin=CANARY.encode()).finish().code == 0
    assert spawn("profile", "set", "work", "provider", "runbase").finish().code == 0
    assert spawn("profile", "show", "-v").finish().code == 0
    holders = [
        one for one in tmp_path.rglob("*") if one.is_file() and CANARY.encode() in one.read_bytes()
    ]
    assert holders == [config().with_name("credentials.toml")]
    assert spawn("logout", "runbase").finish().code == 0
    assert CANARY.encode() not in holders[0].read_bytes()


@posix
def test_twelve_logins_at_once_all_arrive(spawn: Spawn) -> None:
    """No profile is lost."""
    running = [
        spawn("login", "runbase", "--profile", f"p{number}", stdin=f"key-{number}".encode())
        for number in range(12)
    ]
    assert [one.finish().code for one in running] == [0] * 12
    assert credentials() == {
        "profiles": {f"p{number}": {"runbase": f"key-{number}"} for number in range(12)}
    }

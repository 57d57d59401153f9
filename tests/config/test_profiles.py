"""Which profile, provider, endpoint and key are used, and that no key is ever shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli import providers
from seedance_cli.config import endpoints, keys
from seedance_cli.config import resolve as profiles
from seedance_cli.config.resolve import Origin, Source
from seedance_cli.config.show import Effective, effective
from seedance_cli.errors import ConfigError, SeedanceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seedance_cli.config.resolve import Settings
    from support.runner import Run

CANARY = "dk-c4n4ry8f1e0b7d"
posix = pytest.mark.skipif(sys.platform == "win32", reason="commands and modes of POSIX")


@pytest.fixture
def config() -> Path:
    """Where the config file is."""
    path = Path(os.environ["SEEDANCE_CONFIG"])
    path.parent.mkdir(mode=0o700)
    return path


@pytest.fixture
def files(config: Path) -> Callable[..., None]:
    """Write both files."""

    def write(config_text: str = "", credentials_text: str = "") -> None:
        for path, text in (
            (config, config_text),
            (config.with_name("credentials.toml"), credentials_text),
        ):
            path.write_text(text)
            path.chmod(0o600)

    return write


def resolve(
    provider: str | None = None,
    profile: str | None = None,
    *,
    sandbox: bool = False,
    recorded: str | None = None,
    env: Mapping[str, str] | None = None,
) -> Settings:
    """Settings with these options, and these variables on top of the test's own."""
    merged = {**os.environ, **(env or {})}
    return profiles.resolve(
        profiles.load(merged),
        merged,
        provider=provider,
        profile=profile,
        sandbox=sandbox,
        recorded=recorded,
    )


def in_effect(profile: str | None = None, *, env: Mapping[str, str] | None = None) -> Effective:
    """What `profile show` shows, with that profile and these variables."""
    merged = {**os.environ, **(env or {})}
    return effective(profiles.load(merged), merged, profile)


def everything(error: BaseException) -> str:
    """All that a traceback of the error would show, and its hint."""
    return "".join(traceback.format_exception(error)) + str(getattr(error, "hint", ""))


# Which provider


def test_the_option_beats_variable_and_profile(files: Callable[..., None]) -> None:
    """The order is option, SEEDANCE_PROVIDER, the profile's."""
    files('[profiles.default]\nprovider = "defapi"\n')
    assert resolve("runbase", env={"SEEDANCE_PROVIDER": "seedance2ink"}).provider == "runbase"
    settings = resolve(env={"SEEDANCE_PROVIDER": "seedance2ink"})
    assert settings.provider == "seedance2ink"
    assert in_effect(env={"SEEDANCE_PROVIDER": "seedance2ink"}).provider.source == Source(
        Origin.ENVIRONMENT, "SEEDANCE_PROVIDER"
    )
    assert resolve(env={"SEEDANCE_PROVIDER": ""}).provider == "defapi"
    assert in_effect().provider.source == Source(Origin.PROFILE, "default")


def test_a_named_profiles_provider_ranks_as_an_option(files: Callable[..., None]) -> None:
    """`--profile` beats SEEDANCE_PROVIDER, `-p` beside it wins; SEEDANCE_PROFILE is no option."""
    files("[profiles.cheap]\nprovider = 'seedanceapi'\n[profiles.bare]\n")
    env = {"SEEDANCE_PROVIDER": "runbase"}
    settings = resolve(profile="cheap", env=env)
    assert settings.provider == "seedanceapi"
    assert in_effect("cheap", env=env).provider.source == Source(Origin.PROFILE, "cheap")
    assert resolve("defapi", profile="cheap", env=env).provider == "defapi"
    assert resolve(env={**env, "SEEDANCE_PROFILE": "cheap"}).provider == "runbase"
    assert resolve(profile="bare", env=env).provider == "runbase"


def test_the_only_provider_with_a_key_is_used() -> None:
    """One key decides; two do not, and the error names them."""
    assert resolve(env={"RUNBASE_API_KEY": "k"}).provider == "runbase"
    assert resolve(env={"RUNBASE_API_KEY": "k", "DEFAPI_API_KEY": ""}).provider == "runbase"
    with pytest.raises(ConfigError, match="defapi, runbase"):
        resolve(env={"RUNBASE_API_KEY": "k", "DEFAPI_API_KEY": "k"})


def test_keys_of_the_profile_count_and_those_of_other_profiles_do_not(
    files: Callable[..., None],
) -> None:
    """A stored key, and a command (which is not run), are keys; an unset variable is none."""
    files(
        "[profiles.cmd.providers.defapi]\napi_key_command = ['/nonexistent']\n"
        "[profiles.env.providers.defapi]\napi_key_env = 'MY_KEY'\n",
        "[profiles.work]\nrunbase = 'k'\n",
    )
    assert resolve(profile="work").provider == "runbase"
    assert resolve(profile="cmd").provider == "defapi"
    assert resolve(profile="env", env={"MY_KEY": "k"}).provider == "defapi"
    for name in ("env", "default"):
        with pytest.raises(ConfigError, match="no provider"):
            resolve(profile=name)


def test_without_any_key_the_sandbox_has_a_provider() -> None:
    """Real requests need one to be named: exit 3 with the list; the sandbox takes seedanceapi."""
    with pytest.raises(ConfigError) as caught:
        resolve()
    for name in providers.names():
        assert name in f"{caught.value.hint}"
    assert resolve(sandbox=True).provider == "seedanceapi"
    assert resolve(sandbox=True, env={"RUNBASE_API_KEY": "k"}).provider == "runbase"
    assert (
        resolve(sandbox=True, env={"RUNBASE_API_KEY": "k", "DEFAPI_API_KEY": "k"}).provider
        == "seedanceapi"
    )
    assert resolve("defapi", sandbox=True).provider == "defapi"


def test_an_unknown_provider_is_a_usage_error_unless_a_profile_names_it(
    files: Callable[..., None],
) -> None:
    """Option and variable exit 2, the profile 3; each lists those there are."""
    for option, env in (("nope", {}), (None, {"SEEDANCE_PROVIDER": "nope"})):
        with pytest.raises(UsageError) as caught:
            resolve(option, env=env)
        assert "runbase" in f"{caught.value.hint}"
    files('[profiles.default]\nprovider = "nope"\n')
    with pytest.raises(ConfigError, match=r"profiles\.default\.provider") as other:
        resolve()
    assert "runbase" in f"{other.value.hint}"


# Which profile


def test_the_profile_is_named_by_option_variable_or_file(files: Callable[..., None]) -> None:
    """In that order; without any it is `default`, which need not exist."""
    assert resolve("runbase").profile == "default"
    files("default_profile = 'a'\n[profiles.a]\n[profiles.b]\n", "[profiles.c]\nrunbase = 'k'\n")
    assert resolve("runbase").profile == "a"
    assert resolve("runbase", env={"SEEDANCE_PROFILE": ""}).profile == "a"
    assert resolve("runbase", env={"SEEDANCE_PROFILE": "b"}).profile == "b"
    assert resolve("runbase", "c", env={"SEEDANCE_PROFILE": "b"}).profile == "c"
    assert resolve("runbase", "c").named
    assert not resolve("runbase", env={"SEEDANCE_PROFILE": "b"}).named


def test_an_unknown_profile_is_exit_3_with_those_there_are(files: Callable[..., None]) -> None:
    """Whoever named it: option, variable or default_profile."""
    files("[profiles.work]\n[profiles.play]\n")
    for name, env in (("nope", {}), (None, {"SEEDANCE_PROFILE": "nope"})):
        with pytest.raises(ConfigError, match="nope") as caught:
            resolve("runbase", name, env=env)
        assert "play, work" in f"{caught.value.hint}"
    files("default_profile = 'nope'\n")
    with pytest.raises(ConfigError, match="default_profile"):
        resolve("runbase")


def test_a_recorded_profile_is_chosen_without_beating_the_environment(
    files: Callable[..., None],
) -> None:
    """A task is read with its row's profile; one that is gone leaves it to the environment."""
    files("[profiles.other]\n", "[profiles.work]\nrunbase = 'stored'\n")
    settings = resolve("runbase", recorded="work", env={"SEEDANCE_PROFILE": "other"})
    assert (settings.profile, settings.named) == ("work", False)
    assert settings.key().reveal() == "stored"
    assert (
        resolve("runbase", recorded="work", env={"RUNBASE_API_KEY": "mine"}).key().reveal()
        == "mine"
    )
    assert resolve("runbase", "other", recorded="work").profile == "other"
    assert resolve("runbase", recorded="gone", env={"SEEDANCE_PROFILE": "other"}).profile == "other"


# Which key


def test_a_key_comes_from_the_environment_before_an_unnamed_profile(
    files: Callable[..., None],
) -> None:
    """An empty variable is none; a profile named with --profile beats the variable."""
    files("default_profile = 'work'\n", "[profiles.work]\nrunbase = 'stored'\n")
    assert resolve("runbase", env={"RUNBASE_API_KEY": "mine"}).key().reveal() == "mine"
    assert resolve(
        "runbase", env={"SEEDANCE_PROFILE": "work", "RUNBASE_API_KEY": "mine"}
    ).key_place.source == (Source(Origin.ENVIRONMENT, "RUNBASE_API_KEY"))
    assert resolve("runbase", env={"RUNBASE_API_KEY": ""}).key().reveal() == "stored"
    named = resolve("runbase", "work", env={"RUNBASE_API_KEY": "mine"})
    assert named.key().reveal() == "stored"
    assert named.key_place.source == Source(Origin.CREDENTIALS, "work")
    files("[profiles.work]\n")
    assert resolve("runbase", "work", env={"RUNBASE_API_KEY": "mine"}).key().reveal() == "mine"


def test_a_key_in_the_config_file_beats_a_stored_one(files: Callable[..., None]) -> None:
    """All three ways to name one do."""
    stored = "[profiles.default]\nrunbase = 'stored'\n"
    files("[profiles.default.providers.runbase]\napi_key = 'direct'\n", stored)
    assert resolve("runbase").key().reveal() == "direct"
    assert resolve("runbase").key_place.source == Source(Origin.PROFILE, "default")
    files("[profiles.default.providers.runbase]\napi_key_env = 'MY_KEY'\n", stored)
    assert resolve("runbase", env={"MY_KEY": "from-env"}).key().reveal() == "from-env"
    assert resolve("runbase").key_place.source == Source(Origin.ENVIRONMENT, "MY_KEY")
    with pytest.raises(ConfigError, match="MY_KEY is not set"):
        resolve("runbase").key()


def test_a_key_never_goes_to_another_provider(files: Callable[..., None]) -> None:
    """With a key for one provider, every other one has none."""
    files(
        "[profiles.default.providers.runbase]\napi_key = 'k1'\n",
        "[profiles.default]\nrunbase = 'k2'\n",
    )
    for name in providers.names():
        if name == "runbase":
            continue
        settings = resolve(name, env={"RUNBASE_API_KEY": "k3"})
        assert settings.key_place.source.origin is Origin.NONE
        with pytest.raises(ConfigError) as caught:
            settings.key()
        assert f"seedance login {name}" in f"{caught.value.hint}"
        assert providers.get(name).info.key_env in f"{caught.value.hint}"


def test_the_sandbox_never_reads_a_key_of_the_user(files: Callable[..., None]) -> None:
    """No variable, no file, no command; not even an unusable endpoint matters."""
    files(
        "[profiles.default.providers.runbase]\napi_key_command = ['false']\nbase_url = 'ftp://x'\n"
    )
    settings = resolve("runbase", sandbox=True, env={"RUNBASE_API_KEY": CANARY})
    assert CANARY not in settings.key().reveal()
    assert "invalid" not in settings.key().reveal()
    assert settings.endpoint == "sandbox"
    assert settings.key_place.source.origin is Origin.SANDBOX


@pytest.mark.parametrize(
    "bad",
    [
        CANARY + "\nx",
        CANARY + " x",
        " " + CANARY,
        CANARY + "\tx",
        CANARY + "\x00",
        CANARY + "\x7f",
        CANARY + "\x1b[0m",
        CANARY + "é",
        CANARY + "\u2028",
        CANARY + "\udc80",
        CANARY * 1000,
    ],
)
def test_a_key_that_is_none_is_refused_without_showing_it(bad: str) -> None:
    """Whatever is wrong with it, the error says where it is and not what it is."""
    with pytest.raises(ConfigError, match="RUNBASE_API_KEY") as caught:
        resolve("runbase", env={"RUNBASE_API_KEY": bad}).key()
    assert CANARY not in everything(caught.value)


def test_settings_and_stores_do_not_show_keys(files: Callable[..., None]) -> None:
    """Not in a repr, a str or a format: what a log line or traceback would use."""
    files(
        f"[profiles.default.providers.defapi]\napi_key = '{CANARY}'\n",
        f"[profiles.default]\nrunbase = '{CANARY}'\n",
    )
    for settings in (resolve("runbase"), resolve("defapi"), resolve("runbase", env={"X": CANARY})):
        key = settings.key()
        assert CANARY not in f"{settings!r} {key!r} {key} {settings.key_place.source} {key:}"
        assert key.reveal() == CANARY
    assert CANARY not in repr(profiles.load(os.environ))


# Key commands


def command(*argv: str) -> str:
    """A config file with that key command."""
    return f"[profiles.default.providers.runbase]\napi_key_command = {json.dumps(argv)}\n"


@posix
def test_a_key_command_gives_its_one_line(files: Callable[..., None]) -> None:
    """Line breaks around it do not count; it gets no shell and no stdin."""
    files(command(sys.executable, "-c", "import sys; print(sys.stdin.read() + '$(k)*')"))
    settings = resolve("runbase")
    assert settings.key_place.source == Source(Origin.COMMAND, "default")
    assert settings.key().reveal() == "$(k)*"
    files(command("printf", "\\r\\nkey\\r\\n"))
    assert resolve("runbase").key().reveal() == "key"


@posix
@pytest.mark.parametrize(
    "script",
    [
        f"echo {CANARY}; exit 1",
        f"echo {CANARY}; echo two",
        f"echo {CANARY} two",
        f"echo {CANARY} >&2",
        "true",
        "kill -9 $$",
        f"yes {CANARY}",
        f"printf '{CANARY}\\377'",
    ],
)
def test_a_key_command_that_fails_is_exit_3_without_its_output(
    files: Callable[..., None], capfd: pytest.CaptureFixture[str], script: str
) -> None:
    """Nothing it printed is in the error, or on our own streams."""
    files(command("sh", "-c", script))
    with pytest.raises(ConfigError, match="api_key_command") as caught:
        resolve("runbase").key()
    # The error may name the place; the command line itself has the canary only in this test.
    assert CANARY not in everything(caught.value)
    assert capfd.readouterr() == ("", "")


@posix
def test_a_key_command_that_is_not_there_is_exit_3(files: Callable[..., None]) -> None:
    """The reason is the system's; the arguments are not repeated."""
    files(command("/nonexistent/pass", CANARY))
    with pytest.raises(ConfigError, match="No such file") as caught:
        resolve("runbase").key()
    assert CANARY not in everything(caught.value)


@posix
@pytest.mark.parametrize("script", ["sleep 60", "echo key; sleep 60 &", "exec >&-; sleep 60"])
def test_a_key_command_that_hangs_is_ended_with_its_children(script: str, tmp_path: Path) -> None:
    """The time bounds everything, also a child that keeps the pipe open."""
    mark = f"{60 + os.getpid() / 1e7:.7f}"
    argv = ["sh", "-c", script.replace("sleep 60", f"sleep {mark}")]
    started = time.monotonic()
    with pytest.raises(ConfigError, match="did not finish"):
        keys.from_command(argv, "the place", os.environ, limit=0.5)
    assert time.monotonic() - started < 30
    time.sleep(0.1)
    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert mark not in left


@posix
@pytest.mark.full
def test_a_key_command_that_hangs_costs_at_most_ten_seconds(files: Callable[..., None]) -> None:
    """The limit as it is."""
    files(command("sleep", "60"))
    started = time.monotonic()
    with pytest.raises(ConfigError):
        resolve("runbase").key()
    assert 9 < time.monotonic() - started < 30


# Endpoints


def test_an_endpoint_comes_from_variable_profile_or_provider(files: Callable[..., None]) -> None:
    """A profile named with --profile beats the variable."""
    assert resolve("runbase").endpoint == "https://runbase.net/api/v1"
    assert {one.endpoint.source.origin for one in in_effect().access} == {Origin.DEFAULT}
    files(
        "default_profile = 'work'\n"
        "[profiles.work.providers.runbase]\nbase_url = 'https://profile.example/v1/'\n"
    )
    assert resolve("runbase").endpoint == "https://profile.example/v1"
    env = {"RUNBASE_BASE_URL": "https://variable.example"}
    assert resolve("runbase", env=env).endpoint == "https://variable.example"
    assert resolve("runbase", "work", env=env).endpoint == "https://profile.example/v1"
    assert resolve("defapi", env=env).endpoint == "https://api.defapi.org"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://a.example", "https://a.example"),
        ("HTTPS://A.Example:443/API/v1//", "https://a.example/API/v1"),
        ("https://a.example:8443/x", "https://a.example:8443/x"),
        ("http://127.0.0.1:8765/runbase/api/v1", "http://127.0.0.1:8765/runbase/api/v1"),
        ("http://127.9.8.7", "http://127.9.8.7"),
        ("http://localhost:80/", "http://localhost"),
        ("http://[::1]:8765/x/", "http://[::1]:8765/x"),
    ],
)
def test_a_base_url_has_one_spelling(text: str, expected: str) -> None:
    """Case, default ports and trailing slashes make no difference."""
    assert endpoints.normalised(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "http://a.example",
        "http://10.0.0.1",
        "http://localhost.a.example",
        "http://127.0.0.1.a.example",
        "http://a.example@127.0.0.1",
        "https://user:hunter2@a.example",
        "https://hunter2@a.example",
        "https://a.example?key=hunter2",
        "https://a.example#hunter2",
        "https://a.example?",
        "ftp://a.example",
        "a.example",
        "//a.example",
        "https://",
        "https:///v1",
        "https://:443",
        "https://a.example:port",
        "https://a.example:99999",
        "https://a.example:0",
        "https://a.example:",
        "https://a .example",
        "https://a.example\n",
        "https://a.example/\t",
        "https://a.example\\@b.example",
        "https://é.example",
        "https://[::1",
        "https://[fe80::1%eth0]",
        "https://-a",
        "https://a..",
        " https://a.example",
    ],
)
def test_a_base_url_that_could_leak_the_key_is_refused_without_showing_it(text: str) -> None:
    """The variable is named; its value may hold a password and is not repeated."""
    with pytest.raises(ConfigError, match="RUNBASE_BASE_URL") as caught:
        resolve("runbase", env={"RUNBASE_BASE_URL": text})
    assert "hunter2" not in everything(caught.value)


def test_a_bad_base_url_of_a_profile_is_named_by_its_place(files: Callable[..., None]) -> None:
    """File, profile and key; other providers are not affected."""
    files("[profiles.default.providers.runbase]\nbase_url = 'http://a.example'\n")
    with pytest.raises(ConfigError, match=r"profiles\.default\.providers\.runbase\.base_url"):
        resolve("runbase")
    assert resolve("defapi").endpoint == "https://api.defapi.org"


# The files


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"default_profile = ['{CANARY}']", "default_profile"),
        (f"profiles = '{CANARY}'", "profiles"),
        (f"[profiles]\nwork = '{CANARY}'", "profiles.work"),
        (f"[profiles.work]\nprovider = ['{CANARY}']", "profiles.work.provider"),
        (f"[profiles.work]\ndefaults = '{CANARY}'", "profiles.work.defaults"),
        (f"[profiles.work.defaults]\nduration = '{CANARY}'", "profiles.work.defaults.duration"),
        ("[profiles.work.defaults]\nduration = true", "profiles.work.defaults.duration"),
        ("[profiles.work.defaults]\nduration = 8.0", "profiles.work.defaults.duration"),
        ("[profiles.work.defaults]\naudio = 1", "profiles.work.defaults.audio"),
        ("[profiles.work.defaults]\nmodel = 2026-02-07", "profiles.work.defaults.model"),
        ("[profiles.work.defaults]\naspect-ratio = 1", "profiles.work.defaults.aspect-ratio"),
        ("[profiles.work.defaults]\nfixed-lens = true\nfixed_lens = true", "fixed_lens twice"),
        (f"[profiles.work]\nproviders = '{CANARY}'", "profiles.work.providers"),
        (f"[profiles.work.providers]\nx = '{CANARY}'", "profiles.work.providers.x"),
        (f"[profiles.work.providers.x]\napi_key = ['{CANARY}']", "providers.x.api_key"),
        (f"[profiles.work.providers.x]\napi_key_env = '{CANARY}'", "providers.x.api_key_env"),
        ("[profiles.work.providers.x]\napi_key_env = ''", "providers.x.api_key_env"),
        (f"[profiles.work.providers.x]\napi_key_command = '{CANARY}'", "x.api_key_command"),
        (f"[profiles.work.providers.x]\napi_key_command = ['{CANARY}', 1]", "x.api_key_command"),
        ("[profiles.work.providers.x]\napi_key_command = []", "x.api_key_command"),
        (
            f"[profiles.work.providers.x]\napi_key = '{CANARY}'\napi_key_env = 'A'",
            "api_key and api_key_env",
        ),
    ],
)
def test_a_value_of_the_wrong_type_is_named_and_not_shown(
    files: Callable[..., None], config: Path, text: str, place: str
) -> None:
    """The error has the file and the key's path."""
    files(text)
    with pytest.raises(ConfigError) as caught:
        profiles.load(os.environ)
    assert str(config) in caught.value.message
    assert place in caught.value.message
    assert CANARY not in everything(caught.value)


def test_a_wrong_type_in_the_credentials_is_named_and_not_shown(
    files: Callable[..., None],
) -> None:
    """The same for the program's own file."""
    files("", f"[profiles.work]\nrunbase = ['{CANARY}']\n")
    with pytest.raises(ConfigError, match=r"credentials\.toml: profiles\.work\.runbase") as caught:
        profiles.load(os.environ)
    assert CANARY not in everything(caught.value)


def test_unknown_keys_are_tolerated_and_unknown_options_told(files: Callable[..., None]) -> None:
    """A file of a later version works; an option that is misspelled does not pass unseen."""
    files(
        "new = 1\n[profiles.default]\nnew = [1]\n[profiles.default.defaults]\n"
        "duration = 8\naspect-ratio = '16:9'\nfixed_lens = false\nresolutoin = '720p'\n"
        "[profiles.default.providers.new]\nnew = 1\n",
        "new = 1\n[profiles.default]\nnew = 5\n",
    )
    settings = resolve("runbase")
    assert settings.defaults == {"duration": 8, "aspect_ratio": "16:9", "fixed_lens": False}
    assert len(settings.warnings) == 1
    assert "resolutoin" in settings.warnings[0]


STRANGE = {
    "profil": ("default_profil = 'a'", "default_profil ", "default_profile"),
    "profile": ("[profile.a]", "profile ", "profiles"),
    "model on top": ("model = 'x'", "model ", "profiles.NAME.defaults.model"),
    "model": ("[profiles.a]\nmodel = 'x'", "profiles.a.model ", "profiles.a.defaults.model"),
    "api-key": (
        "[profiles.a]\napi-key = 'x'",
        "profiles.a.api-key ",
        "profiles.a.providers.NAME.api_key",
    ),
    "runbas": ("[profiles.a.providers.runbas]", "profiles.a.providers.runbas ", "runbase"),
    "key": (
        "[profiles.a.providers.runbase]\nkey = 'x'",
        "profiles.a.providers.runbase.key ",
        "api_key",
    ),
    "resolutoin": (
        "[profiles.a.defaults]\nresolutoin = '720p'",
        "profiles.a.defaults.resolutoin ",
        "resolution",
    ),
    "nothing": ("[profiles.a]\nzzzz = 1", "profiles.a.zzzz ", None),
}


@pytest.mark.parametrize(("text", "named", "meant"), STRANGE.values(), ids=STRANGE.keys())
def test_a_key_that_nothing_reads_is_named_once(
    files: Callable[..., None], run: Run, text: str, named: str, meant: str | None
) -> None:
    """With what was probably meant; the command goes on. What is in it is not repeated."""
    files(f"{text}\n", "")
    profile = ("--profile", "a") if "profiles.a" in text else ()
    done = run("generate", "x", "--dry-run", "-p", "runbase", *profile)
    told = [line for line in done.err.splitlines() if "is left out" in line]
    assert (done.code, len(told)) == (0, 1), done.err
    assert f"config.toml: {named}is no" in told[0]
    assert ("did you mean" in told[0]) is (meant is not None)
    assert meant is None or told[0].endswith(f"(did you mean {meant}?)")
    assert "'x'" not in done.err


def test_keys_of_other_parts_are_not_strange(files: Callable[..., None], run: Run) -> None:
    """What a profile does not read, another part of the program does."""
    files(
        "ledger = 'postgresql://x/y'\n[[prices]]\nprovider = 'runbase'\namount = '0.1 USD'\n"
        "[budgets.runbase]\nday = '5 USD'\n[profiles.default]\nupload_command = ['up', '{file}']\n",
        "",
    )
    assert "left out" not in run("generate", "x", "--dry-run", "-p", "runbase").err


def test_a_key_among_the_names_is_not_repeated(files: Callable[..., None], run: Run) -> None:
    """Whoever writes a provider's key where a name belongs does not read it on the screen."""
    files("[profiles.default]\nsd2_live_51H8xJk2mN9pQ4rT7vW = 1\n", "")
    done = run("generate", "x", "--dry-run", "-p", "runbase")
    assert "left out" in done.err
    assert "51H8xJk2mN9pQ4rT7vW" not in done.err


@posix
def test_a_file_open_to_others_is_a_warning(files: Callable[..., None], config: Path) -> None:
    """Told once, for it is tightened."""
    files("", "")
    config.chmod(0o644)
    (told,) = profiles.load(os.environ).warnings
    assert str(config) in told
    assert "0644" in told
    assert profiles.load(os.environ).warnings == ()


@posix
def test_a_mode_that_cannot_be_changed_matters_only_with_a_key_in_the_file(
    files: Callable[..., None], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A config file that is managed from elsewhere and has no key is nobody's trouble."""

    def refuse(descriptor: int, mode: int) -> None:
        raise PermissionError(1, "no")

    monkeypatch.setattr(os, "fchmod", refuse)
    files("[profiles.default.providers.runbase]\napi_key_env = 'A'\n")
    config.chmod(0o644)
    assert profiles.load(os.environ).warnings == ()
    files("[profiles.default.providers.runbase]\napi_key = 'k'\n")
    config.chmod(0o644)
    assert len(profiles.load(os.environ).warnings) == 1


# The paths


def test_the_variables_name_the_files(tmp_path: Path) -> None:
    """Relative to the current folder, with `~`; credentials.toml lies beside the config file."""
    paths = profiles.paths({"SEEDANCE_CONFIG": "sub/my.toml"})
    assert paths.config == tmp_path / "cwd" / "sub" / "my.toml"
    assert paths.credentials == tmp_path / "cwd" / "sub" / "credentials.toml"
    assert profiles.paths({"SEEDANCE_CONFIG": "~/my.toml"}).config == tmp_path / "home" / "my.toml"
    assert profiles.state_dir({"SEEDANCE_STATE_DIR": "s"}) == tmp_path / "cwd" / "s"
    with pytest.raises(ConfigError, match="SEEDANCE_CONFIG"):
        profiles.paths({"SEEDANCE_CONFIG": "/x/credentials.toml"})


@pytest.mark.skipif(sys.platform != "linux", reason="folders of the XDG specification")
def test_the_defaults_are_the_users_folders(tmp_path: Path) -> None:
    """An empty variable is as none."""
    home = tmp_path / "home"
    assert profiles.paths({"SEEDANCE_CONFIG": ""}).config == home / ".config/seedance/config.toml"
    assert profiles.state_dir({}) == home / ".local/state/seedance"


@posix
def test_without_a_home_it_says_which_variable_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither HOME nor an entry in the user database: exit 3, and with the variable it works."""
    import pwd

    def nobody(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name)
    with pytest.raises(ConfigError) as caught:
        profiles.paths({})
    assert "SEEDANCE_CONFIG" in f"{caught.value.hint}"
    with pytest.raises(ConfigError) as caught:
        profiles.state_dir({})
    assert "SEEDANCE_STATE_DIR" in f"{caught.value.hint}"
    with pytest.raises(SeedanceError, match="SEEDANCE_CONFIG"):
        profiles.paths({"SEEDANCE_CONFIG": "~/x.toml"})
    assert profiles.paths({"SEEDANCE_CONFIG": "/x/y.toml"}).config == Path("/x/y.toml")


def test_platformdirs_is_imported_only_where_it_is_needed() -> None:
    """With both variables set the start-up does not pay for it."""
    code = (
        "import os, sys; from seedance_cli.config import resolve; resolve.load(os.environ); "
        "from seedance_cli.system import state_dir; state_dir(os.environ); "
        "assert not {'platformdirs', 'tomli_w', 'subprocess', 'httpx'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("words", ["profile use nope", "profile show nope", "price --profile nope"])
def test_a_typed_profile_that_is_not_there_is_named_without_its_option(
    words: str, run: Run
) -> None:
    """The command line has no `--profile` in most of these."""
    result = run(*words.split(), "--json")
    assert result.code == 3
    assert result.error["message"] == "there is no profile 'nope'"

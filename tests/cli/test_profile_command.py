"""`profile` and `providers`: what is in effect, from where, and how it is changed."""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
import tomllib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seedance_cli import providers
from seedance_cli.config.schema import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.fake_clock import FakeClock
    from support.runner import Run

CANARY = "dk-c4n4ry8f1e0b7d"
posix = pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")


def path() -> Path:
    """Where the config file is."""
    return Path(os.environ["SEEDANCE_CONFIG"])


def write(text: str) -> None:
    """Put a config file there."""
    path().parent.mkdir(mode=0o700, exist_ok=True)
    path().write_text(text)
    path().chmod(0o600)


def content() -> Any:
    """What the config file holds."""
    return tomllib.loads(path().read_text())


def keys() -> Any:
    """What credentials.toml holds."""
    return tomllib.loads(path().with_name("credentials.toml").read_text())


# set and unset


@pytest.mark.parametrize(
    ("key", "value", "stored"),
    [
        ("provider", "runbase", "runbase"),
        ("defaults.model", "seedance-2.0", "seedance-2.0"),
        ("defaults.duration", "8", 8),
        ("defaults.duration", "8s", 8),
        ("defaults.resolution", "720p", "720p"),
        ("defaults.aspect_ratio", "16:9", "16:9"),
        ("defaults.aspect-ratio", "16:9", "16:9"),
        ("defaults.audio", "true", True),
        ("defaults.audio", "No", False),
        ("defaults.fixed-lens", "on", True),
        ("defaults.callback_url", "https://a.example/x?y=1", "https://a.example/x?y=1"),
        ("providers.runbase.base_url", "https://A.example/v1/", "https://a.example/v1"),
        ("providers.runbase.base_url", "http://127.0.0.1:1", "http://127.0.0.1:1"),
        ("providers.runbase.api_key_env", "MY_KEY", "MY_KEY"),
    ],
)
def test_set_stores_a_value_of_the_right_type(
    run: Run, key: str, value: str, stored: object
) -> None:
    """It makes the profile; unset removes the value and its empty tables, not the profile."""
    result = run("profile", "set", "work", key, value, "--json")
    assert result.code == 0, result.err
    assert result.json["value"] == stored
    assert result.json["changed"] is True
    table = content()["profiles"]["work"]
    for part in key.replace("-", "_").split("."):
        table = table[part]
    assert table == stored
    assert type(table) is type(stored)
    assert run("profile", "unset", "work", key).code == 0
    assert content() == {"profiles": {"work": {}}}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("provider", "nope"),
        ("defaults.duration", "0"),
        ("defaults.duration", "-8"),
        ("defaults.duration", "8.5"),
        ("defaults.duration", "٨"),
        ("defaults.duration", "99999999999"),
        ("defaults.audio", "maybe"),
        ("defaults.resolution", ""),
        ("defaults.resolution", "7 20p"),
        ("defaults.model", "a\x1b[0m"),
        ("defaults.callback_url", "ftp://a.example"),
        ("defaults.callback_url", "https://"),
        ("defaults.callback_url", "https://[x"),
        ("defaults.nope", "1"),
        ("duration", "8"),
        ("providers.nope.base_url", "https://a.example"),
        ("providers.runbase.base_url", "http://a.example"),
        ("providers.runbase.base_url", "https://u:p@a.example"),
        ("providers.runbase.api_key_env", "not a name"),
        ("providers.runbase.api_key_command", "pass"),
        ("api_key", "k"),
        ("providers.runbase.api_key", "k"),
        ("", "x"),
    ],
)
def test_set_refuses_what_does_not_fit(run: Run, key: str, value: str) -> None:
    """Exit 2 with what to type instead, and no file."""
    result = run("profile", "set", "work", "--json", "--", key, value)
    assert (result.code, result.out) == (2, "")
    assert not path().exists()
    if key.endswith("api_key"):
        assert "login" in f"{result.error['hint']}"


def test_every_option_can_be_set(run: Run) -> None:
    """The list of options is that of the requests."""
    from seedance_cli.models import VideoRequest

    fields = set(VideoRequest._fields)
    assert set(OPTIONS) - {"output"} <= fields, "and where a file goes"
    assert "prompt" not in OPTIONS


def test_a_rewrite_keeps_what_it_does_not_know(run: Run) -> None:
    """Unknown keys stay; the spelling with a dash is replaced, not doubled."""
    write("new = [1]\n[profiles.work.defaults]\nfixed-lens = true\nnew = 2026-02-07\n")
    assert run("profile", "set", "work", "defaults.fixed_lens", "false").code == 0
    after = content()
    assert after["new"] == [1]
    assert set(after["profiles"]["work"]["defaults"]) == {"new", "fixed_lens"}
    run("profile", "unset", "work", "defaults.fixed-lens")
    assert set(content()["profiles"]["work"]["defaults"]) == {"new"}


@posix
def test_a_file_with_comments_is_copied_and_the_user_told(run: Run) -> None:
    """Each command that rewrites does; without comments there is no copy."""
    backup = path().with_name("config.toml.bak")
    for words in (
        ["set", "work", "provider", "runbase"],
        ["unset", "work", "defaults.duration"],
        ["use", "work"],
        ["remove", "work"],
    ):
        text = "# mine\n[profiles.work.defaults]\nduration = 8\n"
        write(text)
        result = run("profile", *words)
        assert result.code == 0
        assert str(backup) in result.err
        assert backup.read_text() == text
        assert stat.S_IMODE(backup.stat().st_mode) == 0o600
        backup.unlink()
    write("[profiles.'#']\n")
    assert run("profile", "use", "#").code == 0
    assert not backup.exists()


def test_a_value_that_the_provider_would_refuse_is_stored_with_a_warning(run: Run) -> None:
    """Only where the profile names a provider; it is a default, so it is left out when used."""
    assert "warning" not in run("profile", "set", "work", "defaults.duration", "7").err
    told = run("profile", "set", "work", "provider", "seedanceapi")
    assert (told.code, "duration 7" in told.err) == (0, True)
    for key, value, warned in (
        ("defaults.duration", "8", False),
        ("defaults.model", "x", True),
        ("defaults.resolution", "1080p", True),
        ("defaults.audio", "true", False),
        ("providers.runbase.api_key_env", "A", False),
    ):
        result = run("profile", "set", "work", key, value)
        assert (result.code, "warning" in result.err) == (0, warned), key
    run("profile", "set", "play", "provider", "defapi")
    assert "warning" in run("profile", "set", "play", "defaults.audio", "true").err
    assert "warning" not in run("profile", "set", "play", "defaults.model", "any").err


def test_two_ways_to_name_a_key_are_not_mixed(run: Run) -> None:
    """The one there is has to be unset first, and the error says how."""
    text = "[profiles.work.providers.runbase]\napi_key_command = ['pass']\n"
    write(text)
    result = run("profile", "set", "work", "providers.runbase.api_key_env", "A", "--json")
    assert result.code == 2
    assert path().read_text() == text
    assert run(*str(result.error["hint"]).split()[1:]).code == 0
    assert run("profile", "set", "work", "providers.runbase.api_key_env", "A").code == 0


def test_unset_of_what_is_not_set_is_no_error(run: Run) -> None:
    """But an unknown profile is: exit 3 with those there are."""
    run("profile", "set", "work", "provider", "runbase")
    result = run("profile", "unset", "work", "defaults.duration", "--json")
    assert (result.code, result.json["changed"]) == (0, False)
    other = run("profile", "unset", "nope", "provider")
    assert (other.code, "work" in other.err) == (3, True)


# use, list, remove, path


def test_use_names_the_profile_for_commands_that_name_none(run: Run) -> None:
    """An unknown one is exit 3 with those there are."""
    run("profile", "set", "work", "provider", "runbase")
    assert run("profile", "use", "nope").code == 3
    assert "default_profile" not in content()
    assert run("profile", "use", "work").code == 0
    assert run("profile", "show", "--json").json["profile"]["value"] == "work"
    assert "SEEDANCE_PROFILE" in run("profile", "use", "work", env={"SEEDANCE_PROFILE": "x"}).err


def test_list_has_both_files_profiles(run: Run) -> None:
    """A row each, tab separated in a pipe; the one in use is marked; no key is shown."""
    assert run("profile", "list").out == ""
    assert run("profile", "list", "--json").json == []
    run("login", "defapi", "--profile", "keys", stdin=CANARY)
    run("profile", "set", "work", "provider", "runbase")
    run("profile", "set", "work", "defaults.duration", "8")
    run("profile", "use", "work")
    result = run("profile", "list")
    assert result.out.splitlines() == ["keys\t\t\tdefapi", "work\t*\trunbase\t"]
    listed = run("profile", "list", "--json").json
    assert listed[1] == {
        "name": "work",
        "current": True,
        "provider": "runbase",
        "defaults": {"duration": 8},
        "keys": [],
    }
    assert CANARY not in result.out + result.err + json.dumps(listed)


def test_remove_takes_the_keys_along_and_says_so(run: Run) -> None:
    """From both files, and default_profile with it; other profiles stay."""
    run("profile", "set", "work", "provider", "runbase")
    run("profile", "set", "play", "provider", "defapi")
    run("profile", "use", "work")
    for name in ("work", "play", "only"):
        run("login", "runbase", "--profile", name, stdin=CANARY)
    result = run("profile", "remove", "work", "--json")
    assert (result.code, result.json["keys"], result.json["was_default"]) == (0, ["runbase"], True)
    assert "runbase" in result.err
    assert content() == {"profiles": {"play": {"provider": "defapi"}}}
    assert set(keys()["profiles"]) == {"play", "only"}
    assert run("profile", "remove", "only").code == 0
    assert set(keys()["profiles"]) == {"play"}
    again = run("profile", "remove", "work")
    assert (again.code, "play" in again.err) == (3, True)
    assert CANARY not in result.out + result.err


def test_path_is_the_config_file(run: Run) -> None:
    """Printed though it does not exist; with --json the other places too."""
    assert run("profile", "path").out == f"{path()}\n"
    assert run("profile", "path", "--json").json == {
        "config": str(path()),
        "credentials": str(path().with_name("credentials.toml")),
        "state": os.environ["SEEDANCE_STATE_DIR"],
    }


def test_a_damaged_file_stops_every_command_and_stays(run: Run) -> None:
    """Exit 3 with the line; only `path` still helps to find it."""
    text = f"[profiles.work]\nprovider = {CANARY}\n"
    write(text)
    for words in (
        ["profile", "list"],
        ["profile", "show"],
        ["profile", "use", "work"],
        ["profile", "set", "work", "provider", "runbase"],
        ["profile", "unset", "work", "provider"],
        ["profile", "remove", "work"],
        ["providers"],
        ["login", "runbase"],
        ["logout", "runbase"],
    ):
        result = run(*words, stdin="k")
        assert result.code == 3, words
        assert "line 2" in result.err
        assert CANARY not in result.err
        assert path().read_text() == text
    assert run("profile", "path").code == 0


@posix
def test_a_file_open_to_others_is_tightened_with_a_warning(run: Run) -> None:
    """Said once."""
    write("")
    path().chmod(0o644)
    assert "0644" in run("profile", "list").err
    assert stat.S_IMODE(path().stat().st_mode) == 0o600
    assert "0644" not in run("profile", "list").err


# show


def test_show_has_each_value_with_its_source(run: Run) -> None:
    """Option, environment, profile, provider default; keys are only said to be there."""
    write(
        "default_profile = 'work'\n[profiles.work]\nprovider = 'seedanceapi'\n"
        "[profiles.work.defaults]\nduration = 12\n"
        "[profiles.work.providers.defapi]\nbase_url = 'https://proxy.example'\n"
        "[profiles.work.providers.seedance2ink]\napi_key_env = 'UNSET_KEY'\n"
    )
    run("login", "defapi", stdin=CANARY)
    env = {"RUNBASE_API_KEY": CANARY, "RUNBASE_BASE_URL": "https://env.example/v1"}
    result = run("profile", "show", "--json", env=env)
    shown = result.json
    work = {"kind": "profile", "name": "work"}
    assert shown["profile"] == {
        "value": "work",
        "source": {"kind": "profile", "name": "default_profile"},
    }
    assert shown["provider"] == {"value": "seedanceapi", "source": work}
    assert shown["defaults"]["duration"] == {"value": 12, "source": work}
    assert shown["defaults"]["resolution"] == {
        "value": "720p",
        "source": {"kind": "default", "name": "seedanceapi"},
    }
    sources = {
        name: (one["endpoint"]["source"]["kind"], one["key"]["set"], one["key"]["source"]["kind"])
        for name, one in shown["providers"].items()
    }
    assert sources["defapi"] == ("profile", True, "credentials")
    assert sources["runbase"] == ("environment", True, "environment")
    assert sources["seedance2ink"] == ("default", False, "environment")
    assert sources["seedanceapi"] == ("default", False, "none")
    plain = run("profile", "show", env=env)
    assert "defaults.duration\t12\tprofile work" in plain.out.splitlines()
    assert "providers.runbase.key\tset\tenvironment RUNBASE_API_KEY" in plain.out.splitlines()
    for word in (CANARY, CANARY[:8], CANARY[-6:]):
        assert word not in result.out + result.err + plain.out + plain.err


def test_show_of_a_named_profile_ranks_it_as_an_option(run: Run) -> None:
    """What `--profile NAME` would give; two different names are refused."""
    run("login", "runbase", "--profile", "work", stdin="k")
    env = {"RUNBASE_API_KEY": "x"}
    for words in (["work"], ["--profile", "work"], ["work", "--profile", "work"]):
        shown = run("profile", "show", *words, "--json", env=env).json
        assert shown["providers"]["runbase"]["key"]["source"]["kind"] == "credentials"
    assert run("profile", "show", "work", "--profile", "play").code == 2
    assert run("profile", "show", "nope").code == 3


def test_what_show_says_of_a_named_profile_is_what_is_done(run: Run) -> None:
    """Provider, endpoint, key and defaults of `--profile` beat the environment's, for all alike."""
    from support.scripted_provider import KEY, ScriptedProvider

    with ScriptedProvider() as server, ScriptedProvider() as other:
        write(
            "[profiles.cheap]\nprovider = 'seedanceapi'\ndefaults.resolution = '480p'\n"
            f"providers.seedanceapi.base_url = '{server.endpoint('seedanceapi')}'\n"
            "providers.seedanceapi.api_key = 'cheap-key-0123'\n"
        )
        env = {**other.env(), "SEEDANCE_PROVIDER": "runbase"}
        shown = run("profile", "show", "cheap", "--json", env=env).json
        assert shown["provider"]["value"] == "seedanceapi"
        place = shown["providers"]["seedanceapi"]
        assert place["endpoint"]["value"] == server.endpoint("seedanceapi")
        assert place["key"]["source"] == {"kind": "profile", "name": "cheap"}
        done = run("generate", "a boat", "--profile", "cheap", env=env)
        assert done.out == "seedanceapi:t1\n"
        (request,) = server.server.requests
        assert request.headers["authorization"] == "Bearer cheap-key-0123"
        assert b'"resolution":"480p"' in request.body
        price = run("price", "--profile", "cheap", "--json", env=env).json
        assert {one["provider"] for one in price} == {"seedanceapi"}
        assert other.server.connections == 0
        again = run("generate", "a boat", "--profile", "cheap", "-p", "runbase", env=env)
        assert again.out == "runbase:t1\n"
        assert [one.headers["authorization"] for one in other.server.requests] == [f"Bearer {KEY}"]


def test_show_explains_what_cannot_be_used(run: Run) -> None:
    """No provider to use and a bad endpoint are shown, not raised."""
    env = {"RUNBASE_BASE_URL": "http://u:hunter2@a.example"}
    shown = run("profile", "show", "--json", env=env)
    assert shown.code == 0
    assert shown.json["provider"]["value"] is None
    endpoint = shown.json["providers"]["runbase"]["endpoint"]
    assert endpoint["value"] is None
    assert "RUNBASE_BASE_URL" in endpoint["problem"]
    assert "hunter2" not in shown.out + shown.err


# providers


def test_providers_lists_what_each_can_do(run: Run) -> None:
    """A row each; one by name in full; JSON is an array in either case."""
    rows = [line.split("\t") for line in run("providers").out.splitlines()]
    assert [row[0] for row in rows] == list(providers.names())
    assert len({len(row) for row in rows}) == 1
    every = run("providers", "--json").json
    assert [one["name"] for one in every] == list(providers.names())
    for name in providers.names():
        info = providers.get(name).info
        (one,) = run("providers", name, "--json").json
        assert one["endpoint"] == info.base_url
        assert one["cancel"] is info.can_cancel
        assert one["models"][0]["id"] == info.models[0].id
        assert one["check"] is None
        assert f"endpoint\t{info.base_url}" in run("providers", name).out
        assert run("providers", "-p", name, "--json").json == [one]
    assert run("providers", "nope").code == 2
    assert run("providers", "runbase", "-p", "defapi").code == 2


def test_providers_names_the_place_of_the_key(run: Run) -> None:
    """Environment or profile, and its name; never the key."""
    run("login", "defapi", stdin=CANARY)
    result = run("providers", env={"RUNBASE_API_KEY": CANARY})
    by_name = {line.split("\t")[0]: line for line in result.out.splitlines()}
    assert by_name["defapi"].endswith("credentials default")
    assert by_name["runbase"].endswith("environment RUNBASE_API_KEY")
    assert by_name["seedanceapi"].endswith("not set")
    assert CANARY not in result.out + result.err


@contextmanager
def answering(status: int, body: object) -> Iterator[tuple[str, list[str]]]:
    """A server that gives every request this answer; its address, and the request lines it saw."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(f"{self.requestline} {self.headers['Authorization']}")
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("answer", "state", "code"),
    [
        ((404, {"error": {"code": "run_not_found", "message": "no such run"}}), "ok", 0),
        ((401, {"error": {"code": "invalid_api_key", "message": f"bad {CANARY}"}}), "bad", 3),
        ((403, {"error": {"code": "ip_not_allowed", "message": "no"}}), "bad", 3),
        ((500, {"error": {"code": "x", "message": "oops"}}), "unknown", 5),
        ((429, {"error": {"code": "RATE_LIMITED", "message": "slow"}}), "unknown", 5),
        ((200, "nonsense"), "unknown", 5),
    ],
)
def test_check_tells_a_good_key_from_a_bad_one(
    run: Run, clock: FakeClock, answer: tuple[int, object], state: str, code: int
) -> None:
    """By reading a task that cannot exist: only GETs, only to providers that have a key."""
    with answering(*answer) as (url, seen):
        env = {"RUNBASE_API_KEY": CANARY, "RUNBASE_BASE_URL": url}
        result = run("providers", "--check", "--json", "-v", env=env, clock=clock)
    assert result.code == code, result.err
    states = {one["name"]: one["check"]["state"] for one in result.json}
    assert states == dict.fromkeys(providers.names(), "none") | {"runbase": state}
    assert seen
    assert all(line.startswith("GET /runs/") for line in seen)
    assert all(line.endswith(f"Bearer {CANARY}") for line in seen)
    assert CANARY not in result.out + result.err


def test_check_of_an_unreachable_provider_is_exit_5(run: Run, clock: FakeClock) -> None:
    """Nothing is known of the key then."""
    with answering(200, {}) as (url, _):
        pass
    env = {"RUNBASE_API_KEY": CANARY, "RUNBASE_BASE_URL": url}
    result = run("providers", "runbase", "--check", env=env, clock=clock)
    assert result.code == 5
    assert "check\tnot known" in result.out


def test_a_bad_key_beats_an_unreachable_provider(run: Run, clock: FakeClock) -> None:
    """Exit 3, with both named."""
    refused = {"error": {"code": "invalid_api_key", "message": "bad"}}
    with answering(200, {}) as (gone, _):
        pass
    with answering(401, refused) as (bad, _):
        env = {
            "RUNBASE_API_KEY": "k",
            "RUNBASE_BASE_URL": bad,
            "DEFAPI_API_KEY": "k",
            "DEFAPI_BASE_URL": gone,
        }
        result = run("providers", "--check", "--json", env=env, clock=clock)
    assert result.code == 3
    assert result.error["code"] == "unauthorized"
    assert {one["name"]: one["check"]["state"] for one in result.json}["defapi"] == "unknown"


def test_check_without_any_key_is_exit_3(run: Run) -> None:
    """There is nothing to verify, and the hint says how to come by a key."""
    result = run("providers", "runbase", "--check", "--json")
    assert result.code == 3
    assert "login" in f"{result.error['hint']}"
    assert result.json[0]["check"]["state"] == "none"


@pytest.mark.parametrize(
    "words",
    [
        ["login"],
        ["logout"],
        ["providers"],
        *(["profile", one] for one in ("list", "show", "use", "set", "unset", "remove", "path")),
    ],
)
def test_help_has_two_examples_and_the_common_options(run: Run, words: list[str]) -> None:
    """-h works everywhere."""
    result = run(*words, "-h")
    assert result.code == 0
    text = result.out + result.err
    assert text.count(f"seedance {' '.join(words)}") >= 2 + text.count("Usage: seedance")
    for option in ("--json", "--quiet", "--verbose"):
        assert option in text


def test_a_hint_with_a_name_can_be_pasted(run: Run) -> None:
    """A profile's name from the user's file is quoted in a command line to be copied."""
    table = '[profiles."$(touch x)".providers.runbase]\napi_key = "kkkkkkkkkkkkkkkk"\n'
    Path(os.environ["SEEDANCE_CONFIG"]).parent.mkdir(exist_ok=True)
    Path(os.environ["SEEDANCE_CONFIG"]).write_text(table)
    done = run("profile", "set", "$(touch x)", "providers.runbase.api_key_env", "A_KEY")
    assert done.code == 2
    assert "seedance profile unset '$(touch x)' providers.runbase.api_key" in done.err
    env = {"DEFAPI_API_KEY": "k" * 20, "SEEDANCE_PROFILE": "$(touch x)"}
    done = run("generate", "a boat", env=env)
    assert done.code == 3
    assert "seedance profile set '$(touch x)' provider NAME" in done.err
    assert run("login", "defapi", stdin="k" * 20, env=env).code == 0
    done = run("login", "defapi", stdin="k" * 20, env=env)
    assert "`--profile '$(touch x)'`" in done.err

"""Which task is meant, and at which endpoint, with which profile and key it is reached."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli.ledger.record import Ledger
from support import ledgers
from support.scripted_provider import KEY, ScriptedProvider, done, submitted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support.fake_clock import FakeClock
    from support.runner import Run

URL = "https://v.example/1.mp4"


def keys(server: ScriptedProvider, method: str = "GET") -> list[str]:
    """The key that came with each request."""
    return [
        one.headers["authorization"].removeprefix("Bearer ")
        for one in server.server.requests
        if one.method == method
    ]


def configure(text: str) -> None:
    from os import environ

    path = Path(environ["SEEDANCE_CONFIG"])
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)


def row(clock: FakeClock, task_id: str, endpoint: str, *, sandbox: bool = False) -> None:
    from os import environ

    with Ledger.open(Path(environ["SEEDANCE_STATE_DIR"]), clock, create=True) as ledger:
        ledgers.submit(ledger, task_id, provider="runbase", endpoint=endpoint, sandbox=sandbox)


# Which task


def test_a_bare_id_is_looked_up_in_the_ledger(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A bare id of this machine needs no provider, even where several have keys."""
    submitted(server, "defapi", "t1")
    server.task("t1", "running")
    result = run("status", "t1", env=server.env(), clock=clock)
    assert result.out == "defapi:t1\trunning\t\n"


@pytest.mark.parametrize(
    ("words", "env"),
    [
        (("-p", "runbase"), {}),
        ((), {"SEEDANCE_PROVIDER": "runbase"}),
    ],
)
def test_a_bare_id_that_the_ledger_lacks(
    run: Run,
    server: ScriptedProvider,
    clock: FakeClock,
    words: tuple[str, ...],
    env: Mapping[str, str],
) -> None:
    """Then `-p`, or what else names the provider, decides."""
    server.task("t1", "running")
    result = run("status", "t1", *words, env={**server.env(), **env}, clock=clock)
    assert result.out == "runbase:t1\trunning\t\n"


def test_a_bare_id_that_nobody_can_place_is_3(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Several keys and no provider named: 3, listing them, nothing asked."""
    result = run("status", "t1", env=server.env(), clock=clock)
    assert result.code == 3
    assert "runbase" in result.err
    assert server.server.requests == []


def test_p_unlike_the_ref_is_2(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """`-p` that contradicts the ref is refused; one that repeats it is not."""
    server.task("t1", "running")
    env = server.env()
    assert run("status", "runbase:t1", "-p", "defapi", env=env, clock=clock).code == 2
    assert run("status", "runbase:t1", "-p", "runbase", env=env, clock=clock).code == 0


@pytest.mark.parametrize("words", [(), ("--no-sandbox",)])
def test_of_a_sandbox_and_a_real_task_the_real_one_is_meant(
    run: Run, server: ScriptedProvider, clock: FakeClock, words: tuple[str, ...]
) -> None:
    """Two rows for one ref: without `--sandbox` the real one comes first."""
    row(clock, "t1", "sandbox", sandbox=True)
    submitted(server, "runbase", "t1")
    server.task("t1", "running")
    result = run("status", "runbase:t1", *words, env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, "runbase:t1\trunning\t\n")
    boxed = run("status", "runbase:t1", "--sandbox", env=server.env(), clock=clock)
    assert boxed.code == 4  # no such task there
    assert server.polls("t1") == 1


BEGUN = ("abcdef-1", "abcdef-2", "abcxyz-3", "ABCDEF-4")


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("abcxyz", "defapi:abcxyz-3"),
        ("abcxyz-", "defapi:abcxyz-3"),
        ("abcdef-1", "defapi:abcdef-1"),
        ("ABCDEF", "defapi:ABCDEF-4"),
    ],
)
def test_the_beginning_of_an_id_names_its_task(
    run: Run, server: ScriptedProvider, clock: FakeClock, text: str, ref: str
) -> None:
    """Six characters that fit one task only; case counts."""
    for task_id in BEGUN:
        submitted(server, "defapi", task_id)
        server.task(task_id, "running")
    result = run("status", text, env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, f"{ref}\trunning\t\n"), result.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("abcdef",), 2, "defapi:abcdef-1, defapi:abcdef-2"),
        (("abcx",), 3, "the ledger has no task"),
        (("abcxyz", "-p", "defapi"), 4, "defapi:abcxyz"),
        (("defapi:abcxyz",), 4, "defapi:abcxyz"),
        (("%bcxyz",), 3, "the ledger has no task"),
    ],
)
def test_what_is_no_beginning_of_one_task(
    run: Run, server: ScriptedProvider, words: tuple[str, ...], code: int, said: str
) -> None:
    """Several tasks: 2, naming them. Too short, with `-p`, or in a ref it is a whole id."""
    for task_id in BEGUN:
        submitted(server, "defapi", task_id)
    result = run("status", *words, env=server.env())
    assert result.code == code
    assert said in result.err


def test_cancel_takes_no_beginning_from_a_script(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Where stdin is no terminal nothing is cancelled that was not named whole: 2."""
    submitted(server, "seedance2ink", "abcxyz-3")
    server.task("abcxyz-3", "running")
    result = run("cancel", "abcxyz", env=server.env(), clock=clock)
    assert result.code == 2
    assert "only the beginning of seedance2ink:abcxyz-3" in result.err
    assert server.server.requests == []
    assert run("cancel", "abcxyz-3", env=server.env(), clock=clock).code == 0


@pytest.mark.parametrize("command", ["wait", "status"])
def test_where_only_the_sandbox_has_tasks_that_is_said(
    run: Run, server: ScriptedProvider, clock: FakeClock, command: str
) -> None:
    """A bare wait or status takes none of them, and says how they are taken."""
    row(clock, "t1", "sandbox", sandbox=True)
    result = run(command, env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, "")
    assert "--sandbox" in result.err
    assert server.server.requests == []


def test_a_ref_at_two_endpoints_is_2(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """The same ref at two endpoints: 2, naming both, unless today's endpoint is one of them."""
    submitted(server, "runbase", "t1")
    row(clock, "t1", "https://other.example/api/v1")
    server.task("t1", "running")
    key = {"RUNBASE_API_KEY": KEY}
    result = run("status", "runbase:t1", env=key, clock=clock)
    assert result.code == 2
    assert "https://other.example/api/v1" in result.err
    assert server.endpoint("runbase") in result.err
    assert "  hint: RUNBASE_BASE_URL=http" in result.err
    assert server.server.requests == []
    today = run("status", "runbase:t1", env=server.env(), clock=clock)
    assert (today.code, today.out) == (0, "runbase:t1\trunning\t\n")


@pytest.mark.parametrize(
    "ref",
    [
        *("runbase:", "runbase:.", "runbase:..", "runbase:%00", "runbase:%1b%5b2J", "runbase:%0a"),
        *("runbase:%ff", "runbase:%20", "runbase:%e2%80%ae", "", " ", "..", "a\x1bb"),
        "runbase:" + "x" * 600,
    ],
)
def test_what_no_id_can_be_is_2(
    run: Run, server: ScriptedProvider, clock: FakeClock, ref: str
) -> None:
    """`.`, `..`, blanks, control characters and endless ids are refused before anything is sent."""
    result = run("status", ref, "-p", "runbase", env=server.env(), clock=clock)
    assert result.code == 2
    assert server.server.requests == []


@pytest.mark.parametrize(
    ("ref", "path"),
    [
        ("runbase:a%2Fb", "/runbase/api/v1/runs/a%2Fb"),
        ("runbase:a%3Fx%3D1", "/runbase/api/v1/runs/a%3Fx%3D1"),
        ("runbase:a:b", "/runbase/api/v1/runs/a%3Ab"),
        ("runbase:%C3%BC", "/runbase/api/v1/runs/%C3%BC"),
    ],
)
def test_ids_are_encoded_again_in_urls(
    run: Run, server: ScriptedProvider, clock: FakeClock, ref: str, path: str
) -> None:
    """An id cannot leave its place in the URL, and its ref is printed as it was given."""
    result = run("status", ref, env=server.env(), clock=clock)
    assert result.code == 4  # the server knows no such task
    assert server.server.requests[0].target == path
    assert ref in result.err


def test_an_unknown_prefix_is_part_of_the_id(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """What stands before a colon is a provider only if there is one of that name."""
    server.task("job:7", "running")
    result = run("status", "job:7", "-p", "runbase", env=server.env(), clock=clock)
    assert result.out == "runbase:job:7\trunning\t\n"


# The row decides


def test_the_row_decides_on_the_endpoint(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A task is read where it was submitted, whatever comes first today."""
    submitted(server, "runbase", "t1")
    server.task("t1", done(URL))
    configure(f"profiles.default.providers.runbase.base_url = '{server.endpoint('runbase')}'")
    elsewhere = {"RUNBASE_BASE_URL": "http://127.0.0.1:9/api/v1"}
    result = run("wait", "runbase:t1", env={**server.env(), **elsewhere}, clock=clock)
    assert (result.code, result.out) == (0, f"{URL}\n")


def test_the_environment_decides_for_other_machines_tasks(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A ref that the ledger lacks is read at the endpoint that is set now."""
    server.task("t1", done(URL))
    assert run("wait", "runbase:t1", env=server.env(), clock=clock).out == f"{URL}\n"


@pytest.mark.parametrize("wanted", ["1", "0"])
def test_the_row_decides_on_the_sandbox(
    run: Run, server: ScriptedProvider, clock: FakeClock, wanted: str
) -> None:
    """`SEEDANCE_SANDBOX` does not turn a real task into one of the sandbox."""
    submitted(server, "runbase", "t1")
    server.task("t1", done(URL))
    env = {**server.env(), "SEEDANCE_SANDBOX": wanted}
    assert run("wait", "runbase:t1", env=env, clock=clock).out == f"{URL}\n"


def test_a_sandbox_task_never_sees_the_real_key(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A row of the sandbox is read in the sandbox, without the option and without the key."""
    row(clock, "gone", "sandbox", sandbox=True)
    result = run("status", "runbase:gone", "-v", env=server.env(), clock=clock)
    assert result.code == 4
    assert server.server.requests == []


PROFILES = """
[profiles.work]
providers.runbase.api_key = "work-key-0123456789"
[profiles.play]
providers.runbase.api_key = "play-key-0123456789"
"""


def test_the_row_decides_on_the_profile(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A task submitted with `--profile` is read with that profile's key, without the option."""
    configure(PROFILES)
    env = {**server.env("runbase"), "RUNBASE_API_KEY": None}
    words = ("generate", "a boat", "-p", "runbase")
    ref = run(*words, "--profile", "work", env=env, clock=clock).out.strip()
    server.task("t1", done(URL))
    assert run("wait", ref, env=env, clock=clock).code == 0
    other = {**env, "SEEDANCE_PROFILE": "play"}
    assert run("wait", ref, env=other, clock=clock).code == 0
    assert set(keys(server)) == {"work-key-0123456789"}


def test_a_profile_that_was_named_outranks_the_environments_key(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """The key that paid for a task reads it: a named profile's, though a variable is set too."""
    configure(PROFILES)
    env = server.env("runbase")
    words = ("generate", "a boat", "-p", "runbase")
    ref = run(*words, "--profile", "work", env=env, clock=clock).out.strip()
    server.task("t1", done(URL))
    run("wait", ref, env=env, clock=clock)
    run("wait", env=env, clock=clock)
    run("status", ref, env=env, clock=clock)
    assert keys(server, "POST") == ["work-key-0123456789"]
    assert set(keys(server)) == {"work-key-0123456789"}


def test_a_profile_that_was_not_named_does_not(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A task paid with the environment's key, under a default profile, is read with that key."""
    configure('default_profile = "work"\n' + PROFILES)
    env = server.env("runbase")
    ref = run("generate", "a boat", "-p", "runbase", env=env, clock=clock).out.strip()
    server.task("t1", done(URL))
    run("wait", ref, env=env, clock=clock)
    assert keys(server, "POST") == [KEY]
    assert set(keys(server)) == {KEY}


def test_the_profile_option_outranks_the_row(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """`wait --profile` is taken at its word."""
    configure(PROFILES)
    env = server.env("runbase")
    words = ("generate", "a boat", "-p", "runbase", "--profile", "work")
    ref = run(*words, env=env, clock=clock).out.strip()
    server.task("t1", done(URL))
    run("wait", ref, "--profile", "play", env=env, clock=clock)
    assert set(keys(server)) == {"play-key-0123456789"}


def test_a_profile_that_is_gone_leaves_it_to_the_environment(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A removed profile does not make its tasks unreachable."""
    configure(PROFILES)
    env = server.env("runbase")
    words = ("generate", "a boat", "-p", "runbase", "--profile", "work")
    ref = run(*words, env=env, clock=clock).out.strip()
    configure("")
    server.task("t1", done(URL))
    assert run("wait", ref, env=env, clock=clock).code == 0
    assert set(keys(server)) == {KEY}


@pytest.mark.parametrize("command", ["wait", "status"])
def test_an_unknown_profile_is_3_also_where_nothing_is_to_do(run: Run, command: str) -> None:
    """Option or variable: whoever mistypes a name is told of those there are."""
    configure(PROFILES)
    for words, env in ((("--profile", "wrk"), {}), ((), {"SEEDANCE_PROFILE": "wrk"})):
        result = run(command, *words, env=env)
        assert result.code == 3
        assert "play, work" in result.err


def test_tasks_of_two_profiles_are_read_with_a_key_each(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """One wait for tasks of two profiles sends each key for its own task."""
    configure(PROFILES)
    env = server.env("runbase")
    for name in ("work", "play"):
        run("generate", name, "-p", "runbase", "--profile", name, env=env, clock=clock)
    server.task("t1", done(URL))
    server.task("t2", done(URL))
    assert run("wait", env=env, clock=clock).code == 0
    sent = {one.target[-2:]: one.headers["authorization"] for one in server.server.requests[2:]}
    assert sent == {"t1": "Bearer work-key-0123456789", "t2": "Bearer play-key-0123456789"}


@pytest.mark.parametrize("value", ["maybe", "2", "sandbox"])
def test_a_sandbox_variable_that_says_nothing_is_2(
    run: Run, server: ScriptedProvider, clock: FakeClock, value: str
) -> None:
    """`SEEDANCE_SANDBOX` is yes, no or empty; anything else is 2."""
    env = {**server.env(), "SEEDANCE_SANDBOX": value}
    assert run("wait", env=env, clock=clock).code == 2


# Where a key goes: a row is no licence for it

OTHER = "https://gone.invalid/api/v1"
ACTIONS = {
    "status": ("status", "{}"),
    "wait": ("wait", "{}"),
    "download": ("wait", "{}", "--download"),
    "cancel": ("cancel", "{}"),
}


def action(name: str, ref: str) -> list[str]:
    return [word.format(ref) for word in ACTIONS[name]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts whose address is asked for: the first step of sending anything. There is none."""
    import socket

    hosts: list[str] = []

    def lookup(host: str, *_: object, **__: object) -> None:
        hosts.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "scripted")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return hosts


def write(
    clock: FakeClock, endpoint: str, *, key: str | None = KEY, profile: str | None = "default"
) -> None:
    """A row for `t1` at seedance2ink, which knows a cancel."""
    from os import environ

    with Ledger.open(Path(environ["SEEDANCE_STATE_DIR"]), clock, create=True) as ledger:
        ledgers.submit(ledger, provider="seedance2ink", endpoint=endpoint, key=key, profile=profile)


@pytest.mark.parametrize("name", ACTIONS)
def test_no_key_goes_to_a_stale_loopback_endpoint(
    run: Run, server: ScriptedProvider, clock: FakeClock, name: str
) -> None:
    """Anybody may listen there by now: 3, nothing is sent, one line says what to type."""
    endpoint = server.endpoint("seedance2ink")
    write(clock, endpoint)
    server.task("t1", done())
    result = run(*action(name, "seedance2ink:t1"), "--json", env={"SEEDANCE2INK_API_KEY": KEY})
    assert result.code == 3
    assert server.server.connections == 0
    verb = "cancel" if name == "cancel" else "wait"
    typed = f"SEEDANCE2INK_BASE_URL={endpoint} seedance {verb} seedance2ink:t1"
    assert typed in result.error["hint"]
    assert endpoint in result.error["message"]


@pytest.mark.parametrize("name", ACTIONS)
def test_what_it_says_to_type_works(
    run: Run, server: ScriptedProvider, clock: FakeClock, name: str
) -> None:
    """With the endpoint named in the environment the same command goes on."""
    write(clock, server.endpoint("seedance2ink"))
    server.task("t1", done() if name != "cancel" else "queued")
    result = run(*action(name, "seedance2ink:t1"), env=server.env("seedance2ink"), clock=clock)
    assert result.code == 0


def test_no_key_goes_there_to_adopt_a_task(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """`recover --adopt` reads at the row's endpoint, and holds to the same."""
    from os import environ

    server.task("t1", "running")
    endpoint = server.endpoint("runbase")
    with Ledger.open(Path(environ["SEEDANCE_STATE_DIR"]), clock, create=True) as ledger:
        intent = ledgers.prepare(ledger, endpoint=endpoint, key=KEY, prompt="a boat")
        ledger.sending(intent)
    words = ("recover", "--adopt", intent, "t1", "--json")
    result = run(*words, env={"RUNBASE_API_KEY": KEY}, clock=clock)
    assert result.code == 3
    assert server.server.connections == 0
    typed = f"RUNBASE_BASE_URL={endpoint} seedance recover --adopt {intent} runbase:t1"
    assert typed in result.error["hint"]
    assert run(*words, env=server.env("runbase"), clock=clock).code == 0


@pytest.mark.parametrize("words", [("wait",), ("status",), ("wait", "--json"), ("status", "-q")])
def test_without_a_ref_the_others_go_on(
    run: Run, server: ScriptedProvider, clock: FakeClock, words: tuple[str, ...]
) -> None:
    """A stale row is named in a line, and changes neither what is done nor the exit code."""
    with ScriptedProvider() as stale:
        for number in range(2):
            submitted(stale, "runbase", f"stale{number}")
            stale.task(f"stale{number}", done())
        submitted(server, "runbase", "t1")
        server.task("t1", done(URL))
        result = run(*words, env=server.env(), clock=clock)
        assert stale.server.connections == 0
        place = stale.endpoint("runbase")
    assert result.code == 0
    assert URL in result.out
    assert "stale0" not in result.out
    lines = [line for line in result.err.splitlines() if "stale0" in line]
    typed = f"RUNBASE_BASE_URL={place} seedance wait runbase:stale0 runbase:stale1"
    assert [typed in line for line in lines] == ([] if "-q" in words else [True])


def test_with_nothing_but_stale_rows_there_is_nothing_to_do(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """No key is needed for that, and what was left out is not called absent."""
    submitted(server, "runbase", "t1")
    for command in ("wait", "status"):
        result = run(command, clock=clock)
        assert (result.code, result.out) == (0, "")
        assert "runbase:t1" in result.err
        assert "no unfinished task" not in result.err
    assert server.server.connections == 0


def test_many_stale_rows_are_one_line(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """Nobody reads the refs of a dozen of them."""
    for number in range(12):
        row(clock, f"stale{number}", server.endpoint("runbase"))
    result = run("wait", clock=clock)
    assert [line for line in result.err.splitlines() if "12 tasks" in line]
    assert len(result.err) < 500


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("profiles.default.providers.seedance2ink.base_url = '{}'", ()),
        (
            "profiles.p.providers.seedance2ink.base_url = '{}'\nprofiles.default = {{}}",
            "--profile p",
        ),
    ],
    ids=["the row's own profile", "option"],
)
def test_a_profile_names_an_endpoint(
    run: Run, server: ScriptedProvider, clock: FakeClock, text: str, words: str
) -> None:
    """The profile of the row, or the one of `--profile`, vouches as the environment does."""
    endpoint = server.endpoint("seedance2ink")
    write(clock, endpoint, key=None)
    configure(text.format(endpoint))
    server.task("t1", "running")
    env = {"SEEDANCE2INK_API_KEY": KEY}
    result = run("status", "seedance2ink:t1", *(words or "").split(), env=env, clock=clock)
    assert result.code == 0


def test_another_profile_names_nothing(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A profile that neither the row nor an option names does not vouch for a row."""
    endpoint = server.endpoint("seedance2ink")
    write(clock, endpoint)
    configure(f"profiles.default = {{}}\nprofiles.p.providers.seedance2ink.base_url = '{endpoint}'")
    env = {"SEEDANCE2INK_API_KEY": KEY, "SEEDANCE_PROFILE": "p"}
    assert run("status", "seedance2ink:t1", env=env, clock=clock).code == 3
    assert server.server.connections == 0


def test_a_row_whose_profile_is_gone_is_read_with_todays(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """Another machine's ledger names profiles that this one lacks: then today's stands for it."""
    endpoint = server.endpoint("seedance2ink")
    write(clock, endpoint, profile="elsewhere")
    configure(f"profiles.p.providers.seedance2ink.base_url = '{endpoint}'")
    server.task("t1", "running")
    env = {"SEEDANCE2INK_API_KEY": KEY, "SEEDANCE_PROFILE": "p"}
    assert run("status", "seedance2ink:t1", env=env, clock=clock).code == 0


@pytest.mark.parametrize("name", ACTIONS)
def test_the_key_of_the_submit_may_go_back(
    run: Run, asked: list[str], clock: FakeClock, name: str
) -> None:
    """To the same host elsewhere: it has the key already, and has to show a certificate for it."""
    write(clock, OTHER)
    env = {"SEEDANCE2INK_API_KEY": KEY}
    once = ("--timeout", "0") if "wait" in ACTIONS[name] else ()
    result = run(*action(name, "seedance2ink:t1"), *once, env=env, clock=clock)
    assert result.code in {5, 8}
    assert set(asked) == {"gone.invalid"}


@pytest.mark.parametrize("name", ACTIONS)
@pytest.mark.parametrize(
    ("endpoint", "key"),
    [
        (OTHER, "another-key-0123456789"),
        (OTHER, None),
        ("http://gone.invalid/api/v1", KEY),
        ("http://10.1.2.3/api/v1", KEY),
        ("https://user:word@gone.invalid/api/v1", KEY),
        ("https://gone.invalid/api\r\nX: y", KEY),
        ("ftp://gone.invalid", KEY),
        ("sandbox", KEY),
        ("", KEY),
    ],
    ids=["another key", "an older row", "http", "private", "user", "lines", "ftp", "word", "empty"],
)
def test_what_nothing_vouches_for_is_asked_nothing(
    run: Run, asked: list[str], clock: FakeClock, *, name: str, endpoint: str, key: str | None
) -> None:
    """Nor is any host that a row of a foreign hand can name, whatever proof it brings along."""
    write(clock, endpoint, key=key)
    env = {"SEEDANCE2INK_API_KEY": KEY}
    result = run(*action(name, "seedance2ink:t1"), "--json", env=env, clock=clock)
    assert result.code == 3
    assert "seedance2ink:t1" in result.error["message"]
    assert "seedance" in result.error["hint"]
    assert KEY not in result.err
    assert asked == []
    assert run("wait", env=env, clock=clock).code == 0
    assert asked == []


def test_a_submit_is_proved_by_its_key_and_endpoint(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """The proof tells two keys, two hosts and two ledgers apart, and holds nothing of the key."""
    from os import environ

    folder = Path(environ["SEEDANCE_STATE_DIR"])
    assert run("generate", "a boat", "-p", "runbase", env=server.env(), clock=clock).code == 0
    with Ledger.open(folder, clock, create=False) as ledger:
        (found,) = ledger.rows()
        assert found.key_proof == ledger.key_proof(KEY, server.endpoint("runbase"))
        assert found.key_proof != ledger.key_proof(f"{KEY}x", server.endpoint("runbase"))
    assert KEY.encode() not in (folder / "ledger.db").read_bytes()


@pytest.mark.parametrize("command", [("wait",), ("status",), ("wait", "runbase:t1")])
@pytest.mark.parametrize(("key", "left"), [(KEY, 0), ("another-key-0123456789", 1), (None, 1)])
def test_only_the_key_of_the_submit_finds_a_task_lost(
    run: Run,
    server: ScriptedProvider,
    clock: FakeClock,
    *,
    command: tuple[str, ...],
    key: str | None,
    left: int,
) -> None:
    """To any other key a task is unknown, and that says nothing of it."""
    from os import environ

    with Ledger.open(Path(environ["SEEDANCE_STATE_DIR"]), clock, create=True) as ledger:
        ledgers.submit(ledger, endpoint=server.endpoint("runbase"), key=key)
    clock.sleep(3600)
    assert run(*command, env=server.env(), clock=clock).code == 4
    clock.sleep(25 * 3600)
    with Ledger.open(Path(environ["SEEDANCE_STATE_DIR"]), clock, create=False) as ledger:
        assert len(ledger.unfinished(sandbox=False)) == left

"""`seedance generate`: what is sent, what is refused, and where the result goes."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seedance_cli.errors import WriteFailed
from seedance_cli.ledger.record import Ledger
from seedance_cli.tasks import rules
from support.bytes_server import BytesServer, answer
from support.scripted_provider import KEY, ScriptedProvider, json_answer

if TYPE_CHECKING:
    from support.fake_clock import FakeClock
    from support.runner import Result, Run, Spawn


def state() -> Path:
    return Path(os.environ["SEEDANCE_STATE_DIR"])


def config(text: str) -> None:
    path = Path(os.environ["SEEDANCE_CONFIG"])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)


def body(done: Result) -> Any:
    """The body of a `--dry-run --json`."""
    assert done.code == 0, done.err
    return done.json["body"]


def bodies(server: ScriptedProvider) -> list[Any]:
    return [json.loads(one.body) for one in server.server.requests if one.method == "POST"]


# The prompt


@pytest.mark.parametrize(
    ("argv", "stdin", "prompt"),
    [
        (["a boat"], None, "a boat"),
        ([], "a boat\n", None),
        (["-"], "a boat\n", "a boat"),
        (["-"], "a boat\r\n", "a boat"),
        (["-"], "a boat\n\n", "a boat\n"),
        (["-f", "prompt.txt"], None, "from a file\n"),
        (["-f", "-"], "a boat", "a boat"),
        (["-", "-f", "prompt.txt"], "a boat", None),
        (["two\nlines\ttab"], None, "two\nlines\ttab"),
        (["  spaces stay "], None, "  spaces stay "),
        (["--", "-p is no option"], None, "-p is no option"),
        (["배 🚢 \u202e"], None, "배 🚢 \u202e"),
        (["a" * 1_000_000], None, "a" * 1_000_000),
        (["-"], "\ufeffa boat", "a boat"),
    ],
)
def test_the_prompt(argv: list[str], stdin: str | None, prompt: str | None, run: Run) -> None:
    """It is the argument, a file or stdin, as it is but for one newline at the end of a stream."""
    Path("prompt.txt").write_text("from a file\n\n")
    done = run("generate", "-p", "runbase", "--dry-run", "--json", *argv, stdin=stdin)
    if prompt is None:
        assert done.code == 2
    else:
        assert body(done)["input"] == {"prompt": prompt}


@pytest.mark.parametrize(
    ("argv", "stdin", "why"),
    [
        ([], "a list\n", "there is no PROMPT"),
        (["-"], "", "the prompt is empty"),
        ([" \n"], None, "the prompt is empty"),
        (["a boat", "-f", "x"], None, "both given"),
        (["-f", "missing.txt"], None, "missing.txt cannot be read: No such file"),
        (["-f", "."], None, "cannot be read: Is a directory"),
        (["-"], b"\xff\xfe", "not UTF-8 text (byte 0)"),
        (["a\x00b"], None, "a NUL or a lone surrogate"),
        (["a\udc80b"], None, "a NUL or a lone surrogate"),
        (["a boat", "again"], None, "unexpected extra argument"),
    ],
)
def test_a_prompt_that_cannot_be_sent(
    argv: list[str], stdin: str | bytes | None, why: str, run: Run
) -> None:
    """None, two, or one that is no text: exit 2 with the reason, and no ledger is made."""
    done = run("generate", "-p", "runbase", *argv, stdin=stdin, env={"RUNBASE_API_KEY": KEY})
    assert (done.code, done.out) == (2, "")
    assert why in done.err
    assert not state().exists()


def test_a_prompt_typed_on_a_terminal(spawn: Spawn) -> None:
    """`-` on a terminal reads until Ctrl-D; without it a terminal is never asked."""
    typed = spawn("generate", "-", "-p", "runbase", "--dry-run", pty=True, pipe_stdout=True)
    typed.type(b"a boat\n\x04")
    assert '"prompt":"a boat"' in typed.finish().out
    silent = spawn("generate", "-p", "runbase", pty=True, pipe_stdout=True).finish()
    assert silent.code == 2
    assert "there is no PROMPT" in silent.err


@pytest.mark.skipif(os.name != "posix", reason="hands descriptors over")
@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("os.close(0)", "stdin is closed"),
        ("os.dup2(os.open(os.devnull, os.O_WRONLY), 0)", "stdin cannot be read"),
    ],
)
def test_stdin_that_cannot_be_read(how: str, why: str, spawn: Spawn) -> None:
    """A stdin that is closed, or open for writing only, is a usage error and no bug."""
    code = (
        f"import os, sys; {how};"
        "os.execv(sys.executable, [sys.executable, '-m', 'seedance_cli', *sys.argv[1:]])"
    )
    done = spawn("generate", "-", "-p", "runbase", code=code).finish()
    assert done.code == 2
    assert why in done.err


@pytest.mark.skipif(os.name != "posix", reason="needs a device without an end")
@pytest.mark.parametrize("words", [("-",), ("-f", "-"), ("-f", "/dev/zero"), ("-f", "/dev/stdin")])
def test_a_prompt_without_an_end(words: tuple[str, ...], spawn: Spawn) -> None:
    """Bytes that do not end are no prompt: 2 with the limit, and not all of the memory."""
    code = (
        "import os, resource, sys; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30));"
        "os.dup2(os.open('/dev/zero', os.O_RDONLY), 0);"
        "os.execv(sys.executable, [sys.executable, '-m', 'seedance_cli', *sys.argv[1:]])"
    )
    done = spawn("generate", *words, "-p", "runbase", code=code).finish()
    assert (done.code, done.out) == (2, ""), done.err
    assert "16 MiB" in done.err


# The options


def test_only_what_was_typed_is_sent(run: Run) -> None:
    """A field that the user did not set is not sent, unless the provider requires it."""
    assert body(run("generate", "x", "-p", "seedanceapi", "--dry-run", "--json")) == {"prompt": "x"}
    done = run("generate", "x", "-p", "seedance2ink", "--dry-run", "--json")
    assert body(done) == {"model": "seedance-2.0", "prompt": "x"}
    assert "model seedance-2.0 (the first that seedance2ink lists" in done.err
    done = run("generate", "x", "-p", "defapi", "--dry-run", "--json")
    assert "model" not in body(done)
    assert "the first" not in done.err


@pytest.mark.parametrize(
    ("argv", "fields"),
    [
        (["-d", "8"], {"duration": "8"}),
        (["--duration", "8s"], {"duration": "8"}),
        (["-r", "480p"], {"resolution": "480p"}),
        (["-a", "9:21"], {"aspect_ratio": "9:21"}),
        (["--audio"], {"generate_audio": True}),
        (["--no-audio"], {"generate_audio": False}),
        (["--fixed-lens"], {"fixed_lens": True}),
        (["--no-fixed-lens"], {"fixed_lens": False}),
        (["-i", "https://x.example/a b.png".replace(" ", "%20")], None),
        (["--callback-url", "https://x.example/hook"], {"callback_url": "https://x.example/hook"}),
        (["--param", "seed=7"], {"seed": 7}),
        (["--param", 'name="text"'], {"name": "text"}),
        (["--param", "a.b=[1, 2.5, null, true]"], {"a.b": [1, 2.5, None, True]}),
        (["--param", "x={}", "--param", "y=1e3"], {"x": {}, "y": 1000.0}),
        (["--param", "big=123456789012345678901234567890"], {"big": int("1234567890" * 3)}),
        (["--no-validate", "-r", "4k"], {"resolution": "4k"}),
        (["--no-validate", "-d", "7"], {"duration": "7"}),
    ],
)
def test_each_option(argv: list[str], fields: dict[str, Any] | None, run: Run) -> None:
    """Each option sets its field and nothing else; values keep the wire's type."""
    if fields is None:
        fields = {"image_urls": ["https://x.example/a%20b.png"]}
    done = run("generate", "x", "-p", "seedanceapi", "--dry-run", "--json", *argv)
    assert body(done) == {"prompt": "x", **fields}


def test_images_keep_their_order(run: Run) -> None:
    """`-i` is repeatable; the images go out in the order typed."""
    urls = [f"https://x.example/{name}.png" for name in "cab"]
    argv = [word for url in urls for word in ("-i", url)]
    sent = body(run("generate", "x", "-p", "seedance2ink", "--dry-run", "--json", *argv))
    assert sent["mediaUrls"] == urls


def test_params_lie_where_the_options_live(run: Run) -> None:
    """`--param` goes into `input` at runbase, to the top level elsewhere."""
    sent = body(run("generate", "x", "-p", "runbase", "--dry-run", "--json", "--param", "seed=1"))
    assert sent["input"] == {"prompt": "x", "seed": 1}
    sent = body(run("generate", "x", "-p", "defapi", "--dry-run", "--json", "--param", "seed=1"))
    assert sent["seed"] == 1


@pytest.mark.parametrize(
    ("provider", "argv", "words"),
    [
        ("seedanceapi", ["-m", "x"], ["--model", "no option"]),
        ("seedanceapi", ["-m", "seedance-2.0"], ["--model", "seedance2ink"]),
        ("seedanceapi", ["-r", "1080p"], ["--resolution 1080p", "480p, 720p", "runbase"]),
        ("seedanceapi", ["-d", "5"], ["--duration 5", "4, 8, 12", "defapi"]),
        ("seedanceapi", ["-d", "8.5"], ["--duration", "8 or 8s"]),
        ("seedanceapi", ["-d", "-8"], ["--duration", "8 or 8s"]),
        ("seedanceapi", ["-a", "16x9"], ["--aspect-ratio 16x9", "16:9"]),
        ("seedanceapi", ["--metadata", "a=b"], ["--metadata", "seedance2ink"]),
        ("defapi", ["-r", "720p"], ["--resolution", "seedanceapi"]),
        ("defapi", ["-r", ""], ["--resolution", "no option"]),
        ("defapi", ["--audio"], ["--audio", "runbase, seedanceapi"]),
        ("runbase", ["--fixed-lens"], ["--fixed-lens", "seedanceapi"]),
        ("runbase", ["--callback-url", "https://x.example"], ["--callback-url", "defapi"]),
        ("defapi", ["-i", "cat.png"], ["--image cat.png", "http(s)"]),
        ("defapi", ["-i", "file:///etc/passwd"], ["--image", "http"]),
        ("defapi", ["--callback-url", "http://10.0.0.1/x"], ["--callback-url", "private"]),
        ("defapi", ["--callback-url", "http://localhost"], ["--callback-url", "private"]),
        ("defapi", ["--image", ""], ["--image '': it is empty"]),
        ("seedance2ink", ["--metadata", "novalue"], ["--metadata", "KEY="]),
        ("seedance2ink", ["--metadata", "a=1", "--metadata", "a=2"], ["--metadata a", "twice"]),
        ("runbase", ["--param", "seed"], ["--param", "KEY="]),
        ("runbase", ["--param", "seed=text"], ["--param seed", "quotes of its own"]),
        ("runbase", ["--param", "seed=NaN"], ["--param seed", "NaN"]),
        ("runbase", ["--param", "seed=1e999"], ["--param seed", "more digits"]),
        ("runbase", ["--param", "seed=0.12345678901234567890"], ["--param seed", "digits"]),
        ("runbase", ["--param", 'x={"a":1,"a":2}'], ["--param x", "twice"]),
        ("runbase", ["--param", "x=" + "[" * 100_000], ["--param x"]),
        ("runbase", ["--param", "seed=1", "--param", "seed=2"], ["--param seed", "twice"]),
        ("runbase", ["-d", "8", "--param", 'duration="8"'], ["--param duration", "--duration"]),
        ("runbase", ["--param", 'prompt="y"'], ["--param prompt", "PROMPT"]),
        ("runbase", ["--no-validate", "--fixed-lens"], ["--fixed-lens", "no option"]),
        ("runbase", ["--force"], ["--force needs --wait"]),
        ("runbase", ["--timeout", "9"], ["--timeout needs --wait"]),
        ("runbase", ["--interval", "9"], ["--interval needs --wait"]),
        ("runbase", ["--wait", "--force"], ["--force needs --download"]),
        ("runbase", ["--wait", "--interval", "0"], ["--interval"]),
        ("runbase", ["--wait", "--timeout", "soon"], ["--timeout", "10m"]),
        ("runbase", ["-o", "{frob}.mp4"], ["frob"]),
        ("runbase", ["-o", "-", "--json"], ["stdout"]),
        ("runbase", ["--max-cost", "cheap"], ["--max-cost"]),
        ("runbase", ["--max-cost", "-1"], ["--max-cost"]),
        ("runbase", ["--max-cost", "NaN"], ["--max-cost"]),
        ("frob", [], ["frob", "runbase"]),
    ],
)
def test_refused_before_anything_is_sent(
    provider: str, argv: list[str], words: list[str], run: Run
) -> None:
    """Exit 2 naming the option, what is allowed, and who supports it; nothing is sent."""
    env = {"RUNBASE_API_KEY": KEY, "SEEDANCEAPI_API_KEY": KEY, "DEFAPI_API_KEY": KEY}
    done = run("generate", "x", "-p", provider, *argv, "--json", env=env)
    assert (done.code, done.out, done.error["code"]) == (2, "", "usage"), done.err
    for word in words:
        assert word in done.err.splitlines()[0] + done.err.splitlines()[1], word
    assert not state().exists()


@pytest.mark.parametrize("word", rules.SANDBOX_WORDS)
def test_sandbox_words_are_for_the_sandbox(word: str, run: Run) -> None:
    """A prompt that begins with a sandbox word is refused for an endpoint that is not loopback."""
    env = {"RUNBASE_API_KEY": KEY}
    done = run("generate", f"{word} now", "-p", "runbase", "--no-validate", env=env)
    assert done.code == 2
    assert "--sandbox" in done.err
    env["RUNBASE_BASE_URL"] = "http://127.0.0.1:9/x"
    assert run("generate", word, "-p", "runbase", "--dry-run", env=env).code == 0


def test_profile_defaults(run: Run) -> None:
    """They fill what was not typed; what the provider does not take is left out and named."""
    config(
        '[profiles.work.defaults]\nmodel = "seedance-2.0-fast"\nduration = 8\nresolution = "720p"\n'
        'fixed_lens = true\naspect_ratio = "4:3"\n'
    )
    argv = ("--profile", "work", "-d", "5", "--dry-run", "--json")
    done = run("generate", "x", "-p", "seedance2ink", *argv)
    assert body(done) == {
        "model": "seedance-2.0-fast",
        "prompt": "x",
        "duration": 5,
        "resolution": "720p",
    }
    assert "profile work: fixed_lens = True is left out" in done.err
    assert "aspect_ratio = 4:3 is left out" in done.err
    assert "resolution" not in done.err
    assert run("generate", "x", "-p", "seedance2ink", *argv, "-q").err == ""


# Which provider


def test_the_order_in_which_the_provider_is_chosen(run: Run) -> None:
    """Option, its profile, environment, profile, the only one with a key; then 3 listing them."""
    config('[profiles.work]\nprovider = "defapi"\n')
    show = ("generate", "x", "--dry-run", "--json")

    def host(*argv: str, **env: str) -> str:
        done = run(*show, *argv, env=dict(env))
        return str(done.json["headers"]["Host"]) if done.code == 0 else f"exit {done.code}"

    env = {"SEEDANCE_PROVIDER": "seedance2ink"}
    key = {"RUNBASE_API_KEY": KEY}
    assert host("-p", "runbase", "--profile", "work", **env) == "runbase.net"
    assert host("--profile", "work", **env) == "api.defapi.org"
    assert host(**env, SEEDANCE_PROFILE="work") == "www.seedance2.ink"
    assert host("--profile", "work", **key) == "api.defapi.org"
    assert host(**key) == "runbase.net"
    assert host("--sandbox") == "127.0.0.1:PORT"
    assert host(**key, DEFAPI_API_KEY=KEY) == "exit 3"
    none = run(*show)
    assert (none.code, none.error["code"]) == (3, "config")
    for name in ("seedanceapi", "defapi", "seedance2ink", "runbase"):
        assert name in none.err


def test_no_key(run: Run) -> None:
    """A submit without a key: exit 3 that says how to give one; no ledger is made."""
    done = run("generate", "x", "-p", "runbase")
    assert done.code == 3
    assert "seedance login runbase, or set RUNBASE_API_KEY" in done.err
    assert not state().exists()


# --dry-run


def test_dry_run_shows_what_is_sent(server: ScriptedProvider, run: Run) -> None:
    """Method, URL, headers and the bytes of the body are those that leave without --dry-run."""
    env = server.env("seedance2ink")
    argv = ("generate", 'a "boat"\n🚢', "-p", "seedance2ink", "-d", "5", "--metadata", "a=é")
    shown = run(*argv, "--dry-run", "--json", env=env).json
    text = run(*argv, "--dry-run", env=env).out
    assert server.server.connections == 0
    assert KEY not in text
    assert run(*argv, env=env).code == 0
    (sent,) = server.server.requests
    assert shown["method"] == sent.method
    assert shown["url"] == server.url + sent.target
    headers = {name.lower(): value for name, value in shown["headers"].items()}
    assert headers.pop("authorization") == "Bearer ****"
    kept = {name: value for name, value in sent.headers.items() if name != "authorization"}
    assert headers == kept
    assert shown["body"] == json.loads(sent.body)
    head, body, rest = text.split("\n\n")
    assert head.splitlines()[0] == f"POST {shown['url']}"
    assert head.splitlines()[1:] == [f"{k}: {v}" for k, v in shown["headers"].items()]
    assert body.encode() == sent.body
    assert rest == "price: unknown\n"


def test_dry_run_prints_the_price_and_writes_nothing(run: Run, home: Path) -> None:
    """It needs no key, no ledger and no network; the price carries its basis."""
    before = sorted(home.parent.rglob("*"))
    done = run("generate", "x", "-p", "seedanceapi", "-d", "12", "--audio", "--dry-run", "--json")
    assert done.json["price"] == {"amount": "84", "unit": "credits", "basis": "listed"}
    assert "nothing was sent" in done.err
    text = run("generate", "x", "-p", "seedanceapi", "-d", "12", "--dry-run", "-q")
    assert text.out.endswith("\nprice: 42 credits (listed)\n")
    assert text.err == ""
    assert sorted(home.parent.rglob("*")) == before


def test_dry_run_holds_to_max_cost(run: Run) -> None:
    """With --max-cost it shows the request and exits as the submit would."""
    argv = ("generate", "x", "-p", "seedanceapi", "--dry-run", "--max-cost")
    assert run(*argv, "28 credits").code == 0
    over = run(*argv, "27 credits")
    assert over.code == 11
    assert "price: 28 credits (listed)" in over.out


# Before paying


@pytest.mark.parametrize(
    ("limit", "argv", "code"),
    [
        ("28", [], 2),
        ("27.99 credits", [], 11),
        ("28 credits", [], 0),
        ("28 USD", [], 11),
        ("28 credits", ["--audio"], 11),
        ("999 credits", ["--param", "turbo=1"], 11),
    ],
)
def test_max_cost(
    limit: str, argv: list[str], code: int, server: ScriptedProvider, run: Run
) -> None:
    """Above the limit, in another unit or unknown: 11; without a unit: 2; no POST leaves."""
    env = server.env("seedanceapi")
    done = run("generate", "x", "-p", "seedanceapi", "--max-cost", limit, *argv, env=env)
    assert done.code == code, done.err
    assert server.posts() == (1 if code == 0 else 0)


@pytest.mark.parametrize("output", ["there.mp4", "{slug}.mp4", "{date}-{provider}.mp4"])
def test_an_existing_file_is_found_before_paying(
    output: str, server: ScriptedProvider, run: Run, clock: FakeClock
) -> None:
    """Whatever name -o gives, unless it has the task's id in it: exit 2 and no POST."""
    for name in ("there.mp4", "a-boat.mp4", "2026-02-07-runbase.mp4"):
        Path(name).write_bytes(b"mine")
    env = server.env("runbase")
    done = run("generate", "a boat", "-p", "runbase", "-o", output, env=env, clock=clock)
    assert (done.code, server.posts()) == (2, 0)
    assert "--force" in done.err


@pytest.mark.parametrize("output", ["file.txt/x.mp4", "closed/x.mp4"])
def test_a_target_that_cannot_be_written_is_found_before_paying(
    output: str, server: ScriptedProvider, run: Run
) -> None:
    """A folder that is a file, a folder without write permission: exit 2 and no POST."""
    Path("file.txt").write_text("x")
    Path("closed").mkdir(mode=0o500)
    if output.startswith("closed") and os.access("closed", os.W_OK):
        pytest.skip("this user may write everywhere")
    done = run("generate", "x", "-p", "runbase", "-o", output, env=server.env("runbase"))
    assert (done.code, server.posts()) == (2, 0), done.err
    assert "-o" in done.err


@pytest.mark.skipif(os.name != "posix", reason="closes a descriptor")
def test_a_closed_stdout_is_found_before_paying(server: ScriptedProvider, spawn: Spawn) -> None:
    """Started with stdout closed: exit 10, and no POST leaves."""
    code = (
        "import os, sys; os.close(1);"
        "os.execv(sys.executable, [sys.executable, '-m', 'seedance_cli', *sys.argv[1:]])"
    )
    env = server.env("runbase")
    done = spawn("generate", "x", "-p", "runbase", env=env, code=code).finish()
    assert (done.code, server.posts()) == (10, 0)
    assert "nothing was sent" in done.err


# After paying


def test_the_ref_goes_to_stdout(server: ScriptedProvider, run: Run) -> None:
    """Without --wait stdout is the ref, and stderr is silent."""
    done = run("generate", "x", "-p", "defapi", env=server.env("defapi"))
    assert (done.code, done.out, done.err) == (0, "defapi:t1\n", "")


def test_json(server: ScriptedProvider, run: Run) -> None:
    """With --json stdout is one task object; the ref goes to stderr, also with -q."""
    argv = ("x", "-m", "seedance-2.0", "-d", "5", "--metadata", "a=b", "--json", "-q")
    done = run("generate", "-p", "seedance2ink", *argv, env=server.env("seedance2ink"))
    assert done.err == "submitted seedance2ink:t1\n"
    task = done.json
    assert (task["ref"], task["status"], task["schema"]) == (
        "seedance2ink:t1",
        "queued",
        "seedance.task/1",
    )
    assert task["request"] == {
        "prompt": "x",
        "model": "seedance-2.0",
        "duration": 5,
        "resolution": None,
        "aspect_ratio": None,
        "audio": None,
        "fixed_lens": None,
        "seed": None,
        "watermark": None,
        "images": [],
        "first_frame": None,
        "last_frame": None,
        "reference_videos": [],
        "reference_audios": [],
        "callback_url": None,
        "metadata": {"a": "b"},
        "params": {},
    }
    assert len(task["intent"]) == 32
    assert done.out.count("\n") == 1


def test_wait_prints_the_url(server: ScriptedProvider, run: Run, clock: FakeClock) -> None:
    """With --wait stdout is the video URL alone; the ref is on stderr as soon as it is known."""
    server.task("t1", "queued", "running", "succeeded")
    env = server.env("runbase")
    done = run("generate", "x", "-p", "runbase", "--wait", "-q", env=env, clock=clock)
    assert done.code == 0, done.err
    assert done.out.startswith(f"{server.url}/video/")
    assert done.out.count("\n") == 1
    assert done.err.splitlines()[0] == "submitted runbase:t1"


def test_unknown_outcome_has_a_document(server: ScriptedProvider, run: Run) -> None:
    """Exit 6 with --json: the submission is on stdout without a ref, twice the same intent."""
    server.submits.append(json_answer(503, {}))
    env = server.env("runbase")
    done = run("generate", "x", "-p", "runbase", "--json", env=env)
    assert (done.code, done.error["code"], done.error["retry_safe"]) == (
        6,
        "outcome_unknown",
        False,
    )
    task = done.json
    assert (task["ref"], task["task_id"], task["status"]) == (None, None, "unknown")
    assert task["intent"] == done.error["intent"]
    assert task["request"]["prompt"] == "x"
    again = run("generate", "x", "-p", "runbase", "--json", env=env)
    assert (again.code, again.json["intent"]) == (6, task["intent"])
    assert server.posts() == 1
    assert run("generate", "x", "-p", "runbase", "--again", env=env).out == "runbase:t2\n"


@pytest.mark.parametrize(
    ("status", "code", "word"),
    [(401, 3, "unauthorized"), (402, 4, "insufficient_credits"), (400, 4, "rejected")],
)
def test_a_refusal_has_no_document(
    status: int, code: int, word: str, server: ScriptedProvider, run: Run
) -> None:
    """A refusal leaves stdout empty, also with --json, and says so on stderr's last line."""
    server.submits.append(json_answer(status, {"error": {"message": "no", "code": "c"}}))
    done = run("generate", "x", "-p", "runbase", "--json", env=server.env("runbase"))
    assert (done.code, done.out, done.error["code"]) == (code, "", word)
    assert (done.error["retry_safe"], done.error["http_status"]) == (True, status)


def test_a_signal_leaves_a_document(server: ScriptedProvider, spawn: Spawn) -> None:
    """SIGTERM while the POST is in flight and is answered: the task is on stdout, exit 143."""

    def slow(request: object, client: Any) -> None:
        process.signal(signal.SIGTERM)
        time.sleep(0.3)  # the signal has to reach the program before the answer does
        answer(200, b'{"id": "t9", "status": "pending"}')(request, client)  # type: ignore[arg-type]

    server.submits.append(slow)
    env = server.env("runbase")
    process = spawn("generate", "x", "-p", "runbase", "--json", env=env)
    done = process.finish()
    assert done.code == 143, done.err
    assert done.json["ref"] == "runbase:t9"
    assert done.error["code"] == "interrupted"
    assert "submitted runbase:t9\n" in done.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("json_too", [False, True])
def test_a_full_stdout(json_too: bool, server: ScriptedProvider, spawn: Spawn) -> None:
    """The result cannot be written: exit 10, the ref is on stderr, and the ledger has it."""
    words = ["--json"] if json_too else []
    with Path("/dev/full").open("wb") as full:
        env = server.env("runbase")
        argv = ("generate", "x", "-p", "runbase", "-q", *words)
        done = spawn(*argv, env=env, stdout=full.fileno()).finish()
    assert done.code == 10
    assert done.err.count("submitted runbase:t1\n") == 1
    assert "seedance wait runbase:t1" in done.err


@pytest.mark.skipif(os.name != "posix", reason="a broken pipe is POSIX's")
def test_a_reader_that_left(server: ScriptedProvider, spawn: Spawn) -> None:
    """The pipe is broken when the ref is to be printed: exit 10, and never silent."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        env = server.env("runbase")
        done = spawn("generate", "x", "-p", "runbase", env=env, stdout=writing).finish()
    finally:
        os.close(writing)
    assert done.code == 10
    assert "submitted runbase:t1\n" in done.err
    assert "seedance: error:" in done.err


def test_a_ledger_that_cannot_take_the_id(
    server: ScriptedProvider, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accepted and not written down: the id on stdout and stderr, exit 10, to be adopted."""

    def full(*_: object) -> None:
        raise WriteFailed("disk full")

    monkeypatch.setattr(Ledger, "accept", full)
    env = server.env("runbase")
    done = run("generate", "x", "-p", "runbase", "-q", env=env)
    assert (done.code, done.out) == (10, "runbase:t1\n")
    assert done.err.startswith("submitted runbase:t1\n")
    assert "recover --adopt" in done.err
    document = run("generate", "y", "-p", "runbase", "--json", env=env)
    assert (document.code, document.json["ref"]) == (10, "runbase:t2")
    assert document.error["ref"] == "runbase:t2"


def test_a_closed_port(run: Run, clock: FakeClock) -> None:
    """Nobody listens: exit 5, nothing was sent, and it is safe to run again."""
    with BytesServer(answer(200)) as gone:
        url = gone.url
    env = {"RUNBASE_BASE_URL": url, "RUNBASE_API_KEY": KEY}
    done = run("generate", "x", "-p", "runbase", "--json", env=env, clock=clock)
    assert (done.code, done.out, done.error["retry_safe"]) == (5, "", True)
    assert "nothing was sent" in done.err


def test_a_task_that_is_born_dead(server: ScriptedProvider, run: Run) -> None:
    """It was accepted, so its ref is the result; that it has failed is said beside it."""
    server.submits.append("failed")
    result = run("generate", "a boat", "-p", "runbase", env=server.env())
    assert (result.code, result.out) == (0, "runbase:t1\n")
    assert "warning: runbase:t1 is failed already" in result.err


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"RUNBASE_API_KEY": "sk two words"}, "the key in RUNBASE_API_KEY"),
        ({"RUNBASE_API_KEY": "sk-schl\u00fcssel"}, "the key in RUNBASE_API_KEY"),
        ({"RUNBASE_API_KEY": "sk-fine-12345678"}, None),
        ({}, None),
    ],
)
def test_a_dry_run_warns_of_a_key_that_is_refused(
    run: Run, env: dict[str, str | None], words: str | None
) -> None:
    """What is shown would not leave with that key."""
    done = run("generate", "a boat", "-p", "runbase", "--dry-run", env=env)
    assert done.code == 0
    assert ("without --dry-run this is refused" in done.err) is (words is not None)
    assert words is None or words in done.err
    assert "two words" not in done.err


@pytest.mark.parametrize("word", ["lost-response", "server-error"])
def test_money_is_no_word_of_the_sandbox(run: Run, word: str) -> None:
    """Where nothing is charged, nothing says that something may have been."""
    sandbox = ("-p", "runbase", "--sandbox")
    done = run("generate", f"sandbox:{word} x", *sandbox, "--name", "a")
    again = run("generate", f"sandbox:{word} x", *sandbox, "--name", "a")
    bare = run("status", "--sandbox")
    assert (done.code, again.code, bare.code) == (6, 6, 6)
    for one in (done, again, bare, run("recover", "--sandbox")):
        assert "nothing is charged in the sandbox" in one.out + one.err
        assert not re.search("you may have been charged|paid", one.out + one.err)

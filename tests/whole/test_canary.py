"""The key is a canary: sent to its provider in one header, and found nowhere else.

Every command runs with `-v` against a server that repeats the key in all that it answers, in every
way in which an answer can go wrong. Afterwards the key is looked for, in each of its forms and in
pieces of 8 bytes, wherever the program can have left it.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import random
import socket
import string
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, quote_plus

import pytest

from support.bytes_server import BytesServer, answer
from support.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.bytes_server import Client, Request, Script
    from support.runner import Result, Run, Spawn

PROVIDERS = ("defapi", "runbase", "seedance2ink", "seedanceapi")
PIECE = 8
PRINTS = (
    ["printenv", "CANARY"]
    if os.name == "posix"
    else [sys.executable, "-Sc", "import os; print(os.environ['CANARY'])"]
)
"""A key command whose own words do not hold the key."""
SOURCES = ("environment", "credentials", "command", "config")


def random_key() -> str:
    """A key with all that encodings change: letters, digits, and `+ / = % _ -`."""
    rng = random.SystemRandom()
    body = "".join(rng.choices(string.ascii_letters + string.digits, k=36))
    return f"{body[:12]}+/{body[12:24]}%={body[24:]}_-"


def forms(key: str) -> set[bytes]:
    """The key as it stands, and as anything may have encoded it, alone or amid other bytes."""
    raw = key.encode()
    texts = {raw, quote(key, safe="").encode(), quote_plus(key).encode()}
    texts.add(json.dumps(key).encode().replace(b"/", rb"\/"))
    for pad in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(b"\0" * pad + raw)
            texts.add(encoded[4 if pad else 0 : -4])
    return texts


def pieces(key: str) -> set[bytes]:
    """Every run of 8 bytes of every form."""
    return {form[at : at + PIECE] for form in forms(key) for at in range(len(form) - PIECE + 1)}


def leaked(data: bytes, wanted: set[bytes]) -> list[bytes]:
    """The pieces that are in the data."""
    return sorted(piece for piece in wanted if piece in data)


def test_the_search_finds_what_it_looks_for() -> None:
    """The search of these tests sees a key raw, encoded, amid other text, and a piece of one."""
    key = random_key()
    wanted = pieces(key)
    for text in (
        f"Bearer {key}",
        key[5:13],
        quote(f"token={key}", safe=""),
        base64.b64encode(f"user:{key}".encode()).decode(),
        base64.b64encode(f"Bearer {key}".encode()).decode(),
        base64.urlsafe_b64encode(f"ab{key}".encode()).decode(),
    ):
        assert leaked(f"before {text} after".encode(), wanted), text
    assert not leaked(key[5:12].encode(), wanted)
    assert not leaked(random_key().encode(), wanted)


@dataclass(frozen=True, slots=True)
class Mode:
    """One way for all answers to be, on one kind of endpoint."""

    name: str
    script: Callable[[Canary], Script]
    patience: float = 5.0


@dataclass(slots=True)
class Canary:
    """A run's key, its server, the host that must not get it, and all that was seen."""

    key: str
    elsewhere: str
    wanted: set[bytes] = field(init=False)
    seen: list[tuple[str, Result]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.wanted = pieces(self.key)

    def check(self, words: tuple[str, ...], result: Result) -> None:
        for name, data in (("stdout", result.out_bytes), ("stderr", result.err_bytes)):
            assert not leaked(data, self.wanted), f"{name} of {words}: {data!r}"
        assert "Traceback" not in result.err, f"{words}: {result.err}"
        self.seen.append((" ".join(words), result))

    def said(self, words: str) -> str:
        """What a command that was checked said on stderr."""
        return next(result.err for name, result in self.seen if name == words)

    def check_files(self, root: Path, allowed: set[str]) -> None:
        for path in root.rglob("*"):
            if path.is_file() and path.name not in allowed:
                assert not leaked(path.read_bytes(), self.wanted), path
            assert not leaked(os.fsencode(str(path)), self.wanted), path

    def check_requests(self, requests: list[Request]) -> None:
        """The key is in the Authorization header and in nothing else."""
        for request in requests:
            lines = request.raw.split(b"\r\n")
            rest = [one for one in lines if not one.lower().startswith(b"authorization:")]
            assert len(rest) == len(lines) - 1, request.raw
            assert not leaked(b"\n".join(rest) + b"\n" + request.body, self.wanted), request.raw


def document(provider: str, task_id: str, word: Any, url: str, text: str) -> dict[str, Any]:
    """An answer that is well formed for each provider, with `text` in every field that has room."""
    problem = {"code": text, "message": text, "type": text, text: text}
    fields = {
        "status": word,
        "model": text,
        "prompt": text,
        "created_at": text,
        "request": {"prompt": text, "image_urls": [text]},
        "metadata": {text: text},
        "seed": text,
    }
    output = {"type": text, "url": url, "urls": [url]}
    data = {
        "task_id": task_id,
        **fields,
        "response": [url],
        "result": {"video": url},
        "error_message": text,
        "status_reason": problem,
        "consumed_credits": text,
        "consumed": text,
    }
    return {
        "success": True,
        "code": 0 if provider == "defapi" else 200,
        "message": text,
        "id": task_id,
        "requestId": task_id,
        **fields,
        "output": output,
        "data": data,
        "error": problem,
        "creditsCharged": text,
        "costUsd": text,
        text: text,
    }


def noisy(canary: Canary) -> dict[str, str]:
    """Headers that repeat the key."""
    key = canary.key
    return {
        "X-Key": key,
        "X-Request-Id": key,
        "Retry-After": key,
        "WWW-Authenticate": f'Bearer realm="{key}"',
        "Set-Cookie": f"key={key}",
    }


def told(
    *, status: int = 200, word: str | None = None, task_id: str | None = None, where: str = ""
) -> Callable[[Canary], Script]:
    """An answer with the key in every field; None for a word or an id is the key itself."""

    def make(canary: Canary) -> Script:
        url = f"{canary.elsewhere}/{canary.key}?key={quote(canary.key, safe='')}{where}"

        def script(request: Request, client: Client) -> None:
            provider = request.target.split("/")[1]
            name = canary.key if task_id is None else task_id
            body = document(provider, name, word or canary.key, url, canary.key)
            answer(status, json.dumps(body).encode(), noisy(canary))(request, client)

        return script

    return make


def escaped(canary: Canary) -> Script:
    """The same as JSON that spells each character of the key as an escape, as some writers do."""
    spelt = "".join(f"\\u{ord(c):04x}" for c in canary.key)

    def script(request: Request, client: Client) -> None:
        provider = request.target.split("/")[1]
        body = json.dumps(document(provider, canary.key, "failed", canary.key, canary.key))
        answer(200, body.replace(canary.key, spelt).encode())(request, client)

    return script


def slashed(canary: Canary) -> Script:
    r"""The same with `\/` for `/`, as PHP writes it; and the id is the key."""

    def script(request: Request, client: Client) -> None:
        provider = request.target.split("/")[1]
        body = document(provider, canary.key, "failed", canary.elsewhere, canary.key)
        answer(200, json.dumps(body).replace("/", "\\/").encode())(request, client)

    return script


def wrapped(canary: Canary) -> Script:
    """A refusal whose words hold the key encoded in every way, and pieces of it."""
    key = canary.key
    words = (
        key[:12] + "...",
        "..." + key[-9:],
        key[4:24],
        quote(key, safe=""),
        quote_plus(f"Bearer {key}"),
        base64.b64encode(f"user:{key}".encode()).decode(),
        base64.b64encode(f"Bearer {key}".encode()).decode(),
        base64.urlsafe_b64encode(f"k={key}".encode()).decode(),
    )
    text = "bad key " + " | ".join(words)
    body = {"code": 1, "message": text, "error": {"code": "unauthorized", "message": text}}
    return answer(401, json.dumps(body).encode(), noisy(canary))


def raw(template: str) -> Callable[[Canary], Script]:
    """Bytes that are sent as they are, `KEY` and `ELSEWHERE` filled in."""

    def make(canary: Canary) -> Script:
        text = template.replace("KEY", canary.key).replace("ELSEWHERE", canary.elsewhere)
        return lambda _, client: (client.send(text.encode("latin-1")), None)[1]

    return make


def silent(canary: Canary) -> Script:
    """Half a body with the key in it, then nothing."""
    del canary
    return lambda _, client: client.silence()


MODES = (
    Mode("id", told(word="queued")),
    Mode("word", told(task_id="t1")),
    Mode("failed", told(word="failed", task_id="t1")),
    Mode("done", told(word="succeeded", task_id="t1")),
    Mode("done at its own words", told(word="SUCCESS", task_id="t1", where="#x")),
    *(
        Mode(str(status), told(status=status, word="failed", task_id="t1"))
        for status in (400, 401, 402, 403, 404, 408, 409, 410, 429, 500, 503)
    ),
    Mode("escaped", escaped),
    Mode("slashed", slashed),
    Mode("pieces", wrapped),
    Mode("html", raw("HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n<html>KEY</html>")),
    Mode("cut", raw('HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"id": "KEY", "x": "KEY')),
    Mode("no HTTP", raw("KEY KEY KEY\r\n\r\n")),
    Mode("bad header", raw("HTTP/1.1 200 OK\r\nKEY KEY\r\n\r\n")),
    Mode("bad length", raw("HTTP/1.1 200 OK\r\nContent-Length: KEY\r\n\r\nKEY")),
    Mode("bad chunk", raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nKEY\r\nKEY\r\n")),
    Mode("reason", raw("HTTP/1.1 500 KEY\r\nContent-Length: 0\r\n\r\n")),
    Mode("elsewhere", raw("HTTP/1.1 302 KEY\r\nLocation: ELSEWHERE/?key=KEY\r\n\r\n")),
    Mode("elsewhere 307", raw("HTTP/1.1 307 KEY\r\nLocation: ELSEWHERE/KEY\r\n\r\n")),
    Mode("nowhere", raw("HTTP/1.1 302 KEY\r\nLocation: http://[KEY\r\n\r\n")),
    Mode("silence", silent, patience=0.02),
)


def commands(provider: str) -> tuple[tuple[str, ...], ...]:
    """Every command that reads; those that write come after them in `fly`."""
    ref = f"{provider}:t1"
    p = ("-p", provider)
    return (
        ("generate", "a boat", *p),
        ("generate", "a boat", "--wait", "--timeout", "1", *p),
        ("generate", "a second boat", "--download", "--timeout", "1", *p),
        ("generate", "a third boat", "--max-cost", "1 credits", *p),
        ("generate", "a boat", "--dry-run", *p),
        ("status", ref),
        ("status", *p),
        ("wait", ref, "--timeout", "0"),
        ("wait", ref, "--timeout", "1", "--download"),
        ("wait", "--timeout", "1", *p),
        ("cancel", ref),
        ("price", *p),
        ("providers", "--check"),
        ("providers", provider, "--check"),
        ("list", "--all"),
        ("recover",),
        ("profile", "list"),
        ("profile", "show"),
        ("profile", "path"),
    )


def settled(run: Callable[..., Result], provider: str) -> None:
    """What needs an intent: adopt the first unknown one, discard the next."""
    found = run("recover", "--json").json
    for row, words in zip(found, (("--adopt",), ("--discard",)), strict=False):
        tail = ("t2",) if words == ("--adopt",) else ()
        run("recover", *words, row["intent"], *tail, "-p", provider)
        if tail:
            run("recover", *words, row["intent"], *tail, "--force", "-p", provider)


def keep(canary: Canary, source: str, tmp_path: Path, run: Run) -> dict[str, str | None]:
    """Put the key where this source has it; the variables that go with it."""
    env: dict[str, str | None] = {}
    config = tmp_path / "config" / "config.toml"
    config.parent.mkdir(exist_ok=True)
    tables = []
    for name in PROVIDERS:
        table = f"[profiles.default.providers.{name}]\n"
        match source:
            case "environment":
                env[f"{name.upper()}_API_KEY"] = canary.key
            case "credentials":
                words = ("login", name, "-v")
                canary.check(words, run(*words, stdin=canary.key + "\n"))
            case "command":
                env["CANARY"] = canary.key
                tables.append(f"{table}api_key_command = {json.dumps(PRINTS)}")
            case _:
                tables.append(f"{table}api_key = {json.dumps(canary.key)}")
    if tables:
        config.touch(0o600)
        config.write_text("\n".join(tables), encoding="utf-8")
    return env


def fly(
    mode: Mode, source: str, provider: str, tmp_path: Path, run: Run, *, both: bool
) -> tuple[Canary, list[Request]]:
    """Run every command with the key from one source, all answers being of one mode.

    `both`: each command with `--json` and without; else they take turns.
    """
    allowed = {"credentials.toml"} | ({"config.toml"} if source == "config" else set())
    with BytesServer(answer(200, b"\0" * 64)) as elsewhere:
        canary = Canary(random_key(), elsewhere.url)
        with BytesServer(mode.script(canary)) as server:
            env = keep(canary, source, tmp_path, run)
            for name in PROVIDERS:
                env[f"{name.upper()}_BASE_URL"] = f"{server.url}/{name}"

            def one(*words: str, stdin: str | None = None) -> Result:
                result = run(
                    *words, "-v", stdin=stdin, env=env, clock=FakeClock(grace=mode.patience)
                )
                canary.check(words, result)
                return result

            for number, words in enumerate(commands(provider)):
                if both or number % 2:
                    one(*words)
                if both or not number % 2:
                    one(*words, "--json")
            settled(one, provider)
            for words in (
                ("profile", "set", "other", "provider", provider),
                ("profile", "use", "other"),
                ("profile", "unset", "other", "provider"),
                ("profile", "remove", "other"),
            ):
                one(*words)
            one("login", provider, "--profile", "other", "--json", stdin=canary.key + "\n")
            canary.check_files(tmp_path, allowed)
            stored = tmp_path / "config" / "credentials.toml"
            assert leaked(stored.read_bytes(), canary.wanted)
            one("logout", provider, "--profile", "other")
        canary.check_files(tmp_path, allowed)
        for request in elsewhere.requests:
            assert not leaked(request.raw + request.body, canary.wanted), request.raw
    return canary, server.requests


@pytest.mark.parametrize("number", range(len(MODES)), ids=[mode.name for mode in MODES])
def test_fault_35_every_command_in_every_error_path(number: int, tmp_path: Path, run: Run) -> None:
    """Whatever an answer repeats of the key, none of it is shown, stored or sent on."""
    source, provider = SOURCES[number % len(SOURCES)], PROVIDERS[number // 2 % len(PROVIDERS)]
    canary, requests = fly(MODES[number], source, provider, tmp_path, run, both=False)
    canary.check_requests(requests)
    assert len(requests) >= 8


@pytest.mark.full
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_fault_35_from_every_source_to_every_provider(
    mode: Mode, source: str, provider: str, tmp_path: Path, run: Run
) -> None:
    """The same for each place that a key can come from, and each provider."""
    canary, requests = fly(mode, source, provider, tmp_path, run, both=True)
    canary.check_requests(requests)


class Greeter:
    """Says a few bytes to whoever connects, before it is asked: what TLS must fail on."""

    def __init__(self, greeting: bytes) -> None:
        self._greeting = greeting
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._greeting = b""
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join(10)
        self._listener.close()

    def _serve(self) -> None:
        while self._greeting:
            connection, _ = self._listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                connection.sendall(self._greeting)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass


def test_fault_35_no_tls(tmp_path: Path, run: Run) -> None:
    """A server that answers TLS with plain text and the key gets nothing, and shows nothing."""
    canary = Canary(random_key(), "")
    with Greeter(f"HTTP/1.1 400 {canary.key}\r\n\r\n{canary.key}".encode()) as server:
        env = keep(canary, "environment", tmp_path, run)
        for name in PROVIDERS:
            env[f"{name.upper()}_BASE_URL"] = f"https://127.0.0.1:{server.port}/{name}"
        for words in commands("runbase"):
            canary.check(words, run(*words, "-v", env=env, clock=FakeClock()))
    canary.check_files(tmp_path, set())
    assert "could not be reached" in canary.said("generate a boat -p runbase")


@pytest.mark.parametrize("script", ["407", "closes", "garbage"])
def test_fault_35_a_proxy_with_a_password(script: str, tmp_path: Path, run: Run) -> None:
    """A proxy never gets the key, and its password is shown and stored as little as the key."""
    canary, password = Canary(random_key(), ""), Canary(random_key(), "")

    def proxy(request: Request, client: Client) -> None:
        told = f"{request.headers.get('proxy-authorization')} {password.key}"
        if script == "407":
            body = f"Proxy-Authenticate: Basic realm={told}\r\nContent-Length: 0\r\n\r\n"
            client.send(f"HTTP/1.1 407 Not {told}\r\n{body}".encode())
        elif script == "garbage":
            client.send(f"{told}\r\n\r\n".encode())

    with BytesServer(proxy) as server:
        env = keep(canary, "environment", tmp_path, run)
        for variable in ("HTTPS_PROXY", "https_proxy"):
            who = f"user:{quote(password.key, safe='')}"
            env[variable] = f"http://{who}@127.0.0.1:{server.port}"
        for name in PROVIDERS:
            env[f"{name.upper()}_BASE_URL"] = f"https://{name}.invalid/api"
        for words in commands("runbase"):
            result = run(*words, "-v", env=env, clock=FakeClock())
            canary.check(words, result)
            password.check(words, result)
        requests = server.requests
    for each in (canary, password):
        each.check_files(tmp_path, set())
    assert {request.method for request in requests} == {"CONNECT"}
    for request in requests:
        assert not leaked(request.raw, canary.wanted), request.raw
        sent = request.headers["proxy-authorization"]
        assert base64.b64decode(sent.split()[1]) == f"user:{password.key}".encode()
    assert "the proxy" in canary.said("generate a boat -p runbase")


@pytest.mark.parametrize(
    "place",
    [
        "seedance_cli.http.api.HttpApi._headers",
        "seedance_cli.http.api.HttpApi._tell",
        "seedance_cli.config.keys.checked",
        "seedance_cli.http.wire.Wire.start",
        "seedance_cli.http.redaction._forms",
        "seedance_cli.config.toml_file._encoded",
    ],
)
def test_fault_35_a_bug_shows_no_local_variables(
    place: str, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The traceback of a bug, raised where the key is in hand, has neither values nor the key."""
    canary = Canary(random_key(), "")
    raised: list[str] = []

    def broken(*args: object, **named: object) -> None:
        key = canary.key
        held = {"key": key, "args": args, "named": named}
        raised.append(place)
        raise RuntimeError(f"forced, with {len(held)} values in hand")

    with BytesServer(told(word="queued")(canary)) as server:
        env = keep(canary, "environment", tmp_path, run)
        for name in PROVIDERS:
            env[f"{name.upper()}_BASE_URL"] = f"{server.url}/{name}"
        monkeypatch.setattr(place, broken)
        for words in (*commands("runbase"), ("login", "runbase")):
            result = run(*words, "-v", stdin=f"{canary.key}\n", env=env, clock=FakeClock())
            for data in (result.out_bytes, result.err_bytes):
                assert not leaked(data, canary.wanted), data
            assert result.code != 1 or "RuntimeError: forced, with 3 values" in result.err
    canary.check_files(tmp_path, {"credentials.toml"})
    assert raised


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="reads /proc")
def test_fault_35_no_process_has_it_in_its_arguments(tmp_path: Path, spawn: Spawn) -> None:
    """Neither the program nor the key command it starts has the key in its command line."""
    canary = Canary(random_key(), "")
    found: list[bytes] = []
    started: set[bytes] = set()

    def look() -> None:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                line = path.read_bytes()
                started.update({b"KEYCOMMAND"} if b"KEYCOMMAND" in line else set())
                found.extend(leaked(line, canary.wanted))

    def script(request: Request, client: Client) -> None:
        look()
        told(word="failed", task_id="t1")(canary)(request, client)

    command = ["sh", "-c", "sleep 0.3; printenv CANARY; exit 0", "KEYCOMMAND"]
    config = tmp_path / "config" / "config.toml"
    config.parent.mkdir()
    config.write_text(
        f"[profiles.default.providers.runbase]\napi_key_command = {json.dumps(command)}\n"
    )
    with BytesServer(script) as server:
        env: dict[str, str | None] = {
            "CANARY": canary.key,
            "RUNBASE_BASE_URL": f"{server.url}/runbase",
        }
        process = spawn("generate", "a boat", "--wait", "-v", "-p", "runbase", env=env)
        while process.popen.poll() is None:
            look()
            time.sleep(0.02)
        canary.check(("generate",), process.finish())
        canary.check_requests(server.requests)
        assert [request.method for request in server.requests] == ["POST", "GET"]
    assert started
    assert not found
    canary.check_files(tmp_path, set())

"""Hostile text from servers and files, through every command, down to the bytes of both streams.

`cli/test_output.py` holds the sanitiser alone to ten thousand strings; here fewer go the whole
way, from a socket, the ledger, the configuration or a file's name to stdout and stderr.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any, Self

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.bytes_server import BytesServer, answer
from support.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.bytes_server import Client, Request
    from support.runner import Result, Run

PROVIDERS = ("defapi", "runbase", "seedance2ink", "seedanceapi")

FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters but the newline and the tab, which separate lines and fields."""

ATTACKS = (
    "\x1b[2J\x1b[H",  # clear the screen
    "\x1b]0;title\x07",
    "\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]52;c;ZXZpbA==\x07",  # write to the clipboard
    "\x1bP+q544e\x1b\\",  # ask the terminal, which types the answer
    "\x1b[6n",
    "\x1bc",
    "\x9b31m",
    "\x9d0;title\x9c",
    "fine\rseedance: error: forged",
    "two\nlines",
    "a\ttab",
    "a\x0b\x0cfeed",
    "back\x08\x08space",
    "nul\x00byte",
    "del\x7f",
    "\u202egnp.exe\u202c",
    "\u2066iso\u2069",
    "\u200emark\u200f\u061c",
    "line\u2028sep\u2029par",
    "lone\ud83d",
    "\udcffescape",
    "[/red]",
    "[bold red]bold[/bold red]",
    "[link=https://evil.example]x[/link]",
    ":smile: :warning:",
    "{0} %s %n $HOME `id`",
    "\\x1b[31m",
    "\u0301accent first",
    "a" * 3000,
    "",
    " ",
)
LITERAL = ("[/red]", "[bold red]bold[/bold red]", "[link=https://evil.example]x[/link]", ":smile:")


def typeable(text: str) -> bool:
    """Whether an argument can be this text: one that is no UTF-8 comes as U+DC80 to U+DCFF."""
    return "\x00" not in text and "\ud83d" not in text and len(text) < 200


hostile = st.one_of(
    st.sampled_from(ATTACKS),
    st.text(
        st.one_of(
            st.sampled_from(
                "\x00\x07\x08\t\n\r\x1b\x7f\x80\x85\x9b\x9d\u200e\u2028\u202e\u2066[]/:;m"
            ),
            st.characters(),
        ),
        max_size=30,
    ),
)


class Host:
    """A provider of all dialects whose answers hold one hostile text wherever text can stand."""

    def __init__(self) -> None:
        self.text = ""
        self.word: str | None = None
        self.status = 200
        self.task_id: str | None = "t1"
        self.url: str | None = None
        self._server = BytesServer(self._answer)

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()

    def env(self) -> dict[str, str | None]:
        """The variables that send every provider's requests here."""
        found: dict[str, str | None] = {}
        for name in PROVIDERS:
            found[f"{name.upper()}_BASE_URL"] = f"{self._server.url}/{name}"
            found[f"{name.upper()}_API_KEY"] = "fuzz-key-0123456789"
        return found

    def _answer(self, request: Request, client: Client) -> None:
        provider, text = request.target.split("/")[1], self.text
        url = self.url or f"https://cdn.example/{text}.mp4"
        task_id = text if self.task_id is None else self.task_id
        word = text if self.word is None else self.word
        problem = {"code": text, "message": text}
        fields = {"status": word, "model": text, "prompt": text, "created_at": text}
        body: dict[str, Any] = {
            "success": self.status < 300,
            "code": int(self.status >= 300) if provider == "defapi" else self.status,
            "message": text,
            "id": task_id,
            "requestId": task_id,
            **fields,
            "output": {"type": text, "url": url, "urls": [url]},
            "error": problem,
            "creditsCharged": text,
            "costUsd": text,
            "data": {
                "task_id": task_id,
                **fields,
                "request": {"prompt": text},
                "response": [url],
                "result": {"video": url},
                "error_message": text,
                "status_reason": problem,
                "consumed_credits": text,
                "consumed": text,
            },
        }
        plain = re.sub(r"[\r\n\x00]", "", text).encode("utf-8", "replace").decode("latin-1")
        headers = {"X-Request-Id": plain, "Retry-After": plain, "Server": plain}
        answer(self.status, json.dumps(body).encode(), headers)(request, client)


def commands(provider: str) -> Iterator[tuple[str, ...]]:
    """Every command that shows what a server or the ledger says."""
    ref = f"{provider}:t1"
    p = ("-p", provider)
    yield ("generate", "a boat", "--timeout", "0", "--wait", "--again", *p)
    yield ("status", ref)
    yield ("wait", ref, "--timeout", "0")
    yield ("wait", ref, "--timeout", "0", "--download")
    yield ("cancel", ref)
    yield ("status", *p)
    yield ("wait", "--timeout", "0", *p)
    yield ("list", "--all", "--limit", "5")
    yield ("recover",)
    yield ("price", *p)
    yield ("providers", provider, "--check")


def clean(result: Result, words: tuple[str, ...]) -> None:
    """No stream of the result holds a character that a terminal acts on, and no bug was met."""
    for name, data in (("stdout", result.out_bytes), ("stderr", result.err_bytes)):
        found = FORBIDDEN.findall(data.decode("utf-8"))
        assert not found, f"{name} of {words} has {found}: {data!r}"
    assert result.code != 1, f"{words}: {result.err}"
    assert "Traceback" not in result.err
    if "--json" in words and result.out:
        result.json  # noqa: B018 - it must parse
        assert result.out.isascii()


def sweep(
    run: Run, host: Host, text: str, *, provider: str, extra: tuple[str, ...]
) -> list[Result]:
    """Every command, all answers holding the text."""
    host.text = text
    results = []
    for words in commands(provider):
        result = run(*words, *extra, env=host.env(), clock=FakeClock())
        clean(result, (*words, *extra))
        results.append(result)
    return results


def shapes(number: int) -> dict[str, Any]:
    """The answers' shape: a word of the text, an end of each kind, refusals, an id of the text."""
    words = ("failed", None, "SUCCESS", "succeeded")
    return {
        "word": words[number % 4],
        "status": (200, 200, 200, 400, 401, 404, 500)[number % 7],
        "task_id": None if number % 5 == 4 else "t1",
    }


@pytest.mark.parametrize("number", range(len(ATTACKS)))
def test_fault_39_attacks_in_every_server_string(number: int, run: Run) -> None:
    """Escape sequences, forged lines and markup from a server are shown escaped or literal."""
    extra = (("-v",), ("--json", "-v"), ())[number % 3]
    with Host() as host:
        for name, value in shapes(number).items():
            setattr(host, name, value)
        sweep(run, host, ATTACKS[number], provider=PROVIDERS[number % 4], extra=extra)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("text", LITERAL)
def test_fault_39_markup_is_literal(text: str, provider: str, run: Run) -> None:
    """What looks like markup to a library that draws is shown as the server wrote it."""
    with Host() as host:
        host.text, host.word = text, "failed"
        result = run("wait", f"{provider}:t1", env=host.env(), clock=FakeClock())
        assert result.code == 7
        assert text in result.err
        host.word = text
        result = run("wait", f"{provider}:t1", "--timeout", "0", env=host.env(), clock=FakeClock())
        assert result.code == 8
        assert text in result.err
        host.status = 400
        result = run("generate", "a boat", "-p", provider, env=host.env(), clock=FakeClock())
        assert result.code == 4
        assert text in result.err


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("text", ["\x1b[2J", "a\u202eb", "x\ny"])
def test_fault_39_a_url_with_control_characters_is_unusable(
    text: str, provider: str, run: Run
) -> None:
    """Such a URL is neither printed nor mended: the task ends with 9 and its row is kept."""
    with Host() as host:
        host.text, host.word = "fine", {"seedanceapi": "SUCCESS"}.get(provider, "succeeded")
        host.url = f"https://cdn.example/{text}.mp4"
        result = run("wait", f"{provider}:t1", env=host.env(), clock=FakeClock())
        clean(result, ("wait",))
        assert (result.code, result.out) == (9, "")
        result = run("status", f"{provider}:t1", env=host.env(), clock=FakeClock())
        assert "cdn.example" not in result.out


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("text", ["\x1b[2J", "a\u202eb", "x\ny", "nul\x00"])
def test_fault_39_an_id_with_control_characters_is_unusable(
    text: str, provider: str, run: Run
) -> None:
    """Such an id is no id: the outcome is unknown, 6, and the answer is kept for `recover`."""
    with Host() as host:
        host.text, host.task_id, host.word = text, None, "queued"
        result = run("generate", "a boat", "-p", provider, env=host.env(), clock=FakeClock())
        clean(result, ("generate",))
        assert (result.code, result.out) == (6, "")
    result = run("recover")
    clean(result, ("recover",))
    assert "HTTP 200; body: " in result.out


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_fault_39_any_text_in_every_server_string(data: st.DataObject, run: Run) -> None:
    """Whatever a server writes, no command passes a control character on."""
    with Host() as host:
        for name, value in shapes(data.draw(st.integers(0, 139))).items():
            setattr(host, name, value)
        sweep(
            run,
            host,
            data.draw(hostile),
            provider=data.draw(st.sampled_from(PROVIDERS)),
            extra=data.draw(st.sampled_from([(), ("-v",), ("--json", "-v"), ("-q",)])),
        )


@pytest.mark.full
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_fault_39_very_many_texts(data: st.DataObject, run: Run) -> None:
    """The same, for a long time."""
    test_fault_39_any_text_in_every_server_string.hypothesis.inner_test(data, run)  # type: ignore[attr-defined]


def ledger_words(provider: str) -> tuple[tuple[str, ...], ...]:
    return (("list", "--all"), ("status", "-p", provider), ("recover",))


@pytest.mark.parametrize("number", range(len(ATTACKS)))
def test_fault_39_prompts_and_metadata_come_back_clean(
    number: int, run: Run, tmp_path: Path
) -> None:
    """What the user's own prompt file holds is sent as it is, and shown escaped ever after."""
    raw = f"p {ATTACKS[number]}".encode("utf-8", "surrogatepass")  # refused where it is no UTF-8
    prompt = tmp_path / "prompt.txt"
    prompt.write_bytes(raw)
    provider = PROVIDERS[number % 4]
    with Host() as host:
        host.text, host.word = "", "queued"
        host.task_id = None if number % 2 else "t1"  # an empty id: unknown
        env = host.env()
        words = ("generate", "-f", str(prompt), "-p", provider, "--no-validate")
        for each in ((*words, "--dry-run"), words, *ledger_words(provider)):
            for extra in ((), ("--json",)):
                if extra and each is words:
                    continue
                result = run(*each, *extra, env=env, clock=FakeClock())
                clean(result, (*each, *extra))


@pytest.mark.parametrize("text", [one for one in ATTACKS if one.strip() and typeable(one)])
def test_fault_39_names_in_files_come_back_clean(text: str, run: Run, tmp_path: Path) -> None:
    """Profile names, values and unknown keys of a config.toml are shown escaped everywhere."""
    import tomli_w

    text = text.encode("utf-8", "replace").decode()
    config = tmp_path / "config" / "config.toml"
    config.parent.mkdir()
    table = {
        "provider": text,
        "defaults": {"resolution": text, text: text},
        "providers": {text: {"base_url": text}, "runbase": {"api_key_env": text, text: text}},
    }
    config.write_text(
        tomli_w.dumps({"default_profile": text, "profiles": {text: table, "plain": table}}),
        encoding="utf-8",
    )
    config.chmod(0o600)
    for words in (
        ("profile", "list"),
        ("profile", "show"),
        ("profile", "show", "plain"),
        ("profile", "use", text),
        ("profile", "set", text, "provider", text),
        ("generate", "a boat", "--dry-run"),
        ("generate", "a boat", "--dry-run", "-p", "runbase"),
        ("providers",),
        ("status", "--profile", text),
        ("status", "--profile", "nobody"),
        ("login", "runbase"),
        ("price",),
    ):
        for extra in ((), ("--json",)):
            clean(run(*words, *extra, stdin="a-key-for-it\n", clock=FakeClock()), (*words, *extra))


@pytest.mark.skipif(os.name != "posix", reason="such names exist on POSIX only")
@pytest.mark.parametrize("text", [one for one in ATTACKS if typeable(one)])
def test_fault_39_typed_names_come_back_clean(text: str, run: Run) -> None:
    """File names, refs, options and values that are typed or pasted are shown escaped, too."""
    for words in (
        ("generate", "a boat", "-f", text),
        ("generate", "-f", f"no/{text}"),
        ("generate", "a boat", "-p", text),
        ("generate", "a boat", "-p", "runbase", "-m", text),
        ("generate", "a boat", "-p", "runbase", "-r", text, "-a", text, "-d", text),
        ("generate", "a boat", "-p", "runbase", "-d", text),
        ("generate", "a boat", "-p", "runbase", "-i", text),
        ("generate", "a boat", "-p", "defapi", "--callback-url", text),
        ("generate", "a boat", "-p", "runbase", "--param", text),
        ("generate", "a boat", "-p", "seedance2ink", "--metadata", text),
        ("generate", "a boat", "-p", "runbase", "--max-cost", text),
        ("generate", "a boat", "-p", "runbase", "--download", "-o", f"{text}/"),
        ("generate", "a boat", "-p", "runbase", "--download", "-o", f"{{{text}}}"),
        ("generate", text, "--timeout", text, "--wait"),
        ("status", text),
        ("wait", f"runbase:{text}", "--interval", text),
        ("cancel", f"{text}:t1"),
        ("list", "--status", text),
        ("list", "--limit", text),
        ("recover", "--discard", text),
        ("recover", "--adopt", text, text),
        ("providers", text),
        ("profile", "set", "x", text, text),
        ("profile", "remove", text),
        ("logout", text),
        (text,),
        ("status", f"--{text}"),
    ):
        if any(word.startswith("-h") or word == "--" for word in words):
            continue
        result = run(*words, clock=FakeClock())
        clean(result, words)
        clean(run(*words, "--json", clock=FakeClock()), (*words, "--json"))

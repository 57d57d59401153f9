"""Every documented error, by its documented cause and in its provider's form."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from seedance_cli.sandbox.dialects._registry import names
from seedance_cli.sandbox.serve import running
from seedance_cli.sandbox.tasks import TaskStore
from support.sandbox_client import PROVIDERS, READ, SUBMIT, Client, problem, smallest

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE = "https://example.com/a.png"
MODEL = "bytedance/seedance-1.5-pro"
DELETE: Any = object()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with running(tmp_path_factory.mktemp("state"), seconds=60) as root:
        yield Client(root)


def changed(provider: str, change: dict[str, Any]) -> dict[str, Any]:
    """The smallest body with fields changed where the provider's options live."""
    body = smallest(provider, "A cat")
    level = body["input"] if provider == "runbase" else body
    for key, value in change.items():
        if value is DELETE:
            level.pop(key, None)
        else:
            level[key] = value
    return body


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"prompt": DELETE}, "INVALID_PROMPT"),
        ({"prompt": ""}, "INVALID_PROMPT"),
        ({"prompt": " \n"}, "INVALID_PROMPT"),
        ({"prompt": 5}, "INVALID_PROMPT"),
        ({"prompt": "x" * 2001}, "INVALID_PROMPT"),
        ({"aspect_ratio": "2:1"}, "INVALID_ASPECT_RATIO"),
        ({"aspect_ratio": 1}, "INVALID_ASPECT_RATIO"),
        ({"resolution": "1080p"}, "INVALID_RESOLUTION"),
        ({"duration": "5"}, "INVALID_DURATION"),
        ({"duration": 5}, "INVALID_DURATION"),
        ({"duration": "eight"}, "INVALID_DURATION"),
        ({"duration": True}, "INVALID_DURATION"),
        ({"duration": None}, "INVALID_DURATION"),
        ({"duration": 8.0}, "INVALID_DURATION"),
        ({"duration": "08"}, "INVALID_DURATION"),
        ({"image_urls": [IMAGE, IMAGE]}, "TOO_MANY_IMAGES"),
        ({"image_urls": "x"}, None),
        ({"image_urls": ["no url"]}, None),
        ({"generate_audio": "yes"}, None),
        ({"fixed_lens": 1}, None),
        ({"callback_url": "no url"}, None),
    ],
)
def test_seedanceapi_400(client: Client, change: dict[str, Any], code: str | None) -> None:
    """Each field out of its documented set is refused with its documented code."""
    answer = client.post(SUBMIT["seedanceapi"], changed("seedanceapi", change))
    assert answer.status == 400
    assert problem("seedanceapi", answer)[0] == code


@pytest.mark.parametrize(
    "change",
    [
        {"duration": 8},
        {"duration": "8"},
        {"prompt": "x" * 2000},
        {"unknown": 1},
        {"aspect_ratio": "9:21", "image_urls": []},
    ],
)
def test_seedanceapi_takes(client: Client, change: dict[str, Any]) -> None:
    """A duration in either form, the longest prompt and unknown fields are accepted."""
    assert client.post(SUBMIT["seedanceapi"], changed("seedanceapi", change)).status == 200


@pytest.mark.parametrize(
    "change",
    [
        {"content": DELETE},
        {"content": []},
        {"content": "A cat"},
        {"content": [{"type": "text", "text": ""}]},
        {"content": [{"type": "image_url", "image_url": {"url": IMAGE}}]},
        {"content": [{"type": "text", "text": "A cat"}, {"type": "image_url"}]},
        {"content": [{"type": "text", "text": "A cat"}, {"type": "song"}]},
        {"content": [{"type": "text", "text": "A cat"}, 5]},
        {
            "content": [
                {"type": "text", "text": "A cat"},
                *[{"type": "image_url", "image_url": {"url": IMAGE}}] * 10,
            ]
        },
        {"duration": 7},
        {"duration": "long"},
        {"ratio": "9:21"},
        {"model": 5},
        {"callback_url": 5},
    ],
)
def test_defapi_400(client: Client, change: dict[str, Any]) -> None:
    """Whatever is wrong, the answer is 400 with `code` 1."""
    answer = client.post(SUBMIT["defapi"], changed("defapi", change))
    assert answer.status == 400
    problem("defapi", answer)


@pytest.mark.parametrize(
    "change",
    [
        {"model": DELETE},
        {"model": "seedance-9"},
        {"prompt": ""},
        {"aspectRatio": "21:9"},
        {"duration": 3},
        {"duration": 16},
        {"model": "seedance-1.5-pro", "duration": 4},
        {"resolution": "4k"},
        {"webhookUrl": "x"},
        {"metadata": [1]},
        {"mediaUrls": []},
        {"mediaUrls": [IMAGE] * 6},
        {"mediaUrls": ["http://example.com/a.png"]},
    ],
)
def test_seedance2ink_400(client: Client, change: dict[str, Any]) -> None:
    """Each field out of its documented set is refused."""
    answer = client.post(SUBMIT["seedance2ink"], changed("seedance2ink", change))
    assert answer.status == 400
    assert problem("seedance2ink", answer)[0] == "invalid_request"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"input": {"prompt": "A cat"}}, "missing_model"),
        ({"model": "", "input": {"prompt": "A cat"}}, "missing_model"),
        ({"model": MODEL}, "missing_input"),
        ({"model": "other/model", "input": {"prompt": "A cat"}}, "model_not_found"),
        ({"model": 5, "input": {"prompt": "A cat"}}, "model_not_found"),
        ({"model": MODEL, "input": []}, "invalid_input"),
        ({"model": MODEL, "input": {}}, "invalid_input"),
        ({"model": MODEL, "input": {"prompt": "A cat", "duration": "5"}}, "invalid_input"),
        ({"model": MODEL, "input": {"prompt": "A cat", "aspect_ratio": "9:21"}}, "invalid_input"),
        ({"model": MODEL, "input": {"prompt": "A cat", "resolution": "4k"}}, "invalid_input"),
        ({"model": MODEL, "input": {"prompt": "A cat", "generate_audio": 1}}, "invalid_input"),
        ({"model": MODEL, "input": {"prompt": "A cat", "image_urls": [1]}}, "invalid_input"),
    ],
)
def test_runbase_400(client: Client, body: dict[str, Any], code: str) -> None:
    """Each documented code has its cause."""
    answer = client.post(SUBMIT["runbase"], body)
    assert answer.status == 400
    assert problem("runbase", answer)[0] == code


BAD_JSON = {
    "seedanceapi": None,
    "defapi": None,
    "seedance2ink": "invalid_json",
    "runbase": "invalid_json",
}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b'{"a": NaN}', b"\xff", b"[" * 100_000, b"1" * 5000]
)
def test_a_body_that_is_no_object(client: Client, provider: str, body: bytes) -> None:
    """Broken JSON, and JSON that is no object, is refused with 400."""
    answer = client.post(SUBMIT[provider], body)
    assert answer.status == 400
    assert problem(provider, answer)[0] == BAD_JSON[provider]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_body_that_is_too_large(client: Client, provider: str) -> None:
    """A body over 1 MiB is refused with 413; the client still gets to read the answer."""
    answer = client.post(SUBMIT[provider], b"x" * 3_000_000)
    assert answer.status == 413
    problem(provider, answer)


NO_KEY = {
    "seedanceapi": "INVALID_API_KEY",
    "defapi": None,
    "seedance2ink": "unauthorized",
    "runbase": "missing_api_key",
}
BAD_KEY = {**NO_KEY, "runbase": "invalid_api_key"}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_401(client: Client, provider: str) -> None:
    """A missing and a wrong key get the provider's 401, on submits and reads alike."""
    cases = [
        (Client(client.root, None), {}, NO_KEY),
        (Client(client.root, None), {"Authorization": "Bearer "}, NO_KEY),
        (Client(client.root, None), {"Authorization": "Basic abc"}, NO_KEY),
        (Client(client.root, "an-invalid-key"), {}, BAD_KEY),
        (Client(client.root, "INVALID"), {}, BAD_KEY),
    ]
    for who, headers, codes in cases:
        for answer in (who.submit(provider, headers=headers), who.read(provider, "x", headers)):
            assert answer.status == 401
            assert problem(provider, answer)[0] == codes[provider]


NO_TASK = {
    "seedanceapi": "TASK_NOT_FOUND",
    "defapi": None,
    "seedance2ink": "not_found",
    "runbase": "run_not_found",
}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_404(client: Client, provider: str) -> None:
    """An unknown id, an odd one, and one of another provider are not found."""
    other = client.task(next(name for name in PROVIDERS if name != provider))
    for task in ("nothing", "%00", "%ED%A0%80", "..%2f", other):
        answer = client.read(provider, task)
        assert answer.status == 404, task
    assert problem(provider, client.read(provider, other))[0] == NO_TASK[provider]


@pytest.mark.parametrize("provider", ["seedanceapi", "defapi"])
def test_no_task_id(client: Client, provider: str) -> None:
    """A read without an id is refused with 400."""
    for path in (READ[provider], READ[provider].partition("?")[0]):
        answer = client.get(path)
        assert answer.status == 400
        problem(provider, answer)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_other_paths_and_methods(client: Client, provider: str) -> None:
    """An unknown path is 404 and a wrong method 405, in the provider's form."""
    missing = client.get(f"/{provider}/nothing")
    assert missing.status == 404
    problem(provider, missing)
    for method in ("GET", "DELETE", "BREW"):
        wrong = client.send(method, SUBMIT[provider])
        assert wrong.status == 405
        problem(provider, wrong)


def test_outside_of_the_providers(client: Client) -> None:
    """The root says where each provider lies; any other path is 404."""
    bases = client.get("/", {"Accept": "application/json"}).json["providers"]
    assert {name: bases.get(name) for name in PROVIDERS} == {
        "seedanceapi": "/seedanceapi/v1",
        "defapi": "/defapi",
        "seedance2ink": "/seedance2ink",
        "runbase": "/runbase/api/v1",
    }
    assert bases.keys() == set(names())
    assert client.get("/nothing").status == 404
    assert client.get("/runbasement/api").json == {"error": "There is no such endpoint"}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_bug_of_the_sandbox(
    client: Client,
    provider: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """An uncaught error is told as 500 in the provider's form, and nowhere else."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(TaskStore, "add", broken)
    answer = client.submit(provider)
    assert answer.status == 500
    code = problem(provider, answer)[0]
    assert code in {None, "INTERNAL_ERROR", "internal_error"}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_is_sent_is_repeated_as_it_came(client: Client, provider: str) -> None:
    """Any script, a lone surrogate and a NUL in a prompt survive the round trip."""
    prompt = 'Ein Käfer 한국어 🎬 "\\ \x00 \ud800'
    task = client.task(provider, prompt)
    body = client.read(provider, task).json
    repeated = {
        "seedanceapi": lambda: body["data"]["request"]["prompt"],
        "seedance2ink": lambda: body["prompt"],
    }
    assert repeated.get(provider, lambda: prompt)() == prompt


def test_nonsense_on_the_socket(client: Client, capfd: pytest.CaptureFixture[str]) -> None:
    """Bytes that are no HTTP are answered 400, silently, and the sandbox serves on."""
    where = urlsplit(client.root)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=10) as sock:
        sock.sendall(b"\x00nonsense\r\n\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 400")
    assert client.get("/").status == 200
    assert capfd.readouterr() == ("", "")

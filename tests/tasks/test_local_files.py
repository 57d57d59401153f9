"""Local files: checked before anything is sent, on their way once, and known by their content."""

from __future__ import annotations

import json
import os
import sys
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seedance_cli import providers
from seedance_cli.models import VideoRequest
from seedance_cli.providers import FileLimits, Media, Upload, UploadForm
from seedance_cli.tasks import Place, UploadCache, local_media
from seedance_cli.tasks.media import body
from support import media_files
from support.bytes_server import BytesServer, answer, in_turn

if TYPE_CHECKING:
    from seedance_cli.providers import ProviderInfo
    from support.bytes_server import Request
    from support.fake_clock import FakeClock
    from support.runner import Result, Run

KEY = "rb-key-0123456789-abcdef"
ACCEPTED = answer(200, b'{"id":"run-1","status":"pending"}')
CAT = media_files.png()
DATA = "data:image/png;base64," + b64encode(CAT).decode()
CONTENT = f"sha256:{sha256(CAT).hexdigest()}.png"
PAID = "/runs"


def two() -> Any:
    """Accepts two requests as two tasks."""
    return in_turn(ACCEPTED, answer(200, b'{"id":"run-2","status":"pending"}'))


@pytest.fixture(autouse=True)
def cat() -> Path:
    """`cat.png` in the current folder."""
    path = Path("cat.png")
    path.write_bytes(CAT)
    return path


def change(patch: pytest.MonkeyPatch, **info: Any) -> ProviderInfo:
    """Let runbase document something more."""
    provider = providers.get("runbase")
    patch.setattr(provider, "info", provider.info._replace(**info))
    return provider.info


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runbase takes `data:` URIs of images."""
    change(monkeypatch, media=Media(image_files=FileLimits(data_uri=True)))


def buy(run: Run, url: str, *argv: str, prompt: str = "a cat") -> Result:
    env = {"RUNBASE_BASE_URL": url, "RUNBASE_API_KEY": KEY}
    return run("generate", prompt, "-p", "runbase", *argv, env=env)


def images(request: Request) -> list[str]:
    found: list[str] = json.loads(request.body)["input"]["image_urls"]
    return found


def paid(server: BytesServer) -> list[Request]:
    return [one for one in server.requests if one.target == PAID]


# Before anything is sent


def test_without_a_documented_way_it_is_refused(run: Run) -> None:
    """2, saying what to do instead; nothing is read or sent."""
    done = run("generate", "a cat", "-p", "seedanceapi", "-i", "gone.png", env={"X": "1"})
    assert done.code == 2
    assert "documents no way to send a local image" in done.err
    assert "upload_command" in done.err


FILES = [
    ("gone.png", None, "the file cannot be read"),
    ("empty.png", b"", "the file is empty"),
    ("a.png", b"<svg>" * 20, "no image of a known type"),
    ("a.png", media_files.mp4(2), "the file holds video (mp4), not image"),
    (".", None, "the file cannot be read: Is a directory"),
    ("a.gif", media_files.gif(400, 400), "it is gif; runbase with"),
    ("a.png", media_files.png(299, 400), "sides of at least 300"),
    ("a.png", media_files.png(400, 1300), "sides of at most 1200"),
    ("a.png", media_files.png(300, 1000), "a width of 0.4 to 2.5 times the height"),
    ("a.png", media_files.png(400, 400, more=b"x" * 9000), "at most 5,000"),
]
"""What is wrong with a file: its name, its content (None: nothing is written), and the words."""


@pytest.mark.parametrize(
    ("name", "content", "reason"), FILES, ids=[reason for _, _, reason in FILES]
)
def test_a_file_is_held_against_the_documents(
    name: str, content: bytes | None, reason: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Type by content, bytes, pixels, ratio: refused with the limit, and nothing is sent."""
    limits = FileLimits(
        data_uri=True,
        types=("png", "jpeg"),
        max_bytes=5000,
        min_pixels=300,
        max_pixels=1200,
        min_ratio=0.4,
        max_ratio=2.5,
    )
    change(monkeypatch, media=Media(image_files=limits))
    if content is not None:
        Path(name).write_bytes(content)
    with BytesServer(ACCEPTED) as server:
        done = buy(run, server.url, "-i", name)
        assert (done.code, server.connections) == (2, 0)
        assert f"--image {name}: " in done.err
        assert reason in done.err
        free = buy(run, server.url, "-i", name, "--no-validate")
        documented = "runbase with" in done.err or "known type" in done.err
        assert free.code == (0 if documented else 2)


def test_videos_and_audio_have_a_length(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each file, and of all of a kind together."""
    limits = FileLimits(data_uri=True, min_seconds=2, max_seconds=15, seconds_together=15)
    runbase = providers.get("runbase").info
    fields = runbase.fields._replace(
        table=tuple(
            one._replace(option="reference_audios") if one.option == "images" else one
            for one in runbase.fields.table
        )
    )
    change(monkeypatch, media=Media(audio_files=limits), fields=fields)
    for name, seconds in {"1": 1, "9": 9, "8": 8, "16": 16}.items():
        Path(f"{name}.wav").write_bytes(media_files.wav(seconds))
    with BytesServer(ACCEPTED) as server:
        for name in ("1", "16"):
            done = buy(run, server.url, "--reference-audio", f"{name}.wav")
            assert (done.code, server.connections) == (2, 0)
            assert "takes 2 to 15 s" in done.err
        both = ("--reference-audio", "9.wav", "--reference-audio", "8.wav")
        done = buy(run, server.url, *both)
        assert (done.code, server.connections) == (2, 0)
        assert "17.0 s together" in done.err
        assert buy(run, server.url, *both[:2]).code == 0


def test_a_limit_may_have_one_side(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is stated nowhere is held against nothing, and is not in the words."""
    limits = FileLimits(data_uri=True, min_ratio=2)
    change(monkeypatch, media=Media(image_files=limits))
    with BytesServer(ACCEPTED) as server:
        done = buy(run, server.url, "-i", "cat.png")
        assert (done.code, server.connections) == (2, 0)
        assert "a width of 2 and more times the height" in done.err


@pytest.mark.usefixtures("inline")
def test_a_body_has_a_bound(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that would make it too large are refused before anything is sent."""
    monkeypatch.setattr("seedance_cli.tasks.media.body.MOST_BYTES", 1000)
    with BytesServer(ACCEPTED) as server:
        Path("big.png").write_bytes(media_files.png(more=b"x" * 1000))
        done = buy(run, server.url, "-i", "big.png")
        assert (done.code, server.connections) == (2, 0)


def test_the_bytes_of_a_body_lie_in_memory_once() -> None:
    """A body with files may be large: no second copy of it is made on the way."""
    import tracemalloc

    Path("big.png").write_bytes(media_files.png(more=b"x" * (12 << 20)))
    info = providers.get("runbase").info._replace(
        media=Media(image_files=FileLimits(data_uri=True))
    )
    video = VideoRequest(prompt="p", model=info.models[0].id, images=("big.png",))
    place = Place("https://a.example", sandbox=False)
    local = local_media(info, video, place, base=lambda _: Path.cwd(), free=False)
    (file,) = local.files
    tracemalloc.start()
    try:
        made = body.filled({"url": file.content}, {}, {file.content: file})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(made) > 16 << 20
    assert peak < 1.4 * len(made)


# Inside the request


@pytest.mark.usefixtures("inline")
def test_a_data_uri_goes_inside_the_request(run: Run) -> None:
    """Its bytes as base64, its type by its content; a URL beside it stays as it is."""
    url = "https://a.example/1.png"
    with BytesServer(ACCEPTED) as server:
        Path("cat.jpg").write_bytes(CAT)
        done = buy(run, server.url, "-i", "cat.jpg", "-i", url, "-i", "./cat.png")
        assert (done.code, done.out) == (0, "runbase:run-1\n")
        (request,) = server.requests
        assert images(request) == [DATA, url, DATA]
        assert request.headers["content-length"] == str(len(request.body))
        row = run("list", "--json").json[0]
        assert row["request"]["images"] == [
            str(Path("cat.jpg").absolute()),
            url,
            str(Path("cat.png").absolute()),
        ]


@pytest.mark.usefixtures("inline")
def test_what_is_bought_is_known_by_the_content(run: Run, cat: Path) -> None:
    """6.6: the same bytes under another name are the same request; other bytes are another."""
    with BytesServer(in_turn(answer(500), ACCEPTED)) as server:
        assert buy(run, server.url, "-i", "cat.png").code == 6
        cat.rename("moved.png")
        again = buy(run, server.url, "-i", "moved.png")
        assert (again.code, len(server.requests)) == (6, 1)
        Path("moved.png").write_bytes(media_files.png(more=b"other"))
        assert buy(run, server.url, "-i", "moved.png").code == 0


@pytest.mark.usefixtures("inline")
def test_dry_run_shows_the_request_and_sends_nothing(run: Run) -> None:
    """Exact as long as a screen can bear it; of a larger file its hash."""
    with BytesServer(ACCEPTED) as server:
        done = buy(run, server.url, "-i", "cat.png", "--dry-run", "--json")
        assert done.json["body"]["input"]["image_urls"] == [DATA]
        length = len(json.dumps(done.json["body"], separators=(",", ":")))
        assert done.json["headers"]["Content-Length"] == str(length)
        Path("big.png").write_bytes(media_files.png(more=b"x" * 70_000))
        large = buy(run, server.url, "-i", "big.png", "--dry-run")
        assert (large.code, server.connections) == (0, 0)
        assert '"image_urls":["sha256:' in large.out
        assert "goes inside the request" in large.err


@pytest.mark.usefixtures("inline")
def test_a_file_that_changes_before_it_is_sent_is_refused(
    run: Run, cat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2, nothing is sent, and the ledger says so."""

    def late(*given: Any) -> bytes:
        cat.write_bytes(media_files.png(more=b"late"))
        return body.filled(*given)

    monkeypatch.setattr("seedance_cli.tasks.media.delivery.filled", late)
    with BytesServer(ACCEPTED) as server:
        done = buy(run, server.url, "-i", "cat.png")
        assert (done.code, server.connections) == (2, 0)
        assert "changed while it was on its way; nothing was submitted" in done.err
        assert run("list", "--all", "--json").json[0]["status"] == "not_sent"


# Uploads


def initiate(server: BytesServer, **more: Any) -> Upload:
    """The upload of a seller whose storage is another origin."""
    return Upload(UploadForm.INITIATE, "/init?x=1", "file_url", server.url, "upload_url", **more)


def storage(put: int = 200) -> Any:
    """Answers like such a seller: where to put it, and that it is there."""

    def script(request: Request, client: Any) -> None:
        place = f"http://{request.headers['host']}"
        urls = {"upload_url": f"{place}/put?sig=1", "file_url": "https://files.example/cat.png"}
        body = json.dumps(urls).encode() if request.method == "POST" else b""
        answer(put if request.method == "PUT" else 200, body)(request, client)

    return script


def test_a_documented_upload_comes_first_and_once(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key goes with the question, not with the bytes; the content is known afterwards."""
    with BytesServer(two()) as server, BytesServer(storage()) as there:
        change(monkeypatch, upload=initiate(there, seconds=3600), base_url=server.url)
        done = buy(run, server.url, "-i", "cat.png")
        assert (done.code, done.out) == (0, "runbase:run-1\n"), done.err
        question, put = there.requests
        assert (question.method, question.target) == ("POST", "/init?x=1")
        assert json.loads(question.body)["content_type"] == "image/png"
        assert question.headers["authorization"] == f"Bearer {KEY}"
        assert (put.method, put.target, put.body) == ("PUT", "/put?sig=1", CAT)
        assert put.headers["content-type"] == "image/png"
        assert KEY.encode() not in put.raw
        assert images(server.requests[0]) == ["https://files.example/cat.png"]
        assert "uploading" in done.err
        Path("cat.png").rename("moved.png")
        again = buy(run, server.url, "-i", "moved.png", prompt="another")
        assert (again.code, len(there.requests), len(server.requests)) == (0, 2, 2)
        assert "is uploaded already" in again.err


def test_without_a_documented_life_nothing_is_remembered(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It serves one command; in it the same content goes once."""
    with BytesServer(two()) as server, BytesServer(storage()) as there:
        change(monkeypatch, upload=initiate(there), base_url=server.url)
        Path("same.png").write_bytes(CAT)
        assert buy(run, server.url, "-i", "cat.png", "-i", "same.png").code == 0
        assert len(there.requests) == 2
        assert buy(run, server.url, "-i", "cat.png", prompt="another").code == 0
        assert len(there.requests) == 4


def test_the_key_goes_to_the_storage_only_from_the_own_endpoint(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At another endpoint the upload is none; a documented `data:` URI is the way then."""
    with BytesServer(ACCEPTED) as server, BytesServer(storage()) as there:
        change(monkeypatch, upload=initiate(there))
        assert buy(run, server.url, "-i", "cat.png").code == 2
        media = Media(image_files=FileLimits(data_uri=True))
        change(monkeypatch, media=media)
        assert buy(run, server.url, "-i", "cat.png").code == 0
        assert images(server.requests[0]) == [DATA]
        assert there.connections == 0


@pytest.mark.parametrize(("status", "code"), [(401, 3), (413, 4), (500, 5)])
def test_a_failed_upload_submits_nothing(
    status: int, code: int, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried once, and its row is `not_sent`."""
    with BytesServer(ACCEPTED) as server, BytesServer(answer(status, b"{}")) as there:
        change(monkeypatch, upload=initiate(there), base_url=server.url)
        done = buy(run, server.url, "-i", "cat.png", "--json")
        assert (done.code, len(there.requests), server.connections) == (code, 1, 0)
        assert "nothing was submitted" in done.error["message"]
        assert done.error["retry_safe"] is True
        assert KEY not in done.err
        assert run("list", "--all", "--json").json[0]["status"] == "not_sent"


def test_storage_that_refuses_the_bytes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """4, and it is not remembered as uploaded."""
    with BytesServer(ACCEPTED) as server, BytesServer(storage(put=403)) as there:
        change(monkeypatch, upload=initiate(there, seconds=3600), base_url=server.url)
        for count in (2, 4):
            done = buy(run, server.url, "-i", "cat.png")
            assert (done.code, len(there.requests), server.connections) == (4, count, 0)


def test_an_upload_as_a_form(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the endpoint itself, with the key, wherever that is."""

    def script(request: Request, client: Any) -> None:
        body = b'{"urls": {"get": "http://127.0.0.1/cat"}}' if "files" in request.target else b""
        (answer(201, body) if body else ACCEPTED)(request, client)

    with BytesServer(script) as server:
        change(monkeypatch, upload=Upload(UploadForm.MULTIPART, "/files", "urls.get"))
        done = buy(run, server.url, "-i", "cat.png")
        assert done.code == 0, done.err
        form, sent = server.requests
        assert form.headers["authorization"] == f"Bearer {KEY}"
        assert form.headers["content-type"].startswith("multipart/form-data; boundary=")
        assert CAT in form.body
        assert b'name="content"' in form.body
        assert b"cat.png" not in form.body
        assert images(sent) == ["http://127.0.0.1/cat"]


def test_the_embedded_sandbox_takes_its_files_itself(run: Run) -> None:
    """Whatever the seller documents, and nothing leaves the machine."""
    done = run("generate", "a cat", "-p", "seedance2ink", "--sandbox", "-i", "cat.png")
    assert done.code == 0, done.err
    assert "uploaded" in done.err


def test_an_upload_is_known_for_as_long_as_it_lives(tmp_path: Path, clock: FakeClock) -> None:
    """By content and place, until shortly before its end; a file that is damaged knows nothing."""
    cache = UploadCache(tmp_path, clock)
    cache.put("sha256:a.png", "fal https://a", "https://files.example/1", 3600)
    cache.put("sha256:b.png", "fal https://a", "https://files.example/2", 60)
    assert UploadCache(tmp_path, clock).get("sha256:a.png", "fal https://a") is not None
    assert cache.get("sha256:a.png", "fal https://b") is None
    assert cache.get("sha256:b.png", "fal https://a") is None, "too near its end"
    stored = tmp_path / "uploads.json"
    assert stored.stat().st_mode & 0o777 == 0o600
    clock.sleep(3100)
    assert cache.get("sha256:a.png", "fal https://a") is None
    stored.write_text('{"x": 1}')
    assert cache.get("sha256:a.png", "fal https://a") is None
    cache.put("sha256:a.png", "fal https://a", "https://files.example/3", 3600)
    assert cache.get("sha256:a.png", "fal https://a") == "https://files.example/3"


# The user's own command


def configured(*words: str) -> None:
    command = json.dumps([sys.executable, "-c", *words])
    path = Path("config.toml")
    path.write_text(f"[profiles.default]\nupload_command = {command}\n", encoding="utf-8")


def with_command(run: Run, url: str) -> Result:
    env = {"RUNBASE_BASE_URL": url, "RUNBASE_API_KEY": KEY, "SEEDANCE_CONFIG": "config.toml"}
    return run("generate", "a cat", "-p", "runbase", "-i", "cat.png", env=env)


def test_upload_command_gives_the_url(run: Run) -> None:
    """For a seller that takes only URLs; it gets the absolute path, and its stdout is the URL."""
    configured("import sys, os; print('https://u.example' + sys.argv[1])", "{file}")
    with BytesServer(ACCEPTED) as server:
        done = with_command(run, server.url)
        assert done.code == 0, done.err
        assert images(server.requests[0]) == [f"https://u.example{Path('cat.png').absolute()}"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import sys; sys.exit(4)", "failed with exit status 4"),
        ("print('no url')", "printed no usable URL"),
        ("print('https://a.example/1'); print(2)", "it is no single line"),
        ("pass", "it is no single line"),
        ("open('cat.png', 'ab').write(b'x'); print('https://a.example')", "changed while"),
    ],
)
def test_upload_command_that_fails(code: str, reason: str, run: Run) -> None:
    """3, or 2 for a file that changed; nothing is submitted."""
    configured(code, "{file}")
    with BytesServer(ACCEPTED) as server:
        done = with_command(run, server.url)
        assert (done.code, server.connections) == (2 if "changed" in reason else 3, 0)
        assert reason in done.err


def test_profile_show_shows_it(run: Run) -> None:
    """With its source, as every effective value."""
    configured("print('https://a.example')", "{file}")
    env = {"SEEDANCE_CONFIG": "config.toml"}
    shown = run("profile", "show", "--json", env=env).json["upload_command"]
    assert shown["value"].endswith("'{file}'")
    assert run("profile", "show", env=env).out.count("upload_command") == 1


def test_upload_command_needs_the_file(run: Run) -> None:
    """Without `{file}` it could not know which one: 3."""
    configured("print('https://a.example')")
    done = with_command(run, "http://127.0.0.1:9")
    assert done.code == 3
    assert "upload_command has no {file}" in done.err


# Again


@pytest.mark.usefixtures("inline")
def test_a_name_tells_that_the_content_changed(run: Run, cat: Path) -> None:
    """2, naming the file; the same bytes elsewhere are the same request."""
    with BytesServer(ACCEPTED) as server:
        assert buy(run, server.url, "-i", "cat.png", "--name", "one").code == 0
        cat.rename("moved.png")
        assert buy(run, server.url, "-i", "moved.png", "--name", "one").out == "runbase:run-1\n"
        cat.write_bytes(media_files.png(more=b"other"))
        done = buy(run, server.url, "-i", "cat.png", "--name", "one")
        assert (done.code, len(server.requests)) == (2, 1)
        assert f"the content of {cat.absolute()}" in done.err


@pytest.mark.usefixtures("inline")
def test_retry_takes_the_same_file(run: Run, cat: Path) -> None:
    """From anywhere, as long as it holds what it held."""
    env = {"RUNBASE_API_KEY": KEY}
    with BytesServer(two()) as server:
        env["RUNBASE_BASE_URL"] = server.url
        assert buy(run, server.url, "-i", "cat.png").code == 0
        here = Path.cwd()
        os.chdir("/")
        try:
            again = run("retry", "runbase:run-1", env=env)
        finally:
            os.chdir(here)
        assert (again.code, again.out) == (0, "runbase:run-2\n"), again.err
        assert [images(one) for one in paid(server)] == [[DATA], [DATA]]
        cat.write_bytes(media_files.png(more=b"other"))
        done = run("retry", "runbase:run-1", env=env)
        assert (done.code, len(paid(server))) == (2, 2)
        assert "has changed since the request was made" in done.err


# A batch


@pytest.mark.usefixtures("inline")
def test_a_row_of_a_batch_is_known_by_its_files_content(run: Run, cat: Path) -> None:
    """The same bytes under another name are the same row, and other bytes are another."""
    env = {"RUNBASE_API_KEY": KEY, "SEEDANCE_PROVIDER": "runbase"}

    def submit(name: str) -> int:
        Path("rows.csv").write_text(f"prompt,image\na cat,{name}\n", encoding="utf-8")
        argv = ("batch", "rows.csv", "--yes", "--no-wait", "--no-download")
        done = run(*argv, env={**env, "RUNBASE_BASE_URL": server.url})
        assert done.code == 0, done.err
        return len(server.requests)

    with BytesServer(two()) as server:
        assert submit("cat.png") == 1
        assert images(server.requests[0]) == [DATA]
        cat.rename("moved.png")
        assert submit("moved.png") == 1
        Path("moved.png").write_bytes(media_files.png(more=b"other"))
        assert submit("moved.png") == 2

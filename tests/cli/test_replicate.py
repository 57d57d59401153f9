"""replicate through the whole program: what is paid, read, cancelled, and where the key goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support import media_files
from support.bytes_server import BytesServer, answer
from support.scripted_provider import KEY, State, done, json_answer, submitted

if TYPE_CHECKING:
    from pathlib import Path

    from support.fake_clock import FakeClock
    from support.runner import Run
    from support.scripted_provider import ScriptedProvider

ARGV = ("generate", "a boat", "-p", "replicate")


def test_the_path_names_the_model(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """The model is no part of the body; without one the first listed is taken and named."""
    env = server.env("replicate")
    server.task("t1", "queued", "running", done())
    result = run(*ARGV, "-d", "4", "--wait", env=env, clock=clock)
    assert (result.code, result.out) == (0, server.video("t1.mp4") + "\n")
    assert "model bytedance/seedance-2.0 (the first that replicate lists" in result.err
    other = run(*ARGV, "-m", "bytedance/seedance-1-lite", "--image", "https://a.example/1", env=env)
    assert (other.code, other.out) == (0, "replicate:t2\n")
    first, second = (one for one in server.server.requests if one.method == "POST")
    assert first.target == "/replicate/v1/models/bytedance/seedance-2.0/predictions"
    assert first.body == b'{"input":{"prompt":"a boat","duration":4}}'
    assert second.target == "/replicate/v1/models/bytedance/seedance-1-lite/predictions"
    assert second.body == b'{"input":{"prompt":"a boat","image":"https://a.example/1"}}'


@pytest.mark.parametrize(
    "model", ["seedance", "a/b/c", "../secrets", "a/..", "a/b?x", "a/b#c", "a b/c", "/b", "a/"]
)
def test_a_model_is_owner_and_name(run: Run, server: ScriptedProvider, model: str) -> None:
    """What is not `OWNER/NAME` never becomes a path."""
    result = run(*ARGV, "-m", model, env=server.env("replicate"))
    assert (result.code, result.out) == (2, "")
    assert server.posts() == 0


@pytest.mark.parametrize(
    ("word", "status"), [("failed", "failed"), ("canceled", "cancelled"), ("aborted", "expired")]
)
def test_ends_without_a_video(
    run: Run, server: ScriptedProvider, clock: FakeClock, word: str, status: str
) -> None:
    """Every such word ends the wait, with 7 and the seller's reason."""
    server.task("t1", "starting", State(word, reason="flagged as sensitive"))
    result = run(*ARGV, "--wait", "--json", env=server.env("replicate"), clock=clock)
    assert (result.code, result.json["status"]) == (7, status)
    assert result.json["error"]["message"] == "flagged as sensitive"
    assert result.json["cost"] is None


@pytest.mark.parametrize(
    ("status", "problem", "expected"),
    [
        (401, {"title": "Unauthenticated", "detail": "no token", "status": 401}, 3),
        (402, {"title": "Insufficient credit", "detail": "add some", "status": 402}, 4),
        (422, {"title": "Input validation failed", "detail": "duration", "status": 422}, 4),
        (429, {"detail": "throttled"}, 4),
        (500, {"title": "Internal Server Error", "detail": "sorry", "status": 500}, 6),
        (200, {"title": "Insufficient credit", "detail": "add some", "status": 402}, 4),
        (200, {"title": "Internal Server Error", "detail": "sorry", "status": 500}, 6),
    ],
)
def test_what_an_error_means_for_the_money(
    run: Run, server: ScriptedProvider, status: int, problem: dict[str, object], expected: int
) -> None:
    """An error as RFC 7807 words it is told in the seller's own words."""
    server.submits.append(json_answer(status, problem))
    result = run(*ARGV, env=server.env("replicate"))
    assert result.code == expected
    assert str(problem["detail"]) in result.err
    assert server.posts() == 1


def test_urls_to_come_back_with(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """Those of the answer are used as they are, at the endpoint's own origin alone."""
    env = server.env("replicate")
    here = f"{server.url}/replicate/elsewhere/t1"
    accepted = {"id": "t1", "status": "starting", "urls": {"get": here, "cancel": f"{here}/cancel"}}
    server.submits.append(json_answer(201, accepted))
    assert run(*ARGV, env=env).out == "replicate:t1\n"
    server.task("t1", "queued", "queued", done())
    assert run("cancel", "replicate:t1", env=env, clock=clock).out == "replicate:t1\tcancelled\n"
    assert [one.target for one in server.server.requests[1:]] == [
        "/replicate/elsewhere/t1",
        "/replicate/elsewhere/t1/cancel",
    ]
    with BytesServer(answer(200, b"{}")) as there:
        foreign = {"get": f"{there.url}/t2", "cancel": f"{there.url}/t2/cancel"}
        body = {"id": "t2", "status": "starting", "urls": foreign}
        server.submits.append(json_answer(201, body))
        server.task("t2", done())
        argv = (*ARGV, "--again", "--wait")
        assert run(*argv, env=env, clock=clock).out == server.video("t2.mp4") + "\n"
        assert there.requests == []
    assert server.server.requests[-1].target == "/replicate/v1/predictions/t2"
    assert server.server.requests[-1].headers["authorization"] == f"Bearer {KEY}"


def test_the_callback_stands_beside_the_input(run: Run) -> None:
    """So it is no part of what is bought; a field without an option goes into the input."""
    argv = (*ARGV, "--callback-url", "https://a.example/hook", "--param", "fps=24")
    shown = run(*argv, "--dry-run", "--json")
    assert shown.json["body"] == {
        "input": {"prompt": "a boat", "fps": 24},
        "webhook": "https://a.example/hook",
    }
    assert shown.json["price"] is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--watermark",), "--watermark"),
        (("-m", "bytedance/seedance-1.5-pro", "-r", "720p"), "--resolution"),
        (("-m", "bytedance/seedance-1-pro", "--audio"), "--audio"),
        (("-m", "bytedance/seedance-1-pro", "-d", "13"), "2, 3, 4"),
        (("-d", "16"), "1, 2, 3"),
        (("--metadata", "a=b"), "supported by"),
        (("--first-frame", "https://a.example/1", "-i", "https://a.example/2"), "either frames"),
        (("--reference-audio", "https://a.example/1"), "beside an image or a video"),
    ],
    ids=lambda case: case[-1] if isinstance(case, tuple) else "",
)
def test_what_a_model_does_not_take(run: Run, options: tuple[str, ...], words: str) -> None:
    """Each model is held to its own limits, before anything is sent."""
    result = run(*ARGV, *options, "--dry-run")
    assert (result.code, result.out) == (2, "")
    assert words in result.err


def test_a_lost_read_of_a_cancel(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """A cancel whose answer says that the prediction goes on is not told as one."""
    submitted(server, "replicate", "t1")
    server.task("t1", "running")
    server.cancels["t1"] = "running"
    result = run("cancel", "replicate:t1", env=server.env("replicate"), clock=clock)
    assert (result.code, result.out) == (4, "")
    assert "not cancelled" in result.err


def test_a_file_goes_to_the_files_api_first(
    run: Run, server: ScriptedProvider, tmp_path: Path
) -> None:
    """With the key, below the endpoint; the request has the URL that its answer gives.

    Once in the hour for which it is kept; another account's is another file.
    """
    cat = tmp_path / "cat.png"
    cat.write_bytes(media_files.png())
    url = f"{server.url}/replicate/v1/files/f1"
    server.submits.extend([json_answer(201, {"id": "f1", "urls": {"get": url}}), None])
    result = run(*ARGV, "--first-frame", str(cat), env=server.env("replicate"))
    assert (result.code, result.out.startswith("replicate:t")) == (0, True), result.err
    upload, submit = server.server.requests
    assert upload.target == "/replicate/v1/files"
    assert upload.headers["authorization"] == f"Bearer {KEY}"
    assert f'"image":"{url}"'.encode() in submit.body
    again = run(*ARGV, "--last-frame", str(cat), env=server.env("replicate"))
    assert (again.code, "is uploaded already" in again.err) == (0, True), again.err
    *_, submit = server.server.requests
    assert f'"last_frame_image":"{url}"'.encode() in submit.body
    server.submits.extend([json_answer(201, {"urls": {"get": f"{url}2"}}), None])
    other = {**server.env("replicate"), "REPLICATE_API_TOKEN": KEY[::-1]}
    assert run(*ARGV, "--first-frame", str(cat), "--again", env=other).code == 0
    assert f'"image":"{url}2"'.encode() in server.server.requests[-1].body


def test_a_check_of_the_key(run: Run, server: ScriptedProvider) -> None:
    """It asks for a prediction that cannot exist, in the form of an id of Replicate's."""
    result = run("providers", "replicate", "--check", env=server.env("replicate"))
    assert (result.code, "key works" in result.out) == (0, True), result.out
    asked = [one.target for one in server.server.requests]
    assert asked == ["/replicate/v1/predictions/" + "0" * 26]

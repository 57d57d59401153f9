"""kie, seedanceapi-v2 and openrouter through the whole program: what is paid, told and fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support import mp4s
from support.bytes_server import BytesServer, answer
from support.scripted_provider import KEY, State, done, json_answer, submitted

if TYPE_CHECKING:
    from pathlib import Path

    from support.fake_clock import FakeClock
    from support.runner import Run
    from support.scripted_provider import ScriptedProvider

IMAGE = "https://a.example/1.png"
MODEL = ("-p", "openrouter", "-m", "bytedance/seedance-2.0")


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (200, 401, (3, "unauthorized")),
        (200, 402, (4, "insufficient_credits")),
        (200, 404, (4, "not_found")),
        (200, 422, (4, "rejected")),
        (200, 429, (4, "rate_limited")),
        (200, 455, (4, "rejected")),
        (455, 455, (4, "rejected")),
        (200, 500, (6, "outcome_unknown")),
        (200, 501, (6, "outcome_unknown")),
        (505, 505, (6, "outcome_unknown")),
        (200, 1000, (6, "outcome_unknown")),
    ],
)
def test_what_a_code_of_kie_means_for_the_money(
    run: Run, server: ScriptedProvider, status: int, code: int, expected: tuple[int, str]
) -> None:
    """Its envelope's code is an HTTP status, in whatever answer it comes; others say nothing."""
    server.submits.append(json_answer(status, {"code": code, "msg": "so it is"}))
    result = run("generate", "a boat", "-p", "kie", "--json", env=server.env("kie"))
    assert (result.code, result.error["code"]) == expected
    assert "so it is" in result.error["message"]
    assert server.posts() == 1


def test_kie_from_the_sandbox_with_its_last_frame(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The image beside the video among the result's URLs is the last frame, and no second video."""
    monkeypatch.chdir(folder)
    options = ("-p", "kie", "-r", "480p", "-a", "1:1", "-d", "4", "--last-frame-out")
    argv = ("generate", "a boat", *options, "--sandbox", "-o", "a.mp4", "--json")
    result = run(*argv, env={"SEEDANCE_SANDBOX_SECONDS": "0"})
    assert result.code == 0, result.err
    assert result.json["files"] == [str(folder / "a.mp4")]
    assert result.json["last_frame"] == str(folder / "a-last.png")


def test_where_media_go_at_kie(run: Run) -> None:
    """An image is a reference of 2, and an input of 1.5 pro, which names no frames."""

    def sent(*options: str) -> dict[str, object]:
        result = run("generate", "x", "-p", "kie", *options, "--dry-run", "--json")
        assert result.code == 0, result.err
        found: dict[str, object] = result.json["body"]["input"]
        return found

    older = ("-m", "bytedance/seedance-1.5-pro")
    assert sent("-i", IMAGE)["reference_image_urls"] == [IMAGE]
    for name in ("bytedance/seedance-1.5-pro", "bytedance/seedance-1-5-pro"):
        assert sent("-m", name, "-i", IMAGE)["input_urls"] == [IMAGE]
    assert sent("--first-frame", IMAGE)["first_frame_url"] == IMAGE
    assert sent("-m", "bytedance/seedance-2-5", "-d", "30")["duration"] == 30
    frame = run("generate", "x", "-p", "kie", *older, "--first-frame", IMAGE, "--dry-run")
    assert (frame.code, "-m bytedance/seedance-2" in frame.err) == (2, True)
    images = ("-i", IMAGE) * 3
    many = run("generate", "x", "-p", "kie", *older, *images, "--dry-run")
    assert (many.code, "allows at most 2" in many.err) == (2, True)


def test_seedanceapi_v2_charges_what_succeeds(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """The list bounds `--max-cost`; the charge is the answer's, and nothing for a failure."""
    env = server.env("seedanceapi-v2")
    server.task("t1", done(consumed_credits=240))
    server.task("t2", "FAILED")
    argv = ("generate", "a boat", "-p", "seedanceapi-v2", "--wait", "--json")
    first = run(*argv, "--max-cost", "240 credits", env=env, clock=clock)
    assert first.json["cost"] == {"amount": "240", "unit": "credits", "basis": "charged"}
    over = run(*argv, "-d", "10", "--max-cost", "240 credits", env=env, clock=clock)
    assert over.code == 11
    second = run(*argv, env=env, clock=clock)
    assert (second.code, second.json["cost"]["amount"]) == (7, "0")
    assert server.posts() == 2


def test_openrouter_from_the_sandbox_to_a_file(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its content endpoint serves the video for the key alone; the URL is no secret."""
    monkeypatch.chdir(folder)
    argv = ("generate", "a boat", *MODEL, "-r", "480p", "-a", "1:1", "-d", "4", "--sandbox")
    result = run(*argv, "-o", "a.mp4", "--json", env={"SEEDANCE_SANDBOX_SECONDS": "0"})
    assert result.code == 0, result.err
    assert result.json["files"] == [str(folder / "a.mp4")]
    assert (folder / "a.mp4").read_bytes()[4:8] == b"ftyp"
    (url,) = result.json["video_urls"]
    assert "/openrouter/api/v1/videos/job-" in url
    assert url.endswith("/content?index=0")


def test_openrouters_key_goes_to_its_own_origin_alone(
    run: Run, server: ScriptedProvider, clock: FakeClock, folder: Path
) -> None:
    """A video of its own is fetched with the key, a signed one that lies elsewhere without it."""
    env = server.env("openrouter")
    with BytesServer(answer(200, mp4s.plain())) as cdn:
        server.task("t1", done())
        server.task("t2", State("succeeded", fields=(signed(cdn),)))
        for task in ("t1", "t2"):
            submitted(server, "openrouter", task)
            argv = ("wait", f"openrouter:{task}", "-o", str(folder / f"{task}.mp4"))
            assert run(*argv, env=env, clock=clock).code == 0
        assert [one.headers.get("authorization") for one in cdn.requests] == [None]
    fetched = [one for one in server.server.requests if one.target.startswith("/video/")]
    assert [(one.target, one.headers["authorization"]) for one in fetched] == [
        ("/video/t1.mp4", f"Bearer {KEY}")
    ]


def signed(cdn: BytesServer) -> tuple[str, list[str]]:
    """The field of an answer that has signed URLs."""
    return "urls", [f"{cdn.url}/1.mp4?sig=1"]


@pytest.mark.parametrize("own", [True, False], ids=["own origin", "elsewhere"])
def test_openrouters_polling_url(
    run: Run, server: ScriptedProvider, clock: FakeClock, *, own: bool
) -> None:
    """The URL to ask again is used as it was given, at the endpoint's own origin only."""
    env = server.env("openrouter")
    with BytesServer(answer(500)) as elsewhere:
        url = "/openrouter/polled/t1" if own else f"{elsewhere.url}/polled/t1"
        answered = {"id": "t1", "polling_url": url, "status": "pending"}
        server.submits.append(json_answer(202, answered))
        server.task("t1", done(usage={"cost": 0.25}))
        result = run("generate", "a boat", *MODEL, "--wait", "--json", env=env, clock=clock)
        assert elsewhere.requests == []
    assert result.code == 0, result.err
    assert result.json["cost"] == {"amount": "0.25", "unit": "USD", "basis": "charged"}
    read = [one.target for one in server.server.requests if one.method == "GET"]
    assert read == ["/openrouter/polled/t1" if own else "/openrouter/api/v1/videos/t1"]


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (403, 403, (3, "forbidden")),
        (408, 408, (6, "outcome_unknown")),
        (502, 502, (6, "outcome_unknown")),
        (200, 402, (4, "insufficient_credits")),
        (200, 502, (6, "outcome_unknown")),
        (200, "odd", (6, "outcome_unknown")),
    ],
)
def test_what_an_error_of_openrouter_means_for_the_money(
    run: Run,
    server: ScriptedProvider,
    status: int,
    code: int | str,
    expected: tuple[int, str],
) -> None:
    """A code in a 2xx counts as the HTTP status that it is."""
    server.submits.append(json_answer(status, {"error": {"code": code, "message": "so it is"}}))
    result = run("generate", "a boat", *MODEL, "--json", env=server.env("openrouter"))
    assert (result.code, result.error["code"]) == expected
    assert "so it is" in result.error["message"]
    assert server.posts() == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--callback-url", "http://a.example/hook"), "allows only https://"),
        (("--first-frame", IMAGE, "-i", IMAGE), "either frames or references"),
        (("--fixed-lens",), "has no option --fixed-lens"),
        (("--metadata", "a=b"), "has no option --metadata"),
    ],
    ids=lambda case: case[0] if isinstance(case, tuple) else "",
)
def test_what_openrouter_does_not_take(run: Run, options: tuple[str, ...], words: str) -> None:
    """It is refused before anything is sent, to an endpoint on this machine, too."""
    for env in ({}, {"OPENROUTER_BASE_URL": "http://127.0.0.1:9/api/v1"}):
        result = run("generate", "x", *MODEL, *options, "--dry-run", env=env)
        assert (result.code, result.out) == (2, "")
        assert words in result.err

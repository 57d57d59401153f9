"""kie and seedanceapi-v2 through the whole program: what is paid, told and fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.scripted_provider import done, json_answer

if TYPE_CHECKING:
    from pathlib import Path

    from support.fake_clock import FakeClock
    from support.runner import Run
    from support.scripted_provider import ScriptedProvider

IMAGE = "https://a.example/1.png"


@pytest.mark.parametrize("status", [200, None], ids=["in a 200", "as the status"])
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (401, (3, "unauthorized")),
        (402, (4, "insufficient_credits")),
        (404, (4, "not_found")),
        (422, (4, "rejected")),
        (429, (4, "rate_limited")),
        (455, (4, "rejected")),
        (500, (6, "outcome_unknown")),
        (501, (6, "outcome_unknown")),
        (505, (6, "outcome_unknown")),
        (1000, (6, "outcome_unknown")),
    ],
)
def test_what_a_code_of_kie_means_for_the_money(
    run: Run, server: ScriptedProvider, status: int | None, code: int, expected: tuple[int, str]
) -> None:
    """Its envelope's code is an HTTP status, in whatever answer it comes; others say nothing."""
    if status is None and code == 1000:
        status = 200
    server.submits.append(json_answer(status or code, {"code": code, "msg": "so it is"}))
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
    assert sent(*older, "-i", IMAGE)["input_urls"] == [IMAGE]
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

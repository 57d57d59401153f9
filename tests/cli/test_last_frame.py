"""`--last-frame-out`: the last frame of a video as an image, told and saved beside it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from support.bytes_server import answer, in_turn
from support.scripted_provider import done, submitted

if TYPE_CHECKING:
    from support.fake_clock import FakeClock
    from support.runner import Run
    from support.scripted_provider import ScriptedProvider, State

SMALL = ("-p", "byteplus", "-m", "dreamina-seedance-2-0-260128", "-r", "480p", "-a", "16:9")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


def task(server: ScriptedProvider) -> State:
    """A task that has a last frame, under `/video/frame` there."""
    content: dict[str, Any] = {
        "video_url": server.video("t1.mp4"),
        "last_frame_url": server.video("frame"),
    }
    return done(content=content)


@pytest.mark.full
def test_from_the_sandbox_to_a_file(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for, saved beside the video, named in the JSON, and is the picture it says."""
    monkeypatch.chdir(folder)
    argv = ("generate", "a boat", *SMALL, "-d", "4", "--sandbox", "-o", "a.mp4", "--json")
    env = {"SEEDANCE_SANDBOX_SECONDS": "0"}
    result = run(*argv, "--last-frame-out", env=env)
    assert result.code == 0, result.err
    frame = Path(result.json["last_frame"])
    assert frame == folder / "a-last.png"
    assert f"last frame {frame}" in result.err
    with Image.open(frame) as image:
        assert image.size == (854, 480)
    without = run(*argv[:-2], "b.mp4", "--json", env=env)
    assert without.json["last_frame"] is None
    assert sorted(one.name for one in folder.iterdir()) == ["a-last.png", "a.mp4", "b.mp4"]


def test_its_url_and_then_its_path(
    run: Run, server: ScriptedProvider, clock: FakeClock, folder: Path
) -> None:
    """Without a download the JSON has its URL; with one its path; it is fetched once."""
    server.videos["frame"] = answer(200, PNG)
    server.task("t1", task(server))
    submitted(server, "byteplus", "t1")
    env = server.env("byteplus")
    told = run("wait", "byteplus:t1", "--json", env=env, clock=clock)
    assert told.json["last_frame"] == server.video("frame")
    place = str(folder / "v.mp4")
    for _ in range(2):
        saved = run("wait", "byteplus:t1", "-o", place, "--json", env=env, clock=clock)
        assert (saved.code, saved.json["files"]) == (0, [place])
        assert saved.json["last_frame"] == str(folder / "v-last.png")
    assert server.fetched("frame") == 1
    assert (folder / "v-last.png").read_bytes() == PNG
    (row,) = run("list", "--json", env=env, clock=clock).json
    assert row["last_frame"] == str(folder / "v-last.png")


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [(404, b"gone", "HTTP 404"), (200, b"<html>", "no image"), (200, b"", "no image")],
)
def test_a_frame_that_is_not_to_be_had(
    run: Run,
    server: ScriptedProvider,
    clock: FakeClock,
    folder: Path,
    *,
    status: int,
    body: bytes,
    why: str,
) -> None:
    """The video is saved and told all the same; the frame's failure is 9, and leaves no file."""
    server.videos["frame"] = answer(status, body)
    server.task("t1", task(server))
    submitted(server, "byteplus", "t1")
    argv = ("wait", "byteplus:t1", "-o", str(folder / "v.mp4"))
    result = run(*argv, env=server.env("byteplus"), clock=clock)
    assert (result.code, result.out) == (9, f"{folder / 'v.mp4'}\n")
    assert "the last frame could not be fetched: " in result.err
    assert why in result.err
    assert [one.name for one in folder.iterdir()] == ["v.mp4"]


def test_a_frame_is_taken_as_a_video_is(
    run: Run, server: ScriptedProvider, clock: FakeClock, folder: Path
) -> None:
    """Late, by another status, packed: what of a video is put up with is of its frame, too."""
    whole = {"Content-Range": f"bytes 0-{len(PNG) - 1}/{len(PNG)}"}
    late = (answer(404, b"gone"), answer(503, b"", {"Retry-After": "2"}), answer(200, b"<html>"))
    first = {
        "v0": in_turn(*late, answer(200, PNG)),
        "v1": answer(206, PNG, whole),
        "v2": answer(200, gzip.compress(PNG), {"Content-Encoding": "gzip"}),
        "v3": answer(206, PNG, {"Content-Range": f"bytes 0-{len(PNG) - 1}/999"}),
    }
    env = server.env("byteplus")
    for number, (name, frame) in enumerate(first.items()):
        server.videos["frame"] = frame
        server.task(f"t{number}", task(server))
        submitted(server, "byteplus", f"t{number}")
        argv = ("wait", f"byteplus:t{number}", "-o", str(folder / f"{name}.mp4"))
        result = run(*argv, env=env, clock=clock)
        assert result.code == (9 if name == "v3" else 0), (name, result.err)
        saved = folder / f"{name}-last.png"
        assert (saved.read_bytes() if saved.exists() else b"") == (b"" if name == "v3" else PNG)


def test_another_file_of_that_name_stays(run: Run, server: ScriptedProvider, folder: Path) -> None:
    """It is replaced with `--force` only."""
    server.videos["frame"] = answer(200, PNG)
    server.task("t1", task(server))
    submitted(server, "byteplus", "t1")
    (folder / "v-last.png").write_bytes(b"mine")
    argv = ("wait", "byteplus:t1", "-o", str(folder / "v.mp4"))
    assert run(*argv, env=server.env("byteplus")).code == 9
    assert (folder / "v-last.png").read_bytes() == b"mine"
    assert run(*argv, "--force", env=server.env("byteplus")).code == 0
    assert (folder / "v-last.png").read_bytes() == PNG


def test_another_file_of_that_name_is_found_before_anything_is_paid(
    run: Run, server: ScriptedProvider, folder: Path
) -> None:
    """As one of the video's name is, whatever the image's type will be; in a batch, too."""
    (folder / "v-last.jpg").write_bytes(b"mine")
    place = str(folder / "v.mp4")
    (folder / "rows.jsonl").write_text(json.dumps({"prompt": "x", "output": place}))
    env = server.env("byteplus")
    for argv in (
        ("generate", "x", *SMALL, "--last-frame-out", "-o", place),
        ("batch", str(folder / "rows.jsonl"), *SMALL, "--last-frame-out", "--yes"),
    ):
        result = run(*argv, env=env)
        assert (result.code, "v-last.jpg exists already" in result.err) == (2, True), result.err
    assert server.posts() == 0

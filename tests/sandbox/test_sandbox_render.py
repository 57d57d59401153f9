"""The sandbox's videos, read back with PyAV."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import av
import pytest

from seedance_cli.providers._registry import get, names
from seedance_cli.sandbox.dialects._base import Job
from seedance_cli.sandbox.video import captions
from seedance_cli.sandbox.video import store as videos
from seedance_cli.sandbox.video.render import FPS, Clip, RenderingStopped, render, size
from seedance_cli.sandbox.video.store import Videos

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("resolution", "ratio", "expected"),
    [
        ("720p", "16:9", (1280, 720)),
        ("720p", "9:16", (720, 1280)),
        ("720p", "1:1", (720, 720)),
        ("720p", "21:9", (1680, 720)),
        ("720p", "9:21", (720, 1680)),
        ("720p", "4:3", (960, 720)),
        ("480p", "16:9", (854, 480)),
        ("1080p", "3:4", (1080, 1440)),
        ("1080p", "16:9", (1920, 1080)),
    ],
)
def test_size(resolution: str, ratio: str, expected: tuple[int, int]) -> None:
    """The number of a resolution is the shorter side."""
    assert size(resolution, ratio) == expected


def test_every_size_that_a_provider_allows_is_even() -> None:
    """H.264 in yuv420p has no odd sides."""
    for name in names():
        for model in get(name).info.models:
            for resolution in model.resolutions or ("720p",):
                for ratio in (one for one in model.aspect_ratios if ":" in one):
                    assert not any(side % 2 for side in size(resolution, ratio))


@pytest.mark.parametrize(
    ("clip", "audio"),
    [
        (Clip(206, 480, 4, False, "A cat", "runbase"), None),
        (Clip(320, 240, 5, True, "A cat", "runbase"), "aac"),
        (Clip(854, 480, 4, True, "", "x" * 100), "aac"),
    ],
)
def test_a_real_video(tmp_path: Path, clip: Clip, audio: str | None) -> None:
    """H.264 at 24 frames a second, exactly as long and as large as asked; sound only if asked."""
    path = tmp_path / "a.mp4"
    render(clip, path)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert (stream.width, stream.height) == (clip.width, clip.height)
        assert stream.average_rate == FPS
        assert container.duration == clip.seconds * av.time_base
        assert [s.codec_context.name for s in container.streams.audio] == ([audio] if audio else [])
        frames = [bytes(frame.planes[0]) for frame in container.decode(video=0)]
    assert len(frames) == clip.seconds * FPS
    assert len(set(frames)) == len(frames)
    if audio:
        with av.open(str(path)) as container:
            loudest = max(
                max(map(abs, memoryview(f.planes[0]).cast("B").cast("f")))
                for f in container.decode(audio=0)
            )
        assert 0.02 < loudest < 0.5


@pytest.mark.parametrize("seconds", range(4, 16))
def test_every_length(tmp_path: Path, seconds: int) -> None:
    """With sound too, the file lasts exactly as long as asked."""
    path = tmp_path / "a.mp4"
    render(Clip(64, 64, seconds, True, "A cat", "x"), path)
    with av.open(str(path)) as container:
        assert container.duration == seconds * av.time_base
        assert container.streams.video[0].frames == seconds * FPS


def test_the_same_clip_gives_the_same_bytes(tmp_path: Path) -> None:
    """Rendering is deterministic; another prompt or another seed gives another picture."""
    clips = [("A cat", 7), ("A cat", 7), ("A dog", 7), ("A cat", 8)]
    for number, (prompt, seed) in enumerate(clips):
        render(Clip(240, 240, 4, True, prompt, "runbase", seed), tmp_path / str(number))
    first, second, *others = ((tmp_path / str(number)).read_bytes() for number in range(4))
    assert first == second
    assert len({first, *others}) == 3


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        " \n\t ",
        "x" * 5000,
        "word " * 500,
        "한국어로 된 프롬프트 中文 日本語 العربية עברית ไทย हिन्दी",
        "🎬👩‍👩‍👧‍👦 \U000e0001\uffff\x00\x1b[31m\u202e\ud800",
        "한" * 2000,
    ],
)
def test_any_prompt_can_be_drawn(tmp_path: Path, prompt: str) -> None:
    """No script, control character or length stops the rendering."""
    render(Clip(206, 480, 1, False, prompt, prompt), tmp_path / "a.mp4")


def test_without_any_font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a font for a script draws boxes, and does not fail."""
    monkeypatch.setattr(captions, "_WIDE_FONTS", ())
    captions._wide_font.cache_clear()
    render(Clip(206, 480, 1, False, "한국어 中文 العربية 🎬", "x"), tmp_path / "a.mp4")
    captions._wide_font.cache_clear()


def test_stop(tmp_path: Path) -> None:
    """A rendering can be given up, and leaves nothing in the folder of the videos."""
    kept = Videos(tmp_path / "videos")
    kept.close()
    with pytest.raises(RenderingStopped):
        kept.file(job("A cat"), "runbase")
    assert list((tmp_path / "videos").iterdir()) == []


def job(prompt: str) -> Job:
    return Job(prompt=prompt, model=None, duration=4, resolution="120p", aspect_ratio="1:1")


def test_rendered_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several that ask at once, and any later one, get one rendering."""
    rendered: list[Clip] = []

    def counted(clip: Clip, path: Path, stop: threading.Event | None = None) -> None:
        rendered.append(clip)
        render(clip, path, stop)

    monkeypatch.setattr(videos, "render", counted)
    kept = Videos(tmp_path / "videos")
    threads = [threading.Thread(target=kept.file, args=(job("A cat"), "x")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    Videos(tmp_path / "videos").file(job("A cat"), "x")
    assert len(rendered) == 1


def test_the_longest_unused_go_first(tmp_path: Path) -> None:
    """Beyond the limit the least recently used videos are removed, never the newest."""
    wide = Videos(tmp_path / "videos")
    first, second = wide.file(job("A cat"), "x"), wide.file(job("A dog"), "x")
    wide.file(job("A cat"), "x")
    left = first.stat().st_size
    narrow = Videos(tmp_path / "videos", limit=2 * left + left // 2)
    third = narrow.file(job("A cow"), "x")
    assert (first.exists(), second.exists(), third.exists()) == (True, False, True)
    tiny = Videos(tmp_path / "videos", limit=1)
    fourth = tiny.file(job("A pig"), "x")
    assert [path.name for path in (tmp_path / "videos").iterdir()] == [fourth.name]

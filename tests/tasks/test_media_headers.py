"""What a file is, how large and how long: from its first bytes and its headers."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from seedance_cli.models import MediaKind, kind_by_name, recognised
from seedance_cli.models.media import is_local, type_named
from seedance_cli.tasks.media import headers
from support import media_files, mp4s

if TYPE_CHECKING:
    from collections.abc import Callable

CUT = 200


@pytest.mark.parametrize("name", media_files.IMAGES)
def test_the_size_of_an_image(name: str) -> None:
    """Each format states it, and each is recognised by its bytes."""
    content = media_files.IMAGES[name](1023, 577)
    found = recognised(content[:64])
    assert found is not None
    assert (found.name, found.kind) == (name, MediaKind.IMAGE)
    assert headers.pixels(io.BytesIO(content), found) == (1023, 577)


@pytest.mark.parametrize("form", [b"VP8 ", b"VP8L", b"VP8X"])
def test_webp_has_three_forms(form: bytes) -> None:
    """Lossy, lossless and extended."""
    content = media_files.webp(401, 303, form)
    assert headers.pixels(io.BytesIO(content), type_named("webp")) == (401, 303)


def test_other_forms_of_large_formats() -> None:
    """A TIFF of the other byte order; a HEIF under its general brand."""
    big = media_files.tiff(401, 303, ">")
    assert headers.pixels(io.BytesIO(big), type_named("tiff")) == (401, 303)
    general = media_files.heic(640, 480, b"mif1")
    found = recognised(general[:64])
    assert found == type_named("heif")
    assert headers.pixels(io.BytesIO(general), found) == (640, 480)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (media_files.mp4(5), "mp4"),
        (media_files.mp4(5, version=1), "mp4"),
        (media_files.mp4(5, brand=b"qt  "), "mov"),
        (media_files.wav(5), "wav"),
        (media_files.mp3(5), "mp3"),
        (media_files.mp3(5, tagged=True), "mp3"),
    ],
)
def test_how_long_it_runs(content: bytes, name: str) -> None:
    """A movie's header, a WAV's data, an MP3's frames or its bit rate."""
    found = recognised(content[:64])
    assert found is not None
    assert found.name == name
    seconds = headers.seconds(io.BytesIO(content), found, len(content))
    assert seconds == pytest.approx(5, abs=0.05)


def test_a_real_video() -> None:
    """One that FFmpeg wrote."""
    content = mp4s.real()
    seconds = headers.seconds(io.BytesIO(content), type_named("mp4"), len(content))
    assert seconds == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    "make",
    [
        lambda: media_files.png(9, 9),
        lambda: media_files.jpeg(9, 9),
        lambda: media_files.gif(9, 9),
        lambda: media_files.bmp(9, 9),
        lambda: media_files.webp(9, 9),
        lambda: media_files.tiff(9, 9),
        lambda: media_files.heic(9, 9),
        lambda: media_files.mp4(2),
        lambda: media_files.wav(2),
        lambda: media_files.mp3(2, tagged=True),
        mp4s.fragmented,
    ],
)
def test_a_file_that_is_cut_says_nothing_and_breaks_nothing(make: Callable[[], bytes]) -> None:
    """Whatever is missing: a size that is not known is held against no limit."""
    content = make()
    found = recognised(content[:64])
    assert found is not None
    for length in range(0, min(len(content), CUT), 3):
        file = io.BytesIO(content[:length])
        headers.pixels(file, found)
        headers.seconds(file, found, length)


@pytest.mark.parametrize(
    "head", [b"", b"<svg", b"%PDF-1.7", b"\xff\xff\xff\xff", b"BMW 328", b"RIFF....AVI LIST"]
)
def test_what_nobody_takes_is_not_recognised(head: bytes) -> None:
    """Nor what only begins a little like a format."""
    assert recognised(head) is None


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("cat.png", True),
        ("./a b/cat.png", True),
        ("/tmp/cat.png", True),
        (r"C:\cat.png", True),
        ("a.example/cat.png", True),
        ("https://a.example/cat.png", False),
        ("HTTP://a.example/", False),
        ("data:image/png;base64,AA", False),
        ("asset://a", False),
        ("file:///tmp/cat.png", False),
        ("", False),
    ],
)
def test_a_path_or_a_url(text: str, local: bool) -> None:
    """What has a scheme is a URL."""
    assert is_local(text) is local


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://a.example/1.JPG?sig=.mp4", MediaKind.IMAGE),
        ("https://a.example/1.m4v#t=1", MediaKind.VIDEO),
        ("https://a.example/1.mp3", MediaKind.AUDIO),
        ("https://a.example/1", None),
    ],
)
def test_the_kind_that_a_name_speaks_of(url: str, kind: MediaKind | None) -> None:
    """By the end of its path."""
    assert kind_by_name(url) is kind

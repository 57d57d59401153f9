"""What a video's file says of it: length, size and sound, from its boxes."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedance_cli.models import VideoFacts
from seedance_cli.tasks.downloads.measure import measure, measure_file
from support.mp4s import FTYP, box, movie, plain, real

if TYPE_CHECKING:
    from pathlib import Path


def facts(data: bytes) -> VideoFacts | None:
    return measure(io.BytesIO(data), len(data))


def made(seconds: str, width: int = 1280, height: int = 720, *, audio: bool) -> VideoFacts:
    return VideoFacts(Decimal(seconds), width, height, audio)


@pytest.mark.parametrize("codec", [b"avc1", b"avc3", b"hvc1", b"hev1", b"av01", b"vp09", b"mp4v"])
def test_every_codec_states_its_size_alike(codec: bytes) -> None:
    """H.264, HEVC, AV1 and others: the entry begins the same, and nobody decodes it."""
    assert facts(movie(5.04, codec=codec)) == made("5.04", audio=False)


@pytest.mark.parametrize("sound", [False, True])
@pytest.mark.parametrize("large", [False, True])
def test_sound_and_large_numbers(*, sound: bool, large: bool) -> None:
    """A track of sound is sound; version 1 of a box has numbers of 8 bytes."""
    assert facts(movie(12.25, sound=sound, large=large)) == made("12.25", audio=sound)


def test_a_turned_video_changes_its_sides() -> None:
    """A phone's: the pixels lie across, and it is shown upright."""
    assert facts(movie(turned=True)) == made("5", 720, 1280, audio=False)


@pytest.mark.parametrize("large", [False, True])
def test_an_edit_list_says_what_is_shown(*, large: bool) -> None:
    """Of 8 seconds 5 are shown, after half a second of nothing."""
    assert facts(movie(8, edits=(0.5, 5), large=large)) == made("5.5", audio=False)


def test_an_edit_that_states_no_length_is_all_of_it() -> None:
    """As fragmented files have them."""
    assert facts(movie(8, edits=(0,))) == made("8", audio=False)


@pytest.mark.parametrize("sound", [False, True])
def test_fragments_are_added_up(*, sound: bool) -> None:
    """`moov` states no length: it lies in the samples, or in their default."""
    assert facts(movie(6, fragments=3, sound=sound)) == made("6", audio=sound)


@pytest.mark.parametrize("movflags", ["", "faststart", "frag_keyframe+empty_moov", "frag_keyframe"])
def test_what_ffmpeg_writes(movflags: str) -> None:
    """A real file of each layout: one second of 64x64."""
    assert facts(real(movflags)) == made("1", 64, 64, audio=False)


def test_pixels_that_are_not_square() -> None:
    """1440 pixels that are a third wider than high are shown as 1920."""
    square = box(b"pasp", (1).to_bytes(4) * 2)
    wide = box(b"pasp", (4).to_bytes(4) + (3).to_bytes(4))
    data = movie(size=(1440, 1080)).replace(square, wide)
    assert facts(data) == made("5", 1920, 1080, audio=False)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        FTYP,
        plain(),
        b"<!DOCTYPE html>" * 9,
        FTYP + box(b"moov"),
        FTYP + box(b"moov", box(b"cmov", b"packed")),
        FTYP + box(b"moov", box(b"mvhd", b"short")),
    ],
    ids=["nothing", "only ftyp", "rubbish", "HTML", "empty moov", "packed moov", "cut mvhd"],
)
def test_what_says_nothing_is_unknown(data: bytes) -> None:
    """No guess: the file may be a video all the same."""
    assert facts(data) in {None, VideoFacts(None, None, None, None)}


def test_a_length_that_cannot_be_is_unknown() -> None:
    """A year, and the largest number: the rest of what the file says still counts."""
    assert facts(movie(366 * 24 * 3600.0, large=True)) == VideoFacts(None, 1280, 720, audio=False)
    cut = movie().replace((60_000).to_bytes(4), b"\xff\xff\xff\xff")  # `mdhd` does not say it
    assert facts(cut) == made("5", audio=False)  # then `tkhd` does


def test_a_hostile_file_is_left_soon(tmp_path: Path) -> None:
    """Boxes without number, or in each other, and tables that promise billions."""
    empty = box(b"free") * 60_000
    deep = b""
    for _ in range(2000):
        deep = box(b"trak", deep + b"x")
    promised = b"\xff" * 4
    trun = box(b"trun", b"\0\0\1\0" + promised + b"\0" * 8)
    head = box(b"tfhd", bytes(4) + (1).to_bytes(4))
    fragment = box(b"moof", box(b"traf", head + trun)) + box(b"mdat", b"d")
    moov = movie(fragments=1).split(b"moof")[0][:-4]
    for data in (
        FTYP + box(b"moov", empty),
        FTYP + box(b"moov", deep),
        moov + fragment,
        moov + empty,
        movie(edits=(1, 2)).replace(b"elst\0\0\0\0\0\0\0\2", b"elst\0\0\0\0" + promised),
    ):
        path = tmp_path / "video.mp4"
        path.write_bytes(data)
        found = measure_file(path)
        assert found is None or found.duration is None or found.duration < 60
    assert measure_file(tmp_path / "none.mp4") is None
    assert measure_file(tmp_path) is None


@given(
    st.sampled_from([movie(sound=True, edits=(0.1, 5)), movie(fragments=2, large=True)]),
    st.lists(st.tuples(st.integers(0, 1500), st.binary(min_size=1, max_size=12)), max_size=6),
    st.integers(0, 1500),
)
@settings(max_examples=100)
def test_no_bytes_confuse_it(data: bytes, changes: list[tuple[int, bytes]], cut: int) -> None:
    """Whatever the bytes, it ends, with facts that can be or with none."""
    changed = bytearray(data)
    for place, noise in changes:
        changed[place : place + len(noise)] = noise
    for some in (bytes(changed), bytes(changed[:cut])):
        found = facts(some)
        if found is not None:
            assert found.duration is None or 0 < found.duration <= 7 * 24 * 3600
            assert found.width is None or 0 < found.width < 1 << 16

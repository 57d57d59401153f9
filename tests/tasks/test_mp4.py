"""The walk over a file's outermost boxes."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedance_cli.tasks.downloads.mp4 import Layout, foreign, walk
from support.mp4s import FTYP, MOOV, box, endless, fragmented, plain, real


def layout(data: bytes) -> Layout:
    return walk(io.BytesIO(data), len(data))


@pytest.mark.parametrize("movflags", ["", "faststart"])
def test_a_real_video_is_closed(movflags: str) -> None:
    """What FFmpeg writes is whole, with `moov` behind or before the samples."""
    assert layout(real(movflags)) is Layout.CLOSED


@pytest.mark.parametrize("movflags", ["", "faststart"])
def test_a_real_video_cut_anywhere_is_broken(movflags: str) -> None:
    """Cut at any byte, a real video is never taken for a whole one."""
    data = real(movflags)
    found = {layout(data[:cut]) for cut in range(len(data))}
    assert found <= {Layout.BROKEN, Layout.RAGGED}


def test_a_real_fragmented_video_is_open() -> None:
    """Fragments could go on: their end proves nothing."""
    assert layout(real("frag_keyframe+empty_moov")) is Layout.OPEN


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(plain(), Layout.CLOSED, id="moov first"),
        pytest.param(FTYP + box(b"mdat", b"d") + MOOV, Layout.CLOSED, id="moov last"),
        pytest.param(FTYP + MOOV + box(b"mdat", b"d", large=True), Layout.CLOSED, id="64 bits"),
        pytest.param(plain() + box(b"free") + box(b"\xa9xyz", b"1"), Layout.CLOSED, id="more"),
        pytest.param(endless(), Layout.OPEN, id="mdat without a length"),
        pytest.param(fragmented(), Layout.OPEN, id="fragments"),
        pytest.param(fragmented()[:-1], Layout.BROKEN, id="cut fragment"),
        pytest.param(plain() + b"\0\0\0", Layout.RAGGED, id="3 bytes behind"),
        pytest.param(plain() + box(b"free", b"f" * 9)[:-1], Layout.RAGGED, id="cut free box"),
        pytest.param(plain() + b"\0\0\0\x10\1\2\3\4" * 2, Layout.RAGGED, id="rubbish behind"),
        pytest.param(FTYP, Layout.BROKEN, id="only ftyp"),
        pytest.param(FTYP + MOOV, Layout.BROKEN, id="no mdat"),
        pytest.param(FTYP + MOOV + box(b"mdat"), Layout.BROKEN, id="empty mdat"),
        pytest.param(FTYP + box(b"mdat", b"d" * 9), Layout.BROKEN, id="no moov"),
        pytest.param(FTYP + box(b"mdat", b"d" * 9, endless=True), Layout.BROKEN, id="never ended"),
        pytest.param(FTYP + b"\0\0\0\7moov", Layout.BROKEN, id="length below its header"),
        pytest.param(FTYP + b"\0\0\0\1mdat" + (15).to_bytes(8), Layout.BROKEN, id="64 bits below"),
        pytest.param(FTYP + b"\0\0\0\1mdat", Layout.BROKEN, id="cut 64-bit length"),
        pytest.param(FTYP + MOOV + b"\xff\xff\xff\xffmdatdd", Layout.BROKEN, id="4 GB promised"),
        pytest.param(b"", Layout.BROKEN, id="nothing"),
        pytest.param(FTYP[:6], Layout.BROKEN, id="6 bytes"),
        pytest.param(b"<!DOCTYPE html><html></html>", Layout.FOREIGN, id="HTML"),
        pytest.param(b'{"error":', Layout.FOREIGN, id="JSON"),
        pytest.param(b"<html", Layout.FOREIGN, id="5 bytes of HTML"),
        pytest.param(b"\x1aE\xdf\xa3" * 9, Layout.FOREIGN, id="WebM"),
    ],
)
def test_layouts(data: bytes, expected: Layout) -> None:
    """Each layout is told by its boxes alone."""
    assert layout(data) is expected


def test_a_row_of_tiny_boxes_ends() -> None:
    """A file made of a million empty boxes is given up, and called open at best."""
    assert layout(plain() + box(b"free") * 1_000_000) is Layout.OPEN
    assert layout(FTYP + box(b"free") * 1_000_000) is Layout.BROKEN


@given(st.binary(max_size=80), st.integers(0, 2000))
@settings(max_examples=300, deadline=None)
def test_no_bytes_confuse_the_walk(noise: bytes, at: int) -> None:
    """Whatever the bytes, the walk ends with a layout; a foreign head is never closed."""
    data = plain()
    mixed = data[:at] + noise + data[at + len(noise) :]
    found = layout(mixed)
    assert isinstance(found, Layout)
    assert (found is Layout.FOREIGN) == (len(mixed) > 0 and foreign(mixed[:8]))

"""How long a saved video is, how large, and whether it has sound: from its boxes, not its samples.

ISO/IEC 14496-12: `mvhd` 8.2.2, `tkhd` 8.3.2, `mdhd` 8.4.2, `hdlr` 8.4.3, `stsd` 8.5.2 (visual
entries 12.1.3), `elst` 8.6.6, `trex` 8.8.3, `tfhd` 8.8.7, `trun` 8.8.8, `tfdt` 8.8.12. Every sample
entry of a video begins alike, whatever codec it names, so that H.264, HEVC and AV1 are read alike.
What a file does not say, or says against its format, is unknown.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from seedance_cli.models import VideoFacts
from seedance_cli.tasks.boxes import Boxes, Unreadable, number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from seedance_cli.tasks.boxes import Box

_VIDEO, _SOUND = b"vide", b"soun"
_UNSTATED = frozenset({0, 2**32 - 1, 2**64 - 1})
"""Lengths of time that mean that nobody knows."""
_LONGEST = 7 * 24 * 3600
"""Seconds; a file that claims more says nothing."""
_LARGEST = 1 << 16
"""Pixels of a side; likewise."""
_MOST_EDITS = 1000
_ENTRY = 78
"""Bytes of a visual sample entry before the boxes inside it."""
_CENTS = Decimal("0.01")
# Flags of `tfhd` and `trun`: which fields are there.
_BASE_OFFSET, _DESCRIPTION, _DEFAULT_DURATION = 0x1, 0x2, 0x8
_DATA_OFFSET, _FIRST_FLAGS, _DURATION = 0x1, 0x4, 0x100
_PER_SAMPLE = (0x100, 0x200, 0x400, 0x800)


class _Track:
    """What is known of one track."""

    def __init__(self) -> None:
        self.number = 0
        self.kind = b""
        self.enabled = True
        self.turned = False
        """Whether a player turns it by a quarter, so that its sides change places."""
        self.scale = 0
        """Units in a second of the times of its samples."""
        self.length = 0
        """Of its samples, in these units; 0: not stated."""
        self.shown = 0
        """How long it is shown, in units of the movie; 0: not stated."""
        self.edits: list[int] = []
        """How long each is shown, in units of the movie."""
        self.samples = False
        """Whether it is known to have any."""
        self.size: tuple[int, int] | None = None
        """Pixels across and down, as they lie in the file."""
        self.default = 0
        """How long a sample of a fragment lasts that does not say it."""
        self.begin: int | None = None
        """Of its fragments, in units of its own. Where there are some, edits say little."""
        self.end = 0


class _Movie:
    """What is known of a file."""

    def __init__(self) -> None:
        self.scale = 0
        """Units in a second."""
        self.length = 0
        self.tracks: list[_Track] = []
        self.whole = True
        """Whether all fragments could be read."""


def measure(file: BinaryIO, size: int) -> VideoFacts | None:
    """What a video's boxes say of it; None where they say nothing.

    Args:
        file: readable and seekable; its position is moved.
        size: bytes in it.
    """
    boxes, movie = Boxes(file), _Movie()
    try:
        for box in boxes.between(0, size):
            if box.kind == b"moov" and not movie.tracks:
                _read_movie(boxes, box, movie)
            elif box.kind == b"moof":
                _read_fragment(boxes, box, movie)
    except (Unreadable, OSError):
        movie.whole = False
    facts = _facts(movie)
    return facts if any(one is not None for one in facts) else None


def measure_file(path: Path) -> VideoFacts | None:
    """The same for a file by its name; None where it cannot be read, either."""
    try:
        with path.open("rb", buffering=0) as file:
            return measure(file, path.stat().st_size)
    except (OSError, ValueError):
        return None


def _facts(movie: _Movie) -> VideoFacts:
    videos = [one for one in movie.tracks if one.kind == _VIDEO]
    sounds = [one for one in movie.tracks if one.kind == _SOUND]
    sound = None
    if any(one.samples or one.length for one in sounds):
        sound = True
    elif movie.tracks and movie.whole:
        sound = False
    if not videos:
        return VideoFacts(None, None, None, sound)
    # A cover or a thumbnail may be a track, too: smaller, or not enabled.
    video = max(videos, key=lambda one: (one.enabled, *(one.size or (0, 0))))
    width, height = video.size or (None, None)
    if video.turned:
        width, height = height, width
    return VideoFacts(_seconds(movie, video), width, height, sound)


def _seconds(movie: _Movie, track: _Track) -> Decimal | None:
    """How long a track is shown: as its edits say, else as its samples last."""
    length, scale, begin = track.length, track.scale, track.begin
    if begin is not None:
        if not movie.whole:
            return None
        length = max(length, track.end - (0 if length else begin))
    elif track.edits and movie.scale and all(one not in _UNSTATED for one in track.edits):
        length, scale = sum(track.edits), movie.scale
    elif not length:
        length, scale = track.shown or movie.length, movie.scale
    if not (length and scale) or length > _LONGEST * scale:
        return None
    return (Decimal(length) / scale).quantize(_CENTS).normalize() or None


def _read_movie(boxes: Boxes, moov: Box, movie: _Movie) -> None:
    defaults: dict[int, int] = {}
    for box in boxes.between(moov.start, moov.end):
        match box.kind:
            case b"mvhd":
                movie.scale, movie.length = _times(boxes.payload(box, 32))
            case b"trak":
                track = _Track()
                movie.tracks.append(track)
                _read_track(boxes, box, track)
            case b"mvex":
                for inner in boxes.between(box.start, box.end):
                    if inner.kind == b"trex":
                        data = boxes.payload(inner, 16)
                        defaults[number(data, 4, 4)] = number(data, 12, 4)
    for track in movie.tracks:
        track.default = defaults.get(track.number, 0)


def _times(data: bytes) -> tuple[int, int]:
    """Scale and length, from an `mvhd` or `mdhd`."""
    if number(data, 0, 1) == 1:
        scale, length = number(data, 20, 4), number(data, 24, 8)
    else:
        scale, length = number(data, 12, 4), number(data, 16, 4)
    return scale, 0 if length in _UNSTATED else length


def _read_track(boxes: Boxes, trak: Box, track: _Track) -> None:
    for box, data in _inside(boxes, trak):
        match box.kind:
            case b"tkhd":
                _read_head(data, track)
            case b"elst":
                _read_edits(data, track)
            case b"mdhd":
                track.scale, track.length = _times(data)
            case b"hdlr":
                track.kind = data[8:12]
            case b"stts":
                track.samples = number(data, 4, 4) > 0
            case b"stsd" if track.kind in {b"", _VIDEO}:
                track.size = _size(boxes, box) or track.size


_WAY = {
    b"trak": {b"tkhd": 96, b"edts": 0, b"mdia": 0},
    b"edts": {b"elst": 8 + 20 * _MOST_EDITS},
    b"mdia": {b"mdhd": 32, b"hdlr": 12, b"minf": 0},
    b"minf": {b"stbl": 0},
    b"stbl": {b"stsd": 8, b"stts": 8},
}
"""Which boxes of a track are looked at, by the one they lie in; how many bytes of each, 0: the
boxes inside it. So nothing is followed deeper than here."""


def _inside(boxes: Boxes, parent: Box) -> Iterator[tuple[Box, bytes]]:
    wanted = _WAY[parent.kind]
    for box in boxes.between(parent.start, parent.end):
        if box.kind in _WAY and box.kind in wanted:
            yield from _inside(boxes, box)
        elif box.kind in wanted:
            yield box, boxes.payload(box, wanted[box.kind])


def _read_head(data: bytes, track: _Track) -> None:
    """A `tkhd`: which track it is, how long it is shown, and how it is turned."""
    track.enabled = bool(number(data, 3, 1) & 1)
    if data[0] == 1:
        track.number, shown, matrix = number(data, 20, 4), number(data, 28, 8), 52
    else:
        track.number, shown, matrix = number(data, 12, 4), number(data, 20, 4), 40
    track.shown = 0 if shown in _UNSTATED else shown
    a, b, c, d = (_signed(data, matrix + place) for place in (0, 4, 12, 16))
    track.turned = abs(b) > abs(a) and abs(c) > abs(d)
    size = number(data, matrix + 36, 4) >> 16, number(data, matrix + 40, 4) >> 16
    track.size = track.size or _sane(*size)


def _read_edits(data: bytes, track: _Track) -> None:
    wide = 8 if number(data, 0, 1) == 1 else 4
    for place in range(8, 8 + number(data, 4, 4) * (2 * wide + 4), 2 * wide + 4):
        track.edits.append(number(data, place, wide))


def _size(boxes: Boxes, stsd: Box) -> tuple[int, int] | None:
    """Pixels across and down, from the first sample entry of a video; as if they were square."""
    for entry in boxes.between(stsd.start + 8, stsd.end):
        data = boxes.payload(entry, _ENTRY)
        if len(data) < _ENTRY:
            return None
        width, height = number(data, 24, 2), number(data, 26, 2)
        for box in boxes.between(entry.start + _ENTRY, entry.end):
            if box.kind == b"pasp":
                across, down = (number(boxes.payload(box, 8), place, 4) for place in (0, 4))
                if across and down:
                    width = round(width * across / down)
        return _sane(width, height)
    return None


def _sane(width: int, height: int) -> tuple[int, int] | None:
    return (width, height) if 0 < width < _LARGEST and 0 < height < _LARGEST else None


def _read_fragment(boxes: Boxes, moof: Box, movie: _Movie) -> None:
    for traf in boxes.between(moof.start, moof.end):
        if traf.kind == b"traf":
            _read_run(boxes, traf, movie)


def _read_run(boxes: Boxes, traf: Box, movie: _Movie) -> None:
    """The samples of one track in one fragment."""
    track, default, begin, lasts = None, 0, None, 0
    for box in boxes.between(traf.start, traf.end):
        match box.kind:
            case b"tfhd":
                data = boxes.payload(box, 28)
                found = [one for one in movie.tracks if one.number == number(data, 4, 4)]
                if not found:
                    return
                track = found[0]
                default = _default(data, track)
            case b"tfdt":
                data = boxes.payload(box, 12)
                begin = number(data, 4, 8 if number(data, 0, 1) == 1 else 4)
            case b"trun" if track is not None:
                if track.kind == _VIDEO:
                    lasts += _run(boxes, box, default)
                track.samples |= number(boxes.payload(box, 8), 4, 4) > 0
    if track is None:
        return
    if begin is None:
        begin = track.end or track.length
    track.begin = begin if track.begin is None else min(track.begin, begin)
    track.end = max(track.end, begin + lasts)


def _default(data: bytes, track: _Track) -> int:
    """How long a sample of this fragment lasts that does not say it."""
    flags = number(data, 1, 3)
    if not flags & _DEFAULT_DURATION:
        return track.default
    place = 8 + (8 if flags & _BASE_OFFSET else 0) + (4 if flags & _DESCRIPTION else 0)
    return number(data, place, 4)


def _run(boxes: Boxes, trun: Box, default: int) -> int:
    """How long the samples of a `trun` last together."""
    head = boxes.payload(trun, 8)
    flags, count = number(head, 1, 3), number(head, 4, 4)
    if not flags & _DURATION:
        return count * default
    place = 8 + (4 if flags & _DATA_OFFSET else 0) + (4 if flags & _FIRST_FLAGS else 0)
    step = 4 * sum(bool(flags & one) for one in _PER_SAMPLE)
    data = boxes.payload(trun, place + count * step)
    return sum(number(data, place + step * index, 4) for index in range(count))


def _signed(data: bytes, at: int) -> int:
    value = number(data, at, 4)
    return value - (1 << 32) if value >> 31 else value

"""Whether a video is what was asked for.

A difference is told only where there can be no doubt: who is told of one that is none, learns not
to listen. Sellers round sides to whole blocks (16:9 of 480p is 864x496, 864x480 or 854x480), and
what a class of resolution means beside other ratios is either its shorter side (a square of 720p is
720x720) or its area (960x960). So a video is of a class if its shorter side is about that, or if
its area is nearer to that of this class than to any other's.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seedance_cli.models.json_types import JsonObject
    from seedance_cli.models.request import VideoRequest

_MOST_SECONDS = Decimal("0.5")
_MOST_RATIO = 0.05
"""Share by which a ratio may be another: 864x496 is 2 % from 16:9, and 16:9 12 % from 16:10."""
_RATIO = r"([0-9]{1,4}):([0-9]{1,4})"
_MOST_SIDE = 0.1
"""Share by which the shorter side may be another: that of 480p may be 496."""
# The shorter side and the area of 16:9 of each class.
_CLASSES = {
    "480p": (480, 854 * 480),
    "720p": (720, 1280 * 720),
    "1080p": (1080, 1920 * 1080),
    "4k": (2160, 3840 * 2160),
}
_OTHER_LENGTH = frozenset({"frames", "num_frames"})
"""Fields that decide the length instead of the seconds, where `--param` sends them."""


class VideoFacts(NamedTuple):
    """What a video's file says of it. None: it does not."""

    duration: Decimal | None
    """Seconds, to two places."""
    width: int | None
    """Pixels, as it is shown: turned, and its pixels square."""
    height: int | None
    audio: bool | None


class Difference(NamedTuple):
    """One thing in which a video is not what was asked for, each side in words."""

    asked: str
    delivered: str


def facts_object(facts: VideoFacts | None) -> JsonObject | None:
    """The facts as JSON (contract, section 4)."""
    if facts is None:
        return None
    seconds = None if facts.duration is None else f"{facts.duration:f}"
    return {**facts._asdict(), "duration": seconds}


def facts_of(stored: JsonObject | None) -> VideoFacts | None:
    """What `facts_object` made; what is none of it is not known."""
    if stored is None:
        return None
    seconds, audio = stored.get("duration"), stored.get("audio")
    try:
        duration = Decimal(seconds) if isinstance(seconds, str) else None
    except InvalidOperation:
        duration = None
    sides = [stored.get(name) for name in ("width", "height")]
    width, height = (one if isinstance(one, int) else None for one in sides)
    return VideoFacts(duration, width, height, audio if isinstance(audio, bool) else None)


def differences(request: VideoRequest | None, facts: VideoFacts | None) -> list[Difference]:
    """In what a video is not what was asked for; what nobody asked for, or knows, is no matter."""
    if request is None or facts is None:
        return []
    return list(_differences(request, facts))


def unread(request: VideoRequest | None, facts: VideoFacts | None) -> list[str]:
    """What was asked for and cannot be compared, since the file does not say it."""
    if request is None:
        return []
    found = facts or VideoFacts(None, None, None, None)
    words = []
    if _seconds(request) is not None and found.duration is None:
        words.append("length")
    if (request.resolution in _CLASSES or _ratio(request) is not None) and found.width is None:
        words.append("size")
    if request.audio and found.audio is None:
        words.append("sound")
    return words


def _differences(request: VideoRequest, facts: VideoFacts) -> Iterator[Difference]:
    seconds = _seconds(request)
    if (
        seconds is not None
        and facts.duration is not None
        and abs(facts.duration - seconds) > _MOST_SECONDS
    ):
        yield Difference(f"{seconds} s", f"{facts.duration:f} s")
    if facts.width and facts.height:
        size = f"{facts.width}x{facts.height}"
        wanted = [
            request.resolution if _other_class(request, facts.width, facts.height) else None,
            request.aspect_ratio if _other_ratio(request, facts.width / facts.height) else None,
        ]
        if any(wanted):
            yield Difference(" ".join(filter(None, wanted)), size)
    if request.audio and facts.audio is False:
        yield Difference("sound", "no sound")


def _seconds(request: VideoRequest) -> int | None:
    """The length that was asked for; a seller's word for "as you like" is negative."""
    if request.duration is None or request.duration <= 0 or _OTHER_LENGTH & set(request.params):
        return None
    return request.duration


def _other_class(request: VideoRequest, width: int, height: int) -> bool:
    if request.resolution not in _CLASSES:
        return False
    side, _ = _CLASSES[request.resolution]
    nearest = min(_CLASSES, key=lambda name: _times(width * height, _CLASSES[name][1]))
    return _times(min(width, height), side) > 1 + _MOST_SIDE and request.resolution != nearest


def _ratio(request: VideoRequest) -> float | None:
    """Width by height; None where the seller was left to choose."""
    match = re.fullmatch(_RATIO, request.aspect_ratio or "")
    if match is None or not (int(match[1]) and int(match[2])):
        return None
    return int(match[1]) / int(match[2])


def _other_ratio(request: VideoRequest, delivered: float) -> bool:
    wanted = _ratio(request)
    if wanted is None:
        return False
    return _times(wanted, delivered) > 1 + _MOST_RATIO


def _times(one: float, other: float) -> float:
    """How many times as large the larger is."""
    return max(one / other, other / one)

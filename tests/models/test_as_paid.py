"""Whether a video is what was asked for: no false alarm, and no difference that is missed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from seedance_cli.models import (
    VideoFacts,
    VideoRequest,
    differences,
    facts_object,
    facts_of,
    unread,
)

if TYPE_CHECKING:
    from seedance_cli.models import JsonObject


def told(size: tuple[int, int] = (1280, 720), seconds: str = "5.04", **asked: Any) -> list[str]:
    """What is said of a silent video."""
    facts = VideoFacts(Decimal(seconds), *size, audio=False)
    request = VideoRequest(prompt="a boat", **asked)
    return [f"{one.asked} / {one.delivered}" for one in differences(request, facts)]


# Sides that sellers are documented to deliver, and those of the sandbox: 16:9 of Seedance 1.0, 1.5
# and 2.0; other ratios of about the same area; or with the class as their shorter side.
@pytest.mark.parametrize(
    ("resolution", "ratio", "size"),
    [
        ("480p", "16:9", (864, 496)),
        ("480p", "16:9", (864, 480)),
        ("480p", "16:9", (854, 480)),
        ("480p", "9:16", (496, 864)),
        ("480p", "1:1", (640, 640)),
        ("480p", "1:1", (480, 480)),
        ("480p", "21:9", (992, 432)),
        ("480p", "21:9", (1120, 480)),
        ("480p", "4:3", (752, 560)),
        ("720p", "16:9", (1280, 720)),
        ("720p", "16:9", (1248, 704)),
        ("720p", "1:1", (960, 960)),
        ("720p", "1:1", (720, 720)),
        ("720p", "21:9", (1470, 630)),
        ("720p", "9:21", (720, 1680)),
        ("720p", "3:4", (834, 1112)),
        ("1080p", "16:9", (1920, 1080)),
        ("1080p", "16:9", (1920, 1088)),
        ("1080p", "1:1", (1440, 1440)),
        ("1080p", "1:1", (1080, 1080)),
        ("1080p", "21:9", (2206, 946)),
        ("1080p", "21:9", (2520, 1080)),
        ("4k", "16:9", (3840, 2160)),
        ("4k", "9:16", (2160, 3840)),
        ("4k", "1:1", (2160, 2160)),
        ("4k", "21:9", (4398, 1886)),
    ],
)
def test_what_sellers_deliver_is_no_difference(
    resolution: str, ratio: str, size: tuple[int, int]
) -> None:
    """A class is a class by its shorter side or by its area; blocks round a ratio."""
    assert told(size, resolution=resolution, aspect_ratio=ratio) == []


@pytest.mark.parametrize(
    ("resolution", "size"),
    [
        ("480p", (1280, 720)),
        ("720p", (864, 496)),
        ("720p", (1920, 1080)),
        ("720p", (640, 640)),
        ("1080p", (1280, 720)),
        ("1080p", (1470, 630)),
        ("4k", (1920, 1080)),
    ],
)
def test_another_class_of_resolution(resolution: str, size: tuple[int, int]) -> None:
    """One that it is by neither measure."""
    assert told(size, resolution=resolution) == [f"{resolution} / {size[0]}x{size[1]}"]


@pytest.mark.parametrize(
    ("ratio", "size", "differs"),
    [
        ("9:16", (1280, 720), True),
        ("4:3", (1280, 720), True),
        ("3:2", (1152, 864), True),
        ("adaptive", (1280, 720), False),
        ("auto", (1280, 720), False),
        ("0:9", (1280, 720), False),
        (None, (1280, 720), False),
    ],
)
def test_another_ratio(ratio: str | None, size: tuple[int, int], *, differs: bool) -> None:
    """A ratio that the seller was left to choose is any."""
    found = [f"{ratio} / {size[0]}x{size[1]}"] if differs else []
    assert told(size, aspect_ratio=ratio) == found


@pytest.mark.parametrize(
    ("duration", "seconds", "differs"),
    [
        (5, "5.5", False),
        (5, "5.51", True),
        (5, "4.5", False),
        (5, "4.49", True),
        (8, "5.04", True),
        (-1, "7", False),
        (None, "7", False),
    ],
)
def test_another_length(duration: int | None, seconds: str, *, differs: bool) -> None:
    """More than half a second; a negative number leaves it to the seller."""
    found = [f"{duration} s / {seconds} s"] if differs else []
    assert told(seconds=seconds, duration=duration) == found


def test_a_number_of_frames_goes_before_the_seconds() -> None:
    """Ark's `frames` wins over the duration: what was asked in seconds is no matter then."""
    assert told(seconds="3", duration=5, params={"frames": 73}) == []
    assert told(seconds="3", duration=5, params={"draft": True}) == ["5 s / 3 s"]


@pytest.mark.parametrize(
    ("asked", "delivered", "differs"),
    [
        (True, False, True),
        (True, True, False),
        (True, None, False),
        (False, True, False),
        (None, False, False),
    ],
)
def test_missing_sound(asked: bool | None, delivered: bool | None, *, differs: bool) -> None:
    """Sound that was asked for and is not there; more than was asked for is no fault."""
    request = VideoRequest(prompt="a boat", audio=asked)
    facts = VideoFacts(None, None, None, delivered)
    assert bool(differences(request, facts)) is differs
    assert unread(request, facts) == (["sound"] if asked and delivered is None else [])


def test_what_is_not_known_is_no_difference() -> None:
    """It is named instead, as far as it was asked for."""
    asked = VideoRequest(
        prompt="a boat", duration=5, resolution="720p", aspect_ratio="1:1", audio=True
    )
    assert differences(asked, None) == differences(None, VideoFacts(None, 1, 1, False)) == []
    assert unread(asked, None) == ["length", "size", "sound"]
    assert unread(VideoRequest(prompt="a boat"), None) == unread(None, None) == []


@pytest.mark.parametrize(
    "facts",
    [
        VideoFacts(Decimal("5.04"), 1280, 720, audio=False),
        VideoFacts(Decimal(100), None, None, audio=True),
        VideoFacts(None, 640, 360, audio=None),
        None,
    ],
)
def test_facts_as_json_and_back(facts: VideoFacts | None) -> None:
    """As they lie in the ledger; seconds are decimal text, never `1E+2`."""
    assert facts_of(facts_object(facts)) == facts
    assert facts is None or "E" not in str((facts_object(facts) or {}).get("duration"))


def test_facts_of_another_program_are_not_known() -> None:
    """What this program never wrote is no reason to fail."""
    stored: JsonObject = {"duration": "long", "width": "wide", "height": [], "audio": 1}
    assert facts_of(stored) == VideoFacts(None, None, None, None)

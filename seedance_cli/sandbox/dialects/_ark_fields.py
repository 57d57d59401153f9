"""What Ark's models take, and the fields of a submit beside its content: strictly checked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.sandbox.dialects._refusals import BAD_REQUEST, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seedance_cli.models import JsonObject, JsonValue

RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive")
FRAMES = range(29, 290, 4)
EXPIRY = range(3600, 259_201)
_DEFAULT_EXPIRY = 172_800
PRIORITIES = range(10)
SEEDS = range(-1, 2**32)
TASK_TYPES = ("auto", "reference", "edit", "extend")
LONGEST_IDENTIFIER = 64
_FPS = 24
_CHOSEN_SEED = 58944
"""Where none is sent, or -1."""


class Family(NamedTuple):
    """What one of the models takes, by the pages' table."""

    durations: range
    resolutions: tuple[str, ...] = ("480p", "720p", "1080p")
    resolution: str = "720p"
    """Where none is sent."""
    audio: bool = True
    camera: bool = False
    references: tuple[int, int, int] | None = None
    """Most images, videos and audios; None: only frames."""
    audio_alone: bool = False
    flex: bool = False
    frames: bool = False
    draft: bool = False
    priority: bool | None = None
    """None: the pages do not say."""
    tools: bool = False
    task_types: bool = False
    formats: bool = False
    any_duration: bool = True
    """Whether -1 may be sent."""


_V1 = Family(range(2, 13), audio=False, camera=True, flex=True, frames=True, any_duration=False)
_V2 = Family(range(4, 16), references=(9, 3, 3))
_SMALL = ("480p", "720p")
FAMILIES = {
    "2-5-260628": Family(
        range(4, 31),
        references=(30, 10, 10),
        audio_alone=True,
        draft=True,
        task_types=True,
        formats=True,
    ),
    "2-0-260128": _V2._replace(resolutions=(*_V2.resolutions, "4k"), priority=True, tools=True),
    "2-0-fast-260128": _V2._replace(resolutions=_SMALL, priority=True),
    "2-0-mini-260615": _V2._replace(resolutions=_SMALL),
    "1-5-pro-251215": Family(range(4, 13), camera=True, flex=True, draft=True, priority=False),
    "1-0-pro-250528": _V1._replace(resolution="1080p"),
    "1-0-pro-fast-251015": _V1._replace(resolution="1080p"),
    "1-0-lite-t2v-250428": _V1,
    "1-0-lite-i2v-250428": _V1,
}
"""By the end of the model's id."""
ENDPOINT = FAMILIES["2-0-260128"]
ENDPOINT_ID = re.compile(r"ep-[A-Za-z0-9-]+", re.ASCII)


class FieldRefusal(Refusal):
    """A refusal that is about one field."""

    def __init__(self, code: str, field: str, message: str) -> None:
        """Describe the answer.

        Args:
            code: the page's.
            field: the wire name.
            message: for people.
        """
        super().__init__(BAD_REQUEST, code, message)
        self.field = field


def bad(field: str, why: str) -> FieldRefusal:
    """The answer to a value that the pages do not allow."""
    return FieldRefusal("InvalidParameter", field, f"The parameter {field} {why}")


def missing(field: str) -> FieldRefusal:
    """The answer where a field is missing."""
    return FieldRefusal("MissingParameter", field, f"The parameter {field} is required")


class FieldsReader:
    """Reads the fields of one submit, each held against what its model takes."""

    def __init__(self, body: JsonObject, family: Family) -> None:
        """Read that body as one for that model."""
        self._body = body
        self._family = family

    def switch(self, name: str, taken: bool = True, *, default: bool = False) -> bool:
        """A boolean."""
        value = self._value(name, default, taken=taken)
        if not isinstance(value, bool):
            raise bad(name, "must be a boolean")
        return value

    def resolution(self) -> str:
        """A resolution of the model; the pages contradict one another on 1080p of 2.5."""
        return self._word("resolution", self._family.resolutions, self._family.resolution)

    def ratio(self, *, must_adapt: bool) -> str:
        """A ratio; the one that is rendered for `adaptive`."""
        ratio = self._word("ratio", RATIOS, "adaptive")
        if must_adapt and ratio != "adaptive":
            raise bad("ratio", "must be adaptive for a first frame with this model")
        return "16:9" if ratio == "adaptive" else ratio

    def length(self) -> tuple[int, int | None]:
        """Seconds, and frames where these were asked for: they win."""
        family = self._family
        seconds = self._whole("duration", 5)
        if seconds not in family.durations and not (seconds == -1 and family.any_duration):
            least, most = family.durations[0], family.durations[-1]
            raise bad("duration", f"must be from {least} to {most} with this model")
        seconds = 5 if seconds == -1 else seconds
        if "frames" not in self._body:
            return seconds, None
        frames = self._whole("frames", 0, taken=family.frames)
        if frames not in FRAMES:
            raise bad("frames", "must be 25 + 4n, from 29 to 289")
        return max(round(frames / _FPS), 1), frames

    def rest(self, *, references: bool) -> JsonObject:
        """Every other field, in what a read repeats of them.

        Args:
            references: whether the content has reference images.
        """
        family, body = self._family, self._body
        self.switch("watermark")
        seed = self._in("seed", SEEDS, -1)
        if self.switch("camera_fixed", family.camera) and references:
            raise bad("camera_fixed", "goes with no reference image")
        tiers = ("default", "flex") if family.flex else ("default",)
        tier = self._word("service_tier", tiers, "default")
        expiry = self._in("execution_expires_after", EXPIRY, _DEFAULT_EXPIRY)
        priority = self._in("priority", PRIORITIES, 0, taken=family.priority is not False)
        draft = self.switch("draft", family.draft)
        if draft and not family.task_types and not self._may_be_draft(tier):
            raise bad("draft", "goes with 480p only, without return_last_frame and flex")
        self._tools(body.get("tools"))
        identifier = body.get("safety_identifier")
        if "safety_identifier" in body and (
            not isinstance(identifier, str) or len(identifier) > LONGEST_IDENTIFIER
        ):
            raise bad("safety_identifier", f"must be a string of up to {LONGEST_IDENTIFIER}")
        self._word("output_format", ("mp4", "mov"), "mp4", taken=family.formats)
        self._word("omni_reference_task_type", TASK_TYPES, "auto", taken=family.task_types)
        return {
            "seed": seed if seed >= 0 else _CHOSEN_SEED,
            "service_tier": tier,
            "execution_expires_after": expiry,
            "draft": draft,
            **({"priority": priority} if "priority" in body else {}),
        }

    def _may_be_draft(self, tier: str) -> bool:
        small = self._body.get("resolution") == "480p"
        return small and tier == "default" and not self._body.get("return_last_frame")

    def _tools(self, value: JsonValue) -> None:
        if "tools" not in self._body:
            return
        known: JsonValue = [{"type": "web_search"}]
        if not self._family.tools or value != known:
            raise bad("tools", 'must be [{"type": "web_search"}], with Seedance 2.0')

    def _word(self, name: str, allowed: Iterable[str], default: str, *, taken: bool = True) -> str:
        value = self._value(name, default, taken=taken)
        words = tuple(allowed)
        if not isinstance(value, str) or value not in words:
            raise bad(name, f"must be one of {', '.join(words)}")
        return value

    def _in(self, name: str, allowed: range, default: int, *, taken: bool = True) -> int:
        value = self._whole(name, default, taken=taken)
        if value not in allowed:
            raise bad(name, f"must be from {allowed[0]} to {allowed[-1]}")
        return value

    def _whole(self, name: str, default: int, *, taken: bool = True) -> int:
        value = self._value(name, default, taken=taken)
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # which to JSON is the same number
        if not isinstance(value, int) or isinstance(value, bool):
            raise bad(name, "must be a whole number")
        return value

    def _value(self, name: str, default: JsonValue, *, taken: bool) -> JsonValue:
        if name in self._body and not taken:
            raise bad(name, "is not supported by this model")
        return self._body.get(name, default)

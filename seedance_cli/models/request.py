"""What a user asks for, before a provider has worded it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.models.json_types import NO_PARAMS, NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedance_cli.models.json_types import JsonObject, JsonValue

LONGEST_PROMPT = 20_000
"""Characters kept of a prompt that a provider repeats; the longest documented one has 2,000."""


class VideoRequest(NamedTuple):
    """What the user asked for. None or empty: not set, and so not sent."""

    prompt: str
    model: str | None = None
    duration: int | None = None
    """Seconds."""
    resolution: str | None = None
    aspect_ratio: str | None = None
    audio: bool | None = None
    fixed_lens: bool | None = None
    seed: int | None = None
    watermark: bool | None = None
    images: tuple[str, ...] = ()
    """URLs, here and below: references where the model knows them, else what the provider makes of
    its images."""
    first_frame: str | None = None
    last_frame: str | None = None
    reference_videos: tuple[str, ...] = ()
    reference_audios: tuple[str, ...] = ()
    last_frame_out: bool | None = None
    """Whether the last frame of the video is asked for as an image."""
    callback_url: str | None = None
    files: Mapping[str, str] = NOTHING
    """The local files among the media: path, and what stands for its bytes."""
    metadata: Mapping[str, str] = NOTHING
    params: Mapping[str, JsonValue] = NO_PARAMS
    """Fields this program does not know, merged where the provider's options live."""


OPTION_TYPES: Mapping[str, type[str | int | bool]] = MappingProxyType(
    {
        "model": str,
        "duration": int,
        "resolution": str,
        "aspect_ratio": str,
        "audio": bool,
        "fixed_lens": bool,
        "callback_url": str,
    }
)
"""The fields that may have a default of the user's own, and the type of each."""


def request_object(request: VideoRequest) -> JsonObject:
    """The request as JSON: every field by its name, null or empty where it is not set."""
    return {
        **request._asdict(),
        "images": list(request.images),
        "reference_videos": list(request.reference_videos),
        "reference_audios": list(request.reference_audios),
        "files": dict(request.files),
        "metadata": dict(request.metadata),
        "params": dict(request.params),
    }


def extras(callback_url: object, metadata: object) -> int:
    """What tells apart what is said beside a request, in this process only.

    Args:
        callback_url: of the request, or of its JSON.
        metadata: likewise.
    """
    pairs = metadata.items() if isinstance(metadata, dict | MappingProxyType) else ()
    return hash((callback_url, frozenset(pairs)))

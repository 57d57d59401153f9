"""Images, videos and sound that go into a request: what is a file, and of which type it is.

The type is told from the first bytes, never from the name: it decides what a seller is told.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seedance_cli.models.request import VideoRequest

_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]+:"
"""Of two characters at least: `C:` is a drive."""


class MediaKind(StrEnum):
    """What a medium is."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"


MEDIA = {
    "images": MediaKind.IMAGE,
    "first_frame": MediaKind.IMAGE,
    "last_frame": MediaKind.IMAGE,
    "reference_videos": MediaKind.VIDEO,
    "reference_audios": MediaKind.AUDIO,
}
"""The options of `VideoRequest` that hold media, in their order, and of which kind."""


class MediaType(NamedTuple):
    """The format of a file."""

    name: str
    """As people say it: `jpeg`."""
    mime: str
    kind: MediaKind
    ends: tuple[str, ...]
    """Of file names, the usual one first."""


_IMAGE, _VIDEO, _AUDIO = MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.AUDIO
_TYPES = {
    one.name: one
    for one in (
        MediaType("png", "image/png", _IMAGE, (".png",)),
        MediaType("jpeg", "image/jpeg", _IMAGE, (".jpg", ".jpeg")),
        MediaType("webp", "image/webp", _IMAGE, (".webp",)),
        MediaType("gif", "image/gif", _IMAGE, (".gif",)),
        MediaType("bmp", "image/bmp", _IMAGE, (".bmp",)),
        MediaType("tiff", "image/tiff", _IMAGE, (".tiff", ".tif")),
        MediaType("heic", "image/heic", _IMAGE, (".heic",)),
        MediaType("heif", "image/heif", _IMAGE, (".heif",)),
        MediaType("mp4", "video/mp4", _VIDEO, (".mp4", ".m4v")),
        MediaType("mov", "video/quicktime", _VIDEO, (".mov",)),
        MediaType("wav", "audio/wav", _AUDIO, (".wav",)),
        MediaType("mp3", "audio/mpeg", _AUDIO, (".mp3",)),
    )
}
_BEGINS = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"ID3": "mp3",
}
_RIFF = {b"WEBP": "webp", b"WAVE": "wav"}
_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "heic"),
    **dict.fromkeys((b"mif1", b"msf1", b"heif"), "heif"),
    b"qt  ": "mov",
}
_NO_VIDEO = (b"M4A ", b"M4B ", b"avif", b"avis")
"""Brands of the same container that hold no video, or none that anybody takes."""
_QUICKTIME = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip"})
"""What a QuickTime file of before `ftyp` may begin with."""


class LocalFile(NamedTuple):
    """A file that was read: what it holds, and by what a change of it is seen."""

    path: str
    """Absolute."""
    sha256: str
    """Of its bytes, in hex."""
    size: int
    """Bytes."""
    type: MediaType
    width: int | None = None
    """Pixels; None, here and below: it is another kind of file, or its header did not say."""
    height: int | None = None
    seconds: float | None = None
    stamp: tuple[int, ...] = ()
    """Device, file, size and time of change, as the system gives them."""

    @property
    def content(self) -> str:
        """What stands for it in a request's identity: its bytes, wherever it lies."""
        return f"sha256:{self.sha256}{self.type.ends[0]}"


def is_local(text: str) -> bool:
    """Whether what was given for a medium is a path, and no URL."""
    return bool(text) and re.match(_SCHEME, text) is None


def given(video: VideoRequest) -> Iterator[tuple[str, str]]:
    """Each medium of a request with the option that holds it, in the order of the options."""
    for option in MEDIA:
        value: str | tuple[str, ...] | None = getattr(video, option)
        for one in value if isinstance(value, tuple) else (value,):
            if one is not None:
                yield option, one


def with_media(video: VideoRequest, other: Mapping[str, str]) -> VideoRequest:
    """The request with other words for some of its media.

    Args:
        video: the request.
        other: what stands for what; a medium that is not in it stays.
    """

    def named(value: str | None) -> str | None:
        return None if value is None else other.get(value, value)

    def each(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(other.get(one, one) for one in values)

    return video._replace(
        images=each(video.images),
        first_frame=named(video.first_frame),
        last_frame=named(video.last_frame),
        reference_videos=each(video.reference_videos),
        reference_audios=each(video.reference_audios),
    )


def by_content(video: VideoRequest) -> VideoRequest:
    """The request with its local files by their content: what is bought, wherever they lie."""
    return with_media(video, video.files) if video.files else video


def recognised(head: bytes) -> MediaType | None:
    """The type of a file that begins with these 64 bytes; None for one of no known type."""
    name = next((one for begin, one in _BEGINS.items() if head.startswith(begin)), None)
    if name is None:
        name = _container(head) or _plain(head)
    return None if name is None else _TYPES[name]


def _container(head: bytes) -> str | None:
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return None if brand in _NO_VIDEO else _BRANDS.get(brand, "mp4")
    return "mov" if head[4:8] in _QUICKTIME else None


def _plain(head: bytes) -> str | None:
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return "bmp"
    # An MPEG audio frame of layer III: eleven bits set, then version, layer, and a known bit rate.
    sync = head[:1] == b"\xff" and len(head) > 2 and head[1] & 0xE6 == 0xE2  # noqa: PLR2004 - see above
    return "mp3" if sync and head[2] >> 4 not in {0, 15} else None


def type_named(name: str) -> MediaType:
    """The type of that name. Raises KeyError."""
    return _TYPES[name]


def kind_by_name(text: str) -> MediaKind | None:
    """The kind that the end of a path or URL speaks of; None where it says nothing."""
    path = text.partition("?")[0].partition("#")[0].lower()
    return next((one.kind for one in _TYPES.values() if path.endswith(one.ends)), None)

"""What fal's Seedance endpoints take, and the families that they make up; sources as in `fal`."""

from __future__ import annotations

from seedance_cli._named import NamedTuple
from seedance_cli.providers._fields import (
    SECONDS_AS_TEXT,
    Field,
    Fields,
    WireType,
)
from seedance_cli.providers._files import FileLimits
from seedance_cli.providers._info import Media, ModelInfo

_RATIOS = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
_SMALL = ("480p", "720p")
_USUAL = (*_SMALL, "1080p")

_TEXT, _IMAGE, _REFERENCE = "text-to-video", "image-to-video", "reference-to-video"
_FIRST = Field("first_frame", "image_url")
_LAST = Field("last_frame", "end_image_url")
_REFERENCES = (
    Field("images", "image_urls"),
    Field("reference_videos", "video_urls"),
    Field("reference_audios", "audio_urls"),
)
_IN_QUERY = WireType(lambda *_: None, lambda *_: None)
_CALLBACK = Field("callback_url", "fal_webhook", own_type=_IN_QUERY)
_INLINE = FileLimits(data_uri=True)
_MEDIA = Media(
    images=9,
    videos=3,
    audios=3,
    together=12,
    apart=True,
    last_alone=False,
    image_files=_INLINE,
    video_files=_INLINE,
    audio_files=_INLINE,
)
_ANY_NUMBER = _MEDIA._replace(images=None, videos=None, audios=None, together=None)


class _Family(NamedTuple):
    """Endpoints with one beginning."""

    id: str
    options: tuple[Field, ...]
    """Beside prompt and media."""
    durations: tuple[int, ...] = ()
    """Empty, here and below: not held against a list."""
    resolutions: tuple[str, ...] = ()
    ratios: tuple[str, ...] = ()
    last: bool = True
    """Whether there is a last frame."""
    references: bool = True
    media: Media = _MEDIA

    def model(self, kind: str = "") -> ModelInfo:
        """One of its endpoints; without a kind the family, which has the fields of them all."""
        frames = (_FIRST, _LAST) if self.last else (_FIRST,)
        table = [Field("prompt", "prompt")]
        if kind in {"", _IMAGE}:
            table += frames
        if kind in {"", _REFERENCE} and self.references:
            table += _REFERENCES
        return ModelInfo(
            id=f"{self.id}/{kind}" if kind else self.id,
            durations=self.durations,
            resolutions=self.resolutions,
            aspect_ratios=self.ratios,
            fields=Fields((*table, *self.options, _CALLBACK)),
            media=self.media._replace(first_needed=kind == _IMAGE),
        )

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of its endpoints."""
        return (_TEXT, _IMAGE, _REFERENCE) if self.references else (_TEXT, _IMAGE)


def _options(
    *,
    ratio: str | None = None,
    duration: int | None = None,
    resolution: str | None = None,
    audio: bool | None = None,
    camera: bool | None = None,
) -> tuple[Field, ...]:
    """The options of a family, with what is taken where they are not sent."""
    found = [
        Field("aspect_ratio", "aspect_ratio", default=ratio),
        Field("duration", "duration", default=duration, own_type=SECONDS_AS_TEXT),
        Field("resolution", "resolution", default=resolution),
    ]
    if audio is not None:
        found.append(Field("audio", "generate_audio", default=audio))
    if camera is not None:
        found.append(Field("fixed_lens", "camera_fixed", default=camera))
    return (*found, Field("seed", "seed"))


_OF_2_0 = _Family(
    id="bytedance/seedance-2.0",
    options=_options(ratio="auto", resolution="720p", audio=True),
    durations=tuple(range(4, 16)),
    resolutions=(*_USUAL, "4k"),
    ratios=("auto", *_RATIOS),
)
_OF_1_0 = _Family(
    id="fal-ai/bytedance/seedance/v1/pro",
    options=_options(duration=5, resolution="1080p", camera=False),
    durations=tuple(range(2, 13)),
    last=False,
    references=False,
)
_ANY_OPTIONS = (*_options(), Field("audio", "generate_audio"), Field("fixed_lens", "camera_fixed"))
_FAMILIES = (
    _OF_2_0,
    _OF_2_0._replace(id="bytedance/seedance-2.0/fast", resolutions=_SMALL),
    _OF_2_0._replace(id="bytedance/seedance-2.0/mini", resolutions=_SMALL),
    _Family(id="bytedance/seedance-2.5", options=_ANY_OPTIONS, media=_ANY_NUMBER),
    _Family(
        id="fal-ai/bytedance/seedance/v1.5/pro",
        options=_options(ratio="16:9", duration=5, resolution="720p", audio=True, camera=False),
        durations=tuple(range(4, 13)),
        resolutions=_USUAL,
        ratios=(*_RATIOS, "auto"),
        references=False,
    ),
    _OF_1_0,
    _OF_1_0._replace(id="fal-ai/bytedance/seedance/v1/pro/fast"),
)
FAMILIES = frozenset(one.id for one in _FAMILIES)
MODELS = tuple(one.model() for one in _FAMILIES)
ENDPOINTS = tuple(one.model(kind) for one in _FAMILIES for kind in one.kinds)
ANY_FIELDS = Fields(
    (Field("prompt", "prompt"), _FIRST, _LAST, *_REFERENCES, *_ANY_OPTIONS, _CALLBACK)
)

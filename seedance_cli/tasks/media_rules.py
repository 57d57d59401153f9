"""What a provider does not take of images, frames, videos and audio."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from seedance_cli import models
from seedance_cli.providers import FLAGS
from seedance_cli.tasks.refusal import Refusal, listed, missing, shown, subject, url_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seedance_cli.models import VideoRequest
    from seedance_cli.providers import Media, ModelInfo, ProviderInfo

_REFERENCES = ("images", "reference_videos", "reference_audios")
_FRAMES = ("first_frame", "last_frame")


def media_refusals(info: ProviderInfo, video: VideoRequest, *, loopback: bool) -> Iterator[Refusal]:
    """All that the provider does not take of the request's media. Arguments as for `refusals`."""
    model = info.model(video.model)
    for option, url in models.given(video):
        yield from _url(info, model, option, url, loopback=loopback)
        if info.limits(model).inferred:
            yield from _kind(info, option, url)
    placed = info.placed(video)
    missed = False
    for option in (*_REFERENCES, *_FRAMES):
        if getattr(placed, option) and not info.takes(option, model):
            missed = True
            yield _missing(info, model, placed, option)
    if not missed:
        yield from _counts(info, model, placed)
        yield from _together(info, model, placed)


def _url(
    info: ProviderInfo, model: ModelInfo, option: str, url: str, *, loopback: bool
) -> Iterator[Refusal]:
    typed = f"{FLAGS[option]} {shown(url)}"
    if models.is_local(url):
        return  # `tasks.media` reads it
    scheme = url.partition(":")[0].lower()
    limits = info.limits(model)
    inline = limits.files(models.MEDIA[option]).data_uri
    if (scheme in limits.schemes or (scheme == "data" and inline)) and not models.unsafe(url):
        return
    fault = url_fault(url)
    if fault is not None:
        hint = "a path has nothing in front: ./cat.png" if scheme == "file" else None
        yield Refusal(option=typed, reason=fault, hint=hint)
    elif info.https_images and not url.lower().startswith("https://"):
        yield Refusal(
            option=typed,
            reason=f"{info.name} allows only https:// here",
            suits=lambda other, one: other.takes(option, one) and not other.https_images,
            hard=False,
        )
    elif info.https_images and not loopback and models.is_private(url):
        yield Refusal(
            option=typed,
            reason=f"{info.name} allows only public URLs, and cannot reach a private host",
            hard=False,
        )


def _kind(info: ProviderInfo, option: str, url: str) -> Iterator[Refusal]:
    """A URL whose end says that it is another kind, to who tells the kind by it."""
    kind = models.kind_by_name(url)
    if kind not in {None, models.MEDIA[option]} and not models.is_local(url):
        yield Refusal(
            option=f"{FLAGS[option]} {shown(url)}",
            reason=f"{info.name} tells by its end that it is {kind}",
            hint="give it to the option for its kind",
        )


def _missing(info: ProviderInfo, model: ModelInfo, video: VideoRequest, option: str) -> Refusal:
    """That there is no such field; several images where only a first frame is known are one."""
    if option == "images" and info.takes("first_frame", model):
        many = len(video.images)
        return Refusal(
            option=f"--image, {many} times" if many > 1 else "--image",
            reason=f"{subject(info, model)} takes one image, as the first frame",
            suits=partial(_room, option="images", count=many),
        )
    return missing(info, model, option)


def _counts(info: ProviderInfo, model: ModelInfo, video: VideoRequest) -> Iterator[Refusal]:
    limits, name = info.limits(model), subject(info, model)
    for option in _REFERENCES:
        count, most = len(getattr(video, option)), _most(limits, option)
        if most is not None and count > most:
            yield Refusal(
                option=f"{FLAGS[option]}, {count} times",
                reason=f"{name} allows at most {most}",
                suits=partial(_room, option=option, count=count),
                hard=False,
            )
    together = sum(1 for _ in models.given(video))
    if limits.together is not None and together > limits.together:
        yield Refusal(
            option=f"{together} images, videos and audios",
            reason=f"{name} allows at most {limits.together} together",
            suits=_takes_all(video, lambda media: (media.together or together) >= together),
            hard=False,
        )


def _room(info: ProviderInfo, model: ModelInfo, option: str, count: int) -> bool:
    """Whether a model takes so many of an option."""
    most = _most(info.limits(model), option)
    return info.takes(option, model) and (most is None or most >= count)


def _most(media: Media, option: str) -> int | None:
    return {
        "images": media.images,
        "reference_videos": media.videos,
        "reference_audios": media.audios,
    }[option]


def _together(info: ProviderInfo, model: ModelInfo, video: VideoRequest) -> Iterator[Refusal]:
    """How frames, references and audio go together."""
    media, name = info.limits(model), subject(info, model)
    frame = next((FLAGS[one] for one in _FRAMES if getattr(video, one)), None)
    reference = next((FLAGS[one] for one in _REFERENCES if getattr(video, one)), None)
    ratio = video.aspect_ratio
    if frame and ratio is not None and media.frame_ratios and ratio not in media.frame_ratios:
        yield Refusal(
            option=f"--aspect-ratio {shown(ratio)}",
            reason=f"{name} allows {listed(media.frame_ratios)} beside {frame}",
            suits=_takes_all(video, lambda one: not one.frame_ratios or ratio in one.frame_ratios),
            hard=False,
        )
    if frame and reference and (media.apart or media.inferred):
        why = "tells frames by number and order, and takes" if media.inferred else "takes"
        yield Refusal(
            option=f"{frame} with {reference}",
            reason=f"{name} {why} either frames or references",
            suits=_takes_all(video, lambda other: not (other.apart or other.inferred)),
            hard=media.inferred,
        )
    elif media.first_needed and not video.first_frame:
        yield Refusal(
            option=f"--model {model.id}",
            reason=f"{info.name} needs a first frame with it",
            suits=_takes_all(video, lambda other: not other.first_needed),
            hard=False,
            hint="add --first-frame",
        )
    elif video.last_frame and not video.first_frame and not media.last_alone:
        yield Refusal(
            option="--last-frame",
            reason=f"{name} takes a last frame only beside a first one",
            suits=_takes_all(video, lambda other: other.last_alone),
            hard=media.inferred,
            hint="add --first-frame",
        )
    elif (
        video.reference_audios
        and not media.audio_alone
        and not (video.images or video.reference_videos or frame)
    ):
        yield Refusal(
            option="--reference-audio",
            reason=f"{name} takes audio only beside an image or a video",
            suits=_takes_all(video, lambda other: other.audio_alone),
            hard=False,
        )


def _takes_all(
    video: VideoRequest, further: Callable[[Media], bool]
) -> Callable[[ProviderInfo, ModelInfo], bool]:
    """Whether a model has a field for every medium of the request, and further."""
    used = [one for one in (*_REFERENCES, *_FRAMES) if getattr(video, one)]
    return lambda info, model: (
        all(info.takes(one, model) for one in used) and further(info.limits(model))
    )

"""Frames, references, seed and watermark: what each provider takes of them."""

from __future__ import annotations

from typing import Any

import pytest

from seedance_cli import providers
from seedance_cli.errors import UsageError
from seedance_cli.models import PricedFields, VideoRequest
from seedance_cli.providers import Media, ModelInfo, ProviderInfo
from seedance_cli.providers._fields import Field, Fields
from seedance_cli.tasks import validate
from seedance_cli.tasks.rules import refusals

NAMES = providers.names()
PNG, PNG2, PNG3 = (f"https://a.example/{n}.png" for n in (1, 2, 3))
MP4, MP3 = "https://a.example/1.mp4", "https://a.example/1.mp3?x=1"
RICH = ModelInfo("rich", (), (), ())
PLAIN = ModelInfo("plain", (), (), (), fields=Fields((Field("first_frame", "start"),)))


def rich(**media: Any) -> ProviderInfo:
    """A provider with every option, and a model that knows a first frame alone."""
    options = (
        *("images", "first_frame", "last_frame", "reference_videos", "reference_audios"),
        *("seed", "watermark", "last_frame_out"),
    )
    return providers.get("defapi").info._replace(
        models=(RICH, PLAIN),
        fields=Fields(tuple(Field(one, one) for one in options)),
        media=Media(**media),
    )


def reasons(info: ProviderInfo, **options: Any) -> list[str]:
    """Everything that is refused of a request, as it is said."""
    video = VideoRequest(prompt="p", **options)
    return [f"{one.option}: {one.reason}" for one in refusals(info, video, loopback=False)]


def refused(name: str, **options: Any) -> str:
    video = VideoRequest(prompt="p", **options)
    with pytest.raises(UsageError) as raised:
        validate.check(providers.get(name).info, video, endpoint_is_loopback=False, free=False)
    return raised.value.message


def body(name: str, **options: Any) -> dict[str, Any]:
    """The body of a request that passes."""
    video = VideoRequest(prompt="p", **options)
    provider = providers.get(name)
    validate.check(provider.info, video, endpoint_is_loopback=False, free=False)
    return dict(provider.request(video).body)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("option", "flag", "value"),
    [
        ("seed", "--seed", 0),
        ("watermark", "--no-watermark", False),
        ("first_frame", "--first-frame", PNG),
        ("last_frame", "--last-frame", PNG),
        ("reference_videos", "--reference-video", (MP4,)),
        ("reference_audios", "--reference-audio", (MP3,)),
        ("last_frame_out", "--last-frame-out", True),
    ],
)
def test_what_no_field_takes_is_refused(name: str, option: str, flag: str, value: Any) -> None:
    """A new option is sent or refused, and never dropped."""
    info = providers.get(name).info
    found = reasons(info, model=info.models[0].id, **{option: value})
    if not info.takes(option, info.models[0]):
        assert any(one.startswith(f"{flag}: ") and "has no option" in one for one in found)


def test_seedance2ink_puts_its_media_in_order() -> None:
    """Frames first and last; references of all kinds, images before videos before audio."""
    assert body("seedance2ink", images=(PNG,))["mediaUrls"] == [PNG]
    assert body("seedance2ink", first_frame=PNG)["mediaUrls"] == [PNG]
    assert body("seedance2ink", first_frame=PNG, last_frame=PNG2)["mediaUrls"] == [PNG, PNG2]
    many = body(
        "seedance2ink", images=(PNG, PNG2), reference_videos=(MP4,), reference_audios=(MP3,)
    )
    assert many["mediaUrls"] == [PNG, PNG2, MP4, MP3]


def test_seedance2ink_takes_only_the_forms_that_it_infers() -> None:
    """One image is the first frame, two are first and last: nothing else can be frames."""
    assert "only beside a first one" in refused("seedance2ink", last_frame=PNG)
    for more in ({"images": (PNG2,)}, {"reference_videos": (MP4,)}, {"reference_audios": (MP3,)}):
        assert "either frames or references" in refused("seedance2ink", first_frame=PNG, **more)
    six = {"images": (PNG, PNG2, PNG3), "reference_videos": (MP4,), "reference_audios": (MP3,) * 2}
    assert "at most 5 together" in refused("seedance2ink", **six)
    assert "https://" in refused("seedance2ink", reference_videos=("http://a.example/1.mp4",))


def test_seedance2ink_prices_know_the_kinds() -> None:
    """What media there are decides the price: they are read back from the final body."""
    provider = providers.get("seedance2ink")
    video = VideoRequest(
        prompt="p", images=(PNG,), reference_videos=(MP4,), reference_audios=(MP3,)
    )
    priced = provider.priced(provider.request(video))
    assert priced == PricedFields(
        "seedance-2.0", None, None, None, 1, reference_videos=1, reference_audios=1
    )
    frame = provider.request(VideoRequest(prompt="p", first_frame=PNG))
    assert provider.priced(frame) == PricedFields("seedance-2.0", None, None, None, 1)


def test_a_model_may_have_a_table_of_its_own() -> None:
    """What another model of the provider takes is refused with its name, and with the model's."""
    message = refused("runbase", model="bytedance/seedance-1-lite", audio=True)
    assert "runbase with bytedance/seedance-1-lite has no option --audio" in message
    assert "bytedance/seedance-1.5-pro of runbase would do" in message
    assert "--aspect-ratio" in refused(
        "runbase", model="bytedance/seedance-1-pro", aspect_ratio="16:9"
    )
    assert "allows 720p, 1080p" in refused(
        "runbase", model="bytedance/seedance-1-pro", resolution="480p"
    )


def test_runbase_takes_any_model_unvalidated() -> None:
    """Of an id that is not listed nothing is known: every value passes, as it is typed."""
    sent = body("runbase", model="bytedance/seedance-2", duration=30, resolution="4k")
    assert sent == {
        "model": "bytedance/seedance-2",
        "input": {"prompt": "p", "resolution": "4k", "duration": "30"},
    }


def test_a_lone_image_is_the_first_frame_where_nothing_else_is_known() -> None:
    """`-i` is a reference where there are references, else one image is the first frame."""
    info = rich()
    video = VideoRequest(prompt="p", model="plain", images=(PNG,))
    assert info.placed(video) == video._replace(images=(), first_frame=PNG)
    assert info.placed(video._replace(model="rich")) == video._replace(model="rich")
    assert reasons(info, model="plain", images=(PNG,)) == []
    (two,) = reasons(info, model="plain", images=(PNG, PNG2))
    assert two == "--image, 2 times: defapi with plain takes one image, as the first frame"
    (both,) = reasons(info, model="plain", images=(PNG,), first_frame=PNG2)
    assert both == "--image: defapi with plain takes one image, as the first frame"


@pytest.mark.parametrize(
    ("media", "options", "reason"),
    [
        ({"videos": 1}, {"reference_videos": (MP4, MP4)}, "--reference-video, 2 times"),
        ({"audios": 1}, {"reference_audios": (MP3, MP3)}, "at most 1"),
        ({"together": 2}, {"images": (PNG,) * 2, "first_frame": PNG}, "at most 2 together"),
        ({"apart": True}, {"images": (PNG,), "last_frame": PNG}, "--last-frame with --image"),
        ({"last_alone": False}, {"last_frame": PNG}, "only beside a first one"),
        ({"audio_alone": False}, {"reference_audios": (MP3,)}, "beside an image or a video"),
    ],
)
def test_limits_of_media(media: dict[str, Any], options: dict[str, Any], reason: str) -> None:
    """Each documented limit refuses what is beyond it, and only where it is documented."""
    (found,) = reasons(rich(**media), **options)
    assert reason in found
    assert reasons(rich(), **options) == []

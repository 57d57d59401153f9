"""seedanceapi.org, API v2: Seedance 2.0, 2.0 fast and 2 mini; key and envelope are those of v1.

Source of every field, value, default and price: the provider's own pages
(https://seedanceapi.org/docs/v2 in several languages, https://seedanceapi.org/llms.txt). How many
reference videos mini takes is stated nowhere, nor is what `public` does: it goes by `--param`.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from seedance_cli.providers._fields import Field, Fields
from seedance_cli.providers._info import Media, ModelInfo, ModelUse, ProviderInfo
from seedance_cli.providers._seedanceapi import SeedanceApiOrg

if TYPE_CHECKING:
    from seedance_cli.models import PricedFields

_FIELDS = (
    Field("prompt", "prompt"),
    Field("model", "model", default="seedance-2.0"),
    Field("duration", "duration", default=5),
    Field("aspect_ratio", "aspect_ratio", default="16:9"),
    Field("images", "images"),
)
_CALLBACK = Field("callback_url", "callback_url")
_MINI_ID = "seedance-2-mini"
_MINI_LENGTHS = range(4, 16)
_MINI = (
    *_FIELDS,
    Field("reference_videos", "reference_video_urls"),
    Field("resolution", "resolution"),
    _CALLBACK,
)
_RATIOS = ("16:9", "9:16", "4:3", "3:4")

# Seconds → credits for a video that succeeded. The page is undated.
_CREDITS = {
    "seedance-2.0": {5: 240, 10: 480, 15: 720},
    "seedance-2.0-fast": {5: 160, 10: 320, 15: 480},
}
# Resolution → credits for a second of mini, without and with a reference video.
_PER_SECOND = {"480p": ("14.25", "9"), "720p": ("30.75", "18.75")}


class SeedanceApiV2(SeedanceApiOrg):
    """The provider `seedanceapi-v2`."""

    info = ProviderInfo(
        name="seedanceapi-v2",
        base_url="https://seedanceapi.org/v2",
        key_env="SEEDANCEAPI_API_KEY",
        base_url_env="SEEDANCEAPI_V2_BASE_URL",
        docs="https://seedanceapi.org/docs/v2",
        model_use=ModelUse.OPTIONAL,
        models=(
            ModelInfo("seedance-2.0", (5, 10, 15), (), _RATIOS),
            ModelInfo("seedance-2.0-fast", (5, 10, 15), (), _RATIOS),
            ModelInfo(
                _MINI_ID,
                tuple(_MINI_LENGTHS),
                ("480p", "720p"),
                _RATIOS,
                fields=Fields(_MINI),
            ),
        ),
        fields=Fields((*_FIELDS, _CALLBACK)),
        submit_path="/generate",
        max_prompt=2000,
        media=Media(images=4, shape=True),
        price_unit="credits",
    )
    task_fields = SeedanceApiOrg.task_fields._replace(failures_are_free=True)

    def listed(self, fields: PricedFields) -> Decimal | None:
        """From the page's list, in credits."""
        model, seconds = fields.model or "", fields.duration or 0
        if model in _CREDITS:
            credit = _CREDITS[model].get(seconds)
            return None if credit is None else Decimal(credit)
        rates = _PER_SECOND.get(fields.resolution or "")
        if model != _MINI_ID or rates is None or seconds not in _MINI_LENGTHS:
            return None
        rate = Decimal(rates[bool(fields.reference_videos)])
        return (rate * seconds).quantize(Decimal(1), ROUND_CEILING)


PROVIDER = SeedanceApiV2()

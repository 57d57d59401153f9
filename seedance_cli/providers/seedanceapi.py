"""seedanceapi.org, API v1: Seedance 1.5.

Source of every field, value, default, price and error code: the provider's own page
(https://seedanceapi.org, Korean and Chinese editions). `_seedanceapi` reads its answers.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from seedance_cli.providers._fields import SECONDS_AS_TEXT, Field, Fields
from seedance_cli.providers._info import Media, ModelInfo, ModelUse, ProviderInfo
from seedance_cli.providers._seedanceapi import SeedanceApiOrg

if TYPE_CHECKING:
    from seedance_cli.models import PricedFields

INFO = ProviderInfo(
    name="seedanceapi",
    base_url="https://seedanceapi.org/v1",
    key_env="SEEDANCEAPI_API_KEY",
    base_url_env="SEEDANCEAPI_BASE_URL",
    chosen_by_variable=True,
    docs="https://seedanceapi.org",
    model_use=ModelUse.NONE,
    models=(
        ModelInfo(
            id="seedance-1.5",
            durations=(4, 8, 12),
            resolutions=("480p", "720p"),
            aspect_ratios=("1:1", "16:9", "9:16", "4:3", "3:4", "21:9", "9:21"),
        ),
    ),
    fields=Fields(
        (
            Field("prompt", "prompt"),
            Field("images", "image_urls"),
            Field("aspect_ratio", "aspect_ratio", default="1:1"),
            Field("resolution", "resolution", default="720p"),
            Field("duration", "duration", default=8, own_type=SECONDS_AS_TEXT),
            Field("audio", "generate_audio", default=False),
            Field("fixed_lens", "fixed_lens", default=False),
            Field("callback_url", "callback_url"),
        )
    ),
    submit_path="/generate",
    max_prompt=2000,
    media=Media(images=1),
    price_unit="credits",
)

# (resolution, seconds, audio) → credits. The page is undated; its sample task is of 2026-02-07.
_CREDITS = {
    ("480p", 4, False): 8,
    ("480p", 4, True): 14,
    ("480p", 8, False): 14,
    ("480p", 8, True): 28,
    ("480p", 12, False): 19,
    ("480p", 12, True): 38,
    ("720p", 4, False): 14,
    ("720p", 4, True): 28,
    ("720p", 8, False): 28,
    ("720p", 8, True): 56,
    ("720p", 12, False): 42,
    ("720p", 12, True): 84,
}


class SeedanceApi(SeedanceApiOrg):
    """The provider `seedanceapi`."""

    info = INFO

    def listed(self, fields: PricedFields) -> Decimal | None:
        """From the page's price table, in credits."""
        credit = _CREDITS.get((fields.resolution or "", fields.duration or 0, bool(fields.audio)))
        return None if credit is None else Decimal(credit)


PROVIDER = SeedanceApi()

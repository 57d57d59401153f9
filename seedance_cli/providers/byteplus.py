"""BytePlus ModelArk, ByteDance's own API outside China; what it shares with China is in `_ark`.

Source of the prices: its price list of 2026-09-28, in US dollars for a million tokens, and the
number of tokens of a video, width x height x 24 x seconds / 1024. The pages state the pixels of
16:9 for 1.0, 1.5 and 2.0 only, and not what a reference video adds: other prices are unknown.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from seedance_cli.providers._ark import ANY_FIELDS, ANY_MEDIA, NO_TASK, SEEDS, TASKS, Ark, models
from seedance_cli.providers._info import ModelUse, ProviderInfo

if TYPE_CHECKING:
    from seedance_cli.models import PricedFields

_PER_TOKEN = Decimal("0.000001")
# Resolution → width x height at 16:9.
_OF_2_AND_1_5 = {"480p": 864 * 496, "720p": 1280 * 720, "1080p": 1920 * 1080}
_OF_1_0 = {"480p": 864 * 480, "720p": 1248 * 704, "1080p": 1920 * 1088}
# Model → USD for a million tokens: at 480p and 720p, and at 1080p.
_RATES = {
    "dreamina-seedance-2-0-260128": ("7.0", "7.7"),
    "dreamina-seedance-2-0-fast-260128": ("5.6", None),
    "dreamina-seedance-2-0-mini-260615": ("3.5", None),
    "seedance-1-5-pro-251215": ("2.4", "2.4"),
    "seedance-1-0-pro-250528": ("2.5", "2.5"),
    "seedance-1-0-lite-t2v-250428": ("1.8", "1.8"),
    "seedance-1-0-lite-i2v-250428": ("1.8", "1.8"),
}
_SILENT = {"seedance-1-5-pro-251215": "1.2"}
_WIDE = "16:9"


class BytePlus(Ark):
    """The provider `byteplus`."""

    info = ProviderInfo(
        name="byteplus",
        base_url="https://ark.ap-southeast.bytepluses.com/api/v3",
        key_env="BYTEPLUS_API_KEY",
        further_key_envs=("ARK_API_KEY",),
        base_url_env="BYTEPLUS_BASE_URL",
        docs="https://docs.byteplus.com/en/docs/ModelArk",
        model_use=ModelUse.REQUIRED,
        models=models("dreamina-seedance-", "seedance-"),
        open_models=True,
        unlisted_limits=False,
        fields=ANY_FIELDS,
        seeds=SEEDS,
        media=ANY_MEDIA,
        submit_path=TASKS,
        no_id=NO_TASK,
        can_cancel=True,
        cancel_deletes=True,
        price_unit="USD",
        charge_unit="tokens",
        prices_of="2026-09-28",
        price_advice=(
            "byteplus lists tokens, and their number for 16:9 only, up to 1080p, for 1.0, 1.5 and "
            "2.0, without videos: give -m and -a 16:9"
        ),
    )

    def listed(self, fields: PricedFields) -> Decimal | None:
        """From the price list: tokens times the rate."""
        model, resolution = fields.model or "", fields.resolution or ""
        low, high = _RATES.get(model, (None, None))
        rate = high if resolution == "1080p" else low
        if fields.audio is False:
            rate = _SILENT.get(model, rate)
        older = model.startswith("seedance-1-0")
        pixels = (_OF_1_0 if older else _OF_2_AND_1_5).get(resolution)
        ratio = fields.aspect_ratio
        if ratio is None and older and not fields.first_frame:
            ratio = _WIDE  # as the pages have it for text to video
        if rate is None or pixels is None or ratio != _WIDE or fields.reference_videos:
            return None
        tokens = Decimal(pixels * 24 * (fields.duration or 0)) / 1024
        return (tokens * Decimal(rate) * _PER_TOKEN).normalize()


PROVIDER = BytePlus()

"""Volcengine Ark, the same as BytePlus ModelArk in China, with keys and model ids of its own.

All of it stands in `_ark`. BytePlus's price list says nothing of what it charges.
"""

from __future__ import annotations

from seedance_cli.providers._ark import ANY_FIELDS, ANY_MEDIA, NO_TASK, SEEDS, TASKS, Ark, models
from seedance_cli.providers._info import ModelUse, ProviderInfo


class Volcengine(Ark):
    """The provider `volcengine`."""

    info = ProviderInfo(
        name="volcengine",
        base_url="https://ark.cn-beijing.volces.com/api/v3",
        key_env="VOLCENGINE_API_KEY",
        further_key_envs=("ARK_API_KEY",),
        base_url_env="VOLCENGINE_BASE_URL",
        docs="https://www.volcengine.com/docs/82379/1520757",
        model_use=ModelUse.REQUIRED,
        models=models("doubao-seedance-", "doubao-seedance-"),
        open_models=True,
        unlisted_limits=False,
        fields=ANY_FIELDS,
        seeds=SEEDS,
        media=ANY_MEDIA,
        submit_path=TASKS,
        no_id=NO_TASK,
        can_cancel=True,
        cancel_deletes=True,
        price_unit="tokens",
    )


PROVIDER = Volcengine()

"""BytePlus ModelArk: Ark outside China. All of it stands in `_ark`."""

from __future__ import annotations

from seedance_cli.sandbox.dialects._ark import ArkDialect


class BytePlus(ArkDialect):
    """The ids of its models begin in its own way."""

    name = "byteplus"
    prefix = "dreamina-seedance-"
    older_prefix = "seedance-"


DIALECT = BytePlus()

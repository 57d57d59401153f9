"""Volcengine Ark: Ark in China. All of it stands in `_ark`."""

from __future__ import annotations

from seedance_cli.sandbox.dialects._ark import ArkDialect


class Volcengine(ArkDialect):
    """The ids of its models begin in its own way."""

    name = "volcengine"
    prefix = "doubao-seedance-"
    older_prefix = "doubao-seedance-"


DIALECT = Volcengine()

"""What JSON can say, as types, and the mappings with nothing in them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = dict[str, JsonValue]

NOTHING: Mapping[str, str] = MappingProxyType({})
NO_PARAMS: Mapping[str, JsonValue] = MappingProxyType({})

"""A provider's table of fields: which option stands under which name and type on the wire.

The request, the priced fields, the capabilities and what the fingerprint leaves out are all read
from that one table, so no provider can have them disagree.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from seedance_cli._named import NamedTuple
from seedance_cli.errors import UsageError
from seedance_cli.models import PricedFields, VideoRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from seedance_cli.models import HttpRequest, JsonObject, JsonValue

Value = str | int | bool | None
Reader: TypeAlias = "Callable[[JsonObject, str], Value]"
NO_READERS: Mapping[str, Reader] = MappingProxyType({})

FLAGS = {
    "prompt": "PROMPT",
    "images": "--image",
    "reference_videos": "--reference-video",
    "reference_audios": "--reference-audio",
    **{
        option: f"--{option.replace('_', '-')}"
        for option in VideoRequest._fields
        if option not in {"prompt", "images", "reference_videos", "reference_audios", "params"}
    },
}
"""How the command line writes each option."""

_SECONDS = r"[1-9][0-9]{0,5}"
_NOT_BOUGHT = frozenset({"callback_url", "metadata"})
"""Options that do not change which video is bought."""
_COUNTED = frozenset({"images", "reference_videos", "reference_audios"})
_FILLED_IN = frozenset({"model", "duration", "resolution", "audio"})
"""Priced fields that show a default as if it had been sent; the others are None where it is."""


class UndocumentedTypeError(ValueError):
    """A wire value has a type or spelling that the documents do not know."""


def seconds(level: JsonObject, key: str) -> int:
    """A duration that stands on the wire as a number.

    Args:
        level: the object that holds the value.
        key: the wire name, which is there.

    Raises:
        UndocumentedTypeError: the value is of another type.
    """
    value = level[key]
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise UndocumentedTypeError(key)


def seconds_as_text(level: JsonObject, key: str) -> int:
    """A duration that stands on the wire as `"8"`. Arguments and errors as for `seconds`."""
    value = level[key]
    if isinstance(value, str) and re.fullmatch(_SECONDS, value):
        return int(value)
    raise UndocumentedTypeError(key)


def word(level: JsonObject, key: str) -> str:
    """A string on the wire. Arguments and errors as for `seconds`."""
    value = level[key]
    if not isinstance(value, str) or not value:
        raise UndocumentedTypeError(key)
    return value


def count(level: JsonObject, key: str) -> int:
    """How many things a list on the wire holds. Arguments and errors as for `seconds`."""
    value = level[key]
    if not isinstance(value, list):
        raise UndocumentedTypeError(key)
    return len(value)


def texts(level: JsonObject, key: str) -> list[str]:
    """A list of strings on the wire. Arguments and errors as for `seconds`."""
    value = level[key]
    if not isinstance(value, list):
        raise UndocumentedTypeError(key)
    found = [one for one in value if isinstance(one, str)]
    if len(found) < len(value):
        raise UndocumentedTypeError(key)
    return found


def switch(level: JsonObject, key: str) -> bool:
    """A boolean on the wire. Arguments and errors as for `seconds`."""
    value = level[key]
    if not isinstance(value, bool):
        raise UndocumentedTypeError(key)
    return value


def there(level: JsonObject, key: str) -> bool:
    """That a string is on the wire. Arguments and errors as for `seconds`."""
    return bool(word(level, key))


class WireType(NamedTuple):
    """How the values of an option look on the wire."""

    write: Callable[[VideoRequest, str], JsonValue]
    """The wire value of the named option; None: not set, and so not sent."""
    read: Reader
    """The value under a wire name that is there; UndocumentedTypeError for another type."""


def _given(video: VideoRequest, option: str) -> JsonValue:
    value: JsonValue = getattr(video, option)
    return value


def _digits(video: VideoRequest, option: str) -> JsonValue:
    value = _given(video, option)
    return None if value is None else str(value)


TEXT = WireType(_given, word)
SWITCH = WireType(_given, switch)
SECONDS = WireType(_given, seconds)
SECONDS_AS_TEXT = WireType(_digits, seconds_as_text)
URLS = WireType(lambda video, option: list(getattr(video, option)) or None, count)
URL = WireType(_given, there)
UNPRICED = WireType(_given, lambda *_: None)
"""A value that no price depends on, and so is not read."""
STRINGS = WireType(lambda video, option: dict(getattr(video, option)) or None, lambda *_: None)
"""An object of strings. Nobody charges for one, so it is not read."""

_TYPES = {
    "duration": SECONDS,
    "audio": SWITCH,
    "fixed_lens": SWITCH,
    "seed": UNPRICED,
    "watermark": SWITCH,
    "images": URLS,
    "first_frame": URL,
    "last_frame": URL,
    "reference_videos": URLS,
    "reference_audios": URLS,
    "last_frame_out": SWITCH,
    "metadata": STRINGS,
}
"""The usual type of an option; of all others TEXT."""


class Field(NamedTuple):
    """One field of a request body."""

    option: str
    """The field of `VideoRequest` that sets it."""
    wire: str
    """Its name on the wire."""
    default: Value = None
    """What the provider takes where the field is not sent; None: stated nowhere."""
    own_type: WireType | None = None
    """None: the usual type of the option."""
    own_flag: str = ""
    """The option as errors name it, where the field is set by more than one."""
    outside: bool = False
    """Whether it stands beside the object that holds the other fields (`Fields.inside`)."""
    also: Mapping[str, Reader] = NO_READERS
    """Further options that its type writes into the same value, and how each is read from there."""

    @property
    def type(self) -> WireType:
        """How its values look on the wire."""
        return self.own_type or _TYPES.get(self.option, TEXT)

    @property
    def flag(self) -> str:
        """The option as errors name it."""
        return self.own_flag or FLAGS[self.option]

    @property
    def bought(self) -> bool:
        """Whether it is part of the fingerprint."""
        return self.option not in _NOT_BOUGHT

    def priced_values(self, level: JsonObject) -> Iterator[tuple[str, Value]]:
        """Its options that may decide the price, each with its value for `PricedFields`.

        Raises:
            UndocumentedTypeError: the wire value is of another type.
        """
        for option, read in ((self.option, self.type.read), *self.also.items()):
            if option not in PricedFields._fields:
                continue
            default = self.default if option == self.option else None
            value: Value = 0 if option in _COUNTED else None
            if self.wire in level:
                value = read(level, self.wire)
            if option in _FILLED_IN:
                yield option, default if value is None else value
            else:
                yield option, None if value == default else value


class Fields(NamedTuple):
    """Every field that a provider documents, in the order of its documents."""

    table: tuple[Field, ...] = ()
    inside: str = ""
    """The object of the body in which they stand; empty: the body itself."""

    def body(self, video: VideoRequest) -> JsonObject:
        """The body of the request, with the `--param` fields beside the provider's own.

        Raises:
            UsageError: a `--param` names a field that an option already set.
        """
        body: JsonObject = {}
        level: JsonObject = {} if self.inside else body
        for field in self.table:
            if self.inside and not field.outside:
                body.setdefault(self.inside, level)
            value = field.type.write(video, field.option)
            if value is not None:
                (body if field.outside else level)[field.wire] = value
        flags = {field.wire: field.flag for field in self.table if not field.outside}
        _merge(level, video.params, flags)
        if self.inside:
            body[self.inside] = level
        return body

    def priced(self, body: JsonObject) -> PricedFields | None:
        """What decides the body's price; None where it holds what the documents do not know."""
        level = body.get(self.inside) if self.inside else body
        outside = {field.wire for field in self.table if field.outside}
        known = {field.wire for field in self.table if not field.outside}
        if self.inside and not body.keys() <= {self.inside, *outside}:
            return None
        if not isinstance(level, dict) or not level.keys() <= known:
            return None
        values: dict[str, Value] = dict.fromkeys(_FILLED_IN)
        try:
            for field in self.table:
                values.update(field.priced_values(body if field.outside else level))
        except UndocumentedTypeError:
            return None
        return PricedFields(**values)  # type: ignore[arg-type]  # each reader gives its field's type

    def bought(self, request: HttpRequest) -> HttpRequest:
        """The request without the fields that are no part of what is bought."""
        left_out = {one.wire for one in self.table if not one.bought and not one.outside}
        beside = {one.wire for one in self.table if not one.bought and one.outside}
        body = {name: value for name, value in request.body.items() if name not in beside}
        level = body.get(self.inside) if self.inside else body
        if isinstance(level, dict):
            kept = {name: value for name, value in level.items() if name not in left_out}
            body = {**body, self.inside: kept} if self.inside else kept
        return request._replace(body=body)

    def takes(self, option: str) -> bool:
        """Whether the provider has a field for the option."""
        return any(option == field.option or option in field.also for field in self.table)

    def model(self, body: JsonObject) -> str | None:
        """The model id in a body; None where it has none."""
        field = next((one for one in self.table if one.option == "model"), None)
        level = body.get(self.inside) if self.inside and field and not field.outside else body
        value = level.get(field.wire) if field and isinstance(level, dict) else None
        return value if isinstance(value, str) else None

    def defaults(self) -> dict[str, str | int | bool]:
        """What the provider takes for an option that is not sent, in the order of the options."""
        given = {one.option: one.default for one in self.table if one.default is not None}
        return {name: given[name] for name in VideoRequest._fields if name in given}


def _merge(level: JsonObject, params: Mapping[str, JsonValue], flags: Mapping[str, str]) -> None:
    """Put the `--param` fields into the level of the body where the provider's options live.

    Args:
        level: that level, changed in place.
        params: the fields.
        flags: for each wire field, the option that sets it.

    Raises:
        UsageError: an option already set that field.
    """
    for key, value in params.items():
        if key in level:
            raise UsageError(
                f"--param {key}: {flags.get(key, 'another option')} already sets that field",
                hint=f"leave out one of the two: --param {key} or {flags.get(key, 'the option')}",
            )
        level[key] = value

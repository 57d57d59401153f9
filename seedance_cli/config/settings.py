"""The settings that `profile set` and `profile unset` take, and what each one's value may be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from seedance_cli.config.schema import KEY_SETTINGS, OPTIONS
from seedance_cli.errors import UsageError
from seedance_cli.models import LONGEST_NAME, may_be_key
from seedance_cli.providers import ModelUse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seedance_cli.config.schema import Default
    from seedance_cli.providers import ProviderInfo

_SECONDS = re.compile(r"([1-9][0-9]{0,5})s?", re.ASCII)
# Capitals only, as every shell's convention has it: `sd2_live_…` is a key, put here by mistake.
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*", re.ASCII)
_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_SETTINGS = "provider, defaults.OPTION, providers.NAME.base_url, providers.NAME.api_key_env"


@dataclass(frozen=True, slots=True)
class Setting:
    """One place in a profile's table of `config.toml`."""

    path: tuple[str, ...]
    """Keys below the profile, underscores in an option's name."""

    def __str__(self) -> str:
        return ".".join(self.path)


def parse_setting(text: str, providers: tuple[str, ...], *, removing: bool = False) -> Setting:
    """The KEY of `profile set` and `profile unset`.

    Args:
        text: as typed; options in either spelling, `aspect-ratio` or `aspect_ratio`.
        providers: the names there are.
        removing: a key that only an editor can put into the file may be taken out.

    Raises:
        UsageError: no such setting. The text is not repeated: it may be a key, typed by mistake.
    """
    parts = tuple(text.split("."))
    match parts:
        case ("provider",):
            return Setting(parts)
        case ("defaults", option) if option.replace("-", "_") in OPTIONS:
            return Setting(("defaults", option.replace("-", "_")))
        case ("providers", name, field) if name in providers:
            if field in {"base_url", "api_key_env"} or (removing and field in KEY_SETTINGS):
                return Setting(parts)
    if parts[-1].replace("-", "_") == "api_key":
        raise UsageError(
            "a key is never taken from an argument", hint="use login: seedance login PROVIDER"
        )
    if parts[-1] == "api_key_command":
        raise UsageError(
            "api_key_command is a list of words; write it into the file with an editor",
            hint="seedance profile path",
        )
    if parts[0].replace("-", "_") in OPTIONS:
        raise UsageError("an option's default is under `defaults`", hint=f"KEY is {_SETTINGS}")
    raise UsageError(
        "there is no such setting",
        hint=f"KEY is {_SETTINGS}; OPTION one of {', '.join(OPTIONS)}; "
        f"NAME one of {', '.join(providers)}",
    )


def parse_value(setting: Setting, text: str, providers: tuple[str, ...]) -> Default:
    """The VALUE of `profile set`, checked by the type of its setting.

    Raises:
        UsageError: it does not fit. It is not repeated: it may be a key, typed by mistake.
    """
    if setting.path == ("provider",):
        if text in providers:
            return text
        raise UsageError("there is no such provider", hint=f"one of {', '.join(providers)}")
    parse = _PARSERS.get(setting.path[-1], _word)
    return parse(setting, text)


def doubt(
    info: ProviderInfo, defaults: Mapping[str, Default], option: str, value: Default
) -> str | None:
    """Why the profile's provider would not take a default as it is; None if it would.

    Args:
        info: the provider that the profile names.
        defaults: the profile's, for its model.
        option: the option's name.
        value: its new default.
    """
    if option == "output":
        return None
    model = defaults.get("model")
    limits = info.model(model if isinstance(model, str) else None)
    has_model = option == "model" and info.model_use is not ModelUse.NONE
    if not has_model and not info.takes(option, limits):
        return f"{info.name} has no option {option}"
    allowed: dict[str, tuple[Default, ...]] = {
        "duration": limits.durations,
        "resolution": limits.resolutions,
        "aspect_ratio": limits.aspect_ratios,
        "model": () if info.open_models else tuple(m.id for m in info.models),
    }
    values = allowed.get(option, ())
    if not values or value in values:
        return None
    listed = ", ".join(str(one) for one in values)
    return f"{info.name} documents no {option} {value}, but {listed}"


def _word(setting: Setting, text: str) -> str:
    if text and text.isprintable() and not any(c.isspace() for c in text):
        return text
    raise UsageError(f"{setting} takes one word")


def _seconds(setting: Setting, text: str) -> int:
    seconds = _SECONDS.fullmatch(text)
    if seconds:
        return int(seconds[1])
    raise UsageError(f"{setting} takes seconds, e.g. 8 or 8s")


def _switch(setting: Setting, text: str) -> bool:
    word = text.lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise UsageError(f"{setting} takes true or false")


def _variable(setting: Setting, text: str) -> str:
    if len(text) <= LONGEST_NAME and _VARIABLE.fullmatch(text) and not may_be_key(text):
        return text
    raise UsageError(
        f"{setting} takes the name of a variable in capitals, not a key",
        hint=f"for example: {setting} MY_KEY",
    )


def _base_url(setting: Setting, text: str) -> str:
    from seedance_cli.config.endpoints import normalised

    try:
        return normalised(text)
    except ValueError as error:
        raise UsageError(f"the value for {setting} {error}") from None


def _callback(setting: Setting, text: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    usable = text.isprintable() and not any(c.isspace() for c in text)
    if usable and parts.scheme in {"http", "https"} and parts.hostname:
        return text
    raise UsageError(f"{setting} takes an http or https URL")


def _output(setting: Setting, text: str) -> str:
    from pathlib import Path

    from seedance_cli.models import default_fault

    fault = default_fault(text, Path())
    if fault is None:
        return text
    raise UsageError(f"{setting} {fault}")


_PARSERS: Mapping[str, Callable[[Setting, str], Default]] = {
    "duration": _seconds,
    "audio": _switch,
    "fixed_lens": _switch,
    "callback_url": _callback,
    "output": _output,
    "base_url": _base_url,
    "api_key_env": _variable,
}

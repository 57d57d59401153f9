"""One thing that a provider does not take, and the words that such things share."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.models import may_be_key, told, unsafe
from seedance_cli.providers import FLAGS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from seedance_cli.providers import ModelInfo, ProviderInfo

    Suits = Callable[[ProviderInfo, ModelInfo], bool]

_SHOWN = 60


class Refusal(NamedTuple):
    """One thing that the provider does not take.

    Attributes:
        option: as typed, with its value: `--duration 7`.
        reason: why not, with the allowed values.
        suits: which provider and model would take it; None: it is wrong everywhere.
        hard: whether `--no-validate` leaves it standing.
        hint: what to type instead.
    """

    option: str
    reason: str
    suits: Suits | None = None
    hard: bool = True
    hint: str | None = None


def missing(
    info: ProviderInfo, model: ModelInfo, option: str, *, typed: str | None = None
) -> Refusal:
    """That the provider, or this model of it, has no such option.

    Args:
        info: the provider.
        model: the one of the request.
        option: the field of `VideoRequest`.
        typed: as the user wrote it; None: the option's usual name.
    """
    name = subject(info, model) if info.takes(option) else info.name
    return Refusal(
        option=typed or FLAGS[option],
        reason=f"{name} has no option {FLAGS[option]}",
        suits=lambda other, one: other.takes(option, one),
    )


def subject(info: ProviderInfo, model: ModelInfo) -> str:
    """Whom an error speaks of: the provider, and the model where it has several."""
    return info.name if len(info.models) == 1 else f"{info.name} with {model.id}"


def url_fault(url: str) -> str | None:
    """What is wrong with the form of a URL; None where it is an http(s) URL with a host."""
    from urllib.parse import urlsplit

    if not url:
        return "it is empty: is a variable not set?"
    if unsafe(url) or re.search(r"[\s\\]", url):
        return "a URL has no spaces, backslashes or control characters"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"no URL: {error}"
    if parts.scheme not in {"http", "https"}:
        return "only http:// and https:// URLs are allowed"
    if not host or not host.strip(".") or ("%" in host and ":" not in host):
        return "the URL has no usable host"
    return None


def ids(info: ProviderInfo) -> tuple[str, ...]:
    """The ids of the models that the provider lists."""
    return tuple(model.id for model in info.models)


def listed(values: Sequence[int | str]) -> str:
    """Values for a message."""
    return ", ".join(str(value) for value in values)


@lru_cache(maxsize=64)
def shown(text: str) -> str:
    """A typed value, short enough for a message; of a batch's rows most have the same."""
    if "://" not in text and may_be_key(text):
        return told(text)
    if not text.strip():
        return repr(text)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"

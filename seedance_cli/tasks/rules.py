"""What a provider does not take of a request: the rules, fed by `ProviderInfo`; nothing is raised.

A *hard* refusal always counts. The others speak of values outside the documented sets, and
`--no-validate` lets those pass.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from seedance_cli import models
from seedance_cli.models import may_be_key, told, unsafe
from seedance_cli.providers import ModelUse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from seedance_cli.models import VideoRequest
    from seedance_cli.providers import ModelInfo, ProviderInfo

    Suits = Callable[[ProviderInfo, ModelInfo], bool]

SANDBOX_WORDS = (
    "sandbox:fail",
    "sandbox:moderated",
    "sandbox:stuck",
    "sandbox:slow",
    "sandbox:no-credits",
    "sandbox:rate-limit",
    "sandbox:server-error",
    "sandbox:lost-response",
    "sandbox:unknown-status",
    "sandbox:html",
    "sandbox:expired-url",
    "sandbox:truncated",
    "sandbox:bad-video",
)
"""A prompt that begins with one provokes a fault in the sandbox; elsewhere it would cost money."""

MAX_SECONDS = 86_400
"""No service makes a video of a day; a longer `--duration` is a slip, also with `--no-validate`."""

_NOT_TEXT = "[\x00\ud800-\udfff]"
_SHOWN = 60
_PRINTABLE = 10**18


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


def refusals(info: ProviderInfo, video: VideoRequest, *, loopback: bool) -> Iterator[Refusal]:
    """All that the provider does not take of a request.

    Args:
        info: the provider's capabilities.
        video: the request.
        loopback: the request goes to this machine, where private URLs are fine.
    """
    yield from _prompt(info, video.prompt, loopback=loopback)
    if video.model is not None:
        yield from model_refusals(info, video.model)
    yield from _limits(info, video)
    yield from _switches(info, video)
    yield from _images(info, video.images, loopback=loopback)
    if video.callback_url is not None:
        yield from _callback(info, video.callback_url, loopback=loopback)
    yield from _extras(info, video)


def _prompt(info: ProviderInfo, prompt: str, *, loopback: bool) -> Iterator[Refusal]:
    if not prompt.strip():
        yield Refusal(option="PROMPT", reason="the prompt is empty")
    if re.search(_NOT_TEXT, prompt):
        yield Refusal(option="PROMPT", reason="the prompt has a NUL or a lone surrogate in it")
    word = next((w for w in SANDBOX_WORDS if prompt.strip().lower().startswith(w)), None)
    if word is not None and not loopback:
        yield Refusal(
            option="PROMPT",
            reason=f"{word} provokes a fault in the sandbox only; {info.name} would charge for it",
            hint="add --sandbox",
        )
    if info.max_prompt is not None and len(prompt) > info.max_prompt:
        yield Refusal(
            option="PROMPT",
            reason=f"{info.name} takes at most {info.max_prompt} characters, these are"
            f" {len(prompt)}",
            suits=lambda other, _: other.max_prompt is None or other.max_prompt >= len(prompt),
            hard=False,
        )


def model_refusals(info: ProviderInfo, model: str) -> Iterator[Refusal]:
    """Why the provider does not take the model, if it does not."""
    option = f"--model {_shown(model)}"

    def lists(other: ProviderInfo, one: ModelInfo) -> bool:
        return one.id == model and other.model_use is not ModelUse.NONE

    if info.model_use is ModelUse.NONE:
        yield Refusal(option=option, reason=_no_option(info.name, "--model"), suits=lists)
    elif not model.strip() or unsafe(model):
        yield Refusal(option=option, reason=f"no model id; {info.name} lists {listed(ids(info))}")
    elif not info.open_models and model not in ids(info):
        yield Refusal(
            option=option,
            reason=f"{info.name} allows {listed(ids(info))}",
            suits=lists,
            hard=False,
        )


def _limits(info: ProviderInfo, video: VideoRequest) -> Iterator[Refusal]:
    if video.duration is not None:
        if 0 < video.duration <= MAX_SECONDS:
            option = f"--duration {video.duration}"
            yield from _limit(info, video, option, video.duration, lambda m: m.durations)
        else:
            # Python refuses to print a number of 5000 digits.
            small = abs(video.duration) < _PRINTABLE
            allowed = listed(info.model(video.model).durations)
            yield Refusal(
                option=f"--duration {video.duration if small else '(huge)'}",
                reason=f"{info.name} allows {allowed} (seconds)",
            )
    if video.resolution is not None:
        option = f"--resolution {_shown(video.resolution)}"
        yield from _limit(info, video, option, video.resolution, lambda m: m.resolutions)
    if video.aspect_ratio is not None:
        option = f"--aspect-ratio {_shown(video.aspect_ratio)}"
        yield from _limit(info, video, option, video.aspect_ratio, lambda m: m.aspect_ratios)


def _limit(
    info: ProviderInfo,
    video: VideoRequest,
    option: str,
    value: int | str,
    allowed_by: Callable[[ModelInfo], tuple[int | str, ...]],
) -> Iterator[Refusal]:
    """A value that the model's documented set must hold; an empty set: there is no such field."""
    model = info.model(video.model)
    allowed = allowed_by(model)
    if allowed and isinstance(value, str) and (not value or re.search(_NOT_TEXT, value)):
        yield Refusal(option=option, reason=f"no value; {info.name} allows {listed(allowed)}")
    elif value not in allowed:
        name = info.name if len(info.models) == 1 else f"{info.name} with {model.id}"
        flag = option.split(" ", 1)[0]
        yield Refusal(
            option=option,
            reason=f"{name} allows {listed(allowed)}" if allowed else _no_option(name, flag),
            suits=lambda _, other: value in allowed_by(other),
            hard=not allowed,
        )


def _switches(info: ProviderInfo, video: VideoRequest) -> Iterator[Refusal]:
    if video.audio is not None and not info.audio:
        typed = "--audio" if video.audio else "--no-audio"
        yield _missing(info, "--audio", lambda other, _: other.audio, typed=typed)
    if video.fixed_lens is not None and not info.fixed_lens:
        typed = "--fixed-lens" if video.fixed_lens else "--no-fixed-lens"
        yield _missing(info, "--fixed-lens", lambda other, _: other.fixed_lens, typed=typed)
    if video.metadata and not info.metadata:
        yield _missing(info, "--metadata", lambda other, _: other.metadata)


def _images(info: ProviderInfo, images: Sequence[str], *, loopback: bool) -> Iterator[Refusal]:
    count = len(images)
    if not count:
        return
    if info.max_images == 0:
        yield _missing(info, "--image", lambda other, _: other.max_images != 0)
        return
    for url in images:
        option = f"--image {_shown(url)}"
        fault = _url_fault(url)
        if fault is not None:
            hint = "these providers take no files: put the image at an http(s) address"
            yield Refusal(option=option, reason=fault, hint=None if "://" in url else hint)
        elif info.https_images and not url.lower().startswith("https://"):
            yield Refusal(
                option=option,
                reason=f"{info.name} allows only https:// here",
                suits=lambda other, _: other.max_images != 0 and not other.https_images,
                hard=False,
            )
        elif info.https_images and not loopback and models.is_private(url):
            yield Refusal(
                option=option,
                reason=f"{info.name} allows only public URLs, and cannot reach a private host",
                hard=False,
            )
    if info.max_images is not None and count > info.max_images:
        yield Refusal(
            option=f"--image, {count} times",
            reason=f"{info.name} allows at most {info.max_images}",
            suits=lambda other, _: other.max_images is None or other.max_images >= count,
            hard=False,
        )


def _callback(info: ProviderInfo, url: str, *, loopback: bool) -> Iterator[Refusal]:
    option = f"--callback-url {_shown(url)}"
    if not info.callback:
        yield _missing(info, "--callback-url", lambda other, _: other.callback)
        return
    fault = _url_fault(url)
    if fault is not None:
        yield Refusal(option=option, reason=fault)
    elif not loopback and models.is_private(url):
        yield Refusal(
            option=option,
            reason=f"{info.name} allows only public URLs, and cannot reach a private host",
            hint="give a public http(s) URL, or leave it out and poll with `seedance wait`",
        )


def _extras(info: ProviderInfo, video: VideoRequest) -> Iterator[Refusal]:
    """Text that no JSON in UTF-8 can carry, in what is passed through."""
    for key, value in video.metadata.items():
        if re.search(_NOT_TEXT, key + value):
            yield Refusal(
                option=f"--metadata {_shown(key)}",
                reason="there is a NUL or a lone surrogate in it",
            )
    import json

    for key, param in video.params.items():
        try:
            json.dumps({key: param}, ensure_ascii=False, allow_nan=False).encode()
        except (ValueError, RecursionError):
            yield Refusal(
                option=f"--param {_shown(key)}", reason=f"no JSON that {info.name} can be sent"
            )


def _missing(info: ProviderInfo, flag: str, suits: Suits, *, typed: str | None = None) -> Refusal:
    return Refusal(option=typed or flag, reason=_no_option(info.name, flag), suits=suits)


def _no_option(name: str, flag: str) -> str:
    return f"{name} has no option {flag}"


def _url_fault(url: str) -> str | None:
    """What is wrong with the form of a URL; None where it is an http(s) URL with a host."""
    from urllib.parse import urlsplit

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


def _shown(text: str) -> str:
    """A typed value, short enough for a message."""
    if "://" not in text and may_be_key(text):
        return told(text)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"

"""What a provider takes, checked before anything is sent: one validator, fed by `ProviderInfo`.

Each rule yields refusals; `check` raises the first one that counts. A *hard* refusal always counts.
The others speak of values outside the documented sets, and `--no-validate` lets those pass.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from seedance_cli.errors import UsageError
from seedance_cli.models import VideoRequest, may_be_key, told
from seedance_cli.providers import ModelUse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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
_TYPES: dict[str, type] = {
    "model": str,
    "duration": int,
    "resolution": str,
    "aspect_ratio": str,
    "audio": bool,
    "fixed_lens": bool,
    "callback_url": str,
}


class _Refusal(NamedTuple):
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


def check(
    info: ProviderInfo, video: VideoRequest, *, endpoint_is_loopback: bool, free: bool
) -> None:
    """Refuse what the provider does not take, and what nobody could.

    Args:
        info: the provider's capabilities.
        video: the request, its model chosen (`model_for`).
        endpoint_is_loopback: the request goes to this machine, where private URLs are fine.
        free: `--no-validate`: values outside the documented sets pass.

    Raises:
        UsageError: names the option, the allowed values and a provider that does support it.
    """
    for refusal in _refusals(info, video, loopback=endpoint_is_loopback):
        if refusal.hard or not free:
            raise _error(info, video, refusal, loopback=endpoint_is_loopback)


def model_for(
    info: ProviderInfo, model: str | None, *, free: bool = False
) -> tuple[str | None, bool]:
    """The model id to send, and whether this function chose it because one is required.

    Raises:
        UsageError: the provider takes no model, or not this one.
    """
    if model is None:
        required = info.model_use is ModelUse.REQUIRED
        return (info.models[0].id if required else None), required
    video = VideoRequest(prompt="-", model=model)
    for refusal in _model(info, model):
        if refusal.hard or not free:
            raise _error(info, video, refusal, loopback=True)
    return model, False


def fit_default(info: ProviderInfo, model: str | None, option: str, value: object) -> str | None:
    """Why a profile's default must be left out for this provider; None where it fits.

    Args:
        info: the provider's capabilities.
        model: the model of the request, on which the allowed values depend.
        option: the name of the option, e.g. `fixed_lens`.
        value: its default. Options that are no part of a request always fit.
    """
    name = option.replace("-", "_")
    if name not in _TYPES:
        return None
    kind = _TYPES[name]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        return f"{_flag(name)} takes {_KINDS[kind]}"
    video = replace(
        VideoRequest(prompt="-", model=model),
        **{name: value},  # type: ignore[arg-type]  # its type was checked above
    )
    refusals = _refusals(info, video, loopback=False)
    flags = {_flag(name), _flag(name).replace("--", "--no-", 1)}
    return next((r.reason for r in refusals if r.option.split(" ", 1)[0] in flags), None)


_KINDS: dict[type, str] = {str: "text", int: "a whole number", bool: "true or false"}


def _refusals(info: ProviderInfo, video: VideoRequest, *, loopback: bool) -> Iterator[_Refusal]:
    yield from _prompt(info, video.prompt, loopback=loopback)
    if video.model is not None:
        yield from _model(info, video.model)
    yield from _limits(info, video)
    yield from _switches(info, video)
    yield from _images(info, video.images, loopback=loopback)
    if video.callback_url is not None:
        yield from _callback(info, video.callback_url, loopback=loopback)
    yield from _extras(info, video)


def _prompt(info: ProviderInfo, prompt: str, *, loopback: bool) -> Iterator[_Refusal]:
    if not prompt.strip():
        yield _Refusal(option="PROMPT", reason="the prompt is empty")
    if re.search(_NOT_TEXT, prompt):
        yield _Refusal(option="PROMPT", reason="the prompt has a NUL or a lone surrogate in it")
    word = next((w for w in SANDBOX_WORDS if prompt.strip().lower().startswith(w)), None)
    if word is not None and not loopback:
        yield _Refusal(
            option="PROMPT",
            reason=f"{word} provokes a fault in the sandbox only; {info.name} would charge for it",
            hint="add --sandbox",
        )
    if info.max_prompt is not None and len(prompt) > info.max_prompt:
        yield _Refusal(
            option="PROMPT",
            reason=f"{info.name} takes at most {info.max_prompt} characters, these are"
            f" {len(prompt)}",
            suits=lambda other, _: other.max_prompt is None or other.max_prompt >= len(prompt),
            hard=False,
        )


def _model(info: ProviderInfo, model: str) -> Iterator[_Refusal]:
    option = f"--model {_shown(model)}"

    def lists(other: ProviderInfo, one: ModelInfo) -> bool:
        return one.id == model and other.model_use is not ModelUse.NONE

    if info.model_use is ModelUse.NONE:
        yield _Refusal(option=option, reason=_no_option(info.name, "--model"), suits=lists)
    elif not model.strip() or _has_unusable_characters(model):
        yield _Refusal(
            option=option, reason=f"no model id; {info.name} lists {_listed(_ids(info))}"
        )
    elif not info.open_models and model not in _ids(info):
        yield _Refusal(
            option=option,
            reason=f"{info.name} allows {_listed(_ids(info))}",
            suits=lists,
            hard=False,
        )


def _limits(info: ProviderInfo, video: VideoRequest) -> Iterator[_Refusal]:
    if video.duration is not None:
        if 0 < video.duration <= MAX_SECONDS:
            option = f"--duration {video.duration}"
            yield from _limit(info, video, option, video.duration, lambda m: m.durations)
        else:
            # Python refuses to print a number of 5000 digits.
            small = abs(video.duration) < _PRINTABLE
            allowed = _listed(info.model(video.model).durations)
            yield _Refusal(
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
) -> Iterator[_Refusal]:
    """A value that the model's documented set must hold; an empty set: there is no such field."""
    model = info.model(video.model)
    allowed = allowed_by(model)
    if allowed and isinstance(value, str) and (not value or re.search(_NOT_TEXT, value)):
        yield _Refusal(option=option, reason=f"no value; {info.name} allows {_listed(allowed)}")
    elif value not in allowed:
        name = info.name if len(info.models) == 1 else f"{info.name} with {model.id}"
        flag = option.split(" ", 1)[0]
        yield _Refusal(
            option=option,
            reason=f"{name} allows {_listed(allowed)}" if allowed else _no_option(name, flag),
            suits=lambda _, other: value in allowed_by(other),
            hard=not allowed,
        )


def _switches(info: ProviderInfo, video: VideoRequest) -> Iterator[_Refusal]:
    if video.audio is not None and not info.audio:
        typed = "--audio" if video.audio else "--no-audio"
        yield _missing(info, "--audio", lambda other, _: other.audio, typed=typed)
    if video.fixed_lens is not None and not info.fixed_lens:
        typed = "--fixed-lens" if video.fixed_lens else "--no-fixed-lens"
        yield _missing(info, "--fixed-lens", lambda other, _: other.fixed_lens, typed=typed)
    if video.metadata and not info.metadata:
        yield _missing(info, "--metadata", lambda other, _: other.metadata)


def _images(info: ProviderInfo, images: Sequence[str], *, loopback: bool) -> Iterator[_Refusal]:
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
            yield _Refusal(option=option, reason=fault, hint=None if "://" in url else hint)
        elif info.https_images and not url.lower().startswith("https://"):
            yield _Refusal(
                option=option,
                reason=f"{info.name} allows only https:// here",
                suits=lambda other, _: other.max_images != 0 and not other.https_images,
                hard=False,
            )
        elif info.https_images and not loopback and _is_private(url):
            yield _Refusal(
                option=option,
                reason=f"{info.name} allows only public URLs, and cannot reach a private host",
                hard=False,
            )
    if info.max_images is not None and count > info.max_images:
        yield _Refusal(
            option=f"--image, {count} times",
            reason=f"{info.name} allows at most {info.max_images}",
            suits=lambda other, _: other.max_images is None or other.max_images >= count,
            hard=False,
        )


def _callback(info: ProviderInfo, url: str, *, loopback: bool) -> Iterator[_Refusal]:
    option = f"--callback-url {_shown(url)}"
    if not info.callback:
        yield _missing(info, "--callback-url", lambda other, _: other.callback)
        return
    fault = _url_fault(url)
    if fault is not None:
        yield _Refusal(option=option, reason=fault)
    elif not loopback and _is_private(url):
        yield _Refusal(
            option=option,
            reason=f"{info.name} allows only public URLs, and cannot reach a private host",
            hint="give a public http(s) URL, or leave it out and poll with `seedance wait`",
        )


def _extras(info: ProviderInfo, video: VideoRequest) -> Iterator[_Refusal]:
    """Text that no JSON in UTF-8 can carry, in what is passed through."""
    for key, value in video.metadata.items():
        if re.search(_NOT_TEXT, key + value):
            yield _Refusal(
                option=f"--metadata {_shown(key)}",
                reason="there is a NUL or a lone surrogate in it",
            )
    import json

    for key, param in video.params.items():
        try:
            json.dumps({key: param}, ensure_ascii=False, allow_nan=False).encode()
        except (ValueError, RecursionError):
            yield _Refusal(
                option=f"--param {_shown(key)}", reason=f"no JSON that {info.name} can be sent"
            )


def _missing(info: ProviderInfo, flag: str, suits: Suits, *, typed: str | None = None) -> _Refusal:
    return _Refusal(option=typed or flag, reason=_no_option(info.name, flag), suits=suits)


def _no_option(name: str, flag: str) -> str:
    return f"{name} has no option {flag}"


def _error(
    info: ProviderInfo, video: VideoRequest, refusal: _Refusal, *, loopback: bool
) -> UsageError:
    message = f"{refusal.option}: {refusal.reason}"
    hint = refusal.hint
    if refusal.suits is not None:
        models, others = _elsewhere(info, video, refusal.suits, loopback=loopback)
        if models:
            message += f"; {_listed(models)} of {info.name} would do"
        message += (
            f"; supported by {_listed(others)}" if others else "; no other provider supports it"
        )
        choices = [f"-m {models[0]}"] if models else [f"-p {name}" for name in others[:1]]
        if not refusal.hard:
            choices.append("--no-validate, which sends it as it is")
        hint = f"try {', or '.join(choices)}" if choices else "leave it out"
    elif not refusal.hard:
        hint = "--no-validate sends it as it is"
    return UsageError(message, hint=hint, provider=info.name)


def _elsewhere(
    info: ProviderInfo, video: VideoRequest, suits: Suits, *, loopback: bool
) -> tuple[list[str], list[str]]:
    """Other models of this provider, and other providers, that take what this one refuses.

    Providers that take the whole request come first.
    """
    from seedance_cli import providers

    choosable = info.model_use is not ModelUse.NONE
    models = [m.id for m in info.models if choosable and m.id != video.model and suits(info, m)]
    infos = (providers.get(name).info for name in providers.names() if name != info.name)
    others = [other for other in infos if any(suits(other, model) for model in other.models)]

    def leaves_something_out(other: ProviderInfo) -> bool:
        listed = video.model in _ids(other) and other.model_use is not ModelUse.NONE
        moved = video if listed else replace(video, model=None)
        return next(_refusals(other, moved, loopback=loopback), None) is not None

    return models, [other.name for other in sorted(others, key=leaves_something_out)]


def _url_fault(url: str) -> str | None:
    """What is wrong with the form of a URL; None where it is an http(s) URL with a host."""
    from urllib.parse import urlsplit

    if _has_unusable_characters(url) or re.search(r"[\s\\]", url):
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


def _has_unusable_characters(text: str) -> bool:
    from seedance_cli.providers import has_unusable_characters

    return has_unusable_characters(text)


def _ids(info: ProviderInfo) -> tuple[str, ...]:
    return tuple(model.id for model in info.models)


def _listed(values: Sequence[int | str]) -> str:
    return ", ".join(str(value) for value in values)


def _shown(text: str) -> str:
    """A typed value, short enough for a message."""
    if "://" not in text and may_be_key(text):
        return told(text)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _is_private(url: str) -> bool:
    from seedance_cli.models import is_private  # knows every network there is

    return is_private(url)

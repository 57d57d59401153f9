"""What a provider does not take of a request: the rules, fed by `ProviderInfo`; nothing is raised.

A *hard* refusal always counts. The others speak of values outside the documented sets, and
`--no-validate` lets those pass.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seedance_cli import models
from seedance_cli.models import may_be_key, unsafe
from seedance_cli.providers import FLAGS, ModelUse
from seedance_cli.tasks.media_rules import media_refusals
from seedance_cli.tasks.refusal import Refusal, ids, listed, missing, shown, subject, url_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seedance_cli.models import VideoRequest
    from seedance_cli.providers import ModelInfo, ProviderInfo

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

_MAY_BE_KEY = "it may be a key, which no provider is to read"
_PRINTABLE = 10**18


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
    yield from media_refusals(info, video, loopback=loopback)
    if video.callback_url is not None:
        yield from _callback(info, video.model, video.callback_url, loopback=loopback)
    yield from _extras(info, video)


def _is_text(text: str) -> bool:
    """Whether JSON in UTF-8 can carry it: it has neither a NUL nor a lone surrogate."""
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False


def _prompt(info: ProviderInfo, prompt: str, *, loopback: bool) -> Iterator[Refusal]:
    if not prompt.strip():
        yield Refusal(option="PROMPT", reason="the prompt is empty")
    if not _is_text(prompt):
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
    option = f"--model {shown(model)}"

    def lists(other: ProviderInfo, one: ModelInfo) -> bool:
        return one.id == model and other.model_use is not ModelUse.NONE

    if info.model_use is ModelUse.NONE:
        yield Refusal(option=option, reason=f"{info.name} has no option --model", suits=lists)
    elif not model.strip() or unsafe(model):
        yield Refusal(option=option, reason=f"no model id; {info.name} lists {listed(ids(info))}")
    elif info.model_form and not re.fullmatch(info.model_form, model, re.ASCII):
        yield Refusal(
            option=option, reason=f"{info.name} names a model {info.model_words}", suits=lists
        )
    elif not info.open_models and model not in ids(info):
        yield Refusal(
            option=option,
            reason=f"{info.name} allows {listed(ids(info))}",
            suits=lists,
            hard=False,
        )
    elif model not in ids(info) and may_be_key(model):
        yield Refusal(option=option, reason=_MAY_BE_KEY, hard=False)


def _limits(info: ProviderInfo, video: VideoRequest) -> Iterator[Refusal]:
    if video.duration is not None:
        if 0 < video.duration <= MAX_SECONDS:
            flag = f"--duration {video.duration}"
            yield from _limit(info, video, "duration", flag, lambda m: m.durations)
        else:
            # Python refuses to print a number of 5000 digits.
            small = abs(video.duration) < _PRINTABLE
            allowed = listed(info.model(video.model).durations) or "1 and more"
            yield Refusal(
                option=f"--duration {video.duration if small else '(huge)'}",
                reason=f"{info.name} allows {allowed} (seconds)",
            )
    if video.resolution is not None:
        flag = f"--resolution {shown(video.resolution)}"
        yield from _limit(info, video, "resolution", flag, lambda m: m.resolutions)
    if video.aspect_ratio is not None:
        flag = f"--aspect-ratio {shown(video.aspect_ratio)}"
        yield from _limit(info, video, "aspect_ratio", flag, lambda m: m.aspect_ratios)
        seen = [name for name in ("images", "reference_videos") if getattr(video, name)]
        if seen and info.limits(info.model(video.model)).shape:
            yield Refusal(
                option=flag,
                reason=f"{info.name} takes the ratio of the {'image' if video.images else 'video'}",
                suits=lambda other, one: (
                    all(other.takes(name, one) for name in ("aspect_ratio", *seen))
                    and not other.limits(one).shape
                    and video.aspect_ratio in one.aspect_ratios
                ),
                hard=False,
            )


def _limit(
    info: ProviderInfo,
    video: VideoRequest,
    option: str,
    typed: str,
    allowed_by: Callable[[ModelInfo], tuple[int | str, ...]],
) -> Iterator[Refusal]:
    """A value that the model's documented set must hold; an empty set: none is documented."""

    def fits(one: ModelInfo) -> bool:
        return not allowed_by(one) or value in allowed_by(one)

    def suits(other: ProviderInfo, one: ModelInfo) -> bool:
        """Whether a model is known to take it: one that states no values is not named."""
        return other.takes(option, one) and value in allowed_by(one)

    model = info.model(video.model)
    value, allowed = getattr(video, option), allowed_by(model)
    if not info.takes(option, model):
        found = missing(info, model, option, typed=typed)
        yield found._replace(suits=suits)
    elif isinstance(value, str) and (not value or not _is_text(value)):
        choice = f"; {info.name} allows {listed(allowed)}" if allowed else ""
        yield Refusal(option=typed, reason=f"no value{choice}")
    elif not fits(model):
        yield Refusal(
            option=typed,
            reason=f"{subject(info, model)} allows {listed(allowed)}",
            suits=suits,
            hard=False,
        )
    elif isinstance(value, str) and value not in allowed and may_be_key(value):
        yield Refusal(option=typed, reason=_MAY_BE_KEY, hard=False)


def _switches(info: ProviderInfo, video: VideoRequest) -> Iterator[Refusal]:
    """Options that a model takes or does not, whatever their value."""
    model = info.model(video.model)
    for option in ("audio", "fixed_lens", "watermark", "last_frame_out", "seed", "metadata"):
        value = getattr(video, option)
        if value is None or value == {} or info.takes(option, model):
            continue
        flag = FLAGS[option]
        typed = flag.replace("--", "--no-", 1) if value is False else flag
        yield missing(info, model, option, typed=typed)
    seed, seeds = video.seed, info.seeds
    if seed is not None and seeds is not None and info.takes("seed", model) and seed not in seeds:
        yield Refusal(
            option=f"--seed {seed if abs(seed) < _PRINTABLE else '(huge)'}",
            reason=f"{subject(info, model)} allows {seeds[0]} to {seeds[-1]}",
            hard=False,
        )


def _callback(
    info: ProviderInfo, model: str | None, url: str, *, loopback: bool
) -> Iterator[Refusal]:
    option = f"--callback-url {shown(url)}"
    if not info.takes("callback_url", info.model(model)):
        yield missing(info, info.model(model), "callback_url")
        return
    fault = url_fault(url)
    if fault is not None:
        yield Refusal(option=option, reason=fault)
    elif not loopback and models.is_private(url):
        yield Refusal(
            option=option,
            reason=f"{info.name} allows only public URLs, and cannot reach a private host",
            hint="give a public http(s) URL, or leave it out and poll with `seedance wait`",
        )
    elif (
        info.https_callback
        and not url.lower().startswith("https://")
        and not (loopback and models.is_private(url))
    ):
        yield Refusal(
            option=option,
            reason=f"{info.name} allows only https:// here",
            suits=lambda other, one: other.takes("callback_url", one) and not other.https_callback,
            hard=False,
        )


def _extras(info: ProviderInfo, video: VideoRequest) -> Iterator[Refusal]:
    """Text that no JSON in UTF-8 can carry, in what is passed through."""
    for key, value in video.metadata.items():
        if not _is_text(key + value):
            yield Refusal(
                option=f"--metadata {shown(key)}",
                reason="there is a NUL or a lone surrogate in it",
            )
    import json

    for key, param in video.params.items():
        try:
            json.dumps({key: param}, ensure_ascii=False, allow_nan=False).encode()
        except (ValueError, RecursionError):
            yield Refusal(
                option=f"--param {shown(key)}", reason=f"no JSON that {info.name} can be sent"
            )

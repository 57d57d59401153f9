"""What a provider takes, checked before anything is sent: the first refusal that counts is raised.

What is refused, and why, stands in `rules`; here is what the user may do instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli import providers
from seedance_cli.errors import UsageError
from seedance_cli.models import OPTION_TYPES, VideoRequest
from seedance_cli.providers import ModelUse
from seedance_cli.tasks.refusal import ids, listed
from seedance_cli.tasks.rules import model_refusals, refusals

if TYPE_CHECKING:
    from seedance_cli.providers import ProviderInfo
    from seedance_cli.tasks.refusal import Refusal, Suits

_KINDS: dict[type, str] = {str: "text", int: "a whole number", bool: "true or false"}


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
    for refusal in refusals(info, video, loopback=endpoint_is_loopback):
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
    for refusal in model_refusals(info, model):
        if refusal.hard or not free:
            raise _error(info, video, refusal, loopback=True)
    return model, False


def fit_default(info: ProviderInfo, video: VideoRequest, option: str, value: object) -> str | None:
    """Why a profile's default must be left out for this provider; None where it fits.

    Args:
        info: the provider's capabilities.
        video: the request so far, on which the allowed values depend.
        option: the name of the option, e.g. `fixed_lens`.
        value: its default. Options that are no part of a request always fit.
    """
    name = option.replace("-", "_")
    if name not in OPTION_TYPES:
        return None
    kind = OPTION_TYPES[name]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        return f"{_flag(name)} takes {_KINDS[kind]}"
    changed = video._replace(
        **{name: value},  # type: ignore[arg-type]  # its type was checked above
    )
    found = refusals(info, changed, loopback=False)
    flags = {_flag(name), _flag(name).replace("--", "--no-", 1)}
    return next((r.reason for r in found if r.option.split(" ", 1)[0] in flags), None)


def _error(
    info: ProviderInfo, video: VideoRequest, refusal: Refusal, *, loopback: bool
) -> UsageError:
    message = f"{refusal.option}: {refusal.reason}"
    hint = refusal.hint
    if refusal.suits is not None:
        models, others = _elsewhere(info, video, refusal.suits, loopback=loopback)
        if models:
            message += f"; {listed(models)} of {info.name} would do"
        message += (
            f"; supported by {listed(others)}" if others else "; no other provider supports it"
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

    Providers that are known to take the whole request come first.
    """
    choosable = info.model_use is not ModelUse.NONE
    models = [m.id for m in info.models if choosable and m.id != video.model and suits(info, m)]
    infos = (providers.get(name).info for name in providers.names() if name != info.name)
    others = [other for other in infos if any(suits(other, model) for model in other.models)]

    def leaves_something_out(other: ProviderInfo) -> bool:
        has_model = video.model in ids(other) and other.model_use is not ModelUse.NONE
        moved = video if has_model else video._replace(model=None)
        if next(refusals(other, moved, loopback=loopback), None) is not None:
            return True
        one = other.model(moved.model)
        stated = (one.durations, one.resolutions, one.aspect_ratios)
        typed = (video.duration, video.resolution, video.aspect_ratio)
        return any(
            value is not None and not values for value, values in zip(typed, stated, strict=True)
        )

    return models, [other.name for other in sorted(others, key=leaves_something_out)]


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")

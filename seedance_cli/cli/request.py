"""From the words of the command line to a VideoRequest that the provider takes."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from seedance_cli import tasks
from seedance_cli.errors import UsageError
from seedance_cli.models import DEEPEST, TooDeep, VideoRequest, exact_value, may_be_key, shown, told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from seedance_cli.cli.request_options import ExtraOptions, VideoOptions
    from seedance_cli.config import Settings
    from seedance_cli.models import JsonValue
    from seedance_cli.providers import ProviderInfo

_SECONDS = r"([0-9]{1,6})s?"
_SHOWN = 60
_MOST = 16 << 20
"""Bytes of a prompt that is read from a file or stdin, which may have no end."""


def prompt_text(argument: str | None, file: Path | None) -> str:
    """The prompt: the argument, or the file; `-` for either is stdin, and nothing else is.

    In a `while read` loop stdin is the rest of somebody's list.

    Raises:
        UsageError: none, two of them, or text that cannot be sent.
    """
    if argument is not None and file is not None:
        raise UsageError(
            "a PROMPT and --prompt-file were both given", hint="give one: the text, or the file"
        )
    if argument is None and file is None:
        raise UsageError(
            "there is no PROMPT", hint='seedance generate "a paper boat"; - reads it from stdin'
        )
    if argument is not None and argument != "-":
        text = argument
    elif file is not None and str(file) != "-":
        text = _from_file(file)
    else:
        text = _from_stdin()
    if not text.strip():
        raise UsageError("the prompt is empty", hint='seedance generate "a paper boat"')
    return text


def typed(prompt: str, video: VideoOptions, extra: ExtraOptions | None = None) -> VideoRequest:
    """The options as values.

    Raises:
        UsageError: one that has not even the right form, naming it.
    """
    request = VideoRequest(
        prompt=prompt,
        model=video.model,
        duration=None if video.duration is None else _seconds(video.duration),
        resolution=video.resolution,
        aspect_ratio=video.aspect_ratio,
        audio=video.audio,
        fixed_lens=video.fixed_lens,
        seed=video.seed,
        watermark=video.watermark,
        images=tuple(video.image or ()),
        first_frame=video.first_frame,
        last_frame=video.last_frame,
        reference_videos=tuple(video.reference_video or ()),
        reference_audios=tuple(video.reference_audio or ()),
        last_frame_out=video.last_frame_out or None,
    )
    if extra is None:
        return request
    return request._replace(
        callback_url=extra.callback_url,
        metadata=pairs("--metadata", extra.metadata or ()),
        params={key: _json(key, text) for key, text in pairs("--param", extra.param or ()).items()},
    )


def with_defaults(
    video: VideoRequest, settings: Settings, info: ProviderInfo, warn: Callable[[str], None]
) -> VideoRequest:
    """The request with the profile's defaults where the user typed nothing.

    A default that the provider has no option for, or refuses, is left out, and warned of.
    """
    if not settings.defaults:
        return video
    known = set(VideoRequest._fields)
    so_far = video
    # The model first: what the other options allow depends on it.
    for name, value in sorted(settings.defaults.items(), key=lambda item: item[0] != "model"):
        if name not in known or getattr(video, name) is not None:
            continue
        unfit = tasks.fit_default(info, so_far, name, value)
        if unfit is not None:
            warn(f"profile {settings.profile}: {name} = {value} is left out: {unfit}")
            continue
        so_far = so_far._replace(**{name: value})  # type: ignore[arg-type]  # config checks the types
    return so_far


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return _decoded(file, f"--prompt-file {_path(path)}")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UsageError(f"--prompt-file {_path(path)} cannot be read: {_why(error)}") from error


def _path(path: Path) -> str:
    """The path as an error names it: a lone name may be a key, a path of folders is none."""
    return told(path.name) if path.name == str(path) and may_be_key(path.name) else str(path)


def _from_stdin() -> str:
    if sys.stdin is None:
        raise UsageError("stdin is closed, and the prompt was to be read from it")
    try:
        return _decoded(sys.stdin.buffer, "the prompt on stdin")
    except (OSError, ValueError) as error:  # ValueError: it is closed
        raise UsageError(f"the prompt on stdin cannot be read: {_why(error)}") from error


def _why(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)


def _decoded(stream: BinaryIO, what: str) -> str:
    raw = stream.read(_MOST + 1)
    if len(raw) > _MOST:
        raise UsageError(f"{what} has no end within {_MOST >> 20} MiB, and no prompt is longer")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{what} is not UTF-8 text (byte {error.start})") from error
    return text.removesuffix("\n").removesuffix("\r")


def _seconds(text: str) -> int:
    match = re.fullmatch(_SECONDS, text.strip())
    if match is None:
        raise UsageError(
            f"--duration {told(text)} is not a whole number of seconds",
            hint="allowed: 8 or 8s",
        )
    return int(match[1])


def pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """The values of a repeatable `--option KEY=VALUE`.

    Raises:
        UsageError: one without a key, or two of one key.
    """
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise UsageError(f"{option} {told(text)} has no KEY=", hint=f"{option} KEY=VALUE")
        if key in found:
            raise UsageError(f"{option} {shown(key)} was given twice")
        found[key] = value
    return found


def _json(key: str, text: str) -> JsonValue:
    """The value of a `--param`, refused where sending it would change what was typed."""
    import json

    try:
        return exact_value(text)
    except ValueError as error:
        why = "it is not JSON" if isinstance(error, json.JSONDecodeError) else str(error)
        hint = f"""a text needs quotes of its own: --param '{shown(key)}="text"'"""
        if isinstance(error, TooDeep):
            hint = f"at most {DEEPEST} levels can be sent"
        value = told(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
        raise UsageError(
            f"--param {shown(key)}: {value} cannot be sent: {why}",
            hint=hint,
        ) from error

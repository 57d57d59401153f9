"""The path that a video is saved under: `-o` as the user wrote it, filled with safe values.

The user's own text may lead anywhere. What a server or a prompt puts into it never holds a
separator, a control character or a name with a meaning of its own, so it cannot leave the folder
that the user's text names; two values that differ stay different.
"""

from __future__ import annotations

import os
import re
import unicodedata
from datetime import UTC
from types import MappingProxyType
from typing import TYPE_CHECKING

from seedance_cli.errors import UsageError
from seedance_cli.models.user_words import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime
    from pathlib import Path

FIELDS = (
    *("name", "provider", "model", "task_id", "index", "slug", "date", "time"),
    *("seed", "duration", "resolution", "image", "batch", "row"),
)
NONE = "none"
"""What a field is whose task has no such thing."""
DEFAULT = "{provider}-{task_id}.mp4"
MAX_VALUE = 150
"""Bytes (UTF-8) of one value in a name."""
MAX_NAME = 240
"""Bytes of one name with values in it. File systems take 255; the rest is for `.part.json`."""
SLUG = 40
"""Letters and digits of the prompt."""

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_SEPARATORS = "/\\" if os.altsep or os.sep == "\\" else "/"
# Windows refuses these in names, and `:` opens a stream or a drive there.
_FORBIDDEN = frozenset('/\\<>:"|?*')
# Control, format (bidi among them), surrogate, private, unassigned; line and paragraph separators.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Devices on Windows, with any suffix. https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_DEVICE = r"(?i:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:[ .]|$)"
_MAX_SUFFIX = 16
_NOTHING: Mapping[str, str | int | None] = MappingProxyType({})


def check_template(template: str, fields: Collection[str] = FIELDS) -> None:
    """Whether `-o` can be used, before anything is paid.

    Args:
        template: `-o`.
        fields: those that it may have.

    Raises:
        UsageError: empty, control characters, an unknown `{field}` or a lone brace.
    """
    if not template:
        raise UsageError("-o is empty", hint="give a file, a folder ending in /, or - for stdout")
    if any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} for char in template):
        raise UsageError("-o has a control character in it")
    _fill(template, dict.fromkeys(fields, ""))


def from_home(output: str) -> str:
    """`-o` with a `~` at its start replaced: no shell does it in `--output=~/x`, or in a profile.

    Raises:
        UsageError: there is no home folder.
    """
    if output[:1] != "~" or output[1:2] not in {"", *_SEPARATORS}:
        return output
    home = os.path.expanduser("~")  # noqa: PTH111 - pathlib raises where this returns `~`
    if home == "~":
        raise UsageError(f"-o {output}: there is no home folder", hint="write ./~ for that name")
    return home.replace("{", "{{").replace("}", "}}") + output[1:]


def names_one(output: str | None, cwd: Path) -> bool:
    """Whether `-o` names one file (or stdout), and so cannot serve several tasks."""
    if output is None:
        return False
    if output == "-":
        return True
    return not (is_folder(output, cwd) or _has_field(output))


def target(
    output: str | None,
    *,
    provider: str,
    task_id: str,
    index: int,
    prompt: str | None,
    created: datetime,
    cwd: Path,
    facts: Mapping[str, str | int | None] = _NOTHING,
) -> Path:
    """Where a video goes.

    Args:
        output: `-o`: a file, an existing folder or one ending in `/`, or a template; None: the
            default name in `cwd`. `-` (stdout) is the caller's.
        provider: the provider's name.
        task_id: as the server gave it.
        index: which of the task's videos, from 1.
        prompt: for `{slug}`; None where it is not known.
        created: for `{date}` and `{time}`; aware.
        cwd: what a relative path is relative to.
        facts: the values of other fields; one that is missing, None or empty is `none`.

    Raises:
        UsageError: as `check_template`.
    """
    moment = created.astimezone(UTC)
    values = {field: safe_value(_text(facts.get(field))) for field in FIELDS} | {
        "provider": safe_value(provider),
        "task_id": safe_value(task_id),
        "index": str(index),
        "slug": slug(prompt),
        "date": moment.strftime("%Y-%m-%d"),
        "time": moment.strftime("%H%M%S"),
    }
    template = DEFAULT
    folder = cwd
    if output is not None:
        check_template(output)
        # The last name is split off by hand: pathlib would drop a closing `/` and a `.`.
        cut = max(output.rfind(separator) for separator in _SEPARATORS) + 1
        if _fill(output[cut:], values) in {"", ".", ".."} or is_folder(
            _expand(output, values), cwd
        ):
            folder = cwd / _expand(output, values)
        else:
            folder = cwd / _expand(output[:cut], values)
            template = output[cut:]
    numbered = index > 1 and "index" not in _fields(template) | _fields(output or "")
    return folder / _name(template, values, f"-{index}" if numbered else "")


def page_target(output: str, *, default: str, facts: Mapping[str, str], cwd: Path) -> Path:
    """Where a page goes that is about many tasks.

    Args:
        output: `-o`: a file, an existing folder or one ending in `/`, or a template.
        default: its name in a folder.
        facts: the values of the only fields that the template may have.
        cwd: what a relative path is relative to.

    Raises:
        UsageError: empty, control characters, another `{field}` or a lone brace.
    """
    check_template(output, facts)
    values = {name: safe_value(value) for name, value in facts.items()}
    path = _expand(output, values)
    return cwd / path / default if is_folder(path, cwd) else cwd / path


def default_fault(output: str, cwd: Path) -> str | None:
    """Why a profile's `defaults.output` cannot be used, as the end of a sentence; None if it can.

    It serves every task of the profile, so it names a folder or has a field in it.
    """
    try:
        output = from_home(output)
        check_template(output)
    except UsageError as error:
        return error.message.removeprefix("-o ")
    if names_one(output, cwd):
        return "names one file: it takes a folder/, or a template such as {task_id}.mp4"
    return None


def image_stem(image: str) -> str | None:
    """The name of an image without its suffix, for `{image}`; None where it has no name."""
    if image[:5].lower() == "data:":
        return None
    if image.lower().startswith(("http://", "https://")):
        from urllib.parse import unquote, urlsplit

        try:
            image = unquote(urlsplit(image).path)
        except ValueError:
            return None
    return _split(re.split(r"[/\\]", image.rstrip("/\\"))[-1])[0] or None


def slug(prompt: str | None) -> str:
    """The first letters and digits of a prompt, of any script, its words joined by `-`."""
    words: list[str] = [""]
    taken = 0
    for char in unicodedata.normalize("NFC", prompt or ""):
        # Marks belong to the letter before them: vowel signs of Indic scripts are such.
        mark = unicodedata.category(char).startswith("M") and words[-1] != ""
        if char.isalnum() or mark:
            if taken == SLUG and not mark:
                break
            words[-1] += char
            taken += not mark
        elif words[-1]:
            words.append("")
    text = _cut("-".join(word for word in words if word), MAX_VALUE).rstrip("-")
    return _no_device(text) or "video"


def safe_value(value: str) -> str:
    """A server's text as a part of a file name.

    Where anything had to be changed, a hash of the original follows, so that two values never
    become one.
    """
    text = "".join(
        "_" if char in _FORBIDDEN or unicodedata.category(char) in _UNPRINTABLE else char
        for char in value
    )
    text = _no_device(text.lstrip(" .-").rstrip(" ."))
    if text == value and text and len(_encode(text)) <= MAX_VALUE:
        return text
    tag = _hash(value)
    return f"{_cut(text, MAX_VALUE - len(tag) - 1).rstrip(' .') or 'task'}-{tag}"


def _text(value: str | int | None) -> str:
    return NONE if value is None or value == "" else str(value)


def is_folder(path: str, cwd: Path) -> bool:
    """Whether `-o` names a folder: one that is there, or that ends so."""
    if path.endswith(tuple(_SEPARATORS)):
        return True
    try:
        return (cwd / path).is_dir()
    except (OSError, ValueError):
        return False


def _expand(path: str, values: Mapping[str, str]) -> str:
    # Name by name, so that each is held to its own limit.
    return re.sub(
        f"[^{re.escape(_SEPARATORS)}]+", lambda name: _name(name.group(), values, ""), path
    )


def _name(template: str, values: Mapping[str, str], number: str) -> str:
    """One name of a path: filled, numbered before its suffix, not longer than is allowed."""
    name = _fill(template, values)
    stem, suffix = _split(name)
    if _has_field(template):
        stem = _no_device(name).removesuffix(suffix)
        if len(_encode(stem + number + suffix)) > MAX_NAME:
            number = f"-{_hash(stem)}{number}"
            stem = _cut(stem, MAX_NAME - len(_encode(number + suffix))).rstrip(" .")
    return f"{stem}{number}{suffix}"


def _split(name: str) -> tuple[str, str]:
    dot = name.rfind(".")
    if dot <= 0 or len(_encode(name[dot:])) > _MAX_SUFFIX:
        return name, ""
    return name[:dot], name[dot:]


def _fill(template: str, values: Mapping[str, str]) -> str:
    def replace(found: re.Match[str]) -> str:
        token = found.group()
        if token in {"{{", "}}"}:
            return token[0]
        field = found.group(1)
        if field not in values:
            what = (
                f"-o has no field {shown(token)}" if field is not None else f"-o has a lone {token}"
            )
            raise UsageError(
                what,
                hint=f"fields: {' '.join(f'{{{name}}}' for name in values)}; "
                "a brace itself is written {{ or }}",
            )
        return values[field]

    return _PART.sub(replace, template)


def _fields(template: str) -> set[str]:
    return {field for field in _PART.findall(template) if field}


def _has_field(template: str) -> bool:
    return bool(_fields(template))


def _no_device(name: str) -> str:
    return f"_{name}" if re.match(_DEVICE, name) else name


def _cut(text: str, limit: int) -> str:
    """The longest beginning within `limit` bytes, not ending inside a character."""
    return _encode(text)[:limit].decode("utf-8", "ignore")


def _encode(text: str) -> bytes:
    # Undecodable bytes of a path that the user gave are lone surrogates in Python.
    return text.encode("utf-8", "surrogatepass")


def _hash(text: str) -> str:
    import hashlib

    return hashlib.sha256(_encode(text)).hexdigest()[:8]

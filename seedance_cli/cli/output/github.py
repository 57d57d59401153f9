"""What a GitHub runner reads of a command: outputs of the step, its summary, annotations.

The forms are those of GitHub's documents, "Workflow commands for GitHub Actions"; the escapes of an
annotation those that the runner takes back (`ActionCommand.cs` of actions/runner).
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from seedance_cli.models import safe, with_unit, without_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from seedance_cli.errors import SeedanceError

    Task = Mapping[str, Any]
    """A task object, as `--json` prints it."""

_SUMMARY = 1024 * 1024
"""Bytes of a step's summary; of a longer one the runner shows nothing."""
_MORE = 100
"""Bytes that the line below a summary's cut table may take."""
_PROMPT = 80
_HEAD = ("task", "status", "cost", "file", "url", "ref")
_BREAKS_LINK = re.compile(r"[^A-Za-z0-9\-._~:/?#@!$&*+,;=%]")
"""What may not stand in a link's address, by RFC 3986 or by Markdown."""


def annotation(error: SeedanceError, keys: Iterable[str]) -> str:
    """The line that makes an error an annotation of the run: `::error title=…::…`.

    Args:
        error: what went wrong.
        keys: those that it may not repeat.
    """
    text = error.message if error.hint is None else f"{error.message}\nhint: {error.hint}"
    title = f"seedance: {error.code}, exit {error.exit_code}"
    return _command(without_keys(text, keys), title=title)


def fault(file: str, line: int, text: str) -> str:
    """The line that makes a fault in a file an annotation of that file, shown beside the line."""
    return _command(text, file=file, line=str(line), title="seedance: usage")


def _command(text: str, **properties: str) -> str:
    shown = ",".join(
        f"{name}={_escaped(value).replace(':', '%3A').replace(',', '%2C')}"
        for name, value in properties.items()
    )
    return f"::error {shown}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def write(
    tasks: Sequence[Task], env: Mapping[str, str], keys: Iterable[str], warn: Callable[[str], None]
) -> None:
    """Append the tasks to the step's outputs and to its summary, as far as these are wanted.

    Args:
        tasks: in the order in which they are to be listed.
        env: says where the files are.
        keys: those that no file may repeat.
        warn: takes why a file could not be written; what was paid for is not lost by it.
    """
    forms: dict[str, Callable[[int], str]] = {
        "GITHUB_OUTPUT": lambda _room: without_keys(outputs(tasks), keys),
        "GITHUB_STEP_SUMMARY": lambda room: without_keys(summary(tasks, room), keys),
    }
    for name, made in forms.items():
        path = env.get(name)
        if path:
            try:
                _append(path, made)
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                warn(f"{name}: {path} could not be written: {reason}")


def outputs(tasks: Sequence[Task]) -> str:
    """`ref`, `url`, `file`, `status` and `cost`, each in the form of several lines.

    A line is a task, in order, and empty where the task has none; one with several videos has as
    many lines of `url` and `file`.
    """
    values = {
        "ref": [_text(task["ref"]) for task in tasks],
        "url": [url for task in tasks for url in task["video_urls"] or [""]],
        "file": [file for task in tasks for file in task["files"] or [""]],
        "status": [_text(task["status"]) for task in tasks],
        "cost": [_cost(task) for task in tasks],
    }
    end = f"ghadelimiter_{os.urandom(16).hex()}"  # no server and no prompt can guess it
    found = []
    for name, lines in values.items():
        found += [f"{name}<<{end}", *map(safe, lines), end]
    return "\n".join([*found, ""])


def summary(tasks: Sequence[Task], room: int) -> str:
    """A line with counts and sums, and a table with a line a task, in GitHub's Markdown.

    Args:
        tasks: in order.
        room: bytes that it may take; rows beyond them are counted only.
    """
    head = "".join(f"| {name} " for name in _HEAD) + "|\n" + "| --- " * len(_HEAD) + "|\n"
    text = f"\n**seedance: {_counts(tasks)}**\n\n{head}"
    left = room - len(text.encode()) - _MORE
    rows = []
    for task in tasks:
        row = "".join(f"| {cell} " for cell in _cells(task)) + "|\n"
        left -= len(row.encode("utf-8", "backslashreplace"))
        if left < 0:
            break
        rows.append(row)
    more = len(tasks) - len(rows)
    return f"{text}{''.join(rows)}" + (f"\n… and {more} more\n" if more else "")


def _counts(tasks: Sequence[Task]) -> str:
    counts = Counter(_text(task["status"]) for task in tasks)
    sums: dict[tuple[str, str | None], Decimal] = {}
    for task in tasks:
        cost = task["cost"]
        if cost is not None and not task["sandbox"]:
            place = (task["provider"], cost["unit"])
            sums[place] = sums.get(place, Decimal(0)) + Decimal(cost["amount"])
    parts = [f"{number} {status.replace('_', ' ')}" for status, number in sorted(counts.items())]
    parts += [f"{with_unit(amount, unit)} at {name}" for (name, unit), amount in sums.items()]
    return ", ".join(parts)


def _cells(task: Task) -> tuple[str, ...]:
    prompt = _text((task["request"] or {}).get("prompt"))
    short = prompt if len(prompt) <= _PROMPT else f"{prompt[: _PROMPT - 1]}…"
    called = ": ".join(filter(None, [task["name"], short]))
    error = task["error"] or {}
    why = error.get("message") or error.get("code")
    return (
        _plain(called),
        _plain(task["status"].replace("_", " ") + (f": {why}" if why else "")),
        _plain(_cost(task) + (" (sandbox: nothing)" if task["sandbox"] and task["cost"] else "")),
        "<br>".join(map(_plain, task["files"])),
        "<br>".join(f"[video]({_address(url)})" for url in task["video_urls"]),
        _plain(_text(task["ref"])),
    )


def _plain(text: str) -> str:
    """Text as a cell of a Markdown table, with nothing in it that Markdown or HTML would take."""
    line = safe(re.sub(r"\s*[\r\n]+\s*", " ", text))
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\\", "&#92;")):
        line = line.replace(sign, entity)
    return re.sub(r"[|`*_~\[\]$]", r"\\\g<0>", line)


def _address(url: str) -> str:
    """A URL as a link's target: what Markdown would take is percent-encoded."""
    return re.sub(_BREAKS_LINK, lambda found: quote(found[0], safe="", errors="replace"), url)


def _cost(task: Task) -> str:
    cost = task["cost"]
    return "" if cost is None else with_unit(Decimal(cost["amount"]), cost["unit"])


def _text(value: str | None) -> str:
    return value or ""


def _append(path: str, made: Callable[[int], str]) -> None:
    """Add text to a file in one write, below what is there; nothing of it where that fails.

    Args:
        path: of the file, which is made where it is missing.
        made: the text, told how many bytes a summary has room for.

    Raises:
        OSError: it cannot be written.
    """
    # A FIFO that nobody reads is an error, and not a wait without end.
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0), 0o600)
    try:
        found = os.fstat(descriptor)
        regular = stat.S_ISREG(found.st_mode)
        size = found.st_size if regular else 0
        data = made(_SUMMARY - size).encode("utf-8", "backslashreplace")
        if size and not _ends_a_line(path):
            data = b"\n" + data
        written = 0
        try:
            written = os.write(descriptor, data)
        finally:
            if regular and written != len(data):  # half an output is an error of the runner's
                os.ftruncate(descriptor, size)
        if written != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(descriptor)


def _ends_a_line(path: str) -> bool:
    with open(path, "rb") as file:  # noqa: PTH123 - as it was named
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"

"""What is known of a task, as a file of JSON beside its video."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

from seedance_cli.errors import UsageError
from seedance_cli.tasks.downloads.partial import PartialFile
from seedance_cli.tasks.downloads.targets import check_target, is_stream

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST = 1 << 20
"""Bytes that are read of a file that may be a task's; a prompt has some thousand."""


def sidecar_path(video: Path) -> Path:
    """`FILE.json`."""
    return video.with_name(f"{video.name}.json")


def check_sidecar(video: Path, ref: str | None, *, force: bool) -> None:
    """Whether one can be put beside a video that is to be saved there. Nothing is left behind.

    Args:
        video: its target.
        ref: of its task, where that is known: the sidecar of the task itself may be there.
        force: replace what is there.

    Raises:
        UsageError: it cannot, or another file has its name.
    """
    if is_stream(video):
        raise UsageError(f"--sidecar needs a file, and {video} is none", hint="give -o a file")
    path = sidecar_path(video)
    if path.is_dir():
        raise UsageError(f"--sidecar: {path} is a folder", hint="give the video another name")
    check_target(path, force=force or _is_of(path, ref))


def write_sidecar(video: Path, ref: str | None, content: bytes, *, force: bool) -> None:
    """Put it beside a saved video, in one step.

    Args:
        video: the file.
        ref: of its task, whose earlier sidecar is replaced.
        content: a JSON object with that `ref`.
        force: replace whatever is there.

    Raises:
        DownloadFailed: another file has its name.
        WriteFailed: the disk refused.
    """
    path = sidecar_path(video)
    with closing(PartialFile.beside(path, f"sidecar of {video}")) as part:
        part.begin(None, None)
        part.append(content)
        part.flush()
        part.publish(path, force=force or _is_of(path, ref))


def _is_of(path: Path, ref: str | None) -> bool:
    """Whether what is there is the sidecar of this very task."""
    if ref is None or path.is_symlink():
        return False
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_LONGEST))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("ref") == ref

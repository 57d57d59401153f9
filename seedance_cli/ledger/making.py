"""The ledger's file before anything is in it: made private and durable, or once emptied."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from seedance_cli.errors import WriteFailed
from seedance_cli.system import check_ours, files

if TYPE_CHECKING:
    from pathlib import Path

ELSEWHERE = "set SEEDANCE_STATE_DIR to a folder that can be written"
"""A hint."""
_MAKING_SECONDS = 1.0
"""In which another process has surely made the tables of a file that it has created."""


def check_not_emptied(path: Path) -> None:
    """Refuse an empty file where something shows that it had rows: what blocked is gone with it.

    One that another process is just making gets its tables within a moment.
    """
    locked = path.with_name("locks")
    traces = [*([locked] if locked.is_dir() else []), *path.parent.glob(f"{path.name}.*.bak")]
    deadline = time.monotonic() + _MAKING_SECONDS
    while traces and size(path) == 0:
        if time.monotonic() >= deadline:
            raise WriteFailed(
                f"the ledger {path} is empty, though {traces[0].name} beside it shows that it"
                " was not; nothing was sent, and the file is left as it is",
                hint=f"bring it back from a backup; or remove {path}, then `seedance ledger use`:"
                " a new one, in which no outcome is unknown and no request blocks another",
            )
        time.sleep(0.02)


def make(path: Path) -> bool:
    """Create folder and file where they are missing, private from the first moment and durable.

    Returns:
        Whether the file was missing.
    """
    folder = path.parent
    if folder.exists() and not folder.is_dir():
        raise WriteFailed(f"{folder} is not a folder; nothing was sent", hint=ELSEWHERE)
    new = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_ours(folder, path.name)  # which another user may have made meanwhile
    try:
        fd = files.create(path)
    except FileExistsError:
        # Not opened here: closing any descriptor of a file drops the process's POSIX locks on it.
        _tighten(path)
        return False
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
    for place in (folder, *(place.parent for place in new)):
        files.sync_folder(place)
    return True


def _tighten(path: Path) -> None:
    """Take the right to read from group and others. A folder that was there keeps its mode."""
    if sys.platform != "win32" and path.stat().st_mode & 0o077:
        with suppress(OSError):
            path.chmod(0o600)


def size(path: Path) -> int | None:
    """Bytes; None where there is no such file."""
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return None

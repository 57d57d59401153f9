"""Where a video may be put: looked at before anything is paid, and again when it is there.

A name that is free, or that `--force` frees, gets a file. What is there and is no regular file (a
device, a FIFO, an open descriptor such as `/dev/stdout`, also behind a link) is written to and
never replaced: as root, a rename would put the video in the place of `/dev/null` itself.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

from seedance_cli.errors import UsageError
from seedance_cli.system import files
from seedance_cli.tasks.downloads.part_files import part_path

if TYPE_CHECKING:
    from typing import BinaryIO

    from seedance_cli.system import Cancellation, Clock

STDOUT = 1
_LINKS = 40
"""Links that are followed, one after the other; the system gives up there, too."""
_DESCRIPTORS = re.compile(r"/dev/fd|/proc/(\d+)(?:/task/\d+)?/fd")
_OPEN = os.O_WRONLY | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_NONBLOCK", 0)
_READER_SECONDS = 0.1
"""Seconds between two looks whether a FIFO has a reader."""


def check_target(path: Path, *, force: bool) -> None:
    """Whether a video can be put there. Nothing is left behind.

    The temporary file is made as the download will make it, so that a name that the file system
    does not take, or a folder that takes no new ones, is found. Folders that are missing are tried
    in a private one beside them: two commands at once must not remove each other's.

    Raises:
        UsageError: it exists and `force` is not given, or it cannot be written.
    """
    try:
        if is_stream(path):
            _check_stream(path)
            return
        if not _may_replace(path, force=force):
            raise UsageError(
                f"-o: {path} exists already", hint="give another name, or --force to replace it"
            )
        _try_name(path)
    except (OSError, ValueError) as error:  # ValueError: a name that cannot be encoded
        reason = (isinstance(error, OSError) and error.strerror) or "not a usable name"
        raise UsageError(
            f"-o: {path} cannot be written: {reason}", hint="give another place"
        ) from error


def is_stream(path: Path) -> bool:
    """Whether what is there is no regular file and no folder, and so is written to."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) or descriptor(path) is not None


def descriptor(path: Path) -> int | None:
    """The number of the open file that a name such as `/dev/stdout` stands for; else None."""
    try:
        for _ in range(_LINKS):
            folder = path.parent.resolve()
            found = _DESCRIPTORS.fullmatch(str(folder))
            if found and path.name.isdecimal():
                ours = found[1] is None or int(found[1]) == os.getpid()
                return int(path.name) if ours else None
            if not path.is_symlink():
                return None
            path = folder / path.readlink()
    except (OSError, ValueError, RuntimeError):  # RuntimeError: links in a circle, to Python 3.12
        pass
    return None


def open_stream(path: Path, cancellation: Cancellation, clock: Clock) -> BinaryIO:
    """Open what `is_stream`. A FIFO is waited for until somebody reads it.

    Raises:
        OSError: it cannot be opened.
        Cancelled: somebody asked to stop.
    """
    number = descriptor(path)
    if number is not None:  # opened anew, it would be written to from its beginning
        return cast("BinaryIO", os.fdopen(os.dup(number), "wb"))
    while True:
        try:
            opened = os.open(path, _OPEN)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            cancellation.sleep(_READER_SECONDS, clock)
            continue
        os.set_blocking(opened, True)
        return cast("BinaryIO", os.fdopen(opened, "wb"))


def is_there(path: Path) -> bool:
    """Whether there is anything at the name, a link that leads nowhere included."""
    try:
        path.lstat()
    except (OSError, ValueError):
        return False
    return True


def _check_stream(path: Path) -> None:
    number, mode = descriptor(path), path.stat().st_mode
    if stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        raise UsageError(
            f"-o: {path} is a {'disk' if stat.S_ISBLK(mode) else 'socket'}, no place for a video",
            hint="give a file, or - for stdout",
        )
    if number is None and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    if stat.S_ISCHR(mode) and _is_terminal(path, number):
        raise UsageError(
            f"-o {path} would write a video to the terminal", hint="give a file, or a pipe"
        )


def _is_terminal(path: Path, number: int | None) -> bool:
    if number is not None:
        return os.isatty(number)
    opened = os.open(path, _OPEN)
    try:
        return os.isatty(opened)
    finally:
        os.close(opened)


def _may_replace(path: Path, *, force: bool) -> bool:
    """Whether the name is free, or holds a file or a symlink that `force` allows to replace.

    Raises:
        UsageError: it holds something else.
        OSError: the file there may not be replaced.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return force or not is_there(path)
    if stat.S_ISDIR(mode):
        raise UsageError(f"-o: {path} is a folder", hint="put a / after it")
    if force and _stuck(path):
        raise PermissionError(errno.EPERM, "it is another user's, in a folder that is everybody's")
    return force


def _stuck(path: Path) -> bool:
    """Whether a folder such as /tmp keeps others from replacing what is there."""
    if sys.platform == "win32":
        return False
    folder, us = path.parent.stat(), os.geteuid()
    return bool(folder.st_mode & stat.S_ISVTX) and us not in {0, folder.st_uid, path.lstat().st_uid}


def _try_name(path: Path) -> None:
    folder = path.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    tag = f".{secrets.token_hex(4)}"
    if folder == path.parent:
        _make(part_path(path, tag))
        return
    # What is not there yet is no link, so that `..` leads back from it to where it lies.
    below = Path(os.path.normpath(path.relative_to(folder)))
    if len(below.parts) == 1 or ".." in below.parts:
        _try_name(folder / below)
        return
    with tempfile.TemporaryDirectory(prefix=".seedance-", dir=folder) as private:
        trial = Path(private, below)
        trial.parent.mkdir(parents=True)
        _make(part_path(trial, tag))


def _make(path: Path) -> None:
    os.close(files.create(path))
    path.unlink()

"""What `part` asks of the operating system: names, opening under a lock, moving into place."""

from __future__ import annotations

import os
import stat
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from seedance_cli.system import files, locks

if TYPE_CHECKING:
    from pathlib import Path

_MAX_NAME = 255
"""Bytes of a file name on nearly every file system."""
_TRIES = 8
_umask_lock = threading.Lock()


def part_path(target: Path, tag: str = "") -> Path:
    """`NAME.part` beside the target, shortened where the system would not take it."""
    ending = f"{tag}.part"
    name = target.name
    if len(os.fsencode(f"{name}{ending}.json")) > _MAX_NAME:
        import hashlib

        digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
        name = f"{os.fsencode(name)[:200].decode('utf-8', 'ignore')}-{digest}"
    return target.with_name(name + ending)


def mark_path(part: Path) -> Path:
    """`NAME.part.json`, beside its `NAME.part`."""
    return part.with_name(f"{part.name}.json")


def open_shared(path: Path, target: Path) -> int | None:
    """Open and lock the one name that later runs know; None where it is another's for now."""
    for _ in range(_TRIES):
        try:
            fd, made = files.create(path), True
        except FileExistsError:
            try:
                fd, made = os.open(path, files.FLAGS), False
            except FileNotFoundError:
                continue
            except OSError:  # a symlink, a folder, another user's
                return None
        kept = False
        try:
            if not _locked(fd, path, made=made):
                return None
            found = os.fstat(fd)
            if not _same(path, found):  # its last holder has published or removed it
                continue
            if found.st_nlink > 1 and _same(target, found):
                # Left by a process that was killed between the two steps of publishing: writing
                # here would write into the finished file.
                remove_mark(mark_path(path))
                path.unlink()
                continue
            kept = _private(found)
            return fd if kept else None
        finally:
            if not kept:
                os.close(fd)
    return None


def open_mark(path: Path, *, create: bool = False) -> int | None:
    """Open the record of a part; None where there is none, or something that is not ours.

    Args:
        path: see `mark_path`.
        create: make it if it is missing.

    Raises:
        OSError: the disk refused to make it.
    """
    try:
        fd = os.open(path, files.FLAGS | (os.O_CREAT if create else 0), 0o600)
    except OSError:
        if create and not others(path):
            raise
        return None
    if _private(os.fstat(fd)):
        return fd
    os.close(fd)
    return None


def remove_mark(path: Path) -> None:
    """Remove the record of a part, if it is ours."""
    with suppress(OSError):
        if not others(path):
            path.unlink()


def remove_leftover(target: Path) -> None:
    """Take away the second name of a finished file, which a killed process left beside it."""
    path = part_path(target)
    with suppress(OSError):
        if path.is_file() and not path.is_symlink() and path.samefile(target):
            path.unlink()


def _locked(fd: int, path: Path, *, made: bool) -> bool:
    """Lock without waiting; a file that was made for it goes where there are no locks."""
    try:
        return locks.try_lock(fd)
    except locks.NoLocks:
        if made:
            path.unlink()
        return False


def others(path: Path) -> bool:
    """Whether something is there that may not be written to or removed."""
    try:
        return not _private(path.lstat())
    except OSError:
        return False


def _private(found: os.stat_result) -> bool:
    """Whether it is a file of this user's own, under this one name."""
    ours = sys.platform == "win32" or found.st_uid == os.geteuid()
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and ours


def _same(path: Path, found: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.lstat(), found)
    except OSError:
        return False


def move_to_new(path: Path, target: Path) -> None:
    """Rename, unless something is at `target`: FileExistsError then."""
    if sys.platform == "win32":
        path.rename(target)  # refuses an existing target there
    else:
        try:
            os.link(path, target, follow_symlinks=False)
        except FileExistsError:
            raise
        except OSError:  # no hard links (FAT, some network and phone file systems)
            os.close(files.create(target))
            try:
                path.replace(target)
            except OSError:
                target.unlink()
                raise
        else:
            with suppress(OSError):
                path.unlink()


def umask() -> int:
    """The process's umask."""
    # It can only be read by setting it. Should another thread create a file in between, the file is
    # private rather than open; the lock keeps two readers from taking each other's for the user's.
    with _umask_lock:
        mask = os.umask(0o077)
        os.umask(mask)
    return mask

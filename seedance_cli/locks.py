"""Locks that the operating system frees when their process ends, however it ends.

A lock is a file that its holder has locked: `flock` on POSIX, the first byte (`msvcrt`) on Windows.
Nothing is ever read from the file; the lock, not the file's existence, says that a process lives.
File descriptors are not inherited by programs that this one starts (PEP 446).
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_SUFFIX = ".lock"
_PROBES = 5 if sys.platform == "win32" else 1
"""Windows has no shared lock here: two probes at once must not take each other for a holder."""


class FileLock:
    """A lock that this process holds until `release`, or until it ends."""

    __slots__ = ("_fd", "path")

    def __init__(self, path: Path, fd: int) -> None:
        """Keep a descriptor that is already locked; use `take` to get one.

        Args:
            path: the lock file.
            fd: its open descriptor, owned by this object from now on.
        """
        self.path = path
        self._fd: int | None = fd

    @classmethod
    def take(cls, path: Path, *, patience: float = 0.0) -> FileLock | None:
        """Lock `path`, creating it (0600) where it is missing.

        Args:
            path: the lock file; its folder must exist.
            patience: seconds to try for. A probe of another process may hold it for a moment.

        Returns:
            The lock, or None if another holder kept it.

        Raises:
            OSError: the file cannot be created, or its file system has no locks.
        """
        deadline = time.monotonic() + patience
        while True:
            fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                # Between open and lock, its last holder may have removed the file: the name would
                # then be free for another process, and both would hold "the" lock.
                if _try_lock(fd) and _is_at(fd, path):
                    lock, fd = cls(path, fd), -1
                    return lock
            finally:
                if fd >= 0:
                    os.close(fd)
            if time.monotonic() >= deadline:
                return None
            time.sleep(0.01)

    def release(self) -> None:
        """Remove the file and free the lock. A second call does nothing."""
        if self._fd is None:
            return
        fd, self._fd = self._fd, None
        if sys.platform == "win32":
            os.close(fd)  # an open file cannot be removed there
            with suppress(OSError):
                self.path.unlink()
        else:
            # Removed while still locked: whoever opened it before will see that it is gone.
            with suppress(OSError):
                self.path.unlink()
            os.close(fd)


def held(path: Path) -> bool:
    """Whether a process holds the lock; False for a file that is missing or cannot be read."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        for _ in range(_PROBES):
            if _try_lock(fd, shared=True):
                return False
            time.sleep(0.0 if _PROBES == 1 else 0.01)
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


def lock_path(folder: Path, name: str) -> Path:
    """Where the lock of that name lies."""
    return folder / f"{name}{_SUFFIX}"


def sweep(folder: Path, keep: Container[str]) -> None:
    """Remove lock files that nobody holds, left by processes that were killed.

    Args:
        folder: where they lie; a missing one is fine.
        keep: names not to touch.
    """
    with suppress(OSError):
        for path in folder.glob(f"*{_SUFFIX}"):
            if path.name.removesuffix(_SUFFIX) in keep:
                continue
            with suppress(OSError):
                lock = FileLock.take(path)
                if lock is not None:
                    lock.release()


def _try_lock(fd: int, *, shared: bool = False) -> bool:
    """Lock the descriptor without waiting; False if another holds it. Closing it frees the lock."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        else:
            # A probe needs no write access with a shared lock, not on a network file system either.
            fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _is_at(fd: int, path: Path) -> bool:
    """Whether the open file is still the one at `path`."""
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False

"""Locks that the operating system frees when their process ends, however it ends.

A lock is a file that its holder has locked: `flock` on POSIX, the first byte (`msvcrt`) on Windows.
Nothing is ever read from the file; the lock, not the file's existence, says that a process lives.
File descriptors are not inherited by programs that this one starts (PEP 446).
"""

from __future__ import annotations

import errno
import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
"""Opening what is no file (a FIFO) waits for nobody."""
_SUFFIX = ".lock"
_PROBES = 5 if sys.platform == "win32" else 1
"""Windows has no shared lock here: two probes at once must not take each other for a holder."""


_HELD = frozenset({errno.EACCES, errno.EDEADLK})
"""What a lock that another process holds is refused with, beside EAGAIN; Windows has the last."""


class NoLocks(OSError):
    """The file system offers no locks, as some network file systems do not."""

    def __init__(self, reason: str) -> None:
        """Say so.

        Args:
            reason: what the system answered.
        """
        super().__init__(f"its file system has no locks ({reason})")


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
            NoLocks: its file system has none.
            OSError: the file cannot be created.
        """
        deadline = time.monotonic() + patience
        while True:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | _NO_WAIT, 0o600)
            try:
                # Between open and lock, its last holder may have removed the file: the name would
                # then be free for another process, and both would hold "the" lock.
                if try_lock(fd) and _is_at(fd, path):
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


def try_lock(fd: int, *, shared: bool = False) -> bool:
    """Lock the descriptor without waiting; False if another holds it. Closing it frees the lock.

    Raises:
        NoLocks: the file system has none.
    """
    if sys.platform == "win32":
        return _locking(lambda: msvcrt.locking(fd, msvcrt.LK_NBLCK, 1))
    # A probe needs no write access with a shared lock, not on a network file system either.
    how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    return _locking(lambda: fcntl.flock(fd, how | fcntl.LOCK_NB))


def held(path: Path) -> bool:
    """Whether a process holds the lock; False for a file that is missing or cannot be read."""
    try:
        fd = os.open(path, os.O_RDONLY | _NO_WAIT)
    except OSError:
        return False
    try:
        for _ in range(_PROBES):
            if try_lock(fd, shared=True):
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


def check_offered(folder: Path) -> None:
    """Make sure that files in the folder can be locked, in the way that SQLite locks its own.

    A file made for this is locked, and no other: to close any descriptor of a file drops all of the
    process's POSIX locks on it.

    Raises:
        NoLocks: they cannot. Where no file can be made, that is not known, and nothing is raised.
    """
    if sys.platform == "win32":
        return
    import tempfile  # slow to import, and seldom used

    with suppress(PermissionError, FileNotFoundError), tempfile.TemporaryFile(dir=folder) as file:
        _locking(lambda: fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB))


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


def _locking(lock: Callable[[], object]) -> bool:
    try:
        lock()
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in _HELD:
            return False
        raise NoLocks(f"{error.strerror}") from error
    return True


def _is_at(fd: int, path: Path) -> bool:
    """Whether the open file is still the one at `path`."""
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False

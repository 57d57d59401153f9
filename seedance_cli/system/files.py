"""Files that are private from their creation, replaced whole, and durable."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from seedance_cli.system.clock import Clock

_AS_IT_IS = (
    getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NONBLOCK", 0)  # opening a FIFO, or a device, waits for nobody
)
FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | _AS_IT_IS
"""How a file of the program is opened: never through a symbolic link, its bytes as they are."""
_PATIENCE = 10.0
"""Seconds that a rename is tried for while another process has the target open (Windows)."""
_PAUSE = 0.02
"""Seconds between two tries."""


def create(path: Path) -> int:
    """Create a file that only its owner may read or write (0600); its open descriptor.

    Raises:
        FileExistsError: the name is taken, be it by a symbolic link that leads nowhere.
        OSError: the file cannot be created.
    """
    return os.open(path, FLAGS | os.O_CREAT | os.O_EXCL, 0o600)


def open_to_read(path: Path) -> int:
    """Open a file of the program for reading, waiting for nobody; its descriptor.

    The null device counts as an empty file.

    Raises:
        Irregular: it is a FIFO, a device or a socket, which may have no end, or never a beginning.
        OSError: it cannot be opened.
    """
    try:
        fd = os.open(path, os.O_RDONLY | _AS_IT_IS)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket
            raise Irregular(error.errno, "it is not a regular file") from error
        raise
    found = os.fstat(fd)
    if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode) or _is_null(found):
        return fd
    os.close(fd)
    raise Irregular(errno.EINVAL, "it is not a regular file")


class Irregular(OSError):
    """What lies under a file's name is no file whose bytes have a beginning and an end."""


def _is_null(found: os.stat_result) -> bool:
    null = Path(os.devnull).stat()
    return stat.S_ISCHR(found.st_mode) and found.st_rdev == null.st_rdev


def replace(path: Path, content: bytes, clock: Clock, *, durable: bool = True) -> None:
    """Replace a file, or create it, in one step: a reader sees the old content or the new one.

    The content is written to `.NAME.tmp` (0600) beside the file, which is then renamed. A process
    that is killed leaves at most that one, and the next call removes it.

    Args:
        path: no symbolic link; the caller holds a lock that keeps other writers out.
        content: all of it.
        clock: for the pauses between two tries to rename.
        durable: whether the content must outlive a power cut; the disk is waited for.

    Raises:
        OSError: the content cannot be written; the old file is still there.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        with os.fdopen(create(temporary), "wb") as stream:
            stream.write(content)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        _rename(temporary, path, clock)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


@contextmanager
def publish(path: Path, clock: Clock) -> Iterator[BinaryIO]:
    """Write a file that is not private, as the umask says; it has its name once it is whole.

    Where the block raises, nothing is left behind, and an old file is still there.

    Args:
        path: no symbolic link. Other writers may be at the same one: the last of them counts.
        clock: for the pauses between two tries to rename.

    Yields:
        What takes the content.

    Raises:
        OSError: the content cannot be written.
    """
    temporary = path.with_name(f".seedance-{os.urandom(8).hex()}.tmp")
    try:
        fd = os.open(temporary, FLAGS | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(fd, "wb") as stream:
            yield stream
        _rename(temporary, path, clock)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sync_file(path: Path) -> None:
    """Make a file's content durable.

    Raises:
        OSError: the file cannot be opened, or the disk refused.
    """
    _sync(path, os.O_RDWR)


def sync_folder(folder: Path) -> None:
    """Make the new names in a folder durable, where the system can."""
    if sys.platform != "win32":
        with suppress(OSError):
            _sync(folder, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    fd = os.open(path, flags)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _rename(temporary: Path, path: Path, clock: Clock) -> None:
    """Rename over the target; on Windows again while a reader has the target open."""
    deadline = clock.monotonic() + _PATIENCE
    while True:
        try:
            temporary.replace(path)
        except PermissionError:
            if os.name != "nt" or clock.monotonic() >= deadline:
                raise
            clock.sleep(_PAUSE)
        else:
            return

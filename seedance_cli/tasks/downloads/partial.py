"""The bytes of a download until they are a file: private, locked, resumable, published in one step.

They lie beside their target as `NAME.part` (0600). While they can be resumed, `NAME.part.json`
says by what: the strong ETag, the length, and whose video it is; never the URL, whose query is a
secret. A second process with the same target gets a random name of its own and no resuming.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
import tempfile
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, cast

from seedance_cli._named import NamedTuple
from seedance_cli.errors import DownloadFailed, WriteFailed
from seedance_cli.system import files
from seedance_cli.tasks.downloads.part_files import (
    mark_path,
    move_to_new,
    open_mark,
    open_shared,
    others,
    part_path,
    remove_mark,
    umask,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

_MAX_MARK = 4096
_STRONG_ETAG = r'"[\x21\x23-\x7e]{1,1000}"'
_COPY = 1 << 20


class Mark(NamedTuple):
    """What tells that bytes here and bytes at the server are of the same video."""

    etag: str
    """Strong, with its quotes."""
    total: int | None
    """Bytes of the whole video, where the server said so."""
    owner: str
    """Which video of which task it is, in the caller's words."""
    encoding: str = ""
    """What the server says that its bytes are packed by; empty for nothing."""


class PartialFile:
    """Bytes on their way. Close it; what can be resumed then stays, everything else goes."""

    def __init__(self, file: BinaryIO, path: Path | None, *, shared: bool, owner: str) -> None:
        """Take over an open file; use `beside` or `nowhere` to get one.

        Args:
            file: unbuffered, readable and writable.
            path: where it lies; None for a file without a name.
            shared: whether its name is the one that a later run looks at.
            owner: see `Mark`.
        """
        self._file = file
        self._path = path
        self._mark_path = mark_path(path) if path is not None and shared else None
        self._owner = owner
        self.size = 0
        """Bytes in it."""
        self.total: int | None = None
        """Bytes that the whole video has, where that is known."""
        self.mark: Mark | None = None
        self._elsewhere = True
        """Whether the file's position may be another than its end."""
        self._adopt()

    @classmethod
    def beside(cls, target: Path, owner: str) -> PartialFile:
        """The bytes of a video that is to become `target`; its folder is created.

        Raises:
            WriteFailed: not possible there.
        """
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            path = part_path(target)
            fd = None if others(mark_path(path)) else open_shared(path, target)
            shared = fd is not None
            if fd is None:
                path = part_path(target, f".{secrets.token_hex(4)}")
                fd = files.create(path)
            return cls(os.fdopen(fd, "r+b", buffering=0), path, shared=shared, owner=owner)

    @classmethod
    def nowhere(cls) -> PartialFile:
        """The bytes of a video that is to be passed on: a private file without a name.

        Raises:
            WriteFailed: the folder for temporary files cannot be used.
        """
        try:
            file = cast("BinaryIO", tempfile.TemporaryFile(buffering=0))  # noqa: SIM115 - `close` closes it
        except OSError as error:
            raise WriteFailed(f"no temporary file: {_reason(error)}", hint="set TMPDIR") from error
        return cls(file, None, shared=False, owner="")

    @property
    def resumable(self) -> bool:
        """Whether a request for the rest makes sense."""
        return self.mark is not None and self.size > 0

    def begin(self, etag: str | None, total: int | None, encoding: str = "") -> None:
        """Empty it for a whole video.

        Args:
            etag: strong, if the server gave one: then the bytes can be resumed.
            total: bytes to come, where declared.
            encoding: see `Mark`.
        """
        self._forget()
        self._cut(0)
        self.total = total
        if etag is not None:
            self.mark = Mark(etag, total, self._owner, encoding)
            if self._mark_path is not None:
                with self._writing():
                    if not _write_mark(self._mark_path, self.mark):
                        self._mark_path = None  # somebody else's by now: no later run goes on

    def append(self, chunk: bytes) -> None:
        """Write it at the end, to the system at once."""
        # Called for every 64 KiB: without the generators of `_writing`, where nothing goes wrong.
        try:
            if self._elsewhere:
                self._file.seek(self.size)
                self._elsewhere = False
            written = self._file.write(chunk)
            self.size += written
            while written < len(chunk):  # a disk that is nearly full, a signal
                chunk = chunk[written:]
                written = self._file.write(chunk)
                self.size += written
        except OSError:
            self._elsewhere = True
            with self._writing():
                raise

    def drop_last(self) -> None:
        """Take the last byte off, so that there is something to ask the server for."""
        self._cut(self.size - 1)

    @property
    def readable(self) -> BinaryIO:
        """The file itself, to look at."""
        self._elsewhere = True
        return self._file

    def head(self, size: int) -> bytes:
        """Its first bytes."""
        self._elsewhere = True
        self._file.seek(0)
        return self._file.read(size)

    def flush(self) -> None:
        """Have the disk take the bytes. It may last seconds; they stay resumable meanwhile.

        Raises:
            WriteFailed: the disk refused.
        """
        with self._writing():
            os.fsync(self._file.fileno())

    def publish(self, target: Path, *, force: bool) -> None:
        """Make it `target`, after `flush`, in one step.

        Args:
            target: in the folder that `beside` was asked for.
            force: replace what is there; a symlink itself, never what it points to.

        Raises:
            DownloadFailed: something is there, and `force` is not given.
            WriteFailed: the disk refused; what was there still is.
        """
        assert self._path is not None
        path = self._path
        self._forget()
        with self._writing(target):
            if sys.platform == "win32":
                self._file.close()  # an open file cannot be renamed there
            else:
                with suppress(OSError):  # some file systems have no modes
                    os.fchmod(self._file.fileno(), 0o666 & ~umask())
            try:
                if force:
                    path.replace(target)
                else:
                    move_to_new(path, target)
            except FileExistsError as error:
                if not self._is_in(target):
                    raise exists(target) from error
                path.unlink()  # another process was faster with the very same video
        self._path = None
        files.sync_folder(target.parent)

    def _is_in(self, target: Path) -> bool:
        """Whether the very same bytes are in a file there."""
        if sys.platform == "win32" or target.is_symlink() or not target.is_file():
            return False
        if target.stat().st_size != self.size:
            return False
        self._elsewhere = True
        self._file.seek(0)
        with target.open("rb") as file:
            while chunk := file.read(_COPY):
                if self._file.read(len(chunk)) != chunk:
                    return False
        return True

    def copy_to(self, out: BinaryIO, name: str) -> None:
        """Write all of it to a stream.

        Args:
            out: flushed, not closed.
            name: what an error calls it.

        Raises:
            WriteFailed: the stream refused; caused by a BrokenPipeError where its reader is gone.
        """
        self._file.seek(0)
        while chunk := self._file.read(_COPY):
            try:
                out.write(chunk)
            except (OSError, ValueError) as error:
                raise _refused(name, error) from error
        try:
            out.flush()
        except (OSError, ValueError) as error:
            raise _refused(name, error) from error

    def close(self) -> None:
        """Close it. Its bytes stay where a later run can go on with them, else they go."""
        keep = self._path is None or (self.resumable and self._mark_path is not None)
        if not keep:
            self._forget()
        if sys.platform == "win32":
            self._file.close()  # an open file cannot be removed there
        if not keep and self._path is not None:
            # Removed while locked: whoever opened it before will see that it is gone.
            with suppress(OSError):
                self._path.unlink()
        self._file.close()

    def _adopt(self) -> None:
        """Go on with the bytes of an earlier run, if they are known to be of this video."""
        size = os.fstat(self._file.fileno()).st_size
        mark = None if self._mark_path is None or size == 0 else _read_mark(self._mark_path)
        if mark is not None and mark.owner == self._owner and size <= (mark.total or size):
            self.mark, self.size, self.total = mark, size, mark.total

    def _forget(self) -> None:
        # The record goes first: bytes without it are ignored; without its bytes it would be wrong.
        self.mark = None
        if self._mark_path is not None:
            remove_mark(self._mark_path)

    def _cut(self, size: int) -> None:
        self._elsewhere = True
        with self._writing():
            self._file.truncate(size)
        self.size = size

    @contextmanager
    def _writing(self, path: Path | None = None) -> Iterator[None]:
        try:
            with writing(path or self._path):
                yield
        except WriteFailed:
            self._forget()  # a full disk gets its room back
            raise


def strong(etag: str) -> bool:
    """Whether it vouches for every byte (RFC 9110, 8.8.1), and can be sent as a header field."""
    return re.fullmatch(_STRONG_ETAG, etag) is not None


def exists(target: Path) -> DownloadFailed:
    """The refusal to replace a file."""
    return DownloadFailed(
        f"{target} is there already, and was left as it is: it takes another -o, or --force"
    )


@contextmanager
def writing(path: Path | None) -> Iterator[None]:
    """Have what the disk refuses raised as `WriteFailed`; None: a file without a name."""
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: a name with NUL or an unencodable one
        where = "the temporary file" if path is None else str(path)
        raise WriteFailed(f"{where} cannot be written: {_reason(error)}") from error


def _refused(name: str, error: Exception) -> WriteFailed:
    return WriteFailed(f"{name} cannot be written: {_reason(error)}")


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__


def _write_mark(path: Path, mark: Mark) -> bool:
    """Write the record; False where its name is not ours to write to."""
    fd = open_mark(path, create=True)
    if fd is None:
        return False
    with os.fdopen(fd, "wb") as file:
        file.truncate()
        value = mark._asdict()
        if not mark.encoding:
            del value["encoding"]
        file.write(json.dumps(value).encode("ascii"))
    return True


def _read_mark(path: Path) -> Mark | None:
    """The record; None where there is none, or what there is makes no sense."""
    fd = open_mark(path)
    if fd is None:
        return None
    try:
        with os.fdopen(fd, "rb") as file:
            value = json.loads(file.read(_MAX_MARK))
    except (OSError, ValueError, RecursionError):
        return None
    match value:
        case {"etag": str(etag), "total": int() | None as total, "owner": str(owner), **more}:
            encoding = more.get("encoding", "")
            if strong(etag) and isinstance(encoding, str):
                return Mark(etag, total, owner, encoding)
    return None

"""Local files among a request's media, read and held against the provider's documents."""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.errors import UsageError
from seedance_cli.models import (
    MEDIA,
    LocalFile,
    MediaKind,
    given,
    is_local,
    recognised,
    type_named,
    with_media,
)
from seedance_cli.providers import FLAGS
from seedance_cli.tasks.media import headers
from seedance_cli.tasks.refusal import listed, shown, subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

    from seedance_cli.models import VideoRequest
    from seedance_cli.providers import FileLimits, ModelInfo, ProviderInfo

BLOCK = 768 * 1024
"""Bytes read at once: whole triples, so that base64 of the pieces is that of the whole."""
_HEAD = 64
"""Bytes after which a type is recognised."""
MOST_BYTES = 2 << 30
"""Of any file; no seller documents a larger one."""

_UNKNOWN_TYPES = {MediaKind.IMAGE: "png", MediaKind.VIDEO: "mp4", MediaKind.AUDIO: "mp3"}
"""What a file passes for that nobody recognises, with `--no-validate`."""


class Files(NamedTuple):
    """A request and the local files in it."""

    video: VideoRequest
    """With absolute paths, and their content in `files`."""
    files: tuple[LocalFile, ...]
    """Each content once."""


def with_files(
    info: ProviderInfo, video: VideoRequest, *, base: Callable[[str], Path], free: bool
) -> Files:
    """Read the local files of a request, and check them.

    Args:
        info: the provider's capabilities.
        video: the request, whose model is chosen. Where it names its files' content, as one that is
            submitted again does, they must have it still.
        base: the folder that a path is relative to.
        free: `--no-validate`: files outside the documented limits pass.

    Raises:
        UsageError: a file cannot be read, is of another kind, is outside the limits, or changed.
    """
    found: dict[str, LocalFile] = {}
    for option, text in given(video):
        if not is_local(text):
            continue
        flag = f"{FLAGS[option]} {shown(text)}"
        one = found.get(text) or _read(flag, base(text) / text, MEDIA[option], free=free)
        found[text] = one
        known = video.files.get(text)
        if known is not None and known != one.content:
            raise UsageError(
                f"{flag}: the file has changed since the request was made; nothing was sent",
                hint="`seedance generate` makes a request with the file as it is now",
            )
        model = info.model(video.model)
        for reason in () if free else _faults(info, model, MEDIA[option], one):
            raise UsageError(
                f"{flag}: {reason}", hint="--no-validate sends it as it is", provider=info.name
            )
    if not found:
        return Files(video, ())
    if not free:
        _together(info, info.model(video.model), list(found.values()))
    paths = {text: one.path for text, one in found.items()}
    contents = {one.path: one.content for one in found.values()}
    files = {one.content: one for one in found.values()}
    return Files(with_media(video, paths)._replace(files=contents), tuple(files.values()))


class Contents:
    """What stands for local files, each read once."""

    def __init__(self, base: Callable[[str], Path]) -> None:
        """Read nothing yet.

        Args:
            base: the folder that a path is relative to.
        """
        self._base = base
        self._known: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """`sha256:HEX` of the bytes; of a file that cannot be read the path, as it was written."""
        if text not in self._known:
            self._known[text] = self._read(text)
        return self._known[text]

    def _read(self, text: str) -> str:
        digest = sha256()
        try:
            with _open(self._base(text) / text) as stream:
                if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                    return text
                while block := stream.read(BLOCK):
                    digest.update(block)
        except (OSError, ValueError):
            return text
        return f"sha256:{digest.hexdigest()}"


def unchanged(file: LocalFile, stream: BinaryIO) -> bool:
    """Whether an open file is still the one that was checked, as far as the system's word goes."""
    return _stamp(os.fstat(stream.fileno())) == file.stamp


def opened(file: LocalFile) -> BinaryIO:
    """The file, open; its bytes are what was checked, unless their hash says otherwise.

    Raises:
        UsageError: it is gone, or is another one now.
    """
    try:
        stream = _open(Path(file.path))
    except OSError as error:
        raise UsageError(f"{file.path} cannot be read any more: {error.strerror}") from error
    if unchanged(file, stream):
        return stream
    stream.close()
    raise changed(file)


def changed(file: LocalFile) -> UsageError:
    """The error for a file that is not any more what was checked."""
    return UsageError(
        f"{file.path} changed while it was on its way; nothing was submitted",
        hint="run the command again once the file is as it should be",
    )


def _read(flag: str, path: Path, kind: MediaKind, *, free: bool) -> LocalFile:
    try:
        with _open(path) as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UsageError(f"{flag}: it is not a file")
            if status.st_size > MOST_BYTES:
                raise UsageError(f"{flag}: it is larger than {MOST_BYTES >> 30} GiB")
            return _facts(flag, path, stream, kind, free=free)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"{flag}: the file cannot be read: {reason}",
            hint="give a path to a file, or an http(s) URL",
        ) from error


def _open(path: Path) -> BinaryIO:
    # Opening a FIFO, or a device, waits for nobody.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags), "rb")


def _facts(flag: str, path: Path, stream: BinaryIO, kind: MediaKind, *, free: bool) -> LocalFile:
    status = os.fstat(stream.fileno())
    head = stream.read(_HEAD)
    if not head:
        raise UsageError(f"{flag}: the file is empty")
    found = recognised(head)
    if found is None and not free:
        raise UsageError(
            f"{flag}: its content is no {kind} of a known type",
            hint="--no-validate sends it as it is",
        )
    if found is not None and found.kind is not kind:
        raise UsageError(f"{flag}: the file holds {found.kind} ({found.name}), not {kind}")
    what = found or type_named(_UNKNOWN_TYPES[kind])
    digest, size = sha256(), 0
    stream.seek(0)
    while block := stream.read(BLOCK):
        digest.update(block)
        size += len(block)
    stamp = _stamp(os.fstat(stream.fileno()))
    if size != status.st_size or stamp != _stamp(status):
        raise UsageError(f"{flag}: the file changed while it was read; nothing was sent")
    is_image = kind is MediaKind.IMAGE and found is not None
    width, height = (headers.pixels(stream, what) if is_image else None) or (None, None)
    return LocalFile(
        path=str(Path(os.path.abspath(path))),  # noqa: PTH100 - links stay, unlike with resolve
        sha256=digest.hexdigest(),
        size=size,
        type=what,
        width=width,
        height=height,
        seconds=headers.seconds(stream, what, size),
        stamp=stamp,
    )


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _faults(
    info: ProviderInfo, model: ModelInfo, kind: MediaKind, file: LocalFile
) -> Iterator[str]:
    """What the provider's documents do not allow of a file."""
    limits, name = info.limits(model).files(kind), subject(info, model)
    if limits.types and file.type.name not in limits.types:
        yield f"it is {file.type.name}; {name} takes {listed(limits.types)}"
    if limits.max_bytes is not None and file.size > limits.max_bytes:
        yield f"it has {file.size:,} bytes; {name} takes at most {limits.max_bytes:,}"
    if file.width is not None and file.height is not None:
        yield from _size_faults(limits, name, file.width, file.height)
    if file.seconds is not None:
        least, most = limits.min_seconds, limits.max_seconds
        if (least is not None and file.seconds < least) or (
            most is not None and file.seconds > most + _SLACK
        ):
            yield f"it runs {file.seconds:.1f} s; {name} takes {_span(least, most)} s"


_SLACK = 0.1
"""Seconds that a container's last sample may reach beyond what it is cut to."""


def _size_faults(limits: FileLimits, name: str, width: int, height: int) -> Iterator[str]:
    of = f"it has {width}x{height} pixels"
    if limits.min_pixels is not None and min(width, height) < limits.min_pixels:
        yield f"{of}; {name} takes sides of at least {limits.min_pixels}"
    if limits.max_pixels is not None and max(width, height) > limits.max_pixels:
        yield f"{of}; {name} takes sides of at most {limits.max_pixels}"
    ratio = width / height
    least, most = limits.min_ratio, limits.max_ratio
    if (least is not None and ratio < least) or (most is not None and ratio > most):
        yield f"{of}; {name} takes a width of {_span(least, most)} times the height"


def _span(least: float | None, most: float | None) -> str:
    """What lies between two limits, of which one may be missing."""
    if most is None:
        return f"{least or 0:g} and more"
    return f"{least or 0:g} to {most:g}"


def _together(info: ProviderInfo, model: ModelInfo, files: Sequence[LocalFile]) -> None:
    """Refuse files of a kind that together run longer than documented."""
    for kind in MediaKind:
        most = info.limits(model).files(kind).seconds_together
        total = sum(one.seconds or 0 for one in files if one.type.kind is kind)
        if most is not None and total > most + _SLACK:
            raise UsageError(
                f"the {kind} files run {total:.1f} s together; {subject(info, model)} takes at"
                f" most {most:g} s",
                hint="--no-validate sends them as they are",
                provider=info.name,
            )

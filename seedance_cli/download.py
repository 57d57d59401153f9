"""Fetch a video: without a key, resumed where that is safe, and never a broken file in its place.

Redirects are followed by hand and held to rules (`_video_url`). The bytes go to a private file
beside the target (`partfile`); only what is as long as declared, or whole by its own boxes (`mp4`),
gets the name. Errors here have no hint: the way back is `seedance wait REF`, and only the caller
knows the ref.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING

from seedance_cli._video_answer import Progress, take_body, take_head, verify
from seedance_cli._video_url import open_video
from seedance_cli.cancellation import Cancellation
from seedance_cli.errors import ConfigError, DownloadFailed, Unreachable, UsageError
from seedance_cli.partfile import Part, exists

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from seedance_cli.clock import Clock
    from seedance_cli.net import Stream

RESUMES = 5
"""Further requests of one call for the rest of a video."""
RESTARTS = 3
"""Further requests of one call for all of it, where the bytes so far are of no use."""
_MAX_PAUSE = 8.0


@dataclass(frozen=True, slots=True)
class Saved:
    """A download that is done."""

    path: Path
    """Its target; `-` for a stream."""
    size: int
    """Bytes."""
    verified: bool
    """Whether its own layout shows that it is whole. If not, only its declared length does, or,
    where none was declared, nothing: to be said to the user."""


def check_target(path: Path, *, force: bool) -> None:
    """Whether a file can be put there, asked before anything is paid. Nothing is left behind.

    Folders that are missing are not created; the nearest one there is tried with a nameless file.

    Raises:
        UsageError: it exists and `force` is not given, is no file, or cannot be written.
    """
    try:
        if not _may_replace(path, force=force):
            raise UsageError(
                f"-o: {path} exists already", hint="give another name, or --force to replace it"
            )
        folder = path.parent
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, ValueError) as error:  # ValueError: a name that cannot be encoded
        reason = (isinstance(error, OSError) and error.strerror) or "not a usable name"
        raise UsageError(
            f"-o: {path} cannot be written: {reason}", hint="give another place"
        ) from error


def _unlogged(_: str) -> None:
    """Where nobody wants to know of the exchanges."""


def download(
    url: str,
    target: Path,
    *,
    force: bool,
    allow_private: bool,
    clock: Clock,
    owner: str = "",
    cancellation: Cancellation | None = None,
    log: Callable[[str], None] = _unlogged,
) -> Generator[Progress | Saved]:
    """Fetch a video into a file. The last item is a `Saved`; the target is there by then.

    Args:
        url: as the provider gave it.
        target: absolute; missing folders are created.
        force: replace what is there.
        allow_private: whether loopback and private hosts may be asked: for loopback endpoints.
        clock: for pauses, the minimum speed, and the pace of `Progress` (10 a second).
        owner: whose video it is, e.g. the ref and index. Bytes that an interrupted download left
            are only gone on with for the same owner.
        cancellation: ends it from another thread; bytes that can be resumed are kept.
        log: takes one line of each exchange, for `-v`, in the thread that runs this.

    Raises:
        Expired: 401, 403, 404 or 410. Bytes that can be resumed are kept.
        DownloadFailed: anything else on the way, or something is at the target.
        WriteFailed: the disk refused.
        Cancelled: somebody asked to stop before the file was whole.
    """
    if not force and _there(target):
        raise exists(target)
    part = Part.beside(target, owner)
    way = _Way(url, allow_private, clock, cancellation or Cancellation(), log)
    try:
        verified = yield from _fetch(way, part)
        part.flush()
        way.cancellation.check()  # whoever asked to stop no longer waits for this file
        part.publish(target, force=force)
    finally:
        part.close()
    yield Saved(target, part.size, verified)


def to_stream(
    url: str,
    out: BinaryIO,
    *,
    allow_private: bool,
    clock: Clock,
    log: Callable[[str], None] = _unlogged,
) -> Generator[Progress | Saved]:
    """Fetch a video into a private file, and copy it to a stream once it is whole.

    Args:
        url: as the provider gave it.
        out: e.g. `sys.stdout.buffer`; flushed, not closed.
        allow_private: as for `download`.
        clock: as for `download`.
        log: as for `download`.

    Raises:
        Expired, DownloadFailed: as `download`; nothing was written to the stream.
        WriteFailed: the stream refused.
    """
    part = Part.nowhere()
    way = _Way(url, allow_private, clock, Cancellation(), log)
    try:
        verified = yield from _fetch(way, part)
        part.copy_to(out)
    finally:
        part.close()
    yield Saved(Path("-"), part.size, verified)


def look(
    url: str, *, allow_private: bool, clock: Clock, log: Callable[[str], None] = _unlogged
) -> None:
    """See whether a video's URL still answers; nothing of the video is kept.

    Args:
        url: as the provider gave it.
        allow_private: as for `download`.
        clock: as for `download`.
        log: as for `download`.

    Raises:
        DownloadFailed: it does not.
    """
    way = _Way(url, allow_private, clock, Cancellation(), log)
    try:
        with way.open({"Range": "bytes=0-0"}) as answer:
            status = answer.status
    except (ConfigError, Unreachable) as error:
        raise DownloadFailed(f"its video could not be reached: {error.message}") from error
    if not 200 <= status < 300:  # noqa: PLR2004 - HTTP's own class
        raise DownloadFailed(f"its video's URL is not valid any more (HTTP {status})")


@dataclass(frozen=True, slots=True)
class _Way:
    """Where a video comes from, and by what rules."""

    url: str
    allow_private: bool
    clock: Clock
    cancellation: Cancellation
    log: Callable[[str], None]

    def open(self, headers: Mapping[str, str]) -> AbstractContextManager[Stream]:
        return open_video(
            self.url,
            headers,
            allow_private=self.allow_private,
            clock=self.clock,
            cancellation=self.cancellation,
            log=self.log,
        )


def _fetch(way: _Way, part: Part) -> Generator[Progress, None, bool]:
    """Fill the part, in as many requests as it takes; whether its layout shows that it is whole."""
    resumes, restarts, pause = RESUMES, RESTARTS, 0.5
    while True:
        try:
            headers = _range(part)
            with way.open(headers) as answer:
                take_head(answer, part, ranged=bool(headers))
                yield from take_body(answer, part, way.clock)
                return verify(part, answer)
        except ConfigError as error:  # proxy or certificate settings: the task is no worse for it
            raise DownloadFailed(error.message, hint=error.hint) from error
        except Unreachable as error:
            if part.resumable:
                resumes -= 1
            else:
                restarts -= 1
            if min(resumes, restarts) < 0:
                of = "" if part.total is None else f" of {part.total}"
                kept = ", kept to go on from" if part.resumable else ""
                raise DownloadFailed(
                    f"the video did not come whole ({part.size}{of} bytes{kept}): {error.message}"
                ) from error
        way.cancellation.sleep(pause, way.clock)
        pause = min(2 * pause, _MAX_PAUSE)


def _range(part: Part) -> dict[str, str]:
    # The header fields that ask for the rest, and for all of it if the video is another one now.
    if part.size == part.total and part.resumable:
        part.drop_last()
    if not part.resumable or part.mark is None:
        return {}
    return {"Range": f"bytes={part.size}-", "If-Range": part.mark.etag}


def _there(path: Path) -> bool:
    try:
        path.lstat()
    except (OSError, ValueError):
        return False
    return True


def _may_replace(path: Path, *, force: bool) -> bool:
    """Whether the name is free, or holds a file or a symlink that `force` allows to replace.

    Raises:
        UsageError: it holds something else.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return force or not _there(path)  # a symlink that leads nowhere is there, too
    if S_ISDIR(mode):
        raise UsageError(f"-o: {path} is a folder", hint="put a / after it")
    if not S_ISREG(mode):
        raise UsageError(f"-o: {path} is no ordinary file", hint="-o - writes to stdout")
    return force

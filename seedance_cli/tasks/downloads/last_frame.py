"""The last frame of a video, an image that some sellers give: from its URL to a file beside it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from seedance_cli.errors import ConfigError, DownloadFailed, Unreachable
from seedance_cli.models import MediaKind, recognised
from seedance_cli.tasks.downloads.partial import PartialFile
from seedance_cli.tasks.downloads.source import keyless, open_video

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seedance_cli.system import Cancellation, Clock
    from seedance_cli.tasks.downloads.source import Credentials

_MOST = 100 * 1024 * 1024
"""Bytes; a frame of 4k as an uncompressed image has a third of it."""
_TELLING = 64
"""Bytes after which the type of an image is known."""
_OK = 200


def fetch_last_frame(
    url: str,
    video: Path,
    *,
    force: bool,
    allow_private: bool,
    clock: Clock,
    cancellation: Cancellation,
    log: Callable[[str], None],
    credentials: Credentials = keyless,
) -> Path:
    """Fetch it into `VIDEO-last.png`, with the ending of its type.

    Args:
        url: as the provider gave it.
        video: the file of the video; others as for `download`.
        force: replace what is there.
        allow_private: as for `download`.
        clock: as for `download`.
        cancellation: ends it.
        log: takes a line for `-v`.
        credentials: as for `download`.

    Raises:
        DownloadFailed: it is not to be had, is no image, or another file has its name.
        WriteFailed: the disk refused.
        Cancelled: somebody asked to stop.
    """
    try:
        with open_video(
            url,
            {},
            allow_private=allow_private,
            clock=clock,
            cancellation=cancellation,
            log=log,
            credentials=credentials,
        ) as answer:
            if answer.status != _OK:
                raise _failed(f"its server answers HTTP {answer.status}")
            content = bytearray()
            for chunk in answer.chunks():
                content += chunk
                if len(content) > _MOST:
                    raise _failed("it is larger than any image")
    except (ConfigError, Unreachable) as error:
        raise _failed(error.message) from error
    kind = recognised(bytes(content[:_TELLING]))
    if kind is None or kind.kind is not MediaKind.IMAGE:
        raise _failed("what came is no image")
    target = video.with_name(f"{video.stem}-last{kind.ends[0]}")
    with closing(PartialFile.beside(target, f"last frame of {video}")) as part:
        part.begin(None, None)
        part.append(bytes(content))
        part.flush()
        part.publish(target, force=force)
    return target


def _failed(why: str) -> DownloadFailed:
    return DownloadFailed(f"the last frame could not be fetched: {why}")

"""The last frame of a video, an image that some sellers give: from its URL to a file beside it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from seedance_cli.errors import ConfigError, DownloadFailed, Unreachable
from seedance_cli.models import MediaKind, recognised, type_named
from seedance_cli.tasks.downloads.partial import PartialFile
from seedance_cli.tasks.downloads.pauses import Pauses
from seedance_cli.tasks.downloads.source import keyless, open_video
from seedance_cli.tasks.downloads.video_answer import NotYet, check_there, is_whole, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seedance_cli.http import Stream
    from seedance_cli.models import MediaType
    from seedance_cli.system import Cancellation, Clock
    from seedance_cli.tasks.downloads.fetch import Again
    from seedance_cli.tasks.downloads.source import Credentials

_MOST = 100 * 1024 * 1024
"""Bytes; a frame of 4k as an uncompressed image has a third of it."""
_TELLING = 64
"""Bytes after which the type of an image is known."""
_USUAL = ("png", "jpeg", "webp")
"""Types that a seller's frame may have."""


def last_frame_paths(video: Path) -> list[Path]:
    """Where the last frame of a video that is to be saved may go: what type it has shows later."""
    return [_beside(video, type_named(name)) for name in _USUAL]


def fetch_last_frame(
    url: str,
    video: Path,
    *,
    force: bool,
    allow_private: bool,
    clock: Clock,
    patience: float,
    again: Again,
    cancellation: Cancellation,
    log: Callable[[str], None],
    credentials: Credentials = keyless,
) -> Path:
    """Fetch it into `VIDEO-last.png`, with the ending of its type.

    One that is not there yet is asked for again, as a video is.

    Args:
        url: as the provider gave it.
        video: the file of the video; others as for `download`.
        force: replace what is there.
        allow_private: as for `download`.
        clock: as for `download`.
        patience: as for `download`.
        again: as for `download`.
        cancellation: ends it.
        log: takes a line for `-v`.
        credentials: as for `download`.

    Raises:
        DownloadFailed: it is not to be had, is no image, or another file has its name.
        WriteFailed: the disk refused.
        Cancelled: somebody asked to stop.
    """
    pauses = Pauses(patience)
    while True:
        began = clock.monotonic()
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
                content, kind = _image(answer, clock)
            break
        except ConfigError as error:
            raise _failed(error.message) from error
        except (Unreachable, NotYet) as error:
            cause = error
        ended = clock.monotonic()
        pauses.spend(ended - began)
        pause = pauses.take(cause.retry_after)
        if pause is None:
            raise _failed(cause.message) from cause
        url = again(_failed(cause.message), pause)
        pauses.spend(max(0.0, clock.monotonic() - ended - pause))  # reading the URL anew
    target = _beside(video, kind)
    with closing(PartialFile.beside(target, f"last frame of {video}")) as part:
        part.begin(None, None)
        part.append(content)
        part.flush()
        part.publish(target, force=force)
    return target


def _beside(video: Path, kind: MediaType) -> Path:
    return video.with_name(f"{video.stem}-last{kind.ends[0]}")


def _image(answer: Stream, clock: Clock) -> tuple[bytes, MediaType]:
    """The image in an answer, and its type."""
    check_there(answer, clock)
    if not is_whole(answer):
        raise _failed(f"its server answers HTTP {answer.status}")
    content = bytearray()
    for chunk in unpacked(answer, clock):
        content += chunk
        if len(content) > _MOST:
            raise _failed("it is larger than any image")
    kind = recognised(bytes(content[:_TELLING]))
    if kind is None or kind.kind is not MediaKind.IMAGE:
        raise NotYet("what came is no image")
    return bytes(content), kind


def _failed(why: str) -> DownloadFailed:
    return DownloadFailed(f"the last frame could not be fetched: {why}")

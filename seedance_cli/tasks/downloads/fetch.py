"""Fetch a video: without a key, resumed where that is safe, and never a broken file in its place.

Redirects are followed by hand and held to rules (`source`). The bytes go to a private file
beside the target (`part`); only what is as long as declared, or whole by its own boxes (`mp4`),
gets the name. Errors here have no hint: the way back is `seedance wait REF`, and only the caller
knows the ref.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from seedance_cli._named import NamedTuple
from seedance_cli.errors import ConfigError, DownloadFailed, Unreachable
from seedance_cli.models import spoken
from seedance_cli.system import Cancellation
from seedance_cli.tasks.downloads.measure import measure
from seedance_cli.tasks.downloads.partial import PartialFile, exists, writing
from seedance_cli.tasks.downloads.pauses import PATIENCE, Pauses
from seedance_cli.tasks.downloads.source import keyless, open_video
from seedance_cli.tasks.downloads.targets import is_stream, is_there, open_stream
from seedance_cli.tasks.downloads.video_answer import SLOW_BYTES, NotYet, Progress, receive, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from seedance_cli.http import Stream
    from seedance_cli.models import VideoFacts
    from seedance_cli.system import Clock
    from seedance_cli.tasks.downloads.source import Credentials


class Whole(NamedTuple):
    """The bytes are all here and durable; the next step gives them their name."""

    size: int
    """Bytes."""


Again: TypeAlias = "Callable[[DownloadFailed, float], str]"
"""Called where a video is not there yet: with the reason, and the seconds to wait. It waits them,
and returns the URL to ask then, e.g. one that was read anew."""


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
    is_file: bool = field(default=True, compare=False)
    """Whether the target is a file; else a stream took the bytes."""
    facts: VideoFacts | None = field(default=None, compare=False)
    """What its boxes say of the video; None: nothing."""


def _unlogged(_: str) -> None:
    """The log of a caller that wants none."""


def download(
    url: str,
    target: Path,
    *,
    force: bool,
    allow_private: bool,
    clock: Clock,
    owner: str = "",
    patience: float = PATIENCE,
    again: Again | None = None,
    cancellation: Cancellation | None = None,
    log: Callable[[str], None] = _unlogged,
    credentials: Credentials = keyless,
) -> Generator[Progress | Whole | Saved]:
    """Fetch a video into a file. The last item is a `Saved`; the target is there by then.

    For a file a `Whole` comes before it: whoever keeps a record of files writes it down then.

    Args:
        url: as the provider gave it.
        target: absolute; missing folders are created. What is there and is no regular file is
            written to once the video is whole.
        force: replace what is there.
        allow_private: whether loopback and private hosts may be asked: for loopback endpoints.
        clock: for pauses, the minimum speed, and the pace of `Progress` (10 a second).
        owner: whose video it is, e.g. the ref and index. Bytes that an interrupted download left
            are only gone on with for the same owner.
        patience: seconds for which a video that is not there yet, or broke off, is asked for again.
        again: see `Again`; None: the same URL once more.
        cancellation: ends it from another thread; bytes that can be resumed are kept.
        log: takes one line of each exchange, for `-v`, in the thread that runs this.
        credentials: see `open_video`.

    Raises:
        DownloadFailed: no video is to be had, or something is at the target. Bytes that can be
            resumed are kept.
        WriteFailed: the disk refused.
        Cancelled: somebody asked to stop before the file was whole.
    """
    stop = cancellation or Cancellation()
    way = _Way(url, allow_private, clock, patience, again, stop, log, credentials)
    if is_stream(target):
        yield from _into_stream(way, target)
        return
    if not force and is_there(target):
        raise exists(target)
    part = PartialFile.beside(target, owner)
    try:
        verified = yield from _fetch(way, part)
        facts = measure(part.readable, part.size)
        part.flush()
        yield Whole(part.size)
        way.cancellation.check()  # whoever asked to stop no longer waits for this file
        part.publish(target, force=force)
    finally:
        part.close()
    yield Saved(target, part.size, verified, facts=facts)


def to_stream(
    url: str,
    out: BinaryIO,
    *,
    allow_private: bool,
    clock: Clock,
    patience: float = PATIENCE,
    again: Again | None = None,
    log: Callable[[str], None] = _unlogged,
    credentials: Credentials = keyless,
) -> Generator[Progress | Saved]:
    """Fetch a video into a private file, and copy it to a stream once it is whole.

    Args:
        url: as the provider gave it.
        out: e.g. `sys.stdout.buffer`; flushed, not closed.
        allow_private: as for `download`; so are the others.
        clock: as for `download`.
        patience: as for `download`.
        again: as for `download`.
        log: as for `download`.
        credentials: as for `download`.

    Raises:
        DownloadFailed: as `download`; nothing was written to the stream.
        WriteFailed: the stream refused.
    """
    way = _Way(url, allow_private, clock, patience, again, Cancellation(), log, credentials)
    part = PartialFile.nowhere()
    try:
        verified = yield from _fetch(way, part)
        facts = measure(part.readable, part.size)
        part.copy_to(out, "stdout")
    finally:
        part.close()
    yield Saved(Path("-"), part.size, verified, is_file=False, facts=facts)


def _into_stream(way: _Way, target: Path) -> Generator[Progress | Saved]:
    part = PartialFile.nowhere()
    try:
        verified = yield from _fetch(way, part)
        facts = measure(part.readable, part.size)
        with (
            writing(target),
            open_stream(target, way.cancellation, way.clock) as out,
        ):
            part.copy_to(out, str(target))
    finally:
        part.close()
    yield Saved(target, part.size, verified, is_file=False, facts=facts)


def look(
    url: str,
    *,
    allow_private: bool,
    clock: Clock,
    log: Callable[[str], None] = _unlogged,
    credentials: Credentials = keyless,
) -> None:
    """See whether a video's URL still answers; nothing of the video is kept.

    Args:
        url: as the provider gave it.
        allow_private: as for `download`.
        clock: as for `download`.
        log: as for `download`.
        credentials: as for `download`.

    Raises:
        DownloadFailed: it does not.
    """
    way = _Way(url, allow_private, clock, 0.0, None, Cancellation(), log, credentials)
    try:
        with way.open({"Range": "bytes=0-0"}) as answer:
            status = answer.status
    except (ConfigError, Unreachable) as error:
        raise DownloadFailed(f"its video could not be reached: {error.message}") from error
    if not 200 <= status < 300:  # noqa: PLR2004 - HTTP's own class
        raise DownloadFailed(f"its video's URL is not valid any more (HTTP {status})")


@dataclass(slots=True)
class _Way:
    """The URL of a video, and the rules by which it is fetched."""

    url: str
    allow_private: bool
    clock: Clock
    patience: float
    again: Again | None
    cancellation: Cancellation
    log: Callable[[str], None]
    credentials: Credentials

    def open(self, headers: Mapping[str, str]) -> AbstractContextManager[Stream]:
        return open_video(
            self.url,
            headers,
            allow_private=self.allow_private,
            clock=self.clock,
            cancellation=self.cancellation,
            log=self.log,
            credentials=self.credentials,
        )

    def wait(self, error: DownloadFailed, seconds: float) -> None:
        if self.again is not None:
            self.url = self.again(error, seconds)
        else:
            self.cancellation.sleep(seconds, self.clock)


def _fetch(way: _Way, part: PartialFile) -> Generator[Progress, None, bool]:
    """Fill the part, in as many requests as it takes; whether its layout shows that it is whole."""
    pauses = Pauses(way.patience)
    tries, kept = 0, part.size
    while True:
        tries += 1
        began, before = way.clock.monotonic(), part.size if part.resumable else 0
        try:
            headers = _range(part)
            with way.open(headers) as answer:
                yield from receive(answer, part, way.clock, ranged=bool(headers))
                return verify(part)
        except ConfigError as error:  # proxy or certificate settings: the task is no worse for it
            raise DownloadFailed(error.message, hint=error.hint) from error
        except (Unreachable, NotYet) as error:
            cause = error
        ended = way.clock.monotonic()
        if part.resumable and part.size >= kept + SLOW_BYTES:
            pauses.renew()
            kept = part.size
        elif tries > 1 and part.size - before < SLOW_BYTES:
            pauses.spend(ended - began)
        pause = pauses.take(cause.retry_after)
        if pause is None:
            raise _failure(cause, part, _ending(cause, tries)) from cause
        way.wait(_failure(cause, part), pause)
        pauses.spend(max(0.0, way.clock.monotonic() - ended - pause))  # reading the URL anew


def _failure(cause: Unreachable | NotYet, part: PartialFile, ending: str = "") -> DownloadFailed:
    """What went wrong with one try, in words that say what is here."""
    if part.size == 0:
        message = "the video is not there"
    else:
        of = "" if part.total is None else f" of {part.total}"
        kept = ", kept to go on from" if part.resumable else ""
        message = f"the video did not come whole ({part.size}{of} bytes{kept})"
    return DownloadFailed(f"{message}: {cause.message}{ending}", http_status=cause.http_status)


def _ending(cause: Unreachable | NotYet, tries: int) -> str:
    if cause.retry_after:
        return f"; its server asks to wait {spoken(cause.retry_after)}"
    return f"; asked {tries} times" if tries > 1 else ""


def _range(part: PartialFile) -> dict[str, str]:
    # The header fields that ask for the rest, and for all of it if the video is another one now.
    if part.size == part.total and part.resumable:
        part.drop_last()
    if not part.resumable or part.mark is None:
        return {}
    return {"Range": f"bytes={part.size}-", "If-Range": part.mark.etag}

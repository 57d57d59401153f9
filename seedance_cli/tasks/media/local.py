"""The local files of a request: whether they can get to its seller, what they hold, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.models import given, is_local

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from seedance_cli.models import LocalFile, VideoRequest
    from seedance_cli.providers import ProviderInfo
    from seedance_cli.tasks.media.ways import Way


class Place(NamedTuple):
    """Where a request goes, as far as its files are concerned."""

    endpoint: str
    """The base URL."""
    sandbox: bool
    """Whether it is the embedded sandbox."""
    command: tuple[str, ...] = ()
    """`upload_command` of the profile; empty: it has none."""


class LocalMedia(NamedTuple):
    """A request with its local files read and checked."""

    video: VideoRequest
    files: tuple[LocalFile, ...]
    ways: Mapping[str, Way]
    """How each gets there, by content."""


def local_media(
    info: ProviderInfo,
    video: VideoRequest,
    place: Place,
    *,
    base: Callable[[str], Path],
    free: bool,
) -> LocalMedia:
    """Read and check the local files of a request. Nothing is sent.

    Args:
        info: the provider's capabilities.
        video: the request, whose model is chosen.
        place: where it goes.
        base: the folder that a path is relative to.
        free: `--no-validate`: files outside the documented limits pass.

    Raises:
        UsageError: a file cannot get there, cannot be read, or is not what the provider takes.
    """
    if not any(is_local(text) for _, text in given(video)):
        return LocalMedia(video, (), {})
    # Only a request with files needs to know how files are read and sent.
    from seedance_cli.tasks.media.checks import with_files
    from seedance_cli.tasks.media.plan import check_ways, ways_of

    where = {
        "endpoint": place.endpoint,
        "sandbox": place.sandbox,
        "command": bool(place.command),
    }
    check_ways(info, video, **where)  # type: ignore[arg-type]  # each as its place has it
    found = with_files(info, video, base=base, free=free)
    ways = ways_of(info, found.video, found.files, **where)  # type: ignore[arg-type]  # as above
    return LocalMedia(found.video, found.files, ways)

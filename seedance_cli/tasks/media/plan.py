"""How each local file of a request gets to its seller, decided before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli import providers
from seedance_cli.errors import UsageError
from seedance_cli.models import MEDIA
from seedance_cli.tasks.media.body import check_size
from seedance_cli.tasks.media.ways import Way, stranded, way_of
from seedance_cli.tasks.refusal import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.models import LocalFile, VideoRequest
    from seedance_cli.providers import ProviderInfo


def check_ways(
    info: ProviderInfo, video: VideoRequest, *, endpoint: str, sandbox: bool, command: bool
) -> None:
    """Refuse local files that cannot get to the provider, before any is read.

    Args:
        info: the provider's capabilities.
        video: the request, whose model is chosen.
        endpoint: the base URL.
        sandbox: whether it is the embedded sandbox.
        command: whether the profile has an `upload_command`.

    Raises:
        UsageError: one cannot; names a provider that takes files of its kind.
    """
    for option, why in stranded(info, video, endpoint=endpoint, sandbox=sandbox, command=command):
        raise _no_way(info, why, option)


def ways_of(
    info: ProviderInfo,
    video: VideoRequest,
    files: Sequence[LocalFile],
    *,
    endpoint: str,
    sandbox: bool,
    command: bool,
) -> dict[str, Way]:
    """How each file gets there, by content; each has a way (`check_ways`).

    Raises:
        UsageError: those that go inside the request are too large together.
    """
    model = info.model(video.model)
    ways: dict[str, Way] = {}
    for file in files:
        way = way_of(
            info, model, file.type.kind, endpoint=endpoint, sandbox=sandbox, command=command
        )
        assert way is not None
        ways[file.content] = way
    check_size([one for one in files if ways[one.content] is Way.INLINE])
    return ways


def _no_way(info: ProviderInfo, why: str, option: str) -> UsageError:
    kind = MEDIA[option]
    infos = [providers.get(name).info for name in providers.names()]
    others = [
        other.name
        for other in infos
        if other.name != info.name
        and any(
            other.takes(option, one)
            and way_of(other, one, kind, endpoint=other.base_url, sandbox=False, command=False)
            for one in other.models
        )
    ]
    who = f"supported by {listed(others)}" if others else "no other provider documents a way"
    return UsageError(
        f"{why}; {who}",
        hint="give an http(s) URL, or set upload_command in the profile: it gets {file}, and"
        " prints the URL",
        provider=info.name,
    )

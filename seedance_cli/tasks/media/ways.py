"""How a local file gets to a seller: inside the request, uploaded, or by the user's command."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from seedance_cli.models import MEDIA, given, is_local, origin
from seedance_cli.providers import FLAGS
from seedance_cli.tasks.refusal import shown, subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seedance_cli.models import MediaKind, VideoRequest
    from seedance_cli.providers import ModelInfo, ProviderInfo


class Way(Enum):
    """The ways, the first that is open counts."""

    SANDBOX = auto()
    """The embedded sandbox takes it itself."""
    UPLOAD = auto()
    """The provider's documented upload."""
    INLINE = auto()
    """A `data:` URI inside the request."""
    COMMAND = auto()
    """`upload_command` of the profile."""


def way_of(
    info: ProviderInfo,
    model: ModelInfo,
    kind: MediaKind,
    *,
    endpoint: str,
    sandbox: bool,
    command: bool,
) -> Way | None:
    """How a file of a kind gets there; None: it does not.

    Args:
        info: the provider's capabilities.
        model: the one of the request.
        kind: of the file.
        endpoint: the base URL; a key goes to an upload's own origin only while this is the
            provider's own.
        sandbox: whether it is the embedded sandbox.
        command: whether the profile has an `upload_command`.
    """
    inline = info.limits(model).files(kind).data_uri
    if sandbox:
        return Way.INLINE if inline else Way.SANDBOX
    upload = info.upload
    if upload is not None and (upload.origin is None or origin(endpoint) == origin(info.base_url)):
        return Way.UPLOAD
    if inline:
        return Way.INLINE
    return Way.COMMAND if command else None


def stranded(
    info: ProviderInfo, video: VideoRequest, *, endpoint: str, sandbox: bool, command: bool
) -> Iterator[tuple[str, str]]:
    """The local files that cannot get there: the option of each, and why, in words.

    Args:
        info: the provider's capabilities.
        video: the request, whose model is chosen; no file is read.
        endpoint: as for `way_of`; so are the others.
        sandbox: as for `way_of`.
        command: as for `way_of`.
    """
    model = info.model(video.model)
    for option, text in given(video):
        kind = MEDIA[option]
        if is_local(text) and not way_of(
            info, model, kind, endpoint=endpoint, sandbox=sandbox, command=command
        ):
            who = subject(info, model)
            why = f"{FLAGS[option]} {shown(text)}: {who} documents no way to send a local {kind}"
            yield option, why

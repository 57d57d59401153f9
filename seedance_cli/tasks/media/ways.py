"""How a local file gets to a seller: inside the request, uploaded, or by the user's command."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from seedance_cli.models import origin

if TYPE_CHECKING:
    from seedance_cli.models import MediaKind
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

"""What a provider's documents say of local files: what one may be, and how it gets there."""

from __future__ import annotations

from enum import StrEnum

from seedance_cli._named import NamedTuple


class FileLimits(NamedTuple):
    """What a file of one kind may be. Empty and None: stated nowhere."""

    data_uri: bool = False
    """Whether a `data:` URI may stand where a URL does."""
    types: tuple[str, ...] = ()
    """Names of media types: `png`, `mp4`."""
    max_bytes: int | None = None
    min_pixels: int | None = None
    """Of each side, here and below."""
    max_pixels: int | None = None
    min_ratio: float | None = None
    """Width by height, here and below."""
    max_ratio: float | None = None
    min_seconds: float | None = None
    max_seconds: float | None = None
    seconds_together: float | None = None
    """Of all files of the kind in one request."""


class UploadForm(StrEnum):
    """How a documented upload goes."""

    INITIATE = "initiate"
    """A POST of `{content_type, file_name}` with the key; the bytes then go by PUT, without it, to
    a URL that the answer names."""
    MULTIPART = "multipart"
    """A POST of the bytes as the field `content` of a form, with the key."""


class Upload(NamedTuple):
    """A documented endpoint that takes files."""

    form: UploadForm
    path: str
    """Of the POST, with its query."""
    url_at: str
    """Where its answer has the URL of the file: object keys joined by dots."""
    origin: str | None = None
    """Where it lies, if not below the endpoint itself. Then the key goes there only while the
    endpoint is the provider's own."""
    put_at: str = ""
    """Where the answer has the URL that the bytes are put to."""
    seconds: int | None = None
    """How long the file lives there; None: stated nowhere, and so it serves one command only."""

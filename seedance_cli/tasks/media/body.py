"""The body of a request whose local files are put in: URLs of what was uploaded, or the bytes."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING

from seedance_cli.errors import UsageError
from seedance_cli.http import encode
from seedance_cli.tasks.media.checks import BLOCK, changed, opened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seedance_cli.models import JsonObject, LocalFile

MOST_BYTES = 64 << 20
"""Of a body with files in it. It lies in memory until the answer is there."""

_CONTENT = re.compile(rb'"(sha256:[0-9a-f]{64}\.[a-z0-9]+)"')
"""What stands for a file in an encoded body: a string of its own."""


def check_size(files: Sequence[LocalFile]) -> None:
    """Refuse files that are too large to go inside the request, all together.

    Raises:
        UsageError: they are.
    """
    size = sum(inline_size(one) for one in files)
    if size > MOST_BYTES:
        raise UsageError(
            f"the files would make a request of {size >> 20} MiB, and {MOST_BYTES >> 20} MiB is"
            " the most; nothing was sent",
            hint="put the larger ones at http(s) addresses, or make them smaller",
        )


def inline_size(file: LocalFile) -> int:
    """Bytes that a file takes as a `data:` URI."""
    return len(_begin(file)) + 4 * ((file.size + 2) // 3)


def filled(body: JsonObject, urls: Mapping[str, str], inline: Mapping[str, LocalFile]) -> bytes:
    """The body as it is sent, its files in their places. The bytes lie in memory once.

    Args:
        body: as the provider words it, with files by their content.
        urls: where files were uploaded to, by content.
        inline: files that go inside as `data:` URIs, by content.

    Raises:
        UsageError: a file is gone, or is not what was checked.
    """
    pieces = _CONTENT.split(encode(body))
    made = BytesIO()
    for place, piece in enumerate(pieces):
        content = piece.decode("ascii") if place % 2 else ""
        if content in inline:
            made.write(b'"')
            _write(made, inline[content])
            made.write(b'"')
        elif content in urls:
            made.write(json.dumps(urls[content], ensure_ascii=False).encode())
        else:
            made.write(b'"%s"' % piece if place % 2 else piece)
    return made.getvalue()


def _write(made: BytesIO, file: LocalFile) -> None:
    digest = sha256()
    made.write(_begin(file))
    with opened(file) as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
            made.write(b64encode(block))
    if digest.hexdigest() != file.sha256:
        raise changed(file)


def _begin(file: LocalFile) -> bytes:
    return f"data:{file.type.mime};base64,".encode("ascii")

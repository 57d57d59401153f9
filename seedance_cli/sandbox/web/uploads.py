"""Files for requests to the embedded sandbox, where a seller takes only URLs: counted, not kept.

No seller has this endpoint, and nobody ever fetches what lies here.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from seedance_cli.sandbox.dialects._base import UPLOADS
from seedance_cli.sandbox.dialects._refusals import Refusal
from seedance_cli.sandbox.web.answers import document

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

__all__ = ["UPLOADS", "take"]


async def take(request: Request) -> ASGIApp:
    """`PUT /uploads/SHA256.END`: the bytes must be those of the name."""
    name = request.path_params["name"]
    digest = sha256()
    async for chunk in request.stream():
        digest.update(chunk)
    if digest.hexdigest() != name.partition(".")[0]:
        raise Refusal(400, None, "the name is not the SHA-256 of these bytes")
    return document({"name": name}, 201)

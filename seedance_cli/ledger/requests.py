"""How a request, and what decides its price, lie in the ledger."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from seedance_cli.ledger.stored import dump, optional, parsed, switch, text, text_map, texts, whole
from seedance_cli.models import PricedFields, VideoRequest, request_object

if TYPE_CHECKING:
    from seedance_cli.models import JsonObject

_FIRST_PRICED = 4
"""How many priced fields the first release knew."""
_SECOND_PRICED = 7
"""How many the next one knew, which reads no more of them."""


def request_text(request: VideoRequest) -> str:
    """A request as JSON."""
    return dump(request_object(request))


def priced_text(priced: PricedFields | None) -> str | None:
    """What decides a price, as JSON."""
    if priced is None:
        return None
    further = priced[_SECOND_PRICED:]
    nothing = further == PricedFields(None, None, None, None)[_SECOND_PRICED:]
    return dump(list(priced[:_SECOND_PRICED] if nothing else priced))


def priced_prefix(priced: PricedFields, fields: int) -> str:
    """What the text of priced fields begins with whose first so many are these."""
    return dump(list(priced[:fields]))[:-1]


def read_priced(fields: str, request: str) -> PricedFields:
    """The fields that `priced_text` wrote.

    Args:
        fields: theirs.
        request: the row's, which tells the fields that the release before did not write.
    """
    values = json.loads(fields)
    if isinstance(values, list) and len(values) == _FIRST_PRICED:
        asked = read_request(parsed(request))
        values += [len(asked.images), asked.aspect_ratio, asked.fixed_lens]
    match values:
        case [
            str() | None as model,
            int() | None as seconds,
            str() | None as size,
            bool() | None as audio,
            int() as images,
            str() | None as ratio,
            bool() | None as lens,
            *further,
        ]:
            known = PricedFields(model, seconds, size, audio, images, ratio, lens)
            return _with_further(known, further)
    raise ValueError("priced fields")


def _with_further(known: PricedFields, values: list[object]) -> PricedFields:
    """The fields with those that came later, which a row has where one of them is set."""
    match values:
        case []:
            return known
        case [
            bool() | None as first,
            bool() | None as last,
            int() as videos,
            int() as audios,
            bool() | None as watermark,
            bool() | None as frame_out,
        ]:
            return known._replace(
                first_frame=first,
                last_frame=last,
                reference_videos=videos,
                reference_audios=audios,
                watermark=watermark,
                last_frame_out=frame_out,
            )
    raise ValueError("priced fields")


def read_request(stored: JsonObject) -> VideoRequest:
    """The request that `request_text` wrote, by this release or an earlier one.

    Args:
        stored: what was parsed of it.
    """
    metadata, params = stored.get("metadata"), stored.get("params")
    if not (isinstance(metadata, dict) and isinstance(params, dict)):
        raise ValueError("request")  # noqa: TRY004 - one error for every damaged row
    return VideoRequest(
        prompt=text(stored.get("prompt")),
        model=optional(stored.get("model")),
        duration=whole(stored.get("duration")),
        resolution=optional(stored.get("resolution")),
        aspect_ratio=optional(stored.get("aspect_ratio")),
        audio=switch(stored.get("audio")),
        fixed_lens=switch(stored.get("fixed_lens")),
        seed=whole(stored.get("seed")),
        watermark=switch(stored.get("watermark")),
        images=texts(stored.get("images")),
        first_frame=optional(stored.get("first_frame")),
        last_frame=optional(stored.get("last_frame")),
        reference_videos=texts(stored.get("reference_videos", [])),
        reference_audios=texts(stored.get("reference_audios", [])),
        last_frame_out=switch(stored.get("last_frame_out")),
        callback_url=optional(stored.get("callback_url")),
        files=text_map(stored.get("files", {})),
        metadata=text_map(metadata),
        params=params,
    )

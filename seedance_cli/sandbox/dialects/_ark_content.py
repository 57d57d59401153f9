"""The content of a submit to Ark: a text, and frames or references beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seedance_cli.sandbox.dialects._ark_fields import bad, missing
from seedance_cli.sandbox.dialects._base import is_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.models import JsonObject, JsonValue
    from seedance_cli.sandbox.dialects._ark_fields import Family

_IMAGE = re.compile(r"data:image/[a-z0-9.+-]+;base64,[A-Za-z0-9+/]+={0,2}", re.ASCII)
_ASSET = re.compile(r"asset://\S+", re.ASCII)
_ROLES = {
    "image_url": ("first_frame", "last_frame", "reference_image"),
    "video_url": ("reference_video",),
    "audio_url": ("reference_audio",),
}
_FRAMES = ("first_frame", "last_frame")


@dataclass(frozen=True, slots=True)
class Content:
    """What a submit says, as it was understood."""

    text: str
    media: tuple[tuple[str, str], ...]
    """Role and URL of each, in their order."""

    def of(self, *roles: str) -> tuple[str, ...]:
        """The URLs in these roles."""
        return tuple(url for role, url in self.media if role in roles)

    @property
    def images(self) -> tuple[str, ...]:
        """Frames and reference images."""
        return self.of("", *_FRAMES, "reference_image")


def read_content(value: JsonValue, family: Family) -> Content:
    """The content, held against what the model takes.

    Raises:
        Refusal: the documented error for what is wrong with it.
    """
    if not isinstance(value, list) or not value:
        raise bad("content", "must be an array of content items")
    texts: list[str] = []
    media: list[tuple[str, str]] = []
    draft = False
    for number, item in enumerate(value):
        kind = item.get("type") if isinstance(item, dict) else None
        if isinstance(item, dict) and kind == "text":
            texts.append(_text(item, number))
        elif isinstance(item, dict) and kind == "draft_task":
            draft = _is_draft(item, number, family)
        elif isinstance(item, dict) and isinstance(kind, str) and kind in _ROLES:
            media.append(_medium(item, kind, number))
        else:
            raise bad(f"content[{number}].type", "is no content type that there is")
    if not texts and not media and not draft:
        raise missing("content.text")
    content = Content(" ".join(texts), tuple(media))
    _check_roles(content)
    _check_counts(content, family)
    return content


def _text(item: JsonObject, number: int) -> str:
    text = item.get("text")
    if not isinstance(text, str) or not text.strip():
        raise bad(f"content[{number}].text", "must be a text")
    return text


def _is_draft(item: JsonObject, number: int, family: Family) -> bool:
    draft = item.get("draft_task")
    if not family.draft or not isinstance(draft, dict) or not isinstance(draft.get("id"), str):
        raise bad(f"content[{number}].draft_task", "must name a draft, for a model that has them")
    return True


def _medium(item: JsonObject, kind: str, number: int) -> tuple[str, str]:
    place = f"content[{number}]"
    holder = item.get(kind)
    url = holder.get("url") if isinstance(holder, dict) else None
    if not isinstance(url, str) or not url:
        raise missing(f"{place}.{kind}.url")
    inline = kind == "image_url" and _IMAGE.fullmatch(url) is not None
    if not inline and not is_url(url) and not _ASSET.fullmatch(url):
        raise bad(f"{place}.{kind}.url", "is no URL that can be fetched")
    role = item.get("role", "" if kind == "image_url" else None)
    if role is not None and (role in _ROLES[kind] or role == "") and isinstance(role, str):
        return role, url
    raise bad(f"{place}.role", f"must be one of {', '.join(_ROLES[kind])}")


def _check_roles(content: Content) -> None:
    """One image needs no role; otherwise frames and references exclude one another."""
    bare, first, last = (content.of(role) for role in ("", *_FRAMES))
    references = content.of("reference_image", "reference_video", "reference_audio")
    if len(bare) > 1 or (bare and (first or last or references)):
        raise missing("content.role")
    if references and (first or last):
        raise bad("content", "has either frames or references")
    if len(first) > 1 or len(last) > 1 or (last and not first):
        raise bad("content", "has one first frame, and one last frame beside it")


def _check_counts(content: Content, family: Family) -> None:
    names: Sequence[str] = ("reference_image", "reference_video", "reference_audio")
    counts = [len(content.of(name)) for name in names]
    if not any(counts):
        return
    if family.references is None:
        raise bad("content", "has references, which this model does not take")
    for name, count, most in zip(names, counts, family.references, strict=True):
        if count > most:
            raise bad("content", f"has more than {most} items in the role {name}")
    if counts[2] and not (counts[0] or counts[1] or family.audio_alone):
        raise bad("content", "has audio without an image or a video")

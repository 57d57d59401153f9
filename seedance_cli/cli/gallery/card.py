"""One video as HTML: the picture, who made it of what, what it cost, what was asked and came."""

from __future__ import annotations

import base64
import json
import os
import shlex
from math import gcd
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from seedance_cli.cli.gallery.choice import prompt_of
from seedance_cli.models import (
    Status,
    differences,
    html,
    html_lines,
    price_text,
    request_object,
    spoken,
    timestamp,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from seedance_cli.cli.gallery.choice import Shown
    from seedance_cli.models import JsonValue, Submission, VideoFacts, VideoRequest
    from seedance_cli.tasks import Poster

_UNKNOWN = "not known"
_OPTIONS = (
    ("seed", "Seed"),
    ("fixed_lens", "Fixed lens"),
    ("watermark", "Watermark"),
    ("images", "Images"),
    ("first_frame", "First frame"),
    ("last_frame", "Last frame"),
    ("reference_videos", "Videos"),
    ("reference_audios", "Audio"),
    ("metadata", "Metadata"),
    ("params", "Parameters"),
)
"""Fields of a request beside those that stand in the table of what was asked and delivered."""
_CLAMPED = 80
"""Characters of a prompt from which on a card may not show all of it, but its details do."""
_LONGEST = 300
"""Characters of such a value: a `data:` URI may have megabytes."""


def link(file: Path, folder: Path) -> str:
    """The URL of a file, relative to the folder of the page where that can be.

    Every character but letters, digits and `/._-~` is percent-encoded, a `:` too, so that no name
    is taken for a scheme, a query or another folder.
    """
    try:
        relative = os.path.relpath(file, folder)
    except ValueError:  # on another drive
        return file.as_uri()
    return quote(os.fsencode(relative.replace(os.sep, "/")), safe="/")


def card(
    one: Shown, folder: Path, poster: Poster | None, *, alone: bool, tall: bool, soon: bool
) -> str:
    """The card of a video.

    Args:
        one: the video.
        folder: of the page.
        poster: the picture that is shown before it plays.
        alone: whether no other has this prompt, which then stands in the card.
        tall: whether it has room for a picture that is higher than wide.
        soon: whether a browser may read the beginning of a video without a poster at once.
    """
    row, shape = one.task, ' class="tall"' if tall else ""
    return (
        f"<article{shape}{_data(one)}>\n"
        f"{_screen(one, folder, poster, soon=soon)}\n"
        f'<div class="body">\n{_prompt(row) if alone else ""}'
        f"{_who(one)}{_chips(one)}{_figures(one)}{_details(one, folder, alone=alone)}"
        "</div>\n</article>\n"
    )


def _data(one: Shown) -> str:
    """What the page's script filters and sorts by."""
    row, task = one.task, one.task.task
    cost = None if task is None else task.cost
    took = _seconds(row)
    values = {
        "at": None if row.created_at is None else f"{row.created_at.timestamp():.0f}",
        "took": None if took is None else f"{took:.0f}",
        "cost": None if cost is None else f"{cost.amount:f}",
        "unit": None if cost is None else cost.unit or "",
        "provider": row.provider,
        "model": one.model,
        "batch": row.batch,
    }
    return "".join(f' data-{name}="{html(text)}"' for name, text in values.items() if text)


def _screen(one: Shown, folder: Path, poster: Poster | None, *, soon: bool) -> str:
    if one.file is None:
        return f'<div class="screen"><p>{_why_none(one.task)}</p></div>'
    words = ['controls playsinline src="', html(link(one.file, folder)), '"']
    if poster is not None:
        text = base64.b64encode(poster.content).decode("ascii")
        words.append(f' preload="none" poster="data:{poster.media_type};base64,{text}"')
        words.append(f' width="{poster.width}" height="{poster.height}"')
    else:
        words.append(f' preload="{"metadata" if soon else "none"}"')
    return f'<div class="screen"><video {"".join(words)}></video></div>'


def _why_none(row: Submission) -> str:
    if row.task is not None and row.status is Status.SUCCEEDED:
        return (
            "No file of it on this machine<br>"
            f"<code>seedance download {html(shlex.quote(row.name or row.ref or ''))}</code>"
        )
    error = row.task.error if row.task is not None else None
    why = f"<br>{html(error.words)}" if error is not None else ""
    return f"No video: {html(row.status)}{why}"


def prompt_html(row: Submission, kind: str = "") -> str:
    """The prompt as a paragraph."""
    text = prompt_of(row)
    if text is None:
        return f'<p class="prompt soft{kind}">The prompt is not known.</p>\n'
    return f'<p class="prompt{kind}" dir="auto">{html_lines(text)}</p>\n'


def _prompt(row: Submission) -> str:
    return prompt_html(row, " first")


def _who(one: Shown) -> str:
    words = [f"<b>{html(one.task.provider)}</b>"]
    words += [f"<code>{html(one.model)}</code>"] if one.model else []
    if one.of > 1:
        words.append(f'<span class="soft">video {one.number} of {one.of}</span>')
    return f'<p class="who">{" ".join(words)}</p>\n'


def _chips(one: Shown) -> str:
    request = one.task.request
    chips = [] if request is None else _settings(request)
    items = [f"<li>{html(text)}</li>" for text in chips]
    items += [
        f'<li class="off">{html(found.delivered)} instead of {html(found.asked)}</li>'
        for found in differences(request, one.facts)
    ]
    items += ['<li class="mark">sandbox</li>'] if one.task.sandbox else []
    return f'<ul class="chips">{"".join(items)}</ul>\n' if items else ""


def _settings(request: VideoRequest) -> list[str]:
    """What was asked for, in a few words."""
    words = [] if request.duration is None else [f"{request.duration} s"]
    words += [text for text in (request.resolution, request.aspect_ratio) if text]
    words += [] if request.audio is None else ["sound" if request.audio else "silent"]
    frames = [one for one in (request.first_frame, request.last_frame) if one is not None]
    for noun, media in (
        ("image", request.images),
        ("frame", frames),
        ("reference", (*request.reference_videos, *request.reference_audios)),
    ):
        if media:
            words.append(f"{len(media)} {noun}{'' if len(media) == 1 else 's'}")
    return words


def _figures(one: Shown) -> str:
    row, took = one.task, _seconds(one.task)
    figures = [
        _cost(row),
        ("Took", _UNKNOWN if took is None else html(spoken(took))),
        ("Made", _time(row.created_at)),
    ]
    pairs = "".join(f"<div><dt>{name}</dt><dd>{text}</dd></div>" for name, text in figures)
    return f'<dl class="figures">{pairs}</dl>\n'


def _cost(row: Submission) -> tuple[str, str]:
    """What it cost; where nobody has said so yet, what it was priced at."""
    cost = None if row.task is None else row.task.cost
    if cost is None and row.price is not None:
        return "Priced at", html(price_text(row.price))
    return "Cost", _UNKNOWN if cost is None else html(price_text(cost))


def _seconds(row: Submission) -> float | None:
    """From the submit to the end, as far as known."""
    finished = None if row.task is None else row.task.finished_at
    began = row.submitted_at or row.created_at
    if finished is None or began is None or finished < began:
        return None
    return (finished - began).total_seconds()


def _time(when: datetime | None) -> str:
    """In the time of this place; the page's head says which that is."""
    if when is None:
        return _UNKNOWN
    return f'<time datetime="{timestamp(when)}">{when.astimezone():%Y-%m-%d %H:%M}</time>'


def _details(one: Shown, folder: Path, *, alone: bool) -> str:
    row = one.task
    parts = [_table(one)] if row.request is not None or one.facts is not None else []
    rows = [(name, html(text)) for name, text in _facts(row)]
    if one.file is not None:
        url = html(link(one.file, folder))
        rows.append(("File", f'<a href="{url}">{html(one.file.name)}</a>'))
    body = "".join(f"<tr><th>{name}</th><td dir=auto>{text}</td></tr>" for name, text in rows)
    parts.append(f"<table>{body}</table>")
    prompt = prompt_of(row) or ""
    if alone and (len(prompt) > _CLAMPED or "\n" in prompt):
        parts.insert(0, prompt_html(row))
    return f"<details><summary>Details</summary>\n{''.join(parts)}</details>\n"


def _facts(row: Submission) -> Iterator[tuple[str, str]]:
    if row.name:
        attempt = f" (attempt {row.attempt})" if row.attempt > 1 else ""
        yield "Name", row.name + attempt
    if row.ref:
        yield "Ref", row.ref
    if row.request is not None:
        asked = request_object(row.request)
        for name, label in _OPTIONS:
            text = _value(asked[name])
            if text:
                yield label, text


def _value(value: JsonValue) -> str:
    """A value of a request; empty where it is not set."""
    if isinstance(value, list):
        return ", ".join(_value(one) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} = {_json(one)}" for key, one in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _json(value: JsonValue) -> str:
    return _value(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _table(one: Shown) -> str:
    """What was asked for, and what is in the file."""
    asked, came = _asked(one.task.request), _delivered(one.facts)
    lines = [
        f"<tr><th>{name}</th><td>{html(asked[name])}</td><td>{html(came[name])}</td></tr>"
        for name in asked
    ]
    head = "<thead><tr><th></th><th>asked</th><th>delivered</th></tr></thead>"
    return f"<table>{head}<tbody>{''.join(lines)}</tbody></table>"


def _asked(request: VideoRequest | None) -> Mapping[str, str]:
    names = ("Length", "Picture", "Ratio", "Sound")
    if request is None:
        return dict.fromkeys(names, _UNKNOWN)
    length = None if request.duration is None else f"{request.duration} s"
    sound = None if request.audio is None else "yes" if request.audio else "no"
    values: Sequence[str | None] = (length, request.resolution, request.aspect_ratio, sound)
    return {name: value or "not set" for name, value in zip(names, values, strict=True)}


def _delivered(facts: VideoFacts | None) -> Mapping[str, str]:
    length, width, height, sound = facts or (None, None, None, None)
    whole = bool(width and height)
    return {
        "Length": _UNKNOWN if length is None else f"{length:f} s",
        "Picture": f"{width} × {height}" if whole else _UNKNOWN,  # noqa: RUF001 - as it is written
        "Ratio": _ratio(width, height) if width and height else _UNKNOWN,
        "Sound": _UNKNOWN if sound is None else "yes" if sound else "no",
    }


def _ratio(width: int, height: int) -> str:
    """`16:9`; of a picture whose sides were rounded, `1.78:1`."""
    part = gcd(width, height)
    across, down = width // part, height // part
    if max(across, down) <= 64:  # noqa: PLR2004 - 64:27 is a picture's, 427:240 is a rounded one
        return f"{across}:{down}"
    return f"{width / height:.2f}:1"

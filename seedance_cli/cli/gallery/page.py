"""The page, piece by piece: no more than one set of videos is in memory at a time."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from seedance_cli import __version__, tasks
from seedance_cli.cli.gallery.card import card, prompt_html
from seedance_cli.cli.gallery.choice import fetch
from seedance_cli.models import html, stylesheet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from seedance_cli.cli.gallery.choice import Choice, Shown

_HERE = Path(__file__).parent
_CARDS = "<!-- videos -->\n"
_SOON = 24
"""Videos without a poster of which a browser reads the beginning at once."""
_WIDEST = 9
"""Videos side by side from which on a set is as wide as the page."""


@dataclass(slots=True)
class Page:
    """A page of videos."""

    choice: Choice
    folder: Path
    """Where it will lie: the videos' paths are relative to it."""
    title: str
    made: datetime
    """When; aware."""
    posters: int = 0
    """How many were made so far."""

    def pieces(self) -> Iterator[tuple[str, int]]:
        """The page's text in pieces, and how many videos each of them shows."""
        script = (_HERE / "page.js").read_text(encoding="utf-8")
        template = Template((_HERE / "page.html").read_text(encoding="utf-8"))
        here = self.made.astimezone()
        whole = template.substitute(
            policy=html(_policy(stylesheet(), script)),
            version=__version__,
            title=html(self.title),
            style=stylesheet(),
            summary=html(self._summary()),
            made=f'<time datetime="{here.isoformat()}">{here:%Y-%m-%d %H:%M %Z}</time>',
            left_out=f"<p>{html(self._left_out())}</p>" if self._left_out() else "",
            script=script,
        )
        head, _, tail = whole.partition(_CARDS)
        yield head, 0
        soon = _SOON
        for members in self.choice.sets:
            yield from self._set(members, soon)
            soon -= len(members)
        yield tail, 0

    def _set(self, members: list[Shown], soon: int) -> Iterator[tuple[str, int]]:
        alone, tall = len(members) == 1, all(one.tall for one in members)
        if not alone:
            width = min(len(members), _WIDEST)
            prompt = prompt_html(members[0].task)
            yield f'<section class="set n{width}">\n<header><div>{prompt}</div></header>\n', 0
        for number, one in enumerate(members):
            poster = self._poster(one)
            soon_ = number < soon
            yield card(one, self.folder, poster, alone=alone, tall=tall, soon=soon_), 1
        if not alone:
            yield "</section>\n", 0

    def _poster(self, one: Shown) -> tasks.Poster | None:
        if one.file is None:
            return None
        made = tasks.poster(one.file, tasks.room_for_each(self.choice.videos))
        self.posters += made is not None
        return made

    def _summary(self) -> str:
        shown = self.choice.shown
        parts = [
            _count(self.choice.videos, "video"),
            _count(len(self.choice.sets), "prompt"),
            _count(len({one.task.provider for one in shown}), "seller"),
        ]
        models = len({one.model for one in shown if one.model})
        parts += [_count(models, "model")] if models else []
        return f"{' · '.join(parts)} · times in {self.made.astimezone():%Z}"

    def _left_out(self) -> str:
        return left_out(self.choice, self.made)


def left_out(choice: Choice, now: datetime) -> str:
    """What the page does not show, in a sentence; empty if that is nothing."""
    parts = []
    if choice.lost:
        number = len(choice.lost)
        have = "task that succeeded has" if number == 1 else "tasks that succeeded have"
        parts.append(f"{number} {have} no file on this machine ({fetch(choice.lost, now)})")
    if choice.without:
        parts.append(f"{choice.without} without a video")
    return f"Not shown: {'; '.join(parts)}." if parts else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _policy(style: str, script: str) -> str:
    """What the page may load: its own style and script, its posters, and videos."""
    hashes = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
        for text in (style, script)
    ]
    return (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}';"
        # A page on a disk has no origin in some browsers: `file:` is where its videos are.
        " img-src data:; media-src 'self' file:; base-uri 'none'; form-action 'none'"
    )

"""Scripted video servers, and driving a download to its end, for the tests of downloads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from seedance_cli.tasks.downloads.fetch import Saved, Whole, download
from seedance_cli.tasks.downloads.pauses import PATIENCE
from seedance_cli.tasks.downloads.video_answer import Progress
from support.bytes_server import answer, head
from support.mp4s import plain

if TYPE_CHECKING:
    from pathlib import Path

    from support.bytes_server import Client, Request, Script
    from support.fake_clock import FakeClock

VIDEO = plain(5000)
HALF = len(VIDEO) // 2
LAST = len(VIDEO) - 1
ETAG = '"v1"'


def fetch(
    url: str,
    target: Path,
    clock: FakeClock,
    *,
    force: bool = False,
    allow_private: bool = True,
    owner: str = "",
    patience: float = PATIENCE,
) -> Saved:
    """Drive a download to its end."""
    steps = download(
        url,
        target,
        force=force,
        allow_private=allow_private,
        clock=clock,
        owner=owner,
        patience=patience,
    )
    *progress, saved = steps
    assert all(isinstance(step, Progress | Whole) for step in progress)
    assert isinstance(saved, Saved)
    return saved


def names(folder: Path) -> list[str]:
    """Everything that lies there."""
    return sorted(path.name for path in folder.iterdir())


def ranged(video: bytes, etag: str = ETAG, more: dict[str, str] | None = None) -> Script:
    """A server that does ranges as it should.

    Args:
        video: what it has.
        etag: of it.
        more: header fields of every answer.
    """

    def script(request: Request, client: Client) -> None:
        wanted = request.headers.get("range", "")
        fields = {"ETag": etag, **(more or {})}
        if not wanted or request.headers.get("if-range", etag) != etag:
            answer(200, video, fields)(request, client)
            return
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        fields["Content-Range"] = f"bytes {start}-{len(video) - 1}/{len(video)}"
        answer(206, video[start:], fields)(request, client)

    return script


def cut(
    body: bytes = VIDEO[:HALF],
    *,
    declared: int | None = len(VIDEO),
    etag: str | None = ETAG,
    reset: bool = False,
    more: dict[str, str] | None = None,
) -> Script:
    """A server that breaks off after `body`.

    Args:
        body: what it sends.
        declared: its Content-Length; None: none.
        etag: its ETag; None: none.
        reset: break off with an RST.
        more: further header fields.
    """

    def script(_: Request, client: Client) -> None:
        headers = {} if declared is None else {"Content-Length": str(declared)}
        if etag is not None:
            headers["ETag"] = etag
        client.send(head(200, {**headers, **(more or {})}) + body)
        if reset:
            time.sleep(0.02)  # an RST takes unread bytes along
            client.reset()

    return script

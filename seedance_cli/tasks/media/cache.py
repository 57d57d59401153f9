"""Where files were uploaded to, for as long as their sellers keep them.

A file of the state folder, private to its owner: the URLs in it open what was uploaded. It holds no
path and no key. One that cannot be read or written only means that a file is uploaded again.
"""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from seedance_cli.system import FileLock, files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from seedance_cli.system import Clock

_NAME = "uploads.json"
_MOST = 2_000
"""Entries; the oldest go first."""
_MOST_BYTES = 4 << 20
_MARGIN = 600
"""Seconds before its end in which an upload is not relied on: a seller may fetch it late."""

_PATIENCE = 2.0
"""Seconds to wait for another process that writes it."""

Entries = dict[str, tuple[str, float]]


class UploadCache:
    """By content and place: the URL, and until when it is there."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Open nothing yet.

        Args:
            folder: the state folder, which is there.
            clock: says what is over.
        """
        self._path = folder / _NAME
        self._clock = clock

    def get(self, content: str, place: str) -> str | None:
        """The URL of a content at a place (a provider, and one account there); None: upload it."""
        found = self._entries().get(_key(content, place))
        if found is None or found[1] - _MARGIN < _seconds(self._clock.now()):
            return None
        return found[0]

    def put(self, content: str, place: str, url: str, seconds: int) -> None:
        """Remember where a content is, for so many seconds from now on."""
        with suppress(OSError), self._locked() as mine:
            if not mine:
                return
            now = _seconds(self._clock.now())
            kept = {key: one for key, one in self._entries().items() if one[1] > now}
            kept.pop(_key(content, place), None)
            kept[_key(content, place)] = (url, now + seconds)
            text = json.dumps(dict(list(kept.items())[-_MOST:]))
            files.replace(self._path, text.encode("ascii"), self._clock, durable=False)

    @contextmanager
    def _locked(self) -> Iterator[bool]:
        lock = FileLock.take(self._path.with_suffix(".lock"), patience=_PATIENCE)
        try:
            yield lock is not None
        finally:
            if lock is not None:
                lock.release()

    def _entries(self) -> Entries:
        try:
            with self._path.open("rb") as stream:
                value = json.loads(stream.read(_MOST_BYTES))
            return {str(key): (str(url), float(until)) for key, (url, until) in value.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}


def _key(content: str, place: str) -> str:
    return f"{place} {content}"


def _seconds(moment: datetime) -> float:
    return moment.timestamp()

"""The rendered videos on disk: made at the first request, once, and the least used ones removed."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING

from seedance_cli.sandbox.video.render import VERSION, Clip, render, size

if TYPE_CHECKING:
    from pathlib import Path

    from seedance_cli.sandbox.dialects._base import Job

DEFAULT_LIMIT = 2 * 1024**3
"""Bytes."""

_AT_ONCE = 2
_ABANDONED_SECONDS = 3600


class Videos:
    """A folder of videos, named by what they show. Safe for several threads and processes."""

    def __init__(self, folder: Path, limit: int = DEFAULT_LIMIT) -> None:
        """Use a folder.

        Args:
            folder: created if need be, for its owner only.
            limit: bytes that all videos together may take; the newest one is kept in any case.
        """
        self._folder = folder
        self._limit = limit
        self._stop = threading.Event()
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._slots = threading.BoundedSemaphore(_AT_ONCE)

    def file(self, job: Job, provider: str, seed: int = 0) -> Path:
        """The video of a job, rendered if need be; blocks as long as that takes.

        The name without its ending identifies the content: the same name, the same bytes.

        Raises:
            RenderingStopped: `close` was called.
            OSError: the folder cannot be written.
        """
        width, height = size(job.resolution, job.aspect_ratio)
        label = f"{provider} {job.model}" if job.model else provider
        clip = Clip(width, height, job.duration, job.audio, job.prompt, label, seed)
        described = json.dumps([VERSION, version("av"), version("pillow"), asdict(clip)])
        key = hashlib.sha256(described.encode()).hexdigest()[:40]
        path = self._folder / f"{key}.mp4"
        with self._lock(key):
            if _touch(path):
                return path
            with self._slots:
                self._render(clip, path)
        self._evict(keep=path)
        return path

    def close(self) -> None:
        """Give up what is being rendered."""
        self._stop.set()

    def _lock(self, key: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(key, threading.Lock())

    def _render(self, clip: Clip, path: Path) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.stem}.{os.getpid()}.{threading.get_ident()}.part")
        try:
            render(clip, temporary, self._stop)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def _evict(self, keep: Path) -> None:
        """Remove the longest unused until the rest fits, and what a killed process left."""
        found: list[tuple[float, int, Path]] = []
        for path in self._folder.iterdir():
            with suppress(OSError):  # another process may remove it at the same time
                stat = path.stat()
                if path.suffix == ".part":
                    if stat.st_mtime < time.time() - _ABANDONED_SECONDS:
                        path.unlink()
                elif path.suffix == ".mp4":
                    found.append((stat.st_atime, stat.st_size, path))
        total = sum(length for _, length, _ in found)
        for _, length, path in sorted(found):
            if total <= self._limit:
                return
            if path != keep:
                with suppress(OSError):
                    path.unlink()
                total -= length


def _touch(path: Path) -> bool:
    """Note that the file was used; False where there is none.

    The time of its last change stays: it is sent as Last-Modified.
    """
    try:
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
    except FileNotFoundError:
        return False
    return True

"""Where the fixtures of the providers lie: a folder a provider in one of these."""

from __future__ import annotations

from pathlib import Path

FOLDERS = [Path(__file__).parents[1] / "fixtures"]


def folder(name: str) -> Path:
    """The fixtures of one provider."""
    return next(path for parent in FOLDERS if (path := parent / name).is_dir())

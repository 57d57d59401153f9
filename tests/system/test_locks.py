"""Locks that live exactly as long as their process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from seedance_cli.system import locks
from seedance_cli.system.locks import FileLock, held, lock_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLDER = """
import sys, time
from pathlib import Path
from seedance_cli.system.locks import FileLock
lock = FileLock.take(Path(sys.argv[1]))
print("held" if lock else "refused", flush=True)
time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A lock that nobody has taken."""
    return lock_path(tmp_path, "a")


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_lock_is_held_until_released(path: Path) -> None:
    """While taken it is held and cannot be taken again; after release its file is gone."""
    lock = FileLock.take(path)
    assert lock is not None
    assert held(path)
    assert FileLock.take(path) is None
    lock.release()
    assert not held(path)
    assert not path.exists()
    lock.release()


def test_the_file_is_private(path: Path) -> None:
    """The file is created 0600."""
    lock = FileLock.take(path)
    assert lock is not None
    if os.name != "nt":
        assert path.stat().st_mode & 0o777 == 0o600
    lock.release()


def test_missing_is_free(path: Path) -> None:
    """A lock whose file is missing is held by nobody; probing creates nothing."""
    assert not held(path)
    assert not path.exists()


def test_a_file_alone_is_no_lock(path: Path) -> None:
    """A file left by a killed process is free, and can be taken."""
    path.touch()
    assert not held(path)
    lock = FileLock.take(path)
    assert lock is not None
    lock.release()


def test_another_process_is_seen(path: Path, holder: subprocess.Popen[str]) -> None:
    """A lock held by another process is seen, until that process is killed."""
    assert held(path)
    assert FileLock.take(path) is None
    holder.kill()
    holder.wait()
    assert not held(path)
    assert path.exists()


def test_programs_started_do_not_inherit_it(path: Path) -> None:
    """A program that this process starts does not keep its locks alive."""
    lock = FileLock.take(path)
    assert lock is not None
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"],
        stdin=subprocess.PIPE,
        close_fds=False,
    ):
        lock.release()
        path.touch()
        assert not held(path)


def test_taking_waits_for_a_while(path: Path) -> None:
    """With patience a lock that stays held is given up after that time, not at once."""
    lock = FileLock.take(path)
    assert lock is not None
    start = time.monotonic()
    assert FileLock.take(path, patience=0.05) is None
    assert 0.05 <= time.monotonic() - start < 5
    lock.release()


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be removed on Windows")
def test_a_removed_file_is_not_taken(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file removed between open and lock is not the lock any more; a new one is made."""
    real = os.open
    removed: list[int] = []

    def open_then_lose(name: Path, flags: int, mode: int = 0o777) -> int:
        fd = real(name, flags, mode)
        if not removed:
            removed.append(fd)
            path.unlink()
        return fd

    monkeypatch.setattr(os, "open", open_then_lose)
    lock = FileLock.take(path, patience=5)
    monkeypatch.undo()
    assert removed
    assert lock is not None
    assert held(path)
    lock.release()


def test_sweep_removes_what_nobody_holds(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    """Files of dead processes go; those held, those to be kept and other files stay."""
    for name in ("dead", "kept"):
        lock_path(tmp_path, name).touch()
    (tmp_path / "note.txt").touch()
    locks.sweep(tmp_path, keep={"kept"})
    assert sorted(place.name for place in tmp_path.iterdir() if place.is_file()) == [
        "a.lock",
        "kept.lock",
        "note.txt",
    ]
    locks.sweep(tmp_path / "missing", keep=())


def test_a_folder_is_no_lock(tmp_path: Path) -> None:
    """What cannot be opened as a lock counts as free, and taking it says why it cannot be."""
    place = lock_path(tmp_path, "folder")
    place.mkdir()
    assert not held(tmp_path / "none" / "x.lock")
    with pytest.raises(OSError, match="folder"):
        FileLock.take(place)

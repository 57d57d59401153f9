"""The recipes of docs/recipes.md, run as they stand against the sandbox."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import seedance_cli

PAGE = Path(seedance_cli.__file__).parent.parent / "docs" / "recipes.md"
BLOCKS = dict(
    re.findall(r"```sh (\w+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL),
)
PROMPTS = "a boat leaves\nit turns\nit is gone\n"
pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(sys.platform == "win32", reason="they are for a POSIX shell"),
]


def shell(*names: str) -> list[str]:
    """Run blocks in one shell, twice: the second time pays for nothing."""
    Path("bin").mkdir(exist_ok=True)
    command = Path("bin/seedance")
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m seedance_cli "$@"\n')
    command.chmod(0o755)
    Path("prompts.txt").write_text(PROMPTS)
    env = {
        **os.environ,
        "PATH": f"{Path('bin').absolute()}{os.pathsep}{os.environ['PATH']}",
        "SEEDANCE_SANDBOX": "1",
        "SEEDANCE_SANDBOX_SECONDS": "0",
        "PYTHONPATH": str(PAGE.parents[1]),
    }
    script = "set -e\n" + "\n".join(BLOCKS[name] for name in names)
    for _ in range(2):
        subprocess.run(["sh", "-c", script], env=env, check=True, timeout=300)
    listed = subprocess.run(
        ["bin/seedance", "list"], env=env, check=True, capture_output=True, text=True
    )
    return listed.stdout.splitlines()


def is_film(path: str) -> bool:
    """Whether FFmpeg can decode a file to its end."""
    import av

    with av.open(path) as container:
        return sum(1 for _ in container.decode(video=0)) > 0


def test_every_recipe_is_run() -> None:
    """A new block needs a test here."""
    assert set(BLOCKS) == {"chain", "join", "ffmpeg", "batches"}


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg joins the clips")
def test_a_chain_of_three_clips() -> None:
    """Each begins with the last frame of the one before; three tasks, however often it is run."""
    assert len(shell("chain", "join")) == 3
    assert is_film("film.mp4")
    assert is_film("clip-3.mp4")


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg takes the frames")
def test_a_chain_where_no_frame_is_returned() -> None:
    """The same, with the frames taken out of the videos."""
    assert len(shell("ffmpeg")) == 3
    assert is_film("cut-3.mp4")


def test_three_batches_are_as_many_links() -> None:
    """Two chains of three: six tasks, however often it is run."""
    assert len(shell("batches")) == 6
    assert is_film("chains/crane-3.mp4")

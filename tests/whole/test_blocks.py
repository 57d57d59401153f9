"""Every block of the documents is what it says: JSON that parses, a configuration, a script.

Scripts and files of other programs are run by `test_recipes.py` and `test_action.py`; that every
command of a console or shell block is taken is tested by `test_readme.py`.
"""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import seedance_cli
from support.workflows import load

if TYPE_CHECKING:
    from support.runner import Run

ROOT = Path(seedance_cli.__file__).parent.parent
FENCE = re.compile(r"^( *)```(\S*)(?: (\S+))?\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
BLOCKS = [
    pytest.param(kind, name, textwrap.dedent(text), id=f"{path.stem}-{kind}-{number}")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    for number, (_, kind, name, text) in enumerate(FENCE.findall(path.read_text(encoding="utf-8")))
]
NAMED = {"sh", "sql", "yaml", "make", "cron", "ini", "dockerfile"}
"""Kinds that are run, by the name behind the kind."""


@pytest.mark.parametrize(("kind", "name", "text"), BLOCKS)
def test_a_block_is_what_it_says(kind: str, name: str, text: str, run: Run) -> None:
    """A kind that is not known here has no test: it gets one, or the block another kind."""
    if kind in NAMED:
        assert name, "a block that can be run has a name, and a test that runs it"
    if kind == "json":
        json_values(text)
    elif kind == "yaml":
        load(text)
    elif kind == "python":
        compile(text, name or "block", "exec")
    elif kind == "toml":
        Path("config.toml").write_text(text, encoding="utf-8")
        Path("config.toml").chmod(0o600)
        shown = run("profile", "show", env={"SEEDANCE_CONFIG": str(Path("config.toml").absolute())})
        assert (shown.code, shown.err) == (0, "")
    else:
        assert kind in NAMED | {"", "console", "csv"}, kind


def json_values(text: str) -> None:
    """One document, or one a line."""
    try:
        json.loads(text)
    except json.JSONDecodeError:
        for line in text.splitlines():
            json.loads(line)


def test_the_blocks_are_found() -> None:
    """The search cannot pass by finding none."""
    assert len(BLOCKS) > 30

"""The pictures of the documents: drawn by a script from real runs, and fit for any page."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

import seedance_cli

ROOT = Path(seedance_cli.__file__).parent.parent
PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.svg"))
MOST = 60_000
"""Bytes of a picture."""
posix = pytest.mark.skipif(sys.platform == "win32", reason="it runs programs on a pseudo-terminal")


def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs" / "write_terminals.py"))


@posix
def test_there_is_a_picture_of_every_scene() -> None:
    """And each is shown somewhere."""
    assert {path.stem for path in PICTURES} == {scene.name for scene in script()["SCENES"]}
    text = "".join(path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")))
    for path in PICTURES:
        assert f"pictures/{path.name})" in text, path.name


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_a_picture_asks_for_nothing_and_names_no_machine(path: Path) -> None:
    """It is whole by itself, not large, and shows the command that it is of."""
    text = path.read_text(encoding="utf-8")
    ET.fromstring(text)
    assert len(text.encode()) < MOST
    assert "url(" not in text.replace("url(#", "")
    assert "@import" not in text
    assert "href=" not in text
    assert "/tmp/" not in text
    assert "seedance" in text


@posix
def test_a_screen_is_what_a_terminal_shows() -> None:
    """Lines that are drawn over, erased and moved, with their colours; wide characters as two."""
    screen = script()["Screen"](10)
    screen.feed("one\r\ntwo\x1b[31m red\x1b[0m\r\n")
    screen.feed("\x1b[2A\x1b[2Kuno\r\n\x1b[1B종이xyz\x1b[?25l\x1b]8;;http://x\x1b\\\x1b[")
    screen.feed("3D\x1b[0K!")
    assert screen.text() == "uno\ntwo red\n종이!"
    assert screen.lines()[1] == "two\x1b[0m\x1b[31m red\x1b[0m"


@posix
@pytest.mark.full
def test_a_scene_is_drawn() -> None:
    """The one without a task, from a run of now."""
    module = script()
    (scene,) = (one for one in module["SCENES"] if one.name == "price")
    text = module["drawn"](scene)
    ET.fromstring(text)
    assert "byteplus" in text

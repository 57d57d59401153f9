"""The faces of the rooms, where more than one thread uses them."""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


ROOM = """
import threading
from seedance_cli._lazy import face
begun, go = threading.Event(), threading.Event()
__getattr__ = face(__name__, {"NAME": "slow"})
"""
SLOW = """
import a_room
a_room.begun.set()
assert a_room.go.wait(30)
NAME = "whole"
"""


def test_a_name_waits_for_a_module_that_another_thread_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in `sys.modules` before its names are in it."""
    (tmp_path / "a_room").mkdir()
    (tmp_path / "a_room" / "__init__.py").write_text(ROOM)
    (tmp_path / "a_room" / "slow.py").write_text(SLOW)
    monkeypatch.syspath_prepend(str(tmp_path))
    room = import_module("a_room")
    other = threading.Thread(target=lambda: room.NAME)
    other.start()
    assert room.begun.wait(30)
    threading.Timer(0.05, room.go.set).start()
    assert room.NAME == "whole"
    other.join()
    for name in ("a_room", "a_room.slow"):
        del sys.modules[name]

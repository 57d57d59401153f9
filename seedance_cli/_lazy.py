"""A room's face: the names that other rooms may use, each imported when it is first asked for.

So a room costs nothing at start-up until something of it is needed (PEP 562).
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def face(room: str, names: Mapping[str, str]) -> Callable[[str], object]:
    """The `__getattr__` of a room.

    Args:
        room: its dotted name, `__name__` of its `__init__`.
        names: what it offers, and the module below the room that has it; empty: the name is itself
            such a module. No other name may be that of a module of the room: importing the module
            would put it in the name's place.
    """

    def getattr_(name: str) -> object:
        module = names.get(name)
        if module is None:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        whole = f"{room}.{module or name}"
        found = sys.modules.get(whole)
        # One that another thread is still importing has not all of its names yet.
        if found is None or getattr(found.__spec__, "_initializing", False):
            found = import_module(whole)
        return getattr(found, name) if module else found

    return getattr_

"""A room's face: the names that other rooms may use, each imported when it is first asked for.

So a room costs nothing at start-up until something of it is needed (PEP 562).
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # a type checker takes it for true; `typing` costs `--version` a quarter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType


def face(room: str, names: Mapping[str, str]) -> Callable[[str], object]:
    """The `__getattr__` of a room.

    Args:
        room: its dotted name, `__name__` of its `__init__`.
        names: what it offers, and the module below the room that has it; empty: the name is itself
            such a module. No other name may be that of a module of the room: importing the module
            would put it in the name's place.
    """
    whole: dict[str, ModuleType] = {}
    """The modules that are known to have all of their names, by the name that was asked for."""

    def getattr_(name: str) -> object:
        found = whole.get(name)
        if found is None:
            module = names.get(name)
            if module is None:
                raise AttributeError(f"module {room!r} has no attribute {name!r}")
            # Waits where another thread is still importing it.
            found = import_module(f"{room}.{module or name}")
            if not module:
                return found
            if not getattr(found.__spec__, "_initializing", False):
                whole[name] = found
        return getattr(found, name)

    return getattr_

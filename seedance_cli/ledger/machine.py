"""What a machine is called in a ledger of several: its host's name, and what tells it from others.

A machine is a state folder. It gets its name when it first needs one, and keeps it.
"""

from __future__ import annotations

import os
import re
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from seedance_cli.system import files

if TYPE_CHECKING:
    from pathlib import Path

_NAME = "machine"
_MOST = 100
"""Characters."""
_FORM = re.compile(r"[A-Za-z0-9._-]{1,80}")


def machine(folder: Path, *, make: bool = False) -> str:
    """The name of the machine whose state folder this is: `render-03-9f2c1a77`.

    Where there is none yet, or it cannot be kept, that of the host alone.

    Args:
        folder: the state folder.
        make: give it a name now, for good.
    """
    host = re.sub(r"[^A-Za-z0-9._-]", "", socket.gethostname())[:60] or "machine"
    path = folder / _NAME
    with suppress(OSError, ValueError):
        if make and not path.exists():
            _make(path, f"{host}-{os.urandom(4).hex()}\n")
        with open(files.open_to_read(path), encoding="ascii") as file:  # noqa: PTH123 - a descriptor
            text = file.read(_MOST).strip()
        return text if _FORM.fullmatch(text) else host
    return host


def _make(path: Path, text: str) -> None:
    """Create the file whole: of several processes one gives the name."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{_NAME}.{os.getpid()}.tmp")
    try:
        with open(files.create(temporary), "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor
            file.write(text)
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)

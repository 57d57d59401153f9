"""What `--version` says. Imports nothing heavy: scripts ask for it hundreds of times a day.

Other projects install a command `seedance` too; `--version -v` tells which one this is.
"""

from __future__ import annotations

import os
import sys

from seedance_cli import __version__
from seedance_cli._lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_ASKED = ("--version", "-V")
_MORE = ("-v", "--verbose")


def answer(words: Sequence[str]) -> str | None:
    """The lines to print where the words of the command line ask for the version alone.

    Args:
        words: without the program's name.

    Returns:
        `seedance 1.2.3`; with `-v` also the program, the package's folder and the interpreter, each
        on a line. None: the words ask for something else.
    """
    if not words or not all(word in _ASKED or word in _MORE for word in words):
        return None
    if not any(word in _ASKED for word in words):
        return None
    lines = [f"seedance {__version__}"]
    if any(word in _MORE for word in words):
        import seedance_cli
        from seedance_cli.models import safe

        python = ".".join(map(str, sys.version_info[:3]))
        places = {
            "program": _whole(sys.argv[0]),
            "package": os.path.dirname(_whole(seedance_cli.__file__)),  # noqa: PTH120 - pathlib takes a while
            "python": f"{python}, {sys.executable or 'unknown'}",
        }
        lines += [f"{name:8} {safe(place)}" for name, place in places.items()]
    return "".join(f"{line}\n" for line in lines)


def _whole(path: str) -> str:
    try:
        return os.path.abspath(path)  # noqa: PTH100 - as above
    except OSError:  # the current folder has gone
        return path

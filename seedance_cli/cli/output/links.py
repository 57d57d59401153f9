"""Hyperlinks on a terminal (OSC 8): files and URLs that can be clicked.

There is no way to ask a terminal whether it has them. Those that do make themselves known by the
variables below; `FORCE_HYPERLINK=1` (as supports-hyperlinks and cargo read it) says so for another,
and `FORCE_HYPERLINK=0` turns them off. Nowhere else but on a terminal is one ever written.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from seedance_cli.models import unsafe
from seedance_cli.system import capable, truthy

if TYPE_CHECKING:
    from typing import TextIO

_FORCED = "FORCE_HYPERLINK"
_TERMS = frozenset(
    {"alacritty", "contour", "foot", "foot-extra", "wezterm", "xterm-ghostty", "xterm-kitty"}
)
"""Values of TERM; of terminals that do not name themselves otherwise, over ssh too."""
_PROGRAMS = {
    "ghostty": (1,),
    "iTerm.app": (3, 1),
    "mintty": (3, 0),
    "rio": (0,),
    "tmux": (3, 4),
    "vscode": (1, 72),
    "WezTerm": (0,),
}
"""Values of TERM_PROGRAM, and since which version each has hyperlinks."""
_NUMBERED = {"VTE_VERSION": 5001, "KONSOLE_VERSION": 201200}
"""Variables that hold a version: GNOME's terminal and its kin, which crashed at 0.50.0; Konsole."""
_LONGEST = 2083
"""Characters of a URL; some terminals take no longer one."""
URL = re.compile(r"https?://[!-~]+", re.ASCII)
"""An address in which no terminal finds anything else."""


def known(stream: TextIO | None) -> bool:
    """Whether hyperlinks may be written to the stream."""
    if not capable(stream):
        return False
    if os.environ.get(_FORCED):
        return truthy(_FORCED)
    term, program = os.environ.get("TERM", ""), os.environ.get("TERM_PROGRAM", "")
    if term.startswith(("tmux", "screen")) and program != "tmux":
        return False  # the variables of the terminal around it are inherited
    if program in _PROGRAMS:
        return _version(os.environ.get("TERM_PROGRAM_VERSION", "")) >= _PROGRAMS[program]
    if term in _TERMS or os.environ.get("WT_SESSION") or os.environ.get("DOMTERM"):
        return True
    return any(_version(os.environ.get(name, "")) >= (least,) for name, least in _NUMBERED.items())


def linked(text: str, target: str) -> str:
    """The text as a link to a URL or to the file of an absolute path.

    It stays as it is where the target is neither, or has a character that a terminal may obey.
    """
    url = target if URL.fullmatch(target) else _file_url(target)
    if url is None or len(url) > _LONGEST:
        return text
    return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\"


def _file_url(path: str) -> str | None:
    """With this machine's name in it: over ssh a terminal then knows that the file is elsewhere."""
    if unsafe(path) or not Path(path).is_absolute():
        return None
    from platform import node
    from urllib.parse import quote

    return f"file://{quote(node())}{quote(Path(path).as_posix())}"


def _version(text: str) -> tuple[int, ...]:
    """`3.4a` is (3, 4); what begins with no number is older than all."""
    return tuple(int(one) for one in re.findall(r"[0-9]{1,9}", text)[:3])

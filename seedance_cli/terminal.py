"""What a stream can show: whether it is a terminal, how large, in which encoding, with colours."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


def fit(text: str, stream: TextIO) -> str:
    r"""The text with every character that the stream's encoding lacks as `\uXXXX`."""
    encoding = getattr(stream, "encoding", None)
    if encoding is None:
        return text
    try:
        return text.encode(encoding, "backslashreplace").decode(encoding)
    except (LookupError, UnicodeError):
        return text.encode("ascii", "backslashreplace").decode("ascii")


def size(stream: TextIO | None) -> tuple[int, int]:
    """Columns and lines of the terminal; `COLUMNS` and `LINES` win; 80 and 24 where unknown."""
    columns, lines = 0, 0
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if stream is not None:
            columns, lines = os.get_terminal_size(stream.fileno())
    return _number("COLUMNS") or columns or 80, _number("LINES") or lines or 24


def _number(name: str) -> int:
    value = os.environ.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 6 else 0  # noqa: PLR2004 - no terminal is wider


def is_terminal(stream: TextIO | None) -> bool:
    """Whether the stream is there, open and a terminal."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def capable(stream: TextIO | None) -> bool:
    """Whether it is a terminal that understands control sequences."""
    if not is_terminal(stream):
        return False
    if os.name == "nt":
        # The old console has to be switched; the newer ones make themselves known.
        return any(os.environ.get(name) for name in ("WT_SESSION", "TERM", "TERM_PROGRAM"))
    return os.environ.get("TERM", "").lower() not in {"", "dumb", "unknown"}


def coloured(stream: TextIO | None) -> bool:
    """Whether what is written to the stream may carry colours."""
    if os.environ.get("NO_COLOR"):
        return False
    return truthy("FORCE_COLOR") or capable(stream)


def truthy(name: str) -> bool:
    """Whether a variable of the environment says yes: set, and neither 0, false nor no."""
    return os.environ.get(name, "").lower() not in {"", "0", "false", "no"}


def read_only(descriptor: int) -> bool:
    """Whether a descriptor was opened for reading alone; False where that cannot be told."""
    try:
        import fcntl
    except ImportError:  # Windows
        return False
    return fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY


def silence(stream: TextIO | None) -> None:
    """Send what the stream still holds, and will get, to the null device."""
    if stream is None:
        return
    with contextlib.suppress(OSError, ValueError, AttributeError):
        descriptor = stream.fileno()
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, descriptor)
        finally:
            os.close(null)

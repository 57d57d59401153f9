"""What a stream can show: whether it is a terminal, how large, in which encoding, with colours."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from typing import TYPE_CHECKING

from seedance_cli.system import signals

if TYPE_CHECKING:
    from collections.abc import Callable
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


_STEP = 0.1
"""Seconds between two looks for a signal, while a stream takes nothing."""
_LONGEST = 4
"""Bytes of a character in any encoding."""


def put(stream: TextIO, text: str, begin: Callable[[], None] | None = None) -> None:
    """Write all of the text, and flush.

    No signal tears it apart. But once one came, nobody is waited for: a reader that does not read
    must not keep a program that is asked to end.

    Args:
        stream: to be written to.
        text: what its encoding can express.
        begin: called once there is room for the first of it, just before it is written.

    Raises:
        OSError: the stream cannot be written; `TimeoutError`: nobody read it after a signal.
        ValueError: it is closed.
    """
    # A pipe that takes anything takes so many bytes at once.
    piece = getattr(select, "PIPE_BUF", 512) // _LONGEST
    with signals.held():
        for start in range(0, len(text), piece):
            while not ready(stream, _STEP):
                if signals.impatient():
                    raise TimeoutError(None, "nobody reads it")
            if begin is not None and not start:
                begin()
            stream.write(text[start : start + piece])
            stream.flush()


def ready(stream: TextIO | None, seconds: float = 0.0) -> bool:
    """Whether the stream takes a piece of text now, or within some seconds.

    True where that cannot be told, and where trying it gives an error.
    """
    if sys.platform == "win32":
        return True
    waiting = select.poll()
    try:
        assert stream is not None
        waiting.register(stream.fileno(), select.POLLOUT)
    except (OSError, ValueError, AttributeError, AssertionError):
        return True
    return bool(waiting.poll(seconds * 1000))


def size(stream: TextIO | None) -> tuple[int, int]:
    """Columns and lines: the terminal's, or fewer where `COLUMNS` and `LINES` say fewer.

    Off a terminal as those say; 80 and 24 where nothing does. They may be more than a terminal has,
    left over from before it was made smaller.
    """
    columns, lines = 0, 0
    if stream is not None:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            columns, lines = os.get_terminal_size(stream.fileno())
    return _fewer(columns, _number("COLUMNS")) or 80, _fewer(lines, _number("LINES")) or 24


def _fewer(one: int, other: int) -> int:
    """The smaller of two counts, of which 0 is none."""
    return min(one, other) or one or other


def _number(name: str) -> int:
    value = os.environ.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 6 else 0  # noqa: PLR2004 - no terminal is wider


def is_terminal(stream: TextIO | None) -> bool:
    """Whether the stream is there, open and a terminal."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def in_front(stream: TextIO) -> bool:
    """Whether the terminal is this process's to draw on: no job in the background has it."""
    if sys.platform == "win32":
        return True
    try:
        # 0: the group in front is none that can be seen from here, as in some containers.
        return os.tcgetpgrp(stream.fileno()) in {0, os.getpgrp()}
    except (OSError, ValueError, AttributeError):
        return True  # it is not the terminal that controls this process


def folds() -> bool:
    """Whether the terminal, made narrower, folds the lines it has, as most do.

    xterm and Linux's console cut them, except below tmux.
    """
    cuts = os.environ.get("XTERM_VERSION") or os.environ.get("TERM") == "linux"
    return bool(os.environ.get("TMUX")) or not cuts


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


def unwritable(stream: TextIO | None) -> str | None:
    """Why nothing can be written to the stream, as far as that shows without writing; None: it can.

    A stream that is no file of the system's is taken for one that can.
    """
    if stream is None or stream.closed:
        return "is closed: the result would be lost"
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError, AttributeError):
        return None
    try:
        os.fstat(descriptor)
        return "is not open for writing" if _read_only(descriptor) else None
    except OSError as error:
        return f"cannot be written: {error.strerror}"


def _read_only(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: it cannot be told
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

"""Reading a TOML file without repeating what is in it, and rewriting it without ever losing it.

A rewrite holds a lock on a sibling file (`NAME.lock`), reads again under it, writes a private
temporary file beside the target, syncs it and renames it over the target. A reader sees the old
file or the new one; a writer that was killed leaves at most its temporary file, which the next
writer removes. A file that cannot be parsed is never replaced.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from seedance_cli._named import NamedTuple
from seedance_cli.errors import ConfigError, WriteFailed
from seedance_cli.system import files, locks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seedance_cli.system import Clock

# TOML's own values, dates among them: `Any` until profile_data.py has looked at them.
Table: TypeAlias = dict[str, Any]

MAX_SIZE = 1 << 20
"""Bytes; a larger file is not a configuration."""
LOCK_LIMIT = 10.0
"""Seconds that a writer waits for another one."""
_LOCK_PAUSE = 0.02

# A whole string of one of TOML's four kinds, or the `#` of a comment. A multi-line string may end
# in up to two quotes of its own.
_STRING_OR_COMMENT = (
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|(?P<comment>#)"
)
_LINE = r"\(at line (\d+), column \d+\)$"


class TomlDocument(NamedTuple):
    """A TOML file as it was read."""

    data: Table
    raw: bytes = b""
    exists: bool = False
    comments: bool = False
    loose: int | None = None
    """The mode it had, where others than its owner could reach it."""
    tightened: bool = False
    """Whether that has been put right."""

    def __repr__(self) -> str:
        """Nothing of the content: it may hold keys."""
        return f"TomlDocument(exists={self.exists})"


class Edit:
    """A rewrite under way: change `data`; the file is replaced when the block ends."""

    def __init__(self, data: Table) -> None:
        """Begin with what the file holds."""
        self.data = data
        self.backup: Path | None = None
        """Where the file was copied to because the rewrite loses its comments; set at the end."""
        self.written = False
        """Whether there was a change to write; set at the end."""

    def __repr__(self) -> str:
        """Nothing of the content: it may hold keys."""
        return f"Edit(written={self.written})"


def has_comments(text: str) -> bool:
    """Whether a well-formed TOML text has a comment; a `#` inside a string is none."""
    return any(match["comment"] for match in re.finditer(_STRING_OR_COMMENT, text, re.DOTALL))


def read(path: Path, *, tighten: bool = True) -> TomlDocument:
    """The file's content; an empty document where there is no file.

    A file that others could reach is closed to them on the way (not on Windows, which has no
    such modes).

    Args:
        path: where it lies.
        tighten: False leaves its mode as it is, for a caller that cannot tell the user.

    Raises:
        ConfigError: it cannot be read or parsed; the message has the line, never the content.
    """
    try:
        with open(files.open_to_read(path), "rb") as stream:  # noqa: PTH123 - a descriptor
            status = os.fstat(stream.fileno())
            raw = stream.read(MAX_SIZE + 1)
            loose, tightened = _tighten(stream.fileno(), status) if tighten else (None, False)
    except (FileNotFoundError, NotADirectoryError):
        return TomlDocument({})
    except files.Irregular as error:
        raise ConfigError(
            f"{path} is not a regular file", hint="name a file that can be read more than once"
        ) from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    if len(raw) > MAX_SIZE:
        raise ConfigError(f"{path} is larger than {MAX_SIZE} bytes, so it is no configuration")
    text = _text(path, raw)
    return TomlDocument(
        data=_parsed(path, text),
        raw=raw,
        exists=True,
        comments="#" in text and has_comments(text),
        loose=loose,
        tightened=tightened,
    )


@contextmanager
def editing(path: Path, clock: Clock) -> Iterator[Edit]:
    """Change a TOML file: what the block leaves in `data` replaces the file, unless it is the same.

    A symbolic link is kept and its target replaced, so that a file in a dotfiles folder stays one.
    A block that raises changes nothing.

    Raises:
        ConfigError: the file cannot be read or parsed, or is not a regular file; it is left alone.
        WriteFailed: it cannot be written, or another writer holds it for more than `LOCK_LIMIT`.
    """
    import copy

    real = Path(os.path.realpath(path))
    if os.path.exists(real) and not os.path.isfile(real):  # noqa: PTH110, PTH113 - raise nothing
        raise ConfigError(f"{path} is not a regular file, so it is not replaced")
    with _locked(real, clock):
        before = read(real)
        edit = Edit(copy.deepcopy(before.data))
        yield edit
        if edit.data == before.data:
            return
        content = _encoded(path, edit.data)
        if before.comments:
            backup = real.with_name(f"{real.name}.bak")
            _replace(backup, before.raw, clock)
            edit.backup = backup
        _replace(real, content, clock)
        edit.written = True


def _tighten(descriptor: int, status: os.stat_result) -> tuple[int | None, bool]:
    """The mode if it was too loose, and whether it is right now."""
    mode = stat.S_IMODE(status.st_mode)
    if sys.platform == "win32" or not stat.S_ISREG(status.st_mode) or not mode & 0o077:
        return None, False
    try:
        os.fchmod(descriptor, mode & 0o700)
    except OSError:
        return mode, False
    return mode, True


def _text(path: Path, raw: bytes) -> str:
    """The bytes as UTF-8, with or without a byte order mark."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
    # Outside the handler: the cause would hold the whole content.
    raise ConfigError(f"{path} is not UTF-8, line {line}", hint="correct the file; it is untouched")


def _parsed(path: Path, text: str) -> Table:
    """The text as TOML."""
    import tomllib

    try:
        return tomllib.loads(text, parse_float=Decimal)  # money is never a float
    except tomllib.TOMLDecodeError as error:
        # The parser's own words may repeat a key's name or a character: only its line is used.
        found = re.search(_LINE, str(error))
        line = f"line {found[1]}" if found else f"line {text.rstrip().count(chr(10)) + 1}"
    except (ValueError, RecursionError):
        line = "a value in it is out of range"
    raise ConfigError(
        f"{path} is damaged, {line}: it is not valid TOML",
        hint="correct the file or move it away; it is untouched",
    )


def _encoded(path: Path, data: Table) -> bytes:
    """The data as TOML, or a refusal where it holds text that no TOML file can."""
    import tomli_w

    try:
        return tomli_w.dumps(data).encode("utf-8")
    except UnicodeEncodeError:
        pass  # the cause would hold the whole content
    raise ConfigError(f"{path} cannot hold that text: it is not UTF-8")


@contextmanager
def _locked(path: Path, clock: Clock) -> Iterator[None]:
    """Hold the file's lock, with the leftovers of killed writers removed."""
    lock = path.with_name(f"{path.name}.lock")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(lock, files.FLAGS | os.O_CREAT, 0o600)
    except OSError as error:
        raise WriteFailed(f"{path} cannot be written: {error.strerror}") from error
    try:
        _wait_for(descriptor, path, clock)
        _remove_leftovers(path)
        yield
    finally:
        os.close(descriptor)  # and with it the lock


def _remove_leftovers(path: Path) -> None:
    """Remove temporary files of killed writers; under the lock, all there are. They hold keys."""
    from contextlib import suppress
    from glob import escape

    for leftover in path.parent.glob(f".{escape(path.name)}.*tmp"):
        with suppress(OSError):
            leftover.unlink()


def _wait_for(descriptor: int, path: Path, clock: Clock) -> None:
    """Take the lock, waiting a bounded time for another writer."""
    deadline = clock.monotonic() + LOCK_LIMIT
    try:
        while not locks.try_lock(descriptor):
            if clock.monotonic() >= deadline:
                raise WriteFailed(
                    f"{path} is held by another seedance for more than {LOCK_LIMIT:.0f} s",
                    hint="nothing was changed; run the command again when the other has ended",
                )
            clock.sleep(_LOCK_PAUSE)
    except locks.NoLocks as error:
        raise WriteFailed(f"{path} cannot be locked: {error}") from error


def _replace(path: Path, content: bytes, clock: Clock) -> None:
    """Replace the file, or say what the disk answered."""
    try:
        files.replace(path, content, clock)
    except OSError as error:
        raise WriteFailed(
            f"{path} cannot be written: {error.strerror}", hint="nothing was changed"
        ) from error

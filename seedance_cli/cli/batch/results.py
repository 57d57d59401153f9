"""`--results`: every row of a batch with what became of it, replaced as a whole."""

from __future__ import annotations

import csv
import glob
import io
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.cli.output.documents import dumps
from seedance_cli.errors import UsageError, WriteFailed
from seedance_cli.models import told
from seedance_cli.tasks import batch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from seedance_cli.models import JsonValue
    from seedance_cli.system import Clock

COLUMNS = ("ref", "status", "cost", "unit", "file", "url", "error")
_APART = 1.0
"""Seconds between two writes at least."""
_SHARE = 20
"""And so many times as long as the last one took: of ten thousand rows it takes a while."""
_LEFT_BEHIND = 60.0
"""Seconds after which a temporary file belongs to nobody any more."""


class Results:
    """The file of the results. One that cannot be written stops nothing: it is told at the end."""

    def __init__(
        self,
        path: Path,
        items: Sequence[batch.Item],
        clock: Clock,
        *,
        columns: Sequence[str],
        texts: bool,
    ) -> None:
        """Prepare; nothing is written.

        Args:
            path: ends in `.jsonl` or `.csv`.
            items: the rows, in order; they are looked at when it is time to write.
            clock: for the pauses.
            columns: those of the input, notes included.
            texts: whether the cells of the input are texts only.
        """
        self._path = path
        self._temporary = _temporary(path)
        self._texts = texts
        self._columns = columns
        self._items = items
        self._clock = clock
        self._dirty = True
        self._next = 0.0
        self.error: WriteFailed | None = None

    def changed(self) -> None:
        """Something is to be written that the file does not say yet."""
        self._dirty = True

    def write_when_due(self, refresh: Callable[[], None]) -> None:
        """Write, unless that was done just now; `refresh` has the rows say what the ledger does."""
        if self._dirty and self._clock.monotonic() >= self._next:
            self.write(refresh)

    def write(self, refresh: Callable[[], None]) -> None:
        """Write all rows. The error of a file that cannot be written is kept."""
        began = self._clock.monotonic()
        try:
            refresh()
            csv_ = self._path.suffix.lower() == ".csv"
            content = self._csv() if csv_ else self._json_lines()
            self._replace(content.encode("utf-8", "backslashreplace"))
            self._dirty, self.error = False, None
        except OSError as error:
            why = error.strerror or str(error)
            self.error = WriteFailed(f"--results {self._path} cannot be written: {why}")
        except WriteFailed as error:
            self.error = error
        now = self._clock.monotonic()
        self._next = now + max(_APART, _SHARE * (now - began))

    def tidy(self) -> None:
        """Remove what killed processes left beside the file."""
        latest = time.time() - _LEFT_BEHIND
        for path in self._path.parent.glob(f".{glob.escape(self._path.name)}.*.tmp"):
            with suppress(OSError):
                if path.stat().st_mtime < latest:
                    path.unlink()

    def _replace(self, content: bytes) -> None:
        # A name of this process's own: another one may be at the same batch.
        try:
            self._temporary.write_bytes(content)
            self._temporary.replace(self._path)
        except BaseException:
            with suppress(OSError):
                self._temporary.unlink(missing_ok=True)
            raise

    def _json_lines(self) -> str:
        lines = (
            dumps({name: item.row.cells.get(name) for name in self._columns} | found._asdict())
            for item, found in self._found()
        )
        return "".join(f"{line}\n" for line in lines)

    def _csv(self) -> str:
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow([*self._columns, *COLUMNS])
        for item, found in self._found():
            cells = [self._cell(name, item.row.cells.get(name)) for name in self._columns]
            writer.writerow([*cells, *("" if one is None else one for one in found)])
        return text.getvalue()

    def _cell(self, name: str, value: JsonValue) -> JsonValue:
        """A value as a cell of CSV that means the same when it is read again."""
        match value:
            case None:
                return ""
            case bool():
                return "true" if value else "false"
            case str() if self._texts or not name.startswith("param."):
                return value
            case list() if not name.startswith("_") and all(isinstance(one, str) for one in value):
                return " ".join(str(one) for one in value)
            case _:
                return dumps(value)

    def _found(self) -> list[tuple[batch.Item, _Found]]:
        return [(item, _found(item)) for item in self._items]


class _Found(NamedTuple):
    ref: str | None
    status: str
    cost: str | None
    unit: str | None
    file: str | None
    url: str | None
    error: str | None


def check_path(path: Path | None, rows: str, *, trial: bool) -> None:
    """Whether results can be written there, before anything is paid.

    Args:
        path: of the results; None: there are to be none.
        rows: the batch's file, which they never replace; `-`: stdin.
        trial: whether a file is made there, and removed, to see that one can be.

    Raises:
        UsageError: its name is neither `.jsonl` nor `.csv`, or it is no place for a file.
    """
    if path is None:
        return
    if path.suffix.lower() not in {".jsonl", ".csv"}:
        raise UsageError(
            f"--results {told(path.name)} has no format", hint="a name that ends in .jsonl or .csv"
        )
    try:
        _check_place(path)
        if trial:
            _temporary(path).touch()
            _temporary(path).unlink()
    except OSError as error:
        raise UsageError(f"--results {path} cannot be written: {error.strerror}") from error
    with suppress(OSError):  # it is new, or the rows came from stdin
        if rows != "-" and path.samefile(rows):
            raise UsageError(
                f"--results {path} is the file of the rows", hint="give it another name"
            )


def _check_place(path: Path) -> None:
    if path.is_symlink() or path.is_dir():
        raise UsageError(f"--results {path} is a {'link' if path.is_symlink() else 'folder'}")
    if path.exists() and not path.is_file():
        raise UsageError(f"--results {path} is no regular file")
    if not path.parent.is_dir():
        raise UsageError(f"--results {path}: there is no folder {path.parent}")


def _temporary(path: Path) -> Path:
    """What the results are called until they are whole: by a name of this process's own."""
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def _found(item: batch.Item) -> _Found:
    known, error = item.known, item.error
    said = None if error is None else error.message
    if known is None:
        return _Found(None, item.status, None, None, None, None, said)
    cost = known.cost
    files = [path for path, _ in known.files]
    if item.action is batch.Action.FETCH or error is not None:  # one of before may be gone
        files = [path for path in files if os.path.lexists(path)]
    return _Found(
        ref=known.ref,
        status=item.status,
        cost=None if cost is None else f"{cost.amount:f}",
        unit=None if cost is None else cost.unit,
        file=files[0] if files else None,
        url=known.urls[0] if known.urls else None,
        error=known.error or said,
    )

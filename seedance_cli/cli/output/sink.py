"""Both streams: stdout carries results and nothing else, stderr all the rest.

Whatever is written here has been made safe (`models.safe`), fits the stream's encoding, and is
flushed at once. A stdout that cannot be written is an error that names the result; a stderr that
cannot be written is not: it must never stop a command that has paid.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, BinaryIO, TextIO, cast

from seedance_cli.cli.output.columns import wrapped
from seedance_cli.errors import Closed, WriteFailed
from seedance_cli.models import safe, without_keys
from seedance_cli.system import (
    capable,
    coloured,
    fit,
    is_terminal,
    put,
    ready,
    silence,
    size,
    truthy,
    unwritable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from seedance_cli.errors import SeedanceError

_NARROW = 20
"""Columns of a terminal below which nothing is laid out or animated."""


class Output:
    """One command's output.

    The streams are looked up at each call, so that a test or an embedding program may swap them.
    """

    def __init__(
        self,
        *,
        json: bool = False,
        quiet: bool = False,
        verbose: bool = False,
        keys: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        """Remember what the user wants to see.

        Args:
            json: results are JSON, and an error ends with one line of it.
            quiet: nothing on stderr but errors and what `always` says.
            verbose: `log` speaks.
            keys: gives those that no error or warning may repeat.
        """
        self.json = json
        self.quiet = quiet
        self.verbose = verbose
        self._keys = keys
        self.guard: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
        """Entered around each write to a terminal; a live display steps aside in it."""
        self.leave: Callable[[], None] = _nothing
        """Ends a live display, if one is there still, and gives the cursor back."""
        self.hand_over: Callable[[], None] = _nothing
        """Writes the tasks where a CI job's runner wants them (`cli/runner.py`); once."""
        self._lost: tuple[type[WriteFailed], str] | None = None
        """The error of stdout, once it could not be written."""
        self._unheard = False
        """Whether stderr could not be written."""
        self._owed: Callable[[], object | None] | None = None

    @property
    def interactive(self) -> bool:
        """Whether a live display may be drawn on stderr."""
        stream = _stream("stderr")
        return capable(stream) and not truthy("CI") and size(stream)[0] >= _NARROW

    @property
    def stdout_terminal(self) -> bool:
        """Whether stdout is a terminal."""
        return is_terminal(_stream("stdout"))

    @property
    def width(self) -> int:
        """Columns of stdout's terminal."""
        return size(_stream("stdout"))[0]

    @property
    def has_columns(self) -> bool:
        """Whether tables are laid out on stdout: it is a terminal, and not a tiny one."""
        return self.stdout_terminal and self.width >= _NARROW

    def result(self, *fields: str) -> None:
        """Write one line of stdout, its fields separated by tabs; files and URLs are links.

        Raises:
            WriteFailed: it could not be written; `Closed` if the reader has gone.
        """
        self.results([fields])

    def results(self, lines: Sequence[Sequence[str]]) -> None:
        """Write lines of stdout at once. As `result` otherwise."""
        cells = [[safe(field) for field in fields] for fields in lines]
        if self.stdout_terminal:
            from seedance_cli.cli.output import links

            if links.known(_stream("stdout")):
                cells = [list(map(links.linked, *pair)) for pair in zip(cells, lines, strict=True)]
        self._write("".join("\t".join(one) + "\n" for one in cells))

    def document(self, value: object) -> None:
        """Write one JSON document to stdout, laid out for reading on a terminal.

        It is the only one: whatever `owe` promised is paid with it.

        Raises:
            WriteFailed: as `result`.
        """
        from seedance_cli.cli.output.documents import dumps

        text = dumps(value, indent=2 if self.stdout_terminal else None) + "\n"
        self._write(text, begin=self._owe_nothing)

    def owe(self, document: Callable[[], object | None]) -> None:
        """Promise a document, with `--json`: `settle` writes it if the command ends without it.

        Args:
            document: what is known by then; None: nothing.
        """
        if self.json:
            self._owed = document

    def settle(self) -> None:
        """Write the document that is owed, if one is.

        Raises:
            WriteFailed: as `result`.
        """
        value = None if self._owed is None else self._owed()
        if value is not None:
            self.document(value)

    def event(self, value: object) -> None:
        """Write one line of NDJSON to stdout.

        Raises:
            WriteFailed: as `result`.
        """
        from seedance_cli.cli.output.documents import dumps

        self._write(dumps(value) + "\n")

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[str]],
    ) -> None:
        """Write a table to stdout; where that is no terminal, tab-separated rows without a head.

        Args:
            columns: their names.
            rows: the cells; on a terminal they are folded where there is no room.

        Raises:
            WriteFailed: as `result`.
        """
        if not rows:
            return
        if not self.has_columns:
            self.results(rows)
            return
        self._lay_out(columns, rows, self.width)

    def block(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """Write a name to stdout, and below it, indented, what there is to say of it.

        Raises:
            WriteFailed: as `result`.
        """
        self._write(f"{safe(title)}\n")
        self._lay_out(("", "", ""), [("", *row) for row in rows], max(self.width, _NARROW))

    def _lay_out(self, head: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> None:
        from seedance_cli.cli.output.table import laid_out

        colours = coloured(_stream("stdout"))
        self._write(laid_out(head, rows, width, coloured=colours))

    def page(self, text: str) -> None:
        """Write lines of this program's own to stdout, with their colours.

        Raises:
            WriteFailed: as `result`.
        """
        self._write(text)

    def note(self, text: str) -> None:
        """Say a line on stderr, unless quiet."""
        if not self.quiet:
            self.always(text)

    def warn(self, text: str) -> None:
        """Say `warning: …` on stderr, unless quiet."""
        if not self.quiet:
            self._say("warning:", without_keys(text, self._keys()), style="33")

    def always(self, text: str) -> bool:
        """Say a line on stderr, quiet or not; whether somebody took it."""
        return self._say("", text)

    def log(self, text: str) -> None:
        """Say a line on stderr, only if verbose."""
        if self.verbose:
            self._say("", text)

    def error(self, error: SeedanceError) -> None:
        """Say what went wrong and what to type next; with JSON, once more for a script."""
        self.complain(error)
        self.error_line(error)

    def complain(self, error: SeedanceError, below: Sequence[str] = ()) -> None:
        """Say what went wrong and what to type next, for a person only, unless it was said.

        Args:
            error: what went wrong.
            below: lines that say of what, made for the terminal; the rest stands below them.
        """
        if error.quiet:
            return
        for line in below:
            self.drawn(line)
        text = without_keys(error.message, self._keys())
        self._say(" " if below else "seedance: error:", text, style="" if below else "1;31")
        if error.hint:
            self._say("  hint:", without_keys(error.hint, self._keys()), style="2")
        if os.environ.get("GITHUB_ACTIONS") == "true":
            from seedance_cli.cli.output.github import annotation

            self.drawn(safe(annotation(error, self._keys())))

    def error_line(self, error: SeedanceError) -> None:
        """With JSON, the one line of stderr that a script reads; it must be the last one."""
        self.hand_over()
        if self.json:
            from seedance_cli.cli.output.documents import dumps, error_object

            # In its strings no character of a key is escaped: a key is printable ASCII.
            self.drawn(safe(without_keys(dumps(error_object(error)), self._keys())))

    def ready(self) -> bool:
        """Whether stdout takes a line now, without waiting for its reader."""
        return ready(_stream("stdout"))

    def check_stdout(self) -> None:
        """Find out before paying that there is no stdout to write the result to.

        Raises:
            WriteFailed: it is closed, or open for reading only.
        """
        reason = unwritable(_stream("stdout"))
        if reason is not None:
            raise WriteFailed(f"stdout {reason}", hint="nothing was sent")

    def binary(self) -> BinaryIO:
        """Stdout for bytes (`-o -`).

        Raises:
            WriteFailed: it is closed, or takes text only.
        """
        stream = _stream("stdout")
        buffer = getattr(stream, "buffer", None)
        if stream is None or stream.closed or buffer is None:
            raise WriteFailed("stdout cannot be written")
        return cast("BinaryIO", buffer)

    def _owe_nothing(self) -> None:
        self._owed = None

    def _write(self, text: str, begin: Callable[[], None] | None = None) -> None:
        if self._lost is not None:
            # Its descriptor is the null device by now: writing there would look like success.
            raise self._lost[0](self._lost[1])
        stream = _stream("stdout")
        if stream is None:
            raise WriteFailed("stdout is closed")
        try:
            with self.guard() if is_terminal(stream) else contextlib.nullcontext():
                put(stream, fit(text, stream), begin)
        except BrokenPipeError as error:
            raise self._give_up(Closed, "stdout was closed by its reader") from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise self._give_up(WriteFailed, f"stdout could not be written: {reason}") from error

    def _give_up(self, kind: type[WriteFailed], message: str) -> WriteFailed:
        self._lost = kind, message
        silence_stdout()
        return kind(message)

    def _say(self, prefix: str, text: str, style: str = "") -> bool:
        line = f"{prefix} {safe(text)}" if prefix else safe(text)
        stream = _stream("stderr")
        columns = size(stream)[0]
        if is_terminal(stream) and columns >= _NARROW:
            # So that no ref in it is broken.
            line = "\n".join(wrapped(line, columns, indent="  "))
        if style and coloured(stream):
            line = f"\x1b[{style}m{prefix}\x1b[0m{line.removeprefix(prefix)}"
        return self.drawn(line)

    def drawn(self, line: str) -> bool:
        """Write a line to stderr that is made for it, colours and all; whether somebody took it."""
        stream = _stream("stderr")
        if stream is None or self._unheard:
            return False
        try:
            with self.guard() if is_terminal(stream) else contextlib.nullcontext():
                put(stream, fit(line, stream) + "\n")
        except (OSError, ValueError):
            self._unheard = True
            silence(stream)
        return not self._unheard


def _nothing() -> None:
    pass


def silence_stdout() -> None:
    """Send what stdout still holds to the null device, so that the interpreter's end is quiet."""
    silence(_stream("stdout"))


def _stream(name: str) -> TextIO | None:
    # None where the process was started with the descriptor closed.
    return cast("TextIO | None", getattr(sys, name, None))

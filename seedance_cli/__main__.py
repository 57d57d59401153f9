"""The command `seedance`, and `python -m seedance_cli`."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False  # a type checker takes it for true; `typing` costs `--version` a quarter

if TYPE_CHECKING:
    from typing import NoReturn

_NOT_WRITTEN = 10
"""Contract, section 5."""
_COLLECT_AFTER = 100_000
"""New objects after which Python looks for garbage; its own number is less than a thousand."""


def main() -> int:
    """Run the program; the exit code is the contract's (section 5)."""
    _hold_standard_descriptors()
    # Scripts ask for the version hundreds of times a day: it needs no option parser.
    if "--version" in sys.argv or "-V" in sys.argv:
        from seedance_cli.cli import version

        text = version.answer(sys.argv[1:])
        if text is not None:
            return _write(text)
    # What a start makes, tens of thousands of objects, lives to the end: there is no garbage in it,
    # and looking for some over and over takes longer than most commands.
    gc.set_threshold(_COLLECT_AFTER)
    from seedance_cli.system import signals

    signals.install()
    from seedance_cli.cli import main as run

    code = run(sys.argv[1:])
    if signals.came():
        # Everything was said and flushed. A thread that hangs on a stream that nobody reads must
        # not turn the exit code into the interpreter's own death.
        os._exit(code)
    # The exit code is settled: the interpreter's own end, which takes a while, keeps it.
    signals.ignore()
    # Nor need it look for garbage: all of it goes back to the system.
    gc.freeze()
    return code


def script() -> NoReturn:
    """Run the program as the command `seedance`, and end the process with its exit code.

    At once: all is said, written and closed by now, and the interpreter would take as long to clear
    away its modules as a short command takes. Whoever runs `python -m seedance_cli` or calls `main`
    keeps the interpreter's own end.
    """
    code = main()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):  # what could not be written was told by whoever wrote it
            pass
    os._exit(code)


def _hold_standard_descriptors() -> None:
    """Open the null device where stdin, stdout or stderr is closed (`>&-`).

    The next file that is opened would get the free number, and a library that logs to descriptor 2
    would write into it, be it the ledger. Python's streams stay None: closed is still seen.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one


def _write(text: str) -> int:
    try:
        if sys.stdout is None:
            return _complain("stdout is closed")
        if not text.isascii():
            from seedance_cli.system import fit

            text = fit(text, sys.stdout)
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # What the stream still holds must not be tried again at the interpreter's end.
        sys.stdout = None
        if isinstance(error, BrokenPipeError):  # its reader has what it wanted
            return _NOT_WRITTEN
        return _complain(f"stdout could not be written: {error.strerror}")
    return 0


def _complain(text: str) -> int:
    """Say on stderr that nothing could be said on stdout, as the rest of the program does."""
    try:
        if sys.stderr is not None:
            sys.stderr.write(f"seedance: error: {text}\n")
            sys.stderr.flush()
    except OSError:
        sys.stderr = None
    return _NOT_WRITTEN


if __name__ == "__main__":
    raise SystemExit(main())

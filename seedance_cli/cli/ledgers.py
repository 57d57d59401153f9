"""What `seedance ledger` does: where the ledger is, its check, and its rows as a file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from seedance_cli import ledger
from seedance_cli.cli.output.documents import dumps
from seedance_cli.errors import UsageError, WriteFailed
from seedance_cli.ledger import Weight
from seedance_cli.system import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seedance_cli.cli.command import Run
    from seedance_cli.cli.session import Session
    from seedance_cli.ledger import LineFault

_SHOWN = 20
"""Faults of a file that are named."""
_MOST_BYTES = 2**30
_OPEN = ("prepared", "sending")


def show_path(run: Run) -> None:
    """Print where the ledger is."""
    with run.session() as session:
        place = session.state_dir / "ledger.db"
    if not run.out.json:
        run.out.result(str(place))
        return
    run.out.document({"ledger": str(place), "kind": "sqlite"})


def check(run: Run) -> int:
    """Show what a check of the ledger finds; the exit code."""
    with run.session(write=False) as session:
        opened = session.readable_ledger()
        found = list(opened.checked()) if opened.there else []
        identity = opened.identity if opened.there else None
    faults = [one for one in found if one.weight is Weight.FAULT]
    if run.out.json:
        run.out.document(
            {
                "ledger": str(session.state_dir / "ledger.db"),
                "id": identity,
                "whole": not faults,
                "checks": [
                    {"name": one.name, "state": one.weight.value, "words": one.words}
                    for one in found
                ],
            }
        )
    else:
        run.out.table(
            ("CHECK", "STATE", "FOUND"), [(one.name, one.weight, one.words) for one in found]
        )
    if not found:
        run.out.note("there is no ledger yet; the first submit makes it")
    if faults:
        raise WriteFailed(
            f"the ledger is not in order: {faults[0].words}",
            hint="what is in it can still be read and exported: seedance ledger export",
        )
    return 0


def export(run: Run, output: str | None, *, force: bool) -> None:
    """Write every row to stdout or a file."""
    with run.session(write=False) as session:
        to = None if output in {None, "-"} else _target(session, str(output), force=force)
        opened = session.readable_ledger()
        rows = opened.exported(ledger.machine.machine(session.state_dir, make=opened.there))
        seen = _Seen()
        if to is not None:
            _replace(to, seen.each(rows), run)
            if run.out.json:
                run.out.document({"file": str(to), "submissions": seen.submissions})
        elif run.out.json:
            run.out.document(list(seen.each(rows)))
        else:
            for row in seen.each(rows):
                run.out.event(row)
    run.out.note(f"{seen.submissions} submissions are exported")
    if seen.open:
        run.out.warn(
            f"{seen.open} of them are on their way: where they are imported they count as unknown;"
            " export again once they have ended"
        )


class _Seen:
    """Counts what goes by."""

    def __init__(self) -> None:
        self.submissions = 0
        self.open = 0

    def each(self, rows: Iterator[dict[str, object]]) -> Iterator[dict[str, object]]:
        for row in rows:
            if row["kind"] == "submission":
                self.submissions += 1
                self.open += row["state"] in _OPEN
            yield row


def _target(session: Session, output: str, *, force: bool) -> Path:
    try:
        place = Path(os.path.realpath(session.base(output) / Path(output).expanduser()))
        if place.is_dir():
            raise UsageError(f"-o {output} is a folder", hint="name the file")
        if place.is_file() and not force:
            raise UsageError(f"{place} is there already", hint="--force replaces it")
    except (OSError, ValueError, RuntimeError) as error:  # a NUL in the name; no home
        raise UsageError(f"-o {output} cannot be used: {error}") from error
    return place


def _replace(place: Path, rows: Iterator[dict[str, object]], run: Run) -> None:
    """Write the file whole, private, and durable, or leave what was there."""
    content = "".join(f"{dumps(row)}\n" for row in rows).encode("ascii")
    try:
        if place.exists() and not place.is_file():  # a device, a FIFO
            place.write_bytes(content)
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        files.replace(place, content, run.clock)
    except OSError as error:
        why = error.strerror or str(error)
        raise WriteFailed(f"{place} cannot be written: {why}") from error


def take_in(run: Run, file: str) -> None:
    """Take the rows of a file into the ledger in use."""
    name = "stdin" if file == "-" else file
    rows, faults = ledger.read_export(_content(file, name))
    if faults:
        raise _refused(run, name, faults)
    if not rows:
        raise UsageError(f"{name} has no rows; nothing was imported")
    with run.session() as session:
        opened = session.ledger_for_writing()
        machine = ledger.machine.machine(session.state_dir, make=True)
        taken = opened.take_in(rows, machine, sandbox=True)
    out = run.out
    out.note(f"{taken.taken} submissions are imported; {taken.known} were known already")
    if taken.left_out:
        out.note(f"{taken.left_out} of the sandbox were left out: they stay on their machine")
    for one in taken.unnamed:
        out.warn(f"{one}: the name is taken by another submission here; the imported one has none")
    if taken.open:
        out.warn(f"the outcome of {taken.open} of them is not known: seedance recover")
    if out.json:
        out.document(
            {
                "imported": taken.taken,
                "known": taken.known,
                "unnamed": list(taken.unnamed),
                "left_out": taken.left_out,
                "unknown": taken.open,
            }
        )


def _content(file: str, name: str) -> bytes:
    try:
        if file == "-":
            if sys.stdin is None:
                raise UsageError("stdin is closed, and the rows were to be read from it")
            content = sys.stdin.buffer.read(_MOST_BYTES + 1)
        else:
            with Path(file).open("rb") as stream:
                content = stream.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{name} cannot be read: {why}; nothing was imported") from error
    if len(content) > _MOST_BYTES:
        raise UsageError(f"{name} has more than {_MOST_BYTES >> 20} MiB; nothing was imported")
    return content


def _refused(run: Run, name: str, faults: Sequence[LineFault]) -> UsageError:
    for fault in faults[:_SHOWN]:
        column = f", column {fault.column}" if fault.column else ""
        run.out.always(f"{name}: line {fault.line}{column}: {fault.words}")
    more = len(faults) - _SHOWN
    if more > 0:
        run.out.always(f"{name}: and {more} more")
    many = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
    return UsageError(f"{name} has {many}; nothing was imported")

"""What `seedance ledger` does: where the ledger is, its check, and its rows as a file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from seedance_cli import config, ledger
from seedance_cli.cli import ledger_door
from seedance_cli.cli.ledger_door import submissions
from seedance_cli.cli.output.documents import dumps
from seedance_cli.errors import LedgerAway, LedgerReadOnly, NotOurs, UsageError, WriteFailed
from seedance_cli.ledger import Weight
from seedance_cli.system import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seedance_cli.cli.command import Run
    from seedance_cli.cli.ledger_place import Where
    from seedance_cli.cli.session import Session
    from seedance_cli.ledger import Finding, LineFault

_SHOWN = 20
"""Faults of a file that are named."""
_MOST_BYTES = 2**30
_OPEN = ("prepared", "sending")


def show_path(run: Run) -> None:
    """Print where the ledger is."""
    with run.session() as session:
        place = session.ledger_place()
        before = ledger.in_use.last_used(place.folder, run.clock)
    if not run.out.json:
        run.out.result(place.shown)
    else:
        source = config.source_object(place.decided.source)
        last = None if before is None else {"ledger": before.place, "id": before.ledger or None}
        state = str(place.folder)
        run.out.document(
            {
                "ledger": place.shown,
                "kind": place.kind,
                "source": source,
                "state": state,
                "last_used": last,
            }
        )
    if before is not None and before.place != place.shown:
        run.out.note(f"this machine last paid from {before.place}")


def use(run: Run, which: str | None) -> None:
    """Remember a ledger as the one that this machine pays from."""
    with run.session() as session:
        counts = session.ledger_place()
        place = session.turn_to(which)
        opened = session.ledger_for_writing()
        before = _before(place.folder, run)
        now = ledger.in_use.InUse(opened.identity, place.shown)
        missing = 0
        if place.shared is not None:
            missing = ledger.in_use.lacking(place.folder, run.clock, opened, None).number
        changed = before is None or not before.means(now.ledger, now.place)
        ledger.in_use.note(place.folder, run.clock, now)
    run.out.note(f"this machine pays from {place.shown}")
    if counts.shown != place.shown:
        run.out.warn(f"{_named(counts)} {counts.shown}, which is refused now: {_to_name(place)}")
    if missing:
        run.out.warn(
            f"it lacks {submissions(missing)} of {place.folder / 'ledger.db'}; before anything is"
            f" paid: {ledger_door.IMPORT}"
        )
    if run.out.json:
        run.out.document(
            {"ledger": place.shown, "kind": place.kind, "id": now.ledger, "changed": changed}
        )


def _before(folder: Path, run: Run) -> ledger.in_use.InUse | None:
    """What was used last; what is damaged is mended by this very command."""
    try:
        return ledger.in_use.last_used(folder, run.clock)
    except NotOurs:
        raise
    except WriteFailed:
        return None


def _named(place: Where) -> str:
    source = place.decided.source
    return "the ledger is" if source.name is None else f"{source} names"


def _to_name(place: Where) -> str:
    if place.shared is None:
        return "unset SEEDANCE_LEDGER, and take `ledger` out of config.toml"
    return "set SEEDANCE_LEDGER, or `ledger` in config.toml, to the other one"


def check(run: Run, which: str | None) -> int:
    """Show what a check of the ledger finds; the exit code."""
    found: list[Finding] = []
    identity, broken = None, None
    with run.session(write=False) as session:
        place = session.turn_to(which)
        try:
            opened = session.readable_ledger()
            if opened.there:
                found.extend(opened.checkup.checked())
                identity = opened.identity
        except (LedgerAway, LedgerReadOnly, NotOurs):
            raise  # of what is in it nothing is known
        except WriteFailed as error:
            broken = error
    faults = [one for one in found if one.weight is Weight.FAULT]
    if run.out.json:
        checks = [(one.name, one.weight.value, one.words) for one in found]
        if broken is not None:
            checks.append(("ledger", Weight.FAULT.value, broken.message))
        run.out.document(
            {
                "ledger": place.shown,
                "kind": place.kind,
                "id": identity,
                "whole": not faults and broken is None,
                "checks": [
                    {"name": name, "state": state, "words": words} for name, state, words in checks
                ],
            }
        )
    else:
        run.out.table(
            ("CHECK", "STATE", "FOUND"), [(one.name, one.weight, one.words) for one in found]
        )
    if broken is not None:
        raise broken
    if not found:
        run.out.note(f"there is no ledger in {place.shown} yet; the first paid submit makes it")
    if faults:
        raise WriteFailed(
            f"the ledger is not in order: {faults[0].words}",
            hint="what is in it can still be read and exported: seedance ledger export",
        )
    return 0


def export(run: Run, which: str | None, output: str | None, *, force: bool) -> None:
    """Write every row to stdout or a file."""
    with run.session(write=False) as session:
        session.turn_to(which)
        to = None if output in {None, "-"} else _target(session, str(output), force=force)
        opened = session.readable_ledger()
        rows = opened.transfer.exported(
            ledger.machine.machine(session.state_dir, make=opened.there)
        )
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
    run.out.note(f"exported: {submissions(seen.submissions)}")
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
        shared = session.ledger_place().shared is not None
        opened = session.ledger_for_writing()
        machine = ledger.machine.machine(session.state_dir, make=True)
        taken = opened.transfer.take_in(rows, machine, sandbox=not shared)
    out = run.out
    out.note(f"imported: {submissions(taken.taken)}; known already: {taken.known}")
    if taken.left_out:
        out.note(
            f"left out: {submissions(taken.left_out)} of the sandbox, which stay on their machine"
        )
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

"""Which ledger this machine used last: no paid request goes to another one in silence.

Two ledgers know nothing of each other: what is unknown, named or counted in one blocks nothing in
the other. So the state folder remembers the id of the ledger that it last paid from.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.errors import WriteFailed
from seedance_cli.ledger.record import Ledger
from seedance_cli.ledger.sqlite_file import NAME
from seedance_cli.system import check_ours, files

if TYPE_CHECKING:
    from pathlib import Path

    from seedance_cli.system import Clock

FILE = "ledger-in-use.json"
"""In the state folder."""
_MOST = 1 << 16


class InUse(NamedTuple):
    """A ledger, as a machine remembers it."""

    ledger: str
    """Its own id; empty: whatever the file of this machine is."""
    place: str
    """Where it was, for people; never with a password."""
    local: str = ""
    """The id of the machine's own ledger that a shared one has the rows of."""
    rows: int = 0
    """Up to which of its rows."""

    def means(self, identity: str, place: str) -> bool:
        """Whether it is a ledger of this id, at this place."""
        return self.ledger == identity or (not self.ledger and self.place == place)


class Lacking(NamedTuple):
    """What a shared ledger lacks of a machine's own."""

    number: int
    """Real submissions."""
    local: str
    """The id of the machine's own."""
    rows: int
    """Its newest row that was looked at."""


def last_used(folder: Path, clock: Clock) -> InUse | None:
    """What a state folder used last; None where nothing was paid for from it.

    Where that is not written down, it is the file of this machine, if a real submission is in it.

    Args:
        folder: the state folder.
        clock: for reading the file.

    Raises:
        WriteFailed: it cannot be told.
    """
    found = noted(folder)
    if found is not None:
        return found
    with Ledger.open(folder, clock, create=False, step=False) as local:
        if local.there and local.transfer.has_real_rows():
            return InUse("", str(folder / NAME))
    return None


def noted(folder: Path) -> InUse | None:
    """What is written down of it.

    Raises:
        WriteFailed: it cannot be read.
    """
    path = folder / FILE
    try:
        check_ours(folder, FILE)
        with open(files.open_to_read(path), "rb") as file:  # noqa: PTH123 - a descriptor
            found = json.loads(file.read(_MOST))
        return InUse(
            str(found["ledger"]), str(found["place"]), str(found["local"]), int(found["rows"])
        )
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise WriteFailed(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise WriteFailed(
            f"{path} is damaged: which ledger this machine used last is not known; nothing was"
            " sent",
            hint="`seedance ledger path` says which counts now; `seedance ledger use` confirms it",
        ) from error


def note(folder: Path, clock: Clock, ledger: InUse) -> None:
    """Remember a ledger.

    Raises:
        WriteFailed: it cannot be written.
    """
    path = folder / FILE
    content = json.dumps(ledger._asdict()) + "\n"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_ours(folder, FILE)
        # Of several processes that begin at once each writes whole, and they write the same.
        temporary = path.with_name(f".{FILE}.{os.getpid()}")
        files.replace(temporary, content.encode("ascii"), clock)
        temporary.replace(path)
        files.sync_folder(folder)
    except OSError as error:
        raise WriteFailed(f"{path} cannot be written: {error.strerror or error}") from error


def lacking(folder: Path, clock: Clock, shared: Ledger, known: InUse | None) -> Lacking:
    """What a shared ledger lacks of this machine's own.

    Args:
        folder: the state folder.
        clock: for reading the file.
        shared: the other one.
        known: what was found to be in it before; it is not looked at again.

    Raises:
        WriteFailed: one of them cannot be read.
    """
    with Ledger.open(folder, clock, create=False, step=False) as local:
        if not local.there:
            return Lacking(0, "", 0)
        identity = local.identity
        same = known is not None and (known.ledger, known.local) == (shared.identity, identity)
        after = known.rows if known is not None and same else 0
        rows = local.transfer.real_rows(after)
    number = (
        len(rows) - len(shared.transfer.those_here([intent for _, intent in rows])) if rows else 0
    )
    return Lacking(number, identity, max([after, *(place for place, _ in rows)]))

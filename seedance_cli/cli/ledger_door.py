"""How a command comes to its ledger, which is opened when it is first asked for."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from seedance_cli.errors import (
    ConfigError,
    LedgerReadOnly,
    NoHome,
    NotOurs,
    SeedanceError,
    WriteFailed,
)
from seedance_cli.ledger import Ledger, in_use

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

    from seedance_cli.cli.ledger_place import Where
    from seedance_cli.http import TakePlaces
    from seedance_cli.system import Clock

IMPORT = "seedance ledger export local | seedance ledger import -"
"""What takes the rows of this machine's own ledger into the one in use."""


def network_warning(opened: Ledger) -> str | None:
    """What to say of a ledger whose locks may hold on this machine alone."""
    found = opened.network()
    if found is None:
        return None
    return (
        f"the ledger is on a network file system ({found[0]}, {found[1]}), where its locks"
        " may not hold between machines: two at once could pay for the same thing twice."
        " Use it from one machine at a time, or set SEEDANCE_STATE_DIR to a local folder;"
        " SEEDANCE_LEDGER names one that several machines can share"
    )


class LedgerDoor:
    """The ledger of one command."""

    def __init__(
        self,
        place: Callable[[], Where],
        clock: Clock,
        stack: ExitStack,
        warn: Callable[[str], None],
        *,
        write: bool,
    ) -> None:
        """Open nothing yet.

        Args:
            place: which one; may raise.
            clock: for every time stamp.
            stack: closes the ledger.
            warn: takes what is said of the ledger that is read.
            write: whether a ledger of an earlier release is brought to the newest schema; else it
                is left as it is, and read.
        """
        self._place = place
        self._clock = clock
        self._stack = stack
        self._warn = warn
        self._write = write
        self._ledger: Ledger | None = None
        self._proved = False
        self._may_pay = False
        self._compared = False
        self._unreadable: SeedanceError | None = None

    def for_paying(self) -> Ledger:
        """The ledger as `for_writing`, if a paid request may go to it.

        Raises:
            ConfigError: it is another one than this machine used last, or lacks what this machine
                submitted; nothing was made.
            WriteFailed: it cannot take an intent.
        """
        place = self._place()
        if self._ledger is not None and self._may_pay and place.shared is not None:
            return self._ledger
        before = in_use.last_used(place.folder, self._clock)
        same_place = place.shared is not None and before is not None and before.place == place.shown
        if before is not None and not (self._proved or same_place):
            self._check_same(before, place, self._read())  # before one is made
        opened = self._for_writing(anew=not same_place)
        now = in_use.InUse(opened.identity, place.shown)
        if before is not None:
            self._check_same(before, place, opened)
        if place.shared is not None:
            found = in_use.lacking(place.folder, self._clock, opened, before)
            if found.number:
                raise _lacks(place, found.number)
            now = now._replace(local=found.local, rows=found.rows)
        if in_use.noted(place.folder) != now:
            in_use.note(place.folder, self._clock, now)
        self._may_pay = True
        return opened

    def for_writing(self) -> Ledger:
        """The ledger, made if it is missing, checked, and proved writable.

        Raises:
            WriteFailed: it cannot be written.
        """
        return self._for_writing(anew=True)

    def _for_writing(self, *, anew: bool) -> Ledger:
        """The same; where it is known to have been there, a missing one is not made anew."""
        place = self._place()
        if self._ledger is not None and self._proved and place.shared is not None:
            return self._ledger  # a session with a server is one for the whole command
        if self._ledger is not None:
            self._ledger.close()
        opened = Ledger.open(place.shared or place.folder, self._clock, create=True, anew=anew)
        self._proved = True
        return self._entered(opened)

    def lenient(self) -> Ledger:
        """The ledger; where it cannot be read, or there is no home, an empty one, which is said.

        Raises:
            ConfigError: it is named in a way that cannot be meant.
            NotOurs: somebody else has, or had, a hand in it; that is mended by the user alone.
            WriteFailed: it is on a server: what several machines share is not done without.
        """
        if self._ledger is not None:
            return self._ledger
        try:
            return self.for_reading()
        except NotOurs:
            raise
        except (NoHome, WriteFailed) as error:
            if self._on_a_server():
                raise
            self._warn(f"without a ledger: {error.message}")
            self._unreadable = error
            self._ledger = self._stack.enter_context(Ledger.empty(self._clock))
            return self._ledger

    def places(self) -> TakePlaces | None:
        """What takes places under a rate limit of all machines; None: of this machine alone."""
        return self._take_places if self._on_a_server() else None

    def caught_up(self) -> WriteFailed | None:
        """Before the command ends: see that the ledger has all that was learned; why it has not."""
        opened = self._ledger
        away = None if opened is None else opened.last_try()
        if opened is None or away is None:
            return None
        file = opened.keep_learned()
        kept = f"; it is kept in {file} until then" if file is not None else ""
        return away.but(
            message=f"what was learned is not in the ledger: {away.message}{kept}",
            hint="the next command of this machine that reaches the ledger writes it"
            if file is not None
            else "once it can be reached, wait for the same tasks again",
        )

    def for_reading(self) -> Ledger:
        """The ledger, for what needs to know what it knows.

        Raises:
            WriteFailed: it cannot be read.
            ConfigError: where it would be is not known.
        """
        opened = self._read()
        if not (self._compared or self._proved):
            self._compared = True
            another = self._another(opened)
            if another is not None:
                self._warn(another)
        return opened

    def _read(self) -> Ledger:
        if self._unreadable is not None:
            raise self._unreadable
        if self._ledger is None:
            place = self._place()
            opened = Ledger.open(
                place.shared or place.folder, self._clock, create=False, step=self._write
            )
            self._entered(opened)
        assert self._ledger is not None
        return self._ledger

    def _entered(self, opened: Ledger) -> Ledger:
        """Work with a ledger that was just opened; first it has what came while it was away."""
        self._ledger = self._stack.enter_context(opened)
        opened.heard_by(self._warn)
        if self._write:
            with suppress(LedgerReadOnly):
                for words in opened.take_late_answers():
                    self._warn(words)
        return opened

    def _take_places(
        self, name: str, places: int, requests: int, seconds: float
    ) -> list[float] | None:
        """For any thread; see `Ledger.take_places`."""
        opened = self._ledger
        return None if opened is None else opened.take_places(name, places, requests, seconds)

    def _on_a_server(self) -> bool:
        try:
            return self._place().shared is not None
        except NoHome:
            return False

    def _another(self, opened: Ledger) -> str | None:
        """What to say where this machine last paid from another ledger than is read now."""
        place = self._place()
        if not place.pays:
            return None
        try:
            if place.shared is None:
                before = in_use.noted(place.folder)
            else:
                before = in_use.last_used(place.folder, self._clock)
        except WriteFailed:
            return None  # what pays says so
        if before is None or (opened.there and before.means(opened.identity, place.shown)):
            return None
        if before.place != place.shown:
            return f"this is what {place.shown} has; this machine last paid from {before.place}"
        return f"this machine last paid from another ledger than is now in {place.shown}"

    def _check_same(self, before: in_use.InUse, place: Where, opened: Ledger) -> None:
        if opened.there and before.means(opened.identity, place.shown):
            return
        other = "another ledger is there now" if before.place == place.shown else before.place
        raise ConfigError(
            f"the ledger is {place.shown}, and this machine last paid from another one ({other}):"
            " what is unknown, named or counted there counts for nothing here; nothing was sent",
            hint=f"if this one is meant: seedance ledger use{_and_import(place)}; else have"
            " SEEDANCE_LEDGER, or config.toml, name the other one",
        )


def _and_import(place: Where) -> str:
    return "" if place.shared is None else ", then seedance ledger import"


def submissions(number: int) -> str:
    """So many of them, in words."""
    return "1 submission" if number == 1 else f"{number} submissions"


def _lacks(place: Where, number: int) -> ConfigError:
    return ConfigError(
        f"{place.folder / 'ledger.db'} has {submissions(number)} that the ledger {place.shown}"
        " lacks, where what is unknown, named or counted in it would count for nothing; nothing was"
        " sent",
        hint=f"take over what is missing: {IMPORT}",
    )

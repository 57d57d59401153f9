"""The driver of a PostgreSQL ledger: a connection whose every answer is waited for only so long.

Only a process with such a ledger imports it, and needs the extra `postgres`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg
import psycopg.conninfo
from psycopg.rows import dict_row

from seedance_cli.errors import ConfigError

if TYPE_CHECKING:
    from psycopg.abc import PQGen

    from seedance_cli.ledger.shared import SharedLedger

_CONNECT_SECONDS = 8
"""For one host of the URL; for all of them together at most three times that, and libpq's least
for each."""
_LEAST_SECONDS = 2
_ALL_SECONDS = 3 * _CONNECT_SECONDS
"""After which no further address is tried: there may be many, and a name may have several."""
ANSWER_SECONDS = 12.0
"""After which a server that has not ended a statement by itself counts as frozen."""
_BEFORE = "connection is bad: "
_VALUES = ("invalid ", "definition of service ", "could not parse network address ")
"""How libpq begins to speak of a parameter's value, before it has tried any server."""
_NUMBERS = (
    "connect_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
)
"""What libpq looks at only when, and if, it needs it."""
_TOO_LARGE = 2**31
_KEEPALIVES = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 10}


class Frozen(Exception):
    """The server gave no answer for too long."""


class Connection(psycopg.Connection[dict[str, Any]]):
    """One whose every answer is waited for only so long, whatever the server does."""

    def wait(self, gen: PQGen[Any], *args: Any, **kwargs: Any) -> Any:
        """Drive an exchange with the server."""
        return super().wait(_bounded(gen, ANSWER_SECONDS), *args, **kwargs)


def _within(seconds: float) -> type[Connection]:
    """Such a connection; of the addresses it may be made to none is begun after so long."""
    until: float | None = None

    class Bounded(Connection):
        @classmethod
        def _connect_gen(cls, *args: Any, **kwargs: Any) -> Any:
            nonlocal until
            if until is None:
                until = time.monotonic() + seconds
            elif time.monotonic() >= until:
                raise psycopg.errors.ConnectionTimeout("there was no time left to try it")
            return super()._connect_gen(*args, **kwargs)

    return Bounded


def _bounded(exchange: PQGen[Any], seconds: float) -> PQGen[Any]:
    """The same exchange, ended after so many seconds without its end."""
    until = time.monotonic() + seconds
    try:
        wanted = next(exchange)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > until:
                raise Frozen(f"no answer for {seconds:.0f} s")
            wanted = exchange.send(ready)
    except StopIteration as end:
        return end.value


def connect(ledger: SharedLedger) -> Connection:
    """A new connection.

    Raises:
        ConfigError: the URL cannot be used.
        psycopg.Error: the server cannot be reached, or refuses.
    """
    url = ledger.url.reveal()
    try:
        given = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        raise _unusable(ledger, "it is not written as PostgreSQL's are") from None
    for name in _NUMBERS:
        if not _is_number(given.get(name, "0")):
            raise _unusable(ledger, f"its {name} is no whole number")
    parameters: dict[str, Any] = {
        **_KEEPALIVES,
        "application_name": "seedance",
        **given,
        "connect_timeout": _connect_seconds(given),
        # Without it a database of SQL_ASCII, as `initdb` makes one without a locale, gives bytes.
        "client_encoding": "UTF8",
    }
    try:
        return _within(_ALL_SECONDS).connect(
            psycopg.conninfo.make_conninfo(**parameters),
            autocommit=True,
            row_factory=dict_row,
            # Values are put into the statement here: the server asks of a bare question mark which
            # type it has, and cannot know.
            cursor_factory=psycopg.ClientCursor,
        )
    except psycopg.OperationalError as error:
        words = str(error).removeprefix(_BEFORE)
        if words.startswith(_VALUES):
            raise _unusable(ledger, ledger.without_secrets(words)) from None
        raise


def _unusable(ledger: SharedLedger, why: str) -> ConfigError:
    return ConfigError(
        f"the URL of the shared ledger {ledger.shown} cannot be used: {why}",
        hint="postgresql://USER@HOST/DATABASE, with what is no letter or digit in a part"
        " of it percent-encoded",
    )


def _is_number(text: object) -> bool:
    try:
        return int(str(text)) < _TOO_LARGE
    except ValueError:
        return False


def _connect_seconds(given: dict[str, Any]) -> int:
    """How long to wait for each host: as the URL says, but not for ever over all of them."""
    hosts = str(given.get("hostaddr") or given.get("host") or "").count(",") + 1
    most = max(_LEAST_SECONDS, min(_CONNECT_SECONDS, 3 * _CONNECT_SECONDS // hosts))
    try:
        seconds = int(str(given.get("connect_timeout")))
    except ValueError:
        return most
    return seconds if 0 < seconds < most else most

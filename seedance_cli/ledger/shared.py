"""Where a shared ledger is: a `postgresql://` URL, and what of it may be shown.

Imports no database driver: what only names the ledger needs none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from seedance_cli._named import NamedTuple
from seedance_cli.errors import ConfigError
from seedance_cli.models import MASK, Secret, safe, told

if TYPE_CHECKING:
    from pathlib import Path

_SCHEMES = frozenset({"postgresql", "postgres"})
_SHOWN = frozenset({"host", "hostaddr", "port", "user", "dbname", "service"})
"""Parameters of a URL that hold no secret and say which database it is."""
_SECRET = frozenset({"password", "sslpassword"})
_FORM = "postgresql://USER@HOST/DATABASE"
_LAST_PORT = 65_535


class SharedLedger(NamedTuple):
    """A ledger in PostgreSQL, as one machine reaches it."""

    url: Secret
    """As libpq reads it; it may hold a password."""
    folder: Path
    """This machine's state folder: for what the database does not take, and what stays here."""

    @classmethod
    def at(cls, url: str, folder: Path) -> SharedLedger:
        """The ledger that a URL names.

        Raises:
            ConfigError: it is no URL of PostgreSQL. The message shows nothing of it.
        """
        scheme, mark, rest = url.partition("://")
        if not mark or scheme.lower() not in _SCHEMES:
            what = told(scheme) if mark and scheme.isalnum() else "no URL"
            raise ConfigError(
                f"a shared ledger is named by a URL like {_FORM}, and this is {what}",
                hint="SEEDANCE_LEDGER, or `ledger` in config.toml, names it",
            )
        parts = _parts(rest)
        # What follows a bare @, / or ? of a password would be shown as a host or a database.
        if "@" in parts.host + parts.path + parts.query or not all(map(_is_port, parts.ports())):
            raise ConfigError(
                "the URL of the shared ledger cannot be used: it has an @, / or ? in its user or"
                " password as it is, an @ elsewhere, or a port that is no number",
                hint=f"{_FORM}; what is no mark of it is percent-encoded: @ is %40, / is %2F,"
                " ? is %3F",
            )
        return cls(Secret(url), folder)

    @property
    def shown(self) -> str:
        """The URL without password, and without parameters that may hold one."""
        parts = _parts(self.url.reveal().partition("://")[2])
        kept = [f"{key}={value}" for key, value in parse_qsl(parts.query) if key in _SHOWN]
        words = f"?{'&'.join(kept)}" if kept else ""
        return safe(f"postgresql://{parts.user}{parts.at}{parts.host}{parts.path}{words}")

    def without_secrets(self, text: str) -> str:
        """A text of the driver's or the server's, without this URL's passwords."""
        parts = _parts(self.url.reveal().partition("://")[2])
        found = [parts.password]
        found += [value for key, value in parse_qsl(parts.query) if key in _SECRET]
        for secret in found:
            for form in {secret, unquote(secret)} - {""}:
                text = text.replace(form, MASK)
        return text


class _Parts(NamedTuple):
    """Of a URL without its scheme, as libpq takes it apart."""

    user: str
    password: str
    at: str
    """The `@`, where there is a user's part."""
    host: str
    """With its port; or several, with commas."""
    path: str
    """With its `/`."""
    query: str

    def ports(self) -> list[str]:
        """The hosts' ports; an empty text where one has none."""
        hosts = [one.rpartition("]")[2] for one in self.host.split(",")]  # [::1]:5432
        return [one.partition(":")[2] for one in hosts]


def _parts(rest: str) -> _Parts:
    # libpq ends the user's part at the first @ before any /, a ? notwithstanding.
    user, at, place = rest.partition("@")
    if not at or "/" in user:
        user, at, place = "", "", rest
    name, _, password = user.partition(":")
    place, _, query = place.partition("?")
    host, slash, path = place.partition("/")
    return _Parts(name, password, at, host, slash + path, query)


def _is_port(text: str) -> bool:
    return not text or (text.isascii() and text.isdigit() and 0 < int(text[:6]) <= _LAST_PORT)

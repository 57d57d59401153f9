"""Where a shared ledger is: a `postgresql://` URL, and what of it may be shown.

Imports no database driver: what only names the ledger needs none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, unquote

from seedance_cli.errors import ConfigError
from seedance_cli.models import MASK, Secret, safe, told

if TYPE_CHECKING:
    from pathlib import Path

_SCHEMES = frozenset({"postgresql", "postgres"})
_SHOWN = frozenset({"host", "hostaddr", "port", "user", "dbname", "service"})
"""Parameters of a URL that hold no secret and say which database it is."""
_SECRET = frozenset({"password", "sslpassword"})
_FORM = "postgresql://USER@HOST/DATABASE"


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
        authority, path, _ = _parts(rest)
        # libpq ends the user's part at the first @, and shows what comes after as the host's name.
        if authority.count("@") > 1 or ("@" not in authority and "@" in path):
            raise ConfigError(
                "the URL of the shared ledger has an @, / or ? in its user or password as it is",
                hint="write it percent-encoded: @ is %40, / is %2F, ? is %3F",
            )
        return cls(Secret(url), folder)

    @property
    def shown(self) -> str:
        """The URL without password, and without parameters that may hold one."""
        authority, path, query = _parts(self.url.reveal().partition("://")[2])
        user, at, host = authority.rpartition("@")
        user = user.partition(":")[0]
        kept = [f"{key}={value}" for key, value in parse_qsl(query) if key in _SHOWN]
        words = f"?{'&'.join(kept)}" if kept else ""
        return safe(f"postgresql://{user}{at}{host}{path}{words}")

    def without_secrets(self, text: str) -> str:
        """A text of the driver's or the server's, without this URL's passwords."""
        authority, _, query = _parts(self.url.reveal().partition("://")[2])
        found = [authority.rpartition("@")[0].partition(":")[2]]
        found += [value for key, value in parse_qsl(query) if key in _SECRET]
        for secret in found:
            for form in {secret, unquote(secret)} - {""}:
                text = text.replace(form, MASK)
        return text


def _parts(rest: str) -> tuple[str, str, str]:
    """Of a URL without its scheme: user and host, the path with its `/`, the parameters."""
    place, _, query = rest.partition("?")
    authority, slash, path = place.partition("/")
    return authority, slash + path, query

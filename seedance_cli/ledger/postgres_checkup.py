"""How the tables in PostgreSQL are kept: the server's settings, this role's rights, the indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.ledger.findings import Finding, Weight
from seedance_cli.ledger.postgres_schema import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from seedance_cli.ledger.postgres import Session

_SERVER = (
    "SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS standby,"
    " current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS waits,"
    " current_setting('full_page_writes') AS pages,"
    " current_setting('synchronous_standby_names') AS standbys,"
    " (SELECT count(*) FROM pg_stat_replication) AS followers,"
    " (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS tls,"
    " inet_server_addr() IS NULL OR inet_server_addr() = inet_client_addr() AS near,"
    " clock_timestamp() AS now, current_user AS role"
)
_RIGHTS = (
    "SELECT name, right_ FROM (VALUES ('meta', 'select'), ('meta', 'insert'), ('meta', 'update'),"
    " ('intents', 'select'), ('intents', 'insert'), ('intents', 'update'),"
    " ('files', 'select'), ('files', 'insert'), ('files', 'update'),"
    " ('targets', 'select'), ('targets', 'insert'), ('targets', 'update'), ('targets', 'delete'),"
    " ('places', 'select'), ('places', 'insert'), ('places', 'update')) AS needed (name, right_)"
    " WHERE NOT has_table_privilege('seedance.' || name, right_)"
)
_INDEXES = (
    "SELECT indexrelid::regclass::text AS name FROM pg_index"
    " JOIN pg_class ON pg_class.oid = indrelid"
    " WHERE relnamespace = 'seedance'::regnamespace AND NOT (indisvalid AND indisready)"
)
_FAR_APART = 60
"""Seconds between two clocks that are worth a word: rows are given up after ten minutes."""


def checked(session: Session, now: datetime) -> Iterator[Finding]:
    """What there is to say of the server and the tables.

    Args:
        session: with the server; one that may forget what it promised was refused.
        now: by this machine's clock.
    """
    (server,) = session.execute(_SERVER)
    yield Finding("server", Weight.OK, f"PostgreSQL {server['version']}, as {server['role']}")
    if server["standby"]:
        yield Finding("server", Weight.FAULT, "it is a standby: nothing can be paid for")
    yield Finding("schema", Weight.OK, f"version {SCHEMA_VERSION}")
    if server["pages"] == "on":
        words = f"fsync {server['fsync']}, synchronous_commit {server['waits']}"
        yield Finding("durable", Weight.OK, words)
    else:
        words = "full_page_writes is off: a crash could damage the tables"
        yield Finding("durable", Weight.NOTE, words)
    if server["followers"] and not server["standbys"]:
        words = "a standby follows it, and nothing waits for it: what it lacks after a failover is"
        yield Finding("standby", Weight.NOTE, f"{words} forgotten, and may be paid for again")
    if server["tls"]:
        yield Finding("tls", Weight.OK, "the connection is encrypted")
    elif not server["near"]:
        words = "the connection is not encrypted: sslmode=verify-full in the URL"
        yield Finding("tls", Weight.NOTE, words)
    apart = abs((server["now"] - now).total_seconds())
    if apart > _FAR_APART:
        words = f"this machine's clock and the server's are {apart:.0f} s apart"
        yield Finding("clock", Weight.NOTE, words)
    yield _rights(session)
    broken = [row["name"] for row in session.execute(_INDEXES)]
    if broken:
        words = f"not valid: {', '.join(broken)}; REINDEX makes them so"
        yield Finding("indexes", Weight.FAULT, words)
    else:
        yield Finding("indexes", Weight.OK, "all are valid")


def _rights(session: Session) -> Finding:
    lacking = [f"{row['right_']} on {row['name']}" for row in session.execute(_RIGHTS)]
    if lacking:
        words = "not all that becomes of a task can be written"
        if any(one.endswith(" on intents") for one in lacking):
            words = "this role can read, and nothing can be paid for"
        return Finding("rights", Weight.NOTE, f"may not {', '.join(lacking)}: {words}")
    return Finding("rights", Weight.OK, "this role may do all that is needed")

"""The tables of the ledger, and what several readers of them ask for alike.

Imports nothing that takes time: completion reads the tables, and no values.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

SCHEMA_VERSION = 1
SCHEMA = (
    """
    CREATE TABLE intents (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        intent TEXT NOT NULL UNIQUE,
        state TEXT NOT NULL,
        provider TEXT NOT NULL,
        endpoint TEXT NOT NULL,
        sandbox INTEGER NOT NULL,
        profile TEXT,
        profile_named INTEGER NOT NULL DEFAULT 0,
        fingerprint TEXT NOT NULL,
        request TEXT NOT NULL,
        priced TEXT,
        created_at TEXT NOT NULL,
        submitted_at TEXT,
        evidence TEXT NOT NULL DEFAULT '{}',
        task_id TEXT,
        status TEXT NOT NULL DEFAULT 'unknown',
        task TEXT,
        cost_amount TEXT,
        cost_unit TEXT,
        cost_basis TEXT,
        finished_at TEXT,
        watched INTEGER NOT NULL DEFAULT 0,
        delivered INTEGER NOT NULL DEFAULT 0,
        not_found_since TEXT
    )
    """,
    "CREATE INDEX intents_state ON intents (state)",
    "CREATE INDEX intents_fingerprint ON intents (fingerprint)",
    "CREATE INDEX intents_task ON intents (task_id)",
    """
    CREATE TABLE files (
        provider TEXT NOT NULL,
        endpoint TEXT NOT NULL,
        sandbox INTEGER NOT NULL,
        task_id TEXT NOT NULL,
        number INTEGER NOT NULL,
        path BLOB NOT NULL,
        size INTEGER NOT NULL,
        PRIMARY KEY (provider, endpoint, sandbox, task_id, number)
    )
    """,
)
COLUMNS = (
    "intent, state, provider, endpoint, sandbox, profile, profile_named, fingerprint, request,"
    " priced, created_at, submitted_at, evidence, task_id, status, task,"
    " cost_amount, cost_unit, cost_basis, finished_at, watched, delivered, not_found_since"
)

LOST_AFTER = timedelta(hours=24)
"""How long a task that its provider does not find stays among the unfinished."""

# A task that was adopted by force, or that a provider gave twice, has more than one row. The first
# stands for it wherever tasks, not submissions, are meant.
FIRST = (
    "task_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM intents AS earlier"
    " WHERE earlier.task_id = intents.task_id AND earlier.provider = intents.provider"
    " AND earlier.endpoint = intents.endpoint AND earlier.sandbox = intents.sandbox"
    " AND earlier.seq < intents.seq)"
)
TERMINAL = ("succeeded", "failed", "cancelled", "expired")
"""The words of a terminal `Status`."""
# Takes the time, as text, after which a task that its provider does not find still counts.
UNFINISHED = (
    f"NOT (delivered AND status IN {TERMINAL}) AND (not_found_since IS NULL OR not_found_since > ?)"
)


def time_text(moment: datetime | None) -> str | None:
    """`2026-02-07T10:30:00.000000Z`; None for a time that UTC cannot express."""
    if moment is None:
        return None
    try:
        utc = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None
    return utc.isoformat(timespec="microseconds").replace("+00:00", "Z")

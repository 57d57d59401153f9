"""The tables of the ledger in SQLite, step by step, and how a time lies in them.

Imports nothing that takes time: completion reads the tables, and no values.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_FIRST_RELEASE = (
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
# What a default says is true of the rows of before, and of those that a process of the release
# before, still running, writes after this step.
_WHAT_THE_FIELD_FOUND = (
    # By which rule `fingerprint` was made: 1 knows neither path nor query (`models.RULE`).
    "ALTER TABLE intents ADD COLUMN fingerprint_rule INTEGER NOT NULL DEFAULT 1",
    # HMAC of the submit's key and endpoint under `meta.salt`; null: not known.
    "ALTER TABLE intents ADD COLUMN key_proof TEXT",
    # Whether the ref was given to the caller.
    "ALTER TABLE intents ADD COLUMN told INTEGER NOT NULL DEFAULT 1",
    # The highest charge ever read, besides the last one in `cost_amount`.
    "ALTER TABLE intents ADD COLUMN charge_amount TEXT",
    "ALTER TABLE intents ADD COLUMN charge_unit TEXT",
    """
    UPDATE intents SET charge_amount = cost_amount, charge_unit = cost_unit
    WHERE cost_basis = 'charged'
    """,
    # Facts of the saved file as JSON; a URL or path.
    "ALTER TABLE intents ADD COLUMN video TEXT",
    "ALTER TABLE intents ADD COLUMN last_frame TEXT",
    "ALTER TABLE intents ADD COLUMN name TEXT",
    "ALTER TABLE intents ADD COLUMN batch TEXT",
    "ALTER TABLE intents ADD COLUMN batch_row TEXT",
    "ALTER TABLE intents ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1",
    # Files that are about to get their name.
    """
    CREATE TABLE targets (
        provider TEXT NOT NULL,
        endpoint TEXT NOT NULL,
        sandbox INTEGER NOT NULL,
        task_id TEXT NOT NULL,
        number INTEGER NOT NULL,
        path BLOB NOT NULL,
        size INTEGER NOT NULL,
        PRIMARY KEY (provider, endpoint, sandbox, task_id, number, path)
    )
    """,
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    "INSERT INTO meta VALUES ('salt', :salt), ('ledger', :ledger)",
)
_NAMES_AND_BUDGETS = (
    # Whether the user took the task off the unfinished ones.
    "ALTER TABLE intents ADD COLUMN dismissed INTEGER NOT NULL DEFAULT 0",
    # What the submit was priced at; null: not known.
    "ALTER TABLE intents ADD COLUMN price_amount TEXT",
    "ALTER TABLE intents ADD COLUMN price_unit TEXT",
    "ALTER TABLE intents ADD COLUMN price_basis TEXT",
    "CREATE INDEX intents_name ON intents (name) WHERE name IS NOT NULL",
    "CREATE INDEX intents_batch ON intents (batch) WHERE batch IS NOT NULL",
    "CREATE INDEX intents_created ON intents (provider, created_at)",
)


def _with_machine(table: str, key: str) -> tuple[str, ...]:
    """A table of files, made anew with the machine in its key: SQLite cannot change a key."""
    columns = "provider, endpoint, sandbox, task_id, number, path, size"
    return (
        f"""
        CREATE TABLE {table}_new (
            provider TEXT NOT NULL,
            endpoint TEXT NOT NULL,
            sandbox INTEGER NOT NULL,
            task_id TEXT NOT NULL,
            number INTEGER NOT NULL,
            path BLOB NOT NULL,
            size INTEGER NOT NULL,
            machine TEXT NOT NULL DEFAULT '',
            PRIMARY KEY ({key})
        )
        """,
        f"INSERT INTO {table}_new ({columns}) SELECT {columns} FROM {table}",  # noqa: S608 - ours
        f"DROP TABLE {table}",
        f"ALTER TABLE {table}_new RENAME TO {table}",
    )


# On which machine a file lies; empty: where the ledger itself does.
_MACHINES = (
    *_with_machine("files", "provider, endpoint, sandbox, task_id, number, machine"),
    "CREATE INDEX files_task ON files (task_id)",
    *_with_machine("targets", "provider, endpoint, sandbox, task_id, number, path, machine"),
    "CREATE INDEX intents_newest ON intents (created_at)",
)
STEPS = (_FIRST_RELEASE, _WHAT_THE_FIELD_FOUND, _NAMES_AND_BUDGETS, _MACHINES)
"""See `sqlite_steps`. Named values: `salt`, 32 random bytes, and `ledger`, the ledger's own id."""
SCHEMA_VERSION = len(STEPS)

LOST_AFTER = timedelta(hours=24)
"""How long a task that its provider does not find stays among the unfinished."""


def time_text(moment: datetime | None) -> str | None:
    """`2026-02-07T10:30:00.000000Z`; None for a time that UTC cannot express."""
    if moment is None:
        return None
    try:
        utc = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None
    return utc.isoformat(timespec="microseconds").replace("+00:00", "Z")

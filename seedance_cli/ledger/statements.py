"""Every statement of the ledger: what is asked of its tables, in SQL. Nobody else knows any.

Each is what SQLite and PostgreSQL both understand, with question marks for its values; beside it
stand those values, where the statement does not show them. Yes and no are 1 and 0, in values and in
columns. Connections, transactions, locks and the tables' making are the store's.

Imports nothing that takes time: completion reads the tables, and no values.
"""

# ruff: noqa: S608 - every part of a statement is a constant of ours; values are question marks

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS = (
    "intent, state, provider, endpoint, sandbox, profile, profile_named, fingerprint, request,"
    " priced, created_at, submitted_at, evidence, task_id, status, task,"
    " cost_amount, cost_unit, cost_basis, finished_at, watched, delivered, not_found_since,"
    " fingerprint_rule, key_proof, told, charge_amount, charge_unit, video, last_frame, name,"
    " batch, batch_row, attempt, price_amount, price_unit, price_basis"
)
"""All that a row of `intents` becomes a value of."""
TERMINAL = ("succeeded", "failed", "cancelled", "expired")
"""The words of a terminal `Status`."""

_OF_TASK = "provider = ? AND endpoint = ? AND sandbox = ? AND task_id = ?"
# A task that was adopted by force, or that a provider gave twice, has more than one row. The first
# stands for it wherever tasks, not submissions, are meant.
_FIRST = (
    "task_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM intents AS earlier"
    " WHERE earlier.task_id = intents.task_id AND earlier.provider = intents.provider"
    " AND earlier.endpoint = intents.endpoint AND earlier.sandbox = intents.sandbox"
    " AND earlier.seq < intents.seq)"
)
# What a task that ended without a video was charged, if that was nothing.
_FREE = (
    "(status IN ('failed', 'cancelled', 'expired')"
    " AND COALESCE(cost_basis, '') = 'charged' AND CAST(cost_amount AS NUMERIC) = 0)"
)
# Takes the time, as text, after which a task that its provider does not find still counts.
_UNFINISHED = (
    f"NOT (delivered = 1 AND status IN {TERMINAL}) AND dismissed = 0"
    " AND (not_found_since IS NULL OR not_found_since > ?)"
)


# Values, null for any: status, provider, sandbox; profile and batch, twice each; earliest time.
_LISTED = (
    "status = COALESCE(?, status) AND provider = COALESCE(?, provider)"
    " AND sandbox = COALESCE(?, sandbox) AND (? IS NULL OR profile = ?)"
    " AND (? IS NULL OR batch = ?) AND created_at >= COALESCE(?, created_at)"
)


def _rows(where: str) -> str:
    return f"SELECT {COLUMNS} FROM intents WHERE {where}"


# Rows that become values: all `COLUMNS`

ROW = _rows("intent = ?")
ROWS_OF_TASK = _rows(f"{_OF_TASK} ORDER BY seq")
"""Values: `task_key`."""
UNSETTLED = _rows("state IN ('unknown', 'sending') ORDER BY seq")
INTENT_BEGINNING = _rows("substr(intent, 1, length(?)) = ? ORDER BY seq")
"""Values: the prefix, twice."""
TASK = _rows(f"{_FIRST} AND task_id = ? AND provider = COALESCE(?, provider) ORDER BY seq")
TASK_BEGINNING = _rows(f"{_FIRST} AND substr(task_id, 1, length(?)) = ? ORDER BY seq")
"""Values: the prefix, twice."""
NEWEST_OF_NAME = _rows("seq IN (SELECT max(seq) FROM intents WHERE name = ? GROUP BY sandbox)")
UNFINISHED = _rows(
    f"{_FIRST} AND {_UNFINISHED} AND sandbox = ?"
    " AND provider = COALESCE(?, provider) AND (? IS NULL OR profile = ?) ORDER BY seq"
)
"""Values: see `_UNFINISHED`; sandbox; provider or null; profile or null, twice."""
WITH_A_VIDEO = _rows(
    f"{_FIRST} AND status = 'succeeded' AND COALESCE(finished_at, created_at) >= ? AND sandbox = ?"
    " AND provider = COALESCE(?, provider) AND (? IS NULL OR profile = ?) ORDER BY seq"
)
"""Values: the earliest end; sandbox; provider or null; profile or null, twice."""
# By time: what was imported has its own.
NEWEST = _rows(f"{_LISTED} ORDER BY created_at DESC, seq DESC")
"""Values: see `_LISTED`."""


def running_twin(rules: int) -> str:
    """The newest of the same request that was accepted, is not finished, and is another task.

    Values: `same_values`, `task_key`, the submit's earliest and latest time.
    """
    return _rows(
        f"{_same(rules)} AND NOT status IN {TERMINAL} AND NOT ({_OF_TASK}) AND state IN"
        " ('accepted', 'adopted') AND submitted_at BETWEEN ? AND ? ORDER BY seq DESC LIMIT 1"
    )


# The duplicate guard

# How many rules there are fingerprints of decides each; values: `same_values`.


def same(rules: int) -> str:
    """The intents of one request, each by the rule it was written with."""
    return f"SELECT intent FROM intents WHERE {_same(rules)}"


def unresolved(rules: int) -> str:
    """The newest of them whose outcome is unknown, outside a batch.

    Values after the fingerprints: the batch, or null for none; twice.
    """
    outside = "(? IS NULL OR COALESCE(batch, '') <> ?)"
    return f"{same(rules)} AND state = 'unknown' AND {outside} ORDER BY seq DESC LIMIT 1"


def untold(rules: int) -> str:
    """Those that were accepted and whose ref nobody was told, newest first."""
    return f"{same(rules)} AND state = 'accepted' AND told = 0 AND delivered = 0 ORDER BY seq DESC"


def _same(rules: int) -> str:
    return f"({' OR '.join(['(fingerprint = ? AND fingerprint_rule = ?)'] * rules) or '1 = 0'})"


# Columns of intents

STATE = "SELECT state FROM intents WHERE intent = ?"
FINGERPRINT = "SELECT fingerprint, fingerprint_rule FROM intents WHERE intent = ?"
OF_NAME = (
    "SELECT intent, state, status, fingerprint, fingerprint_rule, attempt FROM intents"
    " WHERE name = ? AND sandbox = ? ORDER BY seq DESC"
)
"""Every attempt under a name, newest first. Values: the name, sandbox."""
USED = (
    "SELECT endpoint, priced, max(request) AS request, cost_amount, cost_unit, cost_basis,"
    " charge_amount, charge_unit, price_amount, price_unit, max(price_basis) AS price_basis,"
    " count(*) AS alike FROM intents"
    " WHERE provider = ? AND created_at >= ? AND sandbox = 0"
    " AND state NOT IN ('refused', 'not_sent', 'discarded')"
    f" AND (task_id IS NULL OR {_FIRST}) AND NOT {_FREE}"
    " GROUP BY endpoint, priced, cost_amount, cost_unit, cost_basis, charge_amount, charge_unit,"
    " price_amount, price_unit, CASE WHEN price_amount IS NULL THEN seq END"
)
"""What counts against a budget, submissions that cost the same in one row. Values: provider, since.

One without a price stands alone: what it asked for may have to tell its price."""
_SUBMITTED = "COALESCE(submitted_at, created_at)"
SPENT = (
    "SELECT state, provider, profile, request, task, status, created_at, submitted_at, batch,"
    " cost_amount, cost_unit, cost_basis, charge_amount, charge_unit, price_amount, price_unit,"
    f" price_basis, {_FREE} AS free FROM intents WHERE sandbox = ? AND {_SUBMITTED} >= ?"
    f" AND {_SUBMITTED} <= COALESCE(?, {_SUBMITTED}) AND provider = COALESCE(?, provider)"
    " AND (? IS NULL OR profile = ?)"
    f" AND (state = 'unknown' OR (state IN ('accepted', 'adopted') AND {_FIRST})) ORDER BY seq"
)
"""Every task, and every unknown outcome.

Values: sandbox; earliest time, latest or null; provider or null; profile or null, twice."""
ON_THE_WAY = (
    "SELECT intent, state, submitted_at, evidence FROM intents"
    " WHERE state IN ('prepared', 'sending')"
)
ON_ITS_WAY = f"{ON_THE_WAY} AND intent = ?"
STATES = f"SELECT intent, state, status, task_id FROM intents WHERE {_LISTED}"
"""Values: see `_LISTED`."""
NOT_LOST = "SELECT 1 FROM intents WHERE intent = ? AND not_found_since IS NULL"
REFS = (
    f"SELECT provider, task_id, name, status, request FROM intents WHERE {_FIRST}"
    " AND provider = COALESCE(?, provider) AND sandbox = COALESCE(?, sandbox)"
    f" ORDER BY {_UNFINISHED} DESC, seq DESC"
)
OLDER_ATTEMPTS = (
    "SELECT intent FROM intents WHERE name IS NOT NULL AND EXISTS (SELECT 1 FROM intents AS later"
    " WHERE later.name = intents.name AND later.sandbox = intents.sandbox"
    " AND later.seq > intents.seq)"
)
"""Those that their name does not mean any more."""
INTENTS_TO_SETTLE = (
    "SELECT intent, provider, request FROM intents WHERE state IN ('unknown', 'sending')"
    " ORDER BY seq DESC"
)
BATCHES = "SELECT batch FROM intents WHERE batch IS NOT NULL GROUP BY batch ORDER BY max(seq) DESC"
REQUESTS = "SELECT request FROM intents ORDER BY seq DESC LIMIT ?"
CHARGES = (
    "SELECT provider, endpoint, priced, request, cost_amount, cost_unit, cost_basis,"
    f" charge_amount, charge_unit FROM intents WHERE {_FIRST} AND sandbox = 0"
    " AND (cost_basis = 'charged' OR charge_amount IS NOT NULL)"
    f" AND priced IS NOT NULL AND NOT {_FREE}"
    " AND provider = COALESCE(?, provider) AND endpoint = COALESCE(?, endpoint)"
    " AND substr(priced, 1, length(?)) = ? ORDER BY seq"
)
"""Values: provider or null, endpoint or null; how the priced text begins, twice."""
DURATIONS = (
    "SELECT submitted_at, finished_at FROM intents"
    " WHERE seq > (SELECT max(seq) FROM intents) - ?"
    " AND substr(priced, 1, length(?)) = ? AND provider = ? AND endpoint = ?"
    f" AND finished_at >= submitted_at AND {_FIRST} AND sandbox = 0 AND status = 'succeeded'"
    " AND watched = 1 ORDER BY seq DESC LIMIT ?"
)
"""Values: how many rows to look at, how the priced text begins (twice), provider, endpoint, limit.

Newest first."""


# Rows of a batch

_OF_BATCH = (
    "seq IN (SELECT seq FROM intents WHERE batch = ? UNION ALL SELECT seq FROM intents"
    " WHERE name > '' AND substr(name, 1, length(?)) = ? AND batch IS NULL) AND sandbox = ?"
)
"""Under the names of its rows, whoever submitted it. `name > ''`: by the index of the names."""
OF_BATCH = (
    "SELECT name, batch_row, intent, state, status, provider, endpoint, fingerprint,"
    " fingerprint_rule, request, attempt, delivered, task_id, task, cost_amount, cost_unit,"
    f" cost_basis, finished_at FROM intents WHERE {_OF_BATCH} ORDER BY seq"
)
"""Every attempt of every row, oldest first. Values: the batch, `BATCH/` twice, sandbox."""
FILES_OF_BATCH = (
    "SELECT provider, endpoint, task_id, number, machine, path, size FROM files"
    f" JOIN (SELECT DISTINCT provider, endpoint, sandbox, task_id FROM intents WHERE {_OF_BATCH})"
    " AS tasks USING (provider, endpoint, sandbox, task_id) ORDER BY number, machine"
)
"""Values: as of `OF_BATCH`."""


def same_outside(requests: int) -> str:
    """Which requests were bought, or may have been, outside a batch.

    Values: the batch, sandbox, the fingerprints' rule, each fingerprint.
    """
    return (
        "SELECT DISTINCT fingerprint FROM intents WHERE (batch IS NULL OR batch <> ?)"
        " AND sandbox = ? AND fingerprint_rule = ?"
        " AND state NOT IN ('refused', 'not_sent', 'discarded', 'prepared')"
        f" AND fingerprint IN ({', '.join('?' * requests)})"
    )


def insert_intent(columns: Iterable[str]) -> str:
    """A new row, with a value for each of its columns."""
    names = list(columns)
    return f"INSERT INTO intents ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"


def update_intent(columns: Iterable[str]) -> str:
    """Values: of the columns, then the intent."""
    return f"UPDATE intents SET {_assigned(columns)} WHERE intent = ?"


def move_intent(columns: Iterable[str], states: int) -> str:
    """The same, if it is in one of so many states. Values: as above, then these states."""
    return f"{update_intent(columns)} AND state IN ({', '.join('?' * states)})"


def update_task(columns: Iterable[str]) -> str:
    """Every row of a task. Values: of the columns, then `task_key`."""
    return f"UPDATE intents SET {_assigned(columns)} WHERE {_OF_TASK}"


def _assigned(columns: Iterable[str]) -> str:
    return ", ".join(f"{name} = ?" for name in columns)


# Where videos lie; values: `task_key`, then number, machine, path, size

_PLACE = (
    "(provider, endpoint, sandbox, task_id, number, machine, path, size)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_FILE_KEY = "provider, endpoint, sandbox, task_id, number, machine"
ADD_FILE = (
    f"INSERT INTO files {_PLACE} ON CONFLICT ({_FILE_KEY})"
    " DO UPDATE SET path = excluded.path, size = excluded.size"
)
ADD_TARGET = (
    f"INSERT INTO targets {_PLACE} ON CONFLICT ({_FILE_KEY}, path)"
    " DO UPDATE SET size = excluded.size"
)
DROP_TARGETS = f"DELETE FROM targets WHERE {_OF_TASK} AND number = ? AND machine = ?"
FILES = f"SELECT number, machine, path, size FROM files WHERE {_OF_TASK} ORDER BY number, machine"
TARGETS = (
    f"SELECT number, machine, path, size FROM targets WHERE {_OF_TASK} ORDER BY number, machine"
)


def files_of_tasks(tasks: int) -> str:
    """The files of several tasks. Values: each task's id."""
    return (
        "SELECT provider, endpoint, sandbox, task_id, number, machine, path, size FROM files"
        f" WHERE task_id IN ({', '.join('?' * tasks)}) ORDER BY number, machine"
    )


# All rows, for another ledger

PLACE = ("provider", "endpoint", "sandbox", "task_id", "number", "machine", "path", "size")
"""The values of `TAKE_FILE` and `TAKE_TARGET`, in this order."""
EXPORTED = f"SELECT seq, dismissed, {COLUMNS} FROM intents WHERE seq > ? ORDER BY seq LIMIT ?"
EXPORTED_FILES = f"SELECT {', '.join(PLACE)} FROM files ORDER BY task_id, number, machine"
EXPORTED_TARGETS = f"SELECT {', '.join(PLACE)} FROM targets ORDER BY task_id, number, machine, path"
TAKE_FILE = f"INSERT INTO files {_PLACE} ON CONFLICT DO NOTHING"
TAKE_TARGET = f"INSERT INTO targets {_PLACE} ON CONFLICT DO NOTHING"
A_REAL_ROW = "SELECT 1 FROM intents WHERE sandbox = 0 LIMIT 1"
REAL_ROWS = "SELECT seq, intent FROM intents WHERE sandbox = 0 AND seq > ?"


def insert_intents(columns: Iterable[str], rows: int) -> str:
    """So many new rows. Values: of each row one for each of its columns."""
    first = insert_intent(columns)
    values = first.partition(" VALUES ")[2]
    return first + f", {values}" * (rows - 1)


def those_named(names: int) -> str:
    """Name, sandbox and intent of what has one of so many names."""
    return f"SELECT name, sandbox, intent FROM intents WHERE name IN ({', '.join('?' * names)})"


def those_known(intents: int) -> str:
    """Those of so many intents that there are."""
    return f"SELECT intent FROM intents WHERE intent IN ({', '.join('?' * intents)})"


# A check of the whole

EVERY_ROW = f"SELECT {COLUMNS} FROM intents ORDER BY seq"
COUNT_UNKNOWN = "SELECT count(*) AS number FROM intents WHERE state = 'unknown'"
COUNT_SANDBOX = "SELECT count(*) AS number FROM intents WHERE sandbox = 1"
COUNT_FILES = "SELECT count(*) AS number FROM files"
COUNT_ORPHANS = (
    "SELECT count(*) AS number FROM files WHERE NOT EXISTS (SELECT 1 FROM intents"
    " WHERE intents.task_id = files.task_id AND intents.provider = files.provider"
    " AND intents.endpoint = files.endpoint AND intents.sandbox = files.sandbox)"
)

# The ledger itself

META = "SELECT value FROM meta WHERE name = ?"
TABLES = (
    f"SELECT {COLUMNS} FROM intents LIMIT 0",
    "SELECT machine, path, size FROM files LIMIT 0",
    "SELECT machine, path, size FROM targets LIMIT 0",
    "SELECT name, value FROM meta LIMIT 0",
)
"""Each fails where a table is not as the schema says."""

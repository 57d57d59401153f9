"""A row of the ledger as one object of JSON, for another ledger; and back, with every fault named.

No key is in it and no proof of one: under another ledger's salt a proof would say nothing. JSON
that lies in a column stands as what it means; where that would not come back as the same text, as
the text.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from seedance_cli._named import NamedTuple
from seedance_cli.ledger.requests import read_priced, read_request
from seedance_cli.ledger.rows import key, read_task, read_time
from seedance_cli.ledger.schema import time_text
from seedance_cli.ledger.stored import dump, parsed, text
from seedance_cli.models import IntentState, Status, name_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Column = str | int | bytes | None

SCHEMA = "seedance.ledger/1"
SUBMISSION, FILE, TARGET = "submission", "file", "target"
"""What an object may be: a row of `intents`, of `files`, or of `targets`."""
_INTENT = re.compile(r"[0-9a-f]{32}")
_MOST = 2**63


class Fault(NamedTuple):
    """Why an object is no row."""

    column: str | None
    words: str


class Exported(NamedTuple):
    """A row as it lies in the tables."""

    kind: str
    columns: Mapping[str, Column]


def as_object(kind: str, row: Any) -> dict[str, object]:
    """A row for people and programs."""
    shown = {name: _SHOWN.get(form, _as_it_is)(row[name]) for name, form in _FORMS[kind].items()}
    return {"schema": SCHEMA, "kind": kind, **shown}


def read(found: object) -> Exported | list[Fault]:
    """The row that an object stands for, or all that is wrong with it."""
    if not isinstance(found, Mapping):
        return [Fault(None, "is no JSON object")]
    if found.get("schema") != SCHEMA:
        return [Fault("schema", f"is not {SCHEMA}, which `seedance ledger export` writes")]
    kind = found.get("kind")
    if not isinstance(kind, str) or kind not in _FORMS:
        return [Fault("kind", f"is none of {', '.join(_FORMS)}")]
    forms = _FORMS[kind]
    faults = [Fault(name, "is missing") for name in forms if name not in found]
    strange = [name for name in found if name not in forms and name not in {"schema", "kind"}]
    faults += [Fault(name, "is not known to this version of seedance") for name in strange]
    columns: dict[str, Column] = {}
    for name in forms:
        if name in found:
            try:
                columns[name] = _READ[forms[name]](found[name])
                _CHECKS.get(name, _as_it_is)(columns[name])
            except _WRONG as error:
                faults.append(Fault(name, _words(error)))
    if not faults and kind == SUBMISSION:
        faults += _as_a_whole(columns)
    return faults or Exported(kind, columns)


# The columns of each kind, and how a column is written

_COLUMNS = {
    "text": "intent state provider endpoint fingerprint created_at status",
    "optional": "profile submitted_at task_id cost_amount cost_unit cost_basis finished_at"
    " not_found_since charge_amount charge_unit last_frame name batch batch_row price_amount"
    " price_unit price_basis",
    "flag": "sandbox profile_named watched delivered told dismissed",
    "number": "fingerprint_rule attempt",
    "object": "request evidence",
    "optional_object": "priced task video",
}
_PLACE = {"text": "provider endpoint task_id machine", "flag": "sandbox", "number": "number size"}


def _forms(columns: Mapping[str, str]) -> dict[str, str]:
    return {name: form for form, names in columns.items() for name in names.split()}


_FORMS = {
    SUBMISSION: _forms(_COLUMNS),
    FILE: _forms({**_PLACE, "path": "path"}),
    TARGET: _forms({**_PLACE, "path": "path"}),
}


def _as_it_is(value: object) -> object:
    return value


def _meant(stored: object) -> object:
    if stored is None:
        return None
    value: object = json.loads(text(stored))
    return value if _dumped(value) == stored else stored


def _dumped(value: object) -> str:
    return dump(value)  # type: ignore[arg-type]  # whatever came out of JSON


_SHOWN: Mapping[str, Callable[[Any], object]] = {
    "flag": bool,
    "object": _meant,
    "optional_object": _meant,
    "path": os.fsdecode,
}


def _text(value: object) -> str:
    found = text(value)
    found.encode("utf-8")
    if "\0" in found:
        raise ValueError("has a NUL in it")
    return found


def _optional(value: object) -> str | None:
    return None if value is None else _text(value)


def _flag(value: object) -> int:
    if isinstance(value, bool):
        return int(value)
    raise ValueError("is neither true nor false")


def _number(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST:
        return value
    raise ValueError("is no whole number from 0 on")


def _object(value: object) -> str:
    return _text(value) if isinstance(value, str) else _dumped(value)


def _optional_object(value: object) -> str | None:
    return None if value is None else _object(value)


def _path(value: object) -> bytes:
    found = os.fsencode(text(value))
    if not found.strip(b"\0") or b"\0" in found:
        raise ValueError("is no path")
    return found


_READ: Mapping[str, Callable[[object], Column]] = {
    "text": _text,
    "optional": _optional,
    "flag": _flag,
    "number": _number,
    "object": _object,
    "optional_object": _optional_object,
    "path": _path,
}
_WRONG = (ValueError, TypeError, KeyError, RecursionError, InvalidOperation, OverflowError)


# What a column may say


def _words(error: BaseException) -> str:
    words = str(error)
    return words if words.startswith(("is ", "has ")) else "is not what a ledger has there"


def _intent(value: object) -> None:
    if not _INTENT.fullmatch(text(value)):  # it is the name of a lock file, too
        raise ValueError("is no intent: 32 hex digits")


def _time(value: object) -> None:
    if value is not None and time_text(read_time(text(value))) != value:
        raise ValueError("is no time such as 2026-02-07T10:30:00.000000Z")


def _amount(value: object) -> None:
    if value is not None and not Decimal(text(value)).is_finite():
        raise ValueError("is no amount")


def _name(value: object) -> None:
    fault = None if value is None else name_fault(text(value))
    if fault is not None:
        raise ValueError(fault)


def _positive(value: object) -> None:
    if not value:
        raise ValueError("is no whole number from 1 on")


def _filled(value: object) -> None:
    if value == "":
        raise ValueError("is empty")


_CHECKS: Mapping[str, Callable[[Any], object]] = {
    "intent": _intent,
    "fingerprint": _filled,
    "state": IntentState,
    "status": Status,
    "provider": _filled,
    "endpoint": _filled,
    "created_at": _time,
    "submitted_at": _time,
    "finished_at": _time,
    "not_found_since": _time,
    "cost_amount": _amount,
    "charge_amount": _amount,
    "price_amount": _amount,
    "request": lambda value: read_request(parsed(value)),
    "evidence": parsed,
    "video": lambda value: None if value is None else parsed(value),
    "name": _name,
    "fingerprint_rule": _positive,
    "attempt": _positive,
}


def _as_a_whole(columns: Any) -> Iterator[Fault]:
    """What columns say against one another."""
    try:
        task = read_task(columns)
    except _WRONG:
        yield Fault("task", "is not what a ledger has there")
        return
    if columns["task_id"] != (None if task is None else key(task.task_id)):
        yield Fault("task_id", "is not that of the task")
    if task is None and columns["state"] in {IntentState.ACCEPTED, IntentState.ADOPTED}:
        yield Fault("task", f"is null, though the submission is {columns['state']}")
    for name in ("cost", "price"):
        if columns[f"{name}_amount"] is not None and columns[f"{name}_basis"] is None:
            yield Fault(f"{name}_basis", "is null beside an amount")
    if columns["priced"] is not None:
        try:
            read_priced(text(columns["priced"]), text(columns["request"]))
        except _WRONG:
            yield Fault("priced", "is not what a ledger has there")

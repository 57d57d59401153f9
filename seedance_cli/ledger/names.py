"""Names: under one of them no second paid POST leaves (contract, 6.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.errors import OutcomeUnknown, UsageError
from seedance_cli.ledger import statements
from seedance_cli.models import (
    Found,
    IntentState,
    Status,
    maybe_charged,
    other_form,
    request_object,
    shortened,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.errors import SeedanceError
    from seedance_cli.ledger.store import Store
    from seedance_cli.ledger.stored import Row
    from seedance_cli.models import JsonValue, Purchase, Submission

_NO_TASK = frozenset({IntentState.REFUSED, IntentState.NOT_SENT, IntentState.DISCARDED})
_ON_ITS_WAY = frozenset({IntentState.PREPARED, IntentState.SENDING})
_ENDED_BADLY = frozenset({Status.FAILED, Status.CANCELLED, Status.EXPIRED})
_NOT_COMPARED = frozenset({"metadata", "callback_url"})


class UnderName(NamedTuple):
    """What a purchase meets under its name."""

    found: Found = Found.NEW
    intent: str | None = None
    """Of the attempt that counts: the newest that was not refused, not sent or discarded."""
    attempt: int = 1
    """The number of a new attempt."""
    error: SeedanceError | None = None


def standing(store: Store, purchase: Purchase) -> UnderName:
    """What the ledger has under the purchase's name; inside the transaction that inserts it."""
    name = purchase.conditions.name
    assert name is not None
    rows = _attempts(store, name, sandbox=purchase.sandbox)
    attempt = 1 + max((row["attempt"] for row in rows), default=0)
    row = _that_counts(rows)
    if row is None:
        return UnderName(attempt=attempt)
    intent, state = str(row["intent"]), IntentState(row["state"])
    if not _same(row, purchase):
        return UnderName(error=_another(name, store.row(intent), purchase))
    if state in _ON_ITS_WAY:
        return UnderName(Found.ON_ITS_WAY, intent)
    if state is IntentState.UNKNOWN:
        return UnderName(error=_unknown(name, intent, purchase))
    if purchase.conditions.retry_failed:
        status = Status(row["status"])
        if status in _ENDED_BADLY or (purchase.conditions.retry_ended and status.terminal):
            return UnderName(attempt=attempt)
    return UnderName(Found.NAMED, intent)


def standing_row(store: Store, name: str, *, sandbox: bool) -> Row | None:
    """The row of the attempt that counts; None where the name is free."""
    return _that_counts(_attempts(store, name, sandbox=sandbox))


def differences(known: Submission, purchase: Purchase) -> list[str]:
    """How a purchase differs from what was bought under its name: `duration 5 → 8`."""
    assert known.request is not None
    old: dict[str, JsonValue] = {"provider": known.provider, **request_object(known.request)}
    new: dict[str, JsonValue] = {"provider": purchase.provider, **request_object(purchase.request)}
    old["endpoint"], new["endpoint"] = known.endpoint, purchase.endpoint
    found = [
        _difference(field, old.get(field), value)
        for field, value in new.items()
        if field not in {*_NOT_COMPARED, "files"} and old.get(field) != value
    ]
    before, after = known.request.files, purchase.request.files
    changed = [path for path, content in after.items() if before.get(path, content) != content]
    return found + [f"the content of {path}" for path in changed]


def _attempts(store: Store, name: str, *, sandbox: bool) -> Sequence[Row]:
    """The rows under a name; else those that an earlier release wrote in its other form."""
    rows = store.query(statements.OF_NAME, (name, int(sandbox)))
    if not rows and other_form(name) != name:
        rows = store.query(statements.OF_NAME, (other_form(name), int(sandbox)))
    return rows


def _that_counts(rows: Sequence[Row]) -> Row | None:
    return next((row for row in rows if IntentState(row["state"]) not in _NO_TASK), None)


def _same(row: Row, purchase: Purchase) -> bool:
    mark = purchase.fingerprints.get(row["fingerprint_rule"])
    return mark is not None and row["fingerprint"] == mark


def _another(name: str, known: Submission, purchase: Purchase) -> UsageError:
    fields = differences(known, purchase) or ["the request as the provider words it"]
    what = known.ref or f"the intent {known.intent}"
    return UsageError(
        f"the name {name} is that of another request ({what}); it differs in"
        f" {'; '.join(fields)}; nothing was sent",
        hint="another name for another request, or the same request as before",
        provider=purchase.provider,
        ref=known.ref,
        intent=known.intent,
    )


def _unknown(name: str, intent: str, purchase: Purchase) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"the outcome of {name} is not known yet (intent {intent}):"
        f" {maybe_charged(sandbox=purchase.sandbox)}; nothing was sent now",
        hint="`seedance recover` says what is known of it and how to settle it",
        provider=purchase.provider,
        retry_safe=not purchase.conditions.retry_failed,
        intent=intent,
    )


def _difference(field: str, old: JsonValue, new: JsonValue) -> str:
    before, after = _shown(old), _shown(new)
    if before != after:
        return f"{field} {before} → {after}"
    return f"{field}, of which only the first {len(before) - 1} characters are the same"


def _shown(value: JsonValue) -> str:
    if value is None or value in ([], {}):
        return "not set"
    if isinstance(value, str):
        return shortened(value)
    import json

    return shortened(json.dumps(value, ensure_ascii=False))

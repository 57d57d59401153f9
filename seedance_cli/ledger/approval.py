"""Before the paid POST: whether it may leave, and the intent written, in one transaction.

Names, identical requests, budgets and the new row are looked at and written together, so that any
number of processes at once do what one after the other would have done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli._named import NamedTuple
from seedance_cli.errors import OutcomeUnknown, WriteFailed
from seedance_cli.ledger import budgets, names, statements
from seedance_cli.ledger.part import Part
from seedance_cli.ledger.requests import priced_text, request_text
from seedance_cli.ledger.rows import price_columns, same_values
from seedance_cli.ledger.schema import time_text
from seedance_cli.models import RULE, Found, IntentState, Prepared

if TYPE_CHECKING:
    from seedance_cli.errors import OverBudget, SeedanceError
    from seedance_cli.ledger.rows import Value
    from seedance_cli.models import (
        Budgets,
        Conditions,
        PricedFields,
        PriceToday,
        Purchase,
        Submission,
        Used,
    )


class _Answer(NamedTuple):
    """What stands for a purchase, or forbids it."""

    found: Found = Found.NEW
    intent: str | None = None
    attempt: int = 1
    error: SeedanceError | None = None


class Approval(Part):
    """What may be paid for."""

    def prepare(self, purchase: Purchase) -> Prepared:
        """Write the intent to submit, unless something forbids it or stands for it.

        Returns:
            The new row, `prepared`; or one that stands for it, and nothing may be sent.

        Raises:
            UsageError: another request has the name.
            OutcomeUnknown: an identical request, or the name's submission, may have been accepted.
            OverMaxCost, OverBudget: the user's own limits forbid it.
            WriteFailed: the ledger cannot take it.
        """
        if not self._store.on_disk:
            raise WriteFailed("the ledger was opened for reading; nothing was submitted")
        from uuid import uuid4  # only a paid submit needs it

        intent = uuid4().hex
        self._store.hold(intent)
        kept = False
        try:
            with self._store.writing():
                self._store.settle_abandoned()
                # Not raised inside the transaction: abandoned rows stay settled.
                answer = self._answer(purchase)
                if answer.error is None and answer.found is Found.NEW:
                    self._insert(intent, purchase, answer.attempt)
                    kept = True
        finally:
            if not kept:
                self._store.release(intent)
        if answer.error is not None:
            raise answer.error
        known = answer.intent or intent
        self._marks[known] = purchase.fingerprints
        return Prepared(answer.found, self._store.row(known))

    def standing(self, name: str, *, sandbox: bool) -> Submission | None:
        """The submission that a name stands for: the newest that bought something, or may yet."""
        row = names.standing_row(self._store, name, sandbox=sandbox)
        return None if row is None else self._store.row(row["intent"])

    def known(self, purchase: Purchase) -> Prepared | None:
        """What stands for the purchase under its name; None: nothing. Nothing is written.

        Raises:
            UsageError: another request has the name.
            OutcomeUnknown: the name's submission may have been accepted.
        """
        found = names.standing(self._store, purchase)
        if found.error is not None:
            raise found.error
        if found.intent is None:
            return None
        return Prepared(found.found, self._store.row(found.intent))

    def on_its_way(self, intent: str) -> bool:
        """Whether a living process still brings that submission to its end."""
        return self._store.on_its_way(intent)

    def used(self, provider: str, limits: Budgets, price_today: PriceToday) -> list[Used]:
        """What is used of a provider's budgets of a day and a month, as far as there are any."""
        return budgets.used(self._store, self._clock.now(), provider, limits, price_today)

    def over_budget(
        self, provider: str, priced: PricedFields | None, conditions: Conditions
    ) -> OverBudget | None:
        """Why the budgets refuse a real submit now; None if they do not."""
        return budgets.refusal(self._store, self._clock.now(), provider, priced, conditions)

    def _answer(self, purchase: Purchase) -> _Answer:
        conditions, attempt = purchase.conditions, 1
        if conditions.name is not None:
            standing = names.standing(self._store, purchase)
            if standing.found is not Found.NEW or standing.error is not None:
                return _Answer(standing.found, standing.intent, error=standing.error)
            attempt = standing.attempt
        if not conditions.again:
            blocking = self._unresolved(purchase)
            if blocking is not None:
                return _Answer(error=_unresolved_error(purchase, blocking))
            untold = None if conditions.name is not None else self._untold(purchase)
            if untold is not None:
                return _Answer(Found.UNTOLD, untold)
        error: SeedanceError | None = conditions.too_dear
        if error is None and not purchase.sandbox:
            error = self.over_budget(purchase.provider, purchase.priced, conditions)
        return _Answer(attempt=attempt, error=error)

    def _insert(self, intent: str, purchase: Purchase, attempt: int) -> None:
        columns: dict[str, Value] = {
            "intent": intent,
            "state": IntentState.PREPARED.value,
            "provider": purchase.provider,
            "endpoint": purchase.endpoint,
            "sandbox": int(purchase.sandbox),
            "profile": purchase.profile,
            "profile_named": int(purchase.profile_named),
            "fingerprint": purchase.fingerprints[RULE],
            "fingerprint_rule": RULE,
            "request": request_text(purchase.request),
            "priced": priced_text(purchase.priced),
            "created_at": time_text(self._clock.now()),
            "told": 0,
            "key_proof": purchase.key_proof,
            "name": purchase.conditions.name,
            "batch": purchase.conditions.batch,
            "batch_row": purchase.conditions.row,
            "attempt": attempt,
        }
        self._store.insert({**columns, **price_columns(purchase.conditions.price)})

    def _unresolved(self, purchase: Purchase) -> str | None:
        """The newest intent of the same request, outside its batch, whose outcome is unknown."""
        marks = purchase.fingerprints
        batch = purchase.conditions.batch
        values = (*same_values(marks), batch, batch)
        found = self._store.query(statements.unresolved(len(marks)), values)
        return str(found[0]["intent"]) if found else None

    def _untold(self, purchase: Purchase) -> str | None:
        """The newest intent of the same request that was accepted for a process now gone.

        Of one that lives nobody can tell yet whether it will tell its ref.
        """
        marks = purchase.fingerprints
        found = self._store.query(statements.untold(len(marks)), same_values(marks))
        intents = [str(row["intent"]) for row in found]
        living = self._store.living(intents) if intents else set()
        return next((one for one in intents if one not in living), None)


def _unresolved_error(purchase: Purchase, intent: str) -> OutcomeUnknown:
    again = "" if purchase.conditions.name is not None else "; `--again` submits all the same"
    return OutcomeUnknown(
        f"the outcome of an identical request is not known yet (intent {intent});"
        " nothing was sent now",
        hint=f"`seedance recover` says what is known of it and how to settle it{again}",
        provider=purchase.provider,
        retry_safe=False,
        intent=intent,
    )

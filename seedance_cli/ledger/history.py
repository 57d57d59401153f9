"""What earlier tasks were charged, and how long they took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli.ledger import statements
from seedance_cli.ledger.part import Part
from seedance_cli.ledger.requests import priced_prefix, priced_text, read_priced
from seedance_cli.ledger.rows import read_charge, read_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seedance_cli.models import Price, PricedFields

_RECENT = 5_000
"""Submissions among which durations are looked for: a bound on the time that it takes."""


class History(Part):
    """Experience with real tasks; the sandbox's teach nothing."""

    def charges(self, provider: str, endpoint: str, priced: PricedFields) -> list[Price]:
        """What requests priced like this one were charged, newest last. Never the sandbox's."""
        begin = priced_prefix(priced, 4)
        found = self._charges(provider, endpoint, begin)
        return [charge for _, _, fields, charge in found if fields == priced]

    def charges_like(
        self, provider: str, endpoint: str, alike: Callable[[PricedFields], bool]
    ) -> list[Price]:
        """What requests that are alike in somebody's eyes were charged, newest last."""
        found = self._charges(provider, endpoint)
        return [charge for _, _, fields, charge in found if alike(fields)]

    def charge_groups(
        self, provider: str | None = None
    ) -> list[tuple[str, str, PricedFields, list[Price]]]:
        """Every charge: provider, endpoint, what decided the price, the prices newest last.

        Of each task the highest that was ever read.
        """
        groups: dict[tuple[str, str, PricedFields], list[Price]] = {}
        for name, endpoint, fields, charge in self._charges(provider):
            groups.setdefault((name, endpoint, fields), []).append(charge)
        return [
            (*place, prices)
            for place, prices in sorted(
                groups.items(), key=lambda one: (*one[0][:2], priced_text(one[0][2]))
            )
        ]

    def durations(
        self, provider: str, endpoint: str, priced: PricedFields, *, limit: int = 30
    ) -> list[float]:
        """Seconds from submit to finish of tasks like this one that succeeded, newest last.

        Like this one: of the same model, duration and resolution, with audio or without.

        Only of tasks whose end was watched, or that the provider gave a time for: one that nobody
        looked at until the next day would say nothing. Never the sandbox's.

        Args:
            provider: its name.
            endpoint: the base URL.
            priced: what the task is like.
            limit: the newest so many.
        """
        alike = priced_prefix(priced, 3) + ","
        found = self._store.query(
            statements.DURATIONS, (_RECENT, alike, alike, provider, endpoint, limit)
        )
        with self._store.decoding():
            spans = [
                finish - start
                for row in reversed(found)
                if (start := read_time(row["submitted_at"]))
                and (finish := read_time(row["finished_at"]))
            ]
        return [span.total_seconds() for span in spans]

    def _charges(
        self, provider: str | None, endpoint: str | None = None, begin: str = ""
    ) -> Iterator[tuple[str, str, PricedFields, Price]]:
        """Every charge, newest last, of requests whose priced fields begin so as text."""
        with self._store.decoding():
            for row in self._store.query(statements.CHARGES, (provider, endpoint, begin, begin)):
                charge = read_charge(row)
                if charge is not None:
                    fields = read_priced(row["priced"], row["request"])
                    yield row["provider"], row["endpoint"], fields, charge

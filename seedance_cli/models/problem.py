"""What a provider says went wrong."""

from __future__ import annotations

from seedance_cli._named import NamedTuple


class Problem(NamedTuple):
    """A provider's own words for what went wrong. Server text: made safe only on output."""

    code: str | None
    message: str
    status: int | None = None
    """The HTTP status that an error told in a 2xx stands for, as its code says or the provider's
    documents do; None: they do not. No part of what two problems are compared by: the ledger does
    not keep it."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Problem) and self[:2] == other[:2]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:2])

    @property
    def words(self) -> str:
        """Code and message in one line, each once."""
        known = self.code is None or self.code.casefold() in self.message.casefold()
        return self.message if known else f"{self.code}: {self.message}"

"""What a provider says went wrong."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """A provider's own words for what went wrong. Server text: made safe only on output."""

    code: str | None
    message: str
    status: int | None = field(default=None, compare=False)
    """The HTTP status that an error told in a 2xx stands for, as its code says or the provider's
    documents do; None: they do not."""

    @property
    def words(self) -> str:
        """Code and message in one line, each once."""
        known = self.code is None or self.code.casefold() in self.message.casefold()
        return self.message if known else f"{self.code}: {self.message}"

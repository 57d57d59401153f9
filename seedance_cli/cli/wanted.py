"""What the user asked of a wait, for `wait` and `generate --wait`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the user asked of the wait."""

    download: bool = False
    output: str | None = None
    force: bool = False
    timeout: float | None = None
    """Seconds; None: none."""
    interval: float | None = None
    """Seconds; None: as `schedule` says."""
    fail_fast: bool = False
    any: bool = False
    events: bool = False
    one: bool = False
    """One task was named: with `--json` the document is an object, not an array."""
    submitted: bool = False
    """These tasks were paid for by this very command."""

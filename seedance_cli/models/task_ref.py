"""How a task is named: `PROVIDER:TASK_ID`."""

from __future__ import annotations

from urllib.parse import quote


def make_ref(provider: str, task_id: str) -> str:
    """`PROVIDER:TASK_ID` with the id percent-encoded outside `[A-Za-z0-9._~:-]`."""
    return f"{provider}:{quote(task_id, safe='._~:-')}"

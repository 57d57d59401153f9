"""`PROVIDER:TASK_ID`, the name of a task that works on any machine that has the key."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

from seedance_cli.errors import UsageError
from seedance_cli.models.text import unsafe
from seedance_cli.models.user_words import is_issued, told, without_keys

if TYPE_CHECKING:
    from collections.abc import Collection

_NAMED = "a task is named by its ref, PROVIDER:TASK_ID, or by its name, its id or @N"
_MAX_ID = 512
"""Characters of a task id; no provider's comes near."""


def make_ref(provider: str, task_id: str) -> str:
    """`PROVIDER:TASK_ID` with the id percent-encoded outside `[A-Za-z0-9._~:-]`."""
    return f"{provider}:{quote(task_id, safe='._~:-')}"


def usable_id(task_id: str) -> bool:
    """Whether a task id can be stored, printed and put into a URL as it is."""
    return (
        0 < len(task_id) <= _MAX_ID
        and bool(task_id.strip())
        and task_id not in {".", ".."}
        and not unsafe(task_id)
    )


def parse_ref(text: str, providers: Collection[str]) -> tuple[str | None, str]:
    """A ref, or a bare task id, as provider (None for a bare id) and id.

    Args:
        text: as the user typed it.
        providers: the names of all there are.

    Raises:
        UsageError: it can be neither.
    """
    provider, colon, rest = text.partition(":")
    named = provider if colon and provider in providers else None
    task_id = _decoded(rest, text) if named else text
    # A key that is sent as an id comes to stand in addresses and logs.
    if not text:
        raise UsageError("the name of a task is empty", hint=f"is a variable not set? {_NAMED}")
    if is_issued(task_id) or not usable_id(task_id):
        raise UsageError(f"{told(text)} is not a task", hint=_NAMED)
    return named, task_id


def refuse_key(task_id: str, keys: Collection[str]) -> None:
    """Raise where the id holds a key: it would be sent, and shown.

    Args:
        task_id: of a task that the ledger does not know.
        keys: those that are configured.

    Raises:
        UsageError: as said.
    """
    if task_id in keys or without_keys(task_id, keys) != task_id:
        raise UsageError(
            "that is a key, not a task; nothing was sent",
            hint=_NAMED,
        )


def _decoded(quoted: str, text: str) -> str:
    try:
        return unquote_to_bytes(quoted).decode()
    except UnicodeError as error:
        raise UsageError(f"{told(text)} is not a task: its % codes are not text") from error

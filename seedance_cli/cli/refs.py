"""`PROVIDER:TASK_ID`, the name of a task that works on any machine that has the key."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from seedance_cli import providers
from seedance_cli.errors import UsageError
from seedance_cli.models import is_issued, told, without_keys
from seedance_cli.providers import usable_id

if TYPE_CHECKING:
    from collections.abc import Collection


def parse_ref(text: str) -> tuple[str | None, str]:
    """A ref, or a bare task id, as provider (None for a bare id) and id.

    Raises:
        UsageError: it can be neither.
    """
    provider, colon, rest = text.partition(":")
    named = provider if colon and provider in providers.names() else None
    task_id = _decoded(rest, text) if named else text
    # A key that is sent as an id comes to stand in addresses and logs.
    if is_issued(task_id) or not usable_id(task_id):
        raise UsageError(
            f"{told(text)} is no task", hint="a task is named PROVIDER:TASK_ID, or by its id alone"
        )
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
            "that is a key, no task; nothing was sent",
            hint="a task is named PROVIDER:TASK_ID, or by its id alone",
        )


def _decoded(quoted: str, text: str) -> str:
    try:
        return unquote_to_bytes(quoted).decode()
    except UnicodeError as error:
        raise UsageError(f"{told(text)} is no task: its % codes are no text") from error

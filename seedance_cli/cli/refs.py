"""Which tasks the user means: `PROVIDER:TASK_ID`, an id alone, or the beginning of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedance_cli import providers
from seedance_cli.errors import ConfigError, UsageError
from seedance_cli.models import Status, Submission, Task, parse_ref, refuse_key, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.cli.session import Session

SHORTEST_BEGINNING = 6
"""Characters of a task's id that are enough to name it, where no other begins so."""
_NAMED = 5
"""Tasks that an error about several of them names."""


def find(session: Session, refs: Sequence[str], *, exact: bool = False) -> list[Submission]:
    """The tasks that the user named, each once, in the order of the words.

    Args:
        session: provider, profile and sandbox that are meant, and the ledger.
        refs: each a ref, a task id, or the beginning of one.
        exact: beginnings are refused: for commands that change a task.

    Raises:
        UsageError: no ref, two tasks of one ref, or a ref of another provider than `-p`.
    """
    found: dict[tuple[str, str, bool, str], Submission] = {}
    for ref in refs:
        one = _find_one(session, ref, exact=exact)
        assert one.task is not None
        found[one.provider, one.endpoint, one.sandbox, one.task.task_id] = one
    return list(found.values())


def _find_one(session: Session, text: str, *, exact: bool) -> Submission:
    named, task_id = parse_ref(text, providers.names())
    if named is not None and session.provider_option not in {None, named}:
        raise UsageError(
            f"{text} is a task of {named}, and --provider says {session.provider_option}",
            hint="leave --provider out: the ref names its provider",
        )
    rows = session.ledger().find(task_id, provider=named)
    mine = [row for row in rows if session.provider_option in {None, row.provider}]
    if rows and not mine:
        raise UsageError(
            f"{text} is {rows[0].ref}, and --provider says {session.provider_option}",
            hint="leave --provider out: the ledger knows the task",
        )
    rows = _narrowed(session, mine)
    if len(rows) > 1:
        raise _ambiguous(text, rows)
    if rows:
        return rows[0]
    begun = _beginning(session, text, task_id) if named is None else None
    if begun is not None and exact:
        raise UsageError(
            f"{told(text)} is only the beginning of {begun.ref}", hint="give the whole id"
        )
    if begun is not None:
        return begun
    refuse_key(task_id, session.known_keys())
    prefix, colon, _ = text.partition(":")
    if named is None and session.provider_option is None and colon and prefix.isalnum():
        # An id may have a colon in it; far more often it is a provider's name, mistyped.
        raise UsageError(
            f"there is no provider {told(prefix)}, and the ledger has no task {told(text)}",
            hint=f"the providers are {', '.join(providers.names())}; -p NAME takes an id",
        )
    try:
        settings = session.settings(provider=named)
    except ConfigError as error:
        if named is None:
            raise error.but(
                message=f"the ledger has no task {told(text)}, and {error.message}",
                hint="give the whole ref, PROVIDER:TASK_ID, or -p NAME",
            ) from error
        raise
    return Submission(
        provider=settings.provider,
        endpoint=settings.endpoint,
        sandbox=settings.sandbox,
        profile=settings.profile,
        task=Task(task_id=task_id, status=Status.UNKNOWN),
    )


def _beginning(session: Session, text: str, task_id: str) -> Submission | None:
    """The one task of the ledger whose id begins so; None where the words are not meant so.

    Raises:
        UsageError: several tasks' ids do.
    """
    if session.provider_option is not None or len(task_id) < SHORTEST_BEGINNING:
        return None
    rows = _of_this_kind(session, session.ledger().beginning(task_id))
    if len({row.ref for row in rows}) > 1:
        refs = ", ".join(row.ref or "" for row in rows[:_NAMED])
        more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
        raise UsageError(
            f"{told(text)} is the beginning of more than one task's id: {refs}{more}",
            hint="give more of it",
        )
    rows = _narrowed(session, rows)
    if len(rows) > 1:
        raise _ambiguous(text, rows)
    return rows[0] if rows else None


def _of_this_kind(session: Session, rows: list[Submission]) -> list[Submission]:
    """Of rows of which some are the sandbox's, those that are meant: real ones without it."""
    if len(rows) > 1 and session.sandbox_option is not None:
        return [row for row in rows if row.sandbox == session.sandbox_option]
    return [row for row in rows if row.sandbox == session.sandbox] or rows


def _narrowed(session: Session, rows: list[Submission]) -> list[Submission]:
    """Of the rows for one ref, those that options or today's endpoint say are meant."""
    rows = _of_this_kind(session, rows)
    if len(rows) > 1 and session.profile_option is not None:
        rows = [row for row in rows if row.profile == session.profile_option] or rows
    if len(rows) == 1 or {row.sandbox for row in rows} != {False}:
        return rows
    if len({row.provider for row in rows}) > 1:
        return rows
    today = session.settings(provider=rows[0].provider).endpoint
    return [row for row in rows if row.endpoint == today] or rows


def _ambiguous(text: str, rows: Sequence[Submission]) -> UsageError:
    places = ", ".join(
        f"{row.ref} at {row.endpoint} (profile {row.profile or 'default'})" for row in rows
    )
    if len({row.provider for row in rows}) > 1:
        hint = "give the whole ref"
    elif len({row.sandbox for row in rows}) > 1:
        hint = "--sandbox or --no-sandbox says which"
    else:
        hint = "--profile NAME says which; without a REF, `seedance wait` takes all"
    return UsageError(f"{text} names more than one task: {places}", hint=hint)

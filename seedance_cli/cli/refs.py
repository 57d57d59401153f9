"""Which tasks the user means: a ref, a name, a task's id, `@N`, or the beginning of an id."""

from __future__ import annotations

import re
import sys
from functools import partial
from typing import TYPE_CHECKING

from seedance_cli import providers
from seedance_cli.cli.output.documents import task_object
from seedance_cli.errors import ConfigError, UsageError
from seedance_cli.models import (
    Status,
    Submission,
    Task,
    one_form,
    other_form,
    parse_ref,
    refuse_key,
    told,
)
from seedance_cli.system import is_terminal
from seedance_cli.tasks import arrived, called

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedance_cli.cli.session import Session

SHORTEST_BEGINNING = 6
"""Characters of a task's id that are enough to name it, where no other begins so."""
_COUNTED = r"@0*([0-9]+)"
"""`@1` is the newest row of `seedance list`."""
_DIGITS = 9
"""Of a row's number. No ledger has a thousand million rows."""
_NAMED = 5
"""Tasks that an error about several of them names."""


def find(
    session: Session,
    refs: Sequence[str],
    *,
    changes: bool = False,
    timeout: float | None = None,
) -> list[Submission]:
    """The submissions that the user named, each once, in the order of the words.

    One that is on its way in a living process is waited for. One that has no task is there, too;
    `tasks.no_task` says why it has none.

    Args:
        session: provider, profile and sandbox that are meant, and the ledger.
        refs: what the user calls them.
        changes: for a command that changes a task: where no person sits at stdin, it takes neither
            a beginning nor `@N`.
        timeout: seconds that the wait may take altogether; None: as long as it takes.

    Raises:
        UsageError: no ref, two tasks of one ref, or a ref of another provider than `-p`.
    """
    exact = changes and not is_terminal(sys.stdin)
    end = None if timeout is None else session.clock.monotonic() + timeout
    named = [_find_one(session, ref, exact=exact) for ref in refs]
    found: dict[tuple[str | bool | None, ...], Submission] = {}
    for row in named:
        left = None if end is None else end - session.clock.monotonic()
        one = row
        if row.task is None:
            # A signal may end the wait; with --json what is known by then is told.
            session.out.owe(partial(_document, named, one=len(refs) == 1))
            one = arrived(row, session.ledger(), session.clock, session.out.note, timeout=left)
            session.out.owe(_nothing)
        mark = one.intent if one.task is None else one.task.task_id
        found[one.provider, one.endpoint, one.sandbox, one.task is None, mark] = one
    return list(found.values())


def _document(rows: Sequence[Submission], *, one: bool) -> object:
    found = [task_object(row) for row in rows]
    return found[0] if one else found


def _nothing() -> None:
    """No document is owed."""


def _find_one(session: Session, text: str, *, exact: bool) -> Submission:
    rows = _under_name(session, text)
    at = re.fullmatch(_COUNTED, text)
    if not rows and at is not None and not session.ledger().find(text):
        rows = [_counted(session, text, at[1])]
        _only_exact(exact, f"{text} is {called(rows[0])} now, and another one later")
    found = _the_one(session, text, rows) if rows else None
    return found or _find_task(session, text, exact=exact)


def _under_name(session: Session, text: str) -> list[Submission]:
    """The newest attempt under the name; none where the text can be no name."""
    if text.startswith("@") or ":" in text:
        return []
    ledger = session.ledger()
    return ledger.named(one_form(text)) or ledger.named(other_form(text))


def _counted(session: Session, text: str, digits: str) -> Submission:
    """The row of `seedance list`, counted from the newest one.

    Raises:
        UsageError: there are not so many.
    """
    number = int(digits) if len(digits) <= _DIGITS else 10**_DIGITS
    rows = session.readable_ledger().rows(limit=number or None, sandbox=session.rows_of)
    if not 0 < number <= len(rows):
        many = f"has {len(rows)}" if rows else "is empty"
        hint = "@1 is the newest" if rows else None
        raise UsageError(f"there is no {text}: `seedance list` {many}", hint=hint)
    return rows[-1]


def _only_exact(exact: bool, message: str) -> None:
    if exact:
        raise UsageError(message, hint="a script gives the whole ref, PROVIDER:TASK_ID, or a name")


def _the_one(session: Session, text: str, rows: list[Submission]) -> Submission | None:
    """Of the rows that one word fits, the one that options and today's endpoint say is meant.

    None: they are real ones, and `--sandbox` says that none of them is.

    Raises:
        UsageError: another provider's than `-p`, or several.
    """
    mine = [row for row in rows if session.provider_option in {None, row.provider}]
    if not mine:
        known = rows[0].ref or f"a submission to {rows[0].provider}"
        raise UsageError(
            f"{text} is {known}, and --provider says {session.provider_option}",
            hint="leave --provider out: the ledger knows the task",
        )
    rows = _narrowed(session, mine)
    if len(rows) > 1:
        raise _ambiguous(text, rows)
    return rows[0] if rows else None


def _find_task(session: Session, text: str, *, exact: bool) -> Submission:
    named, task_id = parse_ref(text, providers.names())
    if named is not None and session.provider_option not in {None, named}:
        raise UsageError(
            f"{text} is a task of {named}, and --provider says {session.provider_option}",
            hint="leave --provider out: the ref names its provider",
        )
    rows = session.ledger().find(task_id, provider=named)
    if rows and (found := _the_one(session, text, rows)) is not None:
        return found
    begun = _beginning(session, text, task_id) if named is None else None
    if begun is not None:
        _only_exact(exact, f"{told(text)} is only the beginning of {begun.ref}")
        return begun
    refuse_key(task_id, session.known_keys())
    return _stranger(session, text, named, task_id)


def _stranger(session: Session, text: str, named: str | None, task_id: str) -> Submission:
    """A stand-in for a task that the ledger does not know.

    Raises:
        UsageError: what looks like its provider is none.
        ConfigError: nothing says which provider's it is.
    """
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
                message=f"the ledger has no task, and no name, {told(text)}; and {error.message}",
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
        f"{row.ref or called(row)} at {row.endpoint} (profile {row.profile or 'default'})"
        for row in rows
    )
    if len({row.provider for row in rows}) > 1:
        hint = "give the whole ref"
    elif len({row.sandbox for row in rows}) > 1:
        hint = "--sandbox or --no-sandbox says which"
    elif len({row.profile for row in rows}) > 1:
        hint = "--profile NAME says which; without a REF, `seedance wait` takes all"
    else:
        variable = providers.get(rows[0].provider).info.base_url_env
        hint = f"{variable}={rows[0].endpoint} before the command takes the first of them"
    return UsageError(f"{text} names more than one task: {places}", hint=hint)

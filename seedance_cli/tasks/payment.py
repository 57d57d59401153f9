"""What is known of a command's paid request, for whoever ends the command, and however it ends.

A signal or an unforeseen error may strike anywhere, and the exception that it brings knows nothing
of money. So the gate notes here what it does, step by step, and the program's last words are taken
from here (contract, sections 4 and 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seedance_cli.errors import OutcomeUnknown, SeedanceError, Stopped
from seedance_cli.models import Found, IntentState, request_left, sentences

if TYPE_CHECKING:
    from seedance_cli.models import Submission

_NO_TASK = frozenset({IntentState.PREPARED, IntentState.NOT_SENT, IntentState.REFUSED})
"""Known to have bought nothing."""
_WITH_A_TASK = frozenset({7, 8, 9, 10})
"""Exit codes other than 0 of a command whose task has an id."""
_STOPPED_WATCHING = 8
_NOT_WRITTEN = 10


@dataclass(slots=True)
class Payment:
    """The one paid request of a command, as far as it came."""

    submission: Submission | None = None
    """The row as it is, or as it would be if the ledger could take it; None: there is none yet."""
    blocked_by: Submission | None = None
    """The row of an identical request whose outcome is unknown, which forbids this one."""
    error: SeedanceError | None = None
    """Why there is no task, or why the ledger lacks it."""
    found: Found = Found.NEW
    """Whether the ledger had a task for this request; unless it is `NEW`, nothing was sent."""
    repeatable: bool = False
    """Whether the same command again can pay nothing a second time, whatever became of this one."""
    told: bool = False
    """Whether the ref is on a stream."""
    done: bool = False
    """Whether all that the command was asked for was told."""

    @property
    def ref(self) -> str | None:
        """The task's; None as long as no id is known."""
        return None if self.submission is None else self.submission.ref

    @property
    def bought(self) -> bool:
        """Whether something was bought, or may have been."""
        return self.submission is not None and self.submission.state not in _NO_TASK

    def forget(self) -> None:
        """Begin anew, for the next request of the command: this one is told."""
        self.submission = self.blocked_by = self.error = None
        self.found, self.told, self.done = Found.NEW, False, False

    def concerned(self, error: SeedanceError) -> SeedanceError:
        """Any error of this command, saying what it means for the money."""
        one = self.submission
        if self.repeatable:
            error = error.but(retry_safe=True)
        if one is None:
            return error
        error = error.but(
            provider=error.provider or one.provider,
            intent=error.intent or one.intent,
            retry_safe=self.repeatable or (error.retry_safe and not self.bought),
        )
        if one.ref is None:
            return error
        error = error.but(ref=one.ref, quiet=False)  # a reader that left took the result with it
        if error.exit_code not in _WITH_A_TASK:
            error = error.as_exit(_STOPPED_WATCHING)
        if one.ref not in (error.hint or ""):
            paid = "" if one.sandbox else "paid for and "
            way = f"the task is {paid}kept: seedance wait {one.ref}"
            error = error.but(hint=f"{error.hint}; {way}" if error.hint else way)
        return error

    def interrupted(self) -> SeedanceError:
        """What a signal left, in words."""
        one = self.submission
        if one is None:
            return Stopped("interrupted")
        if self.done:
            return Stopped("interrupted; its result was told before")
        if one.state in _NO_TASK:
            why = None if self.error is None else self.error.message
            words = why if one.state is IntentState.REFUSED and why else "nothing was sent"
            return Stopped(f"interrupted; {words}")
        if self.error is not None:
            return self.error
        if one.ref is not None:
            hint = f"seedance wait {one.ref}"
            return Stopped("interrupted; the task was accepted and runs on", hint=hint)
        return self._unknown("interrupted")

    def broken(self, error: Exception) -> SeedanceError:
        """What an error that nobody foresaw left, in words."""
        what = f"a bug in seedance: {type(error).__name__}"
        if self.ref is not None:
            code = _NOT_WRITTEN if isinstance(error, OSError) else _STOPPED_WATCHING
            hint = f"please report this; the task runs on: seedance wait {self.ref}"
            return SeedanceError(what, hint=hint, exit_code=code).because(error)
        if self.bought:
            return self._unknown(what).because(error)
        hint = "`seedance list` and `seedance recover` show what was submitted; please report this"
        return SeedanceError(what, hint=hint, retry_safe=False).because(error)

    def _unknown(self, what: str) -> OutcomeUnknown:
        one = self.submission
        assert one is not None
        return OutcomeUnknown(
            sentences(what, request_left(one.provider, sandbox=one.sandbox)),
            hint="do not run it again before: seedance recover",
            retry_safe=False,
        )

"""Every way this program fails, as one tree. Only `cli.main` turns them into text and an exit code.

SeedanceError                       exit  code
├── UsageError                         2  usage
├── ConfigError                        3  config
│   ├── NoHome                         3  config
│   └── Unvouched                      3  config
├── ProviderError                         the provider answered, and the answer is no
│   ├── Unauthorized                   3  unauthorized
│   ├── Forbidden                      3  forbidden
│   ├── InsufficientCredits            4  insufficient_credits
│   ├── Rejected                       4  rejected
│   ├── NotFound                       4  not_found
│   └── RateLimited                    4  rate_limited      (5 after retries were used up)
├── Unreachable                        5  unreachable
├── OutcomeUnknown                     6  outcome_unknown
├── TaskFailed                         7  task_failed
├── WatchTimeout                       8  timeout
├── DownloadFailed                     9  download_failed
├── NotAsPaid                          9  not_as_paid
├── WriteFailed                       10  write_failed
│   ├── NotOurs                       10  write_failed
│   ├── LedgerAway                    10  write_failed
│   └── LedgerReadOnly                10  write_failed
├── OverMaxCost                       11  over_max_cost
├── OverBudget                        11  over_budget
└── Stopped                        128+n  interrupted

Interrupted (a BaseException)      128+n  a signal came; may carry a Stopped
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from typing import Self, TypedDict, Unpack

    from seedance_cli.models import Submission

    class _Parts(TypedDict, total=False):
        """What of an error may be said otherwise."""

        message: str
        hint: str | None
        provider: str | None
        retry_safe: bool
        ref: str | None
        intent: str | None
        exit_code: int
        quiet: bool
        lasting: bool


class SeedanceError(Exception):
    """What happened, what it means for the user's money, and what to type next."""

    exit_code: int = 1
    code: ClassVar[str] = "internal"
    quiet = False
    """Whether it is not worth a word on stderr."""
    lasting = False
    """Whether its documents say of a refusal that asking again is of no use."""
    broken_pipe = False
    """Whether it means that the reader of stdout has gone."""
    bug: Exception | None = None
    """The error that nobody foresaw, where this one is about such; its traceback is told, too."""

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        provider: str | None = None,
        http_status: int | None = None,
        retry_safe: bool = True,
        ref: str | None = None,
        intent: str | None = None,
        retry_after: float | None = None,
        exit_code: int | None = None,
    ) -> None:
        """Describe the failure.

        Args:
            message: what happened, one sentence; may hold server text, made safe on output.
            hint: what to type next.
            provider: whose answer it was.
            http_status: the status of that answer.
            retry_safe: running the same command again cannot pay twice.
            ref: the task concerned.
            intent: the ledger row concerned.
            retry_after: seconds that the provider asked to wait, 0 to 120.
            exit_code: where the class's own does not fit (a poll that cannot go on exits 8).
        """
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.provider = provider
        self.http_status = http_status
        self.retry_safe = retry_safe
        self.ref = ref
        self.intent = intent
        self.retry_after = retry_after
        if exit_code is not None:
            self.exit_code = exit_code

    def but(self, **parts: Unpack[_Parts]) -> Self:
        """The same error with these parts said otherwise; this one stays as it is."""
        new = type(self).__new__(type(self))
        new.__dict__.update(self.__dict__, **parts)
        new.args = (new.message,)
        new.__cause__ = self.__cause__
        return new.with_traceback(self.__traceback__)

    def because(self, cause: Exception) -> Self:
        """The same error with what it comes from; its bug, if that is no error of this program."""
        new = self.but()
        new.__cause__ = cause
        new.bug = None if isinstance(cause, SeedanceError) else cause
        return new

    def as_exit(self, code: int) -> Self:
        """The same error where the exit code of its class does not fit."""
        return self.but(exit_code=code)

    def about(self, submission: Submission) -> Self:
        """The same error, saying which task it is about."""
        ref = submission.ref
        named = ref is None or ref in self.message
        return self.but(
            provider=self.provider or submission.provider,
            ref=self.ref or ref,
            message=self.message if named else f"{ref}: {self.message}",
        )


class UsageError(SeedanceError):
    """Refused here; nothing was sent."""

    exit_code = 2
    code = "usage"


class ConfigError(SeedanceError):
    """No key, or a configuration that cannot be used."""

    exit_code = 3
    code = "config"


class NoHome(ConfigError):
    """The user's own folder is not known: what needs no file of it works all the same."""


class Unvouched(ConfigError):
    """A row of the ledger names an endpoint that no key may go to."""


class ProviderError(SeedanceError):
    """The provider answered, and the answer is no."""


class Unauthorized(ProviderError):
    """HTTP 401."""

    exit_code = 3
    code = "unauthorized"


class Forbidden(ProviderError):
    """HTTP 403."""

    exit_code = 3
    code = "forbidden"


class InsufficientCredits(ProviderError):
    """HTTP 402."""

    exit_code = 4
    code = "insufficient_credits"


class Rejected(ProviderError):
    """Refused by the provider; no task was created."""

    exit_code = 4
    code = "rejected"


class NotFound(ProviderError):
    """The provider does not know the task."""

    exit_code = 4
    code = "not_found"


class RateLimited(ProviderError):
    """HTTP 429."""

    exit_code = 4
    code = "rate_limited"


class Unreachable(SeedanceError):
    """No usable answer, after retries."""

    exit_code = 5
    code = "unreachable"


_OF_STATUS: dict[int, type[SeedanceError]] = {
    401: Unauthorized,
    402: InsufficientCredits,
    403: Forbidden,
    404: NotFound,
    408: Unreachable,
    410: NotFound,
    425: Unreachable,
    429: RateLimited,
}


def error_of_status(status: int) -> type[SeedanceError]:
    """What an HTTP status above 299 means where nothing was paid for, or surely not."""
    server_error = status >= 500  # noqa: PLR2004 - HTTP's own class
    return _OF_STATUS.get(status, Unreachable if server_error else Rejected)


class OutcomeUnknown(SeedanceError):
    """The paid request left and no clear answer came."""

    exit_code = 6
    code = "outcome_unknown"


class TaskFailed(SeedanceError):
    """The task ended without a video."""

    exit_code = 7
    code = "task_failed"


class WatchTimeout(SeedanceError):
    """The task is alive as far as known; this command stopped watching it."""

    exit_code = 8
    code = "timeout"


class DownloadFailed(SeedanceError):
    """The task and its URL are kept; the file is not here."""

    exit_code = 9
    code = "download_failed"


class NotAsPaid(SeedanceError):
    """The video is here, and is not what was asked for: `--strict`."""

    exit_code = 9
    code = "not_as_paid"


class WriteFailed(SeedanceError):
    """The local disk, the ledger or the output could not be written."""

    exit_code = 10
    code = "write_failed"


class Closed(WriteFailed):
    """Whoever read stdout has gone (`| head -1`). Not worth a word, unless a result was lost."""

    broken_pipe = True
    quiet = True


class NotOurs(WriteFailed):
    """The state folder is another user's, or others may write to it: nothing in it is trusted."""


class LedgerAway(WriteFailed):
    """The shared ledger's server cannot be reached, or cannot now; what is in it is as it was."""


class LedgerReadOnly(WriteFailed):
    """The shared ledger may be read by this role, or on this server, and not written."""


class OverMaxCost(SeedanceError):
    """Refused by the user's own `--max-cost`."""

    exit_code = 11
    code = "over_max_cost"


class OverBudget(SeedanceError):
    """Refused by the user's own `[budgets.PROVIDER]`."""

    exit_code = 11
    code = "over_budget"


class Stopped(SeedanceError):
    """What a signal left behind, in words; `Interrupted` carries it."""

    code = "interrupted"


class Interrupted(BaseException):
    """A signal asked the program to end. No Exception: only `cli.main` may swallow it."""

    def __init__(self, signum: int, error: SeedanceError | None = None) -> None:
        """Remember the signal.

        Args:
            signum: SIGINT 2, SIGHUP 1 or SIGTERM 15.
            error: what to tell; None: that it came, and what is known of the command's payment.
        """
        super().__init__(signum)
        self.signum = signum
        self.error = error

    @property
    def exit_code(self) -> int:
        """128 + the signal's number, as shells write it."""
        return 128 + self.signum

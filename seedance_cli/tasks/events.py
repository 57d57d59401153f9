"""What a wait has to tell: the events that `Wait` yields, and the command's own loop takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from seedance_cli._named import NamedTuple

if TYPE_CHECKING:
    from seedance_cli.errors import SeedanceError, WriteFailed
    from seedance_cli.models import Submission
    from seedance_cli.tasks.delivery import Delivery
    from seedance_cli.tasks.downloads.fetch import Saved
    from seedance_cli.tasks.downloads.pool import DownloadJob
    from seedance_cli.tasks.reading import Target


class Checked(NamedTuple):
    """One good answer about one task, or the end of the polling of it."""

    submission: Submission
    final: bool = False
    """It is polled no more: it ended, or `error` says why the polling did."""
    error: SeedanceError | None = None
    warning: str | None = None
    answered: bool = True
    """Whether this is what the provider said now; else it is what was known before."""
    lost: bool = False
    """The provider does not know the task any more, but a URL of its video is known: an `Ended`
    follows, as after one that has ended."""
    unwritten: WriteFailed | None = None
    """Why the ledger did not take the answer."""

    @property
    def ended(self) -> bool:
        """Whether the task has ended, well or not, as its provider says."""
        return self.final and self.error is None


@dataclass(slots=True)
class Transfer:
    """One running download. Its thread writes the numbers while another one draws them."""

    began: float
    """On the monotonic clock."""
    done: int = 0
    """Bytes."""
    total: int | None = None
    """Bytes; None where no one said it."""
    resumed: int = 0
    """Bytes that an earlier download had left."""
    waiting: str = ""
    """Why nothing comes for now; server text."""
    pause: float = 0.0
    """Seconds until it is asked for again."""


class Downloading(NamedTuple):
    """The first bytes of a video have come."""

    name: str
    """Of its file; no two downloads at the same time have the same."""
    transfer: Transfer
    submission: Submission


class Waiting(NamedTuple):
    """A video is not there yet, or broke off, and is asked for again."""

    name: str
    transfer: Transfer
    tries: int
    """How often it was asked for in vain."""
    job: DownloadJob
    """Whose video it is. The job's place is another one's meanwhile."""


class Downloaded(NamedTuple):
    """A video is in its place."""

    name: str
    saved: Saved


class Held(NamedTuple):
    """A task's next poll is overdue: it waits for its turn under the provider's rate limit."""

    submission: Submission


class Noted(NamedTuple):
    """A line for the user."""

    text: str


class Logged(NamedTuple):
    """A line for `-v`."""

    text: str


class Ended(NamedTuple):
    """Nothing more comes of this task: what it brought."""

    delivery: Delivery
    target: Target
    names: tuple[str, ...] = ()
    """Of its downloads, which go on no longer."""


Event: TypeAlias = (
    "Checked | Held | Downloading | Waiting | Downloaded | Noted | Logged | Ended | None"
)
"""None: nothing was to be seen for `TICK` seconds, or a poll failed and will be tried again."""

"""Whether a key is right, found out without spending: a read of a task that cannot exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seedance_cli.errors import (
    ConfigError,
    Forbidden,
    NotFound,
    SeedanceError,
    Unauthorized,
    Unreachable,
)
from seedance_cli.models import Status, Submission, Task
from seedance_cli.tasks.reading import Target, read_patiently

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from seedance_cli.system import Clock
    from seedance_cli.tasks.channel import Channel

_TEXTS = {
    "ok": "key works",
    "bad": "key refused",
    "unusable": "no usable key",
    "unknown": "not known",
    "none": "no key",
}


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """What a provider made of its key."""

    provider: str
    state: str
    """`ok`, `bad`, `unusable` (the key could not be had, and nobody was asked), `unknown` (no clear
    answer), or `none` (there is no key to check)."""
    error: SeedanceError | None = None

    @property
    def text(self) -> str:
        """For people."""
        return _TEXTS[self.state]

    def as_object(self) -> dict[str, str | None]:
        """As JSON."""
        return {"state": self.state, "message": None if self.error is None else self.error.message}


def check(provider: str, connect: Callable[[], Channel] | None, clock: Clock) -> KeyCheck:
    """Ask the provider for a task that cannot exist: "not found" means that the key is right.

    Args:
        provider: its name.
        connect: makes the way to the provider; may raise a ConfigError. None: there is no key,
            which is no error by itself.
        clock: the pauses between two tries.
    """
    if connect is None:
        return KeyCheck(provider, "none")
    try:
        channel = connect()
        nobodys = Submission(
            provider=provider,
            endpoint=channel.endpoint,
            sandbox=channel.sandbox,
            task=Task(task_id=channel.provider.info.no_id, status=Status.UNKNOWN),
        )
        read_patiently(Target(nobodys, channel), clock)
    except NotFound:
        return KeyCheck(provider, "ok")
    except ConfigError as error:
        return KeyCheck(provider, "unusable", error)
    except (Unauthorized, Forbidden) as error:
        return KeyCheck(provider, "bad", error.but(ref=None))  # no such task was ever submitted
    except SeedanceError as error:
        return KeyCheck(provider, "unknown", error.but(ref=None))
    return KeyCheck(provider, "ok")  # a task of that id: the key has read it


def conclude(found: Sequence[KeyCheck]) -> None:
    """Raise what the checks come to: a bad key first, then a provider without a clear answer.

    Raises:
        SeedanceError: the first such provider's own; its message names them all.
        ConfigError: there was no key to check at all.
    """
    for state in ("bad", "unusable", "unknown"):
        hit = [one for one in found if one.state == state]
        if hit and hit[0].error is not None:
            first = hit[0].error
            others = "; ".join(one.error.message for one in hit[1:] if one.error is not None)
            if others:
                first = first.but(message=f"{first.message}; {others}")
            if state == "unknown":
                first = first.as_exit(Unreachable.exit_code)
            raise first
    if all(one.state == "none" for one in found):
        names = ", ".join(one.provider for one in found)
        raise ConfigError(f"there is no key to check: {names}", hint="seedance login PROVIDER")

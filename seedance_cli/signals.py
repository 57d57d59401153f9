"""SIGINT, SIGTERM and SIGHUP as one exception, and the one place where they have to wait."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seedance_cli.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


@dataclass(slots=True)
class Held:
    """Whether a signal came while signals were held back, and which."""

    signum: int | None = None
    wake: Callable[[], None] = lambda: None
    """Called when it comes, in the signal handler."""

    def came(self) -> bool:
        """Whether a signal came."""
        return self.signum is not None


_held: Held | None = None


def _handle(signum: int, _frame: FrameType | None) -> None:
    if _held is not None and _held.signum is None:
        _held.signum = signum
        _held.wake()
    else:
        raise Interrupted(signum)


@contextmanager
def installed() -> Iterator[None]:
    """Turn the signals that end a program into `Interrupted`, raised in the main thread.

    One that the caller's shell has set to be ignored (`nohup`, `command &`) stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _ENDING}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, _handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)


@contextmanager
def held() -> Iterator[Held]:
    """Hold the first signal back; a second one acts at once."""
    global _held  # noqa: PLW0603 - a signal handler has no other way to know
    _held = Held()
    try:
        yield _held
    finally:
        _held = None

"""SIGINT, SIGTERM and SIGHUP as one exception, and the one place where they have to wait."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from seedance_cli.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Held:
    """Whether a signal came while signals were held back, and which was the first."""

    def __init__(self) -> None:
        self.signum: int | None = None
        self.count = 0
        """How many came."""
        self.wake: Callable[[], None] = lambda: None
        """Called whenever one comes, in the signal handler."""

    def came(self) -> bool:
        """Whether a signal came."""
        return self.signum is not None

    @contextmanager
    def released(self) -> Iterator[None]:
        """Let signals raise `Interrupted` again in here, also one that came before: for a pause."""
        global _held  # noqa: PLW0603 - as in `held`
        _held = None
        try:
            if self.signum is not None:
                raise Interrupted(self.signum)
            yield
        finally:
            _held = self


_held: Held | None = None


def _handle(signum: int, _frame: FrameType | None) -> None:
    if _held is None:
        raise Interrupted(signum)
    _held.count += 1
    if _held.signum is None:
        _held.signum = signum
    _held.wake()


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


def ignore() -> None:
    """Ignore the signals that end a program, from here to its end."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def held() -> Iterator[Held]:
    """Hold signals back: in here they are data, and nothing is torn apart halfway."""
    global _held  # noqa: PLW0603 - a signal handler has no other way to know
    _held = mine = Held()
    try:
        yield mine
    finally:
        _held = None

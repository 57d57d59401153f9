"""Asking another thread to stop: it looks now and then, and is woken where it waits."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seedance_cli.system.clock import Clock

_STEP = 0.5
"""Seconds that a pause goes on unaware of a wish to stop."""


class Cancelled(Exception):
    """The work was given up because somebody asked for that."""


class Cancellation:
    """One wish to stop, shared by who may have it and who is to obey it."""

    def __init__(self) -> None:
        """Begin without the wish."""
        self._lock = threading.Lock()
        self._asked = False
        self._hooks: list[Callable[[], None]] = []

    def ask(self) -> None:
        """Have the wish, for good: `check` raises from now on. Wakes who waits in `waking`."""
        with self._lock:
            self._asked = True
            hooks = list(self._hooks)
        for hook in hooks:
            hook()

    def check(self) -> None:
        """Go on, unless somebody asked to stop.

        Raises:
            Cancelled: somebody did.
        """
        if self._asked:
            raise Cancelled

    @contextmanager
    def waking(self, hook: Callable[[], None]) -> Iterator[None]:
        """Have `hook` called by `ask` while the block runs, in the thread that asks.

        Args:
            hook: ends the wait in the block; raises nothing. Not called after the block.

        Raises:
            Cancelled: the wish is there already.
        """
        with self._lock:
            self.check()
            self._hooks.append(hook)
        try:
            yield
        finally:
            with self._lock:
                self._hooks.remove(hook)

    def sleep(self, seconds: float, clock: Clock) -> None:
        """Wait for `seconds`, in steps short enough to notice the wish.

        Raises:
            Cancelled: somebody asked meanwhile.
        """
        while seconds > 0:
            self.check()
            step = min(seconds, _STEP)
            clock.sleep(step)
            seconds -= step
        self.check()

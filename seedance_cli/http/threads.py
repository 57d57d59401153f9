"""The threads in which exchanges run."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Threads:
    """Threads that are used again: a poll costs less than the start of a thread.

    They are daemons, unlike those of `concurrent.futures`: one that hangs, in a name server's
    silence, must keep neither the next exchange nor the end of the program waiting.
    """

    def __init__(self) -> None:
        self.busy = 0
        """Jobs that have not ended."""
        self._threads = 0
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def run(self, job: Callable[[], None]) -> None:
        """Run the job, which raises nothing, in a thread that is free, or in a new one.

        Raises:
            RuntimeError: no thread can be started; the job never runs.
        """
        with self._lock:
            free = self.busy < self._threads
            self.busy += 1
            self._threads += not free
        if free:
            self._jobs.put(job)
            return
        try:
            threading.Thread(
                target=self._work, args=(job,), name="seedance-exchange", daemon=True
            ).start()
        except RuntimeError:
            with self._lock:
                self.busy -= 1
                self._threads -= 1
            raise

    def _work(self, job: Callable[[], None]) -> None:
        while True:
            job()
            with self._lock:
                self.busy -= 1
            job = self._jobs.get()


exchanges = Threads()

"""When a request may leave under a provider's documented rate limit, over all processes.

Processes that use the same key share a small file in the state folder: the moments at which the
newest requests leave. A new one leaves once the limit's number of requests before it is out of the
window, and takes its moment at once, also one to come: first come, first served, so that a paid
request waits behind those that were there before it, and behind nothing else.

The moments are on the system's monotonic clock, which all processes of a machine share (Linux,
macOS, Windows; `time.monotonic` is system-wide everywhere). It starts anew with the machine, and
another machine has another one: a file that does not fit this clock counts as empty. Two machines
that share a state folder are not paced together.

Pacing is a courtesy and never in the way: where the file cannot be used, each process keeps to the
limit by itself.
"""

from __future__ import annotations

import hashlib
import math
import shlex
import threading
from typing import TYPE_CHECKING

from seedance_cli.errors import NotOurs, WriteFailed
from seedance_cli.http.limits import MARGIN_SECONDS
from seedance_cli.models import origin
from seedance_cli.system import FileLock, check_ours, files, lock_path

if TYPE_CHECKING:
    from pathlib import Path

    from seedance_cli.models import Secret
    from seedance_cli.providers import RateLimit
    from seedance_cli.system import Clock

FOLDER = "pace"
"""Below the state folder."""
LONGEST_QUEUE = 300.0
"""Seconds. A moment further ahead is not believed (over 500 requests would have to be waiting), so
no content of the file makes anybody wait longer than this and one window."""
_LOCK_SECONDS = 1.0
"""How long to try for the file; it is held for less than a thousandth of this."""
_SLACK = 1.0
"""Seconds by which two readings of one clock may seem to be in the wrong order."""
_MOST = 65536
"""Characters of the file that are read."""


class RateLimiter:
    """The moments of one provider endpoint and key. May be used by several threads."""

    def __init__(
        self, state: Path | None, endpoint: str, key: Secret, limit: RateLimit, clock: Clock
    ) -> None:
        """Prepare; nothing is read or written.

        Args:
            state: the state folder, made when it is first needed; None: this process alone.
            endpoint: base URL; its origin counts.
            key: whose requests are counted.
            limit: requests in any window of so many seconds.
            clock: monotonic, shared by all processes.
        """
        self.limit = limit
        self.seconds = limit.seconds + MARGIN_SECONDS
        """The window that is kept to."""
        self._folder = None if state is None else state / FOLDER
        # The file's name has to be the same for the same key in every process, and must not give it
        # away: 64 bits of a hash tell keys apart, and a key cannot be computed back from them.
        # `person` makes it unlike the hash of the same text in any other place.
        text = f"{origin(endpoint)}\n{key.reveal()}".encode()
        self._name = hashlib.blake2b(text, digest_size=8, person=b"seedance pace").hexdigest()
        self._clock = clock
        self._threads = threading.Lock()
        self._own: list[float] = []
        """The newest moments of this process."""
        self._alone_until = -math.inf
        """Until when the file is not tried again, after it could not be used."""

    def reserve(self) -> float:
        """Take the next free moment. It is used up, whether a request leaves or not.

        Returns:
            Seconds from now to that moment; 0.0: the request may leave at once.

        Raises:
            WriteFailed: what lies there is a FIFO or a device: nobody put it there by mistake.
        """
        with self._threads:
            moment = None
            if self._folder is not None and self._clock.monotonic() >= self._alone_until:
                try:
                    moment = self._reserve_in(self._folder)
                except (OSError, NotOurs):
                    self._alone_until = self._clock.monotonic() + self.seconds
            if moment is None:
                moment = self._after(self._own, self._clock.monotonic())
            self._own = self._newest([*self._own, moment])
            return max(0.0, moment - self._clock.monotonic())

    def _reserve_in(self, folder: Path) -> float:
        """The same among all processes.

        Raises:
            NotOurs: somebody else could make this program wait, or write elsewhere.
            OSError: the file cannot be locked, read or written.
        """
        check_ours(folder.parent, folder.name)
        path = lock_path(folder, self._name)
        try:
            lock = FileLock.take(path, patience=_LOCK_SECONDS)
        except FileNotFoundError:
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            lock = FileLock.take(path, patience=_LOCK_SECONDS)
        if lock is None:
            raise TimeoutError("another process keeps the lock")
        try:
            now = self._clock.monotonic()
            shared = self._read(folder, now)
            # Its own moments count too: the file may have been lost meanwhile.
            moment = max(self._after(shared, now), self._after(self._own, now))
            self._write(folder, now, self._newest([*shared, moment]))
        finally:
            lock.release()
        return moment

    def _after(self, moments: list[float], now: float) -> float:
        """The first moment at which one more request keeps to the limit.

        Args:
            moments: those taken, in order.
            now: no earlier than this.
        """
        if len(moments) < self.limit.requests:
            return now
        return max(now, moments[-self.limit.requests] + self.seconds)

    def _newest(self, moments: list[float]) -> list[float]:
        """As many of the moments as can matter, in order."""
        return sorted(moments)[-self.limit.requests :]

    def _read(self, folder: Path, now: float) -> list[float]:
        """The moments in the file, in order; none where it is missing, damaged or of another clock.

        Its first number is when it was written: were that to come, the clock is another one.
        """
        path = folder / self._name
        try:
            with open(files.open_to_read(path), encoding="ascii") as file:  # noqa: PTH123 - a descriptor
                written, *moments = [float(line) for line in file.read(_MOST).split()]
        except (FileNotFoundError, ValueError):
            return []
        except files.Irregular as error:
            raise WriteFailed(
                f"{path}, where the rate limit is kept, is not a regular file; nothing was sent",
                hint=f"remove it: rm {shlex.quote(str(path))}",
            ) from error
        # A comparison with NaN is false, so that it is refused here, too.
        sound = all(-math.inf < moment <= now + LONGEST_QUEUE for moment in moments)
        return self._newest(moments) if sound and written <= now + _SLACK else []

    def _write(self, folder: Path, now: float, moments: list[float]) -> None:
        content = "".join(f"{number!r}\n" for number in (now, *moments)).encode("ascii")
        # A power cut may take it: whoever starts the machine again has not asked for long.
        files.replace(folder / self._name, content, self._clock, durable=False)

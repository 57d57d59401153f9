"""SIGINT, SIGTERM and SIGHUP: an exception where work may be cut, data everywhere else.

A signal may come between any two steps of the main thread, and an exception there tears apart
whatever was under way. So the handler only notes what came. It raises `Interrupted` in one place,
the work that `interruptible` runs, and there not in the parts that are `held`. Twice at most: the
second time for a wish to end that is repeated while the first one is being obeyed. Whoever comes
after the work, and tells of it, is never torn.

A signal counts only if it comes `APART` after the one before. One that comes sooner is the same
wish, passed on by a wrapper: a terminal's Ctrl-C reaches the wrapper and this program at once.
"""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Self, TypeVar

from seedance_cli.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType, TracebackType
    from typing import TypeAlias

    Handler: TypeAlias = Callable[[int, FrameType | None], object] | int | None

T = TypeVar("T")

APART = 0.5
"""Seconds (contract, section 6.8)."""
PATIENCE = 1.0
"""Seconds after a signal in which a stream that nobody reads may still find a reader."""
_RAISED_AT_MOST = 2

_ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


def _nothing() -> None:
    pass


class _Came:
    """What came since the handlers were set."""

    def __init__(self) -> None:
        self.first: int | None = None
        """The one that decides the exit code."""
        self.count = 0
        """Those that count."""
        self.last = 0.0
        """When the last of these came; on the monotonic clock."""
        self.unheard = False
        """Whether the last of these raised nothing yet."""
        self.raises = 0
        """How many exceptions may still be raised where the main thread is now."""
        self.wake: Callable[[], None] = _nothing

    def due(self) -> Interrupted:
        """The exception to raise now."""
        assert self.first is not None
        self.unheard = False
        self.raises -= 1
        return Interrupted(self.first)


_came = _Came()
_before: dict[int, Handler] = {}
"""What handled the signals before this program; empty while it does not."""


def _handle(signum: int, _frame: FrameType | None) -> None:
    now = monotonic()
    if _came.first is None:
        _came.first = signum
    elif now - _came.last < APART:
        return
    _came.last = now
    _came.count += 1
    _came.unheard = True
    if _came.raises:
        raise _came.due()
    _came.wake()


def install() -> None:
    """Take the signals that end a program; for a process that is this program's own.

    Nothing is given back, so there is no moment at the end at which a signal kills it. One that the
    caller's shell has set to be ignored (`nohup`, `command &`) stays ignored.
    """
    global _came  # noqa: PLW0603 - a signal handler has no other way to know
    _came = _Came()
    for number in _ENDING:
        handler = signal.getsignal(number)
        if handler is not signal.SIG_IGN:
            _before[number] = handler
            signal.signal(number, _handle)
    hook = sys.unraisablehook

    def swallowed(what: sys.UnraisableHookArgs) -> None:
        # Python lets no exception out of a `__del__`: the next one who looks gets it.
        if isinstance(what.exc_value, Interrupted):
            _came.unheard = True
            _came.raises += 1
        else:
            hook(what)

    sys.unraisablehook = swallowed


@contextmanager
def installed() -> Iterator[None]:
    """The same for as long as the block runs, in a process that has other handlers.

    Within this program's own process, and in another thread than the main one, nothing changes.
    """
    if _before or not _in_main_thread():
        yield
        return
    hook = sys.unraisablehook
    install()
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in _before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        _before.clear()


def ignore() -> None:
    """Ignore the signals that end a program, from here to its end."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)


def came() -> bool:
    """Whether a signal came, so that the program is about to end."""
    return _came.first is not None


def impatient() -> bool:
    """Whether a signal came, and what waits for somebody else has waited long enough."""
    if _came.first is None:
        return False
    return _came.count > 1 or monotonic() - _came.last >= PATIENCE


def interruptible(work: Callable[[], T]) -> T:
    """Do the work. A signal raises `Interrupted` in it, unless it is held back; never after it.

    Raises:
        Interrupted: a signal came.
    """
    try:
        return _fenced(work, _RAISED_AT_MOST)
    except Exception as error:
        stop = behind(error)
        if stop is None:
            raise
        raise stop from error


def behind(error: BaseException) -> Interrupted | None:
    """The signal that an exception comes from, if one came.

    Python's own library is not made for exceptions that strike anywhere: `threading.Condition`
    makes a `RuntimeError` of one that meets it in its wait.
    """
    if isinstance(error, Interrupted):
        return error
    return None if _came.first is None else Interrupted(_came.first)


def check() -> None:
    """Raise what came and was lost; for whoever waits long.

    Raises:
        Interrupted: a signal struck where Python lets no exception through (`__del__`).
    """
    if _came.unheard and _came.raises and _in_main_thread():
        raise _came.due()


def _fenced(work: Callable[[], T], fences: int) -> T:
    # A signal may strike at the very line that forbids it. Then the exception meets that line once
    # more, a fence further out; and there is one fence more than there are exceptions.
    try:
        if fences:
            return _fenced(work, fences - 1)
        _came.raises = _RAISED_AT_MOST if _in_main_thread() else 0
        check()
        return work()
    finally:
        if _in_main_thread():
            _came.raises = 0


class Held:
    """A part of the work in which signals are data, so that nothing is torn apart halfway.

    A context manager. One that came meanwhile raises `Interrupted` at the end of it; where parts
    lie in each other, of the outermost.
    """

    def __init__(self) -> None:
        self._raises = 0
        self._mine = _in_main_thread()

    def __enter__(self) -> Self:
        if self._mine:
            self._raises = _came.raises
            _came.raises = 0
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._mine:
            return
        _came.raises = self._raises
        if not self._raises:
            return
        _came.wake = _nothing
        if _came.unheard and not isinstance(error, Interrupted):
            raise _came.due()

    @property
    def count(self) -> int:
        """How many signals came that count."""
        return _came.count

    def came(self) -> bool:
        """Whether one came."""
        return _came.first is not None

    def wake_by(self, wake: Callable[[], None]) -> None:
        """Have `wake` called, in the signal handler, whenever one comes from here on."""
        _came.wake = wake

    def pause(self, sleep: Callable[[], None]) -> bool:
        """Do nothing for a while; whether no signal came, before it or in it.

        Args:
            sleep: does nothing that could be torn apart.
        """
        if self._mine:
            try:
                _came.raises = 1
                if not self.came():
                    sleep()
                _came.raises = 0
            except Interrupted:  # the only one: nothing is raised from here on
                _came.unheard = True
            finally:
                _came.raises = 0
        else:
            sleep()
        return not self.came()


held = Held


def _in_main_thread() -> bool:
    return threading.get_ident() == threading.main_thread().ident

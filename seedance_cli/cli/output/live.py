"""The live lines at the bottom of a terminal: the thread that draws them, and how they go away.

Hand-written where rich has a `Live`, for what that leaves to chance. It goes back over as many
lines as it drew, although a terminal that was made narrower has folded them into more by then, so
that rows stay behind. It lets its last frame stand. And it draws whoever has the terminal, stopped
by Ctrl-Z or sent to the background. What a line looks like is rich's (`drawing`).
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from math import ceil
from typing import TYPE_CHECKING

from seedance_cli.system import coloured, fit, folds, in_front, put, silence, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from seedance_cli.cli.output.drawing import Drawing, Line
    from seedance_cli.cli.output.view import Row, View
    from seedance_cli.system import Clock

_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"
"""Hide and show the cursor."""
_CROP, _WRAP = "\x1b[?7l", "\x1b[?7h"
"""Crop a line at the edge, and fold it. A terminal may take more columns for an emoji than rich
counts: a line that is folded would put all others out of place."""
_FRAME = 0.25
"""Seconds between two drawings of the live lines."""
_SOON = 0.03
"""Seconds after which they are back when a line was said; several said at once share it."""


class Screen:
    """The live lines at the bottom of the terminal, and the thread that draws them.

    A job in the background draws nothing: the terminal is another's, who may be typing there. One
    that Ctrl-Z stops takes its lines away and gives the cursor back first, and begins anew below
    what was written meanwhile.
    """

    def __init__(self, clock: Clock, view: View) -> None:
        self._view = view
        self._clock = clock
        self._drawing: Drawing | None = None
        self._stream = sys.stderr
        # Reentrant: a line may be said while another one has the lines aside.
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._soon = threading.Event()
        """Whether the lines are away."""
        self._lines: list[Line] = []
        """What stands on the terminal."""
        self._columns = 0
        """Of the terminal when they were drawn."""
        self._hidden = False
        """Whether the cursor is hidden."""
        self._stops = False
        """Whether Ctrl-Z comes to `_stopped`."""
        self._thread = threading.Thread(target=self._run, name="display", daemon=True)

    def start(self) -> None:
        """Hide the cursor and draw."""
        self._catch_ctrl_z()
        if self.in_front:
            self._hide()
        self._draw()
        self._thread.start()

    def stop(self) -> None:
        """Take the lines away, and give the cursor back."""
        self._ended.set()
        self._soon.set()
        held = False
        try:
            # A signal may have struck between taking the lock and the block that gives it back.
            held = self._lock.acquire(timeout=1)
            self._put(self._erase())
        finally:
            self._show()
            if held:
                self._lock.release()
            if self._stops:
                signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        if self._thread.ident is not None:
            self._thread.join(1)

    @property
    def in_front(self) -> bool:
        """Whether the lines may be drawn: nothing else has the terminal."""
        return in_front(self._stream)

    def ended(self, row: Row, facts: Sequence[str], *, well: bool) -> list[str]:
        """The lines that stay of a task at its end, as `Drawing.ended` says."""
        columns, _ = size(self._stream)
        with self._lock:
            lines = self._ready().ended(row, facts, columns, well=well)
        return [fit(line, self._stream) for line in lines]

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Take the lines away; they come back at once, below what was written."""
        with self._lock:
            self._put(self._erase())
            yield
        self._soon.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            if self._soon.wait(_FRAME):
                self._soon.clear()
                self._ended.wait(_SOON)
            with self._lock:
                if not self._ended.is_set():
                    self._draw()

    def _catch_ctrl_z(self) -> None:
        if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL:  # else somebody else handles Ctrl-Z
            self._stops = True
            signal.signal(signal.SIGTSTP, self._stopped)

    def _stopped(self, _signum: int, _frame: FrameType | None) -> None:
        # The other thread must not draw between the cursor's return and the stop; where it hangs
        # in a write (Ctrl-S), it does not keep the user from stopping the program.
        held = self._lock.acquire(timeout=1)
        try:
            text = self._erase()
            if self._hidden:
                self._hidden = False
                text += _SHOW
            # Not through the stream: this thread may be in the middle of writing to it.
            with contextlib.suppress(OSError, ValueError):
                os.write(self._stream.fileno(), text.encode())
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)
            signal.raise_signal(signal.SIGTSTP)  # stops here, until it is continued
            signal.signal(signal.SIGTSTP, self._stopped)
        finally:
            if held:
                self._lock.release()

    def _hide(self) -> None:
        self._hidden = True
        self._put(_HIDE)

    def _show(self) -> None:
        if self._hidden:
            self._hidden = False
            self._put(_SHOW)

    def _draw(self) -> None:
        if not self.in_front:
            self._show()
            self._lines = []
            return
        if not self._hidden:
            self._hide()
        columns, lines = size(self._stream)
        # One column and one line stay free: a full one would make the terminal scroll.
        frame = self._ready().frame(self._view, max(1, columns - 1), max(1, lines - 1))
        begin, before = self._home(columns), self._lines
        if columns != self._columns:
            begin, before = self._erase(), []
        if not frame:
            self._put(self._erase())
        elif frame != before:
            same = [*before, *[None] * len(frame)]
            text = "".join(
                "\n" if line == old else f"{line.text}\x1b[K\n"
                for line, old in zip(frame, same, strict=False)
            )
            self._put(f"\r{begin}{_CROP}{text}{_WRAP}\x1b[J")
        self._lines, self._columns = frame, columns

    def _home(self, columns: int) -> str:
        """The way from below the lines to the first of them, in a terminal of so many columns."""
        folded = columns < self._columns and folds()
        height = sum(max(1, ceil(line.columns / columns)) if folded else 1 for line in self._lines)
        return f"\x1b[{height}A" if height else ""

    def _erase(self) -> str:
        """Takes the lines away.

        Not all at once from the first of them: where that is the first of the screen, tmux takes it
        for a clear screen and keeps what stood there in its history.
        """
        columns, _ = size(self._stream)
        home = self._home(columns) if self.in_front else ""
        self._lines = []
        return f"\r{home}\x1b[K\n\x1b[J\x1b[1A" if home else ""

    def _put(self, text: str) -> None:
        # A terminal that has gone must not stop the command that follows a paid task, nor change
        # its exit code: Python would write what the stream still holds at its end, and exit 120.
        try:
            put(self._stream, text)
        except TimeoutError:
            pass  # it is only slow
        except (OSError, ValueError):
            silence(self._stream)

    def _ready(self) -> Drawing:
        """What makes the lines; with it comes rich, which a pipe has no use for."""
        if self._drawing is None:
            from seedance_cli.cli.output.drawing import Drawing

            encoding = getattr(self._stream, "encoding", None) or ""
            self._drawing = Drawing(
                self._clock.monotonic,
                unicode=encoding.lower().startswith("utf"),
                coloured=coloured(self._stream),
            )
        return self._drawing

"""The live lines at the bottom of a terminal: what is drawn there, and the thread that draws it."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seedance_cli.models import Status, safe, spoken
from seedance_cli.system import coloured, fit, in_front, put, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from rich.console import Console, RenderableType
    from rich.progress import Progress, TaskID

    from seedance_cli.system import Clock
    from seedance_cli.tasks import Transfer

_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"
"""Hide and show the cursor."""
_FRAME = 0.25
"""Seconds between two drawings of the live lines."""
_ORDER = {Status.RUNNING: 0, Status.UNKNOWN: 1, Status.QUEUED: 2}
_STYLE = {Status.RUNNING: "green", Status.UNKNOWN: "yellow", Status.QUEUED: "cyan"}


@dataclass(slots=True)
class Row:
    """One task that has not ended."""

    ref: str
    status: Status
    began: float
    """On the monotonic clock."""
    raw_word: str | None = None
    """The provider's own status word, as it came."""
    word: str = ""
    """The provider's word, made safe; empty where it says nothing new."""
    estimate: str = ""
    said: Status | None = None
    """The status that its last plain line told."""


class Screen:
    """The live lines at the bottom of the terminal, and the thread that draws them.

    A job in the background draws nothing: the terminal is another's, who may be typing there. One
    that Ctrl-Z stops gives the cursor back first, and begins anew below what was written meanwhile.
    """

    def __init__(
        self,
        clock: Clock,
        rows: dict[tuple[str, str, bool, str], Row],
        transfers: dict[str, Transfer],
    ) -> None:
        self._clock = clock
        self._rows = rows
        self._transfers = transfers
        self._bars: dict[str, TaskID] = {}
        self._progress: Progress | None = None
        self._stream = sys.stderr
        # Reentrant: a line may be said while another one has the lines aside.
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._height = 0
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
        """Leave the lines of tasks that have not ended, and give the cursor back."""
        self._ended.set()
        held = False
        try:
            # A signal may have struck between taking the lock and the block that gives it back.
            held = self._lock.acquire(timeout=1)
            self._draw()
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

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Take the lines away; the next frame draws them again, below what was written."""
        with self._lock:
            self._put(self._erase())
            self._height = 0
            yield

    def _run(self) -> None:
        while not self._ended.wait(_FRAME):
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
            if self._hidden:
                self._hidden = False
                # Not through the stream: this thread may be in the middle of writing to it.
                with contextlib.suppress(OSError, ValueError):
                    os.write(self._stream.fileno(), _SHOW.encode())
            self._height = 0
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
            self._height = 0
            return
        if not self._hidden:
            self._hide()
        columns, lines = size(self._stream)
        # One column and one line stay free: a full one would make the terminal scroll.
        frame = self._frame(max(1, columns - 1), max(1, lines - 1))
        up = f"\x1b[{self._height}A" if self._height else ""
        text = "".join(f"{line}\x1b[K\n" for line in frame)
        self._height = len(frame)
        self._put(f"\r{up}{text}\x1b[J" if up or text else "")

    def _erase(self) -> str:
        if not self.in_front:
            return ""
        return f"\r\x1b[{self._height}A\x1b[J" if self._height else ""

    def _put(self, text: str) -> None:
        # A terminal that has gone must not stop the command that follows a paid task.
        with contextlib.suppress(OSError, ValueError):
            put(self._stream, text)

    def _frame(self, width: int, height: int) -> list[str]:
        """The lines as they are now; never more than `height`, none wider than `width`."""
        from rich.console import Group

        # Copies: the command's thread changes both while this one draws.
        transfers = dict(self._transfers)
        rows = list(self._rows.values())
        rows.sort(key=_place)
        if not rows and not transfers:
            return []
        bars = min(len(transfers), max(1, height // 2))
        room = height - bars
        shown = rows if len(rows) <= room else rows[: max(0, room - 1)]
        parts = list(self._lines(shown, width))
        if len(shown) < len(rows) and room:
            parts.append(self._more(rows[len(shown) :], whole=not shown))
        page = _Page(self._stream)
        console = self._console(page, width)
        if bars:
            parts.append(self._downloads(console, transfers, bars))
        console.print(Group(*parts))
        return [fit(line.rstrip(), self._stream) for line in page.getvalue().splitlines()][:height]

    def _console(self, page: _Page, width: int) -> Console:
        from rich.console import Console

        return Console(
            file=page,
            width=width,
            force_terminal=True,
            color_system="standard" if coloured(self._stream) else None,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )

    def _lines(self, rows: Sequence[Row], width: int) -> Iterator[RenderableType]:
        from rich.text import Text

        widest = max((len(row.ref) for row in rows), default=0)
        room = min(widest, max(12, width - 30))
        now = self._clock.monotonic()
        for row in rows:
            line = Text(no_wrap=True, overflow="ellipsis" if self._unicode else "crop")
            line.append(_shortened(row.ref, room).ljust(room), "bold")
            line.append(f"  {row.status:<9}", _STYLE.get(row.status, ""))
            line.append(f"  {spoken(max(0.0, now - row.began)):>7}")
            line.append("".join(f"  {part}" for part in (row.estimate, row.word) if part), "dim")
            yield line

    def _more(self, rows: Sequence[Row], *, whole: bool) -> RenderableType:
        from rich.text import Text

        dots = "…" if self._unicode else "..."
        what = f"{len(rows)} tasks" if whole else f"{dots} and {len(rows)} more"
        return Text(f"{what}: {counted(rows)}", "dim", no_wrap=True, overflow="crop")

    def _downloads(
        self, console: Console, transfers: dict[str, Transfer], count: int
    ) -> RenderableType:
        if self._progress is None:
            self._progress = _progress(console, self._clock)
        progress = self._progress
        for name in [name for name in self._bars if name not in transfers]:
            progress.remove_task(self._bars.pop(name))
        for name, transfer in transfers.items():
            if name not in self._bars:
                self._bars[name] = progress.add_task(_shortened(safe(name)), total=transfer.total)
            progress.update(self._bars[name], completed=transfer.done, total=transfer.total)
        return progress.make_tasks_table(progress.tasks[-count:])

    @property
    def _unicode(self) -> bool:
        return (getattr(self._stream, "encoding", None) or "").lower().startswith("utf")


class _Page(io.StringIO):
    """A page in memory that says it has the terminal's encoding, which decides how bars look."""

    def __init__(self, stream: object) -> None:
        super().__init__()
        self._encoding = getattr(stream, "encoding", None) or "ascii"

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed: an attribute; here read only
        return self._encoding


def _progress(console: Console, clock: Clock) -> Progress:
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    # Only a source of columns: it is never started, so it draws nothing by itself.
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        auto_refresh=False,
        get_time=clock.monotonic,
    )


def counted(rows: Sequence[Row]) -> str:
    """How many of them have which status, those that move first."""
    counts = Counter(row.status for row in rows)
    return ", ".join(f"{counts[one]} {one}" for one in _ORDER if counts[one])


def _place(row: Row) -> int:
    return _ORDER.get(row.status, len(_ORDER))


def _shortened(name: str, width: int = 28) -> str:
    if len(name) <= width:
        return name
    tail = (width - 3) // 3
    return f"{name[: width - 3 - tail]}...{name[len(name) - tail :]}"

"""What a person sees while tasks run: live lines on a terminal, plain lines elsewhere.

All of it goes to stderr. The live lines are drawn by a thread of their own, four times a second, so
that the elapsed time moves between two polls; whatever else is written to the terminal meanwhile
asks `Output.guard` first, which takes the lines away, and they come back below it.
"""

from __future__ import annotations

import contextlib
import io
import sys
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from seedance_cli.durations import spoken
from seedance_cli.models import Status
from seedance_cli.output import fit, safe, size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from rich.console import Console, RenderableType
    from rich.progress import Progress, TaskID

    from seedance_cli.clock import Clock
    from seedance_cli.models import Submission
    from seedance_cli.output import Output

HEARTBEAT = 30.0
"""Seconds without a line after which plain mode says that it still waits."""
_FRAME = 0.25
"""Seconds between two drawings of the live lines."""
_WORD = 40
"""Characters shown of a provider's own word; it is server text of any length."""
_ORDER = {Status.RUNNING: 0, Status.UNKNOWN: 1, Status.QUEUED: 2}
_STYLE = {Status.RUNNING: "green", Status.UNKNOWN: "yellow", Status.QUEUED: "cyan"}


@dataclass(slots=True)
class _Row:
    """One task that has not ended."""

    ref: str
    status: Status
    began: float
    """On the monotonic clock."""
    word: str = ""
    """The provider's own, made safe; empty where it says nothing new."""
    estimate: str = ""
    said: Status | None = None
    """The status of its last plain line."""


@dataclass(slots=True)
class _Transfer:
    """One running download."""

    began: float
    done: int = 0
    total: int | None = None


class Display:
    """The progress of tasks, from the first poll to the last byte. A context manager.

    Its methods are called by one thread, the command's own.
    """

    def __init__(
        self,
        out: Output,
        clock: Clock,
        submissions: Sequence[Submission],
        estimate: Callable[[Submission], str | None] | None = None,
    ) -> None:
        """Prepare; nothing is shown before the `with`.

        Args:
            out: where plain lines go, and who is told to make room for the live ones.
            clock: for elapsed times and heartbeats.
            submissions: the tasks to be followed, as far as they are known now.
            estimate: what history says about a task's time, in words; None where it is silent.
        """
        self._out = out
        self._clock = clock
        self._estimate = estimate
        self._began = self._last_line = clock.monotonic()
        self._rows: dict[tuple[str, str, bool, str], _Row] = {}
        self._transfers: dict[str, _Transfer] = {}
        self._screen: _Screen | None = None
        for submission in submissions:
            if not submission.status.terminal:
                self._rows[_key(submission)] = self._row(submission)

    def __enter__(self) -> Self:
        if self._out.interactive and not self._out.quiet:
            self._screen = _Screen(self._clock, self._rows, self._transfers)
            try:
                self._out.guard = self._screen.aside
                self._screen.start()
            except BaseException:  # a signal, too: no one else gives the cursor back
                self._leave()
                raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

    def update(self, submission: Submission) -> None:
        """Take note of a poll. Plain mode prints a change of status, or a heartbeat when due."""
        # Polls and downloads take turns: one still listed here has failed, and its error was told.
        self._transfers.clear()
        key = _key(submission)
        row = self._rows.get(key) or self._row(submission)
        row.status = submission.status
        row.word = _word(submission)
        # Asked here and not while drawing: it may read the ledger, which belongs to this thread.
        row.estimate = safe((self._estimate(submission) if self._estimate else None) or "")
        if row.status.terminal:
            self._rows.pop(key, None)
            self._say(self._line(row))
            return
        self._rows[key] = row
        if self._screen is None:
            if row.said != row.status:
                row.said = row.status
                self._say(self._line(row))
            self.tick()

    def forget(self, submission: Submission) -> None:
        """Show a task no longer: nothing more will be asked about it."""
        self._rows.pop(_key(submission), None)

    def tick(self) -> None:
        """Plain mode: say that the wait goes on, if nothing was said for 30 s."""
        if self._screen is not None or self._clock.monotonic() - self._last_line < HEARTBEAT:
            return
        rows = list(self._rows.values())
        if self._transfers:
            for name, transfer in self._transfers.items():
                self._say(f"{name}: {_amount(transfer)}")
        elif len(rows) == 1:
            self._say(f"{rows[0].ref} {rows[0].status}, {self._age(rows[0].began)}")
        elif rows:
            self._say(f"{len(rows)} tasks left: {_counted(rows)}, {self._age(self._began)}")

    def downloading(self, name: str, done: int, total: int | None) -> None:
        """Take note of a download's progress, in bytes; `total` None where no one said it."""
        transfer = self._transfers.get(name)
        if transfer is None:
            transfer = _Transfer(self._clock.monotonic(), done, total)
            self._transfers[name] = transfer
            if self._screen is None:
                of = "" if total is None else f" ({_bytes(total)})"
                self._say(f"downloading {name}{of}")
        transfer.done, transfer.total = done, total
        self.tick()

    def downloaded(self, name: str) -> None:
        """A download has ended and its file is in place."""
        transfer = self._transfers.pop(name, None)
        if transfer is not None:
            took = self._age(transfer.began)
            self._say(f"downloaded {name}, {_bytes(transfer.done)} in {took}")

    def note(self, text: str) -> None:
        """Say a line, above the live ones."""
        self._say(text)

    def pause(self) -> None:
        """Take the live lines away until something is written or the next frame is due."""
        if self._screen is not None:
            with self._screen.aside():
                pass

    def _leave(self) -> None:
        if self._screen is not None:
            try:
                self._screen.stop()
            finally:
                self._out.guard = contextlib.nullcontext

    def _say(self, text: str) -> None:
        self._last_line = self._clock.monotonic()
        self._out.note(text)

    def _row(self, submission: Submission) -> _Row:
        started = submission.submitted_at or submission.created_at
        if started is None and submission.task is not None:
            started = submission.task.created_at
        age = 0.0 if started is None else (self._clock.now() - started).total_seconds()
        ref = safe(submission.ref or submission.intent or submission.provider)
        return _Row(ref, submission.status, self._clock.monotonic() - max(0.0, age))

    def _line(self, row: _Row) -> str:
        estimate = f", {row.estimate}" if row.estimate and not row.status.terminal else ""
        word = f" ({row.word})" if row.word else ""
        return f"{row.ref} {row.status}, {self._age(row.began)}{estimate}{word}"

    def _age(self, began: float) -> str:
        return spoken(max(0.0, self._clock.monotonic() - began))


class _Screen:
    """The live lines at the bottom of the terminal, and the thread that draws them."""

    def __init__(
        self,
        clock: Clock,
        rows: dict[tuple[str, str, bool, str], _Row],
        transfers: dict[str, _Transfer],
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
        self._thread = threading.Thread(target=self._run, name="display", daemon=True)

    def start(self) -> None:
        """Hide the cursor and draw."""
        self._put("\x1b[?25l")
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
            self._put("\x1b[?25h")
            if held:
                self._lock.release()
        if self._thread.ident is not None:
            self._thread.join(1)

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

    def _draw(self) -> None:
        columns, lines = size(self._stream)
        # One column and one line stay free: a full one would make the terminal scroll.
        frame = self._frame(max(1, columns - 1), max(1, lines - 1))
        up = f"\x1b[{self._height}A" if self._height else ""
        text = "".join(f"{line}\x1b[K\n" for line in frame)
        self._height = len(frame)
        self._put(f"\r{up}{text}\x1b[J" if up or text else "")

    def _erase(self) -> str:
        return f"\r\x1b[{self._height}A\x1b[J" if self._height else ""

    def _put(self, text: str) -> None:
        # A terminal that has gone must not stop the command that follows a paid task.
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()

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

        from seedance_cli.output import coloured

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

    def _lines(self, rows: Sequence[_Row], width: int) -> Iterator[RenderableType]:
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

    def _more(self, rows: Sequence[_Row], *, whole: bool) -> RenderableType:
        from rich.text import Text

        dots = "…" if self._unicode else "..."
        what = f"{len(rows)} tasks" if whole else f"{dots} and {len(rows)} more"
        return Text(f"{what}: {_counted(rows)}", "dim", no_wrap=True, overflow="crop")

    def _downloads(
        self, console: Console, transfers: dict[str, _Transfer], count: int
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


def _key(submission: Submission) -> tuple[str, str, bool, str]:
    name = submission.ref or submission.intent or ""
    return submission.provider, submission.endpoint, submission.sandbox, name


def _place(row: _Row) -> int:
    return _ORDER.get(row.status, len(_ORDER))


def _word(submission: Submission) -> str:
    word = safe((submission.task and submission.task.provider_status) or "")
    word = word if len(word) <= _WORD else f"{word[:_WORD]}..."
    return "" if word.casefold() == submission.status.value else word


def _counted(rows: Sequence[_Row]) -> str:
    counts = Counter(row.status for row in rows)
    return ", ".join(f"{counts[one]} {one}" for one in _ORDER if counts[one])


def _amount(transfer: _Transfer) -> str:
    of = "" if transfer.total is None else f" of {_bytes(transfer.total)}"
    return f"{_bytes(transfer.done)}{of}"


def _bytes(count: int) -> str:
    if count < 1000:  # noqa: PLR2004 - the next unit
        return f"{count} bytes"
    number = count / 1000
    for unit in ("kB", "MB"):
        if number < 1000:  # noqa: PLR2004 - the next unit
            return f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"


def _shortened(name: str, width: int = 28) -> str:
    if len(name) <= width:
        return name
    tail = (width - 3) // 3
    return f"{name[: width - 3 - tail]}...{name[len(name) - tail :]}"

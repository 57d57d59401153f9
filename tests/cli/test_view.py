"""The live view: its state as values, its lines at any width, and a screen on which it is drawn."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from seedance_cli.cli.output.columns import cut, wrapped
from seedance_cli.cli.output.drawing import Drawing
from seedance_cli.cli.output.live import Screen
from seedance_cli.cli.output.progress import Display
from seedance_cli.cli.output.sink import Output
from seedance_cli.cli.output.view import FEW, Row, View
from seedance_cli.errors import TaskFailed
from seedance_cli.models import Price, Status, Submission, Task, VideoRequest
from seedance_cli.tasks import Expected, Transfer
from support import screens
from support.fake_clock import START, FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

NOW = 1000.0
PROMPT = "a paper boat on a rainy street, cinematic, 35mm"


def row(label: str = PROMPT, number: int = 0, status: Status = Status.RUNNING) -> Row:
    return Row(label, f"runbase:run_{number:024d}", "runbase", status, NOW - 12, NOW + number)


def view(count: int, *, done: int = 0, failed: int = 0) -> View:
    """That many tasks that run, the last of them changed last."""
    return View(
        rows={number: row(number=number) for number in range(count)}, done=done, failed=failed
    )


def drawing(*, unicode: bool = True) -> Drawing:
    return Drawing(lambda: NOW, unicode=unicode, coloured=False)


def lines(shown: View, columns: int, height: int = 23, *, unicode: bool = True) -> list[str]:
    found = [line.text for line in drawing(unicode=unicode).frame(shown, columns, height)]
    assert len(found) <= height
    assert all(cell_len(line) <= columns for line in found)
    return found


# State


def test_few_tasks_have_a_row_each_in_their_order() -> None:
    """Nothing jumps about, and no line adds up what is in sight."""
    shown = view(FEW).shown(23)
    assert (len(shown.rows), shown.hidden, shown.overall) == (FEW, 0, False)
    assert [one.changed for one in shown.rows] == [NOW + number for number in range(FEW)]


def test_many_tasks_have_one_line_and_the_newest_changes() -> None:
    """As many rows as there is room for, the newest changes first."""
    shown = view(60).shown(10)
    assert (len(shown.rows), shown.hidden, shown.overall) == (9, 51, True)
    assert [one.changed for one in shown.rows] == [NOW + number for number in range(59, 50, -1)]


def test_the_line_stays_as_tasks_end() -> None:
    """Once there were many, those that ended are still counted."""
    shown = view(FEW + 1)
    for number in range(FEW):
        shown.ended(number, 10.0, well=number > 0)
        shown.ended(number, 10.0, well=True)  # each counts once
    assert shown.shown(23).overall
    assert shown.counts() == (FEW - 1, 1, 1, 0)


def test_what_waits_is_queued_or_not_submitted() -> None:
    """In a batch, rows that are still to be submitted wait; else tasks that are queued."""
    shown = View(rows={1: row(), 2: row(status=Status.QUEUED)})
    assert shown.counts() == (0, 0, 1, 1)
    shown.unsent = 7
    assert shown.counts() == (0, 0, 2, 7)


def test_what_is_left_comes_from_history_or_from_this_run() -> None:
    """Nothing is invented where neither tells."""
    shown = view(2)
    assert shown.left(NOW) is None
    shown.rows[0].usual = shown.rows[1].usual = 60.0
    assert shown.left(NOW) == 48.0
    shown.unsent = 3  # two more rounds of two
    assert shown.left(NOW) == 48.0 + 2 * 60.0
    shown.ended(0, 20.0, well=True)
    assert shown.left(NOW) == 8.0 + 3 * 20.0


# Lines


@pytest.mark.parametrize("columns", [39, 79, 199])
def test_a_row_is_one_line_at_any_width(columns: int) -> None:
    """Mark, prompt, seller, time, estimate; what there is no room for goes last to first."""
    shown = view(1)
    shown.rows[0].estimate = "about 40-70 s, from 12 earlier"
    shown.rows[0].brief = "~40-70 s"
    (line,) = lines(shown, columns)
    assert {
        39: "⠋ a paper boat…  runbase  12s  ~40-70 s",
        79: "⠋ a paper boat on a rainy street, cinema…  runbase  12s  running  about 40-70 s",
        199: f"⠋ {PROMPT}  runbase  12s  running  about 40-70 s, from 12 earlier",
    }[columns] == line


def test_prompts_are_measured_in_columns() -> None:
    """A letter of 한국어 and an emoji take two, so what comes after them stands in line."""
    shown = View(
        rows={
            number: row(text, number)
            for number, text in enumerate(["비 오는 거리의 종이배", "🎬 a boat", "a boat"])
        }
    )
    found = lines(shown, 79)
    assert {cell_len(line.partition("runbase")[0]) for line in found} == {25}
    assert cut("비 오는 거리", 6) == "비 오…"
    assert cut("비 오는 거리", 12) == "비 오는 거리"


def test_a_download_is_in_its_tasks_row() -> None:
    """The bar grows with the screen, and no name is cut where there is room."""
    shown = view(1)
    shown.rows[0].transfer = Transfer(NOW, 2_000_000, 4_000_000)
    narrow, usual, wide = (lines(shown, columns)[0] for columns in (39, 79, 199))
    assert narrow.startswith("↕ a paper boat")
    assert "runbase  12s  ━" in usual
    assert usual.endswith("2.0/4.0 MB           ?  --:--"), (
        "bytes, speed, and the time that is left"
    )
    assert PROMPT in wide
    bars = [line.count("━") for line in (narrow, usual, wide)]
    assert bars == sorted(bars)
    assert bars[0] > 0


def test_a_line_says_what_waits_for_a_rate_limit() -> None:
    """In as many words as there is room for."""
    shown = view(1)
    shown.rows[0].held = True
    assert lines(shown, 39)[0].endswith("rate limit")
    assert lines(shown, 79)[0].endswith("waits for the rate limit")


def test_the_line_about_all_tasks() -> None:
    """Done, failed, running, waiting, left, spent; less of it where there is less room."""
    shown = view(20, done=30, failed=2)
    shown.rows[3].status = Status.QUEUED
    shown.spent = ["9 USD at runbase"]
    shown.took, shown.timed = 300.0, 30
    for one in shown.rows.values():
        one.began = NOW
    assert lines(shown, 39, 5)[-1] == "⠋ 30/52 done · 2 failed · 19 running"
    assert lines(shown, 79, 5)[-1] == (
        "⠋ 30/52 done · 2 failed · 19 running · 1 waiting · about 10s left"
    )
    assert lines(shown, 160, 5)[-1].endswith(
        "1 waiting · about 10s left · 9 USD at runbase · 16 not shown"
    )
    assert lines(shown, 79, 1) == [lines(shown, 79, 5)[-1]]


def test_the_last_line_of_a_task_has_its_ref_whole() -> None:
    """Beside the prompt where there is room, else in a line of its own, never cut."""
    one = row()
    for columns, count in ((40, 2), (80, 1), (200, 1)):
        found = drawing().ended(one, ["12s", "0.2 USD"], columns, well=True)
        assert len(found) == count
        assert all(len(line) <= columns for line in found)
        assert one.ref in found[-1]
        assert found[0].startswith("✓ a paper boat")
    assert (
        drawing()
        .ended(one, ["12s", "0.2 USD", "9.9 MB"], 40, well=True)[0]
        .endswith("12s  0.2 USD")
    )
    long = f"fal:{'x' * 90}"
    one.ref = long
    assert drawing().ended(one, [], 40, well=False)[0].startswith("● "), "it goes on by itself"
    one.status = Status.FAILED
    assert long in drawing().ended(one, [], 40, well=False)[-1]
    one.label = long
    assert drawing().ended(one, ["1s"], 40, well=False) == [f"✗ {long}  1s"]


def test_a_ref_without_a_prompt_is_whole_where_it_can_be() -> None:
    """What comes after it makes room first."""
    shown = view(1)
    shown.rows[0].label = shown.rows[0].ref
    for columns in (39, 79):
        assert shown.rows[0].ref in lines(shown, columns)[0]


def test_lines_in_ascii() -> None:
    """A terminal without Unicode gets marks and bars of its own."""
    shown = view(FEW + 1)
    shown.rows[0].transfer = Transfer(NOW, 1, 2)
    shown.rows[1].status = Status.QUEUED
    found = "\n".join(lines(shown, 60, unicode=False))
    assert found.isascii()
    assert "..." in found


def test_frames_fit_any_terminal() -> None:
    """Thousands of tasks and some downloads never take more lines or columns than there are."""
    shown = view(5000)
    for number, one in enumerate(shown.rows.values()):
        one.label = "한" * (number % 90) + "x" * (number % 70)
        one.status = list(Status)[number % 5]
        one.word = "w" * 30
        if number % 9 == 0:
            one.transfer = Transfer(0.0, 5, None if number % 2 else 10)
    for width, height in ((79, 23), (24, 5), (199, 60), (20, 1), (10, 4)):
        found = lines(shown, width, height)
        assert found
        assert "%" not in "".join(found)
    assert lines(View(), 80) == []


def test_text_is_broken_between_words() -> None:
    """A word that is too long, as a ref may be, is left whole."""
    ref = "fal:bytedance/seedance/0123456789"
    assert wrapped(f"the task {ref} failed: no", 12) == ["the task", ref, "failed: no"]


# On a screen


class Person(Output):
    """An output on a screen that a test looks at."""

    @property
    def interactive(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> screens.Screen:
    """A terminal of 80 columns; no thread draws on it but the test."""
    for name, value in (("COLUMNS", "80"), ("LINES", "24"), ("TERM", "xterm-256color")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("XTERM_VERSION", raising=False)
    monkeypatch.setattr(Screen, "_run", lambda _: None)
    return screens.Screen(80)


@contextmanager
def shown(
    terminal: screens.Screen,
    clock: FakeClock,
    tasks: Sequence[Submission],
    expected: Callable[[Submission], Expected | None] | None = None,
    batch: str | None = None,
) -> Iterator[Display]:
    """The tasks on the terminal, which is stderr meanwhile; whole again at the end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", terminal)
        with Display(Person(), clock, tasks, expected, batch=batch) as display:
            yield display
    assert not terminal.hidden
    assert terminal.folds


def submission(number: int, status: Status = Status.RUNNING, prompt: str = PROMPT) -> Submission:
    return Submission(
        provider="runbase",
        endpoint="https://e",
        sandbox=False,
        submitted_at=START,
        request=VideoRequest(prompt=prompt),
        task=Task(
            task_id=f"run_{number:020d}",
            status=status,
            cost=Price(Decimal("0.2"), "USD", "charged"),
        ),
    )


def drawn(display: Display) -> None:
    assert display._screen is not None
    display._screen._draw()


def test_what_ends_scrolls_up_once(terminal: screens.Screen, clock: FakeClock) -> None:
    """A task that brought its video as a line, one that failed with its reason; then nothing."""
    tasks = [submission(number) for number in range(3)]
    with shown(terminal, clock, tasks) as display:
        drawn(display)
        assert len(terminal.lines) == 3
        assert terminal.hidden
        failed = submission(1, Status.FAILED)
        display.update(failed)
        display.failed(failed, TaskFailed(f"{failed.ref} failed: no", hint="seedance list"))
        display.ended(failed, well=False)
        display.ended(submission(0, Status.SUCCEEDED), well=True)
        drawn(display)
        assert len(terminal.lines) == 5
    assert terminal.lines == [
        f"✗ {PROMPT[:39]}…  runbase:run_{1:020d}  0s",
        "  failed: no",
        "  hint: seedance list",
        f"✓ {PROMPT[:30]}…  runbase:run_{0:020d}  0s  0.2 USD",
    ]


@pytest.mark.parametrize("columns", [40, 55, 79, 120, 200])
def test_a_resize_doubles_nothing(
    terminal: screens.Screen,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    columns: int,
) -> None:
    """Lines that the terminal has folded meanwhile are gone over, too."""
    tasks = [submission(number, prompt="x" * 200) for number in range(5)]
    with shown(terminal, clock, tasks) as display:
        display.note("before")
        drawn(display)
        terminal.resize(columns)
        monkeypatch.setenv("COLUMNS", str(columns))
        clock.advance(1)
        drawn(display)
        assert len(terminal.lines) == 6
        assert terminal.lines[0] == "before"
        assert all(line[2:].startswith("xxxx") for line in terminal.lines[1:])
        terminal.resize(80)
        monkeypatch.setenv("COLUMNS", "80")
        display.note("after")
        drawn(display)
        assert len(terminal.lines) == 7
    assert terminal.lines == ["before", "after"]


def test_a_terminal_that_cuts_its_lines_is_not_gone_over_further(
    terminal: screens.Screen, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Xterm folds nothing: what stands above the lines stays."""
    monkeypatch.setenv("XTERM_VERSION", "XTerm(390)")
    monkeypatch.delenv("TMUX", raising=False)
    with shown(terminal, clock, [submission(1, prompt="x" * 200)]) as display:
        display.note("before")
        drawn(display)
        monkeypatch.setenv("COLUMNS", "40")
        terminal.columns = 40
        clock.advance(1)
        drawn(display)
        assert terminal.lines[0] == "before"


def test_a_line_that_takes_more_columns_than_counted_is_cropped(
    terminal: screens.Screen, clock: FakeClock
) -> None:
    """Emoji that a terminal shows wider than rich counts them put nothing out of place."""
    with shown(terminal, clock, [submission(1)]) as display:
        terminal.columns = 50
        for _ in range(3):
            clock.advance(1)
            drawn(display)
        assert len(terminal.lines) == 1


def test_nothing_is_left_after_the_end(terminal: screens.Screen, clock: FakeClock) -> None:
    """Of 60 tasks that run on, no stale row stays; the estimate was there from the first moment."""
    tasks = [submission(number, Status.QUEUED) for number in range(60)]
    expected = Expected("about 40-70 s, from 12 earlier", "~40-70 s", 70.0)
    with shown(terminal, clock, tasks, lambda _: expected) as display:
        drawn(display)
        assert len(terminal.lines) == 23
        assert all("about 40-70 s" in line for line in terminal.lines[:-1])
        assert "60 waiting · about 1m 10s left" in terminal.lines[-1]
    assert terminal.lines == [""]


def test_the_resume_of_a_download_is_said(terminal: screens.Screen, clock: FakeClock) -> None:
    """With how much of it is here; the bar begins there."""
    one = submission(1, Status.SUCCEEDED)
    with shown(terminal, clock, [submission(1)]) as display:
        transfer = Transfer(clock.monotonic(), 1_000_000, 4_000_000, resumed=1_000_000)
        display.downloading(one, "boat.mp4", transfer)
        drawn(display)
        assert terminal.lines[0] == "going on with boat.mp4 at 1.0 MB of 4.0 MB"
        assert "1.0/4.0 MB" in terminal.lines[1]


def test_a_batch_has_a_line_about_all_rows_and_those_that_run(
    terminal: screens.Screen, clock: FakeClock
) -> None:
    """Each by what its row is called, if somebody called it anything, and by its prompt."""
    one, other = submission(1, prompt="a boat"), submission(2, prompt="a crane")
    named = one._replace(batch="shots", row="scene-1", name="shots/scene-1")
    hashed = other._replace(batch="shots", row="d45d12df434c", name="shots/d45d12df434c")
    with shown(terminal, clock, [named, hashed], batch="shots") as display:
        display.view.unsent = 3
        display.view.paused["runbase"] = clock.monotonic() + 8
        drawn(display)
        assert terminal.lines == [
            "● scene-1: a boat  runbase  0s  running",
            "● a crane          runbase  0s  running",
            "⠋ shots: 0/5 done · 2 running · 3 waiting · runbase takes more in 8s",
        ]
        display.ended(named, well=True, counts_as="scene-1")
        display.ended(named, well=True, counts_as="scene-2")  # a seller took two rows for one task
        drawn(display)
        assert "2/6 done" in terminal.lines[-1]

"""Rows on a terminal: a line each, names whole, the rest cut with a mark; links and colours."""

from __future__ import annotations

import io
import re
import sys
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from seedance_cli.cli.output import links
from seedance_cli.cli.output.rows import Cell, Column, laid_out, show_rows
from seedance_cli.cli.output.sink import Output

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HEAD = [
    Column("TASK"),
    Column("STATUS"),
    Column("CREATED (KST)", short="AGE"),
    Column("PROMPT", least=8, ease=12),
]
URL = "https://cdn.example/a.mp4?x=1&y=%20"


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def rows(*names: str) -> list[list[Cell | str]]:
    prompt = "고양이 한 마리가 비 오는 거리를 달린다, 🐈 영화 같은 장면 " * 3
    return [[name, "succeeded", Cell("12m 05:31", short="12m"), prompt] for name in names]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 200])
@pytest.mark.parametrize(
    "names",
    [
        ("scene-1", "scene-02"),
        ("seedance2ink:req_d9984514e0e3e967097555b3", "scene-1"),
        ("defapi:task-8a7d9c1e-55b2-4f0a-9d31-2f6b1c9e7a10", "scene-1"),
        (f"fal:{'x' * 94}", "runbase:run_01JZ8M4N5P6Q7R8S9T0V1W2X3Y"),
    ],
    ids=["names", "refs", "a longer ref", "one wider than the screen"],
)
def test_no_line_is_too_wide_and_no_name_is_cut(names: tuple[str, ...], width: int) -> None:
    """At every width; what is wider than the screen by itself stands alone on its line."""
    lines = laid_out(HEAD, rows(*names), width).text.splitlines()
    for name in names:
        assert len([line for line in lines if line.startswith(name)]) == 1
    for line in lines:
        assert cell_len(line) <= width or line in names or width == 20
    if width >= 80:
        assert len(lines) <= 2 + len(names) + sum(len(name) > width - 28 for name in names)
    assert all(line.endswith("…") for line in lines if "고" in line)


def test_a_longer_name_moves_only_its_own_row() -> None:
    """The others stay in their columns, and what has room again stands in its own."""
    long = "defapi:task-8a7d9c1e-55b2-4f0a-9d31-2f6b1c9e7a10"
    head, short, moved, _ = laid_out(HEAD, rows("scene-1", long, "s"), 70).text.splitlines()
    assert head == "TASK     STATUS     CREATED (KST)  PROMPT"
    assert short.startswith("scene-1  succeeded  12m 05:31      고양이")
    assert moved.startswith(f"{long}  succeeded  12m 05:31")


def test_a_long_name_alone_has_a_row() -> None:
    """Where the screen has room for it: it is long only beside others."""
    lines = laid_out(HEAD, rows("x" * 98), 200).text.splitlines()
    assert lines[0].startswith(f"{'TASK':<98}  STATUS     CREATED (KST)  PROMPT")
    assert lines[1].startswith(f"{'x' * 98}  succeeded  12m 05:31")
    assert len(lines) == 2


def test_a_narrow_screen_has_a_line_for_the_name() -> None:
    """And so has the head."""
    assert laid_out(HEAD, rows("seedance2ink:req_1234567890"), 40).text.splitlines() == [
        "TASK",
        "  STATUS     AGE  PROMPT",
        "seedance2ink:req_1234567890",
        "  succeeded  12m  고양이 한 마리가 비…",
    ]


def test_on_a_narrow_screen_all_rows_have_it_where_one_needs_it() -> None:
    """Else the long one would take the room of its own prompt, and stand beside no head."""
    two = rows("boat", "shots/7ca7f726b6de")
    assert laid_out(HEAD, two, 40).text.splitlines() == [
        "TASK",
        "  STATUS     AGE  PROMPT",
        "boat",
        "  succeeded  12m  고양이 한 마리가 비…",
        "shots/7ca7f726b6de",
        "  succeeded  12m  고양이 한 마리가 비…",
    ]


def test_what_is_not_cut_goes_below() -> None:
    """A path or URL beside the others in a row with room, else whole on lines of its own."""
    head = [*HEAD[:2], Column("FILES", below=True)]
    cell = Cell("/videos/a-1.mp4", more=(Cell("/videos/a-2.mp4"),))
    one = [["scene-1", "failed", "/videos/a.mp4"]]
    assert laid_out(head, one, 40).text.splitlines()[1] == "scene-1  failed  /videos/a.mp4"
    assert laid_out(head, one, 29).text.splitlines()[1:] == ["scene-1  failed", "    /videos/a.mp4"]
    assert laid_out(head, [*one, ["scene-1", "failed", cell]], 99).text.splitlines()[1:] == [
        "scene-1  failed  /videos/a.mp4",
        "scene-1  failed",
        "    /videos/a-1.mp4",
        "    /videos/a-2.mp4",
    ]


def test_columns_without_room_are_named() -> None:
    """The highest rank goes first; which went is said."""
    head = [Column("NAME"), Column("KEY"), Column("RATIOS", rank=2), Column("MODELS (N)", rank=1)]
    page = laid_out(head, [["fal", "not set", "16:9, 9:16", "7"]], 30)
    assert page.left_out == ("RATIOS",)
    assert page.text.splitlines() == ["NAME  KEY      MODELS (N)", "fal   not set  7"]
    assert laid_out(head, [["fal", "not set", "16:9, 9:16", "7"]], 15).left_out == (
        "RATIOS",
        "MODELS",
    )


def test_colours_and_links_change_no_place() -> None:
    """Without them the lines are the same; a colour and a link end where their cell ends."""
    table: Sequence[Sequence[Cell | str]] = [
        ["a", Cell("done", "32", URL), "x\x1b[31my"],
        ["bb", "-", "z"],
    ]
    head = [Column("NAME"), Column("STATUS"), Column("PROMPT", least=8)]
    plain = laid_out(head, table, 60).text
    shown = laid_out(head, table, 60, painted=True, linked=True).text
    assert f"\x1b[32m\x1b]8;;{URL}\x1b\\done\x1b]8;;\x1b\\\x1b[0m    x" in shown
    assert re.sub(r"\x1b\[\d*m|\x1b\]8;;[^\x1b]*\x1b\\", "", shown) == plain
    assert r"x\x1b[31my" in plain


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_the_mark_is_one_that_the_stream_has(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three dots where the encoding lacks the one character."""
    monkeypatch.setenv("COLUMNS", "24")
    stream = Terminal(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    show_rows(Output(), [Column("A"), Column("PROMPT", least=8)], [["a" * 12, "a cat in the rain"]])
    assert isinstance(stream.buffer, io.BytesIO)
    last = stream.buffer.getvalue().decode(encoding).splitlines()[-1]
    assert last == "a" * 12 + ("  a cat in…" if encoding == "utf-8" else "  a cat i...")


@pytest.mark.parametrize(
    ("env", "known"),
    [
        ({}, False),
        ({"VTE_VERSION": "7600"}, True),
        ({"VTE_VERSION": "4602"}, False),
        ({"VTE_VERSION": "7600", "TERM": "tmux-256color"}, False),
        ({"VTE_VERSION": "7600", "TERM": "dumb"}, False),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.4a"}, True),
        ({"TERM": "screen", "TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.3a"}, False),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM_PROGRAM": "iTerm.app", "TERM_PROGRAM_VERSION": "3.5.1"}, True),
        ({"TERM_PROGRAM": "Apple_Terminal", "TERM_PROGRAM_VERSION": "455"}, False),
        ({"TERM_PROGRAM": "vscode", "TERM_PROGRAM_VERSION": "1.96.2"}, True),
        ({"TERM_PROGRAM": "vscode"}, False),
        ({"FORCE_HYPERLINK": "1"}, True),
        ({"FORCE_HYPERLINK": "1", "TERM": "dumb"}, False),
        ({"FORCE_HYPERLINK": "0", "TERM": "xterm-kitty"}, False),
    ],
    ids=str,
)
def test_terminals_with_hyperlinks(
    env: dict[str, str], known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told by what a terminal says of itself; never in a pipe, whatever is forced."""
    for name in (
        *("FORCE_HYPERLINK", "WT_SESSION", "DOMTERM", "KONSOLE_VERSION", "VTE_VERSION"),
        *("TERM_PROGRAM", "TERM_PROGRAM_VERSION"),
    ):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", **env}.items():
        monkeypatch.setenv(name, value)
    assert links.known(Terminal(io.BytesIO())) == known
    assert not links.known(io.StringIO())


@pytest.mark.parametrize(
    "target",
    ["https://a.example/\x1b\\x", "https://a.example/한", "ftp://a.example", "a.mp4", "/a\x07"],
)
def test_what_is_no_link(target: str) -> None:
    """Neither a URL with a character that does not belong there, nor a relative path."""
    assert links.linked("text", target) == "text"


def test_results_are_links(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A URL and a path on stdout, where the terminal has links; every odd character is coded."""
    monkeypatch.setenv("FORCE_HYPERLINK", "1")
    monkeypatch.setenv("TERM", "xterm")
    path = tmp_path / "a b;한.mp4"
    for kind in (Terminal, io.TextIOWrapper):
        stream = kind(io.BytesIO(), encoding="utf-8", newline="")
        monkeypatch.setattr(sys, "stdout", stream)
        Output().result(URL)
        Output().result(str(path))
        Output().block("fal", [("documents", "https://fal.ai/docs (x)")])
        assert isinstance(stream.buffer, io.BytesIO)
        first, second, _, third = stream.buffer.getvalue().decode().splitlines()
        text = "https://fal.ai/docs"
        if kind is Terminal:
            assert first == f"\x1b]8;;{URL}\x1b\\{URL}\x1b]8;;\x1b\\"
            link = re.fullmatch(r"\x1b\]8;;file://([^\x1b]*)\x1b\\(.*)\x1b\]8;;\x1b\\", second)
            assert link is not None
            assert link[1].endswith("/a%20b%3B%ED%95%9C.mp4")
            assert link[2] == str(path)
            assert re.search(rf"\x1b\]8;(id=\d+)?;{text}\x1b\\{text}\x1b\]8;;\x1b\\ ", third)
        else:
            assert (first, second, third) == (URL, str(path), f"  documents  {text} (x)")

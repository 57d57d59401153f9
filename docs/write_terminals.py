"""Draw the pictures of the documents from real runs in the sandbox: `make pictures`.

Each scene runs the installed program on a terminal of its own, keeps what appears there, and lets
rich export the screen as it was at one moment. Ids and times are those of the run, so that two runs
differ; a test holds the pictures to what a document needs of them.
"""

from __future__ import annotations

import fcntl
import html
import io
import itertools
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

FOLDER = Path(__file__).parent / "pictures"
HOME = "/home/me/film"
"""What the pictures call the folder in which they are made."""
_TAKES_AT_MOST = 120
_TEXT = re.compile(
    r'<text class="(?P<kind>[^"]+)" x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" '
    r'textLength="(?P<length>[\d.]+)" clip-path="(?P<clip>[^"]+)">(?P<text>[^<]*)</text>'
)
"""A text of rich's."""
_THEME = TerminalTheme(
    (27, 30, 36),
    (220, 223, 228),
    [
        *((27, 30, 36), (224, 108, 117), (152, 195, 121), (229, 192, 123)),
        *((97, 175, 239), (198, 120, 221), (86, 182, 194), (171, 178, 191)),
    ],
    [
        *((92, 99, 112), (224, 108, 117), (152, 195, 121), (229, 192, 123)),
        *((97, 175, 239), (198, 120, 221), (86, 182, 194), (255, 255, 255)),
    ],
)
_SHOTS = """id,prompt,duration,resolution
harbour,a paper boat leaves the harbour,4,480p
storm,it climbs a wave in a storm,4,720p
crane,종이학이 물 위에 내려앉는다,4,480p
bridge,it drifts below a bridge,4,480p
night,lanterns on the water,4,480p
shore,the sand of the far shore,4,480p
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture."""

    name: str
    typed: str
    """What stands behind the prompt."""
    width: int = 96
    """Columns."""
    moment: str | None = None
    """A pattern: the last screen that has it is drawn; None: the one at the end."""
    before: tuple[str, ...] = ()
    """What was run before, unseen."""
    seconds: str = "3"
    """How long a task takes."""


_THREE = (
    "seedance generate 'a paper boat leaves the harbour at dawn' -d 4 -r 480p --name harbour -o .",
    "seedance generate '종이학이 물 위에 내려앉는다' -d 4 -r 480p --name crane --wait",
    "seedance generate 'sandbox:fail a boat of glass' --name glass --wait",
)
SCENES = (
    Scene(
        "batch",
        "seedance batch shots.csv --jobs 3 --yes",
        moment=r"3/6 done · 3 running · about [1-4]s left",
        seconds="6",
    ),
    Scene(
        "generate", 'seedance generate "a paper boat on a rainy street" -o boat.mp4', seconds="4"
    ),
    Scene("list", "seedance list", before=_THREE, seconds="0"),
    Scene(
        "recover",
        "seedance recover",
        before=("seedance generate 'sandbox:lost-response a boat' -p seedance2ink -d 5",),
    ),
    Scene("price", "seedance price --all -d 5 -r 720p", width=104),
)


def main(names: list[str]) -> int:
    """Draw the scenes of these names; without any, all."""
    FOLDER.mkdir(exist_ok=True)
    for scene in SCENES:
        if not names or scene.name in names:
            path = FOLDER / f"{scene.name}.svg"
            path.write_text(drawn(scene), encoding="utf-8", newline="\n")
            sys.stdout.write(f"{path}\n")
    return 0


def drawn(scene: Scene) -> str:
    """A scene as SVG."""
    with tempfile.TemporaryDirectory(prefix="film-") as folder:
        place = Path(folder)
        env = _environment(place, scene)
        (place / "shots.csv").write_text(_SHOTS, encoding="utf-8")
        for line in scene.before:
            subprocess.run(["sh", "-c", line], cwd=place, env=env, check=False, capture_output=True)
        screen = Screen(scene.width)
        screen.feed(f"\x1b[1;32m$\x1b[0m {scene.typed}\r\n")
        lines = None
        for data in _run(scene.typed, place, env, scene.width):
            screen.feed(data.replace(str(place), HOME))
            if scene.moment is None or re.search(scene.moment, screen.text()):
                lines = screen.lines()
    if lines is None:
        raise SystemExit(f"{scene.name}: no screen has {scene.moment}")
    return svg(lines, scene.width, scene.name)


def svg(lines: list[str], width: int, name: str) -> str:
    """Lines with their colours as SVG, which asks for no font of another machine."""
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True)
    for line in lines:
        console.print(Text.from_ansi(line), no_wrap=True, overflow="ignore", crop=True)
    text = console.export_svg(title="seedance", theme=_THEME, unique_id=name)
    text = re.sub(r"@font-face \{.*?\}\s*", "", text, flags=re.DOTALL)
    text = _TEXT.sub(_parted, text)
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)


def _parted(found: re.Match[str]) -> str:
    """A text's wide and narrow parts, each in its place: rich takes all characters for narrow."""
    text = html.unescape(found["text"])
    width = float(found["length"]) / max(1, len(text))
    parts, at = [], float(found["x"])
    for wide, run in itertools.groupby(text, _is_wide):
        part = "".join(run)
        length = width * len(part) * (2 if wide else 1)
        shown = html.escape(part).replace(" ", "&#160;").replace("\xa0", "&#160;")
        parts.append(
            f'<text class="{found["kind"]}" x="{at:.1f}" y="{found["y"]}" '
            f'textLength="{length:.1f}" clip-path="{found["clip"]}">{shown}</text>'
        )
        at += length
    return "".join(parts) if len(parts) > 1 else found[0]


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"


def _environment(place: Path, scene: Scene) -> Mapping[str, str]:
    state = place / ".state"
    config = state / "config.toml"
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(place),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "SEEDANCE_SANDBOX": "1",
        "SEEDANCE_SANDBOX_SECONDS": scene.seconds,
        "SEEDANCE_STATE_DIR": str(state),
        "SEEDANCE_CONFIG": str(config),
    }


def _run(typed: str, place: Path, env: Mapping[str, str], width: int) -> Iterator[str]:
    """Run a line on a terminal; what appears there, as it comes."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, width, 0, 0))
    process = subprocess.Popen(
        ["sh", "-c", typed], cwd=place, env=env, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    end = time.monotonic() + _TAKES_AT_MOST
    left = b""
    try:
        while time.monotonic() < end and select.select([ours], [], [], _TAKES_AT_MOST)[0]:
            try:
                data = os.read(ours, 65536)
            except OSError:  # its last user has gone
                return
            if not data:
                return
            whole = (left + data).decode("utf-8", "ignore")
            left = (left + data)[len(whole.encode()) :]
            yield whole
    finally:
        process.kill()
        process.wait()
        os.close(ours)


class Screen:
    """A terminal of endless height, as far as this program uses one."""

    _CONTROL = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\r\n\b]")

    def __init__(self, width: int) -> None:
        self._width = width
        self._cells: list[list[tuple[str, str]]] = [[]]
        """Lines of a character and the colours that it has."""
        self._row = self._column = 0
        self._style = ""
        self._rest = ""

    def feed(self, data: str) -> None:
        """Take what a program writes."""
        data = self._rest + data
        cut = data.rfind("\x1b")
        half = cut >= 0 and not self._CONTROL.match(data, cut)
        self._rest = data[cut:] if half else ""
        data = data[:cut] if half else data
        at = 0
        for found in self._CONTROL.finditer(data):
            self._put(data[at : found.start()])
            at = found.end()
            if found[2]:
                self._move(found[1], found[2])
            elif found[0] == "\r":
                self._column = 0
            elif found[0] == "\n":
                self._go(self._row + 1)
            elif found[0] == "\b":
                self._column = max(0, self._column - 1)
        self._put(data[at:])

    def lines(self) -> list[str]:
        """The lines, with their colours as control sequences."""
        found = []
        for cells in self._cells:
            text, last = "", ""
            for char, style in cells:
                if style != last:
                    text += f"\x1b[0m{style}"
                    last = style
                text += char
            found.append(f"{text}\x1b[0m".rstrip())
        while found and not re.sub(r"\x1b\[[0-9;]*m", "", found[-1]).strip():
            found.pop()
        return found

    def text(self) -> str:
        """The screen without colours."""
        return "\n".join("".join(char for char, _ in cells) for cells in self._cells)

    def _put(self, text: str) -> None:
        for char in text:
            wide = _is_wide(char)
            if self._column + wide >= self._width:
                self._go(self._row + 1)
                self._column = 0
            line = self._cells[self._row]
            line += [(" ", "")] * (self._column - len(line))
            line[self._column : self._column + 1 + wide] = [(char, self._style)] + [
                ("", self._style)
            ] * wide
            self._column += 1 + wide

    def _go(self, row: int) -> None:
        self._row = max(0, row)
        while len(self._cells) <= self._row:
            self._cells.append([])

    def _move(self, given: str, what: str) -> None:
        numbers = [int(part) for part in given.split(";") if part.isdigit()]
        count = numbers[0] if numbers else 1
        moves: dict[str, Callable[[], None]] = {
            "A": lambda: self._go(self._row - count),
            "B": lambda: self._go(self._row + count),
            "F": lambda: self._go(self._row - count),
            "K": lambda: self._erase(numbers[0] if numbers else 0),
            "J": self._erase_below,
        }
        if what == "m":
            self._style = "" if given in {"", "0"} else f"{self._style}\x1b[{given}m"
        elif what == "C":
            self._column += count
        elif what == "D":
            self._column = max(0, self._column - count)
        elif what == "G":
            self._column = count - 1
        elif what in moves:
            moves[what]()
            if what == "F":
                self._column = 0

    def _erase(self, how: int) -> None:
        line = self._cells[self._row]
        if how == 0:
            del line[self._column :]
        else:
            line.clear()

    def _erase_below(self) -> None:
        del self._cells[self._row + 1 :]
        del self._cells[self._row][self._column :]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

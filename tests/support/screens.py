"""A terminal of its own, without a process: what a program draws, as the lines a person sees."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rich.cells import cell_len

_PARTS = re.compile(r"\x1b\[(\??[\d;]*)([A-Za-z])|(.)", re.DOTALL)

_BEGUN = re.compile(r"(?:\x1b(?:\[\??[\d;]*)?)?$")


@dataclass
class Screen:
    """As a stream it takes what is written; `lines` is what stands there, `past` scrolled away.

    It folds its lines when it is made narrower and joins them again when it is made wider, as most
    terminals do. It knows what the live view uses, and fails on anything else.
    """

    columns: int
    height: int = 24
    encoding: str = "utf-8"
    rows: list[str] = field(default_factory=lambda: [""])
    """All rows ever, the newest `height` of them on the screen."""
    folded: list[bool] = field(default_factory=lambda: [False])
    """Whether a row goes on in the next one."""
    row: int = 0
    column: int = 0
    folds: bool = True
    hidden: bool = False
    """Whether the cursor is."""
    _begun: str = ""

    def write(self, text: str) -> int:
        whole = self._begun + text  # a sequence may come in two pieces
        begun = _BEGUN.search(whole)
        self._begun = "" if begun is None else begun[0]
        for code, letter, char in _PARTS.findall(whole.removesuffix(self._begun)):
            if char:
                self._put(char)
            else:
                self._obey(code, letter)
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        """What is on the screen, without empty lines at its end."""
        return "\n".join(self.rows[self._top :]).rstrip("\n").split("\n")

    @property
    def past(self) -> list[str]:
        """What has scrolled away."""
        return self.rows[: self._top]

    def resize(self, columns: int) -> None:
        """Make it narrower or wider."""
        rows, at = [""], 0
        for number, (text, more) in enumerate(zip(self.rows, self.folded, strict=True)):
            if number == self.row:
                at = len(rows) - 1
            rows[-1] += text
            if not more and number < len(self.rows) - 1:
                rows.append("")
        self.rows, self.folded, self.columns = [], [], columns
        for number, text in enumerate(rows):
            if number == at:
                self.row = len(self.rows)
            pieces = [text[start : start + columns] for start in range(0, len(text), columns)]
            self.rows += pieces or [""]
            self.folded += [True] * (len(pieces) - 1) + [False]

    @property
    def _top(self) -> int:
        return max(0, len(self.rows) - self.height)

    def _put(self, char: str) -> None:
        if char == "\n":  # a terminal makes \r\n of it
            self.column, self.row = 0, self.row + 1
            if self.row == len(self.rows):
                self.rows.append("")
                self.folded.append(False)
            return
        if char == "\r":
            self.column = 0
            return
        if self.column + cell_len(char) > self.columns:
            if not self.folds:
                return
            self.folded[self.row] = True
            self._put("\n")
        line = self.rows[self.row].ljust(self.column)
        self.rows[self.row] = line[: self.column] + char + line[self.column + 1 :]
        self.column += 1

    def _obey(self, code: str, letter: str) -> None:
        match code, letter:
            case "?25", _:
                self.hidden = letter == "l"
            case "?7", _:
                self.folds = letter == "h"
            case _, "m":
                pass
            case _, "A":
                self.row = max(self._top, self.row - int(code or 1))
            case _, "K":
                self.rows[self.row] = self.rows[self.row][: self.column]
                self.folded[self.row] = False
            case _, "J" if self.row == self._top and self.column == 0:
                raise AssertionError("tmux keeps a screen that is cleared whole in its history")
            case _, "J":
                self._obey("", "K")
                del self.rows[self.row + 1 :], self.folded[self.row + 1 :]
            case _:
                raise AssertionError(f"\\e[{code}{letter} is not known")

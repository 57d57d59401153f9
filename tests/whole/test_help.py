"""Every help text, in every encoding, at every width: nothing is cut, lost or fatal."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from seedance_cli import providers
from seedance_cli.cli.program import main
from seedance_cli.models.naming import FIELDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.runner import Run

COMMANDS = [
    *("", "generate", "status", "wait", "cancel", "price", "providers", "list", "recover"),
    *("retry", "download", "dismiss", "batch", "spend", "login", "logout", "sandbox", "profile"),
    *(f"profile {name}" for name in ("list", "show", "use", "set", "unset", "remove", "path")),
]
ENCODINGS = ["utf-8", "latin-1", "ascii", "cp437", "cp850", "cp1252", "utf-16"]
WIDTHS = ["", "0", "1", "19", "20", "40", "60", "80", "132", "9999", "-5", "abc", "\u0663"]


class Stream(io.TextIOWrapper):
    """A stdout that refuses what its encoding lacks, as Python's own does."""

    def __init__(self, encoding: str, *, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, errors="strict", newline="")
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def text(self) -> str:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode(self.encoding)


def printed(
    patch: pytest.MonkeyPatch, argv: Sequence[str], encoding: str, *, terminal: bool = False
) -> str:
    """What a command writes to a stdout of that encoding; it must end well and say nothing else."""
    out, err = Stream(encoding, terminal=terminal), Stream(encoding)
    with patch.context() as here:
        here.setattr(sys, "stdout", out)
        here.setattr(sys, "stderr", err)
        code = main(list(argv))
    assert (code, err.text()) == (0, "")
    return out.text()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_encoding_and_width(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words are the same everywhere, nothing is cut, and the lines fit."""
    words = None
    for width in WIDTHS:
        monkeypatch.setenv("COLUMNS", width)
        for encoding in ENCODINGS:
            text = printed(monkeypatch, [*command.split(), "--help"], encoding)
            words = words or text.split()
            assert text.split() == words
        columns = int(width) if width in {"20", "40", "60", "80"} else 100
        for line in text.partition("Examples:")[0].splitlines():
            assert len(line) <= columns or len(line.split()) <= 3, line
        assert text.isascii()
        assert "--help" in text
    assert "{" not in text.partition("\n\n")[0]


@pytest.mark.parametrize("command", ["generate", "profile"])
def test_colours_are_for_terminals(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal names and headings stand out, without another word; NO_COLOR counts."""
    monkeypatch.setenv("TERM", "xterm")
    plain = printed(monkeypatch, [command, "-h"], "ascii")
    coloured = printed(monkeypatch, [command, "-h"], "ascii", terminal=True)
    assert "\x1b[" not in plain
    assert "\x1b[36m-h, --help\x1b[0m" in coloured
    assert re.sub(r"\x1b\[\d*m", "", coloured) == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert printed(monkeypatch, [command, "-h"], "ascii", terminal=True) == plain


@pytest.mark.parametrize(
    "variable",
    ["TERMINAL_WIDTH=abc", "TYPER_USE_RICH=abc", "GITHUB_ACTIONS=1", "UNICODE_VERSION=abc"],
)
def test_variables_of_the_libraries(variable: str) -> None:
    """What Typer and rich read from the environment changes nothing, and rich is not loaded."""
    name, _, value = variable.partition("=")
    code = "import sys; from seedance_cli.cli import main; main(); assert 'rich' not in sys.modules"
    argument = [sys.executable, "-c", code, "wait", "--help"]
    plain = subprocess.run(argument, capture_output=True, text=True, check=True)
    env = {**os.environ, name: value}
    done = subprocess.run(argument, capture_output=True, text=True, check=True, env=env)
    assert (done.stdout, done.stderr) == (plain.stdout, "")


def test_what_rich_took_for_markup(run: Run) -> None:
    """Brackets in a help text are text."""
    assert (
        "[default: SEEDANCE_SANDBOX_SECONDS, or 5]"
        in run("sandbox", "-h", env={"COLUMNS": "100"}).out
    )


def test_usage_names_what_a_user_types(run: Run) -> None:
    """Required words bare, others in brackets, hidden ones not at all."""
    assert run("profile", "set", "-h").out.startswith(
        "Usage: seedance profile set [OPTIONS] NAME KEY VALUE\n"
    )
    assert run("cancel", "-h").out.startswith("Usage: seedance cancel [OPTIONS] REF...\n")
    assert run("login", "-h").out.startswith("Usage: seedance login [OPTIONS] PROVIDER\n")


def test_options_stand_by_purpose(run: Run) -> None:
    """Request, media, money, result, provider, output; every option is in one of them."""
    text = run("generate", "-h").out
    heads = [line for line in text.splitlines() if line.endswith(":") and line[0].isupper()]
    assert heads == [
        *("Arguments:", "Request:", "Media:", "Money:", "Result:", "Provider:", "Output:"),
        "Examples:",
    ]
    for name, head in (("--image", "Media:"), ("--seed", "Request:"), ("--help", "Output:")):
        assert text.rindex("\n\n", 0, text.index(f" {name}")) + 2 == text.index(head)


def test_the_root_has_examples_and_exit_codes(run: Run) -> None:
    """The codes of the contract, each with its meaning, and lines to copy."""
    text = run("-h", env={"COLUMNS": "100"}).out
    codes = text.partition("Exit codes:\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split("  ")[1] for line in codes if line[2] != " "] == [
        *(str(code) for code in range(12)),
        "130, 143, 129",
    ]
    assert text.partition("Examples:\n")[2].startswith("  seedance generate ")


def test_help_names_what_can_be_typed(run: Run) -> None:
    """The fields of -o, the providers, and ranges in words."""
    for command in ("generate", "download", "batch"):
        text = " ".join(run(command, "-h").out.split())
        assert f"Fields: {' '.join(f'{{{one}}}' for one in FIELDS)}." in text
    for command in ("login", "logout"):
        assert f"{', '.join(providers.names())}." in " ".join(run(command, "-h").out.split())
        missing = run(command)
        assert missing.code == 2
        assert f"seedance {command} PROVIDER; the providers are byteplus, " in missing.err
    assert "seedance profile set NAME KEY VALUE; " in run("profile", "set").err
    assert "from 0 to 65535]" in " ".join(run("sandbox", "-h").out.split())
    assert "from 1 on]" in " ".join(run("list", "-h").out.split())
    assert "'99999' is not within 0 and 65535." in run("sandbox", "--port", "99999").err
    for command in COMMANDS:
        assert "<=" not in run(*command.split(), "-h").out


def test_a_group_alone_is_its_help(run: Run) -> None:
    """Both print the same page once, and end with 0."""
    for argv in ([], ["profile"]):
        assert run(*argv) == run(*argv, "-h")
        assert run(*argv).out.count("Usage:") == 1


TABLES = [
    ["price", "-p", "runbase"],
    ["price", "-p", "seedanceapi", "-d", "8"],
    ["providers", "-q"],  # without the line that says what there was no room for
    ["profile", "show"],
]


@pytest.mark.parametrize("argv", TABLES, ids=" ".join)
def test_tables_in_every_encoding(argv: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What other commands lay out on a terminal, in these encodings and widths."""
    monkeypatch.setenv("TERM", "xterm")
    for width in ("0", "1", "20", "40", "80"):
        monkeypatch.setenv("COLUMNS", width)
        texts = [printed(monkeypatch, argv, one, terminal=True) for one in ENCODINGS]
        assert len({"".join(text.split()) for text in texts}) == 1


@pytest.mark.parametrize("stdout", [None, "closed"])
def test_help_without_a_stdout(stdout: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A help text that cannot be written is exit 10, as any result."""
    stream = Stream("utf-8") if stdout else None
    if stream is not None:
        stream.close()
    monkeypatch.setattr(sys, "stdout", stream)
    err = Stream("utf-8")
    monkeypatch.setattr(sys, "stderr", err)
    assert main(["wait", "--help"]) == 10
    assert len(err.text().splitlines()) == 1

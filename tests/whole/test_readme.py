"""What the README and the help texts show has to be what the program takes."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

import seedance_cli
from seedance_cli import providers
from seedance_cli.cli import program as cli

README = Path(seedance_cli.__file__).parent.parent / "README.md"
DOCUMENTS = (README, *sorted((README.parent / "docs").glob("*.md")))
TABLES = runpy.run_path(str(README.parent / "docs" / "write_tables.py"))
NOT_TYPED = ("seedance:", "/", "docker ", "export ")
PARTS = ("TASK_ID", "${", "{1}", "$(")
"""What makes words of a script that are no whole command by themselves."""
COMMAND = re.compile(r"seedance (?=[a-z-])[^\n|)&#<`]*")


def whole() -> Any:
    """The command tree, with every command built."""
    root: Any = typer.main.get_command(cli.app)
    context = root.make_context("seedance", [], resilient_parsing=True)
    for name in root.list_commands(context):
        root.get_command(context, name)
    return root


ROOT = whole()


def shown() -> list[str]:
    """Every `seedance …` in the documents' code blocks, as typed."""
    found = set()
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for block in re.findall(r"```(?:console|sh)\b[^\n]*\n(.*?)```", text, re.DOTALL):
            whole = block.replace("\\\n", " ")
            lines = [line for line in whole.splitlines() if not line.startswith(NOT_TYPED)]
            matches = [COMMAND.search(line) for line in lines]
            found |= {match[0].strip() for match in matches if match}
    return sorted(line for line in found if not any(word in line for word in PARTS))


def helped() -> list[str]:
    """Every example in the help of a command."""
    commands = list(ROOT.commands.values())
    for command in list(commands):
        commands += getattr(command, "commands", {}).values()
    texts = [command.epilog or "" for command in commands]
    return sorted({match[0].strip() for text in texts for match in COMMAND.finditer(text)})


def parse(words: list[str]) -> None:
    """Let the option parser take the words; nothing is run."""
    command = ROOT
    while hasattr(command, "commands") and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    if not words and hasattr(command, "commands"):
        return
    command.make_context("seedance", list(words))


@pytest.mark.parametrize("line", [*shown(), *helped()])
def test_every_command_shown_is_one_the_program_takes(line: str) -> None:
    """A command that the README or a help text shows is accepted as it is written."""
    closed = line if line.count('"') % 2 == 0 else f'{line}"'
    words = shlex.split(closed)[1:]
    if words[:1] not in (["--version"], ["--help"], ["--show-completion"]):
        parse(words)


def test_the_readme_shows_commands() -> None:
    """The search above finds the README's commands, so that it cannot pass by finding none."""
    assert len(shown()) > 10
    assert len(helped()) > 20


@pytest.mark.parametrize("path", TABLES["FILES"], ids=lambda path: path.name)
def test_the_tables_are_those_of_the_program(path: Path) -> None:
    """The tables of the sellers are what `make tables` writes."""
    text = path.read_text(encoding="utf-8")
    assert "<!-- table " in text
    assert TABLES["written"](text) == text, "make tables"


def test_the_readme_names_every_provider_and_exit_code() -> None:
    """The tables of the README cover every provider and every exit code of the contract."""
    text = README.read_text(encoding="utf-8")
    for name in providers.names():
        assert f"`{name}`" in text
        assert providers.get(name).info.key_env in text
    for code in (*range(12), 130, 143, 129):
        assert re.search(rf"^\|.*\b{code}\b.*\|", text, re.MULTILINE), code

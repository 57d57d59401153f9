"""The command line as a whole: help, version, usage errors, and the one error boundary."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

import seedance_cli
from seedance_cli.cli import program
from seedance_cli.cli.commands import price

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.runner import Run, Spawn

COMMANDS = [
    *("generate", "status", "wait", "cancel", "price", "providers", "list", "recover"),
    *("login", "logout", "sandbox"),
    *(f"profile {name}" for name in ("list", "show", "use", "set", "unset", "remove", "path")),
]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(command: str, option: str, run: Run) -> None:
    """Every command has help with two runnable examples, and the options that all have."""
    done = run(*command.split(), option, env={"COLUMNS": "200"})
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    examples = lines[next(i for i, line in enumerate(lines) if "Examples:" in line) + 1 :]
    assert sum(f"seedance {command}" in line for line in examples) >= 2, examples
    for name in ("--json", "--quiet", "-q", "--verbose", "-v"):
        assert name in done.out


@pytest.mark.parametrize("command", ["generate", "status", "wait", "cancel", "recover"])
def test_commands_that_reach_a_provider(command: str, run: Run) -> None:
    """They have -p/--provider, --profile and --sandbox."""
    text = run(command, "-h", env={"COLUMNS": "200"}).out
    for name in ("-p", "--provider", "--profile", "--sandbox"):
        assert name in text


def test_the_commands_are_these(run: Run) -> None:
    """`seedance` alone prints the help, with every command in it, as `gh` does: exit 0."""
    done = run()
    assert (done.code, done.err) == (0, "")
    for command in COMMANDS:
        assert f" {command.split()[0]} " in done.out
    assert run("profile").code == 0
    assert run("--help").out.strip() == done.out.strip()


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version(option: str, run: Run) -> None:
    """The name and the version, in both ways that lead there."""
    assert run(option).out == f"seedance {seedance_cli.__version__}\n"
    code = [sys.executable, "-m", "seedance_cli", option]
    done = subprocess.run(code, capture_output=True, text=True, check=True)
    assert done.stdout == f"seedance {seedance_cli.__version__}\n"
    assert run(option, "list").out == f"seedance {seedance_cli.__version__}\n"


@pytest.mark.parametrize("words", ["--version -v", "-v --version", "-V --verbose", "-v -V"])
def test_which_seedance_this_is(words: str, run: Run) -> None:
    """With -v it is also told from where: other projects install a command of this name."""
    lines = run(*words.split()).out.splitlines()
    assert lines[0] == f"seedance {seedance_cli.__version__}"
    assert [line.split()[0] for line in lines[1:]] == ["program", "package", "python"]
    assert lines[2].split(maxsplit=1)[1] == str(Path(seedance_cli.__file__).parent)
    assert lines[3].endswith(sys.executable)
    code = [sys.executable, "-m", "seedance_cli", *words.split()]
    done = subprocess.run(code, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[::2] == lines[::2]


def test_the_version_in_a_folder_that_cannot_be_shown(spawn: Spawn, tmp_path: Path) -> None:
    """A folder's name is a text from elsewhere: made safe, and fit for the encoding."""
    odd = tmp_path / "a\x1b]0;x\x07\udcff\u4e2d"
    odd.mkdir()
    (odd / "seedance_cli").symlink_to(Path(seedance_cli.__file__).parent)
    env = {"PYTHONPATH": str(odd), "PYTHONIOENCODING": "ascii"}
    done = spawn("--version", "-v", env=env).finish()
    assert done.code == 0
    assert done.out_bytes.isascii()
    assert b"\x1b" not in done.out_bytes


def test_no_hint_names_what_an_index_may_hold() -> None:
    """This program is on no index: whoever takes its name there must not be installed instead."""
    root = Path(__file__).parents[2]
    files = [*root.glob("*.md"), *root.glob("docs/*.md"), *root.glob("seedance_cli/**/*.py")]
    for path in files:
        text = path.read_text(encoding="utf-8")
        for line in re.findall(
            r"^.*(?:pip install|pipx install|pipx run|uvx|uv tool).*$", text, re.MULTILINE
        ):
            assert re.search(r"'\.\[(postgres,)?sandbox\]'", line), f"{path.name}: {line}"
        assert "seedance[" not in text, path.name


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["genrate"], ["No such command 'genrate'", "'generate'"]),
        (["profile", "frob"], ["No such command", "seedance profile --help"]),
        (["generate", "--frob", "x"], ["--frob", "seedance generate --help"]),
        (["cancel"], ["REF...", "seedance cancel --help"]),
        (["list", "--limit", "x"], ["--limit", "seedance list --help"]),
        (["list", "--limit", "0"], ["--limit", "seedance list --help"]),
        (["list", "extra"], ["extra", "seedance list --help"]),
        (["sandbox", "--port", "99999"], ["--port", "seedance sandbox --help"]),
        (["--frob"], ["--frob", "seedance --help"]),
    ],
)
def test_usage_errors(argv: list[str], words: list[str], run: Run) -> None:
    """What the parser refuses: exit 2, what and where to look, JSON where it was asked for."""
    done = run(*argv)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("seedance: error: ")
    for word in words:
        assert word in done.err
    assert len(done.err.splitlines()) == 2
    asked = run(*argv, "--json")
    assert (asked.code, asked.out) == (2, "")
    assert asked.error.items() >= {"code": "usage", "exit_code": 2, "retry_safe": True}.items()


ODD_NUMBERS = ["2_8", "\uff12\uff18", "\u0662\u0668", "1e3", "0x1c", "nan"]


@pytest.mark.parametrize("text", ODD_NUMBERS)
@pytest.mark.parametrize(
    "argv",
    [
        ("list", "--limit"),
        ("list", "--since"),
        ("sandbox", "--port"),
        ("sandbox", "--seconds"),
        ("generate", "x", "--seed"),
        ("generate", "x", "-d"),
        ("generate", "x", "--max-cost"),
        ("wait", "--timeout"),
        ("wait", "--interval"),
    ],
    ids=" ".join,
)
def test_a_number_is_plain_digits(run: Run, argv: tuple[str, ...], text: str) -> None:
    """What Python would read as a number, and nobody else, is a slip: 2, naming the option."""
    done = run(*argv, text)
    assert (done.code, done.out) == (2, "")
    assert argv[-1].lstrip("-")[0] in done.err
    assert text in done.err


def test_every_number_of_every_command_is_plain_digits(run: Run) -> None:
    """Whatever options there are, and are to come."""
    tried = 0
    for path, command in commands(typer.main.get_command(program.app)):
        for param in command.params:
            kinds = {one.__name__ for one in type(param.type).__mro__}
            if not kinds.isdisjoint({"IntParamType", "FloatParamType"}):
                done = run(*path, param.opts[0], "1_0")
                assert (done.code, "'1_0' is not a plain number" in done.err) == (2, True), path
                tried += 1
    assert tried > 5


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each command below, with the words that name it."""
    below = getattr(command, "list_commands", None)
    if below is None:
        yield path, command
        return
    for name in below(None):
        yield from commands(command.get_command(None, name), (*path, name))


def test_the_error_line_of_json(run: Run) -> None:
    """With --json stderr ends with one line that has every key of the contract."""
    done = run("generate", "x", "--json", "-q")
    assert list(done.error) == [
        *("code", "exit_code", "message", "hint", "provider"),
        *("http_status", "retry_safe", "ref", "intent"),
    ]
    assert done.out == ""
    assert done.err.splitlines()[0] == f"seedance: error: {done.error['message']}"


def test_a_bug_keeps_its_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug: exit 1 with the traceback, without the values of variables, and `internal`."""

    def broken(*_: object) -> None:
        secret = "canary-4f3a91c2"
        raise ZeroDivisionError(len(secret))

    monkeypatch.setattr(price, "_print_table", broken)
    done = run("price", "--json")
    assert (done.code, done.out) == (1, "")
    assert "Traceback" in done.err
    assert done.error["code"] == "internal"
    assert done.error["retry_safe"] is False


@pytest.mark.parametrize(
    "words",
    [
        ["providers"],
        ["profile", "list"],
        ["recover"],
        ["list", "--json"],
        ["logout", "runbase"],
        ["--show-completion", "bash"],
    ],
)
def test_commands_without_a_network_load_little(words: list[str]) -> None:
    """They load neither httpx nor rich nor the sandbox's server."""
    code = (
        "import sys; from seedance_cli.__main__ import main\n"
        "main()\n"
        "heavy = {'httpx', 'rich', 'asyncio', 'starlette', 'av', 'PIL'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    argument = [sys.executable, "-c", code, *words]
    done = subprocess.run(argument, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["--show-completion", "bash"]])
def test_a_text_that_cannot_be_written_is_no_bug(words: list[str], spawn: Spawn) -> None:
    """Help, version and scripts onto a full disk exit 10, without a traceback."""
    with Path("/dev/full").open("w") as full:
        result = spawn(*words, stdout=full.fileno()).finish()
    assert result.code == 10
    assert "Traceback" not in result.err


def test_cancel_without_an_endpoint_needs_no_key(run: Run) -> None:
    """Where there is nothing to cancel with, that is the answer (4), key or no key."""
    result = run("cancel", "runbase:t1")
    assert result.code == 4
    assert "no cancel endpoint" in result.err


def test_a_video_onto_a_full_disk_is_10(spawn: Spawn) -> None:
    """`-o -` that cannot be written exits 10 with the way back to the task, not 120."""
    with Path("/dev/full").open("w") as full:
        words = ("generate", "a boat", "--sandbox", "-d", "4", "-r", "480p", "-o", "-")
        env = {"SEEDANCE_SANDBOX_SECONDS": "0"}
        result = spawn(*words, stdout=full.fileno(), env=env).finish()
    assert result.code == 10
    assert "seedance wait seedanceapi:" in result.err

"""Tab completion in real shells, and the scripts that are shipped for them."""

from __future__ import annotations

import os
import pty
import re
import runpy
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seedance_cli.clock import SystemClock
from seedance_cli.commands import _shells, _tab
from seedance_cli.ledger import Ledger
from seedance_cli.models import Status, Task
from support import ledgers

if TYPE_CHECKING:
    from support.runner import Run

FOLDER = Path(__file__).parents[1] / "completions"
FILES = {
    "bash": "seedance.bash",
    "zsh": "_seedance",
    "fish": "seedance.fish",
    "powershell": "seedance.ps1",
}
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(seedance --show-completion bash)"'),
    "zsh": (
        ["zsh", "-f", "-i"],
        'autoload -U compinit; compinit -uD; bindkey -e; eval "$(seedance --show-completion zsh)"',
    ),
    "fish": (["fish", "--no-config", "-i"], "seedance --show-completion fish | source"),
}
CONFIG = '[profiles.work]\nprovider = "runbase"\n\n[profiles.play]\nprovider = "defapi"\n'

OWNER = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execvp(sys.argv[1], sys.argv[1:])"
)
"""Makes the pseudo-terminal the shell's own; fish insists."""

# What is typed, and the words of the line after one Tab.
CASES = [
    ("seedance gener", "seedance generate"),
    ("seedance profile unse", "seedance profile unset"),
    ("seedance generate --max", "seedance generate --max-cost"),
    ("seedance generate -p run", "seedance generate -p runbase"),
    ("seedance generate 'a paper boat' -p run", "seedance generate|a paper boat|-p runbase"),
    ("seedance generate -p runbase -m byte", "seedance generate -p runbase -m <model>"),
    ("seedance generate -p runbase -d 1", "seedance generate -p runbase -d 12"),
    ("seedance generate -p seedanceapi -r 7", "seedance generate -p seedanceapi -r 720p"),
    ("seedance generate -a 16", "seedance generate -a 16:9"),
    ("seedance generate -a 16:", "seedance generate -a 16:9"),
    ("seedance generate --provider=run", "seedance generate --provider=runbase"),
    ("seedance generate --aspect-ratio=16:", "seedance generate --aspect-ratio=16:9"),
    ("seedance list --status suc", "seedance list --status succeeded"),
    ("seedance status --profile wo", "seedance status --profile work"),
    ("seedance generate -f the-pro", "seedance generate -f the-prompt.txt"),
]
QUICK = [case for case in CASES if case[0].endswith(("gener", "-a 16:"))]


class Terminal:
    """A shell on a pseudo-terminal, typed to as a person would."""

    def __init__(self, argument: list[str], env: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        self._seen = bytearray()
        self._popen = subprocess.Popen(
            [sys.executable, "-c", OWNER, *argument],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=env,
            start_new_session=True,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        try:
            while data := os.read(self._master, 65536):
                self._seen += data
        except OSError:  # the shell has gone
            return

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def wait_for(self, pattern: str, timeout: float = 20) -> re.Match[str]:
        """The first match in what came after the last one; it is taken out."""
        end = time.monotonic() + timeout
        while True:
            text = self._seen.decode(errors="replace")
            found = re.search(pattern, text, re.DOTALL)
            if found:
                self._seen = bytearray(text[found.end() :].encode())
                return found
            assert time.monotonic() < end, f"{pattern} is not in {text!r}"
            time.sleep(0.01)

    def close(self) -> None:
        self._popen.kill()
        self._popen.wait(10)
        self._reader.join(10)
        os.close(self._master)


@pytest.mark.parametrize("shell", SHELLS)
def test_tab_in_a_real_shell(shell: str) -> None:
    """Tab completes commands, and values with a colon in them."""
    press_tab(shell, QUICK)


@pytest.mark.full
@pytest.mark.parametrize("shell", SHELLS)
def test_tab_on_everything(shell: str) -> None:
    """Tab completes options and values of every kind, wherever they stand."""
    press_tab(shell, CASES)


def press_tab(shell: str, cases: list[tuple[str, str]]) -> None:
    argument, setup = SHELLS[shell]
    if shutil.which(argument[0]) is None:
        pytest.skip(f"{shell} is not installed")
    config = Path(os.environ["SEEDANCE_CONFIG"])
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(CONFIG)
    config.chmod(0o600)
    Path("the-prompt.txt").write_text("a boat")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "TERM": "dumb", "COLUMNS": "200", "HISTFILE": ""}
    terminal = Terminal(argument, env)
    try:
        terminal.type(f"{setup}; echo rea''dy\r")
        terminal.wait_for("ready")
        for typed, expected in cases:
            # The shell itself shows which words the line has: it is made an argument of printf.
            terminal.type(f"{typed}\t\x01printf '<%s>' begin''ning \x05 end''ing\r")
            found = terminal.wait_for("<beginning>(.*)<ending>")[1]
            words = expected.replace("<model>", "bytedance/seedance-1.5-pro")
            parts = words.split("|")
            wanted = [*parts[0].split(), *parts[1:2], *"".join(parts[2:]).split()]
            assert found.strip("<>").split("><") == wanted, typed
    finally:
        terminal.close()


@pytest.mark.parametrize("shell", FILES)
def test_the_scripts_shipped_are_the_programs_own(shell: str, run: Run) -> None:
    """`completions/` holds what `--show-completion` prints, byte for byte."""
    shipped = (FOLDER / FILES[shell]).read_bytes()
    assert run("--show-completion", shell).out_bytes == shipped


def test_write_makes_every_file(tmp_path: Path) -> None:
    """`completions/write.py` writes each script beside itself, as it lies in the repository."""
    copy = tmp_path / "write.py"
    copy.write_bytes((FOLDER / "write.py").read_bytes())
    with pytest.raises(SystemExit, match="0"):
        runpy.run_path(str(copy), run_name="__main__")
    assert {path.name for path in tmp_path.glob("*seedance*")} == set(FILES.values())
    for name in FILES.values():
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()


def test_an_unknown_shell_is_refused(run: Run) -> None:
    """A shell without a script: exit 2, naming those that have one."""
    done = run("--show-completion", "tcsh")
    assert done.code == 2
    assert "bash, zsh, fish, powershell" in done.err


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("seedance generate -p defapi -d ", ["5", "10", "15"]),
        ("seedance generate -p seedance2ink -m seedance-1.5-pro -d ", ["5", "10"]),
        ("seedance generate -p seedanceapi -m ", []),
        ("seedance generate -p defapi -r ", []),
        ('seedance generate "a boat', []),
        ("seedance list --status c", ["cancelled"]),
    ],
)
def test_what_is_offered(line: str, offered: list[str]) -> None:
    """Values are those that the chosen provider and model allow; elsewhere nothing is offered."""
    assert ask(line) == (offered, "")


def test_the_environment_names_the_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without -p, SEEDANCE_PROVIDER decides which values are offered."""
    monkeypatch.setenv("SEEDANCE_PROVIDER", "defapi")
    assert ask("seedance generate -d ") == (["5", "10", "15"], "")


def test_tab_loads_nothing_heavy() -> None:
    """A Tab that needs no ledger loads neither rich nor httpx nor sqlite3."""
    assert ask("seedance generate -p ", loaded="rich httpx sqlite3 asyncio")[1] == ""


def ask(line: str, loaded: str = "") -> tuple[list[str], str]:
    """What the program answers a completion script, and which of these modules it has loaded."""
    code = (
        "import sys\n"
        "from seedance_cli.__main__ import main\n"
        "try:\n    main()\n"
        "finally:\n    sys.stderr.write(' '.join(set(sys.argv[1].split()) & set(sys.modules)))\n"
    )
    env = {**os.environ, _shells.ASKED: "complete_bash", _shells.LINE: line}
    done = subprocess.run(
        [sys.executable, "-c", code, loaded], env=env, capture_output=True, text=True, check=True
    )
    return done.stdout.split(), done.stderr


class Context:
    """The part of a `typer.Context` that a completer reads."""

    def __init__(self, **params: Any) -> None:
        self.params = params


def refs(incomplete: str = "", **params: Any) -> list[str]:
    context: Any = Context(**params)
    return _tab.refs(context, incomplete)


def test_refs_on_tab(home: Path) -> None:
    """Unfinished tasks come first, then the others, each newest first, at most 20."""
    state = Path(os.environ["SEEDANCE_STATE_DIR"])
    with Ledger.open(state, SystemClock(), create=True) as ledger:
        for number in range(23):
            row = ledgers.submit(ledger, f"t{number}", sandbox=number == 3)
            if number >= 4:
                done = Task(task_id=f"t{number}", status=Status.FAILED)
                ledger.delivered(ledger.observe(row, done))
    first = [f"runbase:t{number}" for number in (3, 2, 1, 0)]
    assert refs() == first + [f"runbase:t{number}" for number in range(22, 6, -1)]
    assert refs("runbase:t2") == ["runbase:t2", "runbase:t22", "runbase:t21", "runbase:t20"]
    assert refs(sandbox=True) == ["runbase:t3"]
    assert refs(refs=("runbase:t3", "runbase:t2"))[0] == "runbase:t1"
    assert refs(provider="defapi") == []


def test_refs_on_tab_without_a_ledger() -> None:
    """Tab makes no ledger, and a damaged one offers nothing, in silence."""
    state = Path(os.environ["SEEDANCE_STATE_DIR"])
    assert refs() == []
    assert not state.exists()
    state.mkdir(mode=0o700)
    (state / "ledger.db").write_bytes(b"no database" * 100)
    assert refs() == []
    assert [path.name for path in state.iterdir()] == ["ledger.db"]

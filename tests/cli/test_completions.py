"""Tab completion in real shells, and the scripts that are shipped for them."""

from __future__ import annotations

import io
import json
import os
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from seedance_cli.cli import completion as _tab
from seedance_cli.cli import program, summaries
from seedance_cli.cli import shells as _shells
from seedance_cli.ledger.record import Ledger
from seedance_cli.models import IntentState, Status, Task, VideoRequest
from seedance_cli.system.clock import SystemClock
from support import ledgers, shells

if TYPE_CHECKING:
    from support.runner import Run

FOLDER = Path(__file__).parents[2] / "completions"
FILES = {
    "bash": "seedance.bash",
    "zsh": "_seedance",
    "fish": "seedance.fish",
    "powershell": "seedance.ps1",
}
CONFIG = '[profiles.work]\nprovider = "runbase"\n\n[profiles.play]\nprovider = "defapi"\n'

# What is typed, and the words of the line after one Tab.
CASES = [
    ("seedance gener", "seedance generate"),
    ("seedance profile unse", "seedance profile unset"),
    ("seedance generate --max", "seedance generate --max-cost"),
    ("seedance generate -p run", "seedance generate -p runbase"),
    ("seedance generate 'a paper boat' -p run", "seedance generate|a paper boat|-p runbase"),
    (
        "seedance generate -p runbase -m bytedance/seedance-1.5",
        "seedance generate -p runbase -m <model>",
    ),
    ("seedance generate -p seedanceapi -d 1", "seedance generate -p seedanceapi -d 12"),
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


@pytest.mark.parametrize("shell", shells.SHELLS)
def test_tab_in_a_real_shell(shell: str) -> None:
    """Tab completes commands, and values with a colon in them."""
    press_tab(shell, QUICK)


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_keeps_the_order_of_what_is_offered() -> None:
    """4 stands before 12. Files, which bash offers where nothing else is, it sorts as ever."""
    offer = (
        "compopt() { echo $*; }; answer() { printf %s \"$ANSWER\"; }; COMP_LINE='x ' COMP_POINT=2"
    )
    script = (
        f"{offer}\n{_shells.SCRIPTS['bash']}\n_seedance_completion answer; echo ${{COMPREPLY[*]}}"
    )
    for answer, told in (("4\n12\n", "-o nosort\n4 12\n"), ("", "\n")):
        environment = {**os.environ, "ANSWER": answer}
        words = ["bash", "-c", script]
        shell = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
        assert shell.stdout == told


@pytest.mark.full
@pytest.mark.parametrize("shell", shells.SHELLS)
def test_tab_on_everything(shell: str) -> None:
    """Tab completes options and values of every kind, wherever they stand."""
    press_tab(shell, CASES)


def press_tab(shell: str, cases: list[tuple[str, str]]) -> None:
    configure(CONFIG)
    Path("the-prompt.txt").write_text("a boat")
    with shells.at(shell) as terminal:
        for typed, expected in cases:
            # The shell itself shows which words the line has: it is made an argument of printf.
            terminal.type(f"{typed}\t\x01printf '<%s>' begin''ning \x05 end''ing\r")
            found = terminal.wait_for("<beginning>(.*)<ending>")[1]
            words = expected.replace("<model>", "bytedance/seedance-1.5-pro")
            parts = words.split("|")
            wanted = [*parts[0].split(), *parts[1:2], *"".join(parts[2:]).split()]
            assert found.strip("<>").split("><") == wanted, typed


@pytest.mark.full
@pytest.mark.parametrize("shell", shells.SHELLS)
def test_tab_on_a_name(shell: str) -> None:
    """A task's name is one word, whatever is in it."""
    state = Path(os.environ["SEEDANCE_STATE_DIR"])
    with Ledger.open(state, SystemClock(), create=True) as ledger:
        ledgers.name(ledger, ledgers.submit(ledger, "t1").intent, "trip/scene 1", batch="trip")
    press_tab(
        shell,
        [
            ("seedance wait tri", "seedance wait|trip/scene 1|"),
            ("seedance list --batch tr", "seedance list --batch trip"),
            ("seedance spend --by pro", "seedance spend --by pro"),
            ("seedance spend --by prov", "seedance spend --by provider"),
        ],
    )


def configure(text: str) -> Path:
    config = Path(os.environ["SEEDANCE_CONFIG"])
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(text)
    config.chmod(0o600)
    return config


# Names that would run, expand or break something if they were inserted as they are. Each begins
# with a letter of its own; the first is what a stranger's dotfiles could bring.
HOSTILE = [
    "$(touch${IFS}pwned)",
    "a$(touch pwned)",
    "b`touch pwned`",
    "c;touch pwned;#x",
    "d'quo\"te",
    "e back\\slash",
    "f!history!!",
    "g*?[x]{y,z}~",
    "h&touch pwned|<>()",
    "i \u00fcn\u00ef \u4e2d",
    "j:colon $(touch pwned)",
    "k'$(touch pwned)'",
    "~root",
]
SHOW = f"""#!{sys.executable} -I
import json, sys
print("BEG" + json.dumps(sys.argv[1:]) + "FIN")
"""
# A quote in which bash cannot tell a name: the name ends with it, or bash reads a `!` in it.
UNTOLD = {("bash", "'", "k"), ("bash", '"', "f")}


@pytest.mark.parametrize("shell", shells.SHELLS)
def test_tab_inserts_a_hostile_name_as_one_word(shell: str, tmp_path: Path) -> None:
    """What Tab inserts is the name and nothing else: nothing runs and nothing expands."""
    hostile(shell, tmp_path, [("", "a"), ("", "d"), ("", "f"), ("", "j:"), ("'", "a"), ('"', "b")])


@pytest.mark.full
@pytest.mark.parametrize("shell", shells.SHELLS)
def test_tab_on_every_hostile_name(shell: str, tmp_path: Path) -> None:
    """The same for every name, in every quote, after `--profile=` too."""
    plain = [("", "\\" + name[0] if name[0] in "$~" else name[0]) for name in HOSTILE]
    quoted = [(quote, name[0]) for quote in "'\"" for name in HOSTILE if name[0].isalpha()]
    hostile(shell, tmp_path, [*plain, *quoted, ("=", "a"), ("=", "e")])


def hostile(shell: str, tmp_path: Path, cases: list[tuple[str, str]]) -> None:
    """Complete the name that begins so, after that quote, and look at the words of the line."""
    configure("\n".join(f"[profiles.{json.dumps(name)}]\n" for name in HOSTILE))
    show = tmp_path / "bin" / "show"
    show.parent.mkdir()
    show.write_text(SHOW)
    show.chmod(0o755)
    with shells.at(shell, show.parent) as terminal:
        for quote, begun in cases:
            if (shell, quote, begun) in UNTOLD:
                continue
            name = next(one for one in HOSTILE if one.startswith(begun.removeprefix("\\")))
            before = f"--profile{quote or ' '}" if quote in {"", "="} else f"--profile {quote}"
            terminal.type(f"seedance status {before}{begun}\t\x01show \x05\r")
            words = json.loads(terminal.wait_for("BEG(.*)FIN")[1])
            wanted = [f"--profile={name}"] if quote == "=" else ["--profile", name]
            assert words == ["seedance", "status", *wanted]
    assert not Path("pwned").exists()


@pytest.mark.parametrize("shell", shells.SHELLS)
def test_tab_on_files(shell: str, home: Path) -> None:
    """File names are the shell's: after `--output=`, in the home, with `$(` in them."""
    Path("video.mp4").touch()
    Path("we ird $(touch pwned).mp4").touch()
    (home / "xylophone.mp4").touch()
    with shells.at(shell) as terminal:
        for typed, wanted in [
            ("-o vi", "-o video.mp4"),
            ("--output=vi", "--output=video.mp4"),
            ("--output=~/xy", "--output=~/xylophone.mp4"),
            ("-o ~/xy", f"-o {home}/xylophone.mp4"),
            ("--output=we", "--output=we ird $(touch pwned).mp4"),
        ]:
            terminal.type(f"seedance wait {typed}\t\x01printf '<%s>' begin''ning \x05 end''ing\r")
            found = terminal.wait_for("(.*)<beginning>(.*)<ending>")
            assert found[2].strip("<>").replace("><", " ") == f"seedance wait {wanted}"
            assert "rror" not in found[1]
            assert "unknown option" not in found[1]
    assert not Path("pwned").exists()


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


SHARED = {
    "bash": ("bash-completion/completions/seedance", ". '{}'"),
    "zsh": (
        "zsh/site-functions/_seedance",
        "fpath=('{0:h}' $fpath); autoload -U compinit; compinit -uD; bindkey -e",
    ),
    "fish": ("fish/vendor_completions.d/seedance.fish", "source '{}'"),
}
"""Where the wheel installs the script below `share/`, and how the shell takes it from there."""


@pytest.mark.parametrize("shell", SHARED)
def test_the_wheels_scripts_show_what_a_candidate_stands_for(shell: str, tmp_path: Path) -> None:
    """In zsh and fish; in bash, which would insert it, the candidates alone."""
    place, setup = SHARED[shell]
    project = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text())
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    (source,) = [key for key, value in shared.items() if value == f"share/{place}"]
    script = tmp_path / "share" / place
    script.parent.mkdir(parents=True)
    script.write_bytes((FOLDER.parent / source).read_bytes())
    setup = setup.replace("{0:h}", str(script.parent)).replace("{}", str(script))
    with shells.at(shell, setup=setup) as terminal:
        if shell == "fish":  # on a dumb terminal it lists nothing by itself
            terminal.type("complete -C 'seedance re'\r")
            seen = terminal.wait_for("retry\\s+Submit the same")[0]
        else:
            terminal.type("seedance re\t\t")
            seen = terminal.wait_for("recover[^\n]*\\s+retry[^\n]*")[0]
    assert ("Submit" in seen) == (shell != "bash")


def test_what_a_command_does_is_how_its_help_begins() -> None:
    """Tab builds no command to say it."""
    root: Any = typer.main.get_command(program.app)
    context = root.make_context("seedance", [], resilient_parsing=True)
    assert list(summaries.SUMMARIES) == root.list_commands(context)
    for name, text in summaries.SUMMARIES.items():
        assert root.get_command(context, name).help.startswith(text)


def test_what_candidates_stand_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a tab, for a script that asks: options, values, tasks, and what recover settles."""
    state = Path(os.environ["SEEDANCE_STATE_DIR"])
    with Ledger.open(state, SystemClock(), create=True) as ledger:
        ledgers.submit(ledger, "t1")
        intent = ledgers.prepare(ledger, prompt="a boat\x1b[31m\tin the\nrain " + "and rain " * 20)
        ledger.sending(intent)
        ledger.settle(intent, IntentState.UNKNOWN, {})
    monkeypatch.setenv(_shells.ABOUT, "1")
    assert lines("seedance wa") == ["wait\tPoll until every task has ended"]
    assert lines("seedance generate --no-a") == ["--no-audio\tnot: with sound."]
    assert lines("seedance wait ") == ["runbase:t1\tqueued: a cat"]
    (one,) = lines("seedance recover --adopt ")
    assert one.startswith(f"{intent}\trunbase: a boat\\x1b[31m in the rain and rain")
    assert len(one.partition("\t")[2]) == 80
    assert one.endswith("…")
    assert lines("seedance recover --discard x") == []
    assert lines("seedance generate -p defapi -m ") == ["seedance-2.0\tdefapi: 5 10 15 s"]
    monkeypatch.delenv(_shells.ABOUT)
    assert lines("seedance recover --discard ") == [intent]


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
        ("seedance spend --by m", ["month", "model", "metadata."]),
        ("seedance batch --format j", ["jsonl", "json"]),
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


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("seedance --version gen", ["generate"]),
        ("seedance --show-completion bash gen", ["generate"]),
        ("seedance --show-completion z", ["zsh"]),
        ("seedance generate -h --max-c", ["--max-cost"]),
        ("seedance $(", []),
        ("seedance profile show 'a", []),
    ],
)
def test_tab_runs_nothing(line: str, offered: list[str]) -> None:
    """An option that prints something prints nothing on Tab, and what leads nowhere is silent."""
    assert ask(line) == (offered, "")


@pytest.mark.parametrize("instruction", ["complete_bash", "complete_zsh", "source_bash", "x", "_"])
def test_whatever_a_script_asks(instruction: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any value of the variable asks for candidates: none prints a script or an error."""
    monkeypatch.setenv("COMP_WORDS", "seedance list")
    assert ask("seedance generate --max", instruction=instruction) == (["--max-cost"], "")


def test_names_that_a_terminal_would_obey() -> None:
    """A name with a control character, a line end or a direction mark in it is not offered."""
    names = ["a\x1b]0;x\x07", "a\nb", "a\u202eb", "a\x9bb", "a-good-one"]
    configure("\n".join(f"[profiles.{json.dumps(name)}]\n" for name in names))
    assert ask("seedance status --profile ") == (["a-good-one"], "")


def test_a_name_that_the_encoding_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot be typed either: the others are offered all the same."""
    configure('[profiles."\u00fc"]\n[profiles.u]\n')
    assert ask("seedance status --profile ") == (["u", "\u00fc"], "")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    assert ask("seedance status --profile ") == (["u"], "")


def test_tab_writes_nothing(tmp_path: Path) -> None:
    """Neither a mode nor a byte changes: what a command would mend and tell of, Tab leaves."""
    state = Path(os.environ["SEEDANCE_STATE_DIR"])
    with Ledger.open(state, SystemClock(), create=True) as ledger:
        ledgers.submit(ledger, "t1")
    config = configure(CONFIG)
    config.chmod(0o644)
    before = snapshot(tmp_path)
    assert ask("seedance status --profile ")[0] == ["play", "work"]
    assert ask("seedance status ")[0] == ["runbase:t1"]
    assert snapshot(tmp_path) == before


def test_tab_leaves_an_older_ledger_as_it_is(tmp_path: Path) -> None:
    """The ledger of an earlier release is read, and not brought up to date."""
    state = Path(os.environ["SEEDANCE_STATE_DIR"])
    state.mkdir(mode=0o700)
    shutil.copy(
        Path(__file__).parents[1] / "fixtures" / "ledgers" / "ledger-v1.db", state / "ledger.db"
    )
    (state / "ledger.db").chmod(0o600)
    before = snapshot(tmp_path)
    offered, err = ask("seedance status ")
    assert offered
    assert err == ""
    assert snapshot(tmp_path) == before


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        str(path): (path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_tab_reads_no_fifo() -> None:
    """A configuration that only one reader can have is left to the command."""
    config = Path(os.environ["SEEDANCE_CONFIG"])
    config.parent.mkdir()
    os.mkfifo(config)
    assert ask("seedance status --profile ") == ([], "")


def lines(line: str) -> list[str]:
    """What the program answers, line by line, in this process."""
    stream = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(_shells.ASKED, "complete_zsh")
        patch.setenv(_shells.LINE, line)
        patch.setenv("COMP_WORDS", "")
        patch.setenv("COMP_CWORD", "")
        patch.setattr(sys, "stdout", stream)
        program.main([])
    return stream.getvalue().strip("\n").splitlines()


def ask(line: str, loaded: str = "", instruction: str = "complete_bash") -> tuple[list[str], str]:
    """What the program answers a completion script, and which of these modules it has loaded."""
    code = (
        "import sys\n"
        "from seedance_cli.__main__ import main\n"
        "try:\n    main()\n"
        "finally:\n    sys.stderr.write(' '.join(set(sys.argv[1].split()) & set(sys.modules)))\n"
    )
    env = {**os.environ, _shells.ASKED: instruction, _shells.LINE: line}
    done = subprocess.run(
        [sys.executable, "-c", code, loaded],
        env=env,
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
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


def test_names_on_tab() -> None:
    """A task is offered by its name; by its ref, to what begins so. Batches, metadata's keys."""
    state = Path(os.environ["SEEDANCE_STATE_DIR"])
    with Ledger.open(state, SystemClock(), create=True) as ledger:
        for number, name in enumerate(["trip/1", "trip/2", "ev\x1bil"]):
            row = ledgers.submit(ledger, f"t{number}")
            ledgers.name(ledger, row.intent, name, batch=name.partition("/")[0])
            ledgers.ask(ledger, row.intent, VideoRequest(prompt="a", metadata={"client": "acme"}))
        ledgers.submit(ledger, "t3")
    assert refs() == ["runbase:t3", "trip/2", "trip/1"]
    assert refs("t") == ["trip/2", "trip/1"]
    assert refs("runbase:") == [f"runbase:t{number}" for number in (3, 2, 1, 0)]
    assert ask("seedance retry tri") == (["trip/2", "trip/1"], "")
    assert ask("seedance list --batch ") == (["trip"], "")
    assert ask("seedance list --metadata c") == (["client="], "")
    assert ask("seedance spend --by metadata.") == (["metadata.client"], "")


def test_refs_on_tab_without_a_ledger() -> None:
    """Tab makes no ledger, and a damaged one offers nothing, in silence."""
    state = Path(os.environ["SEEDANCE_STATE_DIR"])
    assert refs() == []
    assert not state.exists()
    state.mkdir(mode=0o700)
    (state / "ledger.db").write_bytes(b"no database" * 100)
    assert refs() == []
    assert [path.name for path in state.iterdir()] == ["ledger.db"]

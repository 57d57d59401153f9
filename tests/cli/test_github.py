"""What a GitHub runner reads: the step's outputs, its summary, and annotations."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seedance_cli.cli.output import github
from seedance_cli.cli.session import Session
from seedance_cli.errors import ConfigError, TaskFailed
from support.scripted_provider import KEY, ScriptedProvider, State, done, error

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.fake_clock import FakeClock
    from support.runner import Result, Run, Spawn

    Step = Callable[..., Result]

HOSTILE = "a|b \\| <img src=x> `c` *d* _e_ [f](http://g) $h$\n| new | row |\r\n\x1b[31m & 한국어"


@pytest.fixture
def step(
    run: Run, server: ScriptedProvider, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> Step:
    """`step(*argv)`: a command as a step of a job, with its own two files."""
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        Path(name).touch()
        monkeypatch.setenv(name, str(Path(name).absolute()))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    def start(*argv: str, env: dict[str, str | None] | None = None) -> Result:
        return run(*argv, env={**server.env(), **(env or {})}, clock=clock)

    return start


def outputs(text: str | None = None) -> dict[str, str]:
    """The outputs of a step, read as the runner reads them."""
    lines = iter((Path("GITHUB_OUTPUT").read_text() if text is None else text).split("\n"))
    found = {}
    for line in lines:
        if not line:
            continue
        name, heredoc, end = line.partition("<<")
        if not heredoc:
            name, _, found[name] = line.partition("=")
            continue
        value = []
        while (part := next(lines)) != end:
            value.append(part)
        found[name] = "\n".join(value)
    return found


def summary() -> str:
    """The step's summary."""
    return Path("GITHUB_STEP_SUMMARY").read_text()


def cells() -> list[list[str]]:
    """The rows of the summary's tables, cut where GitHub cuts them."""
    lines = summary().splitlines()
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in lines
        if line.startswith("|") and not line.startswith(("| task", "| ---"))
    ]


def annotated(text: str) -> list[tuple[str, str]]:
    """Title and text of each annotation, with the escapes taken back as the runner does."""
    found = []
    for line in text.splitlines():
        if line.startswith("::error "):
            _, _, rest = line.partition(" title=")
            title, _, words = rest.partition("::")
            assert not set(title) & {":", ","}
            for code, sign in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ",")):
                title = title.replace(code, sign)
                words = words.replace(code, sign) if sign in "\r\n" else words
            found.append((title.replace("%25", "%"), words.replace("%25", "%")))
    return found


def test_generate_gives_ref_url_file_status_and_cost(step: Step, server: ScriptedProvider) -> None:
    """The five outputs, below what the step wrote before, whether that ended its line or not."""
    url = server.video("t1.mp4?sig=a%7Cb|c")
    Path("GITHUB_OUTPUT").write_text("before=1")
    server.task("t1", done(url, creditsCharged=40))
    result = step("generate", "a boat", "-p", "seedance2ink", "-o", "boat.mp4")
    assert result.code == 0
    assert outputs() == {
        "before": "1",
        "ref": "seedance2ink:t1",
        "url": url,
        "file": str(Path("boat.mp4").absolute()),
        "status": "succeeded",
        "cost": "40 credits",
    }
    link = f"[video]({url.replace('|', '%7C')})"
    file = str(Path("boat.mp4").absolute()).replace("_", "\\_")
    assert cells() == [["a boat", "succeeded", "40 credits", file, link, "seedance2ink:t1"]]
    assert "**seedance: 1 succeeded, 40 credits at seedance2ink**" in summary()


def test_generate_alone_gives_the_ref(step: Step) -> None:
    """Of a task that is only submitted there is no more; `wait` in a later step has the rest."""
    assert step("generate", "a boat", "-p", "runbase").code == 0
    empty = {"url": "", "file": "", "cost": ""}
    assert outputs() == {"ref": "runbase:t1", "status": "queued", **empty}


def test_wait_of_several_gives_a_line_a_task(step: Step, server: ScriptedProvider) -> None:
    """In the order of the arguments, empty where a task has none; failures among them."""
    server.task("a", "running", done("https://v.example/a"))
    server.task("b", State("failed", reason="no | boat"))
    server.task("c", done("https://v.example/c1", "https://v.example/c2"))
    result = step("wait", "runbase:a", "runbase:b", "runbase:c")
    assert result.code == 7
    found = outputs()
    assert found["ref"] == "runbase:a\nrunbase:b\nrunbase:c"
    assert found["status"] == "succeeded\nfailed\nsucceeded"
    assert found["url"] == "https://v.example/a\n\nhttps://v.example/c1\nhttps://v.example/c2"
    assert [row[1] for row in cells()] == ["succeeded", "failed: no \\| boat", "succeeded"]


def test_batch_gives_a_line_a_row(step: Step, server: ScriptedProvider) -> None:
    """Those that were not sent, too; the ledger is still open when they are looked up."""
    server.task("t1", done())
    server.submits.extend([None, error(402)])
    Path("shots.csv").write_text("id,prompt\na,a boat\nb,a crane\nc,a cat\n")
    assert step("batch", "shots.csv", "-p", "seedance2ink", "--yes").code == 4
    found = outputs()
    assert found["status"] == "succeeded\nrefused\nnot_submitted"
    assert found["file"] == f"{Path('shots/a-a-boat.mp4').absolute()}\n\n"
    assert [row[0] for row in cells()] == ["shots/a: a boat", "shots/b: a crane", "shots/c: a cat"]
    assert "**seedance: 1 not submitted, 1 refused, 1 succeeded**" in summary()


def test_an_unknown_outcome_is_told_too(step: Step, server: ScriptedProvider) -> None:
    """Exit 6 leaves a status; the same request again, which it forbids, leaves it as well."""
    server.submits.append(error(500))
    assert step("generate", "a boat", "-p", "runbase").code == 6
    assert outputs()["status"] == "unknown"
    Path("GITHUB_OUTPUT").write_text("")
    assert step("generate", "a boat", "-p", "runbase").code == 6
    assert (outputs()["ref"], outputs()["status"]) == ("", "unknown")


@pytest.mark.parametrize(
    "argv",
    [
        ("generate", "a boat", "-p", "runbase", "--dry-run"),
        ("generate", "a boat", "-p", "runbase", "-d", "7"),
        ("wait", "runbase:none"),
        ("status", "runbase:t1"),
        ("list",),
    ],
    ids=["dry run", "refused here", "not found", "status", "list"],
)
def test_without_a_task_nothing_is_written(
    argv: tuple[str, ...], step: Step, server: ScriptedProvider
) -> None:
    """Nor by commands that neither submit nor wait: they would write over what those said."""
    server.task("t1", "running")
    step(*argv)
    assert (outputs(), summary()) == ({}, "")


def test_text_of_others_stays_text(step: Step, server: ScriptedProvider) -> None:
    """No prompt and no answer makes a cell, a row, a link, a tag or an output of its own."""
    server.task("t1", State("failed", reason=HOSTILE))
    step("generate", "-w", "-p", "runbase", "--", f"{HOSTILE}\nref<<x\nevil\nx\n")
    assert set(outputs()) == {"ref", "url", "file", "status", "cost"}
    (row,) = cells()
    assert len(row) == 6
    for cell in row[:2]:
        assert "a\\|b &#92;\\| &lt;img src=x&gt; \\`c\\` \\*d\\* \\_e\\_ \\[f\\](http" in cell
        assert "\\$h\\$ \\| new \\| row \\| &#92;x1b\\[31m &amp; 한국어" in cell


def test_a_delimiter_cannot_be_guessed(step: Step) -> None:
    """Each command has another one."""
    for prompt in ("a boat", "a crane"):
        step("generate", prompt, "-p", "runbase")
    assert len(set(re.findall(r"<<(\w{32,})", Path("GITHUB_OUTPUT").read_text()))) == 2


def test_a_file_that_cannot_be_written_is_a_warning(step: Step, server: ScriptedProvider) -> None:
    """The other one is written, and the result is what it would be."""
    server.task("t1", done("https://v.example/1"))
    gone = {"GITHUB_OUTPUT": str(Path("none", "file"))}
    result = step("generate", "a boat", "-p", "runbase", "-w", "--json", env=gone)
    assert (result.code, result.json["status"]) == (0, "succeeded")
    assert f"warning: GITHUB_OUTPUT: {Path('none', 'file')} could not be written: " in result.err
    assert len(cells()) == 1


def test_what_cannot_be_read_at_the_end_is_a_warning(
    step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A configuration that is damaged meanwhile, say: the ref is told all the same."""

    def damaged(_: Session) -> None:
        raise ConfigError("config.toml cannot be read")

    monkeypatch.setattr(Session, "known_keys", damaged)
    result = step("generate", "a boat", "-p", "runbase")
    assert (result.code, result.out, outputs()) == (0, "runbase:t1\n", {})
    assert "warning: the CI job's runner is told nothing: config.toml cannot be" in result.err


@pytest.mark.skipif(os.name != "posix", reason="FIFOs, and a device that is always full")
def test_what_is_no_file_is_no_trap(step: Step) -> None:
    """A FIFO that nobody reads is no wait without end; a full disk leaves no half of a value."""
    os.mkfifo("fifo")
    files: dict[str, str | None] = {"GITHUB_OUTPUT": "fifo", "GITHUB_STEP_SUMMARY": "/dev/full"}
    result = step("generate", "a boat", "-p", "runbase", env=files)
    assert (result.code, result.out) == (0, "runbase:t1\n")
    assert result.err.count("could not be written") == 2


def test_no_key_is_written(step: Step, server: ScriptedProvider) -> None:
    """Not though a server says it, and not where its escaped form would hide it."""
    server.task("t1", State("failed", reason=f"the key {KEY} is old"))
    result = step("generate", "a boat", "-p", "runbase", "-w")
    assert KEY not in result.err + summary() + Path("GITHUB_OUTPUT").read_text()
    assert "the key \\*\\*\\*\\* is old" in summary()


def test_errors_are_annotations_before_the_json_line(step: Step, server: ScriptedProvider) -> None:
    """Title and text come back as they were, and the last line of stderr stays JSON."""
    server.task("t1", State("failed", reason="100% a:b, c"))
    result = step("generate", "a boat", "-p", "runbase", "-w", "--json")
    assert result.code == result.error["exit_code"] == 7
    assert annotated(result.err) == [
        ("seedance: task_failed, exit 7", "runbase:t1 failed: 100% a:b, c")
    ]
    usage = step("generate", "a boat", "-p", "runbase", "-d", "7", "--json")
    ((title, text),) = annotated(usage.err)
    assert title == "seedance: usage, exit 2"
    assert text == f"{usage.error['message']}\nhint: {usage.error['hint']}"


def test_an_annotation_is_one_line() -> None:
    """Escaped as the runner takes it back: per cent, line ends, and in the title `:` and `,`."""
    line = github.annotation(TaskFailed("a%0A::error::\r\nb", hint="c"), ())
    assert line == (
        "::error title=seedance%3A task_failed%2C exit 7::a%250A::error::%0D%0Ab%0Ahint: c"
    )


@pytest.mark.parametrize("value", ["", "false", "1", "True"])
def test_elsewhere_errors_are_no_annotations(value: str, step: Step) -> None:
    """Only a runner says `true`."""
    result = step("wait", "runbase:none", env={"GITHUB_ACTIONS": value})
    assert "::error" not in result.err
    assert result.code == 4


def test_a_signal_leaves_what_is_known(spawn: Spawn, server: ScriptedProvider) -> None:
    """A job that is cancelled knows which task runs on."""
    server.task("t1", "running")
    env = {**server.env(), "GITHUB_OUTPUT": "GITHUB_OUTPUT"}
    process = spawn("generate", "a boat", "-p", "runbase", "-w", env=env)
    process.wait_for("running", timeout=120)
    process.signal(2)
    assert process.finish(120).code == 130
    assert (outputs()["ref"], outputs()["status"]) == ("runbase:t1", "running")


def test_a_summary_never_gets_too_long() -> None:
    """GitHub shows none of one that is: the rows that have no room are counted."""
    task: dict[str, Any] = dict.fromkeys(("name", "error"))
    task |= {"ref": "runbase:t1", "provider": "runbase", "status": "succeeded", "sandbox": False}
    task |= {"request": {"prompt": "배" * 70}, "video_urls": [], "files": []}
    task |= {"cost": {"amount": "0.1", "unit": "USD"}}
    text = github.summary([task] * 100, 5000)
    assert 4500 < len(text.encode()) <= 5000
    shown = text.count("runbase:t1")
    assert text.endswith(f"… and {100 - shown} more\n")
    assert "100 succeeded, 10.0 USD at runbase" in text


def test_without_the_variables_nothing_is_imported(spawn: Spawn) -> None:
    """What a runner needs is no part of another start."""
    code = "import sys; from seedance_cli.cli import main; main(sys.argv[1:]); "
    code += "print([m for m in sys.modules if 'github' in m or m.endswith('cli.runner')])"
    assert spawn("list", code=code).finish(120).out == "[]\n"


def test_a_fault_in_a_file_is_annotated_where_it_is(step: Step) -> None:
    """GitHub shows it beside the line; of stdin it knows none."""
    Path("a,b.csv").write_text("id,prompt,duration\na,a boat,4\nb,a crane,7\n")
    result = step("batch", "a,b.csv", "-p", "runbase", "--yes")
    assert result.code == 2
    places = [line for line in result.err.splitlines() if line.startswith("::error file=")]
    assert len(places) == 1
    assert places[0].startswith(
        "::error file=a%2Cb.csv,line=3,title=seedance%3A usage::column duration: --duration 7: "
    )
    assert "a,b.csv: line 3, column duration: --duration 7" in result.err

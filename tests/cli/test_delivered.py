"""Delivered as paid: what a saved video really is, `--strict`, and `--sidecar`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.bytes_server import answer
from support.mp4s import movie, plain
from support.scripted_provider import KEY, done

if TYPE_CHECKING:
    from support.fake_clock import FakeClock
    from support.runner import Result, Run
    from support.scripted_provider import ScriptedProvider

ASKED = ("-p", "runbase", "-d", "8", "-r", "720p", "-a", "16:9", "--audio")
RIGHT = movie(8.04, sound=True)
WRONG = movie(5.04, (960, 960))
FACTS = {"duration": "5.04", "width": 960, "height": 960, "audio": False}
TOLD = (
    "runbase:t1: v.mp4 is not what was asked for: asked 8 s, delivered 5.04 s; asked 16:9,"
    " delivered 960x960; asked sound, delivered no sound"
)


def generate(
    run: Run, server: ScriptedProvider, video: bytes, *argv: str, clock: FakeClock | None = None
) -> Result:
    """Buy a video of 8 s in 720p with sound, and get this one, as `v.mp4`."""
    server.videos["t1.mp4"] = answer(200, video)
    server.task("t1", done())
    words = ("generate", "a boat", *ASKED, "-o", "v.mp4", *argv)
    return run(*words, env=server.env(), clock=clock)


def test_what_is_as_asked_is_not_spoken_of(run: Run, server: ScriptedProvider) -> None:
    """Its facts are in the JSON, now and later."""
    result = generate(run, server, RIGHT, "--strict", "--json")
    assert (result.code, "asked" in result.err) == (0, False), result.err
    facts = {"duration": "8.04", "width": 1280, "height": 720, "audio": True}
    assert result.json["video"] == facts
    (row,) = run("list", "--json", env=server.env()).json
    assert row["video"] == facts


def test_a_difference_is_said_once(run: Run, server: ScriptedProvider) -> None:
    """Asked and delivered, on stderr; the exit code stays, and so does the file."""
    result = generate(run, server, WRONG)
    assert (result.code, result.out) == (0, f"{Path.cwd() / 'v.mp4'}\n")
    assert result.err.count("not what was asked") == 1
    assert f"warning: {TOLD}\n" in result.err
    assert Path("v.mp4").read_bytes() == WRONG
    (row,) = run("list", "--json", env=server.env()).json
    assert row["video"] == FACTS


def test_strict_is_9_and_keeps_the_file(run: Run, server: ScriptedProvider) -> None:
    """The path is told, the task is delivered, and what to type next is said; never to pay here."""
    result = generate(run, server, WRONG, "--strict")
    assert (result.code, result.out) == (9, f"{Path.cwd() / 'v.mp4'}\n")
    assert f"error: {TOLD}\n" in result.err
    assert "hint: seedance retry runbase:t1 pays for another\n" in result.err
    assert Path("v.mp4").read_bytes() == WRONG
    assert run("wait", env=server.env()).err.count("t1") == 0, "it is delivered"


def test_strict_in_json(run: Run, server: ScriptedProvider) -> None:
    """`error.code`, and that the same line would pay again; with a name it would not."""
    result = generate(run, server, WRONG, "--strict", "--json")
    error = result.error
    assert (result.code, error["code"], error["exit_code"]) == (9, "not_as_paid", 9)
    assert (error["ref"], error["retry_safe"]) == ("runbase:t1", False)
    assert (result.json["video"], result.json["files"]) == (FACTS, [str(Path.cwd() / "v.mp4")])


def test_the_same_line_again_says_the_same(run: Run, server: ScriptedProvider) -> None:
    """Under a name: the file is there, nothing is paid or fetched, and the code is 9 again."""
    for _ in range(2):
        result = generate(run, server, WRONG, "--strict", "--name", "boat", "--json")
        assert (result.code, result.error["code"]) == (9, "not_as_paid")
        assert result.error["retry_safe"] is True
    assert (server.posts(), server.fetched("t1.mp4")) == (1, 1)
    assert generate(run, server, WRONG, "--name", "boat").code == 0


@pytest.mark.parametrize("command", ["wait", "download", "retry"])
def test_every_command_that_saves(run: Run, server: ScriptedProvider, command: str) -> None:
    """`wait`, `download` and `retry` look as `generate` does, and write the same sidecar."""
    server.videos.update((f"t{one}.mp4", answer(200, WRONG)) for one in (1, 2))
    server.task("t1", done())
    server.task("t2", done())
    env = server.env()
    assert run("generate", "a boat", *ASKED, env=env).out == "runbase:t1\n"
    result = run(command, "runbase:t1", "--sidecar", "--strict", "-o", "v.mp4", env=env)
    assert (result.code, result.out) == (9, f"{Path.cwd() / 'v.mp4'}\n"), result.err
    assert "asked 8 s, delivered 5.04 s" in result.err
    assert json.loads(Path("v.mp4.json").read_text())["video"] == FACTS


def test_stdout_is_looked_at_too(run: Run, server: ScriptedProvider) -> None:
    """`-o -`: no file, and so no facts in the ledger, but the same verdict."""
    server.videos["t1.mp4"] = answer(200, WRONG)
    server.task("t1", done())
    argv = ("generate", "a boat", *ASKED, "--strict", "-o", "-")
    result = run(*argv, env=server.env())
    assert (result.code, result.out_bytes) == (9, WRONG)
    assert "the video is not what was asked for: asked 8 s" in result.err
    (row,) = run("list", "--json", env=server.env()).json
    assert row["video"] is None


def test_what_cannot_be_read_is_said_to_be_unknown(run: Run, server: ScriptedProvider) -> None:
    """It is no difference, also with `--strict`; what nobody asked for is not missed."""
    result = generate(run, server, plain(), "--strict", "--json")
    assert (result.code, result.json["video"]) == (0, None)
    text = "v.mp4 does not say its length and size and sound, which could not be checked"
    assert result.err.count(text) == 1
    server.task("t2", done())
    other = run("generate", "a boat", "-p", "runbase", "-o", "w.mp4", env=server.env())
    assert (other.code, "checked" in other.err) == (0, False)


def test_a_file_of_before_is_measured_when_it_is_met(run: Run, server: ScriptedProvider) -> None:
    """An earlier release saved it and wrote no facts: the next wait takes them from the file."""
    generate(run, server, WRONG)
    from seedance_cli.ledger.record import Ledger
    from seedance_cli.system import SystemClock

    with Ledger.open(Path(os.environ["SEEDANCE_STATE_DIR"]), SystemClock(), create=False) as ledger:
        (row,) = ledger.find("t1")
        ledger.add_file(row, 1, Path("v.mp4"), len(WRONG))
    assert run("list", "--json", env=server.env()).json[0]["video"] is None
    result = run("wait", "runbase:t1", "-o", "v.mp4", "--json", env=server.env())
    assert (result.json["video"], server.fetched("t1.mp4")) == (FACTS, 1)


def test_several_videos_are_each_looked_at(run: Run, server: ScriptedProvider) -> None:
    """All differences are in one error; the JSON describes the first video."""
    server.videos["a"], server.videos["b"] = answer(200, RIGHT), answer(200, WRONG)
    server.task("t1", done(server.video("a"), server.video("b")))
    argv = ("generate", "a boat", *ASKED, "--strict", "--sidecar", "-o", "v.mp4", "--json")
    result = run(*argv, env=server.env())
    assert (result.code, result.json["video"]["duration"]) == (9, "8.04")
    assert "v-2.mp4 is not what was asked for" in result.err
    assert "v.mp4 is not" not in result.err
    assert sorted(path.name for path in Path().iterdir()) == [
        *("v-2.mp4", "v-2.mp4.json", "v.mp4", "v.mp4.json")
    ]


# --sidecar


def test_a_sidecar_is_the_task_object(run: Run, server: ScriptedProvider) -> None:
    """Beside the file, as `--json` prints it, without a key; written again for the same task."""
    document = generate(run, server, RIGHT, "--sidecar", "--json").json
    text = Path("v.mp4.json").read_text(encoding="ascii")
    assert (json.loads(text), text[-2:]) == (document, "}\n")
    assert KEY not in text
    assert sorted(path.name for path in Path().iterdir()) == ["v.mp4", "v.mp4.json"]
    Path("v.mp4.json").write_text(json.dumps({"ref": "runbase:t1"}))
    again = run("wait", "runbase:t1", "-o", "v.mp4", "--sidecar", env=server.env())
    assert again.code == 0
    assert json.loads(Path("v.mp4.json").read_text())["video"] == document["video"]


def test_another_file_of_that_name_is_found_before_paying(
    run: Run, server: ScriptedProvider
) -> None:
    """It is 2, as for the video itself, and nothing is sent; `--force` replaces it."""
    Path("v.mp4.json").write_text('{"mine": true}')
    result = generate(run, server, RIGHT, "--sidecar")
    assert (result.code, server.posts()) == (2, 0)
    assert "v.mp4.json exists already" in result.err
    assert Path("v.mp4.json").read_text() == '{"mine": true}'
    assert generate(run, server, RIGHT, "--sidecar", "--force").code == 0
    assert json.loads(Path("v.mp4.json").read_text())["ref"] == "runbase:t1"
    Path("v.mp4.json").unlink()
    Path("v.mp4.json").mkdir()
    result = generate(run, server, RIGHT, "--sidecar", "--force")
    assert (result.code, server.posts()) == (2, 1)
    assert "v.mp4.json is a folder" in result.err
    assert "put a /" not in result.err  # which would not help


def test_a_sidecar_that_cannot_be_written_costs_no_video(
    run: Run, server: ScriptedProvider
) -> None:
    """Its name was taken meanwhile, where it could not be known before: 9, and both files stay."""
    server.videos["t1.mp4"] = answer(200, RIGHT)
    server.task("t1", done())
    Path("runbase-t1.mp4.json").write_text("mine")
    argv = ("generate", "a boat", *ASKED, "--download", "--sidecar")
    result = run(*argv, env=server.env())
    assert (result.code, result.out) == (9, f"{Path.cwd() / 'runbase-t1.mp4'}\n")
    assert "runbase-t1.mp4.json is there already" in result.err
    assert Path("runbase-t1.mp4.json").read_text() == "mine"
    assert Path("runbase-t1.mp4").read_bytes() == RIGHT


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("--sidecar",), "--sidecar needs --download"),
        (("--strict",), "--strict needs --download"),
        (("--wait", "--strict"), "--strict needs --download"),
        (("--sidecar", "-o", "-"), "--sidecar needs a file"),
        (("--sidecar", "-o", "/dev/null"), "--sidecar needs a file"),
    ],
)
def test_options_that_have_no_file(
    run: Run, server: ScriptedProvider, argv: tuple[str, ...], words: str
) -> None:
    """Nothing typed is silently dropped: 2, and nothing is sent."""
    result = run("generate", "a boat", *ASKED, *argv, env=server.env())
    assert (result.code, server.posts()) == (2, 0)
    assert words in result.err


# batch


def rows(run: Run, server: ScriptedProvider, *argv: str) -> Result:
    """A batch of two rows, of which the first gets what it asked for."""
    Path("b.csv").write_text("id,prompt\nx,a boat\ny,a crane\n")
    env = server.env()
    return run("batch", "b.csv", *ASKED, "--yes", *argv, env=env)


def test_a_batch_looks_at_each_video(run: Run, server: ScriptedProvider) -> None:
    """Without `--strict` a line; with it 9, in this run and in the next, which finds them saved."""
    server.videos["t1.mp4"], server.videos["t2.mp4"] = answer(200, RIGHT), answer(200, WRONG)
    server.task("t1", done())
    server.task("t2", done())
    plainly = rows(run, server)
    assert (plainly.code, plainly.err.count("is not what was asked for")) == (0, 1)
    for _ in range(2):
        strict = rows(run, server, "--strict", "--sidecar", "--results", "r.csv", "--json")
        assert (strict.code, strict.error["code"]) == (9, "not_as_paid")
        assert strict.err.count("is not what was asked for") == 2  # the line, and the JSON
    found: list[Any] = strict.json
    assert [(one["video"] or {}).get("duration") for one in found] == ["8.04", "5.04"]
    assert [one["error"] and one["error"]["code"] for one in found] == [None, "not_as_paid"]
    names = sorted(path.name for path in Path("b").iterdir())
    assert names == [*("x-a-boat.mp4", "x-a-boat.mp4.json", "y-a-crane.mp4", "y-a-crane.mp4.json")]
    assert json.loads(Path("b/y-a-crane.mp4.json").read_text())["row"] == "y"
    assert "asked 8 s, delivered 5.04 s" in Path("r.csv").read_text()
    assert (server.posts(), server.fetched("t2.mp4")) == (2, 1)


@pytest.mark.parametrize("option", ["--strict", "--sidecar"])
@pytest.mark.parametrize("other", ["--no-download", "--no-wait"])
def test_a_batch_without_files_has_neither(
    run: Run, server: ScriptedProvider, option: str, other: str
) -> None:
    """2, and nothing is sent."""
    result = rows(run, server, option, other)
    assert (result.code, server.posts()) == (2, 0)
    assert f"{option} and {other} do not go together" in result.err


def test_a_batch_leaves_other_files_of_that_name(run: Run, server: ScriptedProvider) -> None:
    """Found before anything is paid, with its line."""
    Path("b").mkdir()
    Path("b/y-a-crane.mp4.json").write_text("mine")
    result = rows(run, server, "--sidecar")
    assert (result.code, server.posts()) == (2, 0)
    assert "y-a-crane.mp4.json exists already" in result.err


def test_the_sandbox_delivers_what_was_asked(run: Run) -> None:
    """So `--strict` passes there, whatever the seller's own names for things."""
    env = {"SEEDANCE_SANDBOX_SECONDS": "0"}
    argv = ("generate", "a boat", "-p", "seedanceapi", "-d", "4", "-r", "480p", "-a", "21:9")
    result = run(*argv, "--audio", "--sandbox", "--strict", "-o", "v.mp4", "--json", env=env)
    assert result.code == 0, result.err
    facts = {"duration": "4", "width": 1120, "height": 480, "audio": True}
    assert result.json["video"] == facts

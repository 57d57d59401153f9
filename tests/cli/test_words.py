"""What a word of the command line is: an option, its value, or text that begins with a dash."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.runner import Run, Spawn
    from support.scripted_provider import ScriptedProvider

LOST_DASHES = (
    "-old man walks a dog",  # -o 'ld man walks a dog'
    "-misty forest",  # -m 'isty forest', which defapi takes for a model
    "-pan left",
    "-high angle",  # -h, the help
    "-wide shot, -help",
    "-fog over a lake",
    "-info about cats",
    "-dancing cat",
    "-rainy street",
    "-animated boat",
    "-quiet village",  # -q and -u
    "-very slow",
    "-5 degrees outside",
    "- a boat",
    "--a boat",
    "--help me, said the boat",
    "--camera=pan left",
    "--camera pan=left",
    "-o=a boat",
    "-old\u00a0man",  # a no-break space
    "-old\u3000man",  # an ideographic one
    "-old\tman",
    "-old\nman",
    "-o\u2003man",
    "---\nthree dashes",
)
"""Prompts that lack their `--`, as a loop over a file hands them over."""
ONE_WORD = ("-old", "-misty", "-pan", "-high", "-wh", "-qh", "-nature", "-5", "--prompt", "---")
ALONE = ("-o=boat.mp4", "-d=8", "-prunbase", "-mseedance", "-of\u00fcr", "-vd=8")
"""A value glued to its option that may as well be prose, or that has a `=` of another syntax."""


@pytest.mark.parametrize("prompt", LOST_DASHES)
def test_a_prompt_that_begins_with_a_dash_is_told_from_options(
    prompt: str, run: Run, server: ScriptedProvider
) -> None:
    """Exit 2, and what to type: no help, no request, and stdin is not touched."""
    for before in ((), ("-w", "--audio"), ("-m", "seedance-2.0")):
        words = ("generate", *before, prompt, "-p", "defapi")
        done = run(*words, stdin="the next line\n", env=server.env("defapi"))
        assert (done.code, done.out) == (2, "")
        assert "a PROMPT that begins with - goes after --" in done.err
        assert "\n  hint: all options first, then the PROMPT: seedance generate" in done.err
    assert not server.server.requests


@pytest.mark.parametrize("prompt", [*LOST_DASHES, *ONE_WORD, "-h", "--help", "-w", "--"])
def test_after_two_dashes_everything_is_a_prompt(
    prompt: str, run: Run, server: ScriptedProvider
) -> None:
    """What stands after `--` is sent as it is."""
    words = ("generate", "-p", "runbase", "--dry-run", "--json", "--", prompt)
    done = run(*words, env=server.env("runbase"))
    assert done.json["body"]["input"] == {"prompt": prompt}


@pytest.mark.parametrize("word", [*ONE_WORD, *ALONE, "-", "-w"])
@pytest.mark.parametrize("more", [(), ("man",)])
def test_one_word_with_a_dash_never_pays(
    word: str, more: Sequence[str], run: Run, server: ScriptedProvider
) -> None:
    """Neither as the only word nor beside another one does it become an option's value."""
    if (word, more) == ("-w", ("man",)):
        pytest.skip("an option and a prompt")
    done = run("generate", "-p", "defapi", word, *more, env=server.env("defapi"))
    assert (done.code, done.out) == (2, "")
    assert not server.server.requests


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (("x", "-d8"), {"duration": "8"}),
        (("x", "-r720p"), {"resolution": "720p"}),
        (("x", "-a16:9"), {"aspect_ratio": "16:9"}),
        (("x", "-wd", "8"), {"duration": "8"}),
        (("x", "-qwd8"), {"duration": "8"}),
        (("x", "-oa/b"), {}),
        (("x", "-oboat.mp4"), {}),
        (("x", "--output=my boat.mp4"), {}),
        (("x", "-o", "my boat.mp4"), {}),
        (("x", "-o", "-my boat.mp4"), {}),
        (("x", "-d", "4", "-d", "8"), {"duration": "8"}),
        (("x", "--audio", "--no-audio"), {"generate_audio": False}),
        (("-p", "nobody", "x"), {}),
    ],
)
def test_options_as_everywhere(words: Sequence[str], body: dict[str, object], run: Run) -> None:
    """Clusters, values with a dash or a space, glued values; of two the last one counts."""
    done = run("generate", *words, "-p", "seedanceapi", "--dry-run", "--json")
    assert (done.code, done.json["body"]) == (0, {"prompt": "x", **body}), done.err


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (("x", "-o", "--wait"), "--wait"),
        (("x", "-m", "-w"), "-w"),
        (("x", "-w", "-m", "--sandbox"), "--sandbox"),
        (("x", "-wm", "--max-cost=3"), "--max-cost=3"),
        (("-o", "--", "x"), "--"),
        (("x", "--output", "-h"), "-h"),
    ],
)
def test_an_option_is_not_the_value_of_another(
    words: Sequence[str], value: str, run: Run, server: ScriptedProvider
) -> None:
    """A value that was forgotten (`-m $MODEL -w`) does not swallow the next option."""
    done = run("generate", "-p", "defapi", *words, env=server.env("defapi"))
    assert (done.code, done.out) == (2, "")
    assert value in done.err
    assert "needs a value" in done.err
    assert not server.server.requests


@pytest.mark.parametrize(
    "words",
    [
        ("wait", "-old man"),
        ("status", "-high angle"),
        ("cancel", "-h me"),
        ("price", "-pan left"),
        ("list", "-vh"),
        ("recover", "-help me"),
        ("providers", "-p unbase"),
        ("login", "-h me"),
        ("logout", "-qh"),
        ("profile", "show", "-high angle"),
        ("profile", "-high angle"),
        ("profile", "-hq"),
        ("sandbox", "-h me"),
        ("-high angle",),
        ("-high",),
        ("-Vh",),
        ("-V 3",),
        ("--version 3",),
        ("-old man", "generate"),
    ],
)
def test_every_command_reads_its_words_so(words: Sequence[str], run: Run) -> None:
    """No command, nor the program itself, prints help or a version for a word that is text."""
    done = run(*words)
    assert (done.code, done.out) == (2, "")
    assert "seedance: error: " in done.err


def test_a_key_among_the_words_is_not_repeated(run: Run) -> None:
    """What may be a key is not shown, whatever is wrong with the word."""
    for words in (("login", "runbase", "-my secret"), ("generate", "x", "-p" + "k" * 40)):
        done = run(*words)
        assert done.code == 2
        assert "secret" not in done.err
        assert "kkk" not in done.err


@pytest.mark.parametrize("words", [(), ("-w",), ("-f", "")])
def test_stdin_is_read_for_a_dash_only(
    words: Sequence[str], spawn: Spawn, server: ScriptedProvider
) -> None:
    """No PROMPT is 2 whatever stdin is; a loop's list keeps its lines."""
    env = server.env("runbase")
    process = spawn("generate", "-p", "runbase", *words, stdin="pipe", env=env)
    assert process.popen.wait(20) == 2
    assert not server.server.requests


def test_a_loop_over_a_file_pays_for_its_lines_only(spawn: Spawn, server: ScriptedProvider) -> None:
    """`while read p; do seedance generate "$p"; done`: a line with a dash costs nothing."""
    code = (
        "import subprocess, sys\n"
        "for line in sys.stdin.buffer.raw.read(99).decode().splitlines(): print(subprocess.run("
        "[sys.executable, '-m', 'seedance_cli', 'generate', line, '-p', 'runbase'],"
        " capture_output=True).returncode)"
    )
    lines = b"a boat\n-old man walks a dog\na street\n"
    done = spawn(code=code, stdin=lines, env=server.env("runbase")).finish()
    assert done.out.split() == ["0", "2", "0"]
    assert server.posts() == 2

"""Output: what reaches the streams, in which form, and what happens when they cannot take it."""

from __future__ import annotations

import io
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedance_cli.cli.output.documents import recovery_object, task_object
from seedance_cli.cli.output.sink import Output
from seedance_cli.errors import Closed, InsufficientCredits, SeedanceError, WriteFailed
from seedance_cli.models import (
    IntentState,
    Price,
    Problem,
    Status,
    Submission,
    Task,
    VideoRequest,
    mask_url,
    safe,
    unsafe,
)
from seedance_cli.system import fit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.runner import Spawn

posix = pytest.mark.skipif(os.name != "posix", reason="descriptors of a POSIX system")

HOSTILE = "\x1b]52;c;AAAA\x07\x1b[31m\x9b31m\r\n\t\x7f\u202e\u2066\u2028\ud800[/red][link=x]:smile:"
ESCAPED = (
    r"\x1b]52;c;AAAA\x07\x1b[31m\x9b31m\r\n\t\x7f\u202e\u2066\u2028\ud800[/red][link=x]:smile:"
)


class Terminal(io.TextIOWrapper):
    """A captured stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Streams:
    """Both streams swapped for captured ones, by `use` in the test: pytest swaps them before it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch

    def use(self, encoding: str = "utf-8", kind: type[io.TextIOWrapper] = io.TextIOWrapper) -> None:
        self.out = kind(io.BytesIO(), encoding=encoding, newline="")
        self.err = kind(io.BytesIO(), encoding=encoding, newline="")
        self.patch.setattr(sys, "stdout", self.out)
        self.patch.setattr(sys, "stderr", self.err)

    @property
    def written(self) -> str:
        assert isinstance(self.out.buffer, io.BytesIO)
        return self.out.buffer.getvalue().decode(self.out.encoding)

    @property
    def said(self) -> str:
        assert isinstance(self.err.buffer, io.BytesIO)
        return self.err.buffer.getvalue().decode(self.err.encoding)


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> Streams:
    return Streams(monkeypatch)


CONTROLS = [chr(n) for n in (*range(0xA0), *range(0x2000, 0x2070), 0x61C, 0xD800, 0xDFFF)]


def forbidden(text: str) -> list[str]:
    return [
        char
        for char in text
        if ord(char) < 32
        or 0x7F <= ord(char) < 0xA0
        or char in "\u061c\u200e\u200f\u2028\u2029"
        or "\u202a" <= char <= "\u202e"
        or "\u2066" <= char <= "\u2069"
        or "\ud800" <= char <= "\udfff"
    ]


any_text = given(st.text(st.characters() | st.sampled_from(CONTROLS), max_size=40))


@settings(max_examples=1_000, deadline=None)
@any_text
def test_no_control_character_survives(text: str) -> None:
    """`safe` leaves no C0, C1, DEL, bidi control, line separator or lone surrogate in any text."""
    nothing_survives(text)


@pytest.mark.full
@settings(max_examples=20_000, deadline=None)
@any_text
def test_no_control_character_survives_in_very_many_texts(text: str) -> None:
    """The same, for longer."""
    nothing_survives(text)


def nothing_survives(text: str) -> None:
    made = safe(text)
    assert forbidden(made) == []
    made.encode()  # raises for a lone surrogate
    assert unsafe(text) == (made != text)


def test_escapes_are_visible() -> None:
    """Each control character is shown in the form that a programmer knows."""
    assert safe(HOSTILE) == ESCAPED


@pytest.mark.parametrize(
    "text",
    [
        "a\\nb",
        "中文 雨の日",
        "عربى",
        "नमस्ते",
        "👩\u200d🚀",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "é e\u0301",
        "[bold]x[/bold] :smile:",
    ],
)
def test_printable_text_stays(text: str) -> None:
    """Printable text of any script stays as it is, joiners, backslashes and markup too."""
    assert safe(text) == text
    assert not unsafe(text)


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("https://h.example/v.mp4?sig=SECRET&x=1", "https://h.example/v.mp4?***"),
        ("https://u:SECRET@h.example:8443/p@q?SECRET", "https://***@h.example:8443/p@q?***"),
        ("https://h.example/a#SECRET", "https://h.example/a#***"),
        ("https://h.example/a", "https://h.example/a"),
        ("socks5://u@h:1", "socks5://***@h:1"),
        ("/path?SECRET", "/path?***"),
        ("https://h/\x1b[2J", r"https://h/\x1b[2J"),
        ("https://h/a?u=http://SECRET@x", "https://h/a?***"),
    ],
)
def test_urls_are_masked(url: str, masked: str) -> None:
    """The user, the query and the fragment of a URL never reach a log."""
    assert mask_url(url) == masked


def test_result_is_one_flushed_line(streams: Streams) -> None:
    """A result is one line, its fields separated by tabs that no field can forge."""
    streams.use()
    Output().result("seedance2ink:req_1", "running\trow\n", HOSTILE)
    assert streams.written == f"seedance2ink:req_1\trunning\\trow\\n\t{ESCAPED}\n"
    assert streams.said == ""


def test_stderr_levels(streams: Streams) -> None:
    """`-q` leaves what must always be said, `-v` adds the log, and none of it is on stdout."""
    streams.use()

    def speak(out: Output) -> str:
        streams.use()
        out.note("note")
        out.warn("careful\x1b[2J")
        out.log("log")
        out.always("always")
        assert streams.written == ""
        return streams.said

    assert speak(Output()) == "note\nwarning: careful\\x1b[2J\nalways\n"
    assert speak(Output(quiet=True)) == "always\n"
    assert speak(Output(verbose=True)) == "note\nwarning: careful\\x1b[2J\nlog\nalways\n"


def failure() -> SeedanceError:
    return InsufficientCredits(
        f"no credits {HOSTILE}",
        hint="top up",
        provider="runbase",
        http_status=402,
        ref="runbase:é",
        intent="4f3a",
    )


def test_error_for_a_person(streams: Streams) -> None:
    """An error is two lines on stderr, also with `-q`: what happened, and what to type next."""
    streams.use()
    Output(quiet=True).error(failure())
    assert streams.said == f"seedance: error: no credits {ESCAPED}\n  hint: top up\n"


REF = "seedance2ink:req_2a13a2f375100a94"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"submitted {REF}", ["submitted", f"  {REF}"]),
        (
            "model a/b-1.5-pro (the first that runbase lists; -m chooses another)",
            ["model a/b-1.5-pro (the first that", "  runbase lists; -m chooses another)"],
        ),
        (
            f"2 left: seedance wait {REF} -o a.mp4; or none of them",
            ["2 left:", f"  seedance wait {REF} -o a.mp4;", "  or none of them"],
        ),
        (
            "at it: RUNBASE_BASE_URL=http://127.0.0.1:1/v1 seedance wait",
            ["at it:", "  RUNBASE_BASE_URL=http://127.0.0.1:1/v1 seedance wait"],
        ),
        ("  export RUNBASE_API_KEY=sandbox-of-this-one", None),
        ("中文" * 30, None),
        ("just as wide as the screen is, no wider", None),
        ("Submit them? [y/N] ", None),
    ],
)
def test_lines_are_broken_between_words(
    streams: Streams, text: str, lines: list[str] | None
) -> None:
    """On a terminal no word is broken, nor a command, which is there to be copied."""
    streams.patch.setenv("COLUMNS", "39")
    streams.use(kind=Terminal)
    Output().note(text)
    assert streams.said.splitlines() == (lines or [text])
    streams.use(kind=Terminal)
    streams.patch.setenv("FORCE_COLOR", "1")
    Output().warn(text)
    assert streams.said.startswith("\x1b[33mwarning:\x1b[0m")
    assert streams.said.split()[1:] == text.split()
    streams.use()
    Output().note(text)
    assert streams.said == f"{text}\n"


def test_what_a_script_reads_is_one_line_on_a_terminal_too(streams: Streams) -> None:
    """A hint is broken between words; the line of JSON, and an annotation, are not."""
    streams.patch.setenv("COLUMNS", "39")
    streams.patch.setenv("NO_COLOR", "1")
    streams.patch.setenv("GITHUB_ACTIONS", "true")
    streams.use(kind=Terminal)
    hint = f"the providers are many; seedance wait {REF} --download"
    Output(json=True).error(SeedanceError("it went wrong, as was told in many words", hint=hint))
    said = streams.said.splitlines()
    assert said[:5] == [
        "seedance: error: it went wrong, as was",
        "  told in many words",
        "  hint: the providers are many;",
        f"  seedance wait {REF} --download",
        said[4],
    ]
    assert said[4].startswith("::error")
    assert json.loads(said[5])["error"]["hint"] == hint
    assert len(said) == 6


def test_error_for_a_script(streams: Streams) -> None:
    """With `--json` stderr ends with one line of JSON, its keys in the contract's order."""
    streams.use()
    Output(json=True).error(failure())
    *human, last = streams.said.splitlines()
    assert human[0].startswith("seedance: error: no credits")
    assert last.isascii()
    assert list(json.loads(last)) == ["error"]
    assert list(json.loads(last)["error"].items()) == [
        ("code", "insufficient_credits"),
        ("exit_code", 4),
        ("message", f"no credits {HOSTILE}"),
        ("hint", "top up"),
        ("provider", "runbase"),
        ("http_status", 402),
        ("retry_safe", True),
        ("ref", "runbase:é"),
        ("intent", "4f3a"),
    ]


def test_error_line_only_with_json(streams: Streams) -> None:
    """Without `--json` there is no line for scripts, and a complaint alone never has one."""
    streams.use()
    Output().error_line(failure())
    assert streams.said == ""
    Output(json=True).complain(failure())
    assert "{" not in streams.said


def test_document_values(streams: Streams) -> None:
    """Words of ours are strings, and all of it is ASCII on one line."""
    streams.use()
    Output(json=True).document(
        {
            "status": Status.RUNNING,
            "text": "\x7f\x1b\u202e\ud800中",
        }
    )
    assert streams.written.count("\n") == 1
    assert streams.written.isascii()
    assert "\x7f" not in streams.written
    assert json.loads(streams.written) == {
        "status": "running",
        "text": "\x7f\x1b\u202e\ud800中",
    }


def test_unknown_class_in_json_is_a_bug(streams: Streams) -> None:
    """A value that has no JSON form is an error, not its repr."""
    streams.use()
    with pytest.raises(TypeError):
        Output(json=True).document({"x": object()})
    assert streams.written == ""


def test_document_is_laid_out_on_a_terminal(streams: Streams) -> None:
    """On a terminal the document is indented; an event never is."""
    streams.use(kind=Terminal)
    Output(json=True).document({"a": [1]})
    Output(json=True).event({"a": [1]})
    assert streams.written == '{\n  "a": [\n    1\n  ]\n}\n{"a": [1]}\n'


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8", "utf-16-le"])
def test_every_encoding_works(streams: Streams, encoding: str) -> None:
    """A stream of a small encoding gets visible escapes for what it lacks, and never a crash."""
    streams.use(encoding)
    out = Output()
    out.result("é 雨 👩", "\ud800")
    out.error(SeedanceError("雨 é"))
    out.table(["名"], [["雨"]])
    whole = encoding.startswith("utf")
    assert streams.written.splitlines()[0].endswith("\t\\ud800")
    assert (r"\u96e8" in streams.written) == (not whole)
    assert (r"\u96e8" in streams.said) == (not whole)


def test_unknown_encoding_is_taken_as_ascii() -> None:
    """A stream that names no codec of Python's gets ASCII; one that names none gets the text."""

    class Odd(io.StringIO):
        encoding = "no-such-codec"

    assert fit("é", Odd()) == r"\xe9"
    assert fit("é", io.StringIO()) == "é"


def test_table_off_a_terminal(streams: Streams) -> None:
    """In a pipe a table is tab-separated rows without a head, whatever FORCE_COLOR says."""
    streams.use()
    streams.patch.setenv("FORCE_COLOR", "1")
    Output().table(["REF", "STATUS"], [["a", "[red]x[/red]"], ["b", HOSTILE]])
    assert streams.written == f"a\t[red]x[/red]\nb\t{ESCAPED}\n"


def test_table_on_a_terminal(streams: Streams) -> None:
    """On a terminal a table has a head, its cells are literal, and nothing is cut off."""
    streams.use(kind=Terminal)
    streams.patch.setenv("NO_COLOR", "1")
    streams.patch.setenv("COLUMNS", "40")
    long = "seedance2ink:" + "x" * 60
    Output().table(["REF", "STATUS"], [[long, "[bold]:smile:[/bold]"], ["b", "\x1b[2J"]])
    assert "REF" in streams.written
    assert "[bold]:smile:[/bold]" in streams.written.replace("\n", "").replace(" ", "") or (
        "[bold]" in streams.written
    )
    assert streams.written.count("x") == 61  # 60, and the one of \x1b
    assert forbidden(streams.written.replace("\n", "")) == []


def test_the_first_columns_of_a_table_stay_whole(streams: Streams) -> None:
    """Where a table is too wide, its last column is folded; a ref or a word before it is not."""
    streams.use(kind=Terminal)
    streams.patch.setenv("NO_COLOR", "1")
    streams.patch.setenv("COLUMNS", "60")
    ref, url = "runbase:run_0123456789", "https://example.com/" + "x" * 60
    Output().table(["REF", "STATUS", "URL"], [[ref, "succeeded", url]])
    lines = streams.written.splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[1].startswith(f"{ref}  succeeded  https://")
    assert "".join(line[len(ref) + 13 :] for line in lines[1:]) == url


def test_a_block_has_its_fields_indented(streams: Streams) -> None:
    """A block is a name and, below it, a line for each field; what does not fit is folded."""
    streams.use(kind=Terminal)
    streams.patch.setenv("NO_COLOR", "1")
    streams.patch.setenv("COLUMNS", "30")
    Output().block("na\x1bme", [("key", "not set"), ("ratios", "16:9, [b]9:16[/b], 1:1, 4:3")])
    assert streams.written == (
        "na\\x1bme\n  key     not set\n  ratios  16:9, [b]9:16[/b],\n          1:1, 4:3\n"
    )


def test_table_colours_only_its_head(streams: Streams) -> None:
    """With colours allowed the head is bold; no other control sequence is written."""
    streams.use(kind=Terminal)
    streams.patch.setenv("TERM", "xterm")
    Output().table(["REF"], [["a\x1b[31m"]])
    assert streams.written.startswith("\x1b[1mREF")
    assert streams.written.count("\x1b") == 2


def test_narrow_terminal(streams: Streams) -> None:
    """On a terminal of one column a table is plain rows, and an empty one is nothing at all."""
    streams.use(kind=Terminal)
    streams.patch.setenv("COLUMNS", "1")
    Output().table(["REF"], [["a", "b"]])
    Output().table(["REF"], [])
    assert streams.written == "a\tb\n"


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "CI": "true"}, False),
        ({"TERM": "xterm", "CI": "false"}, True),
        ({"TERM": "xterm", "COLUMNS": "1"}, False),
        ({"TERM": "xterm", "COLUMNS": "wide"}, True),
    ],
)
def test_when_a_live_display_is_allowed(
    streams: Streams, env: dict[str, str], expected: bool
) -> None:
    """A live display needs a terminal that can move its cursor and is wide enough, and no CI."""
    streams.use()
    for name, value in env.items():
        streams.patch.setenv(name, value)
    assert Output().interactive is False  # no terminal, whatever the environment says
    streams.use(kind=Terminal)
    assert Output().interactive is expected
    assert Output().stdout_terminal is True


def test_no_animation_is_forced_into_a_pipe(streams: Streams) -> None:
    """FORCE_COLOR colours a pipe and animates nothing; NO_COLOR wins over it."""
    streams.use()
    streams.patch.setenv("FORCE_COLOR", "1")
    assert Output().interactive is False
    Output().warn("x")
    assert streams.said == "\x1b[33mwarning:\x1b[0m x\n"
    streams.patch.setenv("NO_COLOR", "1")
    Output().warn("y")
    assert streams.said.endswith("warning: y\n")


def test_closed_streams(streams: Streams) -> None:
    """A closed stdout is found before paying; a closed stderr stops nothing."""
    streams.use()
    streams.out.close()
    streams.err.close()
    out = Output()
    out.always("x")
    assert not out.interactive
    for call in (out.check_stdout, out.binary, lambda: out.result("x")):
        with pytest.raises(WriteFailed):
            call()


def test_missing_streams(streams: Streams) -> None:
    """The same where the process was started without them."""
    streams.use()
    streams.patch.setattr(sys, "stdout", None)
    streams.patch.setattr(sys, "stderr", None)
    out = Output()
    out.error(failure())
    out.table(["a"], [])
    assert not out.interactive
    assert not out.stdout_terminal
    for call in (out.check_stdout, out.binary, lambda: out.result("x"), lambda: out.document({})):
        with pytest.raises(WriteFailed):
            call()


def test_check_stdout_accepts_what_can_be_written(streams: Streams, tmp_path: Path) -> None:
    """A captured stdout and a file are fine."""
    streams.use()
    Output().check_stdout()
    with (tmp_path / "out").open("w") as file:
        streams.patch.setattr(sys, "stdout", file)
        Output().check_stdout()
        assert Output().binary() is file.buffer


@posix
def test_check_stdout_refuses_a_stdout_for_reading(streams: Streams) -> None:
    """A stdout that is open for reading only is refused before paying."""
    streams.use()
    with Path(os.devnull).open() as file:
        streams.patch.setattr(sys, "stdout", file)
        with pytest.raises(WriteFailed, match="not open for writing"):
            Output().check_stdout()


@posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_full_disk(spawn: Spawn) -> None:
    """A full disk is WriteFailed for this and each further result, and the end is quiet."""
    code = """
from seedance_cli.cli.output.sink import Output, Closed
from seedance_cli.errors import WriteFailed
out = Output()
out.check_stdout()
for n in range(2):
    try:
        out.result("x")
    except WriteFailed as error:
        out.always(f"{type(error).__name__} {error}")
"""
    with Path("/dev/full").open("wb") as full:
        result = spawn(code=code, stdout=full.fileno()).finish()
    line = "WriteFailed stdout could not be written: No space left on device\n"
    assert (result.code, result.err) == (0, line * 2)


@posix
def test_broken_pipe(spawn: Spawn) -> None:
    """A reader that has gone is `Closed`, and the interpreter has nothing to add at its end."""
    code = """
from seedance_cli.cli.output.sink import Output, Closed
out = Output()
try:
    out.result("x" * 10)
except Closed as error:
    assert error.broken_pipe and error.quiet and error.exit_code == 10
    out.always("closed")
"""
    reader, writer = os.pipe()
    os.close(reader)
    result = spawn(code=code, stdout=writer).finish()
    os.close(writer)
    assert (result.code, result.err) == (0, "closed\n")


@posix
def test_broken_stderr_stops_nothing(spawn: Spawn) -> None:
    """Results still come when whoever read stderr has gone, and the exit code stays."""
    code = """
import os, sys
r, w = os.pipe(); os.close(r); os.dup2(w, 2); os.close(w)
from seedance_cli.cli.output.sink import Output
out = Output()
out.note("lost"); out.note("lost"); out.result("kept")
"""
    result = spawn(code=code).finish()
    assert (result.code, result.out) == (0, "kept\n")


def test_closed_is_a_write_failure() -> None:
    """Whoever catches a failed write catches a broken pipe too."""
    assert issubclass(Closed, WriteFailed)


def test_heavy_modules_stay_out(spawn: Spawn) -> None:
    """Importing the output and printing a line loads neither rich nor json."""
    code = """
import sys
from seedance_cli.cli.output.sink import Output
Output().result("x"); Output().table(["A"], [["b"]]); Output().warn("w")
print(sorted({"rich", "json", "httpx", "asyncio", "sqlite3"} & set(sys.modules)))
"""
    assert spawn(code=code).finish().out == "x\nb\n[]\n"


TASK_KEYS = [
    "schema", "intent", "ref", "provider", "task_id", "profile", "sandbox", "status",
    "provider_status", "model", "request", "video_urls", "files", "video", "last_frame", "name",
    "batch", "row", "attempt", "cost", "error", "created_at", "submitted_at", "finished_at",
]  # fmt: skip
REQUEST_KEYS = [
    "prompt", "model", "duration", "resolution", "aspect_ratio", "audio", "fixed_lens", "seed",
    "watermark", "images", "first_frame", "last_frame", "reference_videos", "reference_audios",
    "callback_url", "metadata", "params",
]  # fmt: skip
WHEN = datetime(2026, 2, 7, 10, 30, tzinfo=UTC)


def submission() -> Submission:
    return Submission(
        provider="seedance2ink",
        endpoint="https://seedance2.ink/api/open/v1",
        sandbox=False,
        intent="4f3a",
        state=IntentState.ACCEPTED,
        profile="default",
        request=VideoRequest(prompt="a boat", model="seedance-2.0", duration=5, images=("u",)),
        task=Task(
            task_id="req 1",
            status=Status.FAILED,
            provider_status="FAILED",
            video_urls=("https://a", "https://b"),
            cost=Price(Decimal("4E+1"), None, "charged"),
            error=Problem(None, "no"),
            finished_at=WHEN + timedelta(minutes=1),
        ),
        created_at=WHEN,
        submitted_at=WHEN + timedelta(seconds=1),
        files=("/abs/a.mp4",),
        evidence={"http_status": 502},
    )


def test_task_object() -> None:
    """The task object has every key of the contract, in its order."""
    made = task_object(submission())
    assert list(made) == TASK_KEYS
    assert made == {
        "schema": "seedance.task/1",
        "intent": "4f3a",
        "ref": "seedance2ink:req%201",
        "provider": "seedance2ink",
        "task_id": "req 1",
        "profile": "default",
        "sandbox": False,
        "status": "failed",
        "provider_status": "FAILED",
        "model": "seedance-2.0",
        "request": {
            "prompt": "a boat",
            "model": "seedance-2.0",
            "duration": 5,
            "resolution": None,
            "aspect_ratio": None,
            "audio": None,
            "fixed_lens": None,
            "seed": None,
            "watermark": None,
            "images": ["u"],
            "first_frame": None,
            "last_frame": None,
            "reference_videos": [],
            "reference_audios": [],
            "callback_url": None,
            "metadata": {},
            "params": {},
        },
        "video_urls": ["https://a", "https://b"],
        "files": ["/abs/a.mp4"],
        "video": None,
        "last_frame": None,
        "name": None,
        "batch": None,
        "row": None,
        "attempt": 1,
        "cost": {"amount": "40", "unit": None, "basis": "charged"},
        "error": {"code": None, "message": "no"},
        "created_at": "2026-02-07T10:30:00Z",
        "submitted_at": "2026-02-07T10:30:01Z",
        "finished_at": "2026-02-07T10:31:00Z",
    }
    request = made["request"]
    assert isinstance(request, dict)
    assert list(request) == REQUEST_KEYS


def test_task_object_of_an_unknown_outcome() -> None:
    """A submission whose outcome is unknown has no ref and no id, and the status `unknown`."""
    made = task_object(submission()._replace(task=None, files=(str(Path("/x")),)))
    assert list(made) == TASK_KEYS
    assert (made["ref"], made["task_id"], made["status"]) == (None, None, "unknown")
    assert (made["cost"], made["error"], made["finished_at"]) == (None, None, None)
    assert made["model"] == "seedance-2.0"
    assert made["files"] == [str(Path("/x"))]


def test_task_object_of_a_foreign_task() -> None:
    """A task of another machine has null for request and intent; the provider's date is taken."""
    made = task_object(
        Submission(
            provider="runbase",
            endpoint="https://runbase.net/api/v1",
            sandbox=False,
            task=Task(task_id="r", status=Status.RUNNING, created_at=WHEN),
        )
    )
    assert list(made) == TASK_KEYS
    assert (made["request"], made["intent"], made["profile"], made["model"]) == (None,) * 4
    assert made["created_at"] == "2026-02-07T10:30:00Z"
    assert made["submitted_at"] is None


def test_recovery_object(streams: Streams) -> None:
    """`recover` adds to the task object where it was sent, its state, and what came back."""
    streams.use()
    made = recovery_object(submission()._replace(task=None, state=IntentState.UNKNOWN))
    assert list(made) == [*TASK_KEYS, "endpoint", "state", "evidence"]
    assert (made["state"], made["evidence"]) == ("unknown", {"http_status": 502})
    Output(json=True).document([made])
    assert json.loads(streams.written) == [made]


@pytest.mark.parametrize("call", [Output.note, Output.warn, Output.always, Output.complain])
def test_a_guard_surrounds_what_a_terminal_gets(
    streams: Streams, call: Callable[..., None]
) -> None:
    """Writes to a terminal pass through the guard of a live display; those to a pipe do not."""
    streams.use()
    from contextlib import contextmanager

    entered = []

    @contextmanager
    def guard() -> Iterator[None]:
        entered.append("in")
        yield
        entered.append("out")

    def speak() -> None:
        out = Output()
        out.guard = guard
        call(out, SeedanceError("x") if call is Output.complain else "x")
        out.result("x")

    speak()
    assert entered == []
    streams.use(kind=Terminal)
    speak()
    assert entered == ["in", "out"] * 2

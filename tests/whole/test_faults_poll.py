"""What goes wrong while a task is polled: faults 13 to 19, and signals in that phase (42)."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli.http.limits import MAX_BODY
from support.bytes_server import answer, head
from support.fake_clock import START, FakeClock, passed
from support.scripted_provider import KEY, ScriptedProvider, State, done, error, json_answer

if TYPE_CHECKING:
    from support.bytes_server import Client, Request
    from support.runner import Run, Spawn

URL = "https://v.example/1.mp4"
ENDINGS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


# 13: what is no answer is asked for again


def reset(request: Request, client: Client) -> None:
    client.reset()


def cut(request: Request, client: Client) -> None:
    client.send(head(200, {"Content-Length": "500"}) + b'{"id": "t1", "sta')


def silent(request: Request, client: Client) -> None:
    client.silence()


NO_ANSWERS = {
    "500": error(500),
    "502 html": answer(502, b"<html>bad gateway</html>", {"Content-Type": "text/html"}),
    "504": error(504),
    "408": error(408),
    "reset": reset,
    "cut": cut,
    "empty": answer(200, b""),
    "html": answer(200, b"<html>soon back</html>", {"Content-Type": "text/html"}),
    "garbage": answer(200, b"\xff\xfe\x00garbage"),
    "list": json_answer(200, ["succeeded"]),
    "no status": json_answer(200, {"id": "t1"}),
    "another task": json_answer(200, {"id": "t2", "status": "succeeded"}),
    "deep": answer(200, b"[" * 200_000),
}


@pytest.mark.parametrize("fault", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
def test_fault_13_no_usable_answer_is_asked_for_again(
    run: Run, server: ScriptedProvider, clock: FakeClock, fault: object
) -> None:
    """5xx, resets, cuts, HTML and garbage are no answer: the next poll decides."""
    server.task("t1", fault, fault, done(URL))  # type: ignore[arg-type]  # a Script each
    result = run("wait", "runbase:t1", env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, f"{URL}\n")
    assert server.polls("t1") == 3


def test_fault_13_silence_is_asked_again(run: Run, server: ScriptedProvider) -> None:
    """A poll that nobody answers is given up after 30 s, and sent again."""
    clock = FakeClock(grace=0.1)
    server.task("t1", silent, done(URL))
    result = run("wait", "runbase:t1", env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, f"{URL}\n")
    assert passed(clock) >= 30


def test_fault_13_a_server_that_is_gone_ends_generate_with_8(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """10 minutes without a good answer: 8 from `generate`, with the ref and `unreachable`."""
    server.task("t1", error(503))
    words = ("generate", "a boat", "-p", "runbase", "--wait", "--json")
    result = run(*words, env=server.env(), clock=clock)
    assert result.code == 8
    assert 600 <= passed(clock) < 640
    assert (result.error["code"], result.error["exit_code"]) == ("unreachable", 8)
    assert result.error["ref"] == result.json["ref"] == "runbase:t1"
    assert result.error["retry_safe"] is False
    assert "seedance wait runbase:t1" in result.error["hint"]
    assert server.posts() == 1


def test_fault_13_a_server_that_is_gone_ends_wait_with_5(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """10 minutes without a good answer: 5 from `wait`, with the ref and how to come back."""
    server.task("t1", "running", error(503))
    result = run("wait", "runbase:t1", "--json", env=server.env(), clock=clock)
    assert result.code == 5
    assert (result.error["code"], result.error["ref"]) == ("unreachable", "runbase:t1")
    assert result.error["retry_safe"] is True
    assert "seedance wait runbase:t1" in result.err


# 14: Retry-After


@pytest.mark.parametrize(
    ("value", "pause"),
    [
        ("7", 7.0),
        (format_datetime(START.replace(minute=31), usegmt=True), 60.0),
        ("1e9", 120.0),
        ("Sat, 07 Feb 2099 10:30:00 GMT", 120.0),
        ("-5", 1.25),
        ("0", 1.25),
        ("Sat, 07 Feb 1999 10:30:00 GMT", 1.25),
        ("NaN", 2.0),
        ("soon", 2.0),
        ("inf", 120.0),
    ],
)
def test_fault_14_retry_after_is_held_to_two_minutes(
    run: Run, server: ScriptedProvider, clock: FakeClock, value: str, pause: float
) -> None:
    """`Retry-After` as seconds, date, negative, NaN or 1e9 makes a pause of 0 to 120 s."""
    server.task("t1", error(503, headers={"Retry-After": value}), done(URL))
    assert run("wait", "runbase:t1", env=server.env(), clock=clock).code == 0
    assert sum(clock.sleeps) == pause


def test_fault_14_429_is_waited_out(run: Run, server: ScriptedProvider, clock: FakeClock) -> None:
    """A rate limit on a read is no end: the next poll comes when the provider says."""
    server.task("t1", error(429, headers={"Retry-After": "42"}), done(URL))
    assert run("wait", "runbase:t1", env=server.env(), clock=clock).code == 0
    assert sum(clock.sleeps) == 42


# 15: words


@pytest.mark.parametrize("word", ["failed", "FAILED", "cancelled", "canceled", "expired"])
@pytest.mark.parametrize("name", ["seedanceapi", "defapi", "seedance2ink", "runbase"])
def test_fault_15_a_task_that_ends_without_a_video_is_7_with_the_reason(
    run: Run, server: ScriptedProvider, clock: FakeClock, name: str, word: str
) -> None:
    """Failed, cancelled and expired are told apart, with the provider's reason: 7."""
    server.task("t1", "running", State(word, reason="the moon is full"))
    result = run("wait", f"{name}:t1", "--json", env=server.env(), clock=clock)
    assert result.code == 7
    assert result.error["code"] == "task_failed"
    assert "the moon is full" in result.error["message"]
    expected = {"FAILED": "failed", "canceled": "cancelled"}.get(word, word)
    assert result.json["status"] == expected
    assert result.json["provider_status"] == word
    assert result.json["error"]["message"] == "the moon is full"


def test_a_reason_with_control_characters_is_shown_escaped(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """What a server wrote reaches the terminal with its escapes visible."""
    server.task("t1", State("failed", reason="\x1b[31mred\x07\u202egnorw"))
    result = run("wait", "runbase:t1", env=server.env(), clock=clock)
    assert r"\x1b[31mred\x07\u202egnorw" in result.err
    assert "\x1b" not in result.err


# 17: polls that cannot go on


@pytest.mark.parametrize(("status", "code"), [(401, "unauthorized"), (403, "forbidden")])
def test_fault_17_a_key_that_is_refused_midway(
    run: Run, server: ScriptedProvider, clock: FakeClock, status: int, code: str
) -> None:
    """401 or 403 in the middle: 3 from `wait`, at once, the ref printed."""
    server.task("t1", "running", error(status), "running")
    result = run("wait", "runbase:t1", "--json", env=server.env(), clock=clock)
    assert result.code == 3
    assert (result.error["code"], result.error["ref"]) == (code, "runbase:t1")
    assert server.polls("t1") == 2
    assert "runbase:t1" in result.err.splitlines()[-2] + result.err.splitlines()[-3]


@pytest.mark.parametrize("status", [401, 403, 404, 400])
def test_a_read_that_is_refused_is_8_from_generate(
    run: Run, server: ScriptedProvider, clock: FakeClock, status: int
) -> None:
    """A task that is paid for cannot make `generate` exit 3 or 4: its reads then give 8."""
    server.task("t1", "running", error(status))
    words = ("generate", "a boat", "-p", "seedance2ink", "--wait", "--json")
    result = run(*words, env=server.env(), clock=clock)
    assert result.code == 8
    assert result.error["exit_code"] == 8
    assert result.error["code"] in {"unauthorized", "forbidden", "not_found", "rejected"}
    assert result.error["ref"] == "seedance2ink:t1"
    assert result.error["intent"] == result.json["intent"]
    assert "seedance wait seedance2ink:t1" in result.error["hint"]
    assert result.json["status"] == "running"


def test_a_key_that_the_provider_repeats_is_masked(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """An error that quotes the key reaches no stream with it."""
    server.task("t1", error(401, f"bad key {KEY}"))
    result = run("wait", "runbase:t1", "--json", "-v", env=server.env(), clock=clock)
    assert KEY not in result.out + result.err
    assert KEY[4:14] not in result.err
    assert "****" in result.err


@pytest.mark.parametrize("name", ["seedanceapi", "defapi", "seedance2ink", "runbase"])
def test_fault_17_done_without_a_url_is_9(
    run: Run, server: ScriptedProvider, clock: FakeClock, name: str
) -> None:
    """A task that succeeded without naming a video exits 9, and stays undelivered."""
    server.task("t1", State("succeeded", urls=()))
    result = run("wait", f"{name}:t1", "--json", env=server.env(), clock=clock)
    assert result.code == 9
    assert result.error["code"] == "download_failed"
    assert result.json["status"] == "succeeded"
    assert result.json["video_urls"] == []


@pytest.mark.parametrize("bad", ["\x1b[2J", "\n", "\x00", "\u202e", "\x9b", "\u2028"])
@pytest.mark.parametrize("more", [(), ("--download",)])
def test_a_url_with_a_control_character_is_9(
    run: Run, server: ScriptedProvider, clock: FakeClock, bad: str, more: tuple[str, ...]
) -> None:
    """Such a URL is unusable: 9, and nothing of it on stdout."""
    server.task("t1", done(f"https://v.example/{bad}.mp4"))
    result = run("wait", "runbase:t1", *more, env=server.env(), clock=clock)
    assert (result.code, result.out) == (9, "")


# 14: a wait that was asked for


@pytest.mark.parametrize("asked", ["60", "1"])
@pytest.mark.parametrize("command", ["wait", "status", "cancel"])
def test_fault_14_a_long_pause_is_said(
    run: Run, server: ScriptedProvider, clock: FakeClock, command: str, asked: str
) -> None:
    """What is waited for, and how long, where it is more than a moment; with `-q` it is not."""
    late, said = error(429, "slow down", {"Retry-After": asked}), asked == "60"
    for quiet in ([], ["-q"]):
        server.task("t1", late, State("cancelled" if command == "cancel" else "succeeded"))
        result = run(command, "seedance2ink:t1", *quiet, env=server.env(), clock=clock)
        assert result.code == 0
        assert ("slow down" in result.err and "again in 1m 0s" in result.err) is (
            said and not quiet
        )


# 19: bodies


def test_fault_19_a_body_of_50_megabytes_is_cut_off(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """An answer over 4 MiB is no answer, and is not read to its end."""
    sent: list[int] = []

    def huge(request: Request, client: Client) -> None:
        client.send(head(200, {"Content-Length": "50000000"}))
        while sum(sent) < 50_000_000 and client.send(b" " * 100_000):
            sent.append(100_000)

    server.task("t1", huge, done(URL))
    result = run("wait", "runbase:t1", env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, f"{URL}\n")
    assert sum(sent) < 4 * MAX_BODY


def test_fault_19_an_endless_body_is_cut_off(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A body that never ends is cut at the same size."""

    def endless(request: Request, client: Client) -> None:
        client.send(head(200))
        while client.send(b"[" * 100_000):
            pass

    server.task("t1", endless, done(URL))
    result = run("wait", "runbase:t1", env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, f"{URL}\n")


def test_fault_19_a_dripping_body_has_30_seconds_in_all(run: Run, server: ScriptedProvider) -> None:
    """A byte now and then keeps no exchange alive: it has 30 s from its start to its end."""
    clock = FakeClock()

    def drip(request: Request, client: Client) -> None:
        clock.patience = 0.2
        client.send(head(200, {"Content-Length": "100000"}))
        client.drip(b" " * 100_000, 1, lambda: time.sleep(0.01))

    server.task("t1", drip, done(URL))
    result = run("wait", "runbase:t1", env=server.env(), clock=clock)
    assert (result.code, result.out) == (0, f"{URL}\n")
    assert passed(clock) >= 30


# 42: signals


@pytest.mark.parametrize("signum", ENDINGS)
def test_a_signal_while_polling(spawn: Spawn, server: ScriptedProvider, signum: int) -> None:
    """130, 143 or 129, the line that says how to come back, and nothing on stdout."""
    server.task("t1", "running")
    process = spawn("wait", "runbase:t1", "-q", env=server.env())
    while not server.polls("t1"):
        time.sleep(0.01)
    time.sleep(0.2)
    process.signal(signum)
    result = process.finish()
    assert (result.code, result.out) == (128 + signum, "")
    assert "the task runs on" in result.err
    assert "seedance wait runbase:t1" in result.err
    assert "Traceback" not in result.err


def test_a_signal_while_a_poll_hangs(spawn: Spawn, server: ScriptedProvider) -> None:
    """A poll that waits for its answer does not hold a Ctrl-C up."""
    server.task("t1", silent)
    process = spawn("wait", "runbase:t1", env=server.env())
    while not server.polls("t1"):
        time.sleep(0.01)
    began = time.monotonic()
    process.signal(signal.SIGINT)
    result = process.finish()
    assert result.code == 130
    assert time.monotonic() - began < 25


def test_a_signal_with_json_still_prints_the_document(
    spawn: Spawn, server: ScriptedProvider
) -> None:
    """After a signal stdout has the one document, and stderr ends with the error line."""
    server.task("a", "running")
    server.task("b", done(URL))
    process = spawn("wait", "runbase:a", "defapi:b", "--json", env=server.env())
    process.wait_for("defapi:b succeeded")
    process.wait_for("runbase:a running")
    process.signal(signal.SIGTERM)
    result = process.finish()
    assert result.code == 143
    assert [task["status"] for task in result.json] == ["running", "succeeded"]
    assert (result.error["code"], result.error["exit_code"]) == ("interrupted", 143)
    assert result.error["ref"] == "runbase:a"
    assert "seedance wait runbase:a" in result.error["hint"]
    assert "defapi:b" not in result.error["hint"]


def test_a_signal_during_generate_wait(spawn: Spawn, server: ScriptedProvider) -> None:
    """The task of an interrupted `generate --wait` is named, and is no reason to pay again."""
    server.task("t1", "running")
    words = ("generate", "a boat", "-p", "runbase", "--wait", "--json")
    process = spawn(*words, env=server.env())
    process.wait_for("runbase:t1 running")
    process.signal(signal.SIGINT)
    result = process.finish()
    assert result.code == 130
    assert result.json["ref"] == "runbase:t1"
    assert result.error["retry_safe"] is False
    assert result.error["ref"] == "runbase:t1"
    assert result.error["intent"] == result.json["intent"]
    assert server.posts() == 1


@pytest.mark.parametrize(
    ("signum", "etag"),
    [(signal.SIGINT, '"strong"'), (signal.SIGTERM, None), (signal.SIGHUP, '"strong"')],
)
def test_a_signal_during_a_download(
    spawn: Spawn, server: ScriptedProvider, signum: int, etag: str | None
) -> None:
    """No file under the final name; bytes stay only where they can be resumed; the way back."""

    def stalled(request: Request, client: Client) -> None:
        fields = {"Content-Length": "100000"} | ({"ETag": etag} if etag else {})
        from support import mp4s

        client.send(head(200, fields) + mp4s.FTYP + b"\0\0\x80\0mdat" + b"x" * 30_000)
        client.silence()

    server.task("t1", done(server.video("t1.mp4")))
    server.videos["t1.mp4"] = stalled
    process = spawn("wait", "runbase:t1", "-o", "boat.mp4", env=server.env())
    process.wait_for("downloading boat.mp4")
    time.sleep(0.3)
    process.signal(signum)
    result = process.finish()
    assert (result.code, result.out) == (128 + signum, "")
    assert "seedance wait runbase:t1 -o boat.mp4" in result.err
    left = {path.name for path in Path().iterdir()}
    assert "boat.mp4" not in left
    if etag is None:
        assert left == set()
    else:
        assert "boat.mp4.part" in left
        assert Path("boat.mp4.part").stat().st_size > 30_000


def test_a_download_goes_on_where_a_signal_cut_it(
    spawn: Spawn, run: Run, server: ScriptedProvider
) -> None:
    """The bytes that an interrupted download left are not fetched again."""
    from support import mp4s

    video = mp4s.plain(50_000)
    ranges: list[str | None] = []

    def script(request: Request, client: Client) -> None:
        asked = request.headers.get("range")
        ranges.append(asked)
        if asked is None:
            fields = {"Content-Length": str(len(video)), "ETag": '"v1"'}
            client.send(head(200, fields) + video[:20_000])
            client.silence()
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        end = f"bytes {start}-{len(video) - 1}/{len(video)}"
        answer(206, video[start:], {"Content-Range": end, "ETag": '"v1"'})(request, client)

    server.task("t1", done(server.video("t1.mp4")))
    server.videos["t1.mp4"] = script
    process = spawn("wait", "runbase:t1", "-o", "boat.mp4", env=server.env())
    process.wait_for("downloading boat.mp4")
    time.sleep(0.3)
    process.signal(signal.SIGINT)
    process.finish()
    assert run("wait", "runbase:t1", "-o", "boat.mp4", env=server.env()).code == 0
    assert ranges == [None, "bytes=20000-"]
    assert Path("boat.mp4").read_bytes() == video
    assert {path.name for path in Path().iterdir()} == {"boat.mp4"}


def test_a_second_ctrl_c_acts_at_once(spawn: Spawn, server: ScriptedProvider) -> None:
    """Two signals in a row end the program with the same code and no traceback."""
    server.task("t1", "running")
    process = spawn("wait", "runbase:t1", env=server.env())
    process.wait_for("runbase:t1 running")
    process.signal(signal.SIGINT)
    with suppress(ProcessLookupError):
        process.signal(signal.SIGINT)
    result = process.finish()
    assert result.code == 130
    assert "Traceback" not in result.err


def test_the_cursor_comes_back(spawn: Spawn, server: ScriptedProvider) -> None:
    """On a terminal the last word about the cursor is to show it."""
    server.task("t1", "running")
    process = spawn("wait", "runbase:t1", env=server.env(), pty=True)
    process.wait_for(b"\x1b[?25l")
    process.wait_for("running")
    process.type(b"\x03")
    result = process.finish()
    assert result.code == 130
    assert result.err.rfind("\x1b[?25h") > result.err.rfind("\x1b[?25l")
    assert "seedance wait runbase:t1" in result.err

"""Video URLs as providers write them: with spaces, with what cannot be used, with nonsense."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seedance_cli.models import url_fault
from support import mp4s
from support.bytes_server import answer
from support.scripted_provider import ScriptedProvider, done

if TYPE_CHECKING:
    from support.fake_clock import FakeClock
    from support.runner import Run

NAMES = ("seedanceapi", "defapi", "seedance2ink", "runbase")


@pytest.mark.parametrize("name", NAMES)
def test_a_space_in_a_url_is_percent_encoded(
    run: Run, server: ScriptedProvider, clock: FakeClock, name: str
) -> None:
    """The same URL in the form that every reader takes: printed, in JSON, and by `status`."""
    server.task("t1", done(" https://v.example/a b/c.mp4?name=a b "))
    url = "https://v.example/a%20b/c.mp4?name=a%20b"
    assert run("wait", f"{name}:t1", env=server.env(), clock=clock).out == f"{url}\n"
    status = run("status", f"{name}:t1", env=server.env(), clock=clock)
    assert status.out == f"{name}:t1\tsucceeded\t{url}\n"
    shown = run("status", f"{name}:t1", "--json", env=server.env(), clock=clock)
    assert shown.json["video_urls"] == [url]


def test_a_url_with_a_space_is_fetched(
    run: Run, server: ScriptedProvider, clock: FakeClock
) -> None:
    """A download asks for the `%20`, also where a redirect has the space."""
    server.videos["away%20to.mp4"] = answer(302, headers={"Location": "/video/the file.mp4?a b"})
    server.task("t1", done(f"{server.url}/video/away to.mp4"))
    result = run("wait", "runbase:t1", "--download", env=server.env(), clock=clock)
    assert result.code == 0
    assert Path("runbase-t1.mp4").read_bytes() == mp4s.plain()
    targets = [one.target for one in server.server.requests if "/video/" in one.target]
    assert targets == ["/video/away%20to.mp4", "/video/the%20file.mp4?a%20b"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "https://v.example/\x1b[2J.mp4",
            r"a control character \(\\x1b\): https://v.example/\\x1b",
        ),
        ("https://v.example/a?k=s3cret\u202e", r"a control character \(\\u202e\): https://v.exam"),
        ("ftp://user:s3cret@v.example/a.mp4", r"neither http nor https: ftp://\*\*\*@v.example/a"),
        ("/video/a.mp4", r"neither http nor https: /video/a.mp4"),
        ("data:video/mp4;base64," + "A" * 9999, r"neither http nor https: data:video/mp4;base64,A"),
    ],
)
@pytest.mark.parametrize("words", [("wait",), ("wait", "--download"), ("status",)])
def test_what_is_wrong_with_a_url_is_said(
    run: Run, server: ScriptedProvider, clock: FakeClock, *, url: str, shown: str, words: tuple[str]
) -> None:
    """A URL that cannot be used is shown, escaped and masked, with the reason, and not printed."""
    server.task("t1", done(url))
    result = run(words[0], "runbase:t1", *words[1:], env=server.env(), clock=clock)
    assert result.code == (0 if words == ("status",) else 9)
    assert re.search(shown, result.err)
    assert "s3cret" not in result.err
    assert len(result.err) < 1000
    assert result.out == ("runbase:t1\tsucceeded\t\n" if words == ("status",) else "")


@pytest.mark.parametrize(
    "url",
    [
        "https://v.example:ab/1.mp4",
        "https://v.example:99999/1.mp4",
        "https://a b/1.mp4",
        "https://v\u00a0w/1.mp4",
        "https://a..b/1.mp4",
        "https://xn--/1.mp4",
        "https://" + "x" * 70 + ".example/1.mp4",
        "https://v.example/" + "a" * 20_000,
        "https://[::1/1.mp4",
        "https:///1.mp4",
    ],
)
def test_a_url_that_names_no_host_is_9(
    run: Run, server: ScriptedProvider, clock: FakeClock, url: str
) -> None:
    """Whatever is no address to the HTTP library is a failed download, at once, and no bug."""
    server.task("t1", done(url))
    result = run("wait", "runbase:t1", "--download", env=server.env(), clock=clock)
    assert (result.code, result.out) == (9, "")
    assert "Traceback" not in result.err
    assert "seedance wait runbase:t1 --download" in result.err
    assert clock.sleeps == []


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://v.example/1", None),
        ("HTTP://v.example/1", None),
        ("https://v.example/a b", "has a space in it"),
        ("https://v.example/\x7f", r"has a control character (\x7f)"),
        ("v.example/1", "is neither http nor https"),
        ("https://v.example/" + "a" * 20_000, "is longer than 16384 characters"),
    ],
)
def test_url_fault(url: str, fault: str | None) -> None:
    """Why a URL cannot be handed on, in words; None where it can."""
    assert url_fault(url) == fault

"""The page at `/`: as HTML, and in a real browser."""

from __future__ import annotations

import io
import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from seedance_cli.sandbox.faults import HEADER_ONLY, Fault
from seedance_cli.sandbox.options import Options
from seedance_cli.testing import sandbox_server, serve_sandbox
from support.chromium import chromium, needs_chromium
from support.pages import Elements
from support.sandbox_client import PROVIDERS, SUBMIT, Client, smallest, task_id

if TYPE_CHECKING:
    from seedance_cli.testing import SandboxServer

__all__ = ["sandbox_server"]  # a fixture: pytest finds it here

DOCUMENT = Path(__file__).parents[2] / "docs" / "sandbox.md"
HOSTILE = '"><script>document.title="taken"</script><img src=x onerror=alert(1)> {x} \ud800 \x00'


def page(client: Client, words: str = "") -> Elements:
    answer = client.get(f"/{words}")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    return Elements(answer.body.decode())


def test_an_empty_page(sandbox_server: SandboxServer) -> None:
    """Without a task it shows every provider, and does not load itself again."""
    found = page(Client(sandbox_server.url, key=None))
    for name in PROVIDERS:
        assert sandbox_server.base_urls[name] in found.text
        assert {"href": f"/{name}/openapi.json"} in found.all("a")
    assert found.all("video") == []
    assert not any("http-equiv" in one for one in found.all("meta"))


def test_tasks_and_their_videos(sandbox_server: SandboxServer) -> None:
    """Each task is there with its state; one that succeeded has a video that is really there."""
    client = Client(sandbox_server.url)
    tasks = {name: client.task(name, f"A cat for {name}") for name in PROVIDERS}
    failed = client.task("runbase", "sandbox:fail")
    found = page(client)
    for name, task in tasks.items():
        assert task in found.text
        assert f"A cat for {name}" in found.text
        assert f"/videos/{task}.mp4" in [one["src"] for one in found.all("video")]
    assert failed in found.text
    assert len(found.all("video")) == len(tasks)
    classes = [one["class"] for one in found.all("article")]
    assert classes == ["failed", *["succeeded"] * 4]


def test_a_running_task(sandbox_server: SandboxServer) -> None:
    """While a task runs, the page loads itself again when it ends; a stuck one never does."""
    client = Client(sandbox_server.url)
    sandbox_server.seconds = 5
    client.task("runbase", "sandbox:stuck")
    assert not any("http-equiv" in one for one in page(client).all("meta"))
    client.task("runbase")
    assert {"http-equiv": "refresh", "content": "5"} in page(client).all("meta")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_hostile_words(sandbox_server: SandboxServer, provider: str) -> None:
    """A prompt is text, whatever is in it, and nothing in it can become an element."""
    client = Client(sandbox_server.url)
    body = smallest(provider, HOSTILE)
    if provider == "defapi":
        body["model"] = HOSTILE
    client.post(SUBMIT[provider], body)
    found = page(client)
    assert "img" not in {tag for tag, _ in found.found}
    assert found.all("script") == [{"src": "/page.js", "defer": None}]
    assert '"><script>document.title="taken"</script>' in found.text
    policy = client.get("/").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_the_curl_lines(sandbox_server: SandboxServer) -> None:
    """A shell reads the lines of a task as the request that made it, and as a read of it."""
    client = Client(sandbox_server.url)
    body = smallest("seedance2ink", 'It\'s a "cat" $HOME `id`\nand 고양이')
    task = task_id("seedance2ink", client.post(SUBMIT["seedance2ink"], body).json)
    found = page(client).text
    lines = found[found.index(f"curl {client.root}{SUBMIT['seedance2ink']} ") :]
    words = shlex.split(lines.partition("\ncurl ")[0].replace("\\\n", ""))
    assert json.loads(words[words.index("-d") + 1]) == body
    assert f"{client.root}{SUBMIT['seedance2ink']}/{task} " in lines


def test_every_task_is_on_some_page(sandbox_server: SandboxServer) -> None:
    """A page of 24, which ones of how many, and the ways on; what is no page is the nearest."""
    client = Client(sandbox_server.url)
    made = [client.task("runbase", f"cat {number}") for number in range(25)]
    first, second = page(client), page(client, "?page=2")
    assert "1 to 24 of 25, the newest first" in first.text
    assert "25 to 25 of 25" in second.text
    shown = [str(one["id"]) for one in (*first.all("article"), *second.all("article"))]
    assert sorted(shown) == sorted(made)
    assert {"class": "button", "rel": "next", "href": "/?page=2"} in first.all("a")
    assert {"class": "button", "rel": "prev", "href": "/?page=1"} in second.all("a")
    for words in ("?page=0", "?page=-1", "?page=x", "?page=", "?page=%F0%9D%9F%A2"):
        assert page(client, words).all("article") == first.all("article")
    for words in ("?page=3", "?page=999999999"):
        assert page(client, words).all("article") == second.all("article")


def test_every_fault_word_is_named(sandbox_server: SandboxServer) -> None:
    """On the page with its meaning, and in the document."""
    found = page(Client(sandbox_server.url)).text
    document = DOCUMENT.read_text(encoding="utf-8")
    for fault in Fault:
        assert fault.meaning in found
        assert f"{fault} header only" in found if fault in HEADER_ONLY else str(fault) in found
        assert f"`{fault}`" in document or f"`sandbox:{fault}`" in document


def test_looking_changes_nothing(sandbox_server: SandboxServer) -> None:
    """The page hands no URL out: a task whose first URL is expired still has that to come."""
    client = Client(sandbox_server.url)
    task = client.task("runbase", "sandbox:expired-url")
    for _ in range(3):
        page(client)
    assert client.get(client.video("runbase", task)).status == 403
    assert client.get(client.video("runbase", task)).status == 200


def test_urls_that_expire(tmp_path: Path) -> None:
    """Where URLs expire, those of the page are as fresh as the page."""
    with serve_sandbox(tmp_path, Options(seconds=0, url_seconds=60)) as sandbox:
        client = Client(sandbox.url)
        client.task("runbase")
        (video,) = page(client).all("video")
        assert client.get(str(video["src"])).status == 200


def test_for_programs(sandbox_server: SandboxServer) -> None:
    """A client that asks for JSON is told where each provider lies; one for HTML gets the page."""
    client = Client(sandbox_server.url)
    told = client.get("/", {"Accept": "application/json"})
    assert told.json["providers"]["runbase"] == "/runbase/api/v1"
    browser = {"Accept": "text/html,application/json;q=0.9,*/*;q=0.8"}
    assert client.get("/", browser).body.startswith(b"<!DOCTYPE html>")
    assert client.get("/style.css").headers["content-type"].startswith("text/css")


PLAY = """
const video = document.querySelector("video");
const tell = () => { if (video.readyState >= 2 && video.currentTime > 0) done({
    state: video.readyState, width: video.videoWidth, height: video.videoHeight,
    duration: video.duration}); };
video.addEventListener("timeupdate", tell);
video.addEventListener("error", () => done({trouble: String(video.error && video.error.message)}));
video.play().catch(error => done({trouble: String(error)}));
"""
STYLED = 'done(getComputedStyle(document.querySelector("article")).display)'
HELD = """
const video = document.querySelectorAll("video")[0]; video.pause();
video.addEventListener("seeked", () => requestAnimationFrame(() => requestAnimationFrame(done)));
video.currentTime = 1.5;
"""

NEW = """
const video = document.querySelector("video"), wall = document.querySelector(".wall");
const look = () => { if (wall.children.length === 3) done(
    [wall.textContent, video.isConnected && !video.paused]); };
new MutationObserver(look).observe(wall, { childList: true });
look();
"""


@needs_chromium
@pytest.mark.full
def test_in_chromium(sandbox_server: SandboxServer, tmp_path: Path) -> None:
    """The page loads styled, without a complaint; the video plays, as long as asked."""
    client = Client(sandbox_server.url)
    client.task("runbase", HOSTILE)
    body = {"prompt": "A majestic eagle", "resolution": "480p", "duration": "4"}
    client.post(SUBMIT["seedanceapi"], {**body, "aspect_ratio": "16:9"})
    with chromium() as browser:
        browser.open(client.root)
        assert browser.run("done(document.title)") == "seedance sandbox"
        assert browser.run("done(document.scripts.length)") == 1
        assert browser.run(STYLED) == "flex"
        played = browser.run(PLAY)
        assert played.pop("state", 0) >= 2, played
        assert played == {"width": 854, "height": 480, "duration": 4}
        browser.run(HELD)
        shot = browser.screenshot()
        complaints = [line for line in browser.errors() if "favicon" not in line]
    assert complaints == []
    colours = Image.open(io.BytesIO(shot)).convert("RGB").getcolors(1 << 24)
    assert colours is not None
    assert len(colours) > 100
    (tmp_path / "page.png").write_bytes(shot)


@pytest.mark.full
@needs_chromium
def test_the_page_keeps_itself_up_to_date(sandbox_server: SandboxServer) -> None:
    """A new task shows up without a reload, and the video that plays plays on."""
    client = Client(sandbox_server.url)
    for prompt in ("A cat", "A dog"):
        client.task("runbase", prompt)
    with chromium() as browser:
        browser.open(client.root)
        browser.run("document.querySelector('video').play().then(done)")
        client.task("runbase", "A new one")
        found, plays = browser.run(NEW)
        assert ("A new one" in found, plays) == (True, True)
        assert browser.errors() == []


def test_the_screenshot_is_kept() -> None:
    """`docs/sandbox.png` is a picture of the page, and small."""
    path = Path(__file__).parents[2] / "docs" / "sandbox.png"
    assert path.stat().st_size <= 200_000
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.width >= 800
    assert re.search(r"sandbox\.png", path.with_name("sandbox.md").read_text(encoding="utf-8"))

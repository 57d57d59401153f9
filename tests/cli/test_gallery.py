"""`seedance gallery`: one page of the videos made."""

from __future__ import annotations

import base64
import hashlib
import html
import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from seedance_cli import tasks
from seedance_cli.cli.gallery import page as page_module
from seedance_cli.cli.gallery.card import link
from seedance_cli.ledger.record import Ledger
from seedance_cli.models import Problem, Status, Task, VideoRequest
from seedance_cli.sandbox.video.render import Clip, render
from seedance_cli.tasks import posters
from support import ledgers
from support.chromium import chromium, needs_chromium
from support.pages import Elements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seedance_cli.models import Submission
    from support.fake_clock import FakeClock
    from support.runner import Run

    Made = Callable[..., Submission]

HOSTILE = "</script><img src=x onerror=alert(1)> \"' & \x1b[31m \u202eevil\ud800"
SHOWN = "</script><img src=x onerror=alert(1)> \"' & \\x1b[31m \\u202eevil\\ud800"


@pytest.fixture
def ledger(clock: FakeClock) -> Iterator[Ledger]:
    with Ledger.open(Path(os.environ["SEEDANCE_STATE_DIR"]), clock, create=True) as opened:
        yield opened


@pytest.fixture
def made(ledger: Ledger, clock: FakeClock, folder: Path) -> Made:
    """Make a task that succeeded, with a file of that name, or without one."""

    def make(
        task_id: str,
        file: str | None = None,
        *,
        status: Status = Status.SUCCEEDED,
        provider: str = "runbase",
        batch: str | None = None,
        **request: Any,
    ) -> Submission:
        row = ledgers.submit(ledger, task_id, provider=provider)
        ledgers.ask(ledger, row.intent, VideoRequest(**{"prompt": f"prompt {task_id}", **request}))
        if batch is not None:
            ledgers.name(ledger, row.intent, f"{batch}/{task_id}", batch=batch)
        clock.advance(90)
        error = Problem("oops", "it broke") if status is Status.FAILED else None
        model = request.get("model")
        task = Task(task_id=task_id, status=status, model=model, error=error, cost=ledgers.CREDITS)
        row = ledger.observe(row._replace(task=task), task)
        if file is not None:
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"no video")
            ledger.add_file(row, len(ledger.find(task_id)[0].files) + 1, path, 8)
        return ledger.find(task_id)[0]

    return make


def read(path: str | Path = "page.html") -> Elements:
    return Elements(Path(path).read_text(encoding="utf-8"))


def cards(found: Elements) -> list[str | None]:
    """The provider of each card, in the order of the page."""
    return [one.get("data-provider") for one in found.all("article")]


def clip(path: Path, **fields: Any) -> Path:
    render(
        Clip(
            **{"width": 320, "height": 180, "seconds": 1, "audio": False}
            | {"prompt": "a", "label": "b"}
            | fields
        ),
        path,
    )
    return path


# What the page shows


def test_a_page(made: Made, run: Run, clock: FakeClock) -> None:
    """Each video with its prompt, settings, cost and times; stdout is the page's path."""
    made("t1", "t1.mp4", duration=5, resolution="720p", aspect_ratio="16:9", audio=True, seed=7)
    made("t2", status=Status.FAILED)
    made("t3")
    result = run("gallery", "-o", "page.html", clock=clock)
    assert (result.code, result.out) == (0, f"{Path('page.html').absolute()}\n")
    assert result.err == (
        "not shown: 1 task that succeeded has no file on this machine (seedance download fetches"
        " it); 1 without a video\n"
    )
    found = read()
    (video,) = found.all("video")
    assert video["src"] == "../videos/t1.mp4"
    assert "controls" in video
    for text in ("prompt t1", "runbase", "5 s", "720p", "16:9", "sound", "40.50 credits", "1m 30s"):
        assert text in found.text
    assert "1 video · 1 prompt · 1 seller" in found.text
    assert "Not shown: 1 task that succeeded has no file on this machine" in found.text
    assert not re.search(r"https?://", Path("page.html").read_text(encoding="utf-8"))


def test_asked_and_delivered(made: Made, ledger: Ledger, run: Run) -> None:
    """Side by side in a table; a difference stands on the card; what nobody read is not known."""
    row = made("t1", "t1.mp4", duration=4, resolution="720p", aspect_ratio="16:9", audio=True)
    made("t2", "t2.mp4", duration=8)
    facts = '{"duration": "5.04", "width": 1280, "height": 720, "audio": false}'
    with ledger._store.writing():
        ledger._store.update(str(row.intent), {"video": facts})
    assert run("gallery", "-o", "page.html").code == 0
    tables = re.findall(r"<tbody>(.*?)</tbody>", Path("page.html").read_text(encoding="utf-8"))
    cells = [re.findall(r"<t[hd][^>]*>([^<]*)", table) for table in tables]
    assert cells == [
        [
            *("Length", "8 s", "not known", "Picture", "not set", "not known"),
            *("Ratio", "not set", "not known", "Sound", "not set", "not known"),
        ],
        [
            *("Length", "4 s", "5.04 s", "Picture", "720p", "1280 × 720"),  # noqa: RUF001 - as it is
            *("Ratio", "16:9", "16:9", "Sound", "yes", "no"),
        ],
    ]
    text = read().text
    assert "5.04 s instead of 4 s" in text
    assert "no sound instead of sound" in text


def test_the_same_prompt_stands_side_by_side(made: Made, run: Run) -> None:
    """At several sellers and models in one set, sellers in one order; other prompts alone."""
    made("t1", "1.mp4", prompt="a boat", provider="runbase", model="m-2")
    made("t2", "2.mp4", prompt="a cat")
    made("t3", "3.mp4", prompt="a  boat\n", provider="defapi")
    made("t4", "4.mp4", prompt="a boat", provider="runbase", model="m-1")
    assert run("gallery", "-o", "page.html").code == 0
    page = Path("page.html").read_text(encoding="utf-8")
    (together,) = re.findall(r'<section class="set n3">.*?</section>', page, re.DOTALL)
    found = Elements(together)
    assert cards(found) == ["defapi", "runbase", "runbase"]
    assert [one.get("data-model") for one in found.all("article")] == [None, "m-1", "m-2"]
    assert together.count('class="prompt"') == 1
    assert len(read().all("article")) == 4


def test_hostile_text(made: Made, run: Run) -> None:
    """Text of a server, a file or the user becomes no element; its controls are shown escaped."""
    made(
        "t1",
        "t1.mp4",
        prompt=f"first\n{HOSTILE}",
        model=HOSTILE,
        metadata={HOSTILE: HOSTILE},
        params={"x": {HOSTILE: [HOSTILE]}},
        first_frame=HOSTILE,
        batch=HOSTILE.replace("\ud800", "").replace("\x1b", ""),
    )
    assert run("gallery", "-o", "page.html").code == 0
    found = read()
    assert "img" not in {tag for tag, _ in found.found}
    assert len(found.all("script")) == 1
    assert f"first\n{SHOWN}" in found.text
    assert found.all("article")[0]["data-model"] == SHOWN
    raw = Path("page.html").read_text(encoding="utf-8")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066]", raw)


def test_the_page_may_load_nothing_else(made: Made, run: Run) -> None:
    """Its policy names its own style and script by their hashes, and no host."""
    made("t1", "t1.mp4")
    run("gallery", "-o", "page.html")
    page = Path("page.html").read_text(encoding="utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    parts = dict(part.split(None, 1) for part in html.unescape(policy).split("; "))
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert parts.pop(f"{tag}-src") == f"'sha256-{digest}'"
    assert parts == {
        "default-src": "'none'",
        "img-src": "data:",
        "media-src": "'self' file:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert "style=" not in page


@pytest.mark.parametrize(
    "name", ["a b.mp4", "100% #1?.mp4", "c:d.mp4", "'\"<&>.mp4", "고양이/é.mp4", "-o.mp4"]
)
def test_odd_file_names(name: str, made: Made, run: Run, folder: Path) -> None:
    """Percent-encoded, so that a browser finds exactly that file."""
    made("t1", name)
    assert run("gallery", "-o", f"{folder}/page.html").code == 0
    (video,) = read(folder / "page.html").all("video")
    source = str(video["src"])
    assert unquote(source) == name
    assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", source)


def test_a_file_that_is_not_below_any_common_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """On another drive: its whole URL."""

    def on_another_drive(*_: object) -> str:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(os.path, "relpath", on_another_drive)
    assert link(Path("/videos/a b.mp4"), Path("/pages")) == "file:///videos/a%20b.mp4"


def test_many_lines_of_a_long_prompt(made: Made, run: Run) -> None:
    """A prompt is there whole, its lines as lines."""
    prompt = "\r\n".join(f"line {number}" for number in range(500))
    made("t1", "t1.mp4", prompt=prompt)
    run("gallery", "-o", "page.html")
    assert prompt.replace("\r", "") in read().text


# Which videos


def test_named_tasks(made: Made, run: Run) -> None:
    """In the order they are named; one without a file says so on the page and on stderr."""
    for task_id in ("t1", "t2", "t3"):
        made(task_id, f"{task_id}.mp4" if task_id != "t2" else None)
    made("t4", status=Status.FAILED)
    result = run("gallery", "t3", "t2", "runbase:t4", "t1", "-o", "page.html")
    assert result.code == 0
    assert result.err.startswith("warning: runbase:t2, runbase:t4: no file on this machine;")
    found = read()
    sources = [Path(str(one["src"])).name for one in found.all("video")]
    assert sources == ["t3.mp4", "t1.mp4"]
    assert len(found.all("article")) == 4
    assert "seedance download runbase:t2" in found.text
    assert "No video: failed" in found.text
    assert "oops: it broke" in found.text


@pytest.mark.parametrize(
    ("lost", "command"),
    [
        (((False,), 1), "seedance download"),
        (((True,), 1), "seedance download --sandbox"),
        (((False, False), 9), "seedance download --since 2026-{:%m-%d}"),
        (((True,), 9), "seedance download --since 2026-{:%m-%d} --sandbox"),
        (((False, True), 1), "seedance download, and again with --sandbox,"),
    ],
)
def test_what_fetches_the_missing_is_a_command_that_does(
    ledger: Ledger, run: Run, clock: FakeClock, lost: tuple[tuple[bool, ...], int], command: str
) -> None:
    """`download` by itself takes neither the sandbox's tasks nor those of the week before last."""
    sandbox, days = lost
    words = command.format(clock.now())
    for number, one in enumerate(sandbox):
        row = ledgers.submit(ledger, f"lost{number}", sandbox=one)
        ledger.observe(row, Task(task_id=f"lost{number}", status=Status.SUCCEEDED))
    clock.advance(days * 86_400)
    result = run("gallery", "-o", "page.html", clock=clock)
    them = "it" if len(sandbox) == 1 else "them"
    assert (result.code, result.err.splitlines()[-1]) == (2, f"  hint: {words} fetches {them}")


def test_a_name_is_quoted_in_a_command_on_the_page(made: Made, ledger: Ledger, run: Run) -> None:
    """It may have spaces in it."""
    made("t1", "t1.mp4")
    name = "the boat's name"
    ledgers.name(ledger, made("t2").intent, name)
    assert run("gallery", name, "t1", "-o", "page.html").code == 0
    assert f"seedance download {shlex.quote(name)}" in read().text


def test_filters(made: Made, run: Run, clock: FakeClock) -> None:
    """--batch, --since and -p, as in list; the batch is the page's title."""
    made("t1", "1.mp4", batch="trailer")
    made("t2", "2.mp4", provider="defapi")
    clock.advance(3 * 86_400)
    made("t3", "3.mp4", batch="trailer")

    def shown(*words: str) -> list[str]:
        result = run("gallery", *words, "-o", "page.html", "--force", clock=clock)
        assert result.code == 0, result.err
        return [Path(str(one["src"])).stem for one in read().all("video")]

    assert shown() == ["3", "2", "1"]
    assert shown("--batch", "trailer") == ["3", "1"]
    assert '<h1 dir="auto">trailer</h1>' in Path("page.html").read_text(encoding="utf-8")
    assert shown("--since", "1d") == ["3"]
    assert shown("-p", "defapi") == ["2"]
    both = run("gallery", "t1", "--batch", "trailer", "-o", "page.html", "--force")
    assert (both.code, both.err.splitlines()[0]) == (
        2,
        "seedance: error: --batch goes without a REF",
    )


def test_a_file_that_is_gone(made: Made, run: Run, folder: Path) -> None:
    """Only what is there now is shown; a task with two videos shows both."""
    made("t1", "1.mp4")
    row = made("t2", "2.mp4")
    made("t3", "3.mp4")
    (folder / "1.mp4").unlink()
    (folder / "2-2.mp4").write_bytes(b"x")
    with Ledger.open(Path(os.environ["SEEDANCE_STATE_DIR"]), _clock(), create=False) as ledger:
        ledger.add_file(row, 2, folder / "2-2.mp4", 1)
    run("gallery", "-o", "page.html")
    found = read()
    names = [Path(str(one["src"])).name for one in found.all("video")]
    assert names == ["3.mp4", "2.mp4", "2-2.mp4"]
    assert "video 2 of 2" in found.text


def _clock() -> Any:
    from seedance_cli.system.clock import SystemClock

    return SystemClock()


@pytest.mark.parametrize(
    ("state", "words", "message"),
    [
        ("empty", (), "nothing was submitted from this machine"),
        ("without", ("--batch", "x"), "no submission matches"),
        ("without", (), "2 tasks succeeded, and have no file on this machine"),
        ("without", ("t1",), "runbase:t1 has no file on this machine"),
        ("failed", (), "no task has succeeded yet"),
    ],
)
def test_nothing_to_show(
    state: str, words: tuple[str, ...], message: str, made: Made, run: Run
) -> None:
    """Says why, with what to type; no page is made, and an old one stays."""
    if state == "without":
        made("t1")
        made("t2")
    elif state == "failed":
        made("t1", status=Status.FAILED)
    Path("page.html").write_text("old")
    result = run("gallery", *words, "-o", "page.html", "--force")
    assert (result.code, result.out) == (2, "")
    assert f"there is no video to show: {message}\n" in result.err
    assert "hint: seedance " in result.err
    assert Path("page.html").read_text() == "old"


# Where it goes


def test_where_the_page_goes(made: Made, run: Run, folder: Path) -> None:
    """A file, a folder, a template; folders are made; its name is the last line."""
    made("t1", "t1.mp4", batch="b")
    for output, expected in {
        "a/b/page.html": "a/b/page.html",
        "new/": "new/gallery.html",
        str(folder): f"{folder}/gallery.html",
        "{batch}-{date}.html": "none-2026-02-07.html",
    }.items():
        result = run("gallery", "-o", output, "-q", clock=_frozen())
        assert (result.code, result.err) == (0, "")
        assert result.out == f"{Path(expected).absolute()}\n"
        (video,) = read(expected).all("video")
        page = Path(expected).absolute().parent
        assert (page / unquote(str(video["src"]))).resolve() == folder / "t1.mp4"
    for output, message in {
        "{name}.html": "-o has no field {name}",
        "": "-o is empty",
    }.items():
        wrong = run("gallery", "-o", output)
        assert (wrong.code, wrong.out) == (2, "")
        assert message in wrong.err
    assert "fields: {date} {time} {batch};" in run("gallery", "-o", "{zz}").err
    missing = run("gallery")
    assert missing.code == 2
    assert "-o is missing" in missing.err


def _frozen() -> FakeClock:
    from support.fake_clock import FakeClock

    return FakeClock()


def test_an_existing_page(made: Made, run: Run) -> None:
    """Is refused without --force, whatever it is, and replaced in one step with it."""
    made("t1", "t1.mp4")
    Path("page.html").write_text("old")
    refused = run("gallery", "-o", "page.html")
    assert (refused.code, Path("page.html").read_text()) == (2, "old")
    assert "page.html exists already" in refused.err
    assert run("gallery", "-o", "page.html", "--force").code == 0
    assert Path("page.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [one.name for one in Path.cwd().iterdir()] == ["page.html"]


def test_a_page_that_breaks_off(made: Made, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk: exit 10, the old page is still there, and nothing beside it."""
    made("t1", "t1.mp4")
    Path("page.html").write_text("old")

    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(page_module, "card", full)
    result = run("gallery", "-o", "page.html", "--force")
    assert (result.code, result.out) == (10, "")
    assert "page.html cannot be written: No space left on device" in result.err
    assert Path("page.html").read_text() == "old"
    assert [one.name for one in Path.cwd().iterdir()] == ["page.html"]


def test_to_stdout(made: Made, run: Run, folder: Path) -> None:
    """`-o -` writes the page there, with paths relative to the current folder."""
    made("t1", "t1.mp4")
    result = run("gallery", "-o", "-")
    assert (result.code, result.err) == (0, "")
    (video,) = Elements(result.out).all("video")
    assert video["src"] == "../videos/t1.mp4"
    both = run("gallery", "-o", "-", "--json")
    assert (both.code, both.out, both.error["code"]) == (2, "", "usage")


def test_json(made: Made, run: Run) -> None:
    """One object: where the page is, and what is on it."""
    made("t1", "t1.mp4")
    made("t2")
    document = run("gallery", "t1", "t2", "-o", "page.html", "--json").json
    path = Path("page.html").absolute()
    assert document == {
        "schema": "seedance.gallery/1",
        "file": str(path),
        "bytes": path.stat().st_size,
        "videos": 1,
        "posters": 0,
        "prompts": 2,
        "without_file": ["runbase:t2"],
        "left_out": {"without_file": 0, "without_video": 0},
    }


# Posters


def test_posters(made: Made, run: Run, folder: Path) -> None:
    """A picture of the video itself, bounded, inside the page; the video is loaded when played."""
    made("t1", "t1.mp4")
    clip(folder / "t1.mp4")
    assert run("gallery", "-o", "page.html", "--json").json["posters"] == 1
    (video,) = read().all("video")
    kind, _, text = str(video["poster"]).partition(",")
    assert kind == "data:image/webp;base64"
    content = base64.b64decode(text)
    assert content[:4] == b"RIFF"
    assert len(content) <= posters.MOST
    assert (video["width"], video["height"], video["preload"]) == ("320", "180", "none")


def test_without_pyav(made: Made, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The video element alone, which shows its own first picture; and a line says why."""
    made("t1", "t1.mp4")
    monkeypatch.setattr(posters, "find_spec", lambda name: None)
    result = run("gallery", "-o", "page.html")
    assert "no posters: PyAV is missing" in result.err
    (video,) = read().all("video")
    assert ("poster" in video, video["preload"]) == (False, "metadata")


def test_a_poster_is_as_small_as_it_must_be(folder: Path) -> None:
    """Smaller, then poorer; none where nothing fits."""
    path = clip(folder / "a.mp4")
    for most in (200_000, 4_000, 700):
        found = tasks.poster(path, most)
        assert found is not None
        assert len(found.content) <= most
    assert tasks.poster(path, 10) is None


def test_room_for_posters() -> None:
    """A page of thousands gives each less, so that all of them stay within tens of megabytes."""
    assert tasks.room_for_each(1) == posters.MOST
    assert tasks.room_for_each(5000) * 5000 <= 32 * 1024 * 1024
    assert tasks.room_for_each(10**6) == tasks.room_for_each(10**7) > 2000


def test_a_turned_video(folder: Path) -> None:
    """A video that says it is to be turned has a poster that is turned."""
    path = clip(folder / "a.mp4")
    content = bytearray(path.read_bytes())
    place = content.index(b"tkhd") + 4 + 4 + 20 + 8 + 8
    assert content[place : place + 4] == (1 << 16).to_bytes(4, "big")
    one, none = 1 << 16, 0
    turned = (none, one, none, -one, none, none, none, none, 1 << 30)
    content[place : place + 36] = b"".join(n.to_bytes(4, "big", signed=True) for n in turned)
    path.write_bytes(content)
    found = tasks.poster(path)
    assert found is not None
    assert (found.width, found.height) == (180, 320)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no video",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x08moov",
    ],
)
def test_what_is_no_video_has_no_poster(content: bytes, folder: Path) -> None:
    """Nothing but an MP4 is read, whatever the file says that it is."""
    path = folder / "a.mp4"
    path.write_bytes(content)
    assert tasks.poster(path) is None
    assert tasks.poster(folder / "none.mp4") is None


# In a browser

STATE = """
const shown = [...document.querySelectorAll("article")].filter(card => card.checkVisibility());
done({
  cards: shown.map(card => card.dataset.provider),
  tools: !document.querySelector(".tools").hidden,
  fits: document.documentElement.scrollWidth <= innerWidth,
  box: getComputedStyle(document.querySelector("article")).display,
  poster: document.querySelector("video").poster.length,
});
"""
PLAY = """
const video = document.querySelector("video");
video.addEventListener("timeupdate", () => { if (video.currentTime > 0) done(
  [video.videoWidth, video.videoHeight]); });
video.addEventListener("error", () => done(String(video.error && video.error.message)));
video.play().catch(error => done(String(error)));
"""
TYPED = """
const field = document.querySelector("[type=search]"); field.value = "boat defapi";
field.dispatchEvent(new Event("input", { bubbles: true })); done();
"""
SORTED = """
const field = document.querySelector("[type=search]"); field.value = "";
field.dispatchEvent(new Event("input", { bubbles: true }));
const order = document.querySelector("[name=sort]"); order.value = "oldest";
order.dispatchEvent(new Event("change", { bubbles: true })); done();
"""
TOGETHER = """
const videos = [...document.querySelectorAll(".set video")];
const tell = () => { if (videos.every(one => one.currentTime > 0)) done(
    videos.map(one => one.muted)); };
for (const one of videos) one.addEventListener("timeupdate", tell);
document.querySelector(".set button").click();
"""


@pytest.mark.full
@needs_chromium
def test_in_chromium(made: Made, run: Run, folder: Path) -> None:
    """Opened from the disk it plays a video and asks for nothing else, with and without script."""
    made("t1", "100% #1?.mp4", prompt=HOSTILE)
    made("t2", "t2.mp4", prompt="a boat", provider="runbase")
    made("t3", "t3.mp4", prompt="a boat", provider="defapi")
    for path in folder.iterdir():
        clip(path)
    assert run("gallery", "-o", "page.html").code == 0
    page = Path("page.html").absolute().as_uri()
    with chromium() as browser:
        for width, dark in ((400, False), (1600, True)):
            browser.screen(width, 900, dark=dark)
            browser.open(page)
            state = browser.run(STATE)
            assert state.pop("poster") > 100
            cards = ["defapi", "runbase", "runbase"]
            assert state == {"cards": cards, "tools": True, "fits": True, "box": "flex"}
        assert browser.run(PLAY) == [320, 180]
        browser.run(TYPED)
        assert browser.run(STATE)["cards"] == ["defapi"]
        browser.run(SORTED)
        assert browser.run(STATE)["cards"] == ["runbase", "defapi", "runbase"]
        assert browser.run(TOGETHER) == [False, True]
        assert browser.errors() == []
        browser.scripts(on=False)
        browser.open(page)
        assert browser.screenshot()[:4] == b"\x89PNG"
        allowed = {page, *(one.as_uri() for one in folder.iterdir())}
        asked = set(browser.requests())
        assert page in asked
        assert {unquote(one) for one in asked} <= {unquote(one) for one in allowed}


def test_the_pictures_are_small() -> None:
    """Those in the document."""
    folder = Path(__file__).parents[2] / "docs"
    names = re.findall(r"\(([\w-]+\.webp)\)", (folder / "gallery.md").read_text(encoding="utf-8"))
    assert len(names) == 3
    assert max((folder / name).stat().st_size for name in names) < 100_000

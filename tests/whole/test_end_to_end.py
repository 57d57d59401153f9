"""The whole job, as a user does it: real processes, a real server, a video that plays."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import av
import pytest

from seedance_cli import providers
from seedance_cli.providers import FLAGS
from support.runner import spawner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.runner import Run, Spawn

FIXTURES = Path(__file__).parents[1] / "fixtures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is asked of one provider, and what its video must be."""

    provider: str
    options: tuple[str, ...]
    seconds: int
    size: tuple[int, int]
    audio: bool = False
    cost: str = ""


JOBS = [
    Job(
        provider="seedanceapi",
        options=("-d", "4", "-r", "480p", "-a", "16:9", "--audio"),
        seconds=4,
        size=(854, 480),
        audio=True,
        cost="14 credits",
    ),
    Job(provider="defapi", options=("-d", "5", "-a", "1:1"), seconds=5, size=(720, 720)),
    Job(
        provider="seedance2ink",
        options=("-m", "seedance-2.0-fast", "-d", "4", "-r", "480p", "-a", "9:16"),
        seconds=4,
        size=(480, 854),
    ),
    Job(
        provider="runbase",
        options=("-d", "4", "-r", "480p", "-a", "21:9"),
        seconds=4,
        size=(1120, 480),
    ),
]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`seedance sandbox` as a process of its own; its URL."""
    processes = contextmanager(spawner)()
    home = tmp_path_factory.mktemp("sandbox")
    env = {
        "HOME": str(home),
        "SEEDANCE_STATE_DIR": str(home / "state"),
        "SEEDANCE_SANDBOX_SECONDS": "0.2",
    }
    with processes as spawn:
        process = spawn("sandbox", "--port", "0", env=env)
        yield process.wait_for("\n", "out").decode().strip()


def network(root: str, name: str) -> dict[str, str | None]:
    """The variables that lead one provider's requests to the sandbox, over the network."""
    info = providers.get(name).info
    return {
        info.base_url_env: f"{root}/{name}{urlsplit(info.base_url).path}",
        info.key_env: "test-key-of-this-user",
    }


def look_at(path: Path) -> tuple[float, tuple[int, int], bool, int]:
    """Seconds, width and height, whether there is sound, and the frames that decode."""
    with av.open(path) as video:
        stream = video.streams.video[0]
        seconds = (video.duration or 0) / av.time_base
        frames = sum(1 for _ in video.decode(stream))
        return seconds, (stream.width, stream.height), bool(video.streams.audio), frames


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.provider)
def test_the_whole_job(job: Job, sandbox: str, run: Run) -> None:
    """Generate, wait and download, list, price: each step's stdout is the next one's input."""
    env = network(sandbox, job.provider)
    made = run("generate", "a paper boat", "-p", job.provider, *job.options, env=env)
    assert (made.code, made.out.count("\n")) == (0, 1), made.err
    ref = made.out.strip()
    assert ref.startswith(f"{job.provider}:")
    waited = run("wait", ref, "--download", "--interval", "0.1", env=env)
    assert waited.code == 0, waited.err
    path = Path(waited.out.removesuffix("\n"))
    assert path.parent == Path.cwd()
    seconds, size, audio, frames = look_at(path)
    assert seconds == pytest.approx(job.seconds, abs=0.2)
    assert frames >= job.seconds * 10
    assert size == job.size
    assert audio is job.audio
    again = run("wait", ref, "--download", env=env)
    assert (again.code, again.out) == (0, waited.out)
    listed = run("list", "--json").json
    assert [row["ref"] for row in listed] == [ref]
    assert (listed[0]["status"], listed[0]["files"]) == ("succeeded", [str(path)])
    assert listed[0]["request"]["prompt"] == "a paper boat"
    assert listed[0]["sandbox"] is False
    asked = [word for word in job.options if word not in {"-a", "16:9", "1:1", "9:16", "21:9"}]
    price = run("price", "-p", job.provider, *asked, env=env)
    charged = listed[0]["cost"]
    assert charged["basis"] == "charged"
    expected = " ".join(word for word in (charged["amount"], charged["unit"]) if word)
    assert (price.code, price.out.strip()) == (0, job.cost or expected)
    assert f"charged: last {expected}" in price.err
    assert run("recover", "--json").json == []
    assert run("status", "--json", env=env).json == []


def test_the_embedded_sandbox(spawn: Spawn) -> None:
    """One command without a key brings a video: the first thing that a new user tries."""
    env = {"SEEDANCE_SANDBOX_SECONDS": "0.2"}
    done = spawn("generate", "a boat", "--sandbox", "--download", "-d", "4", env=env).finish()
    assert done.code == 0, done.err
    seconds, size, audio, _ = look_at(Path(done.out.strip()))
    assert (round(seconds), size, audio) == (4, (720, 720), False)
    assert "submitted seedanceapi:" in done.err


EXAMPLES = {
    "seedanceapi/request-quick-start": (
        "A cinematic shot of mountains at sunrise with flowing clouds",
        *("-a", "16:9", "-r", "720p", "-d", "8"),
    ),
    "seedanceapi/request-text": (
        "A majestic eagle soaring through golden sunset clouds over ocean waves",
        *("-a", "16:9", "-r", "720p", "-d", "8"),
    ),
    "seedanceapi/request-image": (
        "The character slowly turns and smiles at the camera",
        *("-i", "https://example.com/my-image.jpg", "-a", "16:9", "-r", "720p", "-d", "4"),
    ),
    "seedanceapi/request-audio": (
        "A peaceful river flowing through a forest with birds singing",
        *("-a", "16:9", "-r", "720p", "-d", "8", "--audio", "--fixed-lens"),
    ),
    "defapi/request-text": (
        "A beautiful beach scene with waves gently lapping at the shore",
        *("-m", "seedance-2.0"),
    ),
    "defapi/request-images": (
        "The cat in @image1 walks through a garden, then meets the dog in @image2",
        *("-m", "seedance-2.0", "-d", "5"),
        *("-i", "https://example.com/cat.png", "-i", "https://example.com/dog.png"),
        *("--callback-url", "https://example.com/webhook/video-callback"),
    ),
    "seedance2ink/request-text": (
        "A river flowing through an autumn forest, aerial view, cinematic motion",
        *("-m", "seedance-2.0", "-a", "16:9", "-d", "5", "-r", "720p"),
        *("--callback-url", "https://your-app.com/webhooks/seedance"),
        *("--metadata", "projectId=proj_1001", "--metadata", "sceneId=scene_08"),
    ),
    "runbase/request-quick-start": ("A cinematic product photo of a ceramic lamp",),
}
URLS = {
    "seedanceapi": "https://seedanceapi.org/v1/generate",
    "defapi": "https://api.defapi.org/api/video/seedance/gen",
    "seedance2ink": "https://www.seedance2.ink/api/open/v1/video/generations",
    "runbase": "https://runbase.net/api/v1/runs",
}


def typed(video: dict[str, Any]) -> tuple[str, ...]:
    """The words after `generate` for the request of a case in `contract.json`."""
    words: list[str] = [video["prompt"]]
    for option, value in video.items():
        flag = FLAGS.get(option, "")
        match value:
            case _ if option == "prompt":
                continue
            case bool():
                words.append(flag if value else flag.replace("--", "--no-", 1))
            case list():
                words += [word for one in value for word in (flag, one)]
            case dict() if option == "params":
                pairs = (f"{key}={json.dumps(one)}" for key, one in value.items())
                words += [word for pair in pairs for word in ("--param", pair)]
            case dict():
                words += [word for key in value for word in (flag, f"{key}={value[key]}")]
            case _:
                words += [flag, str(value)]
    return tuple(words)


FIRST = frozenset(URLS)
for _path in sorted(FIXTURES.glob("*/contract.json")):
    if _path.parent.name in FIRST:
        continue
    for _case in json.loads(_path.read_text(encoding="utf-8"))["requests"]:
        _name = f"{_path.parent.name}/{Path(_case['file']).stem}"
        EXAMPLES[_name] = typed(_case["video"])
        URLS[_name] = providers.get(_path.parent.name).info.base_url + _case["path"]


def test_every_documented_request_has_a_command() -> None:
    """No example request of the providers' documents is left without the command that makes it."""
    files = {f"{path.parent.name}/{path.stem}" for path in FIXTURES.glob("*/request*.json")}
    assert files == set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_documented_requests(name: str, run: Run) -> None:
    """`generate` makes the request of the provider's documents: method, URL and body."""
    provider = name.split("/", 1)[0]
    done = run("generate", *EXAMPLES[name], "-p", provider, "--dry-run", "--json")
    assert done.code == 0, done.err
    documented: Any = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    shown = done.json
    assert shown["body"] == documented
    assert [type(one) for one in leaves(shown["body"])] == [type(one) for one in leaves(documented)]
    assert (shown["method"], shown["url"]) == ("POST", URLS.get(name) or URLS[provider])
    scheme = providers.get(provider).info.auth_scheme
    assert shown["headers"]["Authorization"] == f"{scheme} ****"
    assert shown["headers"]["Content-Type"] == "application/json"
    assert not list(Path(os.environ["SEEDANCE_STATE_DIR"]).parent.glob("state"))


def leaves(value: Any) -> Iterator[Any]:
    """Every value in it, in the order of sorted keys: `8` and `"8"` differ, and True is not 1."""
    if isinstance(value, dict):
        for key in sorted(value):
            yield from leaves(value[key])
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value

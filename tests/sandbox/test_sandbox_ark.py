"""What only Ark's dialect has: the listing, frames, the last frame, and what a read repeats."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from seedance_cli.sandbox.options import Options
from seedance_cli.testing import serve_sandbox
from support.sandbox_client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TASKS = "/byteplus/api/v3/contents/generations/tasks"
OLDER = "seedance-1-0-pro-250528"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with serve_sandbox(tmp_path, Options(seconds=0)) as server:
        yield Client(server.url)


def submit(client: Client, prompt: str = "a boat", **fields: Any) -> str:
    """A small task; its id."""
    body = {
        "model": "dreamina-seedance-2-0-260128",
        "content": [{"type": "text", "text": prompt}],
        "resolution": "480p",
        "ratio": "1:1",
        "duration": 4,
        **fields,
    }
    found: str = client.post(TASKS, body).json["id"]
    return found


def test_tasks_are_listed(client: Client) -> None:
    """Newest first, a page at a time, by status, id, model and tier, as the page names them."""
    first, second = submit(client, model=OLDER), submit(client, "sandbox:fail")

    def ids(query: str) -> list[str]:
        body = client.get(f"{TASKS}?{query}").json
        assert body.keys() == {"items", "total"}
        return [one["id"] for one in body["items"] if one["id"] in {first, second}]

    assert ids("") == [second, first]
    assert ids("page_num=1&page_size=1") == [second]
    assert ids("page_num=2&page_size=1") == [first]
    assert ids("filter.status=failed") == [second]
    assert ids(f"filter.task_ids={first}&filter.task_ids={second}") == [second, first]
    assert ids(f"filter.task_ids={first}") == [first]
    assert ids(f"filter.model={OLDER}") == [first]
    assert ids("filter.service_tier=flex") == []
    for wrong in ("page_num=0", "page_size=501", "page_size=ten", "page_num=-1"):
        assert client.get(f"{TASKS}?{wrong}").status == 400


def test_what_a_read_repeats(client: Client) -> None:
    """The settings of the task, its tokens as the page's formula has them, and no more."""
    read = client.get(f"{TASKS}/{submit(client, seed=7, priority=3)}").json
    assert {name: read[name] for name in ("ratio", "duration", "seed", "priority")} == {
        "ratio": "1:1",
        "duration": 4,
        "seed": 7,
        "priority": 3,
    }
    tokens = 480 * 480 * 24 * 4 // 1024
    assert read["usage"] == {"completion_tokens": tokens, "total_tokens": tokens}
    assert read["content"].keys() == {"video_url"}
    assert read["error"] is None


def test_frames_replace_the_duration(client: Client) -> None:
    """Where frames were asked for a read has those, and the video is as long as they are."""
    task = submit(client, model=OLDER, frames=49, duration=12)
    read = client.get(f"{TASKS}/{task}").json
    assert read["frames"] == 49
    assert "duration" not in read


def test_the_last_frame(client: Client) -> None:
    """It is there where it was asked for, an image of the video's size; else there is none."""
    asked, other = submit(client, return_last_frame=True), submit(client)
    content = client.get(f"{TASKS}/{asked}").json["content"]
    with Image.open(BytesIO(client.get(content["last_frame_url"]).body)) as image:
        assert image.size == (480, 480)
    assert client.get(content["last_frame_url"].replace(asked, other)).status == 404

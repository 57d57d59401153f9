"""The example requests of the providers' own pages, with only the host changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from seedance_cli.sandbox.serve import running
from support.sandbox_client import READ, SUBMIT, Client

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with running(tmp_path_factory.mktemp("state"), seconds=60) as root:
        yield Client(root)


def shape(value: Any) -> Any:
    """The same with every leaf replaced by its type."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value)


@pytest.mark.parametrize(
    "body",
    [
        {
            "prompt": "A cinematic shot of mountains at sunrise with flowing clouds",
            "aspect_ratio": "16:9",
            "resolution": "720p",
            "duration": "8",
        },
        {
            "prompt": "A majestic eagle soaring through golden sunset clouds over ocean waves",
            "aspect_ratio": "16:9",
            "resolution": "720p",
            "duration": "8",
        },
        {
            "prompt": "The character slowly turns and smiles at the camera",
            "image_urls": ["https://example.com/my-image.jpg"],
            "aspect_ratio": "16:9",
            "resolution": "720p",
            "duration": "4",
        },
        {
            "prompt": "A peaceful river flowing through a forest with birds singing",
            "aspect_ratio": "16:9",
            "resolution": "720p",
            "duration": "8",
            "generate_audio": True,
            "fixed_lens": True,
        },
    ],
)
def test_seedanceapi_generate(client: Client, body: dict[str, Any]) -> None:
    """Each of the page's examples is accepted with the page's answer, and can be read."""
    answer = client.post("/seedanceapi/v1/generate", body)
    task = answer.json["data"]["task_id"]
    assert answer.status == 200
    assert answer.json == {
        "code": 200,
        "message": "success",
        "data": {"task_id": task, "status": "IN_PROGRESS"},
    }
    data = client.get(f"/seedanceapi/v1/status?task_id={task}").json["data"]
    assert data["status"] == "IN_PROGRESS"
    assert data["response"] == []
    assert data["request"] == body


def test_seedanceapi_status(client: Client) -> None:
    """The page's own task reads as the page shows it; only the video's host is the sandbox's."""
    answer = client.get("/seedanceapi/v1/status?task_id=seed15abc123def456pro")
    assert answer.status == 200
    assert answer.json == {
        "code": 200,
        "message": "success",
        "data": {
            "task_id": "seed15abc123def456pro",
            "status": "SUCCESS",
            "consumed_credits": 28,
            "created_at": "2026-02-07T10:30:00Z",
            "request": {
                "prompt": "A majestic eagle soaring through golden sunset clouds",
                "aspect_ratio": "16:9",
                "resolution": "720p",
                "duration": "8",
            },
            "response": [f"{client.root}/videos/seed15abc123def456pro.mp4"],
            "error_message": None,
        },
    }


@pytest.mark.parametrize(
    "body",
    [
        {
            "model": "seedance-2.0",
            "content": [
                {
                    "type": "text",
                    "text": "A beautiful beach scene with waves gently lapping at the shore",
                }
            ],
        },
        {
            "model": "seedance-2.0",
            "content": [
                {
                    "type": "text",
                    "text": "The cat in @image1 walks through a garden, "
                    "then meets the dog in @image2",
                },
                {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}},
                {"type": "image_url", "image_url": {"url": "https://example.com/dog.png"}},
            ],
            "duration": 5,
            "callback_url": "https://example.com/webhook/video-callback",
        },
    ],
)
def test_defapi_gen(client: Client, body: dict[str, Any]) -> None:
    """Each of the page's examples is accepted with the page's answer."""
    answer = client.post("/defapi/api/video/seedance/gen", body)
    task = answer.json["data"]["task_id"]
    assert answer.status == 200
    assert answer.json == {"code": 0, "message": "ok", "data": {"task_id": task}}
    assert re.fullmatch(r"ta[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", task)
    data = client.get(f"/defapi/api/task/query?task_id={task}").json["data"]
    assert data["status"] == "pending"
    assert data["result"] is None


@pytest.mark.parametrize(
    "task", ["ta823dfb-eaac-44fd-aec2-3e2c7ba8e071", "ta12345678-1234-1234-1234-123456789abc"]
)
def test_defapi_query(client: Client, task: str) -> None:
    """The page's own tasks read as the page shows it."""
    answer = client.get(f"/defapi/api/task/query?task_id={task}")
    assert answer.status == 200
    assert answer.json == {
        "code": 0,
        "message": "ok",
        "data": {
            "task_id": task,
            "status": "success",
            "result": {"video": f"{client.root}/videos/{task}.mp4"},
            "consumed": "0.500000",
            "status_reason": {"message": None},
            "created_at": "2025-08-03T10:22:20.010Z",
        },
    }


def test_seedance2ink_generations(client: Client) -> None:
    """The page's example is accepted with the page's answer, its 40 credits too."""
    body = {
        "model": "seedance-2.0",
        "prompt": "A river flowing through an autumn forest, aerial view, cinematic motion",
        "aspectRatio": "16:9",
        "duration": 5,
        "resolution": "720p",
        "webhookUrl": "https://your-app.com/webhooks/seedance",
        "metadata": {"projectId": "proj_1001", "sceneId": "scene_08"},
    }
    answer = client.post("/seedance2ink/api/open/v1/video/generations", body)
    task = answer.json["requestId"]
    assert answer.status == 200
    assert answer.json == {
        "success": True,
        "requestId": task,
        "status": "queued",
        "creditsCharged": 40,
    }
    read = client.get(f"/seedance2ink/api/open/v1/video/generations/{task}").json
    assert read["status"] == "queued"
    assert read["output"] is None


def test_seedance2ink_read_and_cancel(client: Client) -> None:
    """The page's own task reads and cancels as the page shows it."""
    path = "/seedance2ink/api/open/v1/video/generations/req_1234567890"
    expected = {
        "success": True,
        "requestId": "req_1234567890",
        "status": "succeeded",
        "model": "seedance-2.0",
        "prompt": "A river flowing through an autumn forest, aerial view, cinematic motion",
        "duration": 5,
        "aspectRatio": "16:9",
        "output": {"type": "video", "url": f"{client.root}/videos/req_1234567890.mp4"},
        "error": None,
    }
    assert client.get(path).json == expected
    answer = client.post(f"{path}/cancel")
    assert answer.status == 200
    assert answer.json == {"success": True, "requestId": "req_1234567890", "status": "cancelled"}
    assert client.get(path).json == expected


def test_runbase_runs(client: Client) -> None:
    """The page's example is accepted; the run can be read, by the page's `RUN_ID` too."""
    body = {
        "model": "bytedance/seedance-1.5-pro",
        "input": {"prompt": "A cinematic product photo of a ceramic lamp"},
    }
    answer = client.post("/runbase/api/v1/runs", body)
    assert answer.status == 200
    read = client.get(f"/runbase/api/v1/runs/{answer.json['id']}").json
    assert read["status"] == "pending"
    assert read["output"] is None
    done = client.get("/runbase/api/v1/runs/RUN_ID").json
    assert done["status"] == "succeeded"
    assert done["output"] == {"urls": [f"{client.root}/videos/RUN_ID.mp4"]}
    assert shape(done["costUsd"]) is float


def test_the_prices_of_seedanceapi(client: Client) -> None:
    """Every figure of the page's table is what a task of that kind consumes."""
    table = {
        ("480p", "4"): (8, 14),
        ("480p", "8"): (14, 28),
        ("480p", "12"): (19, 38),
        ("720p", "4"): (14, 28),
        ("720p", "8"): (28, 56),
        ("720p", "12"): (42, 84),
    }
    for (resolution, duration), (silent, loud) in table.items():
        for audio, credit in ((False, silent), (True, loud)):
            body = {
                "prompt": "A cat",
                "resolution": resolution,
                "duration": duration,
                "generate_audio": audio,
            }
            task = client.post("/seedanceapi/v1/generate", body).json["data"]["task_id"]
            data = client.get(f"/seedanceapi/v1/status?task_id={task}").json["data"]
            assert data["consumed_credits"] == credit


def test_a_field_sent_as_null_is_not_repeated(client: Client) -> None:
    """`request` in a read answer repeats what was set; null sets nothing."""
    body = {"prompt": "a boat", "callback_url": None}
    sent = client.post(SUBMIT["seedanceapi"], body).json
    read = client.get(READ["seedanceapi"] + sent["data"]["task_id"]).json
    assert set(read["data"]["request"]) == {"prompt", "aspect_ratio", "resolution", "duration"}

"""URLs that an answer gives: where the key may follow them, and where it may not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from seedance_cli.http import HttpApi
from seedance_cli.models import NOTHING, HttpResponse, Problem, Secret, TaskHandle
from seedance_cli.providers import Provider, _answers
from seedance_cli.providers._base import TaskFields
from seedance_cli.providers._fields import Field, Fields
from seedance_cli.providers._info import ModelInfo, ModelUse, ProviderInfo
from seedance_cli.tasks.channel import Channel
from seedance_cli.tasks.downloads.fetch import Saved, download
from support import mp4s
from support.bytes_server import BytesServer, answer, in_turn
from support.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "given-url-key-0123456789"
DONE = answer(200, b'{"id": "t1", "status": "succeeded", "video": "https://v.example/1.mp4"}')


class Acme(Provider):
    """A seller with URLs to come back with, and videos behind the key."""

    info = ProviderInfo(
        name="acme",
        base_url="https://api.acme.example/v1",
        key_env="ACME_KEY",
        base_url_env="ACME_BASE_URL",
        docs="https://acme.example",
        model_use=ModelUse.NONE,
        models=(ModelInfo("boat", (), (), ()),),
        fields=Fields((Field("prompt", "prompt"),)),
        submit_path="/jobs",
        auth_scheme="Key",
        can_cancel=True,
        keyed_videos=True,
    )
    task_fields = TaskFields(
        ids=("id",),
        videos="video",
        cost="",
        error="error",
        resume={"read": "urls.get", "cancel": "urls.stop"},
    )
    cancel_method = "PUT"

    def problem(self, response: HttpResponse) -> Problem | None:
        """None has a form."""
        del response
        return None

    def read_path(self, handle: TaskHandle) -> str:
        """Built by hand."""
        return f"/jobs/{_answers.in_url(handle.task_id)}"

    def cancel_path(self, handle: TaskHandle) -> str:
        """Built by hand."""
        return f"{self.read_path(handle)}/stop"


@pytest.fixture
def here() -> Iterator[BytesServer]:
    with BytesServer(DONE) as server:
        yield server


def channel(server: BytesServer) -> Channel:
    """The way to the seller, which that server is."""
    endpoint, key = f"{server.url}/v1", Secret(KEY)
    api = HttpApi(Acme(), endpoint, key, FakeClock(), None)
    return Channel(Acme(), endpoint, "default", False, False, True, key, api)


def seen(server: BytesServer) -> list[tuple[str, str, str | None]]:
    """Method, target and credentials of each request."""
    return [(r.method, r.target, r.headers.get("authorization")) for r in server.requests]


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ("{here}/elsewhere/t1?x=1", "/elsewhere/t1?x=1"),
        ("/root/t1", "/root/t1"),
        ("t1/status", "/v1/t1/status"),
        (None, "/v1/jobs/t1"),
        ("{there}/v1/jobs/t1", "/v1/jobs/t1"),
        ("http://api.acme.example/v1/jobs/t1", "/v1/jobs/t1"),
        ("//evil.example/v1/jobs/t1", "/v1/jobs/t1"),
        ("http://[/t1", "/v1/jobs/t1"),
    ],
)
def test_a_given_url_is_used_at_the_endpoints_own_origin(
    here: BytesServer, given: str | None, target: str
) -> None:
    """Absolute or relative it is used as it is; at another origin the path built by hand counts."""
    with BytesServer(DONE) as there:
        url = given and given.format(here=here.url, there=there.url)
        handle = TaskHandle("acme", "t1", {"read": url, "cancel": url} if url else NOTHING)
        api = channel(here).api
        assert Acme().fetch(api, handle).video_urls == ("https://v.example/1.mp4",)
        Acme().cancel(api, handle)
        assert there.requests == []
    stop = target if target != "/v1/jobs/t1" else f"{target}/stop"
    assert seen(here) == [("GET", target, f"Key {KEY}"), ("PUT", stop, f"Key {KEY}")]


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://q.example/t1", True),
        ("/v1/jobs/t1", True),
        ("", False),
        (7, False),
        ("https://q.example/t 1", False),
        ("https://q.example/\x1b[31m", False),
        ("https://a:b@q.example/t1", False),
        ("https://evil.example\\@q.example/t1", False),
        ("https://q.example/" + "x" * 20_000, False),
    ],
    ids=ascii,
)
def test_what_is_kept_of_an_answers_urls(url: object, kept: bool) -> None:
    """A URL that two readers may take for two addresses is not come back with."""
    body = json.dumps({"id": "t1", "urls": {"get": url}}).encode()
    task = Acme().accepted(HttpResponse(201, {}, body))
    assert task is not None
    assert task.resume == ({"read": url} if kept else {})


def test_a_video_behind_the_key_is_fetched_with_it_from_that_origin_alone(
    here: BytesServer, tmp_path: Path
) -> None:
    """A redirect to another origin is followed without the key."""
    with BytesServer(answer(200, mp4s.plain())) as cdn:
        onward = answer(302, b"", {"Location": f"{cdn.url}/signed.mp4"})
        with BytesServer(in_turn(onward)) as seller:
            steps = download(
                f"{seller.url}/v1/videos/t1",
                tmp_path / "a.mp4",
                force=False,
                allow_private=True,
                clock=FakeClock(),
                credentials=channel(seller).video_headers,
            )
            assert isinstance(list(steps)[-1], Saved)
            assert [one[2] for one in seen(seller)] == [f"Key {KEY}"]
        assert [one[2] for one in seen(cdn)] == [None]


def test_no_key_for_a_seller_whose_videos_ask_for_none(here: BytesServer) -> None:
    """Nor for the origin of the endpoint itself, where nothing says that it wants one."""
    way = channel(here)
    way.provider.info = way.provider.info._replace(keyed_videos=False)
    assert way.video_headers(f"{here.url}/v1/videos/t1") == {}

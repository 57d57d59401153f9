"""Fault 47: a host with several addresses, in all three clients, and who may be connected to."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from seedance_cli.errors import DownloadFailed, Unreachable
from seedance_cli.http import racing
from seedance_cli.http.racing import RefusedAddress
from seedance_cli.http.streaming import stream
from seedance_cli.models.addresses import is_public
from seedance_cli.tasks.downloads.fetch import download
from support import mp4s
from support.bytes_server import BytesServer, answer, head
from support.fake_clock import FakeClock
from support.hosts import LINUX, closed_port, stand_for, swallowing
from support.scripted_provider import ScriptedProvider, done

if TYPE_CHECKING:
    from pathlib import Path

    from support.bytes_server import Client, Request
    from support.runner import Run

PAY = ("generate", "a boat", "-p", "runbase")


def by_name(server: ScriptedProvider) -> dict[str, str | None]:
    """The environment in which the provider is reached by the name `localhost`."""
    url = server.endpoint("runbase").replace("127.0.0.1", "localhost")
    return {**server.env("runbase"), "RUNBASE_BASE_URL": url}


# Through the whole program


@LINUX
def test_fault_47_an_address_that_swallows_is_overtaken_in_all_three_clients(
    run: Run, server: ScriptedProvider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Submit, poll and download reach the host by its other address; each asks once."""
    url = server.video("t1.mp4").replace("127.0.0.1", "localhost")
    server.task("t1", done(url))
    with swallowing(server.server.port) as dead:
        asked = stand_for(monkeypatch, {"localhost": [dead, "127.0.0.1"]})
        saved = tmp_path / "v.mp4"
        result = run(*PAY, "-o", str(saved), env=by_name(server), clock=FakeClock())
    assert (result.code, result.out) == (0, f"{saved}\n"), result.err
    assert saved.read_bytes() == mp4s.plain()
    assert (server.posts(), server.polls("t1"), server.fetched("t1.mp4")) == (1, 1, 1)
    assert asked["localhost"] == 3  # the paid POST, reads and the video have one pool each


@LINUX
@pytest.mark.parametrize(
    "first",
    [["127.0.0.3"], ["127.0.0.3", "127.0.0.4"], ["::1"], ["100::1", "127.0.0.3"]],
    ids=["refused", "two refused", "IPv6", "no way there"],
)
def test_fault_47_addresses_that_fail_make_room_at_once(
    first: list[str], run: Run, server: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an address that fails the next one need not wait for its turn."""
    monkeypatch.setattr(racing, "ATTEMPT_DELAY", 3600.0)
    stand_for(monkeypatch, {"localhost": [*first, "127.0.0.1"]})
    result = run(*PAY, env=by_name(server), clock=FakeClock())
    assert (result.code, server.posts()) == (0, 1), result.err


@LINUX
def test_fault_47_the_way_to_a_proxy_is_raced_too(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy whose first address swallows every packet is reached by its second one."""
    with BytesServer(answer(403)) as proxy, swallowing(proxy.port) as dead:
        stand_for(monkeypatch, {"proxy.example": [dead, "127.0.0.1"]})
        env = {
            "RUNBASE_BASE_URL": "https://seedance.example/v1",
            "RUNBASE_API_KEY": "some-key-0123",
            "HTTPS_PROXY": f"http://proxy.example:{proxy.port}",
        }
        result = run(*PAY, env=env, clock=FakeClock())
        assert [request.method for request in proxy.requests] == ["CONNECT"]
    assert result.code == 5
    assert "HTTP 403" in result.err


@LINUX
def test_fault_47_when_all_fail_each_reason_is_told_once(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was sent, and the message says how many addresses there were."""
    port = closed_port()
    stand_for(monkeypatch, {"localhost": ["127.0.0.1", "127.0.0.3", "127.0.0.4"]})
    env = {"RUNBASE_BASE_URL": f"http://localhost:{port}", "RUNBASE_API_KEY": "some-key-0123"}
    result = run(*PAY, env=env, clock=FakeClock())
    assert result.code == 5
    assert "Connection refused (at each of 3 addresses); nothing was sent" in result.err


# The race itself


def test_families_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 8305, section 4: the first family of the system's order begins; each address once."""
    listed = ["2001:db8::1", "2001:db8::2", "2001:db8::1", "192.0.2.1", "192.0.2.2", "192.0.2.3"]
    stand_for(monkeypatch, {"seller.example": listed})
    found = [one.text for one in racing.resolve("seller.example", 443)]
    assert found == [
        *("2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2", "192.0.2.3"),
    ]


@LINUX
def test_the_time_to_connect_is_for_all_addresses_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where none answers it is over, however many there are; no socket is left open."""
    port = closed_port()
    addresses = [f"127.0.0.{number}" for number in range(2, 5)]
    stand_for(monkeypatch, {"seller.example": addresses})
    opened: list[socket.socket] = []
    real = socket.socket

    class Counted(real):  # type: ignore[misc, valid-type]  # the real class, remembered
        def __init__(self, *words: int) -> None:
            super().__init__(*words)
            opened.append(self)

    with ExitStack() as stack:
        for address in addresses:
            stack.enter_context(swallowing(port, address))
        candidates = racing.resolve("seller.example", port)
        monkeypatch.setattr(socket, "socket", Counted)
        with pytest.raises(TimeoutError):
            racing.race(candidates, until=time.monotonic() + 0.6)
    assert len(opened) == 3  # at 0, 0.25 and 0.5 s
    assert [one.fileno() for one in opened] == [-1] * 3


@LINUX
def test_the_losers_are_closed() -> None:
    """Of two connections under way the one that is not used ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with swallowing(port) as dead:
            both = [racing.Candidate(socket.AF_INET, (one, port)) for one in (dead, "127.0.0.1")]
            with racing.race(both, until=time.monotonic() + 10) as winner:
                assert winner.getpeername() == ("127.0.0.1", port)
    # a socket that was left open is a warning, and warnings are errors


def test_a_source_address_is_bound() -> None:
    """The `local_address` of httpcore is honoured; one of another family rules an address out."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        one = racing.Candidate(socket.AF_INET, ("127.0.0.1", port))
        with racing.race([one], until=time.monotonic() + 10, source="127.0.0.1") as winner:
            assert winner.getsockname()[0] == "127.0.0.1"
        with pytest.raises(OSError, match=r"\w"):
            racing.race([one], until=time.monotonic() + 10, source="::1")


# Who may be connected to (fault 30)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "169.254.169.254", "100.64.0.1", "::1", "::"],
)
def test_fault_30_a_name_that_stands_for_a_private_address_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The address that would be connected to decides; nothing is sent to it, and it is said."""
    with BytesServer(answer(200, mp4s.plain())) as server:
        stand_for(monkeypatch, {"video.example": [address]})
        url = f"http://video.example:{server.port}/v.mp4?token=secret"
        target = tmp_path / "v.mp4"
        with pytest.raises(DownloadFailed, match="private address") as raised:
            list(download(url, target, force=False, allow_private=False, clock=FakeClock()))
        assert server.connections == 0
    assert address in raised.value.message
    assert "secret" not in raised.value.message
    assert not target.exists()


def test_fault_30_a_name_that_changes_its_meaning_is_held_to_the_one_that_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What was looked at is what is connected to: there is no second look-up in between."""
    with BytesServer(answer(200, mp4s.plain())) as server:
        asked = stand_for(monkeypatch, {"video.example": ["127.0.0.1"]})
        url = f"http://video.example:{server.port}/v.mp4"
        with pytest.raises(DownloadFailed, match="private address"):
            list(download(url, tmp_path / "v", force=False, allow_private=False, clock=FakeClock()))
        assert (asked["video.example"], server.connections) == (1, 0)


def test_fault_30_a_redirect_to_such_a_name_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each step on the way is held to the rule; the first may be of the public internet."""
    with BytesServer(answer(200, mp4s.plain())) as inner:
        there = f"http://inner.example:{inner.port}/"
        with BytesServer(answer(302, headers={"Location": there})) as outer:
            # 198.18.0.0/15 counts as public; this test's connections to it come to the server.
            stand_for(
                monkeypatch, {"outer.example": ["198.18.0.7"], "inner.example": ["127.0.0.1"]}
            )
            here(monkeypatch, "198.18.0.7")
            url = f"http://outer.example:{outer.port}/v.mp4"
            with pytest.raises(DownloadFailed, match="private address"):
                list(
                    download(
                        url, tmp_path / "v", force=False, allow_private=False, clock=FakeClock()
                    )
                )
            assert (len(outer.requests), inner.connections) == (1, 0)


def here(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Let connections to the address come to 127.0.0.1."""
    real = racing.race

    def race(candidates: list[racing.Candidate], **options: object) -> socket.socket:
        moved = [
            one._replace(address=("127.0.0.1", *one.address[1:])) if one.text == address else one
            for one in candidates
        ]
        return real(moved, **options)  # type: ignore[arg-type]  # passed on as they are

    monkeypatch.setattr("seedance_cli.http.backend.race", race)


def test_fault_30_the_endpoints_own_network_stays_allowed(
    run: Run, server: ScriptedProvider, tmp_path: Path
) -> None:
    """From a loopback endpoint a video may come from this machine, by name or by address."""
    for number, host in enumerate(("localhost", "127.0.0.1"), 1):
        video = server.video(f"t{number}.mp4").replace("127.0.0.1", host)
        server.task(f"t{number}", done(video))
        saved = tmp_path / f"{number}.mp4"
        result = run(*PAY, "-o", str(saved), "--again", env=by_name(server), clock=FakeClock())
        assert (result.code, result.out) == (0, f"{saved}\n"), result.err


@LINUX
def test_fault_30_of_several_addresses_only_those_allowed_are_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that is forbidden is passed over, and gets no packet."""
    with (
        BytesServer(answer(200, b"here")) as server,
        socket.create_server(("127.0.0.2", server.port)) as forbidden,
    ):
        forbidden.settimeout(0.0)
        stand_for(monkeypatch, {"video.example": ["127.0.0.2", "127.0.0.1"]})
        url = f"http://video.example:{server.port}/"
        with stream(url, {}, permit=lambda address: address != "127.0.0.2") as answered:
            assert b"".join(answered.chunks()) == b"here"
        with pytest.raises(BlockingIOError):
            forbidden.accept()
        with pytest.raises(RefusedAddress), stream(url, {}, permit=lambda _: False):
            pass


def test_fault_30_behind_a_proxy_the_proxys_own_address_may_be_private(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a name means behind a proxy only the proxy knows; the way to it is the user's wish."""
    with BytesServer(answer(200, b"through")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with stream("http://video.example/v", {}, permit=is_public) as answered:
            assert b"".join(answered.chunks()) == b"through"
        assert proxy.requests[0].target == "http://video.example/v"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:4700::1111", True),
        ("64:ff9b::5db8:d822", True),
        ("198.18.0.1", True),
        ("198.19.255.255", True),
        ("198.20.0.1", True),
        ("64:ff9b::a00:1", False),
        ("::ffff:10.0.0.1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("192.168.1.1", False),
        ("224.0.0.1", False),
        ("not an address", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    """Those that a name may stand for, the stand-ins of proxies that work on names among them."""
    assert is_public(address) is public


# Streams that are given up


def test_fault_49_interim_answers_without_end_end_a_download() -> None:
    """A server that says `100 Continue` for ever is left, and its connection closed."""
    over = threading.Event()

    def script(_: Request, client: Client) -> None:
        while client.send(head(100) * 100):
            pass
        over.set()

    with BytesServer(script) as server:
        with pytest.raises(Unreachable, match="bytes of headers"), stream(server.url, {}):
            pass
        assert over.wait(5)

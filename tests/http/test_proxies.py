"""Which proxy a request goes through, and what is said of one that fails (faults 3 and 44)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seedance_cli import http
from seedance_cli.errors import ConfigError, Unreachable
from seedance_cli.http.proxies import proxy_for
from support import tls
from support.bytes_server import BytesServer, answer
from support.fake_clock import FakeClock
from support.hosts import closed_port
from support.tls import TlsServer

if TYPE_CHECKING:
    from pathlib import Path

    from support.bytes_server import Client, Request
    from support.runner import Result, Run

PAY = ("generate", "a boat", "-p", "runbase")
AWAY = "https://seedance.example/v1"
SOCKS = "socks5://127.0.0.1:1"
ACCEPTED = b'{"id":"t-1","status":"pending"}'


def pay(run: Run, *words: str, url: str = AWAY, **env: str) -> Result:
    base = {"RUNBASE_BASE_URL": url, "RUNBASE_API_KEY": "some-key-0123"}
    return run(*PAY, *words, env={**base, **env}, clock=FakeClock())


# Only what would be used may stop a command


@pytest.mark.parametrize(
    "env",
    [
        {"all_proxy": SOCKS, "https_proxy": "PROXY"},
        {"ALL_PROXY": SOCKS, "HTTPS_PROXY": "PROXY"},
        {
            "all_proxy": SOCKS,
            "http_proxy": SOCKS,
            "https_proxy": "PROXY",
            "no_proxy": "::1,fe80::/10",
        },
        {"HTTP_PROXY": "nonsense://x", "ALL_PROXY": "http://h:port", "HTTPS_PROXY": "PROXY"},
        {"ALL_PROXY": "PROXY", "HTTP_PROXY": SOCKS},
        {
            "HTTPS_PROXY": "PROXY",
            "NO_PROXY": "localhost,127.0.0.0/8,::1,fd00::/8,.local,10.0.0.0/8",
        },
    ],
    ids=str,
)
def test_fault_44_a_proxy_that_is_not_used_stops_nothing(env: dict[str, str], run: Run) -> None:
    """What Clash prints, and other unusable variables beside the one that counts."""
    with BytesServer(answer(403)) as proxy:
        result = pay(
            run, **{name: value.replace("PROXY", proxy.url) for name, value in env.items()}
        )
        assert [request.method for request in proxy.requests] == ["CONNECT"]
    assert result.code == 5, result.err


@pytest.mark.parametrize(
    "env",
    [
        {"NO_PROXY": "fd00::/8"},
        {"NO_PROXY": "::1,fe80::/10,10.0.0.0/8"},
        {"no_proxy": "[::1]"},
        {"NO_PROXY": "]]["},
        {"HTTP_PROXY": SOCKS},
        {"HTTPS_PROXY": SOCKS, "NO_PROXY": "seedance.example"},
        {"ALL_PROXY": "nonsense://x", "NO_PROXY": "*"},
        {"ALL_PROXY": "nonsense://x", "NO_PROXY": ".example"},
    ],
    ids=str,
)
def test_fault_44_without_a_proxy_in_use_nothing_about_proxies_matters(
    env: dict[str, str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host is asked directly: here there is no such host, and that is what is said."""
    from support.hosts import stand_for

    asked = stand_for(monkeypatch, {})
    result = pay(run, **env)
    assert result.code == 5, result.err
    assert "no such host" in result.err
    assert asked["seedance.example"] == 3


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"HTTPS_PROXY": SOCKS}, "HTTPS_PROXY"),
        ({"https_proxy": SOCKS, "HTTPS_PROXY": "http://127.0.0.1:1"}, "https_proxy"),
        ({"all_proxy": "socks5h://u:hunter2@h"}, "all_proxy"),
        ({"ALL_PROXY": "ftp://u:hunter2@h"}, "ALL_PROXY"),
        ({"HTTPS_PROXY": "http://u:hunter2@"}, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "http://u:hunter2@h:99999"}, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "http://[u:hunter2"}, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "[::1]"}, "NO_PROXY"),
        ({"HTTPS_PROXY": "http://127.0.0.1:1", "no_proxy": "10.0.0.0/99"}, "no_proxy"),
        ({"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "u:hunter2@h"}, "NO_PROXY"),
    ],
    ids=str,
)
def test_fault_44_the_variable_that_is_to_blame_is_named(
    env: dict[str, str], named: str, run: Run
) -> None:
    """And no other; 3 before anything is written, without a password."""
    result = pay(run, "--json", **env)
    assert result.code == 3, result.err
    assert named in result.error["message"]
    assert not [name for name in env if name != named and name in result.error["message"]]
    assert "hunter2" not in result.err
    assert run("list", "--all", "--json").json == []


@pytest.mark.parametrize(
    ("exceptions", "url", "direct"),
    [
        ("seller.example", "https://seller.example/v1", True),
        ("seller.example", "https://www.seller.example/v1", True),
        ("seller.example", "https://myseller.example/v1", False),
        (".seller.example", "https://www.seller.example/v1", True),
        (".seller.example", "https://seller.example/v1", False),
        ("*.seller.example", "https://www.seller.example/v1", True),
        ("SELLER.example.", "https://Seller.EXAMPLE/v1", True),
        ("other.example, seller.example", "https://seller.example/v1", True),
        ("other.example seller.example", "https://seller.example/v1", True),
        ("seller.example:443", "https://seller.example/v1", True),
        ("seller.example:8443", "https://seller.example/v1", False),
        ("seller.example:8443", "https://seller.example:8443/v1", True),
        ("https://seller.example", "https://seller.example/v1", True),
        ("http://seller.example", "https://seller.example/v1", False),
        ("*", "https://seller.example/v1", True),
        ("10.0.0.0/8", "https://10.1.2.3/v1", True),
        ("10.0.0.0/8", "https://11.1.2.3/v1", False),
        ("10.0.0.0/8", "https://seller.example/v1", False),
        ("192.0.2.7", "https://192.0.2.7:8443/v1", True),
        ("192.0.2.7:443", "https://192.0.2.7/v1", True),
        ("2001:db8::/32", "https://[2001:db8::5]/v1", True),
        ("2001:db8:0::5", "https://[2001:db8::5]/v1", True),
        ("2001:db8::/32", "https://[2001:db9::5]/v1", False),
        ("", "https://seller.example/v1", False),
    ],
)
def test_what_no_proxy_takes_out(
    exceptions: str, url: str, direct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names with what is below them, addresses, networks, ports, schemes."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", exceptions)
    assert (proxy_for(url) is None) == direct


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("proxy.example:3128", "http://proxy.example:3128 (HTTPS_PROXY)"),
        ("http://proxy.example", "http://proxy.example:80 (HTTPS_PROXY)"),
        ("https://user:p%40ss@proxy.example", "https://proxy.example:443 (HTTPS_PROXY)"),
        ("http://[2001:db8::1]:8080/", "http://[2001:db8::1]:8080 (HTTPS_PROXY)"),
    ],
)
def test_how_a_proxy_is_written(value: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With or without a scheme; its name and password are in no text."""
    monkeypatch.setenv("HTTPS_PROXY", value)
    found = proxy_for(AWAY)
    assert found is not None
    assert str(found) == shown
    assert repr(found) == f"Proxy({shown})"
    assert found.login == (("user", "p@ss") if "@" in value else None)


# A proxy that fails


def test_fault_03_a_dead_proxy_is_named(run: Run) -> None:
    """It is the proxy that does not answer, not the provider; its password is not shown."""
    port = closed_port()
    result = pay(run, "-v", HTTPS_PROXY=f"http://user:hunter2@127.0.0.1:{port}")
    assert result.code == 5
    named = f"the proxy http://127.0.0.1:{port} (HTTPS_PROXY) does not answer: Connection refused"
    assert named in result.err
    assert "nothing was sent" in result.err
    assert "HTTPS_PROXY names the proxy" in result.err
    assert "hunter2" not in result.err
    assert result.err.count("POST https://seedance.example") == 3  # a connect that failed


def test_fault_03_a_proxy_that_is_no_name_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that nobody knows is the proxy's own."""
    from support.hosts import stand_for

    stand_for(monkeypatch, {})
    result = pay(run, all_proxy="http://proxy.invalid:1")
    assert result.code == 5
    assert (
        "the proxy http://proxy.invalid:1 (all_proxy) does not answer: no such host" in result.err
    )


def test_fault_03_what_a_proxy_refuses_is_told_with_its_name(run: Run) -> None:
    """407 and the like are the proxy's word, after one try."""
    with BytesServer(answer(407)) as proxy:
        result = pay(run, HTTPS_PROXY=proxy.url)
        assert proxy.connections == 1
        assert f"the proxy {proxy.url} (HTTPS_PROXY) refused: HTTP 407" in result.err
    assert result.code == 5
    assert "HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT" in result.err


def test_fault_03_a_dead_proxy_of_a_read_and_of_a_download_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All three clients say so."""
    port = closed_port()
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{port}")
    env = {"RUNBASE_BASE_URL": AWAY, "RUNBASE_API_KEY": "some-key-0123"}
    result = run("status", "runbase:t-1", env=env, clock=FakeClock())
    named = f"the proxy http://127.0.0.1:{port} (ALL_PROXY) does not answer"
    assert result.code == 5
    assert named in result.err
    with pytest.raises(Unreachable) as raised, http.stream("https://video.example/v.mp4", {}):
        pass
    assert named in raised.value.message


def test_a_url_that_is_none_has_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing will be sent there."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert proxy_for("https://host:99999/") is None
    monkeypatch.setenv("HTTPS_PROXY", SOCKS)
    with pytest.raises(ConfigError):
        proxy_for(AWAY)


# Through a tunnel


class Tunnel:
    """An HTTP proxy that makes tunnels to one server, whatever name is asked for."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[str] = []
        self.logins: list[str | None] = []

    def __call__(self, request: Request, client: Client) -> None:
        self.asked.append(f"{request.method} {request.target}")
        self.logins.append(request.headers.get("proxy-authorization"))
        client.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        client.tunnel(self.port)


@pytest.mark.parametrize("kind", ["http", "https"])
def test_the_paid_post_goes_through_a_tunnel(
    kind: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over a plain proxy, and over one that is spoken to over TLS itself; one POST."""
    monkeypatch.setattr("seedance_cli.http.proxies.is_loopback", lambda _: False)
    own = tls.certificate(tmp_path, name="IP:127.0.0.1")
    with TlsServer(answer(200, ACCEPTED), own) as server:
        tunnel = Tunnel(server.port)
        with TlsServer(tunnel, own) if kind == "https" else BytesServer(tunnel) as proxy:
            through = proxy.url.replace("://", "://user:hunter2@")
            result = pay(run, url=server.url, HTTPS_PROXY=through, SSL_CERT_FILE=str(own))
            assert (result.code, result.out) == (0, "runbase:t-1\n"), result.err
            assert tunnel.asked == [f"CONNECT 127.0.0.1:{server.port}"]
            assert tunnel.logins == ["Basic dXNlcjpodW50ZXIy"]
        assert [request.method for request in server.requests] == ["POST"]
        assert "proxy-authorization" not in server.requests[0].headers

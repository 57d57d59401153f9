"""`addresses`: what kind of host a URL names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedance_cli.models.addresses import is_loopback, is_private

if TYPE_CHECKING:
    import ipaddress

PRIVATE = (
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "0x7f000001",
    "2130706433",
    "0177.0.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "169.254.169.254",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.19.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::10.0.0.1]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2002:c0a8:101::1]",
    "[2001::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[fc00::1]",
    "[fe80::1%25eth0]",
    "[fec0::1]",
    "[ff02::1]",
    "[100::1]",
    "localhost",
    "LOCALHOST.",
    "a.localhost",
    "\uff11\uff12\uff17.0.0.1",
    "127\u30020\u30020\u30021",
    "127\uff0e0\uff0e0\uff0e1",
    "127\uff610\uff610\uff611",
    "\u24dbocalhost",
    "",
)
PUBLIC = (
    "example.com",
    "example.com.",
    "8.8.8.8",
    "172.32.0.1",
    "100.128.0.1",
    "192.0.1.1",
    "223.255.255.255",
    "[2606:4700::1]",
    "[2001:200::1]",
    "[64:ff9b::8.8.8.8]",
    "[2002:808:808::1]",
    "[::ffff:8.8.8.8]",
    "localhost.example.com",
    "127.example",
    "10.0.0.1.example.com",
)


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_host_is_known_in_every_spelling(host: str) -> None:
    """Whatever form a private address has, and whatever it is wrapped in, it is private."""
    assert is_private(f"https://{host}/v.mp4")
    assert is_private(f"https://{host}:8443/v.mp4")


@pytest.mark.parametrize("host", PUBLIC)
def test_a_public_host_is_not_refused(host: str) -> None:
    """A host that the public internet reaches is not private, nor this machine."""
    assert not is_private(f"https://{host}/v.mp4")
    assert not is_loopback(f"https://{host}/v.mp4")


@pytest.mark.parametrize("url", ["https://[::1/v", "https://[nonsense]/v", "/v.mp4", "mailto:a@b"])
def test_a_url_without_a_host_is_private(url: str) -> None:
    """What names no host is refused with the private ones, and is never taken for this machine."""
    assert is_private(url)
    assert not is_loopback(url)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.9.9.9", "[::1]", "[::ffff:127.0.0.1]", "localhost", "LocalHost."]
)
def test_this_machine_is_known(host: str) -> None:
    """127.0.0.0/8, ::1 and `localhost` are this machine."""
    assert is_loopback(f"http://{host}:8765/v1")


@pytest.mark.parametrize(
    "host",
    [
        *(
            "127.0.0.1.",
            "a.localhost",
            "0.0.0.0",
            "10.0.0.1",
            "\uff11\uff12\uff17.0.0.1",
            "127.0.0.1.example",
        ),
        *("[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::127.0.0.1]", "localhost.example", ""),
    ],
)
def test_a_spelling_in_doubt_is_not_this_machine(host: str) -> None:
    """Where `http://` and no proxy would be allowed, only a plain spelling counts."""
    assert not is_loopback(f"http://{host}/v1")


@given(st.ip_addresses(v=4))
def test_wrapped_in_ipv6_an_address_is_as_private_as_bare(address: ipaddress.IPv4Address) -> None:
    """Every IPv4 address is private in mapped, NAT64 and 6to4 form exactly where it is bare."""
    bare = is_private(f"http://{address}/")
    number = int(address)
    wrapped = (
        f"::ffff:{address}",
        f"64:ff9b::{address}",
        f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1",
    )
    assert {is_private(f"http://[{one}]/") for one in wrapped} == {bare}


@given(st.ip_addresses(v=4))
def test_what_python_calls_private_is_private(address: ipaddress.IPv4Address) -> None:
    """The fixed list is no looser than the interpreter's own, in any of its releases."""
    if address.is_private or address.is_multicast or address.is_loopback or address.is_link_local:
        assert is_private(f"http://{address}/")

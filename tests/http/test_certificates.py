"""Whose certificates are trusted, and what is said of one that is not (faults 2 and 44)."""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from support import tls
from support.bytes_server import BytesServer, answer
from support.fake_clock import FakeClock
from support.tls import TlsServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.runner import Result, Run

PAY = ("generate", "a boat", "-p", "runbase")
ACCEPTED = b'{"id":"t-1","status":"pending"}'


def pay(run: Run, url: str, **env: str | Path) -> Result:
    base = {"RUNBASE_BASE_URL": url, "RUNBASE_API_KEY": "some-key-0123"}
    texts = {name: str(value) for name, value in env.items()}
    return run(*PAY, "--again", env={**base, **texts}, clock=FakeClock())


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A good one for 127.0.0.1, self-signed."""
    return tls.certificate(tmp_path)


def refused(run: Run, certificate: Path, **env: str | Path) -> Result:
    """Pay at a server with this certificate, which must not be trusted."""
    with TlsServer(answer(200, ACCEPTED), certificate) as server:
        result = pay(run, server.url, **env)
        assert (result.code, server.connections) == (5, 1), result.err
        assert not server.requests
    assert "nothing was sent" in result.err
    return result


# Each reason has its own words


def test_fault_02_nobody_who_is_trusted_signed_it(run: Run, certificate: Path) -> None:
    """Only this reason is what a company's proxy brings about."""
    result = refused(run, certificate)
    assert "its certificate: self-signed certificate" in result.err
    assert "behind a company proxy, SSL_CERT_FILE names the certificates to trust" in result.err


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_fault_02_a_variable_that_is_set_already_is_not_asked_for(
    name: str, run: Run, certificate: Path, tmp_path: Path
) -> None:
    """It is said that the signer is not among those that it names."""
    (tmp_path / "other").mkdir()
    other = tls.certificate(tmp_path / "other", name="DNS:other.example")
    value = other if name == "SSL_CERT_FILE" else tls.trusting_folder(tmp_path / "certs", other)
    result = refused(run, certificate, **{name: value})
    assert f"{name} is set, and who signed it is not among its certificates" in result.err
    assert "company" not in result.err


@pytest.mark.parametrize(
    ("valid", "words"),
    [
        (("200101000000Z", "210101000000Z"), ("has expired", "has to renew it")),
        (("450101000000Z", "460101000000Z"), ("not yet valid", "look at this machine's date")),
    ],
    ids=["expired", "not yet"],
)
def test_fault_02_its_time_is_over_or_to_come(
    valid: tuple[str, str], words: tuple[str, str], run: Run, tmp_path: Path
) -> None:
    """The date is to blame, its owner's or this machine's; no company's proxy."""
    dated = tls.certificate(tmp_path, valid=valid)
    result = refused(run, dated, SSL_CERT_FILE=dated)
    for each in words:
        assert each in result.err
    assert "company" not in result.err
    assert "SSL_CERT" not in result.err


@pytest.mark.parametrize("name", ["DNS:other.example", "IP:127.0.0.9"])
def test_fault_02_it_is_somebody_elses(name: str, run: Run, tmp_path: Path) -> None:
    """Another server answers at that name or address."""
    other = tls.certificate(tmp_path, name=name)
    result = refused(run, other, SSL_CERT_FILE=other)
    assert "another server answers there" in result.err
    assert "company" not in result.err


def test_fault_02_where_there_is_no_tls_it_is_said(run: Run) -> None:
    """A server that speaks plain HTTP at an https URL: no certificate is to blame."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for _ in range(3):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(1000)
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        result = pay(run, f"https://127.0.0.1:{listener.getsockname()[1]}")
        thread.join(5)
    assert result.code == 5
    assert "TLS failed: " in result.err
    assert "_ssl.c" not in result.err


# Which are trusted


def folders(tmp_path: Path, trusted: Path) -> dict[str, Callable[[], str]]:
    """Values of `SSL_CERT_DIR` with a folder in it that has the certificate."""
    good = tls.trusting_folder(tmp_path / "good", trusted)
    (tmp_path / "empty").mkdir()
    return {
        "alone": lambda: f"{good}",
        "behind an empty one": lambda: f"{tmp_path / 'empty'}{os.pathsep}{good}",
        "before one that is not there": lambda: f"{good}{os.pathsep}{tmp_path / 'none'}",
        "behind one that is not there": lambda: f"{tmp_path / 'none'}{os.pathsep}{good}",
    }


@pytest.mark.parametrize(
    "kind",
    [
        "alone",
        "behind an empty one",
        "before one that is not there",
        "behind one that is not there",
    ],
)
def test_fault_44_ssl_cert_dir_may_be_a_list(
    kind: str, run: Run, certificate: Path, tmp_path: Path
) -> None:
    """As OpenSSL takes it."""
    value = folders(tmp_path, certificate)[kind]()
    with TlsServer(answer(200, ACCEPTED), certificate) as server:
        assert pay(run, server.url, SSL_CERT_DIR=value).code == 0


def test_fault_44_a_file_and_folders_are_both_trusted(
    run: Run, certificate: Path, tmp_path: Path
) -> None:
    """As OpenSSL does; folders that are not there spoil no file."""
    (tmp_path / "other").mkdir()
    other = tls.certificate(tmp_path / "other", name="DNS:other.example")
    good = tls.trusting_folder(tmp_path / "good", certificate)
    with TlsServer(answer(200, ACCEPTED), certificate) as server:
        assert pay(run, server.url, SSL_CERT_FILE=other, SSL_CERT_DIR=good).code == 0
        none = tmp_path / "none"
        assert pay(run, server.url, SSL_CERT_FILE=certificate, SSL_CERT_DIR=none).code == 0


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SSLKEYLOGFILE", "/nowhere/at/all.log", "cannot be written: No such file"),
        ("SSLKEYLOGFILE", "/", "cannot be written"),
        ("SSL_CERT_DIR", "/nowhere/a:/nowhere/b", "names no folder that is there"),
        ("SSL_CERT_FILE", "/nowhere/at/all.pem", "cannot be used: No such file"),
        ("SSL_CERT_FILE", os.devnull, "cannot be used: no certificates in it"),
    ],
)
@pytest.mark.parametrize("beside", [(), ("SSL_CERT_DIR",)], ids=["alone", "beside"])
def test_fault_44_the_variable_that_cannot_be_used_is_named(
    name: str, value: str, words: str, beside: tuple[str, ...], run: Run
) -> None:
    """And no other one: 3, before anything is sent or written."""
    others = {key: "." for key in beside if key != name}
    result = pay(run, "https://127.0.0.1:9/v1", **{**others, name: value})
    assert result.code == 3, result.err
    assert f"{name} {words}" in result.err
    assert not [key for key in others if key in result.err]
    assert run("list", "--all", "--json").json == []


def test_fault_44_a_key_log_that_can_be_written_is(
    run: Run, certificate: Path, tmp_path: Path
) -> None:
    """Who sets it wants to see into the traffic."""
    log = tmp_path / "keys.log"
    with TlsServer(answer(200, ACCEPTED), certificate) as server:
        assert pay(run, server.url, SSL_CERT_FILE=certificate, SSLKEYLOGFILE=log).code == 0
    assert "TRAFFIC_SECRET" in log.read_text()


def test_fault_44_without_tls_none_of_these_matters(run: Run) -> None:
    """A loopback endpoint over http asks for no certificate."""
    with BytesServer(answer(200, ACCEPTED)) as server:
        env = dict.fromkeys(("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"), "/nowhere/at/all")
        assert pay(run, server.url, **env).code == 0
